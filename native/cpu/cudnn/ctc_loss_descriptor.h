#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnCTCLossDescriptor_t. The setters check the compute type only, so the other values may be any number.
struct CtcLossDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnCtcLossDescriptor;

  cudnnDataType_t compute_type = CUDNN_DATA_FLOAT;
  int normalization = CUDNN_LOSS_NORMALIZATION_NONE;
  /// A cudnnNanPropagation_t in the functions before _v9, a cudnnCTCGradMode_t in those.
  int gradient_mode = 0;
  int max_label_length = 0;
};

}  // namespace cpu
