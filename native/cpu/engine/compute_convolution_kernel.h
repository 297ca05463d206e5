#pragma once
#include <string>

#include "engine/compute_convolution.h"

namespace cpu::compute {

/// The tensors of a shape by their part in run_convolution.
template <class Shape>
auto& first_of(ConvolutionDirection direction, Shape& shape) {
  return direction == ConvolutionDirection::BackwardData ? shape.y : shape.x;
}
template <class Shape>
auto& second_of(ConvolutionDirection direction, Shape& shape) {
  return direction == ConvolutionDirection::BackwardFilter ? shape.y : shape.w;
}
template <class Shape>
auto& result_of(ConvolutionDirection direction, Shape& shape) {
  switch (direction) {
    case ConvolutionDirection::Forward:
      return shape.y;
    case ConvolutionDirection::BackwardData:
      return shape.x;
    default:
      return shape.w;
  }
}

/// Sizes in a workspace are multiples of a page.
constexpr size_t whole_pages(size_t bytes) { return (bytes + 4095) / 4096 * 4096; }

/// How many parts of `size` a number of elements has, the last of which may be smaller.
constexpr int64_t parts_of(int64_t elements, int64_t size) { return (elements + size - 1) / size; }

/// One way to compute a convolution of dense tensors. It serves any number of threads at once, each with a workspace of
/// its own.
class ConvolutionKernel {
 public:
  ConvolutionKernel(std::string name, size_t workspace) : name_(std::move(name)), workspace_(workspace) {}
  ConvolutionKernel(const ConvolutionKernel&) = delete;
  ConvolutionKernel& operator=(const ConvolutionKernel&) = delete;
  virtual ~ConvolutionKernel() = default;

  /// For benchmarks.
  const std::string& name() const { return name_; }
  /// Bytes; the memory is aligned to 64.
  size_t workspace() const { return workspace_; }
  /// Whether it can add to what the result holds at no cost.
  virtual bool adds() const { return false; }
  /// `bias`: as run_convolution's, in single precision. `add`: only where adds() is true.
  virtual void run(const void* first, const void* second, const void* bias, bool add, void* result,
                   char* workspace) = 0;

 protected:
  std::string name_;
  size_t workspace_;
};

}  // namespace cpu::compute
