#include "cublaslt/element.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/compute_vector.h"

namespace cpu::cublaslt {
namespace {

using compute::ElementType;

// A float of 8 bits: sign, exponent, fraction ("FP8 Formats for Deep Learning", Micikevicius and others, 2022). E4M3
// has no infinities and one NaN of each sign; E5M2 is a half cut to its upper byte.
struct ByteFormat {
  int fraction_bits;
  int bias;
  float greatest;
  bool has_infinity;
};
constexpr ByteFormat e4m3{3, 7, 448, false};
constexpr ByteFormat e5m2{2, 15, 57344, true};

constexpr const ByteFormat& format_of(Number number) { return number == Number::E4M3 ? e4m3 : e5m2; }

float decode(const ByteFormat& format, uint8_t bits) {
  const int fraction_mask = (1 << format.fraction_bits) - 1;
  const int exponent_mask = (1 << (7 - format.fraction_bits)) - 1;
  const int fraction = bits & fraction_mask;
  const int exponent = (bits >> format.fraction_bits) & exponent_mask;
  float size;
  if (exponent == exponent_mask && format.has_infinity) {
    size = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  } else if ((bits & 0x7F) == 0x7F) {
    size = std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    size = std::ldexp(static_cast<float>(fraction), 1 - format.bias - format.fraction_bits);
  } else {
    size = std::ldexp(static_cast<float>(fraction + fraction_mask + 1), exponent - format.bias - format.fraction_bits);
  }
  return (bits & 0x80) != 0 ? -size : size;
}

std::array<float, 256> make_table(const ByteFormat& format) {
  std::array<float, 256> table{};
  for (int bits = 0; bits < 256; ++bits) table[static_cast<size_t>(bits)] = decode(format, static_cast<uint8_t>(bits));
  return table;
}

const std::array<float, 256>& table_of(Number number) {
  static const std::array<float, 256> of_e4m3 = make_table(e4m3);
  static const std::array<float, 256> of_e5m2 = make_table(e5m2);
  return number == Number::E4M3 ? of_e4m3 : of_e5m2;
}

// To the nearest, the even one of two; what is too large becomes the greatest finite number.
uint8_t encode(const ByteFormat& format, double value) {
  const auto sign = static_cast<uint8_t>(std::signbit(value) ? 0x80 : 0);
  if (std::isnan(value)) return sign | 0x7F;
  const double size = std::abs(value);
  if (size == 0) return sign;
  int exponent = 0;
  std::frexp(size, &exponent);
  // The exponent of the last place: that of the number, or of the subnormals.
  const int last = std::max(exponent - 1, 1 - format.bias) - format.fraction_bits;
  const double units = std::nearbyint(std::ldexp(size, -last));
  if (std::ldexp(units, last) > format.greatest) {
    const auto greatest = static_cast<uint8_t>(format.has_infinity ? 0x7B : 0x7E);
    return sign | greatest;
  }
  // Units of the last place count up through the exponents.
  const int step = 1 << format.fraction_bits;
  const int places = last + format.fraction_bits - (1 - format.bias);
  return static_cast<uint8_t>(sign | (static_cast<int>(units) + places * step));
}

ElementType engine_type(Number number) {
  switch (number) {
    case Number::F64:
      return ElementType::F64;
    case Number::F16:
      return ElementType::F16;
    case Number::BF16:
      return ElementType::BF16;
    case Number::I8:
      return ElementType::I8;
    case Number::I32:
      return ElementType::I32;
    default:
      return ElementType::F32;
  }
}

}  // namespace

int64_t MatrixType::bytes() const {
  const int64_t one = is_byte_float() ? 1 : static_cast<int64_t>(compute::element_size(engine_type(number)));
  return complex ? 2 * one : one;
}

bool matrix_type(int cuda_type, MatrixType* type) {
  switch (cuda_type) {
    case CUDA_R_32F:
      *type = {Number::F32, false};
      return true;
    case CUDA_R_64F:
      *type = {Number::F64, false};
      return true;
    case CUDA_R_16F:
      *type = {Number::F16, false};
      return true;
    case CUDA_R_16BF:
      *type = {Number::BF16, false};
      return true;
    case CUDA_R_8I:
      *type = {Number::I8, false};
      return true;
    case CUDA_R_32I:
      *type = {Number::I32, false};
      return true;
    case CUDA_R_8F_E4M3:
      *type = {Number::E4M3, false};
      return true;
    case CUDA_R_8F_E5M2:
      *type = {Number::E5M2, false};
      return true;
    case CUDA_C_32F:
      *type = {Number::F32, true};
      return true;
    case CUDA_C_64F:
      *type = {Number::F64, true};
      return true;
    default:
      return false;
  }
}

template <class T>
void load_numbers(Number number, const void* source, int64_t stride, int64_t count, T* result) {
  if (number != Number::E4M3 && number != Number::E5M2) {
    compute::vector_kernels<T>().load(engine_type(number), source, stride, count, result);
    return;
  }
  const std::array<float, 256>& table = table_of(number);
  const auto* bytes = static_cast<const uint8_t*>(source);
  for (int64_t i = 0; i < count; ++i) result[i] = table[bytes[i * stride]];
}

template <class T>
void store_numbers(Number number, const T* source, void* result, int64_t stride, int64_t count) {
  if (number != Number::E4M3 && number != Number::E5M2) {
    compute::vector_kernels<T>().store(engine_type(number), source, result, stride, count);
    return;
  }
  const ByteFormat& format = format_of(number);
  auto* bytes = static_cast<uint8_t*>(result);
  for (int64_t i = 0; i < count; ++i) bytes[i * stride] = encode(format, source[i]);
}

template void load_numbers<float>(Number, const void*, int64_t, int64_t, float*);
template void load_numbers<double>(Number, const void*, int64_t, int64_t, double*);
template void store_numbers<float>(Number, const float*, void*, int64_t, int64_t);
template void store_numbers<double>(Number, const double*, void*, int64_t, int64_t);

}  // namespace cpu::cublaslt
