// Matrix products in float and double on OpenBLAS: C = alpha op(A) op(B) + beta C, column-major, single and strided
// batches.
#include <cblas.h>

#include <algorithm>
#include <climits>
#include <cstdint>

#include "cublas/handle.h"
#include "engine/stream.h"

namespace cpu {

namespace {

// One call's numbers, as they lie in the stream's queue.
template <class T>
struct Gemm {
  CBLAS_TRANSPOSE transpose_a;
  CBLAS_TRANSPOSE transpose_b;
  int m;
  int n;
  int k;
  T alpha;
  T beta;
  const T* device_alpha;  // read when the product runs, where the handle's pointer mode is the device's
  const T* device_beta;
  const T* a;
  const T* b;
  T* c;
  int lda;
  int ldb;
  int ldc;
  int64_t stride_a;
  int64_t stride_b;
  int64_t stride_c;
  int64_t batches;

  void operator()() const {
    const T run_alpha = device_alpha != nullptr ? *device_alpha : alpha;
    const T run_beta = device_beta != nullptr ? *device_beta : beta;
    for (int64_t i = 0; i < batches; ++i) {
      const T* batch_a = a == nullptr ? nullptr : a + i * stride_a;
      const T* batch_b = b == nullptr ? nullptr : b + i * stride_b;
      if constexpr (sizeof(T) == sizeof(float)) {
        cblas_sgemm(CblasColMajor, transpose_a, transpose_b, m, n, k, run_alpha, batch_a, lda, batch_b, ldb, run_beta,
                    c + i * stride_c, ldc);
      } else {
        cblas_dgemm(CblasColMajor, transpose_a, transpose_b, m, n, k, run_alpha, batch_a, lda, batch_b, ldb, run_beta,
                    c + i * stride_c, ldc);
      }
    }
  }
};

bool is_operation(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
}

CBLAS_TRANSPOSE transposition(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N ? CblasNoTrans : CblasTrans;
}

template <class T>
cublasStatus_t gemm(const char* call, cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
                    int64_t m, int64_t n, int64_t k, const T* alpha, const T* A, int64_t lda, int64_t stride_a,
                    const T* B, int64_t ldb, int64_t stride_b, const T* beta, T* C, int64_t ldc, int64_t stride_c,
                    int64_t batches) {
  const CublasHandle* object = lookup<CublasHandle>(handle);
  if (object == nullptr) {
    return cublas_failure(CUBLAS_STATUS_NOT_INITIALIZED, call, "the handle is no live cuBLAS handle");
  }
  auto invalid = [call](const char* reason) { return cublas_failure(CUBLAS_STATUS_INVALID_VALUE, call, reason); };
  if (!is_operation(transa) || !is_operation(transb)) return invalid("transa or transb is no operation");
  if (m < 0 || n < 0 || k < 0 || batches < 0) return invalid("m, n, k or the number of batches is negative");
  if (lda < std::max<int64_t>(1, transa == CUBLAS_OP_N ? m : k)) return invalid("lda is smaller than A's rows");
  if (ldb < std::max<int64_t>(1, transb == CUBLAS_OP_N ? k : n)) return invalid("ldb is smaller than B's rows");
  if (ldc < std::max<int64_t>(1, m)) return invalid("ldc is smaller than C's rows");
  if (m == 0 || n == 0 || batches == 0) return CUBLAS_STATUS_SUCCESS;
  if (alpha == nullptr || beta == nullptr) return invalid("alpha or beta is null");
  if (C == nullptr || (k != 0 && (A == nullptr || B == nullptr))) return invalid("A, B or C is null");
  if (std::max({m, n, k, lda, ldb, ldc}) > INT_MAX) {
    return cublas_failure(CUBLAS_STATUS_NOT_SUPPORTED, call,
                          "sizes beyond 2147483647 are not implemented by the CPU device");
  }
  const auto stream = stream_from_handle(object->stream);
  if (stream == nullptr) return cublas_failure(CUBLAS_STATUS_EXECUTION_FAILED, call, "the handle's stream is gone");
  const bool on_device = object->pointer_mode == CUBLAS_POINTER_MODE_DEVICE;
  stream->enqueue(Gemm<T>{transposition(transa), transposition(transb), static_cast<int>(m), static_cast<int>(n),
                          static_cast<int>(k), on_device ? T{} : *alpha, on_device ? T{} : *beta,
                          on_device ? alpha : nullptr, on_device ? beta : nullptr, A, B, C, static_cast<int>(lda),
                          static_cast<int>(ldb), static_cast<int>(ldc), stride_a, stride_b, stride_c, batches});
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

}  // namespace cpu

// The four forms of a product for one type: 32 and 64 bit sizes, single and strided batches.
#define DEFINE_GEMM(prefix, type)                                                                                      \
  cublasStatus_t cublas##prefix##gemm_v2(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,    \
                                         int m, int n, int k, const type* alpha, const type* A, int lda,               \
                                         const type* B, int ldb, const type* beta, type* C, int ldc) {                 \
    return cpu::gemm<type>("cublas" #prefix "gemm", handle, transa, transb, m, n, k, alpha, A, lda, 0, B, ldb, 0,      \
                           beta, C, ldc, 0, 1);                                                                        \
  }                                                                                                                    \
  cublasStatus_t cublas##prefix##gemm_v2_64(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, \
                                            int64_t m, int64_t n, int64_t k, const type* alpha, const type* A,         \
                                            int64_t lda, const type* B, int64_t ldb, const type* beta, type* C,        \
                                            int64_t ldc) {                                                             \
    return cpu::gemm<type>("cublas" #prefix "gemm_64", handle, transa, transb, m, n, k, alpha, A, lda, 0, B, ldb, 0,   \
                           beta, C, ldc, 0, 1);                                                                        \
  }                                                                                                                    \
  cublasStatus_t cublas##prefix##gemmStridedBatched(                                                                   \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k,                  \
      const type* alpha, const type* A, int lda, long long strideA, const type* B, int ldb, long long strideB,         \
      const type* beta, type* C, int ldc, long long strideC, int batchCount) {                                         \
    return cpu::gemm<type>("cublas" #prefix "gemmStridedBatched", handle, transa, transb, m, n, k, alpha, A, lda,      \
                           strideA, B, ldb, strideB, beta, C, ldc, strideC, batchCount);                               \
  }                                                                                                                    \
  cublasStatus_t cublas##prefix##gemmStridedBatched_64(                                                                \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int64_t m, int64_t n, int64_t k,      \
      const type* alpha, const type* A, int64_t lda, long long strideA, const type* B, int64_t ldb, long long strideB, \
      const type* beta, type* C, int64_t ldc, long long strideC, int64_t batchCount) {                                 \
    return cpu::gemm<type>("cublas" #prefix "gemmStridedBatched_64", handle, transa, transb, m, n, k, alpha, A, lda,   \
                           strideA, B, ldb, strideB, beta, C, ldc, strideC, batchCount);                               \
  }

DEFINE_GEMM(S, float)
DEFINE_GEMM(D, double)
