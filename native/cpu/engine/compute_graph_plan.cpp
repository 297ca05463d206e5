// From a graph to a plan: which nodes are computed together, and in which order.
#include <algorithm>

#include "engine/compute_graph_lowering.h"
#include "engine/compute_graph_memory.h"
#include "engine/compute_graph_modes.h"

namespace cpu::compute {
namespace {

using Reason = UnsupportedGraph::Reason;

std::unique_ptr<GraphStep> make_step(const GraphReader& graph, const GraphNode& node) {
  switch (node.kind) {
    case NodeKind::ConvolutionForward:
    case NodeKind::ConvolutionBackwardData:
    case NodeKind::ConvolutionBackwardFilter:
      return make_convolution_step(graph, node);
    case NodeKind::Matmul:
      return make_matmul_step(graph, node);
    case NodeKind::Reduction:
      return make_reduction_step(graph, node);
    case NodeKind::ResampleForward:
      return make_resample_forward_step(graph, node);
    case NodeKind::ResampleBackward:
      return make_resample_backward_step(graph, node);
    case NodeKind::GenStats:
      return make_gen_stats_step(graph, node);
    case NodeKind::BnFinalize:
      return make_bn_finalize_step(graph, node);
    case NodeKind::BnBackwardWeights:
      return make_bn_backward_weights_step(graph, node);
    case NodeKind::NormForward:
      return make_norm_forward_step(graph, node);
    case NodeKind::NormBackward:
      return make_norm_backward_step(graph, node);
    case NodeKind::Concat:
      return make_concat_step(graph, node);
    case NodeKind::Reshape:
      return make_reshape_step(graph, node);
    case NodeKind::Rng:
      return make_rng_step(graph, node);
    case NodeKind::NormStatistics:
      return make_norm_statistics_step(graph, node);
    case NodeKind::Pointwise:
      break;
  }
  refuse_graph(Reason::Pattern, std::string("the CPU device has no ") + node_name(node));
}

class Planner {
 public:
  Planner(const ComputeGraph& graph, const PlanOptions& options) : graph_(graph), reader_(graph_), options_(options) {
    for (GraphTensor& tensor : graph_.tensors) {
      if (tensor.is_virtual) tensor.layout = without_gaps(tensor.layout);
    }
    find_edges();
    check();
    if (options_.fuses) {
      lower_norms(graph_);
      widen();
      find_edges();
    }
    drop_unread();
  }

  std::shared_ptr<const GraphPlan> make() {
    while (true) {
      const int node = next();
      if (node < 0) break;
      const GraphNode& chosen = graph_.nodes[static_cast<size_t>(node)];
      if (chosen.kind == NodeKind::Pointwise) {
        if (!group_.empty() && !joins_group(node)) close_group();
        group_.push_back(node);
        done_[static_cast<size_t>(node)] = true;
        if (!options_.fuses) close_group();
        continue;
      }
      if (options_.fuses && fuse_statistics(node, group_)) continue;
      close_group();
      if (options_.fuses && (fuse_product(node) || fuse_norm(node) || fuse_statistics(node, {}))) continue;
      done_[static_cast<size_t>(node)] = true;
      add_stage(make_step(reader_, chosen), {node}, {});
    }
    close_group();
    return make_plan(graph_, std::move(stages_), options_.shares_memory);
  }

 private:
  const GraphTensor& tensor(int index) const { return graph_.tensors[static_cast<size_t>(index)]; }
  const GraphNode& node(int index) const { return graph_.nodes[static_cast<size_t>(index)]; }
  const std::vector<int>& readers(int tensor) const { return readers_[static_cast<size_t>(tensor)]; }

  static std::string name_of(const GraphTensor& tensor) {
    return "tensor " + std::to_string(tensor.uid) + " (" + dims_text(tensor.layout) + ")";
  }

  void find_edges() {
    writers_.assign(graph_.tensors.size(), -1);
    readers_.assign(graph_.tensors.size(), {});
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      for (const GraphEdge& edge : graph_.nodes[i].edges) {
        const auto tensor = static_cast<size_t>(edge.tensor);
        if (edge.written) {
          writers_[tensor] = static_cast<int>(i);
        } else {
          readers_[tensor].push_back(static_cast<int>(i));
        }
      }
    }
  }

