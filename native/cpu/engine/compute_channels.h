// Sums over everything but the channels: the loops that batch norm and its statistics have in common.
#pragma once
#include <algorithm>
#include <cstring>

#include "engine/compute_scratch.h"
#include "engine/compute_vector.h"

namespace cpu::compute {

/// Rows x channels, or samples x channels x pixels where the pixels of a channel lie together.
struct ChannelView {
  int64_t outer;
  int64_t channels;
  int64_t inner;

  int64_t count() const { return outer * inner; }
};

/// Rows of a block and channels of a column: the unit one thread works on. Blocks do not depend on the number of
/// threads, so neither do the sums.
constexpr int64_t channel_column = 1024;

inline int64_t block_rows(const ChannelView& view, size_t size) {
  const int64_t width = std::min(view.channels, channel_column);
  return std::clamp<int64_t>(static_cast<int64_t>(65536 / size) / width, 8, 4096);
}

/// Calls body(block, first row, rows, first channel, channels) for all blocks in parallel.
template <class Body>
void for_blocks(const ChannelView& view, int64_t rows, const Body& body) {
  const int64_t blocks = (view.outer + rows - 1) / rows;
  const int64_t columns = (view.channels + channel_column - 1) / channel_column;
  const bool parallel = view.outer * view.channels > 16384;
#pragma omp parallel for collapse(2) schedule(static) if (parallel)
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t first = block * rows, start = c * channel_column;
      body(block, first, std::min(rows, view.outer - first), start, std::min(channel_column, view.channels - start));
    }
  }
}

/// Two sums a channel over rows x channels: `body(block rows..., sum, product)` adds to the block's sums, which are
/// then added in the order of the blocks.
template <class T, class Body>
void sum_blocks(const ChannelView& view, Scratch& scratch, double* first, double* second, const Body& body) {
  const int64_t rows = block_rows(view, sizeof(T));
  const int64_t blocks = (view.outer + rows - 1) / rows;
  const int64_t channels = view.channels;
  double* partial = scratch.take<double>(blocks * channels * 2);
  for_blocks(view, rows, [&](int64_t block, int64_t row, int64_t count, int64_t start, int64_t width) {
    double* sums = partial + (block * 2) * channels + start;
    double* products = sums + channels;
    std::memset(sums, 0, static_cast<size_t>(width) * sizeof(double));
    std::memset(products, 0, static_cast<size_t>(width) * sizeof(double));
    body(row * channels + start, start, count, width, sums, products);
  });
#pragma omp parallel for schedule(static) if (blocks * channels > 65536)
  for (int64_t start = 0; start < channels; start += 256) {
    const int64_t end = std::min(channels, start + 256);
    for (int64_t c = start; c < end; ++c) first[c] = second[c] = 0;
    for (int64_t block = 0; block < blocks; ++block) {
      const double* sums = partial + (block * 2) * channels;
      for (int64_t c = start; c < end; ++c) {
        first[c] += sums[c];
        second[c] += sums[channels + c];
      }
    }
  }
}

/// The same over planes: `body(offset, channel, sum, product)` adds one plane.
template <class Body>
void sum_planes(const ChannelView& view, Scratch& scratch, double* first, double* second, const Body& body) {
  double* partial = scratch.take<double>(view.outer * view.channels * 2);
  const bool parallel = view.outer * view.channels * view.inner > 16384;
#pragma omp parallel for schedule(static) if (parallel)
  for (int64_t plane = 0; plane < view.outer * view.channels; ++plane) {
    partial[plane * 2] = partial[plane * 2 + 1] = 0;
    body(plane * view.inner, plane % view.channels, &partial[plane * 2], &partial[plane * 2 + 1]);
  }
  for (int64_t c = 0; c < view.channels; ++c) first[c] = second[c] = 0;
  for (int64_t n = 0; n < view.outer; ++n) {
    for (int64_t c = 0; c < view.channels; ++c) {
      const double* sums = partial + (n * view.channels + c) * 2;
      first[c] += sums[0];
      second[c] += sums[1];
    }
  }
}

}  // namespace cpu::compute
