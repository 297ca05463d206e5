#include "engine/compute_pooling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

/// Channels one thread works on at a time.
constexpr int64_t column = 512;

/// The shape as three spatial dimensions, channels last.
struct Geometry {
  int64_t samples;
  int64_t channels;
  int64_t in[3] = {1, 1, 1};
  int64_t out[3] = {1, 1, 1};
  int64_t window[3] = {1, 1, 1};
  int64_t padding[3] = {};
  int64_t stride[3] = {1, 1, 1};

  explicit Geometry(const PoolingShape& shape) : samples(shape.x.dims[0]), channels(shape.x.dims[1]) {
    const int spatial = shape.x.rank - 2;
    for (int i = 0; i < spatial; ++i) {
      const int to = 3 - spatial + i;
      in[to] = shape.x.dims[2 + i];
      out[to] = shape.y.dims[2 + i];
      window[to] = shape.window[i];
      padding[to] = shape.padding[i];
      stride[to] = shape.stride[i];
    }
  }

  int64_t in_pixels() const { return in[0] * in[1] * in[2]; }
  int64_t out_pixels() const { return out[0] * out[1] * out[2]; }
};

/// The part of one window that lies inside the image.
struct Window {
  int64_t first[3];
  int64_t last[3];

  Window(const Geometry& g, int64_t d, int64_t h, int64_t w) {
    const int64_t position[3] = {d, h, w};
    for (int i = 0; i < 3; ++i) {
      const int64_t start = position[i] * g.stride[i] - g.padding[i];
      first[i] = std::max<int64_t>(start, 0);
      last[i] = std::min(start + g.window[i], g.in[i]);
    }
  }

  int64_t pixels() const {
    int64_t product = 1;
    for (int i = 0; i < 3; ++i) product *= std::max<int64_t>(last[i] - first[i], 0);
    return product;
  }

  /// Calls body(pixel) in row order.
  template <class Body>
  void for_pixels(const Geometry& g, const Body& body) const {
    for (int64_t d = first[0]; d < last[0]; ++d) {
      for (int64_t h = first[1]; h < last[1]; ++h) {
        for (int64_t w = first[2]; w < last[2]; ++w) body((d * g.in[1] + h) * g.in[2] + w);
      }
    }
  }
};

int64_t divisor(const Geometry& g, const Window& window, PoolingMode mode) {
  return mode == PoolingMode::AverageIncludePadding ? g.window[0] * g.window[1] * g.window[2]
                                                    : std::max<int64_t>(window.pixels(), 1);
}

template <class T>
void forward(const PoolingShape& shape, double alpha, const void* x_data, double beta, void* y_data) {
  Scratch scratch;
  const Geometry g(shape);
  const VectorKernels<T>& kernels = vector_kernels<T>();
  const Tensor x_layout = channels_last(shape.x, native_type<T>), y_layout = channels_last(shape.y, native_type<T>);
  const T* x = staged<T>(shape.x, x_data, x_layout, scratch);
  const StagedResult<T> result(shape.y, y_data, y_layout, scratch);
  T* y = result.values();
  const T direct_alpha = result.alpha(alpha), direct_beta = result.beta(beta);
  const bool plain = direct_alpha == 1 && direct_beta == 0;
  const int64_t columns = (g.channels + column - 1) / column;
  const int64_t rows = g.samples * g.out[0] * g.out[1];
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t part = 0; part < columns; ++part) {
      const int64_t h = row % g.out[1], d = row / g.out[1] % g.out[0], n = row / g.out[1] / g.out[0];
      const int64_t start = part * column, width = std::min(column, g.channels - start);
      const T* image = x + n * g.in_pixels() * g.channels + start;
      T local[column];
      for (int64_t w = 0; w < g.out[2]; ++w) {
        T* target = y + (row * g.out[2] + w) * g.channels + start;
        T* sum = plain ? target : local;
        const Window window(g, d, h, w);
        if (shape.mode == PoolingMode::Max) {
          kernels.fill(-std::numeric_limits<T>::infinity(), sum, width);
          window.for_pixels(
              g, [&](int64_t pixel) { kernels.maximum(image + pixel * g.channels, shape.propagate_nan, sum, width); });
        } else {
          kernels.fill(0, sum, width);
          window.for_pixels(g, [&](int64_t pixel) { kernels.accumulate(1, image + pixel * g.channels, sum, width); });
          kernels.blend(T(1) / static_cast<T>(divisor(g, window, shape.mode)), sum, 0, sum, width);
        }
        if (!plain) kernels.blend(direct_alpha, sum, direct_beta, target, width);
      }
    }
  }
  result.finish(alpha, beta);
}

