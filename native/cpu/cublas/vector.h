// Vectors (BLAS level 1) of one element type, for the functions that name the type and those that are told it.
#pragma once

#include <cstdint>

#include "cublas/call.h"
#include "cublas/element.h"

namespace cpu::cublas {

template <class T>
cublasStatus_t axpy(const char* function, cublasHandle_t handle, int64_t n, const T* alpha, const T* x, int64_t incx,
                    T* y, int64_t incy);
// S: the factor's type, T or its real part.
template <class T, class S>
cublasStatus_t scal(const char* function, cublasHandle_t handle, int64_t n, const S* alpha, T* x, int64_t incx);
template <class T>
cublasStatus_t copy(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, T* y,
                    int64_t incy);
template <class T>
cublasStatus_t swap(const char* function, cublasHandle_t handle, int64_t n, T* x, int64_t incx, T* y, int64_t incy);
// x . y, with the conjugate of x where asked.
template <class T>
cublasStatus_t dot(const char* function, cublasHandle_t handle, bool conjugated, int64_t n, const T* x, int64_t incx,
                   const T* y, int64_t incy, T* result);
template <class T>
cublasStatus_t nrm2(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, Real<T>* result);
template <class T>
cublasStatus_t asum(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, Real<T>* result);
// The place, counted from 1, of the first element of the greatest or least |real| + |imaginary|.
template <class T, class Int>
cublasStatus_t extreme(const char* function, cublasHandle_t handle, bool greatest, int64_t n, const T* x, int64_t incx,
                       Int* result);
// x = c x + s y, y = c y - conj(s) x. S: T or its real part.
template <class T, class S>
cublasStatus_t rot(const char* function, cublasHandle_t handle, int64_t n, T* x, int64_t incx, T* y, int64_t incy,
                   const Real<T>* c, const S* s);
template <class T>
cublasStatus_t rotg(const char* function, cublasHandle_t handle, T* a, T* b, Real<T>* c, T* s);
template <class T>
cublasStatus_t rotm(const char* function, cublasHandle_t handle, int64_t n, T* x, int64_t incx, T* y, int64_t incy,
                    const T* param);
template <class T>
cublasStatus_t rotmg(const char* function, cublasHandle_t handle, T* d1, T* d2, T* x1, const T* y1, T* param);

// A size and increments that OpenBLAS can count; false with `status` set where they are not, or where nothing is to
// be done.
bool prepare_vectors(int64_t n, int64_t incx, int64_t incy, cublasStatus_t* status);

// The first element in the order in which BLAS goes through a vector: with a negative increment, from its end.
template <class T>
T* first_element(T* x, int64_t n, int64_t increment) {
  return increment < 0 ? x - (n - 1) * increment : x;
}

}  // namespace cpu::cublas
