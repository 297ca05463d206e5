#include "cudnn/pooling_descriptor.h"
#include "cudnn/run.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_pooling.h"
#include "engine/compute_scratch.h"

namespace cpu {
namespace {

using compute::PoolingMode;
using compute::PoolingShape;
using compute::Tensor;

/// Checks that x, the pooling and y go together.
PoolingShape pooling_shape(Arguments& arguments, cudnnPoolingDescriptor_t pooling, cudnnTensorDescriptor_t x,
                           const Tensor& x_tensor, const Tensor& y_tensor) {
  PoolingShape shape;
  const auto* descriptor = arguments.object<PoolingDescriptor>(pooling, "poolingDesc");
  shape.x = x_tensor;
  shape.y = y_tensor;
  if (arguments.failed()) return shape;
  arguments.require(shape.x.type == shape.y.type, CUDNN_STATUS_BAD_PARAM, "xDesc and yDesc differ in data type");
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

/// Channels in vectors are pooled one by one.
void pool_vectors(const PoolingShape& shape, double alpha, const StoredTensor& x, const void* x_data, double beta,
                  const StoredTensor& y, void* y_data) {
  compute::Scratch scratch;
  void* input = scratch.take_bytes(static_cast<size_t>(x.plain.elements()));
  // Rounded once, when the result is stored.
  PoolingShape plain = shape;
  plain.y = compute::channels_last(y.plain, compute::ElementType::F32);
  float* result = scratch.take<float>(y.plain.elements());
  compute::blend_tensor(1, x.vectors, x_data, 0, compute::split_channels(x.plain, x.width), input);
  compute::pooling_forward(plain, 1, input, 0, result);
  compute::blend_tensor(alpha, compute::split_channels(plain.y, y.width), result, beta, y.vectors, y_data);
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
  const auto x_tensor = arguments.stored_tensor(xDesc, "xDesc");
  const auto y_tensor = arguments.stored_tensor(yDesc, "yDesc");
  const auto shape = cpu::pooling_shape(arguments, poolingDesc, xDesc, x_tensor.plain, y_tensor.plain);
  arguments.pointers(alpha, x, beta, static_cast<const void*>(y));
  arguments.require(x_tensor.width == y_tensor.width, CUDNN_STATUS_BAD_PARAM, "xDesc and yDesc differ in data type");
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, shape.y.type), b = cpu::scaling_factor(beta, shape.y.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("x", x_tensor.memory(), x), extent_of("y", y_tensor.memory(), y)})) return;
    if (x_tensor.width == 1) {
      cpu::compute::pooling_forward(shape, a, x, b, y);
    } else {
      cpu::pool_vectors(shape, a, x_tensor, x, b, y_tensor, y);
    }
  });
}

cudnnStatus_t cudnnPoolingBackward(cudnnHandle_t handle, const cudnnPoolingDescriptor_t poolingDesc, const void* alpha,
                                   const cudnnTensorDescriptor_t yDesc, const void* y,
                                   const cudnnTensorDescriptor_t dyDesc, const void* dy,
                                   const cudnnTensorDescriptor_t xDesc, const void* x, const void* beta,
                                   const cudnnTensorDescriptor_t dxDesc, void* dx) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = cpu::pooling_shape(arguments, poolingDesc, xDesc, arguments.tensor(xDesc, "xDesc"),
                                        arguments.tensor(yDesc, "yDesc"));
  const auto dy_tensor = arguments.tensor(dyDesc, "dyDesc");
  const auto dx_tensor = arguments.tensor(dxDesc, "dxDesc");
  arguments.pointers(alpha, dy, beta, dx);
  if (shape.mode == cpu::compute::PoolingMode::Max) arguments.pointers(x, y);
  if (arguments.failed()) return arguments.status();
  arguments.require(cpu::compute::same_dims(dy_tensor, shape.y) && cpu::compute::same_dims(dx_tensor, shape.x),
                    CUDNN_STATUS_BAD_PARAM, "the gradients do not have the dimensions of their tensors");
  arguments.require(dy_tensor.type == shape.y.type && dx_tensor.type == shape.x.type, CUDNN_STATUS_BAD_PARAM,
                    "the gradients do not have the data type of their tensors");
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
