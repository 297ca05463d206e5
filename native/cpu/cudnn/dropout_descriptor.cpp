#include "cudnn/dropout_descriptor.h"

#include "cudnn/handle.h"
#include "cudnn/object_handles.h"
#include "cudnn/run.h"
#include "cudnn/tensor_descriptor.h"
#include "engine/compute_dropout.h"

namespace cpu {
namespace {

// Setting starts the generator anew, in the order of the handle's stream; restoring continues from what the caller's
// memory holds, which may have been started through another descriptor.
cudnnStatus_t set_dropout(cudnnDropoutDescriptor_t descriptor, cudnnHandle_t handle, float probability, void* states,
                          size_t state_bytes, unsigned long long seed, bool restored) {
  auto* dropout = lookup<DropoutDescriptor>(descriptor);
  if (dropout == nullptr) return bad_handle(descriptor, "dropoutDesc");
  const auto* cudnn = lookup<CudnnHandle>(handle);
  if (cudnn == nullptr) return bad_handle(handle, "handle");
  if (!(probability >= 0 && probability <= 1)) return fail(CUDNN_STATUS_BAD_PARAM, "dropout is not between 0 and 1");
  if (states != nullptr && state_bytes < DropoutDescriptor::states_size) {
    return fail(CUDNN_STATUS_INVALID_VALUE, "stateSizeInBytes is below what cudnnDropoutGetStatesSize returns");
  }
  if (states == nullptr && restored) return fail(CUDNN_STATUS_BAD_PARAM, "states == __null");
  dropout->dropout = probability;
  // Without states only the probability changes.
  if (states == nullptr) return CUDNN_STATUS_SUCCESS;
  dropout->states = states;
  dropout->state_bytes = state_bytes;
  dropout->seed = seed;
  if (restored) return CUDNN_STATUS_SUCCESS;
  auto* state = static_cast<compute::DropoutState*>(states);
  return enqueue(*cudnn, "cudnnSetDropoutDescriptor", [=](const char* function) {
    if (touches(function, {{"states", state, sizeof *state}})) *state = {seed, 0};
  });
}

}  // namespace
}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::CudnnHandle;
using cpu::DropoutDescriptor;
using cpu::fail;
using cpu::lookup;
using cpu::TensorDescriptor;

cudnnStatus_t cudnnCreateDropoutDescriptor(cudnnDropoutDescriptor_t* dropoutDesc) {
  return cpu::create_object<DropoutDescriptor>(dropoutDesc, "dropoutDesc");
}

cudnnStatus_t cudnnDestroyDropoutDescriptor(cudnnDropoutDescriptor_t dropoutDesc) {
  return cpu::destroy_object<DropoutDescriptor>(dropoutDesc, "dropoutDesc");
}

cudnnStatus_t cudnnDropoutGetStatesSize(cudnnHandle_t handle, size_t* sizeInBytes) {
  if (lookup<CudnnHandle>(handle) == nullptr) return bad_handle(handle, "handle");
  if (sizeInBytes == nullptr) return cpu::null_pointer(__func__);
  *sizeInBytes = DropoutDescriptor::states_size;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDropoutGetReserveSpaceSize(cudnnTensorDescriptor_t xdesc, size_t* sizeInBytes) {
  const auto* tensor = lookup<TensorDescriptor>(xdesc);
  if (tensor == nullptr) return bad_handle(xdesc, "xdesc");
  if (sizeInBytes == nullptr) return cpu::null_pointer(__func__);
  *sizeInBytes = cpu::dropout_reserve_bytes(*tensor);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetDropoutDescriptor(cudnnDropoutDescriptor_t dropoutDesc, cudnnHandle_t handle, float dropout,
                                        void* states, size_t stateSizeInBytes, unsigned long long seed) {
  return cpu::set_dropout(dropoutDesc, handle, dropout, states, stateSizeInBytes, seed, false);
}

cudnnStatus_t cudnnRestoreDropoutDescriptor(cudnnDropoutDescriptor_t dropoutDesc, cudnnHandle_t handle, float dropout,
                                            void* states, size_t stateSizeInBytes, unsigned long long seed) {
  return cpu::set_dropout(dropoutDesc, handle, dropout, states, stateSizeInBytes, seed, true);
}

cudnnStatus_t cudnnGetDropoutDescriptor(cudnnDropoutDescriptor_t dropoutDesc, cudnnHandle_t handle, float* dropout,
                                        void** states, unsigned long long* seed) {
  const auto* descriptor = lookup<DropoutDescriptor>(dropoutDesc);
  if (descriptor == nullptr) return bad_handle(dropoutDesc, "dropoutDesc");
  if (lookup<CudnnHandle>(handle) == nullptr) return bad_handle(handle, "handle");
  if (any_null(dropout, states, seed)) return cpu::null_pointer(__func__);
  *dropout = descriptor->dropout;
  *states = descriptor->states;
  *seed = descriptor->seed;
  return CUDNN_STATUS_SUCCESS;
}
