// Vectors and matrices between host and device, as rows of a strided copy of the driver's.
#include "cublas/call.h"
#include "engine/context.h"
#include "generated/driver.h"

namespace cpu::cublas {
namespace {

cublasStatus_t status_of(CUresult result) {
  if (result == CUDA_SUCCESS) return CUBLAS_STATUS_SUCCESS;
  const char* name = nullptr;
  cuGetErrorName(result, &name);
  return fail(CUBLAS_STATUS_MAPPING_ERROR,
              std::string("the copy failed with ") + (name != nullptr ? name : "an error"));
}

enum class Direction { ToDevice, ToHost };

// `rows` runs of `bytes` each, the runs `source_pitch` and `destination_pitch` bytes apart.
cublasStatus_t copy(Direction direction, int64_t bytes, int64_t rows, const void* source, int64_t source_pitch,
                    void* destination, int64_t destination_pitch, bool wait, cudaStream_t stream) {
  if (bytes == 0 || rows == 0) return CUBLAS_STATUS_SUCCESS;
  if (Checks().pointer("source", source).pointer("destination", destination).status() != CUBLAS_STATUS_SUCCESS) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (current_or_primary_context() == nullptr) {
    return fail(CUBLAS_STATUS_NOT_INITIALIZED, "no context is current and the primary context cannot be made");
  }
  CUDA_MEMCPY2D parameters{};
  parameters.srcMemoryType = direction == Direction::ToDevice ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
  parameters.dstMemoryType = direction == Direction::ToDevice ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST;
  parameters.srcHost = source;
  parameters.srcDevice = reinterpret_cast<CUdeviceptr>(source);
  parameters.srcPitch = static_cast<size_t>(source_pitch);
  parameters.dstHost = destination;
  parameters.dstDevice = reinterpret_cast<CUdeviceptr>(destination);
  parameters.dstPitch = static_cast<size_t>(destination_pitch);
  parameters.WidthInBytes = static_cast<size_t>(bytes);
  parameters.Height = static_cast<size_t>(rows);
  return status_of(wait ? cuMemcpy2D_v2(&parameters) : cuMemcpy2DAsync_v2(&parameters, stream));
}

cublasStatus_t copy_vector(const char* function, Direction direction, int64_t n, int64_t element, const void* x,
                           int64_t incx, void* y, int64_t incy, bool wait, cudaStream_t stream) {
  begin_call(function);
  if (element <= 0 || incx <= 0 || incy <= 0) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, "elemSize, incx or incy is less than 1");
  }
  if (n <= 0) return CUBLAS_STATUS_SUCCESS;
  if (incx == 1 && incy == 1) return copy(direction, n * element, 1, x, 0, y, 0, wait, stream);
  return copy(direction, element, n, x, incx * element, y, incy * element, wait, stream);
}

cublasStatus_t copy_matrix(const char* function, Direction direction, int64_t rows, int64_t columns, int64_t element,
                           const void* a, int64_t lda, void* b, int64_t ldb, bool wait, cudaStream_t stream) {
  begin_call(function);
  if (rows < 0 || columns < 0 || element <= 0 || lda <= 0 || ldb <= 0 || lda < rows || ldb < rows) {
    return fail(
        CUBLAS_STATUS_INVALID_VALUE,
        "rows or cols is negative, elemSize, lda or ldb is less than 1, or a leading dimension is less than rows");
  }
  return copy(direction, rows * element, columns, a, lda * element, b, ldb * element, wait, stream);
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_TRANSFER(name, direction, suffix, Int)                                                                    \
  cublasStatus_t cublas##name##Vector##suffix(Int n, Int elemSize, const void* x, Int incx, void* y, Int incy) {      \
    CPU_COUNT_CALL();                                                                                                 \
    return copy_vector(__func__, direction, n, elemSize, x, incx, y, incy, true, nullptr);                            \
  }                                                                                                                   \
  cublasStatus_t cublas##name##VectorAsync##suffix(Int n, Int elemSize, const void* x, Int incx, void* y, Int incy,   \
                                                   cudaStream_t stream) {                                             \
    CPU_COUNT_CALL();                                                                                                 \
    return copy_vector(__func__, direction, n, elemSize, x, incx, y, incy, false, stream);                            \
  }                                                                                                                   \
  cublasStatus_t cublas##name##Matrix##suffix(Int rows, Int cols, Int elemSize, const void* A, Int lda, void* B,      \
                                              Int ldb) {                                                              \
    CPU_COUNT_CALL();                                                                                                 \
    return copy_matrix(__func__, direction, rows, cols, elemSize, A, lda, B, ldb, true, nullptr);                     \
  }                                                                                                                   \
  cublasStatus_t cublas##name##MatrixAsync##suffix(Int rows, Int cols, Int elemSize, const void* A, Int lda, void* B, \
                                                   Int ldb, cudaStream_t stream) {                                    \
    CPU_COUNT_CALL();                                                                                                 \
    return copy_matrix(__func__, direction, rows, cols, elemSize, A, lda, B, ldb, false, stream);                     \
  }

CPU_TRANSFER(Set, Direction::ToDevice, , int)
CPU_TRANSFER(Set, Direction::ToDevice, _64, int64_t)
CPU_TRANSFER(Get, Direction::ToHost, , int)
CPU_TRANSFER(Get, Direction::ToHost, _64, int64_t)
