#pragma once
#include "engine/compute_graph_step.h"
#include "engine/compute_scratch.h"

namespace cpu::compute {

/// A tensor with one value a channel, as a row: its type, number and stride.
Tensor channel_row(const GraphOperand& operand, int64_t channels, const char* name);

/// The values of such a tensor in double; `otherwise` in all of them where there is no tensor.
double* read_channels(const GraphRun& run, const GraphOperand& operand, int64_t channels, double otherwise,
                      Scratch& scratch);
/// Does nothing where there is no tensor.
void write_channels(const GraphRun& run, const GraphOperand& operand, int64_t channels, const double* values);

}  // namespace cpu::compute
