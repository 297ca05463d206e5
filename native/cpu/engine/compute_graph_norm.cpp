// Norm nodes: batch norm goes through the normalisation of the descriptors API, the others through groups.
#include "engine/compute_graph_norm.h"

#include "engine/compute_graph_statistics.h"
#include "engine/compute_normalization.h"
#include "engine/compute_staging.h"

namespace cpu::compute {

using Reason = UnsupportedGraph::Reason;

NormOperands norm_operands(const GraphReader& graph, const GraphNode& node) {
  NormOperands o;
  const std::string name = node_name(node);
  require_graph(node.find(Port::Other) == nullptr, Reason::Pattern,
                name + ": the CPU device has no peers to exchange statistics with");
  struct Field {
    GraphOperand NormOperands::*member;
    Port port;
    const char* name;
  };
  static constexpr Field fields[] = {
      {&NormOperands::x, Port::X, "x"},
      {&NormOperands::y, Port::Y, "y"},
      {&NormOperands::dy, Port::DY, "dy"},
      {&NormOperands::dx, Port::DX, "dx"},
      {&NormOperands::scale, Port::Scale, "scale"},
      {&NormOperands::bias, Port::Bias, "bias"},
      {&NormOperands::epsilon, Port::Epsilon, "epsilon"},
      {&NormOperands::factor, Port::AverageFactor, "averaging factor"},
      {&NormOperands::mean, Port::Mean, "mean"},
      {&NormOperands::inverse, Port::InverseDeviation, "inverse deviation"},
      {&NormOperands::previous_mean, Port::PreviousMean, "running mean"},
      {&NormOperands::previous_variance, Port::PreviousVariance, "running variance"},
      {&NormOperands::running_mean, Port::RunningMean, "running mean"},
      {&NormOperands::running_variance, Port::RunningVariance, "running variance"},
      {&NormOperands::dscale, Port::DScale, "gradient of scale"},
      {&NormOperands::dbias, Port::DBias, "gradient of bias"},
  };
  for (const Field& field : fields) {
    o.*field.member = graph.optional(node, field.port);
    require_numbers(o.*field.member, (name + "'s " + field.name).c_str());
  }
  for (const GraphOperand* scalar : {&o.epsilon, &o.factor}) {
    require_graph(!*scalar || scalar->layout.elements() == 1, Reason::Shape,
                  name + ": epsilon and the averaging factor are single values");
  }
  require_graph(o.x.layout.rank >= 2, Reason::Shape, name + " of " + dims_text(o.x.layout));
  return o;
}

namespace {

/// Parameters as the normalisation takes them: one value a channel, packed, f32 or f64.
class Parameters {
 public:
  Parameters(const GraphRun& run, int64_t channels, ElementType type, Scratch& scratch)
      : run_(run), channels_(channels), type_(type), scratch_(scratch) {
    packed_.type = type;
    packed_.rank = 1;
    packed_.dims[0] = static_cast<int>(channels);
    packed_.strides[0] = 1;
  }

  /// The values of a tensor, or `otherwise` for none.
  const void* read(const GraphOperand& operand, double otherwise) const {
    void* values = make();
    if (operand) {
      blend_tensor(1, channel_row(operand.layout), run_.data(operand.tensor), 0, packed_, values);
    } else if (type_ == ElementType::F64) {
      std::fill_n(static_cast<double*>(values), channels_, otherwise);
    } else {
      std::fill_n(static_cast<float*>(values), channels_, static_cast<float>(otherwise));
    }
    return values;
  }

  /// Memory for the values of a tensor; null for none.
  void* written(const GraphOperand& operand) const { return operand ? make() : nullptr; }

  void finish(const GraphOperand& operand, const void* values) const {
    if (!operand) return;
    blend_tensor(1, packed_, values, 0, channel_row(operand.layout), run_.data(operand.tensor));
  }

 private:
  void* make() const { return scratch_.take_bytes(static_cast<size_t>(channels_) * element_size(type_)); }

