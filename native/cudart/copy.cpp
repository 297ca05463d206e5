#include "copy.h"

namespace cudart {
namespace {

CUmemorytype source_type(cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToHost:
    case cudaMemcpyHostToDevice:
      return CU_MEMORYTYPE_HOST;
    case cudaMemcpyDeviceToHost:
    case cudaMemcpyDeviceToDevice:
      return CU_MEMORYTYPE_DEVICE;
    default:
      return CU_MEMORYTYPE_UNIFIED;
  }
}

CUmemorytype destination_type(cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToHost:
    case cudaMemcpyDeviceToHost:
      return CU_MEMORYTYPE_HOST;
    case cudaMemcpyHostToDevice:
    case cudaMemcpyDeviceToDevice:
      return CU_MEMORYTYPE_DEVICE;
    default:
      return CU_MEMORYTYPE_UNIFIED;
  }
}

void set_source(CUDA_MEMCPY3D* copy, const void* pointer, CUmemorytype type) {
  copy->srcMemoryType = type;
  if (type == CU_MEMORYTYPE_HOST) {
    copy->srcHost = pointer;
  } else {
    copy->srcDevice = address(pointer);
  }
}

void set_destination(CUDA_MEMCPY3D* copy, void* pointer, CUmemorytype type) {
  copy->dstMemoryType = type;
  if (type == CU_MEMORYTYPE_HOST) {
    copy->dstHost = pointer;
  } else {
    copy->dstDevice = address(pointer);
  }
}

}  // namespace

cudaError_t check_kind(cudaMemcpyKind kind) {
  return kind <= cudaMemcpyDefault ? cudaSuccess : cudaErrorInvalidMemcpyDirection;
}

cudaError_t element_bytes(CUarray array, size_t* bytes) {
  CUDA_ARRAY3D_DESCRIPTOR descriptor;
  const CUresult status = cuArray3DGetDescriptor_v2(&descriptor, array);
  if (status != CUDA_SUCCESS) return error_of(status);
  size_t channel = 4;
  if (descriptor.Format == CU_AD_FORMAT_UNSIGNED_INT8 || descriptor.Format == CU_AD_FORMAT_SIGNED_INT8) channel = 1;
  if (descriptor.Format == CU_AD_FORMAT_UNSIGNED_INT16 || descriptor.Format == CU_AD_FORMAT_SIGNED_INT16 ||
      descriptor.Format == CU_AD_FORMAT_HALF) {
    channel = 2;
  }
  *bytes = channel * descriptor.NumChannels;
  return cudaSuccess;
}

cudaError_t read_copy(const cudaMemcpy3DParms* parameters, CUDA_MEMCPY3D* copy) {
  if (parameters == nullptr) return cudaErrorInvalidValue;
  const cudaMemcpy3DParms& p = *parameters;
  // Each end is an array or memory, not both and not neither.
  if ((p.srcArray != nullptr) == (p.srcPtr.ptr != nullptr) || (p.dstArray != nullptr) == (p.dstPtr.ptr != nullptr)) {
    return cudaErrorInvalidValue;
  }
  if (const cudaError_t error = check_kind(p.kind); error != cudaSuccess) return error;
  *copy = {};
  size_t element = 1;
  const auto array = reinterpret_cast<CUarray>(p.srcArray != nullptr ? p.srcArray : p.dstArray);
  if (array != nullptr) {
    if (const cudaError_t error = element_bytes(array, &element); error != cudaSuccess) return error;
  }
  copy->WidthInBytes = p.extent.width * element;
  copy->Height = p.extent.height;
  copy->Depth = p.extent.depth;
  copy->srcXInBytes = p.srcPos.x * (p.srcArray != nullptr ? element : 1);
  copy->srcY = p.srcPos.y;
  copy->srcZ = p.srcPos.z;
  copy->dstXInBytes = p.dstPos.x * (p.dstArray != nullptr ? element : 1);
  copy->dstY = p.dstPos.y;
  copy->dstZ = p.dstPos.z;
  if (p.srcArray != nullptr) {
    copy->srcMemoryType = CU_MEMORYTYPE_ARRAY;
    copy->srcArray = reinterpret_cast<CUarray>(p.srcArray);
  } else {
    set_source(copy, p.srcPtr.ptr, source_type(p.kind));
    copy->srcPitch = p.srcPtr.pitch;
    copy->srcHeight = p.srcPtr.ysize;
  }
  if (p.dstArray != nullptr) {
    copy->dstMemoryType = CU_MEMORYTYPE_ARRAY;
    copy->dstArray = reinterpret_cast<CUarray>(p.dstArray);
  } else {
    set_destination(copy, p.dstPtr.ptr, destination_type(p.kind));
    copy->dstPitch = p.dstPtr.pitch;
    copy->dstHeight = p.dstPtr.ysize;
  }
  return cudaSuccess;
}

