#include "cudnn/backend/rng.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr AttributeRule parameter(cudnnBackendAttributeName_t name) {
  return checked(name, CUDNN_TYPE_DOUBLE).initially(-1);
}

constexpr AttributeRule rng_rules[] = {
    checked(CUDNN_ATTR_RNG_DISTRIBUTION, CUDNN_TYPE_RNG_DISTRIBUTION).initially(CUDNN_RNG_DISTRIBUTION_BERNOULLI),
    parameter(CUDNN_ATTR_RNG_NORMAL_DIST_MEAN),
    parameter(CUDNN_ATTR_RNG_NORMAL_DIST_STANDARD_DEVIATION),
    parameter(CUDNN_ATTR_RNG_UNIFORM_DIST_MAXIMUM),
    parameter(CUDNN_ATTR_RNG_UNIFORM_DIST_MINIMUM),
    parameter(CUDNN_ATTR_RNG_BERNOULLI_DIST_PROBABILITY),
};

constexpr AttributeRule operation_rules[] = {
    descriptor(CUDNN_ATTR_OPERATION_RNG_YDESC).any_count(),
    plain(CUDNN_ATTR_OPERATION_RNG_SEED, CUDNN_TYPE_INT64).or_type(CUDNN_TYPE_BACKEND_DESCRIPTOR),
    descriptor(CUDNN_ATTR_OPERATION_RNG_DESC).any_count(),
    descriptor(CUDNN_ATTR_OPERATION_RNG_OFFSET_DESC).any_count(),
};

constexpr PortRule ports[] = {
    {CUDNN_ATTR_OPERATION_RNG_SEED, Port::Seed},
    {CUDNN_ATTR_OPERATION_RNG_OFFSET_DESC, Port::Offset},
    {CUDNN_ATTR_OPERATION_RNG_YDESC, Port::Y, true},
};

}  // namespace

const DescriptorKind rng_kind = {CUDNN_BACKEND_RNG_DESCRIPTOR, "random number generator", rng_rules,
                                 make_descriptor<RngDescriptor>};
const DescriptorKind rng_operation_kind = {CUDNN_BACKEND_OPERATION_RNG_DESCRIPTOR, "random number operation",
                                           operation_rules, make_descriptor<RngOperation>};

RngDescriptor::RngDescriptor() : Descriptor(rng_kind) {}

cudnnStatus_t RngDescriptor::interpret() {
  const int64_t distribution = attributes.integer(CUDNN_ATTR_RNG_DISTRIBUTION);
  switch (distribution) {
    case CUDNN_RNG_DISTRIBUTION_BERNOULLI: {
      const double probability = attributes.real(CUDNN_ATTR_RNG_BERNOULLI_DIST_PROBABILITY);
      if (probability >= 0 && probability <= 1) return CUDNN_STATUS_SUCCESS;
      return refuse(CUDNN_STATUS_BAD_PARAM, say("probability ", probability, " is not between 0 and 1"));
    }
    case CUDNN_RNG_DISTRIBUTION_UNIFORM: {
      const double minimum = attributes.real(CUDNN_ATTR_RNG_UNIFORM_DIST_MINIMUM);
      const double maximum = attributes.real(CUDNN_ATTR_RNG_UNIFORM_DIST_MAXIMUM);
      if (minimum <= maximum) return CUDNN_STATUS_SUCCESS;
      return refuse(CUDNN_STATUS_BAD_PARAM, say("minimum ", minimum, " is above maximum ", maximum));
    }
    case CUDNN_RNG_DISTRIBUTION_NORMAL: {
      const double deviation = attributes.real(CUDNN_ATTR_RNG_NORMAL_DIST_STANDARD_DEVIATION);
      if (deviation >= 0) return CUDNN_STATUS_SUCCESS;
      return refuse(CUDNN_STATUS_BAD_PARAM, say("standard deviation ", deviation, " is negative"));
    }
    default:
      return refuse(CUDNN_STATUS_BAD_PARAM, say(distribution, " is no distribution"));
  }
}

RngOperation::RngOperation() : OperationDescriptor(rng_operation_kind, ports) {}

compute::GraphNode RngOperation::lower() const {
  const auto rng = part<RngDescriptor>(CUDNN_ATTR_OPERATION_RNG_DESC);
  const AttributeSet& set = rng->attributes;
  compute::GraphNode node;
  node.kind = compute::NodeKind::Rng;
  compute::NodeParameters& parameters = node.parameters;
  switch (set.integer(CUDNN_ATTR_RNG_DISTRIBUTION)) {
    case CUDNN_RNG_DISTRIBUTION_UNIFORM:
      parameters.distribution = compute::Distribution::Uniform;
      parameters.first = set.real(CUDNN_ATTR_RNG_UNIFORM_DIST_MINIMUM);
      parameters.second = set.real(CUDNN_ATTR_RNG_UNIFORM_DIST_MAXIMUM);
      break;
    case CUDNN_RNG_DISTRIBUTION_NORMAL:
      parameters.distribution = compute::Distribution::Normal;
      parameters.first = set.real(CUDNN_ATTR_RNG_NORMAL_DIST_MEAN);
      parameters.second = set.real(CUDNN_ATTR_RNG_NORMAL_DIST_STANDARD_DEVIATION);
      break;
    default:
      parameters.distribution = compute::Distribution::Bernoulli;
      parameters.first = set.real(CUDNN_ATTR_RNG_BERNOULLI_DIST_PROBABILITY);
      break;
  }
  if (attributes.descriptor(CUDNN_ATTR_OPERATION_RNG_SEED) == nullptr) {
    parameters.seed = attributes.integer(CUDNN_ATTR_OPERATION_RNG_SEED);
  }
  return node;
}

}  // namespace cpu::backend
