// Pointwise nodes and the channel sums of what they make, in one pass: a block of rows is computed and added up while
// it is in the processor's cache. Blocks and sums are those of the nodes by themselves.
#include <cmath>

#include "engine/compute_graph_norm.h"
#include "engine/compute_graph_program.h"
#include "engine/compute_graph_statistics.h"
#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

static_assert(channel_column == RowLoop<1>::chunk, "columns of channels are pieces of rows");

class ChainStatisticsStep : public GraphStep {
 public:
  ChainStatisticsStep(ChannelProgram program, const Tensor& image)
      : program_(std::move(program)), view_{image.elements() / image.dims[1], image.dims[1], 1} {}

  void run(const GraphRun& run, char*) const override {
    if (program_.program->in_double()) {
      run_double(run);
    } else {
      run_float(run);
    }
  }

 protected:
  const ChannelView& view() const { return view_; }

  /// `add(values, start, rows, width, first, second)` adds a block to its sums; values[i] is what was to be kept as i.
  template <class T, class Add>
  void sum(const GraphRun& run, Scratch& scratch, double* first, double* second, const Add& add) const {
    const auto places = program_.program->places<T>(run, scratch);
    sum_blocks<T>(view_, scratch, first, second,
                  [&](int64_t offset, int64_t start, int64_t rows, int64_t width, double* a, double* b) {
                    // As much as block_rows() makes a block.
                    alignas(64) T block[PointwiseProgram::most_kept][65536 / sizeof(T)];
                    T* const kept[PointwiseProgram::most_kept] = {block[0], block[1]};
                    program_.program->run_rows<T>(places, offset / view_.channels, rows, start, width, kept);
                    const T* values[PointwiseProgram::most_kept] = {};
                    for (size_t i = 0; i < program_.kept.size(); ++i) values[i] = kept[program_.kept[i]];
                    add(values, start, rows, width, a, b);
                  });
  }

 private:
  virtual void run_float(const GraphRun& run) const = 0;
  virtual void run_double(const GraphRun& run) const = 0;

  const ChannelProgram program_;
  const ChannelView view_;
};

class ChainGenStatsStep final : public ChainStatisticsStep {
 public:
  ChainGenStatsStep(ChannelProgram program, const StatisticsOperands& operands)
      : ChainStatisticsStep(std::move(program), operands.x.layout), operands_(operands) {}

 private:
  void run_float(const GraphRun& run) const override { run_in<float>(run); }
  void run_double(const GraphRun& run) const override { run_in<double>(run); }

  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const int64_t channels = view().channels;
    auto* first = scratch.take<double>(channels);
    auto* square = scratch.take<double>(channels);
    auto* zero = scratch.take<T>(channels);
    std::fill_n(zero, channels, T(0));
    sum<T>(run, scratch, first, square,
           [&](const T* const* values, int64_t start, int64_t rows, int64_t width, double* s, double* q) {
             vector_kernels<T>().moments(values[0], rows, width, width, zero + start, s, q);
           });
    write_statistics(run, operands_, channels, first, square);
  }

  const StatisticsOperands operands_;
};

class ChainBackwardWeightsStep final : public ChainStatisticsStep {
 public:
  ChainBackwardWeightsStep(ChannelProgram program, const BackwardWeightsOperands& operands)
      : ChainStatisticsStep(std::move(program), operands.x.layout), operands_(operands) {}

 private:
  void run_float(const GraphRun& run) const override { run_in<float>(run); }
  void run_double(const GraphRun& run) const override { run_in<double>(run); }

  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const int64_t channels = view().channels;
    const BackwardWeightsMean<T> mean = read_mean<T>(run, operands_, channels, scratch);
    auto* first = scratch.take<double>(channels);
    auto* product = scratch.take<double>(channels);
    sum<T>(run, scratch, first, product,
           [&](const T* const* values, int64_t start, int64_t rows, int64_t width, double* s, double* p) {
             vector_kernels<T>().gradient_sums(values[0], values[1], nullptr, mean.rounded + start, rows, width, width,
                                               s, p);
           });
    write_backward_weights(run, operands_, view(), mean, first, product, scratch);
  }

  const BackwardWeightsOperands operands_;
};

/// What a batch norm in training needs from its image. Sums are taken of the distance to the channel's first value, so
/// that a mean far from zero costs no digits.
class NormStatisticsStep final : public ChainStatisticsStep {
 public:
  struct Results {
    GraphOperand center, scale, bias;
  };

