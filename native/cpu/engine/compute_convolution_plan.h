#pragma once
#include <memory>
#include <mutex>
#include <utility>

#include "engine/compute_convolution_kernel.h"
#include "engine/compute_convolution_taps.h"
#include "engine/compute_scratch.h"

namespace cpu::compute {

/// A convolution of the caller's tensors by a kernel, for which tensors are brought into dense layouts and types it
/// takes, and from which the result is blended into the caller's.
class ConvolutionPlan {
 public:
  /// Null where the algorithm does not exist for the shape. `keeps_single`: the result is in single precision where the
  /// kernel would round it to 16 bits.
  static std::unique_ptr<ConvolutionPlan> make(ConvolutionDirection direction, ConvolutionAlgorithm algorithm,
                                               const ConvolutionShape& shape, const Epilogue& epilogue,
                                               bool keeps_single = false);

  const ConvolutionShape& shape() const { return user_; }
  size_t workspace() const { return kernel_->workspace(); }
  const char* kernel() const { return kernel_->name().c_str(); }

  /// As run_convolution.
  void run(double alpha, const void* first, const void* second, const void* bias, double beta, void* result,
           void* workspace, size_t workspace_bytes);

 private:
  ConvolutionPlan(ConvolutionDirection direction, const ConvolutionShape& shape, const Epilogue& epilogue)
      : direction_(direction), user_(shape), native_(shape), epilogue_(epilogue) {}

  bool choose_kernel(ConvolutionAlgorithm algorithm, bool keeps_single);
  std::unique_ptr<ConvolutionKernel> make_single_precision(ConvolutionAlgorithm algorithm, bool keeps_single);
  void take_types(bool callers, bool keeps_single);
  bool multiplies_bfloat16() const;
  /// Whether the kernel rounds the result to 16 bits, which costs precision where it is blended with what was there.
  bool rounds_result() const { return result_of(direction_, native_).type == ElementType::BF16; }
  bool flips() const { return user_.flips_filter && user_.w.pixels() > 1; }
  const void* stage_second(const void* data, Scratch& scratch) const;
  void run_kernel(const void* first, const void* second, const void* bias, bool add, void* result, char* workspace);

  const ConvolutionDirection direction_;
  const ConvolutionShape user_;
  /// What the kernel takes.
  ConvolutionShape native_;
  UsedTaps used_;
  const Epilogue epilogue_;
  std::unique_ptr<ConvolutionKernel> kernel_;
  /// The same with a result in single precision, made when it is first needed.
  std::once_flag made_unrounded_;
  std::unique_ptr<ConvolutionPlan> unrounded_;
};

}  // namespace cpu::compute
