#pragma once
#include <cstdint>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnTensorTransformDescriptor_t: padding, spatial folding into channels and the layout of the result.
struct TensorTransformDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnTensorTransformDescriptor;

  uint32_t rank = 0;
  cudnnTensorFormat_t destination_format = CUDNN_TENSOR_NCHW;
  int32_t pad_before[CUDNN_DIM_MAX] = {};
  int32_t pad_after[CUDNN_DIM_MAX] = {};
  /// Folding factors of the spatial dimensions (rank - 2 of them).
  uint32_t fold[CUDNN_DIM_MAX] = {};
  cudnnFoldingDirection_t direction = CUDNN_TRANSFORM_FOLD;
};

}  // namespace cpu
