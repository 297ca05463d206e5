// C = alpha op(A) op(B) + beta C, column-major, in any of the ways cuBLAS offers it.
#pragma once

#include <cstdint>

#include "cublas/call.h"

namespace cpu::cublas {

// Sizes of one multiplication: op(A) is m x k, op(B) is k x n, C is m x n; leading dimensions in elements.
struct GemmShape {
  bool transpose_a;
  bool transpose_b;
  int m;
  int n;
  int k;
  int lda;
  int ldb;
  int ldc;
};

// The checks all variants share; fills the shape.
cublasStatus_t check_gemm(cublasOperation_t transa, cublasOperation_t transb, int64_t m, int64_t n, int64_t k,
                          int64_t lda, int64_t ldb, int64_t ldc, GemmShape* shape);

// Runs one multiplication on the calling thread. Where beta is 0, C is not read.
template <class T>
void run_gemm(const GemmShape& shape, T alpha, const T* a, const T* b, T beta, T* c);

extern template void run_gemm<float>(const GemmShape&, float, const float*, const float*, float, float*);
extern template void run_gemm<double>(const GemmShape&, double, const double*, const double*, double, double*);

}  // namespace cpu::cublas
