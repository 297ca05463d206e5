// Divisive normalisation.
#include "cudnn/lrn_descriptor.h"
#include "cudnn/run.h"
#include "engine/compute_divisive.h"

namespace cpu {
namespace {

compute::LocalResponse window_of(Arguments& arguments, cudnnLRNDescriptor_t descriptor, cudnnDivNormMode_t mode) {
  compute::LocalResponse window;
  const auto* found = arguments.object<LrnDescriptor>(descriptor, "normDesc");
  arguments.require(mode == CUDNN_DIVNORM_PRECOMPUTED_MEANS, CUDNN_STATUS_BAD_PARAM, "mode is no cudnnDivNormMode_t");
  if (found != nullptr) window = {static_cast<int>(found->n), found->alpha, found->beta, found->k};
  return window;
}

/// One descriptor is for x, the means, dy and both temporaries; the result has another of the same shape and layout.
void require_one_layout(Arguments& arguments, const compute::Tensor& x, const compute::Tensor& result) {
  if (arguments.failed()) return;
  arguments.require((x.rank == 4 || x.rank == 5) && compute::same_dims(x, result), CUDNN_STATUS_BAD_PARAM,
                    "the tensors do not have the same 4 or 5 dimensions");
  arguments.require(compute::same_layout(x, result), CUDNN_STATUS_NOT_SUPPORTED,
                    "the input and the result differ in data type or strides");
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;
using cpu::extent_of;
using cpu::touches;

// The temporaries are not used here, but have to be there as for cuDNN.
cudnnStatus_t cudnnDivisiveNormalizationForward(cudnnHandle_t handle, cudnnLRNDescriptor_t normDesc,
                                                cudnnDivNormMode_t mode, const void* alpha,
                                                const cudnnTensorDescriptor_t xDesc, const void* x, const void* means,
                                                void* temp, void* temp2, const void* beta,
                                                const cudnnTensorDescriptor_t yDesc, void* y) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto window = cpu::window_of(arguments, normDesc, mode);
  const auto x_tensor = arguments.tensor(xDesc, "xDesc");
  const auto y_tensor = arguments.tensor(yDesc, "yDesc");
  arguments.pointers(alpha, x, static_cast<const void*>(temp), static_cast<const void*>(temp2), beta,
                     static_cast<const void*>(y));
  cpu::require_one_layout(arguments, x_tensor, y_tensor);
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, y_tensor.type), b = cpu::scaling_factor(beta, y_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (touches(function,
                {extent_of("x", x_tensor, x), extent_of("means", x_tensor, means), extent_of("y", y_tensor, y)})) {
      cpu::compute::divisive_forward(window, a, x_tensor, x, means, b, y_tensor, y);
    }
  });
}

cudnnStatus_t cudnnDivisiveNormalizationBackward(cudnnHandle_t handle, cudnnLRNDescriptor_t normDesc,
                                                 cudnnDivNormMode_t mode, const void* alpha,
                                                 const cudnnTensorDescriptor_t xDesc, const void* x, const void* means,
                                                 const void* dy, void* temp, void* temp2, const void* beta,
                                                 const cudnnTensorDescriptor_t dXdMeansDesc, void* dx, void* dMeans) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto window = cpu::window_of(arguments, normDesc, mode);
  const auto x_tensor = arguments.tensor(xDesc, "xDesc");
  const auto d_tensor = arguments.tensor(dXdMeansDesc, "dXdMeansDesc");
  arguments.pointers(alpha, x, dy, static_cast<const void*>(temp), static_cast<const void*>(temp2), beta,
                     static_cast<const void*>(dx));
  cpu::require_one_layout(arguments, x_tensor, d_tensor);
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, d_tensor.type), b = cpu::scaling_factor(beta, d_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (touches(function,
                {extent_of("x", x_tensor, x), extent_of("means", x_tensor, means), extent_of("dy", x_tensor, dy),
                 extent_of("dx", d_tensor, dx), extent_of("dMeans", d_tensor, dMeans)})) {
      cpu::compute::divisive_backward(window, a, x_tensor, x, means, dy, b, d_tensor, dx, dMeans);
    }
  });
}
