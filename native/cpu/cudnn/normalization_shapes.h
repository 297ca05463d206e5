#pragma once
#include "cudnn/tensor_descriptor.h"
#include "generated/cudnn.h"

namespace cpu {

/// Fills `derived` with the shape of scale, bias, means and variances of a batch normalisation of `x`: 1, C, 1, 1
/// (spatial) or 1, C, H, W (per activation), packed NCHW; FLOAT for the types narrower than that, else the type of `x`.
cudnnStatus_t derive_normalization_shape(const TensorDescriptor& x, bool per_activation, TensorDescriptor& derived);

}  // namespace cpu
