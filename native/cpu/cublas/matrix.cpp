// Matrices with themselves, symmetric matrices, triangles and sums (BLAS level 3 beyond the product, and cuBLAS's own
// additions).
#include <algorithm>

#include "cublas/blas.h"
#include "cublas/call.h"
#include "cublas/element.h"
#include "cublas/gemm.h"
#include "engine/compute_scratch.h"

namespace cpu::cublas {
namespace {

int narrow(int64_t value) { return static_cast<int>(value); }

// ---- rank-k updates: one triangle of C

struct UpdateShape {
  cublasFillMode_t uplo;
  cublasOperation_t trans;
  int n;
  int k;
  int lda;
  int ldb;
  int ldc;

  // op(A) and op(B) are n x k.
  int rows() const { return trans == CUBLAS_OP_N ? n : k; }
  int columns() const { return trans == CUBLAS_OP_N ? k : n; }
};

// A complex symmetric update knows no conjugate transpose, a Hermitian one no plain transpose.
template <bool hermitian, class T>
cublasStatus_t check_update(cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k, int64_t lda,
                            int64_t ldb, int64_t ldc, UpdateShape* shape) {
  Checks checks;
  checks.one_of("uplo", uplo, CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER).operation("trans", trans);
  if (checks.status() == CUBLAS_STATUS_SUCCESS && is_complex<T> && trans != CUBLAS_OP_N &&
      trans != (hermitian ? CUBLAS_OP_C : CUBLAS_OP_T)) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, hermitian ? "trans is CUBLAS_OP_T; a Hermitian update takes N or C"
                                                       : "trans is CUBLAS_OP_C; a symmetric update takes N or T");
  }
  const int64_t rows = trans == CUBLAS_OP_N ? n : k;
  checks.size("n", n).size("k", k).leading("lda", lda, rows).leading("ldb", ldb, rows).leading("ldc", ldc, n);
  *shape = {uplo, trans, narrow(n), narrow(k), narrow(lda), narrow(ldb), narrow(ldc)};
  return checks.status();
}

cublasStatus_t check_update_pointers(int64_t k, const void* alpha, const void* a, const void* b, const void* beta,
                                     const void* c) {
  Checks checks;
  checks.pointer("alpha", alpha).pointer("beta", beta);
  checks.pointer("A", a, k != 0).pointer("B", b, k != 0).pointer("C", c);
  return checks.status();
}

// C = alpha op(A) op(A)^T + beta C, or with the conjugate transpose. S: the type of the factors.
template <bool hermitian, class T, class S>
cublasStatus_t syrk(const char* function, cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans,
                    int64_t n, int64_t k, const S* alpha, const T* a, int64_t lda, const S* beta, T* c, int64_t ldc) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    UpdateShape shape;
    cublasStatus_t status = check_update<hermitian, T>(uplo, trans, n, k, lda, lda, ldc, &shape);
    if (status != CUBLAS_STATUS_SUCCESS || n == 0) return status;
    status = check_update_pointers(k, alpha, a, a, beta, c);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<S> scale(object, alpha);
    const Scalar<S> keep(object, beta);
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"),
                   matrix_extent("A", a, shape.rows(), shape.columns(), lda), matrix_extent("C", c, n, n, ldc)},
                  [=] {
                    const char triangle = letter(uplo);
                    const char operation = letter(trans);
                    const S factor = scale.get();
                    const S old = keep.get();
                    const auto update = [&] {
                      if constexpr (hermitian) {
                        return Blas<T>::herk;
                      } else {
                        return Blas<T>::syrk;
                      }
                    }();
                    update(&triangle, &operation, &shape.n, &shape.k, &factor, a, &shape.lda, &old, c, &shape.ldc);
                  });
  });
}

