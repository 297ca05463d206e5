#include "engine/compute_sampler.h"

#include <cmath>

#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

Tensor matrix(int rows, int columns, ElementType type) {
  Tensor shape;
  shape.rank = 2;
  shape.dims[0] = rows;
  shape.dims[1] = columns;
  return packed(shape, type);
}

/// N H W x 2 positions of a result, or their gradients.
Tensor grid_of(const Tensor& result, ElementType type) {
  Tensor shape;
  shape.rank = 4;
  shape.dims[0] = result.dims[0];
  shape.dims[1] = result.dims[2];
  shape.dims[2] = result.dims[3];
  shape.dims[3] = 2;
  return packed(shape, type);
}

/// The position of pixel `index` of `count`.
double position(int64_t index, int64_t count) {
  return count == 1 ? 0 : -1 + 2 * static_cast<double>(index) / static_cast<double>(count - 1);
}

/// The two pixels around a coordinate along one dimension, with their weights; pixels beyond the input are no part.
struct Neighbours {
  int64_t index[2] = {};
  bool exists[2] = {};
  double weight[2] = {};
  /// Of the coordinate in pixels by that of the grid.
  double slope;

  Neighbours(double coordinate, int64_t size) : slope(static_cast<double>(size - 1) / 2) {
    const double pixel = (coordinate + 1) * slope;
    // A position that is no number is nowhere.
    if (!(pixel > -1 && pixel < static_cast<double>(size))) return;
    const double first = std::floor(pixel);
    for (int i = 0; i < 2; ++i) {
      index[i] = static_cast<int64_t>(first) + i;
      exists[i] = index[i] >= 0 && index[i] < size;
    }
    weight[1] = pixel - first;
    weight[0] = 1 - weight[1];
  }
};

/// Calls body(pixel, weight, change by x, change by y) for the pixels around a position of the grid.
template <class Body>
void for_neighbours(const double* at, int64_t height, int64_t width, const Body& body) {
  const Neighbours columns(at[0], width), rows(at[1], height);
  for (int r = 0; r < 2; ++r) {
    for (int c = 0; c < 2; ++c) {
      if (!rows.exists[r] || !columns.exists[c]) continue;
      body(rows.index[r] * width + columns.index[c], rows.weight[r] * columns.weight[c],
           rows.weight[r] * (c == 0 ? -columns.slope : columns.slope),
           columns.weight[c] * (r == 0 ? -rows.slope : rows.slope));
    }
  }
}

}  // namespace

void affine_grid(const Tensor& result, const void* theta_data, void* grid_data) {
  Scratch scratch;
  const int64_t samples = result.dims[0], height = result.dims[2], width = result.dims[3];
  const Tensor grid_layout = grid_of(result, ElementType::F64);
  const double* theta = staged<double>(matrix(result.dims[0], 6, result.type), theta_data,
                                       matrix(result.dims[0], 6, ElementType::F64), scratch);
  double* grid = scratch.take<double>(grid_layout.elements());
#pragma omp parallel for schedule(static) if (grid_layout.elements() > 4096)
  for (int64_t row = 0; row < samples * height; ++row) {
    const double* t = theta + row / height * 6;
    const double y = position(row % height, height);
    for (int64_t w = 0; w < width; ++w) {
      const double x = position(w, width);
      double* at = grid + (row * width + w) * 2;
      at[0] = t[0] * x + t[1] * y + t[2];
      at[1] = t[3] * x + t[4] * y + t[5];
    }
  }
  blend_tensor(1, grid_layout, grid, 0, grid_of(result, result.type), grid_data);
}

void affine_grid_gradient(const Tensor& result, const void* dgrid_data, void* dtheta_data) {
  Scratch scratch;
  const int64_t samples = result.dims[0], height = result.dims[2], width = result.dims[3];
  const double* dgrid =
      staged<double>(grid_of(result, result.type), dgrid_data, grid_of(result, ElementType::F64), scratch);
  const Tensor theta_layout = matrix(result.dims[0], 6, ElementType::F64);
  double* dtheta = scratch.take<double>(theta_layout.elements());
#pragma omp parallel for schedule(static) if (samples * height * width > 4096)
  for (int64_t n = 0; n < samples; ++n) {
    double sums[6] = {};
    for (int64_t pixel = 0; pixel < height * width; ++pixel) {
      const double* d = dgrid + (n * height * width + pixel) * 2;
      const double at[3] = {position(pixel % width, width), position(pixel / width, height), 1};
      for (int i = 0; i < 6; ++i) sums[i] += d[i / 3] * at[i % 3];
    }
    for (int i = 0; i < 6; ++i) dtheta[n * 6 + i] = sums[i];
  }
  blend_tensor(1, theta_layout, dtheta, 0, matrix(result.dims[0], 6, result.type), dtheta_data);
}

