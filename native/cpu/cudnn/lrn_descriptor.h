#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnLRNDescriptor_t: window n over channels, y = x / (k + alpha / n * sum x^2)^beta.
struct LrnDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnLrnDescriptor;

  unsigned int n = 5;
  double alpha = 1e-4;
  double beta = 0.75;
  double k = 2.0;
};

}  // namespace cpu