cudaMemcpy3DParms write_copy(const CUDA_MEMCPY3D& copy) {
  cudaMemcpy3DParms p{};
  size_t element = 1;
  const bool from_array = copy.srcMemoryType == CU_MEMORYTYPE_ARRAY;
  const bool to_array = copy.dstMemoryType == CU_MEMORYTYPE_ARRAY;
  if (from_array || to_array) element_bytes(from_array ? copy.srcArray : copy.dstArray, &element);
  p.extent = {copy.WidthInBytes / element, copy.Height, copy.Depth};
  p.srcPos = {copy.srcXInBytes / (from_array ? element : 1), copy.srcY, copy.srcZ};
  p.dstPos = {copy.dstXInBytes / (to_array ? element : 1), copy.dstY, copy.dstZ};
  const bool from_host = copy.srcMemoryType == CU_MEMORYTYPE_HOST;
  const bool to_host = copy.dstMemoryType == CU_MEMORYTYPE_HOST;
  if (from_array) {
    p.srcArray = reinterpret_cast<cudaArray_t>(copy.srcArray);
  } else {
    void* pointer = from_host ? const_cast<void*>(copy.srcHost) : reinterpret_cast<void*>(copy.srcDevice);
    p.srcPtr = {pointer, copy.srcPitch, copy.WidthInBytes, copy.srcHeight};
  }
  if (to_array) {
    p.dstArray = reinterpret_cast<cudaArray_t>(copy.dstArray);
  } else {
    void* pointer = to_host ? copy.dstHost : reinterpret_cast<void*>(copy.dstDevice);
    p.dstPtr = {pointer, copy.dstPitch, copy.WidthInBytes, copy.dstHeight};
  }
  const bool unified = copy.srcMemoryType == CU_MEMORYTYPE_UNIFIED || copy.dstMemoryType == CU_MEMORYTYPE_UNIFIED;
  p.kind = unified                ? cudaMemcpyDefault
           : from_host && to_host ? cudaMemcpyHostToHost
           : from_host            ? cudaMemcpyHostToDevice
           : to_host              ? cudaMemcpyDeviceToHost
                                  : cudaMemcpyDeviceToDevice;
  return p;
}

cudaMemcpy3DParms one_row(void* destination, const void* source, size_t count, cudaMemcpyKind kind) {
  cudaMemcpy3DParms p{};
  p.srcPtr = {const_cast<void*>(source), count, count, 1};
  p.dstPtr = {destination, count, count, 1};
  p.extent = {count, 1, 1};
  p.kind = kind;
  return p;
}

