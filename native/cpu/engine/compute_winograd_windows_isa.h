// Numbers in bf16 and transformed windows, for the kernels of Winograd's transformation that are compiled for
// processors with AVX512_BF16 alone. Everything is in an unnamed namespace, so that nothing is shared with the rest of
// the library.
#pragma once
#include <immintrin.h>
#include <string.h>

#include "engine/compute_winograd_kernels.h"

namespace {

using cpu::compute::winograd_block;
using cpu::compute::winograd_lanes;
using cpu::compute::winograd_points;
using cpu::compute::WinogradFilter;
using cpu::compute::WinogradImages;

/// Lanes below `count`.
inline __mmask16 lanes(int64_t count) {
  return count >= winograd_lanes ? 0xffff : count <= 0 ? 0 : static_cast<__mmask16>((1u << count) - 1);
}

/// 16 numbers in bf16; those that are masked out are not read, and 0.
inline __m256i load_narrow(const uint16_t* source, __mmask16 mask) { return _mm256_maskz_loadu_epi16(mask, source); }

// gcc 12 warns of the forms without a mask (its bug 105593).
inline __m512i widened(__m256i narrow) { return _mm512_maskz_cvtepu16_epi32(0xffff, narrow); }
inline __m512i shifted_up(__m512i words) { return _mm512_maskz_slli_epi32(0xffff, words, 16); }

inline __m512 load(const uint16_t* source, __mmask16 mask) {
  return _mm512_castsi512_ps(shifted_up(widened(load_narrow(source, mask))));
}

inline __m256i rounded(__m512 values) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)); }

/// Pairs of numbers in bf16, the first ones below.
inline __m512i joined(__m512 first, __m512 second) {
  const __m512i alternating =
      _mm512_setr_epi32(0x100000, 0x110001, 0x120002, 0x130003, 0x140004, 0x150005, 0x160006, 0x170007, 0x180008,
                        0x190009, 0x1a000a, 0x1b000b, 0x1c000c, 0x1d000d, 0x1e000e, 0x1f000f);
  const auto both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
  return _mm512_maskz_permutexvar_epi16(0xffffffff, alternating, both);
}

inline void store(__m512 values, uint16_t* target, __mmask16 mask) {
  _mm256_mask_storeu_epi16(target, mask, rounded(values));
}

/// `target` += the products of the pairs in `a` and `b`.
inline void add_products(__m512& target, __m512i a, __m512i b) {
  target = _mm512_dpbf16_ps(target, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}

inline __m512i broadcast_pair(const uint16_t* source) {
  int32_t pair;
  memcpy(&pair, source, sizeof pair);
  return _mm512_set1_epi32(pair);
}

/// B^T in one dimension.
inline void transform_window(const __m512 (&d)[4], __m512 (&result)[4]) {
  result[0] = d[0] - d[2];
  result[1] = d[1] + d[2];
  result[2] = d[2] - d[1];
  result[3] = d[1] - d[3];
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
class PixelRows {
 public:
  /// The rows from `top` on of one image; `source`: its first pixel's first wanted channel.
  PixelRows(const WinogradImages& images, const uint16_t* source, int64_t top, __mmask16 mask)
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
  const PixelRows<4> rows(images, source, 2 * place.row - images.padding_h, mask);
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

inline const uint16_t* image_of(const WinogradImages& images, const uint16_t* source, int64_t image) {
  return source + image * images.height * images.width * images.channels;
}

}  // namespace
