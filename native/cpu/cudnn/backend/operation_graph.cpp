#include "cudnn/backend/operation_graph.h"

#include <algorithm>
#include <climits>
#include <map>

#include "cudnn/backend/engine.h"
#include "cudnn/backend/kinds.h"
#include "cudnn/run.h"

namespace cpu::backend {
namespace {

using compute::ElementType;
using compute::GraphTensor;
using compute::UnsupportedGraph;
using Reason = compute::UnsupportedGraph::Reason;

constexpr AttributeRule rules[] = {
    checked(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE).null_is(CUDNN_STATUS_BAD_PARAM_NULL_POINTER),
    checked(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR)
        .any_count()
        .null_is(CUDNN_STATUS_BAD_PARAM_NULL_POINTER),
    read_only(CUDNN_ATTR_OPERATIONGRAPH_ENGINE_GLOBAL_COUNT, CUDNN_TYPE_INT64, CUDNN_STATUS_BAD_PARAM),
    plain(CUDNN_ATTR_OPERATIONGRAPH_IS_DYNAMIC_SHAPE_ENABLED, CUDNN_TYPE_BOOLEAN).initially(0),
    read_only(CUDNN_ATTR_OPERATIONGRAPH_IS_SAME_TOPOLOGY, CUDNN_TYPE_BOOLEAN, CUDNN_STATUS_BAD_PARAM),
};

GraphTensor lower_tensor(const TensorDescriptor& tensor) {
  GraphTensor result;
  result.uid = tensor.uid;
  result.is_virtual = tensor.is_virtual;
  result.by_value = tensor.is_by_value;
  result.alignment = tensor.byte_alignment;
  result.boolean = tensor.data_type == CUDNN_DATA_BOOLEAN;
  const std::string name = say("tensor ", tensor.uid, " (", dims_text(tensor.dims), ")");
  if (result.boolean) {
    result.layout.type = ElementType::U8;
  } else if (const auto type = element_type(tensor.data_type)) {
    result.layout.type = *type;
  } else {
    throw UnsupportedGraph(Reason::DataType,
                           say(name, ": the CPU device does not compute with data type ", tensor.data_type));
  }
  if (tensor.vector_count != 1) {
    throw UnsupportedGraph(Reason::Layout, name + ": the CPU device does not compute with channels in vectors");
  }
  if (tensor.attributes.integer(CUDNN_ATTR_TENSOR_REORDERING_MODE) != CUDNN_TENSOR_REORDERING_NONE) {
    throw UnsupportedGraph(Reason::Layout, name + ": the CPU device does not compute with reordered tensors");
  }
  if (tensor.attributes.descriptor(CUDNN_ATTR_TENSOR_RAGGED_OFFSET_DESC) != nullptr) {
    throw UnsupportedGraph(Reason::Layout, name + ": the CPU device does not compute with ragged tensors");
  }
  result.layout.rank = static_cast<int>(tensor.dims.size());
  __int128 elements = 1, last = 0;
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    if (tensor.dims[i] < 1) throw UnsupportedGraph(Reason::Shape, name + " has no elements");
    if (tensor.dims[i] > INT_MAX || tensor.strides[i] > INT_MAX) {
      throw UnsupportedGraph(Reason::Shape, name + ": a dimension or stride is above 2^31 - 1");
    }
    elements *= tensor.dims[i];
    last += static_cast<__int128>(tensor.dims[i] - 1) * tensor.strides[i];
    if (elements > INT_MAX || last > INT64_MAX / 16) {
      throw UnsupportedGraph(Reason::Shape, name + " has more elements than the CPU device takes");
    }
    if (tensor.is_by_value && tensor.dims[i] != 1) {
      throw UnsupportedGraph(Reason::Shape, name + ": the CPU device takes single values only by value");
    }
    result.layout.dims[i] = static_cast<int>(tensor.dims[i]);
    result.layout.strides[i] = static_cast<int>(tensor.strides[i]);
  }
  return result;
}

bool same(const GraphTensor& a, const GraphTensor& b) {
  return a.layout.type == b.layout.type && a.layout.rank == b.layout.rank && a.boolean == b.boolean &&
         a.is_virtual == b.is_virtual && a.by_value == b.by_value &&
         std::equal(a.layout.dims, a.layout.dims + a.layout.rank, b.layout.dims) &&
         std::equal(a.layout.strides, a.layout.strides + a.layout.rank, b.layout.strides);
}

}  // namespace

