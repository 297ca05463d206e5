#include "engine/compute_graph_modes.h"

#include <cmath>
#include <numbers>

#include "engine/compute_vector.h"

namespace cpu::compute {

int pointwise_inputs(PointwiseMode mode) {
  switch (mode) {
    case PointwiseMode::Select:
      return 3;
    case PointwiseMode::Add:
    case PointwiseMode::Mul:
    case PointwiseMode::Min:
    case PointwiseMode::Max:
    case PointwiseMode::AddSquare:
    case PointwiseMode::Div:
    case PointwiseMode::Mod:
    case PointwiseMode::Pow:
    case PointwiseMode::Sub:
    case PointwiseMode::Atan2:
    case PointwiseMode::FloorMod:
    case PointwiseMode::Equal:
    case PointwiseMode::NotEqual:
    case PointwiseMode::Greater:
    case PointwiseMode::GreaterEqual:
    case PointwiseMode::Less:
    case PointwiseMode::LessEqual:
    case PointwiseMode::And:
    case PointwiseMode::Or:
      return 2;
    default:
      return is_gradient(mode) ? 2 : 1;
  }
}

bool is_gradient(PointwiseMode mode) {
  return mode >= PointwiseMode::ReluBackward && mode <= PointwiseMode::GeluTanhBackward;
}

const char* mode_name(PointwiseMode mode) {
  static constexpr const char* names[] = {"add",
                                          "mul",
                                          "min",
                                          "max",
                                          "sqrt",
                                          "add square",
                                          "div",
                                          "mod",
                                          "pow",
                                          "sub",
                                          "abs",
                                          "ceil",
                                          "cos",
                                          "exp",
                                          "floor",
                                          "log",
                                          "neg",
                                          "rsqrt",
                                          "sin",
                                          "tan",
                                          "erf",
                                          "identity",
                                          "reciprocal",
                                          "atan2",
                                          "floor mod",
                                          "relu",
                                          "tanh",
                                          "sigmoid",
                                          "elu",
                                          "gelu",
                                          "softplus",
                                          "swish",
                                          "gelu tanh",
                                          "relu backward",
                                          "tanh backward",
                                          "sigmoid backward",
                                          "elu backward",
                                          "gelu backward",
                                          "softplus backward",
                                          "swish backward",
                                          "gelu tanh backward",
                                          "equal",
                                          "not equal",
                                          "greater",
                                          "greater or equal",
                                          "less",
                                          "less or equal",
                                          "and",
                                          "or",
                                          "not",
                                          "index",
                                          "select"};
  static_assert(std::size(names) == static_cast<size_t>(PointwiseMode::Select) + 1);
  return names[static_cast<size_t>(mode)];
}

std::optional<Epilogue> epilogue_of(const NodeParameters& p) {
  if (p.alpha1 != 1) return std::nullopt;
  Epilogue epilogue;
  switch (p.pointwise) {
    case PointwiseMode::Relu:
      if (p.lower_clip != 0 || !(p.upper_clip > 1e38)) return std::nullopt;
      epilogue.function = p.lower_slope != 0 ? EpilogueFunction::LeakyRelu
                          : p.propagate_nan  ? EpilogueFunction::Relu
                                             : EpilogueFunction::ReluOfNumbers;
      epilogue.coefficient = static_cast<float>(p.lower_slope);
      // oneDNN's has no way to make 0 of NaN only.
      if (epilogue.function == EpilogueFunction::LeakyRelu && !p.propagate_nan) return std::nullopt;
      return epilogue;
    case PointwiseMode::Tanh:
      epilogue.function = EpilogueFunction::Tanh;
      return epilogue;
    case PointwiseMode::Sigmoid:
      epilogue.function = EpilogueFunction::Sigmoid;
      return epilogue;
    case PointwiseMode::Elu:
      epilogue.function = EpilogueFunction::Elu;
      epilogue.coefficient = static_cast<float>(p.elu_alpha);
      return epilogue;
    case PointwiseMode::Swish:
      epilogue.function = EpilogueFunction::Swish;
      epilogue.coefficient = static_cast<float>(p.swish_beta);
      return epilogue;
    case PointwiseMode::Gelu:
      epilogue.function = EpilogueFunction::Gelu;
      return epilogue;
    case PointwiseMode::GeluTanh:
      epilogue.function = EpilogueFunction::GeluTanh;
      return epilogue;
    default:
      return std::nullopt;
  }
}

namespace {

/// 1 / (1 + e^-x) without overflow for either sign.
template <class T>
T sigmoid(T x) {
  const T e = std::exp(-std::fabs(x));
  return (x < 0 ? e : T(1)) / (1 + e);
}

/// (1 + erf(x / sqrt 2)) / 2, exact in the tail too.
template <class T>
T normal_probability(T x) {
  return std::erfc(-x / std::numbers::sqrt2_v<T>) / 2;
}

constexpr double gelu_cubic = 0.044715;

/// Twice the argument of the hyperbolic tangent that approximates the normal distribution: (1 + tanh u) / 2 is
/// sigmoid(2 u).
template <class T>
T gelu_argument(T x) {
  const T factor = static_cast<T>(2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
  return factor * x * (1 + static_cast<T>(gelu_cubic) * x * x);
}

template <class T>
T gelu_argument_slope(T x) {
  const T factor = static_cast<T>(2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
  return factor * (1 + static_cast<T>(3 * gelu_cubic) * x * x);
}

template <class T>
T floor_modulo(T a, T b) {
  const T rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

template <class T, class Function>
void map(const T* x, T* y, int64_t n, const Function& f) {
  for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
}

template <class T, class Function>
void map(const T* x, const T* b, T* y, int64_t n, const Function& f) {
  for (int64_t i = 0; i < n; ++i) y[i] = f(x[i], b[i]);
}

bool is_plain_relu(const NodeParameters& p) {
  return p.lower_clip == 0 && p.lower_slope == 0 && p.upper_clip == std::numeric_limits<double>::infinity();
}

template <class T>
void activate(const NodeParameters& p, const T* x, T* y, int64_t n) {
  const VectorKernels<T>& kernels = vector_kernels<T>();
  switch (p.pointwise) {
    case PointwiseMode::Relu: {
      if (is_plain_relu(p)) return kernels.activate({Activation::Relu, 0, p.propagate_nan}, x, y, n);
      const T lower = static_cast<T>(p.lower_clip), upper = static_cast<T>(p.upper_clip),
              slope = static_cast<T>(p.lower_slope);
      return map(x, y, n, [&](T v) {
        if (v != v) return p.propagate_nan ? v : lower;
        if (v > lower) return v < upper ? v : upper;
        return slope == 0 ? lower : lower + slope * (v - lower);
      });
    }
    case PointwiseMode::Tanh:
      return kernels.activate({Activation::Tanh, 0, true}, x, y, n);
    case PointwiseMode::Sigmoid:
      return kernels.activate({Activation::Sigmoid, 0, true}, x, y, n);
    case PointwiseMode::Elu:
      return kernels.activate({Activation::Elu, p.elu_alpha, true}, x, y, n);
    case PointwiseMode::Swish:
      return kernels.activate({Activation::Swish, p.swish_beta, true}, x, y, n);
    case PointwiseMode::Gelu:
      return map(x, y, n, [](T v) { return v * normal_probability(v); });
    case PointwiseMode::GeluTanh:
      return map(x, y, n, [](T v) { return v * sigmoid(gelu_argument(v)); });
    default: {  // Softplus
      const T beta = static_cast<T>(p.softplus_beta);
      return map(x, y, n, [&](T v) {
        const T z = beta * v;
        return ((z > 0 ? z : T(0)) + std::log1p(std::exp(-std::fabs(z)))) / beta;
      });
    }
  }
}

template <class T>
void activate_backward(const NodeParameters& p, const T* x, const T* dy, T* dx, int64_t n) {
  const VectorKernels<T>& kernels = vector_kernels<T>();
  switch (p.pointwise) {
    case PointwiseMode::ReluBackward: {
      // With these clips y is positive exactly where x is.
      if (is_plain_relu(p)) return kernels.activate_backward({Activation::Relu, 0, true}, x, dy, nullptr, dx, n);
      const T lower = static_cast<T>(p.lower_clip), upper = static_cast<T>(p.upper_clip),
              slope = static_cast<T>(p.lower_slope);
      return map(x, dy, dx, n, [&](T v, T g) {
        if (v > lower) return v < upper ? g : T(0);
        return slope == 0 ? T(0) : slope * g;
      });
    }
    case PointwiseMode::TanhBackward:
      return kernels.activate_backward({Activation::Tanh, 0, true}, nullptr, dy, x, dx, n);
    case PointwiseMode::SigmoidBackward:
      return kernels.activate_backward({Activation::Sigmoid, 0, true}, nullptr, dy, x, dx, n);
    case PointwiseMode::EluBackward:
      return kernels.activate_backward({Activation::Elu, p.elu_alpha, true}, nullptr, dy, x, dx, n);
    case PointwiseMode::SwishBackward:
      return kernels.activate_backward({Activation::Swish, p.swish_beta, true}, nullptr, dy, x, dx, n);
    case PointwiseMode::GeluBackward: {
      const T peak = static_cast<T>(std::numbers::inv_sqrtpi / std::numbers::sqrt2);
      return map(x, dy, dx, n, [&](T v, T g) { return (normal_probability(v) + v * peak * std::exp(-v * v / 2)) * g; });
    }
    case PointwiseMode::GeluTanhBackward:
      return map(x, dy, dx, n, [](T v, T g) {
        const T u = gelu_argument(v);
        return (sigmoid(u) + v * gelu_argument_slope(v) * sigmoid(u) * sigmoid(-u)) * g;
      });
    default: {  // SoftplusBackward
      const T beta = static_cast<T>(p.softplus_beta);
      return map(x, dy, dx, n, [&](T v, T g) { return sigmoid(beta * v) * g; });
    }
  }
}

template <class T>
void apply_unary(PointwiseMode mode, const T* x, T* y, int64_t n) {
  switch (mode) {
    case PointwiseMode::Sqrt:
      return vector_kernels<T>().binary(Binary::Sqrt, 1, x, 0, nullptr, y, n);
    case PointwiseMode::Abs:
      return map(x, y, n, [](T v) { return std::fabs(v); });
    case PointwiseMode::Ceil:
      return map(x, y, n, [](T v) { return std::ceil(v); });
    case PointwiseMode::Cos:
      return map(x, y, n, [](T v) { return std::cos(v); });
    case PointwiseMode::Exp:
      return map(x, y, n, [](T v) { return std::exp(v); });
    case PointwiseMode::Floor:
      return map(x, y, n, [](T v) { return std::floor(v); });
    case PointwiseMode::Log:
      return map(x, y, n, [](T v) { return std::log(v); });
    case PointwiseMode::Neg:
      return map(x, y, n, [](T v) { return -v; });
    case PointwiseMode::Rsqrt:
      return map(x, y, n, [](T v) { return 1 / std::sqrt(v); });
    case PointwiseMode::Sin:
      return map(x, y, n, [](T v) { return std::sin(v); });
    case PointwiseMode::Tan:
      return map(x, y, n, [](T v) { return std::tan(v); });
    case PointwiseMode::Erf:
      return map(x, y, n, [](T v) { return std::erf(v); });
    case PointwiseMode::Reciprocal:
      return map(x, y, n, [](T v) { return 1 / v; });
    case PointwiseMode::Not:
      return map(x, y, n, [](T v) { return T(v == 0); });
    default:  // Identity, Index
      return map(x, y, n, [](T v) { return v; });
  }
}

template <class T>
void apply_binary(const NodeParameters& p, const T* x, const T* b, T* y, int64_t n) {
  const VectorKernels<T>& kernels = vector_kernels<T>();
  switch (p.pointwise) {
    case PointwiseMode::Add:
      return kernels.binary(Binary::Add, 1, x, 1, b, y, n);
    case PointwiseMode::Mul:
      return kernels.binary(Binary::Mul, 1, x, 1, b, y, n);
    case PointwiseMode::Sub:
      return kernels.binary(Binary::Add, 1, x, -1, b, y, n);
    case PointwiseMode::Min:
      if (p.propagate_nan) return map(x, b, y, n, [](T u, T v) { return u != u || u < v ? u : v; });
      return map(x, b, y, n, [](T u, T v) { return std::fmin(u, v); });
    case PointwiseMode::Max:
      if (p.propagate_nan) return map(x, b, y, n, [](T u, T v) { return u != u || u > v ? u : v; });
      return map(x, b, y, n, [](T u, T v) { return std::fmax(u, v); });
    case PointwiseMode::AddSquare:
      return map(x, b, y, n, [](T u, T v) { return u + v * v; });
    case PointwiseMode::Div:
      map(x, b, y, n, [](T u, T v) { return u / v; });
      // Integers are divided as integers.
      if (p.compute_type == ElementType::I32 || p.compute_type == ElementType::I64) {
        map(y, y, n, [](T v) { return std::trunc(v); });
      }
      return;
    case PointwiseMode::Mod:
      return map(x, b, y, n, [](T u, T v) { return std::fmod(u, v); });
    case PointwiseMode::FloorMod:
      return map(x, b, y, n, [](T u, T v) { return floor_modulo(u, v); });
    case PointwiseMode::Pow:
      return map(x, b, y, n, [](T u, T v) { return std::pow(u, v); });
    case PointwiseMode::Atan2:
      return map(x, b, y, n, [](T u, T v) { return std::atan2(u, v); });
    case PointwiseMode::Equal:
      return map(x, b, y, n, [](T u, T v) { return T(u == v); });
    case PointwiseMode::NotEqual:
      return map(x, b, y, n, [](T u, T v) { return T(u != v); });
    case PointwiseMode::Greater:
      return map(x, b, y, n, [](T u, T v) { return T(u > v); });
    case PointwiseMode::GreaterEqual:
      return map(x, b, y, n, [](T u, T v) { return T(u >= v); });
    case PointwiseMode::Less:
      return map(x, b, y, n, [](T u, T v) { return T(u < v); });
    case PointwiseMode::LessEqual:
      return map(x, b, y, n, [](T u, T v) { return T(u <= v); });
    case PointwiseMode::And:
      return map(x, b, y, n, [](T u, T v) { return T(u != 0 && v != 0); });
    default:  // Or
      return map(x, b, y, n, [](T u, T v) { return T(u != 0 || v != 0); });
  }
}

}  // namespace

template <class T>
void apply_pointwise(const NodeParameters& p, const T* x, const T* b, const T* t, T* y, int64_t n) {
  constexpr int64_t piece = 256;
  const bool reads_b = pointwise_inputs(p.pointwise) > 1 && !is_gradient(p.pointwise);
  if (p.alpha1 != 1 || (reads_b && p.alpha2 != 1)) {
    NodeParameters plain = p;
    plain.alpha1 = plain.alpha2 = 1;
    for (int64_t start = 0; start < n; start += piece) {
      const int64_t count = n - start < piece ? n - start : piece;
      T scaled_x[piece], scaled_b[piece];
      vector_kernels<T>().blend(static_cast<T>(p.alpha1), x + start, 0, scaled_x, count);
      if (reads_b) vector_kernels<T>().blend(static_cast<T>(p.alpha2), b + start, 0, scaled_b, count);
      apply_pointwise<T>(plain, scaled_x,
                         reads_b        ? scaled_b
                         : b == nullptr ? nullptr
                                        : b + start,
                         t == nullptr ? nullptr : t + start, y + start, count);
    }
    return;
  }
  const PointwiseMode mode = p.pointwise;
  if (mode == PointwiseMode::Select) {
    for (int64_t i = 0; i < n; ++i) y[i] = t[i] != 0 ? x[i] : b[i];
  } else if (is_gradient(mode)) {
    activate_backward(p, x, b, y, n);
  } else if (mode >= PointwiseMode::Relu && mode <= PointwiseMode::GeluTanh) {
    activate(p, x, y, n);
  } else if (reads_b) {
    apply_binary(p, x, b, y, n);
  } else {
    apply_unary(mode, x, y, n);
  }
}

template void apply_pointwise<float>(const NodeParameters&, const float*, const float*, const float*, float*, int64_t);
template void apply_pointwise<double>(const NodeParameters&, const double*, const double*, const double*, double*,
                                      int64_t);

}  // namespace cpu::compute
