// Copies of one row: between the host, the device and arrays.
#include "driver/entry.h"
#include "driver/memory_copy.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// `bytes` of an array from a byte offset on. Only arrays of one dimension have such offsets.
CUresult array_end(CUarray handle, size_t offset, size_t bytes, const char* name, End* end) {
  const Array* array = lookup<Array>(handle);
  if (array == nullptr) return bad_handle("array", handle);
  const ArrayStorage& storage = *array->storage;
  if (storage.rows() != 1 || storage.layers() != 1) {
    return fail(CUDA_ERROR_INVALID_VALUE, std::string(name) +
                                              " has more than one dimension; cuMemcpy2D and cuMemcpy3D "
                                              "copy to and from such arrays");
  }
  if (offset > storage.row_bytes() || bytes > storage.row_bytes() - offset) {
    return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes from byte " + std::to_string(offset) +
                                              " on reach beyond the end of " + name + ", which has " +
                                              std::to_string(storage.row_bytes()));
  }
  *end = {storage.base() + offset, Side::Array, name, handle, array->storage, offset, 0, 0};
  return CUDA_SUCCESS;
}

using Copy = CUresult (*)(const char*, CUstream, const End&, const End&, const CopyShape&);

CUresult copy_to_array(const char* function, Copy copy, CUstream stream, CUarray array, size_t offset,
                       const End& source, size_t bytes) {
  return in_healthy_context(function, [&](Context&) {
    End destination{};
    const CUresult status = array_end(array, offset, bytes, "dstArray", &destination);
    return status != CUDA_SUCCESS ? status : copy(function, stream, destination, source, {bytes});
  });
}

CUresult copy_from_array(const char* function, Copy copy, CUstream stream, const End& destination, CUarray array,
                         size_t offset, size_t bytes) {
  return in_healthy_context(function, [&](Context&) {
    End source{};
    const CUresult status = array_end(array, offset, bytes, "srcArray", &source);
    return status != CUDA_SUCCESS ? status : copy(function, stream, destination, source, {bytes});
  });
}

CUresult copy_between_arrays(const char* function, CUstream stream, CUarray to, size_t to_offset, CUarray from,
                             size_t from_offset, size_t bytes) {
  return in_healthy_context(function, [&](Context&) {
    End destination{};
    End source{};
    CUresult status = array_end(to, to_offset, bytes, "dstArray", &destination);
    if (status == CUDA_SUCCESS) status = array_end(from, from_offset, bytes, "srcArray", &source);
    return status != CUDA_SUCCESS ? status : copy_now(function, stream, destination, source, {bytes});
  });
}

}  // namespace

CUresult cuMemcpy(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_now(__func__, CU_STREAM_LEGACY, unified_end(dst, "dst"), unified_end(src, "src"), {ByteCount});
}

CUresult cuMemcpy_ptds(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount) {
  return copy_now("cuMemcpy", CU_STREAM_PER_THREAD, unified_end(dst, "dst"), unified_end(src, "src"), {ByteCount});
}

CUresult cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_later(__func__, hStream, unified_end(dst, "dst"), unified_end(src, "src"), {ByteCount});
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_now(__func__, CU_STREAM_LEGACY, device_end(dstDevice, "dstDevice"), host_end(srcHost, "srcHost"),
                  {ByteCount});
}

CUresult cuMemcpyHtoD_v2_ptds(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount) {
  return copy_now("cuMemcpyHtoD_v2", CU_STREAM_PER_THREAD, device_end(dstDevice, "dstDevice"),
                  host_end(srcHost, "srcHost"), {ByteCount});
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_later(__func__, hStream, device_end(dstDevice, "dstDevice"), host_end(srcHost, "srcHost"), {ByteCount});
}

CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_now(__func__, CU_STREAM_LEGACY, host_end(dstHost, "dstHost"), device_end(srcDevice, "srcDevice"),
                  {ByteCount});
}

