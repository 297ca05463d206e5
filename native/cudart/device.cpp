// Devices, and which context a thread works in. As in NVIDIA's runtime a device has one context, its primary one; it is
// made by the first call that needs it, and a context that a program made current by the driver's functions is used as
// it is.
#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "runtime.h"

namespace cudart {
namespace {

constexpr int k_none = -1;
constexpr unsigned k_device_limit = 64;

thread_local int chosen = k_none;
std::mutex devices_mutex;
std::array<CUcontext, k_device_limit> contexts{};
std::vector<int> valid_devices;

}  // namespace

CUresult use_driver() {
  static const CUresult status = cuInit(0);
  return status;
}

bool is_device(int device) {
  int count = 0;
  return device >= 0 && use_driver() == CUDA_SUCCESS && cuDeviceGetCount(&count) == CUDA_SUCCESS && device < count &&
         device < static_cast<int>(k_device_limit);
}

int chosen_device() {
  if (chosen != k_none) return chosen;
  std::lock_guard lock(devices_mutex);
  return valid_devices.empty() ? 0 : valid_devices.front();
}

CUcontext primary_context(int device) {
  std::lock_guard lock(devices_mutex);
  CUcontext& context = contexts[static_cast<size_t>(device)];
  // Somebody may have reset the device through the driver.
  unsigned long long id;
  if (context != nullptr && cuCtxGetId(context, &id) == CUDA_SUCCESS) return context;
  if (cuDevicePrimaryCtxRetain(&context, device) != CUDA_SUCCESS) context = nullptr;
  return context;
}

CUresult use_context() {
  CUdevice device;
  CUresult status = cuCtxGetDevice(&device);
  if (status == CUDA_SUCCESS) return status;
  if (status == CUDA_ERROR_NOT_INITIALIZED && (status = use_driver()) == CUDA_SUCCESS) status = cuCtxGetDevice(&device);
  if (status != CUDA_ERROR_INVALID_CONTEXT && status != CUDA_ERROR_CONTEXT_IS_DESTROYED) return status;
  const int wanted = chosen_device();
  if (!is_device(wanted)) return CUDA_ERROR_INVALID_DEVICE;
  const CUcontext context = primary_context(wanted);
  return context == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : cuCtxSetCurrent(context);
}

StreamContext::StreamContext(cudaStream_t stream) {
  // The default streams are those of the current context.
  if (stream == nullptr || stream == CU_STREAM_LEGACY || stream == CU_STREAM_PER_THREAD) return;
  CUcontext current = nullptr;
  CUcontext own = nullptr;
  if (cuCtxGetCurrent(&current) != CUDA_SUCCESS || cuStreamGetCtx(stream, &own) != CUDA_SUCCESS) return;
  pushed_ = own != current && cuCtxPushCurrent_v2(own) == CUDA_SUCCESS;
}

StreamContext::~StreamContext() {
  CUcontext own = nullptr;
  if (pushed_) cuCtxPopCurrent_v2(&own);
}

}  // namespace cudart

using namespace cudart;

namespace {

template <class F>
cudaError_t ask_device(int device, F&& body) {
  return with_driver([&]() -> cudaError_t {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    return error_of(body());
  });
}

}  // namespace

cudaError_t cudaGetDeviceCount(int* count) {
  if (count == nullptr) return finish(cudaErrorInvalidValue);
  *count = 0;
  return with_driver([&] { return cuDeviceGetCount(count); });
}

