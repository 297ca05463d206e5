#pragma once
#include "engine/compute_rows.h"
#include "engine/compute_tensor.h"
#include "engine/compute_vector.h"

namespace cpu::compute {

/// y = alpha f(x) + beta y.
void activation_forward(const ActivationParameters& activation, double alpha, const Tensor& x, const void* x_data,
                        double beta, const Tensor& y, void* y_data);
/// dx = alpha f'(x) dy + beta dx. Where x and y are the same memory, it holds y, of an activation computed in place.
void activation_backward(const ActivationParameters& activation, double alpha, const Tensor& y, const void* y_data,
                         const Tensor& dy, const void* dy_data, const Tensor& x, const void* x_data, double beta,
                         const Tensor& dx, void* dx_data);
/// c = operation(alpha1 a, alpha2 b) + beta c; a and b are repeated where their size is 1. Sqrt and Not take a alone
/// (b_data null).
void tensor_operation(Binary operation, bool in_double, double alpha1, const Tensor& a, const void* a_data,
                      double alpha2, const Tensor& b, const void* b_data, double beta, const Tensor& c, void* c_data);
/// y = value.
void set_tensor(const Tensor& y, void* y_data, double value);
/// y = alpha y.
void scale_tensor(const Tensor& y, void* y_data, double alpha);
/// y = activation(alpha1 convolution + alpha2 z + bias), the end of a fused convolution. `convolution` is laid out as
/// y and may be the same memory; alpha2 = 0 does not read z.
void bias_activation(const ActivationParameters& activation, double alpha1, const Tensor& convolution,
                     const void* convolution_data, double alpha2, const Tensor& z, const void* z_data,
                     const Tensor& bias, const void* bias_data, const Tensor& y, void* y_data);

}  // namespace cpu::compute
