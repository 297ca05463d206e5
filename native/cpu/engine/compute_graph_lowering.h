#pragma once
#include "engine/compute_graph.h"

namespace cpu::compute {

/// Replaces batch norms by channel sums and pointwise nodes where that saves passes over memory: where images have 16
/// bits, which a norm by itself converts first, and where pointwise nodes before or behind it can be computed in the
/// same pass. Those that are wrong in any way stay, for the norm to say why.
void lower_norms(ComputeGraph& graph);

}  // namespace cpu::compute
