#pragma once
#include "engine/compute_graph.h"

namespace cpu::compute {

/// Replaces batch norms by channel sums and pointwise nodes where images have 16 bits, which a norm by itself converts
/// first; so what stands before and behind it is computed in the same pass. In f32 the norm's own loops are faster
/// (native/bench/graph_bench). Norms that are wrong in any way stay, for them to say why.
void lower_norms(ComputeGraph& graph);

}  // namespace cpu::compute
