// Exponential and logarithm in plain float arithmetic, so that both devices compute the same function and clang needs
// no device library. Errors are below 2 units in the last place over the ranges that softmax uses.
#pragma once
#include "device.h"

// e^x for x <= 0, as the softmax needs it (the maximum has been subtracted). Values below -87 give 0: their share of a
// sum that holds a 1 is below half a unit in the last place. Method: x = n ln 2 + r with |r| <= ln(2)/2, n ln 2 taken
// off in two parts (Cody and Waite), Taylor's series of degree 7 for e^r (its remainder r^8/8! is below 6e-9), and 2^n
// put into the exponent bits.
DEVICE_FUNCTION float exponential_of_nonpositive(float x) {
  float clamped = x < -87.0f ? -87.0f : x;
  float scaled = clamped * 1.44269504088896341f;
  i32 n = (i32)(scaled - 0.5f);  // rounds to nearest, since scaled <= 0
  float r = fused_multiply_add((float)n, -0.693359375f, clamped);
  r = fused_multiply_add((float)n, 2.12194440e-4f, r);
  float sum = 1.0f / 5040.0f;
  sum = fused_multiply_add(sum, r, 1.0f / 720.0f);
  sum = fused_multiply_add(sum, r, 1.0f / 120.0f);
  sum = fused_multiply_add(sum, r, 1.0f / 24.0f);
  sum = fused_multiply_add(sum, r, 1.0f / 6.0f);
  sum = fused_multiply_add(sum, r, 0.5f);
  sum = fused_multiply_add(sum, r, 1.0f);
  sum = fused_multiply_add(sum, r, 1.0f);
  float result = sum * bits_to_float((u32)(n + 127) << 23);
  return x < -87.0f ? 0.0f : (x != x ? x : result);
}

// ln x for finite normal x >= 1.
// Method: x = 2^e m with m in [sqrt(1/2), sqrt(2)); with s = (m - 1) / (m + 1), ln m = 2 (s + s^3/3 + s^5/5 + ...),
// whose terms from s^11 on are below 1e-9; e ln 2 is added in two parts.
DEVICE_FUNCTION float logarithm_of_at_least_one(float x) {
  u32 bits = float_to_bits(x);
  u32 shifted = bits + (0x3f800000u - 0x3f3504f3u);
  i32 exponent = (i32)(shifted >> 23) - 127;
  float m = bits_to_float((shifted & 0x007fffffu) + 0x3f3504f3u);
  float s = (m - 1.0f) / (m + 1.0f);
  float s2 = s * s;
  float series = 2.0f / 9.0f;
  series = fused_multiply_add(series, s2, 2.0f / 7.0f);
  series = fused_multiply_add(series, s2, 2.0f / 5.0f);
  series = fused_multiply_add(series, s2, 2.0f / 3.0f);
  float tail = s * s2 * series + (float)exponent * -2.12194440e-4f;
  float result = (float)exponent * 0.693359375f + (2.0f * s + tail);
  return x != x ? x : (bits == 0x7f800000u ? x : result);
}
