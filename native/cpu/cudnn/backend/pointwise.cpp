#include "cudnn/backend/pointwise.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::PointwiseMode;
using compute::Port;

constexpr AttributeRule real_parameter(cudnnBackendAttributeName_t name) {
  return plain(name, CUDNN_TYPE_DOUBLE).or_type(CUDNN_TYPE_FLOAT);
}

constexpr AttributeRule pointwise_rules[] = {
    plain(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE),
    plain(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE),
    plain(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION),
    real_parameter(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP),
    real_parameter(CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP),
    real_parameter(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE),
    real_parameter(CUDNN_ATTR_POINTWISE_ELU_ALPHA),
    real_parameter(CUDNN_ATTR_POINTWISE_SOFTPLUS_BETA),
    real_parameter(CUDNN_ATTR_POINTWISE_SWISH_BETA),
    plain(CUDNN_ATTR_POINTWISE_AXIS, CUDNN_TYPE_INT64),
};

constexpr AttributeRule operation_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR), descriptor(CUDNN_ATTR_OPERATION_POINTWISE_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_POINTWISE_BDESC),         descriptor(CUDNN_ATTR_OPERATION_POINTWISE_YDESC),
    real_parameter(CUDNN_ATTR_OPERATION_POINTWISE_ALPHA1),    real_parameter(CUDNN_ATTR_OPERATION_POINTWISE_ALPHA2),
    descriptor(CUDNN_ATTR_OPERATION_POINTWISE_DXDESC),        descriptor(CUDNN_ATTR_OPERATION_POINTWISE_DYDESC),
    descriptor(CUDNN_ATTR_OPERATION_POINTWISE_TDESC),
};

constexpr PortRule ports[] = {
    {CUDNN_ATTR_OPERATION_POINTWISE_XDESC, Port::X},       {CUDNN_ATTR_OPERATION_POINTWISE_BDESC, Port::B},
    {CUDNN_ATTR_OPERATION_POINTWISE_TDESC, Port::T},       {CUDNN_ATTR_OPERATION_POINTWISE_DYDESC, Port::DY},
    {CUDNN_ATTR_OPERATION_POINTWISE_YDESC, Port::Y, true}, {CUDNN_ATTR_OPERATION_POINTWISE_DXDESC, Port::DX, true},
};

/// Modes that follow one another in cuDNN and here.
struct ModeRange {
  int64_t first;
  int64_t last;
  PointwiseMode mode;
};
constexpr ModeRange mode_ranges[] = {
    {CUDNN_POINTWISE_ADD, CUDNN_POINTWISE_FLOOR_MOD, PointwiseMode::Add},
    {CUDNN_POINTWISE_RELU_FWD, CUDNN_POINTWISE_GELU_APPROX_TANH_FWD, PointwiseMode::Relu},
    {CUDNN_POINTWISE_RELU_BWD, CUDNN_POINTWISE_GELU_APPROX_TANH_BWD, PointwiseMode::ReluBackward},
    {CUDNN_POINTWISE_CMP_EQ, CUDNN_POINTWISE_CMP_LE, PointwiseMode::Equal},
    {CUDNN_POINTWISE_LOGICAL_AND, CUDNN_POINTWISE_LOGICAL_NOT, PointwiseMode::And},
    {CUDNN_POINTWISE_GEN_INDEX, CUDNN_POINTWISE_GEN_INDEX, PointwiseMode::Index},
    {CUDNN_POINTWISE_BINARY_SELECT, CUDNN_POINTWISE_BINARY_SELECT, PointwiseMode::Select},
};

}  // namespace

const DescriptorKind pointwise_kind = {CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "pointwise", pointwise_rules,
                                       make_descriptor<PointwiseDescriptor>, CUDNN_STATUS_NOT_SUPPORTED};
const DescriptorKind pointwise_operation_kind = {CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, "pointwise operation",
                                                 operation_rules, make_descriptor<PointwiseOperation>,
                                                 CUDNN_STATUS_NOT_SUPPORTED};

PointwiseDescriptor::PointwiseDescriptor() : Descriptor(pointwise_kind) {}

PointwiseOperation::PointwiseOperation() : OperationDescriptor(pointwise_operation_kind, ports) {}

cudnnStatus_t PointwiseOperation::check() {
  const auto x = tensor(CUDNN_ATTR_OPERATION_POINTWISE_XDESC);
  for (const cudnnBackendAttributeName_t name :
       {CUDNN_ATTR_OPERATION_POINTWISE_BDESC, CUDNN_ATTR_OPERATION_POINTWISE_YDESC,
        CUDNN_ATTR_OPERATION_POINTWISE_TDESC, CUDNN_ATTR_OPERATION_POINTWISE_DYDESC,
        CUDNN_ATTR_OPERATION_POINTWISE_DXDESC}) {
    const auto other = tensor(name);
    if (x != nullptr && other != nullptr && x->dims.size() != other->dims.size()) {
      return refuse(CUDNN_STATUS_BAD_PARAM, say("x ", dims_text(x), " and the tensor of attribute ", name, " ",
                                                dims_text(other), " differ in their number of dimensions"));
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

compute::GraphNode PointwiseOperation::lower() const {
  const auto pointwise = part<PointwiseDescriptor>(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
  const AttributeSet& set = pointwise->attributes;
  compute::GraphNode node;
  node.kind = compute::NodeKind::Pointwise;
  compute::NodeParameters& parameters = node.parameters;
  const int64_t mode = set.integer(CUDNN_ATTR_POINTWISE_MODE, -1);
  bool is_known = false;
  for (const ModeRange& range : mode_ranges) {
    if (mode < range.first || mode > range.last) continue;
    parameters.pointwise = static_cast<PointwiseMode>(static_cast<int64_t>(range.mode) + mode - range.first);
    is_known = true;
  }
  if (!is_known) refuse_to_run(say("there is no mode ", mode, "; set CUDNN_ATTR_POINTWISE_MODE"));
  parameters.compute_type = compute_type(set.integer(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT));
  parameters.propagate_nan = set.integer(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_PROPAGATE_NAN) != 0;
  parameters.lower_clip = set.real(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP, parameters.lower_clip);
  parameters.upper_clip = set.real(CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, parameters.upper_clip);
  parameters.lower_slope = set.real(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, parameters.lower_slope);
  parameters.elu_alpha = set.real(CUDNN_ATTR_POINTWISE_ELU_ALPHA, parameters.elu_alpha);
  parameters.softplus_beta = set.real(CUDNN_ATTR_POINTWISE_SOFTPLUS_BETA, parameters.softplus_beta);
  parameters.swish_beta = set.real(CUDNN_ATTR_POINTWISE_SWISH_BETA, parameters.swish_beta);
  const int64_t axis = set.integer(CUDNN_ATTR_POINTWISE_AXIS, -1);
  parameters.axis = axis >= 0 && axis < compute::max_rank ? static_cast<int>(axis) : -1;
  parameters.alpha1 = attributes.real(CUDNN_ATTR_OPERATION_POINTWISE_ALPHA1, 1);
  parameters.alpha2 = attributes.real(CUDNN_ATTR_OPERATION_POINTWISE_ALPHA2, 1);
  return node;
}

}  // namespace cpu::backend
