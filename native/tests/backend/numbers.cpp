#include "tests/backend/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace model {
namespace {

/// To a floating type with `bits` of mantissa behind the leading one and a smallest exponent.
double to_floating(double value, int bits, int lowest, double largest) {
  if (!std::isfinite(value) || value == 0) return value;
  int exponent = 0;
  std::frexp(value, &exponent);
  const int place = std::max(exponent - 1, lowest) - bits;
  const double result = std::nearbyint(std::ldexp(value, -place));
  const double number = std::ldexp(result, place);
  return std::fabs(number) > largest ? std::copysign(std::numeric_limits<double>::infinity(), value) : number;
}

double to_integer(double value, double lowest, double highest) {
  return std::isnan(value) ? value : std::clamp(std::nearbyint(value), lowest, highest);
}

uint16_t half_bits(double value) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value)) return sign | 0x7e00;
  const double magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return sign | 0x7c00;
  if (magnitude < 0x1p-14) return static_cast<uint16_t>(sign | static_cast<int>(magnitude * 0x1p24));
  int exponent = 0;
  const double mantissa = std::frexp(magnitude, &exponent);
  return static_cast<uint16_t>(sign | (exponent + 14) << 10 | (static_cast<int>(mantissa * 2048) - 1024));
}

double from_half(uint16_t bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  if (exponent == 31) return mantissa != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * mantissa * 0x1p-24;
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

template <class T>
T load(const void* memory, int64_t element) {
  T value;
  std::memcpy(&value, static_cast<const char*>(memory) + element * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <class T>
void save(void* memory, int64_t element, T value) {
  std::memcpy(static_cast<char*>(memory) + element * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
}

}  // namespace

size_t size_of(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_DOUBLE:
    case CUDNN_DATA_INT64:
      return 8;
    case CUDNN_DATA_HALF:
    case CUDNN_DATA_BFLOAT16:
      return 2;
    case CUDNN_DATA_INT8:
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_BOOLEAN:
      return 1;
    default:
      return 4;
  }
}

bool is_integer(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_INT64:
    case CUDNN_DATA_INT32:
    case CUDNN_DATA_INT8:
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_BOOLEAN:
      return true;
    default:
      return false;
  }
}

double precision(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return 0x1p-23;
    case CUDNN_DATA_DOUBLE:
      return 0x1p-52;
    case CUDNN_DATA_HALF:
      return 0x1p-10;
    case CUDNN_DATA_BFLOAT16:
      return 0x1p-7;
    default:
      return 0;
  }
}

double rounded(cudnnDataType_t type, double value) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return static_cast<float>(value);
    case CUDNN_DATA_HALF:
      return to_floating(value, 10, -14, 65504);
    case CUDNN_DATA_BFLOAT16:
      return to_floating(value, 7, -126, 0x1.FEp127);
    case CUDNN_DATA_INT8:
      return to_integer(value, -128, 127);
    case CUDNN_DATA_UINT8:
      return to_integer(value, 0, 255);
    case CUDNN_DATA_INT32:
      return to_integer(value, -0x1p31, 0x1p31 - 1);
    case CUDNN_DATA_INT64:
      return to_integer(value, -0x1p53, 0x1p53);
    case CUDNN_DATA_BOOLEAN:
      return value != 0;
    default:
      return value;
  }
}

Number stored(cudnnDataType_t type, Number number) {
  Number result{rounded(type, number.value), 0};
  // NaN as an integer, or an integer that double cannot hold, is nobody's promise.
  if (is_integer(type) && !(std::fabs(number.value) + number.error < 0x1p50)) {
    result.error = std::numeric_limits<double>::infinity();
    return result;
  }
  if (!(number.error < std::numeric_limits<double>::infinity())) {
    result.error = std::numeric_limits<double>::infinity();
    return result;
  }
  if (type == CUDNN_DATA_BOOLEAN) {
    result.error = number.error > 0 && std::fabs(number.value) <= number.error ? 1 : 0;
    return result;
  }
  const double low = rounded(type, number.value - number.error), high = rounded(type, number.value + number.error);
  result.error = std::max(std::fabs(low - result.value), std::fabs(high - result.value));
  if (is_integer(type)) return result;
  // Where an infinity or NaN is certain it has to be one; where it is near, everything goes.
  if (!std::isfinite(result.value)) {
    result.error = number.error == 0 ? 0 : std::numeric_limits<double>::infinity();
    return result;
  }
  result.error = std::max(result.error, number.error) + precision(type) * std::fabs(result.value) +
                 (type == CUDNN_DATA_HALF ? 0x1p-24 : 0x1p-126);
  return result;
}

double read(cudnnDataType_t type, const void* memory, int64_t element) {
  switch (type) {
    case CUDNN_DATA_DOUBLE:
      return load<double>(memory, element);
    case CUDNN_DATA_HALF:
      return from_half(load<uint16_t>(memory, element));
    case CUDNN_DATA_BFLOAT16: {
      const uint32_t bits = static_cast<uint32_t>(load<uint16_t>(memory, element)) << 16;
      float value;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
    case CUDNN_DATA_INT8:
      return load<int8_t>(memory, element);
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_BOOLEAN:
      return load<uint8_t>(memory, element);
    case CUDNN_DATA_INT32:
      return load<int32_t>(memory, element);
    case CUDNN_DATA_INT64:
      return static_cast<double>(load<int64_t>(memory, element));
    default:
      return load<float>(memory, element);
  }
}

void write(cudnnDataType_t type, void* memory, int64_t element, double value) {
  switch (type) {
    case CUDNN_DATA_DOUBLE:
      return save<double>(memory, element, value);
    case CUDNN_DATA_HALF:
      return save<uint16_t>(memory, element, half_bits(value));
    case CUDNN_DATA_BFLOAT16: {
      const auto narrow = static_cast<float>(value);
      uint32_t bits;
      std::memcpy(&bits, &narrow, sizeof bits);
      return save<uint16_t>(memory, element, static_cast<uint16_t>(bits >> 16));
    }
    case CUDNN_DATA_INT8:
      return save<int8_t>(memory, element, static_cast<int8_t>(value));
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_BOOLEAN:
      return save<uint8_t>(memory, element, static_cast<uint8_t>(value));
    case CUDNN_DATA_INT32:
      return save<int32_t>(memory, element, static_cast<int32_t>(value));
    case CUDNN_DATA_INT64:
      return save<int64_t>(memory, element, static_cast<int64_t>(value));
    default:
      return save<float>(memory, element, static_cast<float>(value));
  }
}

std::vector<int64_t> places(const Tensor& tensor) {
  std::vector<int64_t> result(static_cast<size_t>(tensor.elements()));
  for (size_t i = 0; i < result.size(); ++i) {
    auto rest = static_cast<int64_t>(i);
    for (size_t d = tensor.dims.size(); d-- > 0;) {
      result[i] += rest % tensor.dims[d] * tensor.strides[d];
      rest /= tensor.dims[d];
    }
  }
  return result;
}

}  // namespace model
