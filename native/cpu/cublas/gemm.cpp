#include "cublas/gemm.h"

#include <algorithm>

#include "cublas/blas.h"
#include "cublas/element.h"

namespace cpu::cublas {

cublasStatus_t check_gemm(cublasOperation_t transa, cublasOperation_t transb, int64_t m, int64_t n, int64_t k,
                          int64_t lda, int64_t ldb, int64_t ldc, GemmShape* shape) {
  Checks checks;
  checks.operation("transa", transa).operation("transb", transb).size("m", m).size("n", n).size("k", k);
  checks.leading("lda", lda, transa == CUBLAS_OP_N ? m : k).leading("ldb", ldb, transb == CUBLAS_OP_N ? k : n);
  checks.leading("ldc", ldc, m);
  *shape = {transa,
            transb,
            static_cast<int>(m),
            static_cast<int>(n),
            static_cast<int>(k),
            static_cast<int>(lda),
            static_cast<int>(ldb),
            static_cast<int>(ldc)};
  return checks.status();
}

cublasStatus_t check_gemm_pointers(const GemmShape& shape, const void* alpha, const void* a, const void* b,
                                   const void* beta, const void* c) {
  Checks checks;
  checks.pointer("alpha", alpha).pointer("beta", beta);
  checks.pointer("A", a, shape.k != 0).pointer("B", b, shape.k != 0).pointer("C", c);
  return checks.status();
}

namespace {

// How C is divided among threads. OpenBLAS by itself would share a product out as threads there are, and where an
// element lies in a thread's share changes the order of its sum.
struct Blocks {
  int rows;
  int columns;

  Blocks(int m, int n) : rows(side(m, parts(m))), columns(side(n, parts(n))) {
    if (rows < m || columns < n) return;
    (m > n ? rows : columns) = side(std::max(m, n), 2);
  }

 private:
  static int parts(int size) { return std::clamp(size / 256, 1, 4); }
  // OpenBLAS's kernels compute up to 16 at a time.
  static int side(int64_t size, int parts) { return static_cast<int>((size + parts * 16 - 1) / (parts * 16) * 16); }
};

// So many multiplications OpenBLAS leaves to one thread.
constexpr double kSmall = 1 << 18;

}  // namespace

template <class T>
void run_gemm(const GemmShape& shape, T alpha, const T* a, const T* b, T beta, T* c) {
  const char operation_a = letter(shape.operation_a);
  const char operation_b = letter(shape.operation_b);
  // OpenBLAS's kernels for small matrices multiply by an alpha of 0, and so make NaN of infinite elements.
  const int k = alpha == T{0} ? 0 : shape.k;
  const auto product = [&](int row, int rows, int column, int columns) {
    const int64_t at_a = int64_t{row} * (shape.operation_a == CUBLAS_OP_N ? 1 : shape.lda);
    const int64_t at_b = int64_t{column} * (shape.operation_b == CUBLAS_OP_N ? shape.ldb : 1);
    Blas<T>::gemm(&operation_a, &operation_b, &rows, &columns, &k, &alpha, a + at_a, &shape.lda, b + at_b, &shape.ldb,
                  &beta, c + row + int64_t{column} * shape.ldc, &shape.ldc);
  };
  if (static_cast<double>(shape.m) * shape.n * k <= kSmall) return product(0, shape.m, 0, shape.n);
  const Blocks blocks(shape.m, shape.n);
  // Within parallel threads OpenBLAS has none of its own.
#pragma omp parallel for collapse(2) schedule(dynamic, 1)
  for (int column = 0; column < shape.n; column += blocks.columns) {
    for (int row = 0; row < shape.m; row += blocks.rows) {
      product(row, std::min(blocks.rows, shape.m - row), column, std::min(blocks.columns, shape.n - column));
    }
  }
}

template void run_gemm<float>(const GemmShape&, float, const float*, const float*, float, float*);
template void run_gemm<double>(const GemmShape&, double, const double*, const double*, double, double*);
template void run_gemm<std::complex<float>>(const GemmShape&, std::complex<float>, const std::complex<float>*,
                                            const std::complex<float>*, std::complex<float>, std::complex<float>*);
template void run_gemm<std::complex<double>>(const GemmShape&, std::complex<double>, const std::complex<double>*,
                                             const std::complex<double>*, std::complex<double>, std::complex<double>*);

namespace {

template <class T>
cublasStatus_t gemm_strided(const char* function, cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int64_t m, int64_t n, int64_t k, const T* alpha, const T* a,
                            int64_t lda, int64_t stride_a, const T* b, int64_t ldb, int64_t stride_b, const T* beta,
                            T* c, int64_t ldc, int64_t stride_c, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemmShape shape;
    cublasStatus_t status = check_gemm(transa, transb, m, n, k, lda, ldb, ldc, &shape);
    if (status == CUBLAS_STATUS_SUCCESS) status = Checks().size("batchCount", count).status();
    if (status != CUBLAS_STATUS_SUCCESS || shape.empty() || count == 0) return status;
    status = check_gemm_pointers(shape, alpha, a, b, beta, c);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"),
                   matrix_extent("A", a, shape.rows_a(), shape.columns_a(), lda, stride_a, count),
                   matrix_extent("B", b, shape.rows_b(), shape.columns_b(), ldb, stride_b, count),
                   matrix_extent("C", c, m, n, ldc, stride_c, count)},
                  [=] {
                    for (int64_t i = 0; i < count; ++i) {
                      run_gemm<T>(shape, scale.get(), a + i * stride_a, b + i * stride_b, keep.get(), c + i * stride_c);
                    }
                  });
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
    if (status != CUBLAS_STATUS_SUCCESS || shape.empty() || count == 0) return status;
    status = check_gemm_pointers(shape, alpha, a, b, beta, c);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    const Scalar<T> keep(object, beta);
    const bool used = k != 0;
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"), vector_extent("Aarray", a, used ? count : 0, 1),
                   vector_extent("Barray", b, used ? count : 0, 1), vector_extent("Carray", c, count, 1)},
                  [=] {
                    for (int64_t i = 0; i < count; ++i) {
                      const T* first = used ? a[i] : nullptr;
                      const T* second = used ? b[i] : nullptr;
                      const Extent touched[] = {
                          matrix_extent("a matrix of Aarray", first, shape.rows_a(), shape.columns_a(), lda),
                          matrix_extent("a matrix of Barray", second, shape.rows_b(), shape.columns_b(), ldb),
                          matrix_extent("a matrix of Carray", c[i], m, n, ldc)};
                      if (!accessible(function, touched)) return;
                      run_gemm<T>(shape, scale.get(), first, second, keep.get(), c[i]);
                    }
                  });
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_GEMM(letter, T, name, suffix, Int)                                                                        \
  cublasStatus_t cublas##letter##name##suffix(                                                                        \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k, const T* alpha, \
      const T* A, Int lda, const T* B, Int ldb, const T* beta, T* C, Int ldc) {                                       \
    CPU_COUNT_CALL();                                                                                                 \
    return gemm_strided(__func__, handle, transa, transb, m, n, k, native(alpha), native(A), lda, 0, native(B), ldb,  \
                        0, native(beta), native(C), ldc, 0, 1);                                                       \
  }
