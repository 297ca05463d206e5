#include "engine/compute_graph_lowering.h"

namespace cpu::compute {
namespace {

bool is_single(const GraphTensor& tensor) { return !tensor.boolean && computes_in_single(tensor.layout.type); }

class Lowering {
 public:
  explicit Lowering(ComputeGraph& graph) : graph_(graph) {}

  void run() {
    for (GraphNode& node : graph_.nodes) {
      const bool is_norm = (node.kind == NodeKind::NormForward || node.kind == NodeKind::NormBackward) &&
                           node.parameters.norm == NormMode::Batch &&
                           node.parameters.compute_type == ElementType::F32 && node.find(Port::Other) == nullptr;
      if (is_norm && (node.kind == NodeKind::NormBackward ? lower_backward(node)
                      : node.parameters.inference         ? lower_inference(node)
                                                          : lower_training(node))) {
        continue;
      }
      nodes_.push_back(std::move(node));
    }
    graph_.nodes = std::move(nodes_);
  }

 private:
  /// The tensor of a port; -1 for none.
  static int find(const GraphNode& node, Port port) {
    const GraphEdge* edge = node.find(port);
    return edge == nullptr ? -1 : edge->tensor;
  }
  const GraphTensor& tensor(int index) const { return graph_.tensors[static_cast<size_t>(index)]; }

  bool are_images(std::initializer_list<int> images) const {
    const Tensor& first = tensor(*images.begin()).layout;
    for (const int image : images) {
      if (image < 0 || !is_single(tensor(image)) || !same_dims(tensor(image).layout, first)) return false;
    }
    return first.rank >= 3;
  }
  bool is_narrow(int image) const { return has_16_bits(tensor(image).layout.type); }
  bool is_channels_last(int image) const {
    return tensor(image).layout.dims[1] > 1 && tensor(image).layout.is_channels_last();
  }

  /// Whether a tensor, where there is one, has one number for each channel of the image.
  bool is_row(int row, int image) const {
    if (row < 0) return true;
    const Tensor& layout = tensor(row).layout;
    const Tensor& whole = tensor(image).layout;
    bool fits = is_single(tensor(row)) && layout.rank == whole.rank;
    for (int i = 0; i < whole.rank && fits; ++i) fits = layout.dims[i] == (i == 1 ? whole.dims[1] : 1);
    return fits;
  }
  bool are_rows(const GraphNode& node, std::initializer_list<Port> ports, int image) const {
    for (const Port port : ports) {
      if (!is_row(find(node, port), image)) return false;
    }
    return true;
  }

  int add(const Tensor& layout) {
    GraphTensor made;
    made.layout = layout;
    made.is_virtual = true;
    graph_.tensors.push_back(made);
    return static_cast<int>(graph_.tensors.size()) - 1;
  }
  int add_image(int like) { return add(channels_last(tensor(like).layout, ElementType::F32)); }
  int add_row(int image) { return add(channel_numbers(tensor(image).layout, ElementType::F32)); }

  /// y = mode(x, b).
  int pointwise(PointwiseMode mode, int x, int b, int y) {
    GraphNode node;
    node.kind = NodeKind::Pointwise;
    node.edges = {{Port::X, x, false}, {Port::B, b, false}, {Port::Y, y, true}};
    node.parameters.pointwise = mode;
    nodes_.push_back(std::move(node));
    return y;
  }

  /// y = (x - mean) inverse scale + bias.
  bool lower_inference(const GraphNode& node) {
    const int x = find(node, Port::X), y = find(node, Port::Y);
    if (!are_images({x, y}) || !are_rows(node, {Port::Mean, Port::InverseDeviation, Port::Scale, Port::Bias}, x)) {
      return false;
    }
    const int mean = find(node, Port::Mean), inverse = find(node, Port::InverseDeviation);
    const int scale = find(node, Port::Scale), bias = find(node, Port::Bias);
    if (mean < 0 || inverse < 0 || scale < 0 || bias < 0) return false;
    for (const Port port :
         {Port::RunningMean, Port::RunningVariance, Port::PreviousMean, Port::PreviousVariance, Port::AverageFactor}) {
      if (find(node, port) >= 0) return false;
    }
    if (!is_narrow(x) && !is_narrow(y)) return false;
    const int distance = pointwise(PointwiseMode::Sub, x, mean, add_image(x));
    // What the norm does not look at belongs to the graph all the same: an execution has to bring it.
    for (const GraphEdge& edge : node.edges) {
      if (!edge.written && edge.port == Port::Epsilon) nodes_.back().edges.push_back(edge);
    }
    const int normal = pointwise(PointwiseMode::Mul, distance, inverse, add_image(x));
    pointwise(PointwiseMode::Add, pointwise(PointwiseMode::Mul, normal, scale, add_image(x)), bias, y);
    return true;
  }

