// Pointwise nodes: one or several whose results have one shape, computed together.
#include "engine/compute_graph_program.h"

namespace cpu::compute {
namespace {

class PointwiseStep final : public GraphStep {
 public:
  explicit PointwiseStep(std::unique_ptr<const PointwiseProgram> program) : program_(std::move(program)) {}

  void run(const GraphRun& run, char*) const override {
    if (program_->in_double()) {
      run_in<double>(run);
    } else {
      run_in<float>(run);
    }
  }

 private:
  template <class T>
  void run_in(const GraphRun& run) const {
    Scratch scratch;
    program_->run(program_->places<T>(run, scratch));
  }

  const std::unique_ptr<const PointwiseProgram> program_;
};

}  // namespace

std::unique_ptr<GraphStep> make_pointwise_step(const GraphReader& graph, const std::vector<const GraphNode*>& nodes,
                                               const std::vector<int>& stored) {
  std::unique_ptr<const PointwiseProgram> program = make_pointwise_program(graph, nodes, stored);
  return program == nullptr ? nullptr : std::make_unique<PointwiseStep>(std::move(program));
}

}  // namespace cpu::compute
