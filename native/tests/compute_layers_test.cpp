// As compute_test, for what convolutions of blocks, matrices of windows, divisive normalisation, samplers and 8-bit
// integers need.
//
//   compute_layers_test [--seed 7] [--share 10]
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/compute_convolution.h"
#include "engine/compute_divisive.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_fold.h"
#include "engine/compute_lowering.h"
#include "engine/compute_sampler.h"
#include "tests/compute_data.h"

namespace {

using namespace compute_data;
using namespace cpu::compute;

/// The indices of an element counted in row-major order.
std::vector<int64_t> indices(int64_t element, const std::vector<int>& dims) {
  std::vector<int64_t> result(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    result[i] = element % dims[i];
    element /= dims[i];
  }
  return result;
}

/// The element at the indices; below 0 where one lies outside.
int64_t element_at(const std::vector<int64_t>& index, const std::vector<int>& dims) {
  int64_t element = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (index[i] < 0 || index[i] >= dims[i]) return -1;
    element = element * dims[i] + index[i];
  }
  return element;
}

int64_t product(const std::vector<int>& dims, size_t from = 0) {
  int64_t result = 1;
  for (size_t i = from; i < dims.size(); ++i) result *= dims[i];
  return result;
}

void test_fold() {
  const ElementType type = any_type();
  std::vector<int> dims = any_dims(3, 5, 1500);
  const size_t rank = dims.size();
  Folding folding;
  std::vector<int> padded(rank), folded(rank);
  int64_t pixels = 1;
  for (size_t i = 0; i < rank; ++i) {
    // What is cut off leaves something over.
    folding.before[i] = random_numbers.between(dims[i] > 2 ? -1 : 0, 2);
    folding.after[i] = random_numbers.between(dims[i] > 2 ? -1 : 0, 2);
    padded[i] = dims[i] + folding.before[i] + folding.after[i];
    if (i < 2) continue;
    folding.blocks[i - 2] = random_numbers.below(3) == 0 ? 1 : random_numbers.between(1, 3);
    pixels *= folding.blocks[i - 2];
  }
  const int kept_channels = dims[1] + std::min(folding.before[1], 0) + std::min(folding.after[1], 0);
  folded = padded;
  folded[1] = static_cast<int>(padded[1] * pixels);
  for (size_t i = 2; i < rank; ++i) folded[i] = (padded[i] + folding.blocks[i - 2] - 1) / folding.blocks[i - 2];
  double alpha, beta;
  any_scaling(alpha, beta);
  Data x = make(dims, type, any_layout()), y = make(folded, type, any_layout(), beta == 0);
  std::vector<double> want(y.values.size());
  for (size_t i = 0; i < want.size(); ++i) {
    std::vector<int64_t> at = indices(static_cast<int64_t>(i), folded);
    // The channels of the pixels of a block lie behind one another; what pads them lies around them all.
    const int64_t channel = at[1] - std::max(folding.before[1], 0);
    int64_t pixel = channel < 0 ? 0 : channel / kept_channels;
    at[1] = channel < 0 || pixel >= pixels ? -1 : channel % kept_channels - std::min(folding.before[1], 0);
    for (size_t d = rank; d-- > 2;) {
      at[d] = at[d] * folding.blocks[d - 2] + pixel % folding.blocks[d - 2];
      // What is cut off does not come back where a block is filled up.
      if (at[d] >= padded[d]) at[1] = -1;
      pixel /= folding.blocks[d - 2];
    }
    for (size_t d = 0; d < rank; ++d) {
      if (d != 1) at[d] -= folding.before[d];
    }
    const int64_t source = element_at(at, dims);
    want[i] = source < 0 ? 0 : x.values[static_cast<size_t>(source)];
  }
  std::string context = "x " + describe(x.tensor) + " y " + describe(y.tensor) + " padding";
  for (size_t i = 0; i < rank; ++i) {
    context += " " + std::to_string(folding.before[i]) + "+" + std::to_string(folding.after[i]);
    if (i >= 2) context += "/" + std::to_string(folding.blocks[i - 2]);
  }
  const auto want_y = blended(alpha, want, beta, y);
  fold_tensor(folding, alpha, x.tensor, x.data(), beta, y.tensor, y.data());
  expect("fold", y, want_y, tolerance(type, 1), context);

  // Unfolding cuts off what folding added and brings back what it did not cut off.
  Folding back = folding;
  back.unfolds = true;
  for (size_t i = 0; i < rank; ++i) {
    back.before[i] = -folding.before[i];
    back.after[i] = -folding.after[i];
    if (i >= 2) back.after[i] -= folded[i] * folding.blocks[i - 2] - padded[i];
  }
  Data folded_x = make(folded, type, any_layout()), restored = make(dims, type, any_layout(), beta == 0);
  for (size_t i = 0; i < want.size(); ++i) folded_x.put(static_cast<int64_t>(i), want[i]);
  std::vector<double> want_restored(restored.values.size());
  for (size_t i = 0; i < want_restored.size(); ++i) {
    const std::vector<int64_t> at = indices(static_cast<int64_t>(i), dims);
    bool kept = true;
    int64_t pixel = 0;
    for (size_t d = 0; d < rank; ++d) {
      if (d == 1) continue;
      const int64_t place = at[d] + folding.before[d];
      kept = kept && place >= 0 && place < padded[d];
      if (d >= 2) pixel = pixel * folding.blocks[d - 2] + place % folding.blocks[d - 2];
    }
    const int64_t channel = at[1] + std::min(folding.before[1], 0);
    kept = kept && channel >= 0 && channel < kept_channels &&
           std::max(folding.before[1], 0) + pixel * kept_channels + channel < folded[1];
    want_restored[i] = kept ? x.values[i] : 0;
  }
  const auto want_back = blended(alpha, want_restored, beta, restored);
  fold_tensor(back, alpha, folded_x.tensor, folded_x.data(), beta, restored.tensor, restored.data());
  expect("unfold", restored, want_back, tolerance(type, 1), context);
}

