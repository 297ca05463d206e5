// Vectors (BLAS level 1).
#include <algorithm>
#include <cmath>

#include "cublas/blas.h"
#include "cublas/call.h"

namespace cpu::cublas {
namespace {

// A size and two increments that OpenBLAS can count; false with `status` set where they are not, or where nothing is to
// be done.
bool prepare(int64_t n, int64_t incx, int64_t incy, cublasStatus_t* status) {
  Checks checks;
  checks.size("n", std::max<int64_t>(n, 0)).increment("incx", incx, true).increment("incy", incy, true);
  *status = checks.status();
  return *status == CUBLAS_STATUS_SUCCESS && n > 0;
}

template <class T>
cublasStatus_t axpy(const char* function, cublasHandle_t handle, int64_t n, const T* alpha, const T* x, int64_t incx,
                    T* y, int64_t incy) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare(n, incx, incy, &status)) return status;
    status = Checks().pointer("alpha", alpha).pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    stream.enqueue([=, scale = Scalar<T>(object, alpha), count = static_cast<int>(n), step_x = static_cast<int>(incx),
                    step_y = static_cast<int>(incy)] {
      const T factor = scale.get();
      Blas<T>::axpy(&count, &factor, x, &step_x, y, &step_y);
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

// An increment of 0 or less leaves the vector alone, as in the reference BLAS.
template <class T>
cublasStatus_t scal(const char* function, cublasHandle_t handle, int64_t n, const T* alpha, T* x, int64_t incx) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare(n, incx, 1, &status) || incx <= 0) return status;
    status = Checks().pointer("alpha", alpha).pointer("x", x).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    stream.enqueue([=, scale = Scalar<T>(object, alpha), count = static_cast<int>(n), step_x = static_cast<int>(incx)] {
      const T factor = scale.get();
      Blas<T>::scal(&count, &factor, x, &step_x);
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class T>
cublasStatus_t copy(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, T* y,
                    int64_t incy) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    cublasStatus_t status;
    if (!prepare(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    stream.enqueue([=, count = static_cast<int>(n), step_x = static_cast<int>(incx), step_y = static_cast<int>(incy)] {
      Blas<T>::copy(&count, x, &step_x, y, &step_y);
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class T>
cublasStatus_t swap(const char* function, cublasHandle_t handle, int64_t n, T* x, int64_t incx, T* y, int64_t incy) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    cublasStatus_t status;
    if (!prepare(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    stream.enqueue([=, count = static_cast<int>(n), step_x = static_cast<int>(incx), step_y = static_cast<int>(incy)] {
      Blas<T>::swap(&count, x, &step_x, y, &step_y);
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class T>
cublasStatus_t rotate(const char* function, cublasHandle_t handle, int64_t n, T* x, int64_t incx, T* y, int64_t incy,
                      const T* c, const T* s) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).pointer("c", c).pointer("s", s).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    stream.enqueue([=, cosine = Scalar<T>(object, c), sine = Scalar<T>(object, s), count = static_cast<int>(n),
                    step_x = static_cast<int>(incx), step_y = static_cast<int>(incy)] {
      const T first = cosine.get();
      const T second = sine.get();
      Blas<T>::rot(&count, x, &step_x, y, &step_y, &first, &second);
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class T>
cublasStatus_t dot(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, const T* y,
                   int64_t incy, T* result) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    const bool any = prepare(n, incx, incy, &status);
    if (any) status = Checks().pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return compute_result(object, stream, result,
                          [=, count = any ? static_cast<int>(n) : 0, step_x = static_cast<int>(incx),
                           step_y = static_cast<int>(incy)] { return Blas<T>::dot(&count, x, &step_x, y, &step_y); });
  });
}

// The functions of one vector that have a result: 0 where the vector has no elements or its increment is 0 or less.
template <class T, class R, class F>
cublasStatus_t reduce(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, R* result,
                      F&& body) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    const bool any = prepare(n, incx, 1, &status) && incx > 0;
    if (any) status = Checks().pointer("x", x).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return compute_result(object, stream, result, [=, count = static_cast<int>(n), step_x = static_cast<int>(incx)] {
      return any ? static_cast<R>(body(&count, x, &step_x)) : R{0};
    });
  });
}

// The place, counted from 1, of the first element of the least magnitude.
template <class T>
int first_minimum(const int* n, const T* x, const int* incx) {
  int best = 0;
  for (int i = 1; i < *n; ++i) {
    if (std::abs(x[static_cast<int64_t>(i) * *incx]) < std::abs(x[static_cast<int64_t>(best) * *incx])) best = i;
  }
  return best + 1;
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_VECTOR(letter, T, suffix, Int)                                                                             \
  cublasStatus_t cublas##letter##axpy_v2##suffix(cublasHandle_t handle, Int n, const T* alpha, const T* x, Int incx,   \
                                                 T* y, Int incy) {                                                     \
    CPU_COUNT_CALL();                                                                                                  \
    return axpy<T>(__func__, handle, n, alpha, x, incx, y, incy);                                                      \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##scal_v2##suffix(cublasHandle_t handle, Int n, const T* alpha, T* x, Int incx) {       \
    CPU_COUNT_CALL();                                                                                                  \
    return scal<T>(__func__, handle, n, alpha, x, incx);                                                               \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##copy_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, T* y, Int incy) { \
    CPU_COUNT_CALL();                                                                                                  \
    return copy<T>(__func__, handle, n, x, incx, y, incy);                                                             \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##swap_v2##suffix(cublasHandle_t handle, Int n, T* x, Int incx, T* y, Int incy) {       \
    CPU_COUNT_CALL();                                                                                                  \
    return swap<T>(__func__, handle, n, x, incx, y, incy);                                                             \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##rot_v2##suffix(cublasHandle_t handle, Int n, T* x, Int incx, T* y, Int incy,          \
                                                const T* c, const T* s) {                                              \
    CPU_COUNT_CALL();                                                                                                  \
    return rotate<T>(__func__, handle, n, x, incx, y, incy, c, s);                                                     \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##dot_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, const T* y,        \
                                                Int incy, T* result) {                                                 \
    CPU_COUNT_CALL();                                                                                                  \
    return dot<T>(__func__, handle, n, x, incx, y, incy, result);                                                      \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##nrm2_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, T* result) {      \
    CPU_COUNT_CALL();                                                                                                  \
    return reduce<T>(__func__, handle, n, x, incx, result, Blas<T>::nrm2);                                             \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##asum_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, T* result) {      \
    CPU_COUNT_CALL();                                                                                                  \
    return reduce<T>(__func__, handle, n, x, incx, result, Blas<T>::asum);                                             \
  }

CPU_VECTOR(S, float, , int)
CPU_VECTOR(S, float, _64, int64_t)
CPU_VECTOR(D, double, , int)
CPU_VECTOR(D, double, _64, int64_t)

#define CPU_VECTOR_PLACE(letter, T, suffix, Int)                                                                     \
  cublasStatus_t cublasI##letter##amax_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, Int* result) { \
    CPU_COUNT_CALL();                                                                                                \
    return reduce<T>(__func__, handle, n, x, incx, result, Blas<T>::iamax);                                          \
  }                                                                                                                  \
  cublasStatus_t cublasI##letter##amin_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, Int* result) { \
    CPU_COUNT_CALL();                                                                                                \
    return reduce<T>(__func__, handle, n, x, incx, result, first_minimum<T>);                                        \
  }

CPU_VECTOR_PLACE(s, float, , int)
CPU_VECTOR_PLACE(s, float, _64, int64_t)
CPU_VECTOR_PLACE(d, double, , int)
CPU_VECTOR_PLACE(d, double, _64, int64_t)
