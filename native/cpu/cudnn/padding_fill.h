#pragma once
#include <cstddef>
#include <cstring>

#include "cudnn/data_type.h"

namespace cpu {

/// The value a sequence descriptor fills padded positions with: one element of the descriptor's type.
class PaddingFill {
 public:
  /// Null stands for 0.
  void set(const void* value, cudnnDataType_t type) {
    std::memset(bytes_, 0, sizeof bytes_);
    if (value != nullptr) std::memcpy(bytes_, value, size(type));
  }
  /// Writes one element; null takes none.
  void get(void* value, cudnnDataType_t type) const {
    if (value != nullptr) std::memcpy(value, bytes_, size(type));
  }

 private:
  static size_t size(cudnnDataType_t type) {
    const size_t bytes = data_type_size(type);
    return bytes < sizeof bytes_ ? bytes : sizeof bytes_;
  }

  unsigned char bytes_[8] = {};
};

}  // namespace cpu
