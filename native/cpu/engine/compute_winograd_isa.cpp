// The kernels of compute_winograd.cpp for processors with AVX512_BF16, compiled for those alone. The transformations
// are Winograd's F(2 x 2, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks"):
//   Y = A^T [(G g G^T) * (B^T d B)] A   of a filter g and a window d, where * multiplies elements, so that
//   dg = G^T [(A dY A^T) * (B^T d B)] G
// They are computed in single precision and rounded to bf16 once; the products are summed in single precision, in an
// order that depends neither on the blocks nor on the threads.
#include <immintrin.h>
#include <string.h>

#include "engine/compute_winograd_kernels.h"

namespace {

using cpu::compute::winograd_block;
using cpu::compute::winograd_lanes;
using cpu::compute::winograd_points;
using cpu::compute::winograd_rows;
using cpu::compute::WinogradFilter;
using cpu::compute::WinogradImages;
using cpu::compute::WinogradKernels;

/// Lanes below `count`.
__mmask16 lanes(int64_t count) {
  return count >= winograd_lanes ? 0xffff : count <= 0 ? 0 : static_cast<__mmask16>((1u << count) - 1);
}

/// 16 numbers in bf16; those that are masked out are not read, and 0.
__m256i load_narrow(const uint16_t* source, __mmask16 mask) { return _mm256_maskz_loadu_epi16(mask, source); }

// gcc 12 warns of the forms without a mask (its bug 105593).
__m512i widened(__m256i narrow) { return _mm512_maskz_cvtepu16_epi32(0xffff, narrow); }
__m512i shifted_up(__m512i words) { return _mm512_maskz_slli_epi32(0xffff, words, 16); }

__m512 load(const uint16_t* source, __mmask16 mask) {
  return _mm512_castsi512_ps(shifted_up(widened(load_narrow(source, mask))));
}

__m256i rounded(__m512 values) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)); }

/// Pairs of numbers in bf16, the first ones below.
__m512i joined(__m512 first, __m512 second) {
  const __m512i alternating =
      _mm512_setr_epi32(0x100000, 0x110001, 0x120002, 0x130003, 0x140004, 0x150005, 0x160006, 0x170007, 0x180008,
                        0x190009, 0x1a000a, 0x1b000b, 0x1c000c, 0x1d000d, 0x1e000e, 0x1f000f);
  const auto both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
  return _mm512_maskz_permutexvar_epi16(0xffffffff, alternating, both);
}

void store(__m512 values, uint16_t* target, __mmask16 mask) { _mm256_mask_storeu_epi16(target, mask, rounded(values)); }

