#pragma once
#include <memory>

#include "engine/compute_convolution_kernel.h"

namespace cpu::compute {

/// A convolution in double on packed double tensors (row-major N, C, [D,] H, W), for what oneDNN has no kernel for: f64
/// and shapes it refuses. The filter is never flipped here.
std::unique_ptr<ConvolutionKernel> make_reference_convolution(ConvolutionDirection direction,
                                                              const ConvolutionShape& shape);

}  // namespace cpu::compute
