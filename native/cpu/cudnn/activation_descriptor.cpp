#include "cudnn/activation_descriptor.h"

#include "cudnn/data_type.h"
#include "cudnn/object_handles.h"

using cpu::ActivationDescriptor;
using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;

cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* activationDesc) {
  return cpu::create_object<ActivationDescriptor>(activationDesc, "activationDesc");
}

cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t activationDesc) {
  return cpu::destroy_object<ActivationDescriptor>(activationDesc, "activationDesc");
}

// Any coefficient is taken, NaN included; the swish beta stays as it is.
cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t activationDesc, cudnnActivationMode_t mode,
                                           cudnnNanPropagation_t reluNanOpt, double coef) {
  auto* activation = lookup<ActivationDescriptor>(activationDesc);
  if (activation == nullptr) return bad_handle(activationDesc, "activationDesc");
  if (!cpu::is_between(mode, CUDNN_ACTIVATION_SIGMOID, CUDNN_ACTIVATION_SWISH)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mode is no cudnnActivationMode_t");
  }
  if (!cpu::is_nan_propagation(reluNanOpt)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "reluNanOpt is no cudnnNanPropagation_t");
  }
  activation->mode = mode;
  activation->nan_propagation = reluNanOpt;
  activation->coefficient = coef;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetActivationDescriptor(const cudnnActivationDescriptor_t activationDesc,
                                           cudnnActivationMode_t* mode, cudnnNanPropagation_t* reluNanOpt,
                                           double* coef) {
  const auto* activation = lookup<ActivationDescriptor>(activationDesc);
  if (activation == nullptr) return bad_handle(activationDesc, "activationDesc");
  if (any_null(mode, reluNanOpt, coef)) return cpu::null_pointer(__func__);
  *mode = activation->mode;
  *reluNanOpt = activation->nan_propagation;
  *coef = activation->coefficient;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetActivationDescriptorSwishBeta(cudnnActivationDescriptor_t activationDesc, double swish_beta) {
  auto* activation = lookup<ActivationDescriptor>(activationDesc);
  if (activation == nullptr) return bad_handle(activationDesc, "activationDesc");
  activation->swish_beta = swish_beta;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetActivationDescriptorSwishBeta(cudnnActivationDescriptor_t activationDesc, double* swish_beta) {
  const auto* activation = lookup<ActivationDescriptor>(activationDesc);
  if (activation == nullptr) return bad_handle(activationDesc, "activationDesc");
  if (swish_beta == nullptr) return cpu::null_pointer(__func__);
  *swish_beta = activation->swish_beta;
  return CUDNN_STATUS_SUCCESS;
}
