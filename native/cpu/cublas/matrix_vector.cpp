// Matrices and vectors (BLAS level 2): general, banded, symmetric, Hermitian and triangular matrices.
#include <cstdlib>

#include "cublas/blas.h"
#include "cublas/call.h"
#include "cublas/element.h"

namespace cpu::cublas {
namespace {

int narrow(int64_t value) { return static_cast<int>(value); }

// beta y for y = alpha A x + beta y: where beta is 0, y is not read, as it may hold NaN, which a multiplication would
// keep. Returns the factor that is left for BLAS.
template <class T>
T prepare_result(T beta, T* y, int64_t n, int64_t increment) {
  if (beta != T{0}) return beta;
  const int64_t step = std::abs(increment);
  for (int64_t i = 0; i < n; ++i) y[i * step] = T{0};
  return T{1};
}

// Checks of the vectors and matrices that several functions share.
Checks check_triangle(cublasFillMode_t uplo) {
  Checks checks;
  checks.one_of("uplo", uplo, CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER);
  return checks;
}

// How a symmetric or triangular matrix lies: in full, as a band of k diagonals, or one triangle without gaps.
enum class Storage { Full, Band, Packed };

void check_storage(Checks& checks, Storage storage, int64_t n, int64_t k, int64_t lda) {
  if (storage == Storage::Full) checks.leading("lda", lda, n);
  if (storage == Storage::Band) checks.size("k", k).leading("lda", lda, k + 1);
}

template <class T>
Extent storage_extent(Storage storage, const T* a, int64_t n, int64_t k, int64_t lda) {
  switch (storage) {
    case Storage::Full:
      return matrix_extent("A", a, n, n, lda);
    case Storage::Band:
      return matrix_extent("A", a, k + 1, n, lda);
    default:
      return packed_extent("AP", a, n);
  }
}

// ---- y = alpha op(A) x + beta y

struct GemvShape {
  char transpose;
  int m;
  int n;
  int lda;
  int incx;
  int incy;

  int length_x() const { return transpose == 'N' ? n : m; }
  int length_y() const { return transpose == 'N' ? m : n; }
};

cublasStatus_t check_gemv(cublasOperation_t trans, int64_t m, int64_t n, int64_t lda, int64_t incx, int64_t incy,
                          int64_t count, GemvShape* shape) {
  Checks checks;
  checks.operation("trans", trans).size("m", m).size("n", n).leading("lda", lda, m);
  checks.increment("incx", incx, false).increment("incy", incy, false).size("batchCount", count);
  *shape = {letter(trans), narrow(m), narrow(n), narrow(lda), narrow(incx), narrow(incy)};
  return checks.status();
}

template <class T>
void run_gemv(const GemvShape& shape, T alpha, const T* a, const T* x, T beta, T* y) {
  beta = prepare_result(beta, y, shape.length_y(), shape.incy);
  Blas<T>::gemv(&shape.transpose, &shape.m, &shape.n, &alpha, a, &shape.lda, x, &shape.incx, &beta, y, &shape.incy);
}

template <class T>
cublasStatus_t gemv_strided(const char* function, cublasHandle_t handle, cublasOperation_t trans, int64_t m, int64_t n,
                            const T* alpha, const T* a, int64_t lda, int64_t stride_a, const T* x, int64_t incx,
                            int64_t stride_x, const T* beta, T* y, int64_t incy, int64_t stride_y, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemvShape shape;
    cublasStatus_t status = check_gemv(trans, m, n, lda, incx, incy, count, &shape);
    if (status != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0 || count == 0) return status;
    status =
        Checks().pointer("alpha", alpha).pointer("beta", beta).pointer("A", a).pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    const int64_t width_x = std::abs(incx);
    const int64_t width_y = std::abs(incy);
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"), matrix_extent("A", a, m, n, lda, stride_a, count),
                   matrix_extent("x", x, 1, shape.length_x(), width_x, stride_x, count),
                   matrix_extent("y", y, 1, shape.length_y(), width_y, stride_y, count)},
                  [=] {
                    for (int64_t i = 0; i < count; ++i) {
                      run_gemv<T>(shape, scale.get(), a + i * stride_a, x + i * stride_x, keep.get(), y + i * stride_y);
                    }
                  });
  });
}

