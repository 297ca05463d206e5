// The mathematics of the CPU device against plain loops in double, over random shapes, layouts, types and scaling
// factors.
//
//   compute_test [--seed 7] [--share 10]
//
// The share is in percent of the cases. Prints one line per kind of operation and exits with 1 if any result was wrong.
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "engine/compute_convolution.h"
#include "engine/compute_dropout.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_lrn.h"
#include "engine/compute_normalization.h"
#include "engine/compute_pooling.h"
#include "engine/compute_reduction.h"
#include "engine/compute_softmax.h"
#include "tests/compute_data.h"

namespace {

using namespace compute_data;
using namespace cpu::compute;

void test_convolution() {
  const ElementType type = any_type();
  const int spatial = random_numbers.below(4) == 0 ? random_numbers.between(1, 3) : 2;
  const int groups = random_numbers.below(4) == 0 ? random_numbers.between(2, 3) : 1;
  constexpr int widths[] = {1, 2, 3, 5, 8, 16, 32, 17};
  const int group_c = widths[random_numbers.below(8)], group_k = widths[random_numbers.below(8)];
  ConvolutionShape shape;
  shape.groups = groups;
  shape.flips_filter = random_numbers.below(3) == 0;
  // Gradients of filters are summed over parts of many images, the last of which may have fewer.
  const int images = random_numbers.below(5) == 0 ? random_numbers.between(4, 37) : random_numbers.between(1, 3);
  std::vector<int> x_dims{images, group_c * groups}, w_dims{group_k * groups, group_c},
      y_dims{x_dims[0], group_k * groups};
  for (int i = 0; i < spatial; ++i) {
    const int filter = random_numbers.between(1, 4);
    shape.padding[i] = random_numbers.below(filter + 1);
    shape.stride[i] = random_numbers.between(1, 3);
    shape.dilation[i] = random_numbers.below(3) == 0 ? random_numbers.between(2, 3) : 1;
    const int reach = (filter - 1) * shape.dilation[i] + 1;
    const int size = std::max(1, reach - 2 * shape.padding[i]) + random_numbers.below(8);
    x_dims.push_back(size);
    w_dims.push_back(filter);
    y_dims.push_back((size + 2 * shape.padding[i] - reach) / shape.stride[i] + 1);
  }
  const Layout layout = any_layout();
  double alpha, beta;
  any_scaling(alpha, beta);
  const bool unread = beta == 0;
  Data x = make(x_dims, type, layout), w = make(w_dims, type, any_filter_layout()),
       dy = make(y_dims, type, random_numbers.below(2) ? layout : any_layout());
  // Results of 16-bit factors may be single precision.
  const ElementType result_type = has_16_bits(type) && random_numbers.below(3) == 0 ? ElementType::F32 : type;
  Data y = make(y_dims, result_type, layout, unread), dx = make(x_dims, result_type, layout, unread),
       dw = make(w_dims, result_type, Layout::ChannelsLast, unread);
  dw.tensor = w.tensor;
  dw.tensor.type = result_type;
  for (int64_t i = 0; i < dw.tensor.elements(); ++i) dw.put(i, dw.values[static_cast<size_t>(i)]);
  shape.x = x.tensor;
  shape.w = w.tensor;
  shape.y = dy.tensor;

  std::vector<double> want_y(y.values.size()), want_dx(x.values.size()), want_dw(w.values.size());
  auto size = [&](const std::vector<int>& dims, int i) { return i < spatial ? dims[static_cast<size_t>(2 + i)] : 1; };
  const int k_count = y_dims[1];
  for (int n = 0; n < x_dims[0]; ++n) {
    for (int k = 0; k < k_count; ++k) {
      for (int c = 0; c < group_c; ++c) {
        for (int p0 = 0; p0 < size(y_dims, 0); ++p0) {
          for (int p1 = 0; p1 < size(y_dims, 1); ++p1) {
            for (int p2 = 0; p2 < size(y_dims, 2); ++p2) {
              for (int r0 = 0; r0 < size(w_dims, 0); ++r0) {
                for (int r1 = 0; r1 < size(w_dims, 1); ++r1) {
                  for (int r2 = 0; r2 < size(w_dims, 2); ++r2) {
                    const int p[3] = {p0, p1, p2}, r[3] = {r0, r1, r2};
                    int64_t x_at = n * x_dims[1] + k / group_k * group_c + c, w_at = k * group_c + c,
                            y_at = n * k_count + k;
                    bool inside = true;
                    for (int i = 0; i < spatial; ++i) {
                      const int tap = shape.flips_filter ? size(w_dims, i) - 1 - r[i] : r[i];
                      const int h = p[i] * shape.stride[i] - shape.padding[i] + tap * shape.dilation[i];
                      inside = inside && h >= 0 && h < size(x_dims, i);
                      x_at = x_at * size(x_dims, i) + h;
                      w_at = w_at * size(w_dims, i) + r[i];
                      y_at = y_at * size(y_dims, i) + p[i];
                    }
                    if (!inside) continue;
                    const auto xi = static_cast<size_t>(x_at), wi = static_cast<size_t>(w_at),
                               yi = static_cast<size_t>(y_at);
                    want_y[yi] += x.values[xi] * w.values[wi];
                    want_dx[xi] += dy.values[yi] * w.values[wi];
                    want_dw[wi] += dy.values[yi] * x.values[xi];
                  }
                }
              }
            }
          }
        }
      }
    }
  }
  const int64_t taps = w.tensor.pixels();
  const std::string context = "x " + describe(x.tensor) + " w " + describe(w.tensor) + " y " + describe(dy.tensor) +
                              " groups " + std::to_string(groups) + " flip " + std::to_string(shape.flips_filter) +
                              " alpha " + std::to_string(alpha) + " beta " + std::to_string(beta);
  std::vector<char> workspace;
  auto run = [&](ConvolutionDirection direction, ConvolutionAlgorithm algorithm, const ConvolutionShape& used,
                 Data& first, Data& second, Data& result, const std::vector<double>& wanted, int64_t terms,
                 double looseness) {
    ConvolutionPlan* plan = find_convolution_plan(direction, algorithm, used);
    if (plan == nullptr) {
      if (algorithm == ConvolutionAlgorithm::Direct) {
        ++failures;
        std::printf("WRONG convolution: no direct plan; %s\n", context.c_str());
      }
      return;
    }
    workspace.resize(convolution_workspace(*plan) + 64);
    const bool gives = random_numbers.below(2) == 0;
    char* aligned = workspace.data() + (64 - reinterpret_cast<uintptr_t>(workspace.data()) % 64) % 64;
    const auto want = blended(alpha, wanted, beta, result);
    run_convolution(*plan, alpha, first.data(), second.data(), nullptr, beta, result.data(), gives ? aligned : nullptr,
                    gives ? workspace.size() - 64 : 0);
    expect(convolution_kernel(*plan), result, want, looseness * tolerance(result_type, terms), context);
    for (int64_t i = 0; i < result.tensor.elements(); ++i) result.put(i, result.values[static_cast<size_t>(i)]);
  };
  ConvolutionShape forward_shape = shape, data_shape = shape, filter_shape = shape;
  forward_shape.y = y.tensor;
  data_shape.x = dx.tensor;
  filter_shape.w = dw.tensor;
  for (const auto algorithm : {ConvolutionAlgorithm::Direct, ConvolutionAlgorithm::Winograd}) {
    const double looseness = algorithm == ConvolutionAlgorithm::Winograd ? 20 : 1;
    run(ConvolutionDirection::Forward, algorithm, forward_shape, x, w, y, want_y, taps * group_c, looseness);
    run(ConvolutionDirection::BackwardData, algorithm, data_shape, dy, w, dx, want_dx, taps * group_k, looseness);
    run(ConvolutionDirection::BackwardFilter, algorithm, filter_shape, x, dy, dw, want_dw,
        x_dims[0] * dy.tensor.pixels(), looseness);
  }
}

void test_normalization() {
  const ElementType type = any_type();
  const ElementType parameter_type = type == ElementType::F64 ? ElementType::F64 : ElementType::F32;
  constexpr int widths[] = {1, 3, 16, 64, 70, 1030};
  std::vector<int> dims{random_numbers.between(2, 5), widths[random_numbers.below(6)], random_numbers.between(1, 9),
                        random_numbers.between(1, 9)};
  if (random_numbers.below(3) == 0) dims.push_back(random_numbers.between(1, 3));
  Normalization normalization;
  normalization.per_activation = random_numbers.below(4) == 0;
  normalization.parameter_type = parameter_type;
  normalization.epsilon = 1e-3;
  normalization.relu = random_numbers.below(2) == 0;
  const bool adds = normalization.relu && random_numbers.below(2) == 0;
  double alpha, beta, alpha_parameter, beta_parameter;
  any_scaling(alpha, beta);
  any_scaling(alpha_parameter, beta_parameter);
  const Layout layout = any_layout();
  Data x = make(dims, type, layout), z = make(dims, type, any_layout()), dy = make(dims, type, layout),
       y = make(dims, type, layout, beta == 0), dx = make(dims, type, any_layout(), beta == 0),
       dz = make(dims, type, layout, true);
  normalization.x = x.tensor;
  const int64_t pixels = x.tensor.pixels(), per_image = dims[1] * pixels;
  const int64_t groups = normalization.per_activation ? per_image : dims[1];
  auto group_of = [&](int64_t i) { return normalization.per_activation ? i % per_image : i / pixels % dims[1]; };
  auto parameter = [&](bool unread = false) {
    return make({1, static_cast<int>(groups), 1, 1}, parameter_type, Layout::Packed, unread);
  };
  const double factor = random_numbers.below(2) ? 1 : 0.25;
  Data scale = parameter(), bias = parameter(), running_mean = parameter(factor == 1),
       running_variance = parameter(factor == 1), saved_mean = parameter(true), saved_inverse = parameter(true),
       dscale = parameter(beta_parameter == 0), dbias = parameter(beta_parameter == 0);
  const auto count = static_cast<size_t>(groups);
  std::vector<double> mean(count), variance(count), inverse(count);
  const double m = static_cast<double>(x.tensor.elements() / groups);
  const auto n = static_cast<int64_t>(x.values.size());
  auto g_at = [&](int64_t i) { return static_cast<size_t>(group_of(i)); };
  for (int64_t i = 0; i < n; ++i) mean[g_at(i)] += x.values[static_cast<size_t>(i)] / m;
  for (int64_t i = 0; i < n; ++i) {
    const double distance = x.values[static_cast<size_t>(i)] - mean[g_at(i)];
    variance[g_at(i)] += distance * distance / m;
  }
  for (size_t c = 0; c < count; ++c) inverse[c] = 1 / std::sqrt(variance[c] + normalization.epsilon);
  std::vector<double> want_y(x.values.size()), mask(x.values.size());
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<size_t>(i);
    double value = (x.values[at] - mean[g_at(i)]) * inverse[g_at(i)] * scale.values[g_at(i)] + bias.values[g_at(i)];
    if (adds) value += z.values[at];
    if (normalization.relu) value = std::max(value, 0.0);
    want_y[at] = value;
  }
  const std::string context = "x " + describe(x.tensor) + " relu " + std::to_string(normalization.relu) + " add " +
                              std::to_string(adds) + " per activation " + std::to_string(normalization.per_activation);
  const auto want_blend = blended(alpha, want_y, beta, y);
  normalization_training(
      normalization, alpha, x.data(), beta, y.tensor, y.data(), z.tensor, adds ? z.data() : nullptr, scale.data(),
      bias.data(), {running_mean.data(), running_variance.data(), saved_mean.data(), saved_inverse.data(), factor});
  const double limit = tolerance(type, 16), narrow = tolerance(parameter_type, 1);
  expect("training y", y, want_blend, limit, context);
  expect("saved mean", saved_mean, mean, narrow, context);
  expect("saved inverse deviation", saved_inverse, inverse, 4 * narrow, context);
  auto running = [&](const Data& old, const std::vector<double>& value, double correction) {
    std::vector<double> want(count);
    for (size_t c = 0; c < count; ++c) {
      want[c] = factor * value[c] * correction + (factor == 1 ? 0 : (1 - factor) * old.values[c]);
    }
    return want;
  };
  expect("running mean", running_mean, running(running_mean, mean, 1), narrow, context);
  expect("running variance", running_variance, running(running_variance, variance, m > 1 ? m / (m - 1) : 1), 4 * narrow,
         context);

