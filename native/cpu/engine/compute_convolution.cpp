#include "engine/compute_convolution.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "engine/compute_convolution_reference.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_onednn.h"
#include "engine/compute_pool.h"
#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

using dnnl::memory;

constexpr size_t alignment = 4096;

size_t aligned(size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

/// One tensor of a plan: how the caller's lies (dense, f32 or bf16), how the kernel wants it, and the reorder between
/// them.
struct Argument {
  memory::desc outer, inner, pad;
  dnnl::reorder reorder;
  /// Results only: adds to what the caller's tensor holds.
  dnnl::reorder accumulate;
  bool reorders = false;
  size_t inner_offset = 0;

  void prepare(const memory::desc& outer_desc, const memory::desc& inner_desc, bool is_result) {
    const dnnl::engine& engine = onednn_engine();
    outer = outer_desc;
    inner = inner_desc;
    reorders = outer_desc != inner_desc;
    if (!reorders) return;
    const auto& from = is_result ? inner_desc : outer_desc;
    const auto& to = is_result ? outer_desc : inner_desc;
    const dnnl::reorder::primitive_desc description(engine, from, engine, to, onednn_attributes());
    reorder = dnnl::reorder(description);
    pad = description.scratchpad_desc();
    if (!is_result) return;
    dnnl::post_ops addition;
    addition.append_sum(1.0f);
    dnnl::primitive_attr attributes = onednn_attributes();
    attributes.set_post_ops(addition);
    const dnnl::reorder::primitive_desc adding(engine, from, engine, to, attributes);
    accumulate = dnnl::reorder(adding);
    if (adding.scratchpad_desc().get_size() > pad.get_size()) pad = adding.scratchpad_desc();
  }
};

/// The objects through which one run tells oneDNN where an argument lies.
struct ArgumentMemory {
  memory outer, inner, pad;
  bool reorders;

  explicit ArgumentMemory(const Argument& argument)
      : outer(argument.outer, onednn_engine(), nullptr), reorders(argument.reorders) {
    if (!reorders) return;
    inner = memory(argument.inner, onednn_engine(), nullptr);
    pad = memory(argument.pad, onednn_engine(), nullptr);
  }

  dnnl_memory_t kernel() const { return reorders ? inner.get() : outer.get(); }
};

void set_pointer(const memory& target, const void* data) {
  dnnl_memory_set_data_handle(target.get(), const_cast<void*>(data));
}

void execute(const dnnl::primitive& primitive, std::initializer_list<dnnl_exec_arg_t> arguments) {
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive.get(), onednn_stream(), static_cast<int>(arguments.size()), arguments.begin()),
      "oneDNN could not execute a primitive");
}

/// Where blocked activations pay for changing the layout, measured with native/bench/layer_bench: oneDNN's
/// channels-last kernels are as fast as its blocked ones or faster, except on small images and for strided filter
/// gradients.
bool prefers_blocked(ConvolutionDirection direction, const ConvolutionShape& shape) {
  if (shape.x.dims[1] % 16 != 0 || shape.y.dims[1] % 16 != 0 || shape.groups != 1) return false;
  const bool is_narrow = shape.x.type == ElementType::BF16 || shape.y.type == ElementType::BF16;
  const bool has_window = shape.w.pixels() > 1, is_strided = shape.stride[0] > 1;
  switch (direction) {
    case ConvolutionDirection::Forward:
      return has_window ? shape.y.pixels() <= 16 : is_narrow && shape.y.pixels() <= 4;
    case ConvolutionDirection::BackwardData:
      return has_window && !is_narrow && shape.x.pixels() <= 64 && !is_strided;
    case ConvolutionDirection::BackwardFilter:
      return has_window && (is_strided || (is_narrow && shape.x.pixels() <= 16));
  }
  return false;
}

/// While it lives, primitives are made for this thread alone: oneDNN shares out the work of filter gradients, and with
/// it the order of their sums, when it makes them.
class ForOneThread {
 public:
  ForOneThread() : threads_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~ForOneThread() { omp_set_num_threads(threads_); }
  ForOneThread(const ForOneThread&) = delete;
  ForOneThread& operator=(const ForOneThread&) = delete;

 private:
  const int threads_;
};

/// Into how many parts the images of a filter gradient are divided: many keep many threads busy, but each has a sum as
/// large as the filter.
int64_t image_parts(const ConvolutionShape& shape) {
  constexpr int64_t least = 4, most = 16;
  const int64_t images = shape.x.dims[0];
  const int64_t paid = (shape.x.elements() + shape.y.elements()) / (4 * shape.w.elements());
  // A power of two, which is shared out evenly by as many threads as most processors have.
  return std::min(images, static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::clamp(paid, least, most)))));
}

