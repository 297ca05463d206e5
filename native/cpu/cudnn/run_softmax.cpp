#include "cudnn/run.h"
#include "engine/compute_softmax.h"

namespace cpu {
namespace {

void require_enumerators(Arguments& arguments, cudnnSoftmaxAlgorithm_t algorithm, cudnnSoftmaxMode_t mode) {
  arguments.require(is_between(algorithm, CUDNN_SOFTMAX_FAST, CUDNN_SOFTMAX_LOG), CUDNN_STATUS_BAD_PARAM,
                    "algo is no cudnnSoftmaxAlgorithm_t");
  arguments.require(is_between(mode, CUDNN_SOFTMAX_MODE_INSTANCE, CUDNN_SOFTMAX_MODE_CHANNEL), CUDNN_STATUS_BAD_PARAM,
                    "mode is no cudnnSoftmaxMode_t");
}

void require_match(Arguments& arguments, const compute::Tensor& a, const compute::Tensor& b, const char* text) {
  arguments.require(arguments.failed() || (a.rank >= 2 && compute::same_dims(a, b) && a.type == b.type),
                    CUDNN_STATUS_BAD_PARAM, text);
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;
using cpu::extent_of;
using cpu::touches;

cudnnStatus_t cudnnSoftmaxForward(cudnnHandle_t handle, cudnnSoftmaxAlgorithm_t algo, cudnnSoftmaxMode_t mode,
                                  const void* alpha, const cudnnTensorDescriptor_t xDesc, const void* x,
                                  const void* beta, const cudnnTensorDescriptor_t yDesc, void* y) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  cpu::require_enumerators(arguments, algo, mode);
  const auto x_tensor = arguments.tensor(xDesc, "xDesc");
  const auto y_tensor = arguments.tensor(yDesc, "yDesc");
  arguments.pointers(alpha, x, beta, y);
  cpu::require_match(arguments, x_tensor, y_tensor, "xDesc and yDesc differ in dimensions or data type");
  if (arguments.failed()) return arguments.status();
  const bool logarithm = algo == CUDNN_SOFTMAX_LOG, instance = mode == CUDNN_SOFTMAX_MODE_INSTANCE;
  const double a = cpu::scaling_factor(alpha, y_tensor.type), b = cpu::scaling_factor(beta, y_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("x", x_tensor, x), extent_of("y", y_tensor, y)})) return;
    cpu::compute::softmax_forward(logarithm, instance, a, x_tensor, x, b, y_tensor, y);
  });
}

cudnnStatus_t cudnnSoftmaxBackward(cudnnHandle_t handle, cudnnSoftmaxAlgorithm_t algo, cudnnSoftmaxMode_t mode,
                                   const void* alpha, const cudnnTensorDescriptor_t yDesc, const void* y,
                                   const cudnnTensorDescriptor_t dyDesc, const void* dy, const void* beta,
                                   const cudnnTensorDescriptor_t dxDesc, void* dx) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  cpu::require_enumerators(arguments, algo, mode);
  const auto y_tensor = arguments.tensor(yDesc, "yDesc");
  const auto dy_tensor = arguments.tensor(dyDesc, "dyDesc");
  const auto dx_tensor = arguments.tensor(dxDesc, "dxDesc");
  arguments.pointers(alpha, y, dy, beta, dx);
  cpu::require_match(arguments, y_tensor, dy_tensor, "yDesc and dyDesc differ in dimensions or data type");
  cpu::require_match(arguments, y_tensor, dx_tensor, "yDesc and dxDesc differ in dimensions or data type");
  if (arguments.failed()) return arguments.status();
  const bool logarithm = algo == CUDNN_SOFTMAX_LOG, instance = mode == CUDNN_SOFTMAX_MODE_INSTANCE;
  const double a = cpu::scaling_factor(alpha, dx_tensor.type), b = cpu::scaling_factor(beta, dx_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function,
                 {extent_of("y", y_tensor, y), extent_of("dy", dy_tensor, dy), extent_of("dx", dx_tensor, dx)})) {
      return;
    }
    cpu::compute::softmax_backward(logarithm, instance, a, y_tensor, y, dy_tensor, dy, b, dx_tensor, dx);
  });
}
