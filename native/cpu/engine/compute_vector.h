#pragma once
#include <cstdint>

#include "engine/compute_tensor.h"

namespace cpu::compute {

enum class Activation : uint8_t { Sigmoid, Relu, Tanh, ClippedRelu, Elu, Identity, Swish };
enum class Binary : uint8_t { Add, Mul, Min, Max, Sqrt, Not };

struct ActivationParameters {
  Activation mode = Activation::Identity;
  /// Ceiling of ClippedRelu, alpha of Elu, beta of Swish.
  double coefficient = 0;
  /// Whether the ReLUs let NaN through; else they make it 0.
  bool propagate_nan = true;
};

/// What one channel of a batch normalisation needs when it is applied: y = (x - mean) * factor + bias.
template <class T>
struct NormalizationRow {
  const T* mean;
  const T* factor;
  const T* bias;
};

/// The loops over S, which is what numbers are stored as; they are computed with as Arithmetic<S>. Matrices have `rows`
/// rows of `n` used columns, `stride` elements apart. The normalisations of 16-bit floats are only asked with alpha = 1
/// and beta = 0.
template <class S>
struct RowKernels {
  using T = Arithmetic<S>;
  /// y = alpha x + beta y; beta = 0 does not read y.
  void (*blend)(T alpha, const S* x, T beta, S* y, int64_t n);
  /// y = x where it is not negative, else 0; NaN stays or becomes 0.
  void (*relu)(bool propagate_nan, const S* x, S* y, int64_t n);
  /// dx = dy where y is positive, else 0.
  void (*relu_backward)(const S* y, const S* dy, S* dx, int64_t n);
  /// sum[c] += sum over rows of (x - shift), square[c] likewise of the squares.
  void (*moments)(const S* x, int64_t rows, int64_t stride, int64_t n, const T* shift, double* sum, double* square);
  /// y = alpha ((x - mean) factor + bias [+ z]), with ReLU before alpha where wanted, + beta y.
  void (*normalize)(const S* x, const S* z, const NormalizationRow<T>& row, bool relu, T alpha, T beta, S* y,
                    int64_t rows, int64_t stride, int64_t n);
  /// Sums of g and of g (x - mean), where g = dy, masked by y > 0 if y is not null.
  void (*gradient_sums)(const S* x, const S* dy, const S* y, const T* mean, int64_t rows, int64_t stride, int64_t n,
                        double* sum, double* product);
  /// dx = alpha factor (g - average - (x - mean) slope) + beta dx; dz = g where dz is not null.
  void (*normalize_backward)(const S* x, const S* dy, const S* y, const T* mean, const T* factor, const T* average,
                             const T* slope, T alpha, T beta, S* dx, S* dz, int64_t rows, int64_t stride, int64_t n);
};

/// The innermost loops, on contiguous memory, for one instruction set. T is float or double. Matrices have `rows` rows
/// of `n` used columns, `stride` elements apart. None of them allocates.
template <class T>
struct VectorKernels : RowKernels<T> {
  /// Contiguous or strided elements of any type as T.
  void (*load)(ElementType type, const void* source, int64_t stride, int64_t n, T* result);
  /// T to any type, rounded to nearest even; integers saturate.
  void (*store)(ElementType type, const T* source, void* result, int64_t stride, int64_t n);
  void (*fill)(T value, T* y, int64_t n);
  /// y = operation(alpha1 a, alpha2 b); Sqrt and Not use a alone.
  void (*binary)(Binary operation, T alpha1, const T* a, T alpha2, const T* b, T* y, int64_t n);
  void (*activate)(const ActivationParameters& activation, const T* x, T* y, int64_t n);
  /// dx = f'(x) dy. Relu looks at y, the others at x; Sigmoid, Tanh and Elu, where x is null, at y.
  void (*activate_backward)(const ActivationParameters& activation, const T* y, const T* dy, const T* x, T* dx,
                            int64_t n);
  /// sum[c] += sum over rows.
  void (*sums)(const T* x, int64_t rows, int64_t stride, int64_t n, double* sum);
  /// The loops of batch normalisation for one channel whose elements are contiguous.
  void (*plane_moments)(const T* x, int64_t n, T shift, double* sum, double* square);
  void (*plane_normalize)(const T* x, const T* z, T mean, T factor, T bias, bool relu, T alpha, T beta, T* y,
                          int64_t n);
  void (*plane_gradient_sums)(const T* x, const T* dy, const T* y, T mean, int64_t n, double* sum, double* product);
  void (*plane_normalize_backward)(const T* x, const T* dy, const T* y, T mean, T factor, T average, T slope, T alpha,
                                   T beta, T* dx, T* dz, int64_t n);
  /// accumulator = max(accumulator, x).
  void (*maximum)(const T* x, bool propagate_nan, T* accumulator, int64_t n);
  /// dx += dy where x is the window's maximum y and none was found before; `found` becomes nonzero there.
  void (*maximum_gradient)(const T* x, const T* y, const T* dy, T* found, T* dx, int64_t n);
  /// y += alpha x.
  void (*accumulate)(T alpha, const T* x, T* y, int64_t n);
  /// One row: maximum, exponentials, division; LOG: x - max - log(sum).
  void (*softmax)(bool logarithm, const T* x, T* y, int64_t n);
  void (*softmax_backward)(bool logarithm, const T* y, const T* dy, T* dx, int64_t n);
};

/// The loops for the processor this runs on.
template <class S>
const RowKernels<S>& row_kernels();
template <>
const RowKernels<float>& row_kernels<float>();
template <>
const RowKernels<double>& row_kernels<double>();
template <>
const RowKernels<BFloat16>& row_kernels<BFloat16>();
template <>
const RowKernels<Half>& row_kernels<Half>();
template <class T>
const VectorKernels<T>& vector_kernels();
template <>
const VectorKernels<float>& vector_kernels<float>();
template <>
const VectorKernels<double>& vector_kernels<double>();

}  // namespace cpu::compute