/// How many output channels are one part of a filter's gradient: of a large filter so many that they stay in a core's
/// own cache from image to image, of few images so many that several threads have something to do; 0 where the images
/// are divided instead.
int channels_of_part(const ConvolutionShape& shape) {
  constexpr int64_t large = 2 << 20, cached = 5 << 18, few_images = 4;
  const int64_t channel_bytes = shape.w.elements() / shape.w.dims[0] * static_cast<int64_t>(sizeof(float));
  const int all = shape.w.dims[0];
  const bool is_large = channel_bytes * all >= large, has_few_images = shape.x.dims[0] < few_images;
  if (shape.groups != 1 || !(is_large || has_few_images)) return 0;
  // Every part pairs up the pixels of all images for the multiplication of bf16, which costs more than the larger sums.
  if (shape.x.type == ElementType::BF16 && !has_few_images) return 0;
  int channels = all;
  while (channels % 32 == 0 && (channel_bytes * channels > cached || (has_few_images && all / channels < few_images))) {
    channels /= 2;
  }
  return channels % 16 == 0 && channels < all ? channels : 0;
}

/// Whether a tensor is channels last but for more channels between its pixels, as a part of such a tensor is.
bool channels_are_last(const Tensor& tensor) {
  Tensor whole = tensor;
  whole.dims[1] = tensor.strides[tensor.rank - 1];
  return tensor.strides[1] == 1 && whole.dims[1] >= tensor.dims[1] && whole.is_channels_last();
}

/// Whether a sum of products of 8-bit integers may need more than the 24 bits that float holds exactly.
bool needs_wide_sums(const ConvolutionShape& shape) {
  const auto is_integer = [](ElementType type) { return type == ElementType::I8 || type == ElementType::U8; };
  if (!is_integer(shape.x.type) || !is_integer(shape.w.type)) return false;
  return shape.w.elements() / shape.w.dims[0] * (255 * 128) > 1 << 24;
}

}  // namespace

class ConvolutionPlan {
 public:
  ConvolutionPlan(ConvolutionDirection direction, const ConvolutionShape& shape, const Epilogue& epilogue)
      : direction_(direction), user_(shape), native_(shape), epilogue_(epilogue) {}

  /// Chooses layouts and makes the primitives. False where the algorithm does not exist for the shape.
  bool prepare(ConvolutionAlgorithm algorithm) {
    const bool f64 = computes_in_double(user_.x.type) || computes_in_double(user_.w.type) ||
                     computes_in_double(user_.y.type) || user_.x.rank > 5 || needs_wide_sums(user_);
    if (!f64) {
      take_types(false);
      // For taps that meet no pixel oneDNN's kernels for bf16 and for one thread read what lies behind the image.
      const bool is_filter = direction_ == ConvolutionDirection::BackwardFilter;
      const bool is_simple = !is_filter || (native_.x.rank == 4 && !has_idle_taps_);
      if (algorithm == ConvolutionAlgorithm::Direct && multiplies_bfloat16() && is_simple) take_types(true);
      const bool in_parts = is_filter && is_simple && algorithm == ConvolutionAlgorithm::Direct;
      // So do all its kernels for the filter of a volume whose slices are padded and taken in strides.
      const bool is_wrong = is_filter && native_.x.rank == 5 && native_.stride[0] > 1 && native_.padding[0] > 0;
      if (!is_wrong && (in_parts ? prepare_parts() : prepare_onednn(algorithm))) return true;
    }
    const bool is_plain = !epilogue_.has_bias && epilogue_.function == EpilogueFunction::Identity;
    if (algorithm != ConvolutionAlgorithm::Direct || !is_plain || user_.x.rank > 5) return false;
    in_double_ = true;
    kernel_ = "double";
    native_.x = packed(user_.x, ElementType::F64);
    native_.w = packed(user_.w, ElementType::F64);
    native_.y = packed(user_.y, ElementType::F64);
    return true;
  }

  const ConvolutionShape& shape() const { return user_; }
  size_t workspace() const { return workspace_; }
  const char* kernel() const { return kernel_.c_str(); }

