// Numbers of 16 bits: what lies in memory, and the way to and from single precision, in which all kernels compute. Bits
// are moved by integer arithmetic without branches, so that both devices round alike (to nearest, ties to even) and
// neither needs instructions that older ones lack.
#pragma once
#include "device.h"

struct bf16 {
  u16 bits;
};

struct f16 {
  u16 bits;
};

DEVICE_FUNCTION float widen(float value) { return value; }

DEVICE_FUNCTION float widen(bf16 value) { return bits_to_float((u32)value.bits << 16); }

// The exponent is put right by a multiplication, which also makes subnormal numbers normal.
DEVICE_FUNCTION float widen(f16 value) {
  u32 magnitude = value.bits & 0x7fffu;
  float finite = bits_to_float(magnitude << 13) * 0x1p112f;
  u32 bits = magnitude >= 0x7c00u ? 0x7f800000u | (magnitude << 13) : float_to_bits(finite);
  return bits_to_float(bits | (u32)(value.bits & 0x8000u) << 16);
}

template <class Element>
struct Narrow;

template <>
struct Narrow<float> {
  static DEVICE_MEMBER float of(float value) { return value; }
};

template <>
struct Narrow<bf16> {
  static DEVICE_MEMBER bf16 of(float value) {
    u32 bits = float_to_bits(value);
    u32 rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    return {(u16)((bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : rounded)};
  }
};

template <>
struct Narrow<f16> {
  static DEVICE_MEMBER f16 of(float value) {
    u32 bits = float_to_bits(value);
    u32 magnitude = bits & 0x7fffffffu;
    u32 normal = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    // Below 2^-14 the unit is 2^-24, which is that of single precision from 1/2 on: adding 1/2 rounds.
    u32 subnormal = float_to_bits(bits_to_float(magnitude) + 0.5f) - 0x3f000000u;
    u32 too_large = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
    u32 result = magnitude >= 0x47800000u ? too_large : magnitude < 0x38800000u ? subnormal : normal;
    return {(u16)(result | (bits >> 16 & 0x8000u))};
  }
};

// Infinite or not a number.
DEVICE_FUNCTION bool is_not_finite(float value) { return (float_to_bits(value) & 0x7f800000u) == 0x7f800000u; }
