#include "cudnn/backend/pointwise.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

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

}  // namespace cpu::backend
