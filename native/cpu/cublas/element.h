// The C types of the interface's elements and the types that are computed with.
#pragma once

#include <complex>
#include <type_traits>

#include "generated/cublas.h"

namespace cpu::cublas {

template <class T>
struct NativeType {
  using type = T;
};
template <>
struct NativeType<cuComplex> {
  using type = std::complex<float>;
};
template <>
struct NativeType<cuDoubleComplex> {
  using type = std::complex<double>;
};

// The type that stands for a C type: std::complex for cuComplex and cuDoubleComplex, of the same layout.
template <class C>
using Native = typename NativeType<std::remove_const_t<C>>::type;

template <class T>
inline constexpr bool is_complex = false;
template <class R>
inline constexpr bool is_complex<std::complex<R>> = true;

template <class T>
struct RealType {
  using type = T;
};
template <class R>
struct RealType<std::complex<R>> {
  using type = R;
};
// The type of a real part.
template <class T>
using Real = typename RealType<T>::type;

// The same memory, as elements that are computed with.
template <class C>
const Native<C>* native(const C* pointer) {
  return reinterpret_cast<const Native<C>*>(pointer);
}
template <class C>
Native<C>* native(C* pointer) {
  return reinterpret_cast<Native<C>*>(pointer);
}
// Arrays of pointers, as batches have them.
template <class C>
const Native<C>* const* native(const C* const* pointers) {
  return reinterpret_cast<const Native<C>* const*>(pointers);
}
template <class C>
Native<C>* const* native(C* const* pointers) {
  return reinterpret_cast<Native<C>* const*>(pointers);
}

template <class T>
T conjugate(const T& value) {
  if constexpr (is_complex<T>) {
    return std::conj(value);
  } else {
    return value;
  }
}

// The letters BLAS takes for the modes. Of real matrices the conjugate transpose is the transpose.
inline char letter(cublasFillMode_t uplo) { return uplo == CUBLAS_FILL_MODE_LOWER ? 'L' : 'U'; }
inline char letter(cublasSideMode_t side) { return side == CUBLAS_SIDE_LEFT ? 'L' : 'R'; }
inline char letter(cublasOperation_t trans) { return trans == CUBLAS_OP_N ? 'N' : trans == CUBLAS_OP_T ? 'T' : 'C'; }
inline char letter(cublasDiagType_t diag) { return diag == CUBLAS_DIAG_UNIT ? 'U' : 'N'; }

}  // namespace cpu::cublas

// Defines a family of functions for every element type, counted in 32 and in 64 bits: F(letter, C type, suffix,
// integer).
#define CPU_FOR_REAL_TYPES(F) \
  F(S, float, , int)          \
  F(S, float, _64, int64_t)   \
  F(D, double, , int)         \
  F(D, double, _64, int64_t)
#define CPU_FOR_COMPLEX_TYPES(F) \
  F(C, cuComplex, , int)         \
  F(C, cuComplex, _64, int64_t)  \
  F(Z, cuDoubleComplex, , int)   \
  F(Z, cuDoubleComplex, _64, int64_t)
#define CPU_FOR_ALL_TYPES(F) \
  CPU_FOR_REAL_TYPES(F)      \
  CPU_FOR_COMPLEX_TYPES(F)
