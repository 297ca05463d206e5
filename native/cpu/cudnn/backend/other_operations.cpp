// Operations that can be described, so that a graph with one can be asked about, but that the CPU device does not run:
// attention, quantization in blocks, mixtures of experts, signals between GPUs.
#include "cudnn/backend/kinds.h"
#include "cudnn/backend/operation.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr AttributeRule paged_cache_load_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_CONTAINER_DESC),
    descriptor(CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_YDESC),
    descriptor(CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_SEQUENCE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_PAGE_TABLE_DESC),
};

constexpr AttributeRule quantize_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_YDESC),
    descriptor(CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_SCALE_DESC),
    plain(CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_MATH_PREC, CUDNN_TYPE_DATA_TYPE),
    plain(CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_BLOCK_SIZE, CUDNN_TYPE_INT32),
};

constexpr AttributeRule dequantize_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_YDESC),
    plain(CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_MATH_PREC, CUDNN_TYPE_DATA_TYPE),
    plain(CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_BLOCK_SIZE, CUDNN_TYPE_INT32).takes(1, 2),
    plain(CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_NEG_SCALE, CUDNN_TYPE_BOOLEAN),
};

constexpr AttributeRule expand_band_matrix_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_YDESC),
    checked(CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_LOWER_BANDWIDTH, CUDNN_TYPE_INT64),
    checked(CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_UPPER_BANDWIDTH, CUDNN_TYPE_INT64),
    checked(CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_AXIS, CUDNN_TYPE_INT64),
    checked(CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_PAD_VALUE, CUDNN_TYPE_FLOAT),
    descriptor(CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_KV_TOKEN_OFFSET_DESC),
    descriptor(CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_SPECULATIVE_MASK_DESC),
};

constexpr AttributeRule contract_band_matrix_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_YDESC),
    checked(CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_LOWER_BANDWIDTH, CUDNN_TYPE_INT64),
    checked(CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_UPPER_BANDWIDTH, CUDNN_TYPE_INT64),
    checked(CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_AXIS, CUDNN_TYPE_INT64),
    checked(CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_PAD_VALUE, CUDNN_TYPE_FLOAT),
    checked(CUDNN_ATTR_OPERATION_CONTRACT_BAND_MAX_TOKEN_VALUE, CUDNN_TYPE_INT64),
};

constexpr AttributeRule attention_tensor(cudnnBackendAttributeName_t name) {
  return checked(name, CUDNN_TYPE_BACKEND_DESCRIPTOR);
}

constexpr AttributeRule sdpa_forward_rules[] = {
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_STATSDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_BLOCK_MASK_DESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_PAGE_TABLE_KDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_PAGE_TABLE_VDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_SEQ_LEN_QDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_FWD_SEQ_LEN_KVDESC),
};

constexpr AttributeRule sdpa_backward_rules[] = {
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_QDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_KDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_VDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_ODESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_STATSDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_SCALEDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_SEQ_LEN_QDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_SEQ_LEN_KVDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_DQDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_DKDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_DVDESC),
    attention_tensor(CUDNN_ATTR_OPERATION_SDPA_BWD_DODDESC),
};

constexpr AttributeRule moe_rules[] = {
    plain(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_MODE, CUDNN_TYPE_MOE_GROUPED_MATMUL_MODE),
    plain(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_MATH_PREC, CUDNN_TYPE_DATA_TYPE),
    descriptor(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_TOKEN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_WEIGHT_DESC),
    descriptor(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_FIRST_TOKEN_OFFSET_DESC),
    descriptor(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_OUTPUT_DESC),
    descriptor(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_TOKEN_INDEX_DESC),
    descriptor(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_TOKEN_KS_DESC),
    plain(CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_TOP_K, CUDNN_TYPE_INT32),
};

constexpr AttributeRule signal_rules[] = {
    plain(CUDNN_ATTR_OPERATION_SIGNAL_MODE, CUDNN_TYPE_SIGNAL_MODE),
    descriptor(CUDNN_ATTR_OPERATION_SIGNAL_FLAGDESC).any_count(),
    checked(CUDNN_ATTR_OPERATION_SIGNAL_VALUE, CUDNN_TYPE_INT64),
    descriptor(CUDNN_ATTR_OPERATION_SIGNAL_XDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_SIGNAL_YDESC).any_count(),
};

