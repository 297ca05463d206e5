// Allocation, registered host memory, what an address is, and hints about managed memory.
#include <cstring>

#include "runtime.h"

using namespace cudart;

namespace {

// No bytes are no error for the runtime: the pointer is null then.
template <class F>
cudaError_t allocate(void** pointer, size_t bytes, F&& allocate_bytes) {
  return in_context([&]() -> CUresult {
    if (pointer == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (bytes == 0) {
      *pointer = nullptr;
      return CUDA_SUCCESS;
    }
    return allocate_bytes();
  });
}

CUdeviceptr* as_address(void** pointer) { return reinterpret_cast<CUdeviceptr*>(pointer); }

}  // namespace

cudaError_t cudaMalloc(void** devPtr, size_t size) {
  return allocate(devPtr, size, [&] { return cuMemAlloc_v2(as_address(devPtr), size); });
}

cudaError_t cudaMallocHost(void** ptr, size_t size) {
  return allocate(ptr, size, [&] { return cuMemAllocHost_v2(ptr, size); });
}

cudaError_t cudaHostAlloc(void** pHost, size_t size, unsigned int flags) {
  return allocate(pHost, size, [&] { return cuMemHostAlloc(pHost, size, flags); });
}

// Here no bytes are an error.
cudaError_t cudaMallocManaged(void** devPtr, size_t size, unsigned int flags) {
  return in_context([&] { return cuMemAllocManaged(as_address(devPtr), size, flags); });
}

cudaError_t cudaMallocPitch(void** devPtr, size_t* pitch, size_t width, size_t height) {
  if (pitch == nullptr) return finish(cudaErrorInvalidValue);
  if (width == 0 || height == 0) *pitch = 0;
  return allocate(devPtr, width == 0 ? 0 : height,
                  [&] { return cuMemAllocPitch_v2(as_address(devPtr), pitch, width, height, 4); });
}

cudaError_t cudaMalloc3D(struct cudaPitchedPtr* pitchedDevPtr, struct cudaExtent extent) {
  if (pitchedDevPtr == nullptr) return finish(cudaErrorInvalidValue);
  size_t rows = 0;
  if (__builtin_mul_overflow(extent.height, extent.depth, &rows)) return finish(cudaErrorMemoryAllocation);
  cudaPitchedPtr allocated{nullptr, 0, extent.width, extent.height};
  const cudaError_t error = cudaMallocPitch(&allocated.ptr, &allocated.pitch, extent.width, rows);
  if (error == cudaSuccess) *pitchedDevPtr = allocated;
  return error;
}

cudaError_t cudaFree(void* devPtr) {
  return in_context([&] { return cuMemFree_v2(address(devPtr)); });
}

cudaError_t cudaFreeHost(void* ptr) {
  return in_context([&] { return cuMemFreeHost(ptr); });
}

cudaError_t cudaHostRegister(void* ptr, size_t size, unsigned int flags) {
  return in_context([&] { return cuMemHostRegister_v2(ptr, size, flags); });
}

cudaError_t cudaHostUnregister(void* ptr) {
  return in_context([&] { return cuMemHostUnregister(ptr); });
}

cudaError_t cudaHostGetDevicePointer(void** pDevice, void* pHost, unsigned int flags) {
  return in_context([&] { return cuMemHostGetDevicePointer_v2(as_address(pDevice), pHost, flags); });
}

cudaError_t cudaHostGetFlags(unsigned int* pFlags, void* pHost) {
  return in_context([&] { return cuMemHostGetFlags(pFlags, pHost); });
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  return in_context([&] { return cuMemGetInfo_v2(free, total); });
}

// Memory that the device does not know is no error, but of no type.
cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes* attributes, const void* ptr) {
  return in_context([&]() -> CUresult {
    if (attributes == nullptr) return CUDA_ERROR_INVALID_VALUE;
    std::memset(attributes, 0, sizeof(*attributes));
    unsigned type = 0;
    if (cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address(ptr)) != CUDA_SUCCESS) {
      attributes->type = cudaMemoryTypeUnregistered;
      attributes->device = cudaInvalidDeviceId;
      attributes->hostPointer = const_cast<void*>(ptr);
      return CUDA_SUCCESS;
    }
    unsigned managed = 0;
    cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, address(ptr));
    attributes->type = managed != 0                 ? cudaMemoryTypeManaged
                       : type == CU_MEMORYTYPE_HOST ? cudaMemoryTypeHost
                                                    : cudaMemoryTypeDevice;
    const CUresult status =
        cuPointerGetAttribute(&attributes->device, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, address(ptr));
    if (cuPointerGetAttribute(&attributes->devicePointer, CU_POINTER_ATTRIBUTE_DEVICE_POINTER, address(ptr)) !=
        CUDA_SUCCESS) {
      attributes->devicePointer = nullptr;
    }
    if (cuPointerGetAttribute(&attributes->hostPointer, CU_POINTER_ATTRIBUTE_HOST_POINTER, address(ptr)) !=
        CUDA_SUCCESS) {
      attributes->hostPointer = nullptr;
    }
    return status;
  });
}

