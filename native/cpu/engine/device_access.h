// Whether an operation may touch the memory its arguments describe. On a GPU a matrix described larger than its buffer
// ends in an illegal address; here it would end in somebody else's memory, so operations ask first.
#pragma once

#include <cstdint>
#include <span>

namespace cpu {

// What one argument covers: `bytes` from `address` on. 0 bytes are never looked at.
struct Extent {
  const char* name;
  const void* address;
  int64_t bytes;
};

// Elements times their size; the largest number where that does not fit.
int64_t saturated_bytes(__int128 elements, size_t element_bytes);

// For operations, when they run: whether all extents lie in memory the device can use. Where one does not, the context
// fails with CUDA_ERROR_ILLEGAL_ADDRESS and a text that says which.
bool accessible(const char* function, std::span<const Extent> extents);

}  // namespace cpu
