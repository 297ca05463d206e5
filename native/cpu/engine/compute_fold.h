#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// Padding of a tensor and blocks of pixels that become channels, or channels that become blocks of pixels.
struct Folding {
  /// Elements added before and after each dimension, or cut off where they are negative.
  int before[max_rank] = {};
  int after[max_rank] = {};
  /// The size of a block along each spatial dimension, 1 for no folding.
  int blocks[max_rank - 2] = {};
  /// Channels become pixels, then pads; else pads, then pixels become channels.
  bool unfolds = false;

  /// Pixels of a block.
  int64_t pixels(int spatial_rank) const;
  bool is_identity(int rank) const;
};

/// y = alpha folded(x) + beta y. Pixel `i` of a block of C channels, counted in row order, becomes the channels i C to
/// i C + C - 1 behind the padding in front; what comes from nowhere is 0. Unfolding is the way back: what folding with
/// paddings adds, unfolding with their negatives cuts off. beta = 0 does not read y.
void fold_tensor(const Folding& folding, double alpha, const Tensor& x, const void* x_data, double beta,
                 const Tensor& y, void* y_data);

}  // namespace cpu::compute
