#pragma once
#include "engine/compute_channels.h"
#include "engine/compute_graph_step.h"

namespace cpu::compute {

/// Refuses what does not have one number for each channel.
void require_channel_row(const GraphOperand& operand, int64_t channels, const char* name);
/// A tensor with one number a channel, as a row: its type, number and stride.
Tensor channel_row(const Tensor& tensor);

/// The values of such a tensor in double; `otherwise` in all of them where there is no tensor.
double* read_channels(const GraphRun& run, const GraphOperand& operand, int64_t channels, double otherwise,
                      Scratch& scratch);
/// Does nothing where there is no tensor.
void write_channels(const GraphRun& run, const GraphOperand& operand, int64_t channels, const double* values);

/// running = new `unbiased` `share` + previous (1 - share); a share of 1 forgets what was before, whatever it was. Does
/// nothing where there is no running tensor.
void update_running(const GraphRun& run, const GraphOperand& previous, const GraphOperand& running, int64_t channels,
                    const double* values, double unbiased, double share, Scratch& scratch);

/// The tensors of a node of statistics; those it has not are none.
struct StatisticsOperands {
  GraphOperand x, sum, square;
};
StatisticsOperands statistics_operands(const GraphReader& graph, const GraphNode& node);
void write_statistics(const GraphRun& run, const StatisticsOperands& operands, int64_t channels, const double* sum,
                      const double* square);

/// The tensors of a node of batch norm's gradients; those it has not are none.
struct BackwardWeightsOperands {
  GraphOperand mean, inverse, scale, x, dy, dscale, dbias, equivalent_dy_scale, equivalent_x_scale, equivalent_bias;
  /// The average of dy.
  GraphOperand average;
};
BackwardWeightsOperands backward_weights_operands(const GraphReader& graph, const GraphNode& node);

/// The mean of each channel and what its rounding to T left.
template <class T>
struct BackwardWeightsMean {
  const double* exact;
  T* rounded;
};
template <class T>
BackwardWeightsMean<T> read_mean(const GraphRun& run, const BackwardWeightsOperands& operands, int64_t channels,
                                 Scratch& scratch);
/// From `sum` and `product`, the sums of dy and of dy (x - rounded mean), to everything the node writes.
template <class T>
void write_backward_weights(const GraphRun& run, const BackwardWeightsOperands& operands, const ChannelView& view,
                            const BackwardWeightsMean<T>& mean, const double* sum, const double* product,
                            Scratch& scratch);

}  // namespace cpu::compute
