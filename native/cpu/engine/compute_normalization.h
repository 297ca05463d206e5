#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// A batch normalisation of x. Scale, bias, means and variances are packed, one value a channel (spatial) or one for
/// each c, h, w (per activation), in `parameter_type` (F32 or F64).
struct Normalization {
  bool per_activation = false;
  Tensor x;
  ElementType parameter_type = ElementType::F32;
  double epsilon = 0;
  /// ReLU after the normalisation and the addition.
  bool relu = false;
};

/// Statistics to keep; each pointer may be null.
struct NormalizationState {
  void* running_mean;
  void* running_variance;
  void* saved_mean;
  void* saved_inverse_deviation;
  /// running = new factor + running (1 - factor); factor = 1 does not read.
  double factor;
};

/// y = alpha relu?((x - mean) / sqrt(variance + epsilon) scale + bias [+ z]) + beta y with the batch's own mean and
/// biased variance; the running variance takes the unbiased one.
void normalization_training(const Normalization& normalization, double alpha, const void* x, double beta,
                            const Tensor& y_tensor, void* y, const Tensor& z_tensor, const void* z, const void* scale,
                            const void* bias, const NormalizationState& state);
/// The same with given mean and variance.
void normalization_inference(const Normalization& normalization, double alpha, const void* x, double beta,
                             const Tensor& y_tensor, void* y, const Tensor& z_tensor, const void* z, const void* scale,
                             const void* bias, const void* mean, const void* variance);

/// y = relu?((x - mean) factor + bias) with a mean, a factor and a bias for each channel.
void normalization_application(const Normalization& normalization, const void* x, const Tensor& y_tensor, void* y,
                               const double* mean, const double* factor, const double* bias);

/// Tensors of the gradient. `y` is only read with ReLU (its sign is the mask); `dz`, where not null, gets the masked
/// dy.
struct NormalizationGradient {
  Tensor dy_tensor;
  const void* dy;
  Tensor y_tensor;
  const void* y;
  Tensor dx_tensor;
  void* dx;
  Tensor dz_tensor;
  void* dz;
};

/// dbias = sum g; dscale = sum g xhat; dx = scale inv (g - dbias / m - xhat dscale / m), blended; g = dy, masked where
/// ReLU was fused. Without saved statistics they are computed again.
void normalization_backward(const Normalization& normalization, double alpha_data, double beta_data,
                            double alpha_parameter, double beta_parameter, const void* x,
                            const NormalizationGradient& gradient, const void* scale, void* dscale, void* dbias,
                            const void* saved_mean, const void* saved_inverse_deviation);

/// db[c] = alpha sum over n and pixels of dy + beta db[c].
void bias_gradient(double alpha, const Tensor& dy_tensor, const void* dy, double beta, const Tensor& db_tensor,
                   void* db);

}  // namespace cpu::compute