  const GraphRun& run_;
  const int64_t channels_;
  const ElementType type_;
  Scratch& scratch_;
  Tensor packed_;
};

ElementType parameter_type(const NormOperands& o) {
  for (const GraphOperand* operand : {&o.x, &o.y, &o.dy, &o.dx, &o.scale, &o.bias, &o.mean, &o.inverse, &o.running_mean,
                                      &o.running_variance, &o.dscale, &o.dbias}) {
    if (*operand && computes_in_double(operand->layout.type)) return ElementType::F64;
  }
  return ElementType::F32;
}

Normalization normalization_of(const NormOperands& o, const GraphRun& run, ElementType type, bool relu) {
  Normalization normalization;
  normalization.x = o.x.layout;
  normalization.parameter_type = type;
  normalization.epsilon = o.epsilon ? read_scalar(o.epsilon, run.data(o.epsilon.tensor)) : 0;
  normalization.relu = relu;
  return normalization;
}

class BatchNormTrainingStep final : public GraphStep {
 public:
  BatchNormTrainingStep(const NormOperands& operands, GraphOperand addend, bool relu)
      : operands_(operands), addend_(addend), relu_(relu), type_(parameter_type(operands)) {}

  void run(const GraphRun& run, char*) const override {
    Scratch scratch;
    const NormOperands& o = operands_;
    const Parameters parameters(run, o.x.layout.dims[1], type_, scratch);
    NormalizationState state{};
    state.running_mean = o.running_mean ? const_cast<void*>(parameters.read(o.previous_mean, 0)) : nullptr;
    state.running_variance = o.running_variance ? const_cast<void*>(parameters.read(o.previous_variance, 0)) : nullptr;
    state.saved_mean = parameters.written(o.mean);
    state.saved_inverse_deviation = parameters.written(o.inverse);
    state.factor = o.factor ? read_scalar(o.factor, run.data(o.factor.tensor)) : 1;
    const void* scale = parameters.read(o.scale, 1);
    const void* bias = parameters.read(o.bias, 0);
    normalization_training(normalization_of(o, run, type_, relu_), 1, run.data(o.x.tensor), 0, o.y.layout,
                           run.data(o.y.tensor), addend_.layout, run.data_or_null(addend_.tensor), scale, bias, state);
    parameters.finish(o.running_mean, state.running_mean);
    parameters.finish(o.running_variance, state.running_variance);
    parameters.finish(o.mean, state.saved_mean);
    parameters.finish(o.inverse, state.saved_inverse_deviation);
  }

 private:
  const NormOperands operands_;
  const GraphOperand addend_;
  const bool relu_;
  const ElementType type_;
};

class BatchNormInferenceStep final : public GraphStep {
 public:
  explicit BatchNormInferenceStep(const NormOperands& operands)
      : operands_(operands), type_(parameter_type(operands)) {}

  void run(const GraphRun& run, char*) const override {
    Scratch scratch;
    const NormOperands& o = operands_;
    const int64_t channels = o.x.layout.dims[1];
    const double* mean = read_channels(run, o.mean, channels, 0, scratch);
    const double* inverse = read_channels(run, o.inverse, channels, 1, scratch);
    double* factor = read_channels(run, o.scale, channels, 1, scratch);
    const double* bias = read_channels(run, o.bias, channels, 0, scratch);
    for (int64_t c = 0; c < channels; ++c) factor[c] *= inverse[c];
    normalization_application(normalization_of(o, run, type_, false), run.data(o.x.tensor), o.y.layout,
                              run.data(o.y.tensor), mean, factor, bias);
  }

 private:
  const NormOperands operands_;
  const ElementType type_;
};

class BatchNormBackwardStep final : public GraphStep {
 public:
  explicit BatchNormBackwardStep(const NormOperands& operands) : operands_(operands), type_(parameter_type(operands)) {}