  void run(double alpha, const void* first, const void* second, const void* bias, double beta, void* result,
           void* workspace, size_t workspace_bytes) {
    if (const bool is_plain = alpha == 1 && (beta == 0 || beta == 1); !is_plain && rounds_result()) {
      std::call_once(made_unrounded_, [this] {
        unrounded_ = std::make_unique<ConvolutionPlan>(direction_, user_, epilogue_);
        unrounded_->keeps_single_ = true;
        if (!unrounded_->prepare(ConvolutionAlgorithm::Direct)) unrounded_.reset();
      });
      if (unrounded_) return unrounded_->run(alpha, first, second, bias, beta, result, workspace, workspace_bytes);
    }
    Scratch scratch;
    first = stage_input(user_first(), native_first(), first, scratch);
    const bool second_is_filter = direction_ != ConvolutionDirection::BackwardFilter;
    const Tensor& second_user = second_is_filter ? user_.w : user_.y;
    const Tensor& second_native = second_is_filter ? native_.w : native_.y;
    second =
        second_is_filter ? stage_filter(second, scratch) : stage_input(second_user, second_native, second, scratch);
    const Tensor& result_native = native_result();
    const bool flips_result = direction_ == ConvolutionDirection::BackwardFilter && flips();
    // A result whose layout is changed anyway is added to the old one on the way.
    const bool adds = beta == 1 && !in_double_ && result_.reorders && !trims();
    const bool direct = alpha == 1 && (beta == 0 || adds) && !flips_result && same_layout(user_result(), result_native);
    void* target =
        direct ? result
               : scratch.take_bytes(static_cast<size_t>(result_native.elements()) * element_size(result_native.type));
    if (in_double_) {
      reference_convolution(direction_, native_, static_cast<const double*>(first), static_cast<const double*>(second),
                            static_cast<double*>(target));
    } else {
      if (bias != nullptr) {
        const Tensor bias_user = channel_numbers(user_.y, epilogue_.bias_type),
                     bias_native = channel_numbers(user_.y, ElementType::F32);
        bias = staged<float>(bias_user, bias, bias_native, scratch);
      }
      const size_t misalignment = reinterpret_cast<uintptr_t>(workspace) % 64;
      const bool usable = workspace != nullptr && workspace_bytes >= workspace_ && misalignment == 0;
      char* memory = static_cast<char*>(usable || workspace_ == 0 ? workspace : scratch.take_bytes(workspace_));
      execute_onednn(first, second, bias, target, direct && adds, memory);
    }
    if (direct) return;
    if (flips_result) {
      const auto [tensor, offset] = flipped(user_.w);
      blend_tensor(alpha, result_native, target, beta, tensor, at(result, tensor.type, offset));
    } else {
      blend_tensor(alpha, result_native, target, beta, user_result(), result);
    }
  }

 private:
  /// Whether the kernel rounds the result to 16 bits, which costs precision where it is blended with what was there.
  bool rounds_result() const { return native_result().type == ElementType::BF16; }

  /// oneDNN's tensors in the caller's types, or in single precision.
  void take_types(bool callers) {
    const auto type = [callers](const Tensor& user) { return callers ? user.type : ElementType::F32; };
    native_.x = dense(user_.x, type(user_.x));
    native_.w = dense(user_.w, type(user_.w));
    native_.y = dense(user_.y, type(user_.y));
    if (keeps_single_) {
      Tensor& result = direction_ == ConvolutionDirection::Forward        ? native_.y
                       : direction_ == ConvolutionDirection::BackwardData ? native_.x
                                                                          : native_.w;
      result = dense(user_result(), ElementType::F32);
    }
    trim_filter();
  }

  /// The caller's tensor as oneDNN can take it: without gaps, in the caller's layout where that is dense.
  static Tensor dense(const Tensor& tensor, ElementType type) {
    if (tensor.is_packed() && !tensor.is_channels_last()) return packed(tensor, type);
    return channels_last(tensor, type);
  }

  /// Whether the factors are bf16 that the processor multiplies as they are; the result is f32 or rounded once to bf16.
  bool multiplies_bfloat16() const {
    const bool is_filter = direction_ == ConvolutionDirection::BackwardFilter;
    const ElementType second = is_filter ? user_.y.type : user_.w.type, result = user_result().type;
    if (user_first().type != ElementType::BF16 || second != ElementType::BF16) return false;
    if (result != ElementType::BF16 && result != ElementType::F32) return false;
    return onednn_multiplies_bfloat16();
  }

  bool flips() const { return user_.flips_filter && user_.w.pixels() > 1; }

  /// The filter read backwards in all spatial dimensions, and the element it starts at.
  static std::pair<Tensor, int64_t> flipped(Tensor filter) {
    int64_t offset = 0;
    for (int i = 2; i < filter.rank; ++i) {
      offset += static_cast<int64_t>(filter.dims[i] - 1) * filter.strides[i];
      filter.strides[i] = -filter.strides[i];
    }
    return {filter, offset};
  }

  const Tensor& user_first() const { return direction_ == ConvolutionDirection::BackwardData ? user_.y : user_.x; }
  const Tensor& native_first() const {
    return direction_ == ConvolutionDirection::BackwardData ? native_.y : native_.x;
  }
  const Tensor& user_result() const {
    return direction_ == ConvolutionDirection::Forward        ? user_.y
           : direction_ == ConvolutionDirection::BackwardData ? user_.x
                                                              : user_.w;
  }
  const Tensor& native_result() const {
    return direction_ == ConvolutionDirection::Forward        ? native_.y
           : direction_ == ConvolutionDirection::BackwardData ? native_.x
                                                              : native_.w;
  }