  // The mask comes from a y that is not blended.
  Data forward_y = make(dims, type, layout);
  for (int64_t i = 0; i < n; ++i) forward_y.put(i, want_y[static_cast<size_t>(i)]);
  std::vector<double> want_dz(x.values.size()), want_dx(x.values.size()), want_dscale(count), want_dbias(count);
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<size_t>(i);
    const double g = !normalization.relu || forward_y.get(i) > 0 ? dy.values[at] : 0;
    want_dz[at] = g;
    want_dbias[g_at(i)] += g;
    want_dscale[g_at(i)] += g * (x.values[at] - mean[g_at(i)]) * inverse[g_at(i)];
  }
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<size_t>(i);
    const size_t c = g_at(i);
    const double xhat = (x.values[at] - mean[c]) * inverse[c];
    want_dx[at] = scale.values[c] * inverse[c] * (want_dz[at] - want_dbias[c] / m - xhat * want_dscale[c] / m);
  }
  const auto want_dx_blend = blended(alpha, want_dx, beta, dx);
  const auto want_dscale_blend = blended(alpha_parameter, want_dscale, beta_parameter, dscale);
  const auto want_dbias_blend = blended(alpha_parameter, want_dbias, beta_parameter, dbias);
  const bool saved = random_numbers.below(2) == 0;
  normalization_backward(normalization, alpha, beta, alpha_parameter, beta_parameter, x.data(),
                         {dy.tensor, dy.data(), forward_y.tensor, forward_y.data(), dx.tensor, dx.data(), dz.tensor,
                          adds ? dz.data() : nullptr},
                         scale.data(), dscale.data(), dbias.data(), saved ? saved_mean.data() : nullptr,
                         saved ? saved_inverse.data() : nullptr);
  expect("dx", dx, want_dx_blend, 40 * limit, context);
  expect("dscale", dscale, want_dscale_blend, 10 * tolerance(parameter_type, static_cast<int64_t>(m)), context);
  expect("dbias", dbias, want_dbias_blend, tolerance(parameter_type, static_cast<int64_t>(m)), context);
  if (adds) expect("dz", dz, want_dz, limit, context);

  // Inference with the batch's statistics is the same function.
  Data given_mean = parameter(), given_variance = parameter(), inferred = make(dims, type, layout, true);
  for (size_t c = 0; c < count; ++c) {
    given_mean.put(static_cast<int64_t>(c), mean[c]);
    given_variance.put(static_cast<int64_t>(c), variance[c]);
  }
  normalization_inference(normalization, 1, x.data(), 0, inferred.tensor, inferred.data(), z.tensor,
                          adds ? z.data() : nullptr, scale.data(), bias.data(), given_mean.data(),
                          given_variance.data());
  expect("inference y", inferred, want_y, 2 * limit, context);

  Data db = make({1, dims[1], 1, 1}, type, Layout::Packed, beta == 0);
  std::vector<double> want_db(static_cast<size_t>(dims[1]));
  for (int64_t i = 0; i < n; ++i)
    want_db[static_cast<size_t>(i / pixels % dims[1])] += dy.values[static_cast<size_t>(i)];
  const auto want_db_blend = blended(alpha, want_db, beta, db);
  bias_gradient(alpha, dy.tensor, dy.data(), beta, db.tensor, db.data());
  expect("bias gradient", db, want_db_blend, tolerance(type, 1), context);
}

