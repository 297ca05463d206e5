#include "nccl/reduction.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "engine/compute_vector.h"

namespace cpu::nccl {
namespace {

using compute::ElementType;

struct Add {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      using U = std::make_unsigned_t<T>;
      return static_cast<T>(static_cast<U>(static_cast<U>(a) + static_cast<U>(b)));
    } else {
      return a + b;
    }
  }
};
struct Multiply {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      // 64 bits, since narrower unsigned types would be promoted to int, whose overflow is undefined.
      return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    } else {
      return a * b;
    }
  }
};
struct Maximum {
  template <class T>
  static T apply(T a, T b) {
    return a >= b || b != b ? a : b;
  }
};
struct Minimum {
  template <class T>
  static T apply(T a, T b) {
    return a <= b || b != b ? a : b;
  }
};

template <class T, class Operator>
void combine(void* out, const void* a, const void* b, size_t count) {
  T* result = static_cast<T*>(out);
  const T* left = static_cast<const T*>(a);
  const T* right = static_cast<const T*>(b);
  for (size_t i = 0; i < count; ++i) result[i] = Operator::apply(left[i], right[i]);
}

constexpr size_t kPiece = 1024;

template <ElementType type, class Operator>
void combine_narrow(void* out, const void* a, const void* b, size_t count) {
  const auto& kernels = compute::vector_kernels<float>();
  float left[kPiece], right[kPiece];
  for (size_t at = 0; at < count; at += kPiece) {
    const auto n = static_cast<int64_t>(std::min(kPiece, count - at));
    kernels.load(type, static_cast<const uint16_t*>(a) + at, 1, n, left);
    kernels.load(type, static_cast<const uint16_t*>(b) + at, 1, n, right);
    for (int64_t i = 0; i < n; ++i) left[i] = Operator::apply(left[i], right[i]);
    kernels.store(type, left, static_cast<uint16_t*>(out) + at, 1, n);
  }
}

template <class Operator>
Combine combine_for(ncclDataType_t type) {
  switch (static_cast<int>(type)) {
    case ncclInt8:
      return combine<int8_t, Operator>;
    case ncclUint8:
      return combine<uint8_t, Operator>;
    case ncclInt32:
      return combine<int32_t, Operator>;
    case ncclUint32:
      return combine<uint32_t, Operator>;
    case ncclInt64:
      return combine<int64_t, Operator>;
    case ncclUint64:
      return combine<uint64_t, Operator>;
    case ncclFloat16:
      return combine_narrow<ElementType::F16, Operator>;
    case ncclFloat32:
      return combine<float, Operator>;
    case ncclFloat64:
      return combine<double, Operator>;
    case ncclBfloat16:
      return combine_narrow<ElementType::BF16, Operator>;
    default:
      return nullptr;
  }
}

// Calls body with a value of the element's C type; of 16-bit floating point nothing.
template <class Body>
void with_type(ncclDataType_t type, const Body& body) {
  switch (static_cast<int>(type)) {
    case ncclInt8:
      return body(int8_t());
    case ncclUint8:
      return body(uint8_t());
    case ncclInt32:
      return body(int32_t());
    case ncclUint32:
      return body(uint32_t());
    case ncclInt64:
      return body(int64_t());
    case ncclUint64:
      return body(uint64_t());
    case ncclFloat32:
      return body(float());
    case ncclFloat64:
      return body(double());
    default:
      return;
  }
}

bool is_floating(ncclDataType_t type) {
  return type == ncclFloat16 || type == ncclFloat32 || type == ncclFloat64 || type == ncclBfloat16;
}

void scale_narrow(ElementType type, float factor, const void* in, void* out, size_t count) {
  const auto& kernels = compute::vector_kernels<float>();
  float values[kPiece];
  for (size_t at = 0; at < count; at += kPiece) {
    const auto n = static_cast<int64_t>(std::min(kPiece, count - at));
    kernels.load(type, static_cast<const uint16_t*>(in) + at, 1, n, values);
    for (int64_t i = 0; i < n; ++i) values[i] *= factor;
    kernels.store(type, values, static_cast<uint16_t*>(out) + at, 1, n);
  }
}

float narrow_factor(ElementType type, const void* factor) {
  float value;
  compute::vector_kernels<float>().load(type, factor, 1, 1, &value);
  return value;
}

}  // namespace

bool can_reduce(ncclDataType_t type) { return combine_for<Add>(type) != nullptr; }

Combine combine_of(ncclDataType_t type, int32_t operation) {
  switch (operation) {
    case ncclProd:
      return combine_for<Multiply>(type);
    case ncclMax:
      return combine_for<Maximum>(type);
    case ncclMin:
      return combine_for<Minimum>(type);
    default:
      return combine_for<Add>(type);
  }
}

bool scales_first(ncclDataType_t type, int32_t operation) {
  return operation == kPreMulSum || (operation == ncclAvg && is_floating(type));
}

void scale(ncclDataType_t type, const Reduction& reduction, int ranks, const void* in, void* out, size_t count) {
  const bool average = reduction.operation == ncclAvg;
  const void* factor = reduction.device_factor != nullptr ? reduction.device_factor : &reduction.factor;
  if (type == ncclFloat16 || type == ncclBfloat16) {
    const ElementType narrow = type == ncclFloat16 ? ElementType::F16 : ElementType::BF16;
    return scale_narrow(narrow, average ? 1.0f / static_cast<float>(ranks) : narrow_factor(narrow, factor), in, out,
                        count);
  }
  with_type(type, [&](auto zero) {
    using T = decltype(zero);
    T by;
    if (average) {
      by = static_cast<T>(T(1) / static_cast<T>(ranks));
    } else {
      std::memcpy(&by, factor, sizeof by);
    }
    for (size_t i = 0; i < count; ++i) {
      static_cast<T*>(out)[i] = Multiply::apply(static_cast<const T*>(in)[i], by);
    }
  });
}

bool divides_last(ncclDataType_t type, int32_t operation) { return operation == ncclAvg && !is_floating(type); }

void divide(ncclDataType_t type, int ranks, void* values, size_t count) {
  with_type(type, [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < count; ++i) {
      T& value = static_cast<T*>(values)[i];
      // Wider than the type, which need not hold the number of ranks.
      using Wide = std::conditional_t<std::is_floating_point_v<T>, T,
                                      std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;
      value = static_cast<T>(static_cast<Wide>(value) / static_cast<Wide>(ranks));
    }
  });
}

}  // namespace cpu::nccl
