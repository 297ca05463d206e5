#pragma once
#include <cstddef>

#include "generated/cudnn.h"

namespace cpu {

/// Bytes of one stored element of a descriptor-API tensor (an INT8x4 element is 4 bytes); 0 for types tensors cannot
/// have.
size_t data_type_size(cudnnDataType_t type);

/// Channels one element holds in the layout NCHW_VECT_C: 4 or 32; 0 for types that layout does not take.
int channels_per_vector(cudnnDataType_t type);

inline bool is_float_type(cudnnDataType_t type) {
  return type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_DOUBLE || type == CUDNN_DATA_HALF;
}

inline bool is_nan_propagation(cudnnNanPropagation_t value) {
  return value == CUDNN_NOT_PROPAGATE_NAN || value == CUDNN_PROPAGATE_NAN;
}

}  // namespace cpu
