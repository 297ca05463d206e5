// The nodes of batch norm in parts: sums behind a convolution, statistics out of sums, gradients of scale and bias.
#include "engine/compute_graph_statistics.h"

#include <algorithm>
#include <cmath>

#include "engine/compute_staging.h"

namespace cpu::compute {

using Reason = UnsupportedGraph::Reason;

void require_channel_row(const GraphOperand& operand, int64_t channels, const char* name) {
  const Tensor& tensor = operand.layout;
  require_numbers(operand, name);
  require_graph(tensor.elements() == channels, Reason::Shape,
                std::string(name) + " is " + dims_text(tensor) + " where one value for each of " +
                    std::to_string(channels) + " channels is needed");
  for (int i = 0; i < tensor.rank; ++i) {
    require_graph(tensor.dims[i] == 1 || tensor.dims[i] == channels, Reason::Shape,
                  std::string(name) + " is " + dims_text(tensor) + ", with values in more than one dimension");
  }
}

Tensor channel_row(const Tensor& tensor) {
  Tensor row;
  row.type = tensor.type;
  row.rank = 1;
  row.dims[0] = static_cast<int>(tensor.elements());
  row.strides[0] = 1;
  for (int i = 0; i < tensor.rank; ++i) {
    if (tensor.dims[i] != 1) row.strides[0] = tensor.strides[i];
  }
  return row;
}

namespace {

Tensor double_row(int64_t channels) {
  Tensor row;
  row.type = ElementType::F64;
  row.rank = 1;
  row.dims[0] = static_cast<int>(channels);
  row.strides[0] = 1;
  return row;
}

}  // namespace

double* read_channels(const GraphRun& run, const GraphOperand& operand, int64_t channels, double otherwise,
                      Scratch& scratch) {
  auto* values = scratch.take<double>(channels);
  if (operand) {
    blend_tensor(1, channel_row(operand.layout), run.data(operand.tensor), 0, double_row(channels), values);
  } else {
    std::fill_n(values, channels, otherwise);
  }
  return values;
}

void write_channels(const GraphRun& run, const GraphOperand& operand, int64_t channels, const double* values) {
  if (!operand) return;
  blend_tensor(1, double_row(channels), values, 0, channel_row(operand.layout), run.data(operand.tensor));
}

void update_running(const GraphRun& run, const GraphOperand& previous, const GraphOperand& running, int64_t channels,
                    const double* values, double unbiased, double share, Scratch& scratch) {
  if (!running) return;
  double* result = read_channels(run, previous, channels, 0, scratch);
  for (int64_t c = 0; c < channels; ++c) {
    result[c] = values[c] * unbiased * share + (share == 1 ? 0 : result[c] * (1 - share));
  }
  write_channels(run, running, channels, result);
}

void write_statistics(const GraphRun& run, const StatisticsOperands& operands, int64_t channels, const double* sum,
                      const double* square) {
  write_channels(run, operands.sum, channels, sum);
  write_channels(run, operands.square, channels, square);
}

template <class T>
BackwardWeightsMean<T> read_mean(const GraphRun& run, const BackwardWeightsOperands& operands, int64_t channels,
                                 Scratch& scratch) {
  const double* mean = read_channels(run, operands.mean, channels, 0, scratch);
  auto* rounded = scratch.take<T>(channels);
  for (int64_t c = 0; c < channels; ++c) rounded[c] = static_cast<T>(mean[c]);
  return {mean, rounded};
}

template <class T>
void write_backward_weights(const GraphRun& run, const BackwardWeightsOperands& o, const ChannelView& view,
                            const BackwardWeightsMean<T>& mean, const double* sum, const double* product,
                            Scratch& scratch) {
  const int64_t channels = view.channels;
  const double* inverse = read_channels(run, o.inverse, channels, 1, scratch);
  const double* scale = read_channels(run, o.scale, channels, 1, scratch);
  const double count = static_cast<double>(view.count());
  auto* dscale = scratch.take<double>(channels);
  auto* dy_scale = scratch.take<double>(channels);
  auto* x_scale = scratch.take<double>(channels);
  auto* bias = scratch.take<double>(channels);
  auto* average = scratch.take<double>(channels);
  // dx = scale inv (dy - dbias / count - (x - mean) inv dscale / count), sorted by dy, x and the rest.
  for (int64_t c = 0; c < channels; ++c) {
    const double exact = product[c] - sum[c] * (mean.exact[c] - static_cast<double>(mean.rounded[c]));
    dscale[c] = exact * inverse[c];
    average[c] = sum[c] / count;
    dy_scale[c] = scale[c] * inverse[c];
    x_scale[c] = -dy_scale[c] * inverse[c] * dscale[c] / count;
    bias[c] = -dy_scale[c] * average[c] - x_scale[c] * mean.exact[c];
  }
  write_channels(run, o.dscale, channels, dscale);
  write_channels(run, o.dbias, channels, sum);
  write_channels(run, o.equivalent_dy_scale, channels, dy_scale);
  write_channels(run, o.equivalent_x_scale, channels, x_scale);
  write_channels(run, o.equivalent_bias, channels, bias);
  write_channels(run, o.average, channels, average);
}

template BackwardWeightsMean<float> read_mean(const GraphRun&, const BackwardWeightsOperands&, int64_t, Scratch&);
template BackwardWeightsMean<double> read_mean(const GraphRun&, const BackwardWeightsOperands&, int64_t, Scratch&);
template void write_backward_weights(const GraphRun&, const BackwardWeightsOperands&, const ChannelView&,
                                     const BackwardWeightsMean<float>&, const double*, const double*, Scratch&);
template void write_backward_weights(const GraphRun&, const BackwardWeightsOperands&, const ChannelView&,
                                     const BackwardWeightsMean<double>&, const double*, const double*, Scratch&);

namespace {

/// The layout channel sums are taken in: planes where x is packed, else channels last.
template <class T>
Tensor sum_layout(const Tensor& x) {
  return x.is_packed() && !x.is_channels_last() ? packed(x, native_type<T>) : channels_last(x, native_type<T>);
}

ChannelView view_of(const Tensor& layout) {
  if (layout.is_channels_last()) return {layout.elements() / layout.dims[1], layout.dims[1], 1};
  return {layout.dims[0], layout.dims[1], layout.pixels()};
}

class GenStatsStep final : public GraphStep {
 public:
  explicit GenStatsStep(const StatisticsOperands& operands) : operands_(operands) {}