  const void* stage_input(const Tensor& user, const Tensor& native, const void* data, Scratch& scratch) const {
    return staged<void>(user, data, native, scratch);
  }

  const void* stage_filter(const void* data, Scratch& scratch) const {
    if (!flips()) return stage_input(user_.w, native_.w, data, scratch);
    const auto [tensor, offset] = flipped(user_.w);
    void* copy = scratch.take_bytes(static_cast<size_t>(native_.w.elements()) * element_size(native_.w.type));
    blend_tensor(1, tensor, at(data, tensor.type, offset), 0, native_.w, copy);
    return copy;
  }

  /// Leaves out the filter taps that meet nothing but padding: 8 of 9 on images of one pixel, 5 of 9 where a strided
  /// 3x3 filter meets 2x2 pixels. Their gradient is 0.
  void trim_filter() {
    used_ = native_;
    used_offset_ = 0;
    has_idle_taps_ = false;
    for (int i = 0; i < native_.x.rank - 2; ++i) {
      const int64_t size = native_.x.dims[2 + i], out = native_.y.dims[2 + i], taps = native_.w.dims[2 + i];
      const int64_t padding = native_.padding[i], stride = native_.stride[i], dilation = native_.dilation[i];
      auto meets_pixels = [&](int64_t tap) {
        for (int64_t p = 0; p < out; ++p) {
          const int64_t pixel = p * stride - padding + tap * dilation;
          if (pixel >= 0 && pixel < size) return true;
        }
        return false;
      };
      int64_t first = 0, last = taps - 1;
      while (first < last && !meets_pixels(first)) ++first;
      while (last > first && !meets_pixels(last)) --last;
      // oneDNN takes no negative padding.
      const int64_t left = padding - first * dilation;
      const int64_t right = (out - 1) * stride + (last - first) * dilation + 1 - size - left;
      const bool keeps_all = (first == 0 && last == taps - 1) || left < 0 || right < 0;
      for (int64_t tap = keeps_all ? 0 : first; tap < (keeps_all ? taps : last + 1); ++tap) {
        if (!meets_pixels(tap)) has_idle_taps_ = true;
      }
      if (keeps_all) {
        // The result's size says how much padding there is behind the image, where it is not as much as before it.
        const int64_t window = (taps - 1) * dilation + 1;
        const bool symmetric = (size + 2 * padding - window) / stride + 1 == out;
        const int64_t behind = (out - 1) * stride + window - size - padding;
        padding_right_[i] = static_cast<int>(symmetric ? padding : std::max<int64_t>(0, behind));
        continue;
      }
      used_.w.dims[2 + i] = static_cast<int>(last - first + 1);
      used_.padding[i] = static_cast<int>(left);
      padding_right_[i] = static_cast<int>(right);
      used_offset_ += first * native_.w.strides[2 + i];
    }
  }

  bool trims() const { return used_.w.elements() != native_.w.elements(); }

  /// The used part of the filter with its groups as the first dimension.
  memory::desc filter_desc() const {
    const Tensor& w = used_.w;
    if (native_.groups == 1) return onednn_desc(w);
    memory::dims dims{native_.groups, w.dims[0] / native_.groups}, strides{w.strides[0] * dims[1], w.strides[0]};
    for (int i = 1; i < w.rank; ++i) {
      dims.push_back(w.dims[i]);
      strides.push_back(w.strides[i]);
    }
    return {dims, onednn_type(w.type), strides};
  }

  /// Plans for the parts of a filter gradient: of the output channels, or of the images.
  bool prepare_parts() {
    part_images_ = native_.x.dims[0];
    part_channels_ = channels_of_part(native_);
    if (part_channels_ != 0) {
      parts_ = native_.w.dims[0] / part_channels_;
      part_ = plan_of_part(part_images_, part_channels_);
      if (part_ == nullptr) return false;
      result_.reorders = part_->result_.reorders;
      part_bytes_ = part_->workspace_;
      workspace_ = part_bytes_ * static_cast<size_t>(parts_);
    } else {
      const int64_t images = part_images_, count = image_parts(native_);
      part_images_ = (images + count - 1) / count;
      parts_ = (images + part_images_ - 1) / part_images_;
      part_ = plan_of_part(part_images_, native_.w.dims[0]);
      if (part_ == nullptr) return false;
      part_bytes_ = part_->workspace_;
      if (images % part_images_ != 0) {
        last_part_ = plan_of_part(images % part_images_, native_.w.dims[0]);
        if (last_part_ == nullptr || last_part_->result_.inner != part_->result_.inner) return false;
        part_bytes_ = std::max(part_bytes_, last_part_->workspace_);
      }
      first_ = part_->first_;
      second_ = part_->second_;
      pad_ = part_->pad_;
      result_.prepare(filter_desc(), part_->result_.inner, true);
      sums_offset_ = part_bytes_ * static_cast<size_t>(parts_);
      sum_bytes_ = aligned(result_.inner.get_size());
      scratchpad_offset_ = sums_offset_ + sum_bytes_ * static_cast<size_t>(parts_);
      workspace_ = scratchpad_offset_ + (result_.reorders ? aligned(result_.pad.get_size()) : 0);
      memories_.put(make_memories());
    }
    kernel_ = part_->kernel_;
    return true;
  }

