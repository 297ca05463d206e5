#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// y = alpha softmax(x) + beta y, or its logarithm; over C, H, W together (`over_instance`) or over C. The maximum is
/// always subtracted first.
void softmax_forward(bool logarithm, bool over_instance, double alpha, const Tensor& x_tensor, const void* x,
                     double beta, const Tensor& y_tensor, void* y);
/// dx = alpha (gradient from y and dy) + beta dx.
void softmax_backward(bool logarithm, bool over_instance, double alpha, const Tensor& y_tensor, const void* y,
                      const Tensor& dy_tensor, const void* dy, double beta, const Tensor& dx_tensor, void* dx);

}  // namespace cpu::compute