cudaError_t cudaMemRangeGetAttribute(void* data, size_t dataSize, enum cudaMemRangeAttribute attribute,
                                     const void* devPtr, size_t count) {
  return in_context([&] {
    return cuMemRangeGetAttribute(data, dataSize, static_cast<CUmem_range_attribute>(attribute), address(devPtr),
                                  count);
  });
}

cudaError_t cudaMemRangeGetAttributes(void** data, size_t* dataSizes, enum cudaMemRangeAttribute* attributes,
                                      size_t numAttributes, const void* devPtr, size_t count) {
  return in_context([&] {
    return cuMemRangeGetAttributes(data, dataSizes, same_layout<CUmem_range_attribute*>(attributes), numAttributes,
                                   address(devPtr), count);
  });
}

namespace {

CUmemLocation location_of(const cudaMemLocation& location) {
  CUmemLocation result;
  static_assert(sizeof(result) == sizeof(location));
  std::memcpy(&result, &location, sizeof(result));
  return result;
}

cudaError_t prefetch(const void* pointer, size_t count, const cudaMemLocation& location, unsigned flags,
                     cudaStream_t stream) {
  return in_stream(
      stream, [&] { return cuMemPrefetchAsync_v2(address(pointer), count, location_of(location), flags, stream); });
}

cudaError_t advise(const void* pointer, size_t count, cudaMemoryAdvise advice, const cudaMemLocation& location) {
  return in_context([&] {
    return cuMemAdvise_v2(address(pointer), count, static_cast<CUmem_advise>(advice), location_of(location));
  });
}

}  // namespace

#if CUDART_MAJOR == 12
cudaError_t cudaMemPrefetchAsync(const void* devPtr, size_t count, int dstDevice, cudaStream_t stream) {
  return in_stream(stream, [&] { return cuMemPrefetchAsync(address(devPtr), count, dstDevice, stream); });
}

cudaError_t cudaMemPrefetchAsync_ptsz(const void* devPtr, size_t count, int dstDevice, cudaStream_t stream) {
  return cudaMemPrefetchAsync(devPtr, count, dstDevice, per_thread(stream));
}

cudaError_t cudaMemPrefetchAsync_v2(const void* devPtr, size_t count, struct cudaMemLocation location,
                                    unsigned int flags, cudaStream_t stream) {
  return prefetch(devPtr, count, location, flags, stream);
}

cudaError_t cudaMemPrefetchAsync_v2_ptsz(const void* devPtr, size_t count, struct cudaMemLocation location,
                                         unsigned int flags, cudaStream_t stream) {
  return prefetch(devPtr, count, location, flags, per_thread(stream));
}

cudaError_t cudaMemAdvise(const void* devPtr, size_t count, enum cudaMemoryAdvise advice, int device) {
  return in_context([&] { return cuMemAdvise(address(devPtr), count, static_cast<CUmem_advise>(advice), device); });
}

cudaError_t cudaMemAdvise_v2(const void* devPtr, size_t count, enum cudaMemoryAdvise advice,
                             struct cudaMemLocation location) {
  return advise(devPtr, count, advice, location);
}
#else
cudaError_t cudaMemPrefetchAsync(const void* devPtr, size_t count, struct cudaMemLocation location, unsigned int flags,
                                 cudaStream_t stream) {
  return prefetch(devPtr, count, location, flags, stream);
}