  /// Its operands lie within this plan's.
  std::unique_ptr<ConvolutionPlan> plan_of_part(int64_t images, int channels) const {
    ConvolutionShape shape = native_;
    shape.x.dims[0] = shape.y.dims[0] = static_cast<int>(images);
    shape.y.dims[1] = shape.w.dims[0] = channels;
    // Sums that are added to others are not rounded before.
    if (part_channels_ == 0) shape.w.type = ElementType::F32;
    auto plan = std::make_unique<ConvolutionPlan>(direction_, shape, epilogue_);
    plan->is_summed_ = part_channels_ == 0;
    const ForOneThread guard;
    plan->trim_filter();
    if (!plan->prepare_onednn(ConvolutionAlgorithm::Direct)) return nullptr;
    return plan;
  }

  bool prepare_onednn(ConvolutionAlgorithm algorithm) {
    const bool plain = native_.x.is_channels_last() && channels_are_last(native_.y) &&
                       algorithm == ConvolutionAlgorithm::Direct && !prefers_blocked(direction_, used_);
    try {
      make_primitives(algorithm, plain);
      return true;
    } catch (const dnnl::error&) {
      // No such kernel: the caller tries something else.
      return false;
    }
  }

  void make_primitives(ConvolutionAlgorithm algorithm, bool plain) {
    const dnnl::engine& engine = onednn_engine();
    const auto kind = algorithm == ConvolutionAlgorithm::Winograd ? dnnl::algorithm::convolution_winograd
                                                                  : dnnl::algorithm::convolution_direct;
    const auto any = memory::format_tag::any;
    const memory::desc outer_x = onednn_desc(native_.x), outer_y = onednn_desc(native_.y), outer_w = filter_desc();
    const memory::desc x = plain ? outer_x : memory::desc(outer_x.dims(), outer_x.data_type(), any);
    const memory::desc y = plain ? onednn_desc(channels_last(native_.y, native_.y.type))
                                 : memory::desc(outer_y.dims(), outer_y.data_type(), any);
    const memory::desc w(outer_w.dims(), outer_w.data_type(), any);
    const memory::desc bias({outer_y.dims()[1]}, memory::data_type::f32, memory::format_tag::a);
    const int spatial = native_.x.rank - 2;
    const memory::dims strides(native_.stride, native_.stride + spatial);
    const memory::dims padding(used_.padding, used_.padding + spatial);
    const memory::dims padding_right(padding_right_, padding_right_ + spatial);
    memory::dims dilation(native_.dilation, native_.dilation + spatial);
    for (auto& d : dilation) d -= 1;
    const dnnl::primitive_attr attributes = onednn_attributes(epilogue_);
    const bool has_bias = epilogue_.has_bias;
    using Forward = dnnl::convolution_forward;
    // Gradients of bf16 are made for the convolution that is bf16 throughout, whatever they are stored as: none has
    // factors of both types.
    const auto forward_desc = [&](const memory::desc& desc) {
      const bool is_mixed = direction_ != ConvolutionDirection::Forward && native_first().type == ElementType::BF16;
      return is_mixed ? memory::desc(desc.dims(), memory::data_type::bf16, any) : desc;
    };
    const auto forward_x = forward_desc(x), forward_w = forward_desc(w), forward_y = forward_desc(y);
    const Forward::desc description = has_bias
                                          ? Forward::desc(dnnl::prop_kind::forward_training, kind, forward_x, forward_w,
                                                          bias, forward_y, strides, dilation, padding, padding_right)
                                          : Forward::desc(dnnl::prop_kind::forward_training, kind, forward_x, forward_w,
                                                          forward_y, strides, dilation, padding, padding_right);
    const Forward::primitive_desc forward(description, attributes, engine);
    if (direction_ == ConvolutionDirection::Forward) {
      convolution_ = dnnl::convolution_forward(forward);
      bias_desc_ = bias;
      take(forward, outer_x, forward.src_desc(), outer_w, forward.weights_desc(), outer_y, forward.dst_desc());
    } else if (direction_ == ConvolutionDirection::BackwardData) {
      using Backward = dnnl::convolution_backward_data;
      const Backward::primitive_desc backward({kind, x, w, y, strides, dilation, padding, padding_right}, attributes,
                                              engine, forward);
      convolution_ = dnnl::convolution_backward_data(backward);
      take(backward, outer_y, backward.diff_dst_desc(), outer_w, backward.weights_desc(), outer_x,
           backward.diff_src_desc());
    } else {
      using Backward = dnnl::convolution_backward_weights;
      const Backward::primitive_desc backward({kind, x, w, y, strides, dilation, padding, padding_right}, attributes,
                                              engine, forward);
      convolution_ = dnnl::convolution_backward_weights(backward);
      take(backward, outer_x, backward.src_desc(), outer_y, backward.diff_dst_desc(), outer_w,
           backward.diff_weights_desc());
    }
  }