  NormStatisticsStep(ChannelProgram program, const NormOperands& operands, const Results& results)
      : ChainStatisticsStep(std::move(program), operands.x.layout), operands_(operands), results_(results) {}

 private:
  void run_float(const GraphRun& run) const override { run_in<float>(run); }
  void run_double(const GraphRun& run) const override { run_in<double>(run); }

  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const NormOperands& o = operands_;
    const int64_t channels = view().channels;
    auto* shift = scratch.take<T>(channels);
    vector_kernels<T>().load(o.x.layout.type, run.data(o.x.tensor), 1, channels, shift);
    auto* mean = scratch.take<double>(channels);
    auto* variance = scratch.take<double>(channels);
    sum<T>(run, scratch, mean, variance,
           [&](const T* const* values, int64_t start, int64_t rows, int64_t width, double* s, double* q) {
             vector_kernels<T>().moments(values[0], rows, width, width, shift + start, s, q);
           });
    const double epsilon = read_scalar(o.epsilon, run.data(o.epsilon.tensor));
    const double* scale = read_channels(run, o.scale, channels, 1, scratch);
    const double* bias = read_channels(run, o.bias, channels, 0, scratch);
    auto* inverse = scratch.take<double>(channels);
    auto* factor = scratch.take<double>(channels);
    auto* rest = scratch.take<double>(channels);
    const double count = static_cast<double>(view().count());
    for (int64_t c = 0; c < channels; ++c) {
      const double distance = mean[c] / count;
      variance[c] = std::max(0.0, variance[c] / count - distance * distance);
      mean[c] = static_cast<double>(shift[c]) + distance;
      inverse[c] = 1 / std::sqrt(variance[c] + epsilon);
      factor[c] = scale[c] * inverse[c];
      // The part of the mean that rounding takes away goes into the bias.
      rest[c] = bias[c] - (mean[c] - static_cast<double>(static_cast<float>(mean[c]))) * factor[c];
    }
    write_channels(run, o.mean, channels, mean);
    write_channels(run, o.inverse, channels, inverse);
    write_channels(run, results_.center, channels, mean);
    write_channels(run, results_.scale, channels, factor);
    write_channels(run, results_.bias, channels, rest);
    const double share = o.factor ? read_scalar(o.factor, run.data(o.factor.tensor)) : 1;
    const double unbiased = count > 1 ? count / (count - 1) : 1;
    update_running(run, o.previous_mean, o.running_mean, channels, mean, 1, share, scratch);
    update_running(run, o.previous_variance, o.running_variance, channels, variance, unbiased, share, scratch);
  }

  const NormOperands operands_;
  const Results results_;
};

}  // namespace

std::unique_ptr<GraphStep> make_chain_statistics_step(const GraphReader& graph,
                                                      const std::vector<const GraphNode*>& nodes,
                                                      const std::vector<int>& stored, const GraphNode& statistics) {
  if (statistics.kind == NodeKind::GenStats) {
    const StatisticsOperands o = statistics_operands(graph, statistics);
    ChannelProgram program = make_channel_program(graph, nodes, stored, o.x.layout, {o.x.tensor});
    return program.program == nullptr ? nullptr : std::make_unique<ChainGenStatsStep>(std::move(program), o);
  }
  const BackwardWeightsOperands o = backward_weights_operands(graph, statistics);
  ChannelProgram program = make_channel_program(graph, nodes, stored, o.x.layout, {o.x.tensor, o.dy.tensor});
  return program.program == nullptr ? nullptr : std::make_unique<ChainBackwardWeightsStep>(std::move(program), o);
}

std::unique_ptr<GraphStep> make_norm_statistics_step(const GraphReader& graph, const GraphNode& node) {
  const NormOperands o = norm_operands(graph, node);
  const NormStatisticsStep::Results results{graph.required(node, Port::Center, "the center"),
                                            graph.required(node, Port::EquivalentScale, "the equivalent scale"),
                                            graph.required(node, Port::EquivalentBias, "the equivalent bias")};
  return std::make_unique<NormStatisticsStep>(make_channel_program(graph, {}, {}, o.x.layout, {o.x.tensor}), o,
                                              results);
}

}  // namespace cpu::compute
