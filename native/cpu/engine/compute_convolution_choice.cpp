#include "engine/compute_convolution_choice.h"

#include <algorithm>
#include <bit>

#include "engine/compute_onednn.h"
#include "engine/compute_winograd.h"

namespace cpu::compute {

bool prefers_blocked(ConvolutionDirection direction, const ConvolutionShape& shape) {
  if (shape.x.dims[1] % 16 != 0 || shape.y.dims[1] % 16 != 0 || shape.groups != 1) return false;
  const bool is_narrow = shape.x.type == ElementType::BF16 || shape.y.type == ElementType::BF16;
  const bool has_window = shape.w.pixels() > 1, is_strided = shape.stride[0] > 1;
  switch (direction) {
    case ConvolutionDirection::Forward:
      return has_window ? shape.y.pixels() <= 16 : is_narrow && shape.y.pixels() <= 4;
    case ConvolutionDirection::BackwardData:
      return has_window && !is_narrow && shape.x.pixels() <= 64 && !is_strided;
    case ConvolutionDirection::BackwardFilter:
      return has_window && (is_strided || (is_narrow && shape.x.pixels() <= 16));
  }
  return false;
}

int64_t image_parts(const ConvolutionShape& shape) {
  constexpr int64_t least = 4, most = 16;
  const int64_t images = shape.x.dims[0];
  const int64_t paid = (shape.x.elements() + shape.y.elements()) / (4 * shape.w.elements());
  // A power of two, which is shared out evenly by as many threads as most processors have.
  return std::min(images, static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::clamp(paid, least, most)))));
}

int channels_of_part(const ConvolutionShape& shape) {
  constexpr int64_t large = 2 << 20, cached = 5 << 18, few_images = 4;
  const int64_t channel_bytes = shape.w.elements() / shape.w.dims[0] * static_cast<int64_t>(sizeof(float));
  const int all = shape.w.dims[0];
  const bool is_large = channel_bytes * all >= large, has_few_images = shape.x.dims[0] < few_images;
  if (shape.groups != 1 || !(is_large || has_few_images)) return 0;
  // Every part pairs up the pixels of all images for the multiplication of bf16, which costs more than the larger sums.
  if (shape.x.type == ElementType::BF16 && !has_few_images) return 0;
  int channels = all;
  while (channels % 32 == 0 && (channel_bytes * channels > cached || (has_few_images && all / channels < few_images))) {
    channels /= 2;
  }
  return channels % 16 == 0 && channels < all ? channels : 0;
}

bool prefers_products(const ConvolutionShape& shape) {
  const Tensor &x = shape.x, &w = shape.w, &y = shape.y;
  const bool is_single = x.type == ElementType::F32 && w.type == ElementType::F32 && y.type == ElementType::F32;
  if (!is_single || x.rank != 4 || shape.groups != 1 || w.pixels() == 1) return false;
  if (!x.is_channels_last() || !y.is_channels_last()) return false;
  const bool is_strided = shape.stride[0] > 1 || shape.stride[1] > 1;
  const int64_t depth = int64_t{y.dims[3]} * y.dims[0];
  return x.dims[1] >= (is_strided ? 64 : 128) && y.dims[1] >= 64 && depth >= 128;
}

bool prefers_winograd(const ConvolutionShape& shape) {
  const int64_t channels = std::min(shape.x.dims[1], shape.y.dims[1]);
  if (shape.groups != 1 || shape.x.rank != 4) return false;
  const int64_t images = shape.y.dims[0], pixels = shape.y.pixels();
  const auto tiles = [&shape](int size) {
    return int64_t{(shape.y.dims[2] + size - 1) / size} * ((shape.y.dims[3] + size - 1) / size);
  };
  // The filter is transformed every time, which only pays where it meets many tiles; and tiles that hang far over the
  // image's edge are for nothing.
  if (has_bfloat16_winograd(shape)) return channels >= 32 && images * tiles(2) >= 64 && pixels >= 3 * tiles(2);
  // oneDNN's transforms in single precision; the direct algorithm multiplies bfloat16 twice as fast.
  const bool is_narrow = shape.x.type == ElementType::BF16 && onednn_multiplies_bfloat16();
  return channels >= (is_narrow ? 256 : 64) && (!is_narrow || pixels >= 64) && images * tiles(4) >= 32;
}

int winograd_channels(ConvolutionDirection direction, const ConvolutionShape& shape) {
  const bool is_data = direction == ConvolutionDirection::BackwardData;
  const int all = is_data ? shape.x.dims[1] : shape.y.dims[1], factors = is_data ? shape.y.dims[1] : shape.x.dims[1];
  // 6 x 6 transformed taps in single precision. The gradient of a filter has a sum of that size for each thread.
  constexpr int64_t tap_bytes = 6 * 6 * sizeof(float);
  const int64_t most = direction == ConvolutionDirection::BackwardFilter ? 10 << 20 : 20 << 20;
  int channels = all;
  while (channels % 32 == 0 && tap_bytes * channels * factors > most) channels /= 2;
  return channels;
}

}  // namespace cpu::compute
