#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnOpTensorDescriptor_t.
struct OpTensorDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnOpTensorDescriptor;

  cudnnOpTensorOp_t operation = CUDNN_OP_TENSOR_ADD;
  cudnnDataType_t compute_type = CUDNN_DATA_FLOAT;
  cudnnNanPropagation_t nan_propagation = CUDNN_NOT_PROPAGATE_NAN;
};

}  // namespace cpu