// C = alpha op(A) op(B)^T + alpha op(B) op(A)^T + beta C, or alpha op(A) op(B)^H + conj(alpha) op(B) op(A)^H + beta C.
template <bool hermitian, class T, class S>
cublasStatus_t syr2k(const char* function, cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans,
                     int64_t n, int64_t k, const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb,
                     const S* beta, T* c, int64_t ldc) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    UpdateShape shape;
    cublasStatus_t status = check_update<hermitian, T>(uplo, trans, n, k, lda, ldb, ldc, &shape);
    if (status != CUBLAS_STATUS_SUCCESS || n == 0) return status;
    status = check_update_pointers(k, alpha, a, b, beta, c);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<S> keep(object, beta);
    return submit(
        stream,
        {scale.extent("alpha"), keep.extent("beta"), matrix_extent("A", a, shape.rows(), shape.columns(), lda),
         matrix_extent("B", b, shape.rows(), shape.columns(), ldb), matrix_extent("C", c, n, n, ldc)},
        [=] {
          const char triangle = letter(uplo);
          const char operation = letter(trans);
          const T factor = scale.get();
          const S old = keep.get();
          const auto update = [&] {
            if constexpr (hermitian) {
              return Blas<T>::her2k;
            } else {
              return Blas<T>::syr2k;
            }
          }();
          update(&triangle, &operation, &shape.n, &shape.k, &factor, a, &shape.lda, b, &shape.ldb, &old, c, &shape.ldc);
        });
  });
}

// C = alpha op(A) op(B)^T + beta C for operands whose product the caller knows to be symmetric; with the conjugate
// transpose, C's diagonal becomes real. The whole product is formed aside, then one triangle of it is taken.
template <bool hermitian, class T, class S>
cublasStatus_t syrkx(const char* function, cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans,
                     int64_t n, int64_t k, const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb,
                     const S* beta, T* c, int64_t ldc) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    UpdateShape shape;
    cublasStatus_t status = check_update<hermitian, T>(uplo, trans, n, k, lda, ldb, ldc, &shape);
    if (status != CUBLAS_STATUS_SUCCESS || n == 0) return status;
    status = check_update_pointers(k, alpha, a, b, beta, c);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<S> keep(object, beta);
    return submit(
        stream,
        {scale.extent("alpha"), keep.extent("beta"), matrix_extent("A", a, shape.rows(), shape.columns(), lda),
         matrix_extent("B", b, shape.rows(), shape.columns(), ldb), matrix_extent("C", c, n, n, ldc)},
        [=] {
          compute::Scratch scratch;
          T* product = scratch.take<T>(n * n);
          const cublasOperation_t turned = hermitian ? CUBLAS_OP_C : CUBLAS_OP_T;
          const bool plain = trans == CUBLAS_OP_N;
          run_gemm<T>({plain ? CUBLAS_OP_N : turned, plain ? turned : CUBLAS_OP_N, shape.n, shape.n, shape.k, shape.lda,
                       shape.ldb, shape.n},
                      scale.get(), a, b, T{0}, product);
          const S old = keep.get();
          for (int64_t column = 0; column < n; ++column) {
            const bool lower = uplo == CUBLAS_FILL_MODE_LOWER;
            for (int64_t row = lower ? column : 0; row < (lower ? n : column + 1); ++row) {
              T& target = c[row + column * ldc];
              const T computed = product[row + column * n];
              target = old == S{0} ? computed : computed + old * target;
              if constexpr (hermitian) {
                if (row == column) target = target.real();
              }
            }
          }
        });
  });
}

// C = alpha A B + beta C or alpha B A + beta C, A symmetric or Hermitian with one triangle given.
template <bool hermitian, class T>
cublasStatus_t symm(const char* function, cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo,
                    int64_t m, int64_t n, const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb,
                    const T* beta, T* c, int64_t ldc) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks;
    checks.one_of("side", side, CUBLAS_SIDE_LEFT, CUBLAS_SIDE_RIGHT);
    checks.one_of("uplo", uplo, CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER).size("m", m).size("n", n);
    const int64_t order = side == CUBLAS_SIDE_LEFT ? m : n;
    checks.leading("lda", lda, order).leading("ldb", ldb, m).leading("ldc", ldc, m);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("beta", beta).pointer("A", a).pointer("B", b).pointer("C", c);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"), matrix_extent("A", a, order, order, lda),
                   matrix_extent("B", b, m, n, ldb), matrix_extent("C", c, m, n, ldc)},
                  [=, rows = narrow(m), columns = narrow(n), leading_a = narrow(lda), leading_b = narrow(ldb),
                   leading_c = narrow(ldc)] {
                    const char place = letter(side);
                    const char triangle = letter(uplo);
                    const T factor = scale.get();
                    const T old = keep.get();
                    const auto multiply = [&] {
                      if constexpr (hermitian) {
                        return Blas<T>::hemm;
                      } else {
                        return Blas<T>::symm;
                      }
                    }();
                    multiply(&place, &triangle, &rows, &columns, &factor, a, &leading_a, b, &leading_b, &old, c,
                             &leading_c);
                  });
  });
}

