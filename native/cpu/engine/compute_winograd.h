#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/compute_convolution.h"
#include "engine/compute_winograd_kernels.h"

namespace cpu::compute {

/// A convolution of bf16 images with a 3x3 filter by Winograd's transformation F(2 x 2, 3 x 3), whose steps are fused:
/// what is between them stays in a core's own cache. It needs 4 multiplications for what takes 9 directly, and the
/// processor's instructions for bf16.
///
/// Transformed numbers are rounded to bf16 before they are multiplied, so a result is less exact than the direct one,
/// whose products are exact. With u = 2^-8, the largest relative error of that rounding, an output is wrong by at most
///   (2 u + u^2) |A^T| [(|G| |g| |G^T|) * (|B^T| |d| |B|)] |A|, summed over the channels,
/// where |.| takes the absolute values of a matrix's elements, and the error of sums in single precision. A window's
/// transform has 4 numbers of the image in each element, and the rows of A^T and G have 4 times the filter's numbers in
/// all, so this is below 2 u * 4 * 4 = 1/8 of the sum of |g| times the largest |d|. Of numbers whose errors are not
/// all of the same sign it is some 1/250 of the result: twice what rounding the result to bf16 costs. The same holds
/// for gradients, for that of the filter with
///   (2 u + u^2) |G^T| [(|A| |dy| |A^T|) * (|B^T| |d| |B|)] |G|, summed over the tiles.
class WinogradPlan {
 public:
  /// Null where it does not apply: channels last, stride, dilation and groups of 1, padding of at most 2.
  static std::unique_ptr<WinogradPlan> make(ConvolutionDirection direction, const ConvolutionShape& shape);

  /// Bytes of workspace a run needs, at an address that is a multiple of 64.
  size_t workspace() const { return workspace_; }
  static const char* kernel() { return "winograd 2x2:avx512_bf16"; }

  /// As run_convolution. The same bits with any number of threads. Allocates nothing.
  void run(double alpha, const void* first, const void* second, double beta, void* result, void* workspace) const;

 private:
  WinogradPlan(ConvolutionDirection direction, const ConvolutionShape& shape);
  void plan_correlation();
  void plan_gradient();
  void correlate(const uint16_t* images, const uint16_t* filter, const WinogradScaling& scaling, uint16_t* result,
                 char* workspace) const;
  void run_gradient(const uint16_t* images, const uint16_t* results, const WinogradScaling& scaling, void* filter,
                    char* workspace) const;

  const ConvolutionDirection direction_;
  /// Of what is read and of what is written; of a filter's gradient, x and dy.
  WinogradImages input_{}, output_{};
  WinogradFilter filter_{};
  /// Where the filter's first tap is, in elements.
  int64_t filter_offset_ = 0;
  bool is_narrow_gradient_ = false;
  int64_t tiles_ = 0;
  /// Tiles that are transformed at a time at most.
  int64_t block_tiles_ = 0;
  /// Threads at most.
  int threads_ = 1;
  /// Of a filter's gradient: the parts that tiles and outputs are divided into.
  int64_t tile_parts_ = 1, output_parts_ = 1;
  /// Elements from one point to the next of packed windows and results.
  int64_t window_stride_ = 0, result_stride_ = 0;
  /// Bytes before a thread's own memory, and of that.
  size_t shared_bytes_ = 0, window_bytes_ = 0, own_bytes_ = 0;
  size_t workspace_ = 0;
};

}  // namespace cpu::compute