  void run(const GraphRun& run, char*) const override {
    if (computes_in_double(operands_.x.layout.type)) {
      run_in<double>(run);
    } else {
      run_in<float>(run);
    }
  }

 private:
  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const VectorKernels<T>& kernels = vector_kernels<T>();
    const GraphOperand& operand = operands_.x;
    const Tensor layout = sum_layout<T>(operand.layout);
    const ChannelView view = view_of(layout);
    const T* x = staged<T>(operand.layout, run.data(operand.tensor), layout, scratch);
    auto* sum = scratch.take<double>(view.channels);
    auto* square = scratch.take<double>(view.channels);
    auto* zero = scratch.take<T>(view.channels);
    std::fill_n(zero, view.channels, T(0));
    if (view.inner == 1) {
      sum_blocks<T>(view, scratch, sum, square,
                    [&](int64_t offset, int64_t start, int64_t rows, int64_t width, double* s, double* q) {
                      kernels.moments(x + offset, rows, view.channels, width, zero + start, s, q);
                    });
    } else {
      sum_planes(view, scratch, sum, square, [&](int64_t offset, int64_t, double* s, double* q) {
        kernels.plane_moments(x + offset, view.inner, 0, s, q);
      });
    }
    write_statistics(run, operands_, view.channels, sum, square);
  }

  const StatisticsOperands operands_;
};

struct FinalizeOperands {
  GraphOperand sum, square, scale, bias, previous_mean, previous_variance, count, epsilon, factor;
  GraphOperand running_mean, running_variance, mean, inverse, equivalent_scale, equivalent_bias;
};

class BnFinalizeStep final : public GraphStep {
 public:
  BnFinalizeStep(const FinalizeOperands& operands, int64_t channels, bool inference)
      : operands_(operands), channels_(channels), inference_(inference) {}

