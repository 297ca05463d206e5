#pragma once
#include "engine/compute_convolution.h"

namespace cpu::compute {

/// Convolutions in double on packed double tensors (row-major N, C, [D,] H, W), for what oneDNN has no kernel for: f64
/// and shapes it refuses. The filter is never flipped here. Arguments as of run_convolution.
void reference_convolution(ConvolutionDirection direction, const ConvolutionShape& shape, const double* first,
                           const double* second, double* result);

}  // namespace cpu::compute
