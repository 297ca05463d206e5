// cuBLASLt against plain loops in double: random sizes, types, orders, transpositions, batches, factors on host and
// device, every epilogue. Memory that is no element is filled with the byte FF, which is not-a-number in every float,
// and must keep its bits.
// usage: cublaslt_test [--rounds N] [--seed N]
#include <algorithm>
#include <atomic>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "generated/cublas.h"
#include "generated/cublaslt.h"
#include "generated/driver.h"
#include "tests/blas_check.h"
#include "tests/command_line.h"

namespace {

cublasLtHandle_t handle = nullptr;

void expect_equal(int64_t got, int64_t wanted, const char* what) {
  ++compared;
  if (got != wanted) complain(std::string(what) + " is " + std::to_string(got) + ", not " + std::to_string(wanted));
}

// ---- element types, by cuBLAS's numbers

struct Type {
  cudaDataType id;
  int bytes;
  double precision;
  bool complex = false;
};
constexpr Type f32{CUDA_R_32F, 4, 2e-5};
constexpr Type f64{CUDA_R_64F, 8, 1e-13};
constexpr Type f16{CUDA_R_16F, 2, 2e-3};
constexpr Type bf16{CUDA_R_16BF, 2, 1.6e-2};
constexpr Type i8{CUDA_R_8I, 1, 0};
constexpr Type i32{CUDA_R_32I, 4, 0};
constexpr Type e4m3{CUDA_R_8F_E4M3, 1, 0.07};
constexpr Type e5m2{CUDA_R_8F_E5M2, 1, 0.14};
constexpr Type c32{CUDA_C_32F, 8, 4e-5, true};
constexpr Type c64{CUDA_C_64F, 16, 2e-13, true};

bool is_integer(const Type& type) { return type.id == CUDA_R_8I || type.id == CUDA_R_32I; }

// A float of few bits: sign, exponent, fraction.
double narrow_float(unsigned bits, int exponent_bits, int fraction_bits, bool infinite) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const unsigned fraction = bits & ((1u << fraction_bits) - 1);
  const unsigned exponent = (bits >> fraction_bits) & ((1u << exponent_bits) - 1);
  const bool negative = ((bits >> (exponent_bits + fraction_bits)) & 1) != 0;
  double size;
  if (exponent == (1u << exponent_bits) - 1 && infinite) {
    size = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (!infinite && exponent == (1u << exponent_bits) - 1 && fraction == (1u << fraction_bits) - 1) {
    size = std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    size = std::ldexp(fraction, 1 - bias - fraction_bits);
  } else {
    size = std::ldexp(fraction + (1u << fraction_bits), static_cast<int>(exponent) - bias - fraction_bits);
  }
  return negative ? -size : size;
}

template <class T>
T read(const void* address) {
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

Number decode(const Type& type, const void* at) {
  switch (static_cast<int>(type.id)) {
    case CUDA_R_32F:
      return read<float>(at);
    case CUDA_R_64F:
      return read<double>(at);
    case CUDA_R_16F:
      return narrow_float(read<uint16_t>(at), 5, 10, true);
    case CUDA_R_16BF:
      return narrow_float(read<uint16_t>(at), 8, 7, true);
    case CUDA_R_8F_E4M3:
      return narrow_float(read<uint8_t>(at), 4, 3, false);
    case CUDA_R_8F_E5M2:
      return narrow_float(read<uint8_t>(at), 5, 2, true);
    case CUDA_R_8I:
      return read<int8_t>(at);
    case CUDA_R_32I:
      return read<int32_t>(at);
    case CUDA_C_32F:
      return {read<float>(at), read<float>(static_cast<const char*>(at) + 4)};
    default:
      return {read<double>(at), read<double>(static_cast<const char*>(at) + 8)};
  }
}

double of_bits(const Type& type, uint64_t bits) {
  alignas(16) uint64_t memory[2] = {bits, 0};
  return decode(type, memory).real();
}

// The encoding of a number that the type has: by looking through all of them where there are few.
void encode(const Type& type, Number number, void* at) {
  const auto write = [&](auto value) { std::memcpy(at, &value, sizeof value); };
  switch (static_cast<int>(type.id)) {
    case CUDA_R_32F:
      return write(static_cast<float>(number.real()));
    case CUDA_R_64F:
      return write(number.real());
    case CUDA_R_8I:
      return write(static_cast<int8_t>(number.real()));
    case CUDA_R_32I:
      return write(static_cast<int32_t>(number.real()));
    case CUDA_C_32F:
      return write(std::complex<float>(number));
    case CUDA_C_64F:
      return write(number);
    default:
      break;
  }
  for (unsigned bits = 0; bits < (type.bytes == 1 ? 256u : 65536u); ++bits) {
    std::memcpy(at, &bits, static_cast<size_t>(type.bytes));
    if (decode(type, at).real() == number.real()) return;
  }
  std::abort();
}

// A multiple of 1/4 between -2 and 2, or a whole number between -8 and 8: exact in every type.
Number random_value(const Type& type) {
  const auto one = [&] { return is_integer(type) ? below(17) - 8 : (below(17) - 8) / 4.0; };
  const double real = one();
  return {real, type.complex ? one() : 0};
}

// The cache makes encoding by search bearable.
struct Palette {
  explicit Palette(const Type& type) {
    for (int i = 0; i < 17; ++i) {
      std::vector<char> bytes(static_cast<size_t>(type.bytes));
      encode(type, is_integer(type) ? i - 8 : (i - 8) / 4.0, bytes.data());
      values.push_back(bytes);
    }
  }
  std::vector<std::vector<char>> values;
};

void write_random(const Type& type, void* at) {
  static std::vector<std::pair<int, Palette>> palettes;
  if (type.complex || type.bytes > 2) return encode(type, random_value(type), at);
  for (const auto& [id, palette] : palettes) {
    if (id == type.id) {
      const std::vector<char>& bytes = palette.values[static_cast<size_t>(below(17))];
      std::memcpy(at, bytes.data(), bytes.size());
      return;
    }
  }
  palettes.emplace_back(type.id, Palette(type));
  write_random(type, at);
}

// ---- device memory

void release(void* address) {
  if (address == nullptr) return;
  cuStreamSynchronize(stream);
  cuMemFree_v2(reinterpret_cast<CUdeviceptr>(address));
}

// A batch of matrices with gaps; its layout says where each is, or an array of pointers does.
class Matrix {
 public:
  Matrix(const Type& type, int rows, int columns, int batch, bool row_major = coin(), bool pointers = below(4) == 0)
      : type(type), rows(rows), columns(columns), batch(batch), row_major_(row_major), pointers_(pointers) {
    leading = std::max(1, (row_major ? columns : rows) + below(3));
    const int lines = row_major ? rows : columns;
    stride = static_cast<int64_t>(leading) * lines + below(4);
    host_.assign(static_cast<size_t>(stride * batch) * static_cast<size_t>(type.bytes), static_cast<char>(0xFF));
    each([&](int b, int i, int j) { write_random(type, at(b, i, j)); });
    expect(cublasLtMatrixLayoutCreate(&layout, type.id, static_cast<uint64_t>(rows), static_cast<uint64_t>(columns),
                                      leading));
    set(CUBLASLT_MATRIX_LAYOUT_ORDER, static_cast<int32_t>(row_major ? CUBLASLT_ORDER_ROW : CUBLASLT_ORDER_COL));
    set(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<int32_t>(batch));
    if (pointers) {
      set(CUBLASLT_MATRIX_LAYOUT_BATCH_MODE, static_cast<int32_t>(CUBLASLT_BATCH_MODE_POINTER_ARRAY));
    } else {
      set(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, stride);
    }
  }
  Matrix(const Matrix&) = delete;
  ~Matrix() {
    release(device_);
    release(array_);
    cublasLtMatrixLayoutDestroy(layout);
  }

  template <class T>
  void set(cublasLtMatrixLayoutAttribute_t attribute, T value) {
    expect(cublasLtMatrixLayoutSetAttribute(layout, attribute, &value, sizeof value));
  }

  Number operator()(int b, int i, int j) const { return decode(type, const_cast<Matrix*>(this)->at(b, i, j)); }
  void forget() {
    each([&](int b, int i, int j) { std::memset(at(b, i, j), 0xFF, static_cast<size_t>(type.bytes)); });
  }

  // What cublasLtMatmul takes.
  void* device() {
    if (device_ == nullptr) {
      device_ = allocate(host_.data(), host_.size());
      std::vector<void*> addresses;
      for (int b = 0; b < batch; ++b) addresses.push_back(static_cast<char*>(device_) + b * stride * type.bytes);
      if (pointers_) array_ = allocate(addresses.data(), addresses.size() * sizeof(void*));
    }
    return pointers_ ? array_ : device_;
  }

  void check(const std::function<Number(int, int, int)>& expected, double precision, const char* what = "D") {
    std::vector<char> got(host_.size());
    cuStreamSynchronize(stream);
    cuMemcpyDtoH_v2(got.data(), reinterpret_cast<CUdeviceptr>(device_), got.size());
    std::vector<bool> written(got.size(), false);
    each([&](int b, int i, int j) {
      const size_t place = static_cast<size_t>(at(b, i, j) - host_.data());
      std::fill_n(written.begin() + static_cast<std::ptrdiff_t>(place), type.bytes, true);
      const Number found = decode(type, &got[place]), wanted = expected(b, i, j);
      ++compared;
      if (!(std::abs(found - wanted) <= precision * std::max(1.0, std::abs(wanted)))) {
        complain(std::string(what) + "(" + std::to_string(b) + ": " + std::to_string(i) + ", " + std::to_string(j) +
                 ") is " + std::to_string(found.real()) + " + " + std::to_string(found.imag()) + "i, not " +
                 std::to_string(wanted.real()) + " + " + std::to_string(wanted.imag()) + "i");
      }
    });
    for (size_t i = 0; i < got.size(); ++i) {
      if (!written[i] && got[i] != host_[i]) complain(std::string(what) + " was written where it has no element");
    }
  }

  const Type type;
  const int rows, columns, batch;
  int leading;
  int64_t stride;
  cublasLtMatrixLayout_t layout = nullptr;
  bool row_major() const { return row_major_; }

 private:
  char* at(int b, int i, int j) {
    const int64_t element =
        b * stride + (row_major_ ? static_cast<int64_t>(i) * leading + j : i + static_cast<int64_t>(j) * leading);
    return host_.data() + element * type.bytes;
  }
  template <class F>
  void each(F&& body) {
    for (int b = 0; b < batch; ++b) {
      for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < columns; ++j) body(b, i, j);
      }
    }
  }
  const bool row_major_, pointers_;
  std::vector<char> host_;
  void* device_ = nullptr;
  void* array_ = nullptr;
};

