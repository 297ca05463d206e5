#include "cublas/vector.h"

#include <algorithm>
#include <cmath>

#include "cublas/blas.h"

namespace cpu::cublas {

bool prepare_vectors(int64_t n, int64_t incx, int64_t incy, cublasStatus_t* status) {
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
    if (!prepare_vectors(n, incx, incy, &status)) return status;
    status = Checks().pointer("alpha", alpha).pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<T> scale(object, alpha);
    return submit(stream, {scale.extent("alpha"), vector_extent("x", x, n, incx), vector_extent("y", y, n, incy)},
                  [=, count = static_cast<int>(n), step_x = static_cast<int>(incx), step_y = static_cast<int>(incy)] {
                    const T factor = scale.get();
                    Blas<T>::axpy(&count, &factor, x, &step_x, y, &step_y);
                  });
  });
}

// An increment of 0 or less leaves the vector alone, as in the reference BLAS.
template <class T, class S>
cublasStatus_t scal(const char* function, cublasHandle_t handle, int64_t n, const S* alpha, T* x, int64_t incx) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, 1, &status) || incx <= 0) return status;
    status = Checks().pointer("alpha", alpha).pointer("x", x).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<S> scale(object, alpha);
    return submit(stream, {scale.extent("alpha"), vector_extent("x", x, n, incx)},
                  [=, count = static_cast<int>(n), step_x = static_cast<int>(incx)] {
                    const S factor = scale.get();
                    if constexpr (std::is_same_v<S, T>) {
                      Blas<T>::scal(&count, &factor, x, &step_x);
                    } else {
                      Blas<T>::real_scal(&count, &factor, x, &step_x);
                    }
                  });
  });
}

template <class T>
cublasStatus_t copy(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, T* y,
                    int64_t incy) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return submit(stream, {vector_extent("x", x, n, incx), vector_extent("y", y, n, incy)},
                  [=, count = static_cast<int>(n), step_x = static_cast<int>(incx), step_y = static_cast<int>(incy)] {
                    Blas<T>::copy(&count, x, &step_x, y, &step_y);
                  });
  });
}

template <class T>
cublasStatus_t swap(const char* function, cublasHandle_t handle, int64_t n, T* x, int64_t incx, T* y, int64_t incy) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return submit(stream, {vector_extent("x", x, n, incx), vector_extent("y", y, n, incy)},
                  [=, count = static_cast<int>(n), step_x = static_cast<int>(incx), step_y = static_cast<int>(incy)] {
                    Blas<T>::swap(&count, x, &step_x, y, &step_y);
                  });
  });
}

template <class T>
cublasStatus_t dot(const char* function, cublasHandle_t handle, bool conjugated, int64_t n, const T* x, int64_t incx,
                   const T* y, int64_t incy, T* result) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    const bool any = prepare_vectors(n, incx, incy, &status);
    if (any) status = Checks().pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const int count = any ? static_cast<int>(n) : 0;
    return compute_result(object, stream, result,
                          {vector_extent("x", x, count, incx), vector_extent("y", y, count, incy)},
                          [=, step_x = static_cast<int>(incx), step_y = static_cast<int>(incy)] {
                            T product{};
                            if (count == 0) return product;
                            if constexpr (!is_complex<T>) {
                              product = Blas<T>::dot(&count, x, &step_x, y, &step_y);
                            } else if (conjugated) {
                              Blas<T>::dotc(count, x, step_x, y, step_y, &product);
                            } else {
                              Blas<T>::dotu(count, x, step_x, y, step_y, &product);
                            }
                            return product;
                          });
  });
}

namespace {

// The functions of one vector that have a result: 0 where the vector has no elements or its increment is 0 or less.
template <class T, class R, class F>
cublasStatus_t reduce(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, R* result,
                      F&& body) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    const bool any = prepare_vectors(n, incx, 1, &status) && incx > 0;
    if (any) status = Checks().pointer("x", x).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return compute_result(object, stream, result, {vector_extent("x", x, any ? n : 0, incx)},
                          [=, count = static_cast<int>(n), step_x = static_cast<int>(incx)] {
                            return any ? static_cast<R>(body(&count, x, &step_x)) : R{0};
                          });
  });
}

template <class T>
auto magnitude(const T& value) {
  if constexpr (is_complex<T>) {
    return std::abs(value.real()) + std::abs(value.imag());
  } else {
    return std::abs(value);
  }
}