/// `target` += the products of the pairs in `a` and `b`.
void add_products(__m512& target, __m512i a, __m512i b) {
  target = _mm512_dpbf16_ps(target, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}

__m512i broadcast_pair(const uint16_t* source) {
  int32_t pair;
  memcpy(&pair, source, sizeof pair);
  return _mm512_set1_epi32(pair);
}

/// B^T in one dimension.
void transform_window(const __m512 (&d)[4], __m512 (&result)[4]) {
  result[0] = d[0] - d[2];
  result[1] = d[1] + d[2];
  result[2] = d[2] - d[1];
  result[3] = d[1] - d[3];
}

/// A in one dimension.
void transform_pair(__m512 first, __m512 second, __m512 (&result)[4]) {
  result[0] = first;
  result[1] = first + second;
  result[2] = first - second;
  result[3] = -second;
}

/// A^T in one dimension.
void sum_up(const __m512 (&m)[4], __m512 (&result)[2]) {
  result[0] = m[0] + m[1] + m[2];
  result[1] = m[1] - m[2] - m[3];
}

/// Where a tile is.
struct Place {
  int64_t image, row, column;

  Place(const WinogradImages& images, int64_t tile)
      : image(tile / (static_cast<int64_t>(images.rows) * images.columns)),
        row(tile / images.columns % images.rows),
        column(tile % images.columns) {}
};

/// Reads pixels of `Rows` rows below one another, some of which may be padding.
template <int Rows>
class Rows16 {
 public:
  /// The rows from `top` on of one image; `source`: its first pixel's first wanted channel.
  Rows16(const WinogradImages& images, const uint16_t* source, int64_t top, __mmask16 mask)
      : width_(images.width), channels_(images.channels) {
    for (int i = 0; i < Rows; ++i) {
      const bool is_inside = top + i >= 0 && top + i < images.height;
      rows_[i] = source + (is_inside ? (top + i) * width_ * channels_ : 0);
      masks_[i] = is_inside ? mask : 0;
    }
  }

  void read(int64_t column, __m512 (&pixels)[Rows]) const {
    if (column < 0 || column >= width_) {
      for (int i = 0; i < Rows; ++i) pixels[i] = _mm512_setzero_ps();
      return;
    }
    for (int i = 0; i < Rows; ++i) pixels[i] = load(rows_[i] + column * channels_, masks_[i]);
  }

 private:
  int64_t width_, channels_;
  const uint16_t* rows_[Rows];
  __mmask16 masks_[Rows];
};

/// Transforms the windows of `count` tiles that are beside one another, of 16 channels; put(tile, points).
template <class Put>
void transform_row(const WinogradImages& images, const uint16_t* source, const Place& place, int64_t count,
                   __mmask16 mask, const Put& put) {
  const Rows16<4> rows(images, source, 2 * place.row - images.padding_h, mask);
  __m512 pixels[4], columns[4][4];
  int64_t column = 2 * place.column - images.padding_w;
  for (int j = 0; j < 2; ++j) {
    rows.read(column++, pixels);
    transform_window(pixels, columns[j]);
  }
  for (int64_t tile = 0; tile < count; ++tile) {
    for (int j = 2; j < 4; ++j) {
      rows.read(column++, pixels);
      transform_window(pixels, columns[j]);
    }
    __m512 points[winograd_points];
    for (int i = 0; i < 4; ++i) {
      __m512 line[4];
      transform_window({columns[0][i], columns[1][i], columns[2][i], columns[3][i]}, line);
      for (int j = 0; j < 4; ++j) points[4 * i + j] = line[j];
    }
    put(tile, points);
    // Half of a window is half of the next.
    for (int i = 0; i < 4; ++i) {
      columns[0][i] = columns[2][i];
      columns[1][i] = columns[3][i];
    }
  }
}

/// The same for the results' gradients: tiles of 2 x 2 pixels.
template <class Put>
void transform_result_row(const WinogradImages& images, const uint16_t* source, const Place& place, int64_t count,
                          __mmask16 mask, const Put& put) {
  const Rows16<2> rows(images, source, 2 * place.row, mask);
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

/// body(place of the first, its number, count) for every run of tiles that are beside one another.
template <class Body>
void for_runs(const WinogradImages& images, int64_t first_tile, int64_t tiles, const Body& body) {
  for (int64_t tile = 0; tile < tiles;) {
    const Place place(images, first_tile + tile);
    const int64_t left = images.columns - place.column, count = left < tiles - tile ? left : tiles - tile;
    body(place, tile, count);
    tile += count;
  }
}

const uint16_t* image_of(const WinogradImages& images, const uint16_t* source, int64_t image) {
  return source + image * images.height * images.width * images.channels;
}

void transform_windows(const WinogradImages& images, const uint16_t* source, int64_t first_tile, int64_t tiles,
                       int64_t point_stride, uint16_t* packed) {
  for_runs(images, first_tile, tiles, [&](const Place& place, int64_t first, int64_t count) {
    const uint16_t* image = image_of(images, source, place.image);
    for (int64_t c = 0; c < images.channels; c += winograd_lanes) {
      uint16_t* target = packed + c * tiles + first * winograd_lanes;
      transform_row(images, image + c, place, count, lanes(images.channels - c),
                    [=](int64_t tile, const __m512(&points)[winograd_points]) {
                      uint16_t* to = target + tile * winograd_lanes;
                      for (int point = 0; point < winograd_points; ++point, to += point_stride) {
                        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), rounded(points[point]));
                      }
                    });
    }
  });
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

/// Sums of `Rows` tiles and 32 channels.
template <int Rows>
void multiply_rows(const uint16_t* windows, const uint16_t* filter, int64_t chunks, int64_t tiles, int64_t stride,
                   float* sums) {
  __m512 totals[Rows][2];
  // Unrolled, as otherwise the sums have to be in memory.
#pragma GCC unroll 16
  for (auto& total : totals) total[0] = total[1] = _mm512_setzero_ps();
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const uint16_t* rows = windows + chunk * tiles * winograd_lanes;
    for (int pair = 0; pair < winograd_lanes / 2; ++pair, rows += 2, filter += 2 * winograd_block) {
      const __m512i first = _mm512_loadu_si512(filter), second = _mm512_loadu_si512(filter + winograd_block);
#pragma GCC unroll 16
      for (int row = 0; row < Rows; ++row) {
        const __m512i window = broadcast_pair(rows + row * winograd_lanes);
        add_products(totals[row][0], window, first);
        add_products(totals[row][1], window, second);
      }
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < Rows; ++row) {
    _mm512_storeu_ps(sums + row * stride, totals[row][0]);
    _mm512_storeu_ps(sums + row * stride + winograd_lanes, totals[row][1]);
  }
}

/// As many rows as leave registers for two vectors of the filter and a pair.
constexpr int most_rows = 14;
using MultiplyRows = void (*)(const uint16_t*, const uint16_t*, int64_t, int64_t, int64_t, float*);
constexpr MultiplyRows multiply_some[most_rows + 1] = {
    nullptr,           multiply_rows<1>,  multiply_rows<2>,  multiply_rows<3>,  multiply_rows<4>,
    multiply_rows<5>,  multiply_rows<6>,  multiply_rows<7>,  multiply_rows<8>,  multiply_rows<9>,
    multiply_rows<10>, multiply_rows<11>, multiply_rows<12>, multiply_rows<13>, multiply_rows<14>};

void multiply(const uint16_t* windows, const uint16_t* filter, int64_t chunks, int64_t tiles, int64_t stride,
              float* sums) {
  // Groups of almost the same size: a few rows alone would wait for their sums.
  int64_t groups = (tiles + most_rows - 1) / most_rows;
  for (int64_t row = 0; row < tiles; --groups) {
    const int64_t rows = (tiles - row + groups - 1) / groups;
    multiply_some[rows](windows + row * winograd_lanes, filter, chunks, tiles, stride, sums + row * stride);
    row += rows;
  }
}

template <bool Adds>
void transform_sums_as(const WinogradImages& images, const float* sums, int64_t stride, int64_t first_tile,
                       int64_t tiles, int64_t channel, uint16_t* result) {
  const auto row_stride = static_cast<int64_t>(images.width) * images.channels;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const Place place(images, first_tile + tile);
    const int64_t row = 2 * place.row, column = 2 * place.column;
    uint16_t* corner = result + (place.image * images.height + row) * row_stride + column * images.channels;
    const int rows = row + 1 < images.height ? 2 : 1, columns = column + 1 < images.width ? 2 : 1;
    for (int part = 0; part < winograd_block; part += winograd_lanes) {
      const __mmask16 mask = lanes(images.channels - channel - part);
      if (mask == 0) break;
      __m512 half[4][2];
      for (int j = 0; j < 4; ++j) {
        __m512 m[4];
        for (int i = 0; i < 4; ++i) {
          m[i] = _mm512_loadu_ps(sums + tile * stride + (4 * i + j) * winograd_block + part);
        }
        sum_up(m, half[j]);
      }
      for (int i = 0; i < rows; ++i) {
        const __m512 line[4] = {half[0][i], half[1][i], half[2][i], half[3][i]};
        __m512 pixels[2];
        sum_up(line, pixels);
        for (int j = 0; j < columns; ++j) {
          uint16_t* target = corner + i * row_stride + j * images.channels + channel + part;
          __m512 value = pixels[j];
          if constexpr (Adds) value += load(target, mask);
          store(value, target, mask);
        }
      }
    }
  }
}