void sampler_forward(double alpha, const Tensor& x_tensor, const void* x_data, const void* grid_data, double beta,
                     const Tensor& y_tensor, void* y_data) {
  Scratch scratch;
  const Tensor x_layout = packed(x_tensor, ElementType::F64), y_layout = packed(y_tensor, ElementType::F64);
  const double* x = staged<double>(x_tensor, x_data, x_layout, scratch);
  const double* grid =
      staged<double>(grid_of(y_tensor, y_tensor.type), grid_data, grid_of(y_tensor, ElementType::F64), scratch);
  double* y = scratch.take<double>(y_layout.elements());
  const int64_t channels = x_tensor.dims[1], inputs = x_tensor.pixels(), outputs = y_tensor.pixels();
#pragma omp parallel for schedule(static) if (y_layout.elements() > 4096)
  for (int64_t i = 0; i < y_tensor.dims[0] * outputs; ++i) {
    const int64_t n = i / outputs;
    double* to = y + n * channels * outputs + i % outputs;
    const double* from = x + n * channels * inputs;
    for (int64_t c = 0; c < channels; ++c) to[c * outputs] = 0;
    for_neighbours(grid + i * 2, x_tensor.dims[2], x_tensor.dims[3], [&](int64_t pixel, double weight, double, double) {
      for (int64_t c = 0; c < channels; ++c) to[c * outputs] += weight * from[c * inputs + pixel];
    });
  }
  blend_tensor(alpha, y_layout, y, beta, y_tensor, y_data);
}

void sampler_backward(double alpha, const Tensor& x_tensor, const void* x_data, double beta, const Tensor& dx_tensor,
                      void* dx_data, double grid_alpha, const Tensor& dy_tensor, const void* dy_data,
                      const void* grid_data, double grid_beta, void* dgrid_data) {
  Scratch scratch;
  const Tensor x_layout = packed(x_tensor, ElementType::F64), dy_layout = packed(dy_tensor, ElementType::F64),
               grid_tensor = grid_of(dy_tensor, dy_tensor.type), grid_layout = grid_of(dy_tensor, ElementType::F64);
  const double* x = staged<double>(x_tensor, x_data, x_layout, scratch);
  const double* dy = staged<double>(dy_tensor, dy_data, dy_layout, scratch);
  const double* grid = staged<double>(grid_tensor, grid_data, grid_layout, scratch);
  double* dx = scratch.take<double>(x_layout.elements());
  double* dgrid = scratch.take<double>(grid_layout.elements());
  const int64_t channels = x_tensor.dims[1], inputs = x_tensor.pixels(), outputs = dy_tensor.pixels();
#pragma omp parallel for schedule(static) if (dy_layout.elements() > 4096)
  for (int64_t n = 0; n < x_tensor.dims[0]; ++n) {
    double* sample = dx + n * channels * inputs;
    std::fill_n(sample, channels * inputs, 0.0);
    for (int64_t output = 0; output < outputs; ++output) {
      const int64_t i = n * outputs + output;
      const double* d = dy + n * channels * outputs + output;
      double by_x = 0, by_y = 0;
      for_neighbours(grid + i * 2, x_tensor.dims[2], x_tensor.dims[3],
                     [&](int64_t pixel, double weight, double change_by_x, double change_by_y) {
                       double product = 0;
                       for (int64_t c = 0; c < channels; ++c) {
                         sample[c * inputs + pixel] += weight * d[c * outputs];
                         product += x[(n * channels + c) * inputs + pixel] * d[c * outputs];
                       }
                       by_x += product * change_by_x;
                       by_y += product * change_by_y;
                     });
      dgrid[i * 2] = by_x;
      dgrid[i * 2 + 1] = by_y;
    }
  }
  blend_tensor(alpha, x_layout, dx, beta, dx_tensor, dx_data);
  blend_tensor(grid_alpha, grid_layout, dgrid, grid_beta, grid_tensor, dgrid_data);
}

}  // namespace cpu::compute
