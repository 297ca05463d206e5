#include "engine/shared_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace cpu {
namespace {

constexpr std::string_view kPrefix = "cudnnnet:";

// What the system calls the file behind a descriptor, without what it adds; empty where that is no memory file of ours.
std::string name_of(int descriptor) {
  char target[256];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = readlink(link.c_str(), target, sizeof(target));
  if (length <= 0) return {};
  std::string_view name(target, static_cast<size_t>(length));
  constexpr std::string_view front = "/memfd:";
  constexpr std::string_view back = " (deleted)";
  if (!name.starts_with(front) || !name.ends_with(back)) return {};
  name = name.substr(front.size(), name.size() - front.size() - back.size());
  return name.starts_with(kPrefix) ? std::string(name.substr(kPrefix.size())) : std::string();
}

}  // namespace

size_t round_up(size_t number, size_t unit) {
  size_t sum = 0;
  return __builtin_add_overflow(number, unit - 1, &sum) ? 0 : sum / unit * unit;
}

uintptr_t reserve_addresses(size_t bytes, size_t alignment, uintptr_t hint) {
  // Map too much and give back what is outside the aligned piece.
  size_t size = 0;
  if (bytes == 0 || __builtin_add_overflow(bytes, alignment, &size)) return 0;
  void* mapped =
      mmap(reinterpret_cast<void*>(hint), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return 0;
  const auto start = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t base = round_up(start, alignment);
  if (base != start) munmap(mapped, base - start);
  if (base + bytes != start + size) munmap(reinterpret_cast<void*>(base + bytes), start + size - base - bytes);
  return base;
}

SharedFile::SharedFile(int descriptor, std::string name, uint64_t number)
    : descriptor_(descriptor), name_(std::move(name)), number_(number) {}

SharedFile::~SharedFile() { close(descriptor_); }

std::shared_ptr<SharedFile> SharedFile::create(const std::string& name, size_t bytes) {
  const int descriptor = memfd_create((std::string(kPrefix) + name).c_str(), MFD_CLOEXEC);
  if (descriptor < 0) return nullptr;
  struct stat state {};
  if (ftruncate(descriptor, static_cast<off_t>(bytes)) != 0 || fstat(descriptor, &state) != 0) {
    close(descriptor);
    return nullptr;
  }
  return std::shared_ptr<SharedFile>(new SharedFile(descriptor, name, state.st_ino));
}

std::shared_ptr<SharedFile> SharedFile::adopt(int descriptor) {
  struct stat state {};
  const std::string name = name_of(descriptor);
  if (name.empty() || fstat(descriptor, &state) != 0) return nullptr;
  return std::shared_ptr<SharedFile>(new SharedFile(descriptor, name, state.st_ino));
}

size_t SharedFile::size() const {
  struct stat state {};
  return fstat(descriptor_, &state) == 0 ? static_cast<size_t>(state.st_size) : 0;
}

uintptr_t SharedFile::map(size_t offset, size_t bytes, uintptr_t at) const {
  const uintptr_t place = at != 0 ? at : reserve_addresses(bytes, kHugePage);
  if (place == 0) return 0;
  void* mapped = mmap(reinterpret_cast<void*>(place), bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                      descriptor_, static_cast<off_t>(offset));
  if (mapped == MAP_FAILED) {
    if (at == 0) munmap(reinterpret_cast<void*>(place), bytes);
    return 0;
  }
  madvise(mapped, bytes, MADV_HUGEPAGE);
  return place;
}

bool SharedFile::resize(size_t bytes) { return ftruncate(descriptor_, static_cast<off_t>(bytes)) == 0; }

void SharedFile::discard(size_t offset, size_t bytes) {
  fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
            static_cast<off_t>(bytes));
}

}  // namespace cpu
