// Fills. All of them are asynchronous towards the host, those without a stream too.
#include <algorithm>
#include <cstring>

#include "driver/entry.h"
#include "engine/memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

template <class T>
void fill_row(uintptr_t address, T value, size_t count) {
  if constexpr (sizeof(T) == 1) {
    std::memset(reinterpret_cast<void*>(address), value, count);
  } else {
    std::fill_n(reinterpret_cast<T*>(address), count, value);
  }
}

// `height` rows of `width` values, the rows `pitch` bytes apart.
template <class T>
CUresult fill(const char* function, CUstream handle, CUdeviceptr address, size_t pitch, T value, size_t width,
              size_t height) {
  return in_stream(function, handle, [&](Context&, Stream& stream) {
    if (width == 0 || height == 0) return CUDA_SUCCESS;
    if (address % sizeof(T) != 0 || (height > 1 && pitch % sizeof(T) != 0)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the address " + hexadecimal(address) + " or the pitch " +
                                                std::to_string(pitch) + " is no multiple of the value's " +
                                                std::to_string(sizeof(T)) + " bytes");
    }
    if (width > SIZE_MAX / sizeof(T) || (height > 1 && pitch < width * sizeof(T))) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the pitch is " + std::to_string(pitch) + " bytes, less than a row of " +
                                                std::to_string(width) + " values");
    }
    const size_t bytes = pitch * (height - 1) + width * sizeof(T);
    if (!is_device_accessible(address, bytes)) {
      return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes from " + hexadecimal(address) +
                                                " are not inside one live piece of the device's memory");
    }
    stream.enqueue([=] {
      for (size_t row = 0; row < height; ++row) fill_row<T>(address + row * pitch, value, width);
    });
    return CUDA_SUCCESS;
  });
}

}  // namespace

#define CPU_MEMSET(bits, type)                                                                                       \
  CUresult cuMemsetD##bits##_v2(CUdeviceptr dstDevice, type value, size_t N) {                                       \
    CPU_COUNT_CALL();                                                                                                \
    return fill<type>(__func__, CU_STREAM_LEGACY, dstDevice, 0, value, N, 1);                                        \
  }                                                                                                                  \
  CUresult cuMemsetD##bits##_v2_ptds(CUdeviceptr dstDevice, type value, size_t N) {                                  \
    return fill<type>(__func__, CU_STREAM_PER_THREAD, dstDevice, 0, value, N, 1);                                    \
  }                                                                                                                  \
  CUresult cuMemsetD##bits##Async(CUdeviceptr dstDevice, type value, size_t N, CUstream hStream) {                   \
    CPU_COUNT_CALL();                                                                                                \
    return fill<type>(__func__, hStream, dstDevice, 0, value, N, 1);                                                 \
  }                                                                                                                  \
  CUresult cuMemsetD2D##bits##_v2(CUdeviceptr dstDevice, size_t dstPitch, type value, size_t Width, size_t Height) { \
    CPU_COUNT_CALL();                                                                                                \
    return fill<type>(__func__, CU_STREAM_LEGACY, dstDevice, dstPitch, value, Width, Height);                        \
  }                                                                                                                  \
  CUresult cuMemsetD2D##bits##_v2_ptds(CUdeviceptr dstDevice, size_t dstPitch, type value, size_t Width,             \
                                       size_t Height) {                                                              \
    return fill<type>(__func__, CU_STREAM_PER_THREAD, dstDevice, dstPitch, value, Width, Height);                    \
  }                                                                                                                  \
  CUresult cuMemsetD2D##bits##Async(CUdeviceptr dstDevice, size_t dstPitch, type value, size_t Width, size_t Height, \
                                    CUstream hStream) {                                                              \
    CPU_COUNT_CALL();                                                                                                \
    return fill<type>(__func__, hStream, dstDevice, dstPitch, value, Width, Height);                                 \
  }

CPU_MEMSET(8, unsigned char)
CPU_MEMSET(16, unsigned short)
CPU_MEMSET(32, unsigned int)
