// Every function of cuBLAS that computes, against plain loops in double: random sizes, leading dimensions with gaps,
// increments of either sign, scaling factors in host and in device memory, 32- and 64-bit counts. Gaps, the triangle
// that is not given and results that beta = 0 leaves unread hold NaN, and what is not to be written must keep its bits.
// usage: cublas_test [--rounds N] [--seed N]
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "generated/cublas.h"
#include "generated/driver.h"
#include "tests/blas_check.h"
#include "tests/command_line.h"

namespace {

cublasHandle_t handle = nullptr;

int some() { return below(below(8) == 0 ? 300 : 20) + 1; }
// A multiple of 1/8 between -2 and 2, exact in every type.
double eighths() { return (below(33) - 16) / 8.0; }

// ---- element types

template <class C>
struct Element;
template <>
struct Element<float> {
  static constexpr bool complex = false;
  static constexpr double precision = 1e-5;
  using Real = float;
};
template <>
struct Element<double> {
  static constexpr bool complex = false;
  static constexpr double precision = 1e-13;
  using Real = double;
};
template <>
struct Element<cuComplex> {
  static constexpr bool complex = true;
  static constexpr double precision = 2e-5;
  using Real = float;
};
template <>
struct Element<cuDoubleComplex> {
  static constexpr bool complex = true;
  static constexpr double precision = 2e-13;
  using Real = double;
};

// 16-bit floats, by their bits.
struct Half {
  static constexpr cudaDataType type = CUDA_R_16F;
  uint16_t bits;
};
struct Brain {
  static constexpr cudaDataType type = CUDA_R_16BF;
  uint16_t bits;
};
template <>
struct Element<Half> {
  static constexpr bool complex = false;
  static constexpr double precision = 2e-3;
};
template <>
struct Element<Brain> {
  static constexpr bool complex = false;
  static constexpr double precision = 1.6e-2;
};
struct ByteComplex {
  int8_t x, y;
};
template <>
struct Element<ByteComplex> {
  static constexpr bool complex = true;
};
template <>
struct Element<int8_t> {
  static constexpr bool complex = false;
};
template <>
struct Element<int32_t> {
  static constexpr bool complex = false;
  static constexpr double precision = 0;
};

Number wide(float v) { return v; }
Number wide(double v) { return v; }
Number wide(cuComplex v) { return {v.x, v.y}; }
Number wide(cuDoubleComplex v) { return {v.x, v.y}; }
Number wide(int8_t v) { return v; }
Number wide(int32_t v) { return v; }
Number wide(ByteComplex v) { return {static_cast<double>(v.x), static_cast<double>(v.y)}; }
Number wide(Brain v) {
  const uint32_t bits = uint32_t{v.bits} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
Number wide(Half v) {
  const int exponent = (v.bits >> 10) & 31;
  const double fraction = v.bits & 1023;
  const double size = exponent == 0    ? std::ldexp(fraction, -24)
                      : exponent == 31 ? std::numeric_limits<double>::quiet_NaN()
                                       : std::ldexp(1024 + fraction, exponent - 25);
  return (v.bits & 0x8000) != 0 ? -size : size;
}

void narrow(Number n, float* v) { *v = static_cast<float>(n.real()); }
void narrow(Number n, double* v) { *v = n.real(); }
void narrow(Number n, cuComplex* v) { *v = {static_cast<float>(n.real()), static_cast<float>(n.imag())}; }
void narrow(Number n, cuDoubleComplex* v) { *v = {n.real(), n.imag()}; }
void narrow(Number n, int8_t* v) { *v = static_cast<int8_t>(n.real() * 8); }
void narrow(Number n, int32_t* v) { *v = static_cast<int32_t>(n.real() * 8); }
void narrow(Number n, ByteComplex* v) { *v = {static_cast<int8_t>(n.real() * 8), static_cast<int8_t>(n.imag() * 8)}; }
void narrow(Number n, Brain* v) {
  const float value = static_cast<float>(n.real());
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  v->bits = static_cast<uint16_t>(bits >> 16);  // exact for eighths
}
void narrow(Number n, Half* v) {
  const double value = std::abs(n.real());
  v->bits = 0;
  if (std::isnan(value)) v->bits = 0x7E00;
  if (value > 0) {
    int exponent = 0;
    const double fraction = std::frexp(value, &exponent);  // exact for eighths
    v->bits = static_cast<uint16_t>(((exponent + 14) << 10) + (static_cast<int>(fraction * 2048) - 1024));
  }
  if (n.real() < 0) v->bits = static_cast<uint16_t>(v->bits | 0x8000);
}

template <class C>
C made(Number n) {
  C value;
  narrow(n, &value);
  return value;
}
template <class C>
C random_value() {
  return made<C>({eighths(), Element<C>::complex ? eighths() : 0});
}
template <class C>
C nan_value() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if constexpr (std::is_same_v<C, int8_t> || std::is_same_v<C, ByteComplex> || std::is_same_v<C, int32_t>) {
    return random_value<C>();
  } else {
    return made<C>({nan, Element<C>::complex ? nan : 0});
  }
}

// ---- device memory

// rows x columns elements, column-major, with a leading dimension; gaps are NaN. A buffer ends with its last element.
template <class C>
class Matrix {
 public:
  Matrix(int rows, int columns, int extra = below(3))
      : rows(rows), columns(columns), leading(std::max(1, rows + extra)), host_(size(), nan_value<C>()) {
    for (int column = 0; column < columns; ++column) {
      for (int row = 0; row < rows; ++row) host(row, column) = random_value<C>();
    }
  }
  Matrix(const Matrix&) = delete;
  ~Matrix() {
    cuStreamSynchronize(stream);
    if (device_ != nullptr) cuMemFree_v2(reinterpret_cast<CUdeviceptr>(device_));
  }

  C& host(int row, int column) { return host_[static_cast<size_t>(column) * leading + row]; }
  Number operator()(int row, int column) const { return wide(host_[static_cast<size_t>(column) * leading + row]); }
  void set(int row, int column, Number value) { host(row, column) = made<C>(value); }
  void forget() {
    for (int column = 0; column < columns; ++column) {
      for (int row = 0; row < rows; ++row) host(row, column) = nan_value<C>();
    }
  }
  void forget_triangle(bool lower) {
    for (int column = 0; column < columns; ++column) {
      for (int row = 0; row < rows; ++row) {
        if (lower ? row > column : row < column) host(row, column) = nan_value<C>();
      }
    }
  }

  C* device() {
    if (device_ == nullptr) device_ = static_cast<C*>(allocate(host_.data(), host_.size() * sizeof(C)));
    return device_;
  }

  // Compares what lies on the device with `expected` where `written` says so, and with what lay there elsewhere.
  void check(
      const std::function<Number(int, int)>& expected, double precision,
      const std::function<bool(int, int)>& written = [](int, int) { return true; }) {
    std::vector<C> got(host_.size());
    cuStreamSynchronize(stream);
    cuMemcpyDtoH_v2(got.data(), reinterpret_cast<CUdeviceptr>(device()), got.size() * sizeof(C));
    for (size_t i = 0; i < got.size(); ++i) {
      const int row = static_cast<int>(i % leading), column = static_cast<int>(i / leading);
      ++compared;
      if (row >= rows || !written(row, column)) {
        if (std::memcmp(&got[i], &host_[i], sizeof(C)) != 0) {
          complain("wrote (" + std::to_string(row) + ", " + std::to_string(column) + "), which is not its to write");
        }
        continue;
      }
      const Number wanted = expected(row, column), found = wide(got[i]);
      const double error = std::abs(found - wanted);
      if (!(error <= precision * std::max(1.0, std::abs(wanted)))) {
        complain("(" + std::to_string(row) + ", " + std::to_string(column) + ") is " + std::to_string(found.real()) +
                 " + " + std::to_string(found.imag()) + "i, not " + std::to_string(wanted.real()) + " + " +
                 std::to_string(wanted.imag()) + "i");
      }
    }
  }

  const int rows, columns, leading;

 private:
  size_t size() const { return rows == 0 || columns == 0 ? 0 : static_cast<size_t>(columns - 1) * leading + rows; }
  std::vector<C> host_;
  C* device_ = nullptr;
};

// n elements, |increment| apart. With a negative increment the first element is the last in memory.
template <class C>
class Vector {
 public:
  explicit Vector(int n, int increment = (coin() ? 1 : -1) * (below(3) + 1))
      : n(n), increment(increment), matrix_(1, n, std::abs(increment) - 1) {}

  Number operator()(int i) const { return matrix_(0, place(i)); }
  void set(int i, Number value) { matrix_.set(0, place(i), value); }
  C& host(int i) { return matrix_.host(0, place(i)); }
  void forget() { matrix_.forget(); }
  C* device() { return matrix_.device(); }
  void check(const std::function<Number(int)>& expected, double precision) {
    matrix_.check([&](int, int column) { return expected(place(column)); }, precision);
  }

  const int n, increment;

 private:
  int place(int i) const { return increment < 0 ? n - 1 - i : i; }
  Matrix<C> matrix_;
};

// A scaling factor, in the memory that the handle's pointer mode wants.
template <class C>
class Factor {
 public:
  explicit Factor(Number value) : value(value), host_(made<C>(value)) {
    cublasPointerMode_t mode;
    cublasGetPointerMode_v2(handle, &mode);
    if (mode == CUBLAS_POINTER_MODE_DEVICE) device_ = static_cast<C*>(allocate(&host_, sizeof host_));
  }
  Factor(const Factor&) = delete;
  ~Factor() {
    if (device_ == nullptr) return;
    cuStreamSynchronize(stream);
    cuMemFree_v2(reinterpret_cast<CUdeviceptr>(device_));
  }
  C* pointer() { return device_ != nullptr ? device_ : &host_; }
  Number read() {
    if (device_ != nullptr) {
      cuStreamSynchronize(stream);
      cuMemcpyDtoH_v2(&host_, reinterpret_cast<CUdeviceptr>(device_), sizeof host_);
    }
    return wide(host_);
  }
  C raw() {
    read();
    return host_;
  }
  const Number value;

