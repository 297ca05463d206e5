#include "engine/compute_winograd.h"

#include <omp.h>

#include <algorithm>

#include "engine/compute_onednn.h"
#include "engine/compute_winograd_kernels.h"

namespace cpu::compute {

#if defined(__x86_64__)
extern const WinogradKernels winograd_avx512_bf16;
extern const WinogradGradientKernels winograd_gradient_avx512_bf16;
#endif

namespace {

constexpr const char* kernel_name = "winograd 2x2:avx512_bf16";

/// Whether the processor this runs on has the instructions that the tables below need.
bool has_kernels() {
#if defined(__x86_64__)
  static const bool answer = [] {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512bf16") && onednn_multiplies_bfloat16();
  }();
  return answer;
#else
  return false;
#endif
}

int64_t rounded_up(int64_t number, int64_t to) { return parts_of(number, to) * to; }

/// Bytes of `count` numbers in whole pages.
template <class T>
size_t bytes_of(int64_t count) {
  return whole_pages(static_cast<size_t>(count) * sizeof(T));
}

/// Elements from one point of a packed tensor to the next: points a power of two apart would compete for the same lines
/// of the cache.
int64_t spread(int64_t elements) { return elements + 32; }

/// Floats from the sums of one tile to those of the next.
constexpr int64_t sum_stride = winograd_points * winograd_block + winograd_lanes;

WinogradImages images_of(const Tensor& tensor, int padding_h, int padding_w, const Tensor& results) {
  return {tensor.dims[2],           tensor.dims[3], tensor.dims[1], padding_h, padding_w, (results.dims[2] + 1) / 2,
          (results.dims[3] + 1) / 2};
}

int64_t tiles_of(const Tensor& results) {
  return static_cast<int64_t>(results.dims[0]) * ((results.dims[2] + 1) / 2) * ((results.dims[3] + 1) / 2);
}

/// The forward convolution, and the gradient of the data: the convolution of dy with the filter turned around.
class WinogradConvolution final : public ConvolutionKernel {
 public:
  WinogradConvolution(const WinogradKernels& kernels, bool is_forward, const ConvolutionShape& shape)
      : ConvolutionKernel(kernel_name, 0), kernels_(kernels), threads_(omp_get_max_threads()) {
    const Tensor &from = is_forward ? shape.x : shape.y, &to = is_forward ? shape.y : shape.x, &w = shape.w;
    const int padding_h = shape.padding[0], padding_w = shape.padding[1];
    images_ = images_of(from, is_forward ? padding_h : 2 - padding_h, is_forward ? padding_w : 2 - padding_w, to);
    results_ = images_of(to, 0, 0, to);
    tiles_ = tiles_of(to);
    filter_ = {w.dims[0], w.dims[1], w.strides[0], w.strides[1], w.strides[2], w.strides[3]};
    if (!is_forward) {
      filter_ = {w.dims[1], w.dims[0], w.strides[1], w.strides[0], -w.strides[2], -w.strides[3]};
      first_tap_ = 2 * (w.strides[2] + w.strides[3]);
    }
    inputs_ = rounded_up(filter_.inputs, winograd_lanes);
    blocks_ = parts_of(filter_.outputs, winograd_block);
    const auto tile_bytes =
        static_cast<int64_t>(winograd_points * inputs_ * sizeof(uint16_t) + sum_stride * sizeof(float));
    // What a thread works on at a time stays in its core's own cache, beside the part of the filter it is multiplied
    // with, but is so much that the filter, which comes from further away, is used often enough.
    constexpr int64_t cached_bytes = 256 << 10, least_tiles = 28;
    most_tiles_ = std::min(parts_of(tiles_, threads_), std::max(cached_bytes / tile_bytes, least_tiles));
    point_stride_ = spread(most_tiles_ * inputs_);
    filter_bytes_ = bytes_of<uint16_t>(blocks_ * block_elements());
    window_bytes_ = bytes_of<uint16_t>(winograd_points * point_stride_);
    own_bytes_ = window_bytes_ + bytes_of<float>(most_tiles_ * sum_stride);
    workspace_ = filter_bytes_ + own_bytes_ * static_cast<size_t>(threads_);
  }

  bool adds() const override { return true; }

