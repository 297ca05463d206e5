#include "driver/fat_binary.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace cpu::driver {
namespace {

constexpr uint32_t kMagic = 0xBA55ED50;

struct Header {
  uint32_t magic;
  uint16_t version;
  uint16_t header_bytes;
  uint64_t content_bytes;
};
static_assert(sizeof(Header) == 16);

struct Entry {
  uint16_t kind;
  uint16_t version;
  uint32_t header_bytes;
  uint64_t payload_bytes;
  uint32_t compressed_bytes;
  uint32_t options_offset;
  uint16_t minor;
  uint16_t major;
  uint32_t architecture;
  uint32_t name_offset;
  uint32_t name_bytes;
  uint64_t flags;
  uint64_t reserved;
  uint64_t uncompressed_bytes;
};
static_assert(sizeof(Entry) == 64);
constexpr uint16_t kText = 1;

// Images may lie anywhere, so headers are copied out.
template <class T>
bool read(const char* from, size_t left, T* header) {
  if (left < sizeof(T)) return false;
  std::memcpy(header, from, sizeof(T));
  return true;
}

std::string_view without_padding(std::string_view text) {
  const size_t last = text.find_last_not_of('\0');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

bool is_fat_binary(const void* image, size_t limit) {
  uint32_t magic = 0;
  return read(static_cast<const char*>(image), limit, &magic) && magic == kMagic;
}

FatBinary read_fat_binary(const void* image, size_t limit) {
  FatBinary result;
  const char* at = static_cast<const char*>(image);
  Header header;
  if (!read(at, limit, &header) || header.magic != kMagic || header.header_bytes < sizeof(Header) ||
      header.header_bytes > limit) {
    result.broken = true;
    return result;
  }
  result.broken = header.content_bytes > limit - header.header_bytes;
  at += header.header_bytes;
  auto left = static_cast<size_t>(std::min<uint64_t>(header.content_bytes, limit - header.header_bytes));
  while (left != 0) {
    Entry entry;
    if (!read(at, left, &entry) || entry.header_bytes < sizeof(Entry) || entry.header_bytes > left ||
        entry.payload_bytes > left - entry.header_bytes) {
      result.broken = true;
      break;
    }
    const std::string_view payload(at + entry.header_bytes, static_cast<size_t>(entry.payload_bytes));
    if (entry.kind != kText) {
      ++result.machine_codes;
    } else if (entry.uncompressed_bytes != 0) {
      ++result.compressed_texts;
    } else {
      result.texts.push_back(without_padding(payload));
    }
    at += entry.header_bytes + payload.size();
    left -= entry.header_bytes + payload.size();
  }
  return result;
}

}  // namespace cpu::driver