// OpenBLAS 0.3.21 adds up complex numbers wrongly on Cooper Lake and later (its scasum of 9 and more).
template <class T>
Real<T> sum_of_magnitudes(const int* n, const T* x, const int* incx) {
  double sum = 0;
  for (int64_t i = 0; i < *n; ++i) {
    const T& value = x[i * *incx];
    sum += std::abs(static_cast<double>(value.real())) + std::abs(static_cast<double>(value.imag()));
  }
  return static_cast<Real<T>>(sum);
}

template <class T, bool greatest>
int64_t place_of_extreme(const int* n, const T* x, const int* incx) {
  int64_t best = 0;
  auto found = magnitude(x[0]);
  for (int64_t i = 1; i < *n; ++i) {
    const auto candidate = magnitude(x[i * *incx]);
    if (greatest ? candidate > found : candidate < found) {
      best = i;
      found = candidate;
    }
  }
  return best + 1;
}

// Where all of a rotation's parameters lie: host memory is written before the call returns.
template <size_t count, class F>
cublasStatus_t compute_parameters(const CublasHandle& handle, Stream& stream, Extent (&extents)[count], F&& compute) {
  for (Extent& extent : extents) {
    if (Checks().pointer(extent.name, extent.address).status() != CUBLAS_STATUS_SUCCESS) {
      return CUBLAS_STATUS_INVALID_VALUE;
    }
    if (handle.pointer_mode != CUBLAS_POINTER_MODE_DEVICE) extent.bytes = 0;
  }
  const uint64_t place = stream.enqueue([=, function = current_function(), touched = std::to_array(extents)] {
    if (accessible(function, touched)) compute();
  });
  return finish_results(handle, stream, place);
}

template <class T>
Extent parameter(const char* name, const T* address, int64_t count = 1) {
  return {name, address, count * static_cast<int64_t>(sizeof(T))};
}

}  // namespace

template <class T>
cublasStatus_t nrm2(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, Real<T>* result) {
  return reduce(function, handle, n, x, incx, result, Blas<T>::nrm2);
}

template <class T>
cublasStatus_t asum(const char* function, cublasHandle_t handle, int64_t n, const T* x, int64_t incx, Real<T>* result) {
  if constexpr (is_complex<T>) {
    return reduce(function, handle, n, x, incx, result, sum_of_magnitudes<T>);
  } else {
    return reduce(function, handle, n, x, incx, result, Blas<T>::asum);
  }
}

template <class T, class Int>
cublasStatus_t extreme(const char* function, cublasHandle_t handle, bool greatest, int64_t n, const T* x, int64_t incx,
                       Int* result) {
  return reduce(function, handle, n, x, incx, result,
                greatest ? place_of_extreme<T, true> : place_of_extreme<T, false>);
}

template <class T, class S>
cublasStatus_t rot(const char* function, cublasHandle_t handle, int64_t n, T* x, int64_t incx, T* y, int64_t incy,
                   const Real<T>* c, const S* s) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).pointer("c", c).pointer("s", s).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<Real<T>> cosine(object, c);
    const Scalar<S> sine(object, s);
    return submit(
        stream, {cosine.extent("c"), sine.extent("s"), vector_extent("x", x, n, incx), vector_extent("y", y, n, incy)},
        [=] {
          const Real<T> first = cosine.get();
          const S second = sine.get();
          T* at_x = first_element(x, n, incx);
          T* at_y = first_element(y, n, incy);
          for (int64_t i = 0; i < n; ++i, at_x += incx, at_y += incy) {
            const T old = *at_x;
            *at_x = first * old + second * *at_y;
            *at_y = first * *at_y - conjugate(second) * old;
          }
        });
  });
}

