#include "cudnn/backend/resample.h"

#include <array>

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::Port;

// One fraction, or one integer, for each spatial dimension.
constexpr AttributeRule fractions_rule(cudnnBackendAttributeName_t name) {
  return plain(name, CUDNN_TYPE_FRACTION).or_type(CUDNN_TYPE_INT64).many();
}

constexpr AttributeRule resample_rules[] = {
    plain(CUDNN_ATTR_RESAMPLE_MODE, CUDNN_TYPE_RESAMPLE_MODE).initially(CUDNN_RESAMPLE_NEAREST),
    plain(CUDNN_ATTR_RESAMPLE_COMP_TYPE, CUDNN_TYPE_DATA_TYPE).initially(CUDNN_DATA_FLOAT),
    plain(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, CUDNN_TYPE_INT64).initially(0),
    fractions_rule(CUDNN_ATTR_RESAMPLE_POST_PADDINGS),
    fractions_rule(CUDNN_ATTR_RESAMPLE_PRE_PADDINGS),
    fractions_rule(CUDNN_ATTR_RESAMPLE_STRIDES),
    fractions_rule(CUDNN_ATTR_RESAMPLE_WINDOW_DIMS),
    plain(CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION).initially(0),
    plain(CUDNN_ATTR_RESAMPLE_PADDING_MODE, CUDNN_TYPE_PADDING_MODE).initially(0),
};

constexpr AttributeRule scale_rule(cudnnBackendAttributeName_t name, double initial) {
  return plain(name, CUDNN_TYPE_DOUBLE).or_type(CUDNN_TYPE_FLOAT).initially(initial);
}

constexpr AttributeRule forward_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_IDXDESC).any_count(),
    scale_rule(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_ALPHA, 1),
    scale_rule(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_BETA, 0),
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC).any_count(),
};

constexpr AttributeRule backward_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_IDXDESC).any_count(),
    scale_rule(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_ALPHA, 1),
    scale_rule(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_BETA, 0),
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC).any_count(),
};

constexpr PortRule forward_ports[] = {
    {CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC, Port::Y, true},
    {CUDNN_ATTR_OPERATION_RESAMPLE_FWD_IDXDESC, Port::Index, true},
};

constexpr PortRule backward_ports[] = {
    {CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC, Port::Y},
    {CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC, Port::DY},
    {CUDNN_ATTR_OPERATION_RESAMPLE_BWD_IDXDESC, Port::Index},
    {CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC, Port::DX, true},
};

