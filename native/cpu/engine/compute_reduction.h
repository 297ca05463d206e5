#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

enum class Reduction : uint8_t { Add, Mul, Min, Max, AbsoluteMax, Average, Norm1, Norm2, MulNoZeros };

/// c = alpha reduce(a) + beta c over the dimensions where c has size 1 and a has not. For Min, Max and AbsoluteMax,
/// `indices` (32 bits each, null for none) gets the flattened index, over the reduced dimensions, of the first element
/// that attains the result.
void reduce_tensor(Reduction operation, bool propagate_nan, double alpha, const Tensor& a_tensor, const void* a,
                   double beta, const Tensor& c_tensor, void* c, uint32_t* indices);

}  // namespace cpu::compute