 private:
  C host_;
  C* device_ = nullptr;
};

template <class C>
Number random_factor() {
  switch (below(4)) {
    case 0:
      return 0;
    case 1:
      return 1;
    default:
      return {eighths(), Element<C>::complex ? eighths() : 0};
  }
}

void near(Number got, Number wanted, double precision, const char* what) {
  ++compared;
  if (!(std::abs(got - wanted) <= precision * std::max(1.0, std::abs(wanted)))) {
    complain(std::string(what) + " is " + std::to_string(got.real()) + " + " + std::to_string(got.imag()) + "i, not " +
             std::to_string(wanted.real()) + " + " + std::to_string(wanted.imag()) + "i");
  }
}

// ---- references

template <class M>
Number at(const M& a, cublasOperation_t operation, int row, int column) {
  if (operation == CUBLAS_OP_N) return a(row, column);
  return operation == CUBLAS_OP_T ? a(column, row) : std::conj(a(column, row));
}
// beta prior, which is not read for beta = 0.
Number kept(Number beta, Number prior) { return beta == Number{0} ? Number{0} : beta * prior; }
Number scaled(Number alpha, const std::function<Number()>& value) {
  return alpha == Number{0} ? Number{0} : alpha * value();
}

template <class C>
cublasOperation_t any_operation() {
  return static_cast<cublasOperation_t>(below(3));
}
cublasFillMode_t any_triangle() { return coin() ? CUBLAS_FILL_MODE_LOWER : CUBLAS_FILL_MODE_UPPER; }
bool in_triangle(cublasFillMode_t uplo, int row, int column) {
  return uplo == CUBLAS_FILL_MODE_LOWER ? row >= column : row <= column;
}

// A symmetric or Hermitian matrix of which one triangle is given.
template <class M>
Number symmetric(const M& a, cublasFillMode_t uplo, bool hermitian, int row, int column) {
  if (row == column) return hermitian ? a(row, column).real() : a(row, column);
  if (in_triangle(uplo, row, column)) return a(row, column);
  return hermitian ? std::conj(a(column, row)) : a(column, row);
}
// op of a triangle.
template <class M>
Number triangle(const M& a, cublasFillMode_t uplo, cublasOperation_t operation, cublasDiagType_t diag, int row,
                int column) {
  const int i = operation == CUBLAS_OP_N ? row : column, j = operation == CUBLAS_OP_N ? column : row;
  if (i == j && diag == CUBLAS_DIAG_UNIT) return 1;
  if (!in_triangle(uplo, i, j)) return 0;
  return operation == CUBLAS_OP_C ? std::conj(a(i, j)) : a(i, j);
}

// Calls the 32- or the 64-bit form.
#define EITHER(name, ...) (coin() ? name(handle, __VA_ARGS__) : name##_64(handle, __VA_ARGS__))

// ---- the functions of one type, under their letter

#define FAMILY(letter, C)                    \
  struct Api##letter {                       \
    using T = C;                             \
    static constexpr char name = #letter[0]; \
  };
FAMILY(S, float)
FAMILY(D, double)
FAMILY(C, cuComplex)
FAMILY(Z, cuDoubleComplex)

// The function of a family's letter: both forms behind one call.
#define FORMS(member, function)                                           \
  template <class... A>                                                   \
  static cublasStatus_t member(A... a) {                                  \
    running = #function;                                                  \
    return coin() ? function(handle, a...) : function##_64(handle, a...); \
  }
#define FORM(member, function)           \
  template <class... A>                  \
  static cublasStatus_t member(A... a) { \
    running = #function;                 \
    return function(handle, a...);       \
  }
