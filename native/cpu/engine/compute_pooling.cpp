#include "engine/compute_pooling.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
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

/// One row of a sample's result: `image` is the sample, `row` where the result's row lies.
template <class T>
void pool_row(const PoolingShape& shape, const Geometry& g, const T* image, int64_t d, int64_t h, int64_t start,
              int64_t width, T alpha, T beta, T* row) {
  const VectorKernels<T>& kernels = vector_kernels<T>();
  const bool plain = alpha == 1 && beta == 0;
  T local[column];
  for (int64_t w = 0; w < g.out[2]; ++w) {
    T* target = row + w * g.channels + start;
    T* sum = plain ? target : local;
    const Window window(g, d, h, w);
    if (shape.mode == PoolingMode::Max) {
      kernels.fill(-std::numeric_limits<T>::infinity(), sum, width);
      window.for_pixels(g, [&](int64_t pixel) {
        kernels.maximum(image + pixel * g.channels + start, shape.propagate_nan, sum, width);
      });
    } else {
      kernels.fill(0, sum, width);
      window.for_pixels(g,
                        [&](int64_t pixel) { kernels.accumulate(1, image + pixel * g.channels + start, sum, width); });
      kernels.blend(T(1) / static_cast<T>(divisor(g, window, shape.mode)), sum, 0, sum, width);
    }
    if (!plain) kernels.blend(alpha, sum, beta, target, width);
  }
}

template <class T>
void forward(const PoolingShape& shape, double alpha, const void* x_data, double beta, void* y_data) {
  Scratch scratch;
  const Geometry g(shape);
  const Tensor x_layout = channels_last(shape.x, native_type<T>), y_layout = channels_last(shape.y, native_type<T>);
  const T* x = staged<T>(shape.x, x_data, x_layout, scratch);
  const StagedResult<T> result(shape.y, y_data, y_layout, scratch);
  T* y = result.values();
  const T direct_alpha = result.alpha(alpha), direct_beta = result.beta(beta);
  const int64_t columns = (g.channels + column - 1) / column;
  const int64_t rows = g.samples * g.out[0] * g.out[1];
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t part = 0; part < columns; ++part) {
      const int64_t h = row % g.out[1], d = row / g.out[1] % g.out[0], n = row / g.out[1] / g.out[0];
      const int64_t start = part * column;
      pool_row(shape, g, x + n * g.in_pixels() * g.channels, d, h, start, std::min(column, g.channels - start),
               direct_alpha, direct_beta, y + row * g.out[2] * g.channels);
    }
  }
  result.finish(alpha, beta);
}

/// The gradient of one sample's channels from `start` on; pointers are to the sample.
template <class T>
void sample_gradient(const PoolingShape& shape, const Geometry& g, const T* x, const T* y, const T* dy, int64_t start,
                     int64_t width, T* dx) {
  const VectorKernels<T>& kernels = vector_kernels<T>();
  T local[column];
  for (int64_t pixel = 0; pixel < g.in_pixels(); ++pixel) kernels.fill(0, dx + pixel * g.channels + start, width);
  for (int64_t position = 0; position < g.out_pixels(); ++position) {
    const int64_t w = position % g.out[2], h = position / g.out[2] % g.out[1], d = position / g.out[2] / g.out[1];
    const int64_t offset = position * g.channels + start;
    const Window window(g, d, h, w);
    if (shape.mode == PoolingMode::Max) {
      kernels.fill(0, local, width);
      window.for_pixels(g, [&](int64_t pixel) {
        const int64_t at_pixel = pixel * g.channels + start;
        kernels.maximum_gradient(x + at_pixel, y + offset, dy + offset, local, dx + at_pixel, width);
      });
    } else {
      const T factor = T(1) / static_cast<T>(divisor(g, window, shape.mode));
      window.for_pixels(
          g, [&](int64_t pixel) { kernels.accumulate(factor, dy + offset, dx + pixel * g.channels + start, width); });
    }
  }
}

template <class T>
void backward(const PoolingShape& shape, double alpha, const void* y_data, const Tensor& dy_tensor, const void* dy_data,
              const void* x_data, double beta, const Tensor& dx_tensor, void* dx_data) {
  Scratch scratch;
  const Geometry g(shape);
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
      const int64_t start = part * column;
      const int64_t in = n * g.in_pixels() * g.channels, out = n * g.out_pixels() * g.channels;
      sample_gradient(shape, g, is_max ? x + in : nullptr, is_max ? y + out : nullptr, dy + out, start,
                      std::min(column, g.channels - start), dx + in);
    }
  }
  if (!direct) blend_tensor(alpha, x_layout, dx, beta, dx_tensor, dx_data);
}

