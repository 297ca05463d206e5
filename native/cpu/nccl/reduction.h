// The arithmetic of reductions, element by element.
//
// Integers wrap around. 16-bit floating point is computed in single precision and rounded after every step, which is
// what adding in the type itself gives. The maximum and minimum of a number and a NaN is the number, as on the GPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "generated/nccl.h"
#include "nccl/signature.h"

namespace cpu::nccl {

// What a call reduces by. An average multiplies by 1/ranks first where the type is floating point, and divides the sum,
// rounding towards zero, where it is an integer.
struct Reduction {
  // One of ncclRedOp_t's or kPreMulSum.
  int32_t operation = ncclSum;
  // The factor of a premultiplied sum: a value of the call's type, or where on the device that value lies when the call
  // runs.
  uint64_t factor = 0;
  const void* device_factor = nullptr;
};

// Whether elements of the type can be computed with; 8-bit floating point is only moved.
bool can_reduce(ncclDataType_t type);

// out = a (+) b; out may be a or b. Averages and premultiplied sums add.
using Combine = void (*)(void* out, const void* a, const void* b, size_t count);
Combine combine_of(ncclDataType_t type, int32_t operation);

// Whether contributions are scaled before they are summed, and scaling itself: out = in x factor, where out may be in.
bool scales_first(ncclDataType_t type, int32_t operation);
void scale(ncclDataType_t type, const Reduction& reduction, int ranks, const void* in, void* out, size_t count);

// Whether the sum is divided at the end, and that.
bool divides_last(ncclDataType_t type, int32_t operation);
void divide(ncclDataType_t type, int ranks, void* values, size_t count);

}  // namespace cpu::nccl