CUresult cuMemcpyDtoH_v2_ptds(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount) {
  return copy_now("cuMemcpyDtoH_v2", CU_STREAM_PER_THREAD, host_end(dstHost, "dstHost"),
                  device_end(srcDevice, "srcDevice"), {ByteCount});
}

CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_later(__func__, hStream, host_end(dstHost, "dstHost"), device_end(srcDevice, "srcDevice"), {ByteCount});
}

CUresult cuMemcpyDtoD_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_now(__func__, CU_STREAM_LEGACY, device_end(dstDevice, "dstDevice"), device_end(srcDevice, "srcDevice"),
                  {ByteCount});
}

CUresult cuMemcpyDtoD_v2_ptds(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount) {
  return copy_now("cuMemcpyDtoD_v2", CU_STREAM_PER_THREAD, device_end(dstDevice, "dstDevice"),
                  device_end(srcDevice, "srcDevice"), {ByteCount});
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_later(__func__, hStream, device_end(dstDevice, "dstDevice"), device_end(srcDevice, "srcDevice"),
                    {ByteCount});
}

// All contexts share one address space, so a copy between two of them is one between two addresses.
CUresult cuMemcpyPeer(CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice, CUcontext srcContext,
                      size_t ByteCount) {
  CPU_COUNT_CALL();
  return cuMemcpyPeerAsync(dstDevice, dstContext, srcDevice, srcContext, ByteCount, CU_STREAM_LEGACY);
}

CUresult cuMemcpyPeer_ptds(CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice, CUcontext srcContext,
                           size_t ByteCount) {
  return cuMemcpyPeerAsync(dstDevice, dstContext, srcDevice, srcContext, ByteCount, CU_STREAM_PER_THREAD);
}

CUresult cuMemcpyPeerAsync(CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice, CUcontext srcContext,
                           size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  if (lookup<Context>(dstContext) == nullptr || lookup<Context>(srcContext) == nullptr) {
    set_function(__func__);
    return fail(CUDA_ERROR_INVALID_CONTEXT, "one of the contexts is no live context");
  }
  return copy_later(__func__, hStream, device_end(dstDevice, "dstDevice"), device_end(srcDevice, "srcDevice"),
                    {ByteCount});
}