  template <class PrimitiveDesc>
  void take(const PrimitiveDesc& primitive, const memory::desc& first_outer, const memory::desc& first_inner,
            const memory::desc& second_outer, const memory::desc& second_inner, const memory::desc& result_outer,
            const memory::desc& result_inner) {
    kernel_ = primitive.impl_info_str();
    first_.prepare(first_outer, first_inner, false);
    second_.prepare(second_outer, second_inner, false);
    result_.prepare(result_outer, result_inner, true);
    size_t offset = 0;
    memory::desc pads[4] = {primitive.scratchpad_desc()};
    int pad_count = 1;
    for (Argument* argument : {&first_, &second_, &result_}) {
      if (!argument->reorders || (argument == &result_ && is_summed_)) continue;
      argument->inner_offset = offset;
      offset += aligned(argument->inner.get_size());
      pads[pad_count++] = argument->pad;
    }
    scratchpad_offset_ = offset;
    size_t pad_bytes = 0;
    for (int i = 0; i < pad_count; ++i) pad_bytes = std::max(pad_bytes, pads[i].get_size());
    workspace_ = offset + aligned(pad_bytes);
    pad_ = pads[0];
    memories_.put(make_memories());
  }

  /// What one run needs for itself.
  struct Memories {
    ArgumentMemory first, second, result;
    memory pad, bias;
  };

  std::unique_ptr<Memories> make_memories() const {
    return std::make_unique<Memories>(
        Memories{ArgumentMemory(first_), ArgumentMemory(second_), ArgumentMemory(result_),
                 memory(pad_, onednn_engine(), nullptr),
                 epilogue_.has_bias ? memory(bias_desc_, onednn_engine(), nullptr) : memory()});
  }

  void execute_onednn(const void* first, const void* second, const void* bias, void* result, bool adds,
                      char* workspace) {
    const int filter = direction_ == ConvolutionDirection::BackwardFilter ? 2 : 1;
    if (filter == 2) {
      if (trims()) set_tensor(native_.w, result, 0);
      result = at(result, native_.w.type, used_offset_);
    } else {
      second = at(second, native_.w.type, used_offset_);
    }
    if (part_ != nullptr) return execute_parts(first, second, result, adds, workspace);
    const auto memories = memories_.take([this] { return make_memories(); });
    char* inner = result_.reorders ? workspace + result_.inner_offset : static_cast<char*>(result);
    execute_kernel(first, second, bias, inner, workspace, *memories);
    if (result_.reorders) finish(*memories, inner, result, adds, workspace);
  }

  /// Each part by itself on one thread, and sums of several parts in a fixed order: no number of threads changes a bit.
  void execute_parts(const void* first, const void* second, void* result, bool adds, char* workspace) {
    if (part_channels_ != 0) {
      for_parts(workspace, [&](int64_t i, ConvolutionPlan& plan, const Memories& memories, char* own) {
        const int64_t channel = i * part_channels_;
        void* target = at(result, native_.w.type, channel * native_.w.strides[0]);
        char* inner = result_.reorders ? own + plan.result_.inner_offset : static_cast<char*>(target);
        plan.execute_kernel(first, at(second, native_.y.type, channel * native_.y.strides[1]), nullptr, inner, own,
                            memories);
        if (result_.reorders) plan.finish(memories, inner, target, adds, own);
      });
      return;
    }
    char* sums = workspace + sums_offset_;
    for_parts(workspace, [&](int64_t i, ConvolutionPlan& plan, const Memories& memories, char* own) {
      const int64_t image = i * part_images_;
      plan.execute_kernel(at(first, native_.x.type, image * native_.x.strides[0]),
                          at(second, native_.y.type, image * native_.y.strides[0]), nullptr,
                          sums + sum_bytes_ * static_cast<size_t>(i), own, memories);
    });
    add_parts(sums, static_cast<float*>(result_.reorders ? static_cast<void*>(sums) : result));
    if (!result_.reorders) return;
    const auto memories = memories_.take([this] { return make_memories(); });
    finish(*memories, sums, result, adds, workspace);
  }

