#pragma once
#include <memory>

#include "engine/compute_convolution_kernel.h"

namespace cpu::compute {

/// The gradient of a filter as matrix products, for every tap one of the gradients and of the pixels it meets: no
/// multiplication by padding, and the same bits with any number of threads. Images and filter are channels last, in
/// single precision, in one group.
std::unique_ptr<ConvolutionKernel> make_filter_gradient_by_products(const ConvolutionShape& shape);

}  // namespace cpu::compute
