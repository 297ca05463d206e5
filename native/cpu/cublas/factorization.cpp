// Batches of small systems: LU factors, inverses, solutions, QR factors and least squares. Matrices are found through
// arrays of pointers on the device; pivots and outcomes lie there too, one row or one number a matrix.
#include <algorithm>
#include <cmath>

#include "cublas/blas.h"
#include "cublas/call.h"
#include "cublas/element.h"
#include "engine/compute_scratch.h"

namespace cpu::cublas {
namespace {

int narrow(int64_t value) { return static_cast<int>(value); }

template <class T>
auto size_of(const T& value) {
  if constexpr (is_complex<T>) {
    return std::abs(value.real()) + std::abs(value.imag());
  } else {
    return std::abs(value);
  }
}

// A = P L U in place; `pivots` (counted from 1, row i was exchanged with row pivots[i]) may be null: then no rows are
// exchanged. Returns 0, or the place, counted from 1, of the first pivot that is exactly 0.
template <class T>
int factorize(int n, T* a, int64_t lda, int* pivots) {
  int outcome = 0;
  for (int step = 0; step < n; ++step) {
    if (pivots != nullptr) {
      int best = step;
      for (int row = step + 1; row < n; ++row) {
        if (size_of(a[row + step * lda]) > size_of(a[best + step * lda])) best = row;
      }
      pivots[step] = best + 1;
      for (int column = 0; column < n && best != step; ++column) {
        std::swap(a[step + column * lda], a[best + column * lda]);
      }
    }
    const T pivot = a[step + step * lda];
    if (pivot == T{0}) {
      if (outcome == 0) outcome = step + 1;
      continue;
    }
    for (int row = step + 1; row < n; ++row) a[row + step * lda] /= pivot;
    for (int column = step + 1; column < n; ++column) {
      const T factor = a[step + column * lda];
      for (int row = step + 1; row < n; ++row) a[row + column * lda] -= a[row + step * lda] * factor;
    }
  }
  return outcome;
}

// Solves op(P L U) X = B in B's place.
template <class T>
void solve(cublasOperation_t trans, int n, int columns, const T* factors, int lda, const int* pivots, T* b, int ldb) {
  const T one{1};
  const char left = 'L', lower = 'L', upper = 'U', unit = 'U', full = 'N', operation = letter(trans);
  const auto exchange = [&](int row) {
    const int other = pivots == nullptr ? row : std::clamp(pivots[row] - 1, 0, n - 1);
    for (int64_t column = 0; column < columns && other != row; ++column) {
      std::swap(b[row + column * ldb], b[other + column * ldb]);
    }
  };
  if (trans == CUBLAS_OP_N) {
    for (int row = 0; row < n; ++row) exchange(row);
    Blas<T>::trsm(&left, &lower, &operation, &unit, &n, &columns, &one, factors, &lda, b, &ldb);
    Blas<T>::trsm(&left, &upper, &operation, &full, &n, &columns, &one, factors, &lda, b, &ldb);
    return;
  }
  Blas<T>::trsm(&left, &upper, &operation, &full, &n, &columns, &one, factors, &lda, b, &ldb);
  Blas<T>::trsm(&left, &lower, &operation, &unit, &n, &columns, &one, factors, &lda, b, &ldb);
  for (int row = n - 1; row >= 0; --row) exchange(row);
}

// The inverse from the factors. A pivot of 0 leaves it unwritten; returns that pivot's place, counted from 1, or 0.
template <class T>
int invert(int n, const T* factors, int lda, const int* pivots, T* inverse, int64_t leading) {
  for (int64_t i = 0; i < n; ++i) {
    if (factors[i + i * lda] == T{0}) return narrow(i) + 1;
  }
  for (int64_t column = 0; column < n; ++column) {
    for (int64_t row = 0; row < n; ++row) inverse[row + column * leading] = row == column ? T{1} : T{0};
  }
  solve(CUBLAS_OP_N, n, n, factors, lda, pivots, inverse, narrow(leading));
  return 0;
}

Extent numbers(const char* name, const int* address, int64_t count) { return vector_extent(name, address, count, 1); }

template <class T>
cublasStatus_t getrf(const char* function, cublasHandle_t handle, int n, T* const a[], int lda, int* pivots, int* info,
                     int count) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    Checks checks;
    checks.size("n", n).leading("lda", lda, n).size("batchSize", count);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || count == 0) return checks.status();
    checks.pointer("A", a, n != 0).pointer("info", info);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const int64_t pivot_count = pivots == nullptr ? 0 : int64_t{n} * count;
    return submit(stream,
                  {vector_extent("A", a, n != 0 ? count : 0, 1), numbers("PivotArray", pivots, pivot_count),
                   numbers("infoArray", info, count)},
                  [=] {
                    for (int i = 0; i < count; ++i) {
                      if (n == 0) {
                        info[i] = 0;
                        continue;
                      }
                      const Extent touched[] = {matrix_extent("a matrix of A", a[i], n, n, lda)};
                      if (!accessible(function, touched)) return;
                      info[i] = factorize(n, a[i], lda, pivots == nullptr ? nullptr : pivots + int64_t{i} * n);
                    }
                  });
  });
}

