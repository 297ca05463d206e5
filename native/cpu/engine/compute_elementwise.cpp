#include "engine/compute_elementwise.h"

#include <cstring>

namespace cpu::compute {
namespace {

bool in_double(std::initializer_list<const Tensor*> tensors) {
  for (const Tensor* tensor : tensors) {
    if (computes_in_double(tensor->type)) return true;
  }
  return false;
}

/// Calls function(T{}) with the type to compute in.
template <class Function>
void with_type(bool is_double, const Function& function) {
  if (is_double) {
    function(double{});
  } else {
    function(float{});
  }
}

/// Calls function(kernels, inputs, result, n) for pieces of the tensors as they lie in memory, where all are of the
/// same 16-bit floats and have rows without gaps; false where they have not.
template <int Inputs, class Function>
bool run_narrow(const Input (&inputs)[Inputs], const Tensor& y, void* result, const Function& function) {
  if (!has_16_bits(y.type)) return false;
  const Tensor* operands[Inputs + 1] = {&y};
  for (int k = 0; k < Inputs; ++k) operands[k + 1] = inputs[k].tensor;
  const RowLoop<Inputs + 1> loop(y, operands);
  for (int k = 0; k <= Inputs; ++k) {
    if (operands[k]->type != y.type || loop.inner_stride(k) != 1) return false;
  }
  with_16_bits(y.type, [&](auto zero) {
    using S = decltype(zero);
    loop.run([&](const int64_t* offsets, int64_t n) {
      const S* values[Inputs];
      for (int k = 0; k < Inputs; ++k) values[k] = static_cast<const S*>(inputs[k].data) + offsets[k + 1];
      function(row_kernels<S>(), values, static_cast<S*>(result) + offsets[0], n);
    });
  });
  return true;
}

}  // namespace

void blend_tensor(double alpha, const Tensor& x, const void* source, double beta, const Tensor& y, void* result) {
  const bool is_done =
      run_narrow<1>({{&x, source}}, y, result, [&](const auto& kernels, auto* const* in, auto* out, int64_t n) {
        kernels.blend(static_cast<float>(alpha), in[0], static_cast<float>(beta), out, n);
      });
  if (is_done) return;
  with_type(in_double({&x, &y}), [&](auto zero) {
    using T = decltype(zero);
    const VectorKernels<T>& kernels = vector_kernels<T>();
    elementwise<T, 1>({{&x, source}}, 1, beta, y, result, [&](const T* const* in, T* out, int64_t n) {
      if (alpha == 1) {
        if (out != in[0]) std::memcpy(out, in[0], static_cast<size_t>(n) * sizeof(T));
      } else {
        kernels.blend(static_cast<T>(alpha), in[0], 0, out, n);
      }
    });
  });
}

void activation_forward(const ActivationParameters& activation, double alpha, const Tensor& x, const void* x_data,
                        double beta, const Tensor& y, void* y_data) {
  const bool is_done =
      activation.mode == Activation::Relu && alpha == 1 && beta == 0 &&
      run_narrow<1>({{&x, x_data}}, y, y_data, [&](const auto& kernels, auto* const* in, auto* out, int64_t n) {
        kernels.relu(activation.propagate_nan, in[0], out, n);
      });
  if (is_done) return;
  with_type(in_double({&x, &y}), [&](auto zero) {
    using T = decltype(zero);
    const VectorKernels<T>& kernels = vector_kernels<T>();
    elementwise<T, 1>({{&x, x_data}}, alpha, beta, y, y_data,
                      [&](const T* const* in, T* out, int64_t n) { kernels.activate(activation, in[0], out, n); });
  });
}

void activation_backward(const ActivationParameters& activation, double alpha, const Tensor& y, const void* y_data,
                         const Tensor& dy, const void* dy_data, const Tensor& x, const void* x_data, double beta,
                         const Tensor& dx, void* dx_data) {
  const bool is_done = activation.mode == Activation::Relu && alpha == 1 && beta == 0 &&
                       run_narrow<2>({{&y, y_data}, {&dy, dy_data}}, dx, dx_data,
                                     [&](const auto& kernels, auto* const* in, auto* out, int64_t n) {
                                       kernels.relu_backward(in[0], in[1], out, n);
                                     });
  if (is_done) return;
  with_type(in_double({&x, &y, &dx, &dy}), [&](auto zero) {
    using T = decltype(zero);
    const VectorKernels<T>& kernels = vector_kernels<T>();
    // An activation computed in place leaves nothing but y; x and y are then the same.
    const bool has_function_of_y = activation.mode == Activation::Sigmoid || activation.mode == Activation::Tanh ||
                                   activation.mode == Activation::Elu;
    if (activation.mode == Activation::Relu || (has_function_of_y && x_data == y_data)) {
      // x is not needed: one stream of memory less.
      elementwise<T, 2>({{&y, y_data}, {&dy, dy_data}}, alpha, beta, dx, dx_data,
                        [&](const T* const* in, T* out, int64_t n) {
                          kernels.activate_backward(activation, in[0], in[1], nullptr, out, n);
                        });
      return;
    }
    elementwise<T, 3>({{&y, y_data}, {&dy, dy_data}, {&x, x_data}}, alpha, beta, dx, dx_data,
                      [&](const T* const* in, T* out, int64_t n) {
                        kernels.activate_backward(activation, in[0], in[1], in[2], out, n);
                      });
  });
}

void tensor_operation(Binary operation, bool wants_double, double alpha1, const Tensor& a, const void* a_data,
                      double alpha2, const Tensor& b, const void* b_data, double beta, const Tensor& c, void* c_data) {
  const bool unary = operation == Binary::Sqrt || operation == Binary::Not;
  with_type(wants_double || in_double({&a, &c}) || (!unary && in_double({&b})), [&](auto zero) {
    using T = decltype(zero);
    const VectorKernels<T>& kernels = vector_kernels<T>();
    const T first = static_cast<T>(alpha1), second = static_cast<T>(alpha2);
    if (unary) {
      elementwise<T, 1>({{&a, a_data}}, 1, beta, c, c_data, [&](const T* const* in, T* out, int64_t n) {
        kernels.binary(operation, first, in[0], 0, nullptr, out, n);
      });
    } else {
      elementwise<T, 2>({{&a, a_data}, {&b, b_data}}, 1, beta, c, c_data, [&](const T* const* in, T* out, int64_t n) {
        kernels.binary(operation, first, in[0], second, in[1], out, n);
      });
    }
  });
}

void set_tensor(const Tensor& y, void* y_data, double value) {
  const RowLoop<1> loop(y, {&y});
  loop.run([&](const int64_t* offsets, int64_t n) {
    double values[RowLoop<1>::chunk];
    vector_kernels<double>().fill(value, values, n);
    vector_kernels<double>().store(y.type, values, at(y_data, y.type, offsets[0]), loop.inner_stride(0), n);
  });
}

void scale_tensor(const Tensor& y, void* y_data, double alpha) {
  if (alpha == 0) {
    set_tensor(y, y_data, 0);
    return;
  }
  blend_tensor(alpha, y, y_data, 0, y, y_data);
}

void bias_activation(const ActivationParameters& activation, double alpha1, const Tensor& convolution,
                     const void* convolution_data, double alpha2, const Tensor& z, const void* z_data,
                     const Tensor& bias, const void* bias_data, const Tensor& y, void* y_data) {
  with_type(in_double({&convolution, &y}), [&](auto zero) {
    using T = decltype(zero);
    const VectorKernels<T>& kernels = vector_kernels<T>();
    const T first = static_cast<T>(alpha1), second = static_cast<T>(alpha2);
    if (alpha2 == 0) {
      elementwise<T, 2>({{&convolution, convolution_data}, {&bias, bias_data}}, 1, 0, y, y_data,
                        [&](const T* const* in, T* out, int64_t n) {
                          kernels.binary(Binary::Add, first, in[0], 1, in[1], out, n);
                          kernels.activate(activation, out, out, n);
                        });
    } else {
      elementwise<T, 3>({{&convolution, convolution_data}, {&bias, bias_data}, {&z, z_data}}, 1, 0, y, y_data,
                        [&](const T* const* in, T* out, int64_t n) {
                          T sum[RowLoop<4>::chunk];
                          kernels.binary(Binary::Add, first, in[0], second, in[2], sum, n);
                          kernels.binary(Binary::Add, 1, sum, 1, in[1], out, n);
                          kernels.activate(activation, out, out, n);
                        });
    }
  });
}

}  // namespace cpu::compute
