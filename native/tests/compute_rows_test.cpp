// The innermost loops over 16-bit floats, of every instruction set that this processor has, against plain loops in
// double: the conversions of all 65536 numbers of either format, and batch normalisation over matrices of any width.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/compute_convolution.h"
#include "engine/compute_vector.h"
#include "tests/compute_data.h"

namespace cpu::compute {
extern const VectorKernels<float> vector_float_baseline;
extern const RowKernels<BFloat16> rows_bfloat16_baseline;
extern const RowKernels<Half> rows_half_baseline;
#if defined(__x86_64__)
extern const VectorKernels<float> vector_float_avx2, vector_float_avx512;
extern const RowKernels<BFloat16> rows_bfloat16_avx2, rows_bfloat16_avx512;
extern const RowKernels<Half> rows_half_avx2, rows_half_avx512;
#endif
}  // namespace cpu::compute

namespace {

using namespace compute_data;
using namespace cpu::compute;

void wrong(const char* what, const char* isa, int64_t at, double got, double wanted) {
  if (++failures <= 20) {
    std::printf("WRONG %s (%s): at %ld it is %.9g, not %.9g\n", what, isa, static_cast<long>(at), got, wanted);
  }
}

/// The format's bits and exponents; the value of a number by its definition.
template <class S>
struct Format;
template <>
struct Format<BFloat16> {
  static constexpr ElementType type = ElementType::BF16;
  static constexpr int mantissa = 7, bias = 127, highest = 255;
};
template <>
struct Format<Half> {
  static constexpr ElementType type = ElementType::F16;
  static constexpr int mantissa = 10, bias = 15, highest = 31;
};

template <class S>
double value_of(uint32_t bits) {
  using F = Format<S>;
  const int exponent = static_cast<int>(bits >> F::mantissa) & F::highest;
  const double fraction = static_cast<double>(bits & ((1u << F::mantissa) - 1)) / (1 << F::mantissa);
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == F::highest) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * (exponent == 0 ? std::ldexp(fraction, 1 - F::bias) : std::ldexp(1 + fraction, exponent - F::bias));
}

/// The number of the format next to `value`, of two equally near ones the even one.
template <class S>
double rounded(double value) {
  using F = Format<S>;
  if (!std::isfinite(value) || value == 0) return value;
  const int exponent = std::max(std::ilogb(value), 1 - F::bias);
  const double unit = std::ldexp(1, exponent - F::mantissa);
  const double result = std::nearbyint(value / unit) * unit;
  const double largest = value_of<S>(((F::highest - 1) << F::mantissa) + (1 << F::mantissa) - 1);
  return std::fabs(result) > largest ? std::copysign(INFINITY, value) : result;
}

bool same(double a, double b) { return a == b ? std::signbit(a) == std::signbit(b) : a != a && b != b; }

template <class S>
void test_conversions(const char* isa, const VectorKernels<float>& kernels) {
  constexpr ElementType type = Format<S>::type;
  for (const int64_t stride : {1, 3}) {
    std::vector<S> narrow(65536 * 3);
    for (uint32_t i = 0; i < 65536; ++i) narrow[i * static_cast<size_t>(stride)].bits = static_cast<uint16_t>(i);
    std::vector<float> wide(65536);
    kernels.load(type, narrow.data(), stride, 65536, wide.data());
    for (uint32_t i = 0; i < 65536; ++i) {
      if (!same(wide[i], value_of<S>(i))) wrong("widening", isa, i, wide[i], value_of<S>(i));
    }
    // Any bits at all, and those halfway between two numbers of the format.
    for (uint32_t i = 0; i < 65536; ++i) {
      uint32_t bits = random_numbers.next() * 2 + static_cast<uint32_t>(random_numbers.below(2));
      if (i % 2 == 0) bits = (bits & 0xffff0000u) | 0x8000u;
      if (i % 4 == 1) bits = (bits & 0xffffe000u) | 0x1000u;
      // Where halves are: most floats are larger or smaller than any of them.
      if (i % 8 < 4)
        bits = (bits & 0x87ffffffu) | (0x30000000u + (static_cast<uint32_t>(random_numbers.below(3)) << 27));
      std::memcpy(&wide[i], &bits, 4);
    }
    kernels.store(type, wide.data(), narrow.data(), stride, 65536);
    for (uint32_t i = 0; i < 65536; ++i) {
      const double got = value_of<S>(narrow[i * static_cast<size_t>(stride)].bits), want = rounded<S>(wide[i]);
      if (!same(got, want)) wrong("narrowing", isa, i, got, want);
    }
  }
}

template <class S>
struct Matrix {
  std::vector<S> stored;
  std::vector<double> values;