// ---- triangles

Checks check_triangle(cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
                      int64_t m, int64_t n, int64_t lda, int64_t ldb) {
  Checks checks;
  checks.one_of("side", side, CUBLAS_SIDE_LEFT, CUBLAS_SIDE_RIGHT);
  checks.one_of("uplo", uplo, CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER).operation("trans", trans);
  checks.one_of("diag", diag, CUBLAS_DIAG_NON_UNIT, CUBLAS_DIAG_UNIT).size("m", m).size("n", n);
  checks.leading("lda", lda, side == CUBLAS_SIDE_LEFT ? m : n).leading("ldb", ldb, m);
  return checks;
}

// One solution of op(A) X = alpha B or X op(A) = alpha B; X takes B's place.
template <class T>
struct TriangularSolve {
  cublasSideMode_t side;
  cublasFillMode_t uplo;
  cublasOperation_t trans;
  cublasDiagType_t diag;
  int m;
  int n;
  int lda;
  int ldb;

  int order() const { return side == CUBLAS_SIDE_LEFT ? m : n; }
  void run(T alpha, const T* a, T* b) const {
    const char modes[] = {letter(side), letter(uplo), letter(trans), letter(diag)};
    Blas<T>::trsm(&modes[0], &modes[1], &modes[2], &modes[3], &m, &n, &alpha, a, &lda, b, &ldb);
  }
};

template <class T>
cublasStatus_t trsm(const char* function, cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo,
                    cublasOperation_t trans, cublasDiagType_t diag, int64_t m, int64_t n, const T* alpha, const T* a,
                    int64_t lda, T* b, int64_t ldb) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks = check_triangle(side, uplo, trans, diag, m, n, lda, ldb);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("A", a).pointer("B", b);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const TriangularSolve<T> solve{side, uplo, trans, diag, narrow(m), narrow(n), narrow(lda), narrow(ldb)};
    const Scalar<T> scale(object, alpha);
    return submit(stream,
                  {scale.extent("alpha"), matrix_extent("A", a, solve.order(), solve.order(), lda),
                   matrix_extent("B", b, m, n, ldb)},
                  [=] { solve.run(scale.get(), a, b); });
  });
}

template <class T>
cublasStatus_t trsm_batched(const char* function, cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo,
                            cublasOperation_t trans, cublasDiagType_t diag, int64_t m, int64_t n, const T* alpha,
                            const T* const a[], int64_t lda, T* const b[], int64_t ldb, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks = check_triangle(side, uplo, trans, diag, m, n, lda, ldb);
    checks.size("batchCount", count);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0 || count == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("A", a).pointer("B", b);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const TriangularSolve<T> solve{side, uplo, trans, diag, narrow(m), narrow(n), narrow(lda), narrow(ldb)};
    const Scalar<T> scale(object, alpha);
    return submit(stream, {scale.extent("alpha"), vector_extent("A", a, count, 1), vector_extent("B", b, count, 1)},
                  [=] {
                    for (int64_t i = 0; i < count; ++i) {
                      const Extent touched[] = {matrix_extent("a matrix of A", a[i], solve.order(), solve.order(), lda),
                                                matrix_extent("a matrix of B", b[i], m, n, ldb)};
                      if (!accessible(function, touched)) return;
                      solve.run(scale.get(), a[i], b[i]);
                    }
                  });
  });
}

