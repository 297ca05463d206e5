#include "engine/compute_lrn.h"

#include <algorithm>
#include <cmath>

#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

/// scale[c] = k + alpha / n sum of squares of the window around c.
void window_scale(const LocalResponse& lrn, const double* x, int64_t channels, double* scale) {
  const int64_t before = (lrn.n - 1) / 2, after = lrn.n - 1 - before;
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (int64_t i = std::max<int64_t>(c - before, 0); i <= std::min(c + after, channels - 1); ++i) sum += x[i] * x[i];
    scale[c] = lrn.k + lrn.alpha / lrn.n * sum;
  }
}

}  // namespace

void lrn_forward(const LocalResponse& lrn, double factor, const Tensor& x_tensor, const void* x_data, double prior,
                 const Tensor& y_tensor, void* y_data) {
  Scratch scratch;
  const Tensor layout = channels_last(x_tensor, ElementType::F64);
  const int64_t channels = layout.dims[1], rows = layout.elements() / channels;
  const double* x = staged<double>(x_tensor, x_data, layout, scratch);
  double* y = scratch.take<double>(rows * channels);
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < rows; ++row) {
    double* target = y + row * channels;
    window_scale(lrn, x + row * channels, channels, target);
    for (int64_t c = 0; c < channels; ++c) target[c] = x[row * channels + c] * std::pow(target[c], -lrn.beta);
  }
  blend_tensor(factor, layout, y, prior, y_tensor, y_data);
}

void lrn_backward(const LocalResponse& lrn, double factor, const Tensor& y_tensor, const void* y_data,
                  const Tensor& dy_tensor, const void* dy_data, const Tensor& x_tensor, const void* x_data,
                  double prior, const Tensor& dx_tensor, void* dx_data) {
  Scratch scratch;
  const Tensor layout = channels_last(x_tensor, ElementType::F64);
  const int64_t channels = layout.dims[1], rows = layout.elements() / channels;
  const double* x = staged<double>(x_tensor, x_data, layout, scratch);
  const double* y = staged<double>(y_tensor, y_data, layout, scratch);
  const double* dy = staged<double>(dy_tensor, dy_data, layout, scratch);
  double* dx = scratch.take<double>(rows * channels);
  double* scales = scratch.take<double>(rows * channels);
  const int64_t before = (lrn.n - 1) / 2, after = lrn.n - 1 - before;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t at = row * channels;
    double* scale = scales + at;
    window_scale(lrn, x + at, channels, scale);
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (int64_t i = std::max<int64_t>(c - after, 0); i <= std::min(c + before, channels - 1); ++i) {
        sum += dy[at + i] * y[at + i] / scale[i];
      }
      dx[at + c] = dy[at + c] * std::pow(scale[c], -lrn.beta) - 2 * lrn.alpha * lrn.beta / lrn.n * x[at + c] * sum;
    }
  }
  blend_tensor(factor, layout, dx, prior, dx_tensor, dx_data);
}

}  // namespace cpu::compute
