// What the norm nodes have in common.
#pragma once
#include <memory>

#include "engine/compute_graph_step.h"

namespace cpu::compute {

/// The tensors of a norm node, forward or backward; those it has not are none.
struct NormOperands {
  GraphOperand x, y, dy, dx, scale, bias, epsilon, factor, mean, inverse;
  GraphOperand previous_mean, previous_variance, running_mean, running_variance, dscale, dbias;
};

NormOperands norm_operands(const GraphReader& graph, const GraphNode& node);

/// Norms whose mean and deviation belong to groups of elements: layer, instance and RMS norm.
std::unique_ptr<GraphStep> make_group_norm_forward_step(const NormOperands& operands, const NodeParameters& parameters);
std::unique_ptr<GraphStep> make_group_norm_backward_step(const NormOperands& operands,
                                                         const NodeParameters& parameters);

}  // namespace cpu::compute