cudaError_t cudaGetDevice(int* device) {
  return with_driver([&]() -> cudaError_t {
    if (device == nullptr) return cudaErrorInvalidValue;
    CUdevice current;
    *device = cuCtxGetDevice(&current) == CUDA_SUCCESS ? current : chosen_device();
    return cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return ask_device(device, [&] {
    chosen = device;
    const CUcontext context = primary_context(device);
    return context == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : cuCtxSetCurrent(context);
  });
}

cudaError_t cudaInitDevice(int device, unsigned int deviceFlags, unsigned int flags) {
  return ask_device(device, [&] {
    if ((flags & ~static_cast<unsigned>(cudaInitDeviceFlagsAreValid)) != 0) return CUDA_ERROR_INVALID_VALUE;
    if (flags == cudaInitDeviceFlagsAreValid) {
      const CUresult status = cuDevicePrimaryCtxSetFlags_v2(device, deviceFlags);
      if (status != CUDA_SUCCESS) return status;
    }
    return primary_context(device) == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
  });
}

cudaError_t cudaSetValidDevices(int* device_arr, int len) {
  if (len < 0 || (device_arr == nullptr && len != 0)) return finish(cudaErrorInvalidValue);
  for (int i = 0; i < len; ++i) {
    if (!is_device(device_arr[i])) return finish(cudaErrorInvalidDevice);
  }
  std::lock_guard lock(devices_mutex);
  valid_devices.assign(device_arr, device_arr + len);
  return cudaSuccess;
}

// All devices are one processor, so the first is as good as any.
cudaError_t cudaChooseDevice(int* device, const struct cudaDeviceProp* prop) {
  if (device == nullptr || prop == nullptr) return finish(cudaErrorInvalidValue);
  *device = 0;
  return with_driver([] { return CUDA_SUCCESS; });
}

cudaError_t cudaDeviceReset() {
  return with_driver([&] {
    CUdevice device;
    if (cuCtxGetDevice(&device) != CUDA_SUCCESS) device = chosen_device();
    {
      std::lock_guard lock(devices_mutex);
      contexts[static_cast<size_t>(device)] = nullptr;
    }
    CUresult status = cuDevicePrimaryCtxReset_v2(device);
    // Nothing is current then; the next call makes the context anew.
    if (status == CUDA_SUCCESS) status = cuCtxSetCurrent(nullptr);
    if (status == CUDA_SUCCESS) cudaGetLastError();
    return status;
  });
}

cudaError_t cudaDeviceSynchronize() { return in_context(cuCtxSynchronize); }

cudaError_t cudaSetDeviceFlags(unsigned int flags) {
  return with_driver([&] {
    CUdevice device;
    if (cuCtxGetDevice(&device) != CUDA_SUCCESS) device = chosen_device();
    return cuDevicePrimaryCtxSetFlags_v2(device, flags);
  });
}

// Host memory is always mapped.
cudaError_t cudaGetDeviceFlags(unsigned int* flags) {
  return with_driver([&]() -> CUresult {
    if (flags == nullptr) return CUDA_ERROR_INVALID_VALUE;
    CUresult status = cuCtxGetFlags(flags);
    int active = 0;
    if (status != CUDA_SUCCESS) status = cuDevicePrimaryCtxGetState(chosen_device(), flags, &active);
    if (status == CUDA_SUCCESS) *flags |= cudaDeviceMapHost;
    return status;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, enum cudaDeviceAttr attr, int device) {
  return ask_device(device, [&] { return cuDeviceGetAttribute(value, static_cast<CUdevice_attribute>(attr), device); });
}

cudaError_t cudaDeviceSetLimit(enum cudaLimit limit, size_t value) {
  return in_context([&] { return cuCtxSetLimit(static_cast<CUlimit>(limit), value); });
}

cudaError_t cudaDeviceGetLimit(size_t* pValue, enum cudaLimit limit) {
  return in_context([&] { return cuCtxGetLimit(pValue, static_cast<CUlimit>(limit)); });
}

cudaError_t cudaDeviceGetCacheConfig(enum cudaFuncCache* pCacheConfig) {
  return in_context([&] { return cuCtxGetCacheConfig(same_layout<CUfunc_cache*>(pCacheConfig)); });
}

cudaError_t cudaDeviceSetCacheConfig(enum cudaFuncCache cacheConfig) {
  return in_context([&] { return cuCtxSetCacheConfig(static_cast<CUfunc_cache>(cacheConfig)); });
}

cudaError_t cudaDeviceGetSharedMemConfig(enum cudaSharedMemConfig* pConfig) {
  return in_context([&] { return cuCtxGetSharedMemConfig(same_layout<CUsharedconfig*>(pConfig)); });
}

cudaError_t cudaDeviceSetSharedMemConfig(enum cudaSharedMemConfig config) {
  return in_context([&] { return cuCtxSetSharedMemConfig(static_cast<CUsharedconfig>(config)); });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* leastPriority, int* greatestPriority) {
  return in_context([&] { return cuCtxGetStreamPriorityRange(leastPriority, greatestPriority); });
}

cudaError_t cudaCtxResetPersistingL2Cache() { return in_context(cuCtxResetPersistingL2Cache); }

cudaError_t cudaDeviceFlushGPUDirectRDMAWrites(enum cudaFlushGPUDirectRDMAWritesTarget target,
                                               enum cudaFlushGPUDirectRDMAWritesScope scope) {
  return in_context([&] {
    return cuFlushGPUDirectRDMAWrites(static_cast<CUflushGPUDirectRDMAWritesTarget>(target),
                                      static_cast<CUflushGPUDirectRDMAWritesScope>(scope));
  });
}

cudaError_t cudaDeviceGetByPCIBusId(int* device, const char* pciBusId) {
  return with_driver([&] { return cuDeviceGetByPCIBusId(device, pciBusId); });
}

cudaError_t cudaDeviceGetPCIBusId(char* pciBusId, int len, int device) {
  return ask_device(device, [&] { return cuDeviceGetPCIBusId(pciBusId, len, device); });
}

cudaError_t cudaDeviceCanAccessPeer(int* canAccessPeer, int device, int peerDevice) {
  return ask_device(device, [&] { return cuDeviceCanAccessPeer(canAccessPeer, device, peerDevice); });
}

cudaError_t cudaDeviceGetP2PAttribute(int* value, enum cudaDeviceP2PAttr attr, int srcDevice, int dstDevice) {
  return ask_device(srcDevice, [&] {
    return cuDeviceGetP2PAttribute(value, static_cast<CUdevice_P2PAttribute>(attr), srcDevice, dstDevice);
  });
}

cudaError_t cudaDeviceEnablePeerAccess(int peerDevice, unsigned int flags) {
  return in_context([&]() -> cudaError_t {
    if (flags != 0) return cudaErrorInvalidValue;
    if (!is_device(peerDevice)) return cudaErrorInvalidDevice;
    return error_of(cuCtxEnablePeerAccess(primary_context(peerDevice), flags));
  });
}

cudaError_t cudaDeviceDisablePeerAccess(int peerDevice) {
  return in_context([&]() -> cudaError_t {
    if (!is_device(peerDevice)) return cudaErrorInvalidDevice;
    return error_of(cuCtxDisablePeerAccess(primary_context(peerDevice)));
  });
}

cudaError_t cudaDriverGetVersion(int* driverVersion) {
  if (driverVersion == nullptr) return finish(cudaErrorInvalidValue);
  return finish(cuDriverGetVersion(driverVersion));
}

// The version of the CPU device's driver where that is of the same major version, else the newest of this one.
cudaError_t cudaRuntimeGetVersion(int* runtimeVersion) {
  if (runtimeVersion == nullptr) return finish(cudaErrorInvalidValue);
  *runtimeVersion = CUDART_MAJOR == CUDA_VERSION / 1000 ? CUDA_VERSION : CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaProfilerStart() { return in_context(cuProfilerStart); }
cudaError_t cudaProfilerStop() { return in_context(cuProfilerStop); }

#if CUDART_MAJOR == 12
// The names of CUDA 3, which version 13 no longer has.
cudaError_t cudaThreadExit() { return cudaDeviceReset(); }
cudaError_t cudaThreadSynchronize() { return cudaDeviceSynchronize(); }
cudaError_t cudaThreadSetLimit(enum cudaLimit limit, size_t value) { return cudaDeviceSetLimit(limit, value); }
cudaError_t cudaThreadGetLimit(size_t* pValue, enum cudaLimit limit) { return cudaDeviceGetLimit(pValue, limit); }
cudaError_t cudaThreadGetCacheConfig(enum cudaFuncCache* pCacheConfig) {
  return cudaDeviceGetCacheConfig(pCacheConfig);
}
cudaError_t cudaThreadSetCacheConfig(enum cudaFuncCache cacheConfig) { return cudaDeviceSetCacheConfig(cacheConfig); }
#endif
