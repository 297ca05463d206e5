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

dnnl::memory::desc onednn_desc(const Tensor& tensor) {
  return {dnnl::memory::dims(tensor.dims, tensor.dims + tensor.rank), dnnl::memory::data_type::f32,
          dnnl::memory::dims(tensor.strides, tensor.strides + tensor.rank)};
}

dnnl::primitive_attr onednn_attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

}  // namespace cpu::compute
