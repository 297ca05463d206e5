#include "cudnn/backend/statistics.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr AttributeRule gen_stats_rules[] = {
    plain(CUDNN_ATTR_OPERATION_GENSTATS_MODE, CUDNN_TYPE_GENSTATS_MODE),
    plain(CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC, CUDNN_TYPE_DATA_TYPE),
    descriptor(CUDNN_ATTR_OPERATION_GENSTATS_XDESC),
    descriptor(CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC),
    descriptor(CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC),
};

constexpr PortRule gen_stats_ports[] = {
    {CUDNN_ATTR_OPERATION_GENSTATS_XDESC, Port::X},
    {CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC, Port::Sum, true},
    {CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC, Port::SquareSum, true},
};

constexpr AttributeRule bn_finalize_rules[] = {
    plain(CUDNN_ATTR_OPERATION_BN_FINALIZE_STATS_MODE, CUDNN_TYPE_BN_FINALIZE_STATS_MODE)
        .initially(CUDNN_BN_FINALIZE_STATISTICS_TRAINING),
    plain(CUDNN_ATTR_OPERATION_BN_FINALIZE_MATH_PREC, CUDNN_TYPE_DATA_TYPE),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SUM_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SQ_SUM_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_BIAS_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_PREV_RUNNING_MEAN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_PREV_RUNNING_VAR_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_MEAN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_VAR_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_MEAN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_INV_STD_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_BIAS_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_ACCUM_COUNT_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_EPSILON_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_FINALIZE_EXP_AVERATE_FACTOR_DESC),
};

constexpr PortRule bn_finalize_ports[] = {
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SUM_DESC, Port::Sum},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SQ_SUM_DESC, Port::SquareSum},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_SCALE_DESC, Port::Scale},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_BIAS_DESC, Port::Bias},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_PREV_RUNNING_MEAN_DESC, Port::PreviousMean},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_PREV_RUNNING_VAR_DESC, Port::PreviousVariance},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_ACCUM_COUNT_DESC, Port::AccumulationCount},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_EPSILON_DESC, Port::Epsilon},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_EXP_AVERATE_FACTOR_DESC, Port::AverageFactor},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_MEAN_DESC, Port::RunningMean, true},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_VAR_DESC, Port::RunningVariance, true},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_MEAN_DESC, Port::Mean, true},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_INV_STD_DESC, Port::InverseDeviation, true},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_SCALE_DESC, Port::EquivalentScale, true},
    {CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_BIAS_DESC, Port::EquivalentBias, true},
};

constexpr AttributeRule bn_backward_weights_rules[] = {
    plain(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_MATH_PREC, CUDNN_TYPE_DATA_TYPE),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_MEAN_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_INVSTD_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_BN_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_X_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DY_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_BIAS_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_DY_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_X_SCALE_DESC),
    descriptor(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_BIAS),
};

constexpr PortRule bn_backward_weights_ports[] = {
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_MEAN_DESC, Port::Mean},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_INVSTD_DESC, Port::InverseDeviation},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_BN_SCALE_DESC, Port::Scale},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_X_DESC, Port::X},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DY_DESC, Port::DY},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_SCALE_DESC, Port::DScale, true},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_BIAS_DESC, Port::DBias, true},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_DY_SCALE_DESC, Port::EquivalentDyScale, true},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_X_SCALE_DESC, Port::EquivalentXScale, true},
    {CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_BIAS, Port::EquivalentBias, true},
};

}  // namespace

const DescriptorKind gen_stats_kind = {CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR, "generate statistics operation",
                                       gen_stats_rules, make_descriptor<GenStatsOperation>};
const DescriptorKind bn_finalize_kind = {CUDNN_BACKEND_OPERATION_BN_FINALIZE_STATISTICS_DESCRIPTOR,
                                         "batch norm finalize operation", bn_finalize_rules,
                                         make_descriptor<BnFinalizeOperation>};
const DescriptorKind bn_backward_weights_kind = {CUDNN_BACKEND_OPERATION_BN_BWD_WEIGHTS_DESCRIPTOR,
                                                 "batch norm backward weights operation", bn_backward_weights_rules,
                                                 make_descriptor<BnBackwardWeightsOperation>};

GenStatsOperation::GenStatsOperation() : OperationDescriptor(gen_stats_kind, gen_stats_ports) {}

BnFinalizeOperation::BnFinalizeOperation() : OperationDescriptor(bn_finalize_kind, bn_finalize_ports) {}

cudnnStatus_t BnFinalizeOperation::check() {
  if (attributes.integer(CUDNN_ATTR_OPERATION_BN_FINALIZE_MATH_PREC, -1) != CUDNN_DATA_FLOAT) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, "it computes in CUDNN_DATA_FLOAT only; set its math precision so");
  }
  const bool training =
      attributes.integer(CUDNN_ATTR_OPERATION_BN_FINALIZE_STATS_MODE) == CUDNN_BN_FINALIZE_STATISTICS_TRAINING;
  if (training) {
    const cudnnStatus_t status = require_tensors(
        {CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SUM_DESC, CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SQ_SUM_DESC,
         CUDNN_ATTR_OPERATION_BN_FINALIZE_ACCUM_COUNT_DESC, CUDNN_ATTR_OPERATION_BN_FINALIZE_EXP_AVERATE_FACTOR_DESC});
    if (status != CUDNN_STATUS_SUCCESS) return status;
    if (!similar(tensor(CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SUM_DESC),
                 tensor(CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SQ_SUM_DESC))) {
      return refuse(CUDNN_STATUS_BAD_PARAM, "the sums and the sums of squares differ in shape, layout or type");
    }
  }
  return require_tensors({CUDNN_ATTR_OPERATION_BN_FINALIZE_SCALE_DESC, CUDNN_ATTR_OPERATION_BN_FINALIZE_BIAS_DESC,
                          CUDNN_ATTR_OPERATION_BN_FINALIZE_EPSILON_DESC});
}

BnBackwardWeightsOperation::BnBackwardWeightsOperation()
    : OperationDescriptor(bn_backward_weights_kind, bn_backward_weights_ports) {}

compute::GraphNode GenStatsOperation::lower() const {
  compute::GraphNode node;
  node.kind = compute::NodeKind::GenStats;
  const int64_t mode = attributes.integer(CUDNN_ATTR_OPERATION_GENSTATS_MODE, CUDNN_GENSTATS_SUM_SQSUM);
  if (mode != CUDNN_GENSTATS_SUM_SQSUM) refuse_to_run(say("there is no mode ", mode));
  node.parameters.compute_type =
      compute_type(attributes.integer(CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC, CUDNN_DATA_FLOAT));
  return node;
}

compute::GraphNode BnFinalizeOperation::lower() const {
  compute::GraphNode node;
  node.kind = compute::NodeKind::BnFinalize;
  node.parameters.inference =
      attributes.integer(CUDNN_ATTR_OPERATION_BN_FINALIZE_STATS_MODE) != CUDNN_BN_FINALIZE_STATISTICS_TRAINING;
  return node;
}

compute::GraphNode BnBackwardWeightsOperation::lower() const {
  compute::GraphNode node;
  node.kind = compute::NodeKind::BnBackwardWeights;
  node.parameters.compute_type =
      compute_type(attributes.integer(CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_MATH_PREC, CUDNN_DATA_FLOAT));
  return node;
}

}  // namespace cpu::backend
