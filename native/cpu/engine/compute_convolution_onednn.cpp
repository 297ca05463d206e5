#include "engine/compute_convolution_onednn.h"

#include <algorithm>
#include <utility>

#include "engine/compute_convolution_choice.h"

namespace cpu::compute {

using dnnl::memory;

namespace {

/// The objects through which one run tells oneDNN where an argument lies.
struct ArgumentMemory {
  memory outer, inner, pad;
  bool reorders;

  explicit ArgumentMemory(const OnednnArgument& argument)
      : outer(argument.outer, onednn_engine(), nullptr), reorders(argument.reorders) {
    if (!reorders) return;
    inner = memory(argument.inner, onednn_engine(), nullptr);
    pad = memory(argument.pad, onednn_engine(), nullptr);
  }

  /// What the convolution reads or writes.
  const memory& kernel() const { return reorders ? inner : outer; }
};

void set_pointer(const memory& target, const void* data) {
  dnnl_memory_set_data_handle(target.get(), const_cast<void*>(data));
}

void execute(const dnnl::primitive& primitive, std::initializer_list<dnnl_exec_arg_t> arguments) {
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive.get(), onednn_stream(), static_cast<int>(arguments.size()), arguments.begin()),
      "oneDNN could not execute a primitive");
}

void execute_reorder(const dnnl::reorder& primitive, const memory& from, const memory& to, const memory& pad) {
  execute(primitive, {{DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, to.get()}, {DNNL_ARG_SCRATCHPAD, pad.get()}});
}

/// Whether a tensor is channels last but for more channels between its pixels, as a part of such a tensor is.
bool channels_are_last(const Tensor& tensor) {
  Tensor whole = tensor;
  whole.dims[1] = tensor.strides[tensor.rank - 1];
  return tensor.strides[1] == 1 && whole.dims[1] >= tensor.dims[1] && whole.is_channels_last();
}

/// The filter with its groups as the first dimension.
memory::desc filter_desc(const ConvolutionShape& shape) {
  const Tensor& w = shape.w;
  if (shape.groups == 1) return onednn_desc(w);
  memory::dims dims{shape.groups, w.dims[0] / shape.groups}, strides{w.strides[0] * dims[1], w.strides[0]};
  for (int i = 1; i < w.rank; ++i) {
    dims.push_back(w.dims[i]);
    strides.push_back(w.strides[i]);
  }
  return {dims, onednn_type(w.type), strides};
}

memory::desc in_any_layout(const memory::desc& desc, memory::data_type type) {
  return {desc.dims(), type, memory::format_tag::any};
}

}  // namespace

