#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cpu::compute {

enum class ElementType : uint8_t { F32, F64, F16, BF16, I8, U8, I32, I64 };

/// One more than cuDNN's: a tensor whose channels lie in vectors has them as two dimensions.
constexpr int max_rank = 9;

/// Bytes of one element.
constexpr size_t element_size(ElementType type) {
  switch (type) {
    case ElementType::F64:
    case ElementType::I64:
      return 8;
    case ElementType::F16:
    case ElementType::BF16:
      return 2;
    case ElementType::I8:
    case ElementType::U8:
      return 1;
    default:
      return 4;
  }
}

/// Shape and layout of a tensor in memory. Dimensions are in the order N, C, [D,] H, W (K, C, [D,] R, S for filters)
/// whatever the layout; strides count elements and may be negative (a flipped filter).
struct Tensor {
  ElementType type = ElementType::F32;
  int rank = 0;
  int dims[max_rank] = {};
  int strides[max_rank] = {};

  int64_t elements() const {
    int64_t product = 1;
    for (int i = 0; i < rank; ++i) product *= dims[i];
    return product;
  }
  /// Product of the dimensions after the second.
  int64_t pixels() const {
    int64_t product = 1;
    for (int i = 2; i < rank; ++i) product *= dims[i];
    return product;
  }
  /// The offsets of the first and the last element in memory from the tensor's address, in elements; the first is
  /// below 0 where strides are negative.
  void reach(int64_t& lowest, int64_t& highest) const;
  /// Row-major in the order of the dimensions, without gaps.
  bool is_packed() const;
  /// Channels fastest, without gaps.
  bool is_channels_last() const;
};

/// Two tensors of the same dimensions.
bool same_dims(const Tensor& a, const Tensor& b);
/// Two tensors of the same dimensions, strides (where they matter) and type.
bool same_layout(const Tensor& a, const Tensor& b);

/// `shape` without gaps, row-major.
Tensor packed(const Tensor& shape, ElementType type);
/// `shape` without gaps, channels fastest.
Tensor channels_last(const Tensor& shape, ElementType type);

/// One number for each channel of an image, without gaps.
Tensor channel_numbers(const Tensor& image, ElementType type);

/// The same elements with the channels as two dimensions: C / width vectors and the `width` channels of one.
Tensor split_channels(const Tensor& tensor, int width);

/// The type sums are formed in: double where a tensor holds f64 or wide integers, else float.
inline bool computes_in_double(ElementType type) {
  return type == ElementType::F64 || type == ElementType::I32 || type == ElementType::I64;
}

inline bool has_16_bits(ElementType type) { return type == ElementType::F16 || type == ElementType::BF16; }
/// Floats that are computed with in single precision.
inline bool computes_in_single(ElementType type) { return type == ElementType::F32 || has_16_bits(type); }

/// 16-bit floats as they lie in memory.
struct BFloat16 {
  uint16_t bits;
};
struct Half {
  uint16_t bits;
};

/// The type loops over T read and write directly.
template <class T>
constexpr ElementType native_type = sizeof(T) == 8 ? ElementType::F64 : ElementType::F32;
template <>
inline constexpr ElementType native_type<BFloat16> = ElementType::BF16;
template <>
inline constexpr ElementType native_type<Half> = ElementType::F16;

/// The type numbers stored as S are computed with.
template <class S>
using Arithmetic = std::conditional_t<sizeof(S) == 8, double, float>;

/// Calls function(S{}) with the S that numbers of a 16-bit type are stored as.
template <class Function>
void with_16_bits(ElementType type, const Function& function) {
  if (type == ElementType::BF16) {
    function(BFloat16{});
  } else {
    function(Half{});
  }
}

/// Bytes of `elements` elements, address arithmetic on device pointers.
inline char* at(void* data, ElementType type, int64_t element) {
  return static_cast<char*>(data) + element * static_cast<int64_t>(element_size(type));
}
inline const char* at(const void* data, ElementType type, int64_t element) {
  return static_cast<const char*>(data) + element * static_cast<int64_t>(element_size(type));
}

}  // namespace cpu::compute
