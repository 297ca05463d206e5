#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "cudnn/activation_descriptor.h"
#include "cudnn/convolution_descriptor.h"
#include "cudnn/filter_descriptor.h"
#include "cudnn/tensor_descriptor.h"
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

constexpr int fused_const_labels = CUDNN_PARAM_BN_DBIAS_PLACEHOLDER + 1;
constexpr int fused_pointer_labels = CUDNN_PTR_BN_DBIAS + 1;
constexpr int fused_scalar_labels = CUDNN_SCALAR_DOUBLE_BN_EPSILON - CUDNN_SCALAR_SIZE_T_WORKSPACE_SIZE_IN_BYTES + 1;

/// cudnnFusedOpsConstParamPack_t: the shapes and the kinds of pointers of a fused operation. Descriptors are copied in.
struct FusedConstPack {
  static constexpr HandleTag tag = HandleTag::CudnnFusedConstPack;

  cudnnFusedOps_t operation = CUDNN_FUSED_SCALE_BIAS_ACTIVATION_CONV_BNSTATS;
  std::optional<TensorDescriptor> tensors[fused_const_labels];
  std::optional<FilterDescriptor> filters[fused_const_labels];
  std::optional<ConvolutionDescriptor> convolution;
  std::optional<ActivationDescriptor> activation;
  /// Batch normalisation mode and pointer placeholders.
  int numbers[fused_const_labels] = {};
};

/// cudnnFusedOpsVariantParamPack_t: the pointers and scalars of one execution.
struct FusedVariantPack {
  static constexpr HandleTag tag = HandleTag::CudnnFusedVariantPack;

  cudnnFusedOps_t operation = CUDNN_FUSED_SCALE_BIAS_ACTIVATION_CONV_BNSTATS;
  void* pointers[fused_pointer_labels] = {};
  size_t workspace_bytes = 0;
  int64_t accumulation_count = 0;
  double average_factor = 0;
  double epsilon = 0;
};

/// cudnnFusedOpsPlan_t. The CPU device makes none: it fuses what is described through the graph API.
struct FusedPlan {
  static constexpr HandleTag tag = HandleTag::CudnnFusedPlan;

  cudnnFusedOps_t operation = CUDNN_FUSED_SCALE_BIAS_ACTIVATION_CONV_BNSTATS;
};

}  // namespace cpu
