#pragma once
#include <cstddef>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

struct TensorDescriptor;

/// cudnnReduceTensorDescriptor_t.
struct ReduceTensorDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnReduceTensorDescriptor;

  cudnnReduceTensorOp_t operation = CUDNN_REDUCE_TENSOR_ADD;
  cudnnDataType_t compute_type = CUDNN_DATA_FLOAT;
  cudnnNanPropagation_t nan_propagation = CUDNN_NOT_PROPAGATE_NAN;
  cudnnReduceTensorIndices_t indices = CUDNN_REDUCE_TENSOR_NO_INDICES;
  cudnnIndicesType_t indices_type = CUDNN_32BIT_INDICES;

  /// Whether the reduction also writes where its minima or maxima were found.
  bool writes_indices() const;
  /// One index for each element of the reduced tensor, or 0.
  size_t indices_size_in_bytes(const TensorDescriptor& output) const;
};

/// Whether `output` is `input` with some dimensions reduced to 1; else BAD_PARAM.
cudnnStatus_t check_reduction_shapes(const TensorDescriptor& input, const TensorDescriptor& output);

}  // namespace cpu