/// A convolution with random taps; the dimensions are x, w, y.
ConvolutionShape any_convolution(int spatial, int channels, int filters, std::vector<int>& x_dims,
                                 std::vector<int>& w_dims, std::vector<int>& y_dims) {
  ConvolutionShape shape;
  x_dims = {random_numbers.between(1, 3), channels};
  w_dims = {filters, channels};
  y_dims = {x_dims[0], filters};
  for (int i = 0; i < spatial; ++i) {
    const int filter = random_numbers.between(1, 3);
    shape.padding[i] = random_numbers.below(filter + 1);
    shape.stride[i] = random_numbers.between(1, 3);
    shape.dilation[i] = random_numbers.between(1, 2);
    const int reach = (filter - 1) * shape.dilation[i] + 1;
    const int size = std::max(1, reach - 2 * shape.padding[i]) + random_numbers.below(6);
    x_dims.push_back(size);
    w_dims.push_back(filter);
    y_dims.push_back((size + 2 * shape.padding[i] - reach) / shape.stride[i] + 1);
  }
  return shape;
}

/// The element of x under tap `tap` of the window at `position`; below 0 in the padding.
int64_t under_tap(const ConvolutionShape& shape, const std::vector<int>& x_dims, const std::vector<int>& w_dims,
                  const std::vector<int>& y_dims, int64_t n, int64_t channel, int64_t tap, int64_t position) {
  std::vector<int64_t> at{n, channel};
  at.resize(x_dims.size());
  for (size_t i = x_dims.size(); i-- > 2;) {
    int64_t offset = tap % w_dims[i];
    if (shape.flips_filter) offset = w_dims[i] - 1 - offset;
    at[i] = position % y_dims[i] * shape.stride[i - 2] - shape.padding[i - 2] + offset * shape.dilation[i - 2];
    tap /= w_dims[i];
    position /= y_dims[i];
  }
  return element_at(at, x_dims);
}

void test_lowering() {
  const ElementType type = any_type();
  std::vector<int> x_dims, w_dims, y_dims;
  ConvolutionShape shape =
      any_convolution(random_numbers.between(1, 4), random_numbers.between(1, 4), 1, x_dims, w_dims, y_dims);
  shape.flips_filter = random_numbers.below(2) == 0;
  Data x = make(x_dims, type, any_layout());
  const int64_t taps = product(w_dims, 2), positions = product(y_dims, 2), samples = x_dims[0];
  Data matrix =
      make({static_cast<int>(x_dims[1] * taps), static_cast<int>(samples * positions)}, type, Layout::Packed, true);
  std::vector<double> want(matrix.values.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const auto e = static_cast<int64_t>(i);
    const int64_t row = e / (samples * positions), column = e % (samples * positions);
    const int64_t source =
        under_tap(shape, x_dims, w_dims, y_dims, column / positions, row / taps, row % taps, column % positions);
    want[i] = source < 0 ? 0 : x.values[static_cast<size_t>(source)];
  }
  shape.x = x.tensor;
  shape.w = make(w_dims, type, Layout::Packed).tensor;
  shape.y = make(y_dims, type, Layout::Packed).tensor;
  lower_convolution(shape, x.data(), matrix.data());
  expect("lowering", matrix, want, 0, "x " + describe(x.tensor) + " w " + describe(shape.w));
}

