// Graphs as such: making, copying and ending them, their nodes and edges.
#include <algorithm>
#include <cstring>

#include "driver/graph_nodes.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// Answers a list as the interface has it: without an array only the count; else as many as there is room for, null
// behind them, and the count of those written.
template <class T, class Get>
CUresult answer_list(size_t there_are, size_t* count, T* first, const Get& get) {
  if (count == nullptr) return null_argument("the count");
  if (first == nullptr) {
    *count = there_are;
    return CUDA_SUCCESS;
  }
  const size_t written = std::min(*count, there_are);
  for (size_t i = 0; i < written; ++i) get(i);
  for (size_t i = written; i < *count; ++i) first[i] = nullptr;
  *count = written;
  return CUDA_SUCCESS;
}

CUresult answer_nodes(const std::vector<GraphNode*>& nodes, CUgraphNode* answer, CUgraphEdgeData* edges,
                      size_t* count) {
  return answer_list(nodes.size(), count, answer, [&](size_t i) {
    answer[i] = nodes[i]->handle;
    if (edges != nullptr) edges[i] = {};
  });
}

CUresult change_edges(const char* function, CUgraph handle, const CUgraphNode* from, const CUgraphNode* to,
                      const CUgraphEdgeData* data, size_t count, bool add) {
  return with_graph(function, handle, [&](Graph& graph) {
    if (count == 0) return CUDA_SUCCESS;
    std::vector<GraphNode*> froms;
    std::vector<GraphNode*> tos;
    CUresult status = read_nodes(graph, from, count, &froms);
    if (status == CUDA_SUCCESS) status = read_nodes(graph, to, count, &tos);
    if (status == CUDA_SUCCESS) status = check_edges(data, count);
    if (status != CUDA_SUCCESS) return status;
    for (size_t i = 0; i < count; ++i) {
      if (froms[i] == tos[i]) {
        return fail(CUDA_ERROR_INVALID_VALUE, "edge " + std::to_string(i) + " leads from a node to itself");
      }
      const bool done = add ? connect(*froms[i], *tos[i]) : disconnect(*froms[i], *tos[i]);
      if (done) continue;
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "edge " + std::to_string(i) + (add ? " is in the graph already" : " is not in the graph"));
    }
    return CUDA_SUCCESS;
  });
}

CUresult list_edges(const char* function, CUgraph handle, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data,
                    size_t* count) {
  return with_graph(function, handle, [&](Graph& graph) {
    if ((from == nullptr) != (to == nullptr)) return null_argument("one of from and to");
    std::vector<std::pair<CUgraphNode, CUgraphNode>> edges;
    for (const GraphNode* node : graph.nodes) {
      for (const GraphNode* dependent : node->dependents) edges.emplace_back(node->handle, dependent->handle);
    }
    if (count != nullptr && to != nullptr) {
      for (size_t i = edges.size(); i < *count; ++i) to[i] = nullptr;
    }
    return answer_list(edges.size(), count, from, [&](size_t i) {
      from[i] = edges[i].first;
      to[i] = edges[i].second;
      if (data != nullptr) data[i] = {};
    });
  });
}

}  // namespace

