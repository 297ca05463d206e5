#include "tests/backend/reference.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "tests/backend/numbers.h"

namespace model {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A sum of products with the error of its terms and of its rounding.
struct Sum {
  double value = 0, error = 0, magnitude = 0;
  int64_t count = 0;

  void add(Number a, Number b = {1, 0}) {
    value += a.value * b.value;
    error += std::fabs(a.value) * b.error + std::fabs(b.value) * a.error + a.error * b.error;
    magnitude += std::fabs(a.value * b.value);
    ++count;
  }
  Number number(double precision) const {
    const double total = error + precision * static_cast<double>(count + 4) * magnitude;
    return {value, std::isnan(total) ? infinity : total};
  }
};

class Evaluator {
 public:
  explicit Evaluator(Graph& graph) : graph_(graph), precision_(graph.in_double ? 0x1p-52 : 0x1p-23) {}

  void run() {
    for (const Node& node : graph_.nodes) evaluate(node);
  }

 private:
  using Index = std::vector<int64_t>;

  Tensor* tensor(const Node& node, Role role) {
    const int index = node.at(role);
    return index < 0 ? nullptr : &graph_[index];
  }

  static Index index_of(const Tensor& tensor, int64_t element) {
    Index index(tensor.dims.size());
    for (size_t d = index.size(); d-- > 0;) {
      index[d] = element % tensor.dims[d];
      element /= tensor.dims[d];
    }
    return index;
  }

  /// The number at an index; dimensions of size 1 are repeated.
  static Number get(const Tensor& tensor, const Index& index) {
    int64_t element = 0;
    for (size_t d = 0; d < index.size(); ++d) {
      element = element * tensor.dims[d] + (tensor.dims[d] == 1 ? 0 : index[d]);
    }
    return tensor.numbers[static_cast<size_t>(element)];
  }

  static void fill(Tensor& tensor, const std::function<Number(const Index&)>& function) {
    std::vector<Number> numbers(static_cast<size_t>(tensor.elements()));
    for (size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = stored(tensor.type, function(index_of(tensor, static_cast<int64_t>(i))));
    }
    tensor.numbers = std::move(numbers);
  }
  static void fill(Tensor* tensor, const std::function<Number(const Index&)>& function) {
    if (tensor != nullptr) fill(*tensor, function);
  }

  /// f of inexact numbers: how far it moves when each of them does.
  static Number apply(const std::function<double(double, double, double)>& f, Number a, Number b, Number c,
                      double precision) {
    const double value = f(a.value, b.value, c.value);
    double error = std::isfinite(value) ? precision * std::fabs(value) : 0;
    const Number numbers[] = {a, b, c};
    for (int moved = 0; moved < 3; ++moved) {
      if (!(numbers[moved].error < infinity)) return {value, infinity};
      if (numbers[moved].value == 0) {
        // Zeros of either sign are the same number to devices.
        double arguments[] = {a.value, b.value, c.value};
        arguments[moved] = -arguments[moved];
        const double other = f(arguments[0], arguments[1], arguments[2]);
        if (other != value && !(std::isnan(other) && std::isnan(value))) return {value, infinity};
      }
      if (numbers[moved].error == 0) continue;
      for (const double step : {-numbers[moved].error, numbers[moved].error}) {
        double arguments[] = {a.value, b.value, c.value};
        arguments[moved] += step;
        const double other = f(arguments[0], arguments[1], arguments[2]);
        if (other == value || (std::isnan(other) && std::isnan(value))) continue;
        const double change = std::fabs(other - value);
        error = std::isnan(change) ? infinity : std::max(error, error + change);
      }
    }
    return {value, error};
  }

  void evaluate(const Node& node) {
    switch (node.op) {
      case Op::Convolution:
      case Op::ConvolutionBackwardData:
      case Op::ConvolutionBackwardFilter:
        return convolve(node);
      case Op::Pointwise:
        return pointwise(node);
      case Op::Matmul:
        return multiply(node);
      case Op::Reduction:
        return reduce(node);
      case Op::ResampleForward:
      case Op::ResampleBackward:
        return resample(node);
      case Op::GenStats:
        return statistics(node);
      case Op::BnFinalize:
        return finalize(node);
      case Op::BnBackwardWeights:
        return backward_weights(node);
      case Op::NormForward:
        return norm_forward(node);
      case Op::NormBackward:
        return norm_backward(node);
      case Op::Concat:
        return concat(node);
      case Op::Reshape: {
        const std::vector<Number> numbers = tensor(node, Role::X)->numbers;
        Tensor& y = *tensor(node, Role::Y);
        y.numbers.clear();
        for (const Number& number : numbers) y.numbers.push_back(stored(y.type, number));
        return;
      }
      case Op::Rng:
        return;
    }
  }