/// Calls body(pixel, is inside) for every place of window `position`, in row order; `pixel` counts within the plane.
template <class Body>
void for_window(const PoolingShape& shape, int spatial, int64_t position, const Body& body) {
  int64_t at[3] = {};
  for (int i = spatial - 1; i >= 0; --i) {
    at[i] = position % shape.y.dims[2 + i] * shape.stride[i] - shape.padding[i];
    position /= shape.y.dims[2 + i];
  }
  int64_t places = 1;
  for (int i = 0; i < spatial; ++i) places *= shape.window[i];
  for (int64_t place = 0; place < places; ++place) {
    int64_t rest = place, pixel = 0, offset[3] = {};
    for (int i = spatial - 1; i >= 0; --i) {
      offset[i] = rest % shape.window[i];
      rest /= shape.window[i];
    }
    bool inside = true;
    for (int i = 0; i < spatial; ++i) {
      const int64_t h = at[i] + offset[i];
      inside = inside && h >= 0 && h < shape.x.dims[2 + i];
      pixel = pixel * shape.x.dims[2 + i] + h;
    }
    body(pixel, inside);
  }
}

void test_pooling() {
  const ElementType type = any_type();
  PoolingShape shape;
  shape.mode = static_cast<PoolingMode>(random_numbers.below(3));
  constexpr int widths[] = {1, 3, 16, 64, 600};
  const int spatial = random_numbers.below(3) == 0 ? random_numbers.between(1, 3) : 2;
  std::vector<int> x_dims{random_numbers.between(1, 3), widths[random_numbers.below(spatial == 3 ? 3 : 5)]},
      y_dims = x_dims;
  double window_pixels = 1;
  for (int i = 0; i < spatial; ++i) {
    shape.window[i] = random_numbers.between(1, 4);
    shape.padding[i] = random_numbers.below(shape.window[i]);
    shape.stride[i] = random_numbers.between(1, 3);
    const int size = std::max(1, shape.window[i] - 2 * shape.padding[i]) + random_numbers.below(8);
    x_dims.push_back(size);
    y_dims.push_back((size + 2 * shape.padding[i] - shape.window[i]) / shape.stride[i] + 1);
    window_pixels *= shape.window[i];
  }
  double alpha, beta;
  any_scaling(alpha, beta);
  const Layout layout = any_layout();
  // As a network has them, or one that differs.
  const Layout gradient_layout = random_numbers.below(2) ? layout : any_layout();
  Data x = make(x_dims, type, layout), y = make(y_dims, type, layout, beta == 0),
       dy = make(y_dims, type, gradient_layout), dx = make(x_dims, type, gradient_layout, beta == 0);
  if (random_numbers.below(2) == 0) {
    // Whole numbers make ties.
    for (int64_t i = 0; i < x.tensor.elements(); ++i) {
      x.put(i, std::floor(3 * random_numbers.unit()));
      x.values[static_cast<size_t>(i)] = x.get(i);
    }
  }
  shape.x = x.tensor;
  shape.y = y.tensor;
  std::vector<double> want_y(y.values.size()), want_dx(x.values.size());
  const int64_t inputs = x.tensor.pixels(), outputs = y.tensor.pixels();
  for (int64_t i = 0; i < y.tensor.elements(); ++i) {
    const int64_t plane = i / outputs * inputs;
    double best = -std::numeric_limits<double>::infinity(), sum = 0;
    int64_t best_at = -1, count = 0;
    for_window(shape, spatial, i % outputs, [&](int64_t pixel, bool inside) {
      if (!inside) return;
      const double value = x.values[static_cast<size_t>(plane + pixel)];
      if (value > best) best = value, best_at = plane + pixel;
      sum += value;
      ++count;
    });
    const double divisor = shape.mode == PoolingMode::AverageIncludePadding
                               ? window_pixels
                               : static_cast<double>(std::max<int64_t>(count, 1));
    const auto yi = static_cast<size_t>(i);
    want_y[yi] = shape.mode == PoolingMode::Max ? best : sum / divisor;
    if (shape.mode == PoolingMode::Max) {
      if (best_at >= 0) want_dx[static_cast<size_t>(best_at)] += dy.values[yi];
      continue;
    }
    for_window(shape, spatial, i % outputs, [&](int64_t pixel, bool inside) {
      if (inside) want_dx[static_cast<size_t>(plane + pixel)] += dy.values[yi] / divisor;
    });
  }
  const std::string context =
      "x " + describe(x.tensor) + " y " + describe(y.tensor) + " mode " + std::to_string(static_cast<int>(shape.mode));
  const auto want_blend = blended(alpha, want_y, beta, y), want_dx_blend = blended(alpha, want_dx, beta, dx);
  pooling_forward(shape, alpha, x.data(), beta, y.data());
  bool finite = true;
  for (double value : want_y) finite = finite && std::isfinite(value);
  if (finite) expect("pooling", y, want_blend, tolerance(type, 4), context);
  for (int64_t i = 0; i < y.tensor.elements(); ++i) y.put(i, want_y[static_cast<size_t>(i)]);
  pooling_backward(shape, alpha, y.data(), dy.tensor, dy.data(), x.data(), beta, dx.tensor, dx.data());
  expect("pooling gradient", dx, want_dx_blend, tolerance(type, 4), context);
}