  /// Virtual tensors of 16 bits hold what is computed with, so that nobody converts to them and back. Random numbers
  /// are those of their type.
  void widen() {
    for (const GraphNode& node : graph_.nodes) {
      for (const GraphEdge& edge : node.edges) {
        GraphTensor& tensor = graph_.tensors[static_cast<size_t>(edge.tensor)];
        ElementType& type = tensor.layout.type;
        if (!edge.written || !tensor.is_virtual || tensor.boolean || node.kind == NodeKind::Rng) continue;
        if (has_16_bits(type)) type = ElementType::F32;
      }
    }
  }

  void check() const {
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      const GraphTensor& tensor = graph_.tensors[i];
      const bool written = writers_[i] >= 0;
      require_graph(!tensor.is_virtual || written, Reason::Pattern,
                    name_of(tensor) + " is virtual, but no operation writes it");
      require_graph(!tensor.by_value || (!written && !tensor.is_virtual), Reason::Pattern,
                    name_of(tensor) + " is passed by value, so no operation can write it");
      require_graph(!written || is_disjoint(tensor.layout), Reason::Layout,
                    name_of(tensor) + " is written, but some of its elements lie in the same place");
    }
    for (const GraphNode& node : graph_.nodes) {
      for (const GraphEdge& written : node.edges) {
        require_graph(!written.written || node.parameters.beta == 0 || !tensor(written.tensor).is_virtual,
                      Reason::Pattern,
                      name_of(tensor(written.tensor)) + " is virtual: there is nothing beta could be multiplied with");
        // A pointwise operation may work in place, but not on what nobody has written before.
        if (!written.written || (node.kind == NodeKind::Pointwise && !tensor(written.tensor).is_virtual)) continue;
        for (const GraphEdge& read : node.edges) {
          require_graph(read.written || read.tensor != written.tensor, Reason::Pattern,
                        std::string(node_name(node)) + " reads " + name_of(tensor(read.tensor)) + ", which it writes");
        }
      }
    }
  }

  /// Marks what nobody outside can see the result of as done.
  void drop_unread() {
    done_.assign(graph_.nodes.size(), false);
    bool is_all_dropped = true;
    std::vector<bool> is_needed(graph_.nodes.size(), false);
    for (size_t i = graph_.nodes.size(); i-- > 0;) {
      for (const GraphEdge& edge : graph_.nodes[i].edges) {
        if (!edge.written) continue;
        bool needed = !tensor(edge.tensor).is_virtual;
        for (const int reader : readers(edge.tensor)) needed = needed || is_needed[static_cast<size_t>(reader)];
        is_needed[i] = is_needed[i] || needed;
      }
      done_[i] = !is_needed[i];
      is_all_dropped = is_all_dropped && done_[i];
    }
    dropped_ = done_;
    require_graph(!is_all_dropped, Reason::Pattern, "all results of the graph are virtual: nobody can see them");
  }

  bool is_ready(int tensor) const {
    const int writer = writers_[static_cast<size_t>(tensor)];
    return writer < 0 || done_[static_cast<size_t>(writer)];
  }

  /// Whether the node's results that others wrote are there; `also` marks nodes that count as done.
  bool is_computable(const GraphNode& candidate, int index, const std::vector<bool>& also) const {
    return std::all_of(candidate.edges.begin(), candidate.edges.end(), [&](const GraphEdge& edge) {
      const int writer = writers_[static_cast<size_t>(edge.tensor)];
      return edge.written || is_ready(edge.tensor) || writer == index || also[static_cast<size_t>(writer)];
    });
  }

