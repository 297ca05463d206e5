#include "cudnn/normalization_shapes.h"

#include <algorithm>

#include "cudnn/activation_descriptor.h"
#include "cudnn/handle.h"
#include "cudnn/object_handles.h"

namespace cpu {

cudnnStatus_t derive_normalization_shape(const TensorDescriptor& x, bool per_activation, TensorDescriptor& derived) {
  if (!x.is_set()) return fail(CUDNN_STATUS_BAD_PARAM, "xDesc is not set");
  int dims[CUDNN_DIM_MAX];
  std::fill(std::begin(dims), std::end(dims), 1);
  if (per_activation) std::copy_n(x.dims, x.rank, dims);
  dims[0] = 1;
  dims[1] = x.dims[1] / x.vector_width;
  cudnnDataType_t type = x.data_type;
  if (type == CUDNN_DATA_HALF || type == CUDNN_DATA_BFLOAT16 || type == CUDNN_DATA_INT8) type = CUDNN_DATA_FLOAT;
  return derived.set_packed(CUDNN_TENSOR_NCHW, type, x.rank, dims);
}

namespace {

cudnnStatus_t check_operation(int mode, int last_mode, int operation, int last_operation) {
  if (mode < 0 || mode > last_mode) return fail(CUDNN_STATUS_BAD_PARAM, "mode is none of the normalisation modes");
  if (operation < 0 || operation > last_operation) {
    return fail(CUDNN_STATUS_BAD_PARAM, "the fused operation is none of those of the normalisation");
  }
  return CUDNN_STATUS_SUCCESS;
}

// The CPU device keeps nothing between a normalisation's passes beyond what the caller hands back (the gradient of the
// fused ReLU is taken from y), and works without scratch memory of the caller.
cudnnStatus_t answer_no_space(cudnnHandle_t handle, const cudnnTensorDescriptor_t xDesc, size_t* size,
                              const char* function) {
  if (lookup<CudnnHandle>(handle) == nullptr) return bad_handle(handle, "handle");
  const auto* x = lookup<TensorDescriptor>(xDesc);
  if (x == nullptr) return bad_handle(xDesc, "xDesc");
  if (!x->is_set()) return fail(CUDNN_STATUS_BAD_PARAM, "xDesc is not set");
  if (size == nullptr) return null_pointer(function);
  *size = 0;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t check_groups(int groups) {
  return groups == 1 ? CUDNN_STATUS_SUCCESS : fail(CUDNN_STATUS_NOT_SUPPORTED, "groupCnt is not 1");
}

}  // namespace
}  // namespace cpu

using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::TensorDescriptor;

cudnnStatus_t cudnnDeriveBNTensorDescriptor(cudnnTensorDescriptor_t derivedBnDesc, const cudnnTensorDescriptor_t xDesc,
                                            cudnnBatchNormMode_t mode) {
  auto* derived = lookup<TensorDescriptor>(derivedBnDesc);
  if (derived == nullptr) return bad_handle(derivedBnDesc, "derivedBnDesc");
  const auto* x = lookup<TensorDescriptor>(xDesc);
  if (x == nullptr) return bad_handle(xDesc, "xDesc");
  if (!cpu::is_between(mode, CUDNN_BATCHNORM_PER_ACTIVATION, CUDNN_BATCHNORM_SPATIAL_PERSISTENT)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mode is no cudnnBatchNormMode_t");
  }
  return cpu::derive_normalization_shape(*x, mode == CUDNN_BATCHNORM_PER_ACTIVATION, *derived);
}

cudnnStatus_t cudnnDeriveNormTensorDescriptor(cudnnTensorDescriptor_t derivedNormScaleBiasDesc,
                                              cudnnTensorDescriptor_t derivedNormMeanVarDesc,
                                              const cudnnTensorDescriptor_t xDesc, cudnnNormMode_t mode, int groupCnt) {
  // The only check that comes before those of the descriptors.
  if (const cudnnStatus_t status = cpu::check_groups(groupCnt); status != CUDNN_STATUS_SUCCESS) return status;
  auto* scale_bias = lookup<TensorDescriptor>(derivedNormScaleBiasDesc);
  if (scale_bias == nullptr) return bad_handle(derivedNormScaleBiasDesc, "derivedNormScaleBiasDesc");
  auto* mean_variance = lookup<TensorDescriptor>(derivedNormMeanVarDesc);
  if (mean_variance == nullptr) return bad_handle(derivedNormMeanVarDesc, "derivedNormMeanVarDesc");
  const auto* x = lookup<TensorDescriptor>(xDesc);
  if (x == nullptr) return bad_handle(xDesc, "xDesc");
  if (!cpu::is_between(mode, CUDNN_NORM_PER_ACTIVATION, CUDNN_NORM_PER_CHANNEL)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mode is no cudnnNormMode_t");
  }
  const cudnnStatus_t status = cpu::derive_normalization_shape(*x, mode == CUDNN_NORM_PER_ACTIVATION, *scale_bias);
  if (status == CUDNN_STATUS_SUCCESS) *mean_variance = *scale_bias;
  return status;
}

cudnnStatus_t cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize(
    cudnnHandle_t handle, cudnnBatchNormMode_t mode, cudnnBatchNormOps_t bnOps, const cudnnTensorDescriptor_t xDesc,
    const cudnnTensorDescriptor_t /*zDesc*/, const cudnnTensorDescriptor_t /*yDesc*/,
    const cudnnTensorDescriptor_t /*bnScaleBiasMeanVarDesc*/, const cudnnActivationDescriptor_t /*activationDesc*/,
    size_t* sizeInBytes) {
  const cudnnStatus_t status =
      cpu::check_operation(mode, CUDNN_BATCHNORM_SPATIAL_PERSISTENT, bnOps, CUDNN_BATCHNORM_OPS_BN_ADD_ACTIVATION);
  return status == CUDNN_STATUS_SUCCESS ? cpu::answer_no_space(handle, xDesc, sizeInBytes, __func__) : status;
}

cudnnStatus_t cudnnGetBatchNormalizationBackwardExWorkspaceSize(
    cudnnHandle_t handle, cudnnBatchNormMode_t mode, cudnnBatchNormOps_t bnOps, const cudnnTensorDescriptor_t xDesc,
    const cudnnTensorDescriptor_t /*yDesc*/, const cudnnTensorDescriptor_t /*dyDesc*/,
    const cudnnTensorDescriptor_t /*dzDesc*/, const cudnnTensorDescriptor_t /*dxDesc*/,
    const cudnnTensorDescriptor_t /*dBnScaleBiasDesc*/, const cudnnActivationDescriptor_t /*activationDesc*/,
    size_t* sizeInBytes) {
  const cudnnStatus_t status =
      cpu::check_operation(mode, CUDNN_BATCHNORM_SPATIAL_PERSISTENT, bnOps, CUDNN_BATCHNORM_OPS_BN_ADD_ACTIVATION);
  return status == CUDNN_STATUS_SUCCESS ? cpu::answer_no_space(handle, xDesc, sizeInBytes, __func__) : status;
}

cudnnStatus_t cudnnGetBatchNormalizationTrainingExReserveSpaceSize(cudnnHandle_t handle, cudnnBatchNormMode_t mode,
                                                                   cudnnBatchNormOps_t bnOps,
                                                                   const cudnnActivationDescriptor_t /*activationDesc*/,
                                                                   const cudnnTensorDescriptor_t xDesc,
                                                                   size_t* sizeInBytes) {
  const cudnnStatus_t status =
      cpu::check_operation(mode, CUDNN_BATCHNORM_SPATIAL_PERSISTENT, bnOps, CUDNN_BATCHNORM_OPS_BN_ADD_ACTIVATION);
  return status == CUDNN_STATUS_SUCCESS ? cpu::answer_no_space(handle, xDesc, sizeInBytes, __func__) : status;
}

cudnnStatus_t cudnnGetNormalizationForwardTrainingWorkspaceSize(
    cudnnHandle_t handle, cudnnNormMode_t mode, cudnnNormOps_t normOps, cudnnNormAlgo_t /*algo*/,
    const cudnnTensorDescriptor_t xDesc, const cudnnTensorDescriptor_t /*zDesc*/,
    const cudnnTensorDescriptor_t /*yDesc*/, const cudnnTensorDescriptor_t /*normScaleBiasDesc*/,
    const cudnnActivationDescriptor_t /*activationDesc*/, const cudnnTensorDescriptor_t /*normMeanVarDesc*/,
    size_t* sizeInBytes, int groupCnt) {
  cudnnStatus_t status = cpu::check_groups(groupCnt);
  if (status == CUDNN_STATUS_SUCCESS) {
    status = cpu::check_operation(mode, CUDNN_NORM_PER_CHANNEL, normOps, CUDNN_NORM_OPS_NORM_ADD_ACTIVATION);
  }
  return status == CUDNN_STATUS_SUCCESS ? cpu::answer_no_space(handle, xDesc, sizeInBytes, __func__) : status;
}

cudnnStatus_t cudnnGetNormalizationBackwardWorkspaceSize(
    cudnnHandle_t handle, cudnnNormMode_t mode, cudnnNormOps_t normOps, cudnnNormAlgo_t /*algo*/,
    const cudnnTensorDescriptor_t xDesc, const cudnnTensorDescriptor_t /*yDesc*/,
    const cudnnTensorDescriptor_t /*dyDesc*/, const cudnnTensorDescriptor_t /*dzDesc*/,
    const cudnnTensorDescriptor_t /*dxDesc*/, const cudnnTensorDescriptor_t /*dNormScaleBiasDesc*/,
    const cudnnActivationDescriptor_t /*activationDesc*/, const cudnnTensorDescriptor_t /*normMeanVarDesc*/,
    size_t* sizeInBytes, int groupCnt) {
  cudnnStatus_t status = cpu::check_groups(groupCnt);
  if (status == CUDNN_STATUS_SUCCESS) {
    status = cpu::check_operation(mode, CUDNN_NORM_PER_CHANNEL, normOps, CUDNN_NORM_OPS_NORM_ADD_ACTIVATION);
  }
  return status == CUDNN_STATUS_SUCCESS ? cpu::answer_no_space(handle, xDesc, sizeInBytes, __func__) : status;
}

cudnnStatus_t cudnnGetNormalizationTrainingReserveSpaceSize(cudnnHandle_t handle, cudnnNormMode_t mode,
                                                            cudnnNormOps_t normOps, cudnnNormAlgo_t /*algo*/,
                                                            const cudnnActivationDescriptor_t /*activationDesc*/,
                                                            const cudnnTensorDescriptor_t xDesc, size_t* sizeInBytes,
                                                            int groupCnt) {
  cudnnStatus_t status = cpu::check_groups(groupCnt);
  if (status == CUDNN_STATUS_SUCCESS) {
    status = cpu::check_operation(mode, CUDNN_NORM_PER_CHANNEL, normOps, CUDNN_NORM_OPS_NORM_ADD_ACTIVATION);
  }
  return status == CUDNN_STATUS_SUCCESS ? cpu::answer_no_space(handle, xDesc, sizeInBytes, __func__) : status;
}