  void run(const void* first, const void* second, const void*, bool add, void* result, char* workspace) override {
    const auto* images = static_cast<const uint16_t*>(first);
    const auto* filter = static_cast<const uint16_t*>(second) + first_tap_;
    auto* packed_filter = reinterpret_cast<uint16_t*>(workspace);
    const int threads = std::min(threads_, omp_get_max_threads());
    // Every thread gets the same.
    const int64_t rounds = rounded_up(parts_of(tiles_, most_tiles_), threads), round_tiles = parts_of(tiles_, rounds);
#pragma omp parallel num_threads(threads)
    {
      char* own = workspace + filter_bytes_ + own_bytes_ * static_cast<size_t>(omp_get_thread_num());
      auto* windows = reinterpret_cast<uint16_t*>(own);
      auto* sums = reinterpret_cast<float*>(own + window_bytes_);
#pragma omp for schedule(dynamic, 1)
      for (int64_t block = 0; block < blocks_; ++block) {
        kernels_.transform_filter(filter_, filter, block, packed_filter + block * block_elements());
      }
#pragma omp for schedule(dynamic, 1)
      for (int64_t tile = 0; tile < tiles_; tile += round_tiles) {
        const int64_t tiles = std::min(round_tiles, tiles_ - tile);
        kernels_.transform_windows(images_, images, tile, tiles, point_stride_, windows);
        for (int64_t block = 0; block < blocks_; ++block) {
          const uint16_t* factors = packed_filter + block * block_elements();
          for (int point = 0; point < winograd_points; ++point) {
            kernels_.multiply(windows + point * point_stride_, factors + point * inputs_ * winograd_block,
                              inputs_ / winograd_lanes, tiles, sum_stride, sums + point * winograd_block);
          }
          kernels_.transform_sums(results_, sums, sum_stride, tile, tiles, block * winograd_block, add,
                                  static_cast<uint16_t*>(result));
        }
      }
    }
  }

 private:
  /// Of the filter of 32 outputs.
  int64_t block_elements() const { return winograd_points * inputs_ * winograd_block; }

  const WinogradKernels& kernels_;
  const int threads_;
  WinogradImages images_{}, results_{};
  WinogradFilter filter_{};
  int64_t first_tap_ = 0;
  int64_t tiles_, most_tiles_;
  /// Filled up.
  int64_t inputs_;
  /// Of 32 outputs.
  int64_t blocks_;
  /// Elements from one point of the packed windows to the next.
  int64_t point_stride_;
  /// Of the filter, of a thread's windows, and of all that a thread has.
  size_t filter_bytes_, window_bytes_, own_bytes_;
};

/// The gradient of the filter. The work is divided into parts of the tiles, which have sums of their own that are added
/// up in their order, and parts of the outputs, which each transform all windows.
class WinogradGradient final : public ConvolutionKernel {
 public:
  WinogradGradient(const WinogradGradientKernels& kernels, const ConvolutionShape& shape)
      : ConvolutionKernel(kernel_name, 0),
        kernels_(kernels),
        threads_(omp_get_max_threads()),
        images_(images_of(shape.x, shape.padding[0], shape.padding[1], shape.y)),
        results_(images_of(shape.y, 0, 0, shape.y)),
        type_(shape.w.type),
        tiles_(tiles_of(shape.y)) {
    const Tensor& w = shape.w;
    filter_ = {w.dims[0], w.dims[1], w.strides[0], w.strides[1], w.strides[2], w.strides[3]};
    inputs_ = rounded_up(filter_.inputs, winograd_block);
    outputs_ = rounded_up(filter_.outputs, winograd_lanes);
    // None of this depends on the number of threads, on which the bits would depend then.
    constexpr int64_t parts = 8, least_tiles = 64, least_outputs = 128, most_sums = 4 << 20;
    const int64_t most_parts = std::min(most_sums / (winograd_points * inputs_ * outputs_), tiles_ / least_tiles);
    part_tiles_ = parts_of(tiles_, std::clamp<int64_t>(most_parts, 1, parts));
    tile_parts_ = parts_of(tiles_, part_tiles_);
    const int64_t output_parts = std::clamp<int64_t>(outputs_ / least_outputs, 1, parts / tile_parts_);
    part_outputs_ = rounded_up(parts_of(outputs_, output_parts), winograd_lanes);
    output_parts_ = parts_of(outputs_, part_outputs_);
    const auto tile_bytes = static_cast<int64_t>(winograd_points * (inputs_ + part_outputs_) * sizeof(uint16_t));
    // The sums, which are read and written every time, cost more than a cache that is too small for what is
    // transformed.
    constexpr int64_t least = 64, most = 256, most_bytes = 6 << 20;
    round_tiles_ = rounded_up(std::min(part_tiles_, std::clamp(most_bytes / tile_bytes, least, most)), 2);
    window_stride_ = spread(round_tiles_ * inputs_);
    result_stride_ = spread(round_tiles_ * part_outputs_);
    sum_bytes_ = bytes_of<float>(winograd_points * point_sums());
    window_bytes_ = bytes_of<uint16_t>(winograd_points * window_stride_);
    own_bytes_ = window_bytes_ + bytes_of<uint16_t>(winograd_points * result_stride_);
    places_ = std::min<int64_t>(threads_, tile_parts_ * output_parts_);
    workspace_ = sum_bytes_ * static_cast<size_t>(tile_parts_) + own_bytes_ * static_cast<size_t>(places_);
  }

  bool adds() const override { return true; }