// Numbers one after the other, a batch of them a stride apart.
class Numbers {
 public:
  Numbers(const Type& type, int64_t count) : type(type), host_(static_cast<size_t>(count * type.bytes)) {
    for (int64_t i = 0; i < count; ++i) write_random(type, &host_[static_cast<size_t>(i * type.bytes)]);
    device_ = allocate(host_.data(), host_.size());
  }
  Numbers(const Numbers&) = delete;
  ~Numbers() { release(device_); }
  Number operator[](int64_t i) const { return decode(type, &host_[static_cast<size_t>(i * type.bytes)]); }
  void* device() const { return device_; }
  const void* host() const { return host_.data(); }
  void fetch() {
    cuStreamSynchronize(stream);
    cuMemcpyDtoH_v2(host_.data(), reinterpret_cast<CUdeviceptr>(device_), host_.size());
  }
  const Type type;

 private:
  std::vector<char> host_;
  void* device_ = nullptr;
};

// ---- multiplications

struct Combination {
  cublasComputeType_t compute;
  Type scale, a, b, c, d;
};
const Combination combinations[] = {
    {CUBLAS_COMPUTE_32F, f32, f32, f32, f32, f32},     {CUBLAS_COMPUTE_32F_PEDANTIC, f32, f32, f32, f32, f32},
    {CUBLAS_COMPUTE_64F, f64, f64, f64, f64, f64},     {CUBLAS_COMPUTE_32F, f32, f16, f16, f16, f16},
    {CUBLAS_COMPUTE_32F, f32, f16, f16, f32, f32},     {CUBLAS_COMPUTE_16F, f16, f16, f16, f16, f16},
    {CUBLAS_COMPUTE_32F, f32, bf16, bf16, bf16, bf16}, {CUBLAS_COMPUTE_32F, f32, bf16, bf16, f32, f32},
    {CUBLAS_COMPUTE_32I, i32, i8, i8, i32, i32},       {CUBLAS_COMPUTE_32I, f32, i8, i8, i8, i8},
    {CUBLAS_COMPUTE_32F, f32, i8, i8, f32, f32},       {CUBLAS_COMPUTE_32F, f32, e4m3, e4m3, bf16, bf16},
    {CUBLAS_COMPUTE_32F, f32, e4m3, e5m2, f16, e4m3},  {CUBLAS_COMPUTE_32F, f32, e5m2, e4m3, bf16, e5m2},
    {CUBLAS_COMPUTE_32F, c32, c32, c32, c32, c32},     {CUBLAS_COMPUTE_64F, c64, c64, c64, c64, c64},
};

