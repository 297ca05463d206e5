#include "engine/compute_dropout.h"

#include <algorithm>

#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

uint64_t random_number(uint64_t seed, uint64_t index) {
  uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// y = x factor where the mask has a bit and 0 elsewhere.
void apply(double probability, const Tensor& x_tensor, const void* x_data, const Tensor& y_tensor, void* y_data,
           const uint32_t* mask, Scratch& scratch) {
  const Tensor layout = packed(x_tensor, ElementType::F64);
  const double* x = staged<double>(x_tensor, x_data, layout, scratch);
  double* y = scratch.take<double>(layout.elements());
  const double factor = probability < 1 ? 1 / (1 - probability) : 0;
  const int64_t n = layout.elements();
#pragma omp parallel for schedule(static) if (n > 16384)
  for (int64_t i = 0; i < n; ++i) y[i] = (mask[i / 32] >> (i % 32) & 1) != 0 ? x[i] * factor : 0;
  blend_tensor(1, layout, y, 0, y_tensor, y_data);
}

}  // namespace

void dropout_forward(double probability, DropoutState& state, const Tensor& x_tensor, const void* x,
                     const Tensor& y_tensor, void* y, uint32_t* mask) {
  Scratch scratch;
  const int64_t n = x_tensor.elements();
  // 53 bits: an exact uniform number in [0, 1).
  const double limit = probability * 0x1p53;
#pragma omp parallel for schedule(static) if (n > 16384)
  for (int64_t word = 0; word < (n + 31) / 32; ++word) {
    uint32_t bits = 0;
    for (int64_t i = word * 32; i < std::min(n, word * 32 + 32); ++i) {
      const uint64_t number = random_number(state.seed, state.drawn + static_cast<uint64_t>(i)) >> 11;
      if (static_cast<double>(number) >= limit) bits |= 1u << (i % 32);
    }
    mask[word] = bits;
  }
  state.drawn += static_cast<uint64_t>(n);
  apply(probability, x_tensor, x, y_tensor, y, mask, scratch);
}

void dropout_backward(double probability, const Tensor& dy_tensor, const void* dy, const Tensor& dx_tensor, void* dx,
                      const uint32_t* mask) {
  Scratch scratch;
  apply(probability, dy_tensor, dy, dx_tensor, dx, mask, scratch);
}

}  // namespace cpu::compute
