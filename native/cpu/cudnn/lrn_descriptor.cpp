#include "cudnn/lrn_descriptor.h"

#include "cudnn/object_handles.h"

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::LrnDescriptor;

cudnnStatus_t cudnnCreateLRNDescriptor(cudnnLRNDescriptor_t* normDesc) {
  return cpu::create_object<LrnDescriptor>(normDesc, "normDesc");
}

cudnnStatus_t cudnnDestroyLRNDescriptor(cudnnLRNDescriptor_t lrnDesc) {
  return cpu::destroy_object<LrnDescriptor>(lrnDesc, "lrnDesc");
}

// Any alpha is taken. The comparisons let NaN pass, as the real library does.
cudnnStatus_t cudnnSetLRNDescriptor(cudnnLRNDescriptor_t normDesc, unsigned int lrnN, double lrnAlpha, double lrnBeta,
                                    double lrnK) {
  auto* normalization = lookup<LrnDescriptor>(normDesc);
  if (normalization == nullptr) return bad_handle(normDesc, "normDesc");
  if (lrnN < CUDNN_LRN_MIN_N || lrnN > CUDNN_LRN_MAX_N) return fail(CUDNN_STATUS_BAD_PARAM, "lrnN is not in 1..16");
  if (lrnBeta < CUDNN_LRN_MIN_BETA) return fail(CUDNN_STATUS_BAD_PARAM, "lrnBeta is below 0.01");
  if (lrnK < CUDNN_LRN_MIN_K) return fail(CUDNN_STATUS_BAD_PARAM, "lrnK is below 1e-5");
  normalization->n = lrnN;
  normalization->alpha = lrnAlpha;
  normalization->beta = lrnBeta;
  normalization->k = lrnK;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetLRNDescriptor(cudnnLRNDescriptor_t normDesc, unsigned int* lrnN, double* lrnAlpha,
                                    double* lrnBeta, double* lrnK) {
  const auto* normalization = lookup<LrnDescriptor>(normDesc);
  if (normalization == nullptr) return bad_handle(normDesc, "normDesc");
  if (any_null(lrnN, lrnAlpha, lrnBeta, lrnK)) return cpu::null_pointer(__func__);
  *lrnN = normalization->n;
  *lrnAlpha = normalization->alpha;
  *lrnBeta = normalization->beta;
  *lrnK = normalization->k;
  return CUDNN_STATUS_SUCCESS;
}