void test_bytes() {
  std::vector<int> x_dims, w_dims, y_dims;
  const int channels = 4 * random_numbers.between(1, 40), filters = random_numbers.between(1, 9);
  ConvolutionShape shape = any_convolution(2, channels, filters, x_dims, w_dims, y_dims);
  for (int& dilation : shape.dilation) dilation = 1;
  for (size_t i = 2; i < 4; ++i) {
    // Without dilation there is room for more windows.
    y_dims[i] = (x_dims[i] + 2 * shape.padding[i - 2] - w_dims[i]) / shape.stride[i - 2] + 1;
  }
  const ElementType type = random_numbers.below(3) == 0 ? ElementType::U8 : ElementType::I8;
  Data x = make(x_dims, type, any_layout()), w = make(w_dims, ElementType::I8, any_filter_layout());
  const ElementType result_type = random_numbers.below(2) == 0 ? ElementType::F32 : ElementType::I8;
  double alpha, beta;
  any_scaling(alpha, beta);
  Data y = make(y_dims, result_type, any_layout());
  const auto fill = [](Data& data, int low, int high) {
    for (int64_t i = 0; i < data.tensor.elements(); ++i) {
      data.values[static_cast<size_t>(i)] = random_numbers.between(low, high);
      data.put(i, data.values[static_cast<size_t>(i)]);
    }
  };
  fill(x, type == ElementType::U8 ? 0 : -128, type == ElementType::U8 ? 255 : 127);
  fill(w, -128, 127);
  fill(y, -128, 127);
  const int64_t taps = product(w_dims, 2), positions = product(y_dims, 2);
  std::vector<double> sums(y.values.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const auto e = static_cast<int64_t>(i);
    const int64_t n = e / positions / filters, k = e / positions % filters;
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int64_t source = under_tap(shape, x_dims, w_dims, y_dims, n, c, tap, e % positions);
        if (source >= 0)
          sums[i] +=
              x.values[static_cast<size_t>(source)] * w.values[static_cast<size_t>((k * channels + c) * taps + tap)];
      }
    }
  }
  // Small enough that not every result of 8 bits saturates.
  if (result_type == ElementType::I8) alpha /= 4096;
  shape.x = x.tensor;
  shape.w = w.tensor;
  shape.y = y.tensor;
  const std::string context = "x " + describe(x.tensor) + " w " + describe(w.tensor) + " y " + describe(y.tensor);
  ConvolutionPlan* plan = find_convolution_plan(ConvolutionDirection::Forward, ConvolutionAlgorithm::Direct, shape);
  if (plan == nullptr) {
    ++failures;
    std::printf("WRONG convolution of bytes: no plan; %s\n", context.c_str());
    return;
  }
  std::vector<double> want = blended(alpha, sums, beta, y);
  if (result_type == ElementType::I8) {
    for (double& value : want) value = std::min(127.0, std::max(-128.0, std::nearbyint(value)));
  }
  run_convolution(*plan, alpha, x.data(), w.data(), nullptr, beta, y.data(), nullptr, 0);
  // Sums are exact; they are scaled and blended as floats.
  expect("convolution of bytes", y, want, result_type == ElementType::F32 ? 2e-7 : 0, context);
}