void transform_sums(const WinogradImages& images, const float* sums, int64_t stride, int64_t first_tile, int64_t tiles,
                    int64_t channel, bool add, uint16_t* result) {
  (add ? transform_sums_as<true> : transform_sums_as<false>)(images, sums, stride, first_tile, tiles, channel, result);
}

/// Rows become columns.
void transpose(__m512i (&rows)[16]) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (int step = 1; step < 16; step *= 2) {
    const __mmask16 is_second = _mm512_test_epi32_mask(lane, _mm512_set1_epi32(step));
    const __m512i distance = _mm512_set1_epi32(step), other = _mm512_set1_epi32(16);
    // Of two rows the lanes of the first half of every group, or of the second; lanes of the second row are 16 up.
    const __m512i low = _mm512_mask_add_epi32(lane, is_second, lane, _mm512_sub_epi32(other, distance));
    const __m512i high = _mm512_mask_add_epi32(_mm512_add_epi32(lane, distance), is_second, lane, other);
    for (int row = 0; row < 16; ++row) {
      if ((row & step) != 0) continue;
      const __m512i first = rows[row], second = rows[row + step];
      rows[row] = _mm512_permutex2var_epi32(first, low, second);
      rows[row + step] = _mm512_permutex2var_epi32(first, high, second);
    }
  }
}

