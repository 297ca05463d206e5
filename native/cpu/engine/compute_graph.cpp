#include "engine/compute_graph.h"

namespace cpu::compute {

const GraphEdge* GraphNode::find(Port port) const {
  for (const GraphEdge& edge : edges) {
    if (edge.port == port) return &edge;
  }
  return nullptr;
}

std::shared_ptr<const GraphPlan> make_graph_plan(const ComputeGraph&, const PlanOptions&) {
  throw UnsupportedGraph(UnsupportedGraph::Reason::Pattern, "nothing runs yet");
}

}  // namespace cpu::compute