void test_divisive() {
  const ElementType type = any_type();
  std::vector<int> dims{random_numbers.between(1, 3), random_numbers.between(1, 4), random_numbers.between(1, 6),
                        random_numbers.between(1, 6)};
  if (random_numbers.below(3) == 0) dims.push_back(random_numbers.between(1, 4));
  const size_t rank = dims.size();
  const LocalResponse window{random_numbers.between(1, 5), 0.8, 0.75, 1.5};
  double alpha, beta;
  any_scaling(alpha, beta);
  const Layout layout = any_layout();
  Data x = make(dims, type, layout);
  const auto alike = [&](bool unread) {
    Data result = make(dims, type, Layout::Packed, unread);
    const std::vector<double> values = result.values;
    result.tensor = x.tensor;
    result.memory.assign(x.memory.size(), 0);
    for (size_t i = 0; i < values.size(); ++i) result.put(static_cast<int64_t>(i), values[i]);
    return result;
  };
  Data means = alike(false), dy = alike(false), y = alike(beta == 0), dx = alike(beta == 0), dmeans = alike(beta == 0);
  const bool has_means = random_numbers.below(4) != 0;
  const double share = window.alpha / std::pow(window.n, static_cast<double>(rank - 2));
  auto forward = [&](const std::vector<double>& in, const std::vector<double>& mean) {
    std::vector<double> out(in.size());
    for (size_t i = 0; i < in.size(); ++i) {
      const std::vector<int64_t> center = indices(static_cast<int64_t>(i), dims);
      double sum = 0;
      const auto places = static_cast<int64_t>(std::pow(window.n, static_cast<double>(rank - 2)) + 0.5);
      for (int64_t place = 0; place < places; ++place) {
        std::vector<int64_t> at = center;
        int64_t rest = place;
        for (size_t d = rank; d-- > 2;) {
          at[d] += rest % window.n - (window.n - 1) / 2;
          rest /= window.n;
        }
        const int64_t other = element_at(at, dims);
        if (other < 0) continue;
        const double distance = in[static_cast<size_t>(other)] - (has_means ? mean[i] : 0);
        sum += distance * distance;
      }
      out[i] = in[i] * std::pow(window.k + share * sum, -window.beta);
    }
    return out;
  };
  const std::string context = "x " + describe(x.tensor) + " n " + std::to_string(window.n);
  const auto want_y = blended(alpha, forward(x.values, means.values), beta, y);
  divisive_forward(window, alpha, x.tensor, x.data(), has_means ? means.data() : nullptr, beta, y.tensor, y.data());
  expect("divisive", y, want_y, tolerance(type, 1), context);
  // The gradients by differences.
  std::vector<double> by_x(x.values.size()), by_mean(x.values.size());
  for (size_t i = 0; i < by_x.size(); ++i) {
    const double h = 1e-5;
    const auto slope = [&](bool of_mean) {
      std::vector<double> up = of_mean ? means.values : x.values, down = up;
      up[i] += h;
      down[i] -= h;
      const auto high = of_mean ? forward(x.values, up) : forward(up, means.values),
                 low = of_mean ? forward(x.values, down) : forward(down, means.values);
      double sum = 0;
      for (size_t j = 0; j < high.size(); ++j) sum += dy.values[j] * (high[j] - low[j]) / (2 * h);
      return sum;
    };
    by_x[i] = slope(false);
    by_mean[i] = has_means ? slope(true) : 0;
  }
  const auto want_dx = blended(alpha, by_x, beta, dx), want_dmeans = blended(alpha, by_mean, beta, dmeans);
  divisive_backward(window, alpha, x.tensor, x.data(), has_means ? means.data() : nullptr, dy.data(), beta, dx.tensor,
                    dx.data(), has_means ? dmeans.data() : nullptr);
  const double limit = std::max(1e-7, 2 * tolerance(type, 1));
  expect("divisive gradient", dx, want_dx, limit, context);
  if (has_means) expect("divisive gradient of the means", dmeans, want_dmeans, limit, context);
}