  /// Calls body(x index, w index, y index) for every product of a convolution.
  void for_products(const Node& node, const Tensor& x, const Tensor& w, const Tensor& y,
                    const std::function<void(int64_t, int64_t, int64_t)>& body) {
    const size_t spatial = x.dims.size() - 2;
    const int64_t groups = x.dims[1] / w.dims[1], filters = w.dims[0] / groups;
    for (int64_t out = 0; out < y.elements(); ++out) {
      const Index o = index_of(y, out);
      for (int64_t tap = 0; tap < w.elements() / w.dims[0]; ++tap) {
        Index f = index_of(w, o[1] * (w.elements() / w.dims[0]) + tap);
        int64_t place = o[0] * x.dims[1] + o[1] / filters * w.dims[1] + f[1];
        bool inside = true;
        for (size_t d = 0; d < spatial; ++d) {
          const int64_t pixel = o[d + 2] * node.stride[d] - node.before[d] + f[d + 2] * node.dilation[d];
          inside = inside && pixel >= 0 && pixel < x.dims[d + 2];
          place = place * x.dims[d + 2] + pixel;
        }
        if (!inside) continue;
        int64_t weight = f[0] * w.dims[1] + f[1];
        for (size_t d = 0; d < spatial; ++d) {
          weight = weight * w.dims[d + 2] + (node.flips_filter ? w.dims[d + 2] - 1 - f[d + 2] : f[d + 2]);
        }
        body(place, weight, out);
      }
    }
  }

  void convolve(const Node& node) {
    Tensor& x = *tensor(node, node.op == Op::ConvolutionBackwardData ? Role::DX : Role::X);
    Tensor& w = *tensor(node, node.op == Op::ConvolutionBackwardFilter ? Role::DW : Role::W);
    Tensor& y = *tensor(node, node.op == Op::Convolution ? Role::Y : Role::DY);
    Tensor& result = node.op == Op::Convolution ? y : node.op == Op::ConvolutionBackwardData ? x : w;
    std::vector<Sum> sums(static_cast<size_t>(result.elements()));
    for_products(node, x, w, y, [&](int64_t place, int64_t weight, int64_t out) {
      const Number a = node.op == Op::ConvolutionBackwardData ? y.numbers[static_cast<size_t>(out)]
                                                              : x.numbers[static_cast<size_t>(place)];
      const Number b = node.op == Op::ConvolutionBackwardFilter ? y.numbers[static_cast<size_t>(out)]
                                                                : w.numbers[static_cast<size_t>(weight)];
      const int64_t target = node.op == Op::Convolution ? out : node.op == Op::ConvolutionBackwardData ? place : weight;
      sums[static_cast<size_t>(target)].add(a, b);
    });
    blend(node, result, sums);
  }

  /// result = alpha sum + beta result.
  void blend(const Node& node, Tensor& result, const std::vector<Sum>& sums) {
    for (size_t i = 0; i < sums.size(); ++i) {
      const Number number = sums[i].number(precision_);
      Sum blended;
      blended.add(number, {node.alpha, 0});
      if (node.beta != 0) blended.add(result.numbers[i], {node.beta, 0});
      if (result.numbers.size() <= i) result.numbers.resize(i + 1);
      result.numbers[i] = stored(result.type, blended.number(precision_));
    }
  }

  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