void test_elementwise() {
  const ElementType type = any_type();
  const std::vector<int> dims = any_dims(2, 8, 8000);
  std::vector<int> small = dims;
  for (int& dim : small) {
    if (random_numbers.below(2) == 0) dim = 1;
  }
  double alpha, beta;
  any_scaling(alpha, beta);
  Data a = make(dims, type, any_layout()), b = make(small, type, any_layout()),
       c = make(dims, type, any_layout(), beta == 0);
  auto repeated = [&](int64_t i) {
    int64_t at = 0, scale = 1;
    for (size_t d = dims.size(); d-- > 0;) {
      at += small[d] == 1 ? 0 : i % dims[d] * scale;
      i /= dims[d];
      scale *= small[d];
    }
    return static_cast<size_t>(at);
  };
  const std::string context = "a " + describe(a.tensor) + " b " + describe(b.tensor) + " c " + describe(c.tensor);
  std::vector<double> want(a.values.size());
  const Binary operation = static_cast<Binary>(random_numbers.below(4));
  for (size_t i = 0; i < want.size(); ++i) {
    const double p = 0.5 * a.values[i], q = -2 * b.values[repeated(static_cast<int64_t>(i))];
    want[i] = operation == Binary::Add   ? p + q
              : operation == Binary::Mul ? p * q
              : operation == Binary::Min ? std::min(p, q)
                                         : std::max(p, q);
  }
  auto want_c = blended(1, want, beta, c);
  tensor_operation(operation, false, 0.5, a.tensor, a.data(), -2, b.tensor, b.data(), beta, c.tensor, c.data());
  expect("tensor operation", c, want_c, tolerance(type, 1), context);

  Data sum = make(dims, type, any_layout(), beta == 0);
  for (size_t i = 0; i < want.size(); ++i) want[i] = b.values[repeated(static_cast<int64_t>(i))];
  const auto want_sum = blended(alpha, want, beta, sum);
  blend_tensor(alpha, b.tensor, b.data(), beta, sum.tensor, sum.data());
  expect("add", sum, want_sum, tolerance(type, 1), context);

  ActivationParameters activation;
  activation.mode = static_cast<Activation>(random_numbers.below(7));
  activation.coefficient = 0.6;
  Data y = make(dims, type, any_layout(), beta == 0), dx = make(dims, type, any_layout(), beta == 0),
       dy = make(dims, type, any_layout());
  auto function = [&](double v) {
    const double k = activation.coefficient;
    switch (activation.mode) {
      case Activation::Sigmoid:
        return 1 / (1 + std::exp(-v));
      case Activation::Relu:
        return std::max(v, 0.0);
      case Activation::Tanh:
        return std::tanh(v);
      case Activation::ClippedRelu:
        return std::min(std::max(v, 0.0), k);
      case Activation::Elu:
        return v > 0 ? v : k * std::expm1(v);
      case Activation::Identity:
        return v;
      default:
        return v / (1 + std::exp(-k * v));
    }
  };
  Data plain = make(dims, type, any_layout());
  std::vector<double> gradient(want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    want[i] = function(a.values[i]);
    plain.put(static_cast<int64_t>(i), want[i]);
    const double h = 1e-5, v = a.values[i];
    const bool kink = std::fabs(v) < 2 * h || std::fabs(v - activation.coefficient) < 2 * h;
    const double slope = kink ? 0 : (function(v + h) - function(v - h)) / (2 * h);
    gradient[i] = slope * dy.values[i];
    if (kink) dy.put(static_cast<int64_t>(i), 0);
  }
  const auto want_y = blended(alpha, want, beta, y), want_dx = blended(alpha, gradient, beta, dx);
  activation_forward(activation, alpha, a.tensor, a.data(), beta, y.tensor, y.data());
  expect("activation", y, want_y, tolerance(type, 1), context);
  activation_backward(activation, alpha, plain.tensor, plain.data(), dy.tensor, dy.data(), a.tensor, a.data(), beta,
                      dx.tensor, dx.data());
  expect("activation gradient", dx, want_dx, std::max(1e-8, tolerance(type, 1)), context);

  // In place the result takes the place of x, and then stands for x and y; dx takes that of dy.
  // Swish and the ceiling of ClippedRelu cannot be told from y.
  if (activation.mode == Activation::Swish || activation.mode == Activation::ClippedRelu) return;
  Data in_place = make(dims, type, any_layout());
  for (size_t i = 0; i < want.size(); ++i) in_place.put(static_cast<int64_t>(i), a.values[i]);
  activation_forward(activation, 1, in_place.tensor, in_place.data(), 0, in_place.tensor, in_place.data());
  expect("activation in place", in_place, want, tolerance(type, 1), context);
  activation_backward(activation, 1, in_place.tensor, in_place.data(), dy.tensor, dy.data(), in_place.tensor,
                      in_place.data(), 0, dy.tensor, dy.data());
  expect("activation gradient in place", dy, gradient, std::max(1e-8, 2 * tolerance(type, 1)), context);
}

