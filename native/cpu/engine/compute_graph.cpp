#include "engine/compute_graph.h"

#include <cstring>

#include "engine/compute_graph_step.h"
#include "engine/compute_vector.h"

namespace cpu::compute {

using Reason = UnsupportedGraph::Reason;

const GraphEdge* GraphNode::find(Port port) const {
  for (const GraphEdge& edge : edges) {
    if (edge.port == port) return &edge;
  }
  return nullptr;
}

GraphOperand GraphReader::operand(int tensor) const {
  if (tensor < 0) return {};
  const GraphTensor& value = this->tensor(tensor);
  return {tensor, value.layout, value.boolean};
}

GraphOperand GraphReader::optional(const GraphNode& node, Port port) const {
  const GraphEdge* edge = node.find(port);
  return edge == nullptr ? GraphOperand() : operand(edge->tensor);
}

GraphOperand GraphReader::required(const GraphNode& node, Port port, const char* name) const {
  const GraphOperand operand = optional(node, port);
  require_graph(static_cast<bool>(operand), Reason::Pattern,
                std::string(node_name(node)) + " has no tensor for " + name);
  return operand;
}

const char* node_name(const GraphNode& node) {
  switch (node.kind) {
    case NodeKind::ConvolutionForward:
      return "convolution";
    case NodeKind::ConvolutionBackwardData:
      return "convolution backward data";
    case NodeKind::ConvolutionBackwardFilter:
      return "convolution backward filter";
    case NodeKind::Pointwise:
      return "pointwise";
    case NodeKind::Matmul:
      return "matmul";
    case NodeKind::Reduction:
      return "reduction";
    case NodeKind::ResampleForward:
      return "resample forward";
    case NodeKind::ResampleBackward:
      return "resample backward";
    case NodeKind::GenStats:
      return "statistics";
    case NodeKind::BnFinalize:
      return "batch norm finalize";
    case NodeKind::BnBackwardWeights:
      return "batch norm backward weights";
    case NodeKind::NormForward:
      return "norm forward";
    case NodeKind::NormBackward:
      return "norm backward";
    case NodeKind::Concat:
      return "concat";
    case NodeKind::Reshape:
      return "reshape";
    case NodeKind::Rng:
      return "random numbers";
    case NodeKind::NormStatistics:
      return "norm statistics";
  }
  return "operation";
}

std::string dims_text(const Tensor& tensor) {
  std::string text;
  for (int i = 0; i < tensor.rank; ++i) {
    if (i > 0) text += 'x';
    text += std::to_string(tensor.dims[i]);
  }
  return text;
}

void refuse_graph(Reason reason, const std::string& text) { throw UnsupportedGraph(reason, text); }

void require_numbers(const GraphOperand& operand, const char* name) {
  require_graph(!operand.boolean, Reason::DataType,
                std::string(name) + " holds truth values, where numbers are needed");
}

void require_broadcast(const Tensor& part, const Tensor& whole, const char* name) {
  bool fits = part.rank == whole.rank;
  for (int i = 0; i < whole.rank && fits; ++i) fits = part.dims[i] == 1 || part.dims[i] == whole.dims[i];
  require_graph(fits, Reason::Shape,
                std::string(name) + " is " + dims_text(part) + " where " + dims_text(whole) +
                    " or 1 in some dimensions is needed");
}

double read_scalar(const GraphOperand& operand, const void* data) {
  double value;
  vector_kernels<double>().load(operand.layout.type, data, 1, 1, &value);
  return value;
}

int64_t read_integer(const GraphOperand& operand, const void* data) {
  if (operand.layout.type == ElementType::I64) {
    int64_t value;
    std::memcpy(&value, data, sizeof value);
    return value;
  }
  const double value = read_scalar(operand, data);
  return value > -0x1p63 && value < 0x1p63 ? static_cast<int64_t>(value) : 0;
}

}  // namespace cpu::compute