  /// The pointwise nodes that join the group and lead somewhere now: to memory outside, or to a node that has all it
  /// reads then. The others would only leave results in memory until what they wait for is there.
  std::vector<bool> joining() const {
    const size_t count = graph_.nodes.size();
    std::vector<bool> possible(count, false), joins(count, false);
    for (size_t i = 0; i < count; ++i) {
      const GraphNode& candidate = graph_.nodes[i];
      const int index = static_cast<int>(i);
      possible[i] = !done_[i] && candidate.kind == NodeKind::Pointwise && is_computable(candidate, index, possible) &&
                    joins_group(index);
    }
    for (size_t i = count; i-- > 0;) {
      if (!possible[i]) continue;
      const int result = result_of(static_cast<int>(i));
      joins[i] = !tensor(result).is_virtual;
      for (const int reader : readers(result)) {
        const auto place = static_cast<size_t>(reader);
        joins[i] = joins[i] || joins[place] ||
                   (!possible[place] && !done_[place] && is_computable(node(reader), reader, possible));
      }
    }
    return joins;
  }

  /// The next node that can be computed: one that joins the group, else one that is no pointwise node.
  int next() const {
    const std::vector<bool> none(graph_.nodes.size(), false);
    const std::vector<bool> joins = group_.empty() ? none : joining();
    int first = -1, first_other = -1;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (done_[i]) continue;
      const int index = static_cast<int>(i);
      if (!is_computable(graph_.nodes[i], index, none)) continue;
      if (joins[i]) return index;
      if (first < 0) first = index;
      if (first_other < 0 && graph_.nodes[i].kind != NodeKind::Pointwise) first_other = index;
    }
    return first_other >= 0 ? first_other : first;
  }

  int result_of(int pointwise) const {
    for (const GraphEdge& edge : node(pointwise).edges) {
      if (edge.written) return edge.tensor;
    }
    refuse_graph(Reason::Pattern, "a pointwise operation has no result");
  }

  bool joins_group(int pointwise) const {
    return same_dims(tensor(result_of(group_.front())).layout, tensor(result_of(pointwise)).layout);
  }

  /// Results of these nodes that others read, or that lie outside. `also` is computed with them.
  std::vector<int> stored_of(const std::vector<int>& nodes, int also = -1) const {
    std::vector<int> stored;
    for (const int index : nodes) {
      const int result = result_of(index);
      bool is_read = !tensor(result).is_virtual;
      for (const int reader : readers(result)) {
        const bool inside = reader == also || std::find(nodes.begin(), nodes.end(), reader) != nodes.end();
        is_read = is_read || (!inside && !dropped_[static_cast<size_t>(reader)]);
      }
      if (is_read) stored.push_back(result);
    }
    return stored;
  }

  /// Makes steps of the pointwise nodes collected so far: as few as can hold them.
  void close_group() {
    std::vector<int> rest = std::move(group_);
    group_.clear();
    while (!rest.empty()) {
      for (size_t count = rest.size(); count > 0; --count) {
        const std::vector<int> nodes(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
        const std::vector<int> stored = stored_of(nodes);
        std::vector<const GraphNode*> pointers;
        for (const int index : nodes) pointers.push_back(&node(index));
        std::unique_ptr<GraphStep> step = make_pointwise_step(reader_, pointers, stored);
        if (step == nullptr) {
          require_graph(count > 1, Reason::Pattern, "a pointwise operation has more tensors than there can be");
          continue;
        }
        add_stage(std::move(step), nodes, stored);
        rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
        break;
      }
    }
  }

  /// `visible`: of the tensors that pass between the nodes themselves, those that are written to memory. A single node
  /// has all its tensors in memory.
  void add_stage(std::unique_ptr<GraphStep> step, const std::vector<int>& nodes, const std::vector<int>& visible) {
    Stage stage;
    stage.step = std::move(step);
    for (const int index : nodes) {
      const GraphNode& part = node(index);
      if (!stage.name.empty()) stage.name += " + ";
      stage.name += part.kind == NodeKind::Pointwise ? mode_name(part.parameters.pointwise) : node_name(part);
      for (const GraphEdge& edge : part.edges) {
        const bool is_inside = nodes.size() > 1 && tensor(edge.tensor).is_virtual &&
                               is_written_by(edge.tensor, nodes) &&
                               std::find(visible.begin(), visible.end(), edge.tensor) == visible.end();
        if (!is_inside) stage.tensors.push_back(edge.tensor);
      }
    }
    stages_.push_back(std::move(stage));
  }

  bool is_written_by(int tensor, const std::vector<int>& nodes) const {
    return std::find(nodes.begin(), nodes.end(), writers_[static_cast<size_t>(tensor)]) != nodes.end();
  }

  /// The only reader of a virtual tensor, where that is a pointwise node that is still to be computed; else -1. A
  /// tensor of integers rounds what it is given, so it has to be there; so is what is computed in another type.
  int only_reader(int value) const {
    const ElementType type = tensor(value).layout.type;
    if (!tensor(value).is_virtual || readers(value).size() != 1) return -1;
    const int index = readers(value).front();
    const GraphNode& reader = node(index);
    if (reader.kind != NodeKind::Pointwise || done_[static_cast<size_t>(index)]) return -1;
    const ElementType computed = reader.parameters.compute_type;
    const bool fits =
        computes_in_single(type) ? computes_in_single(computed) : type == ElementType::F64 && computed == type;
    if (!fits) return -1;
    return reader.find(Port::Y) == nullptr ? -1 : index;
  }

  /// What a node that adds reads besides `value`; -1 for nothing else.
  int other_operand(int adds, int value) const {
    const GraphEdge* x = node(adds).find(Port::X);
    const GraphEdge* b = node(adds).find(Port::B);
    if (x == nullptr || b == nullptr || x->tensor == b->tensor) return -1;
    return x->tensor == value ? b->tensor : x->tensor;
  }

  /// What follows a node and can be computed with it: a node that adds to its result, then a function of that. -1 for
  /// those there are none of.
  struct Tail {
    int adds = -1, function = -1, addend = -1, result = -1;
    Epilogue epilogue;

    bool is_empty() const { return adds < 0 && function < 0; }
  };

  Tail tail_of(int value) const {
    Tail tail;
    tail.result = value;
    const int adds = only_reader(value);
    if (adds >= 0 && node(adds).parameters.pointwise == PointwiseMode::Add && node(adds).parameters.alpha1 == 1 &&
        node(adds).parameters.alpha2 == 1) {
      const int addend = other_operand(adds, value);
      if (addend >= 0 && is_ready(addend)) {
        tail.adds = adds;
        tail.addend = addend;
        tail.result = result_of(adds);
      }
    }
    const int function = only_reader(tail.result);
    if (function < 0 || !same_dims(tensor(tail.result).layout, tensor(result_of(function)).layout)) return tail;
    if (const auto epilogue = epilogue_of(node(function).parameters)) {
      tail.function = function;
      tail.epilogue = *epilogue;
      tail.result = result_of(function);
    }
    return tail;
  }

  bool add_fused(std::unique_ptr<GraphStep> step, int first, const Tail& tail) {
    if (step == nullptr) return false;
    std::vector<int> nodes = {first};
    if (tail.adds >= 0) nodes.push_back(tail.adds);
    if (tail.function >= 0) nodes.push_back(tail.function);
    for (const int index : nodes) done_[static_cast<size_t>(index)] = true;
    // Statistics that go to later nodes stay visible.
    std::vector<int> visible = {tail.result};
    for (const GraphEdge& edge : node(first).edges) {
      if (edge.written && edge.port != Port::Y && edge.port != Port::C) visible.push_back(edge.tensor);
    }
    add_stage(std::move(step), nodes, visible);
    return true;
  }

  /// Whether the addend has one number for each place along `axis` of the result, one behind the other.
  bool is_bias(const Tail& tail, int axis) const {
    const GraphTensor& bias = tensor(tail.addend);
    const Tensor& result = tensor(tail.result).layout;
    return !bias.boolean && bias.layout.rank == result.rank && bias.layout.elements() == result.dims[axis] &&
           bias.layout.dims[axis] == result.dims[axis] &&
           (bias.layout.dims[axis] == 1 || bias.layout.strides[axis] == 1) && !computes_in_double(bias.layout.type);
  }

  /// A convolution or matmul with the bias and the function behind it.
  bool fuse_product(int index) {
    const GraphNode& product = node(index);
    const bool is_matmul = product.kind == NodeKind::Matmul;
    const GraphEdge* y = product.find(is_matmul ? Port::C : Port::Y);
    if ((product.kind != NodeKind::ConvolutionForward && !is_matmul) || y == nullptr) return false;
    Tail tail = tail_of(y->tensor);
    if (tail.is_empty()) return false;
    const Tensor& result = tensor(tail.result).layout;
    if (result.rank < 2 || !same_dims(tensor(y->tensor).layout, result)) return false;
    if (tail.adds >= 0) {
      if (!is_bias(tail, is_matmul ? result.rank - 1 : 1)) return false;
      tail.epilogue.has_bias = true;
      tail.epilogue.bias_type = tensor(tail.addend).layout.type;
    }
    return add_fused(is_matmul ? make_fused_matmul_step(reader_, product, tail.addend, tail.epilogue, tail.result)
                               : make_fused_convolution_step(reader_, product, tail.addend, tail.epilogue, tail.result),
                     index, tail);
  }

  bool fuse_norm(int index) {
    const GraphNode& norm = node(index);
    const GraphEdge* y = norm.find(Port::Y);
    if (norm.kind != NodeKind::NormForward || y == nullptr) return false;
    Tail tail = tail_of(y->tensor);
    if (tail.function >= 0 && tail.epilogue.function != EpilogueFunction::Relu) {
      tail.function = -1;
      tail.result = tail.adds >= 0 ? result_of(tail.adds) : y->tensor;
    }
    if (tail.is_empty()) return false;
    return add_fused(make_fused_norm_step(reader_, norm, tail.addend, tail.function >= 0, tail.result), index, tail);
  }

  /// Channel sums with the pointwise nodes that make what is summed; with none, where images of 16 bits would have to
  /// be converted first. `group` is what was collected so far, or empty.
  bool fuse_statistics(int index, std::vector<int> group) {
    const GraphNode& sums = node(index);
    const GraphEdge* x = sums.find(Port::X);
    const GraphEdge* dy = sums.find(Port::DY);
    if ((sums.kind != NodeKind::GenStats && sums.kind != NodeKind::BnBackwardWeights) || x == nullptr) return false;
    const auto is_read = [&](const auto& condition) {
      return condition(x->tensor) || (dy != nullptr && condition(dy->tensor));
    };
    const Tensor& image = tensor(x->tensor).layout;
    if (image.rank < 2 || image.dims[1] == 1 || !image.is_channels_last() ||
        (dy != nullptr && !same_dims(image, tensor(dy->tensor).layout))) {
      return false;
    }
    if (group.empty()) {
      if (!is_read([&](int read) { return has_16_bits(tensor(read).layout.type); })) return false;
    } else if (!same_dims(image, tensor(result_of(group.front())).layout) ||
               !is_read([&](int read) { return is_written_by(read, group); })) {
      return false;
    }
    std::vector<int> visible = stored_of(group, index);
    std::vector<const GraphNode*> pointers;
    for (const int pointwise : group) pointers.push_back(&node(pointwise));
    std::unique_ptr<GraphStep> step = make_chain_statistics_step(reader_, pointers, visible, sums);
    if (step == nullptr) return false;
    done_[static_cast<size_t>(index)] = true;
    group_.clear();
    group.push_back(index);
    for (const GraphEdge& edge : sums.edges) {
      if (edge.written) visible.push_back(edge.tensor);
    }
    add_stage(std::move(step), group, visible);
    return true;
  }

  ComputeGraph graph_;
  const GraphReader reader_;
  const PlanOptions options_;
  std::vector<int> writers_;
  std::vector<std::vector<int>> readers_;
  std::vector<bool> done_, dropped_;
  /// Pointwise nodes that are computed together so far.
  std::vector<int> group_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<const GraphPlan> make_graph_plan(const ComputeGraph& graph, const PlanOptions& options) {
  return Planner(graph, options).make();
}

}  // namespace cpu::compute
