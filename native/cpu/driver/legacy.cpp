// Older symbols of functions whose interface has not changed since, or only in the width of its sizes. (Those with
// 32-bit addresses of the device cannot work on a 64-bit machine and stay unimplemented.)
#include <algorithm>
#include <cstdint>

#include "generated/driver.h"

namespace {

// What does not fit into the old answer is told as the most that does.
unsigned saturated(size_t bytes) { return static_cast<unsigned>(std::min<size_t>(bytes, UINT32_MAX)); }

}  // namespace

CUresult cuCtxCreate(CUcontext* pctx, unsigned int flags, CUdevice dev) { return cuCtxCreate_v2(pctx, flags, dev); }
CUresult cuCtxDestroy(CUcontext ctx) { return cuCtxDestroy_v2(ctx); }
CUresult cuCtxPushCurrent(CUcontext ctx) { return cuCtxPushCurrent_v2(ctx); }
CUresult cuCtxPopCurrent(CUcontext* pctx) { return cuCtxPopCurrent_v2(pctx); }
CUresult cuDevicePrimaryCtxRelease(CUdevice dev) { return cuDevicePrimaryCtxRelease_v2(dev); }
CUresult cuDevicePrimaryCtxReset(CUdevice dev) { return cuDevicePrimaryCtxReset_v2(dev); }
CUresult cuDevicePrimaryCtxSetFlags(CUdevice dev, unsigned int flags) {
  return cuDevicePrimaryCtxSetFlags_v2(dev, flags);
}
CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice dev) { return cuDeviceGetUuid_v2(uuid, dev); }
CUresult cuStreamDestroy(CUstream hStream) { return cuStreamDestroy_v2(hStream); }
CUresult cuEventDestroy(CUevent hEvent) { return cuEventDestroy_v2(hEvent); }
CUresult cuEventElapsedTime(float* pMilliseconds, CUevent hStart, CUevent hEnd) {
  return cuEventElapsedTime_v2(pMilliseconds, hStart, hEnd);
}

CUresult cuDeviceTotalMem(unsigned int* bytes, CUdevice dev) {
  size_t all = 0;
  const CUresult status = cuDeviceTotalMem_v2(bytes == nullptr ? nullptr : &all, dev);
  if (status == CUDA_SUCCESS) *bytes = saturated(all);
  return status;
}

CUresult cuMemGetInfo(unsigned int* free, unsigned int* total) {
  size_t answers[2] = {};
  const CUresult status =
      cuMemGetInfo_v2(free == nullptr ? nullptr : &answers[0], total == nullptr ? nullptr : &answers[1]);
  if (status != CUDA_SUCCESS) return status;
  *free = saturated(answers[0]);
  *total = saturated(answers[1]);
  return CUDA_SUCCESS;
}

CUresult cuMemAllocHost(void** pp, unsigned int bytesize) { return cuMemAllocHost_v2(pp, bytesize); }

CUresult cuMemHostRegister(void* p, size_t bytesize, unsigned int Flags) {
  return cuMemHostRegister_v2(p, bytesize, Flags);
}

CUresult cuModuleGetGlobal(CUdeviceptr_v1*, unsigned int*, CUmodule hmod, const char* name) {
  // There is no module with variables, so none is found whose address would have to fit.
  return cuModuleGetGlobal_v2(nullptr, nullptr, hmod, name);
}