  void run(const void* first, const void* second, const void*, bool add, void* result, char* workspace) override {
    const auto* images = static_cast<const uint16_t*>(first);
    const auto* results = static_cast<const uint16_t*>(second);
    auto* all_sums = reinterpret_cast<float*>(workspace);
    const auto part_stride = static_cast<int64_t>(sum_bytes_ / sizeof(float));
    char* behind_sums = workspace + sum_bytes_ * static_cast<size_t>(tile_parts_);
    const int threads = std::min(threads_, omp_get_max_threads());
#pragma omp parallel num_threads(threads)
    {
#pragma omp for collapse(2) schedule(dynamic, 1)
      for (int64_t tile_part = 0; tile_part < tile_parts_; ++tile_part) {
        for (int64_t output_part = 0; output_part < output_parts_; ++output_part) {
          const int64_t place = places_ < threads_ ? tile_part * output_parts_ + output_part : omp_get_thread_num();
          char* own = behind_sums + own_bytes_ * static_cast<size_t>(place);
          auto* windows = reinterpret_cast<uint16_t*>(own);
          auto* packed_results = reinterpret_cast<uint16_t*>(own + window_bytes_);
          const int64_t output = output_part * part_outputs_, start = tile_part * part_tiles_;
          const int64_t outputs = std::min<int64_t>(part_outputs_, filter_.outputs - output);
          float* sums = all_sums + tile_part * part_stride + output * winograd_block;
          const int64_t end = std::min(tiles_, start + part_tiles_);
          for (int64_t tile = start; tile < end; tile += round_tiles_) {
            const int64_t tiles = std::min(round_tiles_, end - tile), pairs = parts_of(tiles, 2);
            kernels_.pair_windows(images_, images, tile, tiles, window_stride_, windows);
            kernels_.pair_results(results_, results, tile, tiles, output, outputs, result_stride_, packed_results);
            for (int point = 0; point < winograd_points; ++point) {
              for (int64_t input = 0; input < inputs_; input += winograd_block) {
                kernels_.multiply_pairs(packed_results + point * result_stride_,
                                        windows + point * window_stride_ + input * pairs * 2, pairs, outputs,
                                        tile == start, sums + point * point_sums() + input * outputs_);
              }
            }
          }
        }
      }
#pragma omp for collapse(2) schedule(static)
      for (int64_t input = 0; input < inputs_; input += winograd_block) {
        for (int64_t output = 0; output < filter_.outputs; output += winograd_lanes) {
          const int64_t outputs = std::min<int64_t>(winograd_lanes, filter_.outputs - output);
          const int64_t offset = output * filter_.output_stride + input * filter_.input_stride;
          kernels_.transform_gradient(filter_, all_sums + input * outputs_ + output * winograd_block, point_sums(),
                                      tile_parts_, part_stride, input, outputs, add, type_ == ElementType::BF16,
                                      at(result, type_, offset));
        }
      }
    }
  }

 private:
  /// Floats from the sums of one point to those of the next.
  int64_t point_sums() const { return inputs_ * outputs_; }

  const WinogradGradientKernels& kernels_;
  const int threads_;
  const WinogradImages images_, results_;
  const ElementType type_;
  WinogradFilter filter_{};
  const int64_t tiles_;
  /// Filled up.
  int64_t inputs_, outputs_;
  int64_t tile_parts_, part_tiles_, output_parts_, part_outputs_;
  /// Tiles that are transformed at a time.
  int64_t round_tiles_;
  /// How many parts have memory for their transforms at a time: each, or one on each thread.
  int64_t places_;
  /// Elements from one point of the packed windows and results to the next.
  int64_t window_stride_, result_stride_;
  /// Of one part's sums, of the windows of a round, and of all that is transformed in one.
  size_t sum_bytes_, window_bytes_, own_bytes_;
};

bool is_narrow_image(const Tensor& tensor) {
  return tensor.rank == 4 && tensor.type == ElementType::BF16 && tensor.is_channels_last();
}

}  // namespace

bool has_bfloat16_winograd(const ConvolutionShape& shape) {
  if (!is_narrow_image(shape.x) || !is_narrow_image(shape.y) || shape.groups != 1) return false;
  for (int i = 0; i < 2; ++i) {
    if (shape.w.dims[2 + i] != 3 || shape.stride[i] != 1 || shape.dilation[i] != 1) return false;
    if (shape.padding[i] < 0 || shape.padding[i] > 2) return false;
  }
  return has_kernels();
}

std::unique_ptr<ConvolutionKernel> make_bfloat16_winograd(ConvolutionDirection direction,
                                                          const ConvolutionShape& shape) {
  const bool is_filter = direction == ConvolutionDirection::BackwardFilter;
  const bool has_filter_type = shape.w.type == ElementType::BF16 || (is_filter && shape.w.type == ElementType::F32);
  if (!has_bfloat16_winograd(shape) || !has_filter_type) return nullptr;
#if defined(__x86_64__)
  if (is_filter) return std::make_unique<WinogradGradient>(winograd_gradient_avx512_bf16, shape);
  return std::make_unique<WinogradConvolution>(winograd_avx512_bf16, direction == ConvolutionDirection::Forward, shape);
#else
  return nullptr;
#endif
}

}  // namespace cpu::compute