class Descriptor {
 public:
  Descriptor(cublasComputeType_t compute, const Type& scale) {
    expect(cublasLtMatmulDescCreate(&handle_, compute, scale.id));
  }
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() { cublasLtMatmulDescDestroy(handle_); }
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, T value) {
    expect(cublasLtMatmulDescSetAttribute(handle_, attribute, &value, sizeof value));
  }
  operator cublasLtMatmulDesc_t() const { return handle_; }

 private:
  cublasLtMatmulDesc_t handle_ = nullptr;
};

double gelu(double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }
double gelu_slope(double x) {
  const double h = 1e-6;
  return (gelu(x + h) - gelu(x - h)) / (2 * h);
}

Number at(const Matrix& matrix, cublasOperation_t operation, int b, int i, int j) {
  if (operation == CUBLAS_OP_N) return matrix(b, i, j);
  return operation == CUBLAS_OP_T ? matrix(b, j, i) : std::conj(matrix(b, j, i));
}

double saturated(const Type& type, double value) {
  return type.id == CUDA_R_8I ? std::clamp(std::nearbyint(value), -128.0, 127.0) : value;
}

// The preference, one heuristic answer and its check, as programs ask for them.
cublasLtMatmulAlgo_t choose(cublasLtMatmulDesc_t descriptor, const Matrix& a, const Matrix& b, const Matrix& c,
                            const Matrix& d) {
  cublasLtMatmulPreference_t preference = nullptr;
  expect(cublasLtMatmulPreferenceCreate(&preference));
  const uint64_t workspace = 1 << 20;
  expect(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                              sizeof workspace));
  cublasLtMatmulHeuristicResult_t results[3] = {};
  int count = -1;
  expect(cublasLtMatmulAlgoGetHeuristic(handle, descriptor, a.layout, b.layout, c.layout, d.layout, preference, 3,
                                        results, &count));
  expect_equal(count, 1, "the number of algorithms");
  expect(results[0].state);
  cublasLtMatmulHeuristicResult_t checked = {};
  expect(
      cublasLtMatmulAlgoCheck(handle, descriptor, a.layout, b.layout, c.layout, d.layout, &results[0].algo, &checked));
  expect_equal(static_cast<int64_t>(checked.workspaceSize), 0, "the workspace");
  expect(cublasLtMatmulPreferenceDestroy(preference));
  return results[0].algo;
}

// alpha and beta in any of the ways a descriptor can say.
struct Factors {
  Factors(const Type& scale, int mode, int rows, int batch)
      : mode(mode),
        stride(mode >= 2 ? rows + 1 : 0),
        alpha(scale, mode >= 2 ? stride * batch : 1),
        beta(scale, mode == 2 ? stride * batch : 1) {}
  const void* alpha_argument() const { return mode == 0 ? alpha.host() : alpha.device(); }
  const void* beta_argument() const {
    return mode == 0 || mode == 4 ? beta.host() : mode == 3 ? nullptr : beta.device();
  }
  Number alpha_at(int b, int i) const { return alpha[mode >= 2 ? b * stride + i : 0]; }
  Number beta_at(int b, int i) const { return mode == 3 ? 0 : beta[mode == 2 ? b * stride + i : 0]; }
  const int mode;
  const int64_t stride;
  Numbers alpha, beta;
};

struct Scene {
  Scene(const Combination& types, int m, int n, int k, int batch)
      : types(types),
        m(m),
        n(n),
        k(k),
        batch(batch),
        operation_a(static_cast<cublasOperation_t>(below(3))),
        operation_b(static_cast<cublasOperation_t>(below(3))),
        a(types.a, operation_a == CUBLAS_OP_N ? m : k, operation_a == CUBLAS_OP_N ? k : m, batch),
        b(types.b, operation_b == CUBLAS_OP_N ? k : n, operation_b == CUBLAS_OP_N ? n : k, batch),
        c(types.c, m, n, batch),
        d(types.d, m, n, batch),
        descriptor(types.compute, types.scale) {
    d.forget();
    descriptor.set(CUBLASLT_MATMUL_DESC_TRANSA, static_cast<int32_t>(operation_a));
    descriptor.set(CUBLASLT_MATMUL_DESC_TRANSB, static_cast<int32_t>(operation_b));
  }
  Number product(int index, int i, int j) const {
    Number sum = 0;
    for (int l = 0; l < k; ++l) sum += at(a, operation_a, index, i, l) * at(b, operation_b, index, l, j);
    return sum;
  }
  cublasStatus_t run(const Factors& factors) {
    descriptor.set(CUBLASLT_MATMUL_DESC_POINTER_MODE, static_cast<int32_t>(factors.mode));
    if (factors.mode >= 2) descriptor.set(CUBLASLT_MATMUL_DESC_ALPHA_VECTOR_BATCH_STRIDE, factors.stride);
    const cublasLtMatmulAlgo_t algorithm = choose(descriptor, a, b, c, d);
    return cublasLtMatmul(handle, descriptor, factors.alpha_argument(), a.device(), a.layout, b.device(), b.layout,
                          factors.beta_argument(), c.device(), c.layout, d.device(), d.layout,
                          coin() ? &algorithm : nullptr, nullptr, 0, stream);
  }
  const Combination types;
  const int m, n, k, batch;
  const cublasOperation_t operation_a, operation_b;
  Matrix a, b, c, d;
  Descriptor descriptor;
};

void product(const Combination& types) {
  running = "matmul of types " + std::to_string(types.a.id) + ", " + std::to_string(types.d.id);
  Scene scene(types, few(), few(), few() - 1, below(3) + 1);
  const bool plain_modes = types.a.complex;
  const Factors factors(types.scale, below(plain_modes ? 2 : 5), scene.m, scene.batch);
  expect(scene.run(factors));
  scene.d.check(
      [&](int b, int i, int j) {
        const Number value = factors.alpha_at(b, i) * scene.product(b, i, j) + factors.beta_at(b, i) * scene.c(b, i, j);
        return types.d.id == CUDA_R_8I ? Number(saturated(types.d, value.real())) : value;
      },
      types.d.precision);
}

