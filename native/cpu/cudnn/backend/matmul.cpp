#include "cudnn/backend/matmul.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr AttributeRule matmul_rules[] = {
    plain(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE).initially(CUDNN_DATA_FLOAT),
    plain(CUDNN_ATTR_MATMUL_PADDING_VALUE, CUDNN_TYPE_DOUBLE).or_type(CUDNN_TYPE_FLOAT).initially(0),
};

constexpr AttributeRule operation_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_MATMUL_ADESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_MATMUL_BDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_MATMUL_CDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_MATMUL_DESC).any_count(),
    plain(CUDNN_ATTR_OPERATION_MATMUL_IRREGULARLY_STRIDED_BATCH_COUNT, CUDNN_TYPE_INT64).initially(1),
    descriptor(CUDNN_ATTR_OPERATION_MATMUL_GEMM_M_OVERRIDE_DESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_MATMUL_GEMM_N_OVERRIDE_DESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_MATMUL_GEMM_K_OVERRIDE_DESC).any_count(),
};

constexpr PortRule ports[] = {
    {CUDNN_ATTR_OPERATION_MATMUL_ADESC, Port::A},
    {CUDNN_ATTR_OPERATION_MATMUL_BDESC, Port::B},
    {CUDNN_ATTR_OPERATION_MATMUL_GEMM_M_OVERRIDE_DESC, Port::GemmM},
    {CUDNN_ATTR_OPERATION_MATMUL_GEMM_N_OVERRIDE_DESC, Port::GemmN},
    {CUDNN_ATTR_OPERATION_MATMUL_GEMM_K_OVERRIDE_DESC, Port::GemmK},
    {CUDNN_ATTR_OPERATION_MATMUL_CDESC, Port::C, true},
};

}  // namespace

const DescriptorKind matmul_kind = {CUDNN_BACKEND_MATMUL_DESCRIPTOR, "matmul", matmul_rules,
                                    make_descriptor<MatmulDescriptor>};
const DescriptorKind matmul_operation_kind = {CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR, "matmul operation",
                                              operation_rules, make_descriptor<MatmulOperation>};

MatmulDescriptor::MatmulDescriptor() : Descriptor(matmul_kind) {}

MatmulOperation::MatmulOperation() : OperationDescriptor(matmul_operation_kind, ports) {}

cudnnStatus_t MatmulOperation::check() {
  const auto a = tensor(CUDNN_ATTR_OPERATION_MATMUL_ADESC);
  const auto b = tensor(CUDNN_ATTR_OPERATION_MATMUL_BDESC);
  const auto c = tensor(CUDNN_ATTR_OPERATION_MATMUL_CDESC);
  const size_t rank = rank_of(a);
  const std::string shapes = say("a ", dims_text(a), ", b ", dims_text(b), ", c ", dims_text(c));
  if (rank != rank_of(b) || rank != rank_of(c)) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, shapes + " differ in their number of dimensions");
  }
  if (rank < 2) return refuse(CUDNN_STATUS_BAD_PARAM, shapes + ": matrices have at least two dimensions");
  const size_t m = rank - 2, n = rank - 1;
  if (a->dims[n] != b->dims[m] || a->dims[m] != c->dims[m] || b->dims[n] != c->dims[n]) {
    return refuse(CUDNN_STATUS_BAD_PARAM, shapes + ": a is m x k, b is k x n, c is m x n in the last two dimensions");
  }
  for (size_t i = 0; i < m; ++i) {
    const int64_t p = a->dims[i], q = b->dims[i];
    if ((q == 0 || p % q != 0) && (p == 0 || q % p != 0) && p != q) {
      return refuse(CUDNN_STATUS_BAD_PARAM, say(shapes, ": of batches ", p, " and ", q, " in dimension ", i,
                                                " none is a multiple of the other"));
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

compute::GraphNode MatmulOperation::lower() const {
  const auto matmul = part<MatmulDescriptor>(CUDNN_ATTR_OPERATION_MATMUL_DESC);
  const int64_t batches = attributes.integer(CUDNN_ATTR_OPERATION_MATMUL_IRREGULARLY_STRIDED_BATCH_COUNT, 1);
  if (batches != 1) refuse_to_run(say("the CPU device has no irregularly strided batches, and ", batches, " were set"));
  compute::GraphNode node;
  node.kind = compute::NodeKind::Matmul;
  node.parameters.compute_type = compute_type(matmul->attributes.integer(CUDNN_ATTR_MATMUL_COMP_TYPE));
  return node;
}

}  // namespace cpu::backend
