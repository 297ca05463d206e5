#pragma once
#include <memory>

#include "engine/compute_convolution_kernel.h"
#include "engine/compute_convolution_taps.h"

namespace cpu::compute {

/// A convolution by oneDNN's Winograd transformation. Large filters are taken in parts of the result's channels, one
/// after the other: not slower, and in a fraction of the workspace, most of which holds transformed filters. Null where
/// oneDNN has no such kernel.
std::unique_ptr<ConvolutionKernel> make_winograd_convolution(ConvolutionDirection direction, const UsedTaps& used,
                                                             const Epilogue& epilogue);

}  // namespace cpu::compute
