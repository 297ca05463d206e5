// Matrices and vectors (BLAS level 2).
#include <cstdlib>

#include "cublas/blas.h"
#include "cublas/call.h"

namespace cpu::cublas {
namespace {

struct GemvShape {
  char transpose;
  int m;
  int n;
  int lda;
  int incx;
  int incy;
};

cublasStatus_t check_gemv(cublasOperation_t trans, int64_t m, int64_t n, const void* alpha, int64_t lda, int64_t incx,
                          const void* beta, int64_t incy, GemvShape* shape) {
  Checks checks;
  checks.operation("trans", trans).size("m", m).size("n", n).leading("lda", lda, m);
  checks.increment("incx", incx, false).increment("incy", incy, false).pointer("alpha", alpha).pointer("beta", beta);
  *shape = {trans == CUBLAS_OP_N ? 'N' : 'T', static_cast<int>(m),   static_cast<int>(n), static_cast<int>(lda),
            static_cast<int>(incx),           static_cast<int>(incy)};
  return checks.status();
}

// y = alpha op(A) x + beta y. Where beta is 0, y is not read: it may hold NaN, which a multiplication would keep.
template <class T>
void run_gemv(const GemvShape& shape, T alpha, const T* a, const T* x, T beta, T* y) {
  if (beta == T{0}) {
    const int length = shape.transpose == 'N' ? shape.m : shape.n;
    const int64_t step = std::abs(shape.incy);
    for (int64_t i = 0; i < length; ++i) y[i * step] = T{0};
    beta = T{1};
  }
  Blas<T>::gemv(&shape.transpose, &shape.m, &shape.n, &alpha, a, &shape.lda, x, &shape.incx, &beta, y, &shape.incy);
}

template <class T>
cublasStatus_t gemv_strided(const char* function, cublasHandle_t handle, cublasOperation_t trans, int64_t m, int64_t n,
                            const T* alpha, const T* a, int64_t lda, int64_t stride_a, const T* x, int64_t incx,
                            int64_t stride_x, const T* beta, T* y, int64_t incy, int64_t stride_y, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemvShape shape;
    cublasStatus_t status = check_gemv(trans, m, n, alpha, lda, incx, beta, incy, &shape);
    if (status == CUBLAS_STATUS_SUCCESS) status = Checks().size("batchCount", count).status();
    if (status != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0 || count == 0) return status;
    status = Checks().pointer("A", a).pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    stream.enqueue([=, scale = Scalar<T>(object, alpha), keep = Scalar<T>(object, beta)] {
      for (int64_t i = 0; i < count; ++i) {
        run_gemv<T>(shape, scale.get(), a + i * stride_a, x + i * stride_x, keep.get(), y + i * stride_y);
      }
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class T>
cublasStatus_t gemv_batched(const char* function, cublasHandle_t handle, cublasOperation_t trans, int64_t m, int64_t n,
                            const T* alpha, const T* const a[], int64_t lda, const T* const x[], int64_t incx,
                            const T* beta, T* const y[], int64_t incy, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemvShape shape;
    cublasStatus_t status = check_gemv(trans, m, n, alpha, lda, incx, beta, incy, &shape);
    if (status == CUBLAS_STATUS_SUCCESS) status = Checks().size("batchCount", count).status();
    if (status != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0 || count == 0) return status;
    status = Checks().pointer("Aarray", a).pointer("xarray", x).pointer("yarray", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    stream.enqueue([=, scale = Scalar<T>(object, alpha), keep = Scalar<T>(object, beta)] {
      for (int64_t i = 0; i < count; ++i) run_gemv<T>(shape, scale.get(), a[i], x[i], keep.get(), y[i]);
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class T>
cublasStatus_t ger(const char* function, cublasHandle_t handle, int64_t m, int64_t n, const T* alpha, const T* x,
                   int64_t incx, const T* y, int64_t incy, T* a, int64_t lda) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks;
    checks.size("m", m).size("n", n).increment("incx", incx, false).increment("incy", incy, false);
    checks.leading("lda", lda, m).pointer("alpha", alpha);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0) return checks.status();
    checks.pointer("x", x).pointer("y", y).pointer("A", a);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    stream.enqueue([=, scale = Scalar<T>(object, alpha), rows = static_cast<int>(m), columns = static_cast<int>(n),
                    step_x = static_cast<int>(incx), step_y = static_cast<int>(incy), leading = static_cast<int>(lda)] {
      const T factor = scale.get();
      Blas<T>::ger(&rows, &columns, &factor, x, &step_x, y, &step_y, a, &leading);
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_MATRIX_VECTOR(letter, T, suffix, Int)                                                                     \
  cublasStatus_t cublas##letter##gemv_v2##suffix(cublasHandle_t handle, cublasOperation_t trans, Int m, Int n,        \
                                                 const T* alpha, const T* A, Int lda, const T* x, Int incx,           \
                                                 const T* beta, T* y, Int incy) {                                     \
    CPU_COUNT_CALL();                                                                                                 \
    return gemv_strided<T>(__func__, handle, trans, m, n, alpha, A, lda, 0, x, incx, 0, beta, y, incy, 0, 1);         \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##gemvStridedBatched##suffix(                                                          \
      cublasHandle_t handle, cublasOperation_t trans, Int m, Int n, const T* alpha, const T* A, Int lda,              \
      long long strideA, const T* x, Int incx, long long stridex, const T* beta, T* y, Int incy, long long stridey,   \
      Int batchCount) {                                                                                               \
    CPU_COUNT_CALL();                                                                                                 \
    return gemv_strided<T>(__func__, handle, trans, m, n, alpha, A, lda, strideA, x, incx, stridex, beta, y, incy,    \
                           stridey, batchCount);                                                                      \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##gemvBatched##suffix(                                                                 \
      cublasHandle_t handle, cublasOperation_t trans, Int m, Int n, const T* alpha, const T* const Aarray[], Int lda, \
      const T* const xarray[], Int incx, const T* beta, T* const yarray[], Int incy, Int batchCount) {                \
    CPU_COUNT_CALL();                                                                                                 \
    return gemv_batched<T>(__func__, handle, trans, m, n, alpha, Aarray, lda, xarray, incx, beta, yarray, incy,       \
                           batchCount);                                                                               \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##ger_v2##suffix(cublasHandle_t handle, Int m, Int n, const T* alpha, const T* x,      \
                                                Int incx, const T* y, Int incy, T* A, Int lda) {                      \
    CPU_COUNT_CALL();                                                                                                 \
    return ger<T>(__func__, handle, m, n, alpha, x, incx, y, incy, A, lda);                                           \
  }

CPU_MATRIX_VECTOR(S, float, , int)
CPU_MATRIX_VECTOR(S, float, _64, int64_t)
CPU_MATRIX_VECTOR(D, double, , int)
CPU_MATRIX_VECTOR(D, double, _64, int64_t)