template <class T>
void backward(const PoolingShape& shape, double alpha, const void* y_data, const Tensor& dy_tensor, const void* dy_data,
              const void* x_data, double beta, const Tensor& dx_tensor, void* dx_data) {
  Scratch scratch;
  const Geometry g(shape);
  const VectorKernels<T>& kernels = vector_kernels<T>();
  const Tensor x_layout = channels_last(shape.x, native_type<T>), y_layout = channels_last(shape.y, native_type<T>);
  const bool is_max = shape.mode == PoolingMode::Max;
  const T* x = is_max ? staged<T>(shape.x, x_data, x_layout, scratch) : nullptr;
  const T* y = is_max ? staged<T>(shape.y, y_data, y_layout, scratch) : nullptr;
  const T* dy = staged<T>(dy_tensor, dy_data, y_layout, scratch);
  // The windows add into dx, so a blended result needs its own memory.
  const bool direct = alpha == 1 && beta == 0 && same_layout(dx_tensor, x_layout);
  T* dx = direct ? static_cast<T*>(dx_data) : scratch.take<T>(x_layout.elements());
  const int64_t columns = (g.channels + column - 1) / column;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < g.samples; ++n) {
    for (int64_t part = 0; part < columns; ++part) {
      const int64_t start = part * column, width = std::min(column, g.channels - start);
      const int64_t in_offset = n * g.in_pixels() * g.channels + start;
      T local[column];
      for (int64_t pixel = 0; pixel < g.in_pixels(); ++pixel) {
        kernels.fill(0, dx + in_offset + pixel * g.channels, width);
      }
      for (int64_t position = 0; position < g.out_pixels(); ++position) {
        const int64_t w = position % g.out[2], h = position / g.out[2] % g.out[1], d = position / g.out[2] / g.out[1];
        const int64_t offset = (n * g.out_pixels() + position) * g.channels + start;
        const Window window(g, d, h, w);
        if (is_max) {
          kernels.fill(0, local, width);
          window.for_pixels(g, [&](int64_t pixel) {
            const int64_t at_pixel = in_offset + pixel * g.channels;
            kernels.maximum_gradient(x + at_pixel, y + offset, dy + offset, local, dx + at_pixel, width);
          });
        } else {
          const T factor = T(1) / static_cast<T>(divisor(g, window, shape.mode));
          window.for_pixels(g, [&](int64_t pixel) {
            kernels.accumulate(factor, dy + offset, dx + in_offset + pixel * g.channels, width);
          });
        }
      }
    }
  }
  if (!direct) blend_tensor(alpha, x_layout, dx, beta, dx_tensor, dx_data);
}

}  // namespace

void pooling_forward(const PoolingShape& shape, double alpha, const void* x, double beta, void* y) {
  if (computes_in_double(shape.x.type) || computes_in_double(shape.y.type)) {
    forward<double>(shape, alpha, x, beta, y);
  } else {
    forward<float>(shape, alpha, x, beta, y);
  }
}

void pooling_backward(const PoolingShape& shape, double alpha, const void* y, const Tensor& dy_tensor, const void* dy,
                      const void* x, double beta, const Tensor& dx_tensor, void* dx) {
  if (computes_in_double(shape.x.type) || computes_in_double(dx_tensor.type)) {
    backward<double>(shape, alpha, y, dy_tensor, dy, x, beta, dx_tensor, dx);
  } else {
    backward<float>(shape, alpha, y, dy_tensor, dy, x, beta, dx_tensor, dx);
  }
}

}  // namespace cpu::compute