// C = alpha op(A) B or alpha B op(A) for a triangle A. Unlike the reference BLAS, C may be another matrix than B.
template <class T>
cublasStatus_t trmm(const char* function, cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo,
                    cublasOperation_t trans, cublasDiagType_t diag, int64_t m, int64_t n, const T* alpha, const T* a,
                    int64_t lda, const T* b, int64_t ldb, T* c, int64_t ldc) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks = check_triangle(side, uplo, trans, diag, m, n, lda, ldb);
    checks.leading("ldc", ldc, m);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("A", a).pointer("B", b).pointer("C", c);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    if (b == c && ldb != ldc) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "C is also B, which then must have the same leading dimension");
    }
    const int64_t order = side == CUBLAS_SIDE_LEFT ? m : n;
    const Scalar<T> scale(object, alpha);
    return submit(stream,
                  {scale.extent("alpha"), matrix_extent("A", a, order, order, lda), matrix_extent("B", b, m, n, ldb),
                   matrix_extent("C", c, m, n, ldc)},
                  [=, rows = narrow(m), columns = narrow(n), leading_a = narrow(lda), leading_c = narrow(ldc)] {
                    for (int64_t column = 0; column < n && b != c; ++column) {
                      std::copy_n(b + column * ldb, m, c + column * ldc);
                    }
                    const char modes[] = {letter(side), letter(uplo), letter(trans), letter(diag)};
                    const T factor = scale.get();
                    Blas<T>::trmm(&modes[0], &modes[1], &modes[2], &modes[3], &rows, &columns, &factor, a, &leading_a,
                                  c, &leading_c);
                  });
  });
}

// A triangle between the full layout and the packed one, in which its columns follow each other without gaps.
template <class T>
cublasStatus_t repack(const char* function, cublasHandle_t handle, cublasFillMode_t uplo, int64_t n, T* full,
                      int64_t lda, T* packed, bool pack) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    Checks checks;
    checks.one_of("uplo", uplo, CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER).size("n", n).leading("lda", lda, n);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || n == 0) return checks.status();
    checks.pointer("A", full).pointer("AP", packed);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    return submit(stream, {matrix_extent("A", full, n, n, lda), packed_extent("AP", packed, n)}, [=] {
      T* next = packed;
      for (int64_t column = 0; column < n; ++column) {
        const bool lower = uplo == CUBLAS_FILL_MODE_LOWER;
        T* first = full + column * lda + (lower ? column : 0);
        const int64_t length = lower ? n - column : column + 1;
        if (pack) {
          std::copy_n(first, length, next);
        } else {
          std::copy_n(next, length, first);
        }
        next += length;
      }
    });
  });
}

// ---- cuBLAS's own additions

template <class T>
T element(const T* matrix, cublasOperation_t operation, int64_t leading, int64_t row, int64_t column) {
  if (operation == CUBLAS_OP_N) return matrix[row + column * leading];
  const T& value = matrix[column + row * leading];
  return operation == CUBLAS_OP_C ? conjugate(value) : value;
}

// C = alpha op(A) + beta op(B). A scalar of 0 leaves its matrix unread; C may be A or B where that one is not
// transposed.
template <class T>
cublasStatus_t geam(const char* function, cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
                    int64_t m, int64_t n, const T* alpha, const T* a, int64_t lda, const T* beta, const T* b,
                    int64_t ldb, T* c, int64_t ldc) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Checks checks;
    checks.operation("transa", transa).operation("transb", transb).size("m", m).size("n", n);
    checks.leading("lda", lda, transa == CUBLAS_OP_N ? m : n).leading("ldb", ldb, transb == CUBLAS_OP_N ? m : n);
    checks.leading("ldc", ldc, m);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0) return checks.status();
    checks.pointer("alpha", alpha).pointer("beta", beta).pointer("C", c);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const bool in_place_a = c == a;
    const bool in_place_b = c == b;
    if ((in_place_a && (transa != CUBLAS_OP_N || lda != ldc)) ||
        (in_place_b && (transb != CUBLAS_OP_N || ldb != ldc))) {
      return fail(CUBLAS_STATUS_INVALID_VALUE,
                  "C is also an operand, which then must not be transposed or lie differently");
    }
    const Scalar<T> scale_a(object, alpha);
    const Scalar<T> scale_b(object, beta);
    return submit(stream, {scale_a.extent("alpha"), scale_b.extent("beta"), matrix_extent("C", c, m, n, ldc)}, [=] {
      const T factor_a = scale_a.get();
      const T factor_b = scale_b.get();
      const bool reads_a = factor_a != T{0};
      const bool reads_b = factor_b != T{0};
      const bool plain_a = transa == CUBLAS_OP_N;
      const bool plain_b = transb == CUBLAS_OP_N;
      const Extent touched[] = {matrix_extent("A", a,
                                              !reads_a  ? 0
                                              : plain_a ? m
                                                        : n,
                                              plain_a ? n : m, lda),
                                matrix_extent("B", b,
                                              !reads_b  ? 0
                                              : plain_b ? m
                                                        : n,
                                              plain_b ? n : m, ldb)};
      if (!accessible(function, touched)) return;
#pragma omp parallel for schedule(static) if (m * n > 16384)
      for (int64_t column = 0; column < n; ++column) {
        for (int64_t row = 0; row < m; ++row) {
          const T from_a = reads_a ? factor_a * element(a, transa, lda, row, column) : T{0};
          const T from_b = reads_b ? factor_b * element(b, transb, ldb, row, column) : T{0};
          c[row + column * ldc] = from_a + from_b;
        }
      }
    });
  });
}