void test_softmax() {
  const ElementType type = any_type();
  const std::vector<int> dims = any_dims(3, 6, 3000);
  const bool logarithm = random_numbers.below(2) == 0, instance = random_numbers.below(2) == 0;
  double alpha, beta;
  any_scaling(alpha, beta);
  Data x = make(dims, type, any_layout()), y = make(dims, type, any_layout(), beta == 0),
       dy = make(dims, type, any_layout()), dx = make(dims, type, any_layout(), beta == 0);
  const int64_t pixels = x.tensor.pixels(), per_image = dims[1] * pixels;
  const int64_t groups = instance ? dims[0] : dims[0] * pixels;
  auto group = [&](size_t i) {
    const auto e = static_cast<int64_t>(i);
    return static_cast<size_t>(instance ? e / per_image : e / per_image * pixels + e % pixels);
  };
  std::vector<double> sum(static_cast<size_t>(groups)), product(sum.size()), want(x.values.size()),
      gradient(want.size());
  for (size_t i = 0; i < want.size(); ++i) sum[group(i)] += std::exp(x.values[i]);
  Data plain = make(dims, type, any_layout());
  for (size_t i = 0; i < want.size(); ++i) {
    want[i] = logarithm ? x.values[i] - std::log(sum[group(i)]) : std::exp(x.values[i]) / sum[group(i)];
    plain.put(static_cast<int64_t>(i), want[i]);
    plain.values[i] = plain.get(static_cast<int64_t>(i));
    product[group(i)] += logarithm ? dy.values[i] : dy.values[i] * plain.values[i];
  }
  for (size_t i = 0; i < want.size(); ++i) {
    gradient[i] = logarithm ? dy.values[i] - std::exp(plain.values[i]) * product[group(i)]
                            : plain.values[i] * (dy.values[i] - product[group(i)]);
  }
  const std::string context = "x " + describe(x.tensor) + " log " + std::to_string(logarithm);
  const auto want_y = blended(alpha, want, beta, y), want_dx = blended(alpha, gradient, beta, dx);
  softmax_forward(logarithm, instance, alpha, x.tensor, x.data(), beta, y.tensor, y.data());
  expect("softmax", y, want_y, tolerance(type, 4), context);
  softmax_backward(logarithm, instance, alpha, plain.tensor, plain.data(), dy.tensor, dy.data(), beta, dx.tensor,
                   dx.data());
  expect("softmax gradient", dx, want_dx, tolerance(type, 4), context);
  softmax_forward(logarithm, instance, 1, x.tensor, x.data(), 0, x.tensor, x.data());
  expect("softmax in place", x, want, tolerance(type, 4), context);
  softmax_backward(logarithm, instance, 1, plain.tensor, plain.data(), dy.tensor, dy.data(), 0, dy.tensor, dy.data());
  expect("softmax gradient in place", dy, gradient, tolerance(type, 4), context);
}