cudaError_t cudaMemPrefetchAsync_ptsz(const void* devPtr, size_t count, struct cudaMemLocation location,
                                      unsigned int flags, cudaStream_t stream) {
  return prefetch(devPtr, count, location, flags, per_thread(stream));
}

cudaError_t cudaMemAdvise(const void* devPtr, size_t count, enum cudaMemoryAdvise advice,
                          struct cudaMemLocation location) {
  return advise(devPtr, count, advice, location);
}

cudaError_t cudaMemPrefetchBatchAsync(void** dptrs, size_t* sizes, size_t count, struct cudaMemLocation* prefetchLocs,
                                      size_t* prefetchLocIdxs, size_t numPrefetchLocs, unsigned long long flags,
                                      cudaStream_t stream) {
  return in_stream(stream, [&] {
    return cuMemPrefetchBatchAsync(as_address(dptrs), sizes, count, same_layout<CUmemLocation*>(prefetchLocs),
                                   prefetchLocIdxs, numPrefetchLocs, flags, stream);
  });
}

cudaError_t cudaMemDiscardBatchAsync(void** dptrs, size_t* sizes, size_t count, unsigned long long flags,
                                     cudaStream_t stream) {
  return in_stream(stream, [&] { return cuMemDiscardBatchAsync(as_address(dptrs), sizes, count, flags, stream); });
}

cudaError_t cudaMemDiscardAndPrefetchBatchAsync(void** dptrs, size_t* sizes, size_t count,
                                                struct cudaMemLocation* prefetchLocs, size_t* prefetchLocIdxs,
                                                size_t numPrefetchLocs, unsigned long long flags, cudaStream_t stream) {
  return in_stream(stream, [&] {
    return cuMemDiscardAndPrefetchBatchAsync(as_address(dptrs), sizes, count, same_layout<CUmemLocation*>(prefetchLocs),
                                             prefetchLocIdxs, numPrefetchLocs, flags, stream);
  });
}

cudaError_t cudaMemPrefetchBatchAsync_ptsz(void** dptrs, size_t* sizes, size_t count,
                                           struct cudaMemLocation* prefetchLocs, size_t* prefetchLocIdxs,
                                           size_t numPrefetchLocs, unsigned long long flags, cudaStream_t stream) {
  return cudaMemPrefetchBatchAsync(dptrs, sizes, count, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags,
                                   per_thread(stream));
}

cudaError_t cudaMemDiscardBatchAsync_ptsz(void** dptrs, size_t* sizes, size_t count, unsigned long long flags,
                                          cudaStream_t stream) {
  return cudaMemDiscardBatchAsync(dptrs, sizes, count, flags, per_thread(stream));
}

cudaError_t cudaMemDiscardAndPrefetchBatchAsync_ptsz(void** dptrs, size_t* sizes, size_t count,
                                                     struct cudaMemLocation* prefetchLocs, size_t* prefetchLocIdxs,
                                                     size_t numPrefetchLocs, unsigned long long flags,
                                                     cudaStream_t stream) {
  return cudaMemDiscardAndPrefetchBatchAsync(dptrs, sizes, count, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags,
                                             per_thread(stream));
}
#endif

// Memory of other processes.
cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t* handle, void* devPtr) {
  return in_context([&] { return cuIpcGetMemHandle(same_layout<CUipcMemHandle*>(handle), address(devPtr)); });
}

cudaError_t cudaIpcOpenMemHandle(void** devPtr, cudaIpcMemHandle_t handle, unsigned int flags) {
  CUipcMemHandle driver_handle;
  static_assert(sizeof(driver_handle) == sizeof(handle));
  std::memcpy(&driver_handle, &handle, sizeof(handle));
  return in_context([&] { return cuIpcOpenMemHandle_v2(as_address(devPtr), driver_handle, flags); });
}

cudaError_t cudaIpcCloseMemHandle(void* devPtr) {
  return in_context([&] { return cuIpcCloseMemHandle(address(devPtr)); });
}
