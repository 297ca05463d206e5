#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

const DescriptorKind* const kinds[] = {
    &pointwise_kind,
    &convolution_kind,
    &engine_kind,
    &engine_config_kind,
    &engine_heuristics_kind,
    &execution_plan_kind,
    &knob_choice_kind,
    &knob_info_kind,
    &layout_info_kind,
    &convolution_forward_kind,
    &convolution_backward_filter_kind,
    &convolution_backward_data_kind,
    &pointwise_operation_kind,
    &gen_stats_kind,
    &operation_graph_kind,
    &variant_pack_kind,
    &tensor_kind,
    &matmul_kind,
    &matmul_operation_kind,
    &bn_finalize_kind,
    &reduction_kind,
    &reduction_operation_kind,
    &bn_backward_weights_kind,
    &resample_kind,
    &resample_forward_kind,
    &resample_backward_kind,
    &concat_kind,
    &signal_kind,
    &norm_forward_kind,
    &norm_backward_kind,
    &reshape_kind,
    &rng_kind,
    &rng_operation_kind,
    &kernel_cache_kind,
    &paged_cache_load_kind,
    &block_scale_quantize_kind,
    &block_scale_dequantize_kind,
    &device_properties_kind,
    &expand_band_matrix_kind,
    &contract_band_matrix_kind,
    &sdpa_forward_kind,
    &moe_grouped_matmul_kind,
    &sdpa_backward_kind,
};

}  // namespace

const DescriptorKind* find_kind(cudnnBackendDescriptorType_t type) {
  for (const DescriptorKind* kind : kinds) {
    if (kind->type == type) return kind;
  }
  return nullptr;
}

}  // namespace cpu::backend