// C = A diag(x) (right) or diag(x) A (left).
template <class T>
cublasStatus_t dgmm(const char* function, cublasHandle_t handle, cublasSideMode_t mode, int64_t m, int64_t n,
                    const T* a, int64_t lda, const T* x, int64_t incx, T* c, int64_t ldc) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    Checks checks;
    checks.one_of("mode", mode, CUBLAS_SIDE_LEFT, CUBLAS_SIDE_RIGHT).size("m", m).size("n", n);
    checks.leading("lda", lda, m).leading("ldc", ldc, m).increment("incx", incx, true);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0) return checks.status();
    checks.pointer("A", a).pointer("x", x).pointer("C", c);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const bool left = mode == CUBLAS_SIDE_LEFT;
    const int64_t length = left ? m : n;
    // A negative increment walks the vector from its end, as everywhere in BLAS.
    const T* first = incx < 0 ? x - incx * (length - 1) : x;
    return submit(
        stream,
        {matrix_extent("A", a, m, n, lda), vector_extent("x", x, length, incx), matrix_extent("C", c, m, n, ldc)}, [=] {
#pragma omp parallel for schedule(static) if (m * n > 16384)
          for (int64_t column = 0; column < n; ++column) {
            for (int64_t row = 0; row < m; ++row) {
              c[row + column * ldc] = a[row + column * lda] * first[(left ? row : column) * incx];
            }
          }
        });
  });
}

// ---- complex updates of matrices of a named type: A of bytes or single precision, C of single precision

