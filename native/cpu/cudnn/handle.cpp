#include "cudnn/handle.h"

#include <mutex>

#include "cudnn/object_handles.h"
#include "engine/stream.h"

using cpu::any_null;
using cpu::bad_handle;
using cpu::CudnnHandle;
using cpu::fail;
using cpu::lookup;

namespace {

// What cudnnGetProperty(100) answers: the build of the version whose interface this is.
constexpr int build_property = 100;
constexpr int build_number = 56;
// CUDA runtime the interface's version was made with.
constexpr size_t cudart_version = 13010;

// The logging callback of the process.
struct Callback {
  unsigned int mask = CUDNN_SEV_ERROR_EN;
  void* user_data = nullptr;
  cudnnCallback_t function = nullptr;
};
std::mutex callback_mutex;
Callback callback;

// A level switches the more severe ones on with it, and errors are always on; other bits do not count.
unsigned int severities_up_to(unsigned int mask) {
  unsigned int enabled = CUDNN_SEV_ERROR_EN;
  if ((mask & (CUDNN_SEV_WARNING_EN | CUDNN_SEV_INFO_EN)) != 0) enabled |= CUDNN_SEV_WARNING_EN;
  if ((mask & CUDNN_SEV_INFO_EN) != 0) enabled |= CUDNN_SEV_INFO_EN;
  return enabled;
}

}  // namespace

size_t cudnnGetVersion() { return CUDNN_VERSION; }

size_t cudnnGetMaxDeviceVersion() { return CUDNN_MAX_DEVICE_VERSION; }

size_t cudnnGetCudartVersion() { return cudart_version; }

cudnnStatus_t cudnnGraphVersionCheck() { return CUDNN_STATUS_SUCCESS; }

cudnnStatus_t cudnnOpsVersionCheck() { return CUDNN_STATUS_SUCCESS; }

cudnnStatus_t cudnnCnnVersionCheck() { return CUDNN_STATUS_SUCCESS; }

cudnnStatus_t cudnnAdvVersionCheck() { return CUDNN_STATUS_SUCCESS; }

cudnnStatus_t cudnnGetProperty(libraryPropertyType type, int* value) {
  if (value == nullptr) return cpu::null_pointer(__func__);
  switch (static_cast<int>(type)) {
    case MAJOR_VERSION:
      *value = CUDNN_MAJOR;
      return CUDNN_STATUS_SUCCESS;
    case MINOR_VERSION:
      *value = CUDNN_MINOR;
      return CUDNN_STATUS_SUCCESS;
    case PATCH_LEVEL:
      *value = CUDNN_PATCHLEVEL;
      return CUDNN_STATUS_SUCCESS;
    case build_property:
      *value = build_number;
      return CUDNN_STATUS_SUCCESS;
    default:
      return fail(CUDNN_STATUS_BAD_PARAM, "type is no libraryPropertyType");
  }
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { return cpu::create_object<CudnnHandle>(handle, "handle"); }

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) { return cpu::destroy_object<CudnnHandle>(handle, "handle"); }

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t streamId) {
  auto* object = lookup<CudnnHandle>(handle);
  if (object == nullptr) return bad_handle(handle, "handle");
  if (streamId != nullptr && cpu::stream_from_handle(streamId) == nullptr) {
    return fail(CUDNN_STATUS_BAD_PARAM, "streamId names no live stream");
  }
  object->stream = streamId;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, cudaStream_t* streamId) {
  const auto* object = lookup<CudnnHandle>(handle);
  if (object == nullptr) return bad_handle(handle, "handle");
  if (streamId == nullptr) return cpu::null_pointer(__func__);
  *streamId = object->stream;
  return CUDNN_STATUS_SUCCESS;
}

// The CPU device has no numerical runtime errors to report asynchronously.
cudnnStatus_t cudnnQueryRuntimeError(cudnnHandle_t handle, cudnnStatus_t* rstatus, cudnnErrQueryMode_t mode,
                                     cudnnRuntimeTag_t* /*tag*/) {
  if (lookup<CudnnHandle>(handle) == nullptr) return bad_handle(handle, "handle");
  if (rstatus == nullptr) return cpu::null_pointer(__func__);
  if (!cpu::is_between(mode, CUDNN_ERRQUERY_RAWCODE, CUDNN_ERRQUERY_BLOCKING)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mode is no cudnnErrQueryMode_t");
  }
  *rstatus = CUDNN_STATUS_SUCCESS;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetCallback(unsigned int mask, void* udata, cudnnCallback_t fptr) {
  const std::lock_guard lock(callback_mutex);
  callback = {severities_up_to(mask), udata, fptr};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetCallback(unsigned int* mask, void** udata, cudnnCallback_t* fptr) {
  if (any_null(mask, udata, fptr)) return cpu::null_pointer(__func__);
  const std::lock_guard lock(callback_mutex);
  *mask = callback.mask;
  *udata = callback.user_data;
  *fptr = callback.function;
  return CUDNN_STATUS_SUCCESS;
}