// Refuses where the large side's windows do not make the small side.
cudnnStatus_t check_sizes(const OperationDescriptor& operation, const ResampleDescriptor* resample,
                          const std::shared_ptr<TensorDescriptor>& large,
                          const std::shared_ptr<TensorDescriptor>& small) {
  const std::string shapes = say("image ", dims_text(large), ", result ", dims_text(small));
  if (rank_of(large) != rank_of(small)) {
    return operation.refuse(CUDNN_STATUS_BAD_PARAM, shapes + " differ in their number of dimensions");
  }
  const auto spatial = resample == nullptr ? 0 : static_cast<size_t>(resample->spatial_dims);
  if (large == nullptr && spatial == 0) return CUDNN_STATUS_SUCCESS;
  if (rank_of(large) != spatial + 2) {
    return operation.refuse(CUDNN_STATUS_BAD_PARAM, say(shapes, " for ", spatial, " spatial dimensions"));
  }
  for (size_t i = 0; i < 2; ++i) {
    if (large->dims[i] != small->dims[i]) {
      return operation.refuse(CUDNN_STATUS_BAD_PARAM, shapes + " differ in samples or channels");
    }
  }
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t expected = resample->output_size(i, large->dims[i + 2]);
    if (expected != small->dims[i + 2]) {
      return operation.refuse(CUDNN_STATUS_BAD_PARAM, say("spatial dimension ", i, " of the result is ",
                                                          small->dims[i + 2], " where the windows make ", expected));
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

const DescriptorKind resample_kind = {CUDNN_BACKEND_RESAMPLE_DESCRIPTOR, "resample", resample_rules,
                                      make_descriptor<ResampleDescriptor>};
const DescriptorKind resample_forward_kind = {CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR,
                                              "resample forward operation", forward_rules,
                                              make_descriptor<ResampleForwardOperation>};
const DescriptorKind resample_backward_kind = {CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR,
                                               "resample backward operation", backward_rules,
                                               make_descriptor<ResampleBackwardOperation>};

ResampleDescriptor::ResampleDescriptor() : Descriptor(resample_kind) {}

int64_t ResampleDescriptor::output_size(size_t i, int64_t size) const {
  const cudnnFraction_t parts[] = {pre_padding[i], post_padding[i], window[i]};
  if (stride[i].numerator <= 0 || stride[i].denominator <= 0) return 0;
  // floor((size + pre + post - window) / stride) + 1, in fractions. Any numbers can have been set: where the common
  // denominator is no reasonable number there is no answer.
  constexpr int64_t limit = int64_t{1} << 24;
  __int128 numerator = size, denominator = 1;
  for (size_t part = 0; part < std::size(parts); ++part) {
    const cudnnFraction_t& fraction = parts[part];
    if (fraction.denominator <= 0 || fraction.denominator > limit) return 0;
    const __int128 signed_part = part == 2 ? -static_cast<__int128>(fraction.numerator) : fraction.numerator;
    numerator = numerator * fraction.denominator + signed_part * denominator;
    denominator *= fraction.denominator;
    if (numerator > INT64_MAX || numerator < INT64_MIN || denominator > limit) return 0;
  }
  if (numerator < 0 || stride[i].numerator > limit || stride[i].denominator > limit) return 0;
  return static_cast<int64_t>(numerator * stride[i].denominator / (denominator * stride[i].numerator) + 1);
}

cudnnStatus_t ResampleDescriptor::interpret() {
  const int64_t mode = attributes.integer(CUDNN_ATTR_RESAMPLE_MODE);
  if (mode < CUDNN_RESAMPLE_NEAREST || mode > CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say(mode, " is no resample mode"));
  }
  const bool interpolates = mode == CUDNN_RESAMPLE_NEAREST || mode == CUDNN_RESAMPLE_BILINEAR;
  constexpr int64_t most_spatial_dims = 3;
  spatial_dims = attributes.integer(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS);
  if (spatial_dims < (interpolates ? 0 : 1) || spatial_dims > most_spatial_dims) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, say(spatial_dims, " spatial dimensions; 1 to 3 can be resampled"));
  }
  struct Field {
    cudnnBackendAttributeName_t name;
    std::vector<cudnnFraction_t>& values;
  };
  for (const Field& field :
       {Field{CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, window}, Field{CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, pre_padding},
        Field{CUDNN_ATTR_RESAMPLE_POST_PADDINGS, post_padding}, Field{CUDNN_ATTR_RESAMPLE_STRIDES, stride}}) {
    field.values = attributes.fractions(field.name);
    field.values.resize(static_cast<size_t>(spatial_dims), cudnnFraction_t{0, 0});
  }
  if (interpolates) {
    for (const cudnnFraction_t& size : window) {
      if (size.denominator == 0 || size.numerator != 2 * size.denominator) {
        return refuse(CUDNN_STATUS_NOT_SUPPORTED, "interpolation takes windows of 2");
      }
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

std::optional<cudnnStatus_t> ResampleDescriptor::read(const AttributeQuery& query) const {
  const std::vector<cudnnFraction_t>* values = nullptr;
  switch (query.name) {
    case CUDNN_ATTR_RESAMPLE_WINDOW_DIMS:
      values = &window;
      break;
    case CUDNN_ATTR_RESAMPLE_PRE_PADDINGS:
      values = &pre_padding;
      break;
    case CUDNN_ATTR_RESAMPLE_POST_PADDINGS:
      values = &post_padding;
      break;
    case CUDNN_ATTR_RESAMPLE_STRIDES:
      values = &stride;
      break;
    case CUDNN_ATTR_RESAMPLE_PADDING_MODE:
      // Whatever was set: the real library reads the first mode back.
      return query.answer_one<int32_t>(0);
    default:
      return std::nullopt;
  }
  if (query.type == CUDNN_TYPE_FRACTION) return query.answer(std::span<const cudnnFraction_t>(*values));
  std::vector<int64_t> integers;
  for (const cudnnFraction_t& value : *values) {
    integers.push_back(value.denominator == 0 ? 0 : value.numerator / value.denominator);
  }
  return query.answer(std::span<const int64_t>(integers));
}

ResampleForwardOperation::ResampleForwardOperation() : OperationDescriptor(resample_forward_kind, forward_ports) {}

cudnnStatus_t ResampleForwardOperation::check() {
  const auto resample = as<ResampleDescriptor>(attributes.descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC));
  return check_sizes(*this, is_finalized(resample) ? resample.get() : nullptr,
                     tensor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC), tensor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC));
}

