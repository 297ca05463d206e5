// The kernels of compute_winograd.cpp for the gradient of a filter, for processors with AVX512_BF16, compiled for those
// alone. Derived from Y = A^T [(G g G^T) * (B^T d B)] A (see compute_winograd_isa.cpp):
//   dg = G^T [(A dY A^T) * (B^T d B)] G, summed over the tiles
// The transforms are rounded to bf16 once; the products are summed in single precision, pairs of tiles in their order.
#include "engine/compute_winograd_windows_isa.h"

namespace {

using cpu::compute::winograd_rows;
using cpu::compute::WinogradGradientKernels;

/// A in one dimension.
void transform_pair(__m512 first, __m512 second, __m512 (&result)[4]) {
  result[0] = first;
  result[1] = first + second;
  result[2] = first - second;
  result[3] = -second;
}

/// Transforms tiles of 2 x 2 pixels of the results' gradient that are beside one another, of 16 channels;
/// put(tile, points).
template <class Put>
void transform_result_row(const WinogradImages& images, const uint16_t* source, const Place& place, int64_t count,
                          __mmask16 mask, const Put& put) {
  const PixelRows<2> rows(images, source, 2 * place.row, mask);
  for (int64_t tile = 0; tile < count; ++tile) {
    __m512 pixels[2], columns[2][4];
    for (int j = 0; j < 2; ++j) {
      rows.read(2 * (place.column + tile) + j, pixels);
      transform_pair(pixels[0], pixels[1], columns[j]);
    }
    __m512 points[winograd_points];
    for (int i = 0; i < 4; ++i) {
      __m512 line[4];
      transform_pair(columns[0][i], columns[1][i], line);
      for (int j = 0; j < 4; ++j) points[4 * i + j] = line[j];
    }
    put(tile, points);
  }
}

/// Joins tiles in pairs: the points of an even one are held until those of the odd one behind it are there.
class Pairing {
 public:
  /// `line`: where the 16 pairs of a point belong, `pair_stride` elements behind those of the pair before it.
  Pairing(uint16_t* line, int64_t point_stride, int64_t pair_stride)
      : line_(line), point_stride_(point_stride), pair_stride_(pair_stride) {}

  void put(const __m512 (&points)[winograd_points]) {
    if (!holds_) {
      for (int point = 0; point < winograd_points; ++point) held_[point] = points[point];
    } else {
      write(points);
    }
    holds_ = !holds_;
  }

  /// The last tile may have no neighbour: it is paired with 0.
  void finish() {
    constexpr __m512 nothing[winograd_points] = {};
    if (holds_) write(nothing);
  }

 private:
  void write(const __m512 (&points)[winograd_points]) {
    uint16_t* to = line_;
    for (int point = 0; point < winograd_points; ++point, to += point_stride_) {
      _mm512_storeu_si512(to, joined(held_[point], points[point]));
    }
    line_ += pair_stride_;
  }

