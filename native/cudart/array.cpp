// CUDA arrays: their descriptors, and the copies to and from them.
#include "copy.h"

using namespace cudart;

namespace {

CUarray of(cudaArray_const_t array) { return reinterpret_cast<CUarray>(const_cast<cudaArray*>(array)); }

// Channels are alike: as many as the first that has no bits, all of one size and kind.
cudaError_t read_channels(const cudaChannelFormatDesc* desc, CUDA_ARRAY3D_DESCRIPTOR* result) {
  if (desc == nullptr) return cudaErrorInvalidValue;
  const int bits[] = {desc->x, desc->y, desc->z, desc->w};
  unsigned channels = 0;
  while (channels < 4 && bits[channels] != 0) {
    if (bits[channels] != desc->x) return cudaErrorInvalidChannelDescriptor;
    ++channels;
  }
  if (channels != 1 && channels != 2 && channels != 4) return cudaErrorInvalidChannelDescriptor;
  result->NumChannels = channels;
  const bool is_signed = desc->f == cudaChannelFormatKindSigned;
  if (!is_signed && desc->f != cudaChannelFormatKindUnsigned && desc->f != cudaChannelFormatKindFloat) {
    return cudaErrorInvalidChannelDescriptor;
  }
  if (desc->f == cudaChannelFormatKindFloat) {
    if (desc->x != 16 && desc->x != 32) return cudaErrorInvalidChannelDescriptor;
    result->Format = desc->x == 16 ? CU_AD_FORMAT_HALF : CU_AD_FORMAT_FLOAT;
    return cudaSuccess;
  }
  switch (desc->x) {
    case 8:
      result->Format = is_signed ? CU_AD_FORMAT_SIGNED_INT8 : CU_AD_FORMAT_UNSIGNED_INT8;
      return cudaSuccess;
    case 16:
      result->Format = is_signed ? CU_AD_FORMAT_SIGNED_INT16 : CU_AD_FORMAT_UNSIGNED_INT16;
      return cudaSuccess;
    case 32:
      result->Format = is_signed ? CU_AD_FORMAT_SIGNED_INT32 : CU_AD_FORMAT_UNSIGNED_INT32;
      return cudaSuccess;
    default:
      return cudaErrorInvalidChannelDescriptor;
  }
}

cudaChannelFormatDesc write_channels(const CUDA_ARRAY3D_DESCRIPTOR& descriptor) {
  cudaChannelFormatDesc desc{};
  int bits = 32;
  desc.f = cudaChannelFormatKindUnsigned;
  switch (descriptor.Format) {
    case CU_AD_FORMAT_UNSIGNED_INT8:
      bits = 8;
      break;
    case CU_AD_FORMAT_UNSIGNED_INT16:
      bits = 16;
      break;
    case CU_AD_FORMAT_SIGNED_INT8:
      bits = 8;
      desc.f = cudaChannelFormatKindSigned;
      break;
    case CU_AD_FORMAT_SIGNED_INT16:
      bits = 16;
      desc.f = cudaChannelFormatKindSigned;
      break;
    case CU_AD_FORMAT_SIGNED_INT32:
      desc.f = cudaChannelFormatKindSigned;
      break;
    case CU_AD_FORMAT_HALF:
      bits = 16;
      desc.f = cudaChannelFormatKindFloat;
      break;
    case CU_AD_FORMAT_FLOAT:
      desc.f = cudaChannelFormatKindFloat;
      break;
    default:
      break;
  }
  desc.x = bits;
  desc.y = descriptor.NumChannels > 1 ? bits : 0;
  desc.z = desc.w = descriptor.NumChannels > 2 ? bits : 0;
  return desc;
}

cudaError_t read_shape(const cudaChannelFormatDesc* desc, const cudaExtent& extent, unsigned flags,
                       CUDA_ARRAY3D_DESCRIPTOR* result) {
  *result = {};
  result->Width = extent.width;
  result->Height = extent.height;
  result->Depth = extent.depth;
  // The runtime's flags have the driver's numbers.
  result->Flags = flags;
  return read_channels(desc, result);
}

// A copy with an array at one end or both; offsets and widths of the runtime's two-dimensional forms count bytes.
CUDA_MEMCPY2D rows(size_t width, size_t height) {
  CUDA_MEMCPY2D copy{};
  copy.WidthInBytes = width;
  copy.Height = height;
  return copy;
}

void from_array(CUDA_MEMCPY2D* copy, cudaArray_const_t array, size_t x, size_t y) {
  copy->srcMemoryType = CU_MEMORYTYPE_ARRAY;
  copy->srcArray = of(array);
  copy->srcXInBytes = x;
  copy->srcY = y;
}

void to_array(CUDA_MEMCPY2D* copy, cudaArray_t array, size_t x, size_t y) {
  copy->dstMemoryType = CU_MEMORYTYPE_ARRAY;
  copy->dstArray = of(array);
  copy->dstXInBytes = x;
  copy->dstY = y;
}

void from_memory(CUDA_MEMCPY2D* copy, const void* memory, size_t pitch, cudaMemcpyKind kind) {
  const bool host = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyHostToHost;
  copy->srcMemoryType = host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_UNIFIED;
  copy->srcHost = host ? memory : nullptr;
  copy->srcDevice = host ? 0 : address(memory);
  copy->srcPitch = pitch;
}

void to_memory(CUDA_MEMCPY2D* copy, void* memory, size_t pitch, cudaMemcpyKind kind) {
  const bool host = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyHostToHost;
  copy->dstMemoryType = host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_UNIFIED;
  copy->dstHost = host ? memory : nullptr;
  copy->dstDevice = host ? 0 : address(memory);
  copy->dstPitch = pitch;
}

// `run` is one of the driver's copies of rows.
template <class Run>
cudaError_t copy_rows(const CUDA_MEMCPY2D& copy, cudaMemcpyKind kind, Run&& run) {
  return in_context([&]() -> cudaError_t {
    if (const cudaError_t error = check_kind(kind); error != cudaSuccess) return error;
    if (copy.WidthInBytes == 0 || copy.Height == 0) return cudaSuccess;
    return error_of(run(&copy));
  });
}

template <class Run>
cudaError_t rows_to_array(cudaArray_t dst, size_t x, size_t y, const void* src, size_t pitch, size_t width,
                          size_t height, cudaMemcpyKind kind, Run&& run) {
  CUDA_MEMCPY2D copy = rows(width, height);
  from_memory(&copy, src, pitch, kind);
  to_array(&copy, dst, x, y);
  return copy_rows(copy, kind, run);
}

template <class Run>
cudaError_t rows_from_array(void* dst, size_t pitch, cudaArray_const_t src, size_t x, size_t y, size_t width,
                            size_t height, cudaMemcpyKind kind, Run&& run) {
  CUDA_MEMCPY2D copy = rows(width, height);
  from_array(&copy, src, x, y);
  to_memory(&copy, dst, pitch, kind);
  return copy_rows(copy, kind, run);
}

template <class Run>
cudaError_t rows_between_arrays(cudaArray_t dst, size_t to_x, size_t to_y, cudaArray_const_t src, size_t from_x,
                                size_t from_y, size_t width, size_t height, cudaMemcpyKind kind, Run&& run) {
  CUDA_MEMCPY2D copy = rows(width, height);
  from_array(&copy, src, from_x, from_y);
  to_array(&copy, dst, to_x, to_y);
  return copy_rows(copy, kind, run);
}

// The driver's copy of rows in a stream of whichever device.
auto enqueued_in(cudaStream_t stream) {
  return [stream](const CUDA_MEMCPY2D* copy) {
    const StreamContext context(stream);
    return cuMemcpy2DAsync_v2(copy, stream);
  };
}

}  // namespace