namespace {

// The rotation that turns (a, b) into (r, 0), with r in a and, for real numbers, the z from which c and s can be had
// again in b. Lawson, Hanson, Kincaid and Krogh, ACM TOMS 5 (1979), with the scaling of the reference BLAS.
template <class T>
void make_rotation(T* a, T* b, Real<T>* c, T* s) {
  using R = Real<T>;
  if constexpr (is_complex<T>) {
    const R size_a = std::abs(*a);
    if (size_a == R{0}) {
      *c = R{0};
      *s = T{1};
      *a = *b;
      return;
    }
    const R scale = size_a + std::abs(*b);
    const R norm = scale * std::hypot(std::abs(*a / scale), std::abs(*b / scale));
    const T direction = *a / size_a;
    *c = size_a / norm;
    *s = direction * std::conj(*b) / norm;
    *a = direction * norm;
  } else {
    const R scale = std::abs(*a) + std::abs(*b);
    if (scale == R{0}) {
      *c = R{1};
      *s = R{0};
      *a = *b = R{0};
      return;
    }
    const R sign = std::abs(*a) > std::abs(*b) ? *a : *b;
    const R r = std::copysign(scale * std::hypot(*a / scale, *b / scale), sign);
    *c = *a / r;
    *s = *b / r;
    R z{1};
    if (std::abs(*a) > std::abs(*b)) {
      z = *s;
    } else if (*c != R{0}) {
      z = R{1} / *c;
    }
    *a = r;
    *b = z;
  }
}

}  // namespace

template <class T>
cublasStatus_t rotg(const char* function, cublasHandle_t handle, T* a, T* b, Real<T>* c, T* s) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Extent extents[] = {parameter("a", a), parameter("b", b), parameter("c", c), parameter("s", s)};
    return compute_parameters(object, stream, extents, [=] { make_rotation(a, b, c, s); });
  });
}

template <class T>
cublasStatus_t rotm(const char* function, cublasHandle_t handle, int64_t n, T* x, int64_t incx, T* y, int64_t incy,
                    const T* param) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).pointer("param", param).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const bool on_device = object.pointer_mode == CUBLAS_POINTER_MODE_DEVICE;
    std::array<T, 5> values{};
    if (!on_device) std::copy_n(param, values.size(), values.begin());
    return submit(
        stream,
        {parameter("param", param, on_device ? 5 : 0), vector_extent("x", x, n, incx), vector_extent("y", y, n, incy)},
        [=, count = static_cast<int>(n), step_x = static_cast<int>(incx), step_y = static_cast<int>(incy)] {
          Blas<T>::rotm(&count, x, &step_x, y, &step_y, on_device ? param : values.data());
        });
  });
}

template <class T>
cublasStatus_t rotmg(const char* function, cublasHandle_t handle, T* d1, T* d2, T* x1, const T* y1, T* param) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    Extent extents[] = {parameter("d1", d1), parameter("d2", d2), parameter("x1", x1), parameter("y1", y1),
                        parameter("param", param, 5)};
    return compute_parameters(object, stream, extents, [=] { Blas<T>::rotmg(d1, d2, x1, y1, param); });
  });
}

// Every function for the types it exists in.
#define CPU_INSTANTIATE(T)                                                                                           \
  template cublasStatus_t axpy(const char*, cublasHandle_t, int64_t, const T*, const T*, int64_t, T*, int64_t);      \
  template cublasStatus_t scal(const char*, cublasHandle_t, int64_t, const T*, T*, int64_t);                         \
  template cublasStatus_t copy(const char*, cublasHandle_t, int64_t, const T*, int64_t, T*, int64_t);                \
  template cublasStatus_t swap(const char*, cublasHandle_t, int64_t, T*, int64_t, T*, int64_t);                      \
  template cublasStatus_t dot(const char*, cublasHandle_t, bool, int64_t, const T*, int64_t, const T*, int64_t, T*); \
  template cublasStatus_t nrm2(const char*, cublasHandle_t, int64_t, const T*, int64_t, Real<T>*);                   \
  template cublasStatus_t asum(const char*, cublasHandle_t, int64_t, const T*, int64_t, Real<T>*);                   \
  template cublasStatus_t extreme(const char*, cublasHandle_t, bool, int64_t, const T*, int64_t, int*);              \
  template cublasStatus_t extreme(const char*, cublasHandle_t, bool, int64_t, const T*, int64_t, int64_t*);          \
  template cublasStatus_t rot(const char*, cublasHandle_t, int64_t, T*, int64_t, T*, int64_t, const Real<T>*,        \
                              const T*);                                                                             \
  template cublasStatus_t rotg(const char*, cublasHandle_t, T*, T*, Real<T>*, T*);
