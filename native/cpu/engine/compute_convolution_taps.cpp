#include "engine/compute_convolution_taps.h"

#include <algorithm>

namespace cpu::compute {
namespace {

/// One spatial dimension of a convolution.
struct Axis {
  int64_t size, out, taps, padding, stride, dilation;

  bool meets_pixels(int64_t tap) const {
    for (int64_t p = 0; p < out; ++p) {
      const int64_t pixel = p * stride - padding + tap * dilation;
      if (pixel >= 0 && pixel < size) return true;
    }
    return false;
  }

  /// The padding behind the image that a window of so many taps needs with so much before it.
  int64_t behind(int64_t window_taps, int64_t before) const {
    return (out - 1) * stride + (window_taps - 1) * dilation + 1 - size - before;
  }
};

}  // namespace

UsedTaps used_taps(const ConvolutionShape& whole) {
  UsedTaps used;
  used.shape = whole;
  for (int i = 0; i < whole.x.rank - 2; ++i) {
    const Axis axis{whole.x.dims[2 + i], whole.y.dims[2 + i], whole.w.dims[2 + i],
                    whole.padding[i],    whole.stride[i],     whole.dilation[i]};
    int64_t first = 0, last = axis.taps - 1;
    while (first < last && !axis.meets_pixels(first)) ++first;
    while (last > first && !axis.meets_pixels(last)) --last;
    // oneDNN takes no negative padding.
    const int64_t before = axis.padding - first * axis.dilation, behind = axis.behind(last - first + 1, before);
    if (before < 0 || behind < 0) {
      first = 0;
      last = axis.taps - 1;
    }
    for (int64_t tap = first; tap <= last; ++tap) used.has_idle |= !axis.meets_pixels(tap);
    if (last - first + 1 == axis.taps) {
      // The result's size says how much padding there is behind the image, where it is not as much as before it.
      const int64_t window = (axis.taps - 1) * axis.dilation + 1;
      const bool is_symmetric = (axis.size + 2 * axis.padding - window) / axis.stride + 1 == axis.out;
      used.padding_behind[i] =
          static_cast<int>(is_symmetric ? axis.padding : std::max<int64_t>(0, axis.behind(axis.taps, axis.padding)));
      continue;
    }
    used.trims = true;
    used.shape.w.dims[2 + i] = static_cast<int>(last - first + 1);
    used.shape.padding[i] = static_cast<int>(before);
    used.padding_behind[i] = static_cast<int>(behind);
    used.offset += first * whole.w.strides[2 + i];
  }
  return used;
}

}  // namespace cpu::compute