void test_reduction() {
  const ElementType type = any_type();
  std::vector<int> dims = any_dims(2, 8, 8000);
  if (random_numbers.below(8) == 0) dims = {5, 33, 31, 29};
  std::vector<int> small = dims;
  for (int& dim : small) {
    if (random_numbers.below(2) == 0) dim = 1;
  }
  double alpha, beta;
  any_scaling(alpha, beta);
  const Reduction operation = static_cast<Reduction>(random_numbers.below(9));
  Data a = make(dims, type, any_layout()), c = make(small, type, any_layout(), beta == 0);
  const auto results = static_cast<size_t>(c.tensor.elements());
  const double terms = static_cast<double>(a.tensor.elements()) / static_cast<double>(results);
  struct State {
    double value;
    uint32_t index, seen;
  };
  std::vector<State> states(results, State{0, 0, 0});
  for (size_t i = 0; i < a.values.size(); ++i) {
    size_t rest = i, at = 0, scale = 1;
    for (size_t d = dims.size(); d-- > 0;) {
      at += (small[d] == 1 ? 0 : rest % static_cast<size_t>(dims[d])) * scale;
      scale *= static_cast<size_t>(small[d]);
      rest /= static_cast<size_t>(dims[d]);
    }
    State& state = states[at];
    const double value = a.values[i];
    const bool first = state.seen == 0;
    auto extreme = [&](double v, bool smaller) {
      if (first || (smaller ? v < state.value : v > state.value)) state.value = v, state.index = state.seen;
    };
    switch (operation) {
      case Reduction::Add:
      case Reduction::Average:
        state.value += value;
        break;
      case Reduction::Mul:
      case Reduction::MulNoZeros:
        state.value = (first ? 1 : state.value) * value;
        break;
      case Reduction::Min:
        extreme(value, true);
        break;
      case Reduction::Max:
        extreme(value, false);
        break;
      case Reduction::AbsoluteMax:
        extreme(std::fabs(value), false);
        break;
      case Reduction::Norm1:
        state.value += std::fabs(value);
        break;
      case Reduction::Norm2:
        state.value += value * value;
        break;
    }
    ++state.seen;
  }
  std::vector<double> want(results);
  for (size_t i = 0; i < results; ++i) {
    want[i] = operation == Reduction::Average ? states[i].value / terms
              : operation == Reduction::Norm2 ? std::sqrt(states[i].value)
                                              : states[i].value;
  }
  std::vector<uint32_t> indices(results);
  const auto want_c = blended(alpha, want, beta, c);
  const std::string context = "a " + describe(a.tensor) + " c " + describe(c.tensor) + " operation " +
                              std::to_string(static_cast<int>(operation));
  reduce_tensor(operation, true, alpha, a.tensor, a.data(), beta, c.tensor, c.data(), indices.data());
  expect("reduction", c, want_c, tolerance(type, 1), context);
  if (operation != Reduction::Min && operation != Reduction::Max && operation != Reduction::AbsoluteMax) return;
  for (size_t i = 0; i < results; ++i) {
    if (indices[i] == states[i].index) continue;
    if (++failures <= 20) std::printf("WRONG index %u, not %u; %s\n", indices[i], states[i].index, context.c_str());
    return;
  }
}