constexpr PortRule paged_cache_load_ports[] = {
    {CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_CONTAINER_DESC, Port::X},
    {CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_SEQUENCE_DESC, Port::Other},
    {CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_PAGE_TABLE_DESC, Port::Other},
    {CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_YDESC, Port::Y, true},
};
constexpr PortRule quantize_ports[] = {
    {CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_YDESC, Port::Y, true},
    {CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_SCALE_DESC, Port::Scale, true},
};
constexpr PortRule dequantize_ports[] = {
    {CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_SCALE_DESC, Port::Scale},
    {CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_YDESC, Port::Y, true},
};
constexpr PortRule expand_band_matrix_ports[] = {
    {CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_KV_TOKEN_OFFSET_DESC, Port::Offset},
    {CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_SPECULATIVE_MASK_DESC, Port::Other},
    {CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_YDESC, Port::Y, true},
};
constexpr PortRule contract_band_matrix_ports[] = {
    {CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_YDESC, Port::Y, true},
};
constexpr PortRule sdpa_forward_ports[] = {
    {CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, Port::A},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC, Port::B},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, Port::C},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC, Port::Scale},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_BLOCK_MASK_DESC, Port::Other},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_PAGE_TABLE_KDESC, Port::Other},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_PAGE_TABLE_VDESC, Port::Other},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_SEQ_LEN_QDESC, Port::Other},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_SEQ_LEN_KVDESC, Port::Other},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC, Port::Y, true},
    {CUDNN_ATTR_OPERATION_SDPA_FWD_STATSDESC, Port::Sum, true},
};
constexpr PortRule sdpa_backward_ports[] = {
    {CUDNN_ATTR_OPERATION_SDPA_BWD_QDESC, Port::A},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_KDESC, Port::B},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_VDESC, Port::C},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_ODESC, Port::Y},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_DODDESC, Port::DY},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_STATSDESC, Port::Sum},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_SCALEDESC, Port::Scale},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_SEQ_LEN_QDESC, Port::Other},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_SEQ_LEN_KVDESC, Port::Other},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_DQDESC, Port::DX, true},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_DKDESC, Port::DW, true},
    {CUDNN_ATTR_OPERATION_SDPA_BWD_DVDESC, Port::DScale, true},
};
constexpr PortRule moe_ports[] = {
    {CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_TOKEN_DESC, Port::A},
    {CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_WEIGHT_DESC, Port::W},
    {CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_FIRST_TOKEN_OFFSET_DESC, Port::Offset},
    {CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_TOKEN_INDEX_DESC, Port::Index},
    {CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_TOKEN_KS_DESC, Port::Other},
    {CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_OUTPUT_DESC, Port::Y, true},
};
constexpr PortRule signal_ports[] = {
    {CUDNN_ATTR_OPERATION_SIGNAL_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_SIGNAL_FLAGDESC, Port::Other},
    {CUDNN_ATTR_OPERATION_SIGNAL_YDESC, Port::Y, true},
};

/// An operation that only says which tensors it needs.
struct DescribedOperation : OperationDescriptor {
  DescribedOperation(const DescriptorKind& of_kind, std::span<const PortRule> its_ports,
                     std::initializer_list<cudnnBackendAttributeName_t> needed, cudnnStatus_t if_missing)
      : OperationDescriptor(of_kind, its_ports), needed_(needed), if_missing_(if_missing) {}

 protected:
  cudnnStatus_t check() override {
    for (const cudnnBackendAttributeName_t name : needed_) {
      const cudnnStatus_t status = require_tensors({name}, if_missing_);
      if (status != CUDNN_STATUS_SUCCESS) return status;
    }
    return CUDNN_STATUS_SUCCESS;
  }

 private:
  const std::vector<cudnnBackendAttributeName_t> needed_;
  const cudnnStatus_t if_missing_;
};

DescriptorPointer make(const DescriptorKind& kind, std::span<const PortRule> ports,
                       std::initializer_list<cudnnBackendAttributeName_t> needed,
                       cudnnStatus_t if_missing = CUDNN_STATUS_BAD_PARAM) {
  return std::make_shared<DescribedOperation>(kind, ports, needed, if_missing);
}

}  // namespace

