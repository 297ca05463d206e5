#pragma once
#include "engine/compute_epilogue.h"
#include "engine/compute_tensor.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace cpu::compute {

/// The one CPU engine. Never destroyed: plans live as long as the process.
const dnnl::engine& onednn_engine();
/// The calling thread's oneDNN stream; it runs what it is given on that thread and OpenMP's.
dnnl_stream_t onednn_stream();

/// Whether the processor has instructions that multiply bf16 and oneDNN uses them (ONEDNN_MAX_CPU_ISA can forbid it).
bool onednn_multiplies_bfloat16();
/// bf16 or f32.
dnnl::memory::data_type onednn_type(ElementType type);
/// A tensor in bf16 or f32 with its own strides.
dnnl::memory::desc onednn_desc(const Tensor& tensor);

/// Attributes of all our primitives: scratch memory comes from us, so executing allocates nothing.
/// `epilogue`: its function follows the sums.
dnnl::primitive_attr onednn_attributes(const Epilogue& epilogue = {});

}  // namespace cpu::compute