const DescriptorKind operation_graph_kind = {CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "operation graph", rules,
                                             make_descriptor<OperationGraphDescriptor>};

OperationGraphDescriptor::OperationGraphDescriptor() : Descriptor(operation_graph_kind) {}

cudnnStatus_t OperationGraphDescriptor::interpret() {
  std::vector<std::shared_ptr<OperationDescriptor>> waiting;
  for (const DescriptorPointer& set : attributes.descriptors(CUDNN_ATTR_OPERATIONGRAPH_OPS)) {
    auto operation = as<OperationDescriptor>(set);
    if (operation == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, say("a ", set->kind.name, " is no operation"));
    if (!operation->finalized) {
      return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, say("a ", set->kind.name, " is not finalized"));
    }
    waiting.push_back(std::move(operation));
  }
  if (waiting.empty()) return refuse(CUDNN_STATUS_BAD_PARAM, "it has no operations; set CUDNN_ATTR_OPERATIONGRAPH_OPS");

  std::map<int64_t, const OperationDescriptor*> writers;
  for (const auto& operation : waiting) {
    for (const Connection& connection : operation->connections) {
      if (!connection.written) continue;
      const auto [place, is_new] = writers.emplace(connection.tensor->uid, operation.get());
      if (!is_new) {
        return refuse(CUDNN_STATUS_BAD_PARAM,
                      say("tensor ", connection.tensor->uid, " is written more than once, by a ",
                          place->second->kind.name, " and a ", operation->kind.name));
      }
    }
  }
  // Operations whose inputs are all there come next, until none is left or they wait for each other.
  operations.clear();
  std::map<const OperationDescriptor*, bool> done;
  while (!waiting.empty()) {
    const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const auto& operation) {
      return std::all_of(operation->connections.begin(), operation->connections.end(), [&](const Connection& input) {
        const auto writer = writers.find(input.tensor->uid);
        return input.written || writer == writers.end() || writer->second == operation.get() || done[writer->second];
      });
    });
    if (ready == waiting.end()) {
      return refuse(CUDNN_STATUS_BAD_PARAM, say("a ", waiting.front()->kind.name,
                                                " reads what depends on its own result: the operations form a circle"));
    }
    done[ready->get()] = true;
    operations.push_back(std::move(*ready));
    waiting.erase(ready);
  }
  return CUDNN_STATUS_SUCCESS;
}

compute::ComputeGraph OperationGraphDescriptor::lower() const {
  compute::ComputeGraph graph;
  std::map<int64_t, int> places;
  for (const auto& operation : operations) {
    compute::GraphNode node = operation->lower();
    for (const Connection& connection : operation->connections) {
      const GraphTensor tensor = lower_tensor(*connection.tensor);
      const auto [place, is_new] = places.emplace(tensor.uid, static_cast<int>(graph.tensors.size()));
      if (is_new) {
        graph.tensors.push_back(tensor);
      } else if (!same(graph.tensors[static_cast<size_t>(place->second)], tensor)) {
        throw UnsupportedGraph(Reason::Pattern, say("two different tensors have the unique id ", tensor.uid));
      }
      node.edges.push_back({connection.port, place->second, connection.written});
    }
    graph.nodes.push_back(std::move(node));
  }
  return graph;
}

std::optional<cudnnStatus_t> OperationGraphDescriptor::read(const AttributeQuery& query) const {
  switch (query.name) {
    case CUDNN_ATTR_OPERATIONGRAPH_ENGINE_GLOBAL_COUNT:
      return query.answer_one<int64_t>(engine_count);
    case CUDNN_ATTR_OPERATIONGRAPH_IS_SAME_TOPOLOGY:
      return query.answer_one<uint8_t>(0);
    default:
      return std::nullopt;
  }
}

}  // namespace cpu::backend