  void run(const GraphRun& run, char*) const override {
    Scratch scratch;
    const FinalizeOperands& o = operands_;
    const double epsilon = read_scalar(o.epsilon, run.data(o.epsilon.tensor));
    const double* scale = read_channels(run, o.scale, channels_, 1, scratch);
    const double* bias = read_channels(run, o.bias, channels_, 0, scratch);
    double* mean = nullptr;
    double* variance = nullptr;
    if (inference_) {
      mean = read_channels(run, o.previous_mean, channels_, 0, scratch);
      variance = read_channels(run, o.previous_variance, channels_, 0, scratch);
    } else {
      mean = scratch.take<double>(channels_);
      variance = scratch.take<double>(channels_);
      const double* sum = read_channels(run, o.sum, channels_, 0, scratch);
      const double* square = read_channels(run, o.square, channels_, 0, scratch);
      const double count = read_scalar(o.count, run.data(o.count.tensor));
      const double factor = read_scalar(o.factor, run.data(o.factor.tensor));
      const double unbiased = count > 1 ? count / (count - 1) : 1;
      for (int64_t c = 0; c < channels_; ++c) {
        mean[c] = sum[c] / count;
        variance[c] = std::max(0.0, square[c] / count - mean[c] * mean[c]);
      }
      update_running(run, o.previous_mean, o.running_mean, channels_, mean, 1, factor, scratch);
      update_running(run, o.previous_variance, o.running_variance, channels_, variance, unbiased, factor, scratch);
    }
    auto* inverse = scratch.take<double>(channels_);
    auto* equivalent_scale = scratch.take<double>(channels_);
    auto* equivalent_bias = scratch.take<double>(channels_);
    for (int64_t c = 0; c < channels_; ++c) {
      inverse[c] = 1 / std::sqrt(variance[c] + epsilon);
      equivalent_scale[c] = scale[c] * inverse[c];
      equivalent_bias[c] = bias[c] - mean[c] * equivalent_scale[c];
    }
    write_channels(run, o.mean, channels_, mean);
    write_channels(run, o.inverse, channels_, inverse);
    write_channels(run, o.equivalent_scale, channels_, equivalent_scale);
    write_channels(run, o.equivalent_bias, channels_, equivalent_bias);
  }

 private:
  const FinalizeOperands operands_;
  const int64_t channels_;
  const bool inference_;
};

class BnBackwardWeightsStep final : public GraphStep {
 public:
  explicit BnBackwardWeightsStep(const BackwardWeightsOperands& operands) : operands_(operands) {}

  void run(const GraphRun& run, char*) const override {
    if (computes_in_double(operands_.x.layout.type) || computes_in_double(operands_.dy.layout.type)) {
      run_in<double>(run);
    } else {
      run_in<float>(run);
    }
  }

 private:
  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    const BackwardWeightsOperands& o = operands_;
    const VectorKernels<T>& kernels = vector_kernels<T>();
    const Tensor layout = sum_layout<T>(o.x.layout);
    const ChannelView view = view_of(layout);
    const int64_t channels = view.channels;
    const T* x = staged<T>(o.x.layout, run.data(o.x.tensor), layout, scratch);
    const T* dy = staged<T>(o.dy.layout, run.data(o.dy.tensor), layout, scratch);
    const BackwardWeightsMean<T> mean = read_mean<T>(run, o, channels, scratch);
    auto* sum = scratch.take<double>(channels);
    auto* product = scratch.take<double>(channels);
    if (view.inner == 1) {
      sum_blocks<T>(view, scratch, sum, product,
                    [&](int64_t offset, int64_t start, int64_t rows, int64_t width, double* s, double* p) {
                      kernels.gradient_sums(x + offset, dy + offset, nullptr, mean.rounded + start, rows, channels,
                                            width, s, p);
                    });
    } else {
      sum_planes(view, scratch, sum, product, [&](int64_t offset, int64_t c, double* s, double* p) {
        kernels.plane_gradient_sums(x + offset, dy + offset, nullptr, mean.rounded[c], view.inner, s, p);
      });
    }
    write_backward_weights(run, o, view, mean, sum, product, scratch);
  }

  const BackwardWeightsOperands operands_;
};

/// Images whose second dimension is the channels.
void check_image(const GraphOperand& x, const char* name) {
  require_numbers(x, name);
  require_graph(x.layout.rank >= 2, Reason::Shape, std::string(name) + " has no channels");
}

void check_rows(std::initializer_list<const GraphOperand*> operands, int64_t channels, const char* name) {
  for (const GraphOperand* operand : operands) {
    if (*operand) require_channel_row(*operand, channels, name);
  }
}

void check_scalar(const GraphOperand& operand, const char* name) {
  require_graph(operand.layout.elements() == 1, Reason::Shape, std::string(name) + " is a single value");
}

}  // namespace

StatisticsOperands statistics_operands(const GraphReader& graph, const GraphNode& node) {
  const StatisticsOperands o{graph.required(node, Port::X, "x"), graph.required(node, Port::Sum, "the sums"),
                             graph.required(node, Port::SquareSum, "the sums of squares")};
  check_image(o.x, "the image of statistics");
  check_rows({&o.sum, &o.square}, o.x.layout.dims[1], "a tensor of sums");
  return o;
}

