#include "engine/compute_graph_step.h"
#include "engine/compute_reduction.h"

namespace cpu::compute {
namespace {

class ReductionStep final : public GraphStep {
 public:
  ReductionStep(const GraphOperand& x, const GraphOperand& y, const NodeParameters& parameters)
      : x_(x), y_(y), reduction_(parameters.reduction), propagate_nan_(parameters.propagate_nan) {}

  void run(const GraphRun& run, char*) const override {
    reduce_tensor(reduction_, propagate_nan_, 1, x_.layout, run.data(x_.tensor), 0, y_.layout, run.data(y_.tensor),
                  nullptr);
  }

 private:
  const GraphOperand x_, y_;
  const Reduction reduction_;
  const bool propagate_nan_;
};

}  // namespace

std::unique_ptr<GraphStep> make_reduction_step(const GraphReader& graph, const GraphNode& node) {
  const GraphOperand x = graph.required(node, Port::X, "x"), y = graph.required(node, Port::Y, "y");
  require_numbers(x, "a reduction's x");
  require_numbers(y, "a reduction's y");
  require_broadcast(y.layout, x.layout, "a reduction's y");
  return std::make_unique<ReductionStep>(x, y, node.parameters);
}

}  // namespace cpu::compute