template <class T>
cublasStatus_t gemv_batched(const char* function, cublasHandle_t handle, cublasOperation_t trans, int64_t m, int64_t n,
                            const T* alpha, const T* const a[], int64_t lda, const T* const x[], int64_t incx,
                            const T* beta, T* const y[], int64_t incy, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemvShape shape;
    cublasStatus_t status = check_gemv(trans, m, n, lda, incx, incy, count, &shape);
    if (status != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0 || count == 0) return status;
    status = Checks()
                 .pointer("alpha", alpha)
                 .pointer("beta", beta)
                 .pointer("Aarray", a)
                 .pointer("xarray", x)
                 .pointer("yarray", y)
                 .status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"), vector_extent("Aarray", a, count, 1),
                   vector_extent("xarray", x, count, 1), vector_extent("yarray", y, count, 1)},
                  [=] {
                    for (int64_t i = 0; i < count; ++i) {
                      const Extent touched[] = {matrix_extent("a matrix of Aarray", a[i], m, n, lda),
                                                vector_extent("a vector of xarray", x[i], shape.length_x(), incx),
                                                vector_extent("a vector of yarray", y[i], shape.length_y(), incy)};
                      if (!accessible(function, touched)) return;
                      run_gemv<T>(shape, scale.get(), a[i], x[i], keep.get(), y[i]);
                    }
                  });
  });
}

// A band of kl diagonals below and ku above the main one.
template <class T>
cublasStatus_t gbmv(const char* function, cublasHandle_t handle, cublasOperation_t trans, int64_t m, int64_t n,
                    int64_t kl, int64_t ku, const T* alpha, const T* a, int64_t lda, const T* x, int64_t incx,
                    const T* beta, T* y, int64_t incy) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks;
    checks.operation("trans", trans).size("m", m).size("n", n).size("kl", kl).size("ku", ku);
    checks.leading("lda", lda, kl + ku + 1).increment("incx", incx, false).increment("incy", incy, false);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("beta", beta).pointer("A", a).pointer("x", x).pointer("y", y);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    const int64_t length_x = trans == CUBLAS_OP_N ? n : m;
    const int64_t length_y = trans == CUBLAS_OP_N ? m : n;
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"), matrix_extent("A", a, kl + ku + 1, n, lda),
                   vector_extent("x", x, length_x, incx), vector_extent("y", y, length_y, incy)},
                  [=, rows = narrow(m), columns = narrow(n), below = narrow(kl), above = narrow(ku),
                   leading = narrow(lda), step_x = narrow(incx), step_y = narrow(incy)] {
                    const char operation = letter(trans);
                    const T factor = scale.get();
                    const T old = prepare_result(keep.get(), y, length_y, incy);
                    Blas<T>::gbmv(&operation, &rows, &columns, &below, &above, &factor, a, &leading, x, &step_x, &old,
                                  y, &step_y);
                  });
  });
}

// Symmetric and Hermitian matrices of which one triangle is given.
template <class T, bool hermitian>
void run_symmetric(Storage storage, char triangle, int n, int k, T alpha, const T* a, int lda, const T* x, int incx,
                   T beta, T* y, int incy) {
  if constexpr (hermitian) {
    if (storage == Storage::Full) Blas<T>::hemv(&triangle, &n, &alpha, a, &lda, x, &incx, &beta, y, &incy);
    if (storage == Storage::Band) Blas<T>::hbmv(&triangle, &n, &k, &alpha, a, &lda, x, &incx, &beta, y, &incy);
    if (storage == Storage::Packed) Blas<T>::hpmv(&triangle, &n, &alpha, a, x, &incx, &beta, y, &incy);
  } else {
    if (storage == Storage::Full) Blas<T>::symv(&triangle, &n, &alpha, a, &lda, x, &incx, &beta, y, &incy);
    if constexpr (!is_complex<T>) {
      if (storage == Storage::Band) Blas<T>::sbmv(&triangle, &n, &k, &alpha, a, &lda, x, &incx, &beta, y, &incy);
      if (storage == Storage::Packed) Blas<T>::spmv(&triangle, &n, &alpha, a, x, &incx, &beta, y, &incy);
    }
  }
}

