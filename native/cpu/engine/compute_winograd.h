#pragma once
#include <memory>

#include "engine/compute_convolution_kernel.h"

namespace cpu::compute {

/// A convolution of bf16 images with a 3x3 filter by Winograd's transformation F(2 x 2, 3 x 3), whose steps are fused:
/// what is between them stays in a core's own cache. It multiplies 4 times where the definition does 9 times, with the
/// processor's instructions for bf16. The bits are the same with any number of threads.
///
/// Null where it does not apply (see has_bfloat16_winograd). The filter is never flipped here.
///
/// Transformed numbers are rounded to bf16 before they are multiplied, so a result is less exact than the direct one,
/// whose products are exact. With u = 2^-8, the largest relative error of that rounding, an output is wrong by at most
///   (2 u + u^2) |A^T| [(|G| |g| |G^T|) * (|B^T| |d| |B|)] |A|, summed over the channels,
/// where |.| takes the absolute values of a matrix's elements, besides the error of sums in single precision. An
/// element of B^T d B is a sum of 4 numbers of the image, and A^T makes of G g G^T sums with at most 4 times the
/// filter's numbers, so this is below 2 u * 4 * 4 = 1/8 of the sum of |g| times the largest |d|. That is if all
/// roundings go the same way; of independent numbers and roundings it is about 1/250 of the result, some 2.4 times what
/// rounding the result to bf16 costs. The gradient of the data is such a convolution, and for that of the filter the
/// bound is
///   (2 u + u^2) |G^T| [(|A| |dy| |A^T|) * (|B^T| |d| |B|)] |G|, summed over the tiles.
std::unique_ptr<ConvolutionKernel> make_bfloat16_winograd(ConvolutionDirection direction,
                                                          const ConvolutionShape& shape);

/// Whether there is such a kernel for the shape: for images that are channels last, strides, dilations and groups of 1
/// and padding of at most 2, on a processor with those instructions.
bool has_bfloat16_winograd(const ConvolutionShape& shape);

}  // namespace cpu::compute
