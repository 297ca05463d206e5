#include "engine/compute_winograd.h"

#include <omp.h>

#include <algorithm>

#include "engine/compute_onednn.h"

namespace cpu::compute {

#if defined(__x86_64__)
extern const WinogradKernels winograd_avx512_bf16;
#endif

namespace {

/// The loops for the processor this runs on; null where it has none.
const WinogradKernels* winograd_kernels() {
#if defined(__x86_64__)
  static const WinogradKernels* const kernels = [] {
    __builtin_cpu_init();
    const bool has_all = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512bf16") && onednn_multiplies_bfloat16();
    return has_all ? &winograd_avx512_bf16 : nullptr;
  }();
  return kernels;
#else
  return nullptr;
#endif
}

int64_t divided(int64_t number, int64_t by) { return (number + by - 1) / by; }
int64_t rounded_up(int64_t number, int64_t to) { return divided(number, to) * to; }

size_t aligned(int64_t bytes) { return static_cast<size_t>(rounded_up(bytes, 4096)); }

/// Elements from one point of a packed tensor to the next: points must not be a power of two apart, where they would
/// compete for the same lines of the cache.
int64_t spread(int64_t elements) { return elements + 32; }

/// Floats between the sums of one tile and those of the next.
constexpr int64_t sum_stride = winograd_points * winograd_block + winograd_lanes;

/// What a thread works on at a time stays in its core's own cache.
constexpr int64_t cached_bytes = 640 << 10;

bool is_narrow_image(const Tensor& tensor) {
  return tensor.rank == 4 && tensor.type == ElementType::BF16 && tensor.is_channels_last();
}

WinogradImages images_of(const Tensor& tensor, const int* padding, const WinogradImages& tiles) {
  return {tensor.dims[2], tensor.dims[3], tensor.dims[1], padding[0], padding[1], tiles.rows, tiles.columns};
}

}  // namespace

std::unique_ptr<WinogradPlan> WinogradPlan::make(ConvolutionDirection direction, const ConvolutionShape& shape) {
  const bool is_filter = direction == ConvolutionDirection::BackwardFilter;
  const bool has_filter_type = shape.w.type == ElementType::BF16 || (is_filter && shape.w.type == ElementType::F32);
  if (!is_narrow_image(shape.x) || !is_narrow_image(shape.y) || !has_filter_type || shape.groups != 1) return nullptr;
  for (int i = 0; i < 2; ++i) {
    if (shape.w.dims[2 + i] != 3 || shape.stride[i] != 1 || shape.dilation[i] != 1) return nullptr;
    if (shape.padding[i] < 0 || shape.padding[i] > 2) return nullptr;
  }
  if (shape.x.elements() == 0 || shape.y.elements() == 0 || winograd_kernels() == nullptr) return nullptr;
  return std::unique_ptr<WinogradPlan>(new WinogradPlan(direction, shape));
}

WinogradPlan::WinogradPlan(ConvolutionDirection direction, const ConvolutionShape& shape) : direction_(direction) {
  const bool is_data = direction == ConvolutionDirection::BackwardData;
  const Tensor& from = is_data ? shape.y : shape.x;
  const Tensor& to = is_data ? shape.x : shape.y;
  const Tensor& w = shape.w;
  const WinogradImages tiles{0, 0, 0, 0, 0, (to.dims[2] + 1) / 2, (to.dims[3] + 1) / 2};
  constexpr int none[2] = {};
  // The gradient of the data is the convolution of dy with the filter turned around.
  const int padding[2] = {is_data ? 2 - shape.padding[0] : shape.padding[0],
                          is_data ? 2 - shape.padding[1] : shape.padding[1]};
  input_ = images_of(from, padding, tiles);
  output_ = images_of(to, none, tiles);
  tiles_ = static_cast<int64_t>(to.dims[0]) * tiles.rows * tiles.columns;
  filter_ = {w.dims[0], w.dims[1], w.strides[0], w.strides[1], w.strides[2], w.strides[3]};
  if (is_data) {
    std::swap(filter_.outputs, filter_.inputs);
    std::swap(filter_.output_stride, filter_.input_stride);
  }
  if (is_data != shape.flips_filter) {
    filter_offset_ = 2 * (filter_.row_stride + filter_.column_stride);
    filter_.row_stride = -filter_.row_stride;
    filter_.column_stride = -filter_.column_stride;
  }
  is_narrow_gradient_ = w.type == ElementType::BF16;
  threads_ = omp_get_max_threads();
  if (direction == ConvolutionDirection::BackwardFilter) {
    plan_gradient();
  } else {
    plan_correlation();
  }
}

void WinogradPlan::plan_correlation() {
  const int64_t inputs = rounded_up(filter_.inputs, winograd_lanes),
                outputs = rounded_up(filter_.outputs, winograd_block);
  const auto tile_bytes =
      static_cast<int64_t>(winograd_points * inputs * sizeof(uint16_t) + sum_stride * sizeof(float));
  block_tiles_ = std::min(divided(tiles_, threads_), std::max<int64_t>(cached_bytes / tile_bytes, 28));
  window_stride_ = spread(block_tiles_ * inputs);
  shared_bytes_ = aligned(static_cast<int64_t>(winograd_points * inputs * outputs * sizeof(uint16_t)));
  window_bytes_ = aligned(static_cast<int64_t>(winograd_points * window_stride_ * sizeof(uint16_t)));
  own_bytes_ = window_bytes_ + aligned(static_cast<int64_t>(block_tiles_ * sum_stride * sizeof(float)));
  workspace_ = shared_bytes_ + own_bytes_ * static_cast<size_t>(threads_);
}

void WinogradPlan::correlate(const uint16_t* images, const uint16_t* filter, const WinogradScaling& scaling,
                             uint16_t* result, char* workspace) const {
  const WinogradKernels& kernels = *winograd_kernels();
  const int64_t inputs = rounded_up(filter_.inputs, winograd_lanes),
                output_blocks = divided(filter_.outputs, winograd_block);
  const int64_t point_elements = inputs * winograd_block, block_elements = winograd_points * point_elements;
  auto* packed_filter = reinterpret_cast<uint16_t*>(workspace);
  const int threads = std::min(threads_, omp_get_max_threads());
  // As many blocks as give every thread the same.
  const int64_t blocks = rounded_up(divided(tiles_, block_tiles_), threads), block_tiles = divided(tiles_, blocks);
#pragma omp parallel num_threads(threads)
  {
    char* own = workspace + shared_bytes_ + own_bytes_ * static_cast<size_t>(omp_get_thread_num());
    auto* windows = reinterpret_cast<uint16_t*>(own);
    auto* sums = reinterpret_cast<float*>(own + window_bytes_);
#pragma omp for schedule(dynamic, 1)
    for (int64_t block = 0; block < output_blocks; ++block) {
      kernels.transform_filter(filter_, filter, block, packed_filter + block * block_elements);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t first = 0; first < tiles_; first += block_tiles) {
      const int64_t tiles = std::min(block_tiles, tiles_ - first);
      kernels.transform_windows(input_, images, first, tiles, window_stride_, windows);
      for (int64_t block = 0; block < output_blocks; ++block) {
        const uint16_t* points = packed_filter + block * block_elements;
        for (int point = 0; point < winograd_points; ++point) {
          kernels.multiply(windows + point * window_stride_, points + point * point_elements, inputs / winograd_lanes,
                           tiles, sum_stride, sums + point * winograd_block);
        }
        kernels.transform_sums(output_, sums, sum_stride, first, tiles, block * winograd_block, scaling, result);
      }
    }
  }
}

void WinogradPlan::plan_gradient() {
  const int64_t inputs = rounded_up(filter_.inputs, winograd_block),
                outputs = rounded_up(filter_.outputs, winograd_lanes);
  // Parts of the outputs keep the sums of one part in the cache, though each transforms all windows; parts of the tiles
  // have sums of their own. Neither depends on the number of threads.
  constexpr int64_t parts = 8, least_outputs = 128, least_tiles = 64, most_sums = 16 << 20;
  const auto sum_bytes = static_cast<int64_t>(winograd_points * inputs * outputs * sizeof(float));
  tile_parts_ = std::clamp<int64_t>(std::min(most_sums / sum_bytes, tiles_ / least_tiles), 1, parts);
  output_parts_ = std::clamp<int64_t>(outputs / least_outputs, 1, parts / tile_parts_);
  tile_parts_ = divided(tiles_, divided(tiles_, tile_parts_));
  const int64_t part_outputs = rounded_up(divided(outputs, output_parts_), winograd_lanes);
  output_parts_ = divided(outputs, part_outputs);
  const auto tile_bytes = static_cast<int64_t>(winograd_points * (inputs + part_outputs) * sizeof(uint16_t));
  block_tiles_ =
      rounded_up(std::min(divided(tiles_, tile_parts_), std::clamp<int64_t>(cached_bytes / tile_bytes, 64, 256)), 2);
  window_stride_ = spread(block_tiles_ * inputs);
  result_stride_ = spread(block_tiles_ * part_outputs);
  shared_bytes_ = aligned(sum_bytes) * static_cast<size_t>(tile_parts_);
  window_bytes_ = aligned(static_cast<int64_t>(winograd_points * window_stride_ * sizeof(uint16_t)));
  own_bytes_ = window_bytes_ + aligned(static_cast<int64_t>(winograd_points * result_stride_ * sizeof(uint16_t)));
  workspace_ = shared_bytes_ + own_bytes_ * static_cast<size_t>(threads_);
}

void WinogradPlan::run_gradient(const uint16_t* images, const uint16_t* results, const WinogradScaling& scaling,
                                void* filter, char* workspace) const {
  const WinogradKernels& kernels = *winograd_kernels();
  const int64_t inputs = rounded_up(filter_.inputs, winograd_block),
                outputs = rounded_up(filter_.outputs, winograd_lanes);
  const int64_t point_sums = outputs * inputs;
  const auto part_sums =
      static_cast<int64_t>(aligned(static_cast<int64_t>(winograd_points * point_sums * sizeof(float))) / sizeof(float));
  const int64_t part_outputs = rounded_up(divided(outputs, output_parts_), winograd_lanes);
  const int64_t part_tiles = divided(tiles_, tile_parts_);
  auto* all_sums = reinterpret_cast<float*>(workspace);
  const int threads = std::min(threads_, omp_get_max_threads());
#pragma omp parallel num_threads(threads)
  {
    char* own = workspace + shared_bytes_ + own_bytes_ * static_cast<size_t>(omp_get_thread_num());
    auto* windows = reinterpret_cast<uint16_t*>(own);
    auto* packed_results = reinterpret_cast<uint16_t*>(own + window_bytes_);
#pragma omp for schedule(dynamic, 1)
    for (int64_t part = 0; part < tile_parts_ * output_parts_; ++part) {
      const int64_t first_output = part % output_parts_ * part_outputs, start = part / output_parts_ * part_tiles;
      const int64_t count = std::min<int64_t>(part_outputs, filter_.outputs - first_output);
      float* sums = all_sums + part / output_parts_ * part_sums + first_output * winograd_block;
      const int64_t end = std::min(tiles_, start + part_tiles);
      for (int64_t first = start; first < end; first += block_tiles_) {
        const int64_t tiles = std::min(block_tiles_, end - first), pairs = divided(tiles, 2);
        kernels.pair_windows(input_, images, first, tiles, window_stride_, windows);
        kernels.pair_results(output_, results, first, tiles, first_output, count, result_stride_, packed_results);
        for (int point = 0; point < winograd_points; ++point) {
          for (int64_t input = 0; input < inputs; input += winograd_block) {
            kernels.multiply_pairs(packed_results + point * result_stride_,
                                   windows + point * window_stride_ + input * pairs * 2, pairs, count, first == start,
                                   sums + point * point_sums + input * outputs);
          }
        }
      }
    }
#pragma omp for collapse(2) schedule(static)
    for (int64_t input = 0; input < inputs; input += winograd_block) {
      for (int64_t output = 0; output < filter_.outputs; output += winograd_lanes) {
        const int64_t count = std::min<int64_t>(winograd_lanes, filter_.outputs - output);
        const int64_t offset = filter_offset_ + output * filter_.output_stride + input * filter_.input_stride;
        kernels.transform_gradient(filter_, all_sums + input * outputs + output * winograd_block, point_sums,
                                   tile_parts_, part_sums, input, count, scaling, is_narrow_gradient_,
                                   at(filter, is_narrow_gradient_ ? ElementType::BF16 : ElementType::F32, offset));
      }
    }
  }
}

void WinogradPlan::run(double alpha, const void* first, const void* second, double beta, void* result,
                       void* workspace) const {
  const WinogradScaling scaling{static_cast<float>(alpha), static_cast<float>(beta)};
  const auto* images = static_cast<const uint16_t*>(first);
  const auto* other = static_cast<const uint16_t*>(second);
  auto* memory = static_cast<char*>(workspace);
  if (direction_ == ConvolutionDirection::BackwardFilter) {
    run_gradient(images, other, scaling, result, memory);
  } else {
    correlate(images, other + filter_offset_, scaling, static_cast<uint16_t*>(result), memory);
  }
}

}  // namespace cpu::compute