  uint16_t* line_;
  const int64_t point_stride_, pair_stride_;
  bool holds_ = false;
  __m512 held_[winograd_points] = {};
};

void pair_windows(const WinogradImages& images, const uint16_t* source, int64_t first_tile, int64_t tiles,
                  int64_t point_stride, uint16_t* packed) {
  const int64_t pairs = (tiles + 1) / 2;
  // Two registers of channels stand beside one another, the last of which may be empty.
  for (int64_t c = 0; c < images.channels || c % winograd_block != 0; c += winograd_lanes) {
    Pairing pairing(packed + c / winograd_block * pairs * 2 * winograd_block + c % winograd_block * 2, point_stride,
                    2 * winograd_block);
    const __mmask16 mask = lanes(images.channels - c);
    const uint16_t* channel = mask == 0 ? source : source + c;
    for_runs(images, first_tile, tiles, [&](const Place& place, int64_t, int64_t count) {
      transform_row(images, image_of(images, channel, place.image), place, count, mask,
                    [&](int64_t, const __m512(&points)[winograd_points]) { pairing.put(points); });
    });
    pairing.finish();
  }
}

void pair_results(const WinogradImages& images, const uint16_t* source, int64_t first_tile, int64_t tiles,
                  int64_t channel, int64_t count, int64_t point_stride, uint16_t* packed) {
  const int64_t pairs = (tiles + 1) / 2;
  for (int64_t k = 0; k < count; k += winograd_lanes) {
    Pairing pairing(packed + k * pairs * 2, point_stride, 2 * winograd_lanes);
    for_runs(images, first_tile, tiles, [&](const Place& place, int64_t, int64_t run) {
      transform_result_row(images, image_of(images, source, place.image) + channel + k, place, run, lanes(count - k),
                           [&](int64_t, const __m512(&points)[winograd_points]) { pairing.put(points); });
    });
    pairing.finish();
  }
}

void multiply_pairs(const uint16_t* results, const uint16_t* windows, int64_t pairs, int64_t outputs, bool is_first,
                    float* sums) {
  for (int64_t output = 0; output < outputs; output += winograd_rows) {
    float* target = sums + output * winograd_block;
    const uint16_t* rows = results + output / winograd_lanes * pairs * 2 * winograd_lanes + output % winograd_lanes * 2;
    const uint16_t* columns = windows;
    __m512 totals[winograd_rows][2];
#pragma GCC unroll 8
    for (int row = 0; row < winograd_rows; ++row) {
      for (int part = 0; part < 2; ++part) {
        totals[row][part] =
            is_first ? _mm512_setzero_ps() : _mm512_loadu_ps(target + row * winograd_block + part * winograd_lanes);
      }
    }
    for (int64_t pair = 0; pair < pairs; ++pair, rows += 2 * winograd_lanes, columns += 2 * winograd_block) {
      const __m512i first = _mm512_loadu_si512(columns), second = _mm512_loadu_si512(columns + winograd_block);
#pragma GCC unroll 8
      for (int row = 0; row < winograd_rows; ++row) {
        const __m512i result = broadcast_pair(rows + 2 * row);
        add_products(totals[row][0], result, first);
        add_products(totals[row][1], result, second);
      }
    }
#pragma GCC unroll 8
    for (int row = 0; row < winograd_rows; ++row) {
      for (int part = 0; part < 2; ++part) {
        _mm512_storeu_ps(target + row * winograd_block + part * winograd_lanes, totals[row][part]);
      }
    }
  }
}

/// G^T in one dimension.
void gather_taps(const __m512 (&m)[4], __m512 (&result)[3]) {
  const __m512 half = _mm512_set1_ps(0.5f), sum = (m[1] + m[2]) * half;
  result[0] = m[0] + sum;
  result[1] = (m[1] - m[2]) * half;
  result[2] = sum + m[3];
}

/// 16 numbers of a gradient, `stride` elements apart.
template <class T>
void put_gradient(__m512 value, bool add, int64_t stride, __mmask16 mask, T* target) {
  if (stride != 1) {
    // To a place where they are beside one another and back.
    T numbers[winograd_lanes] = {};
    for (int i = 0; mask >> i != 0; ++i) numbers[i] = target[i * stride];
    put_gradient(value, add, 1, mask, numbers);
    for (int i = 0; mask >> i != 0; ++i) target[i * stride] = numbers[i];
  } else if constexpr (sizeof(T) == 2) {
    if (add) value += load(target, mask);
    store(value, target, mask);
  } else {
    if (add) value += _mm512_maskz_loadu_ps(mask, target);
    _mm512_mask_storeu_ps(target, mask, value);
  }
}

template <class T>
void transform_gradient_as(const WinogradFilter& filter, const float* sums, int64_t point_stride, int64_t parts,
                           int64_t part_stride, int64_t input, int64_t outputs, bool add, T* result) {
  for (int64_t output = 0; output < outputs; ++output, sums += winograd_block, result += filter.output_stride) {
    for (int lane = 0; lane < winograd_block; lane += winograd_lanes) {
      const __mmask16 mask = lanes(filter.inputs - input - lane);
      if (mask == 0) break;
      __m512 columns[4][3];
      for (int j = 0; j < 4; ++j) {
        __m512 m[4];
        for (int i = 0; i < 4; ++i) {
          const float* source = sums + (4 * i + j) * point_stride + lane;
          m[i] = _mm512_loadu_ps(source);
          for (int64_t part = 1; part < parts; ++part) m[i] += _mm512_loadu_ps(source + part * part_stride);
        }
        gather_taps(m, columns[j]);
      }
      for (int i = 0; i < 3; ++i) {
        __m512 taps[3];
        gather_taps({columns[0][i], columns[1][i], columns[2][i], columns[3][i]}, taps);
        for (int j = 0; j < 3; ++j) {
          put_gradient(taps[j], add, filter.input_stride, mask,
                       result + i * filter.row_stride + j * filter.column_stride + lane * filter.input_stride);
        }
      }
    }
  }
}

void transform_gradient(const WinogradFilter& filter, const float* sums, int64_t point_stride, int64_t parts,
                        int64_t part_stride, int64_t input, int64_t outputs, bool add, bool is_narrow, void* result) {
  if (is_narrow) {
    transform_gradient_as(filter, sums, point_stride, parts, part_stride, input, outputs, add,
                          static_cast<uint16_t*>(result));
  } else {
    transform_gradient_as(filter, sums, point_stride, parts, part_stride, input, outputs, add,
                          static_cast<float*>(result));
  }
}

}  // namespace

namespace cpu::compute {

extern const WinogradGradientKernels winograd_gradient_avx512_bf16;
const WinogradGradientKernels winograd_gradient_avx512_bf16 = {pair_windows, pair_results, multiply_pairs,
                                                               transform_gradient};

}  // namespace cpu::compute
