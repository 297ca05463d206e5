// What a graph plan is made of: steps, each of which computes one node or several together.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/compute_epilogue.h"
#include "engine/compute_graph.h"

namespace cpu::compute {

/// Where one run of a plan finds its tensors.
struct GraphRun {
  /// Where a tensor lies: the place in `external` that is not negative, else bytes behind `workspace`.
  struct Place {
    int external = -1;
    size_t offset = 0;
  };
  const Place* places;
  void* const* external;
  char* workspace;

  void* data(int tensor) const {
    const Place& place = places[tensor];
    return place.external >= 0 ? external[place.external] : workspace + place.offset;
  }
  /// Null for tensor -1, which is none.
  void* data_or_null(int tensor) const { return tensor < 0 ? nullptr : data(tensor); }
};

class GraphStep {
 public:
  virtual ~GraphStep() = default;

  /// Temporary memory the step wants for itself while it runs.
  virtual size_t workspace_bytes() const { return 0; }
  /// `own` is that memory. Allocates nothing, apart from the thread's scratch memory the first time.
  virtual void run(const GraphRun& run, char* own) const = 0;
};

/// A node's tensor: its place in the graph, -1 where the node has none, and its layout.
struct GraphOperand {
  int tensor = -1;
  Tensor layout;
  bool boolean = false;

  explicit operator bool() const { return tensor >= 0; }
};

/// Access to a graph for those who make steps.
class GraphReader {
 public:
  explicit GraphReader(const ComputeGraph& graph) : graph_(graph) {}

  const ComputeGraph& graph() const { return graph_; }
  const GraphTensor& tensor(int index) const { return graph_.tensors[static_cast<size_t>(index)]; }
  const GraphNode& node(int index) const { return graph_.nodes[static_cast<size_t>(index)]; }
  GraphOperand operand(int tensor) const;
  /// The tensor of a port; none where the node has no such port.
  GraphOperand optional(const GraphNode& node, Port port) const;
  /// Throws where the node has none.
  GraphOperand required(const GraphNode& node, Port port, const char* name) const;

 private:
  const ComputeGraph& graph_;
};

/// "convolution", for texts and the names of steps.
const char* node_name(const GraphNode& node);
/// "2x16x6x6".
std::string dims_text(const Tensor& tensor);

[[noreturn]] void refuse_graph(UnsupportedGraph::Reason reason, const std::string& text);
/// Refuses where `condition` does not hold.
inline void require_graph(bool condition, UnsupportedGraph::Reason reason, const std::string& text) {
  if (!condition) refuse_graph(reason, text);
}
/// Refuses tensors of truth values.
void require_numbers(const GraphOperand& operand, const char* name);
/// Refuses where `part` is not as large as `whole` or 1 in each dimension.
void require_broadcast(const Tensor& part, const Tensor& whole, const char* name);

/// A value of a tensor with one element, wherever it lies and whatever its type.
double read_scalar(const GraphOperand& operand, const void* data);
/// The same as an integer, whose 64 bits all count.
int64_t read_integer(const GraphOperand& operand, const void* data);

// One node by itself.
std::unique_ptr<GraphStep> make_convolution_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_matmul_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_reduction_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_resample_forward_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_resample_backward_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_gen_stats_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_bn_finalize_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_bn_backward_weights_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_norm_forward_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_norm_backward_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_concat_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_reshape_step(const GraphReader& graph, const GraphNode& node);
std::unique_ptr<GraphStep> make_rng_step(const GraphReader& graph, const GraphNode& node);

/// Pointwise nodes whose results have one shape, in an order in which they can be computed. Results in `stored` are
/// written to memory; the others stay inside.
std::unique_ptr<GraphStep> make_pointwise_step(const GraphReader& graph, const std::vector<const GraphNode*>& nodes,
                                               const std::vector<int>& stored);

/// Pointwise nodes as above, which may be none, and a node of statistics or of batch norm's gradients that reads what
/// they make, in one pass. The image is channels last.
std::unique_ptr<GraphStep> make_chain_statistics_step(const GraphReader& graph,
                                                      const std::vector<const GraphNode*>& nodes,
                                                      const std::vector<int>& stored, const GraphNode& statistics);

/// The statistics of a batch norm; the image is channels last.
std::unique_ptr<GraphStep> make_norm_statistics_step(const GraphReader& graph, const GraphNode& node);

/// A product and what follows it as one kernel, written to `result`; `bias` is -1 for none and fits the epilogue. Null
/// where there is no such kernel.
std::unique_ptr<GraphStep> make_fused_convolution_step(const GraphReader& graph, const GraphNode& convolution, int bias,
                                                       const Epilogue& epilogue, int result);
std::unique_ptr<GraphStep> make_fused_matmul_step(const GraphReader& graph, const GraphNode& matmul, int bias,
                                                  const Epilogue& epilogue, int result);
/// Batch norm in training with an addend (-1 for none) and ReLU after it, written to `result`. Null where the node is
/// none that can be fused so.
std::unique_ptr<GraphStep> make_fused_norm_step(const GraphReader& graph, const GraphNode& norm, int addend, bool relu,
                                                int result);

}  // namespace cpu::compute