// In place, with a beta of 0 over not-a-number, and an alpha of 0 that leaves A and B unread.
void special_factors() {
  running = "matmul with special factors";
  const Combination types = coin() ? combinations[0] : combinations[6];
  const int m = few(), n = few(), k = few();
  Scene scene(types, m, n, k, 1);
  const float zero = 0, one = 1, half = 0.5f;
  scene.c.forget();
  expect(cublasLtMatmul(handle, scene.descriptor, &one, scene.a.device(), scene.a.layout, scene.b.device(),
                        scene.b.layout, &zero, coin() ? scene.c.device() : nullptr, scene.c.layout, scene.d.device(),
                        scene.d.layout, nullptr, nullptr, 0, stream));
  scene.d.check([&](int, int i, int j) { return scene.product(0, i, j); }, types.d.precision);
  Scene other(types, m, n, k, 1);
  other.a.forget();
  other.b.forget();
  Matrix place(types.d, m, n, 1);
  expect(cublasLtMatmul(handle, other.descriptor, &zero, other.a.device(), other.a.layout, other.b.device(),
                        other.b.layout, &half, place.device(), place.layout, place.device(), place.layout, nullptr,
                        nullptr, 0, stream));
  place.check([&](int, int i, int j) { return 0.5 * place(0, i, j); }, types.d.precision);
}

void epilogue(uint32_t kind) {
  running = "epilogue " + std::to_string(kind);
  const Combination choices[] = {combinations[0], combinations[2], combinations[3],
                                 combinations[6], combinations[7], combinations[9]};
  const bool plain =
      kind == CUBLASLT_EPILOGUE_RELU || kind == CUBLASLT_EPILOGUE_BIAS || kind == CUBLASLT_EPILOGUE_RELU_BIAS;
  const Combination& types = choices[below(plain ? 6 : 5)];
  const bool relu = (kind & 2) != 0 || kind == CUBLASLT_EPILOGUE_DRELU || kind == CUBLASLT_EPILOGUE_DRELU_BGRAD;
  const bool is_gelu = (kind & 32) != 0 || kind == CUBLASLT_EPILOGUE_DGELU || kind == CUBLASLT_EPILOGUE_DGELU_BGRAD;
  const bool gradient = kind == CUBLASLT_EPILOGUE_DRELU || kind == CUBLASLT_EPILOGUE_DRELU_BGRAD ||
                        kind == CUBLASLT_EPILOGUE_DGELU || kind == CUBLASLT_EPILOGUE_DGELU_BGRAD;
  const bool sums = kind == CUBLASLT_EPILOGUE_DRELU_BGRAD || kind == CUBLASLT_EPILOGUE_DGELU_BGRAD ||
                    kind == CUBLASLT_EPILOGUE_BGRADA || kind == CUBLASLT_EPILOGUE_BGRADB;
  const bool bias = (kind & 4) != 0 && !gradient && !sums;
  const bool keeps = (kind & 128) != 0 && !gradient;
  Scene scene(types, few(), few(), few(), below(2) + 1);
  const int lines = scene.d.row_major() ? scene.m : scene.n, length = scene.d.row_major() ? scene.n : scene.m;
  scene.descriptor.set(CUBLASLT_MATMUL_DESC_EPILOGUE, kind);
  const Type bias_type = types.d.id == CUDA_R_8I ? f32 : types.d.bytes == 2 && coin() ? f32 : types.d;
  const int bias_count = kind == CUBLASLT_EPILOGUE_BGRADB ? scene.n : scene.m;
  Numbers biases(bias_type, (bias_count + 2) * scene.batch);
  if (bias || sums) {
    scene.descriptor.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, reinterpret_cast<uint64_t>(biases.device()));
    scene.descriptor.set(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, static_cast<int64_t>(bias_count + 2));
    if (bias_type.id != types.d.id) {
      scene.descriptor.set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, static_cast<int32_t>(bias_type.id));
    }
  }
  // Of ReLU a bit an element, of GELU a number.
  const int multiple = relu ? 128 : 8;
  const int64_t leading = (length + multiple - 1) / multiple * multiple;
  const int64_t stride = leading * lines;
  Numbers kept(relu ? Type{CUDA_R_8I, 1, 0} : types.d, relu ? stride * scene.batch / 8 : stride * scene.batch);
  if (keeps || gradient) {
    scene.descriptor.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, reinterpret_cast<uint64_t>(kept.device()));
    scene.descriptor.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, leading);
    scene.descriptor.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, stride);
  }
  const Factors factors(types.scale, below(2), scene.m, scene.batch);
  const auto place = [&](int b, int i, int j) {
    return b * stride + (scene.d.row_major() ? i * leading + j : i + j * leading);
  };
  const auto bit = [&](int b, int i, int j) {
    const int64_t number = place(b, i, j);
    return (static_cast<unsigned>(static_cast<int>(kept[number / 8].real())) >> (number % 8) & 1) != 0;
  };
  const auto before = [&](int b, int i, int j) {
    double value = (factors.alpha_at(b, i) * scene.product(b, i, j) + factors.beta_at(b, i) * scene.c(b, i, j)).real();
    if (bias) value += biases[b * (bias_count + 2) + i].real();
    return value;
  };
  // The gradients' own inputs are read before anything is overwritten.
  std::vector<double> results;
  for (int b = 0; b < scene.batch; ++b) {
    for (int i = 0; i < scene.m; ++i) {
      for (int j = 0; j < scene.n; ++j) {
        double value = before(b, i, j);
        if (gradient && relu) {
          value = bit(b, i, j) ? value : 0;
        } else if (gradient) {
          value *= gelu_slope(kept[place(b, i, j)].real());
        } else if (relu) {
          value = std::max(value, 0.0);
        } else if (is_gelu) {
          value = gelu(value);
        }
        results.push_back(value);
      }
    }
  }
  expect(scene.run(factors));
  const auto result = [&](int b, int i, int j) {
    return results[static_cast<size_t>((b * scene.m + i) * scene.n + j)];
  };
  scene.d.check([&](int b, int i, int j) { return saturated(types.d, result(b, i, j)); },
                std::max(types.d.precision, gradient ? 1e-8 : 0));
  if (keeps) {
    kept.fetch();
    for (int b = 0; b < scene.batch; ++b) {
      for (int i = 0; i < scene.m; ++i) {
        for (int j = 0; j < scene.n; ++j) {
          ++compared;
          const double value = before(b, i, j);
          if (relu ? bit(b, i, j) != (value > 0)
                   : !(std::abs(kept[place(b, i, j)].real() - value) <=
                       types.d.precision * std::max(1.0, std::abs(value)))) {
            complain("what is kept for the gradient is wrong at (" + std::to_string(i) + ", " + std::to_string(j) +
                     ")");
          }
        }
      }
    }
  }
  if (sums) {
    biases.fetch();
    for (int b = 0; b < scene.batch; ++b) {
      for (int i = 0; i < bias_count; ++i) {
        double sum = 0, size = 1;
        const int terms = kind == CUBLASLT_EPILOGUE_BGRADA || kind == CUBLASLT_EPILOGUE_BGRADB ? scene.k : scene.n;
        for (int l = 0; l < terms; ++l) {
          const double term = kind == CUBLASLT_EPILOGUE_BGRADA   ? at(scene.a, scene.operation_a, b, i, l).real()
                              : kind == CUBLASLT_EPILOGUE_BGRADB ? at(scene.b, scene.operation_b, b, l, i).real()
                                                                 : result(b, i, l);
          sum += term;
          size += std::abs(term);
        }
        ++compared;
        const double found = biases[b * (bias_count + 2) + i].real();
        if (!(std::abs(found - sum) <= std::max(bias_type.precision, 1e-8) * size)) {
          complain("the sum " + std::to_string(i) + " is " + std::to_string(found) + ", not " + std::to_string(sum));
        }
      }
    }
  }
}

