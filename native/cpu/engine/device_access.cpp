#include "engine/device_access.h"

#include <cstdio>
#include <limits>
#include <string>

#include "engine/memory.h"
#include "engine/stream.h"

namespace cpu {
namespace {

// Allocations may lie side by side, so an extent may go on in the next one.
bool covered(uintptr_t address, uint64_t bytes) {
  while (bytes != 0) {
    const auto range = find_memory(address);
    if (!range || !range->usable) return false;
    const uint64_t rest = range->size - (address - range->base);
    if (rest >= bytes) return true;
    bytes -= rest;
    address += rest;
  }
  return true;
}

std::string describe(uintptr_t address) {
  char text[160];
  const auto range = find_memory(address);
  if (!range) return "which is no memory of the device";
  if (!range->usable) return "which is mapped but closed to the device; cuMemSetAccess opens it";
  std::snprintf(text, sizeof text, "where only %zu bytes are left of the %zu bytes allocated at 0x%zx",
                range->size - (address - range->base), range->size, range->base);
  return text;
}

}  // namespace

int64_t saturated_bytes(__int128 elements, size_t element_bytes) {
  const __int128 bytes = elements * static_cast<__int128>(element_bytes);
  if (bytes < 0) return 0;
  return bytes > std::numeric_limits<int64_t>::max() ? std::numeric_limits<int64_t>::max()
                                                     : static_cast<int64_t>(bytes);
}

bool accessible(const char* function, std::span<const Extent> extents) {
  for (const Extent& extent : extents) {
    const auto address = reinterpret_cast<uintptr_t>(extent.address);
    if (extent.bytes <= 0 || covered(address, static_cast<uint64_t>(extent.bytes))) continue;
    char text[512];
    std::snprintf(text, sizeof text, "%s: %s covers %lld bytes from 0x%zx, %s", function, extent.name,
                  static_cast<long long>(extent.bytes), address, describe(address).c_str());
    fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, text);
    return false;
  }
  return true;
}

}  // namespace cpu