/// Whether images of 16-bit floats can be widened and narrowed sample by sample, in the caches: channels last, nothing
/// blended, and enough samples for the threads.
bool pools_by_sample(double alpha, double beta, std::initializer_list<const Tensor*> images) {
  bool answer = alpha == 1 && beta == 0;
  for (const Tensor* image : images) {
    answer = answer && has_16_bits(image->type) && image->is_channels_last() && image->dims[0] >= omp_get_max_threads();
  }
  return answer;
}

/// Sample `n` in single precision.
const float* widened(const Tensor& images, const void* data, int64_t n, Scratch& scratch) {
  const int64_t size = images.elements() / images.dims[0];
  float* values = scratch.take<float>(size);
  vector_kernels<float>().load(images.type, at(data, images.type, n * size), 1, size, values);
  return values;
}

void forward_by_sample(const PoolingShape& shape, const void* x, void* y) {
  const Geometry g(shape);
  const int64_t size = g.out_pixels() * g.channels;
#pragma omp parallel for schedule(static)
  for (int64_t n = 0; n < g.samples; ++n) {
    Scratch scratch;
    const float* image = widened(shape.x, x, n, scratch);
    float* result = scratch.take<float>(size);
    for (int64_t row = 0; row < g.out[0] * g.out[1]; ++row) {
      for (int64_t start = 0; start < g.channels; start += column) {
        pool_row<float>(shape, g, image, row / g.out[1], row % g.out[1], start, std::min(column, g.channels - start), 1,
                        0, result + row * g.out[2] * g.channels);
      }
    }
    vector_kernels<float>().store(shape.y.type, result, at(y, shape.y.type, n * size), 1, size);
  }
}

void backward_by_sample(const PoolingShape& shape, const void* y, const Tensor& dy_tensor, const void* dy,
                        const void* x, const Tensor& dx_tensor, void* dx) {
  const Geometry g(shape);
  const bool is_max = shape.mode == PoolingMode::Max;
  const int64_t size = g.in_pixels() * g.channels;
#pragma omp parallel for schedule(static)
  for (int64_t n = 0; n < g.samples; ++n) {
    Scratch scratch;
    const float* x_image = is_max ? widened(shape.x, x, n, scratch) : nullptr;
    const float* y_image = is_max ? widened(shape.y, y, n, scratch) : nullptr;
    const float* dy_image = widened(dy_tensor, dy, n, scratch);
    float* result = scratch.take<float>(size);
    for (int64_t start = 0; start < g.channels; start += column) {
      sample_gradient(shape, g, x_image, y_image, dy_image, start, std::min(column, g.channels - start), result);
    }
    vector_kernels<float>().store(dx_tensor.type, result, at(dx, dx_tensor.type, n * size), 1, size);
  }
}

}  // namespace

void pooling_forward(const PoolingShape& shape, double alpha, const void* x, double beta, void* y) {
  if (computes_in_double(shape.x.type) || computes_in_double(shape.y.type)) {
    forward<double>(shape, alpha, x, beta, y);
  } else if (pools_by_sample(alpha, beta, {&shape.x, &shape.y})) {
    forward_by_sample(shape, x, y);
  } else {
    forward<float>(shape, alpha, x, beta, y);
  }
}

void pooling_backward(const PoolingShape& shape, double alpha, const void* y, const Tensor& dy_tensor, const void* dy,
                      const void* x, double beta, const Tensor& dx_tensor, void* dx) {
  if (computes_in_double(shape.x.type) || computes_in_double(dx_tensor.type)) {
    backward<double>(shape, alpha, y, dy_tensor, dy, x, beta, dx_tensor, dx);
  } else if (pools_by_sample(alpha, beta, {&shape.x, &shape.y, &dy_tensor, &dx_tensor})) {
    backward_by_sample(shape, y, dy_tensor, dy, x, dx_tensor, dx);
  } else {
    backward<float>(shape, alpha, y, dy_tensor, dy, x, beta, dx_tensor, dx);
  }
}

}  // namespace cpu::compute
