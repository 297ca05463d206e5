#include "engine/compute_onednn.h"

namespace cpu::compute {

const dnnl::engine& onednn_engine() {
  static const auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

dnnl_stream_t onednn_stream() {
  static thread_local const dnnl::stream stream(onednn_engine());
  return stream.get();
}

bool onednn_multiplies_bfloat16() {
#if defined(__x86_64__)
  // Where the instruction is missing oneDNN emulates it, more slowly than it multiplies f32.
  static const bool answer =
      (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
  return answer;
#else
  // Its names of instruction sets are x86's; elsewhere it has no more than a reference in plain loops for bf16.
  return false;
#endif
}

dnnl::memory::data_type onednn_type(ElementType type) {
  return type == ElementType::BF16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

dnnl::memory::desc onednn_desc(const Tensor& tensor) {
  return {dnnl::memory::dims(tensor.dims, tensor.dims + tensor.rank), onednn_type(tensor.type),
          dnnl::memory::dims(tensor.strides, tensor.strides + tensor.rank)};
}

namespace {

dnnl::algorithm algorithm_of(EpilogueFunction function) {
  switch (function) {
    case EpilogueFunction::Tanh:
      return dnnl::algorithm::eltwise_tanh;
    case EpilogueFunction::Sigmoid:
      return dnnl::algorithm::eltwise_logistic;
    case EpilogueFunction::Relu:
    case EpilogueFunction::Elu:
      return dnnl::algorithm::eltwise_elu;
    case EpilogueFunction::Swish:
      return dnnl::algorithm::eltwise_swish;
    case EpilogueFunction::Gelu:
      return dnnl::algorithm::eltwise_gelu_erf;
    case EpilogueFunction::GeluTanh:
      return dnnl::algorithm::eltwise_gelu_tanh;
    default:
      return dnnl::algorithm::eltwise_relu;
  }
}

}  // namespace

dnnl::primitive_attr onednn_attributes(const Epilogue& epilogue) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if !defined(__x86_64__)
  // The sigmoid of oneDNN's reference, which stands behind convolutions there, makes 0 of NaN; its hyperbolic tangent,
  // of which the sigmoid is made, does not.
  if (epilogue.function == EpilogueFunction::Sigmoid) {
    dnnl::post_ops operations;
    operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_linear, 0.5f, 0.0f);
    operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_tanh, 0.0f, 0.0f);
    operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_linear, 0.5f, 0.5f);
    attributes.set_post_ops(operations);
    return attributes;
  }
#endif
  if (epilogue.function != EpilogueFunction::Identity) {
    dnnl::post_ops operations;
    operations.append_eltwise(1.0f, algorithm_of(epilogue.function), epilogue.coefficient, 0.0f);
    // oneDNN's ReLU makes 0 of NaN. Its ELU with alpha = 0 does not, but makes -0 of negative numbers.
    if (epilogue.function == EpilogueFunction::Relu) {
      operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_linear, 1.0f, 0.0f);
    }
    attributes.set_post_ops(operations);
  }
  return attributes;
}

}  // namespace cpu::compute