// The oldest symbols count in 32 bits and have no device addresses, so they work.
#define CPU_COPY_TO_ARRAY(name, stream, size_type)                                                               \
  CUresult name(CUarray dstArray, size_type dstOffset, const void* srcHost, size_type ByteCount) {               \
    CPU_COUNT_CALL();                                                                                            \
    return copy_to_array(#name, copy_now, stream, dstArray, dstOffset, host_end(srcHost, "srcHost"), ByteCount); \
  }
#define CPU_COPY_FROM_ARRAY(name, stream, size_type)                                                               \
  CUresult name(void* dstHost, CUarray srcArray, size_type srcOffset, size_type ByteCount) {                       \
    CPU_COUNT_CALL();                                                                                              \
    return copy_from_array(#name, copy_now, stream, host_end(dstHost, "dstHost"), srcArray, srcOffset, ByteCount); \
  }
#define CPU_COPY_BETWEEN_ARRAYS(name, stream, size_type)                                                             \
  CUresult name(CUarray dstArray, size_type dstOffset, CUarray srcArray, size_type srcOffset, size_type ByteCount) { \
    CPU_COUNT_CALL();                                                                                                \
    return copy_between_arrays(#name, stream, dstArray, dstOffset, srcArray, srcOffset, ByteCount);                  \
  }

CPU_COPY_TO_ARRAY(cuMemcpyHtoA, CU_STREAM_LEGACY, unsigned int)
CPU_COPY_TO_ARRAY(cuMemcpyHtoA_v2, CU_STREAM_LEGACY, size_t)
CPU_COPY_TO_ARRAY(cuMemcpyHtoA_v2_ptds, CU_STREAM_PER_THREAD, size_t)
CPU_COPY_FROM_ARRAY(cuMemcpyAtoH, CU_STREAM_LEGACY, unsigned int)
CPU_COPY_FROM_ARRAY(cuMemcpyAtoH_v2, CU_STREAM_LEGACY, size_t)
CPU_COPY_FROM_ARRAY(cuMemcpyAtoH_v2_ptds, CU_STREAM_PER_THREAD, size_t)
CPU_COPY_BETWEEN_ARRAYS(cuMemcpyAtoA, CU_STREAM_LEGACY, unsigned int)
CPU_COPY_BETWEEN_ARRAYS(cuMemcpyAtoA_v2, CU_STREAM_LEGACY, size_t)
CPU_COPY_BETWEEN_ARRAYS(cuMemcpyAtoA_v2_ptds, CU_STREAM_PER_THREAD, size_t)

CUresult cuMemcpyHtoAAsync_v2(CUarray dstArray, size_t dstOffset, const void* srcHost, size_t ByteCount,
                              CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_to_array(__func__, copy_later, hStream, dstArray, dstOffset, host_end(srcHost, "srcHost"), ByteCount);
}

CUresult cuMemcpyHtoAAsync(CUarray dstArray, unsigned int dstOffset, const void* srcHost, unsigned int ByteCount,
                           CUstream hStream) {
  return cuMemcpyHtoAAsync_v2(dstArray, dstOffset, srcHost, ByteCount, hStream);
}

CUresult cuMemcpyHtoAAsync_v2_ptsz(CUarray dstArray, size_t dstOffset, const void* srcHost, size_t ByteCount,
                                   CUstream hStream) {
  return cuMemcpyHtoAAsync_v2(dstArray, dstOffset, srcHost, ByteCount, per_thread(hStream));
}

CUresult cuMemcpyAtoHAsync_v2(void* dstHost, CUarray srcArray, size_t srcOffset, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_from_array(__func__, copy_later, hStream, host_end(dstHost, "dstHost"), srcArray, srcOffset, ByteCount);
}

CUresult cuMemcpyAtoHAsync(void* dstHost, CUarray srcArray, unsigned int srcOffset, unsigned int ByteCount,
                           CUstream hStream) {
  return cuMemcpyAtoHAsync_v2(dstHost, srcArray, srcOffset, ByteCount, hStream);
}

CUresult cuMemcpyAtoHAsync_v2_ptsz(void* dstHost, CUarray srcArray, size_t srcOffset, size_t ByteCount,
                                   CUstream hStream) {
  return cuMemcpyAtoHAsync_v2(dstHost, srcArray, srcOffset, ByteCount, per_thread(hStream));
}

CUresult cuMemcpyDtoA_v2(CUarray dstArray, size_t dstOffset, CUdeviceptr srcDevice, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_to_array(__func__, copy_now, CU_STREAM_LEGACY, dstArray, dstOffset, device_end(srcDevice, "srcDevice"),
                       ByteCount);
}

CUresult cuMemcpyDtoA_v2_ptds(CUarray dstArray, size_t dstOffset, CUdeviceptr srcDevice, size_t ByteCount) {
  return copy_to_array("cuMemcpyDtoA_v2", copy_now, CU_STREAM_PER_THREAD, dstArray, dstOffset,
                       device_end(srcDevice, "srcDevice"), ByteCount);
}

CUresult cuMemcpyAtoD_v2(CUdeviceptr dstDevice, CUarray srcArray, size_t srcOffset, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_from_array(__func__, copy_now, CU_STREAM_LEGACY, device_end(dstDevice, "dstDevice"), srcArray, srcOffset,
                         ByteCount);
}

CUresult cuMemcpyAtoD_v2_ptds(CUdeviceptr dstDevice, CUarray srcArray, size_t srcOffset, size_t ByteCount) {
  return copy_from_array("cuMemcpyAtoD_v2", copy_now, CU_STREAM_PER_THREAD, device_end(dstDevice, "dstDevice"),
                         srcArray, srcOffset, ByteCount);
}