#define COMMON(L)                                    \
  FORMS(axpy, cublas##L##axpy_v2)                    \
  FORMS(scal, cublas##L##scal_v2)                    \
  FORMS(copy, cublas##L##copy_v2)                    \
  FORMS(swap, cublas##L##swap_v2)                    \
  FORMS(rot, cublas##L##rot_v2)                      \
  FORM(rotg, cublas##L##rotg_v2)                     \
  FORMS(gemv, cublas##L##gemv_v2)                    \
  FORMS(gemv_strided, cublas##L##gemvStridedBatched) \
  FORMS(gemv_batched, cublas##L##gemvBatched)        \
  FORMS(gbmv, cublas##L##gbmv_v2)                    \
  FORMS(symv, cublas##L##symv_v2)                    \
  FORMS(trmv, cublas##L##trmv_v2)                    \
  FORMS(trsv, cublas##L##trsv_v2)                    \
  FORMS(tbmv, cublas##L##tbmv_v2)                    \
  FORMS(tbsv, cublas##L##tbsv_v2)                    \
  FORMS(tpmv, cublas##L##tpmv_v2)                    \
  FORMS(tpsv, cublas##L##tpsv_v2)                    \
  FORMS(syr, cublas##L##syr_v2)                      \
  FORMS(syr2, cublas##L##syr2_v2)                    \
  FORMS(gemm, cublas##L##gemm_v2)                    \
  FORMS(gemm_strided, cublas##L##gemmStridedBatched) \
  FORMS(gemm_batched, cublas##L##gemmBatched)        \
  FORMS(syrk, cublas##L##syrk_v2)                    \
  FORMS(syr2k, cublas##L##syr2k_v2)                  \
  FORMS(syrkx, cublas##L##syrkx)                     \
  FORMS(symm, cublas##L##symm_v2)                    \
  FORMS(trsm, cublas##L##trsm_v2)                    \
  FORMS(trsm_batched, cublas##L##trsmBatched)        \
  FORMS(trmm, cublas##L##trmm_v2)                    \
  FORMS(geam, cublas##L##geam)                       \
  FORMS(dgmm, cublas##L##dgmm)                       \
  FORM(tpttr, cublas##L##tpttr)                      \
  FORM(trttp, cublas##L##trttp)                      \
  FORM(getrf, cublas##L##getrfBatched)               \
  FORM(getri, cublas##L##getriBatched)               \
  FORM(getrs, cublas##L##getrsBatched)               \
  FORM(matinv, cublas##L##matinvBatched)             \
  FORM(geqrf, cublas##L##geqrfBatched)               \
  FORM(gels, cublas##L##gelsBatched)
#define REAL_ONLY(L)               \
  FORMS(dot, cublas##L##dot_v2)    \
  FORMS(rotm, cublas##L##rotm_v2)  \
  FORM(rotmg, cublas##L##rotmg_v2) \
  FORMS(sbmv, cublas##L##sbmv_v2)  \
  FORMS(spmv, cublas##L##spmv_v2)  \
  FORMS(ger, cublas##L##ger_v2)    \
  FORMS(spr, cublas##L##spr_v2)    \
  FORMS(spr2, cublas##L##spr2_v2)  \
  FORMS(grouped, cublas##L##gemmGroupedBatched)
#define COMPLEX_ONLY(L, r)                \
  FORMS(dot, cublas##L##dotu_v2)          \
  FORMS(dotc, cublas##L##dotc_v2)         \
  FORMS(real_scal, cublas##L##r##scal_v2) \
  FORMS(real_rot, cublas##L##r##rot_v2)   \
  FORMS(sbmv, cublas##L##hbmv_v2)         \
  FORMS(spmv, cublas##L##hpmv_v2)         \
  FORMS(hemv, cublas##L##hemv_v2)         \
  FORMS(ger, cublas##L##geru_v2)          \
  FORMS(gerc, cublas##L##gerc_v2)         \
  FORMS(spr, cublas##L##hpr_v2)           \
  FORMS(spr2, cublas##L##hpr2_v2)         \
  FORMS(her, cublas##L##her_v2)           \
  FORMS(her2, cublas##L##her2_v2)         \
  FORMS(herk, cublas##L##herk_v2)         \
  FORMS(her2k, cublas##L##her2k_v2)       \
  FORMS(herkx, cublas##L##herkx)          \
  FORMS(hemm, cublas##L##hemm_v2)         \
  FORMS(gemm3m, cublas##L##gemm3m)

struct Single : ApiS {
  COMMON(S)
  REAL_ONLY(S)
  FORMS(nrm2, cublasSnrm2_v2)
  FORMS(asum, cublasSasum_v2)
  static auto amax(int n, const T* x, int inc, int* r) {
    return running = "isamax", cublasIsamax_v2(handle, n, x, inc, r);
  }
  static auto amin(int n, const T* x, int inc, int64_t* r) {
    return running = "isamin", cublasIsamin_v2_64(handle, n, x, inc, r);
  }
};
struct Double : ApiD {
  COMMON(D)
  REAL_ONLY(D)
  FORMS(nrm2, cublasDnrm2_v2)
  FORMS(asum, cublasDasum_v2)
  static auto amax(int n, const T* x, int inc, int* r) {
    return running = "idamax", cublasIdamax_v2(handle, n, x, inc, r);
  }
  static auto amin(int n, const T* x, int inc, int64_t* r) {
    return running = "idamin", cublasIdamin_v2_64(handle, n, x, inc, r);
  }
};
struct ComplexSingle : ApiC {
  COMMON(C)
  COMPLEX_ONLY(C, s)
  FORMS(nrm2, cublasScnrm2_v2)
  FORMS(asum, cublasScasum_v2)
  static auto amax(int n, const T* x, int inc, int* r) {
    return running = "icamax", cublasIcamax_v2(handle, n, x, inc, r);
  }
  static auto amin(int n, const T* x, int inc, int64_t* r) {
    return running = "icamin", cublasIcamin_v2_64(handle, n, x, inc, r);
  }
};
struct ComplexDouble : ApiZ {
  COMMON(Z)
  COMPLEX_ONLY(Z, d)
  FORMS(nrm2, cublasDznrm2_v2)
  FORMS(asum, cublasDzasum_v2)
  static auto amax(int n, const T* x, int inc, int* r) {
    return running = "izamax", cublasIzamax_v2(handle, n, x, inc, r);
  }
  static auto amin(int n, const T* x, int inc, int64_t* r) {
    return running = "izamin", cublasIzamin_v2_64(handle, n, x, inc, r);
  }
};

// ---- level 1

template <class Api>
void vectors() {
  using T = typename Api::T;
  using R = typename Element<T>::Real;
  constexpr double precision = Element<T>::precision;
  const int n = some();
  {
    Vector<T> x(n), y(n);
    Factor<T> alpha(random_factor<T>());
    const auto y_device = y.device();
    expect(Api::axpy(n, alpha.pointer(), x.device(), x.increment, y_device, y.increment));
    y.check([&](int i) { return alpha.value * x(i) + y(i); }, precision);
  }
  {
    Vector<T> x(n, below(3) + 1);
    Factor<T> alpha(random_factor<T>());
    expect(Api::scal(n, alpha.pointer(), x.device(), x.increment));
    x.check([&](int i) { return alpha.value * x(i); }, precision);
  }
  {
    Vector<T> x(n), y(n);
    y.forget();
    expect(Api::copy(n, x.device(), x.increment, y.device(), y.increment));
    y.check([&](int i) { return x(i); }, 0);
    expect(Api::scal(n, Factor<T>(0).pointer(), x.device(), -1));
    x.check([&](int i) { return x(i); }, 0);
  }
  {
    Vector<T> x(n), y(n);
    expect(Api::swap(n, x.device(), x.increment, y.device(), y.increment));
    x.check([&](int i) { return y(i); }, 0);
    y.check([&](int i) { return x(i); }, 0);
  }
  {
    Vector<T> x(n), y(n);
    Factor<T> result(77);
    Number sum = 0, conjugate = 0;
    for (int i = 0; i < n; ++i) sum += x(i) * y(i), conjugate += std::conj(x(i)) * y(i);
    expect(Api::dot(n, x.device(), x.increment, y.device(), y.increment, result.pointer()));
    near(result.read(), sum, precision * 10, "the product");
    if constexpr (Element<T>::complex) {
      expect(Api::dotc(n, x.device(), x.increment, y.device(), y.increment, result.pointer()));
      near(result.read(), conjugate, precision * 10, "the product");
    }
    expect(Api::dot(0, nullptr, 1, nullptr, 1, result.pointer()));
    near(result.read(), 0, 0, "the product of nothing");
  }
  {
    Vector<T> x(n, below(3) + 1);
    double squares = 0, sum = 0;
    int largest = 0, least = 0;
    const auto size = [&](int i) { return std::abs(x(i).real()) + std::abs(x(i).imag()); };
    for (int i = 0; i < n; ++i) {
      squares += std::norm(x(i));
      sum += size(i);
      if (size(i) > size(largest)) largest = i;
      if (size(i) < size(least)) least = i;
    }
    Factor<R> result(77);
    expect(Api::nrm2(n, x.device(), x.increment, result.pointer()));
    near(result.read(), std::sqrt(squares), precision, "the norm");
    expect(Api::asum(n, x.device(), x.increment, result.pointer()));
    near(result.read(), sum, precision, "the sum");
    expect(Api::asum(n, x.device(), -1, result.pointer()));
    near(result.read(), 0, 0, "the sum with a negative increment");
    Factor<int32_t> place(0);
    expect(Api::amax(n, x.device(), x.increment, place.pointer()));
    near(place.read(), largest + 1, 0, "the greatest's place");
    cublasPointerMode_t mode;
    cublasGetPointerMode_v2(handle, &mode);
    cublasSetPointerMode_v2(handle, CUBLAS_POINTER_MODE_HOST);
    int64_t wide_place = 0;
    expect(Api::amin(n, x.device(), x.increment, &wide_place));
    near(static_cast<double>(wide_place), least + 1, 0, "the least's place");
    cublasSetPointerMode_v2(handle, mode);
  }
  {
    Vector<T> x(n), y(n);
    Factor<R> c(0.6);
    Factor<T> s(Element<T>::complex ? Number(0.48, -0.64) : Number(0.8));
    expect(Api::rot(n, x.device(), x.increment, y.device(), y.increment, c.pointer(), s.pointer()));
    x.check([&](int i) { return 0.6 * x(i) + s.value * y(i); }, precision);
    y.check([&](int i) { return 0.6 * y(i) - std::conj(s.value) * x(i); }, precision);
    Vector<T> first(1, 1), second(1, 1);
    Factor<T> a(first(0)), b(second(0)), sine(0);
    Factor<R> cosine(0);
    expect(Api::rotg(a.pointer(), b.pointer(), cosine.pointer(), sine.pointer()));
    const Number cs = cosine.read(), sn = sine.read(), r = a.read();
    near(cs * a.value + sn * b.value, r, precision, "what the rotation makes of a");
    near(cs * b.value - std::conj(sn) * a.value, 0, precision, "what the rotation makes of b");
    near(cs * cs + std::norm(sn), 1, precision, "the rotation's size");
  }
  if constexpr (Element<T>::complex) {
    Vector<T> x(n, below(3) + 1), u(n), v(n);
    Factor<R> alpha(random_factor<R>()), c(0.6), s(-0.8);
    expect(Api::real_scal(n, alpha.pointer(), x.device(), x.increment));
    x.check([&](int i) { return alpha.value * x(i); }, precision);
    expect(Api::real_rot(n, u.device(), u.increment, v.device(), v.increment, c.pointer(), s.pointer()));
    u.check([&](int i) { return 0.6 * u(i) - 0.8 * v(i); }, precision);
    v.check([&](int i) { return 0.6 * v(i) + 0.8 * u(i); }, precision);
  } else {
    Vector<T> x(n), y(n), param(5, 1);
    const int flag = below(4) - 2;
    param.set(0, flag);
    T values[5];
    for (int i = 0; i < 5; ++i) values[i] = param.host(i);
    cublasPointerMode_t mode;
    cublasGetPointerMode_v2(handle, &mode);
    expect(Api::rotm(n, x.device(), x.increment, y.device(), y.increment,
                     mode == CUBLAS_POINTER_MODE_DEVICE ? param.device() : values));
    const double h11 = flag == -2 || flag == 0 ? 1 : values[1], h21 = flag == -2 ? 0 : flag == 1 ? -1 : values[2];
    const double h12 = flag == -2 ? 0 : flag == 1 ? 1 : values[3], h22 = flag == -2 || flag == 0 ? 1 : values[4];
    x.check([&](int i) { return h11 * x(i) + h12 * y(i); }, precision);
    y.check([&](int i) { return h21 * x(i) + h22 * y(i); }, precision);
    // The modified rotation turns sqrt(d1) x1, sqrt(d2) y1 into (r, 0).
    Factor<T> d1(1.5), d2(0.5), x1(eighths() + 3), y1(eighths() + 3);
    Vector<T> made_param(5, 1);
    T host_param[5] = {};
    const bool on_device = mode == CUBLAS_POINTER_MODE_DEVICE;
    expect(Api::rotmg(d1.pointer(), d2.pointer(), x1.pointer(), y1.pointer(),
                      on_device ? made_param.device() : host_param));
    if (on_device) {
      cuStreamSynchronize(stream);
      cuMemcpyDtoH_v2(host_param, reinterpret_cast<CUdeviceptr>(made_param.device()), sizeof host_param);
    }
    const double g21 = host_param[0] == 1 ? -1 : host_param[2], g22 = host_param[0] == 0 ? 1 : host_param[4];
    near(g21 * x1.value + g22 * y1.value, 0, precision * 10, "what the modified rotation makes of y");
  }
}

// ---- level 2

// A band or packed matrix seen as a full one.
template <class C>
struct Seen {
  std::function<Number(int, int)> element;
  Number operator()(int row, int column) const { return element(row, column); }
};

template <class Api>
void matrix_vectors() {
  using T = typename Api::T;
  using R = typename Element<T>::Real;
  constexpr double precision = Element<T>::precision * 10;
  const int m = few(), n = few();
  const cublasOperation_t op = any_operation<T>();
  const cublasFillMode_t uplo = any_triangle();
  const int length_x = op == CUBLAS_OP_N ? n : m, length_y = op == CUBLAS_OP_N ? m : n;
  {
    Matrix<T> a(m, n);
    Vector<T> x(length_x), y(length_y);
    Factor<T> alpha(random_factor<T>()), beta(random_factor<T>());
    if (beta.value == Number{0}) y.forget();
    if (alpha.value == Number{0}) a.forget();
    const auto product = [&](int i) {
      return scaled(alpha.value,
                    [&] {
                      Number sum = 0;
                      for (int j = 0; j < length_x; ++j) sum += at(a, op, i, j) * x(j);
                      return sum;
                    }) +
             kept(beta.value, y(i));
    };
    if (coin()) {
      expect(Api::gemv(op, m, n, alpha.pointer(), a.device(), a.leading, x.device(), x.increment, beta.pointer(),
                       y.device(), y.increment));
    } else {
      T* pointers[] = {a.device(), x.device(), y.device()};
      T** arrays = static_cast<T**>(allocate(pointers, sizeof pointers));
      expect(Api::gemv_batched(op, m, n, alpha.pointer(), arrays, a.leading, arrays + 1, x.increment, beta.pointer(),
                               arrays + 2, y.increment, 1));
      cuStreamSynchronize(stream);
      cuMemFree_v2(reinterpret_cast<CUdeviceptr>(arrays));
    }
    y.check(product, precision);
  }
  {
    // Two matrices over each other, vectors side by side.
    Matrix<T> a(m, 2 * n), x(length_x, 2), y(length_y, 2);
    Factor<T> alpha(random_factor<T>()), beta(0);
    y.forget();
    expect(Api::gemv_strided(op, m, n, alpha.pointer(), a.device(), a.leading, static_cast<long long>(a.leading) * n,
                             x.device(), 1, x.leading, beta.pointer(), y.device(), 1, y.leading, 2));
    y.check(
        [&](int i, int batch) {
          return scaled(alpha.value, [&] {
            Number sum = 0;
            for (int j = 0; j < length_x; ++j) {
              const Number element = op == CUBLAS_OP_N ? a(i, batch * n + j) : a(j, batch * n + i);
              sum += (op == CUBLAS_OP_C ? std::conj(element) : element) * x(j, batch);
            }
            return sum;
          });
        },
        precision);
  }
  {
    const int kl = below(4), ku = below(4);
    Matrix<T> band(kl + ku + 1, n);
    const Seen<T> a{[&](int row, int column) {
      return row - column > kl || column - row > ku ? Number{0} : band(ku + row - column, column);
    }};
    Vector<T> x(length_x), y(length_y);
    Factor<T> alpha(random_factor<T>()), beta(random_factor<T>());
    if (beta.value == Number{0}) y.forget();
    expect(Api::gbmv(op, m, n, kl, ku, alpha.pointer(), band.device(), band.leading, x.device(), x.increment,
                     beta.pointer(), y.device(), y.increment));
    y.check(
        [&](int i) {
          Number sum = 0;
          for (int j = 0; j < length_x; ++j) sum += at(a, op, i, j) * x(j);
          return alpha.value * sum + kept(beta.value, y(i));
        },
        precision);
  }
  // Symmetric and Hermitian: full, a band, packed.
  const auto packed_place = [&](int row, int column) {
    return uplo == CUBLAS_FILL_MODE_LOWER ? row + column * (2 * n - column - 1) / 2 : row + column * (column + 1) / 2;
  };
  for (int kind = 0; kind < 4; ++kind) {
    const int k = below(3);
    const bool hermitian = Element<T>::complex && kind != 0;
    Matrix<T> full(n, n), band(k + 1, n);
    full.forget_triangle(uplo == CUBLAS_FILL_MODE_UPPER);
    Vector<T> packed(n * (n + 1) / 2, 1), x(n), y(n);
    Factor<T> alpha(random_factor<T>()), beta(random_factor<T>());
    if (beta.value == Number{0}) y.forget();
    Seen<T> a{[&](int row, int column) { return full(row, column); }};
    if (kind == 0) {
      expect(Api::symv(uplo, n, alpha.pointer(), full.device(), full.leading, x.device(), x.increment, beta.pointer(),
                       y.device(), y.increment));
    } else if (kind == 1) {
      expect(Api::sbmv(uplo, n, k, alpha.pointer(), band.device(), band.leading, x.device(), x.increment,
                       beta.pointer(), y.device(), y.increment));
      a.element = [&](int row, int column) {
        if (std::abs(row - column) > k) return Number{0};
        return uplo == CUBLAS_FILL_MODE_LOWER ? band(row - column, column) : band(k + row - column, column);
      };
    } else if (kind == 2) {
      expect(Api::spmv(uplo, n, alpha.pointer(), packed.device(), x.device(), x.increment, beta.pointer(), y.device(),
                       y.increment));
      a.element = [&](int row, int column) { return packed(packed_place(row, column)); };
    } else if constexpr (Element<T>::complex) {
      expect(Api::hemv(uplo, n, alpha.pointer(), full.device(), full.leading, x.device(), x.increment, beta.pointer(),
                       y.device(), y.increment));
    } else {
      continue;
    }
    y.check(
        [&](int i) {
          return scaled(alpha.value,
                        [&] {
                          Number sum = 0;
                          for (int j = 0; j < n; ++j) sum += symmetric(a, uplo, hermitian, i, j) * x(j);
                          return sum;
                        }) +
                 kept(beta.value, y(i));
        },
        precision);
  }
  // Triangles.
  for (int kind = 0; kind < 3; ++kind) {
    const int k = below(3);
    const cublasDiagType_t diag = coin() ? CUBLAS_DIAG_UNIT : CUBLAS_DIAG_NON_UNIT;
    Matrix<T> full(n, n), band(k + 1, n);
    Vector<T> packed(n * (n + 1) / 2, 1), x(n), b(n);
    // Diagonals that are safe to divide by.
    for (int i = 0; i < n; ++i) {
      full.set(i, i, 4);
      band.set(uplo == CUBLAS_FILL_MODE_LOWER ? 0 : k, i, 4);
      packed.set(packed_place(i, i), 4);
      for (int j = 0; j < n; ++j) {
        if (i != j) full.set(i, j, full(i, j) * 0.25);
      }
    }
    full.forget_triangle(uplo == CUBLAS_FILL_MODE_UPPER);
    Seen<T> a{[&](int row, int column) { return full(row, column); }};
    T *to = x.device(), *from = b.device();
    if (kind == 0) {
      expect(Api::trmv(uplo, op, diag, n, full.device(), full.leading, to, x.increment));
      expect(Api::trsv(uplo, op, diag, n, full.device(), full.leading, from, b.increment));
    } else if (kind == 1) {
      a.element = [&](int row, int column) {
        if (std::abs(row - column) > k) return Number{0};
        return uplo == CUBLAS_FILL_MODE_LOWER ? band(row - column, column) : band(k + row - column, column);
      };
      expect(Api::tbmv(uplo, op, diag, n, k, band.device(), band.leading, to, x.increment));
      expect(Api::tbsv(uplo, op, diag, n, k, band.device(), band.leading, from, b.increment));
    } else {
      a.element = [&](int row, int column) { return packed(packed_place(row, column)); };
      expect(Api::tpmv(uplo, op, diag, n, packed.device(), to, x.increment));
      expect(Api::tpsv(uplo, op, diag, n, packed.device(), from, b.increment));
    }
    x.check(
        [&](int i) {
          Number sum = 0;
          for (int j = 0; j < n; ++j) sum += triangle(a, uplo, op, diag, i, j) * x(j);
          return sum;
        },
        precision);
    // The solution, by substitution.
    std::vector<Number> solution(n);
    const bool upwards = (uplo == CUBLAS_FILL_MODE_UPPER) == (op == CUBLAS_OP_N);
    double largest = 1;
    for (int step = 0; step < n; ++step) {
      const int i = upwards ? n - 1 - step : step;
      Number rest = b(i);
      for (int j = 0; j < n; ++j) {
        if (upwards ? j > i : j < i) rest -= triangle(a, uplo, op, diag, i, j) * solution[j];
      }
      solution[i] = rest / triangle(a, uplo, op, diag, i, i);
      largest = std::max(largest, std::abs(solution[i]));
    }
    b.check([&](int i) { return solution[i]; }, precision * largest * n);
  }
  // Updates.
  {
    Matrix<T> a(m, n), c(m, n);
    Vector<T> x(m), y(n);
    Factor<T> alpha(random_factor<T>());
    expect(Api::ger(m, n, alpha.pointer(), x.device(), x.increment, y.device(), y.increment, a.device(), a.leading));
    a.check([&](int i, int j) { return a(i, j) + alpha.value * x(i) * y(j); }, precision);
    if constexpr (Element<T>::complex) {
      expect(Api::gerc(m, n, alpha.pointer(), x.device(), x.increment, y.device(), y.increment, c.device(), c.leading));
      c.check([&](int i, int j) { return c(i, j) + alpha.value * x(i) * std::conj(y(j)); }, precision);
    }
  }
  const auto given = [&](int row, int column) { return in_triangle(uplo, row, column); };
  {
    Matrix<T> one(n, n), two(n, n);
    Vector<T> x(n), y(n);
    Factor<T> alpha(random_factor<T>());
    expect(Api::syr(uplo, n, alpha.pointer(), x.device(), x.increment, one.device(), one.leading));
    one.check([&](int i, int j) { return one(i, j) + alpha.value * x(i) * x(j); }, precision, given);
    expect(Api::syr2(uplo, n, alpha.pointer(), x.device(), x.increment, y.device(), y.increment, two.device(),
                     two.leading));
    two.check([&](int i, int j) { return two(i, j) + alpha.value * (x(i) * y(j) + y(i) * x(j)); }, precision, given);
  }
  {
    // Packed: spr and spr2 of real, hpr and hpr2 of complex matrices, of which the diagonal stays real.
    Vector<T> one(n * (n + 1) / 2, 1), two(n * (n + 1) / 2, 1), x(n), y(n);
    for (int i = 0; i < n; ++i) {
      one.set(packed_place(i, i), one(packed_place(i, i)).real());
      two.set(packed_place(i, i), two(packed_place(i, i)).real());
    }
    Factor<R> real_alpha(random_factor<R>());
    Factor<T> alpha(random_factor<T>());
    expect(Api::spr(uplo, n, real_alpha.pointer(), x.device(), x.increment, one.device()));
    expect(Api::spr2(uplo, n, alpha.pointer(), x.device(), x.increment, y.device(), y.increment, two.device()));
    std::vector<Number> first(one.n), second(two.n);
    for (int j = 0; j < n; ++j) {
      for (int i = 0; i < n; ++i) {
        if (!given(i, j)) continue;
        const int place = packed_place(i, j);
        first[place] = one(place) + real_alpha.value * x(i) * std::conj(x(j));
        second[place] =
            two(place) + alpha.value * x(i) * std::conj(y(j)) + std::conj(alpha.value) * y(i) * std::conj(x(j));
      }
    }
    one.check([&](int i) { return first[i]; }, precision);
    two.check([&](int i) { return second[i]; }, precision);
  }
  if constexpr (Element<T>::complex) {
    Matrix<T> one(n, n), two(n, n);
    for (int i = 0; i < n; ++i) one.set(i, i, one(i, i).real()), two.set(i, i, two(i, i).real());
    Vector<T> x(n), y(n);
    Factor<R> real_alpha(random_factor<R>());
    Factor<T> alpha(random_factor<T>());
    expect(Api::her(uplo, n, real_alpha.pointer(), x.device(), x.increment, one.device(), one.leading));
    one.check([&](int i, int j) { return one(i, j) + real_alpha.value * x(i) * std::conj(x(j)); }, precision, given);
    expect(Api::her2(uplo, n, alpha.pointer(), x.device(), x.increment, y.device(), y.increment, two.device(),
                     two.leading));
    two.check(
        [&](int i, int j) {
          return two(i, j) + alpha.value * x(i) * std::conj(y(j)) + std::conj(alpha.value) * y(i) * std::conj(x(j));
        },
        precision, given);
  }
}

// ---- level 3

template <class A, class B>
Number inner(const A& a, cublasOperation_t op_a, const B& b, cublasOperation_t op_b, int row, int column, int k) {
  Number sum = 0;
  for (int i = 0; i < k; ++i) sum += at(a, op_a, row, i) * at(b, op_b, i, column);
  return sum;
}

template <class Api>
void products() {
  using T = typename Api::T;
  constexpr double precision = Element<T>::precision * 10;
  const int m = few(), n = few(), k = few() - 1;
  const cublasOperation_t op_a = any_operation<T>(), op_b = any_operation<T>();
  const int rows_a = op_a == CUBLAS_OP_N ? m : k, columns_a = op_a == CUBLAS_OP_N ? k : m;
  const int rows_b = op_b == CUBLAS_OP_N ? k : n, columns_b = op_b == CUBLAS_OP_N ? n : k;
  {
    Matrix<T> a(rows_a, columns_a), b(rows_b, columns_b), c(m, n);
    Factor<T> alpha(random_factor<T>()), beta(random_factor<T>());
    if (beta.value == Number{0}) c.forget();
    if (alpha.value == Number{0}) a.forget(), b.forget();
    const auto product = [&](int i, int j) {
      return scaled(alpha.value, [&] { return inner(a, op_a, b, op_b, i, j, k); }) + kept(beta.value, c(i, j));
    };
    switch (below(3)) {
      case 0:
        expect(Api::gemm(op_a, op_b, m, n, k, alpha.pointer(), a.device(), a.leading, b.device(), b.leading,
                         beta.pointer(), c.device(), c.leading));
        break;
      case 1: {
        T* pointers[] = {a.device(), b.device(), c.device()};
        T** arrays = static_cast<T**>(allocate(pointers, sizeof pointers));
        expect(Api::gemm_batched(op_a, op_b, m, n, k, alpha.pointer(), arrays, a.leading, arrays + 1, b.leading,
                                 beta.pointer(), arrays + 2, c.leading, 1));
        cuStreamSynchronize(stream);
        cuMemFree_v2(reinterpret_cast<CUdeviceptr>(arrays));
        break;
      }
      default:
        if constexpr (Element<T>::complex) {
          expect(Api::gemm3m(op_a, op_b, m, n, k, alpha.pointer(), a.device(), a.leading, b.device(), b.leading,
                             beta.pointer(), c.device(), c.leading));
        } else {
          // Two groups of one product each, of which the second is empty.
          T* pointers[] = {a.device(), nullptr, b.device(), nullptr, c.device(), nullptr};
          T** arrays = static_cast<T**>(allocate(pointers, sizeof pointers));
          const cublasOperation_t ops_a[] = {op_a, CUBLAS_OP_N}, ops_b[] = {op_b, CUBLAS_OP_N};
          const int ms[] = {m, 0}, ns[] = {n, 0}, ks[] = {k, 0}, sizes[] = {1, 1};
          const int las[] = {a.leading, 1}, lbs[] = {b.leading, 1}, lcs[] = {c.leading, 1};
          const T alphas[] = {made<T>(alpha.value), T{}}, betas[] = {made<T>(beta.value), T{}};
          running = "gemmGroupedBatched";
          if constexpr (std::is_same_v<T, float>) {
            expect(cublasSgemmGroupedBatched(handle, ops_a, ops_b, ms, ns, ks, alphas, arrays, las, arrays + 2, lbs,
                                             betas, arrays + 4, lcs, 2, sizes));
          } else {
            expect(cublasDgemmGroupedBatched(handle, ops_a, ops_b, ms, ns, ks, alphas, arrays, las, arrays + 2, lbs,
                                             betas, arrays + 4, lcs, 2, sizes));
          }
          cuStreamSynchronize(stream);
          cuMemFree_v2(reinterpret_cast<CUdeviceptr>(arrays));
        }
    }
    c.check(product, precision);
  }
  {
    // One A for all, the B side by side, the C from the last to the first.
    Matrix<T> a(rows_a, columns_a), b(rows_b, 3 * columns_b), c(m, 3 * n);
    Factor<T> alpha(1), beta(0);
    c.forget();
    T* last = c.device() + static_cast<int64_t>(2) * n * c.leading;
    expect(Api::gemm_strided(op_a, op_b, m, n, k, alpha.pointer(), a.device(), a.leading, 0LL, b.device(), b.leading,
                             static_cast<long long>(b.leading) * columns_b, beta.pointer(), last, c.leading,
                             -static_cast<long long>(c.leading) * n, 3));
    c.check(
        [&](int i, int j) {
          const int batch = 2 - j / n;
          const Seen<T> part{[&](int row, int column) { return b(row, batch * columns_b + column); }};
          return inner(a, op_a, part, op_b, i, j % n, k);
        },
        precision);
  }
}

// C = alpha op(A) op(B)' + ... for one triangle.
template <class Api>
void updates() {
  using T = typename Api::T;
  using R = typename Element<T>::Real;
  constexpr double precision = Element<T>::precision * 20;
  const int n = few(), k = few() - 1;
  const cublasFillMode_t uplo = any_triangle();
  const auto given = [&](int row, int column) { return in_triangle(uplo, row, column); };
  for (int hermitian = 0; hermitian <= (Element<T>::complex ? 1 : 0); ++hermitian) {
    const cublasOperation_t turned = hermitian != 0 ? CUBLAS_OP_C : CUBLAS_OP_T;
    const cublasOperation_t op = coin() ? CUBLAS_OP_N : turned, other = op == CUBLAS_OP_N ? turned : CUBLAS_OP_N;
    const int rows = op == CUBLAS_OP_N ? n : k, columns = op == CUBLAS_OP_N ? k : n;
    Matrix<T> a(rows, columns), b(rows, columns), c1(n, n), c2(n, n), c3(n, n);
    for (Matrix<T>* c : {&c1, &c2, &c3}) {
      for (int i = 0; i < n && hermitian != 0; ++i) c->set(i, i, (*c)(i, i).real());
    }
    Factor<T> alpha(random_factor<T>()), beta(random_factor<T>());
    Factor<R> real_alpha(random_factor<R>()), real_beta(random_factor<R>());
    const Number keep = hermitian != 0 ? real_beta.value : beta.value;
    if (keep == Number{0}) c1.forget(), c2.forget(), c3.forget();
    if (hermitian == 0) {
      expect(
          Api::syrk(uplo, op, n, k, alpha.pointer(), a.device(), a.leading, beta.pointer(), c1.device(), c1.leading));
      expect(Api::syr2k(uplo, op, n, k, alpha.pointer(), a.device(), a.leading, b.device(), b.leading, beta.pointer(),
                        c2.device(), c2.leading));
      expect(Api::syrkx(uplo, op, n, k, alpha.pointer(), a.device(), a.leading, b.device(), b.leading, beta.pointer(),
                        c3.device(), c3.leading));
    } else if constexpr (Element<T>::complex) {
      expect(Api::herk(uplo, op, n, k, real_alpha.pointer(), a.device(), a.leading, real_beta.pointer(), c1.device(),
                       c1.leading));
      expect(Api::her2k(uplo, op, n, k, alpha.pointer(), a.device(), a.leading, b.device(), b.leading,
                        real_beta.pointer(), c2.device(), c2.leading));
      expect(Api::herkx(uplo, op, n, k, alpha.pointer(), a.device(), a.leading, b.device(), b.leading,
                        real_beta.pointer(), c3.device(), c3.leading));
    }
    const Number factor = hermitian != 0 ? real_alpha.value : alpha.value;
    c1.check(
        [&](int i, int j) {
          return scaled(factor, [&] { return inner(a, op, a, other, i, j, k); }) + kept(keep, c1(i, j));
        },
        precision, given);
    c2.check(
        [&](int i, int j) {
          return scaled(alpha.value, [&] { return inner(a, op, b, other, i, j, k); }) +
                 scaled(hermitian != 0 ? std::conj(alpha.value) : alpha.value,
                        [&] { return inner(b, op, a, other, i, j, k); }) +
                 kept(keep, c2(i, j));
        },
        precision, given);
    c3.check(
        [&](int i, int j) {
          const Number value =
              scaled(alpha.value, [&] { return inner(a, op, b, other, i, j, k); }) + kept(keep, c3(i, j));
          return hermitian != 0 && i == j ? Number(value.real()) : value;
        },
        precision, given);
  }
}

template <class Api>
void symmetric_and_triangular() {
  using T = typename Api::T;
  constexpr double precision = Element<T>::precision * 20;
  const int m = few(), n = few();
  const cublasSideMode_t side = coin() ? CUBLAS_SIDE_LEFT : CUBLAS_SIDE_RIGHT;
  const cublasFillMode_t uplo = any_triangle();
  const cublasOperation_t op = any_operation<T>();
  const cublasDiagType_t diag = coin() ? CUBLAS_DIAG_UNIT : CUBLAS_DIAG_NON_UNIT;
  const int order = side == CUBLAS_SIDE_LEFT ? m : n;
  const auto product = [&](const Seen<T>& a, const Matrix<T>& b, int i, int j) {
    Number sum = 0;
    for (int l = 0; l < order; ++l) {
      sum += side == CUBLAS_SIDE_LEFT ? a(i, l) * b(l, j) : b(i, l) * a(l, j);
    }
    return sum;
  };
  for (int hermitian = 0; hermitian <= (Element<T>::complex ? 1 : 0); ++hermitian) {
    Matrix<T> a(order, order), b(m, n), c(m, n);
    a.forget_triangle(uplo == CUBLAS_FILL_MODE_UPPER);
    Factor<T> alpha(random_factor<T>()), beta(random_factor<T>());
    if (beta.value == Number{0}) c.forget();
    if (hermitian == 0) {
      expect(Api::symm(side, uplo, m, n, alpha.pointer(), a.device(), a.leading, b.device(), b.leading, beta.pointer(),
                       c.device(), c.leading));
    } else if constexpr (Element<T>::complex) {
      expect(Api::hemm(side, uplo, m, n, alpha.pointer(), a.device(), a.leading, b.device(), b.leading, beta.pointer(),
                       c.device(), c.leading));
    }
    const Seen<T> full{[&](int i, int j) { return symmetric(a, uplo, hermitian != 0, i, j); }};
    c.check(
        [&](int i, int j) {
          return scaled(alpha.value, [&] { return product(full, b, i, j); }) + kept(beta.value, c(i, j));
        },
        precision);
  }
  Matrix<T> a(order, order), b(m, n), c(m, n), solved(m, n);
  for (int i = 0; i < order; ++i) {
    for (int j = 0; j < order; ++j) a.set(i, j, i == j ? Number(4) : a(i, j) * 0.25);
  }
  a.forget_triangle(uplo == CUBLAS_FILL_MODE_UPPER);
  const Seen<T> full{[&](int i, int j) { return triangle(a, uplo, op, diag, i, j); }};
  Factor<T> alpha(random_factor<T>());
  if (coin()) {
    c.forget();
    expect(Api::trmm(side, uplo, op, diag, m, n, alpha.pointer(), a.device(), a.leading, b.device(), b.leading,
                     c.device(), c.leading));
    c.check([&](int i, int j) { return scaled(alpha.value, [&] { return product(full, b, i, j); }); }, precision);
  } else {
    expect(Api::trmm(side, uplo, op, diag, m, n, alpha.pointer(), a.device(), a.leading, b.device(), b.leading,
                     b.device(), b.leading));
    b.check([&](int i, int j) { return scaled(alpha.value, [&] { return product(full, b, i, j); }); }, precision);
  }
  // X of op(A) X = alpha B: multiplied by op(A) again.
  if (coin()) {
    expect(
        Api::trsm(side, uplo, op, diag, m, n, alpha.pointer(), a.device(), a.leading, solved.device(), solved.leading));
  } else {
    T* pointers[] = {a.device(), solved.device()};
    T** arrays = static_cast<T**>(allocate(pointers, sizeof pointers));
    expect(Api::trsm_batched(side, uplo, op, diag, m, n, alpha.pointer(), arrays, a.leading, arrays + 1, solved.leading,
                             1));
    cuStreamSynchronize(stream);
    cuMemFree_v2(reinterpret_cast<CUdeviceptr>(arrays));
  }
  Factor<T> one(1);
  expect(Api::trmm(side, uplo, op, diag, m, n, one.pointer(), a.device(), a.leading, solved.device(), solved.leading,
                   solved.device(), solved.leading));
  solved.check([&](int i, int j) { return alpha.value * solved(i, j); }, precision * 50);
  {
    const cublasOperation_t op_b = any_operation<T>();
    Matrix<T> left(op == CUBLAS_OP_N ? m : n, op == CUBLAS_OP_N ? n : m);
    Matrix<T> right(op_b == CUBLAS_OP_N ? m : n, op_b == CUBLAS_OP_N ? n : m);
    Matrix<T> sum(m, n);
    Factor<T> x(random_factor<T>()), y(random_factor<T>());
    if (x.value == Number{0}) left.forget();
    sum.forget();
    expect(Api::geam(op, op_b, m, n, x.pointer(), left.device(), left.leading, y.pointer(),
                     y.value == Number{0} ? nullptr : right.device(), right.leading, sum.device(), sum.leading));
    sum.check(
        [&](int i, int j) {
          return scaled(x.value, [&] { return at(left, op, i, j); }) +
                 scaled(y.value, [&] { return at(right, op_b, i, j); });
        },
        precision);
    Matrix<T> scaled_rows(m, n);
    Vector<T> diagonal(side == CUBLAS_SIDE_LEFT ? m : n);
    Matrix<T> source(m, n);
    scaled_rows.forget();
    expect(Api::dgmm(side, m, n, source.device(), source.leading, diagonal.device(), diagonal.increment,
                     scaled_rows.device(), scaled_rows.leading));
    scaled_rows.check([&](int i, int j) { return source(i, j) * diagonal(side == CUBLAS_SIDE_LEFT ? i : j); },
                      precision);
  }
  {
    const auto place = [&](int row, int column) {
      return uplo == CUBLAS_FILL_MODE_LOWER ? row + column * (2 * n - column - 1) / 2 : row + column * (column + 1) / 2;
    };
    Matrix<T> square(n, n), from(n, n);
    Vector<T> packed(n * (n + 1) / 2, 1), to(n * (n + 1) / 2, 1);
    expect(Api::tpttr(uplo, n, packed.device(), square.device(), square.leading));
    square.check([&](int i, int j) { return packed(place(i, j)); }, 0,
                 [&](int i, int j) { return in_triangle(uplo, i, j); });
    expect(Api::trttp(uplo, n, from.device(), from.leading, to.device()));
    std::vector<Number> expected(to.n);
    for (int j = 0; j < n; ++j) {
      for (int i = 0; i < n; ++i) {
        if (in_triangle(uplo, i, j)) expected[place(i, j)] = from(i, j);
      }
    }
    to.check([&](int i) { return expected[i]; }, 0);
  }
}

// ---- batches of systems

template <class Api>
void systems() {
  using T = typename Api::T;
  constexpr double precision = Element<T>::precision * 100;
  const int n = below(8) + 1, columns = below(3) + 1, m = n + below(4);
  const cublasOperation_t op = any_operation<T>();
  Matrix<T> a(n, n), factors(n, n), inverse(n, n), small_inverse(n, n), b(n, columns);
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) a.set(i, j, i == j ? Number(8, 0) + a(i, j) : a(i, j));
  }
  // Rows in another order, so that pivots are needed.
  if (n > 1) {
    for (int j = 0; j < n; ++j) std::swap(a.host(0, j), a.host(n - 1, j));
  }
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) factors.host(i, j) = a.host(i, j);
  }
  T* pointers[] = {a.device(), factors.device(), inverse.device(), small_inverse.device(), b.device()};
  T** arrays = static_cast<T**>(allocate(pointers, sizeof pointers));
  const std::vector<int> zeros(static_cast<size_t>(n) + 2, -7);
  int* numbers = static_cast<int*>(allocate(zeros.data(), zeros.size() * sizeof(int)));
  int* pivots = numbers + 1;
  int outcome = -1;
  const auto check_outcome = [&] {
    int value = -1;
    cuStreamSynchronize(stream);
    cuMemcpyDtoH_v2(&value, reinterpret_cast<CUdeviceptr>(numbers), sizeof value);
    near(value, 0, 0, "the outcome");
  };
  expect(Api::getrf(n, arrays + 1, factors.leading, pivots, numbers, 1));
  check_outcome();
  expect(Api::getri(n, arrays + 1, factors.leading, pivots, arrays + 2, inverse.leading, numbers, 1));
  check_outcome();
  expect(Api::matinv(n, arrays, a.leading, arrays + 3, small_inverse.leading, numbers, 1));
  check_outcome();
  expect(Api::getrs(op, n, columns, arrays + 1, factors.leading, pivots, arrays + 4, b.leading, &outcome, 1));
  near(outcome, 0, 0, "the outcome");
  // Multiplied by A again: the identity and B.
  Matrix<T> product(n, n), identity(n, n);
  Factor<T> one(1), zero(0);
  running = "the inverse from getriBatched";
  for (T* candidate : {inverse.device(), small_inverse.device()}) {
    Matrix<T>& lies = candidate == inverse.device() ? inverse : small_inverse;
    Matrix<T> unit(n, n);
    Api::gemm(CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, one.pointer(), a.device(), a.leading, candidate, lies.leading,
              zero.pointer(), unit.device(), unit.leading);
    running = "A times its inverse";
    unit.check([](int i, int j) { return i == j ? 1.0 : 0.0; }, precision);
  }
  Matrix<T> back(n, columns);
  Api::gemm(op, CUBLAS_OP_N, n, columns, n, one.pointer(), a.device(), a.leading, b.device(), b.leading, zero.pointer(),
            back.device(), back.leading);
  running = "A times the solution of getrsBatched";
  back.check([&](int i, int j) { return b(i, j); }, precision);

  // Least squares: the residual is orthogonal to A's columns.
  Matrix<T> tall(m, n), copy(m, n), right(m, columns), original(m, columns), qr(m, n);
  for (int i = 0; i < n; ++i) tall.set(i, i, 8);
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < m; ++i) copy.host(i, j) = qr.host(i, j) = tall.host(i, j);
  }
  for (int j = 0; j < columns; ++j) {
    for (int i = 0; i < m; ++i) original.host(i, j) = right.host(i, j);
  }
  Vector<T> tau(n, 1);
  T* others[] = {tall.device(), right.device(), qr.device(), tau.device()};
  T** more = static_cast<T**>(allocate(others, sizeof others));
  expect(Api::gels(CUBLAS_OP_N, m, n, columns, more, tall.leading, more + 1, right.leading, &outcome, numbers, 1));
  check_outcome();
  Factor<T> minus(-1);
  Api::gemm(CUBLAS_OP_N, CUBLAS_OP_N, m, columns, n, minus.pointer(), copy.device(), copy.leading, right.device(),
            right.leading, one.pointer(), original.device(), original.leading);
  Matrix<T> normal(n, columns);
  Api::gemm(CUBLAS_OP_C, CUBLAS_OP_N, n, columns, m, one.pointer(), copy.device(), copy.leading, original.device(),
            original.leading, zero.pointer(), normal.device(), normal.leading);
  running = "A' times the residual of gelsBatched";
  normal.check([](int, int) { return 0.0; }, precision);
  // R'R = A'A.
  expect(Api::geqrf(m, n, more + 2, qr.leading, more + 3, &outcome, 1));
  near(outcome, 0, 0, "the outcome");
  cuStreamSynchronize(stream);
  std::vector<T> r(static_cast<size_t>(n - 1) * qr.leading + m);
  cuMemcpyDtoH_v2(r.data(), reinterpret_cast<CUdeviceptr>(qr.device()), r.size() * sizeof(T));
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      Number from_r = 0, from_a = 0;
      for (int l = 0; l <= std::min(i, j); ++l) {
        from_r += std::conj(wide(r[static_cast<size_t>(i) * qr.leading + l])) *
                  wide(r[static_cast<size_t>(j) * qr.leading + l]);
      }
      for (int l = 0; l < m; ++l) from_a += std::conj(copy(l, i)) * copy(l, j);
      near(from_r, from_a, precision, "R'R");
    }
  }
  cuMemFree_v2(reinterpret_cast<CUdeviceptr>(arrays));
  cuMemFree_v2(reinterpret_cast<CUdeviceptr>(more));
  cuMemFree_v2(reinterpret_cast<CUdeviceptr>(numbers));
}

// ---- functions that are told the types

template <class A, class C, class S>
void mixed_product(cudaDataType type_a, cudaDataType type_c, cublasComputeType_t compute, double unit) {
  const int m = few(), n = few(), k = few() - 1, batch = 2;
  const cublasOperation_t op_a = any_operation<A>(), op_b = any_operation<A>();
  const int rows_a = op_a == CUBLAS_OP_N ? m : k, columns_a = op_a == CUBLAS_OP_N ? k : m;
  const int rows_b = op_b == CUBLAS_OP_N ? k : n, columns_b = op_b == CUBLAS_OP_N ? n : k;
  Matrix<A> a(rows_a, columns_a), b(rows_b, columns_b * batch);
  Matrix<C> c(m, n * batch);
  Number factors[] = {random_factor<S>(), random_factor<S>()};
  for (Number& factor : factors) factor = wide(made<S>(factor)) / (std::is_same_v<S, int32_t> ? 8.0 : 1.0);
  if (std::is_same_v<S, int32_t>) {
    for (Number& factor : factors) factor = below(3);
  }
  // An integer factor is stored as itself, not in eighths.
  const double stored = std::is_same_v<S, int32_t> ? 8 : 1;
  Factor<S> alpha(factors[0] / stored), beta(factors[1] / stored);
  if (factors[1] == Number{0}) c.forget();
  running = "cublasGemmStridedBatchedEx " + std::to_string(type_a) + " " + std::to_string(type_c) + " " +
            std::to_string(compute);
  expect(EITHER(cublasGemmStridedBatchedEx, op_a, op_b, m, n, k, alpha.pointer(), a.device(), type_a, a.leading, 0,
                b.device(), type_a, b.leading, static_cast<long long>(b.leading) * columns_b, beta.pointer(),
                c.device(), type_c, c.leading, static_cast<long long>(c.leading) * n, batch, compute,
                CUBLAS_GEMM_DEFAULT));
  c.check(
      [&](int i, int j) {
        const Seen<A> part{[&](int row, int column) { return b(row, j / n * columns_b + column); }};
        return scaled(factors[0], [&] { return inner(a, op_a, part, op_b, i, j % n, k); }) + kept(factors[1], c(i, j));
      },
      unit);
}

void mixed_products() {
  mixed_product<Half, Half, Half>(CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_16F, 2e-3);
  mixed_product<Half, Half, float>(CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_32F, 2e-3);
  mixed_product<Half, float, float>(CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC, 1e-4);
  mixed_product<Brain, Brain, float>(CUDA_R_16BF, CUDA_R_16BF, CUBLAS_COMPUTE_32F, 1e-2);
  mixed_product<Brain, float, float>(CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, 1e-4);
  mixed_product<float, float, float>(CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, 1e-4);
  mixed_product<double, double, double>(CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F, 1e-12);
  mixed_product<cuComplex, cuComplex, cuComplex>(CUDA_C_32F, CUDA_C_32F, CUBLAS_COMPUTE_32F, 1e-4);
  mixed_product<cuDoubleComplex, cuDoubleComplex, cuDoubleComplex>(CUDA_C_64F, CUDA_C_64F, CUBLAS_COMPUTE_64F, 1e-12);
  mixed_product<ByteComplex, cuComplex, cuComplex>(CUDA_C_8I, CUDA_C_32F, CUBLAS_COMPUTE_32F, 1e-4);
  mixed_product<int8_t, float, float>(CUDA_R_8I, CUDA_R_32F, CUBLAS_COMPUTE_32F, 1e-4);
  mixed_product<int8_t, int32_t, int32_t>(CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, 0);
}

template <class A>
void narrow_vectors() {
  const int n = some();
  constexpr double precision = Element<A>::precision;
  Vector<A> x(n), y(n), z(n, below(3) + 1);
  Factor<float> alpha(random_factor<float>());
  running = "cublasAxpyEx of 16 bits";
  expect(EITHER(cublasAxpyEx, n, alpha.pointer(), CUDA_R_32F, x.device(), A::type, x.increment, y.device(), A::type,
                y.increment, CUDA_R_32F));
  y.check([&](int i) { return alpha.value * x(i) + y(i); }, precision);
  running = "cublasScalEx of 16 bits";
  expect(EITHER(cublasScalEx, n, alpha.pointer(), CUDA_R_32F, z.device(), A::type, z.increment, CUDA_R_32F));
  z.check([&](int i) { return alpha.value * z(i); }, precision);
  Vector<A> u(n), v(n), w(n, below(3) + 1);
  double sum = 0, squares = 0, sizes = 0;
  int largest = 0, least = 0;
  for (int i = 0; i < n; ++i) {
    sum += (u(i) * v(i)).real();
    squares += std::norm(w(i));
    sizes += std::abs(w(i));
    if (std::abs(w(i)) > std::abs(w(largest))) largest = i;
    if (std::abs(w(i)) < std::abs(w(least))) least = i;
  }
  Factor<A> narrow_result(0);
  Factor<float> result(0);
  running = "cublasDotEx of 16 bits";
  expect(EITHER(cublasDotEx, n, u.device(), A::type, u.increment, v.device(), A::type, v.increment,
                narrow_result.pointer(), A::type, CUDA_R_32F));
  near(narrow_result.read(), sum, precision, "the product");
  running = "cublasNrm2Ex of 16 bits";
  expect(EITHER(cublasNrm2Ex, n, w.device(), A::type, w.increment, result.pointer(), CUDA_R_32F, CUDA_R_32F));
  near(result.read(), std::sqrt(squares), 1e-5, "the norm");
  running = "cublasAsumEx of 16 bits";
  expect(EITHER(cublasAsumEx, n, w.device(), A::type, w.increment, narrow_result.pointer(), A::type, CUDA_R_32F));
  near(narrow_result.read(), sizes, precision, "the sum");
  Factor<int32_t> place(0);
  running = "cublasIamaxEx of 16 bits";
  expect(cublasIamaxEx(handle, n, w.device(), A::type, w.increment, place.pointer()));
  near(place.read(), largest + 1, 0, "the greatest's place");
  running = "cublasIaminEx of 16 bits";
  expect(cublasIaminEx(handle, n, w.device(), A::type, w.increment, place.pointer()));
  near(place.read(), least + 1, 0, "the least's place");
  Factor<A> c(0.5), s(-0.75);
  Vector<A> p(n), q(n);
  running = "cublasRotEx of 16 bits";
  expect(EITHER(cublasRotEx, n, p.device(), A::type, p.increment, q.device(), A::type, q.increment, c.pointer(),
                s.pointer(), A::type, CUDA_R_32F));
  p.check([&](int i) { return 0.5 * p(i) - 0.75 * q(i); }, precision);
  q.check([&](int i) { return 0.5 * q(i) + 0.75 * p(i); }, precision);
  Vector<A> from(n), to(n), left(n), right(n);
  running = "cublasCopyEx of 16 bits";
  expect(EITHER(cublasCopyEx, n, from.device(), A::type, from.increment, to.device(), A::type, to.increment));
  to.check([&](int i) { return from(i); }, 0);
  running = "cublasSwapEx of 16 bits";
  expect(EITHER(cublasSwapEx, n, left.device(), A::type, left.increment, right.device(), A::type, right.increment));
  left.check([&](int i) { return right(i); }, 0);
  right.check([&](int i) { return left(i); }, 0);
}

template <class A, class C, class Native, class NativeResult, class F>
void narrow_matrix_vector(const char* name, F&& function) {
  const int m = few(), n = few();
  const cublasOperation_t op = any_operation<A>();
  const int length_x = op == CUBLAS_OP_N ? n : m, length_y = op == CUBLAS_OP_N ? m : n;
  Matrix<A> a(m, n);
  Vector<A> x(length_x);
  Vector<C> y(length_y);
  Factor<float> alpha(random_factor<float>()), beta(random_factor<float>());
  if (beta.value == Number{0}) y.forget();
  running = name;
  expect(function(handle, op, m, n, alpha.pointer(), reinterpret_cast<const Native*>(a.device()), a.leading, 0LL,
                  reinterpret_cast<const Native*>(x.device()), x.increment, 0LL, beta.pointer(),
                  reinterpret_cast<NativeResult*>(y.device()), y.increment, 0LL, 1));
  y.check(
      [&](int i) {
        Number sum = 0;
        for (int j = 0; j < length_x; ++j) sum += at(a, op, i, j) * x(j);
        return alpha.value * sum + kept(beta.value, y(i));
      },
      Element<C>::precision * 2);
}

// ---- the library and its handles

void transfers() {
  running = "transfers";
  const int n = few(), incx = below(3) + 1, incy = below(3) + 1;
  Matrix<double> source(1, n, incx - 1), target(1, n, incy - 1), back(1, n, incx - 1);
  expect(coin() ? cublasSetVector(n, sizeof(double), &source.host(0, 0), incx, target.device(), incy)
                : cublasSetVectorAsync_64(n, sizeof(double), &source.host(0, 0), incx, target.device(), incy,
                                          reinterpret_cast<cudaStream_t>(stream)));
  target.check([&](int, int j) { return source(0, j); }, 0);
  back.forget();
  expect(cublasGetVector_64(n, sizeof(double), target.device(), incy, &back.host(0, 0), incx));
  for (int j = 0; j < n; ++j) near(back(0, j), source(0, j), 0, "an element of the vector");
  const int rows = few();
  Matrix<float> matrix(rows, n), there(rows, n), again(rows, n);
  expect(cublasSetMatrix(rows, n, sizeof(float), &matrix.host(0, 0), matrix.leading, there.device(), there.leading));
  there.check([&](int i, int j) { return matrix(i, j); }, 0);
  expect(cublasGetMatrix(rows, n, sizeof(float), there.device(), there.leading, &again.host(0, 0), again.leading));
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < rows; ++i) near(again(i, j), matrix(i, j), 0, "an element of the matrix");
  }
  expect(cublasSetVector(1, 4, &source.host(0, 0), 0, target.device(), 1), CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasSetMatrix(4, 1, 4, &source.host(0, 0), 3, target.device(), 4), CUBLAS_STATUS_INVALID_VALUE);
}

std::string logged;

void settings() {
  running = "settings";
  cublasHandle_t other = nullptr;
  expect(cublasCreate_v2(&other));
  cublasMath_t math = CUBLAS_PEDANTIC_MATH;
  expect(cublasGetMathMode(other, &math));
  near(+math, +CUBLAS_DEFAULT_MATH, 0, "the first math mode");
  expect(cublasSetMathMode(
      other, static_cast<cublasMath_t>(CUBLAS_TF32_TENSOR_OP_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION)));
  expect(cublasGetMathMode(other, &math));
  near(+math, +19, 0, "the math mode that was set");
  expect(cublasSetMathMode(other, static_cast<cublasMath_t>(7)), CUBLAS_STATUS_INVALID_VALUE);
  cublasAtomicsMode_t atomics = CUBLAS_ATOMICS_ALLOWED;
  expect(cublasGetAtomicsMode(other, &atomics));
  near(+atomics, +CUBLAS_ATOMICS_NOT_ALLOWED, 0, "the first atomics mode");
  expect(cublasSetAtomicsMode(other, CUBLAS_ATOMICS_ALLOWED));
  expect(cublasGetAtomicsMode(other, &atomics));
  near(+atomics, +CUBLAS_ATOMICS_ALLOWED, 0, "the atomics mode that was set");
  expect(cublasSetPointerMode_v2(other, static_cast<cublasPointerMode_t>(2)), CUBLAS_STATUS_INVALID_VALUE);
  cudaStream_t found = reinterpret_cast<cudaStream_t>(stream);
  expect(cublasGetStream_v2(other, &found));
  if (found != nullptr) complain("a new handle has a stream");
  expect(cublasSetStream_v2(other, reinterpret_cast<cudaStream_t>(stream)));
  expect(cublasGetStream_v2(other, &found));
  if (found != reinterpret_cast<cudaStream_t>(stream)) complain("the stream that was set is not the handle's");
  Matrix<double> workspace(64, 1, 0);
  expect(cublasSetWorkspace_v2(other, workspace.device(), 512));
  expect(cublasSetWorkspace_v2(other, workspace.device(), 0));
  expect(cublasSetWorkspace_v2(other, nullptr, 0));
  expect(cublasSetWorkspace_v2(other, reinterpret_cast<char*>(workspace.device()) + 8, 8), CUBLAS_STATUS_INVALID_VALUE);
  cublasEmulationStrategy_t strategy = CUBLAS_EMULATION_STRATEGY_DEFAULT;
  expect(cublasSetEmulationStrategy(other, CUBLAS_EMULATION_STRATEGY_EAGER));
  expect(cublasGetEmulationStrategy(other, &strategy));
  near(+strategy, +CUBLAS_EMULATION_STRATEGY_EAGER, 0, "the emulation strategy that was set");
  expect(cublasSetLoggerCallback([](const char* line) { logged = line; }));
  expect(cublasDscal_v2(other, -1, nullptr, nullptr, 1));
  if (logged.find("cublasDscal_v2 called") == std::string::npos) complain("the logger was not told of a call");
  expect(cublasSetMathMode(other, static_cast<cublasMath_t>(7)), CUBLAS_STATUS_INVALID_VALUE);
  if (logged.find("there is no math mode 7") == std::string::npos) complain("the logger was not told of a failure");
  expect(cublasSetLoggerCallback(nullptr));
  expect(cublasDestroy_v2(other));
  expect(cublasDestroy_v2(other), CUBLAS_STATUS_NOT_INITIALIZED);
}

// ---- what is refused

void refusals() {
  running = "refusals";
  Matrix<float> a(4, 4, 0);
  const float one = 1;
  float* p = a.device();
  const auto gemm = [&](cublasHandle_t h, int m, int n, int k, int lda, int ldb, int ldc,
                        const float* alpha = nullptr) {
    const float value = 1;
    return cublasSgemm_v2(h, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, alpha != nullptr ? alpha : &value, p, lda, p, ldb,
                          &value, p, ldc);
  };
  expect(gemm(nullptr, 2, 2, 2, 2, 2, 2), CUBLAS_STATUS_NOT_INITIALIZED);
  for (int wrong_one = 0; wrong_one < 6; ++wrong_one) {
    int v[] = {2, 2, 2, 2, 2, 2};
    v[wrong_one] = wrong_one < 3 ? -1 : 1;
    expect(gemm(handle, v[0], v[1], v[2], v[3], v[4], v[5]), CUBLAS_STATUS_INVALID_VALUE);
  }
  expect(gemm(handle, 0, 2, 2, 1, 2, 1));
  expect(gemm(handle, 2, 0, 2, 2, 2, 2));
  expect(cublasSgemv_v2(handle, CUBLAS_OP_N, 2, 2, &one, p, 2, p, 0, &one, p, 1), CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasStrsv_v2(handle, CUBLAS_FILL_MODE_FULL, CUBLAS_OP_N, CUBLAS_DIAG_UNIT, 2, p, 2, p, 1),
         CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasSsymm_v2(handle, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, 2, 2, &one, p, 1, p, 2, &one, p, 2),
         CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasCherk_v2(handle, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T, 2, 2, &one, reinterpret_cast<cuComplex*>(p), 2,
                        &one, reinterpret_cast<cuComplex*>(p), 2),
         CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, p, CUDA_R_16F, 1, p, CUDA_R_16BF, 1, &one, p,
                      CUDA_R_32F, 1, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
         CUBLAS_STATUS_NOT_SUPPORTED);
  expect(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, p, CUDA_R_32F, 1, p, CUDA_R_32F, 1, &one, p,
                      CUDA_R_32F, 1, static_cast<cublasComputeType_t>(1234), CUBLAS_GEMM_DEFAULT),
         CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasSgemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, p, CUDA_C_32F, 1, p, CUDA_C_32F, 1, &one, p,
                       CUDA_C_32F, 1),
         CUBLAS_STATUS_NOT_SUPPORTED);
  expect(cublasSmatinvBatched(handle, 33, nullptr, 33, nullptr, 33, nullptr, 1), CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasSaxpy_v2_64(handle, int64_t{1} << 32, &one, p, 1, p, 1), CUBLAS_STATUS_NOT_SUPPORTED);
}

// Last, as it ends the context: a matrix described larger than its memory is found out when the operation runs.
void beyond_memory() {
  running = "a matrix larger than its memory";
  Matrix<float> a(4, 4, 0);
  const float one = 1;
  float* p = a.device();
  expect(cublasSgemm_v2(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 1000000, &one, p, 2, p, 1000000, &one, p, 2));
  if (cuStreamSynchronize(stream) != CUDA_ERROR_ILLEGAL_ADDRESS)
    complain("the stream did not report an illegal address");
  expect(cublasSgemm_v2(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, p, 2, p, 2, &one, p, 2),
         CUBLAS_STATUS_EXECUTION_FAILED);
}

template <class Api>
void everything() {
  vectors<Api>();
  matrix_vectors<Api>();
  products<Api>();
  updates<Api>();
  symmetric_and_triangular<Api>();
  systems<Api>();
}

}  // namespace

int main(int count, char** values) {
  const long rounds = argument(count, values, "--rounds", 20);
  random_numbers.seed(static_cast<uint64_t>(argument(count, values, "--seed", 1)));
  CUdevice device = 0;
  CUcontext context = nullptr;
  if (cuInit(0) != CUDA_SUCCESS || cuDeviceGet(&device, 0) != CUDA_SUCCESS ||
      cuDevicePrimaryCtxRetain(&context, device) != CUDA_SUCCESS || cuCtxSetCurrent(context) != CUDA_SUCCESS ||
      cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) != CUDA_SUCCESS ||
      cublasCreate_v2(&handle) != CUBLAS_STATUS_SUCCESS ||
      cublasSetStream_v2(handle, reinterpret_cast<cudaStream_t>(stream)) != CUBLAS_STATUS_SUCCESS) {
    std::fprintf(stderr, "the CPU device did not start\n");
    return 1;
  }
  for (long round = 0; round < rounds; ++round) {
    cublasSetPointerMode_v2(handle, round % 2 == 0 ? CUBLAS_POINTER_MODE_HOST : CUBLAS_POINTER_MODE_DEVICE);
    everything<Single>();
    everything<Double>();
    everything<ComplexSingle>();
    everything<ComplexDouble>();
    transfers();
    mixed_products();
    narrow_vectors<Half>();
    narrow_vectors<Brain>();
    narrow_matrix_vector<Half, Half, __half, __half>("cublasHSHgemv", cublasHSHgemvStridedBatched);
    narrow_matrix_vector<Half, float, __half, float>("cublasHSSgemv", cublasHSSgemvStridedBatched);
    narrow_matrix_vector<Brain, Brain, __nv_bfloat16, __nv_bfloat16>("cublasTSTgemv", cublasTSTgemvStridedBatched);
    narrow_matrix_vector<Brain, float, __nv_bfloat16, float>("cublasTSSgemv", cublasTSSgemvStridedBatched);
  }
  cublasSetPointerMode_v2(handle, CUBLAS_POINTER_MODE_HOST);
  settings();
  refusals();
  beyond_memory();
  cublasDestroy_v2(handle);
  cuStreamDestroy_v2(stream);
  cuDevicePrimaryCtxRelease_v2(device);
  std::printf("%ld comparisons, %ld wrong\n", compared, wrong);
  return wrong == 0 ? 0 : 1;
}