OnednnArgument::OnednnArgument(const memory::desc& outer_desc, const memory::desc& inner_desc, bool is_result)
    : outer(outer_desc), inner(inner_desc), reorders(outer_desc != inner_desc) {
  if (!reorders) return;
  const dnnl::engine& engine = onednn_engine();
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

struct OnednnConvolution::Memories {
  ArgumentMemory first, second, result;
  memory pad, bias;
};

std::unique_ptr<OnednnConvolution> OnednnConvolution::make(ConvolutionDirection direction,
                                                           ConvolutionAlgorithm algorithm, const UsedTaps& used,
                                                           const Epilogue& epilogue, bool owns_result) {
  try {
    return std::unique_ptr<OnednnConvolution>(new OnednnConvolution(direction, algorithm, used, epilogue, owns_result));
  } catch (const dnnl::error&) {
    // No such kernel: the caller tries something else.
    return nullptr;
  }
}

OnednnConvolution::OnednnConvolution(ConvolutionDirection direction, ConvolutionAlgorithm algorithm,
                                     const UsedTaps& used, const Epilogue& epilogue, bool owns_result)
    : ConvolutionKernel({}, 0), direction_(direction), has_bias_(epilogue.has_bias) {
  const dnnl::engine& engine = onednn_engine();
  const ConvolutionShape& shape = used.shape;
  const bool is_plain = shape.x.is_channels_last() && channels_are_last(shape.y) &&
                        algorithm == ConvolutionAlgorithm::Direct && !prefers_blocked(direction, shape);
  const auto kind = algorithm == ConvolutionAlgorithm::Winograd ? dnnl::algorithm::convolution_winograd
                                                                : dnnl::algorithm::convolution_direct;
  const memory::desc outer_x = onednn_desc(shape.x), outer_y = onednn_desc(shape.y), outer_w = filter_desc(shape);
  const memory::desc x = is_plain ? outer_x : in_any_layout(outer_x, outer_x.data_type());
  const memory::desc y =
      is_plain ? onednn_desc(channels_last(shape.y, shape.y.type)) : in_any_layout(outer_y, outer_y.data_type());
  const memory::desc w = in_any_layout(outer_w, owns_result ? outer_w.data_type() : memory::data_type::f32);
  bias_ = memory::desc({outer_y.dims()[1]}, memory::data_type::f32, memory::format_tag::a);
  const int spatial = shape.x.rank - 2;
  const memory::dims strides(shape.stride, shape.stride + spatial);
  const memory::dims padding(shape.padding, shape.padding + spatial);
  const memory::dims padding_behind(used.padding_behind, used.padding_behind + spatial);
  memory::dims dilation(shape.dilation, shape.dilation + spatial);
  for (auto& d : dilation) d -= 1;
  const dnnl::primitive_attr attributes = onednn_attributes(epilogue);
  // Gradients of bf16 are made for the convolution that is bf16 throughout, whatever they are stored as: none has
  // factors of both types.
  const bool is_narrow =
      direction != ConvolutionDirection::Forward && first_of(direction, shape).type == ElementType::BF16;
  const auto forward_desc = [&](const memory::desc& desc) {
    return is_narrow ? in_any_layout(desc, memory::data_type::bf16) : desc;
  };
  using Forward = dnnl::convolution_forward;
  constexpr auto training = dnnl::prop_kind::forward_training;
  const auto forward_x = forward_desc(x), forward_w = forward_desc(w), forward_y = forward_desc(y);
  const Forward::desc description = has_bias_ ? Forward::desc(training, kind, forward_x, forward_w, bias_, forward_y,
                                                              strides, dilation, padding, padding_behind)
                                              : Forward::desc(training, kind, forward_x, forward_w, forward_y, strides,
                                                              dilation, padding, padding_behind);
  const Forward::primitive_desc forward(description, attributes, engine);
  if (direction == ConvolutionDirection::Forward) {
    take<Forward>(forward, {outer_x, forward.src_desc(), false}, {outer_w, forward.weights_desc(), false},
                  {outer_y, forward.dst_desc(), true}, owns_result);
  } else if (direction == ConvolutionDirection::BackwardData) {
    using Backward = dnnl::convolution_backward_data;
    const Backward::primitive_desc backward({kind, x, w, y, strides, dilation, padding, padding_behind}, attributes,
                                            engine, forward);
    take<Backward>(backward, {outer_y, backward.diff_dst_desc(), false}, {outer_w, backward.weights_desc(), false},
                   {outer_x, backward.diff_src_desc(), true}, owns_result);
  } else {
    using Backward = dnnl::convolution_backward_weights;
    const Backward::primitive_desc backward({kind, x, w, y, strides, dilation, padding, padding_behind}, attributes,
                                            engine, forward);
    take<Backward>(backward, {outer_x, backward.src_desc(), false}, {outer_y, backward.diff_dst_desc(), false},
                   {outer_w, backward.diff_weights_desc(), true}, owns_result);
  }
}

OnednnConvolution::~OnednnConvolution() = default;

template <class Primitive, class Description>
void OnednnConvolution::take(const Description& description, OnednnArgument first, OnednnArgument second,
                             OnednnArgument result, bool owns_result) {
  convolution_ = Primitive(description);
  name_ = description.impl_info_str();
  first_ = std::move(first);
  second_ = std::move(second);
  result_ = std::move(result);
  pad_ = description.scratchpad_desc();
  size_t offset = 0, pad_bytes = pad_.get_size();
  for (OnednnArgument* argument : {&first_, &second_, &result_}) {
    if (!argument->reorders) continue;
    pad_bytes = std::max(pad_bytes, argument->pad.get_size());
    if (argument == &result_ && !owns_result) continue;
    argument->inner_offset = offset;
    offset += whole_pages(argument->inner.get_size());
  }
  pad_offset_ = offset;
  workspace_ = offset + whole_pages(pad_bytes);
  memories_.put(make_memories());
}

std::unique_ptr<OnednnConvolution::Memories> OnednnConvolution::make_memories() const {
  return std::make_unique<Memories>(Memories{ArgumentMemory(first_), ArgumentMemory(second_), ArgumentMemory(result_),
                                             memory(pad_, onednn_engine(), nullptr),
                                             has_bias_ ? memory(bias_, onednn_engine(), nullptr) : memory()});
}

void OnednnConvolution::run(const void* first, const void* second, const void* bias, bool add, void* result,
                            char* workspace) {
  const auto memories = memories_.take([this] { return make_memories(); });
  void* inner = result_.reorders ? workspace + result_.inner_offset : result;
  execute_inner(first, second, bias, inner, workspace, *memories);
  if (result_.reorders) execute_finish(inner, add, result, workspace, *memories);
}

void OnednnConvolution::run_inner(const void* first, const void* second, const void* bias, void* inner,
                                  char* workspace) {
  execute_inner(first, second, bias, inner, workspace, *memories_.take([this] { return make_memories(); }));
}

void OnednnConvolution::finish(const void* inner, bool add, void* result, char* workspace) {
  execute_finish(inner, add, result, workspace, *memories_.take([this] { return make_memories(); }));
}

void OnednnConvolution::execute_inner(const void* first, const void* second, const void* bias, void* inner,
                                      char* workspace, const Memories& memories) const {
  const OnednnArgument* arguments[] = {&first_, &second_};
  const ArgumentMemory* operands[] = {&memories.first, &memories.second};
  const void* pointers[] = {first, second};
  const char* pad = workspace == nullptr ? nullptr : workspace + pad_offset_;
  for (int i = 0; i < 2; ++i) {
    const ArgumentMemory& operand = *operands[i];
    set_pointer(operand.outer, pointers[i]);
    if (!operand.reorders) continue;
    set_pointer(operand.inner, workspace + arguments[i]->inner_offset);
    set_pointer(operand.pad, pad);
    execute_reorder(arguments[i]->reorder, operand.outer, operand.inner, operand.pad);
  }
  set_pointer(memories.result.kernel(), inner);
  set_pointer(memories.pad, pad);
  const dnnl_memory_t a = memories.first.kernel().get(), b = memories.second.kernel().get(),
                      c = memories.result.kernel().get(), scratchpad = memories.pad.get();
  switch (direction_) {
    case ConvolutionDirection::Forward:
      if (has_bias_) {
        set_pointer(memories.bias, bias);
        execute(convolution_, {{DNNL_ARG_SRC, a},
                               {DNNL_ARG_WEIGHTS, b},
                               {DNNL_ARG_BIAS, memories.bias.get()},
                               {DNNL_ARG_DST, c},
                               {DNNL_ARG_SCRATCHPAD, scratchpad}});
      } else {
        execute(convolution_,
                {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}, {DNNL_ARG_SCRATCHPAD, scratchpad}});
      }
      break;
    case ConvolutionDirection::BackwardData:
      execute(
          convolution_,
          {{DNNL_ARG_DIFF_DST, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DIFF_SRC, c}, {DNNL_ARG_SCRATCHPAD, scratchpad}});
      break;
    case ConvolutionDirection::BackwardFilter:
      execute(
          convolution_,
          {{DNNL_ARG_SRC, a}, {DNNL_ARG_DIFF_DST, b}, {DNNL_ARG_DIFF_WEIGHTS, c}, {DNNL_ARG_SCRATCHPAD, scratchpad}});
      break;
  }
}

void OnednnConvolution::execute_finish(const void* inner, bool add, void* result, char* workspace,
                                       const Memories& memories) const {
  set_pointer(memories.result.outer, result);
  set_pointer(memories.result.inner, inner);
  set_pointer(memories.result.pad, workspace + pad_offset_);
  execute_reorder(add ? result_.accumulate : result_.reorder, memories.result.inner, memories.result.outer,
                  memories.result.pad);
}

}  // namespace cpu::compute
