#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

enum class EpilogueFunction : uint8_t { Identity, Relu, Clip, Tanh, Sigmoid, Elu, Swish, Gelu, GeluTanh };

/// What the kernel of a product does with its sums before it stores them: y = f(sum + bias).
struct Epilogue {
  bool has_bias = false;
  /// How the bias lies in memory: one value a channel (or column), packed.
  ElementType bias_type = ElementType::F32;
  EpilogueFunction function = EpilogueFunction::Identity;
  /// Relu: the slope below 0. Clip: the lowest value. Elu: alpha. Swish: beta.
  float first = 0;
  /// Clip: the highest value.
  float second = 0;
};

}  // namespace cpu::compute
