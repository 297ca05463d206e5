// Fills. All of them are asynchronous towards the host, those without a stream too.
#include "driver/memory_set.h"

#include <algorithm>
#include <cstring>

#include "driver/entry.h"
#include "engine/fault_guard.h"
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

// On a stream's worker, while somebody keeps the memory.
void fill_rows(const FillShape& shape) {
  const uintptr_t fault = run_guarded([&] {
    for (size_t row = 0; row < shape.height; ++row) {
      const uintptr_t address = shape.address + row * shape.pitch;
      if (shape.element == 1) {
        fill_row<uint8_t>(address, static_cast<uint8_t>(shape.value), shape.width);
      } else if (shape.element == 2) {
        fill_row<uint16_t>(address, static_cast<uint16_t>(shape.value), shape.width);
      } else {
        fill_row<uint32_t>(address, shape.value, shape.width);
      }
    }
  });
  if (fault == kNoFault) return;
  const std::string text = "a fill of " + std::to_string(shape.height) + " rows from " + hexadecimal(shape.address) +
                           " met no memory at " + hexadecimal(fault);
  fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, text.c_str());
}

CUresult fill(const char* function, CUstream handle, const FillShape& shape) {
  return in_stream(function, handle, [&](Context&, Stream& stream) {
    if (shape.width == 0 || shape.height == 0) return CUDA_SUCCESS;
    std::shared_ptr<Backing> kept;
    if (const CUresult status = check_fill(shape, &kept); status != CUDA_SUCCESS) return status;
    if (stream.capturing()) {
      stream.capture_work(std::make_shared<FillWork>(shape));
    } else {
      stream.enqueue([shape, kept = std::move(kept)] { fill_rows(shape); });
    }
    return CUDA_SUCCESS;
  });
}

template <class T>
CUresult fill(const char* function, CUstream handle, CUdeviceptr address, size_t pitch, T value, size_t width,
              size_t height) {
  return fill(function, handle, FillShape{address, pitch, value, sizeof(T), width, height});
}

}  // namespace

namespace cpu::driver {

CUresult check_fill(const FillShape& shape, std::shared_ptr<Backing>* kept) {
  if (shape.element != 1 && shape.element != 2 && shape.element != 4) {
    return fail(CUDA_ERROR_INVALID_VALUE,
                "an element has " + std::to_string(shape.element) + " bytes; 1, 2 and 4 are valid");
  }
  if (shape.width == 0 || shape.height == 0) return CUDA_SUCCESS;
  const bool rows = shape.height > 1;
  if (shape.address % shape.element != 0 || (rows && shape.pitch % shape.element != 0)) {
    return fail(CUDA_ERROR_INVALID_VALUE, "the address " + hexadecimal(shape.address) + " or the pitch " +
                                              std::to_string(shape.pitch) + " is no multiple of the value's " +
                                              std::to_string(shape.element) + " bytes");
  }
  if (shape.width > SIZE_MAX / shape.element || (rows && shape.pitch < shape.width * shape.element)) {
    return fail(CUDA_ERROR_INVALID_VALUE, "the pitch is " + std::to_string(shape.pitch) +
                                              " bytes, less than a row of " + std::to_string(shape.width) + " values");
  }
  size_t bytes = 0;
  std::optional<MemoryRange> range;
  if (!__builtin_mul_overflow(rows ? shape.pitch : 0, shape.height - 1, &bytes) &&
      !__builtin_add_overflow(bytes, shape.width * shape.element, &bytes)) {
    range = find_usable_memory(shape.address, bytes);
  }
  if (!range) {
    return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(shape.height) + " rows of " + std::to_string(shape.width) +
                                              " values from " + hexadecimal(shape.address) +
                                              " are not inside one live piece of the device's memory");
  }
  *kept = std::move(range->backing);
  return CUDA_SUCCESS;
}

void FillWork::run() const {
  std::shared_ptr<Backing> kept;
  if (check_fill(shape_, &kept) != CUDA_SUCCESS) {
    fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, "a memset node of a graph met memory that was freed since");
    return;
  }
  fill_rows(shape_);
}

std::string FillWork::description() const {
  return std::to_string(shape_.height) + " x " + std::to_string(shape_.width) + " values of " +
         std::to_string(shape_.element) + " bytes at " + hexadecimal(shape_.address);
}

}  // namespace cpu::driver

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
