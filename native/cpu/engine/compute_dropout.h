#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// The state of a dropout in the caller's memory: random number i of a pass is number `drawn` + i of a SplitMix64
/// generator with this seed, whichever thread computes it.
struct DropoutState {
  uint64_t seed;
  uint64_t drawn;
};

/// y = x / (1 - probability) where an element is kept and 0 elsewhere; one bit an element of `mask` says which, in the
/// order of the dimensions.
void dropout_forward(double probability, DropoutState& state, const Tensor& x_tensor, const void* x,
                     const Tensor& y_tensor, void* y, uint32_t* mask);
void dropout_backward(double probability, const Tensor& dy_tensor, const void* dy, const Tensor& dx_tensor, void* dx,
                      const uint32_t* mask);

}  // namespace cpu::compute
