#pragma once
#include <cstdint>

// No function is defined here: what computes by these tables is compiled for a newer processor than the rest of the
// library, and must share no code with it.

namespace cpu::compute {

/// Elements of a transformed window or filter.
constexpr int winograd_points = 16;
/// Channels a register takes in single precision.
constexpr int winograd_lanes = 16;
/// Channels that are multiplied together: two registers.
constexpr int winograd_block = 32;
/// Rows of a filter's gradient that are multiplied together.
constexpr int winograd_rows = 8;

/// Images in bf16, channels last without gaps, and the windows in them that belong to tiles of 2 x 2 results: each
/// starts two pixels behind the one before it.
struct WinogradImages {
  int height, width, channels;
  /// Pixels of padding before the first window.
  int padding_h, padding_w;
  /// Tiles of one image.
  int rows, columns;
};

/// A filter of 3 x 3 taps; strides in elements, negative where it is read backwards.
struct WinogradFilter {
  int outputs, inputs;
  int64_t output_stride, input_stride, row_stride, column_stride;
};

// "Packed" tensors are those between the transformations, in bf16 and filled up with zeros.

/// The innermost loops of a convolution, each on one thread. Packed are
///   windows   [point][C / 16][tile][16]: a tile's pairs of channels are multiplied with
///   filter    [K / 32][point][C / 2][2][16][2]: the same pairs of channels for 32 results
struct WinogradKernels {
  /// One block of 32 outputs. `source`: the first tap.
  void (*transform_filter)(const WinogradFilter& filter, const uint16_t* source, int64_t block, uint16_t* packed);
  /// Windows of 4 x 4 pixels. `point_stride`: elements from one point to the next.
  void (*transform_windows)(const WinogradImages& images, const uint16_t* source, int64_t first_tile, int64_t tiles,
                            int64_t point_stride, uint16_t* packed);
  /// Sums of one point: of `tiles` rows and 32 columns. `chunks`: of 16 channels. `stride`: floats between the rows.
  void (*multiply)(const uint16_t* windows, const uint16_t* filter, int64_t chunks, int64_t tiles, int64_t stride,
                   float* sums);
  /// Sums [tile][point][32] of 32 channels from `channel` on, `stride` floats between the tiles, to tiles of 2 x 2
  /// pixels. `add`: to what is there.
  void (*transform_sums)(const WinogradImages& images, const float* sums, int64_t stride, int64_t first_tile,
                         int64_t tiles, int64_t channel, bool add, uint16_t* result);
};

/// The same for the gradient of a filter, which is a sum over tiles. Packed are
///   windows   [point][C / 32][tile / 2][2][16][2]
///   results   [point][K / 16][tile / 2][16][2]
struct WinogradGradientKernels {
  /// Windows of 4 x 4 pixels. `point_stride`: elements from one point to the next.
  void (*pair_windows)(const WinogradImages& images, const uint16_t* source, int64_t first_tile, int64_t tiles,
                       int64_t point_stride, uint16_t* packed);
  /// Tiles of 2 x 2 pixels of the result's gradient, of `count` channels from `channel` on.
  void (*pair_results)(const WinogradImages& images, const uint16_t* source, int64_t first_tile, int64_t tiles,
                       int64_t channel, int64_t count, int64_t point_stride, uint16_t* packed);
  /// Adds to the sums of one point, `outputs` rows (up to the next 8th) of 32 columns. `is_first`: there is nothing in
  /// them yet.
  void (*multiply_pairs)(const uint16_t* results, const uint16_t* windows, int64_t pairs, int64_t outputs,
                         bool is_first, float* sums);
  /// The gradient of `outputs` outputs and 32 inputs from `input` on, from `parts` sums [point][outputs][32],
  /// `point_stride` and `part_stride` floats apart. `result`: the first of them, f32 or bf16.
  void (*transform_gradient)(const WinogradFilter& filter, const float* sums, int64_t point_stride, int64_t parts,
                             int64_t part_stride, int64_t input, int64_t outputs, bool add, bool is_narrow,
                             void* result);
};

}  // namespace cpu::compute