ResampleBackwardOperation::ResampleBackwardOperation() : OperationDescriptor(resample_backward_kind, backward_ports) {}

cudnnStatus_t ResampleBackwardOperation::check() {
  const auto resample = as<ResampleDescriptor>(attributes.descriptor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC));
  if (!is_finalized(resample)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "its resample descriptor was not set or not finalized");
  }
  const cudnnStatus_t status =
      require_tensors({CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC});
  if (status != CUDNN_STATUS_SUCCESS) return status;
  const bool has_index = tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_IDXDESC) != nullptr;
  const bool has_x_and_y = tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC) != nullptr &&
                           tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC) != nullptr;
  if (resample->attributes.integer(CUDNN_ATTR_RESAMPLE_MODE) == CUDNN_RESAMPLE_MAXPOOL && !has_index && !has_x_and_y) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  "the gradient of maximum pooling needs the index tensor of the forward operation, or its x and y");
  }
  return check_sizes(*this, resample.get(), tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC),
                     tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC));
}

void ResampleDescriptor::lower_into(compute::NodeParameters& parameters) const {
  switch (attributes.integer(CUDNN_ATTR_RESAMPLE_MODE)) {
    case CUDNN_RESAMPLE_NEAREST:
      parameters.resample = compute::ResampleMode::Nearest;
      break;
    case CUDNN_RESAMPLE_BILINEAR:
      parameters.resample = compute::ResampleMode::Bilinear;
      break;
    case CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING:
      parameters.resample = compute::ResampleMode::AverageIncludePadding;
      break;
    case CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING:
      parameters.resample = compute::ResampleMode::AverageExcludePadding;
      break;
    default:
      parameters.resample = compute::ResampleMode::Max;
      break;
  }
  switch (attributes.integer(CUDNN_ATTR_RESAMPLE_PADDING_MODE)) {
    case CUDNN_NEG_INF_PAD:
      parameters.padding_mode = compute::PaddingMode::NegativeInfinity;
      break;
    case CUDNN_EDGE_VAL_PAD:
      parameters.padding_mode = compute::PaddingMode::EdgeValue;
      break;
    default:
      parameters.padding_mode = compute::PaddingMode::Zero;
      break;
  }
  parameters.propagate_nan = attributes.integer(CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION) != 0;
  parameters.spatial = static_cast<int>(spatial_dims);
  const auto fraction = [](const cudnnFraction_t& value) {
    return compute::Fraction{value.numerator, value.denominator};
  };
  for (size_t i = 0; i < static_cast<size_t>(spatial_dims); ++i) {
    parameters.window[i] = fraction(window[i]);
    parameters.before[i] = fraction(pre_padding[i]);
    parameters.after[i] = fraction(post_padding[i]);
    parameters.step[i] = fraction(stride[i]);
  }
}

compute::GraphNode ResampleForwardOperation::lower() const {
  const auto resample = part<ResampleDescriptor>(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC);
  compute::GraphNode node;
  node.kind = compute::NodeKind::ResampleForward;
  node.parameters.compute_type = compute_type(resample->attributes.integer(CUDNN_ATTR_RESAMPLE_COMP_TYPE));
  resample->lower_into(node.parameters);
  node.parameters.alpha = attributes.real(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_ALPHA);
  node.parameters.beta = attributes.real(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_BETA);
  return node;
}

compute::GraphNode ResampleBackwardOperation::lower() const {
  const auto resample = part<ResampleDescriptor>(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC);
  compute::GraphNode node;
  node.kind = compute::NodeKind::ResampleBackward;
  node.parameters.compute_type = compute_type(resample->attributes.integer(CUDNN_ATTR_RESAMPLE_COMP_TYPE));
  resample->lower_into(node.parameters);
  node.parameters.alpha = attributes.real(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_ALPHA);
  node.parameters.beta = attributes.real(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_BETA);
  return node;
}

}  // namespace cpu::backend
