#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnConvolutionDescriptor_t. `rank` counts spatial dimensions: 2 for images.
struct ConvolutionDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnConvolutionDescriptor;

  int rank = 0;
  int padding[CUDNN_DIM_MAX] = {};
  int stride[CUDNN_DIM_MAX] = {};
  int dilation[CUDNN_DIM_MAX] = {};
  cudnnConvolutionMode_t mode = CUDNN_CONVOLUTION;
  cudnnDataType_t compute_type = CUDNN_DATA_FLOAT;
  cudnnMathType_t math_type = CUDNN_DEFAULT_MATH;
  cudnnReorderType_t reorder_type = CUDNN_DEFAULT_REORDER;
  int group_count = 1;
};

}  // namespace cpu
