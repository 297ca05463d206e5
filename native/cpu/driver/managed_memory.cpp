// Hints about managed memory. There is one memory and everybody reaches it, so they are checked and change nothing.
#include "driver/device.h"
#include "driver/entry.h"
#include "engine/memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

CUresult check_range(CUdeviceptr address, size_t bytes) {
  if (bytes == 0) return fail(CUDA_ERROR_INVALID_VALUE, "count is 0");
  const auto range = find_memory(address);
  if (range && range->kind == MemoryKind::Managed && range->contains(address, bytes)) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes from " + hexadecimal(address) +
                                            " are not inside one piece of managed memory");
}

// Devices by number; CU_DEVICE_CPU is the host.
CUresult check_place(CUdevice device) { return device == CU_DEVICE_CPU ? CUDA_SUCCESS : check_device(device); }

CUresult check_place(const CUmemLocation& location) {
  switch (static_cast<int>(location.type)) {
    case CU_MEM_LOCATION_TYPE_DEVICE:
      return check_device(location.id);
    case CU_MEM_LOCATION_TYPE_HOST:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT:
      return CUDA_SUCCESS;
    default:
      return fail(CUDA_ERROR_INVALID_VALUE, "the location is neither a device nor the host");
  }
}

template <class Place>
CUresult prefetch(const char* function, CUdeviceptr address, size_t bytes, const Place& place, CUstream stream) {
  return in_stream(function, stream, [&](Context&, Stream&) {
    const CUresult status = check_range(address, bytes);
    return status != CUDA_SUCCESS ? status : check_place(place);
  });
}

template <class Place>
CUresult advise(const char* function, CUdeviceptr address, size_t bytes, CUmem_advise advice, const Place& place) {
  return in_healthy_context(function, [&](Context&) {
    if (advice < CU_MEM_ADVISE_SET_READ_MOSTLY || advice > CU_MEM_ADVISE_UNSET_ACCESSED_BY) {
      return fail(CUDA_ERROR_INVALID_VALUE, "there is no advice " + std::to_string(static_cast<int>(advice)));
    }
    const CUresult status = check_range(address, bytes);
    if (status != CUDA_SUCCESS || advice == CU_MEM_ADVISE_SET_READ_MOSTLY ||
        advice == CU_MEM_ADVISE_UNSET_READ_MOSTLY) {
      return status;
    }
    return check_place(place);
  });
}

}  // namespace

CUresult cuMemPrefetchAsync(CUdeviceptr devPtr, size_t count, CUdevice dstDevice, CUstream hStream) {
  CPU_COUNT_CALL();
  return prefetch(__func__, devPtr, count, dstDevice, hStream);
}

CUresult cuMemPrefetchAsync_v2(CUdeviceptr devPtr, size_t count, CUmemLocation location, unsigned int flags,
                               CUstream hStream) {
  CPU_COUNT_CALL();
  if (flags != 0) {
    set_function(__func__);
    return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
  }
  return prefetch(__func__, devPtr, count, location, hStream);
}

CUresult cuMemAdvise(CUdeviceptr devPtr, size_t count, CUmem_advise advice, CUdevice device) {
  CPU_COUNT_CALL();
  return advise(__func__, devPtr, count, advice, device);
}

CUresult cuMemAdvise_v2(CUdeviceptr devPtr, size_t count, CUmem_advise advice, CUmemLocation location) {
  CPU_COUNT_CALL();
  return advise(__func__, devPtr, count, advice, location);
}