// Scales of the floats of 8 bits: one number, or one a row of A and a column of B; the greatest size of the result.
void scales() {
  running = "scales";
  const Combination& types = combinations[11 + below(3)];
  Scene scene(types, few(), few(), few(), 1);
  const bool vectors = coin();
  Numbers of_a(f32, vectors ? scene.m : 1), of_b(f32, vectors ? scene.n : 1), of_c(f32, 1), of_d(f32, 1),
      greatest(f32, 1);
  scene.descriptor.set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, reinterpret_cast<uint64_t>(of_a.device()));
  scene.descriptor.set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, reinterpret_cast<uint64_t>(of_b.device()));
  scene.descriptor.set(CUBLASLT_MATMUL_DESC_C_SCALE_POINTER, reinterpret_cast<uint64_t>(of_c.device()));
  scene.descriptor.set(CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, reinterpret_cast<uint64_t>(of_d.device()));
  scene.descriptor.set(CUBLASLT_MATMUL_DESC_AMAX_D_POINTER, reinterpret_cast<uint64_t>(greatest.device()));
  if (vectors) {
    scene.descriptor.set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE,
                         static_cast<int32_t>(CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F));
    scene.descriptor.set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE,
                         static_cast<int32_t>(CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F));
  }
  const Factors factors(types.scale, 0, scene.m, 1);
  expect(scene.run(factors));
  double size = 0;
  const auto value = [&](int i, int j) {
    return (factors.alpha_at(0, i) * of_a[vectors ? i : 0] * of_b[vectors ? j : 0] * scene.product(0, i, j) +
            factors.beta_at(0, i) * of_c[0] * scene.c(0, i, j))
        .real();
  };
  for (int i = 0; i < scene.m; ++i) {
    for (int j = 0; j < scene.n; ++j) size = std::max(size, std::abs(value(i, j)));
  }
  const double most = types.d.id == CUDA_R_8F_E4M3 ? 448 : 57344;
  scene.d.check([&](int, int i, int j) { return std::clamp(of_d[0].real() * value(i, j), -most, most); },
                types.d.precision);
  greatest.fetch();
  ++compared;
  if (std::abs(greatest[0].real() - size) > 1e-5 * std::max(1.0, size)) complain("the greatest size is wrong");
}

// Every number of the 8-bit formats survives a round trip, and rounding goes to the nearest even number.
void byte_floats() {
  running = "8-bit floats";
  for (const Type& type : {e4m3, e5m2}) {
    std::vector<float> values;
    std::vector<double> wanted;
    std::vector<double> finite;
    for (unsigned bits = 0; bits < 256; ++bits) {
      const double value = of_bits(type, bits);
      if (std::isfinite(value)) finite.push_back(value);
    }
    std::sort(finite.begin(), finite.end());
    for (size_t i = 0; i + 1 < finite.size(); ++i) {
      const double low = finite[i], high = finite[i + 1];
      if (low == high) continue;
      const auto odd = [&](double value) {
        for (unsigned bits = 0; bits < 256; ++bits) {
          if (of_bits(type, bits) == value) return bits % 2 == 1;
        }
        return false;
      };
      for (const double part : {0.0, 0.25, 0.5, 0.75}) {
        values.push_back(static_cast<float>(low + part * (high - low)));
        wanted.push_back(part < 0.5 ? low : part > 0.5 ? high : odd(low) ? high : low);
      }
    }
    values.push_back(std::numeric_limits<float>::infinity());
    wanted.push_back(finite.back());
    const int count = static_cast<int>(values.size());
    void* source = allocate(values.data(), values.size() * sizeof(float));
    std::vector<char> bytes(values.size(), 0);
    void* target = allocate(bytes.data(), bytes.size());
    cublasLtMatrixLayout_t from, to;
    expect(cublasLtMatrixLayoutCreate(&from, CUDA_R_32F, static_cast<uint64_t>(count), 1, count));
    expect(cublasLtMatrixLayoutCreate(&to, type.id, static_cast<uint64_t>(count), 1, count));
    cublasLtMatrixTransformDesc_t transform;
    expect(cublasLtMatrixTransformDescCreate(&transform, CUDA_R_32F));
    const float one = 1;
    expect(
        cublasLtMatrixTransform(handle, transform, &one, source, from, nullptr, nullptr, nullptr, target, to, stream));
    cuStreamSynchronize(stream);
    cuMemcpyDtoH_v2(bytes.data(), reinterpret_cast<CUdeviceptr>(target), bytes.size());
    for (size_t i = 0; i < values.size(); ++i) {
      ++compared;
      const double found = decode(type, &bytes[i]).real();
      if (found != wanted[i])
        complain(std::to_string(values[i]) + " becomes " + std::to_string(found) + ", not " +
                 std::to_string(wanted[i]));
    }
    cublasLtMatrixTransformDescDestroy(transform);
    cublasLtMatrixLayoutDestroy(from);
    cublasLtMatrixLayoutDestroy(to);
    release(source);
    release(target);
  }
}

