// OpenBLAS's Fortran interface, by element type. Matrices are column-major, as cuBLAS's are.
#pragma once

#include <complex>
#include <cstdint>

extern "C" {
// Functions of every element type. R: the type of a real part.
#define CPU_DECLARE_BLAS(s, T)                                                                                         \
  void s##gemm_(const char*, const char*, const int*, const int*, const int*, const T*, const T*, const int*,          \
                const T*, const int*, const T*, T*, const int*);                                                       \
  void s##gemv_(const char*, const int*, const int*, const T*, const T*, const int*, const T*, const int*, const T*,   \
                T*, const int*);                                                                                       \
  void s##gbmv_(const char*, const int*, const int*, const int*, const int*, const T*, const T*, const int*, const T*, \
                const int*, const T*, T*, const int*);                                                                 \
  void s##trmv_(const char*, const char*, const char*, const int*, const T*, const int*, T*, const int*);              \
  void s##trsv_(const char*, const char*, const char*, const int*, const T*, const int*, T*, const int*);              \
  void s##tbmv_(const char*, const char*, const char*, const int*, const int*, const T*, const int*, T*, const int*);  \
  void s##tbsv_(const char*, const char*, const char*, const int*, const int*, const T*, const int*, T*, const int*);  \
  void s##tpmv_(const char*, const char*, const char*, const int*, const T*, T*, const int*);                          \
  void s##tpsv_(const char*, const char*, const char*, const int*, const T*, T*, const int*);                          \
  void s##symv_(const char*, const int*, const T*, const T*, const int*, const T*, const int*, const T*, T*,           \
                const int*);                                                                                           \
  void s##syr_(const char*, const int*, const T*, const T*, const int*, T*, const int*);                               \
  void s##syr2_(const char*, const int*, const T*, const T*, const int*, const T*, const int*, T*, const int*);        \
  void s##syrk_(const char*, const char*, const int*, const int*, const T*, const T*, const int*, const T*, T*,        \
                const int*);                                                                                           \
  void s##syr2k_(const char*, const char*, const int*, const int*, const T*, const T*, const int*, const T*,           \
                 const int*, const T*, T*, const int*);                                                                \
  void s##symm_(const char*, const char*, const int*, const int*, const T*, const T*, const int*, const T*,            \
                const int*, const T*, T*, const int*);                                                                 \
  void s##trsm_(const char*, const char*, const char*, const char*, const int*, const int*, const T*, const T*,        \
                const int*, T*, const int*);                                                                           \
  void s##trmm_(const char*, const char*, const char*, const char*, const int*, const int*, const T*, const T*,        \
                const int*, T*, const int*);                                                                           \
  void s##axpy_(const int*, const T*, const T*, const int*, T*, const int*);                                           \
  void s##scal_(const int*, const T*, T*, const int*);                                                                 \
  void s##copy_(const int*, const T*, const int*, T*, const int*);                                                     \
  void s##swap_(const int*, T*, const int*, T*, const int*);                                                           \
  int i##s##amax_(const int*, const T*, const int*);                                                                   \
  int i##s##amin_(const int*, const T*, const int*);                                                                   \
  void s##geqrf_(const int*, const int*, T*, const int*, T*, T*, const int*, int*);                                    \
  void s##gels_(const char*, const int*, const int*, const int*, T*, const int*, T*, const int*, T*, const int*, int*);
CPU_DECLARE_BLAS(s, float)
CPU_DECLARE_BLAS(d, double)
CPU_DECLARE_BLAS(c, std::complex<float>)
CPU_DECLARE_BLAS(z, std::complex<double>)
#undef CPU_DECLARE_BLAS

#define CPU_DECLARE_REAL_BLAS(s, T)                                                                                  \
  void s##syr2_(const char*, const int*, const T*, const T*, const int*, const T*, const int*, T*, const int*);      \
  void s##ger_(const int*, const int*, const T*, const T*, const int*, const T*, const int*, T*, const int*);        \
  void s##sbmv_(const char*, const int*, const int*, const T*, const T*, const int*, const T*, const int*, const T*, \
                T*, const int*);                                                                                     \
  void s##spmv_(const char*, const int*, const T*, const T*, const T*, const int*, const T*, T*, const int*);        \
  void s##spr_(const char*, const int*, const T*, const T*, const int*, T*);                                         \
  void s##spr2_(const char*, const int*, const T*, const T*, const int*, const T*, const int*, T*);                  \
  void s##rot_(const int*, T*, const int*, T*, const int*, const T*, const T*);                                      \
  void s##rotm_(const int*, T*, const int*, T*, const int*, const T*);                                               \
  void s##rotmg_(T*, T*, T*, const T*, T*);                                                                          \
  T s##dot_(const int*, const T*, const int*, const T*, const int*);                                                 \
  T s##nrm2_(const int*, const T*, const int*);                                                                      \
  T s##asum_(const int*, const T*, const int*);
CPU_DECLARE_REAL_BLAS(s, float)
CPU_DECLARE_REAL_BLAS(d, double)
#undef CPU_DECLARE_REAL_BLAS

