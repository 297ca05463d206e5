#include "cudnn/backend/norm.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr AttributeRule forward_rules[] = {
    plain(CUDNN_ATTR_OPERATION_NORM_FWD_MODE, CUDNN_TYPE_NORM_MODE).initially(-1),
    plain(CUDNN_ATTR_OPERATION_NORM_FWD_PHASE, CUDNN_TYPE_NORM_FWD_PHASE).initially(CUDNN_NORM_FWD_TRAINING),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_BIAS_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_EPSILON_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_YDESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_FWD_PEER_STAT_DESCS).many(),
};

// Mean and inverse deviation are read in inference and written in training.
constexpr PortRule forward_ports[] = {
    {CUDNN_ATTR_OPERATION_NORM_FWD_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_NORM_FWD_SCALE_DESC, Port::Scale},
    {CUDNN_ATTR_OPERATION_NORM_FWD_BIAS_DESC, Port::Bias},
    {CUDNN_ATTR_OPERATION_NORM_FWD_EPSILON_DESC, Port::Epsilon},
    {CUDNN_ATTR_OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC, Port::AverageFactor},
    {CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC, Port::PreviousMean},
    {CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC, Port::PreviousVariance},
    {CUDNN_ATTR_OPERATION_NORM_FWD_PEER_STAT_DESCS, Port::Other},
    {CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC, Port::Mean, true},
    {CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC, Port::InverseDeviation, true},
    {CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC, Port::RunningMean, true},
    {CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC, Port::RunningVariance, true},
    {CUDNN_ATTR_OPERATION_NORM_FWD_YDESC, Port::Y, true},
};

constexpr AttributeRule backward_rules[] = {
    plain(CUDNN_ATTR_OPERATION_NORM_BWD_MODE, CUDNN_TYPE_NORM_MODE).initially(-1),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_MEAN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_INV_VARIANCE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_DYDESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_EPSILON_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_DSCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_DBIAS_DESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_DXDESC),
    descriptor(CUDNN_ATTR_OPERATION_NORM_BWD_PEER_STAT_DESCS).many(),
};

constexpr PortRule backward_ports[] = {
    {CUDNN_ATTR_OPERATION_NORM_BWD_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_NORM_BWD_MEAN_DESC, Port::Mean},
    {CUDNN_ATTR_OPERATION_NORM_BWD_INV_VARIANCE_DESC, Port::InverseDeviation},
    {CUDNN_ATTR_OPERATION_NORM_BWD_DYDESC, Port::DY},
    {CUDNN_ATTR_OPERATION_NORM_BWD_SCALE_DESC, Port::Scale},
    {CUDNN_ATTR_OPERATION_NORM_BWD_EPSILON_DESC, Port::Epsilon},
    {CUDNN_ATTR_OPERATION_NORM_BWD_PEER_STAT_DESCS, Port::Other},
    {CUDNN_ATTR_OPERATION_NORM_BWD_DSCALE_DESC, Port::DScale, true},
    {CUDNN_ATTR_OPERATION_NORM_BWD_DBIAS_DESC, Port::DBias, true},
    {CUDNN_ATTR_OPERATION_NORM_BWD_DXDESC, Port::DX, true},
};

std::optional<compute::NormMode> norm_mode(int64_t mode) {
  switch (mode) {
    case CUDNN_LAYER_NORM:
      return compute::NormMode::Layer;
    case CUDNN_INSTANCE_NORM:
      return compute::NormMode::Instance;
    case CUDNN_BATCH_NORM:
      return compute::NormMode::Batch;
    case CUDNN_RMS_NORM:
      return compute::NormMode::Rms;
    default:
      return std::nullopt;
  }
}

}  // namespace

const DescriptorKind norm_forward_kind = {CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR, "norm forward operation",
                                          forward_rules, make_descriptor<NormForwardOperation>};
const DescriptorKind norm_backward_kind = {CUDNN_BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR, "norm backward operation",
                                           backward_rules, make_descriptor<NormBackwardOperation>};

NormForwardOperation::NormForwardOperation() : OperationDescriptor(norm_forward_kind, forward_ports) {}

bool NormForwardOperation::is_inference() const {
  return attributes.integer(CUDNN_ATTR_OPERATION_NORM_FWD_PHASE) == CUDNN_NORM_FWD_INFERENCE;
}

bool NormForwardOperation::writes(const PortRule& port) const {
  const bool is_statistic = port.port == Port::Mean || port.port == Port::InverseDeviation;
  return port.written && !(is_statistic && is_inference());
}