void test_lrn() {
  const ElementType type = any_type();
  std::vector<int> dims{random_numbers.between(1, 3), random_numbers.between(1, 20), random_numbers.between(1, 4),
                        random_numbers.between(1, 4)};
  if (random_numbers.below(3) == 0) dims.push_back(random_numbers.between(1, 3));
  const LocalResponse lrn{random_numbers.between(1, 6), 0.5, 0.75, 1.5};
  double alpha, beta;
  any_scaling(alpha, beta);
  Data x = make(dims, type, any_layout()), y = make(dims, type, any_layout(), beta == 0),
       dy = make(dims, type, any_layout()), dx = make(dims, type, any_layout(), beta == 0);
  const int64_t pixels = x.tensor.pixels(), channels = dims[1];
  auto forward = [&](const std::vector<double>& in) {
    std::vector<double> out(in.size());
    for (size_t i = 0; i < in.size(); ++i) {
      const auto e = static_cast<int64_t>(i);
      const int64_t c = e / pixels % channels;
      double sum = 0;
      for (int64_t other = c - (lrn.n - 1) / 2; other < c - (lrn.n - 1) / 2 + lrn.n; ++other) {
        if (other < 0 || other >= channels) continue;
        const double value = in[static_cast<size_t>(e + (other - c) * pixels)];
        sum += value * value;
      }
      out[i] = in[i] * std::pow(lrn.k + lrn.alpha / lrn.n * sum, -lrn.beta);
    }
    return out;
  };
  const std::vector<double> want = forward(x.values);
  Data plain = make(dims, type, any_layout());
  for (size_t i = 0; i < want.size(); ++i) plain.put(static_cast<int64_t>(i), want[i]);
  const std::string context = "x " + describe(x.tensor) + " n " + std::to_string(lrn.n);
  const auto want_y = blended(alpha, want, beta, y);
  lrn_forward(lrn, alpha, x.tensor, x.data(), beta, y.tensor, y.data());
  expect("local response", y, want_y, tolerance(type, 1), context);
  // The gradient by differences.
  std::vector<double> gradient(want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const double h = 1e-5;
    std::vector<double> up = x.values, down = x.values;
    up[i] += h;
    down[i] -= h;
    const auto high = forward(up), low = forward(down);
    for (size_t j = 0; j < want.size(); ++j) gradient[i] += dy.values[j] * (high[j] - low[j]) / (2 * h);
  }
  const auto want_dx = blended(alpha, gradient, beta, dx);
  lrn_backward(lrn, alpha, plain.tensor, plain.data(), dy.tensor, dy.data(), x.tensor, x.data(), beta, dx.tensor,
               dx.data());
  expect("local response gradient", dx, want_dx, std::max(1e-8, tolerance(type, 1)), context);
}

