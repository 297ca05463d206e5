#include "cudnn/backend/convolution.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr AttributeRule convolution_rules[] = {
    checked(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE).initially(CUDNN_DATA_FLOAT),
    checked(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE)
        .initially(CUDNN_CONVOLUTION)
        .unreadable_as(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE),
    checked(CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64).many(),
    checked(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64).many(),
    checked(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64).many(),
    checked(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64).many(),
    checked(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64).initially(0),
};

constexpr AttributeRule forward_rules[] = {
    plain(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_DOUBLE)
        .or_type(CUDNN_TYPE_FLOAT)
        .or_type(CUDNN_TYPE_INT32)
        .initially(1),
    plain(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_DOUBLE)
        .or_type(CUDNN_TYPE_FLOAT)
        .or_type(CUDNN_TYPE_INT32)
        .initially(0),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y),
};

constexpr AttributeRule backward_data_rules[] = {
    plain(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_DOUBLE)
        .or_type(CUDNN_TYPE_FLOAT)
        .wrong_type_is(CUDNN_STATUS_NOT_SUPPORTED)
        .initially(1),
    plain(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_DOUBLE)
        .or_type(CUDNN_TYPE_FLOAT)
        .wrong_type_is(CUDNN_STATUS_NOT_SUPPORTED)
        .initially(0),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY),
};

constexpr AttributeRule backward_filter_rules[] = {
    plain(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_TYPE_DOUBLE)
        .or_type(CUDNN_TYPE_FLOAT)
        .initially(1, CUDNN_TYPE_FLOAT),
    plain(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, CUDNN_TYPE_DOUBLE)
        .or_type(CUDNN_TYPE_FLOAT)
        .initially(0, CUDNN_TYPE_FLOAT),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW),
    checked_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X),
    strict_descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY),
};

/// Where the operation of one direction keeps what all three have.
struct Names {
  const DescriptorKind& kind;
  cudnnBackendAttributeName_t convolution, x, w, y, alpha, beta;
  PortRule ports[3];
};

const Names& names_of(ConvolutionDirection direction) {
  static constexpr Names forward = {convolution_forward_kind,
                                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
                                    {{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, Port::X},
                                     {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, Port::W},
                                     {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, Port::Y, true}}};
  static constexpr Names backward_data = {convolution_backward_data_kind,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
                                          {{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, Port::DY},
                                           {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, Port::W},
                                           {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, Port::DX, true}}};
  static constexpr Names backward_filter = {convolution_backward_filter_kind,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
                                            {{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, Port::X},
                                             {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, Port::DY},
                                             {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, Port::DW, true}}};
  switch (direction) {
    case ConvolutionDirection::Forward:
      return forward;
    case ConvolutionDirection::BackwardData:
      return backward_data;
    default:
      return backward_filter;
  }
}

template <ConvolutionDirection direction>
DescriptorPointer make_operation() {
  return std::make_shared<ConvolutionOperation>(direction);
}

}  // namespace

const DescriptorKind convolution_kind = {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, "convolution", convolution_rules,
                                         make_descriptor<ConvolutionDescriptor>};
const DescriptorKind convolution_forward_kind = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                                                 "convolution forward operation", forward_rules,
                                                 make_operation<ConvolutionDirection::Forward>};
const DescriptorKind convolution_backward_data_kind = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                                                       "convolution backward data operation", backward_data_rules,
                                                       make_operation<ConvolutionDirection::BackwardData>};
const DescriptorKind convolution_backward_filter_kind = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                                                         "convolution backward filter operation", backward_filter_rules,
                                                         make_operation<ConvolutionDirection::BackwardFilter>};

ConvolutionDescriptor::ConvolutionDescriptor() : Descriptor(convolution_kind) {}

