#include "cudnn/backend/reduction.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr AttributeRule reduction_rules[] = {
    plain(CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE).initially(-1),
    plain(CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE).initially(CUDNN_DATA_FLOAT),
    plain(CUDNN_ATTR_REDUCTION_IS_DETERMINISTIC, CUDNN_TYPE_BOOLEAN).initially(0),
};

constexpr AttributeRule operation_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_REDUCTION_XDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_REDUCTION_YDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_REDUCTION_DESC).any_count(),
};

constexpr PortRule ports[] = {
    {CUDNN_ATTR_OPERATION_REDUCTION_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_REDUCTION_YDESC, Port::Y, true},
};

}  // namespace

const DescriptorKind reduction_kind = {CUDNN_BACKEND_REDUCTION_DESCRIPTOR, "reduction", reduction_rules,
                                       make_descriptor<ReductionDescriptor>};
const DescriptorKind reduction_operation_kind = {CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR, "reduction operation",
                                                 operation_rules, make_descriptor<ReductionOperation>};

ReductionDescriptor::ReductionDescriptor() : Descriptor(reduction_kind) {}

cudnnStatus_t ReductionDescriptor::interpret() {
  const int64_t mode = attributes.integer(CUDNN_ATTR_REDUCTION_OPERATOR);
  if (mode < CUDNN_REDUCE_TENSOR_ADD || mode > CUDNN_REDUCE_TENSOR_MUL_NO_ZEROS) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say(mode, " is no reduction; set CUDNN_ATTR_REDUCTION_OPERATOR"));
  }
  if (mode > CUDNN_REDUCE_TENSOR_AMAX) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED,
                  say("reduction ", mode,
                      " does not exist in the graph API, which adds, multiplies and takes minimum, "
                      "maximum and maximum of absolutes"));
  }
  return CUDNN_STATUS_SUCCESS;
}

ReductionOperation::ReductionOperation() : OperationDescriptor(reduction_operation_kind, ports) {}

cudnnStatus_t ReductionOperation::check() {
  const auto x = tensor(CUDNN_ATTR_OPERATION_REDUCTION_XDESC);
  const auto y = tensor(CUDNN_ATTR_OPERATION_REDUCTION_YDESC);
  if (rank_of(x) != rank_of(y)) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  say("x ", dims_text(x), " and y ", dims_text(y), " differ in their number of dimensions"));
  }
  return CUDNN_STATUS_SUCCESS;
}

compute::GraphNode ReductionOperation::lower() const {
  const auto reduction = part<ReductionDescriptor>(CUDNN_ATTR_OPERATION_REDUCTION_DESC);
  compute::GraphNode node;
  node.kind = compute::NodeKind::Reduction;
  node.parameters.compute_type = compute_type(reduction->attributes.integer(CUDNN_ATTR_REDUCTION_COMP_TYPE));
  switch (reduction->attributes.integer(CUDNN_ATTR_REDUCTION_OPERATOR)) {
    case CUDNN_REDUCE_TENSOR_MUL:
      node.parameters.reduction = compute::Reduction::Mul;
      break;
    case CUDNN_REDUCE_TENSOR_MIN:
      node.parameters.reduction = compute::Reduction::Min;
      break;
    case CUDNN_REDUCE_TENSOR_MAX:
      node.parameters.reduction = compute::Reduction::Max;
      break;
    case CUDNN_REDUCE_TENSOR_AMAX:
      node.parameters.reduction = compute::Reduction::AbsoluteMax;
      break;
    default:
      node.parameters.reduction = compute::Reduction::Add;
      break;
  }
  return node;
}

}  // namespace cpu::backend
