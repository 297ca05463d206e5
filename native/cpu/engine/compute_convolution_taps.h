#pragma once
#include "engine/compute_convolution.h"

namespace cpu::compute {

/// A convolution without the filter's outer taps that meet nothing but padding: 8 of 9 on images of one pixel, 5 of 9
/// where a strided 3x3 filter meets 2x2 pixels. Their gradient is 0.
struct UsedTaps {
  /// The filter keeps its strides; it has fewer taps, and the image less padding.
  ConvolutionShape shape;
  int padding_behind[max_rank - 2] = {};
  /// Where the used part starts in the filter, in elements.
  int64_t offset = 0;
  /// Whether some were left out.
  bool trims = false;
  /// Whether there still are some that meet no pixel.
  bool has_idle = false;
};

UsedTaps used_taps(const ConvolutionShape& whole);

}  // namespace cpu::compute