template <bool hermitian, class T>
cublasStatus_t symmetric_product(const char* function, cublasHandle_t handle, Storage storage, cublasFillMode_t uplo,
                                 int64_t n, int64_t k, const T* alpha, const T* a, int64_t lda, const T* x,
                                 int64_t incx, const T* beta, T* y, int64_t incy) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks = check_triangle(uplo);
    checks.size("n", n);
    check_storage(checks, storage, n, k, lda);
    checks.increment("incx", incx, false).increment("incy", incy, false);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("beta", beta).pointer("A", a).pointer("x", x).pointer("y", y);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"), storage_extent(storage, a, n, k, lda),
                   vector_extent("x", x, n, incx), vector_extent("y", y, n, incy)},
                  [=] {
                    const T old = prepare_result(keep.get(), y, n, incy);
                    run_symmetric<T, hermitian>(storage, letter(uplo), narrow(n), narrow(k), scale.get(), a,
                                                narrow(lda), x, narrow(incx), old, y, narrow(incy));
                  });
  });
}

// x = op(A) x or, where `solve` says so, the x of op(A) x = b. A is a triangle.
template <class T>
cublasStatus_t triangular(const char* function, cublasHandle_t handle, bool solve, Storage storage,
                          cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag, int64_t n, int64_t k,
                          const T* a, int64_t lda, T* x, int64_t incx) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    Checks checks = check_triangle(uplo);
    checks.operation("trans", trans).one_of("diag", diag, CUBLAS_DIAG_NON_UNIT, CUBLAS_DIAG_UNIT).size("n", n);
    check_storage(checks, storage, n, k, lda);
    checks.increment("incx", incx, false);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || n == 0) return checks.status();
    checks.pointer("A", a).pointer("x", x);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    return submit(stream, {storage_extent(storage, a, n, k, lda), vector_extent("x", x, n, incx)},
                  [=, size = narrow(n), diagonals = narrow(k), leading = narrow(lda), step = narrow(incx)] {
                    const char triangle = letter(uplo);
                    const char operation = letter(trans);
                    const char unit = letter(diag);
                    if (storage == Storage::Full) {
                      (solve ? Blas<T>::trsv : Blas<T>::trmv)(&triangle, &operation, &unit, &size, a, &leading, x,
                                                              &step);
                    } else if (storage == Storage::Band) {
                      (solve ? Blas<T>::tbsv : Blas<T>::tbmv)(&triangle, &operation, &unit, &size, &diagonals, a,
                                                              &leading, x, &step);
                    } else {
                      (solve ? Blas<T>::tpsv : Blas<T>::tpmv)(&triangle, &operation, &unit, &size, a, x, &step);
                    }
                  });
  });
}

// ---- updates of a matrix

// A = alpha x y^T + A, or with the conjugate of y.
template <class T>
cublasStatus_t ger(const char* function, cublasHandle_t handle, bool conjugated, int64_t m, int64_t n, const T* alpha,
                   const T* x, int64_t incx, const T* y, int64_t incy, T* a, int64_t lda) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks;
    checks.size("m", m).size("n", n).increment("incx", incx, false).increment("incy", incy, false);
    checks.leading("lda", lda, m);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("x", x).pointer("y", y).pointer("A", a);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const Scalar<T> scale(object, alpha);
    return submit(stream,
                  {scale.extent("alpha"), vector_extent("x", x, m, incx), vector_extent("y", y, n, incy),
                   matrix_extent("A", a, m, n, lda)},
                  [=, rows = narrow(m), columns = narrow(n), step_x = narrow(incx), step_y = narrow(incy),
                   leading = narrow(lda)] {
                    const T factor = scale.get();
                    if constexpr (!is_complex<T>) {
                      Blas<T>::ger(&rows, &columns, &factor, x, &step_x, y, &step_y, a, &leading);
                    } else {
                      (conjugated ? Blas<T>::gerc : Blas<T>::geru)(&rows, &columns, &factor, x, &step_x, y, &step_y, a,
                                                                   &leading);
                    }
                  });
  });
}

