#include "engine/compute_divisive.h"

#include <algorithm>
#include <cmath>

#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

/// The spatial dimensions of packed planes, and windows in them.
struct Planes {
  int rank;
  int64_t dims[max_rank - 2];
  int64_t pixels = 1;
  int64_t count;

  explicit Planes(const Tensor& tensor) : rank(tensor.rank - 2), count(int64_t{tensor.dims[0]} * tensor.dims[1]) {
    for (int i = 0; i < rank; ++i) {
      dims[i] = tensor.dims[2 + i];
      pixels *= dims[i];
    }
  }

  /// Calls body(pixel) for the pixels from `before` ahead of `center` to `after` behind it, along every dimension, as
  /// far as they exist.
  template <class Body>
  void for_window(int64_t center, int64_t before, int64_t after, const Body& body) const {
    int64_t first[max_rank - 2], last[max_rank - 2], at[max_rank - 2];
    for (int i = rank - 1; i >= 0; --i) {
      const int64_t position = center % dims[i];
      center /= dims[i];
      first[i] = at[i] = std::max<int64_t>(0, position - before);
      last[i] = std::min(dims[i] - 1, position + after);
    }
    for (;;) {
      int64_t pixel = 0;
      for (int i = 0; i < rank; ++i) pixel = pixel * dims[i] + at[i];
      body(pixel);
      int i = rank - 1;
      for (; i >= 0 && at[i] == last[i]; --i) at[i] = first[i];
      if (i < 0) return;
      ++at[i];
    }
  }
};

double share(const LocalResponse& window, int spatial_rank) {
  return window.alpha / std::pow(static_cast<double>(window.n), spatial_rank);
}

/// s_i, and the sum of (x_j - m_i) over the window.
double scale_at(const LocalResponse& window, const Planes& planes, const double* x, double mean, int64_t pixel,
                double* distances) {
  const int64_t before = (window.n - 1) / 2, after = window.n - 1 - before;
  double squares = 0, sum = 0;
  planes.for_window(pixel, before, after, [&](int64_t other) {
    const double distance = x[other] - mean;
    squares += distance * distance;
    sum += distance;
  });
  if (distances != nullptr) *distances = sum;
  return window.k + share(window, planes.rank) * squares;
}

}  // namespace

void divisive_forward(const LocalResponse& window, double factor, const Tensor& x_tensor, const void* x_data,
                      const void* means_data, double prior, const Tensor& y_tensor, void* y_data) {
  Scratch scratch;
  const Tensor layout = packed(x_tensor, ElementType::F64);
  const Planes planes(layout);
  const double* x = staged<double>(x_tensor, x_data, layout, scratch);
  const double* means = staged<double>(x_tensor, means_data, layout, scratch);
  double* y = scratch.take<double>(layout.elements());
#pragma omp parallel for schedule(static)
  for (int64_t plane = 0; plane < planes.count; ++plane) {
    const int64_t start = plane * planes.pixels;
    for (int64_t i = 0; i < planes.pixels; ++i) {
      const double mean = means == nullptr ? 0 : means[start + i];
      y[start + i] = x[start + i] * std::pow(scale_at(window, planes, x + start, mean, i, nullptr), -window.beta);
    }
  }
  blend_tensor(factor, layout, y, prior, y_tensor, y_data);
}

void divisive_backward(const LocalResponse& window, double factor, const Tensor& x_tensor, const void* x_data,
                       const void* means_data, const void* dy_data, double prior, const Tensor& d_tensor, void* dx_data,
                       void* dmeans_data) {
  Scratch scratch;
  const Tensor layout = packed(x_tensor, ElementType::F64);
  const Planes planes(layout);
  const double* x = staged<double>(x_tensor, x_data, layout, scratch);
  const double* means = staged<double>(x_tensor, means_data, layout, scratch);
  const double* dy = staged<double>(x_tensor, dy_data, layout, scratch);
  double* dx = scratch.take<double>(layout.elements());
  double* dmeans = scratch.take<double>(layout.elements());
  double* weights = scratch.take<double>(layout.elements());
  const int64_t before = (window.n - 1) / 2, after = window.n - 1 - before;
  const double slope = 2 * window.beta * share(window, planes.rank);
#pragma omp parallel for schedule(static)
  for (int64_t plane = 0; plane < planes.count; ++plane) {
    const int64_t start = plane * planes.pixels;
    double* t = weights + start;
    const auto mean_at = [&](int64_t i) { return means == nullptr ? 0 : means[start + i]; };
    for (int64_t i = 0; i < planes.pixels; ++i) {
      double distances;
      const double scale = scale_at(window, planes, x + start, mean_at(i), i, &distances);
      const double power = std::pow(scale, -window.beta);
      dx[start + i] = dy[start + i] * power;
      t[i] = dy[start + i] * x[start + i] * power / scale;
      dmeans[start + i] = slope * t[i] * distances;
    }
    for (int64_t i = 0; i < planes.pixels; ++i) {
      double sum = 0;
      // The windows that contain pixel i are those of the pixels from `after` ahead of it to `before` behind it.
      planes.for_window(i, after, before, [&](int64_t j) { sum += t[j] * (x[start + i] - mean_at(j)); });
      dx[start + i] -= slope * sum;
    }
  }
  blend_tensor(factor, layout, dx, prior, d_tensor, dx_data);
  if (dmeans_data != nullptr) blend_tensor(factor, layout, dmeans, prior, d_tensor, dmeans_data);
}

}  // namespace cpu::compute
