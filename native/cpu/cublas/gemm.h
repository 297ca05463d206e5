// C = alpha op(A) op(B) + beta C, column-major, in any of the ways cuBLAS offers it.
#pragma once

#include <complex>
#include <cstdint>

#include "cublas/call.h"

namespace cpu::cublas {

// Sizes of one multiplication: op(A) is m x k, op(B) is k x n, C is m x n; leading dimensions in elements.
struct GemmShape {
  cublasOperation_t operation_a;
  cublasOperation_t operation_b;
  int m;
  int n;
  int k;
  int lda;
  int ldb;
  int ldc;

  // Whether there is nothing to compute at all.
  bool empty() const { return m == 0 || n == 0; }
  // The matrices as they lie in memory.
  int rows_a() const { return operation_a == CUBLAS_OP_N ? m : k; }
  int columns_a() const { return operation_a == CUBLAS_OP_N ? k : m; }
  int rows_b() const { return operation_b == CUBLAS_OP_N ? k : n; }
  int columns_b() const { return operation_b == CUBLAS_OP_N ? n : k; }
};

// The checks all variants share; fills the shape.
cublasStatus_t check_gemm(cublasOperation_t transa, cublasOperation_t transb, int64_t m, int64_t n, int64_t k,
                          int64_t lda, int64_t ldb, int64_t ldc, GemmShape* shape);

// The pointers of a multiplication that computes something. Without an inner dimension A and B may be null.
cublasStatus_t check_gemm_pointers(const GemmShape& shape, const void* alpha, const void* a, const void* b,
                                   const void* beta, const void* c);

// Runs one multiplication on the calling thread. Where beta is 0, C is not read; where alpha is 0, A and B are not.
template <class T>
void run_gemm(const GemmShape& shape, T alpha, const T* a, const T* b, T beta, T* c);

extern template void run_gemm<float>(const GemmShape&, float, const float*, const float*, float, float*);
extern template void run_gemm<double>(const GemmShape&, double, const double*, const double*, double, double*);
extern template void run_gemm<std::complex<float>>(const GemmShape&, std::complex<float>, const std::complex<float>*,
                                                   const std::complex<float>*, std::complex<float>,
                                                   std::complex<float>*);
extern template void run_gemm<std::complex<double>>(const GemmShape&, std::complex<double>, const std::complex<double>*,
                                                    const std::complex<double>*, std::complex<double>,
                                                    std::complex<double>*);

}  // namespace cpu::cublas