template <class T>
cublasStatus_t getri(const char* function, cublasHandle_t handle, int n, const T* const a[], int lda, const int* pivots,
                     T* const c[], int ldc, int* info, int count) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    Checks checks;
    checks.size("n", n).leading("lda", lda, n).leading("ldc", ldc, n).size("batchSize", count);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || n == 0 || count == 0) return checks.status();
    checks.pointer("A", a).pointer("C", c).pointer("info", info);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const int64_t pivot_count = pivots == nullptr ? 0 : int64_t{n} * count;
    return submit(stream,
                  {vector_extent("A", a, count, 1), vector_extent("C", c, count, 1),
                   numbers("PivotArray", pivots, pivot_count), numbers("infoArray", info, count)},
                  [=] {
                    for (int i = 0; i < count; ++i) {
                      const Extent touched[] = {matrix_extent("a matrix of A", a[i], n, n, lda),
                                                matrix_extent("a matrix of C", c[i], n, n, ldc)};
                      if (!accessible(function, touched)) return;
                      info[i] = invert(n, a[i], lda, pivots == nullptr ? nullptr : pivots + int64_t{i} * n, c[i], ldc);
                    }
                  });
  });
}

// What is wrong with an argument is told in `info` too, which lies in host memory: minus its place.
template <class T>
cublasStatus_t getrs(const char* function, cublasHandle_t handle, cublasOperation_t trans, int n, int columns,
                     const T* const a[], int lda, const int* pivots, T* const b[], int ldb, int* info, int count) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    if (info == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "info is null");
    const int wrong = n < 0                  ? 2
                      : columns < 0          ? 3
                      : lda < std::max(1, n) ? 5
                      : ldb < std::max(1, n) ? 8
                      : count < 0            ? 10
                                             : 0;
    *info = -wrong;
    Checks checks;
    checks.operation("trans", trans).size("n", n).size("nrhs", columns).leading("lda", lda, n).leading("ldb", ldb, n);
    checks.size("batchSize", count);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || n == 0 || columns == 0 || count == 0) return checks.status();
    checks.pointer("Aarray", a).pointer("Barray", b);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    const int64_t pivot_count = pivots == nullptr ? 0 : int64_t{n} * count;
    return submit(stream,
                  {vector_extent("Aarray", a, count, 1), vector_extent("Barray", b, count, 1),
                   numbers("devIpiv", pivots, pivot_count)},
                  [=] {
                    for (int i = 0; i < count; ++i) {
                      const Extent touched[] = {matrix_extent("a matrix of Aarray", a[i], n, n, lda),
                                                matrix_extent("a matrix of Barray", b[i], n, columns, ldb)};
                      if (!accessible(function, touched)) return;
                      solve(trans, n, columns, a[i], lda, pivots == nullptr ? nullptr : pivots + int64_t{i} * n, b[i],
                            ldb);
                    }
                  });
  });
}