  /// Calls body(number, plan, memories, own workspace) for every part.
  template <class Body>
  void for_parts(char* workspace, const Body& body) {
    std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < parts_; ++i) {
      try {
        ConvolutionPlan& plan = i == parts_ - 1 && last_part_ != nullptr ? *last_part_ : *part_;
        const auto memories = plan.memories_.take([&plan] { return plan.make_memories(); });
        body(i, plan, *memories, workspace + part_bytes_ * static_cast<size_t>(i));
      } catch (...) {
#pragma omp critical(convolution_part_failure)
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

  /// Adds up the parts' sums, the first of which may be the target.
  void add_parts(const char* sums, float* target) const {
    const auto elements = static_cast<int64_t>(result_.inner.get_size() / sizeof(float));
    const auto* first = reinterpret_cast<const float*>(sums);
    constexpr int64_t block = 4096;
#pragma omp parallel for schedule(static) if (elements > block)
    for (int64_t start = 0; start < elements; start += block) {
      const int64_t end = std::min(elements, start + block);
      if (target != first) std::copy(first + start, first + end, target + start);
      for (int64_t i = 1; i < parts_; ++i) {
        const auto* addend = reinterpret_cast<const float*>(sums + sum_bytes_ * static_cast<size_t>(i));
        for (int64_t e = start; e < end; ++e) target[e] += addend[e];
      }
    }
  }

  /// The convolution itself, from the caller's operands to where its result lies as the kernel writes it.
  void execute_kernel(const void* first, const void* second, const void* bias, char* result, char* workspace,
                      const Memories& memories) const {
    const Argument* arguments[] = {&first_, &second_};
    const ArgumentMemory* own[] = {&memories.first, &memories.second};
    const void* pointers[] = {first, second};
    char* pad_data = workspace == nullptr ? nullptr : workspace + scratchpad_offset_;
    for (int i = 0; i < 2; ++i) {
      set_pointer(own[i]->outer, pointers[i]);
      if (!own[i]->reorders) continue;
      set_pointer(own[i]->inner, workspace + arguments[i]->inner_offset);
      set_pointer(own[i]->pad, pad_data);
      reorder(arguments[i]->reorder, own[i]->outer, own[i]->inner, own[i]->pad);
    }
    set_pointer(result_.reorders ? memories.result.inner : memories.result.outer, result);
    set_pointer(memories.pad, pad_data);
    const dnnl_memory_t a = own[0]->kernel(), b = own[1]->kernel(), c = memories.result.kernel(),
                        pad = memories.pad.get();
    switch (direction_) {
      case ConvolutionDirection::Forward:
        if (epilogue_.has_bias) {
          set_pointer(memories.bias, bias);
          execute(convolution_, {{DNNL_ARG_SRC, a},
                                 {DNNL_ARG_WEIGHTS, b},
                                 {DNNL_ARG_BIAS, memories.bias.get()},
                                 {DNNL_ARG_DST, c},
                                 {DNNL_ARG_SCRATCHPAD, pad}});
        } else {
          execute(convolution_,
                  {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}, {DNNL_ARG_SCRATCHPAD, pad}});
        }
        break;
      case ConvolutionDirection::BackwardData:
        execute(convolution_,
                {{DNNL_ARG_DIFF_DST, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DIFF_SRC, c}, {DNNL_ARG_SCRATCHPAD, pad}});
        break;
      case ConvolutionDirection::BackwardFilter:
        execute(convolution_,
                {{DNNL_ARG_SRC, a}, {DNNL_ARG_DIFF_DST, b}, {DNNL_ARG_DIFF_WEIGHTS, c}, {DNNL_ARG_SCRATCHPAD, pad}});
        break;
    }
  }

  /// Brings a result as the kernel writes it to the caller's layout.
  void finish(const Memories& memories, const void* inner, void* result, bool adds, char* workspace) const {
    set_pointer(memories.result.outer, result);
    set_pointer(memories.result.inner, inner);
    set_pointer(memories.result.pad, workspace + scratchpad_offset_);
    reorder(adds ? result_.accumulate : result_.reorder, memories.result.inner, memories.result.outer,
            memories.result.pad);
  }

  static void reorder(const dnnl::reorder& primitive, const memory& from, const memory& to, const memory& pad) {
    execute(primitive, {{DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, to.get()}, {DNNL_ARG_SCRATCHPAD, pad.get()}});
  }

  const ConvolutionDirection direction_;
  const ConvolutionShape user_;
  ConvolutionShape native_;
  /// native_ without the filter taps that meet no pixel, and where the others start in the filter.
  ConvolutionShape used_;
  int64_t used_offset_ = 0;
  /// Whether used_ still has taps that meet no pixel.
  bool has_idle_taps_ = false;
  int padding_right_[max_rank - 2] = {};
  const Epilogue epilogue_;
  bool in_double_ = false;
  std::string kernel_;
  size_t workspace_ = 0;
  size_t scratchpad_offset_ = 0;
  dnnl::primitive convolution_;
  Argument first_, second_, result_;
  memory::desc pad_, bias_desc_;
  Pool<Memories> memories_;
  /// The same with a result in single precision, made when it is first needed.
  std::once_flag made_unrounded_;
  std::unique_ptr<ConvolutionPlan> unrounded_;
  bool keeps_single_ = false;
  /// For a filter gradient in parts; else null.
  std::unique_ptr<ConvolutionPlan> part_, last_part_;
  int64_t parts_ = 0, part_images_ = 0;
  /// 0 where a part has all channels and the parts' sums are added up.
  int part_channels_ = 0;
  /// Of one part's workspace; where the parts' sums lie behind all of those, and how far apart.
  size_t part_bytes_ = 0, sums_offset_ = 0, sum_bytes_ = 0;
  /// A part whose result is a sum of its owner's, and so has no place in its own workspace.
  bool is_summed_ = false;
};

namespace {

/// Everything a plan depends on, as numbers.
struct PlanKey {
  std::array<int32_t, 96> words{};
  int used = 0;

