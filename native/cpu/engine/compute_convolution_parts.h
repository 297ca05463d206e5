#pragma once
#include <memory>

#include "engine/compute_convolution_kernel.h"
#include "engine/compute_convolution_taps.h"

namespace cpu::compute {

/// The gradient of a filter by oneDNN in parts, of the images or of the output channels, each on one thread: whatever
/// the number of threads, the same bits. `used` is what of the `whole` convolution meets
/// pixels. Null where oneDNN has no such kernel.
std::unique_ptr<ConvolutionKernel> make_filter_gradient_in_parts(const ConvolutionShape& whole, const UsedTaps& used);

}  // namespace cpu::compute