namespace {

// Which default stream a call without a stream goes through.
enum class Default { Legacy, PerThread };

cudaError_t copy_row(void* dst, const void* src, size_t count, cudaMemcpyKind kind, Default stream) {
  return in_context([&]() -> cudaError_t {
    if (const cudaError_t error = check_kind(kind); error != cudaSuccess) return error;
    if (count == 0) return cudaSuccess;
    const bool own = stream == Default::PerThread;
    switch (kind) {
      case cudaMemcpyHostToDevice:
        return error_of((own ? cuMemcpyHtoD_v2_ptds : cuMemcpyHtoD_v2)(address(dst), src, count));
      case cudaMemcpyDeviceToHost:
        return error_of((own ? cuMemcpyDtoH_v2_ptds : cuMemcpyDtoH_v2)(dst, address(src), count));
      case cudaMemcpyDeviceToDevice:
        return error_of((own ? cuMemcpyDtoD_v2_ptds : cuMemcpyDtoD_v2)(address(dst), address(src), count));
      default:
        return error_of((own ? cuMemcpy_ptds : cuMemcpy)(address(dst), address(src), count));
    }
  });
}

cudaError_t enqueue_row(void* dst, const void* src, size_t count, cudaMemcpyKind kind, cudaStream_t stream) {
  return in_stream(stream, [&]() -> cudaError_t {
    if (const cudaError_t error = check_kind(kind); error != cudaSuccess) return error;
    if (count == 0) return cudaSuccess;
    switch (kind) {
      case cudaMemcpyHostToDevice:
        return error_of(cuMemcpyHtoDAsync_v2(address(dst), src, count, stream));
      case cudaMemcpyDeviceToHost:
        return error_of(cuMemcpyDtoHAsync_v2(dst, address(src), count, stream));
      case cudaMemcpyDeviceToDevice:
        return error_of(cuMemcpyDtoDAsync_v2(address(dst), address(src), count, stream));
      default:
        return error_of(cuMemcpyAsync(address(dst), address(src), count, stream));
    }
  });
}

// Rows of memory.
cudaError_t read_rows(void* dst, size_t dpitch, const void* src, size_t spitch, size_t width, size_t height,
                      cudaMemcpyKind kind, CUDA_MEMCPY3D* copy) {
  if (const cudaError_t error = check_kind(kind); error != cudaSuccess) return error;
  if (width != 0 && height != 0 && (width > dpitch || width > spitch)) return cudaErrorInvalidPitchValue;
  *copy = {};
  set_source(copy, src, source_type(kind));
  set_destination(copy, dst, destination_type(kind));
  copy->srcPitch = spitch;
  copy->dstPitch = dpitch;
  copy->WidthInBytes = width;
  copy->Height = height;
  copy->Depth = 1;
  return cudaSuccess;
}

CUresult copy_box(const CUDA_MEMCPY3D& copy, Default stream) {
  if (copy.WidthInBytes == 0 || copy.Height == 0 || copy.Depth == 0) return CUDA_SUCCESS;
  return (stream == Default::PerThread ? cuMemcpy3D_v2_ptds : cuMemcpy3D_v2)(&copy);
}

CUresult enqueue_box(const CUDA_MEMCPY3D& copy, cudaStream_t stream) {
  if (copy.WidthInBytes == 0 || copy.Height == 0 || copy.Depth == 0) return CUDA_SUCCESS;
  return cuMemcpy3DAsync_v2(&copy, stream);
}

// A copy described by `read`, which fills the driver's description.
template <class Read>
cudaError_t copy_now(Default stream, Read&& read) {
  return in_context([&]() -> cudaError_t {
    CUDA_MEMCPY3D copy;
    if (const cudaError_t error = read(&copy); error != cudaSuccess) return error;
    return error_of(copy_box(copy, stream));
  });
}

template <class Read>
cudaError_t copy_later(cudaStream_t stream, Read&& read) {
  return in_stream(stream, [&]() -> cudaError_t {
    CUDA_MEMCPY3D copy;
    if (const cudaError_t error = read(&copy); error != cudaSuccess) return error;
    return error_of(enqueue_box(copy, stream));
  });
}

// The peer forms name devices where the driver names contexts.
cudaError_t check_peers(int destination, int source) {
  return is_device(destination) && is_device(source) ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t read_peers(const cudaMemcpy3DPeerParms* p, cudaMemcpy3DParms* result) {
  if (p == nullptr) return cudaErrorInvalidValue;
  if (const cudaError_t error = check_peers(p->dstDevice, p->srcDevice); error != cudaSuccess) return error;
  *result = {p->srcArray, p->srcPos, p->srcPtr, p->dstArray, p->dstPos, p->dstPtr, p->extent, cudaMemcpyDeviceToDevice};
  return cudaSuccess;
}

cudaError_t read_peer_box(const cudaMemcpy3DPeerParms* p, CUDA_MEMCPY3D* copy) {
  cudaMemcpy3DParms box;
  const cudaError_t error = read_peers(p, &box);
  return error != cudaSuccess ? error : read_copy(&box, copy);
}

}  // namespace
}  // namespace cudart

