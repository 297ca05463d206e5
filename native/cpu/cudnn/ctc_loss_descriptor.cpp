#include "cudnn/ctc_loss_descriptor.h"

#include "cudnn/object_handles.h"

namespace cpu {
namespace {

cudnnStatus_t set_ctc_loss(cudnnCTCLossDescriptor_t descriptor, cudnnDataType_t compute_type, int normalization,
                           int gradient_mode, int max_label_length) {
  auto* loss = lookup<CtcLossDescriptor>(descriptor);
  if (loss == nullptr) return bad_handle(descriptor, "ctcLossDesc");
  if (compute_type != CUDNN_DATA_FLOAT) return fail(CUDNN_STATUS_NOT_SUPPORTED, "compType is not CUDNN_DATA_FLOAT");
  *loss = CtcLossDescriptor{compute_type, normalization, gradient_mode, max_label_length};
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace
}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::CtcLossDescriptor;
using cpu::lookup;

cudnnStatus_t cudnnCreateCTCLossDescriptor(cudnnCTCLossDescriptor_t* ctcLossDesc) {
  return cpu::create_object<CtcLossDescriptor>(ctcLossDesc, "ctcLossDesc");
}

cudnnStatus_t cudnnDestroyCTCLossDescriptor(cudnnCTCLossDescriptor_t ctcLossDesc) {
  return cpu::destroy_object<CtcLossDescriptor>(ctcLossDesc, "ctcLossDesc");
}

cudnnStatus_t cudnnSetCTCLossDescriptor(cudnnCTCLossDescriptor_t ctcLossDesc, cudnnDataType_t compType) {
  return cpu::set_ctc_loss(ctcLossDesc, compType, CUDNN_LOSS_NORMALIZATION_NONE, CUDNN_NOT_PROPAGATE_NAN, 0);
}

cudnnStatus_t cudnnSetCTCLossDescriptorEx(cudnnCTCLossDescriptor_t ctcLossDesc, cudnnDataType_t compType,
                                          cudnnLossNormalizationMode_t normMode, cudnnNanPropagation_t gradMode) {
  return cpu::set_ctc_loss(ctcLossDesc, compType, static_cast<int>(normMode), static_cast<int>(gradMode), 0);
}

cudnnStatus_t cudnnSetCTCLossDescriptor_v8(cudnnCTCLossDescriptor_t ctcLossDesc, cudnnDataType_t compType,
                                           cudnnLossNormalizationMode_t normMode, cudnnNanPropagation_t gradMode,
                                           int maxLabelLength) {
  return cpu::set_ctc_loss(ctcLossDesc, compType, static_cast<int>(normMode), static_cast<int>(gradMode),
                           maxLabelLength);
}

cudnnStatus_t cudnnSetCTCLossDescriptor_v9(cudnnCTCLossDescriptor_t ctcLossDesc, cudnnDataType_t compType,
                                           cudnnLossNormalizationMode_t normMode, cudnnCTCGradMode_t ctcGradMode,
                                           int maxLabelLength) {
  // This version keeps only whether gradients outside a sequence are skipped.
  const int skips = static_cast<int>(ctcGradMode) != 0 ? CUDNN_CTC_SKIP_OOB_GRADIENTS : CUDNN_CTC_ZERO_OOB_GRADIENTS;
  return cpu::set_ctc_loss(ctcLossDesc, compType, static_cast<int>(normMode), skips, maxLabelLength);
}

cudnnStatus_t cudnnGetCTCLossDescriptor(cudnnCTCLossDescriptor_t ctcLossDesc, cudnnDataType_t* compType) {
  const auto* loss = lookup<CtcLossDescriptor>(ctcLossDesc);
  if (loss == nullptr) return bad_handle(ctcLossDesc, "ctcLossDesc");
  if (compType == nullptr) return cpu::null_pointer(__func__);
  *compType = loss->compute_type;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetCTCLossDescriptorEx(cudnnCTCLossDescriptor_t ctcLossDesc, cudnnDataType_t* compType,
                                          cudnnLossNormalizationMode_t* normMode, cudnnNanPropagation_t* gradMode) {
  const auto* loss = lookup<CtcLossDescriptor>(ctcLossDesc);
  if (loss == nullptr) return bad_handle(ctcLossDesc, "ctcLossDesc");
  if (any_null(compType, normMode, gradMode)) return cpu::null_pointer(__func__);
  *compType = loss->compute_type;
  *normMode = static_cast<cudnnLossNormalizationMode_t>(loss->normalization);
  *gradMode = static_cast<cudnnNanPropagation_t>(loss->gradient_mode);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetCTCLossDescriptor_v8(cudnnCTCLossDescriptor_t ctcLossDesc, cudnnDataType_t* compType,
                                           cudnnLossNormalizationMode_t* normMode, cudnnNanPropagation_t* gradMode,
                                           int* maxLabelLength) {
  if (maxLabelLength == nullptr) return cpu::null_pointer(__func__);
  const cudnnStatus_t status = cudnnGetCTCLossDescriptorEx(ctcLossDesc, compType, normMode, gradMode);
  if (status == CUDNN_STATUS_SUCCESS) *maxLabelLength = lookup<CtcLossDescriptor>(ctcLossDesc)->max_label_length;
  return status;
}

cudnnStatus_t cudnnGetCTCLossDescriptor_v9(cudnnCTCLossDescriptor_t ctcLossDesc, cudnnDataType_t* compType,
                                           cudnnLossNormalizationMode_t* normMode, cudnnCTCGradMode_t* ctcGradMode,
                                           int* maxLabelLength) {
  const auto* loss = lookup<CtcLossDescriptor>(ctcLossDesc);
  if (loss == nullptr) return bad_handle(ctcLossDesc, "ctcLossDesc");
  if (any_null(compType, normMode, ctcGradMode, maxLabelLength)) return cpu::null_pointer(__func__);
  *compType = loss->compute_type;
  *normMode = static_cast<cudnnLossNormalizationMode_t>(loss->normalization);
  *ctcGradMode = loss->gradient_mode != 0 ? CUDNN_CTC_SKIP_OOB_GRADIENTS : CUDNN_CTC_ZERO_OOB_GRADIENTS;
  *maxLabelLength = loss->max_label_length;
  return CUDNN_STATUS_SUCCESS;
}