  static std::function<double(double, double, double)> function_of(const Node& node) {
    const double slope = node.lower_slope, lower = node.lower_clip, upper = node.upper_clip;
    const bool integers = node.compute_type == CUDNN_DATA_INT32 || node.compute_type == CUDNN_DATA_INT64;
    switch (node.pointwise) {
      case CUDNN_POINTWISE_ADD:
        return [](double x, double b, double) { return x + b; };
      case CUDNN_POINTWISE_ADD_SQUARE:
        return [](double x, double b, double) { return x + b * b; };
      case CUDNN_POINTWISE_DIV:
        return [=](double x, double b, double) { return integers ? std::trunc(x / b) : x / b; };
      case CUDNN_POINTWISE_MAX:
        return [](double x, double b, double) { return std::isnan(x) || std::isnan(b) ? x + b : std::max(x, b); };
      case CUDNN_POINTWISE_MIN:
        return [](double x, double b, double) { return std::isnan(x) || std::isnan(b) ? x + b : std::min(x, b); };
      case CUDNN_POINTWISE_MOD:
        return [](double x, double b, double) { return std::fmod(x, b); };
      case CUDNN_POINTWISE_FLOOR_MOD:
        return [](double x, double b, double) {
          const double rest = std::fmod(x, b);
          return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
        };
      case CUDNN_POINTWISE_MUL:
        return [](double x, double b, double) { return x * b; };
      case CUDNN_POINTWISE_POW:
        return [](double x, double b, double) { return std::pow(x, b); };
      case CUDNN_POINTWISE_SUB:
        return [](double x, double b, double) { return x - b; };
      case CUDNN_POINTWISE_ATAN2:
        return [](double x, double b, double) { return std::atan2(x, b); };
      case CUDNN_POINTWISE_ABS:
        return [](double x, double, double) { return std::fabs(x); };
      case CUDNN_POINTWISE_CEIL:
        return [](double x, double, double) { return std::ceil(x); };
      case CUDNN_POINTWISE_COS:
        return [](double x, double, double) { return std::cos(x); };
      case CUDNN_POINTWISE_EXP:
        return [](double x, double, double) { return std::exp(x); };
      case CUDNN_POINTWISE_FLOOR:
        return [](double x, double, double) { return std::floor(x); };
      case CUDNN_POINTWISE_LOG:
        return [](double x, double, double) { return std::log(x); };
      case CUDNN_POINTWISE_NEG:
        return [](double x, double, double) { return -x; };
      case CUDNN_POINTWISE_RSQRT:
        return [](double x, double, double) { return 1 / std::sqrt(x); };
      case CUDNN_POINTWISE_SIN:
        return [](double x, double, double) { return std::sin(x); };
      case CUDNN_POINTWISE_SQRT:
        return [](double x, double, double) { return std::sqrt(x); };
      case CUDNN_POINTWISE_TAN:
        return [](double x, double, double) { return std::tan(x); };
      case CUDNN_POINTWISE_ERF:
        return [](double x, double, double) { return std::erf(x); };
      case CUDNN_POINTWISE_RECIPROCAL:
        return [](double x, double, double) { return 1 / x; };
      case CUDNN_POINTWISE_RELU_FWD:
        return [=](double x, double, double) {
          return std::isnan(x) ? x
                 : x >= upper  ? upper
                 : x > lower   ? x
                 : slope == 0  ? lower
                               : lower + slope * (x - lower);
        };
      case CUDNN_POINTWISE_TANH_FWD:
        return [](double x, double, double) { return std::tanh(x); };
      case CUDNN_POINTWISE_SIGMOID_FWD:
        return [](double x, double, double) { return sigmoid(x); };
      case CUDNN_POINTWISE_ELU_FWD:
        return [=](double x, double, double) { return x > 0 ? x : node.elu_alpha * std::expm1(x); };
      case CUDNN_POINTWISE_GELU_FWD:
        return [](double x, double, double) { return x * std::erfc(-x / std::sqrt(2.0)) / 2; };
      case CUDNN_POINTWISE_GELU_APPROX_TANH_FWD:
        return [](double x, double, double) { return x / 2 * (1 + std::tanh(gelu_argument(x))); };
      case CUDNN_POINTWISE_SOFTPLUS_FWD:
        return
            [=](double x, double, double) { return std::log1p(std::exp(node.softplus_beta * x)) / node.softplus_beta; };
      case CUDNN_POINTWISE_SWISH_FWD:
        return [=](double x, double, double) { return x * sigmoid(node.swish_beta * x); };
      // Gradients: b is dy.
      case CUDNN_POINTWISE_RELU_BWD:
        return [=](double x, double dy, double) {
          return x > lower ? (x < upper ? dy : 0) : slope == 0 ? 0 : slope * dy;
        };
      case CUDNN_POINTWISE_TANH_BWD:
        return [](double x, double dy, double) { return dy / (std::cosh(x) * std::cosh(x)); };
      case CUDNN_POINTWISE_SIGMOID_BWD:
        return [](double x, double dy, double) { return sigmoid(x) * sigmoid(-x) * dy; };
      case CUDNN_POINTWISE_ELU_BWD:
        return [=](double x, double dy, double) { return x > 0 ? dy : node.elu_alpha * std::exp(x) * dy; };
      case CUDNN_POINTWISE_GELU_BWD:
        return [](double x, double dy, double) {
          return dy * (std::erfc(-x / std::sqrt(2.0)) / 2 + x * std::exp(-x * x / 2) / std::sqrt(2 * M_PI));
        };
      case CUDNN_POINTWISE_GELU_APPROX_TANH_BWD:
        return [](double x, double dy, double) {
          const double t = std::tanh(gelu_argument(x)), slope_of = std::sqrt(2 / M_PI) * (1 + 3 * 0.044715 * x * x);
          return dy * ((1 + t) / 2 + x / 2 * (1 - t * t) * slope_of);
        };
      case CUDNN_POINTWISE_SOFTPLUS_BWD:
        return [=](double x, double dy, double) { return dy * sigmoid(node.softplus_beta * x); };
      case CUDNN_POINTWISE_SWISH_BWD:
        return [=](double x, double dy, double) {
          const double s = sigmoid(node.swish_beta * x);
          return dy * (s + node.swish_beta * x * s * (1 - s));
        };
      case CUDNN_POINTWISE_CMP_EQ:
        return [](double x, double b, double) { return x == b ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_CMP_NEQ:
        return [](double x, double b, double) { return x != b ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_CMP_GT:
        return [](double x, double b, double) { return x > b ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_CMP_GE:
        return [](double x, double b, double) { return x >= b ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_CMP_LT:
        return [](double x, double b, double) { return x < b ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_CMP_LE:
        return [](double x, double b, double) { return x <= b ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_LOGICAL_AND:
        return [](double x, double b, double) { return x != 0 && b != 0 ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_LOGICAL_OR:
        return [](double x, double b, double) { return x != 0 || b != 0 ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_LOGICAL_NOT:
        return [](double x, double, double) { return x == 0 ? 1.0 : 0.0; };
      case CUDNN_POINTWISE_BINARY_SELECT:
        return [](double x, double b, double t) { return t != 0 ? x : b; };
      default:
        return [](double x, double, double) { return x; };
    }
  }

  static double gelu_argument(double x) { return std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x); }

  void pointwise(const Node& node) {
    const auto f = function_of(node);
    const Tensor* x = tensor(node, Role::X);
    const Tensor* b = tensor(node, node.at(Role::DX) >= 0 ? Role::DY : Role::B);
    const Tensor* t = tensor(node, Role::T);
    Tensor& y = *tensor(node, node.at(Role::DX) >= 0 ? Role::DX : Role::Y);
    const auto scaled = [&](const Tensor* operand, const Index& index, double alpha) {
      if (operand == nullptr) return Number{};
      const Number number = get(*operand, index);
      if (alpha == 1) return number;
      return Number{alpha * number.value,
                    std::fabs(alpha) * number.error + precision_ * std::fabs(alpha * number.value)};
    };
    // Products and sums of three terms cancel, so their rounding counts by the size of the terms.
    const bool is_sum = node.pointwise == CUDNN_POINTWISE_ADD || node.pointwise == CUDNN_POINTWISE_SUB ||
                        node.pointwise == CUDNN_POINTWISE_ADD_SQUARE;
    const bool is_smooth = node.pointwise < CUDNN_POINTWISE_CMP_EQ || node.pointwise > CUDNN_POINTWISE_LOGICAL_NOT;
    fill(y, [&](const Index& index) {
      if (node.pointwise == CUDNN_POINTWISE_GEN_INDEX) {
        return Number{static_cast<double>(index[static_cast<size_t>(node.axis)]), 0};
      }
      const Number a = scaled(x, index, node.alpha1), c = scaled(b, index, node.alpha2);
      const Number d = scaled(t, index, 1);
      Number result = apply(f, a, c, d, is_smooth ? 8 * precision_ : 0);
      if (is_sum) result.error += precision_ * (std::fabs(a.value) + std::max(std::fabs(c.value), c.value * c.value));
      // Functions that are computed through others lose a few digits where they are near 0.
      if (node.pointwise >= CUDNN_POINTWISE_RELU_FWD && node.pointwise < CUDNN_POINTWISE_CMP_EQ) {
        result.error += 8 * precision_ * (std::fabs(a.value) + (b == nullptr ? 1 : std::fabs(c.value)));
      }
      // Next to a pole or a jump, and where inexact numbers may be equal, everything goes. Steps move where the
      // arguments were rounded; periods and powers are as inexact as their arguments are large.
      switch (node.pointwise) {
        case CUDNN_POINTWISE_TAN:
          if (a.error > 1 || std::cos(a.value - a.error) * std::cos(a.value + a.error) <= 0) result.error = infinity;
          result.error += 8 * precision_ * std::fabs(a.value);
          break;
        case CUDNN_POINTWISE_CMP_EQ:
        case CUDNN_POINTWISE_CMP_NEQ:
          if (a.error + c.error > 0 && std::fabs(a.value - c.value) <= a.error + c.error) result.error = infinity;
          break;
        case CUDNN_POINTWISE_RELU_BWD: {
          // At the edge of what is let through the gradient may be there where it is not here, with its own error.
          const double there = f(a.value + a.error, c.value, d.value), here = f(a.value - a.error, c.value, d.value);
          if (there != here) result.error += c.error;
          break;
        }
        case CUDNN_POINTWISE_RECIPROCAL:
          if (a.error > 0 && std::fabs(a.value) <= a.error) result.error = infinity;
          break;
        case CUDNN_POINTWISE_DIV:
          if (c.error > 0 && std::fabs(c.value) <= c.error) result.error = infinity;
          break;
        case CUDNN_POINTWISE_MOD:
        case CUDNN_POINTWISE_FLOOR_MOD: {
          const double quotient = a.value / c.value;
          const double moved = (a.error + 8 * precision_ * std::fabs(a.value) + std::fabs(quotient) * c.error) /
                               (std::fabs(c.value) - c.error);
          const bool jumps = !(moved >= 0) || std::floor(quotient - moved) != std::floor(quotient + moved);
          if (jumps && moved != 0) result.error = infinity;
          result.error += 8 * precision_ * std::fabs(a.value);
          break;
        }
        case CUDNN_POINTWISE_SIN:
        case CUDNN_POINTWISE_COS:
          result.error += 8 * precision_ * std::fabs(a.value);
          break;
        case CUDNN_POINTWISE_POW:
          result.error += precision_ * std::fabs(result.value * c.value * 8);
          break;
        default:
          break;
      }
      return result;
    });
  }

  void multiply(const Node& node) {
    const Tensor &a = *tensor(node, Role::X), &b = *tensor(node, Role::B);
    Tensor& c = *tensor(node, Role::Y);
    const size_t rank = c.dims.size();
    fill(c, [&](const Index& index) {
      Sum sum;
      for (int64_t k = 0; k < a.dims[rank - 1]; ++k) {
        Index i = index, j = index;
        for (size_t d = 0; d + 2 < rank; ++d) {
          i[d] = index[d] * a.dims[d] / c.dims[d];
          j[d] = index[d] * b.dims[d] / c.dims[d];
        }
        i[rank - 1] = k;
        j[rank - 2] = k;
        sum.add(get(a, i), get(b, j));
      }
      return sum.number(precision_);
    });
  }

  void reduce(const Node& node) {
    const Tensor& x = *tensor(node, Role::X);
    Tensor& y = *tensor(node, Role::Y);
    std::vector<std::vector<Number>> groups(static_cast<size_t>(y.elements()));
    for (int64_t i = 0; i < x.elements(); ++i) {
      const Index index = index_of(x, i);
      int64_t target = 0;
      for (size_t d = 0; d < index.size(); ++d) target = target * y.dims[d] + (y.dims[d] == 1 ? 0 : index[d]);
      groups[static_cast<size_t>(target)].push_back(x.numbers[static_cast<size_t>(i)]);
    }
    y.numbers.clear();
    for (const auto& group : groups) y.numbers.push_back(stored(y.type, reduced(node.reduction, group)));
  }

  Number reduced(cudnnReduceTensorOp_t operation, const std::vector<Number>& group) const {
    Sum sum;
    double product = 1, high = 1, extreme = 0, error = 0;
    bool first = true;
    for (const Number& number : group) {
      sum.add(number);
      product *= number.value;
      high *= std::fabs(number.value) + number.error;
      const double value = operation == CUDNN_REDUCE_TENSOR_AMAX ? std::fabs(number.value) : number.value;
      const bool beats = operation == CUDNN_REDUCE_TENSOR_MIN ? value < extreme : value > extreme;
      if (first || beats || std::isnan(value)) extreme = std::isnan(extreme) && !first ? extreme : value;
      error = std::max(error, number.error);
      first = false;
    }
    switch (operation) {
      case CUDNN_REDUCE_TENSOR_ADD:
        return sum.number(precision_);
      case CUDNN_REDUCE_TENSOR_MUL:
        return {product, high - std::fabs(product) + precision_ * static_cast<double>(group.size() + 4) * high};
      default:
        return {extreme, error};
    }
  }

  // ---- resampling

  struct Tap {
    int64_t pixel;  // -1: a zero
    double weight;
    int64_t place;
  };

  static bool interpolates(const Node& node) {
    return node.resample == CUDNN_RESAMPLE_NEAREST || node.resample == CUDNN_RESAMPLE_BILINEAR;
  }

  static int64_t outside(const Node& node, int64_t pixel, int64_t size, bool* is_left_out) {
    *is_left_out = false;
    if (pixel >= 0 && pixel < size) return pixel;
    if (node.resample == CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING || node.padding == CUDNN_NEG_INF_PAD) {
      *is_left_out = true;
      return -1;
    }
    return node.padding == CUDNN_EDGE_VAL_PAD ? std::clamp<int64_t>(pixel, 0, size - 1) : -1;
  }

  static std::vector<Tap> taps_of(const Node& node, size_t d, int64_t size, int64_t out) {
    std::vector<Tap> taps;
    const auto add = [&](int64_t pixel, double weight, int64_t place) {
      bool is_left_out = false;
      const int64_t seen = outside(node, pixel, size, &is_left_out);
      if (!is_left_out) taps.push_back({seen, weight, place});
    };
    if (interpolates(node)) {
      // Numbers are given in halves.
      const double point = static_cast<double>(out * node.stride[d] - node.before[d]) / 2 + 0.5;
      const auto below = static_cast<int64_t>(std::floor(point));
      const double share = point - std::floor(point);
      if (node.resample == CUDNN_RESAMPLE_NEAREST) {
        taps.push_back({std::clamp<int64_t>(below, 0, size - 1), 1, 0});
      } else {
        add(below, 1 - share, 0);
        if (share != 0) add(below + 1, share, 1);
      }
      return taps;
    }
    for (int64_t k = 0; k < node.window[d]; ++k) add(out * node.stride[d] - node.before[d] + k, 1, k);
    return taps;
  }

  /// All taps of a point: pixel within an image of one channel, weight, place within the window.
  static std::vector<Tap> taps_of(const Node& node, const Tensor& large, const Index& out) {
    std::vector<Tap> taps = {{0, 1, 0}};
    for (size_t d = 2; d < large.dims.size(); ++d) {
      std::vector<Tap> longer;
      for (const Tap& tap : taps) {
        for (const Tap& next : taps_of(node, d - 2, large.dims[d], out[d])) {
          const bool inside = tap.pixel >= 0 && next.pixel >= 0;
          longer.push_back({inside ? tap.pixel * large.dims[d] + next.pixel : -1, tap.weight * next.weight,
                            tap.place * (interpolates(node) ? 2 : node.window[d - 2]) + next.place});
        }
      }
      taps = std::move(longer);
    }
    return taps;
  }

  double divisor(const Node& node, size_t taps) const {
    if (node.resample == CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING) return std::max<double>(1, static_cast<double>(taps));
    if (node.resample != CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING) return 1;
    double pixels = 1;
    for (const int64_t size : node.window) pixels *= static_cast<double>(size);
    return pixels;
  }

  static size_t pixel_of(const Tensor& large, const Index& index, int64_t pixel) {
    int64_t pixels = 1;
    for (size_t d = 2; d < large.dims.size(); ++d) pixels *= large.dims[d];
    return static_cast<size_t>((index[0] * large.dims[1] + index[1]) * pixels + pixel);
  }

  struct Maximum {
    Number number{-infinity, 0};
    int64_t place = 0, pixel = -1;
    bool is_certain = true;
  };

  static Maximum maximum(const Tensor& large, const Index& index, const std::vector<Tap>& taps) {
    Maximum best;
    bool first = true;
    for (const Tap& tap : taps) {
      const Number number = tap.pixel < 0 ? Number{} : large.numbers[pixel_of(large, index, tap.pixel)];
      if (!first && std::fabs(number.value - best.number.value) <= number.error + best.number.error &&
          number.error + best.number.error > 0) {
        best.is_certain = false;
      }
      if (!std::isfinite(number.value)) best.is_certain = false;
      if (first || number.value > best.number.value) {
        best.number.value = number.value;
        best.place = tap.place;
        best.pixel = tap.pixel;
      }
      best.number.error = std::max(best.number.error, number.error);
      first = false;
    }
    return best;
  }

  void resample(const Node& node) {
    if (node.op == Op::ResampleBackward) return resample_backward(node);
    const Tensor& x = *tensor(node, Role::X);
    Tensor& y = *tensor(node, Role::Y);
    std::vector<Sum> sums(static_cast<size_t>(y.elements()));
    std::vector<Number> index_numbers(sums.size());
    for (size_t i = 0; i < sums.size(); ++i) {
      const Index index = index_of(y, static_cast<int64_t>(i));
      const std::vector<Tap> taps = taps_of(node, x, index);
      if (node.resample == CUDNN_RESAMPLE_MAXPOOL) {
        const Maximum best = maximum(x, index, taps);
        sums[i].add(best.number);
        index_numbers[i] = {static_cast<double>(best.place), best.is_certain ? 0 : infinity};
        continue;
      }
      for (const Tap& tap : taps) {
        if (tap.pixel < 0) continue;
        sums[i].add(x.numbers[pixel_of(x, index, tap.pixel)], {tap.weight / divisor(node, taps.size()), 0});
      }
    }
    blend(node, y, sums);
    if (Tensor* places = tensor(node, Role::Index)) {
      places->numbers.clear();
      for (const Number& number : index_numbers) places->numbers.push_back(stored(places->type, number));
    }
  }

  void resample_backward(const Node& node) {
    const Tensor& dy = *tensor(node, Role::DY);
    const Tensor* places = tensor(node, Role::IndexIn);
    const Tensor* x = tensor(node, Role::ForwardX);
    Tensor& dx = *tensor(node, Role::DX);
    std::vector<Sum> sums(static_cast<size_t>(dx.elements()));
    for (int64_t i = 0; i < dy.elements(); ++i) {
      const Index index = index_of(dy, i);
      const std::vector<Tap> taps = taps_of(node, dx, index);
      const Number gradient = dy.numbers[static_cast<size_t>(i)];
      if (node.resample != CUDNN_RESAMPLE_MAXPOOL) {
        for (const Tap& tap : taps) {
          if (tap.pixel < 0) continue;
          sums[pixel_of(dx, index, tap.pixel)].add(gradient, {tap.weight / divisor(node, taps.size()), 0});
        }
        continue;
      }
      const Number place = places == nullptr ? Number{} : places->numbers[static_cast<size_t>(i)];
      Maximum best;
      if (places == nullptr) best = maximum(*x, index, taps);
      for (const Tap& tap : taps) {
        if (tap.pixel < 0) continue;
        Sum& sum = sums[pixel_of(dx, index, tap.pixel)];
        const bool certain = places == nullptr ? best.is_certain : place.error == 0;
        if (!certain) {
          sum.add({0, infinity});
        } else if (places == nullptr ? tap.pixel == best.pixel : static_cast<double>(tap.place) == place.value) {
          sum.add(gradient);
        }
      }
    }
    blend(node, dx, sums);
  }

  // ---- statistics of batch norm

  Number quotient(Number a, Number b) const {
    return apply([](double x, double y, double) { return x / y; }, a, b, {}, 4 * precision_);
  }
  Number product(Number a, Number b) const {
    Sum sum;
    sum.add(a, b);
    return sum.number(precision_);
  }
  Number sum(Number a, Number b) const {
    Sum sum;
    sum.add(a);
    sum.add(b);
    return sum.number(precision_);
  }
  Number negative(Number a) const { return {-a.value, a.error}; }
  Number inverse_root(Number a, Number epsilon) const {
    return apply([](double x, double e, double) { return 1 / std::sqrt(std::max(0.0, x) + e); }, a, epsilon, {},
                 8 * precision_);
  }

  static Number channel(const Tensor* tensor, int64_t c, Number otherwise) {
    return tensor == nullptr ? otherwise : tensor->numbers[static_cast<size_t>(tensor->numbers.size() == 1 ? 0 : c)];
  }
  static void put(Tensor* tensor, int64_t c, Number number) {
    if (tensor == nullptr) return;
    tensor->numbers.resize(static_cast<size_t>(tensor->elements()));
    tensor->numbers[static_cast<size_t>(c)] = stored(tensor->type, number);
  }

  void statistics(const Node& node) {
    const Tensor& x = *tensor(node, Role::X);
    for (int64_t c = 0; c < x.dims[1]; ++c) {
      Sum first, second;
      for (int64_t i = 0; i < x.elements(); ++i) {
        if (index_of(x, i)[1] != c) continue;
        first.add(x.numbers[static_cast<size_t>(i)]);
        second.add(x.numbers[static_cast<size_t>(i)], x.numbers[static_cast<size_t>(i)]);
      }
      put(tensor(node, Role::Sum), c, first.number(precision_));
      put(tensor(node, Role::Square), c, second.number(precision_));
    }
  }

  void finalize(const Node& node) {
    const Tensor* scale = tensor(node, Role::Scale);
    const Number epsilon = channel(tensor(node, Role::Epsilon), 0, {});
    for (int64_t c = 0; c < scale->elements(); ++c) {
      Number mean = channel(tensor(node, Role::PreviousMean), c, {});
      Number variance = channel(tensor(node, Role::PreviousVariance), c, {});
      if (!node.inference) {
        const Number count = channel(tensor(node, Role::Count), 0, {});
        const Number factor = channel(tensor(node, Role::Factor), 0, {});
        const Number rest = sum({1, 0}, negative(factor));
        const Number old_mean = mean, old_variance = variance;
        mean = quotient(channel(tensor(node, Role::SumIn), c, {}), count);
        variance = sum(quotient(channel(tensor(node, Role::SquareIn), c, {}), count), negative(product(mean, mean)));
        variance = {std::max(0.0, variance.value), variance.error};
        const double unbiased = count.value > 1 ? count.value / (count.value - 1) : 1;
        put(tensor(node, Role::RunningMean), c, sum(product(mean, factor), product(old_mean, rest)));
        put(tensor(node, Role::RunningVariance), c,
            sum(product(product(variance, {unbiased, 0}), factor), product(old_variance, rest)));
      }
      const Number inverse = inverse_root(variance, epsilon);
      const Number equivalent = product(channel(scale, c, {}), inverse);
      put(tensor(node, Role::MeanOut), c, mean);
      put(tensor(node, Role::InverseOut), c, inverse);
      put(tensor(node, Role::EquivalentScale), c, equivalent);
      put(tensor(node, Role::EquivalentBias), c,
          sum(channel(tensor(node, Role::Bias), c, {}), negative(product(mean, equivalent))));
    }
  }

  void backward_weights(const Node& node) {
    const Tensor &x = *tensor(node, Role::X), &dy = *tensor(node, Role::DY);
    for (int64_t c = 0; c < x.dims[1]; ++c) {
      const Number mean = channel(tensor(node, Role::Mean), c, {}),
                   inverse = channel(tensor(node, Role::Inverse), c, {});
      Sum dbias, products;
      for (int64_t i = 0; i < x.elements(); ++i) {
        if (index_of(x, i)[1] != c) continue;
        dbias.add(dy.numbers[static_cast<size_t>(i)]);
        products.add(sum(x.numbers[static_cast<size_t>(i)], negative(mean)), dy.numbers[static_cast<size_t>(i)]);
      }
      const Number count{static_cast<double>(dbias.count), 0}, bias = dbias.number(precision_);
      const Number dscale = product(products.number(precision_), inverse);
      const Number dy_scale = product(channel(tensor(node, Role::Scale), c, {}), inverse);
      const Number x_scale = negative(quotient(product(product(dy_scale, inverse), dscale), count));
      put(tensor(node, Role::DScale), c, dscale);
      put(tensor(node, Role::DBias), c, bias);
      put(tensor(node, Role::EquivalentDyScale), c, dy_scale);
      put(tensor(node, Role::EquivalentXScale), c, x_scale);
      put(tensor(node, Role::EquivalentBias), c,
          sum(negative(quotient(product(dy_scale, bias), count)), negative(product(x_scale, mean))));
    }
  }

  // ---- norms

  /// Whether dimension d has statistics of its own.
  static bool keeps(const Node& node, const Tensor* scale, size_t d) {
    switch (node.norm) {
      case CUDNN_BATCH_NORM:
        return d == 1;
      case CUDNN_INSTANCE_NORM:
        return d < 2;
      default:
        return scale == nullptr ? d == 0 : scale->dims[d] == 1;
    }
  }

  /// The group of an element, and how many there are.
  static int64_t group_of(const Node& node, const Tensor& x, const Tensor* scale, const Index& index) {
    int64_t group = 0;
    for (size_t d = 0; d < index.size(); ++d) {
      if (keeps(node, scale, d)) group = group * x.dims[d] + index[d];
    }
    return group;
  }
  static int64_t groups_of(const Node& node, const Tensor& x, const Tensor* scale) {
    int64_t groups = 1;
    for (size_t d = 0; d < x.dims.size(); ++d) groups *= keeps(node, scale, d) ? x.dims[d] : 1;
    return groups;
  }

  void norm_forward(const Node& node) {
    const Tensor& x = *tensor(node, Role::X);
    const Tensor *scale = tensor(node, Role::Scale), *bias = tensor(node, Role::Bias);
    const Number epsilon = channel(tensor(node, Role::Epsilon), 0, {});
    const bool rms = node.norm == CUDNN_RMS_NORM;
    const int64_t groups = groups_of(node, x, scale), members = x.elements() / groups;
    std::vector<Number> means(static_cast<size_t>(groups)), inverses(means.size());
    for (int64_t g = 0; g < groups; ++g) {
      if (node.inference && node.at(Role::Inverse) >= 0) {
        means[static_cast<size_t>(g)] = channel(tensor(node, Role::Mean), g, {});
        inverses[static_cast<size_t>(g)] = channel(tensor(node, Role::Inverse), g, {});
        continue;
      }
      Sum total, squares;
      for (int64_t i = 0; i < x.elements(); ++i) {
        if (group_of(node, x, scale, index_of(x, i)) == g) total.add(x.numbers[static_cast<size_t>(i)]);
      }
      const Number count{static_cast<double>(members), 0};
      const Number mean = rms ? Number{} : quotient(total.number(precision_), count);
      for (int64_t i = 0; i < x.elements(); ++i) {
        if (group_of(node, x, scale, index_of(x, i)) != g) continue;
        const Number distance = sum(x.numbers[static_cast<size_t>(i)], negative(mean));
        squares.add(distance, distance);
      }
      const Number variance = quotient(squares.number(precision_), count);
      means[static_cast<size_t>(g)] = mean;
      inverses[static_cast<size_t>(g)] = inverse_root(variance, epsilon);
      put(tensor(node, Role::MeanOut), g, mean);
      put(tensor(node, Role::InverseOut), g, inverses[static_cast<size_t>(g)]);
      const Number factor = channel(tensor(node, Role::Factor), 0, {1, 0}), rest = sum({1, 0}, negative(factor));
      const double unbiased = count.value > 1 ? count.value / (count.value - 1) : 1;
      put(tensor(node, Role::RunningMean), g,
          sum(product(mean, factor), product(channel(tensor(node, Role::PreviousMean), g, {}), rest)));
      put(tensor(node, Role::RunningVariance), g,
          sum(product(product(variance, {unbiased, 0}), factor),
              product(channel(tensor(node, Role::PreviousVariance), g, {}), rest)));
    }
    const Tensor input = x;
    fill(tensor(node, Role::Y), [&](const Index& index) {
      const auto g = static_cast<size_t>(group_of(node, input, scale, index));
      const Number distance = sum(get(input, index), negative(means[g]));
      Number result = product(distance, inverses[g]);
      if (scale != nullptr) result = product(result, get(*scale, index));
      return bias == nullptr ? result : sum(result, get(*bias, index));
    });
  }

  void norm_backward(const Node& node) {
    const Tensor x = *tensor(node, Role::X), dy = *tensor(node, Role::DY);
    const Tensor* scale = tensor(node, Role::Scale);
    const bool rms = node.norm == CUDNN_RMS_NORM;
    const int64_t groups = groups_of(node, x, scale);
    const Number count{static_cast<double>(x.elements() / groups), 0};
    std::vector<Sum> averages(static_cast<size_t>(groups)), slopes(averages.size());
    Tensor *dscale = tensor(node, Role::DScale), *dbias = tensor(node, Role::DBias);
    std::vector<Sum> scale_sums(dscale == nullptr ? 0 : static_cast<size_t>(dscale->elements()));
    std::vector<Sum> bias_sums(dbias == nullptr ? 0 : static_cast<size_t>(dbias->elements()));
    const auto normal = [&](const Index& index) {
      const int64_t g = group_of(node, x, scale, index);
      return product(sum(get(x, index), negative(channel(tensor(node, Role::Mean), g, {}))),
                     channel(tensor(node, Role::Inverse), g, {}));
    };
    const auto place = [&](const Tensor& target, const Index& index) {
      int64_t element = 0;
      for (size_t d = 0; d < index.size(); ++d) {
        element = element * target.dims[d] + (target.dims[d] == 1 ? 0 : index[d]);
      }
      return static_cast<size_t>(element);
    };
    for (int64_t i = 0; i < x.elements(); ++i) {
      const Index index = index_of(x, i);
      const auto g = static_cast<size_t>(group_of(node, x, scale, index));
      const Number gradient = get(dy, index);
      const Number scaled = scale == nullptr ? gradient : product(gradient, get(*scale, index));
      averages[g].add(scaled);
      slopes[g].add(scaled, normal(index));
      if (dscale != nullptr) scale_sums[place(*dscale, index)].add(gradient, normal(index));
      if (dbias != nullptr) bias_sums[place(*dbias, index)].add(gradient);
    }
    fill(tensor(node, Role::DX), [&](const Index& index) {
      const int64_t g = group_of(node, x, scale, index);
      const Number gradient = get(dy, index);
      Number inner = scale == nullptr ? gradient : product(gradient, get(*scale, index));
      if (!rms) inner = sum(inner, negative(quotient(averages[static_cast<size_t>(g)].number(precision_), count)));
      const Number slope = quotient(slopes[static_cast<size_t>(g)].number(precision_), count);
      inner = sum(inner, negative(product(normal(index), slope)));
      return product(inner, channel(tensor(node, Role::Inverse), g, {}));
    });
    for (size_t i = 0; i < scale_sums.size(); ++i) {
      put(dscale, static_cast<int64_t>(i), scale_sums[i].number(precision_));
    }
    for (size_t i = 0; i < bias_sums.size(); ++i) put(dbias, static_cast<int64_t>(i), bias_sums[i].number(precision_));
  }

  void concat(const Node& node) {
    const auto axis = static_cast<size_t>(node.axis);
    fill(*tensor(node, Role::Y), [&](const Index& index) {
      Index inner = index;
      for (const int part : node.parts) {
        const Tensor& x = graph_[part];
        if (inner[axis] < x.dims[axis]) return get(x, inner);
        inner[axis] -= x.dims[axis];
      }
      return Number{};
    });
  }

  Graph& graph_;
  const double precision_;
};

}  // namespace

void evaluate(Graph& graph) { Evaluator(graph).run(); }

}  // namespace model