using namespace cudart;

cudaError_t cudaMemcpy(void* dst, const void* src, size_t count, enum cudaMemcpyKind kind) {
  return copy_row(dst, src, count, kind, Default::Legacy);
}

cudaError_t cudaMemcpy_ptds(void* dst, const void* src, size_t count, enum cudaMemcpyKind kind) {
  return copy_row(dst, src, count, kind, Default::PerThread);
}

cudaError_t cudaMemcpyAsync(void* dst, const void* src, size_t count, enum cudaMemcpyKind kind, cudaStream_t stream) {
  return enqueue_row(dst, src, count, kind, stream);
}

cudaError_t cudaMemcpyPeer(void* dst, int dstDevice, const void* src, int srcDevice, size_t count) {
  return cudaMemcpyPeerAsync(dst, dstDevice, src, srcDevice, count, CU_STREAM_LEGACY);
}

cudaError_t cudaMemcpyPeerAsync(void* dst, int dstDevice, const void* src, int srcDevice, size_t count,
                                cudaStream_t stream) {
  return in_stream(stream, [&]() -> cudaError_t {
    if (const cudaError_t error = check_peers(dstDevice, srcDevice); error != cudaSuccess) return error;
    if (count == 0) return cudaSuccess;
    return error_of(cuMemcpyPeerAsync(address(dst), primary_context(dstDevice), address(src),
                                      primary_context(srcDevice), count, stream));
  });
}

cudaError_t cudaMemcpy2D(void* dst, size_t dpitch, const void* src, size_t spitch, size_t width, size_t height,
                         enum cudaMemcpyKind kind) {
  return copy_now(Default::Legacy,
                  [&](CUDA_MEMCPY3D* copy) { return read_rows(dst, dpitch, src, spitch, width, height, kind, copy); });
}

cudaError_t cudaMemcpy2D_ptds(void* dst, size_t dpitch, const void* src, size_t spitch, size_t width, size_t height,
                              enum cudaMemcpyKind kind) {
  return copy_now(Default::PerThread,
                  [&](CUDA_MEMCPY3D* copy) { return read_rows(dst, dpitch, src, spitch, width, height, kind, copy); });
}

cudaError_t cudaMemcpy2DAsync(void* dst, size_t dpitch, const void* src, size_t spitch, size_t width, size_t height,
                              enum cudaMemcpyKind kind, cudaStream_t stream) {
  return copy_later(
      stream, [&](CUDA_MEMCPY3D* copy) { return read_rows(dst, dpitch, src, spitch, width, height, kind, copy); });
}

cudaError_t cudaMemcpy3D(const struct cudaMemcpy3DParms* p) {
  return copy_now(Default::Legacy, [&](CUDA_MEMCPY3D* copy) { return read_copy(p, copy); });
}

cudaError_t cudaMemcpy3D_ptds(const struct cudaMemcpy3DParms* p) {
  return copy_now(Default::PerThread, [&](CUDA_MEMCPY3D* copy) { return read_copy(p, copy); });
}

cudaError_t cudaMemcpy3DAsync(const struct cudaMemcpy3DParms* p, cudaStream_t stream) {
  return copy_later(stream, [&](CUDA_MEMCPY3D* copy) { return read_copy(p, copy); });
}

cudaError_t cudaMemcpy3DPeer(const struct cudaMemcpy3DPeerParms* p) {
  return copy_now(Default::Legacy, [&](CUDA_MEMCPY3D* copy) { return read_peer_box(p, copy); });
}

cudaError_t cudaMemcpy3DPeer_ptds(const struct cudaMemcpy3DPeerParms* p) {
  return copy_now(Default::PerThread, [&](CUDA_MEMCPY3D* copy) { return read_peer_box(p, copy); });
}

