// Fills.
#include "runtime.h"

using namespace cudart;

namespace {

// A fill of rows through a stream; without a stream it is ordered by the default stream like everything else. Fills of
// device memory need not have ended on return.
cudaError_t fill_box(const cudaPitchedPtr& box, int value, const cudaExtent& extent, cudaStream_t stream) {
  return in_stream(stream, [&]() -> cudaError_t {
    if (extent.width == 0 || extent.height == 0 || extent.depth == 0) return cudaSuccess;
    const auto byte = static_cast<unsigned char>(value);
    if (extent.depth == 1 || box.ysize == extent.height) {
      if (extent.height * extent.depth > 1 && box.pitch < extent.width) return cudaErrorInvalidPitchValue;
      size_t rows;
      if (__builtin_mul_overflow(extent.height, extent.depth, &rows)) return cudaErrorInvalidValue;
      return error_of(cuMemsetD2D8Async(address(box.ptr), box.pitch, byte, extent.width, rows, stream));
    }
    if (box.ysize < extent.height) return cudaErrorInvalidValue;
    for (size_t layer = 0; layer < extent.depth; ++layer) {
      const CUdeviceptr start = address(box.ptr) + layer * box.pitch * box.ysize;
      const CUresult status = cuMemsetD2D8Async(start, box.pitch, byte, extent.width, extent.height, stream);
      if (status != CUDA_SUCCESS) return error_of(status);
    }
    return cudaSuccess;
  });
}

}  // namespace

cudaError_t cudaMemset(void* devPtr, int value, size_t count) {
  return in_context([&]() -> CUresult {
    return count == 0 ? CUDA_SUCCESS : cuMemsetD8_v2(address(devPtr), static_cast<unsigned char>(value), count);
  });
}

cudaError_t cudaMemset_ptds(void* devPtr, int value, size_t count) {
  return in_context([&]() -> CUresult {
    return count == 0 ? CUDA_SUCCESS : cuMemsetD8_v2_ptds(address(devPtr), static_cast<unsigned char>(value), count);
  });
}

cudaError_t cudaMemsetAsync(void* devPtr, int value, size_t count, cudaStream_t stream) {
  return in_stream(stream, [&]() -> CUresult {
    return count == 0 ? CUDA_SUCCESS
                      : cuMemsetD8Async(address(devPtr), static_cast<unsigned char>(value), count, stream);
  });
}

cudaError_t cudaMemset2D(void* devPtr, size_t pitch, int value, size_t width, size_t height) {
  return fill_box({devPtr, pitch, width, height}, value, {width, height, 1}, CU_STREAM_LEGACY);
}

cudaError_t cudaMemset2D_ptds(void* devPtr, size_t pitch, int value, size_t width, size_t height) {
  return fill_box({devPtr, pitch, width, height}, value, {width, height, 1}, CU_STREAM_PER_THREAD);
}

cudaError_t cudaMemset2DAsync(void* devPtr, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream) {
  return fill_box({devPtr, pitch, width, height}, value, {width, height, 1}, stream);
}

cudaError_t cudaMemset3D(struct cudaPitchedPtr pitchedDevPtr, int value, struct cudaExtent extent) {
  return fill_box(pitchedDevPtr, value, extent, CU_STREAM_LEGACY);
}

cudaError_t cudaMemset3D_ptds(struct cudaPitchedPtr pitchedDevPtr, int value, struct cudaExtent extent) {
  return fill_box(pitchedDevPtr, value, extent, CU_STREAM_PER_THREAD);
}

cudaError_t cudaMemset3DAsync(struct cudaPitchedPtr pitchedDevPtr, int value, struct cudaExtent extent,
                              cudaStream_t stream) {
  return fill_box(pitchedDevPtr, value, extent, stream);
}
