#pragma once
#include <cstdint>

namespace cpu {

/// Number of positions of a window over one padded dimension, 1 + (size + 2 padding - reach) / stride, where `reach` is
/// (filter size - 1) * dilation + 1 for a convolution and the window size for a pooling; 0 when the window fits
/// nowhere.
inline int64_t window_positions(int64_t size, int64_t padding, int64_t reach, int64_t stride) {
  const int64_t slack = size + 2 * padding - reach;
  return slack < 0 ? 0 : 1 + slack / stride;
}

/// Spatial dimensions a convolution or pooling descriptor holds: CUDNN_DIM_MAX less N and C.
constexpr int max_spatial_rank = 6;

}  // namespace cpu