  Matrix(int64_t count, const VectorKernels<float>& kernels, bool random = true)
      : stored(static_cast<size_t>(count)), values(static_cast<size_t>(count)) {
    for (size_t i = 0; i < stored.size(); ++i) {
      const auto value = static_cast<float>(random ? random_numbers.unit() : NAN);
      kernels.store(Format<S>::type, &value, &stored[i], 1, 1);
      values[i] = value_of<S>(stored[i].bits);
    }
  }
};

/// `limit`: of the difference in single precision, before it is rounded to S.
template <class S>
void compare(const char* what, const char* isa, const Matrix<S>& got, const std::vector<double>& wanted) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double value = value_of<S>(got.stored[i].bits), limit = std::ldexp(1, -Format<S>::mantissa - 1) + 1e-5;
    if (std::isnan(wanted[i]) && std::isnan(value)) continue;
    if (std::isnan(wanted[i]) || std::isnan(value)) return wrong(what, isa, static_cast<int64_t>(i), value, wanted[i]);
    if (std::fabs(value - wanted[i]) <= limit * std::max(1.0, std::fabs(wanted[i]))) continue;
    return wrong(what, isa, static_cast<int64_t>(i), value, wanted[i]);
  }
}

void compare(const char* what, const char* isa, const std::vector<double>& got, const std::vector<double>& wanted) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (std::fabs(got[i] - wanted[i]) > 1e-5 * std::max(1.0, std::fabs(wanted[i]))) {
      return wrong(what, isa, static_cast<int64_t>(i), got[i], wanted[i]);
    }
  }
}

template <class S>
void test_rows(const char* isa, const RowKernels<S>& rows_of, const VectorKernels<float>& kernels) {
  const int64_t rows = random_numbers.between(1, 70), n = random_numbers.between(1, 90);
  // What lies between the columns and the next row belongs to somebody else.
  const int64_t stride = n + random_numbers.below(2) * random_numbers.below(40);
  const int64_t count = rows * stride;
  const auto columns = static_cast<size_t>(n);
  const Matrix<S> x(count, kernels), z(count, kernels), dy(count, kernels), y(count, kernels);
  std::vector<float> parameter[5];
  for (auto& values : parameter) {
    for (int64_t c = 0; c < n; ++c) values.push_back(static_cast<float>(random_numbers.unit()));
  }
  const auto& [mean, factor, bias, average, slope] = parameter;
  const bool relu = random_numbers.below(2) == 0, adds = random_numbers.below(2) == 0;
  std::vector<double> sum(columns, 0.5), square(columns, 0.5), g_sum(columns, 0.5), product(columns, 0.5);
  auto want_sum = sum, want_square = square, want_g_sum = g_sum, want_product = product;
  Matrix<S> got_y(count, kernels, false), got_dx(count, kernels, false), got_dz(count, kernels, false),
      blended(count, kernels);
  auto want_y = got_y.values, want_dx = got_dx.values, want_dz = got_dz.values, want_blend = blended.values;
  for (int64_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const size_t i = static_cast<size_t>(r * stride) + c;
      const double distance = x.values[i] - static_cast<double>(mean[c]);
      double value = distance * factor[c] + bias[c] + (adds ? z.values[i] : 0);
      want_y[i] = relu && value < 0 ? 0 : value;
      const double g = !relu || y.values[i] > 0 ? dy.values[i] : 0;
      want_dz[i] = adds ? g : NAN;
      want_dx[i] = factor[c] * (g - average[c] - distance * slope[c]);
      want_sum[c] += distance;
      want_square[c] += distance * distance;
      want_g_sum[c] += g;
      want_product[c] += g * distance;
    }
  }
  const S* mask = relu ? y.stored.data() : nullptr;
  rows_of.moments(x.stored.data(), rows, stride, n, mean.data(), sum.data(), square.data());
  rows_of.normalize(x.stored.data(), adds ? z.stored.data() : nullptr, {mean.data(), factor.data(), bias.data()}, relu,
                    1, 0, got_y.stored.data(), rows, stride, n);
  rows_of.gradient_sums(x.stored.data(), dy.stored.data(), mask, mean.data(), rows, stride, n, g_sum.data(),
                        product.data());
  rows_of.normalize_backward(x.stored.data(), dy.stored.data(), mask, mean.data(), factor.data(), average.data(),
                             slope.data(), 1, 0, got_dx.stored.data(), adds ? got_dz.stored.data() : nullptr, rows,
                             stride, n);
  compare("sum", isa, sum, want_sum);
  compare("sum of squares", isa, square, want_square);
  compare("y", isa, got_y, want_y);
  compare("sum of gradients", isa, g_sum, want_g_sum);
  compare("sum of products", isa, product, want_product);
  compare("dx", isa, got_dx, want_dx);
  compare("dz", isa, got_dz, want_dz);

  Matrix<S> got_relu(count, kernels, false), got_masked(count, kernels, false), special(count, kernels);
  special.stored[0].bits = static_cast<uint16_t>(0x7fff);
  special.values[0] = NAN;
  auto want_relu = got_relu.values, want_masked = got_masked.values;
  for (size_t i = 0; i < want_relu.size(); ++i) {
    want_relu[i] = special.values[i] > 0 || (adds && std::isnan(special.values[i])) ? special.values[i] : 0;
    want_masked[i] = special.values[i] > 0 ? dy.values[i] : 0;
  }
  rows_of.relu(adds, special.stored.data(), got_relu.stored.data(), count);
  rows_of.relu_backward(special.stored.data(), dy.stored.data(), got_masked.stored.data(), count);
  compare("ReLU", isa, got_relu, want_relu);
  compare("gradient of ReLU", isa, got_masked, want_masked);

  const bool reads = random_numbers.below(2) == 0;
  if (!reads) blended = Matrix<S>(count, kernels, false);
  for (size_t i = 0; i < want_blend.size(); ++i) want_blend[i] = 0.5 * x.values[i] + (reads ? 2 * want_blend[i] : 0);
  rows_of.blend(0.5f, x.stored.data(), reads ? 2 : 0, blended.stored.data(), count);
  compare("blend", isa, blended, want_blend);
}