// One triangle of A = alpha x x^T + A, or alpha x x^H + A with a real alpha (S).
template <bool hermitian, class T, class S>
cublasStatus_t symmetric_update(const char* function, cublasHandle_t handle, Storage storage, cublasFillMode_t uplo,
                                int64_t n, const S* alpha, const T* x, int64_t incx, T* a, int64_t lda) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks = check_triangle(uplo);
    checks.size("n", n).increment("incx", incx, false);
    check_storage(checks, storage, n, 0, lda);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("x", x).pointer("A", a);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const Scalar<S> scale(object, alpha);
    return submit(stream,
                  {scale.extent("alpha"), vector_extent("x", x, n, incx), storage_extent(storage, a, n, 0, lda)},
                  [=, size = narrow(n), step = narrow(incx), leading = narrow(lda)] {
                    const char triangle = letter(uplo);
                    const S factor = scale.get();
                    if constexpr (hermitian) {
                      if (storage == Storage::Full) Blas<T>::her(&triangle, &size, &factor, x, &step, a, &leading);
                      if (storage == Storage::Packed) Blas<T>::hpr(&triangle, &size, &factor, x, &step, a);
                    } else {
                      if (storage == Storage::Full) Blas<T>::syr(&triangle, &size, &factor, x, &step, a, &leading);
                      if constexpr (!is_complex<T>) {
                        if (storage == Storage::Packed) Blas<T>::spr(&triangle, &size, &factor, x, &step, a);
                      }
                    }
                  });
  });
}

// A column at a time; OpenBLAS's own csyr2 and zsyr2 (0.3.21) go wrong with negative increments.
template <class T>
void run_complex_syr2(cublasFillMode_t uplo, int64_t n, T alpha, const T* x, int64_t incx, const T* y, int64_t incy,
                      T* a, int64_t lda) {
  if (alpha == T{0}) return;
  if (incx < 0) x -= (n - 1) * incx;
  if (incy < 0) y -= (n - 1) * incy;
  for (int64_t column = 0; column < n; ++column) {
    const T from_y = alpha * y[column * incy];
    const T from_x = alpha * x[column * incx];
    const int64_t first = uplo == CUBLAS_FILL_MODE_LOWER ? column : 0;
    const int64_t end = uplo == CUBLAS_FILL_MODE_LOWER ? n : column + 1;
    for (int64_t row = first; row < end; ++row) {
      a[row + column * lda] += x[row * incx] * from_y + y[row * incy] * from_x;
    }
  }
}