struct cudaChannelFormatDesc cudaCreateChannelDesc(int x, int y, int z, int w, enum cudaChannelFormatKind f) {
  return {x, y, z, w, f};
}

cudaError_t cudaMallocArray(cudaArray_t* array, const struct cudaChannelFormatDesc* desc, size_t width, size_t height,
                            unsigned int flags) {
  return cudaMalloc3DArray(array, desc, {width, height, 0}, flags);
}

cudaError_t cudaMalloc3DArray(cudaArray_t* array, const struct cudaChannelFormatDesc* desc, struct cudaExtent extent,
                              unsigned int flags) {
  return in_context([&]() -> cudaError_t {
    CUDA_ARRAY3D_DESCRIPTOR own;
    const cudaError_t error = read_shape(desc, extent, flags, &own);
    if (error != cudaSuccess) return error;
    return error_of(cuArray3DCreate_v2(reinterpret_cast<CUarray*>(array), &own));
  });
}

cudaError_t cudaFreeArray(cudaArray_t array) {
  return in_context([&]() -> CUresult { return array == nullptr ? CUDA_SUCCESS : cuArrayDestroy(of(array)); });
}

cudaError_t cudaMallocMipmappedArray(cudaMipmappedArray_t* mipmappedArray, const struct cudaChannelFormatDesc* desc,
                                     struct cudaExtent extent, unsigned int numLevels, unsigned int flags) {
  return in_context([&]() -> cudaError_t {
    CUDA_ARRAY3D_DESCRIPTOR own;
    const cudaError_t error = read_shape(desc, extent, flags, &own);
    if (error != cudaSuccess) return error;
    return error_of(cuMipmappedArrayCreate(reinterpret_cast<CUmipmappedArray*>(mipmappedArray), &own, numLevels));
  });
}

cudaError_t cudaGetMipmappedArrayLevel(cudaArray_t* levelArray, cudaMipmappedArray_const_t mipmappedArray,
                                       unsigned int level) {
  return in_context([&] {
    const auto handle = reinterpret_cast<CUmipmappedArray>(const_cast<cudaMipmappedArray*>(mipmappedArray));
    return cuMipmappedArrayGetLevel(reinterpret_cast<CUarray*>(levelArray), handle, level);
  });
}

