#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// The grids of a spatial transformer hold, without gaps and in the type of its tensors, the position (x, y) that each
/// of the N x H x W pixels of the result is sampled at: -1 is the center of the first column or row of the input and 1
/// that of the last.

/// grid[n, h, w] = theta[n] (x, y, 1), where theta[n] is a 2 x 3 matrix, row by row, and (x, y) the pixel's own
/// position in the result, whose dimensions are N, C, H, W of `result`.
void affine_grid(const Tensor& result, const void* theta, void* grid);
/// dtheta from dgrid.
void affine_grid_gradient(const Tensor& result, const void* dgrid, void* dtheta);

/// y = alpha sampled(x) + beta y, bilinearly between the four pixels around a position; beyond the input is 0.
void sampler_forward(double alpha, const Tensor& x_tensor, const void* x, const void* grid, double beta,
                     const Tensor& y_tensor, void* y);
/// dx = alpha (gradient) + beta dx, dgrid = grid_alpha (gradient) + grid_beta dgrid.
void sampler_backward(double alpha, const Tensor& x_tensor, const void* x, double beta, const Tensor& dx_tensor,
                      void* dx, double grid_alpha, const Tensor& dy_tensor, const void* dy, const void* grid,
                      double grid_beta, void* dgrid);

}  // namespace cpu::compute
