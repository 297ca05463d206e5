#pragma once
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

  int64_t elements() const;
};

}  // namespace cpu