// One triangle of A = alpha x y^T + alpha y x^T + A, or alpha x y^H + conj(alpha) y x^H + A.
template <bool hermitian, class T>
cublasStatus_t symmetric_update_2(const char* function, cublasHandle_t handle, Storage storage, cublasFillMode_t uplo,
                                  int64_t n, const T* alpha, const T* x, int64_t incx, const T* y, int64_t incy, T* a,
                                  int64_t lda) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks = check_triangle(uplo);
    checks.size("n", n).increment("incx", incx, false).increment("incy", incy, false);
    check_storage(checks, storage, n, 0, lda);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("x", x).pointer("y", y).pointer("A", a);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const Scalar<T> scale(object, alpha);
    return submit(stream,
                  {scale.extent("alpha"), vector_extent("x", x, n, incx), vector_extent("y", y, n, incy),
                   storage_extent(storage, a, n, 0, lda)},
                  [=, size = narrow(n), step_x = narrow(incx), step_y = narrow(incy), leading = narrow(lda)] {
                    const char triangle = letter(uplo);
                    const T factor = scale.get();
                    if constexpr (hermitian) {
                      if (storage == Storage::Full) {
                        Blas<T>::her2(&triangle, &size, &factor, x, &step_x, y, &step_y, a, &leading);
                      } else {
                        Blas<T>::hpr2(&triangle, &size, &factor, x, &step_x, y, &step_y, a);
                      }
                    } else if constexpr (is_complex<T>) {
                      run_complex_syr2(uplo, n, factor, x, incx, y, incy, a, lda);
                    } else if (storage == Storage::Full) {
                      Blas<T>::syr2(&triangle, &size, &factor, x, &step_x, y, &step_y, a, &leading);
                    } else {
                      Blas<T>::spr2(&triangle, &size, &factor, x, &step_x, y, &step_y, a);
                    }
                  });
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_GENERAL(letter, T, suffix, Int)                                                                            \
  cublasStatus_t cublas##letter##gemv_v2##suffix(cublasHandle_t handle, cublasOperation_t trans, Int m, Int n,         \
                                                 const T* alpha, const T* A, Int lda, const T* x, Int incx,            \
                                                 const T* beta, T* y, Int incy) {                                      \
    CPU_COUNT_CALL();                                                                                                  \
    return gemv_strided(__func__, handle, trans, m, n, native(alpha), native(A), lda, 0, native(x), incx, 0,           \
                        native(beta), native(y), incy, 0, 1);                                                          \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##gemvStridedBatched##suffix(                                                           \
      cublasHandle_t handle, cublasOperation_t trans, Int m, Int n, const T* alpha, const T* A, Int lda,               \
      long long strideA, const T* x, Int incx, long long stridex, const T* beta, T* y, Int incy, long long stridey,    \
      Int batchCount) {                                                                                                \
    CPU_COUNT_CALL();                                                                                                  \
    return gemv_strided(__func__, handle, trans, m, n, native(alpha), native(A), lda, strideA, native(x), incx,        \
                        stridex, native(beta), native(y), incy, stridey, batchCount);                                  \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##gemvBatched##suffix(                                                                  \
      cublasHandle_t handle, cublasOperation_t trans, Int m, Int n, const T* alpha, const T* const Aarray[], Int lda,  \
      const T* const xarray[], Int incx, const T* beta, T* const yarray[], Int incy, Int batchCount) {                 \
    CPU_COUNT_CALL();                                                                                                  \
    return gemv_batched(__func__, handle, trans, m, n, native(alpha), native(Aarray), lda, native(xarray), incx,       \
                        native(beta), native(yarray), incy, batchCount);                                               \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##gbmv_v2##suffix(cublasHandle_t handle, cublasOperation_t trans, Int m, Int n, Int kl, \
                                                 Int ku, const T* alpha, const T* A, Int lda, const T* x, Int incx,    \
                                                 const T* beta, T* y, Int incy) {                                      \
    CPU_COUNT_CALL();                                                                                                  \
    return gbmv(__func__, handle, trans, m, n, kl, ku, native(alpha), native(A), lda, native(x), incx, native(beta),   \
                native(y), incy);                                                                                      \
  }
CPU_FOR_ALL_TYPES(CPU_GENERAL)

#define CPU_FULL_PRODUCT(name, T, suffix, Int, hermitian)                                                              \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo, Int n, const T* alpha,        \
                                           const T* A, Int lda, const T* x, Int incx, const T* beta, T* y, Int incy) { \
    CPU_COUNT_CALL();                                                                                                  \
    return symmetric_product<hermitian>(__func__, handle, Storage::Full, uplo, n, 0, native(alpha), native(A), lda,    \
                                        native(x), incx, native(beta), native(y), incy);                               \
  }
