#pragma once
#include <string_view>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

struct TensorDescriptor;
struct FilterDescriptor;

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

  /// Group count, math type and reorder type stay as they are. A bad value fails and leaves what precedes it, dimension
  /// by dimension in the order padding, stride, dilation, and the bad value itself; the rest becomes 0.
  cudnnStatus_t set(int new_rank, const int* new_padding, const int* new_stride, const int* new_dilation,
                    cudnnConvolutionMode_t new_mode, cudnnDataType_t new_compute_type);

  /// Writes the dimensions N, K, [D,] H, W of the forward result, the first `count` of them. BAD_PARAM when the three
  /// do not go together or the filter fits nowhere; the dimensions before the failing one have been written then.
  cudnnStatus_t output_dims(const TensorDescriptor& input, const FilterDescriptor& filter, int count, int* out) const;
};

}  // namespace cpu