// The inverse of matrices of up to 32 rows, which stay as they are.
template <class T>
cublasStatus_t matinv(const char* function, cublasHandle_t handle, int n, const T* const a[], int lda,
                      T* const inverse[], int leading, int* info, int count) {
  constexpr int largest = 32;
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    Checks checks;
    checks.size("n", n).leading("lda", lda, n).leading("lda_inv", leading, n).size("batchSize", count);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || n == 0 || count == 0) return checks.status();
    if (n > largest) {
      return fail(CUBLAS_STATUS_INVALID_VALUE,
                  "n is " + std::to_string(n) + ", more than 32; factorise with getrfBatched and getriBatched");
    }
    checks.pointer("A", a).pointer("Ainv", inverse).pointer("info", info);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    return submit(
        stream,
        {vector_extent("A", a, count, 1), vector_extent("Ainv", inverse, count, 1), numbers("info", info, count)}, [=] {
          T factors[largest * largest];
          int pivots[largest];
          for (int i = 0; i < count; ++i) {
            const Extent touched[] = {matrix_extent("a matrix of A", a[i], n, n, lda),
                                      matrix_extent("a matrix of Ainv", inverse[i], n, n, leading)};
            if (!accessible(function, touched)) return;
            for (int64_t column = 0; column < n; ++column) {
              std::copy_n(a[i] + column * lda, n, factors + column * n);
            }
            info[i] = factorize(n, factors, n, pivots);
            if (info[i] == 0) info[i] = invert(n, factors, n, pivots, inverse[i], leading);
          }
        });
  });
}

// A = Q R: R above the diagonal, the Householder vectors below it, their factors in TauArray.
template <class T>
cublasStatus_t geqrf(const char* function, cublasHandle_t handle, int m, int n, T* const a[], int lda, T* const tau[],
                     int* info, int count) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    if (info == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "info is null");
    *info = -(m < 0 ? 1 : n < 0 ? 2 : lda < std::max(1, m) ? 4 : count < 0 ? 7 : 0);
    Checks checks;
    checks.size("m", m).size("n", n).leading("lda", lda, m).size("batchSize", count);
    if (checks.status() != CUBLAS_STATUS_SUCCESS || m == 0 || n == 0 || count == 0) return checks.status();
    checks.pointer("Aarray", a).pointer("TauArray", tau);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    return submit(stream, {vector_extent("Aarray", a, count, 1), vector_extent("TauArray", tau, count, 1)}, [=] {
      compute::Scratch scratch;
      const int length = n * 32;
      T* work = scratch.take<T>(length);
      for (int i = 0; i < count; ++i) {
        const Extent touched[] = {matrix_extent("a matrix of Aarray", a[i], m, n, lda),
                                  vector_extent("a vector of TauArray", tau[i], std::min(m, n), 1)};
        if (!accessible(function, touched)) return;
        int outcome = 0;
        Blas<T>::geqrf(&m, &n, a[i], &lda, tau[i], work, &length, &outcome);
      }
    });
  });
}