#define CPU_DECLARE_COMPLEX_BLAS(s, r, T, R)                                                                         \
  void s##geru_(const int*, const int*, const T*, const T*, const int*, const T*, const int*, T*, const int*);       \
  void s##gerc_(const int*, const int*, const T*, const T*, const int*, const T*, const int*, T*, const int*);       \
  void s##hemv_(const char*, const int*, const T*, const T*, const int*, const T*, const int*, const T*, T*,         \
                const int*);                                                                                         \
  void s##hbmv_(const char*, const int*, const int*, const T*, const T*, const int*, const T*, const int*, const T*, \
                T*, const int*);                                                                                     \
  void s##hpmv_(const char*, const int*, const T*, const T*, const T*, const int*, const T*, T*, const int*);        \
  void s##her_(const char*, const int*, const R*, const T*, const int*, T*, const int*);                             \
  void s##hpr_(const char*, const int*, const R*, const T*, const int*, T*);                                         \
  void s##her2_(const char*, const int*, const T*, const T*, const int*, const T*, const int*, T*, const int*);      \
  void s##hpr2_(const char*, const int*, const T*, const T*, const int*, const T*, const int*, T*);                  \
  void s##herk_(const char*, const char*, const int*, const int*, const R*, const T*, const int*, const R*, T*,      \
                const int*);                                                                                         \
  void s##her2k_(const char*, const char*, const int*, const int*, const T*, const T*, const int*, const T*,         \
                 const int*, const R*, T*, const int*);                                                              \
  void s##hemm_(const char*, const char*, const int*, const int*, const T*, const T*, const int*, const T*,          \
                const int*, const T*, T*, const int*);                                                               \
  void s##r##scal_(const int*, const R*, T*, const int*);                                                            \
  void s##r##rot_(const int*, T*, const int*, T*, const int*, const R*, const R*);                                   \
  R r##s##nrm2_(const int*, const T*, const int*);                                                                   \
  void cblas_##s##dotu_sub(int, const T*, int, const T*, int, T*);                                                   \
  void cblas_##s##dotc_sub(int, const T*, int, const T*, int, T*);
CPU_DECLARE_COMPLEX_BLAS(c, s, std::complex<float>, float)
CPU_DECLARE_COMPLEX_BLAS(z, d, std::complex<double>, double)
#undef CPU_DECLARE_COMPLEX_BLAS
}

namespace cpu::cublas {

template <class T>
struct Blas;

#define CPU_COMMON_BLAS(s)                   \
  static constexpr auto gemm = s##gemm_;     \
  static constexpr auto gemv = s##gemv_;     \
  static constexpr auto gbmv = s##gbmv_;     \
  static constexpr auto trmv = s##trmv_;     \
  static constexpr auto trsv = s##trsv_;     \
  static constexpr auto tbmv = s##tbmv_;     \
  static constexpr auto tbsv = s##tbsv_;     \
  static constexpr auto tpmv = s##tpmv_;     \
  static constexpr auto tpsv = s##tpsv_;     \
  static constexpr auto symv = s##symv_;     \
  static constexpr auto syr = s##syr_;       \
  static constexpr auto syrk = s##syrk_;     \
  static constexpr auto syr2k = s##syr2k_;   \
  static constexpr auto symm = s##symm_;     \
  static constexpr auto trsm = s##trsm_;     \
  static constexpr auto trmm = s##trmm_;     \
  static constexpr auto axpy = s##axpy_;     \
  static constexpr auto scal = s##scal_;     \
  static constexpr auto copy = s##copy_;     \
  static constexpr auto swap = s##swap_;     \
  static constexpr auto iamax = i##s##amax_; \
  static constexpr auto iamin = i##s##amin_; \
  static constexpr auto geqrf = s##geqrf_;   \
  static constexpr auto gels = s##gels_;

#define CPU_REAL_BLAS(s, T)                  \
  template <>                                \
  struct Blas<T> {                           \
    CPU_COMMON_BLAS(s)                       \
    static constexpr auto ger = s##ger_;     \
    static constexpr auto syr2 = s##syr2_;   \
    static constexpr auto sbmv = s##sbmv_;   \
    static constexpr auto spmv = s##spmv_;   \
    static constexpr auto spr = s##spr_;     \
    static constexpr auto spr2 = s##spr2_;   \
    static constexpr auto rot = s##rot_;     \
    static constexpr auto rotm = s##rotm_;   \
    static constexpr auto rotmg = s##rotmg_; \
    static constexpr auto dot = s##dot_;     \
    static constexpr auto nrm2 = s##nrm2_;   \
    static constexpr auto asum = s##asum_;   \
  };
CPU_REAL_BLAS(s, float)
CPU_REAL_BLAS(d, double)
#undef CPU_REAL_BLAS

#define CPU_COMPLEX_BLAS(s, r, T)                     \
  template <>                                         \
  struct Blas<T> {                                    \
    CPU_COMMON_BLAS(s)                                \
    static constexpr auto geru = s##geru_;            \
    static constexpr auto gerc = s##gerc_;            \
    static constexpr auto hemv = s##hemv_;            \
    static constexpr auto hbmv = s##hbmv_;            \
    static constexpr auto hpmv = s##hpmv_;            \
    static constexpr auto her = s##her_;              \
    static constexpr auto hpr = s##hpr_;              \
    static constexpr auto her2 = s##her2_;            \
    static constexpr auto hpr2 = s##hpr2_;            \
    static constexpr auto herk = s##herk_;            \
    static constexpr auto her2k = s##her2k_;          \
    static constexpr auto hemm = s##hemm_;            \
    static constexpr auto real_scal = s##r##scal_;    \
    static constexpr auto real_rot = s##r##rot_;      \
    static constexpr auto nrm2 = r##s##nrm2_;         \
    static constexpr auto dotu = cblas_##s##dotu_sub; \
    static constexpr auto dotc = cblas_##s##dotc_sub; \
  };
CPU_COMPLEX_BLAS(c, s, std::complex<float>)
CPU_COMPLEX_BLAS(z, d, std::complex<double>)
#undef CPU_COMPLEX_BLAS
#undef CPU_COMMON_BLAS

}  // namespace cpu::cublas
