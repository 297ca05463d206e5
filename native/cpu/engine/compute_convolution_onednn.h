#pragma once
#include <memory>

#include "engine/compute_convolution_kernel.h"
#include "engine/compute_convolution_taps.h"
#include "engine/compute_onednn.h"
#include "engine/compute_pool.h"

namespace cpu::compute {

/// One tensor of a convolution: how the caller's lies (dense, f32 or bf16), how oneDNN's kernel wants it, and the
/// reorder between them.
struct OnednnArgument {
  dnnl::memory::desc outer, inner, pad;
  dnnl::reorder reorder;
  /// Results only: adds to what the caller's tensor holds.
  dnnl::reorder accumulate;
  bool reorders = false;
  /// Where it lies in the workspace as the kernel wants it.
  size_t inner_offset = 0;

  OnednnArgument() = default;
  OnednnArgument(const dnnl::memory::desc& outer, const dnnl::memory::desc& inner, bool is_result);
};

/// A convolution by one of oneDNN's primitives.
class OnednnConvolution final : public ConvolutionKernel {
 public:
  /// Null where oneDNN has no such kernel. `owns_result`: false where run_inner() alone is called, and its result has
  /// no place in the workspace; the sums of a filter's gradient are in single precision then, whatever the filter is.
  static std::unique_ptr<OnednnConvolution> make(ConvolutionDirection direction, ConvolutionAlgorithm algorithm,
                                                 const UsedTaps& used, const Epilogue& epilogue,
                                                 bool owns_result = true);

  ~OnednnConvolution() override;

  bool adds() const override { return result_.reorders; }
  void run(const void* first, const void* second, const void* bias, bool add, void* result, char* workspace) override;

  /// How the kernel writes its result, and whether that differs from the caller's tensor.
  const dnnl::memory::desc& inner_result() const { return result_.inner; }
  bool reorders_result() const { return result_.reorders; }
  /// The convolution from the caller's operands to a result as the kernel writes it.
  void run_inner(const void* first, const void* second, const void* bias, void* inner, char* workspace);
  /// Brings a result as the kernel writes it to the caller's layout.
  void finish(const void* inner, bool add, void* result, char* workspace);

 private:
  /// What one run needs for itself.
  struct Memories;

  OnednnConvolution(ConvolutionDirection direction, ConvolutionAlgorithm algorithm, const UsedTaps& used,
                    const Epilogue& epilogue, bool owns_result);
  template <class Primitive, class Description>
  void take(const Description& description, OnednnArgument first, OnednnArgument second, OnednnArgument result,
            bool owns_result);
  std::unique_ptr<Memories> make_memories() const;
  void execute_inner(const void* first, const void* second, const void* bias, void* inner, char* workspace,
                     const Memories& memories) const;
  void execute_finish(const void* inner, bool add, void* result, char* workspace, const Memories& memories) const;

  const ConvolutionDirection direction_;
  const bool has_bias_;
  dnnl::primitive convolution_;
  OnednnArgument first_, second_, result_;
  dnnl::memory::desc pad_, bias_;
  size_t pad_offset_ = 0;
  Pool<Memories> memories_;
};

}  // namespace cpu::compute