void transformation() {
  running = "transform";
  const Type types[] = {f32, f16, bf16, i8, i32, f64};
  const Type type = types[below(6)], other = is_integer(type) ? i32 : f32;
  const int rows = few(), columns = few(), batch = below(2) + 1;
  const bool turned_a = coin(), turned_b = coin(), both = coin();
  Matrix a(type, turned_a ? columns : rows, turned_a ? rows : columns, batch);
  Matrix b(other, turned_b ? columns : rows, turned_b ? rows : columns, batch);
  Matrix c(other, rows, columns, batch);
  c.forget();
  cublasLtMatrixTransformDesc_t transform;
  const Type scale = f32;
  expect(cublasLtMatrixTransformDescCreate(&transform, scale.id));
  const Factors factors(scale, below(2), 1, 1);
  const auto set = [&](cublasLtMatrixTransformDescAttributes_t attribute, int32_t value) {
    expect(cublasLtMatrixTransformDescSetAttribute(transform, attribute, &value, sizeof value));
  };
  set(CUBLASLT_MATRIX_TRANSFORM_DESC_POINTER_MODE, factors.mode);
  set(CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA, turned_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSB, turned_b ? CUBLAS_OP_C : CUBLAS_OP_N);
  expect(cublasLtMatrixTransform(handle, transform, factors.alpha_argument(), a.device(), a.layout,
                                 both ? factors.beta_argument() : nullptr, both ? b.device() : nullptr,
                                 both ? b.layout : nullptr, c.device(), c.layout, stream));
  c.check(
      [&](int index, int i, int j) {
        Number value = factors.alpha_at(0, 0) * (turned_a ? a(index, j, i) : a(index, i, j));
        if (both) value += factors.beta_at(0, 0) * (turned_b ? b(index, j, i) : b(index, i, j));
        return is_integer(other) ? Number(std::nearbyint(value.real())) : value;
      },
      other.precision, "C");
  expect(cublasLtMatrixTransformDescDestroy(transform));
}

// ---- what is no multiplication

int logged = 0;

