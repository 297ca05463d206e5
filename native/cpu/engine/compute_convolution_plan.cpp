#include "engine/compute_convolution_plan.h"

#include "engine/compute_convolution_choice.h"
#include "engine/compute_convolution_onednn.h"
#include "engine/compute_convolution_parts.h"
#include "engine/compute_convolution_products.h"
#include "engine/compute_convolution_reference.h"
#include "engine/compute_convolution_winograd.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_staging.h"
#include "engine/compute_winograd.h"

namespace cpu::compute {
namespace {

/// The caller's tensor as oneDNN can take it: without gaps, in the caller's layout where that is dense.
Tensor dense(const Tensor& tensor, ElementType type) {
  if (tensor.is_packed() && !tensor.is_channels_last()) return packed(tensor, type);
  return channels_last(tensor, type);
}

/// The filter read backwards in all spatial dimensions, and the element it starts at.
std::pair<Tensor, int64_t> flipped(Tensor filter) {
  int64_t offset = 0;
  for (int i = 2; i < filter.rank; ++i) {
    offset += static_cast<int64_t>(filter.dims[i] - 1) * filter.strides[i];
    filter.strides[i] = -filter.strides[i];
  }
  return {filter, offset};
}

/// Whether a sum of products of 8-bit integers may need more than the 24 bits that float holds exactly.
bool needs_wide_sums(const ConvolutionShape& shape) {
  const auto is_integer = [](ElementType type) { return type == ElementType::I8 || type == ElementType::U8; };
  if (!is_integer(shape.x.type) || !is_integer(shape.w.type)) return false;
  return shape.w.elements() / shape.w.dims[0] * (255 * 128) > 1 << 24;
}

bool is_plain(const Epilogue& epilogue) {
  return !epilogue.has_bias && epilogue.function == EpilogueFunction::Identity;
}

bool needs_double(const ConvolutionShape& shape) {
  return computes_in_double(shape.x.type) || computes_in_double(shape.w.type) || computes_in_double(shape.y.type) ||
         shape.x.rank > 5 || needs_wide_sums(shape);
}

}  // namespace

std::unique_ptr<ConvolutionPlan> ConvolutionPlan::make(ConvolutionDirection direction, ConvolutionAlgorithm algorithm,
                                                       const ConvolutionShape& shape, const Epilogue& epilogue,
                                                       bool keeps_single) {
  std::unique_ptr<ConvolutionPlan> plan(new ConvolutionPlan(direction, shape, epilogue));
  return plan->choose_kernel(algorithm, keeps_single) ? std::move(plan) : nullptr;
}

/// Chooses types and layouts and makes the kernel. False where the algorithm does not exist for the shape.
bool ConvolutionPlan::choose_kernel(ConvolutionAlgorithm algorithm, bool keeps_single) {
  if (!needs_double(user_)) {
    kernel_ = make_single_precision(algorithm, keeps_single);
    if (kernel_ != nullptr) return true;
  }
  if (algorithm != ConvolutionAlgorithm::Direct || !is_plain(epilogue_) || user_.x.rank > 5) return false;
  native_.x = packed(user_.x, ElementType::F64);
  native_.w = packed(user_.w, ElementType::F64);
  native_.y = packed(user_.y, ElementType::F64);
  used_ = {};
  kernel_ = make_reference_convolution(direction_, native_);
  return true;
}

std::unique_ptr<ConvolutionKernel> ConvolutionPlan::make_single_precision(ConvolutionAlgorithm algorithm,
                                                                          bool keeps_single) {
  if (algorithm == ConvolutionAlgorithm::Winograd && is_plain(epilogue_)) {
    take_types(true, keeps_single);
    if (auto kernel = make_bfloat16_winograd(direction_, native_)) {
      // It needs the whole filter.
      used_ = {};
      return kernel;
    }
  }
  take_types(false, keeps_single);
  const bool is_filter = direction_ == ConvolutionDirection::BackwardFilter;
  const bool is_direct = algorithm == ConvolutionAlgorithm::Direct;
  // For taps that meet no pixel oneDNN's kernels for bf16 and for one thread read what lies behind the image.
  const bool is_simple = !is_filter || (native_.x.rank == 4 && !used_.has_idle);
  if (is_direct && is_simple && multiplies_bfloat16()) take_types(true, keeps_single);
  if (is_filter && is_direct && prefers_products(native_)) {
    native_.w = channels_last(native_.w, ElementType::F32);
    used_ = used_taps(native_);
    return make_filter_gradient_by_products(used_.shape);
  }
  if (is_filter && is_direct && is_simple) return make_filter_gradient_in_parts(native_, used_);
  // So do all its kernels for the filter of a volume whose slices are padded and taken in strides.
  if (is_filter && native_.x.rank == 5 && native_.stride[0] > 1 && native_.padding[0] > 0) return nullptr;
  if (!is_direct) return make_winograd_convolution(direction_, used_, epilogue_);
  return OnednnConvolution::make(direction_, algorithm, used_, epilogue_);
}

/// The kernel's tensors in the caller's types, or in single precision.
void ConvolutionPlan::take_types(bool callers, bool keeps_single) {
  const auto type = [callers](const Tensor& user) { return callers ? user.type : ElementType::F32; };
  native_.x = dense(user_.x, type(user_.x));
  native_.w = dense(user_.w, type(user_.w));
  native_.y = dense(user_.y, type(user_.y));
  if (keeps_single) result_of(direction_, native_) = dense(result_of(direction_, user_), ElementType::F32);
  used_ = used_taps(native_);
}

/// Whether the factors are bf16 that the processor multiplies as they are; the result is f32 or rounded once to bf16.
bool ConvolutionPlan::multiplies_bfloat16() const {
  const ElementType result = result_of(direction_, user_).type;
  return first_of(direction_, user_).type == ElementType::BF16 &&
         second_of(direction_, user_).type == ElementType::BF16 &&
         (result == ElementType::BF16 || result == ElementType::F32) && onednn_multiplies_bfloat16();
}

void ConvolutionPlan::run(double alpha, const void* first, const void* second, const void* bias, double beta,
                          void* result, void* workspace, size_t workspace_bytes) {
  if (const bool is_plain = alpha == 1 && (beta == 0 || beta == 1); !is_plain && rounds_result()) {
    std::call_once(made_unrounded_,
                   [this] { unrounded_ = make(direction_, ConvolutionAlgorithm::Direct, user_, epilogue_, true); });
    if (unrounded_) return unrounded_->run(alpha, first, second, bias, beta, result, workspace, workspace_bytes);
  }
  Scratch scratch;
  first = staged<void>(first_of(direction_, user_), first, first_of(direction_, native_), scratch);
  second = stage_second(second, scratch);
  const Tensor& result_user = result_of(direction_, user_);
  const Tensor& result_native = result_of(direction_, native_);
  const bool flips_result = direction_ == ConvolutionDirection::BackwardFilter && flips();
  const bool adds = beta == 1 && kernel_->adds() && !used_.trims;
  const bool is_direct = alpha == 1 && (beta == 0 || adds) && !flips_result && same_layout(result_user, result_native);
  void* target =
      is_direct ? result
                : scratch.take_bytes(static_cast<size_t>(result_native.elements()) * element_size(result_native.type));
  if (bias != nullptr) {
    const Tensor bias_user = channel_numbers(user_.y, epilogue_.bias_type),
                 bias_native = channel_numbers(user_.y, ElementType::F32);
    bias = staged<float>(bias_user, bias, bias_native, scratch);
  }
  const size_t wanted = kernel_->workspace();
  const bool is_usable =
      workspace != nullptr && workspace_bytes >= wanted && reinterpret_cast<uintptr_t>(workspace) % 64 == 0;
  if (!is_usable && wanted != 0) workspace = scratch.take_bytes(wanted);
  run_kernel(first, second, bias, is_direct && adds, target, static_cast<char*>(workspace));
  if (is_direct) return;
  if (flips_result) {
    const auto [tensor, offset] = flipped(user_.w);
    blend_tensor(alpha, result_native, target, beta, tensor, at(result, tensor.type, offset));
  } else {
    blend_tensor(alpha, result_native, target, beta, result_user, result);
  }
}

/// The second operand as the kernel takes it.
const void* ConvolutionPlan::stage_second(const void* data, Scratch& scratch) const {
  const Tensor &user = second_of(direction_, user_), &native = second_of(direction_, native_);
  if (direction_ == ConvolutionDirection::BackwardFilter || !flips()) return staged<void>(user, data, native, scratch);
  const auto [tensor, offset] = flipped(user);
  void* copy = scratch.take_bytes(static_cast<size_t>(native.elements()) * element_size(native.type));
  blend_tensor(1, tensor, at(data, tensor.type, offset), 0, native, copy);
  return copy;
}

/// The kernel knows the filter's used taps alone.
void ConvolutionPlan::run_kernel(const void* first, const void* second, const void* bias, bool add, void* result,
                                 char* workspace) {
  const ElementType type = native_.w.type;
  if (direction_ == ConvolutionDirection::BackwardFilter) {
    if (used_.trims) set_tensor(native_.w, result, 0);
    result = at(result, type, used_.offset);
  } else {
    second = at(second, type, used_.offset);
  }
  kernel_->run(first, second, bias, add, result, workspace);
}

}  // namespace cpu::compute
