// Random tensors and their values in double, for the tests that compare the mathematics with plain loops.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "engine/compute_tensor.h"
#include "engine/compute_vector.h"
#include "tests/command_line.h"

namespace compute_data {

using namespace cpu::compute;

struct Random {
  uint64_t state;
  uint32_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state >> 33);
  }
  int below(int n) { return static_cast<int>(next() % static_cast<uint32_t>(n)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  double unit() { return static_cast<double>(next()) / (1u << 30) - 1; }
};

inline Random random_numbers{1};

/// A tensor with its memory, and its values in double in row-major order.
struct Data {
  Tensor tensor;
  std::vector<char> memory;
  std::vector<double> values;

  int64_t offset(int64_t element) const {
    int64_t result = 0;
    for (int i = tensor.rank - 1; i >= 0; --i) {
      result += element % tensor.dims[i] * tensor.strides[i];
      element /= tensor.dims[i];
    }
    return result;
  }
  void* data() { return memory.data(); }

  double get(int64_t element) const {
    double value;
    vector_kernels<double>().load(tensor.type, at(memory.data(), tensor.type, offset(element)), 1, 1, &value);
    return value;
  }
  void put(int64_t element, double value) {
    vector_kernels<double>().store(tensor.type, &value, at(memory.data(), tensor.type, offset(element)), 1, 1);
  }
};

/// Scattered: the dimensions in any order, with gaps, the innermost included.
enum class Layout { Packed, ChannelsLast, Gaps, Scattered };

/// 2 to 8 dimensions of up to `largest` elements in all.
inline std::vector<int> any_dims(int lowest_rank, int highest_rank, int64_t largest) {
  std::vector<int> dims(static_cast<size_t>(random_numbers.between(lowest_rank, highest_rank)));
  int64_t elements = 1;
  for (int& dim : dims) {
    const auto most = static_cast<int>(std::min<int64_t>(40, largest / elements));
    dim = random_numbers.between(1, random_numbers.below(2) == 0 ? std::min(most, 4) : most);
    elements *= dim;
  }
  return dims;
}

inline Data make(const std::vector<int>& dims, ElementType type, Layout layout, bool is_prior_unread = false) {
  Data result;
  Tensor& tensor = result.tensor;
  tensor.rank = static_cast<int>(dims.size());
  for (int i = 0; i < tensor.rank; ++i) tensor.dims[i] = dims[static_cast<size_t>(i)];
  tensor = layout == Layout::ChannelsLast ? channels_last(tensor, type) : packed(tensor, type);
  if (layout == Layout::Gaps) {
    int stride = 1;
    for (int i = tensor.rank - 1; i >= 0; --i) {
      tensor.strides[i] = stride;
      stride = stride * tensor.dims[i] + random_numbers.below(3);
    }
  }
  if (layout == Layout::Scattered) {
    int order[max_rank];
    for (int i = 0; i < tensor.rank; ++i) order[i] = i;
    for (int i = tensor.rank - 1; i > 0; --i) std::swap(order[i], order[random_numbers.below(i + 1)]);
    int stride = random_numbers.between(1, 2);
    for (int i = 0; i < tensor.rank; ++i) {
      tensor.strides[order[i]] = stride;
      stride = stride * tensor.dims[order[i]] + random_numbers.below(3);
    }
  }
  int64_t last = 0;
  for (int i = 0; i < tensor.rank; ++i) last += static_cast<int64_t>(tensor.dims[i] - 1) * tensor.strides[i];
  result.memory.assign(static_cast<size_t>(last + 1) * element_size(type), 0);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    result.put(i, is_prior_unread ? std::numeric_limits<double>::quiet_NaN() : random_numbers.unit());
    result.values.push_back(result.get(i));
  }
  return result;
}

inline Layout any_layout() { return static_cast<Layout>(random_numbers.below(4)); }
/// Filters have no gaps.
inline Layout any_filter_layout() { return static_cast<Layout>(random_numbers.below(2)); }
inline ElementType any_type() {
  constexpr ElementType types[] = {ElementType::F32, ElementType::F32, ElementType::F64, ElementType::F16,
                                   ElementType::BF16};
  return types[random_numbers.below(5)];
}
/// 1 / 0, 1 / 1 or any pair.
inline void any_scaling(double& alpha, double& beta) {
  const int kind = random_numbers.below(3);
  alpha = kind == 2 ? 0.75 : 1;
  beta = kind == 0 ? 0 : kind == 1 ? 1 : -0.5;
}

inline int failures = 0;

/// The largest error allowed: rounding of the type, and of a float sum of `terms` terms of about 1.
inline double tolerance(ElementType type, int64_t terms) {
  const double sum = std::sqrt(static_cast<double>(terms)) + 1;
  switch (type) {
    case ElementType::F64:
      return 1e-13 * sum;
    case ElementType::F16:
      return 1e-3 * sum;
    case ElementType::BF16:
      return 8e-3 * sum;
    default:
      return 1e-6 * sum;
  }
}

inline void expect(const char* what, const Data& got, const std::vector<double>& wanted, double limit,
                   const std::string& context) {
  for (int64_t i = 0; i < got.tensor.elements(); ++i) {
    const double value = got.get(i), want = wanted[static_cast<size_t>(i)];
    if (std::fabs(value - want) <= limit * std::max(1.0, std::fabs(want))) continue;
    // Beyond the largest half.
    if (got.tensor.type == ElementType::F16 && std::fabs(want) > 65504 && std::isinf(value)) continue;
    if (++failures <= 20) {
      std::printf("WRONG %s: element %ld is %.9g, not %.9g (limit %.2g); %s\n", what, static_cast<long>(i), value, want,
                  limit, context.c_str());
    }
    return;
  }
}

inline std::vector<double> blended(double alpha, const std::vector<double>& result, double beta, const Data& prior) {
  std::vector<double> blend(result.size());
  for (size_t i = 0; i < result.size(); ++i) blend[i] = alpha * result[i] + (beta == 0 ? 0 : beta * prior.values[i]);
  return blend;
}

inline std::string describe(const Tensor& tensor) {
  std::string text = "type " + std::to_string(static_cast<int>(tensor.type)) + " [";
  for (int i = 0; i < tensor.rank; ++i) {
    text += std::to_string(tensor.dims[i]) + "(" + std::to_string(tensor.strides[i]) + ") ";
  }
  return text + "]";
}

/// Percent of the cases that are run.
inline long share = 100;

/// Takes the seed and the share from the command line and prints them.
inline void take_arguments(int count, char** values) {
  const long seed = argument(count, values, "--seed", 1);
  share = argument(count, values, "--share", 100);
  random_numbers.state = static_cast<uint64_t>(seed);
  std::printf("seed %ld, %ld %% of the cases\n", seed, share);
}

inline void repeat(const char* name, int all, void (*test)()) {
  const int before = failures;
  const int times = std::max(1, static_cast<int>(all * share / 100));
  for (int i = 0; i < times; ++i) test();
  std::printf("%-16s %4d random cases, %d wrong results\n", name, times, failures - before);
}

}  // namespace compute_data
