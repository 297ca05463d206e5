#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// ReluOfNumbers makes 0 of NaN, the others let it through.
enum class EpilogueFunction : uint8_t {
  Identity,
  Relu,
  ReluOfNumbers,
  LeakyRelu,
  Tanh,
  Sigmoid,
  Elu,
  Swish,
  Gelu,
  GeluTanh
};

/// What the kernel of a product does with its sums before it stores them: y = f(sum + bias).
struct Epilogue {
  bool has_bias = false;
  /// How the bias lies in memory: one value a channel (or column), packed.
  ElementType bias_type = ElementType::F32;
  EpilogueFunction function = EpilogueFunction::Identity;
  /// LeakyRelu: the slope below 0. Elu: alpha. Swish: beta.
  float coefficient = 0;
};

}  // namespace cpu::compute
