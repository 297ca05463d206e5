#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnHandle_t: the stream on which the calls made with it run.
struct CudnnHandle {
  static constexpr HandleTag tag = HandleTag::CudnnHandle;

  /// As the caller gave it; null is the legacy default stream.
  cudaStream_t stream = nullptr;
};

}  // namespace cpu