namespace cpu::driver {

CUresult read_nodes(const Graph& graph, const CUgraphNode* handles, size_t count, std::vector<GraphNode*>* nodes) {
  if (count == 0) return CUDA_SUCCESS;
  if (handles == nullptr) return null_argument("the array of nodes");
  // More than there are nodes would be the same one twice.
  if (count > (size_t{1} << 32)) return fail(CUDA_ERROR_INVALID_VALUE, "the number of nodes is no number of nodes");
  for (size_t i = 0; i < count; ++i) {
    GraphNode* node = lookup<GraphNode>(handles[i]);
    if (node == nullptr) {
      return fail(CUDA_ERROR_INVALID_VALUE, "node " + std::to_string(i) + " of the array is no live graph node");
    }
    if (node->graph != &graph) {
      return fail(CUDA_ERROR_INVALID_VALUE, "node " + std::to_string(i) + " of the array belongs to another graph");
    }
    nodes->push_back(node);
  }
  return CUDA_SUCCESS;
}

CUresult check_edges(const CUgraphEdgeData* edges, size_t count) {
  if (edges == nullptr) return CUDA_SUCCESS;
  const CUgraphEdgeData plain{};
  for (size_t i = 0; i < count; ++i) {
    if (std::memcmp(&edges[i], &plain, sizeof(plain)) == 0) continue;
    return fail(CUDA_ERROR_NOT_SUPPORTED, "edge " + std::to_string(i) +
                                              " is of a kind for kernels that start each other; the CPU device has "
                                              "plain edges only (all zero)");
  }
  return CUDA_SUCCESS;
}

ChildWork::~ChildWork() {
  std::lock_guard lock(graph_mutex());
  release<Graph>(graph_);
}

const char* name_of(CUgraphNodeType type) {
  switch (static_cast<int>(type)) {
    case CU_GRAPH_NODE_TYPE_KERNEL:
      return "kernel";
    case CU_GRAPH_NODE_TYPE_MEMCPY:
      return "memcpy";
    case CU_GRAPH_NODE_TYPE_MEMSET:
      return "memset";
    case CU_GRAPH_NODE_TYPE_HOST:
      return "host";
    case CU_GRAPH_NODE_TYPE_GRAPH:
      return "child graph";
    case CU_GRAPH_NODE_TYPE_EMPTY:
      return "empty";
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      return "event wait";
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      return "event record";
    case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
      return "memory allocation";
    case CU_GRAPH_NODE_TYPE_MEM_FREE:
      return "memory free";
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
      return "memory operations";
    default:
      return "unknown";
  }
}

}  // namespace cpu::driver

CUresult cuGraphCreate(CUgraph* phGraph, unsigned int flags) {
  CPU_COUNT_CALL();
  return with_graphs(__func__, [&] {
    if (phGraph == nullptr) return null_argument("phGraph");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    *phGraph = Graph::create()->handle;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphDestroy(CUgraph hGraph) {
  CPU_COUNT_CALL();
  return with_graph(__func__, hGraph, [&](Graph& graph) {
    if (graph.embedded) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the graph belongs to a child graph node and ends with it");
    }
    return release<Graph>(hGraph) ? CUDA_SUCCESS : bad_handle("graph", hGraph);
  });
}

CUresult cuGraphClone(CUgraph* phGraphClone, CUgraph originalGraph) {
  CPU_COUNT_CALL();
  return with_graph(__func__, originalGraph, [&](Graph& graph) {
    if (phGraphClone == nullptr) return null_argument("phGraphClone");
    *phGraphClone = graph.clone()->handle;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeFindInClone(CUgraphNode* phNode, CUgraphNode hOriginalNode, CUgraph hClonedGraph) {
  CPU_COUNT_CALL();
  return with_graph(__func__, hClonedGraph, [&](Graph& graph) {
    if (phNode == nullptr) return null_argument("phNode");
    for (const GraphNode* node : graph.nodes) {
      if (hOriginalNode == nullptr || node->original != hOriginalNode) continue;
      *phNode = node->handle;
      return CUDA_SUCCESS;
    }
    return fail(CUDA_ERROR_INVALID_VALUE, "the graph has no clone of the node");
  });
}

CUresult cuGraphGetNodes(CUgraph hGraph, CUgraphNode* nodes, size_t* numNodes) {
  CPU_COUNT_CALL();
  return with_graph(__func__, hGraph,
                    [&](Graph& graph) { return answer_nodes(graph.nodes, nodes, nullptr, numNodes); });
}

CUresult cuGraphGetRootNodes(CUgraph hGraph, CUgraphNode* rootNodes, size_t* numRootNodes) {
  CPU_COUNT_CALL();
  return with_graph(__func__, hGraph, [&](Graph& graph) {
    std::vector<GraphNode*> roots;
    std::copy_if(graph.nodes.begin(), graph.nodes.end(), std::back_inserter(roots),
                 [](const GraphNode* node) { return node->dependencies.empty(); });
    return answer_nodes(roots, rootNodes, nullptr, numRootNodes);
  });
}

CUresult cuGraphGetEdges_v2(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edgeData,
                            size_t* numEdges) {
  CPU_COUNT_CALL();
  return list_edges(__func__, hGraph, from, to, edgeData, numEdges);
}

CUresult cuGraphGetEdges(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, size_t* numEdges) {
  CPU_COUNT_CALL();
  return list_edges(__func__, hGraph, from, to, nullptr, numEdges);
}

CUresult cuGraphNodeGetDependencies_v2(CUgraphNode hNode, CUgraphNode* dependencies, CUgraphEdgeData* edgeData,
                                       size_t* numDependencies) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    return answer_nodes(node.dependencies, dependencies, edgeData, numDependencies);
  });
}

CUresult cuGraphNodeGetDependencies(CUgraphNode hNode, CUgraphNode* dependencies, size_t* numDependencies) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    return answer_nodes(node.dependencies, dependencies, nullptr, numDependencies);
  });
}

