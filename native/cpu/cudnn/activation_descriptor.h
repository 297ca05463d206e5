#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnActivationDescriptor_t.
struct ActivationDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnActivationDescriptor;

  cudnnActivationMode_t mode = CUDNN_ACTIVATION_SIGMOID;
  cudnnNanPropagation_t nan_propagation = CUDNN_NOT_PROPAGATE_NAN;
  /// Ceiling of CLIPPED_RELU, alpha of ELU.
  double coefficient = 0;
  double swish_beta = 1;
};

}  // namespace cpu