  void run(const GraphRun& run, char*) const override {
    Scratch scratch;
    const NormOperands& o = operands_;
    const Parameters parameters(run, o.x.layout.dims[1], type_, scratch);
    const void* scale = parameters.read(o.scale, 1);
    const void* mean = parameters.read(o.mean, 0);
    const void* inverse = parameters.read(o.inverse, 1);
    void* dscale = parameters.written(o.dscale);
    void* dbias = parameters.written(o.dbias);
    NormalizationGradient gradient{};
    gradient.dy_tensor = o.dy.layout;
    gradient.dy = run.data(o.dy.tensor);
    gradient.dx_tensor = o.dx.layout;
    gradient.dx = run.data(o.dx.tensor);
    normalization_backward(normalization_of(o, run, type_, false), 1, 0, 1, 0, run.data(o.x.tensor), gradient, scale,
                           dscale, dbias, mean, inverse);
    parameters.finish(o.dscale, dscale);
    parameters.finish(o.dbias, dbias);
  }

 private:
  const NormOperands operands_;
  const ElementType type_;
};

void check_parameters(std::initializer_list<const GraphOperand*> operands, int64_t channels) {
  for (const GraphOperand* operand : operands) {
    if (*operand) require_channel_row(*operand, channels, "a tensor of batch norm");
  }
}

void check_batch_norm(const NormOperands& o) {
  check_parameters({&o.scale, &o.bias, &o.mean, &o.inverse, &o.previous_mean, &o.previous_variance, &o.running_mean,
                    &o.running_variance, &o.dscale, &o.dbias},
                   o.x.layout.dims[1]);
}

void check_batch_norm_training(const NormOperands& o) {
  check_batch_norm(o);
  require_graph(static_cast<bool>(o.epsilon), Reason::Pattern, "batch norm has no epsilon");
  require_graph(!o.running_mean || (o.previous_mean && o.factor), Reason::Pattern,
                "a running mean needs the one before and the averaging factor");
  require_graph(!o.running_variance || (o.previous_variance && o.factor), Reason::Pattern,
                "a running variance needs the one before and the averaging factor");
}

}  // namespace

std::unique_ptr<GraphStep> make_norm_forward_step(const GraphReader& graph, const GraphNode& node) {
  const NormOperands o = norm_operands(graph, node);
  graph.required(node, Port::Y, "y");
  if (node.parameters.norm != NormMode::Batch) return make_group_norm_forward_step(o, node.parameters);
  if (!node.parameters.inference) {
    check_batch_norm_training(o);
    return std::make_unique<BatchNormTrainingStep>(o, GraphOperand(), false);
  }
  check_batch_norm(o);
  require_graph(o.mean && o.inverse, Reason::Pattern,
                "batch norm in inference needs the mean and the inverse deviation");
  require_graph(!o.running_mean && !o.running_variance, Reason::Pattern,
                "batch norm in inference updates no running mean and variance");
  return std::make_unique<BatchNormInferenceStep>(o);
}

std::unique_ptr<GraphStep> make_norm_backward_step(const GraphReader& graph, const GraphNode& node) {
  const NormOperands o = norm_operands(graph, node);
  graph.required(node, Port::DY, "dy");
  graph.required(node, Port::DX, "dx");
  graph.required(node, Port::InverseDeviation, "the inverse deviation");
  if (node.parameters.norm != NormMode::Batch) return make_group_norm_backward_step(o, node.parameters);
  graph.required(node, Port::Mean, "the mean");
  check_batch_norm(o);
  return std::make_unique<BatchNormBackwardStep>(o);
}

std::unique_ptr<GraphStep> make_fused_norm_step(const GraphReader& graph, const GraphNode& node, int addend, bool relu,
                                                int result) {
  if (node.kind != NodeKind::NormForward || node.parameters.norm != NormMode::Batch || node.parameters.inference) {
    return nullptr;
  }
  NormOperands o = norm_operands(graph, node);
  o.y = graph.operand(result);
  const GraphOperand z = graph.operand(addend);
  if (!same_dims(o.x.layout, o.y.layout) || (z && !same_dims(o.x.layout, z.layout)) || o.y.boolean || z.boolean) {
    return nullptr;
  }
  check_batch_norm_training(o);
  return std::make_unique<BatchNormTrainingStep>(o, z, relu);
}

}  // namespace cpu::compute
