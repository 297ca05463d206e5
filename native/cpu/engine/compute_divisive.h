#pragma once
#include "engine/compute_lrn.h"
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// Divisive normalisation over a window of n pixels along every spatial dimension d, (n - 1) / 2 of them before the
/// pixel itself: y_i = x_i s_i^-beta with s_i = k + alpha / n^d sum over the window of (x_j - m_i)^2. x, the means m
/// and y share one layout; null means are 0. y = factor divisive(x) + prior y.
void divisive_forward(const LocalResponse& window, double factor, const Tensor& x_tensor, const void* x,
                      const void* means, double prior, const Tensor& y_tensor, void* y);
/// dx and, where not null, dmeans = factor (gradient of x and of the means) + prior (what they held); both lie as
/// `d_tensor`. With t_i = dy_i x_i s_i^(-beta - 1) and a = 2 alpha beta / n^d:
///   dx_i = dy_i s_i^-beta - a sum over the windows that contain i of t_j (x_i - m_j)
///   dm_i = a t_i sum over the window of (x_j - m_i)
void divisive_backward(const LocalResponse& window, double factor, const Tensor& x_tensor, const void* x,
                       const void* means, const void* dy, double prior, const Tensor& d_tensor, void* dx, void* dmeans);

}  // namespace cpu::compute
