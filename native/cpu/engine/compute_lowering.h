#pragma once
#include "engine/compute_convolution.h"

namespace cpu::compute {

/// The input of a forward convolution as the matrix that a GEMM multiplies, in the type of x: row c, r, s (taps in row
/// order, mirrored where the shape flips its filter) and column n, p, q, stored row by row. Taps that meet padding are
/// 0. Groups do not matter; of w the spatial dimensions, of y the spatial dimensions are looked at.
void lower_convolution(const ConvolutionShape& shape, const void* x, void* matrix);

}  // namespace cpu::compute