void test_dropout() {
  const std::vector<int> dims{4, 33, 9, 7};
  const double probability = 0.25 * random_numbers.below(5);
  Data x = make(dims, ElementType::F32, any_layout()), y = make(dims, ElementType::F32, any_layout(), true),
       dx = make(dims, ElementType::F32, any_layout(), true);
  std::vector<uint32_t> mask(static_cast<size_t>(x.tensor.elements() + 31) / 32);
  DropoutState state{random_numbers.next(), 0};
  dropout_forward(probability, state, x.tensor, x.data(), y.tensor, y.data(), mask.data());
  dropout_backward(probability, x.tensor, x.data(), dx.tensor, dx.data(), mask.data());
  std::vector<double> want(x.values.size());
  double kept = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const bool keep = (mask[i / 32] >> (i % 32) & 1) != 0;
    kept += keep;
    want[i] = keep ? x.values[i] / (1 - probability) : 0;
  }
  expect("dropout", y, want, 1e-6, "");
  expect("dropout gradient", dx, want, 1e-6, "");
  const double n = static_cast<double>(want.size()), expected = n * (1 - probability);
  // Six standard deviations.
  if (std::fabs(kept - expected) > 6 * std::sqrt(n * probability * (1 - probability))) {
    ++failures;
    std::printf("WRONG dropout: %.0f of %.0f elements kept with probability %.2f\n", kept, n, 1 - probability);
  }
}

}  // namespace

int main(int argc, char** argv) {
  take_arguments(argc, argv);
  repeat("convolution", 300, test_convolution);
  repeat("normalisation", 150, test_normalization);
  repeat("pooling", 200, test_pooling);
  repeat("element-wise", 300, test_elementwise);
  repeat("softmax", 200, test_softmax);
  repeat("reduction", 300, test_reduction);
  repeat("local response", 60, test_lrn);
  repeat("dropout", 20, test_dropout);
  return failures == 0 ? 0 : 1;
}