const DescriptorKind paged_cache_load_kind = {
    CUDNN_BACKEND_OPERATION_PAGED_CACHE_LOAD_DESCRIPTOR, "paged cache load operation", paged_cache_load_rules, [] {
      return make(
          paged_cache_load_kind, paged_cache_load_ports,
          {CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_CONTAINER_DESC, CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_YDESC,
           CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_SEQUENCE_DESC, CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_PAGE_TABLE_DESC});
    }};
const DescriptorKind block_scale_quantize_kind = {
    CUDNN_BACKEND_OPERATION_BLOCK_SCALE_QUANTIZE_DESCRIPTOR, "block scale quantize operation", quantize_rules, [] {
      return make(block_scale_quantize_kind, quantize_ports,
                  {CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_XDESC, CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_YDESC,
                   CUDNN_ATTR_OPERATION_BLOCK_SCALE_QUANTIZE_SCALE_DESC},
                  CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
    }};
const DescriptorKind block_scale_dequantize_kind = {
    CUDNN_BACKEND_OPERATION_BLOCK_SCALE_DEQUANTIZE_DESCRIPTOR, "block scale dequantize operation", dequantize_rules,
    [] {
      return make(block_scale_dequantize_kind, dequantize_ports,
                  {CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_XDESC, CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_YDESC,
                   CUDNN_ATTR_OPERATION_BLOCK_SCALE_DEQUANTIZE_SCALE_DESC},
                  CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
    }};
const DescriptorKind expand_band_matrix_kind = {
    CUDNN_BACKEND_OPERATION_EXPAND_BAND_MATRIX_DESCRIPTOR, "expand band matrix operation", expand_band_matrix_rules,
    [] {
      return make(expand_band_matrix_kind, expand_band_matrix_ports,
                  {CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_XDESC, CUDNN_ATTR_OPERATION_EXPAND_BAND_MATRIX_YDESC});
    }};
const DescriptorKind contract_band_matrix_kind = {
    CUDNN_BACKEND_OPERATION_CONTRACT_BAND_MATRIX_DESCRIPTOR, "contract band matrix operation",
    contract_band_matrix_rules, [] {
      return make(contract_band_matrix_kind, contract_band_matrix_ports,
                  {CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_XDESC, CUDNN_ATTR_OPERATION_CONTRACT_BAND_MATRIX_YDESC});
    }};
const DescriptorKind sdpa_forward_kind = {
    CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR, "attention forward operation", sdpa_forward_rules, [] {
      return make(sdpa_forward_kind, sdpa_forward_ports,
                  {CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC,
                   CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC},
                  CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
    }};
const DescriptorKind sdpa_backward_kind = {
    CUDNN_BACKEND_OPERATION_SDPA_BWD_DESCRIPTOR, "attention backward operation", sdpa_backward_rules, [] {
      return make(sdpa_backward_kind, sdpa_backward_ports,
                  {CUDNN_ATTR_OPERATION_SDPA_BWD_QDESC, CUDNN_ATTR_OPERATION_SDPA_BWD_KDESC,
                   CUDNN_ATTR_OPERATION_SDPA_BWD_VDESC, CUDNN_ATTR_OPERATION_SDPA_BWD_ODESC,
                   CUDNN_ATTR_OPERATION_SDPA_BWD_DODDESC},
                  CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED);
    }};
const DescriptorKind moe_grouped_matmul_kind = {
    CUDNN_BACKEND_OPERATION_MOE_GROUPED_MATMUL_DESCRIPTOR, "grouped matmul operation", moe_rules, [] {
      return make(
          moe_grouped_matmul_kind, moe_ports,
          {CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_TOKEN_DESC, CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_WEIGHT_DESC,
           CUDNN_ATTR_OPERATION_MOE_GROUPED_MATMUL_OUTPUT_DESC});
    }};
const DescriptorKind signal_kind = {CUDNN_BACKEND_OPERATION_SIGNAL_DESCRIPTOR, "signal operation", signal_rules,
                                    [] { return make(signal_kind, signal_ports, {}); }};

}  // namespace cpu::backend