  /// y = (x - center) factor + rest, with what the statistics give.
  bool lower_training(const GraphNode& node) {
    const int x = find(node, Port::X), y = find(node, Port::Y), epsilon = find(node, Port::Epsilon);
    if (!are_images({x, y}) || !is_channels_last(x) || epsilon < 0 || tensor(epsilon).layout.elements() != 1) {
      return false;
    }
    if (!is_narrow(x) && !is_narrow(y)) return false;
    if (!are_rows(node,
                  {Port::Scale, Port::Bias, Port::Mean, Port::InverseDeviation, Port::PreviousMean,
                   Port::PreviousVariance, Port::RunningMean, Port::RunningVariance},
                  x)) {
      return false;
    }
    const int factor = find(node, Port::AverageFactor);
    const bool updates = find(node, Port::RunningMean) >= 0 || find(node, Port::RunningVariance) >= 0;
    if ((factor >= 0 && tensor(factor).layout.elements() != 1) || (updates && factor < 0) ||
        (find(node, Port::RunningMean) >= 0 && find(node, Port::PreviousMean) < 0) ||
        (find(node, Port::RunningVariance) >= 0 && find(node, Port::PreviousVariance) < 0)) {
      return false;
    }
    GraphNode statistics;
    statistics.kind = NodeKind::NormStatistics;
    statistics.parameters = node.parameters;
    for (const GraphEdge& edge : node.edges) {
      if (edge.port != Port::Y) statistics.edges.push_back(edge);
    }
    const int center = add_row(x), scale = add_row(x), bias = add_row(x);
    statistics.edges.push_back({Port::Center, center, true});
    statistics.edges.push_back({Port::EquivalentScale, scale, true});
    statistics.edges.push_back({Port::EquivalentBias, bias, true});
    nodes_.push_back(std::move(statistics));
    const int distance = pointwise(PointwiseMode::Sub, x, center, add_image(x));
    pointwise(PointwiseMode::Add, pointwise(PointwiseMode::Mul, distance, scale, add_image(x)), bias, y);
    return true;
  }

  /// dx = a (dy - average of dy) + b (x - mean), with a and b from the sums.
  bool lower_backward(const GraphNode& node) {
    const int x = find(node, Port::X), dy = find(node, Port::DY), dx = find(node, Port::DX);
    const int mean = find(node, Port::Mean), inverse = find(node, Port::InverseDeviation),
              scale = find(node, Port::Scale);
    if (!are_images({x, dy, dx}) || !is_channels_last(x) || mean < 0 || inverse < 0 || scale < 0 ||
        !are_rows(node, {Port::Mean, Port::InverseDeviation, Port::Scale, Port::DScale, Port::DBias}, x)) {
      return false;
    }
    if (!is_narrow(x) && !is_narrow(dy) && !is_narrow(dx)) return false;
    GraphNode sums;
    sums.kind = NodeKind::BnBackwardWeights;
    sums.parameters = node.parameters;
    for (const GraphEdge& edge : node.edges) {
      if (edge.port != Port::DX) sums.edges.push_back(edge);
    }
    const int average = add_row(x), dy_scale = add_row(x), x_scale = add_row(x);
    sums.edges.push_back({Port::Center, average, true});
    sums.edges.push_back({Port::EquivalentDyScale, dy_scale, true});
    sums.edges.push_back({Port::EquivalentXScale, x_scale, true});
    nodes_.push_back(std::move(sums));
    const int gradient = pointwise(PointwiseMode::Sub, dy, average, add_image(x));
    const int first = pointwise(PointwiseMode::Mul, gradient, dy_scale, add_image(x));
    const int distance = pointwise(PointwiseMode::Sub, x, mean, add_image(x));
    pointwise(PointwiseMode::Add, first, pointwise(PointwiseMode::Mul, distance, x_scale, add_image(x)), dx);
    return true;
  }

  ComputeGraph& graph_;
  std::vector<GraphNode> nodes_;
};

}  // namespace

void lower_norms(ComputeGraph& graph) { Lowering(graph).run(); }

}  // namespace cpu::compute
