#include "cublas/gemm.h"

#include "cublas/blas.h"

namespace cpu::cublas {

cublasStatus_t check_gemm(cublasOperation_t transa, cublasOperation_t transb, int64_t m, int64_t n, int64_t k,
                          int64_t lda, int64_t ldb, int64_t ldc, GemmShape* shape) {
  const bool transpose_a = transa != CUBLAS_OP_N;
  const bool transpose_b = transb != CUBLAS_OP_N;
  Checks checks;
  checks.operation("transa", transa).operation("transb", transb).size("m", m).size("n", n).size("k", k);
  checks.leading("lda", lda, transpose_a ? k : m).leading("ldb", ldb, transpose_b ? n : k).leading("ldc", ldc, m);
  *shape = {transpose_a,         transpose_b,           static_cast<int>(m),   static_cast<int>(n),
            static_cast<int>(k), static_cast<int>(lda), static_cast<int>(ldb), static_cast<int>(ldc)};
  return checks.status();
}

template <class T>
void run_gemm(const GemmShape& shape, T alpha, const T* a, const T* b, T beta, T* c) {
  const char transpose_a = shape.transpose_a ? 'T' : 'N';
  const char transpose_b = shape.transpose_b ? 'T' : 'N';
  Blas<T>::gemm(&transpose_a, &transpose_b, &shape.m, &shape.n, &shape.k, &alpha, a, &shape.lda, b, &shape.ldb, &beta,
                c, &shape.ldc);
}

template void run_gemm<float>(const GemmShape&, float, const float*, const float*, float, float*);
template void run_gemm<double>(const GemmShape&, double, const double*, const double*, double, double*);

namespace {

// Whether there is anything to compute at all.
bool empty(const GemmShape& shape) { return shape.m == 0 || shape.n == 0; }

cublasStatus_t check_pointers(const GemmShape& shape, const void* alpha, const void* a, const void* b, const void* beta,
                              const void* c) {
  Checks checks;
  checks.pointer("alpha", alpha).pointer("beta", beta);
  checks.pointer("A", a, shape.k != 0).pointer("B", b, shape.k != 0).pointer("C", c);
  return checks.status();
}

template <class T>
cublasStatus_t gemm(const char* function, cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
                    int64_t m, int64_t n, int64_t k, const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb,
                    const T* beta, T* c, int64_t ldc) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemmShape shape;
    cublasStatus_t status = check_gemm(transa, transb, m, n, k, lda, ldb, ldc, &shape);
    if (status != CUBLAS_STATUS_SUCCESS || empty(shape)) return status;
    if (status = check_pointers(shape, alpha, a, b, beta, c); status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    stream.enqueue([=] { run_gemm<T>(shape, scale.get(), a, b, keep.get(), c); });
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class T>
cublasStatus_t gemm_strided(const char* function, cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int64_t m, int64_t n, int64_t k, const T* alpha, const T* a,
                            int64_t lda, int64_t stride_a, const T* b, int64_t ldb, int64_t stride_b, const T* beta,
                            T* c, int64_t ldc, int64_t stride_c, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemmShape shape;
    cublasStatus_t status = check_gemm(transa, transb, m, n, k, lda, ldb, ldc, &shape);
    if (status == CUBLAS_STATUS_SUCCESS) status = Checks().size("batchCount", count).status();
    if (status != CUBLAS_STATUS_SUCCESS || empty(shape) || count == 0) return status;
    if (status = check_pointers(shape, alpha, a, b, beta, c); status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    stream.enqueue([=] {
      for (int64_t i = 0; i < count; ++i) {
        run_gemm<T>(shape, scale.get(), a + i * stride_a, b + i * stride_b, keep.get(), c + i * stride_c);
      }
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

// The arrays of pointers lie on the device and are read when the operation runs.
template <class T>
cublasStatus_t gemm_batched(const char* function, cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int64_t m, int64_t n, int64_t k, const T* alpha,
                            const T* const a[], int64_t lda, const T* const b[], int64_t ldb, const T* beta,
                            T* const c[], int64_t ldc, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemmShape shape;
    cublasStatus_t status = check_gemm(transa, transb, m, n, k, lda, ldb, ldc, &shape);
    if (status == CUBLAS_STATUS_SUCCESS) status = Checks().size("batchCount", count).status();
    if (status != CUBLAS_STATUS_SUCCESS || empty(shape) || count == 0) return status;
    if (status = check_pointers(shape, alpha, a, b, beta, c); status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    stream.enqueue([=] {
      for (int64_t i = 0; i < count; ++i) {
        const bool used = shape.k != 0;
        run_gemm<T>(shape, scale.get(), used ? a[i] : nullptr, used ? b[i] : nullptr, keep.get(), c[i]);
      }
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_GEMM(letter, T, suffix, Int)                                                                              \
  cublasStatus_t cublas##letter##gemm_v2##suffix(                                                                     \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k, const T* alpha, \
      const T* A, Int lda, const T* B, Int ldb, const T* beta, T* C, Int ldc) {                                       \
    CPU_COUNT_CALL();                                                                                                 \
    return gemm<T>(__func__, handle, transa, transb, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc);                   \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##gemmBatched##suffix(                                                                 \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k, const T* alpha, \
      const T* const Aarray[], Int lda, const T* const Barray[], Int ldb, const T* beta, T* const Carray[], Int ldc,  \
      Int batchCount) {                                                                                               \
    CPU_COUNT_CALL();                                                                                                 \
    return gemm_batched<T>(__func__, handle, transa, transb, m, n, k, alpha, Aarray, lda, Barray, ldb, beta, Carray,  \
                           ldc, batchCount);                                                                          \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##gemmStridedBatched##suffix(                                                          \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k, const T* alpha, \
      const T* A, Int lda, long long strideA, const T* B, Int ldb, long long strideB, const T* beta, T* C, Int ldc,   \
      long long strideC, Int batchCount) {                                                                            \
    CPU_COUNT_CALL();                                                                                                 \
    return gemm_strided<T>(__func__, handle, transa, transb, m, n, k, alpha, A, lda, strideA, B, ldb, strideB, beta,  \
                           C, ldc, strideC, batchCount);                                                              \
  }

CPU_GEMM(S, float, , int)
CPU_GEMM(S, float, _64, int64_t)
CPU_GEMM(D, double, , int)
CPU_GEMM(D, double, _64, int64_t)
