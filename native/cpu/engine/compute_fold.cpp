#include "engine/compute_fold.h"

#include <algorithm>
#include <climits>

#include "engine/compute_elementwise.h"

namespace cpu::compute {
namespace {

/// A run of indices along one dimension in both tensors: `count` of them from `pixels` in steps of `step` in the tensor
/// of pixels, and from `blocks` in steps of 1 in the tensor of blocks.
struct Run {
  int64_t pixels = 0;
  int64_t step = 1;
  int64_t blocks = 0;
  int64_t count = 0;
};

int64_t ceiling(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

/// The blocks whose pixel number `inside` exists in both tensors. Pixel p of the smaller tensor is p + before of the
/// padded one, which has `padded` pixels; `before` is negative where pixels were cut off.
Run spatial_run(int64_t size, int64_t before, int64_t padded, int64_t block, int64_t inside, int64_t blocks) {
  Run run;
  run.step = block;
  run.blocks = std::max<int64_t>(0, ceiling(before - inside, block));
  const int64_t end = std::min({blocks, ceiling(size + before - inside, block), ceiling(padded - inside, block)});
  run.pixels = run.blocks * block + inside - before;
  run.count = std::max<int64_t>(0, end - run.blocks);
  return run;
}

/// Narrows `view` to a run and returns how far its first element is from the tensor's.
int64_t narrow(Tensor& view, int dimension, int64_t first, int64_t step, int64_t count) {
  const int64_t offset = first * view.strides[dimension];
  view.dims[dimension] = static_cast<int>(count);
  view.strides[dimension] = static_cast<int>(step * view.strides[dimension]);
  return offset;
}

}  // namespace

int64_t Folding::pixels(int spatial_rank) const {
  int64_t product = 1;
  // No tensor has more channels than an int counts.
  for (int i = 0; i < spatial_rank; ++i) product = std::min<int64_t>(product * blocks[i], INT_MAX);
  return product;
}

bool Folding::is_identity(int rank) const {
  return pixels(rank - 2) == 1 && std::all_of(before, before + rank, [](int n) { return n == 0; }) &&
         std::all_of(after, after + rank, [](int n) { return n == 0; });
}

void fold_tensor(const Folding& folding, double alpha, const Tensor& x, const void* x_data, double beta,
                 const Tensor& y, void* y_data) {
  const int rank = x.rank, spatial_rank = rank - 2;
  if (folding.is_identity(rank)) {
    blend_tensor(alpha, x, x_data, beta, y, y_data);
    return;
  }
  // Where nothing is written, the result is beta y.
  if (beta != 1) scale_tensor(y, y_data, beta);
  // The tensor of pixels and the one of blocks, and the padding seen from the pixels, which has the other sign when the
  // pixels are the result.
  const bool unfolds = folding.unfolds;
  const Tensor &pixels = unfolds ? y : x, &blocks = unfolds ? x : y;
  const int sign = unfolds ? -1 : 1;
  const int64_t channels_before = int64_t{sign} * folding.before[1], channels_after = int64_t{sign} * folding.after[1];
  // Channels of a block's pixel that exist on both sides.
  const int64_t channels =
      pixels.dims[1] + std::min<int64_t>(channels_before, 0) + std::min<int64_t>(channels_after, 0);
  const int64_t samples_before = int64_t{sign} * folding.before[0];
  const int64_t samples =
      pixels.dims[0] + std::min<int64_t>(samples_before, 0) + std::min<int64_t>(int64_t{sign} * folding.after[0], 0);
  for (int64_t place = 0; place < folding.pixels(spatial_rank); ++place) {
    Tensor pixel_view = pixels, block_view = blocks;
    int64_t pixel_offset = narrow(pixel_view, 0, std::max<int64_t>(-samples_before, 0), 1, samples);
    int64_t block_offset = narrow(block_view, 0, std::max<int64_t>(samples_before, 0), 1, samples);
    const int64_t first = std::max<int64_t>(channels_before, 0) + place * channels;
    const int64_t count = std::min(channels, blocks.dims[1] - first);
    pixel_offset += narrow(pixel_view, 1, std::max<int64_t>(-channels_before, 0), 1, count);
    block_offset += narrow(block_view, 1, first, 1, count);
    bool is_empty = samples < 1 || count < 1;
    int64_t rest = place;
    for (int i = spatial_rank - 1; i >= 0; --i) {
      const int64_t block = folding.blocks[i], before = int64_t{sign} * folding.before[2 + i];
      const int64_t padded = pixels.dims[2 + i] + before + int64_t{sign} * folding.after[2 + i];
      const Run run = spatial_run(pixels.dims[2 + i], before, padded, block, rest % block, blocks.dims[2 + i]);
      rest /= block;
      pixel_offset += narrow(pixel_view, 2 + i, run.pixels, run.step, run.count);
      block_offset += narrow(block_view, 2 + i, run.blocks, 1, run.count);
      is_empty = is_empty || run.count < 1;
    }
    if (is_empty) continue;
    const int64_t from = unfolds ? block_offset : pixel_offset, to = unfolds ? pixel_offset : block_offset;
    blend_tensor(alpha, unfolds ? block_view : pixel_view, at(x_data, x.type, from), beta == 0 ? 0 : 1,
                 unfolds ? pixel_view : block_view, at(y_data, y.type, to));
  }
}

}  // namespace cpu::compute
