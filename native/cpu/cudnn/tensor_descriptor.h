#pragma once
#include <cstddef>
#include <cstdint>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnTensorDescriptor_t. Dimensions are in the order N, C, [D,] H, W whatever the layout; the layout is the strides.
/// A descriptor that was never set, or whose last setter failed, may have rank 0 or dimensions of 0.
struct TensorDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnTensorDescriptor;

  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  int rank = 0;
  int dims[CUDNN_DIM_MAX] = {};
  /// In elements; in the layout NCHW_VECT_C in vectors.
  int strides[CUDNN_DIM_MAX] = {};
  /// Channels a stored element holds: 1, or 4 / 32 in the layout NCHW_VECT_C.
  int vector_width = 1;

  int n() const { return dims[0]; }
  int c() const { return dims[1]; }
  /// Product of the dimensions; 0 when unset.
  int64_t elements() const;
  /// Bytes from the first to the last element, gaps included, modulo 2^64.
  size_t size_in_bytes() const;
  /// Whether every dimension is positive, so that the descriptor describes a tensor.
  bool is_set() const;
  /// Whether 31 bits count its elements and reach its last one, as all computations want it. Overlapping strides and
  /// setters that failed with NOT_SUPPORTED leave descriptors for which they do not.
  bool is_countable() const;
  /// Row-major over N, C, [D,] H, W without gaps. Strides of dimensions of 1 do not matter.
  bool is_packed() const;
  /// Channels fastest (NHWC, NDHWC) without gaps. Strides of dimensions of 1 do not matter.
  bool is_packed_channels_last() const;

  /// Dimensions and strides as they are. A dimension below 1, or a stride of 0 along a dimension above 1, fails and
  /// leaves what precedes it set and the rest 0; an extent above 2^31 - 1 elements is stored and NOT_SUPPORTED.
  cudnnStatus_t set(cudnnDataType_t type, int new_rank, const int* new_dims, const int* new_strides, int new_width = 1);
  /// The packed strides of a layout.
  cudnnStatus_t set_packed(cudnnTensorFormat_t format, cudnnDataType_t type, int new_rank, const int* new_dims);
};

/// Whether the layout exists and takes this data type and number of channels.
bool is_layout_possible(cudnnTensorFormat_t format, cudnnDataType_t type, int channels);

/// Packed strides of a layout for dimensions in N, C, [D,] H, W order (channels already divided by the vector width).
/// Products wrap at 32 bits as the real library's do.
void packed_strides(cudnnTensorFormat_t format, int rank, const int* dims, int* strides);

}  // namespace cpu
