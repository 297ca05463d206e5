#pragma once
#include <cstddef>
#include <cstdint>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnDropoutDescriptor_t. `states` is the caller's device memory.
struct DropoutDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnDropoutDescriptor;

  float dropout = 0;
  void* states = nullptr;
  size_t state_bytes = 0;
  unsigned long long seed = 0;
};

}  // namespace cpu
