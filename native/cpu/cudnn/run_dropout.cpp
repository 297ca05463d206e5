#include "cudnn/dropout_descriptor.h"
#include "cudnn/run.h"
#include "engine/compute_dropout.h"

using cpu::Arguments;
using cpu::dropout_reserve_bytes;
using cpu::DropoutDescriptor;
using cpu::extent_of;
using cpu::lookup;
using cpu::touches;
using cpu::compute::DropoutState;
using cpu::compute::same_dims;

cudnnStatus_t cudnnDropoutForward(cudnnHandle_t handle, const cudnnDropoutDescriptor_t dropoutDesc,
                                  const cudnnTensorDescriptor_t xdesc, const void* x,
                                  const cudnnTensorDescriptor_t ydesc, void* y, void* reserveSpace,
                                  size_t reserveSpaceSizeInBytes) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* dropout = arguments.object<DropoutDescriptor>(dropoutDesc, "dropoutDesc");
  const auto x_tensor = arguments.tensor(xdesc, "xdesc");
  const auto y_tensor = arguments.tensor(ydesc, "ydesc");
  arguments.pointers(x, static_cast<const void*>(y), static_cast<const void*>(reserveSpace));
  if (arguments.failed()) return arguments.status();
  arguments.require(same_dims(x_tensor, y_tensor) && x_tensor.type == y_tensor.type, CUDNN_STATUS_BAD_PARAM,
                    "xdesc and ydesc differ in dimensions or data type");
  arguments.require(reserveSpaceSizeInBytes >= dropout_reserve_bytes(*lookup<cpu::TensorDescriptor>(xdesc)),
                    CUDNN_STATUS_BAD_PARAM,
                    "reserveSpaceSizeInBytes is below what cudnnDropoutGetReserveSpaceSize returns");
  arguments.require(dropout->states != nullptr, CUDNN_STATUS_BAD_PARAM,
                    "the dropout descriptor has no states; pass some to cudnnSetDropoutDescriptor");
  if (arguments.failed()) return arguments.status();
  const double probability = dropout->dropout;
  auto* state = static_cast<DropoutState*>(dropout->states);
  const auto reserve_bytes = static_cast<int64_t>(dropout_reserve_bytes(*lookup<cpu::TensorDescriptor>(xdesc)));
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("x", x_tensor, x), extent_of("y", y_tensor, y),
                            extent_of("states", state, sizeof(DropoutState)),
                            extent_of("reserveSpace", reserveSpace, reserve_bytes)})) {
      return;
    }
    cpu::compute::dropout_forward(probability, *state, x_tensor, x, y_tensor, y, static_cast<uint32_t*>(reserveSpace));
  });
}

cudnnStatus_t cudnnDropoutBackward(cudnnHandle_t handle, const cudnnDropoutDescriptor_t dropoutDesc,
                                   const cudnnTensorDescriptor_t dydesc, const void* dy,
                                   const cudnnTensorDescriptor_t dxdesc, void* dx, void* reserveSpace,
                                   size_t reserveSpaceSizeInBytes) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* dropout = arguments.object<DropoutDescriptor>(dropoutDesc, "dropoutDesc");
  const auto dy_tensor = arguments.tensor(dydesc, "dydesc");
  const auto dx_tensor = arguments.tensor(dxdesc, "dxdesc");
  arguments.pointers(dy, static_cast<const void*>(dx), static_cast<const void*>(reserveSpace));
  if (arguments.failed()) return arguments.status();
  arguments.require(same_dims(dy_tensor, dx_tensor) && dy_tensor.type == dx_tensor.type, CUDNN_STATUS_BAD_PARAM,
                    "dydesc and dxdesc differ in dimensions or data type");
  arguments.require(reserveSpaceSizeInBytes >= dropout_reserve_bytes(*lookup<cpu::TensorDescriptor>(dydesc)),
                    CUDNN_STATUS_BAD_PARAM,
                    "reserveSpaceSizeInBytes is below what cudnnDropoutGetReserveSpaceSize returns");
  if (arguments.failed()) return arguments.status();
  const double probability = dropout->dropout;
  const auto reserve_bytes = static_cast<int64_t>(dropout_reserve_bytes(*lookup<cpu::TensorDescriptor>(dydesc)));
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("dy", dy_tensor, dy), extent_of("dx", dx_tensor, dx),
                            extent_of("reserveSpace", reserveSpace, reserve_bytes)})) {
      return;
    }
    cpu::compute::dropout_backward(probability, dy_tensor, dy, dx_tensor, dx,
                                   static_cast<const uint32_t*>(reserveSpace));
  });
}
