// Which way of computing a convolution is fastest, measured with native/bench/layer_bench.
#pragma once
#include "engine/compute_convolution.h"

namespace cpu::compute {

/// Where blocked activations pay for changing the layout: oneDNN's channels-last kernels are as fast as its blocked
/// ones or faster, except on small images and for strided filter gradients.
bool prefers_blocked(ConvolutionDirection direction, const ConvolutionShape& shape);

/// Into how many parts the images of a filter's gradient are divided: many keep many threads busy, but each has a sum
/// as large as the filter.
int64_t image_parts(const ConvolutionShape& shape);

/// How many output channels are one part of a filter's gradient: of a large filter so many that they stay in a core's
/// own cache from image to image, of few images so many that several threads have something to do; 0 where the images
/// are divided instead.
int channels_of_part(const ConvolutionShape& shape);

/// Whether a filter's gradient is computed by products of taps: where channels and images make them large enough.
bool prefers_products(const ConvolutionShape& shape);

/// How many of the result's channels are one part of a convolution by Winograd's transformation: all of them but where
/// the transformed filter is so large that its parts, being kept by the caches, cost no time.
int winograd_channels(ConvolutionDirection direction, const ConvolutionShape& shape);

}  // namespace cpu::compute
