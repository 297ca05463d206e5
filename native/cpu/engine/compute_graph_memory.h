// Where the tensors of a plan lie.
#pragma once
#include "engine/compute_graph_step.h"

namespace cpu::compute {

/// Whether no two elements lie in the same place.
bool is_disjoint(const Tensor& tensor);
/// The tensor in the same order without gaps: nobody but the plan sees virtual tensors.
Tensor without_gaps(const Tensor& tensor);

/// One step of a plan while it is made.
struct Stage {
  std::unique_ptr<GraphStep> step;
  std::string name;
  /// Tensors it reads or writes in memory.
  std::vector<int> tensors;
};

/// The stages in their order, with memory for the virtual tensors that pass between them. `shares_memory`: those that
/// are not needed at the same time lie in the same place.
std::shared_ptr<const GraphPlan> make_plan(const ComputeGraph& graph, std::vector<Stage> stages, bool shares_memory);

}  // namespace cpu::compute
