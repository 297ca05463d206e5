// Buffers for what must be kept until an asynchronous operation has used it: the content of pageable host memory on its
// way to the device, long argument lists. They are recycled, so a steady state allocates nothing.
#pragma once

#include <cstddef>

namespace cpu {

// Copies of at most so many bytes are staged; the caller of a longer one waits until the worker has read its memory.
constexpr size_t kMaximumStagedBytes = size_t{1} << 20;

// A buffer that lives in a closure.
class StagingBuffer {
 public:
  // `bytes` up to kMaximumStagedBytes. Throws std::bad_alloc.
  explicit StagingBuffer(size_t bytes);
  StagingBuffer(StagingBuffer&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  StagingBuffer(const StagingBuffer&) = delete;
  StagingBuffer& operator=(const StagingBuffer&) = delete;
  ~StagingBuffer();

  std::byte* data() const;

  struct Block;

 private:
  Block* block_;
};

}  // namespace cpu