cudaError_t cudaFreeMipmappedArray(cudaMipmappedArray_t mipmappedArray) {
  return in_context([&]() -> CUresult {
    return mipmappedArray == nullptr ? CUDA_SUCCESS
                                     : cuMipmappedArrayDestroy(reinterpret_cast<CUmipmappedArray>(mipmappedArray));
  });
}

cudaError_t cudaArrayGetInfo(struct cudaChannelFormatDesc* desc, struct cudaExtent* extent, unsigned int* flags,
                             cudaArray_t array) {
  return in_context([&] {
    CUDA_ARRAY3D_DESCRIPTOR own{};
    const CUresult status = cuArray3DGetDescriptor_v2(&own, of(array));
    if (status != CUDA_SUCCESS) return status;
    if (desc != nullptr) *desc = write_channels(own);
    if (extent != nullptr) *extent = {own.Width, own.Height, own.Depth};
    if (flags != nullptr) *flags = own.Flags;
    return status;
  });
}

cudaError_t cudaGetChannelDesc(struct cudaChannelFormatDesc* desc, cudaArray_const_t array) {
  if (desc == nullptr) return finish(cudaErrorInvalidValue);
  return cudaArrayGetInfo(desc, nullptr, nullptr, const_cast<cudaArray_t>(array));
}

cudaError_t cudaArrayGetPlane(cudaArray_t* pPlaneArray, cudaArray_t hArray, unsigned int planeIdx) {
  return in_context([&] { return cuArrayGetPlane(reinterpret_cast<CUarray*>(pPlaneArray), of(hArray), planeIdx); });
}

cudaError_t cudaMemcpy2DToArray(cudaArray_t dst, size_t wOffset, size_t hOffset, const void* src, size_t spitch,
                                size_t width, size_t height, enum cudaMemcpyKind kind) {
  return rows_to_array(dst, wOffset, hOffset, src, spitch, width, height, kind, cuMemcpy2DUnaligned_v2);
}

cudaError_t cudaMemcpy2DToArray_ptds(cudaArray_t dst, size_t wOffset, size_t hOffset, const void* src, size_t spitch,
                                     size_t width, size_t height, enum cudaMemcpyKind kind) {
  return rows_to_array(dst, wOffset, hOffset, src, spitch, width, height, kind, cuMemcpy2DUnaligned_v2_ptds);
}

cudaError_t cudaMemcpy2DToArrayAsync(cudaArray_t dst, size_t wOffset, size_t hOffset, const void* src, size_t spitch,
                                     size_t width, size_t height, enum cudaMemcpyKind kind, cudaStream_t stream) {
  return rows_to_array(dst, wOffset, hOffset, src, spitch, width, height, kind, enqueued_in(stream));
}

cudaError_t cudaMemcpy2DFromArray(void* dst, size_t dpitch, cudaArray_const_t src, size_t wOffset, size_t hOffset,
                                  size_t width, size_t height, enum cudaMemcpyKind kind) {
  return rows_from_array(dst, dpitch, src, wOffset, hOffset, width, height, kind, cuMemcpy2DUnaligned_v2);
}

cudaError_t cudaMemcpy2DFromArray_ptds(void* dst, size_t dpitch, cudaArray_const_t src, size_t wOffset, size_t hOffset,
                                       size_t width, size_t height, enum cudaMemcpyKind kind) {
  return rows_from_array(dst, dpitch, src, wOffset, hOffset, width, height, kind, cuMemcpy2DUnaligned_v2_ptds);
}

cudaError_t cudaMemcpy2DFromArrayAsync(void* dst, size_t dpitch, cudaArray_const_t src, size_t wOffset, size_t hOffset,
                                       size_t width, size_t height, enum cudaMemcpyKind kind, cudaStream_t stream) {
  return rows_from_array(dst, dpitch, src, wOffset, hOffset, width, height, kind, enqueued_in(stream));
}

cudaError_t cudaMemcpy2DArrayToArray(cudaArray_t dst, size_t wOffsetDst, size_t hOffsetDst, cudaArray_const_t src,
                                     size_t wOffsetSrc, size_t hOffsetSrc, size_t width, size_t height,
                                     enum cudaMemcpyKind kind) {
  return rows_between_arrays(dst, wOffsetDst, hOffsetDst, src, wOffsetSrc, hOffsetSrc, width, height, kind,
                             cuMemcpy2DUnaligned_v2);
}

cudaError_t cudaMemcpy2DArrayToArray_ptds(cudaArray_t dst, size_t wOffsetDst, size_t hOffsetDst, cudaArray_const_t src,
                                          size_t wOffsetSrc, size_t hOffsetSrc, size_t width, size_t height,
                                          enum cudaMemcpyKind kind) {
  return rows_between_arrays(dst, wOffsetDst, hOffsetDst, src, wOffsetSrc, hOffsetSrc, width, height, kind,
                             cuMemcpy2DUnaligned_v2_ptds);
}
