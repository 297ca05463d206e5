// The operations that only move elements.
#include "cudnn/backend/movement.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr AttributeRule concat_rules[] = {
    plain(CUDNN_ATTR_OPERATION_CONCAT_AXIS, CUDNN_TYPE_INT64),
    descriptor(CUDNN_ATTR_OPERATION_CONCAT_INPUT_DESCS).any_count(),
    plain(CUDNN_ATTR_OPERATION_CONCAT_INPLACE_INDEX, CUDNN_TYPE_INT64),
    descriptor(CUDNN_ATTR_OPERATION_CONCAT_OUTPUT_DESC),
};

constexpr PortRule concat_ports[] = {
    {CUDNN_ATTR_OPERATION_CONCAT_INPUT_DESCS, Port::X},
    {CUDNN_ATTR_OPERATION_CONCAT_OUTPUT_DESC, Port::Y, true},
};

constexpr AttributeRule reshape_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_RESHAPE_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_RESHAPE_YDESC),
};

constexpr PortRule reshape_ports[] = {
    {CUDNN_ATTR_OPERATION_RESHAPE_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_RESHAPE_YDESC, Port::Y, true},
};

// Equal products of dimensions, whatever their size.
bool same_element_count(const TensorDescriptor& a, const TensorDescriptor& b) {
  const auto product = [](const TensorDescriptor& tensor) {
    uint64_t elements = 1;
    for (const int64_t dim : tensor.dims) elements *= static_cast<uint64_t>(dim);
    return elements;
  };
  return product(a) == product(b);
}

}  // namespace

const DescriptorKind concat_kind = {CUDNN_BACKEND_OPERATION_CONCAT_DESCRIPTOR, "concat operation", concat_rules,
                                    make_descriptor<ConcatOperation>};
const DescriptorKind reshape_kind = {CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR, "reshape operation", reshape_rules,
                                     make_descriptor<ReshapeOperation>};

ConcatOperation::ConcatOperation() : OperationDescriptor(concat_kind, concat_ports) {}

cudnnStatus_t ConcatOperation::check() {
  const auto y = tensor(CUDNN_ATTR_OPERATION_CONCAT_OUTPUT_DESC);
  if (y == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, "its output was not set or is not finalized");
  const int64_t axis = attributes.integer(CUDNN_ATTR_OPERATION_CONCAT_AXIS);
  __int128 sum = 0;
  for (const DescriptorPointer& input : attributes.descriptors(CUDNN_ATTR_OPERATION_CONCAT_INPUT_DESCS)) {
    const auto x = as<TensorDescriptor>(input);
    if (!is_finalized(x)) return refuse(CUDNN_STATUS_BAD_PARAM, "an input is no finalized tensor descriptor");
    if (x->dims.size() != y->dims.size()) {
      return refuse(CUDNN_STATUS_BAD_PARAM,
                    say("input ", dims_text(x), " and output ", dims_text(y), " differ in their number of dimensions"));
    }
    for (size_t i = 0; i < y->dims.size(); ++i) {
      if (static_cast<int64_t>(i) == axis) {
        sum += x->dims[i];
      } else if (x->dims[i] != y->dims[i]) {
        return refuse(CUDNN_STATUS_BAD_PARAM, say("input ", dims_text(x), " and output ", dims_text(y),
                                                  " differ in another dimension than axis ", axis));
      }
    }
  }
  if (axis < 0 || axis >= static_cast<int64_t>(y->dims.size())) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say("axis ", axis, " of an output ", dims_text(y)));
  }
  if (sum != y->dims[static_cast<size_t>(axis)]) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say("the inputs make ", static_cast<int64_t>(sum), " along axis ", axis,
                                              ", the output is ", dims_text(y)));
  }
  return CUDNN_STATUS_SUCCESS;
}

ReshapeOperation::ReshapeOperation() : OperationDescriptor(reshape_kind, reshape_ports) {}

cudnnStatus_t ReshapeOperation::check() {
  const cudnnStatus_t status =
      require_tensors({CUDNN_ATTR_OPERATION_RESHAPE_XDESC, CUDNN_ATTR_OPERATION_RESHAPE_YDESC});
  if (status != CUDNN_STATUS_SUCCESS) return status;
  const auto x = tensor(CUDNN_ATTR_OPERATION_RESHAPE_XDESC);
  const auto y = tensor(CUDNN_ATTR_OPERATION_RESHAPE_YDESC);
  if (!same_element_count(*x, *y)) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  say("x ", dims_text(x), " and y ", dims_text(y), " differ in their number of elements"));
  }
  return CUDNN_STATUS_SUCCESS;
}

compute::GraphNode ConcatOperation::lower() const {
  compute::GraphNode node;
  node.kind = compute::NodeKind::Concat;
  node.parameters.axis = static_cast<int>(attributes.integer(CUDNN_ATTR_OPERATION_CONCAT_AXIS));
  return node;
}

compute::GraphNode ReshapeOperation::lower() const {
  compute::GraphNode node;
  node.kind = compute::NodeKind::Reshape;
  return node;
}

}  // namespace cpu::backend