void test_sampler() {
  const ElementType type = any_type();
  const int samples = random_numbers.between(1, 3), channels = random_numbers.between(1, 5);
  const std::vector<int> x_dims{samples, channels, random_numbers.between(1, 6), random_numbers.between(1, 6)},
      y_dims{samples, channels, random_numbers.between(1, 6), random_numbers.between(1, 6)},
      grid_dims{samples, y_dims[2], y_dims[3], 2};
  double alpha, beta, grid_alpha, grid_beta;
  any_scaling(alpha, beta);
  any_scaling(grid_alpha, grid_beta);
  Data x = make(x_dims, type, any_layout()), y = make(y_dims, type, any_layout(), beta == 0),
       dy = make(y_dims, type, any_layout()), dx = make(x_dims, type, any_layout(), beta == 0),
       grid = make(grid_dims, type, Layout::Packed), dgrid = make(grid_dims, type, Layout::Packed, grid_beta == 0),
       theta = make({samples, 2, 3}, type, Layout::Packed), dtheta = make({samples, 2, 3}, type, Layout::Packed, true);
  const std::string context = "x " + describe(x.tensor) + " y " + describe(y.tensor);

  const auto place = [](int64_t index, int count) {
    return count == 1 ? 0 : 2.0 * static_cast<double>(index) / (count - 1) - 1;
  };
  std::vector<double> want_grid(grid.values.size()), want_dtheta(theta.values.size());
  for (size_t i = 0; i < want_grid.size(); ++i) {
    const auto at = indices(static_cast<int64_t>(i), grid_dims);
    const double position[3] = {place(at[2], y_dims[3]), place(at[1], y_dims[2]), 1};
    for (int64_t j = 0; j < 3; ++j) {
      const auto t = static_cast<size_t>(at[0] * 6 + at[3] * 3 + j);
      want_grid[i] += theta.values[t] * position[j];
      want_dtheta[t] += grid.values[i] * position[j];
    }
  }
  // The grid's values stand for its gradient here.
  affine_grid_gradient(y.tensor, grid.data(), dtheta.data());
  expect("gradient of the maps", dtheta, want_dtheta, tolerance(type, 36), context);
  Data made = make(grid_dims, type, Layout::Packed, true);
  affine_grid(y.tensor, theta.data(), made.data());
  expect("grid", made, want_grid, tolerance(type, 3), context);

  // Some positions lie beyond the input.
  for (int64_t i = 0; i < grid.tensor.elements(); ++i) {
    grid.put(i, 1.5 * random_numbers.unit());
    grid.values[static_cast<size_t>(i)] = grid.get(i);
  }
  auto sample = [&](const std::vector<double>& in, int64_t n, int64_t c, double gx, double gy) {
    const double w = (gx + 1) / 2 * (x_dims[3] - 1), h = (gy + 1) / 2 * (x_dims[2] - 1);
    double sum = 0;
    for (int64_t row = 0; row < x_dims[2]; ++row) {
      for (int64_t column = 0; column < x_dims[3]; ++column) {
        const double weight = std::max(0.0, 1 - std::fabs(h - static_cast<double>(row))) *
                              std::max(0.0, 1 - std::fabs(w - static_cast<double>(column)));
        sum += weight * in[static_cast<size_t>(((n * channels + c) * x_dims[2] + row) * x_dims[3] + column)];
      }
    }
    return sum;
  };
  std::vector<double> want(y.values.size()), by_x(x.values.size()), by_grid(grid.values.size());
  const double h = 1e-6;
  for (size_t i = 0; i < want.size(); ++i) {
    const auto at = indices(static_cast<int64_t>(i), y_dims);
    const auto g = static_cast<size_t>(((at[0] * y_dims[2] + at[2]) * y_dims[3] + at[3]) * 2);
    const double gx = grid.values[g], gy = grid.values[g + 1];
    want[i] = sample(x.values, at[0], at[1], gx, gy);
    by_grid[g] += dy.values[i] *
                  (sample(x.values, at[0], at[1], gx + h, gy) - sample(x.values, at[0], at[1], gx - h, gy)) / (2 * h);
    by_grid[g + 1] += dy.values[i] *
                      (sample(x.values, at[0], at[1], gx, gy + h) - sample(x.values, at[0], at[1], gx, gy - h)) /
                      (2 * h);
  }
  // Sampling is linear in x, so its gradient is sampling unit vectors.
  for (size_t j = 0; j < by_x.size(); ++j) {
    std::vector<double> unit(x.values.size());
    unit[j] = 1;
    const auto from = indices(static_cast<int64_t>(j), x_dims);
    for (int64_t pixel = 0; pixel < y.tensor.pixels(); ++pixel) {
      const auto g = static_cast<size_t>((from[0] * y.tensor.pixels() + pixel) * 2);
      by_x[j] += dy.values[static_cast<size_t>((from[0] * channels + from[1]) * y.tensor.pixels() + pixel)] *
                 sample(unit, from[0], from[1], grid.values[g], grid.values[g + 1]);
    }
  }
  const auto want_y = blended(alpha, want, beta, y), want_dx = blended(alpha, by_x, beta, dx),
             want_dgrid = blended(grid_alpha, by_grid, grid_beta, dgrid);
  sampler_forward(alpha, x.tensor, x.data(), grid.data(), beta, y.tensor, y.data());
  expect("sampler", y, want_y, tolerance(type, 4), context);
  sampler_backward(alpha, x.tensor, x.data(), beta, dx.tensor, dx.data(), grid_alpha, dy.tensor, dy.data(), grid.data(),
                   grid_beta, dgrid.data());
  expect("sampler gradient", dx, want_dx, tolerance(type, 36), context);
  // A narrow type's positions fall on pixels, where there is no slope but one from each side.
  if (type == ElementType::F32 || type == ElementType::F64) {
    expect("sampler gradient of the grid", dgrid, want_dgrid, std::max(1e-6, tolerance(type, 36)), context);
  }
}

}  // namespace

int main(int argc, char** argv) {
  take_arguments(argc, argv);
  repeat("folding", 300, test_fold);
  repeat("lowering", 200, test_lowering);
  repeat("bytes", 200, test_bytes);
  repeat("divisive", 60, test_divisive);
  repeat("sampler", 100, test_sampler);
  return failures == 0 ? 0 : 1;
}