#define CPU_BAND_PRODUCT(name, T, suffix, Int, hermitian)                                                              \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo, Int n, Int k, const T* alpha, \
                                           const T* A, Int lda, const T* x, Int incx, const T* beta, T* y, Int incy) { \
    CPU_COUNT_CALL();                                                                                                  \
    return symmetric_product<hermitian>(__func__, handle, Storage::Band, uplo, n, k, native(alpha), native(A), lda,    \
                                        native(x), incx, native(beta), native(y), incy);                               \
  }
#define CPU_PACKED_PRODUCT(name, T, suffix, Int, hermitian)                                                          \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo, Int n, const T* alpha,      \
                                           const T* AP, const T* x, Int incx, const T* beta, T* y, Int incy) {       \
    CPU_COUNT_CALL();                                                                                                \
    return symmetric_product<hermitian>(__func__, handle, Storage::Packed, uplo, n, 0, native(alpha), native(AP), 0, \
                                        native(x), incx, native(beta), native(y), incy);                             \
  }
#define CPU_SYMV(letter, T, suffix, Int) CPU_FULL_PRODUCT(letter##symv, T, suffix, Int, false)
#define CPU_SBMV_SPMV(letter, T, suffix, Int)           \
  CPU_BAND_PRODUCT(letter##sbmv, T, suffix, Int, false) \
  CPU_PACKED_PRODUCT(letter##spmv, T, suffix, Int, false)
#define CPU_HERMITIAN_PRODUCTS(letter, T, suffix, Int) \
  CPU_FULL_PRODUCT(letter##hemv, T, suffix, Int, true) \
  CPU_BAND_PRODUCT(letter##hbmv, T, suffix, Int, true) \
  CPU_PACKED_PRODUCT(letter##hpmv, T, suffix, Int, true)
CPU_FOR_ALL_TYPES(CPU_SYMV)
CPU_FOR_REAL_TYPES(CPU_SBMV_SPMV)
CPU_FOR_COMPLEX_TYPES(CPU_HERMITIAN_PRODUCTS)

#define CPU_TRIANGLE(letter, T, suffix, Int, operation, solve)                                                     \
  cublasStatus_t cublas##letter##tr##operation##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo,          \
                                                            cublasOperation_t trans, cublasDiagType_t diag, Int n, \
                                                            const T* A, Int lda, T* x, Int incx) {                 \
    CPU_COUNT_CALL();                                                                                              \
    return triangular(__func__, handle, solve, Storage::Full, uplo, trans, diag, n, 0, native(A), lda, native(x),  \
                      incx);                                                                                       \
  }                                                                                                                \
  cublasStatus_t cublas##letter##tb##operation##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo,          \
                                                            cublasOperation_t trans, cublasDiagType_t diag, Int n, \
                                                            Int k, const T* A, Int lda, T* x, Int incx) {          \
    CPU_COUNT_CALL();                                                                                              \
    return triangular(__func__, handle, solve, Storage::Band, uplo, trans, diag, n, k, native(A), lda, native(x),  \
                      incx);                                                                                       \
  }                                                                                                                \
  cublasStatus_t cublas##letter##tp##operation##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo,          \
                                                            cublasOperation_t trans, cublasDiagType_t diag, Int n, \
                                                            const T* AP, T* x, Int incx) {                         \
    CPU_COUNT_CALL();                                                                                              \
    return triangular(__func__, handle, solve, Storage::Packed, uplo, trans, diag, n, 0, native(AP), 0, native(x), \
                      incx);                                                                                       \
  }
#define CPU_TRIANGLES(letter, T, suffix, Int)     \
  CPU_TRIANGLE(letter, T, suffix, Int, mv, false) \
  CPU_TRIANGLE(letter, T, suffix, Int, sv, true)
CPU_FOR_ALL_TYPES(CPU_TRIANGLES)

#define CPU_GER(name, T, suffix, Int, conjugated)                                                                     \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, Int m, Int n, const T* alpha, const T* x, Int incx, \
                                           const T* y, Int incy, T* A, Int lda) {                                     \
    CPU_COUNT_CALL();                                                                                                 \
    return ger(__func__, handle, conjugated, m, n, native(alpha), native(x), incx, native(y), incy, native(A), lda);  \
  }
#define CPU_REAL_GER(letter, T, suffix, Int) CPU_GER(letter##ger, T, suffix, Int, false)
#define CPU_COMPLEX_GER(letter, T, suffix, Int) \
  CPU_GER(letter##geru, T, suffix, Int, false)  \
  CPU_GER(letter##gerc, T, suffix, Int, true)
CPU_FOR_REAL_TYPES(CPU_REAL_GER)
CPU_FOR_COMPLEX_TYPES(CPU_COMPLEX_GER)

#define CPU_FULL_UPDATE(name, T, S, suffix, Int, hermitian)                                                      \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo, Int n, const S* alpha,  \
                                           const T* x, Int incx, T* A, Int lda) {                                \
    CPU_COUNT_CALL();                                                                                            \
    return symmetric_update<hermitian>(__func__, handle, Storage::Full, uplo, n, native(alpha), native(x), incx, \
                                       native(A), lda);                                                          \
  }
#define CPU_PACKED_UPDATE(name, T, S, suffix, Int, hermitian)                                                      \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo, Int n, const S* alpha,    \
                                           const T* x, Int incx, T* AP) {                                          \
    CPU_COUNT_CALL();                                                                                              \
    return symmetric_update<hermitian>(__func__, handle, Storage::Packed, uplo, n, native(alpha), native(x), incx, \
                                       native(AP), 0);                                                             \
  }
#define CPU_FULL_UPDATE_2(name, T, suffix, Int, hermitian)                                                         \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo, Int n, const T* alpha,    \
                                           const T* x, Int incx, const T* y, Int incy, T* A, Int lda) {            \
    CPU_COUNT_CALL();                                                                                              \
    return symmetric_update_2<hermitian>(__func__, handle, Storage::Full, uplo, n, native(alpha), native(x), incx, \
                                         native(y), incy, native(A), lda);                                         \
  }