std::unique_ptr<GraphStep> make_gen_stats_step(const GraphReader& graph, const GraphNode& node) {
  return std::make_unique<GenStatsStep>(statistics_operands(graph, node));
}

std::unique_ptr<GraphStep> make_bn_finalize_step(const GraphReader& graph, const GraphNode& node) {
  FinalizeOperands o;
  const bool inference = node.parameters.inference;
  o.sum = graph.optional(node, Port::Sum);
  o.square = graph.optional(node, Port::SquareSum);
  o.scale = graph.required(node, Port::Scale, "scale");
  o.bias = graph.required(node, Port::Bias, "bias");
  o.previous_mean = graph.optional(node, Port::PreviousMean);
  o.previous_variance = graph.optional(node, Port::PreviousVariance);
  o.count = graph.optional(node, Port::AccumulationCount);
  o.epsilon = graph.required(node, Port::Epsilon, "epsilon");
  o.factor = graph.optional(node, Port::AverageFactor);
  o.running_mean = graph.optional(node, Port::RunningMean);
  o.running_variance = graph.optional(node, Port::RunningVariance);
  o.mean = graph.optional(node, Port::Mean);
  o.inverse = graph.optional(node, Port::InverseDeviation);
  o.equivalent_scale = graph.optional(node, Port::EquivalentScale);
  o.equivalent_bias = graph.optional(node, Port::EquivalentBias);
  require_graph(inference ? o.previous_mean && o.previous_variance : o.sum && o.square && o.count && o.factor,
                Reason::Pattern,
                inference ? "finalizing batch norm for inference needs the running mean and variance"
                          : "finalizing batch norm needs both sums, their count and the averaging factor");
  check_scalar(o.epsilon, "epsilon");
  require_graph(!inference || (!o.running_mean && !o.running_variance), Reason::Pattern,
                "finalizing batch norm for inference updates no running mean and variance");
  if (!inference) {
    check_scalar(o.count, "the number of elements");
    check_scalar(o.factor, "the averaging factor");
    require_graph(!o.running_mean || o.previous_mean, Reason::Pattern, "a running mean needs the one before");
    require_graph(!o.running_variance || o.previous_variance, Reason::Pattern,
                  "a running variance needs the one before");
  }
  const int64_t channels = o.scale.layout.elements();
  check_rows({&o.sum, &o.square, &o.scale, &o.bias, &o.previous_mean, &o.previous_variance, &o.running_mean,
              &o.running_variance, &o.mean, &o.inverse, &o.equivalent_scale, &o.equivalent_bias},
             channels, "a tensor of batch norm");
  return std::make_unique<BnFinalizeStep>(o, channels, inference);
}

BackwardWeightsOperands backward_weights_operands(const GraphReader& graph, const GraphNode& node) {
  BackwardWeightsOperands o;
  o.mean = graph.required(node, Port::Mean, "mean");
  o.inverse = graph.required(node, Port::InverseDeviation, "the inverse deviation");
  o.scale = graph.required(node, Port::Scale, "scale");
  o.x = graph.required(node, Port::X, "x");
  o.dy = graph.required(node, Port::DY, "dy");
  o.dscale = graph.optional(node, Port::DScale);
  o.dbias = graph.optional(node, Port::DBias);
  o.equivalent_dy_scale = graph.optional(node, Port::EquivalentDyScale);
  o.equivalent_x_scale = graph.optional(node, Port::EquivalentXScale);
  o.equivalent_bias = graph.optional(node, Port::EquivalentBias);
  o.average = graph.optional(node, Port::Center);
  check_image(o.x, "the x of batch norm");
  check_image(o.dy, "the dy of batch norm");
  require_graph(same_dims(o.x.layout, o.dy.layout), Reason::Shape,
                "x " + dims_text(o.x.layout) + " and dy " + dims_text(o.dy.layout) + " differ in size");
  check_rows({&o.mean, &o.inverse, &o.scale, &o.dscale, &o.dbias, &o.equivalent_dy_scale, &o.equivalent_x_scale,
              &o.equivalent_bias},
             o.x.layout.dims[1], "a tensor of batch norm");
  return o;
}

std::unique_ptr<GraphStep> make_bn_backward_weights_step(const GraphReader& graph, const GraphNode& node) {
  return std::make_unique<BnBackwardWeightsStep>(backward_weights_operands(graph, node));
}

}  // namespace cpu::compute
