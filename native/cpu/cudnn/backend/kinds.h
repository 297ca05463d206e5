#pragma once
#include "cudnn/backend/descriptor.h"

namespace cpu::backend {

// One table for each type of descriptor, defined in the file of its subject.
extern const DescriptorKind pointwise_kind;
extern const DescriptorKind convolution_kind;
extern const DescriptorKind engine_kind;
extern const DescriptorKind engine_config_kind;
extern const DescriptorKind engine_heuristics_kind;
extern const DescriptorKind execution_plan_kind;
extern const DescriptorKind knob_choice_kind;
extern const DescriptorKind knob_info_kind;
extern const DescriptorKind layout_info_kind;
extern const DescriptorKind convolution_forward_kind;
extern const DescriptorKind convolution_backward_filter_kind;
extern const DescriptorKind convolution_backward_data_kind;
extern const DescriptorKind pointwise_operation_kind;
extern const DescriptorKind gen_stats_kind;
extern const DescriptorKind operation_graph_kind;
extern const DescriptorKind variant_pack_kind;
extern const DescriptorKind tensor_kind;
extern const DescriptorKind matmul_kind;
extern const DescriptorKind matmul_operation_kind;
extern const DescriptorKind bn_finalize_kind;
extern const DescriptorKind reduction_kind;
extern const DescriptorKind reduction_operation_kind;
extern const DescriptorKind bn_backward_weights_kind;
extern const DescriptorKind resample_kind;
extern const DescriptorKind resample_forward_kind;
extern const DescriptorKind resample_backward_kind;
extern const DescriptorKind concat_kind;
extern const DescriptorKind signal_kind;
extern const DescriptorKind norm_forward_kind;
extern const DescriptorKind norm_backward_kind;
extern const DescriptorKind reshape_kind;
extern const DescriptorKind rng_kind;
extern const DescriptorKind rng_operation_kind;
extern const DescriptorKind kernel_cache_kind;
extern const DescriptorKind paged_cache_load_kind;
extern const DescriptorKind block_scale_quantize_kind;
extern const DescriptorKind block_scale_dequantize_kind;
extern const DescriptorKind device_properties_kind;
extern const DescriptorKind expand_band_matrix_kind;
extern const DescriptorKind contract_band_matrix_kind;
extern const DescriptorKind sdpa_forward_kind;
extern const DescriptorKind moe_grouped_matmul_kind;
extern const DescriptorKind sdpa_backward_kind;

}  // namespace cpu::backend
