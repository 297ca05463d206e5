#include "cudnn/lrn_descriptor.h"
#include "cudnn/run.h"
#include "engine/compute_lrn.h"

namespace cpu {
namespace {

compute::LocalResponse local_response(Arguments& arguments, cudnnLRNDescriptor_t descriptor, cudnnLRNMode_t mode) {
  compute::LocalResponse lrn;
  const auto* found = arguments.object<LrnDescriptor>(descriptor, "normDesc");
  arguments.require(mode == CUDNN_LRN_CROSS_CHANNEL_DIM1, CUDNN_STATUS_BAD_PARAM, "lrnMode is no cudnnLRNMode_t");
  if (found != nullptr) lrn = {static_cast<int>(found->n), found->alpha, found->beta, found->k};
  return lrn;
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;
using cpu::extent_of;
using cpu::touches;
using cpu::compute::same_dims;

cudnnStatus_t cudnnLRNCrossChannelForward(cudnnHandle_t handle, cudnnLRNDescriptor_t normDesc, cudnnLRNMode_t lrnMode,
                                          const void* alpha, const cudnnTensorDescriptor_t xDesc, const void* x,
                                          const void* beta, const cudnnTensorDescriptor_t yDesc, void* y) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto lrn = cpu::local_response(arguments, normDesc, lrnMode);
  const auto x_tensor = arguments.tensor(xDesc, "xDesc");
  const auto y_tensor = arguments.tensor(yDesc, "yDesc");
  arguments.pointers(alpha, x, beta, y);
  if (arguments.failed()) return arguments.status();
  arguments.require(x_tensor.rank >= 4 && same_dims(x_tensor, y_tensor) && x_tensor.type == y_tensor.type,
                    CUDNN_STATUS_BAD_PARAM, "xDesc and yDesc differ in dimensions or data type");
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, y_tensor.type), b = cpu::scaling_factor(beta, y_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("x", x_tensor, x), extent_of("y", y_tensor, y)})) return;
    cpu::compute::lrn_forward(lrn, a, x_tensor, x, b, y_tensor, y);
  });
}

cudnnStatus_t cudnnLRNCrossChannelBackward(cudnnHandle_t handle, cudnnLRNDescriptor_t normDesc, cudnnLRNMode_t lrnMode,
                                           const void* alpha, const cudnnTensorDescriptor_t yDesc, const void* y,
                                           const cudnnTensorDescriptor_t dyDesc, const void* dy,
                                           const cudnnTensorDescriptor_t xDesc, const void* x, const void* beta,
                                           const cudnnTensorDescriptor_t dxDesc, void* dx) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto lrn = cpu::local_response(arguments, normDesc, lrnMode);
  const auto y_tensor = arguments.tensor(yDesc, "yDesc");
  const auto dy_tensor = arguments.tensor(dyDesc, "dyDesc");
  const auto x_tensor = arguments.tensor(xDesc, "xDesc");
  const auto dx_tensor = arguments.tensor(dxDesc, "dxDesc");
  arguments.pointers(alpha, y, dy, x, beta, dx);
  if (arguments.failed()) return arguments.status();
  arguments.require(x_tensor.rank >= 4 && same_dims(x_tensor, y_tensor) && same_dims(x_tensor, dy_tensor) &&
                        same_dims(x_tensor, dx_tensor),
                    CUDNN_STATUS_BAD_PARAM, "yDesc, dyDesc, xDesc and dxDesc have different dimensions");
  arguments.require(
      y_tensor.type == x_tensor.type && dy_tensor.type == x_tensor.type && dx_tensor.type == x_tensor.type,
      CUDNN_STATUS_BAD_PARAM, "yDesc, dyDesc, xDesc and dxDesc have different data types");
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, dx_tensor.type), b = cpu::scaling_factor(beta, dx_tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("y", y_tensor, y), extent_of("dy", dy_tensor, dy), extent_of("x", x_tensor, x),
                            extent_of("dx", dx_tensor, dx)})) {
      return;
    }
    cpu::compute::lrn_backward(lrn, a, y_tensor, y, dy_tensor, dy, x_tensor, x, b, dx_tensor, dx);
  });
}
