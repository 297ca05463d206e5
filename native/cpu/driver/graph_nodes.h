// The driver's kinds of graph nodes which have no file of their own, and what graph calls share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "driver/entry.h"
#include "engine/capture.h"
#include "engine/event.h"
#include "engine/graph.h"

namespace cpu::driver {

class EmptyWork final : public NodeWork {
 public:
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_EMPTY; }
};

class HostWork final : public NodeWork {
 public:
  explicit HostWork(const CUDA_HOST_NODE_PARAMS& parameters) : parameters_(parameters) {}
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_HOST; }
  void run() const override { parameters_.fn(parameters_.userData); }
  std::string description() const override;
  const CUDA_HOST_NODE_PARAMS& parameters() const { return parameters_; }

 private:
  const CUDA_HOST_NODE_PARAMS parameters_;
};

class EventWork final : public NodeWork {
 public:
  EventWork(bool record, CUevent handle, std::shared_ptr<EventState> state)
      : record_(record), handle_(handle), state_(std::move(state)) {}
  CUgraphNodeType type() const override {
    return record_ ? CU_GRAPH_NODE_TYPE_EVENT_RECORD : CU_GRAPH_NODE_TYPE_WAIT_EVENT;
  }
  EventState* event() const override { return state_.get(); }
  CUevent handle() const { return handle_; }

 private:
  const bool record_;
  const CUevent handle_;
  const std::shared_ptr<EventState> state_;
};

// Owns its graph.
class ChildWork final : public NodeWork {
 public:
  explicit ChildWork(Graph& graph) : graph_(graph.handle) { graph.embedded = true; }
  ~ChildWork() override;
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_GRAPH; }
  CUgraph child() const override { return graph_; }

 private:
  const CUgraph graph_;
};

// A call on graphs: under their mutex, in a thread that is no stream's worker.
template <class F>
CUresult with_graphs(const char* function, F&& body) {
  if (const CUresult status = check_initialized(function); status != CUDA_SUCCESS) return status;
  if (Stream::on_worker()) {
    return fail(CUDA_ERROR_NOT_PERMITTED, "a function that runs in a stream must not call the driver");
  }
  return always(function, [&] {
    std::lock_guard lock(graph_mutex());
    return body();
  });
}

template <class F>
CUresult with_graph(const char* function, CUgraph handle, F&& body) {
  return with_graphs(function, [&] {
    Graph* graph = lookup<Graph>(handle);
    return graph == nullptr ? bad_handle("graph", handle) : body(*graph);
  });
}

template <class F>
CUresult with_node(const char* function, CUgraphNode handle, F&& body) {
  return with_graphs(function, [&] {
    GraphNode* node = lookup<GraphNode>(handle);
    return node == nullptr ? bad_handle("graph node", handle) : body(*node);
  });
}

template <class F>
CUresult with_exec(const char* function, CUgraphExec handle, F&& body) {
  return with_graphs(function, [&] {
    GraphExec* exec = lookup<GraphExec>(handle);
    return exec == nullptr ? bad_handle("executable graph", handle) : body(*exec);
  });
}

// Nodes of one graph, given as an array.
CUresult read_nodes(const Graph& graph, const CUgraphNode* handles, size_t count, std::vector<GraphNode*>* nodes);

// Edges other than plain ones are between kernels which start each other, and the CPU device has none.
CUresult check_edges(const CUgraphEdgeData* edges, size_t count);

// The work that a node's parameters describe, checked as if it ran now.
CUresult make_host_work(const CUDA_HOST_NODE_PARAMS* parameters, std::shared_ptr<const NodeWork>* work);
CUresult make_copy_work(const CUDA_MEMCPY3D* parameters, std::shared_ptr<const NodeWork>* work);
CUresult make_fill_work(const CUDA_MEMSET_NODE_PARAMS* parameters, std::shared_ptr<const NodeWork>* work);
CUresult make_event_work(bool record, CUevent event, std::shared_ptr<const NodeWork>* work);
CUresult make_work(CUgraphNodeParams* parameters, std::shared_ptr<const NodeWork>* work);

// "kernel", "memcpy" and so on.
const char* name_of(CUgraphNodeType type);

}  // namespace cpu::driver