#define CPU_GEMM_BATCHES(letter, T, name, suffix, Int)                                                                 \
  cublasStatus_t cublas##letter##name##Batched##suffix(                                                                \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k, const T* alpha,  \
      const T* const Aarray[], Int lda, const T* const Barray[], Int ldb, const T* beta, T* const Carray[], Int ldc,   \
      Int batchCount) {                                                                                                \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_batched(__func__, handle, transa, transb, m, n, k, native(alpha), native(Aarray), lda, native(Barray), \
                        ldb, native(beta), native(Carray), ldc, batchCount);                                           \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##name##StridedBatched##suffix(                                                         \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k, const T* alpha,  \
      const T* A, Int lda, long long strideA, const T* B, Int ldb, long long strideB, const T* beta, T* C, Int ldc,    \
      long long strideC, Int batchCount) {                                                                             \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_strided(__func__, handle, transa, transb, m, n, k, native(alpha), native(A), lda, strideA, native(B),  \
                        ldb, strideB, native(beta), native(C), ldc, strideC, batchCount);                              \
  }
#define CPU_GEMM_FAMILY(letter, T, suffix, Int) \
  CPU_GEMM(letter, T, gemm_v2, suffix, Int)     \
  CPU_GEMM_BATCHES(letter, T, gemm, suffix, Int)

CPU_FOR_ALL_TYPES(CPU_GEMM_FAMILY)

// The product with three real multiplications instead of four is a matter of speed on a GPU; here it is the product.
CPU_GEMM(C, cuComplex, gemm3m, , int)
CPU_GEMM(C, cuComplex, gemm3m, _64, int64_t)
CPU_GEMM(Z, cuDoubleComplex, gemm3m, , int)
CPU_GEMM(Z, cuDoubleComplex, gemm3m, _64, int64_t)
CPU_GEMM_BATCHES(C, cuComplex, gemm3m, , int)
CPU_GEMM_BATCHES(C, cuComplex, gemm3m, _64, int64_t)
