// The innermost loops, compiled once for each instruction set (KERNEL_ISA names it); compute_vector.cpp chooses at run
// time. Everything is in an unnamed namespace, so that no function that needs a newer processor is shared with the rest
// of the library.
#include <math.h>
#include <string.h>

#include "engine/compute_convert_isa.h"
#include "engine/compute_vector.h"

namespace {

using cpu::compute::Activation;
using cpu::compute::ActivationParameters;
using cpu::compute::Binary;
using cpu::compute::ElementType;
using cpu::compute::NormalizationRow;
using cpu::compute::VectorKernels;

template <class T, class Source>
void load_as(const Source* source, int64_t stride, int64_t n, T* result) {
  if (stride == 1) {
    for (int64_t i = 0; i < n; ++i) result[i] = static_cast<T>(source[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) result[i] = static_cast<T>(source[i * stride]);
  }
}

template <class T, class S>
void load_narrow(const S* source, int64_t stride, int64_t n, T* result) {
  int64_t i = 0;
  if constexpr (sizeof(T) == sizeof(float)) {
    for (; stride == 1 && i + pack_width <= n; i += pack_width) {
      const Pack values = load_values<Pack>(source + i);
      memcpy(result + i, &values, sizeof values);
    }
  }
  for (; i < n; ++i) result[i] = to_float(source[i * stride]);
}

template <class T>
void load(ElementType type, const void* source, int64_t stride, int64_t n, T* result) {
  switch (type) {
    case ElementType::F32:
      return load_as(static_cast<const float*>(source), stride, n, result);
    case ElementType::F64:
      return load_as(static_cast<const double*>(source), stride, n, result);
    case ElementType::I8:
      return load_as(static_cast<const int8_t*>(source), stride, n, result);
    case ElementType::U8:
      return load_as(static_cast<const uint8_t*>(source), stride, n, result);
    case ElementType::I32:
      return load_as(static_cast<const int32_t*>(source), stride, n, result);
    case ElementType::I64:
      return load_as(static_cast<const int64_t*>(source), stride, n, result);
    case ElementType::BF16:
      return load_narrow(static_cast<const BFloat16*>(source), stride, n, result);
    case ElementType::F16:
      return load_narrow(static_cast<const Half*>(source), stride, n, result);
  }
}

template <class T, class Result>
void store_as(const T* source, Result* result, int64_t stride, int64_t n) {
  if (stride == 1) {
    for (int64_t i = 0; i < n; ++i) result[i] = static_cast<Result>(source[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) result[i * stride] = static_cast<Result>(source[i]);
  }
}

template <class T, class Integer>
void store_saturated(const T* source, Integer* result, int64_t stride, int64_t n, double low, double high,
                     Integer lowest, Integer highest) {
  for (int64_t i = 0; i < n; ++i) {
    const double value = nearbyint(static_cast<double>(source[i]));
    result[i * stride] = value >= high ? highest : value > low ? static_cast<Integer>(value) : lowest;
  }
}

template <class T, class S>
void store_narrow(const T* source, S* result, int64_t stride, int64_t n) {
  int64_t i = 0;
  if constexpr (sizeof(T) == sizeof(float)) {
    for (; stride == 1 && i + pack_width <= n; i += pack_width) {
      store_values(load_values<Pack>(source + i), result + i);
    }
  }
  for (; i < n; ++i) narrow(source[i], result + i * stride);
}

template <class T>
void store(ElementType type, const T* source, void* result, int64_t stride, int64_t n) {
  switch (type) {
    case ElementType::F32:
      return store_as(source, static_cast<float*>(result), stride, n);
    case ElementType::F64:
      return store_as(source, static_cast<double*>(result), stride, n);
    case ElementType::I8:
      return store_saturated<T, int8_t>(source, static_cast<int8_t*>(result), stride, n, -128, 127, -128, 127);
    case ElementType::U8:
      return store_saturated<T, uint8_t>(source, static_cast<uint8_t*>(result), stride, n, 0, 255, 0, 255);
    case ElementType::I32:
      return store_saturated<T, int32_t>(source, static_cast<int32_t*>(result), stride, n, -0x1p31, 0x1p31 - 1,
                                         INT32_MIN, INT32_MAX);
    case ElementType::I64:
      return store_saturated<T, int64_t>(source, static_cast<int64_t*>(result), stride, n, -0x1p63, 0x1p63, INT64_MIN,
                                         INT64_MAX);
    case ElementType::BF16:
      return store_narrow(source, static_cast<BFloat16*>(result), stride, n);
    case ElementType::F16:
      return store_narrow(source, static_cast<Half*>(result), stride, n);
  }
}

template <class T>
void blend(T alpha, const T* x, T beta, T* y, int64_t n) {
  if (beta == 0) {
    for (int64_t i = 0; i < n; ++i) y[i] = alpha * x[i];
  } else if (alpha == 1 && beta == 1) {
    for (int64_t i = 0; i < n; ++i) y[i] += x[i];
  } else {
    for (int64_t i = 0; i < n; ++i) y[i] = alpha * x[i] + beta * y[i];
  }
}

template <class T>
void fill(T value, T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = value;
}

template <class T>
void binary(Binary operation, T alpha1, const T* a, T alpha2, const T* b, T* y, int64_t n) {
  switch (operation) {
    case Binary::Add:
      for (int64_t i = 0; i < n; ++i) y[i] = alpha1 * a[i] + alpha2 * b[i];
      return;
    case Binary::Mul:
      for (int64_t i = 0; i < n; ++i) y[i] = (alpha1 * a[i]) * (alpha2 * b[i]);
      return;
    case Binary::Min:
      for (int64_t i = 0; i < n; ++i) {
        const T first = alpha1 * a[i], second = alpha2 * b[i];
        y[i] = second < first ? second : first;
      }
      return;
    case Binary::Max:
      for (int64_t i = 0; i < n; ++i) {
        const T first = alpha1 * a[i], second = alpha2 * b[i];
        y[i] = second > first ? second : first;
      }
      return;
    case Binary::Sqrt:
      for (int64_t i = 0; i < n; ++i) y[i] = sqrt(alpha1 * a[i]);
      return;
    case Binary::Not:
      for (int64_t i = 0; i < n; ++i) y[i] = 1 - alpha1 * a[i];
      return;
  }
}

float exponential(float x) { return expf(x); }
double exponential(double x) { return exp(x); }
float hyperbolic_tangent(float x) { return tanhf(x); }
double hyperbolic_tangent(double x) { return tanh(x); }
float exponential_minus_1(float x) { return expm1f(x); }
double exponential_minus_1(double x) { return expm1(x); }

/// 1 / (1 + e^-x) without overflow for either sign.
template <class T>
T sigmoid(T x) {
  const T e = exponential(x < 0 ? x : -x);
  return (x < 0 ? e : T(1)) / (1 + e);
}

template <class T>
void relu(bool propagate_nan, const T* x, T* y, int64_t n) {
  if (propagate_nan) {
    for (int64_t i = 0; i < n; ++i) y[i] = x[i] < 0 ? T(0) : x[i];
  } else {
    for (int64_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : T(0);
  }
}

template <class T>
void relu_backward(const T* y, const T* dy, T* dx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const T unmasked = dy[i];
    dx[i] = y[i] > 0 ? unmasked : T(0);
  }
}

template <class T>
void activate(const ActivationParameters& activation, const T* x, T* y, int64_t n) {
  const T coefficient = static_cast<T>(activation.coefficient);
  switch (activation.mode) {
    case Activation::Identity:
      for (int64_t i = 0; i < n; ++i) y[i] = x[i];
      return;
    case Activation::Relu:
      return relu(activation.propagate_nan, x, y, n);
    case Activation::ClippedRelu:
      for (int64_t i = 0; i < n; ++i) {
        const T clipped = x[i] > coefficient ? coefficient : x[i];
        y[i] = activation.propagate_nan ? (clipped < 0 ? T(0) : clipped) : (clipped > 0 ? clipped : T(0));
      }
      return;
    case Activation::Sigmoid:
      for (int64_t i = 0; i < n; ++i) y[i] = sigmoid(x[i]);
      return;
    case Activation::Tanh:
      for (int64_t i = 0; i < n; ++i) y[i] = hyperbolic_tangent(x[i]);
      return;
    case Activation::Elu:
      for (int64_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : coefficient * exponential_minus_1(x[i]);
      return;
    case Activation::Swish:
      for (int64_t i = 0; i < n; ++i) y[i] = x[i] * sigmoid(coefficient * x[i]);
      return;
  }
}

template <class T>
void activate_backward(const ActivationParameters& activation, const T* y, const T* dy, const T* x, T* dx, int64_t n) {
  const T coefficient = static_cast<T>(activation.coefficient);
  switch (activation.mode) {
    case Activation::Identity:
      for (int64_t i = 0; i < n; ++i) dx[i] = dy[i];
      return;
    case Activation::Relu:
      return relu_backward(y, dy, dx, n);
    case Activation::ClippedRelu:
      for (int64_t i = 0; i < n; ++i) dx[i] = x[i] > 0 && x[i] <= coefficient ? dy[i] : T(0);
      return;
    case Activation::Sigmoid:
      if (x == nullptr) {
        for (int64_t i = 0; i < n; ++i) dx[i] = y[i] * (1 - y[i]) * dy[i];
        return;
      }
      for (int64_t i = 0; i < n; ++i) {
        // s(x) s(-x): 1 - y would lose everything where y rounds to 1.
        dx[i] = sigmoid(x[i]) * sigmoid(-x[i]) * dy[i];
      }
      return;
    case Activation::Tanh:
      if (x == nullptr) {
        for (int64_t i = 0; i < n; ++i) dx[i] = (1 - y[i]) * (1 + y[i]) * dy[i];
        return;
      }
      for (int64_t i = 0; i < n; ++i) {
        // 1 - tanh^2 = 4 s(2x) s(-2x), exact in the tails too.
        dx[i] = 4 * sigmoid(2 * x[i]) * sigmoid(-2 * x[i]) * dy[i];
      }
      return;
    case Activation::Elu:
      if (x == nullptr) {
        for (int64_t i = 0; i < n; ++i) dx[i] = y[i] > 0 ? dy[i] : (y[i] + coefficient) * dy[i];
        return;
      }
      for (int64_t i = 0; i < n; ++i) dx[i] = x[i] > 0 ? dy[i] : coefficient * exponential(x[i]) * dy[i];
      return;
    case Activation::Swish:
      for (int64_t i = 0; i < n; ++i) {
        const T s = sigmoid(coefficient * x[i]);
        dx[i] = (s + coefficient * x[i] * s * sigmoid(-coefficient * x[i])) * dy[i];
      }
      return;
  }
}

template <class T>
void moments(const T* x, int64_t rows, int64_t stride, int64_t n, const T* shift, double* __restrict sum,
             double* __restrict square) {
  for (int64_t r = 0; r < rows; ++r, x += stride) {
    for (int64_t c = 0; c < n; ++c) {
      const double value = static_cast<double>(x[c]) - static_cast<double>(shift[c]);
      sum[c] += value;
      square[c] += value * value;
    }
  }
}

template <class T>
void sums(const T* x, int64_t rows, int64_t stride, int64_t n, double* __restrict sum) {
  for (int64_t r = 0; r < rows; ++r, x += stride) {
    for (int64_t c = 0; c < n; ++c) sum[c] += static_cast<double>(x[c]);
  }
}

template <class T>
void normalize(const T* x, const T* z, const NormalizationRow<T>& row, bool relu, T alpha, T beta, T* y, int64_t rows,
               int64_t stride, int64_t n) {
  const T* __restrict mean = row.mean;
  const T* __restrict factor = row.factor;
  const T* __restrict bias = row.bias;
  const bool plain = alpha == 1 && beta == 0;
  for (int64_t r = 0; r < rows; ++r) {
    const T* xr = x + r * stride;
    T* yr = y + r * stride;
    const T* zr = z == nullptr ? nullptr : z + r * stride;
    if (plain && zr == nullptr) {
      if (relu) {
#pragma GCC ivdep
        for (int64_t c = 0; c < n; ++c) {
          const T value = (xr[c] - mean[c]) * factor[c] + bias[c];
          yr[c] = value < 0 ? T(0) : value;
        }
      } else {
#pragma GCC ivdep
        for (int64_t c = 0; c < n; ++c) yr[c] = (xr[c] - mean[c]) * factor[c] + bias[c];
      }
    } else if (plain && relu) {
#pragma GCC ivdep
      for (int64_t c = 0; c < n; ++c) {
        const T value = (xr[c] - mean[c]) * factor[c] + bias[c] + zr[c];
        yr[c] = value < 0 ? T(0) : value;
      }
    } else {
      for (int64_t c = 0; c < n; ++c) {
        T value = (xr[c] - mean[c]) * factor[c] + bias[c];
        if (zr != nullptr) value += zr[c];
        if (relu && value < 0) value = 0;
        yr[c] = beta == 0 ? alpha * value : alpha * value + beta * yr[c];
      }
    }
  }
}

/// result = y > 0 ? dy : 0. A loop of its own, because the compiler vectorises the choice only where nothing else
/// depends on it.
template <class T>
void mask(const T* dy, const T* y, T* __restrict result, int64_t n) {
  for (int64_t i = 0; i < n; ++i) result[i] = y[i] > 0 ? dy[i] : T(0);
}

/// Elements masked at a time.
constexpr int64_t piece = 256;

template <class T>
void gradient_sums(const T* x, const T* dy, const T* y, const T* mean, int64_t rows, int64_t stride, int64_t n,
                   double* sum, double* product) {
  T masked[piece];
  for (int64_t start = 0; start < n; start += piece) {
    const int64_t width = n - start < piece ? n - start : piece;
    double* __restrict piece_sum = sum + start;
    double* __restrict piece_product = product + start;
    const T* piece_mean = mean + start;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t offset = r * stride + start;
      const T* xr = x + offset;
      const T* gradient = dy + offset;
      if (y != nullptr) {
        mask(gradient, y + offset, masked, width);
        gradient = masked;
      }
      for (int64_t c = 0; c < width; ++c) {
        const double g = gradient[c];
        piece_sum[c] += g;
        piece_product[c] += g * (static_cast<double>(xr[c]) - static_cast<double>(piece_mean[c]));
      }
    }
  }
}

template <class T>
void normalize_backward(const T* x, const T* dy, const T* y, const T* mean, const T* factor, const T* average,
                        const T* slope, T alpha, T beta, T* dx, T* dz, int64_t rows, int64_t stride, int64_t n) {
  T masked[piece];
  for (int64_t start = 0; start < n; start += piece) {
    const int64_t width = n - start < piece ? n - start : piece;
    const T* m = mean + start;
    const T* f = factor + start;
    const T* a = average + start;
    const T* s = slope + start;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t offset = r * stride + start;
      const T* xr = x + offset;
      const T* gradient = dy + offset;
      T* dxr = dx + offset;
      if (y != nullptr) {
        mask(gradient, y + offset, masked, width);
        gradient = masked;
      }
      if (dz != nullptr) memcpy(dz + offset, gradient, static_cast<size_t>(width) * sizeof(T));
      if (alpha == 1 && beta == 0) {
#pragma GCC ivdep
        for (int64_t c = 0; c < width; ++c) dxr[c] = f[c] * (gradient[c] - a[c] - (xr[c] - m[c]) * s[c]);
      } else {
        for (int64_t c = 0; c < width; ++c) {
          const T value = f[c] * (gradient[c] - a[c] - (xr[c] - m[c]) * s[c]);
          dxr[c] = beta == 0 ? alpha * value : alpha * value + beta * dxr[c];
        }
      }
    }
  }
}

/// Sums over a contiguous plane keep several partial sums, in a fixed order, so that they vectorise.
constexpr int lanes = 32;

double total(const double* partial) {
  double sum = 0;
  for (int i = 0; i < lanes; ++i) sum += partial[i];
  return sum;
}

template <class T>
void plane_moments(const T* x, int64_t n, T shift, double* sum, double* square) {
  double partial_sum[lanes] = {}, partial_square[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (int j = 0; j < lanes; ++j) {
      const double value = static_cast<double>(x[i + j]) - static_cast<double>(shift);
      partial_sum[j] += value;
      partial_square[j] += value * value;
    }
  }
  for (; i < n; ++i) {
    const double value = static_cast<double>(x[i]) - static_cast<double>(shift);
    partial_sum[0] += value;
    partial_square[0] += value * value;
  }
  *sum += total(partial_sum);
  *square += total(partial_square);
}

template <class T>
void plane_normalize(const T* x, const T* z, T mean, T factor, T bias, bool relu, T alpha, T beta, T* y, int64_t n) {
  if (alpha == 1 && beta == 0 && z == nullptr) {
    const T floor = relu ? T(0) : static_cast<T>(-INFINITY);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) {
      const T value = (x[i] - mean) * factor + bias;
      y[i] = value < floor ? floor : value;
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    T value = (x[i] - mean) * factor + bias;
    if (z != nullptr) value += z[i];
    if (relu && value < 0) value = 0;
    y[i] = beta == 0 ? alpha * value : alpha * value + beta * y[i];
  }
}

template <class T>
void plane_gradient_sums(const T* x, const T* dy, const T* y, T mean, int64_t n, double* sum, double* product) {
  double partial_sum[lanes] = {}, partial_product[lanes] = {};
  T masked[piece];
  for (int64_t start = 0; start < n; start += piece) {
    const int64_t width = n - start < piece ? n - start : piece;
    const T* xs = x + start;
    const T* gradient = dy + start;
    if (y != nullptr) {
      mask(gradient, y + start, masked, width);
      gradient = masked;
    }
    int64_t i = 0;
    for (; i + lanes <= width; i += lanes) {
      for (int j = 0; j < lanes; ++j) {
        const double g = gradient[i + j];
        partial_sum[j] += g;
        partial_product[j] += g * (static_cast<double>(xs[i + j]) - static_cast<double>(mean));
      }
    }
    for (; i < width; ++i) {
      const double g = gradient[i];
      partial_sum[0] += g;
      partial_product[0] += g * (static_cast<double>(xs[i]) - static_cast<double>(mean));
    }
  }
  *sum += total(partial_sum);
  *product += total(partial_product);
}

template <class T>
void plane_normalize_backward(const T* x, const T* dy, const T* y, T mean, T factor, T average, T slope, T alpha,
                              T beta, T* dx, T* dz, int64_t n) {
  T masked[piece];
  for (int64_t start = 0; start < n; start += piece) {
    const int64_t width = n - start < piece ? n - start : piece;
    const T* xs = x + start;
    const T* gradient = dy + start;
    T* dxs = dx + start;
    if (y != nullptr) {
      mask(gradient, y + start, masked, width);
      gradient = masked;
    }
    if (dz != nullptr) memcpy(dz + start, gradient, static_cast<size_t>(width) * sizeof(T));
    if (alpha == 1 && beta == 0) {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) dxs[i] = factor * (gradient[i] - average - (xs[i] - mean) * slope);
    } else {
      for (int64_t i = 0; i < width; ++i) {
        const T value = factor * (gradient[i] - average - (xs[i] - mean) * slope);
        dxs[i] = beta == 0 ? alpha * value : alpha * value + beta * dxs[i];
      }
    }
  }
}

template <class T>
void maximum(const T* x, bool propagate_nan, T* accumulator, int64_t n) {
  if (propagate_nan) {
    for (int64_t i = 0; i < n; ++i) {
      accumulator[i] = (x[i] > accumulator[i]) | (x[i] != x[i]) ? x[i] : accumulator[i];
    }
  } else {
    for (int64_t i = 0; i < n; ++i) accumulator[i] = x[i] > accumulator[i] ? x[i] : accumulator[i];
  }
}

template <class T>
void maximum_gradient(const T* x, const T* y, const T* dy, T* found, T* dx, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    // NaN is the maximum of a window that contains one.
    const bool take = (found[i] == 0) & ((x[i] == y[i]) | ((x[i] != x[i]) & (y[i] != y[i])));
    found[i] = take ? T(1) : found[i];
    dx[i] = take ? dx[i] + dy[i] : dx[i];
  }
}

