// OpenBLAS's Fortran interface, by element type. Matrices are column-major, as cuBLAS's are.
#pragma once

#include <cstdint>

extern "C" {
#define CPU_DECLARE_BLAS(s, T, iamax)                                                                                \
  void s##gemm_(const char*, const char*, const int*, const int*, const int*, const T*, const T*, const int*,        \
                const T*, const int*, const T*, T*, const int*);                                                     \
  void s##gemv_(const char*, const int*, const int*, const T*, const T*, const int*, const T*, const int*, const T*, \
                T*, const int*);                                                                                     \
  void s##ger_(const int*, const int*, const T*, const T*, const int*, const T*, const int*, T*, const int*);        \
  void s##syrk_(const char*, const char*, const int*, const int*, const T*, const T*, const int*, const T*, T*,      \
                const int*);                                                                                         \
  void s##symm_(const char*, const char*, const int*, const int*, const T*, const T*, const int*, const T*,          \
                const int*, const T*, T*, const int*);                                                               \
  void s##trsm_(const char*, const char*, const char*, const char*, const int*, const int*, const T*, const T*,      \
                const int*, T*, const int*);                                                                         \
  void s##trmm_(const char*, const char*, const char*, const char*, const int*, const int*, const T*, const T*,      \
                const int*, T*, const int*);                                                                         \
  void s##axpy_(const int*, const T*, const T*, const int*, T*, const int*);                                         \
  void s##scal_(const int*, const T*, T*, const int*);                                                               \
  void s##copy_(const int*, const T*, const int*, T*, const int*);                                                   \
  void s##swap_(const int*, T*, const int*, T*, const int*);                                                         \
  void s##rot_(const int*, T*, const int*, T*, const int*, const T*, const T*);                                      \
  T s##dot_(const int*, const T*, const int*, const T*, const int*);                                                 \
  T s##nrm2_(const int*, const T*, const int*);                                                                      \
  T s##asum_(const int*, const T*, const int*);                                                                      \
  int iamax(const int*, const T*, const int*);
CPU_DECLARE_BLAS(s, float, isamax_)
CPU_DECLARE_BLAS(d, double, idamax_)
#undef CPU_DECLARE_BLAS
}

namespace cpu::cublas {

template <class T>
struct Blas;

#define CPU_DEFINE_BLAS(s, T, iamax_function)     \
  template <>                                     \
  struct Blas<T> {                                \
    static constexpr auto gemm = s##gemm_;        \
    static constexpr auto gemv = s##gemv_;        \
    static constexpr auto ger = s##ger_;          \
    static constexpr auto syrk = s##syrk_;        \
    static constexpr auto symm = s##symm_;        \
    static constexpr auto trsm = s##trsm_;        \
    static constexpr auto trmm = s##trmm_;        \
    static constexpr auto axpy = s##axpy_;        \
    static constexpr auto scal = s##scal_;        \
    static constexpr auto copy = s##copy_;        \
    static constexpr auto swap = s##swap_;        \
    static constexpr auto rot = s##rot_;          \
    static constexpr auto dot = s##dot_;          \
    static constexpr auto nrm2 = s##nrm2_;        \
    static constexpr auto asum = s##asum_;        \
    static constexpr auto iamax = iamax_function; \
  };
CPU_DEFINE_BLAS(s, float, isamax_)
CPU_DEFINE_BLAS(d, double, idamax_)
#undef CPU_DEFINE_BLAS

}  // namespace cpu::cublas
