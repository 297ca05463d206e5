#include "engine/compute_lowering.h"

#include <cstring>

namespace cpu::compute {

void lower_convolution(const ConvolutionShape& shape, const void* x, void* matrix) {
  const int spatial = shape.x.rank - 2;
  const int64_t samples = shape.x.dims[0], channels = shape.x.dims[1], taps = shape.w.pixels(),
                positions = shape.y.pixels();
  const size_t size = element_size(shape.x.type);
  const auto* source = static_cast<const char*>(x);
  auto* target = static_cast<char*>(matrix);
#pragma omp parallel for schedule(static) if (channels * taps * samples * positions > 16384)
  for (int64_t row = 0; row < channels * taps; ++row) {
    const int64_t channel = row / taps;
    int64_t tap[max_rank - 2];
    int64_t rest = row % taps;
    for (int i = spatial - 1; i >= 0; --i) {
      const int64_t count = shape.w.dims[2 + i], at_tap = rest % count;
      tap[i] = shape.flips_filter ? count - 1 - at_tap : at_tap;
      rest /= count;
    }
    char* column = target + static_cast<size_t>(row * samples * positions) * size;
    for (int64_t n = 0; n < samples; ++n) {
      for (int64_t position = 0; position < positions; ++position, column += size) {
        int64_t offset = n * shape.x.strides[0] + channel * shape.x.strides[1];
        bool is_inside = true;
        int64_t left = position;
        for (int i = spatial - 1; i >= 0; --i) {
          const int64_t pixel =
              left % shape.y.dims[2 + i] * shape.stride[i] - shape.padding[i] + tap[i] * shape.dilation[i];
          left /= shape.y.dims[2 + i];
          is_inside = is_inside && pixel >= 0 && pixel < shape.x.dims[2 + i];
          offset += pixel * shape.x.strides[2 + i];
        }
        if (is_inside) {
          std::memcpy(column, source + offset * static_cast<int64_t>(size), size);
        } else {
          std::memset(column, 0, size);
        }
      }
    }
  }
}

}  // namespace cpu::compute
