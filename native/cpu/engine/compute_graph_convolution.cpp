#include "engine/compute_convolution.h"
#include "engine/compute_graph_step.h"

namespace cpu::compute {
namespace {

using Reason = UnsupportedGraph::Reason;

struct Operands {
  ConvolutionDirection direction;
  GraphOperand x, w, y;

  const GraphOperand& first() const { return direction == ConvolutionDirection::BackwardData ? y : x; }
  const GraphOperand& second() const { return direction == ConvolutionDirection::BackwardFilter ? y : w; }
  const GraphOperand& result() const {
    return direction == ConvolutionDirection::Forward ? y : direction == ConvolutionDirection::BackwardData ? x : w;
  }
};

Operands operands_of(const GraphReader& graph, const GraphNode& node) {
  switch (node.kind) {
    case NodeKind::ConvolutionForward:
      return {ConvolutionDirection::Forward, graph.required(node, Port::X, "x"), graph.required(node, Port::W, "w"),
              graph.required(node, Port::Y, "y")};
    case NodeKind::ConvolutionBackwardData:
      return {ConvolutionDirection::BackwardData, graph.required(node, Port::DX, "dx"),
              graph.required(node, Port::W, "w"), graph.required(node, Port::DY, "dy")};
    default:
      return {ConvolutionDirection::BackwardFilter, graph.required(node, Port::X, "x"),
              graph.required(node, Port::DW, "dw"), graph.required(node, Port::DY, "dy")};
  }
}

ConvolutionShape shape_of(const Operands& operands, const NodeParameters& parameters) {
  ConvolutionShape shape;
  shape.x = operands.x.layout;
  shape.w = operands.w.layout;
  shape.y = operands.y.layout;
  const std::string sizes = "convolution of " + dims_text(shape.x) + " with " + dims_text(shape.w);
  require_numbers(operands.x, "a convolution's image");
  require_numbers(operands.w, "a convolution's filter");
  require_numbers(operands.y, "a convolution's result");
  require_graph(shape.x.rank >= 3 && shape.x.rank <= 5 && shape.x.rank == parameters.spatial + 2, Reason::Shape,
                sizes + ": the CPU device convolves in one to three spatial dimensions");
  const bool in_double =
      computes_in_double(shape.x.type) || computes_in_double(shape.w.type) || computes_in_double(shape.y.type);
  require_graph(parameters.compute_type != ElementType::F64 || in_double, Reason::DataType,
                sizes + ": the CPU device sums in DOUBLE where a tensor is DOUBLE or INT32, else in FLOAT");
  shape.groups = shape.x.dims[1] / shape.w.dims[1];
  require_graph(shape.w.dims[0] % shape.groups == 0, Reason::Shape,
                sizes + ": the filters do not divide into the " + std::to_string(shape.groups) + " groups");
  shape.flips_filter = parameters.flips_filter;
  for (int i = 0; i < parameters.spatial; ++i) {
    shape.padding[i] = parameters.padding_before[i];
    shape.stride[i] = parameters.stride[i];
    shape.dilation[i] = parameters.dilation[i];
  }
  return shape;
}

class ConvolutionStep final : public GraphStep {
 public:
  ConvolutionStep(const Operands& operands, const NodeParameters& parameters, int bias = -1,
                  const Epilogue& epilogue = {})
      : first_(operands.first().tensor),
        second_(operands.second().tensor),
        bias_(bias),
        result_(operands.result().tensor),
        alpha_(parameters.alpha),
        beta_(parameters.beta) {
    const ConvolutionShape shape = shape_of(operands, parameters);
    plan_ = find_convolution_plan(operands.direction, ConvolutionAlgorithm::Direct, shape, epilogue);
    require_graph(plan_ != nullptr, Reason::Pattern,
                  "convolution of " + dims_text(shape.x) + " with " + dims_text(shape.w) + " has no kernel");
  }

  size_t workspace_bytes() const override { return convolution_workspace(*plan_); }

  void run(const GraphRun& run, char* own) const override {
    run_convolution(*plan_, alpha_, run.data(first_), run.data(second_), run.data_or_null(bias_), beta_,
                    run.data(result_), own, workspace_bytes());
  }

 private:
  const int first_, second_, bias_, result_;
  const double alpha_, beta_;
  ConvolutionPlan* plan_;
};

}  // namespace

std::unique_ptr<GraphStep> make_convolution_step(const GraphReader& graph, const GraphNode& node) {
  return std::make_unique<ConvolutionStep>(operands_of(graph, node), node.parameters);
}

std::unique_ptr<GraphStep> make_fused_convolution_step(const GraphReader& graph, const GraphNode& convolution, int bias,
                                                       const Epilogue& epilogue, int result) {
  if (convolution.kind != NodeKind::ConvolutionForward || convolution.parameters.alpha != 1 ||
      convolution.parameters.beta != 0) {
    return nullptr;
  }
  Operands operands = operands_of(graph, convolution);
  operands.y = graph.operand(result);
  if (operands.y.boolean) return nullptr;
  try {
    return std::make_unique<ConvolutionStep>(operands, convolution.parameters, bias, epilogue);
  } catch (const UnsupportedGraph&) {
    return nullptr;
  }
}

}  // namespace cpu::compute