cudnnStatus_t ConvolutionDescriptor::interpret() {
  spatial_dims = attributes.integer(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS);
  if (spatial_dims < 1 || spatial_dims > CUDNN_DIM_MAX - 2) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  say(spatial_dims, " spatial dimensions; it can have 1 to ", CUDNN_DIM_MAX - 2));
  }
  mode = static_cast<cudnnConvolutionMode_t>(attributes.integer(CUDNN_ATTR_CONVOLUTION_CONV_MODE));
  compute_type = static_cast<cudnnDataType_t>(attributes.integer(CUDNN_ATTR_CONVOLUTION_COMP_TYPE));
  struct Field {
    cudnnBackendAttributeName_t name;
    const char* text;
    std::vector<int64_t>& values;
    int64_t least;
  };
  for (const Field& field : {Field{CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, "padding before", pre_padding, 0},
                             Field{CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, "padding after", post_padding, 0},
                             Field{CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, "stride", stride, 1},
                             Field{CUDNN_ATTR_CONVOLUTION_DILATIONS, "dilation", dilation, 1}}) {
    field.values = attributes.integers(field.name);
    // What was not set is no padding, stride 1, dilation 1.
    if (field.values.empty()) field.values.assign(static_cast<size_t>(spatial_dims), field.least);
    if (static_cast<int64_t>(field.values.size()) != spatial_dims) {
      return refuse(CUDNN_STATUS_BAD_PARAM,
                    say(spatial_dims, " spatial dimensions, but ", field.text, " was set for ", field.values.size()));
    }
    for (const int64_t value : field.values) {
      if (value < field.least) return refuse(CUDNN_STATUS_BAD_PARAM, say(field.text, " ", value));
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

std::optional<cudnnStatus_t> ConvolutionDescriptor::read(const AttributeQuery& query) const {
  switch (query.name) {
    case CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS:
      return query.answer(std::span<const int64_t>(pre_padding));
    case CUDNN_ATTR_CONVOLUTION_POST_PADDINGS:
      return query.answer(std::span<const int64_t>(post_padding));
    case CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES:
      return query.answer(std::span<const int64_t>(stride));
    case CUDNN_ATTR_CONVOLUTION_DILATIONS:
      return query.answer(std::span<const int64_t>(dilation));
    default:
      return std::nullopt;
  }
}

ConvolutionOperation::ConvolutionOperation(ConvolutionDirection of_direction)
    : OperationDescriptor(names_of(of_direction).kind, names_of(of_direction).ports), direction(of_direction) {}

cudnnStatus_t ConvolutionOperation::check() {
  const Names& names = names_of(direction);
  convolution = as<ConvolutionDescriptor>(attributes.descriptor(names.convolution));
  if (!is_finalized(convolution)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "its convolution descriptor was not set or not finalized");
  }
  const cudnnStatus_t status = require_tensors({names.x, names.w, names.y});
  if (status != CUDNN_STATUS_SUCCESS) return status;
  x = tensor(names.x);
  w = tensor(names.w);
  y = tensor(names.y);
  alpha = attributes.real(names.alpha);
  beta = attributes.real(names.beta);

  const auto spatial = static_cast<size_t>(convolution->spatial_dims);
  if (spatial + 2 > x->dims.size()) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  say("the convolution has ", spatial, " spatial dimensions, the image ", dims_text(x), " too few"));
  }
  if (x->dims.size() != w->dims.size() || x->dims.size() != y->dims.size()) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say("image ", dims_text(x), ", filter ", dims_text(w), " and result ",
                                              dims_text(y), " differ in their number of dimensions"));
  }
  if (w->dims[1] == 0 || x->dims[1] == 0 || x->dims[1] % w->dims[1] != 0) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  say("the image's ", x->dims[1], " channels are not a multiple of the ", w->dims[1], " of a filter"));
  }
  if (y->dims[0] != x->dims[0]) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say("the image has ", x->dims[0], " samples, the result ", y->dims[0]));
  }
  if (y->vector_count * y->dims[1] != w->dims[0]) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  say("there are ", w->dims[0], " filters, but the result has ", y->dims[1], " channels"));
  }
  for (size_t i = 0; i < spatial; ++i) {
    // Any numbers can have been set, so the sums need more bits than they have.
    using Wide = __int128;
    const Wide window = static_cast<Wide>(convolution->dilation[i]) * (w->dims[i + 2] - 1) + 1;
    const Wide room =
        static_cast<Wide>(x->dims[i + 2]) + convolution->pre_padding[i] + convolution->post_padding[i] - window;
    const auto expected = room < 0 ? 0 : static_cast<int64_t>(room / convolution->stride[i] + 1);
    if (expected < 1 || y->dims[i + 2] != expected) {
      return refuse(CUDNN_STATUS_BAD_PARAM, say("spatial dimension ", i, " of the result is ", y->dims[i + 2],
                                                " where image and filter make ", expected));
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

compute::GraphNode ConvolutionOperation::lower() const {
  compute::GraphNode node;
  switch (direction) {
    case ConvolutionDirection::Forward:
      node.kind = compute::NodeKind::ConvolutionForward;
      break;
    case ConvolutionDirection::BackwardData:
      node.kind = compute::NodeKind::ConvolutionBackwardData;
      break;
    case ConvolutionDirection::BackwardFilter:
      node.kind = compute::NodeKind::ConvolutionBackwardFilter;
      break;
  }
  compute::NodeParameters& parameters = node.parameters;
  parameters.compute_type = compute_type(convolution->compute_type);
  parameters.alpha = alpha;
  parameters.beta = beta;
  parameters.flips_filter = convolution->mode == CUDNN_CONVOLUTION;
  parameters.spatial = static_cast<int>(convolution->spatial_dims);
  constexpr int64_t limit = 1 << 24;
  for (size_t i = 0; i < static_cast<size_t>(convolution->spatial_dims); ++i) {
    for (const auto* values :
         {&convolution->pre_padding, &convolution->post_padding, &convolution->stride, &convolution->dilation}) {
      if ((*values)[i] > limit) {
        refuse_to_run(say((*values)[i], " is more padding, stride or dilation than the CPU device takes"),
                      compute::UnsupportedGraph::Reason::Shape);
      }
    }
    parameters.padding_before[i] = static_cast<int>(convolution->pre_padding[i]);
    parameters.padding_after[i] = static_cast<int>(convolution->post_padding[i]);
    parameters.stride[i] = static_cast<int>(convolution->stride[i]);
    parameters.dilation[i] = static_cast<int>(convolution->dilation[i]);
  }
  return node;
}

}  // namespace cpu::backend