#define CPU_PACKED_UPDATE_2(name, T, suffix, Int, hermitian)                                                         \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo, Int n, const T* alpha,      \
                                           const T* x, Int incx, const T* y, Int incy, T* AP) {                      \
    CPU_COUNT_CALL();                                                                                                \
    return symmetric_update_2<hermitian>(__func__, handle, Storage::Packed, uplo, n, native(alpha), native(x), incx, \
                                         native(y), incy, native(AP), 0);                                            \
  }
#define CPU_SYR(letter, T, suffix, Int)                  \
  CPU_FULL_UPDATE(letter##syr, T, T, suffix, Int, false) \
  CPU_FULL_UPDATE_2(letter##syr2, T, suffix, Int, false)
#define CPU_SPR(letter, T, suffix, Int)                    \
  CPU_PACKED_UPDATE(letter##spr, T, T, suffix, Int, false) \
  CPU_PACKED_UPDATE_2(letter##spr2, T, suffix, Int, false)
#define CPU_HER(letter, T, S, suffix, Int)                \
  CPU_FULL_UPDATE(letter##her, T, S, suffix, Int, true)   \
  CPU_PACKED_UPDATE(letter##hpr, T, S, suffix, Int, true) \
  CPU_FULL_UPDATE_2(letter##her2, T, suffix, Int, true)   \
  CPU_PACKED_UPDATE_2(letter##hpr2, T, suffix, Int, true)
CPU_FOR_ALL_TYPES(CPU_SYR)
CPU_FOR_REAL_TYPES(CPU_SPR)
CPU_HER(C, cuComplex, float, , int)
CPU_HER(C, cuComplex, float, _64, int64_t)
CPU_HER(Z, cuDoubleComplex, double, , int)
CPU_HER(Z, cuDoubleComplex, double, _64, int64_t)