#define CPU_INSTANTIATE_REAL(T)                                                                           \
  CPU_INSTANTIATE(T)                                                                                      \
  template cublasStatus_t rotm(const char*, cublasHandle_t, int64_t, T*, int64_t, T*, int64_t, const T*); \
  template cublasStatus_t rotmg(const char*, cublasHandle_t, T*, T*, T*, const T*, T*);
#define CPU_INSTANTIATE_COMPLEX(T)                                                                            \
  CPU_INSTANTIATE(T)                                                                                          \
  template cublasStatus_t scal(const char*, cublasHandle_t, int64_t, const Real<T>*, T*, int64_t);            \
  template cublasStatus_t rot(const char*, cublasHandle_t, int64_t, T*, int64_t, T*, int64_t, const Real<T>*, \
                              const Real<T>*);
CPU_INSTANTIATE_REAL(float)
CPU_INSTANTIATE_REAL(double)
CPU_INSTANTIATE_COMPLEX(std::complex<float>)
CPU_INSTANTIATE_COMPLEX(std::complex<double>)

}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_VECTOR(letter, T, suffix, Int)                                                                             \
  cublasStatus_t cublas##letter##axpy_v2##suffix(cublasHandle_t handle, Int n, const T* alpha, const T* x, Int incx,   \
                                                 T* y, Int incy) {                                                     \
    CPU_COUNT_CALL();                                                                                                  \
    return axpy(__func__, handle, n, native(alpha), native(x), incx, native(y), incy);                                 \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##scal_v2##suffix(cublasHandle_t handle, Int n, const T* alpha, T* x, Int incx) {       \
    CPU_COUNT_CALL();                                                                                                  \
    return scal(__func__, handle, n, native(alpha), native(x), incx);                                                  \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##copy_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, T* y, Int incy) { \
    CPU_COUNT_CALL();                                                                                                  \
    return copy(__func__, handle, n, native(x), incx, native(y), incy);                                                \
  }                                                                                                                    \
  cublasStatus_t cublas##letter##swap_v2##suffix(cublasHandle_t handle, Int n, T* x, Int incx, T* y, Int incy) {       \
    CPU_COUNT_CALL();                                                                                                  \
    return swap(__func__, handle, n, native(x), incx, native(y), incy);                                                \
  }
CPU_FOR_ALL_TYPES(CPU_VECTOR)

#define CPU_DOT(name, T, suffix, Int, conjugated)                                                                    \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, const T* y, Int incy, \
                                           T* result) {                                                              \
    CPU_COUNT_CALL();                                                                                                \
    return dot(__func__, handle, conjugated, n, native(x), incx, native(y), incy, native(result));                   \
  }
#define CPU_REAL_DOT(letter, T, suffix, Int) CPU_DOT(letter##dot, T, suffix, Int, false)
#define CPU_COMPLEX_DOT(letter, T, suffix, Int) \
  CPU_DOT(letter##dotu, T, suffix, Int, false)  \
  CPU_DOT(letter##dotc, T, suffix, Int, true)
CPU_FOR_REAL_TYPES(CPU_REAL_DOT)
CPU_FOR_COMPLEX_TYPES(CPU_COMPLEX_DOT)

#define CPU_SIZE(letters, T, R, suffix, Int)                                                                       \
  cublasStatus_t cublas##letters##nrm2_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, R* result) { \
    CPU_COUNT_CALL();                                                                                              \
    return nrm2(__func__, handle, n, native(x), incx, result);                                                     \
  }                                                                                                                \
  cublasStatus_t cublas##letters##asum_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, R* result) { \
    CPU_COUNT_CALL();                                                                                              \
    return asum(__func__, handle, n, native(x), incx, result);                                                     \
  }
CPU_SIZE(S, float, float, , int)
CPU_SIZE(S, float, float, _64, int64_t)
CPU_SIZE(D, double, double, , int)
CPU_SIZE(D, double, double, _64, int64_t)
CPU_SIZE(Sc, cuComplex, float, , int)
CPU_SIZE(Sc, cuComplex, float, _64, int64_t)
CPU_SIZE(Dz, cuDoubleComplex, double, , int)
CPU_SIZE(Dz, cuDoubleComplex, double, _64, int64_t)

