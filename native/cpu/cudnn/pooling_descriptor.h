#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnPoolingDescriptor_t. `rank` counts spatial dimensions: 2 for images.
struct PoolingDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnPoolingDescriptor;

  cudnnPoolingMode_t mode = CUDNN_POOLING_MAX;
  cudnnNanPropagation_t nan_propagation = CUDNN_NOT_PROPAGATE_NAN;
  int rank = 0;
  int window[CUDNN_DIM_MAX] = {};
  int padding[CUDNN_DIM_MAX] = {};
  int stride[CUDNN_DIM_MAX] = {};
};

}  // namespace cpu
