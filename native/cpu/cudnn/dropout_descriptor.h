#pragma once
#include <cstddef>
#include <cstdint>

#include "cudnn/tensor_descriptor.h"
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnDropoutDescriptor_t. `states` is the caller's device memory.
struct DropoutDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnDropoutDescriptor;

  /// Bytes the states take: the seed and the number of random values drawn, 8 bytes each, in 256 bytes.
  static constexpr size_t states_size = 256;

  /// Probability with which an element is set to 0.
  float dropout = 0;
  void* states = nullptr;
  size_t state_bytes = 0;
  unsigned long long seed = 0;
};

/// Bytes of the mask a dropout keeps for its gradient: one bit an element, in whole 32-bit words.
inline size_t dropout_reserve_bytes(const TensorDescriptor& tensor) {
  return (static_cast<size_t>(tensor.elements()) + 31) / 32 * 4;
}

}  // namespace cpu