  void add(int64_t value) { words[static_cast<size_t>(used++)] = static_cast<int32_t>(value); }
  void add(const Tensor& tensor) {
    add(static_cast<int>(tensor.type) << 8 | tensor.rank);
    for (int i = 0; i < tensor.rank; ++i) {
      add(tensor.dims[i]);
      add(tensor.strides[i]);
    }
  }
  bool operator==(const PlanKey& other) const {
    return used == other.used && std::memcmp(words.data(), other.words.data(), sizeof(int32_t) * used) == 0;
  }
};

struct PlanKeyHash {
  size_t operator()(const PlanKey& key) const {
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < key.used; ++i) {
      hash = (hash ^ static_cast<uint32_t>(key.words[static_cast<size_t>(i)])) * 0x100000001b3u;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

struct PlanCache {
  std::mutex mutex;
  std::unordered_map<PlanKey, std::unique_ptr<ConvolutionPlan>, PlanKeyHash> plans;
};

PlanCache& plan_cache() {
  static auto* cache = new PlanCache;
  return *cache;
}

}  // namespace

ConvolutionPlan* find_convolution_plan(ConvolutionDirection direction, ConvolutionAlgorithm algorithm,
                                       const ConvolutionShape& shape, const Epilogue& epilogue) {
  PlanKey key;
  key.add(static_cast<int>(direction) | static_cast<int>(algorithm) << 4 | epilogue.has_bias << 8 |
          shape.flips_filter << 9 | static_cast<int>(epilogue.function) << 10 |
          static_cast<int>(epilogue.bias_type) << 16);
  key.add(std::bit_cast<int32_t>(epilogue.coefficient));
  key.add(shape.groups);
  key.add(shape.x);
  key.add(shape.w);
  key.add(shape.y);
  for (int i = 0; i < shape.x.rank - 2; ++i) {
    key.add(shape.padding[i]);
    key.add(shape.stride[i]);
    key.add(shape.dilation[i]);
  }
  PlanCache& cache = plan_cache();
  const std::lock_guard lock(cache.mutex);
  const auto found = cache.plans.find(key);
  if (found != cache.plans.end()) return found->second.get();
  auto plan = std::make_unique<ConvolutionPlan>(direction, shape, epilogue);
  // What is not possible is remembered too.
  if (!plan->prepare(algorithm)) plan.reset();
  return cache.plans.emplace(key, std::move(plan)).first->second.get();
}

bool prefers_winograd(const ConvolutionShape& shape) {
  const int64_t channels = std::min(shape.x.dims[1], shape.y.dims[1]);
  if (shape.groups != 1 || shape.x.rank != 4 || channels < 64) return false;
  // It transforms in single precision; the direct algorithm multiplies bfloat16 twice as fast.
  const bool is_narrow = shape.x.type == ElementType::BF16 && onednn_multiplies_bfloat16();
  if (is_narrow && (channels < 256 || shape.y.pixels() < 64)) return false;
  // The filter is transformed every time, which only pays where it meets many tiles of 4 x 4 outputs.
  const int64_t tiles = int64_t{shape.y.dims[0]} * ((shape.y.dims[2] + 3) / 4) * ((shape.y.dims[3] + 3) / 4);
  return tiles >= 32;
}

const ConvolutionShape& convolution_plan_shape(const ConvolutionPlan& plan) { return plan.shape(); }
size_t convolution_workspace(const ConvolutionPlan& plan) { return plan.workspace(); }
const char* convolution_kernel(const ConvolutionPlan& plan) { return plan.kernel(); }

void run_convolution(ConvolutionPlan& plan, double alpha, const void* first, const void* second, const void* bias,
                     double beta, void* result, void* workspace, size_t workspace_bytes) {
  plan.run(alpha, first, second, bias, beta, result, workspace, workspace_bytes);
}

}  // namespace cpu::compute
