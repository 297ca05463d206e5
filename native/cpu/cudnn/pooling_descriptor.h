#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

struct TensorDescriptor;

/// cudnnPoolingDescriptor_t. `rank` counts spatial dimensions: 2 for images. Paddings may be negative.
struct PoolingDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnPoolingDescriptor;

  cudnnPoolingMode_t mode = CUDNN_POOLING_MAX;
  cudnnNanPropagation_t nan_propagation = CUDNN_NOT_PROPAGATE_NAN;
  int rank = 0;
  int window[CUDNN_DIM_MAX] = {};
  int padding[CUDNN_DIM_MAX] = {};
  int stride[CUDNN_DIM_MAX] = {};

  /// A window or stride below 1 fails and leaves what precedes it, dimension by dimension in the order window, padding,
  /// stride; the rest becomes 0.
  cudnnStatus_t set(cudnnPoolingMode_t new_mode, cudnnNanPropagation_t new_nan_propagation, int new_rank,
                    const int* new_window, const int* new_padding, const int* new_stride);

  /// Writes the dimensions of the forward result. BAD_PARAM when the window fits nowhere; the dimensions before the
  /// failing one have been written then.
  cudnnStatus_t output_dims(const TensorDescriptor& input, int* out) const;
};

}  // namespace cpu
