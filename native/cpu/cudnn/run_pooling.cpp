#include "cudnn/pooling_descriptor.h"
#include "cudnn/run.h"
#include "engine/compute_pooling.h"

namespace cpu {
namespace {

using compute::PoolingMode;
using compute::PoolingShape;
using compute::Tensor;

/// Checks that x, the pooling and y go together.
PoolingShape pooling_shape(Arguments& arguments, cudnnPoolingDescriptor_t pooling, cudnnTensorDescriptor_t x,
                           cudnnTensorDescriptor_t y) {
  PoolingShape shape;
  const auto* descriptor = arguments.object<PoolingDescriptor>(pooling, "poolingDesc");
  shape.x = arguments.tensor(x, "xDesc");
  shape.y = arguments.tensor(y, "yDesc");
  if (arguments.failed()) return shape;
  arguments.require(shape.x.rank == descriptor->rank + 2 && shape.y.rank == shape.x.rank, CUDNN_STATUS_BAD_PARAM,
                    "the pooling and its tensors have different numbers of dimensions");
  arguments.require(descriptor->rank <= 3, CUDNN_STATUS_NOT_SUPPORTED,
                    "the CPU device pools over up to three dimensions");
  if (arguments.failed()) return shape;
  int expected[CUDNN_DIM_MAX];
  if (descriptor->output_dims(*lookup<TensorDescriptor>(x), expected) != CUDNN_STATUS_SUCCESS) {
    arguments.require(false, CUDNN_STATUS_BAD_PARAM, "the pooling window fits nowhere in the input");
    return shape;
  }
  for (int i = 0; i < shape.x.rank; ++i) {
    arguments.require(shape.y.dims[i] == expected[i], CUDNN_STATUS_BAD_PARAM,
                      "yDesc does not have the dimensions cudnnGetPoolingNdForwardOutputDim returns");
  }
  switch (descriptor->mode) {
    case CUDNN_POOLING_MAX:
    case CUDNN_POOLING_MAX_DETERMINISTIC:
      shape.mode = PoolingMode::Max;
      break;
    case CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING:
      shape.mode = PoolingMode::AverageIncludePadding;
      break;
    case CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING:
      shape.mode = PoolingMode::AverageExcludePadding;
      break;
  }
  shape.propagate_nan = descriptor->nan_propagation == CUDNN_PROPAGATE_NAN;
  for (int i = 0; i < descriptor->rank; ++i) {
    shape.window[i] = descriptor->window[i];
    shape.padding[i] = descriptor->padding[i];
    shape.stride[i] = descriptor->stride[i];
  }
  return shape;
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;
using cpu::extent_of;
using cpu::touches;

cudnnStatus_t cudnnPoolingForward(cudnnHandle_t handle, const cudnnPoolingDescriptor_t poolingDesc, const void* alpha,
                                  const cudnnTensorDescriptor_t xDesc, const void* x, const void* beta,
                                  const cudnnTensorDescriptor_t yDesc, void* y) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = cpu::pooling_shape(arguments, poolingDesc, xDesc, yDesc);
  arguments.pointers(alpha, x, beta, y);
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, shape.y.type), b = cpu::scaling_factor(beta, shape.y.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("x", shape.x, x), extent_of("y", shape.y, y)})) return;
    cpu::compute::pooling_forward(shape, a, x, b, y);
  });
}

cudnnStatus_t cudnnPoolingBackward(cudnnHandle_t handle, const cudnnPoolingDescriptor_t poolingDesc, const void* alpha,
                                   const cudnnTensorDescriptor_t yDesc, const void* y,
                                   const cudnnTensorDescriptor_t dyDesc, const void* dy,
                                   const cudnnTensorDescriptor_t xDesc, const void* x, const void* beta,
                                   const cudnnTensorDescriptor_t dxDesc, void* dx) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = cpu::pooling_shape(arguments, poolingDesc, xDesc, yDesc);
  const auto dy_tensor = arguments.tensor(dyDesc, "dyDesc");
  const auto dx_tensor = arguments.tensor(dxDesc, "dxDesc");
  arguments.pointers(alpha, dy, beta, dx);
  if (shape.mode == cpu::compute::PoolingMode::Max) arguments.pointers(x, y);
  if (arguments.failed()) return arguments.status();
  arguments.require(cpu::compute::same_dims(dy_tensor, shape.y) && cpu::compute::same_dims(dx_tensor, shape.x),
                    CUDNN_STATUS_BAD_PARAM, "the gradients do not have the dimensions of their tensors");
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, dx_tensor.type), b = cpu::scaling_factor(beta, dx_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    // Averages look at neither x nor y.
    const bool is_max = shape.mode == cpu::compute::PoolingMode::Max;
    if (!touches(function, {extent_of("y", shape.y, is_max ? y : nullptr), extent_of("dy", dy_tensor, dy),
                            extent_of("x", shape.x, is_max ? x : nullptr), extent_of("dx", dx_tensor, dx)})) {
      return;
    }
    cpu::compute::pooling_backward(shape, a, y, dy_tensor, dy, x, b, dx_tensor, dx);
  });
}