template <class T>
void accumulate(T alpha, const T* x, T* y, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] += alpha * x[i];
}

template <class T>
void softmax(bool logarithm, const T* x, T* y, int64_t n) {
  T largest = static_cast<T>(-INFINITY);
  for (int64_t i = 0; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  double sum = 0;
  if (logarithm) {
    for (int64_t i = 0; i < n; ++i) sum += exponential(x[i] - largest);
    const T offset = static_cast<T>(log(sum));
    for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - largest) - offset;
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const T e = exponential(x[i] - largest);
    y[i] = e;
    sum += e;
  }
  const T divisor = static_cast<T>(sum);
  for (int64_t i = 0; i < n; ++i) y[i] /= divisor;
}

template <class T>
void softmax_backward(bool logarithm, const T* y, const T* dy, T* dx, int64_t n) {
  double sum = 0;
  if (logarithm) {
    for (int64_t i = 0; i < n; ++i) sum += dy[i];
    const T gradient = static_cast<T>(sum);
    for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] - exponential(y[i]) * gradient;
    return;
  }
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(y[i]) * static_cast<double>(dy[i]);
  const T product = static_cast<T>(sum);
  for (int64_t i = 0; i < n; ++i) dx[i] = y[i] * (dy[i] - product);
}

template <class T>
constexpr VectorKernels<T> table = {
    {blend<T>, relu<T>, relu_backward<T>, moments<T>, normalize<T>, gradient_sums<T>, normalize_backward<T>},
    load<T>,
    store<T>,
    fill<T>,
    binary<T>,
    activate<T>,
    activate_backward<T>,
    sums<T>,
    plane_moments<T>,
    plane_normalize<T>,
    plane_gradient_sums<T>,
    plane_normalize_backward<T>,
    maximum<T>,
    maximum_gradient<T>,
    accumulate<T>,
    softmax<T>,
    softmax_backward<T>};

}  // namespace

namespace cpu::compute {
extern const VectorKernels<float> CONCATENATE(vector_float_, KERNEL_ISA) = table<float>;
extern const VectorKernels<double> CONCATENATE(vector_double_, KERNEL_ISA) = table<double>;
}  // namespace cpu::compute
