// CUDA arrays: memory in rows and layers whose addresses nobody sees. Programs copy to and from them; textures and
// surfaces, which kernels would read them by, the CPU device does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/handles.h"
#include "engine/memory.h"
#include "generated/driver.h"

namespace cpu {

// The memory of an array, which copies and graph nodes keep when the handle is gone. Rows and layers have no gaps.
class ArrayStorage {
 public:
  // Null where no memory is left. The descriptor was checked.
  static std::shared_ptr<const ArrayStorage> create(const CUDA_ARRAY3D_DESCRIPTOR& descriptor);

  const CUDA_ARRAY3D_DESCRIPTOR& descriptor() const { return descriptor_; }
  size_t element_bytes() const { return element_bytes_; }
  size_t row_bytes() const { return descriptor_.Width * element_bytes_; }
  size_t rows() const { return descriptor_.Height == 0 ? 1 : descriptor_.Height; }
  size_t layers() const { return descriptor_.Depth == 0 ? 1 : descriptor_.Depth; }
  uintptr_t base() const { return base_; }
  const std::shared_ptr<Backing>& backing() const { return backing_; }

 private:
  CUDA_ARRAY3D_DESCRIPTOR descriptor_{};
  size_t element_bytes_ = 0;
  uintptr_t base_ = 0;
  std::shared_ptr<Backing> backing_;
};

// CUarray.
struct Array {
  static constexpr HandleTag tag = HandleTag::Array;

  std::shared_ptr<const ArrayStorage> storage;
  CUcontext context = nullptr;
  // A level of a mipmapped array ends with it.
  bool level = false;
};

// CUmipmappedArray.
struct MipmappedArray {
  static constexpr HandleTag tag = HandleTag::MipmappedArray;

  CUcontext context = nullptr;
  std::vector<CUarray> levels;

  void end() {
    for (const CUarray level : levels) release<Array>(level);
  }
};

}  // namespace cpu
