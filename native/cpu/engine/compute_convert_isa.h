// 16-bit floats to single precision and back, one or as many as a register takes; for the files that are compiled once
// for each instruction set. Everything is in an unnamed namespace, so that no function that needs a newer processor is
// shared with the rest of the library.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__F16C__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "engine/compute_tensor.h"

#define CONCATENATE_(a, b) a##b
#define CONCATENATE(a, b) CONCATENATE_(a, b)

namespace {

using cpu::compute::BFloat16;
using cpu::compute::Half;

inline float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

inline uint32_t float_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

inline float to_float(BFloat16 number) { return bits_to_float(static_cast<uint32_t>(number.bits) << 16); }

inline uint16_t float_to_bfloat16(float value) {
  const uint32_t bits = float_to_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

inline float to_float(Half number) {
  const uint32_t sign = static_cast<uint32_t>(number.bits & 0x8000) << 16;
  const uint32_t magnitude = number.bits & 0x7fff;
  if (magnitude >= 0x7c00) return bits_to_float(sign | 0x7f800000u | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x400) return bits_to_float(sign | ((magnitude << 13) + 0x38000000u));
  // Subnormal: magnitude * 2^-24, exact in float.
  return bits_to_float(sign | float_to_bits(static_cast<float>(magnitude) * 0x1p-24f));
}

/// Rounds to nearest even from double, so that no value is rounded twice.
inline uint16_t double_to_half(double value) {
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  const double magnitude = fabs(value);
  if (magnitude != magnitude) return sign | 0x7e00;
  if (magnitude >= 65520.0) return sign | 0x7c00;
  if (magnitude < 0x1p-14) return sign | static_cast<uint16_t>(nearbyint(magnitude * 0x1p24));
  uint64_t bits;
  memcpy(&bits, &magnitude, 8);
  bits += (uint64_t{1} << 41) - 1 + ((bits >> 42) & 1);
  return sign | static_cast<uint16_t>((bits >> 42) - (uint64_t{1023 - 15} << 10));
}

/// From double: to odd in float first, then to nearest even.
inline uint16_t double_to_bfloat16(double value) {
  float rounded = static_cast<float>(value);
  uint32_t bits = float_to_bits(rounded);
  const double back = rounded;
  if (back == back && back != value && (bits & 1) == 0 && bits << 1 < 0xff000000u) {
    const bool away = fabs(back) > fabs(value);
    bits = away ? bits - 1 : bits + 1;
  }
  return float_to_bfloat16(bits_to_float(bits));
}

inline void narrow(float value, BFloat16* result) { result->bits = float_to_bfloat16(value); }
inline void narrow(float value, Half* result) { result->bits = double_to_half(static_cast<double>(value)); }
inline void narrow(double value, BFloat16* result) { result->bits = double_to_bfloat16(value); }
inline void narrow(double value, Half* result) { result->bits = double_to_half(value); }

/// As many floats as a register takes.
#if defined(__AVX512F__)
constexpr int pack_width = 16;
#elif defined(__AVX2__)
constexpr int pack_width = 8;
#else
constexpr int pack_width = 4;
#endif
typedef float Pack __attribute__((vector_size(4 * pack_width)));
typedef uint32_t PackBits __attribute__((vector_size(4 * pack_width)));
typedef uint16_t NarrowPack __attribute__((vector_size(2 * pack_width)));

inline PackBits widened(NarrowPack bits) {
#if defined(__AVX512F__)
  // gcc 12 makes two halves of __builtin_convertvector; it warns of the forms without a mask (its bug 105593).
  return reinterpret_cast<PackBits>(_mm512_maskz_cvtepu16_epi32(0xffff, reinterpret_cast<__m256i>(bits)));
#else
  return __builtin_convertvector(bits, PackBits);
#endif
}

inline NarrowPack narrowed(PackBits bits) {
#if defined(__AVX512F__)
  return reinterpret_cast<NarrowPack>(_mm512_maskz_cvtepi32_epi16(0xffff, reinterpret_cast<__m512i>(bits)));
#else
  return __builtin_convertvector(bits, NarrowPack);
#endif
}

/// Values at consecutive addresses, as V: a Pack, or a float for what is left over.
template <class V>
V load_values(const float* source) {
  V values;
  memcpy(&values, source, sizeof values);
  return values;
}

template <class V, class S>
V load_values(const S* source) {
  if constexpr (sizeof(V) == sizeof(float)) {
    return to_float(*source);
  } else if constexpr (sizeof(S) == sizeof(BFloat16) && __is_same(S, BFloat16)) {
    NarrowPack bits;
    memcpy(&bits, source, sizeof bits);
    const PackBits wide = widened(bits) << 16;
    Pack values;
    memcpy(&values, &wide, sizeof values);
    return values;
  } else {
#if defined(__AVX512F__)
    return reinterpret_cast<Pack>(
        _mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source))));
#elif defined(__F16C__)
    return reinterpret_cast<Pack>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(source))));
#else
    Pack values;
    for (int i = 0; i < pack_width; ++i) values[i] = to_float(source[i]);
    return values;
#endif
  }
}

inline void store_values(float value, BFloat16* result) { narrow(value, result); }
inline void store_values(float value, Half* result) { narrow(value, result); }

inline void store_values(Pack values, BFloat16* result) {
  PackBits bits;
  memcpy(&bits, &values, sizeof bits);
  const PackBits high = bits >> 16;
  const PackBits rounded = (bits + 0x7fff + (high & 1)) >> 16;
  const NarrowPack halves = narrowed(values != values ? high | 0x40 : rounded);
  memcpy(result, &halves, sizeof halves);
}

inline void store_values(Pack values, Half* result) {
#if defined(__AVX512F__)
  _mm256_storeu_si256(
      reinterpret_cast<__m256i*>(result),
      _mm512_maskz_cvtps_ph(0xffff, reinterpret_cast<__m512>(values), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__F16C__)
  _mm_storeu_si128(reinterpret_cast<__m128i*>(result),
                   _mm256_cvtps_ph(reinterpret_cast<__m256>(values), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#else
  for (int i = 0; i < pack_width; ++i) narrow(static_cast<float>(values[i]), result + i);
#endif
}

}  // namespace
