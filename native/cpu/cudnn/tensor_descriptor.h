#pragma once
#include <cstdint>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnTensorDescriptor_t. Dimensions are in the order N, C, [D,] H, W whatever the layout; the layout is the strides.
/// A descriptor that was never set, or whose last setter failed, may have rank 0.
struct TensorDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnTensorDescriptor;

  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  int rank = 0;
  int dims[CUDNN_DIM_MAX] = {};
  /// In elements; in the vectorised layout in vectors.
  int strides[CUDNN_DIM_MAX] = {};
  /// Channels a stored element holds: 1, or 4 / 32 for NCHW_VECT_C.
  int vector_width = 1;

  int n() const { return dims[0]; }
  int c() const { return dims[1]; }
  /// Product of the dimensions.
  int64_t elements() const;
  /// Whether the strides are those of row-major order over N, C, H, W (NCHW) without gaps.
  bool is_packed() const;
  /// Whether the strides are those of NHWC (channels fastest) without gaps.
  bool is_packed_channels_last() const;
};

}  // namespace cpu
