// What a graph has to compute: plain loops in double, node by node, with the error that a device may make.
#pragma once
#include "tests/backend/model.h"

namespace model {

/// Fills in the numbers of all tensors that nodes write, out of those of the others. Results of Rng have to be known.
void evaluate(Graph& graph);

}  // namespace model