template <bool hermitian, class S>
cublasStatus_t syrk_ex(const char* function, cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans,
                       int64_t n, int64_t k, const S* alpha, const void* a, cudaDataType type_a, int64_t lda,
                       const S* beta, void* c, cudaDataType type_c, int64_t ldc) {
  using T = std::complex<float>;
  return with_handle(function, handle, [&](CublasHandle& object) {
    if (type_c != CUDA_C_32F || (type_a != CUDA_C_32F && type_a != CUDA_C_8I)) {
      return fail(CUBLAS_STATUS_NOT_SUPPORTED, "A is CUDA_C_8I or CUDA_C_32F, C is CUDA_C_32F; given were " +
                                                   std::to_string(type_a) + " and " + std::to_string(type_c));
    }
    T* target = static_cast<T*>(c);
    if (type_a == CUDA_C_32F) {
      return syrk<hermitian>(function, handle, uplo, trans, n, k, alpha, static_cast<const T*>(a), lda, beta, target,
                             ldc);
    }
    std::shared_ptr<Stream> stream;
    cublasStatus_t status = find_stream(object, &stream);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    UpdateShape shape;
    status = check_update<hermitian, T>(uplo, trans, n, k, lda, lda, ldc, &shape);
    if (status != CUBLAS_STATUS_SUCCESS || n == 0) return status;
    status = check_update_pointers(k, alpha, a, a, beta, c);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<S> scale(object, alpha);
    const Scalar<S> keep(object, beta);
    const auto* bytes = static_cast<const std::complex<int8_t>*>(a);
    return submit(
        *stream,
        {scale.extent("alpha"), keep.extent("beta"), matrix_extent("A", bytes, shape.rows(), shape.columns(), lda),
         matrix_extent("C", target, n, n, ldc)},
        [=] {
          compute::Scratch scratch;
          const int rows = std::max(shape.rows(), 1);
          T* wide = scratch.take<T>(static_cast<int64_t>(rows) * shape.columns());
          for (int64_t column = 0; column < shape.columns(); ++column) {
            for (int64_t row = 0; row < shape.rows(); ++row) {
              const std::complex<int8_t>& value = bytes[row + column * lda];
              wide[row + column * rows] = T(value.real(), value.imag());
            }
          }
          const char triangle = letter(uplo);
          const char operation = letter(trans);
          const S factor = scale.get();
          const S old = keep.get();
          if constexpr (hermitian) {
            Blas<T>::herk(&triangle, &operation, &shape.n, &shape.k, &factor, wide, &rows, &old, target, &shape.ldc);
          } else {
            Blas<T>::syrk(&triangle, &operation, &shape.n, &shape.k, &factor, wide, &rows, &old, target, &shape.ldc);
          }
        });
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_SYRK(name, T, S, suffix, Int, hermitian)                                                               \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans,  \
                                           Int n, Int k, const S* alpha, const T* A, Int lda, const S* beta, T* C, \
                                           Int ldc) {                                                              \
    CPU_COUNT_CALL();                                                                                              \
    return syrk<hermitian>(__func__, handle, uplo, trans, n, k, native(alpha), native(A), lda, native(beta),       \
                           native(C), ldc);                                                                        \
  }
#define CPU_UPDATE_OF_TWO(function, name, T, S, suffix, Int, hermitian)                                               \
  cublasStatus_t cublas##name##suffix(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans, Int n,   \
                                      Int k, const T* alpha, const T* A, Int lda, const T* B, Int ldb, const S* beta, \
                                      T* C, Int ldc) {                                                                \
    CPU_COUNT_CALL();                                                                                                 \
    return function<hermitian>(__func__, handle, uplo, trans, n, k, native(alpha), native(A), lda, native(B), ldb,    \
                               native(beta), native(C), ldc);                                                         \
  }
#define CPU_SYMM(name, T, suffix, Int, hermitian)                                                                      \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo, Int m, \
                                           Int n, const T* alpha, const T* A, Int lda, const T* B, Int ldb,            \
                                           const T* beta, T* C, Int ldc) {                                             \
    CPU_COUNT_CALL();                                                                                                  \
    return symm<hermitian>(__func__, handle, side, uplo, m, n, native(alpha), native(A), lda, native(B), ldb,          \
                           native(beta), native(C), ldc);                                                              \
  }