// The X of the least |C - A X|, for matrices of at least as many rows as columns, in the first n rows of C.
template <class T>
cublasStatus_t gels(const char* function, cublasHandle_t handle, cublasOperation_t trans, int m, int n, int columns,
                    T* const a[], int lda, T* const c[], int ldc, int* info, int* outcomes, int count) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    if (info == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "info is null");
    *info = -(m < 0                               ? 2
              : n < 0                             ? 3
              : columns < 0                       ? 4
              : lda < std::max(1, m)              ? 6
              : ldc < std::max(1, std::max(m, n)) ? 8
              : count < 0                         ? 11
                                                  : 0);
    Checks checks;
    checks.operation("trans", trans).size("m", m).size("n", n).size("nrhs", columns).leading("lda", lda, m);
    checks.leading("ldc", ldc, m).size("batchSize", count);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    if (trans != CUBLAS_OP_N || m < n) {
      return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                  "only overdetermined systems (m >= n) that are not transposed are solved");
    }
    if (m == 0 || n == 0 || columns == 0 || count == 0) return CUBLAS_STATUS_SUCCESS;
    checks.pointer("Aarray", a).pointer("Carray", c);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    return submit(stream,
                  {vector_extent("Aarray", a, count, 1), vector_extent("Carray", c, count, 1),
                   numbers("devInfoArray", outcomes, outcomes == nullptr ? 0 : count)},
                  [=] {
                    compute::Scratch scratch;
                    const int length = n + std::max(m, columns) * 32;
                    T* work = scratch.take<T>(length);
                    for (int i = 0; i < count; ++i) {
                      const Extent touched[] = {matrix_extent("a matrix of Aarray", a[i], m, n, lda),
                                                matrix_extent("a matrix of Carray", c[i], m, columns, ldc)};
                      if (!accessible(function, touched)) return;
                      const char operation = 'N';
                      int outcome = 0;
                      Blas<T>::gels(&operation, &m, &n, &columns, a[i], &lda, c[i], &ldc, work, &length, &outcome);
                      if (outcomes != nullptr) outcomes[i] = outcome;
                    }
                  });
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_FACTORIZATION(letter, T)                                                                                   \
  cublasStatus_t cublas##letter##getrfBatched(cublasHandle_t handle, int n, T* const A[], int lda, int* P, int* info,  \
                                              int batchSize) {                                                         \
    CPU_COUNT_CALL();                                                                                                  \
    return getrf(__func__, handle, n, native(A), lda, P, info, batchSize);                                             \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##getriBatched(cublasHandle_t handle, int n, const T* const A[], int lda, const int* P, \
                                              T* const C[], int ldc, int* info, int batchSize) {                       \
    CPU_COUNT_CALL();                                                                                                  \
    return getri(__func__, handle, n, native(A), lda, P, native(C), ldc, info, batchSize);                             \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##getrsBatched(cublasHandle_t handle, cublasOperation_t trans, int n, int nrhs,         \
                                              const T* const Aarray[], int lda, const int* devIpiv, T* const Barray[], \
                                              int ldb, int* info, int batchSize) {                                     \
    CPU_COUNT_CALL();                                                                                                  \
    return getrs(__func__, handle, trans, n, nrhs, native(Aarray), lda, devIpiv, native(Barray), ldb, info,            \
                 batchSize);                                                                                           \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##matinvBatched(cublasHandle_t handle, int n, const T* const A[], int lda,              \
                                               T* const Ainv[], int lda_inv, int* info, int batchSize) {               \
    CPU_COUNT_CALL();                                                                                                  \
    return matinv(__func__, handle, n, native(A), lda, native(Ainv), lda_inv, info, batchSize);                        \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##geqrfBatched(cublasHandle_t handle, int m, int n, T* const Aarray[], int lda,         \
                                              T* const TauArray[], int* info, int batchSize) {                         \
    CPU_COUNT_CALL();                                                                                                  \
    return geqrf(__func__, handle, m, n, native(Aarray), lda, native(TauArray), info, batchSize);                      \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##gelsBatched(cublasHandle_t handle, cublasOperation_t trans, int m, int n, int nrhs,   \
                                             T* const Aarray[], int lda, T* const Carray[], int ldc, int* info,        \
                                             int* devInfoArray, int batchSize) {                                       \
    CPU_COUNT_CALL();                                                                                                  \
    return gels(__func__, handle, trans, m, n, nrhs, native(Aarray), lda, native(Carray), ldc, info, devInfoArray,     \
                batchSize);                                                                                            \
  }
CPU_FACTORIZATION(S, float)
CPU_FACTORIZATION(D, double)
CPU_FACTORIZATION(C, cuComplex)
CPU_FACTORIZATION(Z, cuDoubleComplex)