/// One tap of 16 outputs and 16 pairs of inputs: a register for each pair, in which every output has its two inputs.
void load_tap(const WinogradFilter& filter, const uint16_t* source, int64_t output, int64_t input,
              __m512i (&pairs)[16]) {
  const int64_t outputs = filter.outputs - output < 16 ? filter.outputs - output : 16;
  const int64_t inputs = filter.inputs - input < 32 ? filter.inputs - input : 32;
  source += output * filter.output_stride + input * filter.input_stride;
  if (filter.input_stride == 1) {
    const auto mask = static_cast<__mmask32>((uint64_t{1} << inputs) - 1);
    for (int64_t i = 0; i < 16; ++i) {
      pairs[i] =
          i < outputs ? _mm512_maskz_loadu_epi16(mask, source + i * filter.output_stride) : _mm512_setzero_si512();
    }
    transpose(pairs);
  } else if (filter.output_stride == 1) {
    const __mmask16 mask = lanes(outputs);
    for (int64_t pair = 0; pair < 16; ++pair) {
      const uint16_t* first = source + 2 * pair * filter.input_stride;
      __m512i words = 2 * pair < inputs ? widened(load_narrow(first, mask)) : _mm512_setzero_si512();
      if (2 * pair + 1 < inputs) {
        words = _mm512_or_si512(words, shifted_up(widened(load_narrow(first + filter.input_stride, mask))));
      }
      pairs[pair] = words;
    }
  } else {
    uint16_t numbers[16][16][2] = {};
    for (int64_t i = 0; i < inputs; ++i) {
      for (int64_t o = 0; o < outputs; ++o) {
        numbers[i / 2][o][i % 2] = source[o * filter.output_stride + i * filter.input_stride];
      }
    }
    for (int pair = 0; pair < 16; ++pair) pairs[pair] = _mm512_loadu_si512(numbers[pair]);
  }
}

/// G in one dimension.
void transform_taps(const __m512 (&g)[3], __m512 (&result)[4]) {
  const __m512 half = _mm512_set1_ps(0.5f), outer = g[0] + g[2];
  result[0] = g[0];
  result[1] = (outer + g[1]) * half;
  result[2] = (outer - g[1]) * half;
  result[3] = g[2];
}

void transform_filter_taps(const __m512 (&taps)[9], __m512 (&result)[winograd_points]) {
  __m512 columns[3][4];
  for (int j = 0; j < 3; ++j) transform_taps({taps[j], taps[3 + j], taps[6 + j]}, columns[j]);
  for (int i = 0; i < 4; ++i) {
    __m512 line[4];
    transform_taps({columns[0][i], columns[1][i], columns[2][i]}, line);
    for (int j = 0; j < 4; ++j) result[4 * i + j] = line[j];
  }
}

void transform_filter(const WinogradFilter& filter, const uint16_t* source, int64_t block, uint16_t* packed) {
  const int64_t padded = (filter.inputs + winograd_lanes - 1) / winograd_lanes * winograd_lanes;
  const int64_t point_stride = padded * winograd_block;
  for (int part = 0; part < 2; ++part) {
    const int64_t output = block * winograd_block + part * winograd_lanes;
    for (int64_t input = 0; input < padded; input += 32) {
      __m512i taps[9][16];
      for (int tap = 0; tap < 9; ++tap) {
        if (output < filter.outputs) {
          load_tap(filter, source + tap / 3 * filter.row_stride + tap % 3 * filter.column_stride, output, input,
                   taps[tap]);
        } else {
          for (auto& pair : taps[tap]) pair = _mm512_setzero_si512();
        }
      }
      for (int64_t pair = 0; pair < 16 && input + 2 * pair < padded; ++pair) {
        __m512 even[9], odd[9], even_points[winograd_points], odd_points[winograd_points];
        for (int tap = 0; tap < 9; ++tap) {
          even[tap] = _mm512_castsi512_ps(shifted_up(taps[tap][pair]));
          odd[tap] = _mm512_castsi512_ps(_mm512_and_si512(taps[tap][pair], _mm512_set1_epi32(-65536)));
        }
        transform_filter_taps(even, even_points);
        transform_filter_taps(odd, odd_points);
        uint16_t* target = packed + (input / 2 + pair) * 2 * winograd_block + part * 32;
        for (int point = 0; point < winograd_points; ++point) {
          _mm512_storeu_si512(target + point * point_stride, joined(even_points[point], odd_points[point]));
        }
      }
    }
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

extern const WinogradKernels winograd_avx512_bf16;
const WinogradKernels winograd_avx512_bf16 = {
    transform_filter, transform_windows, multiply,       transform_sums,
    pair_windows,     pair_results,      multiply_pairs, transform_gradient,
};

}  // namespace cpu::compute