cudnnStatus_t NormForwardOperation::check() {
  const auto used = [this](cudnnBackendAttributeName_t name) { return tensor(name) != nullptr; };
  if (!is_inference() && !used(CUDNN_ATTR_OPERATION_NORM_FWD_EPSILON_DESC)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "training needs the epsilon tensor");
  }
  if (attributes.integer(CUDNN_ATTR_OPERATION_NORM_FWD_MODE) != CUDNN_BATCH_NORM) {
    for (const cudnnBackendAttributeName_t name :
         {CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC, CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC,
          CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC, CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC,
          CUDNN_ATTR_OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC, CUDNN_ATTR_OPERATION_NORM_FWD_PEER_STAT_DESCS}) {
      if (used(name)) {
        return refuse(CUDNN_STATUS_BAD_PARAM,
                      say("attribute ", name, " belongs to batch norm; set the mode to CUDNN_BATCH_NORM"));
      }
    }
  }
  const auto x = tensor(CUDNN_ATTR_OPERATION_NORM_FWD_XDESC);
  const auto y = tensor(CUDNN_ATTR_OPERATION_NORM_FWD_YDESC);
  if (x == nullptr || !same_shape(x, y)) {
    return refuse(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, say("x is ", dims_text(x), ", y is ", dims_text(y)));
  }
  const auto mean = tensor(CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC);
  if (mean != nullptr && !similar(mean, tensor(CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC))) {
    return refuse(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, "mean and inverse variance differ in shape, layout or type");
  }
  if (used(CUDNN_ATTR_OPERATION_NORM_FWD_BIAS_DESC) && !used(CUDNN_ATTR_OPERATION_NORM_FWD_SCALE_DESC)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "a bias needs a scale");
  }
  return CUDNN_STATUS_SUCCESS;
}

NormBackwardOperation::NormBackwardOperation() : OperationDescriptor(norm_backward_kind, backward_ports) {}

cudnnStatus_t NormBackwardOperation::check() {
  const auto used = [this](cudnnBackendAttributeName_t name) { return tensor(name) != nullptr; };
  const bool rms = attributes.integer(CUDNN_ATTR_OPERATION_NORM_BWD_MODE) == CUDNN_RMS_NORM;
  const auto mean = tensor(CUDNN_ATTR_OPERATION_NORM_BWD_MEAN_DESC);
  if (rms != (mean == nullptr)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, rms ? "RMS norm has no mean" : "it needs the mean of the forward operation");
  }
  const auto x = tensor(CUDNN_ATTR_OPERATION_NORM_BWD_XDESC);
  for (const cudnnBackendAttributeName_t name :
       {CUDNN_ATTR_OPERATION_NORM_BWD_DXDESC, CUDNN_ATTR_OPERATION_NORM_BWD_DYDESC}) {
    if (x == nullptr || !same_shape(x, tensor(name))) {
      return refuse(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH,
                    say("x is ", dims_text(x), ", a gradient is ", dims_text(tensor(name))));
    }
  }
  if (mean != nullptr && !similar(mean, tensor(CUDNN_ATTR_OPERATION_NORM_BWD_INV_VARIANCE_DESC))) {
    return refuse(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, "mean and inverse variance differ in shape, layout or type");
  }
  if (used(CUDNN_ATTR_OPERATION_NORM_BWD_SCALE_DESC) != used(CUDNN_ATTR_OPERATION_NORM_BWD_DSCALE_DESC)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "scale and its gradient are set together or not at all");
  }
  return CUDNN_STATUS_SUCCESS;
}

compute::GraphNode NormForwardOperation::lower() const {
  compute::GraphNode node;
  node.kind = compute::NodeKind::NormForward;
  const int64_t mode = attributes.integer(CUDNN_ATTR_OPERATION_NORM_FWD_MODE);
  const auto known = norm_mode(mode);
  if (!known) refuse_to_run(say("the CPU device has no norm of mode ", mode));
  node.parameters.norm = *known;
  node.parameters.inference = is_inference();
  return node;
}

compute::GraphNode NormBackwardOperation::lower() const {
  compute::GraphNode node;
  node.kind = compute::NodeKind::NormBackward;
  const int64_t mode = attributes.integer(CUDNN_ATTR_OPERATION_NORM_BWD_MODE);
  const auto known = norm_mode(mode);
  if (!known) refuse_to_run(say("the CPU device has no norm of mode ", mode));
  node.parameters.norm = *known;
  return node;
}

}  // namespace cpu::backend