void descriptors_and_errors() {
  running = "descriptors and errors";
  // On the caller's own stack.
  cublasLtMatrixLayoutOpaque_t own_layout;
  expect(cublasLtMatrixLayoutInit_internal(&own_layout, sizeof own_layout, CUDA_R_32F, 2, 2, 2));
  expect(cublasLtMatrixLayoutInit_internal(&own_layout, sizeof own_layout - 8, CUDA_R_32F, 2, 2, 2),
         CUBLAS_STATUS_INVALID_VALUE);
  cublasLtMatmulDescOpaque_t own_matmul;
  expect(cublasLtMatmulDescInit_internal(&own_matmul, sizeof own_matmul, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  cublasLtMatmulPreferenceOpaque_t own_preference;
  expect(cublasLtMatmulPreferenceInit_internal(&own_preference, sizeof own_preference));
  cublasLtMatrixTransformDescOpaque_t own_transform;
  expect(cublasLtMatrixTransformDescInit_internal(&own_transform, sizeof own_transform, CUDA_R_32F));
  cublasLtEmulationDescOpaque_t own_emulation;
  expect(cublasLtEmulationDescInit_internal(&own_emulation, sizeof own_emulation));
  int32_t strategy = 2, read_back = 0;
  size_t size = 0;
  expect(cublasLtEmulationDescSetAttribute(&own_emulation, CUBLASLT_EMULATION_DESC_STRATEGY, &strategy, 4));
  expect(cublasLtEmulationDescGetAttribute(&own_emulation, CUBLASLT_EMULATION_DESC_STRATEGY, &read_back, 4, &size));
  expect_equal(read_back, 2, "the strategy");
  cublasLtEmulationDesc_t emulation;
  expect(cublasLtEmulationDescCreate(&emulation));
  expect(cublasLtEmulationDescDestroy(emulation));
  const float values[4] = {1, 2, 3, 4}, one = 1, zero = 0;
  void* memory = allocate(values, sizeof values);
  void* result = allocate(values, sizeof values);
  expect(cublasLtMatmul(handle, &own_matmul, &one, memory, &own_layout, memory, &own_layout, &zero, nullptr,
                        &own_layout, result, &own_layout, nullptr, nullptr, 0, stream));
  float found[4];
  cuStreamSynchronize(stream);
  cuMemcpyDtoH_v2(found, reinterpret_cast<CUdeviceptr>(result), sizeof found);
  expect_equal(static_cast<int64_t>(found[0]), 7, "the first element");
  expect_equal(static_cast<int64_t>(found[3]), 22, "the last element");
  expect(cublasLtMatrixLayoutDestroy(&own_layout), CUBLAS_STATUS_INVALID_VALUE);

  // Wrong and stale descriptors and handles.
  cublasLtMatrixLayout_t layout;
  expect(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, 2, 2, 2));
  int32_t order = 0;
  expect(cublasLtMatmulDescSetAttribute(reinterpret_cast<cublasLtMatmulDesc_t>(layout), CUBLASLT_MATMUL_DESC_TRANSA,
                                        &order, 4),
         CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasLtMatrixLayoutDestroy(layout));
  expect(cublasLtMatrixLayoutDestroy(layout), CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_ORDER, &order, 4),
         CUBLAS_STATUS_INVALID_VALUE);
  const uintptr_t nowhere[] = {1, 8, 4096, 0xDEADBEEF00, ~uintptr_t{0} - 7, uintptr_t{1} << 47};
  for (const uintptr_t address : nowhere) {
    expect(cublasLtMatrixLayoutSetAttribute(reinterpret_cast<cublasLtMatrixLayout_t>(address),
                                            CUBLASLT_MATRIX_LAYOUT_ORDER, &order, 4),
           CUBLAS_STATUS_INVALID_VALUE);
    expect(cublasLtMatrixLayoutDestroy(reinterpret_cast<cublasLtMatrixLayout_t>(address)), CUBLAS_STATUS_INVALID_VALUE);
    expect(cublasLtDestroy(reinterpret_cast<cublasLtHandle_t>(address)), CUBLAS_STATUS_NOT_INITIALIZED);
  }
  cublasLtHandle_t other;
  expect(cublasLtCreate(nullptr), CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasLtCreate(&other));
  expect(cublasLtDestroy(other));
  expect(cublasLtDestroy(other), CUBLAS_STATUS_NOT_INITIALIZED);
  cublasHandle_t blas;
  expect(cublasCreate_v2(&blas));
  const auto run = [&](cublasLtHandle_t with) {
    return cublasLtMatmul(with, &own_matmul, &one, memory, &own_layout, memory, &own_layout, &zero, nullptr,
                          &own_layout, result, &own_layout, nullptr, nullptr, 0, stream);
  };
  expect(run(reinterpret_cast<cublasLtHandle_t>(blas)));
  expect(cublasDestroy_v2(blas));
  expect(run(reinterpret_cast<cublasLtHandle_t>(blas)), CUBLAS_STATUS_NOT_INITIALIZED);
  expect(run(other), CUBLAS_STATUS_NOT_INITIALIZED);

  // What contradicts itself, and what is not computed.
  const auto with = [&](cublasLtMatmulDescAttributes_t attribute, int32_t value, cublasStatus_t wanted) {
    cublasLtMatmulDescOpaque_t changed = own_matmul;
    expect(cublasLtMatmulDescSetAttribute(&changed, attribute, &value, sizeof value));
    expect(cublasLtMatmul(handle, &changed, &one, memory, &own_layout, memory, &own_layout, &zero, nullptr, &own_layout,
                          result, &own_layout, nullptr, nullptr, 0, stream),
           wanted);
  };
  with(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, 12345, CUBLAS_STATUS_INVALID_VALUE);
  with(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, CUBLAS_COMPUTE_64F, CUBLAS_STATUS_NOT_SUPPORTED);
  with(CUBLASLT_MATMUL_DESC_SCALE_TYPE, CUDA_R_64F, CUBLAS_STATUS_NOT_SUPPORTED);
  with(CUBLASLT_MATMUL_DESC_TRANSA, 3, CUBLAS_STATUS_INVALID_VALUE);
  with(CUBLASLT_MATMUL_DESC_TRANSC, CUBLAS_OP_T, CUBLAS_STATUS_NOT_SUPPORTED);
  with(CUBLASLT_MATMUL_DESC_FILL_MODE, CUBLAS_FILL_MODE_LOWER, CUBLAS_STATUS_NOT_SUPPORTED);
  with(CUBLASLT_MATMUL_DESC_POINTER_MODE, 5, CUBLAS_STATUS_INVALID_VALUE);
  with(CUBLASLT_MATMUL_DESC_EPILOGUE, 3, CUBLAS_STATUS_NOT_SUPPORTED);
  with(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS, CUBLAS_STATUS_INVALID_VALUE);
  with(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_GELU_AUX, CUBLAS_STATUS_INVALID_VALUE);
  with(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, CUBLASLT_MATMUL_MATRIX_SCALE_VEC32_UE8M0, CUBLAS_STATUS_NOT_SUPPORTED);
  const auto with_layout = [&](cublasLtMatrixLayoutAttribute_t attribute, auto value, cublasStatus_t wanted) {
    cublasLtMatrixLayoutOpaque_t changed = own_layout;
    expect(cublasLtMatrixLayoutSetAttribute(&changed, attribute, &value, sizeof value));
    expect(cublasLtMatmul(handle, &own_matmul, &one, memory, &changed, memory, &own_layout, &zero, nullptr, &own_layout,
                          result, &own_layout, nullptr, nullptr, 0, stream),
           wanted);
  };
  with_layout(CUBLASLT_MATRIX_LAYOUT_ORDER, int32_t{CUBLASLT_ORDER_COL32}, CUBLAS_STATUS_NOT_SUPPORTED);
  with_layout(CUBLASLT_MATRIX_LAYOUT_TYPE, uint32_t{CUDA_R_4I}, CUBLAS_STATUS_NOT_SUPPORTED);
  with_layout(CUBLASLT_MATRIX_LAYOUT_ROWS, uint64_t{3}, CUBLAS_STATUS_INVALID_VALUE);
  with_layout(CUBLASLT_MATRIX_LAYOUT_ROWS, uint64_t{1} << 40, CUBLAS_STATUS_NOT_SUPPORTED);
  with_layout(CUBLASLT_MATRIX_LAYOUT_COLS, uint64_t{3}, CUBLAS_STATUS_INVALID_VALUE);
  with_layout(CUBLASLT_MATRIX_LAYOUT_LD, int64_t{1}, CUBLAS_STATUS_INVALID_VALUE);
  with_layout(CUBLASLT_MATRIX_LAYOUT_LD, int64_t{-2}, CUBLAS_STATUS_INVALID_VALUE);
  with_layout(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, int32_t{2}, CUBLAS_STATUS_INVALID_VALUE);
  with_layout(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, int32_t{0}, CUBLAS_STATUS_INVALID_VALUE);
  with_layout(CUBLASLT_MATRIX_LAYOUT_PLANE_OFFSET, int64_t{16}, CUBLAS_STATUS_NOT_SUPPORTED);
  expect(cublasLtMatmul(handle, &own_matmul, nullptr, memory, &own_layout, memory, &own_layout, &zero, nullptr,
                        &own_layout, result, &own_layout, nullptr, nullptr, 0, stream),
         CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasLtMatmul(handle, &own_matmul, &one, nullptr, &own_layout, memory, &own_layout, &zero, nullptr,
                        &own_layout, result, &own_layout, nullptr, nullptr, 0, stream),
         CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasLtMatmul(handle, &own_matmul, &one, memory, &own_layout, memory, &own_layout, &one, nullptr, &own_layout,
                        result, &own_layout, nullptr, nullptr, 0, stream),
         CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasLtMatmul(handle, &own_matmul, &one, memory, &own_layout, memory, &own_layout, &zero, nullptr,
                        &own_layout, nullptr, &own_layout, nullptr, nullptr, 0, stream),
         CUBLAS_STATUS_INVALID_VALUE);

  // The algorithms.
  int ids[4] = {-1, -1, -1, -1}, count = 0;
  expect(cublasLtMatmulAlgoGetIds(handle, CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F,
                                  CUDA_R_32F, 4, ids, &count));
  expect_equal(count, 1, "the number of algorithms");
  expect(cublasLtMatmulAlgoGetIds(handle, CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_64F, CUDA_R_32F, CUDA_R_32F,
                                  CUDA_R_32F, 4, ids, &count),
         CUBLAS_STATUS_NOT_SUPPORTED);
  cublasLtMatmulAlgo_t algorithm;
  expect(cublasLtMatmulAlgoInit(handle, CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F,
                                ids[0], &algorithm));
  expect(cublasLtMatmulAlgoInit(handle, CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F,
                                99, &algorithm),
         CUBLAS_STATUS_INVALID_VALUE);
  uint32_t capability = 99;
  expect(cublasLtMatmulAlgoCapGetAttribute(&algorithm, CUBLASLT_ALGO_CAP_STRIDED_BATCH_SUPPORT, &capability, 4, &size));
  expect_equal(capability, 1, "the support of strided batches");
  expect(cublasLtMatmulAlgoCapGetAttribute(&algorithm, CUBLASLT_ALGO_CAP_TILE_IDS, nullptr, 0, &size));
  expect_equal(static_cast<int64_t>(size), 4, "the bytes of the tiles");
  uint64_t flags = 0;
  expect(cublasLtMatmulAlgoCapGetAttribute(&algorithm, CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS, &flags, 8, &size));
  expect(cublasLtMatmulAlgoCapGetAttribute(&algorithm, static_cast<cublasLtMatmulAlgoCapAttributes_t>(77), &flags, 8,
                                           &size),
         CUBLAS_STATUS_INVALID_VALUE);
  int32_t id = -1;
  expect(cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_ID, &id, 4, &size));
  expect_equal(id, ids[0], "the algorithm's id");
  const auto use = [&](cublasStatus_t wanted) {
    expect(cublasLtMatmul(handle, &own_matmul, &one, memory, &own_layout, memory, &own_layout, &zero, nullptr,
                          &own_layout, result, &own_layout, &algorithm, nullptr, 0, stream),
           wanted);
  };
  use(CUBLAS_STATUS_SUCCESS);
  uint32_t tile = CUBLASLT_MATMUL_TILE_64x64;
  expect(cublasLtMatmulAlgoConfigSetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_TILE_ID, &tile, 4));
  use(CUBLAS_STATUS_NOT_SUPPORTED);
  std::memset(&algorithm, 0, sizeof algorithm);
  use(CUBLAS_STATUS_INVALID_VALUE);
  expect(cublasLtMatmulAlgoConfigSetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_TILE_ID, &tile, 4),
         CUBLAS_STATUS_INVALID_VALUE);

  // A capture keeps what it was given.
  CUgraph graph;
  CUgraphExec executable;
  cuMemsetD8Async(reinterpret_cast<CUdeviceptr>(result), 0, sizeof found, stream);
  cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED);
  expect(run(handle));
  cuStreamEndCapture(stream, &graph);
  cuGraphInstantiateWithFlags(&executable, graph, 0);
  cuGraphLaunch(executable, stream);
  cuStreamSynchronize(stream);
  cuMemcpyDtoH_v2(found, reinterpret_cast<CUdeviceptr>(result), sizeof found);
  expect_equal(static_cast<int64_t>(found[3]), 22, "the last element of the replayed product");
  cuGraphExecDestroy(executable);
  cuGraphDestroy(graph);

  expect(cublasLtLoggerSetCallback([](int, const char*, const char*) { ++logged; }));
  expect(cublasLtLoggerOpenFile("/dev/null"));
  expect(cublasLtLoggerSetLevel(5));
  expect(run(handle));
  expect(cublasLtLoggerSetLevel(0));
  expect(cublasLtLoggerSetCallback(nullptr));
  expect(cublasLtLoggerOpenFile(nullptr));
  expect_equal(logged > 0, 1, "what the listener heard");
  size_t capacity = 0;
  expect(cublasLtHeuristicsCacheSetCapacity(17));
  expect(cublasLtHeuristicsCacheGetCapacity(&capacity));
  expect_equal(static_cast<int64_t>(capacity), 17, "the capacity");
  release(memory);
  release(result);
}