CUresult cuGraphNodeGetDependentNodes_v2(CUgraphNode hNode, CUgraphNode* dependentNodes, CUgraphEdgeData* edgeData,
                                         size_t* numDependentNodes) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    return answer_nodes(node.dependents, dependentNodes, edgeData, numDependentNodes);
  });
}

CUresult cuGraphNodeGetDependentNodes(CUgraphNode hNode, CUgraphNode* dependentNodes, size_t* numDependentNodes) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    return answer_nodes(node.dependents, dependentNodes, nullptr, numDependentNodes);
  });
}

CUresult cuGraphAddDependencies_v2(CUgraph hGraph, const CUgraphNode* from, const CUgraphNode* to,
                                   const CUgraphEdgeData* edgeData, size_t numDependencies) {
  CPU_COUNT_CALL();
  return change_edges(__func__, hGraph, from, to, edgeData, numDependencies, true);
}

CUresult cuGraphAddDependencies(CUgraph hGraph, const CUgraphNode* from, const CUgraphNode* to,
                                size_t numDependencies) {
  CPU_COUNT_CALL();
  return change_edges(__func__, hGraph, from, to, nullptr, numDependencies, true);
}

CUresult cuGraphRemoveDependencies_v2(CUgraph hGraph, const CUgraphNode* from, const CUgraphNode* to,
                                      const CUgraphEdgeData* edgeData, size_t numDependencies) {
  CPU_COUNT_CALL();
  return change_edges(__func__, hGraph, from, to, edgeData, numDependencies, false);
}

CUresult cuGraphRemoveDependencies(CUgraph hGraph, const CUgraphNode* from, const CUgraphNode* to,
                                   size_t numDependencies) {
  CPU_COUNT_CALL();
  return change_edges(__func__, hGraph, from, to, nullptr, numDependencies, false);
}

CUresult cuGraphDestroyNode(CUgraphNode hNode) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    node.graph->destroy(&node);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeGetType(CUgraphNode hNode, CUgraphNodeType* type) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (type == nullptr) return null_argument("type");
    *type = node.work->type();
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeGetContainingGraph(CUgraphNode hNode, CUgraph* phGraph) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (phGraph == nullptr) return null_argument("phGraph");
    *phGraph = node.graph->handle;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeGetLocalId(CUgraphNode hNode, unsigned int* nodeId) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (nodeId == nullptr) return null_argument("nodeId");
    *nodeId = node.number;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeGetToolsId(CUgraphNode hNode, unsigned long long* toolsNodeId) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (toolsNodeId == nullptr) return null_argument("toolsNodeId");
    *toolsNodeId = (static_cast<unsigned long long>(node.graph->id) << 32) | node.number;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphGetId(CUgraph hGraph, unsigned int* graphId) {
  CPU_COUNT_CALL();
  return with_graph(__func__, hGraph, [&](Graph& graph) {
    if (graphId == nullptr) return null_argument("graphId");
    *graphId = graph.id;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphExecGetId(CUgraphExec hGraphExec, unsigned int* graphId) {
  CPU_COUNT_CALL();
  return with_exec(__func__, hGraphExec, [&](GraphExec& exec) {
    if (graphId == nullptr) return null_argument("graphId");
    *graphId = exec.id;
    return CUDA_SUCCESS;
  });
}
