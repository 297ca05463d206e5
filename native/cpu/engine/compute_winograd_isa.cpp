// The kernels of compute_winograd.cpp for processors with AVX512_BF16, compiled for those alone. The transformation is
// Winograd's F(2 x 2, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks"):
//   Y = A^T [(G g G^T) * (B^T d B)] A   of a filter g and a window d, where * multiplies elements.
// It is computed in single precision and rounded to bf16 once; the products are summed in single precision, pairs of
// channels in their order.
#include "engine/compute_winograd_windows_isa.h"

namespace {

using cpu::compute::WinogradKernels;

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

/// A^T in one dimension.
void sum_up(const __m512 (&m)[4], __m512 (&result)[2]) {
  result[0] = m[0] + m[1] + m[2];
  result[1] = m[1] - m[2] - m[3];
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

}  // namespace

namespace cpu::compute {

extern const WinogradKernels winograd_avx512_bf16;
const WinogradKernels winograd_avx512_bf16 = {transform_filter, transform_windows, multiply, transform_sums};

}  // namespace cpu::compute