// A call finds its stream or does not, but never one that is going away beneath it.
void streams_end_during_calls() {
  running = "streams that end";
  float one = 1, value = 2;
  void* memory = allocate(&value, sizeof value);
  void* result = allocate(&value, sizeof value);
  cublasLtMatrixLayout_t layout;
  cublasLtMatrixTransformDesc_t transform;
  expect(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, 1, 1, 1));
  expect(cublasLtMatrixTransformDescCreate(&transform, CUDA_R_32F));
  CUcontext context = nullptr;
  cuCtxGetCurrent(&context);
  std::atomic<CUstream> current{stream};
  std::atomic<bool> done{false};
  std::atomic<long> made{0}, strange{0};
  const auto call = [&] {
    cuCtxSetCurrent(context);
    while (!done) {
      const cublasStatus_t status =
          cublasLtMatrixTransform(handle, transform, &one, memory, layout, nullptr, nullptr, nullptr, result, layout,
                                  reinterpret_cast<cudaStream_t>(current.load()));
      // Not found, or ended before the operation could be added.
      const bool ended = status == CUBLAS_STATUS_INVALID_VALUE || status == CUBLAS_STATUS_INTERNAL_ERROR;
      if (status != CUBLAS_STATUS_SUCCESS && !ended) ++strange;
      ++made;
    }
  };
  std::thread first(call), second(call);
  for (int i = 0; i < 300; ++i) {
    CUstream own = nullptr;
    if (cuStreamCreate(&own, CU_STREAM_NON_BLOCKING) != CUDA_SUCCESS) ++strange;
    current = own;
    for (const long before = made; made < before + 3;) std::this_thread::yield();
    if (cuStreamDestroy_v2(own) != CUDA_SUCCESS) ++strange;
  }
  done = true;
  first.join();
  second.join();
  cuCtxSynchronize();
  expect_equal(strange, 0, "the number of statuses that say something else");
  expect(cublasLtMatrixTransformDescDestroy(transform));
  expect(cublasLtMatrixLayoutDestroy(layout));
  release(memory);
  release(result);
}

}  // namespace

int main(int count, char** values) {
  const long rounds = argument(count, values, "--rounds", 20);
  random_numbers.seed(static_cast<uint64_t>(argument(count, values, "--seed", 1)));
  CUcontext context = nullptr;
  if (cuInit(0) != CUDA_SUCCESS || cuDevicePrimaryCtxRetain(&context, 0) != CUDA_SUCCESS ||
      cuCtxSetCurrent(context) != CUDA_SUCCESS || cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) != CUDA_SUCCESS ||
      cublasLtCreate(&handle) != CUBLAS_STATUS_SUCCESS) {
    std::fprintf(stderr, "the CPU device does not start\n");
    return 1;
  }
  descriptors_and_errors();
  byte_floats();
  streams_end_during_calls();
  for (long round = 0; round < rounds; ++round) {
    for (const Combination& types : combinations) product(types);
    special_factors();
    scales();
    transformation();
    for (const uint32_t kind : {CUBLASLT_EPILOGUE_RELU, CUBLASLT_EPILOGUE_RELU_AUX, CUBLASLT_EPILOGUE_BIAS,
                                CUBLASLT_EPILOGUE_RELU_BIAS, CUBLASLT_EPILOGUE_RELU_AUX_BIAS, CUBLASLT_EPILOGUE_DRELU,
                                CUBLASLT_EPILOGUE_DRELU_BGRAD, CUBLASLT_EPILOGUE_GELU, CUBLASLT_EPILOGUE_GELU_AUX,
                                CUBLASLT_EPILOGUE_GELU_BIAS, CUBLASLT_EPILOGUE_GELU_AUX_BIAS, CUBLASLT_EPILOGUE_DGELU,
                                CUBLASLT_EPILOGUE_DGELU_BGRAD, CUBLASLT_EPILOGUE_BGRADA, CUBLASLT_EPILOGUE_BGRADB}) {
      epilogue(kind);
    }
  }
  cuStreamSynchronize(stream);
  expect(cublasLtDestroy(handle));
  cuStreamDestroy_v2(stream);
  cuDevicePrimaryCtxRelease_v2(0);
  std::printf("%ld comparisons, %ld wrong\n", compared, wrong);
  return wrong == 0 ? 0 : 1;
}
