#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// Local response normalisation over `n` neighbouring channels, (n - 1) / 2 of them before the channel itself:
/// y = x s^-beta with s = k + alpha / n sum x^2.
struct LocalResponse {
  int n = 5;
  double alpha = 1e-4;
  double beta = 0.75;
  double k = 2;
};

/// y = factor lrn(x) + prior y.
void lrn_forward(const LocalResponse& lrn, double factor, const Tensor& x_tensor, const void* x, double prior,
                 const Tensor& y_tensor, void* y);
/// dx = factor (dy s^-beta - 2 alpha beta / n x sum over the windows that contain x of dy y / s) + prior dx.
void lrn_backward(const LocalResponse& lrn, double factor, const Tensor& y_tensor, const void* y,
                  const Tensor& dy_tensor, const void* dy, const Tensor& x_tensor, const void* x, double prior,
                  const Tensor& dx_tensor, void* dx);

}  // namespace cpu::compute
