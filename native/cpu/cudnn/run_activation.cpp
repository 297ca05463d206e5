#include "cudnn/run.h"
#include "engine/compute_elementwise.h"

using cpu::ActivationDescriptor;
using cpu::Arguments;
using cpu::extent_of;
using cpu::touches;
using cpu::compute::same_dims;

cudnnStatus_t cudnnActivationForward(cudnnHandle_t handle, cudnnActivationDescriptor_t activationDesc,
                                     const void* alpha, const cudnnTensorDescriptor_t xDesc, const void* x,
                                     const void* beta, const cudnnTensorDescriptor_t yDesc, void* y) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* activation = arguments.object<ActivationDescriptor>(activationDesc, "activationDesc");
  const auto x_stored = arguments.stored_tensor(xDesc, "xDesc");
  const auto y_stored = arguments.stored_tensor(yDesc, "yDesc");
  arguments.pointers(alpha, x, beta, static_cast<const void*>(y));
  if (arguments.failed()) return arguments.status();
  arguments.require(same_dims(x_stored.plain, y_stored.plain) && x_stored.plain.type == y_stored.plain.type &&
                        x_stored.width == y_stored.width,
                    CUDNN_STATUS_BAD_PARAM, "xDesc and yDesc differ in dimensions or data type");
  if (arguments.failed()) return arguments.status();
  const auto &x_tensor = x_stored.memory(), &y_tensor = y_stored.memory();
  const auto parameters = cpu::activation_parameters(*activation);
  const double a = cpu::scaling_factor(alpha, y_tensor.type), b = cpu::scaling_factor(beta, y_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("x", x_tensor, x), extent_of("y", y_tensor, y)})) return;
    cpu::compute::activation_forward(parameters, a, x_tensor, x, b, y_tensor, y);
  });
}

cudnnStatus_t cudnnActivationBackward(cudnnHandle_t handle, cudnnActivationDescriptor_t activationDesc,
                                      const void* alpha, const cudnnTensorDescriptor_t yDesc, const void* y,
                                      const cudnnTensorDescriptor_t dyDesc, const void* dy,
                                      const cudnnTensorDescriptor_t xDesc, const void* x, const void* beta,
                                      const cudnnTensorDescriptor_t dxDesc, void* dx) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* activation = arguments.object<ActivationDescriptor>(activationDesc, "activationDesc");
  const auto y_tensor = arguments.tensor(yDesc, "yDesc");
  const auto dy_tensor = arguments.tensor(dyDesc, "dyDesc");
  const auto x_tensor = arguments.tensor(xDesc, "xDesc");
  const auto dx_tensor = arguments.tensor(dxDesc, "dxDesc");
  arguments.pointers(alpha, y, dy, x, beta, dx);
  if (arguments.failed()) return arguments.status();
  arguments.require(same_dims(y_tensor, x_tensor) && same_dims(dy_tensor, x_tensor) && same_dims(dx_tensor, x_tensor),
                    CUDNN_STATUS_BAD_PARAM, "yDesc, dyDesc, xDesc and dxDesc have different dimensions");
  arguments.require(
      y_tensor.type == x_tensor.type && dy_tensor.type == x_tensor.type && dx_tensor.type == x_tensor.type,
      CUDNN_STATUS_BAD_PARAM, "yDesc, dyDesc, xDesc and dxDesc have different data types");
  if (arguments.failed()) return arguments.status();
  const auto parameters = cpu::activation_parameters(*activation);
  const double a = cpu::scaling_factor(alpha, dx_tensor.type), b = cpu::scaling_factor(beta, dx_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("y", y_tensor, y), extent_of("dy", dy_tensor, dy), extent_of("x", x_tensor, x),
                            extent_of("dx", dx_tensor, dx)})) {
      return;
    }
    cpu::compute::activation_backward(parameters, a, y_tensor, y, dy_tensor, dy, x_tensor, x, b, dx_tensor, dx);
  });
}