#define CPU_EXTREMES(letter, T, suffix, Int)                                                                         \
  cublasStatus_t cublasI##letter##amax_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, Int* result) { \
    CPU_COUNT_CALL();                                                                                                \
    return extreme(__func__, handle, true, n, native(x), incx, result);                                              \
  }                                                                                                                  \
  cublasStatus_t cublasI##letter##amin_v2##suffix(cublasHandle_t handle, Int n, const T* x, Int incx, Int* result) { \
    CPU_COUNT_CALL();                                                                                                \
    return extreme(__func__, handle, false, n, native(x), incx, result);                                             \
  }
CPU_EXTREMES(s, float, , int)
CPU_EXTREMES(s, float, _64, int64_t)
CPU_EXTREMES(d, double, , int)
CPU_EXTREMES(d, double, _64, int64_t)
CPU_EXTREMES(c, cuComplex, , int)
CPU_EXTREMES(c, cuComplex, _64, int64_t)
CPU_EXTREMES(z, cuDoubleComplex, , int)
CPU_EXTREMES(z, cuDoubleComplex, _64, int64_t)

#define CPU_ROTATION(name, T, R, S, suffix, Int)                                                                     \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, Int n, T* x, Int incx, T* y, Int incy, const R* c, \
                                           const S* s) {                                                             \
    CPU_COUNT_CALL();                                                                                                \
    return rot(__func__, handle, n, native(x), incx, native(y), incy, c, native(s));                                 \
  }
#define CPU_ROTATIONS(suffix, Int)                                          \
  CPU_ROTATION(Srot, float, float, float, suffix, Int)                      \
  CPU_ROTATION(Drot, double, double, double, suffix, Int)                   \
  CPU_ROTATION(Crot, cuComplex, float, cuComplex, suffix, Int)              \
  CPU_ROTATION(Csrot, cuComplex, float, float, suffix, Int)                 \
  CPU_ROTATION(Zrot, cuDoubleComplex, double, cuDoubleComplex, suffix, Int) \
  CPU_ROTATION(Zdrot, cuDoubleComplex, double, double, suffix, Int)
CPU_ROTATIONS(, int)
CPU_ROTATIONS(_64, int64_t)

#define CPU_REAL_SCAL(name, T, R, suffix, Int)                                                             \
  cublasStatus_t cublas##name##_v2##suffix(cublasHandle_t handle, Int n, const R* alpha, T* x, Int incx) { \
    CPU_COUNT_CALL();                                                                                      \
    return scal(__func__, handle, n, alpha, native(x), incx);                                              \
  }
CPU_REAL_SCAL(Csscal, cuComplex, float, , int)
CPU_REAL_SCAL(Csscal, cuComplex, float, _64, int64_t)
CPU_REAL_SCAL(Zdscal, cuDoubleComplex, double, , int)
CPU_REAL_SCAL(Zdscal, cuDoubleComplex, double, _64, int64_t)

#define CPU_MAKE_ROTATION(letter, T, R)                                                   \
  cublasStatus_t cublas##letter##rotg_v2(cublasHandle_t handle, T* a, T* b, R* c, T* s) { \
    CPU_COUNT_CALL();                                                                     \
    return rotg(__func__, handle, native(a), native(b), c, native(s));                    \
  }
CPU_MAKE_ROTATION(S, float, float)
CPU_MAKE_ROTATION(D, double, double)
CPU_MAKE_ROTATION(C, cuComplex, float)
CPU_MAKE_ROTATION(Z, cuDoubleComplex, double)

#define CPU_MODIFIED_ROTATION(letter, T, suffix, Int)                                                          \
  cublasStatus_t cublas##letter##rotm_v2##suffix(cublasHandle_t handle, Int n, T* x, Int incx, T* y, Int incy, \
                                                 const T* param) {                                             \
    CPU_COUNT_CALL();                                                                                          \
    return rotm(__func__, handle, n, x, incx, y, incy, param);                                                 \
  }
CPU_FOR_REAL_TYPES(CPU_MODIFIED_ROTATION)

#define CPU_MAKE_MODIFIED_ROTATION(letter, T)                                                                  \
  cublasStatus_t cublas##letter##rotmg_v2(cublasHandle_t handle, T* d1, T* d2, T* x1, const T* y1, T* param) { \
    CPU_COUNT_CALL();                                                                                          \
    return rotmg(__func__, handle, d1, d2, x1, y1, param);                                                     \
  }
CPU_MAKE_MODIFIED_ROTATION(S, float)
CPU_MAKE_MODIFIED_ROTATION(D, double)