cudaError_t cudaMemcpy3DPeerAsync(const struct cudaMemcpy3DPeerParms* p, cudaStream_t stream) {
  return copy_later(stream, [&](CUDA_MEMCPY3D* copy) { return read_peer_box(p, copy); });
}

// Batches.
#if CUDART_MAJOR == 12
cudaError_t cudaMemcpyBatchAsync(void** dsts, void** srcs, size_t* sizes, size_t count,
                                 struct cudaMemcpyAttributes* attrs, size_t* attrsIdxs, size_t numAttrs,
                                 size_t* failIdx, cudaStream_t stream) {
  return in_stream(stream, [&] {
    return cuMemcpyBatchAsync(reinterpret_cast<CUdeviceptr*>(dsts), reinterpret_cast<CUdeviceptr*>(srcs), sizes, count,
                              same_layout<CUmemcpyAttributes*>(attrs), attrsIdxs, numAttrs, failIdx, stream);
  });
}

cudaError_t cudaMemcpyBatchAsync_ptsz(void** dsts, void** srcs, size_t* sizes, size_t count,
                                      struct cudaMemcpyAttributes* attrs, size_t* attrsIdxs, size_t numAttrs,
                                      size_t* failIdx, cudaStream_t stream) {
  return cudaMemcpyBatchAsync(dsts, srcs, sizes, count, attrs, attrsIdxs, numAttrs, failIdx, per_thread(stream));
}

cudaError_t cudaMemcpy3DBatchAsync(size_t numOps, struct cudaMemcpy3DBatchOp* opList, size_t* failIdx,
                                   unsigned long long flags, cudaStream_t stream) {
  return in_stream(stream, [&] {
    return cuMemcpy3DBatchAsync(numOps, same_layout<CUDA_MEMCPY3D_BATCH_OP*>(opList), failIdx, flags, stream);
  });
}

cudaError_t cudaMemcpy3DBatchAsync_ptsz(size_t numOps, struct cudaMemcpy3DBatchOp* opList, size_t* failIdx,
                                        unsigned long long flags, cudaStream_t stream) {
  return cudaMemcpy3DBatchAsync(numOps, opList, failIdx, flags, per_thread(stream));
}
#else
cudaError_t cudaMemcpyBatchAsync(void* const* dsts, const void* const* srcs, const size_t* sizes, size_t count,
                                 struct cudaMemcpyAttributes* attrs, size_t* attrsIdxs, size_t numAttrs,
                                 cudaStream_t stream) {
  return in_stream(stream, [&] {
    return cuMemcpyBatchAsync_v2(reinterpret_cast<CUdeviceptr*>(const_cast<void**>(dsts)),
                                 reinterpret_cast<CUdeviceptr*>(const_cast<void**>(srcs)), const_cast<size_t*>(sizes),
                                 count, same_layout<CUmemcpyAttributes*>(attrs), attrsIdxs, numAttrs, stream);
  });
}

cudaError_t cudaMemcpyBatchAsync_ptsz(void* const* dsts, const void* const* srcs, const size_t* sizes, size_t count,
                                      struct cudaMemcpyAttributes* attrs, size_t* attrsIdxs, size_t numAttrs,
                                      cudaStream_t stream) {
  return cudaMemcpyBatchAsync(dsts, srcs, sizes, count, attrs, attrsIdxs, numAttrs, per_thread(stream));
}

cudaError_t cudaMemcpy3DBatchAsync(size_t numOps, struct cudaMemcpy3DBatchOp* opList, unsigned long long flags,
                                   cudaStream_t stream) {
  return in_stream(stream, [&] {
    return cuMemcpy3DBatchAsync_v2(numOps, same_layout<CUDA_MEMCPY3D_BATCH_OP*>(opList), flags, stream);
  });
}

cudaError_t cudaMemcpy3DBatchAsync_ptsz(size_t numOps, struct cudaMemcpy3DBatchOp* opList, unsigned long long flags,
                                        cudaStream_t stream) {
  return cudaMemcpy3DBatchAsync(numOps, opList, flags, per_thread(stream));
}
#endif
