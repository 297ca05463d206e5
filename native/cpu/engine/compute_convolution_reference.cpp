#include "engine/compute_convolution_reference.h"

#include <algorithm>
#include <cstring>

namespace cpu::compute {
namespace {

/// The shape with three spatial dimensions.
struct Geometry {
  int64_t n, c, k, groups;
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1}, filter[3] = {1, 1, 1};
  int64_t padding[3] = {}, stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1};

  explicit Geometry(const ConvolutionShape& shape)
      : n(shape.x.dims[0]), c(shape.x.dims[1]), k(shape.w.dims[0]), groups(shape.groups) {
    const int spatial = shape.x.rank - 2;
    for (int i = 0; i < spatial; ++i) {
      const int to = 3 - spatial + i;
      in[to] = shape.x.dims[2 + i];
      out[to] = shape.y.dims[2 + i];
      filter[to] = shape.w.dims[2 + i];
      padding[to] = shape.padding[i];
      stride[to] = shape.stride[i];
      dilation[to] = shape.dilation[i];
    }
  }

  int64_t in_pixels() const { return in[0] * in[1] * in[2]; }
  int64_t out_pixels() const { return out[0] * out[1] * out[2]; }
  int64_t taps() const { return filter[0] * filter[1] * filter[2]; }

  /// Calls body(input pixel, output pixel) for each pair that filter tap `tap` connects; the innermost dimension as
  /// (first input, input step, first output, count).
  template <class Body>
  void for_rows(int64_t tap, const Body& body) const {
    const int64_t t[3] = {tap / (filter[1] * filter[2]), tap / filter[2] % filter[1], tap % filter[2]};
    int64_t first[3], last[3], offset[3];
    for (int i = 0; i < 3; ++i) {
      offset[i] = t[i] * dilation[i] - padding[i];
      // 0 <= p * stride + offset < in
      first[i] = offset[i] >= 0 ? 0 : (-offset[i] + stride[i] - 1) / stride[i];
      last[i] = in[i] - offset[i] <= 0 ? 0 : std::min(out[i], (in[i] - offset[i] + stride[i] - 1) / stride[i]);
    }
    if (first[2] >= last[2]) return;
    for (int64_t d = first[0]; d < last[0]; ++d) {
      for (int64_t h = first[1]; h < last[1]; ++h) {
        const int64_t in_row = ((d * stride[0] + offset[0]) * in[1] + h * stride[1] + offset[1]) * in[2];
        const int64_t out_row = (d * out[1] + h) * out[2];
        body(in_row + first[2] * stride[2] + offset[2], stride[2], out_row + first[2], last[2] - first[2]);
      }
    }
  }
};

void forward(const Geometry& g, const double* x, const double* w, double* y) {
  const int64_t group_c = g.c / g.groups, group_k = g.k / g.groups;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < g.n; ++n) {
    for (int64_t k = 0; k < g.k; ++k) {
      double* target = y + (n * g.k + k) * g.out_pixels();
      std::fill_n(target, g.out_pixels(), 0.0);
      for (int64_t c = 0; c < group_c; ++c) {
        const double* source = x + (n * g.c + k / group_k * group_c + c) * g.in_pixels();
        for (int64_t tap = 0; tap < g.taps(); ++tap) {
          const double weight = w[(k * group_c + c) * g.taps() + tap];
          g.for_rows(tap, [&](int64_t in, int64_t step, int64_t out, int64_t count) {
            for (int64_t i = 0; i < count; ++i) target[out + i] += weight * source[in + i * step];
          });
        }
      }
    }
  }
}

void backward_data(const Geometry& g, const double* dy, const double* w, double* dx) {
  const int64_t group_c = g.c / g.groups, group_k = g.k / g.groups;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < g.n; ++n) {
    for (int64_t c = 0; c < g.c; ++c) {
      double* target = dx + (n * g.c + c) * g.in_pixels();
      std::fill_n(target, g.in_pixels(), 0.0);
      const int64_t group = c / group_c;
      for (int64_t k = group * group_k; k < (group + 1) * group_k; ++k) {
        const double* source = dy + (n * g.k + k) * g.out_pixels();
        for (int64_t tap = 0; tap < g.taps(); ++tap) {
          const double weight = w[(k * group_c + c % group_c) * g.taps() + tap];
          g.for_rows(tap, [&](int64_t in, int64_t step, int64_t out, int64_t count) {
            for (int64_t i = 0; i < count; ++i) target[in + i * step] += weight * source[out + i];
          });
        }
      }
    }
  }
}

void backward_filter(const Geometry& g, const double* x, const double* dy, double* dw) {
  const int64_t group_c = g.c / g.groups, group_k = g.k / g.groups;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t k = 0; k < g.k; ++k) {
    for (int64_t c = 0; c < group_c; ++c) {
      for (int64_t tap = 0; tap < g.taps(); ++tap) {
        double sum = 0;
        for (int64_t n = 0; n < g.n; ++n) {
          const double* source = x + (n * g.c + k / group_k * group_c + c) * g.in_pixels();
          const double* gradient = dy + (n * g.k + k) * g.out_pixels();
          g.for_rows(tap, [&](int64_t in, int64_t step, int64_t out, int64_t count) {
            for (int64_t i = 0; i < count; ++i) sum += gradient[out + i] * source[in + i * step];
          });
        }
        dw[(k * group_c + c) * g.taps() + tap] = sum;
      }
    }
  }
}

class ReferenceConvolution final : public ConvolutionKernel {
 public:
  ReferenceConvolution(ConvolutionDirection direction, const ConvolutionShape& shape)
      : ConvolutionKernel("double", 0), direction_(direction), geometry_(shape) {}

  void run(const void* first, const void* second, const void*, bool, void* result, char*) override {
    const auto *a = static_cast<const double*>(first), *b = static_cast<const double*>(second);
    auto* c = static_cast<double*>(result);
    switch (direction_) {
      case ConvolutionDirection::Forward:
        return forward(geometry_, a, b, c);
      case ConvolutionDirection::BackwardData:
        return backward_data(geometry_, a, b, c);
      case ConvolutionDirection::BackwardFilter:
        return backward_filter(geometry_, a, b, c);
    }
  }

 private:
  const ConvolutionDirection direction_;
  const Geometry geometry_;
};

}  // namespace

std::unique_ptr<ConvolutionKernel> make_reference_convolution(ConvolutionDirection direction,
                                                              const ConvolutionShape& shape) {
  return std::make_unique<ReferenceConvolution>(direction, shape);
}

}  // namespace cpu::compute
