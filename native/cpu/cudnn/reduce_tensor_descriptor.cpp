#include "cudnn/reduce_tensor_descriptor.h"

#include "cudnn/data_type.h"
#include "cudnn/handle.h"
#include "cudnn/object_handles.h"
#include "cudnn/tensor_descriptor.h"

namespace cpu {
namespace {

size_t index_bytes(cudnnIndicesType_t type) {
  switch (type) {
    case CUDNN_64BIT_INDICES:
      return 8;
    case CUDNN_16BIT_INDICES:
      return 2;
    case CUDNN_8BIT_INDICES:
      return 1;
    default:
      return 4;
  }
}

}  // namespace

bool ReduceTensorDescriptor::writes_indices() const {
  return indices == CUDNN_REDUCE_TENSOR_FLATTENED_INDICES &&
         (operation == CUDNN_REDUCE_TENSOR_MIN || operation == CUDNN_REDUCE_TENSOR_MAX ||
          operation == CUDNN_REDUCE_TENSOR_AMAX);
}

size_t ReduceTensorDescriptor::indices_size_in_bytes(const TensorDescriptor& output) const {
  return writes_indices() ? static_cast<size_t>(output.elements()) * index_bytes(indices_type) : 0;
}

cudnnStatus_t check_reduction_shapes(const TensorDescriptor& input, const TensorDescriptor& output) {
  if (!input.is_set() || !output.is_set() || input.rank != output.rank) {
    return fail(CUDNN_STATUS_BAD_PARAM, "the tensors are unset or differ in their number of dimensions");
  }
  for (int i = 0; i < input.rank; ++i) {
    if (output.dims[i] != 1 && output.dims[i] != input.dims[i]) {
      return fail(CUDNN_STATUS_BAD_PARAM, "a dimension of the reduced tensor is neither 1 nor that of the input");
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::ReduceTensorDescriptor;
using cpu::TensorDescriptor;

cudnnStatus_t cudnnCreateReduceTensorDescriptor(cudnnReduceTensorDescriptor_t* reduceTensorDesc) {
  return cpu::create_object<ReduceTensorDescriptor>(reduceTensorDesc, "reduceTensorDesc");
}

cudnnStatus_t cudnnDestroyReduceTensorDescriptor(cudnnReduceTensorDescriptor_t reduceTensorDesc) {
  return cpu::destroy_object<ReduceTensorDescriptor>(reduceTensorDesc, "reduceTensorDesc");
}

// Indices may be asked for with every operation; only the minima and maxima write them.
cudnnStatus_t cudnnSetReduceTensorDescriptor(cudnnReduceTensorDescriptor_t reduceTensorDesc,
                                             cudnnReduceTensorOp_t reduceTensorOp, cudnnDataType_t reduceTensorCompType,
                                             cudnnNanPropagation_t reduceTensorNanOpt,
                                             cudnnReduceTensorIndices_t reduceTensorIndices,
                                             cudnnIndicesType_t reduceTensorIndicesType) {
  auto* reduction = lookup<ReduceTensorDescriptor>(reduceTensorDesc);
  if (reduction == nullptr) return bad_handle(reduceTensorDesc, "reduceTensorDesc");
  if (!cpu::is_between(reduceTensorOp, CUDNN_REDUCE_TENSOR_ADD, CUDNN_REDUCE_TENSOR_MUL_NO_ZEROS)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "reduceTensorOp is no cudnnReduceTensorOp_t");
  }
  if (!cpu::is_float_type(reduceTensorCompType)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "reduceTensorCompType is none of FLOAT, DOUBLE, HALF");
  }
  if (!cpu::is_nan_propagation(reduceTensorNanOpt)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "reduceTensorNanOpt is no cudnnNanPropagation_t");
  }
  if (reduceTensorIndices != CUDNN_REDUCE_TENSOR_NO_INDICES &&
      reduceTensorIndices != CUDNN_REDUCE_TENSOR_FLATTENED_INDICES) {
    return fail(CUDNN_STATUS_BAD_PARAM, "reduceTensorIndices is no cudnnReduceTensorIndices_t");
  }
  if (!cpu::is_between(reduceTensorIndicesType, CUDNN_32BIT_INDICES, CUDNN_8BIT_INDICES)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "reduceTensorIndicesType is no cudnnIndicesType_t");
  }
  reduction->operation = reduceTensorOp;
  reduction->compute_type = reduceTensorCompType;
  reduction->nan_propagation = reduceTensorNanOpt;
  reduction->indices = reduceTensorIndices;
  reduction->indices_type = reduceTensorIndicesType;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetReduceTensorDescriptor(const cudnnReduceTensorDescriptor_t reduceTensorDesc,
                                             cudnnReduceTensorOp_t* reduceTensorOp,
                                             cudnnDataType_t* reduceTensorCompType,
                                             cudnnNanPropagation_t* reduceTensorNanOpt,
                                             cudnnReduceTensorIndices_t* reduceTensorIndices,
                                             cudnnIndicesType_t* reduceTensorIndicesType) {
  const auto* reduction = lookup<ReduceTensorDescriptor>(reduceTensorDesc);
  if (reduction == nullptr) return bad_handle(reduceTensorDesc, "reduceTensorDesc");
  if (any_null(reduceTensorOp, reduceTensorCompType, reduceTensorNanOpt, reduceTensorIndices,
               reduceTensorIndicesType)) {
    return cpu::null_pointer(__func__);
  }
  *reduceTensorOp = reduction->operation;
  *reduceTensorCompType = reduction->compute_type;
  *reduceTensorNanOpt = reduction->nan_propagation;
  *reduceTensorIndices = reduction->indices;
  *reduceTensorIndicesType = reduction->indices_type;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetReductionIndicesSize(cudnnHandle_t handle, const cudnnReduceTensorDescriptor_t reduceTensorDesc,
                                           const cudnnTensorDescriptor_t aDesc, const cudnnTensorDescriptor_t cDesc,
                                           size_t* sizeInBytes) {
  if (lookup<cpu::CudnnHandle>(handle) == nullptr) return bad_handle(handle, "handle");
  const auto* reduction = lookup<ReduceTensorDescriptor>(reduceTensorDesc);
  if (reduction == nullptr) return bad_handle(reduceTensorDesc, "reduceTensorDesc");
  const auto* input = lookup<TensorDescriptor>(aDesc);
  if (input == nullptr) return bad_handle(aDesc, "aDesc");
  const auto* output = lookup<TensorDescriptor>(cDesc);
  if (output == nullptr) return bad_handle(cDesc, "cDesc");
  if (sizeInBytes == nullptr) return cpu::null_pointer(__func__);
  const cudnnStatus_t status = cpu::check_reduction_shapes(*input, *output);
  if (status == CUDNN_STATUS_SUCCESS) *sizeInBytes = reduction->indices_size_in_bytes(*output);
  return status;
}

// The CPU device reduces in place: no workspace.
cudnnStatus_t cudnnGetReductionWorkspaceSize(cudnnHandle_t handle, const cudnnReduceTensorDescriptor_t reduceTensorDesc,
                                             const cudnnTensorDescriptor_t aDesc, const cudnnTensorDescriptor_t cDesc,
                                             size_t* sizeInBytes) {
  if (lookup<cpu::CudnnHandle>(handle) == nullptr) return bad_handle(handle, "handle");
  if (lookup<ReduceTensorDescriptor>(reduceTensorDesc) == nullptr) {
    return bad_handle(reduceTensorDesc, "reduceTensorDesc");
  }
  const auto* input = lookup<TensorDescriptor>(aDesc);
  if (input == nullptr) return bad_handle(aDesc, "aDesc");
  const auto* output = lookup<TensorDescriptor>(cDesc);
  if (output == nullptr) return bad_handle(cDesc, "cDesc");
  if (sizeInBytes == nullptr) return cpu::null_pointer(__func__);
  const cudnnStatus_t status = cpu::check_reduction_shapes(*input, *output);
  if (status == CUDNN_STATUS_SUCCESS) *sizeInBytes = 0;
  return status;
}
