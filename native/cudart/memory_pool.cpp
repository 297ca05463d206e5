// Stream-ordered allocation and pools: the driver's own, whose structs lie in memory like the runtime's.
#include "runtime.h"

using namespace cudart;

namespace {

CUdeviceptr* as_address(void** pointer) { return reinterpret_cast<CUdeviceptr*>(pointer); }

template <class F>
cudaError_t of_device(int device, F&& body) {
  return with_driver([&]() -> cudaError_t {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    return error_of(body());
  });
}

}  // namespace

cudaError_t cudaMallocAsync(void** devPtr, size_t size, cudaStream_t hStream) {
  return in_stream(hStream, [&] { return cuMemAllocAsync(as_address(devPtr), size, hStream); });
}

cudaError_t cudaMallocFromPoolAsync(void** ptr, size_t size, cudaMemPool_t memPool, cudaStream_t stream) {
  return in_stream(stream, [&] { return cuMemAllocFromPoolAsync(as_address(ptr), size, memPool, stream); });
}

cudaError_t cudaFreeAsync(void* devPtr, cudaStream_t hStream) {
  return in_stream(hStream, [&] { return cuMemFreeAsync(address(devPtr), hStream); });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t memPool, size_t minBytesToKeep) {
  return in_context([&] { return cuMemPoolTrimTo(memPool, minBytesToKeep); });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t memPool, enum cudaMemPoolAttr attr, void* value) {
  return in_context([&] { return cuMemPoolSetAttribute(memPool, static_cast<CUmemPool_attribute>(attr), value); });
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t memPool, enum cudaMemPoolAttr attr, void* value) {
  return in_context([&] { return cuMemPoolGetAttribute(memPool, static_cast<CUmemPool_attribute>(attr), value); });
}

cudaError_t cudaMemPoolSetAccess(cudaMemPool_t memPool, const struct cudaMemAccessDesc* descList, size_t count) {
  return in_context([&] { return cuMemPoolSetAccess(memPool, same_layout<const CUmemAccessDesc*>(descList), count); });
}

cudaError_t cudaMemPoolGetAccess(enum cudaMemAccessFlags* flags, cudaMemPool_t memPool,
                                 struct cudaMemLocation* location) {
  return in_context([&] {
    return cuMemPoolGetAccess(same_layout<CUmemAccess_flags*>(flags), memPool, same_layout<CUmemLocation*>(location));
  });
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t* memPool, const struct cudaMemPoolProps* poolProps) {
  return in_context([&] { return cuMemPoolCreate(memPool, same_layout<const CUmemPoolProps*>(poolProps)); });
}

cudaError_t cudaMemPoolDestroy(cudaMemPool_t memPool) {
  return in_context([&] { return cuMemPoolDestroy(memPool); });
}

cudaError_t cudaMemPoolExportToShareableHandle(void* shareableHandle, cudaMemPool_t memPool,
                                               enum cudaMemAllocationHandleType handleType, unsigned int flags) {
  return in_context([&] {
    return cuMemPoolExportToShareableHandle(shareableHandle, memPool,
                                            static_cast<CUmemAllocationHandleType>(handleType), flags);
  });
}

cudaError_t cudaMemPoolImportFromShareableHandle(cudaMemPool_t* memPool, void* shareableHandle,
                                                 enum cudaMemAllocationHandleType handleType, unsigned int flags) {
  return in_context([&] {
    return cuMemPoolImportFromShareableHandle(memPool, shareableHandle,
                                              static_cast<CUmemAllocationHandleType>(handleType), flags);
  });
}

cudaError_t cudaMemPoolExportPointer(struct cudaMemPoolPtrExportData* exportData, void* ptr) {
  return in_context(
      [&] { return cuMemPoolExportPointer(same_layout<CUmemPoolPtrExportData*>(exportData), address(ptr)); });
}

cudaError_t cudaMemPoolImportPointer(void** ptr, cudaMemPool_t memPool, struct cudaMemPoolPtrExportData* exportData) {
  return in_context([&] {
    return cuMemPoolImportPointer(as_address(ptr), memPool, same_layout<CUmemPoolPtrExportData*>(exportData));
  });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* memPool, int device) {
  return of_device(device, [&] { return cuDeviceGetDefaultMemPool(memPool, device); });
}

cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t memPool) {
  return of_device(device, [&] { return cuDeviceSetMemPool(device, memPool); });
}

cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* memPool, int device) {
  return of_device(device, [&] { return cuDeviceGetMemPool(memPool, device); });
}

#if CUDART_MAJOR >= 13
cudaError_t cudaMemGetDefaultMemPool(cudaMemPool_t* memPool, struct cudaMemLocation* location,
                                     enum cudaMemAllocationType type) {
  return in_context([&] {
    return cuMemGetDefaultMemPool(memPool, same_layout<CUmemLocation*>(location),
                                  static_cast<CUmemAllocationType>(type));
  });
}

cudaError_t cudaMemGetMemPool(cudaMemPool_t* memPool, struct cudaMemLocation* location,
                              enum cudaMemAllocationType type) {
  return in_context([&] {
    return cuMemGetMemPool(memPool, same_layout<CUmemLocation*>(location), static_cast<CUmemAllocationType>(type));
  });
}

cudaError_t cudaMemSetMemPool(struct cudaMemLocation* location, enum cudaMemAllocationType type,
                              cudaMemPool_t memPool) {
  return in_context([&] {
    return cuMemSetMemPool(same_layout<CUmemLocation*>(location), static_cast<CUmemAllocationType>(type), memPool);
  });
}
#endif

cudaError_t cudaDeviceGraphMemTrim(int device) {
  return of_device(device, [&] { return cuDeviceGraphMemTrim(device); });
}

cudaError_t cudaDeviceGetGraphMemAttribute(int device, enum cudaGraphMemAttributeType attr, void* value) {
  return of_device(
      device, [&] { return cuDeviceGetGraphMemAttribute(device, static_cast<CUgraphMem_attribute>(attr), value); });
}

cudaError_t cudaDeviceSetGraphMemAttribute(int device, enum cudaGraphMemAttributeType attr, void* value) {
  return of_device(
      device, [&] { return cuDeviceSetGraphMemAttribute(device, static_cast<CUgraphMem_attribute>(attr), value); });
}
