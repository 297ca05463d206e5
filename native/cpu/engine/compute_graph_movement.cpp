// Nodes that only move elements.
#include "engine/compute_graph_step.h"
#include "engine/compute_rows.h"
#include "engine/compute_scratch.h"

namespace cpu::compute {
namespace {

class ConcatStep final : public GraphStep {
 public:
  struct Part {
    GraphOperand x;
    /// The part of y it becomes, and the element that starts at.
    Tensor target;
    int64_t start;
  };

  ConcatStep(std::vector<Part> parts, int y) : parts_(std::move(parts)), y_(y) {}

  void run(const GraphRun& run, char*) const override {
    for (const Part& part : parts_) {
      void* target = at(run.data(y_), part.target.type, part.start);
      // An input that is that part of the output already stays where it is.
      const void* source = run.data(part.x.tensor);
      if (source == target && same_layout(part.x.layout, part.target)) continue;
      blend_tensor(1, part.x.layout, source, 0, part.target, target);
    }
  }

 private:
  const std::vector<Part> parts_;
  const int y_;
};

class ReshapeStep final : public GraphStep {
 public:
  ReshapeStep(const GraphOperand& x, const GraphOperand& y) : x_(x), y_(y) {}

  void run(const GraphRun& run, char*) const override {
    Scratch scratch;
    // In the order of the dimensions both are one row, which is what they have in common.
    const Tensor rows_x = packed(x_.layout, x_.layout.type);
    const void* source = run.data(x_.tensor);
    if (!same_layout(x_.layout, rows_x)) {
      void* copy = scratch.take_bytes(static_cast<size_t>(rows_x.elements()) * element_size(rows_x.type));
      blend_tensor(1, x_.layout, source, 0, rows_x, copy);
      source = copy;
    }
    blend_tensor(1, packed(y_.layout, x_.layout.type), source, 0, y_.layout, run.data(y_.tensor));
  }

 private:
  const GraphOperand x_, y_;
};

}  // namespace

std::unique_ptr<GraphStep> make_concat_step(const GraphReader& graph, const GraphNode& node) {
  const GraphOperand y = graph.required(node, Port::Y, "y");
  const int axis = node.parameters.axis;
  std::vector<ConcatStep::Part> parts;
  int64_t start = 0;
  for (const GraphEdge& edge : node.edges) {
    if (edge.port != Port::X) continue;
    const GraphOperand x = graph.operand(edge.tensor);
    Tensor target = y.layout;
    target.dims[axis] = x.layout.dims[axis];
    parts.push_back({x, target, start * y.layout.strides[axis]});
    start += x.layout.dims[axis];
  }
  return std::make_unique<ConcatStep>(std::move(parts), y.tensor);
}

std::unique_ptr<GraphStep> make_reshape_step(const GraphReader& graph, const GraphNode& node) {
  return std::make_unique<ReshapeStep>(graph.required(node, Port::X, "x"), graph.required(node, Port::Y, "y"));
}

}  // namespace cpu::compute