#define CPU_SYMMETRIC(letter, T, suffix, Int)                          \
  CPU_SYRK(letter##syrk, T, T, suffix, Int, false)                     \
  CPU_UPDATE_OF_TWO(syr2k, letter##syr2k_v2, T, T, suffix, Int, false) \
  CPU_UPDATE_OF_TWO(syrkx, letter##syrkx, T, T, suffix, Int, false)    \
  CPU_SYMM(letter##symm, T, suffix, Int, false)
#define CPU_HERMITIAN(letter, T, S, suffix, Int)                      \
  CPU_SYRK(letter##herk, T, S, suffix, Int, true)                     \
  CPU_UPDATE_OF_TWO(syr2k, letter##her2k_v2, T, S, suffix, Int, true) \
  CPU_UPDATE_OF_TWO(syrkx, letter##herkx, T, S, suffix, Int, true)    \
  CPU_SYMM(letter##hemm, T, suffix, Int, true)
CPU_FOR_ALL_TYPES(CPU_SYMMETRIC)
CPU_HERMITIAN(C, cuComplex, float, , int)
CPU_HERMITIAN(C, cuComplex, float, _64, int64_t)
CPU_HERMITIAN(Z, cuDoubleComplex, double, , int)
CPU_HERMITIAN(Z, cuDoubleComplex, double, _64, int64_t)

#define CPU_TRIANGULAR(letter, T, suffix, Int)                                                                        \
  cublasStatus_t cublas##letter##trsm_v2##suffix(cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo, \
                                                 cublasOperation_t trans, cublasDiagType_t diag, Int m, Int n,        \
                                                 const T* alpha, const T* A, Int lda, T* B, Int ldb) {                \
    CPU_COUNT_CALL();                                                                                                 \
    return trsm(__func__, handle, side, uplo, trans, diag, m, n, native(alpha), native(A), lda, native(B), ldb);      \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##trsmBatched##suffix(                                                                 \
      cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,                   \
      cublasDiagType_t diag, Int m, Int n, const T* alpha, const T* const A[], Int lda, T* const B[], Int ldb,        \
      Int batchCount) {                                                                                               \
    CPU_COUNT_CALL();                                                                                                 \
    return trsm_batched(__func__, handle, side, uplo, trans, diag, m, n, native(alpha), native(A), lda, native(B),    \
                        ldb, batchCount);                                                                             \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##trmm_v2##suffix(                                                                     \
      cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,                   \
      cublasDiagType_t diag, Int m, Int n, const T* alpha, const T* A, Int lda, const T* B, Int ldb, T* C, Int ldc) { \
    CPU_COUNT_CALL();                                                                                                 \
    return trmm(__func__, handle, side, uplo, trans, diag, m, n, native(alpha), native(A), lda, native(B), ldb,       \
                native(C), ldc);                                                                                      \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##geam##suffix(cublasHandle_t handle, cublasOperation_t transa,                        \
                                              cublasOperation_t transb, Int m, Int n, const T* alpha, const T* A,     \
                                              Int lda, const T* beta, const T* B, Int ldb, T* C, Int ldc) {           \
    CPU_COUNT_CALL();                                                                                                 \
    return geam(__func__, handle, transa, transb, m, n, native(alpha), native(A), lda, native(beta), native(B), ldb,  \
                native(C), ldc);                                                                                      \
  }                                                                                                                   \
  cublasStatus_t cublas##letter##dgmm##suffix(cublasHandle_t handle, cublasSideMode_t mode, Int m, Int n, const T* A, \
                                              Int lda, const T* x, Int incx, T* C, Int ldc) {                         \
    CPU_COUNT_CALL();                                                                                                 \
    return dgmm(__func__, handle, mode, m, n, native(A), lda, native(x), incx, native(C), ldc);                       \
  }
CPU_FOR_ALL_TYPES(CPU_TRIANGULAR)

#define CPU_REPACK(letter, T)                                                                                    \
  cublasStatus_t cublas##letter##tpttr(cublasHandle_t handle, cublasFillMode_t uplo, int n, const T* AP, T* A,   \
                                       int lda) {                                                                \
    CPU_COUNT_CALL();                                                                                            \
    return repack(__func__, handle, uplo, n, native(A), lda, native(const_cast<T*>(AP)), false);                 \
  }                                                                                                              \
  cublasStatus_t cublas##letter##trttp(cublasHandle_t handle, cublasFillMode_t uplo, int n, const T* A, int lda, \
                                       T* AP) {                                                                  \
    CPU_COUNT_CALL();                                                                                            \
    return repack(__func__, handle, uplo, n, native(const_cast<T*>(A)), lda, native(AP), true);                  \
  }
CPU_REPACK(S, float)
CPU_REPACK(D, double)
CPU_REPACK(C, cuComplex)
CPU_REPACK(Z, cuDoubleComplex)

// The variants with three real multiplications differ in speed on a GPU only.
#define CPU_SYRK_EX(name, S, suffix, Int, hermitian)                                                                \
  cublasStatus_t cublas##name##suffix(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans, Int n, \
                                      Int k, const S* alpha, const void* A, cudaDataType Atype, Int lda,            \
                                      const S* beta, void* C, cudaDataType Ctype, Int ldc) {                        \
    CPU_COUNT_CALL();                                                                                               \
    return syrk_ex<hermitian>(__func__, handle, uplo, trans, n, k, native(alpha), A, Atype, lda, native(beta), C,   \
                              Ctype, ldc);                                                                          \
  }
#define CPU_SYRK_EX_FAMILY(suffix, Int)                 \
  CPU_SYRK_EX(CsyrkEx, cuComplex, suffix, Int, false)   \
  CPU_SYRK_EX(Csyrk3mEx, cuComplex, suffix, Int, false) \
  CPU_SYRK_EX(CherkEx, float, suffix, Int, true)        \
  CPU_SYRK_EX(Cherk3mEx, float, suffix, Int, true)
CPU_SYRK_EX_FAMILY(, int)
CPU_SYRK_EX_FAMILY(_64, int64_t)
