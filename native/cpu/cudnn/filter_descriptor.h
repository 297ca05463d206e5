#pragma once
#include <cstddef>
#include <cstdint>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnFilterDescriptor_t. Dimensions are K, C (channels of one group), [D,] R, S; an NHWC filter lies as K, R, S, C.
struct FilterDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnFilterDescriptor;

  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  int rank = 0;
  int dims[CUDNN_DIM_MAX] = {};

  /// Product of the dimensions; 0 when unset.
  int64_t elements() const;
  /// Filters are always packed. Modulo 2^64.
  size_t size_in_bytes() const;
  /// Whether every dimension is positive.
  bool is_set() const;
  /// Whether 31 bits count its elements, as all computations want it; the setter takes any dimensions.
  bool is_countable() const;
  /// A dimension below 1 fails and leaves what precedes it set and the rest 0.
  cudnnStatus_t set(cudnnDataType_t type, cudnnTensorFormat_t new_format, int new_rank, const int* new_dims);
};

}  // namespace cpu