void test_all(const char* isa, const VectorKernels<float>& kernels, const RowKernels<BFloat16>& bfloat16,
              const RowKernels<Half>& half) {
  const int before = failures;
  test_conversions<BFloat16>(isa, kernels);
  test_conversions<Half>(isa, kernels);
  for (int i = 0; i < 300; ++i) {
    test_rows(isa, bfloat16, kernels);
    test_rows(isa, half, kernels);
  }
  std::printf("%-10s %d wrong results\n", isa, failures - before);
}

/// A training step's convolutions in bfloat16 are not widened where the processor multiplies bfloat16, and never fall
/// back to plain loops; their results may be single precision, too.
void test_convolution_kernels() {
#if defined(__x86_64__)
  const bool multiplies = __builtin_cpu_supports("avx512bf16") && std::getenv("ONEDNN_MAX_CPU_ISA") == nullptr;
  struct Case {
    int images, c, size, k, filter, stride;
  };
  for (const Case& one :
       {Case{2, 64, 8, 128, 3, 1}, Case{16, 3, 32, 64, 3, 1}, Case{16, 64, 8, 64, 3, 1}, Case{16, 64, 8, 128, 3, 2},
        Case{16, 64, 8, 128, 1, 2}, Case{16, 256, 2, 512, 3, 2}, Case{16, 512, 1, 512, 3, 1}}) {
    const int padding = one.filter / 2, out = (one.size + 2 * padding - one.filter) / one.stride + 1;
    ConvolutionShape shape;
    const auto image = [](std::vector<int> dims) { return make(dims, ElementType::BF16, Layout::ChannelsLast).tensor; };
    shape.x = image({one.images, one.c, one.size, one.size});
    shape.w = image({one.k, one.c, one.filter, one.filter});
    shape.y = image({one.images, one.k, out, out});
    for (int i = 0; i < 2; ++i) {
      shape.padding[i] = padding;
      shape.stride[i] = one.stride;
      shape.dilation[i] = 1;
    }
    for (const auto direction :
         {ConvolutionDirection::Forward, ConvolutionDirection::BackwardData, ConvolutionDirection::BackwardFilter}) {
      for (const auto type : {ElementType::BF16, ElementType::F32}) {
        ConvolutionShape asked = shape;
        (direction == ConvolutionDirection::Forward        ? asked.y
         : direction == ConvolutionDirection::BackwardData ? asked.x
                                                           : asked.w)
            .type = type;
        const char* kernel = convolution_kernel(*find_convolution_plan(direction, ConvolutionAlgorithm::Direct, asked));
        const bool is_narrow = std::strstr(kernel, "bf16") != nullptr, is_plain = std::strcmp(kernel, "double") == 0;
        if (!is_plain && (is_narrow || !multiplies)) continue;
        ++failures;
        std::printf("WRONG kernel: %s for direction %d of %s to type %d\n", kernel, static_cast<int>(direction),
                    describe(shape.x).c_str(), static_cast<int>(type));
      }
    }
  }
#endif
}

}  // namespace

int main() {
  test_all("baseline", vector_float_baseline, rows_bfloat16_baseline, rows_half_baseline);
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
    test_all("avx2", vector_float_avx2, rows_bfloat16_avx2, rows_half_avx2);
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw")) {
    test_all("avx512", vector_float_avx512, rows_bfloat16_avx512, rows_half_avx512);
  }
#endif
  test_convolution_kernels();
  return failures == 0 ? 0 : 1;
}
