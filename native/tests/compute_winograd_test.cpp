// Winograd's transformation of bf16 convolutions against plain loops in double: every result within the bound that
// compute_winograd.h states, computed here from the absolute values of the transformations' matrices. Tensors end where
// unreadable memory begins, and start behind such memory in turn. The same bits with any number of threads.
//
//   compute_winograd_test [--seed N] [--share PERCENT]
#include <omp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "engine/compute_convolution.h"
#include "engine/compute_onednn.h"
#include "tests/compute_data.h"

namespace {

using namespace compute_data;

constexpr const char* kernel = "winograd 2x2:avx512_bf16";
constexpr double bt[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
constexpr double g[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
constexpr double a[4][2] = {{1, 0}, {1, 1}, {1, -1}, {0, -1}};

/// A copy of a tensor's memory right before a page that nobody may touch, or right behind one.
class Guarded {
 public:
  Guarded(const std::vector<char>& content, bool at_end) : size_(content.size()) {
    page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    mapped_ = (size_ + page_ - 1) / page_ * page_ + 2 * page_;
    base_ = static_cast<char*>(mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) std::abort();
    data_ = at_end ? base_ + mapped_ - page_ - size_ : base_ + page_;
    std::memcpy(data_, content.data(), size_);
    mprotect(base_, page_, PROT_NONE);
    mprotect(base_ + mapped_ - page_, page_, PROT_NONE);
  }
  ~Guarded() { munmap(base_, mapped_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  char* data() { return data_; }
  void copy_to(std::vector<char>& content) const { std::memcpy(content.data(), data_, size_); }

 private:
  size_t size_, page_, mapped_;
  char* base_;
  char* data_;
};

/// A convolution's numbers in double and where they are.
struct Case {
  ConvolutionShape shape;
  Data x, w, y;

  int c() const { return x.tensor.dims[1]; }
  int k() const { return y.tensor.dims[1]; }
  int images() const { return x.tensor.dims[0]; }
  static double value(const Data& data, int n, int c, int h, int width) {
    const Tensor& t = data.tensor;
    if (h < 0 || h >= t.dims[2] || width < 0 || width >= t.dims[3]) return 0;
    return data
        .values[static_cast<size_t>(((static_cast<int64_t>(n) * t.dims[1] + c) * t.dims[2] + h) * t.dims[3] + width)];
  }
  /// The filter as a cross-correlation sees it.
  double tap(int out, int in, int r, int s) const {
    return shape.flips_filter ? value(w, out, in, 2 - r, 2 - s) : value(w, out, in, r, s);
  }
};

/// What one direction gives, in row-major order, with the largest error and the mean square of it. The bound has |.| of
/// every factor, so it holds for any numbers that rounding changes by a factor of 1 + 2^-8 before the multiplication;
/// the mean square is that of independent roundings which are evenly spread over it.
struct Expectation {
  std::vector<double> wanted, bound, square;
};

constexpr double rounding = 2 * 0x1p-8 + 0x1p-16;
constexpr double rounding_square = 0x1p-16 / 3;

/// An element of a transform, and its size were all its terms of one sign.
struct Transformed {
  double value = 0, size = 0;

  void add(double term) {
    value += term;
    size += std::fabs(term);
  }
};

/// The squares of errors by those that are expected, of all results of a direction.
struct Errors {
  double ratios = 0;
  int64_t count = 0;
};
Errors all_errors[3];

/// What a correlation of `images` (padding before them) with taps(output, input, r, s) gives, for `to` as the shape.
template <class Taps>
Expectation correlation(const Data& images, int padding_h, int padding_w, const Taps& taps, const Tensor& to) {
  Expectation result;
  const int inputs = images.tensor.dims[1];
  for (int n = 0; n < to.dims[0]; ++n) {
    for (int k = 0; k < to.dims[1]; ++k) {
      for (int h = 0; h < to.dims[2]; ++h) {
        for (int width = 0; width < to.dims[3]; ++width) {
          double sum = 0, error = 0, square = 0;
          for (int c = 0; c < inputs; ++c) {
            for (int r = 0; r < 3; ++r) {
              for (int s = 0; s < 3; ++s) {
                sum += taps(k, c, r, s) * Case::value(images, n, c, h + r - padding_h, width + s - padding_w);
              }
            }
            const int top = h / 2 * 2 - padding_h, left = width / 2 * 2 - padding_w;
            for (int i = 0; i < 4; ++i) {
              for (int j = 0; j < 4; ++j) {
                Transformed filter, window;
                for (int r = 0; r < 3; ++r) {
                  for (int s = 0; s < 3; ++s) filter.add(g[i][r] * taps(k, c, r, s) * g[j][s]);
                }
                for (int p = 0; p < 4; ++p) {
                  for (int q = 0; q < 4; ++q) {
                    window.add(bt[i][p] * Case::value(images, n, c, top + p, left + q) * bt[j][q]);
                  }
                }
                const double weight = std::fabs(a[i][h % 2] * a[j][width % 2]);
                error += weight * filter.size * window.size;
                square += weight * std::pow(filter.value * window.value, 2);
              }
            }
          }
          result.wanted.push_back(sum);
          // Beside it, sums in single precision.
          result.bound.push_back(error * (rounding + 1e-6 * std::sqrt(inputs)));
          result.square.push_back(square * 2 * rounding_square);
        }
      }
    }
  }
  return result;
}

Expectation gradient(const Case& data) {
  Expectation result;
  const Tensor& y = data.y.tensor;
  for (int k = 0; k < data.k(); ++k) {
    for (int c = 0; c < data.c(); ++c) {
      double sums[3][3] = {}, errors[4][4] = {}, squares[4][4] = {};
      for (int n = 0; n < data.images(); ++n) {
        for (int h = 0; h < y.dims[2]; h += 2) {
          for (int width = 0; width < y.dims[3]; width += 2) {
            const int top = h - data.shape.padding[0], left = width - data.shape.padding[1];
            double pixels[4][4], results[2][2];
            for (int p = 0; p < 4; ++p) {
              for (int q = 0; q < 4; ++q) pixels[p][q] = Case::value(data.x, n, c, top + p, left + q);
            }
            for (int p = 0; p < 2; ++p) {
              for (int q = 0; q < 2; ++q) {
                results[p][q] = Case::value(data.y, n, k, h + p, width + q);
                for (int r = 0; r < 3; ++r) {
                  for (int s = 0; s < 3; ++s) sums[r][s] += results[p][q] * pixels[p + r][q + s];
                }
              }
            }
            for (int i = 0; i < 4; ++i) {
              for (int j = 0; j < 4; ++j) {
                Transformed window, dy;
                for (int p = 0; p < 4; ++p) {
                  for (int q = 0; q < 4; ++q) window.add(bt[i][p] * pixels[p][q] * bt[j][q]);
                }
                for (int p = 0; p < 2; ++p) {
                  for (int q = 0; q < 2; ++q) dy.add(a[i][p] * results[p][q] * a[j][q]);
                }
                errors[i][j] += window.size * dy.size;
                squares[i][j] += std::pow(window.value * dy.value, 2);
              }
            }
          }
        }
      }
      for (int tap = 0; tap < 9; ++tap) {
        const int used = data.shape.flips_filter ? 8 - tap : tap, r = used / 3, s = used % 3;
        double error = 0, square = 0;
        for (int i = 0; i < 4; ++i) {
          for (int j = 0; j < 4; ++j) {
            const double weight = std::fabs(g[i][r] * g[j][s]);
            error += weight * errors[i][j];
            square += weight * weight * squares[i][j];
          }
        }
        result.wanted.push_back(sums[r][s]);
        result.bound.push_back(error * (rounding + 1e-6 * std::sqrt(data.images() * y.pixels())));
        result.square.push_back(square * 2 * rounding_square);
      }
    }
  }
  return result;
}

void compare(const char* what, Data& result, const Expectation& expected, double alpha, double beta,
             const std::string& context, Errors& errors) {
  for (int64_t i = 0; i < result.tensor.elements(); ++i) {
    const auto at = static_cast<size_t>(i);
    const double want = alpha * expected.wanted[at] + (beta == 0 ? 0 : beta * result.values[at]);
    const double got = result.get(i), own = result.tensor.type == ElementType::BF16 ? 0x1p-8 : 1e-6;
    // What is brought into another layout before it is added to the old result is rounded before that too.
    const double rounded = std::fabs(want) + (beta == 0 ? 0 : std::fabs(expected.wanted[at]));
    const double limit = std::fabs(alpha) * expected.bound[at] * (1 + 2 * own) + rounded * own + 1e-30;
    const bool is_narrow = result.tensor.type == ElementType::BF16;
    const double square = expected.square[at] + (is_narrow ? rounded * rounded * rounding_square : 0);
    // With other factors the direct algorithm computes.
    if (alpha == 1 && expected.square[at] > 0) errors.ratios += std::pow(got - want, 2) / square, ++errors.count;
    if (std::fabs(got - want) <= limit) continue;
    if (++failures <= 20) {
      std::printf("WRONG %s: element %ld is %.9g, not %.9g (limit %.2g); %s\n", what, static_cast<long>(i), got, want,
                  limit, context.c_str());
    }
    return;
  }
}

/// Runs a direction with several numbers of threads and compares the bits.
void run(ConvolutionDirection direction, const ConvolutionShape& shape, const Data& first, const Data& second,
         Data& result, const Expectation& expected, const std::string& context) {
  double alpha, beta;
  any_scaling(alpha, beta);
  // What is not asked for is not read.
  if (beta == 0) std::fill(result.memory.begin(), result.memory.end(), static_cast<char>(-1));
  const bool at_end = random_numbers.below(2) == 0, gives = random_numbers.below(4) != 0;
  Guarded first_memory(first.memory, at_end), second_memory(second.memory, at_end);
  std::vector<char> bits;
  const int all = omp_get_max_threads();
  for (const int threads : {5, 3, 2, 1}) {
    omp_set_num_threads(threads);
    ConvolutionPlan* plan = find_convolution_plan(direction, ConvolutionAlgorithm::Winograd, shape);
    if (plan == nullptr || std::string(convolution_kernel(*plan)) != kernel) {
      ++failures;
      std::printf("WRONG %s: no such plan; %s\n", kernel, context.c_str());
      break;
    }
    Guarded result_memory(result.memory, at_end);
    // What is in the workspace does not matter.
    const size_t workspace_bytes = gives ? convolution_workspace(*plan) : 0;
    std::vector<char> workspace(workspace_bytes + 64, static_cast<char>(-1));
    char* aligned = workspace.data() + (64 - reinterpret_cast<uintptr_t>(workspace.data()) % 64) % 64;
    run_convolution(*plan, alpha, first_memory.data(), second_memory.data(), nullptr, beta, result_memory.data(),
                    gives ? aligned : nullptr, workspace_bytes);
    std::vector<char> memory(result.memory.size());
    result_memory.copy_to(memory);
    if (bits.empty()) bits = memory;
    if (bits != memory) {
      ++failures;
      std::printf("WRONG %s: %d threads give other bits than five; %s\n", kernel, threads, context.c_str());
    }
  }
  omp_set_num_threads(all);
  if (bits.empty()) return;
  result.memory.swap(bits);
  const std::string scaling = " alpha " + std::to_string(alpha) + " beta " + std::to_string(beta);
  compare(kernel, result, expected, alpha, beta, context + scaling, all_errors[static_cast<int>(direction)]);
}

void test_case() {
  constexpr int widths[] = {1, 2, 3, 7, 8, 16, 17, 31, 32, 48, 65, 96};
  // Filters of many outputs have gradients in parts of those.
  const bool is_wide = random_numbers.below(8) == 0;
  const int images = random_numbers.below(4) == 0 ? random_numbers.between(2, 20) : random_numbers.between(1, 2);
  const int c = widths[random_numbers.below(is_wide ? 4 : 12)],
            k = is_wide ? random_numbers.between(256, 400) : widths[random_numbers.below(12)];
  Case data;
  ConvolutionShape& shape = data.shape;
  shape.flips_filter = random_numbers.below(3) == 0;
  std::vector<int> x_dims{images, c}, y_dims{images, k};
  for (int i = 0; i < 2; ++i) {
    shape.padding[i] = random_numbers.below(3);
    shape.stride[i] = shape.dilation[i] = 1;
    // Behind the image there is as much as before it, or less or more.
    const int largest = is_wide ? 4 : random_numbers.below(3) != 0 ? 6 : 13;
    const int size = random_numbers.between(std::max(1, 3 - 2 * shape.padding[i]), largest);
    const int out = size + 2 * shape.padding[i] - 2 + random_numbers.between(-1, 1);
    x_dims.push_back(size);
    y_dims.push_back(std::max(1, out));
  }
  const Layout filter_layout = any_layout();
  data.x = make(x_dims, ElementType::BF16, Layout::ChannelsLast);
  data.w = make({k, c, 3, 3}, ElementType::BF16, filter_layout);
  data.y = make(y_dims, ElementType::BF16, Layout::ChannelsLast);
  shape.x = data.x.tensor;
  shape.w = data.w.tensor;
  shape.y = data.y.tensor;
  const std::string context = "x " + describe(shape.x) + " w " + describe(shape.w) + " y " + describe(shape.y) +
                              " padding " + std::to_string(shape.padding[0]) + " " + std::to_string(shape.padding[1]) +
                              " flip " + std::to_string(shape.flips_filter);
  Data y = make(y_dims, ElementType::BF16, Layout::ChannelsLast),
       dx = make(x_dims, ElementType::BF16, Layout::ChannelsLast);
  const auto taps = [&](int out, int in, int r, int s) { return data.tap(out, in, r, s); };
  const auto turned = [&](int out, int in, int r, int s) { return data.tap(in, out, 2 - r, 2 - s); };
  run(ConvolutionDirection::Forward, shape, data.x, data.w, y,
      correlation(data.x, shape.padding[0], shape.padding[1], taps, shape.y), context);
  run(ConvolutionDirection::BackwardData, shape, data.y, data.w, dx,
      correlation(data.y, 2 - shape.padding[0], 2 - shape.padding[1], turned, shape.x), context);
  const ElementType gradient_type = random_numbers.below(2) == 0 ? ElementType::BF16 : ElementType::F32;
  Data dw = make({k, c, 3, 3}, gradient_type, filter_layout);
  shape.w = dw.tensor;
  run(ConvolutionDirection::BackwardFilter, shape, data.x, data.y, dw, gradient(data), context);
}

}  // namespace

int main(int count, char** values) {
  // The first words of the output say that nothing was tested.
  if (!onednn_multiplies_bfloat16()) {
    std::printf("skipped: this processor does not multiply bfloat16\n");
    return 0;
  }
  take_arguments(count, values);
  repeat("winograd", 80, test_case);
  for (const Errors& errors : all_errors) {
    // Roundings are smaller than their bound where numbers are not just above a power of two, so it is below a half.
    const double mean = errors.ratios / static_cast<double>(errors.count);
    std::printf("mean square of the errors, by that of the largest roundings: %.2f\n", mean);
    if (!(mean < 0.6)) ++failures;
  }
  return failures == 0 ? 0 : 1;
}
