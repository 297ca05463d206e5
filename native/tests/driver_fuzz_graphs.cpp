// The random calls of driver_fuzz: graphs and captures.
#include <vector>

#include "tests/driver_fuzz.h"

void DriverFuzzer::graph_make() {
  CUgraph graph = nullptr;
  if (chance(60)) {
    keep(call(cuGraphCreate(&graph, flags(0))), graphs_, graph);
  } else {
    keep(call(cuGraphClone(&graph, pick(graphs_))), graphs_, graph);
  }
}

void DriverFuzzer::graph_add() {
  CUgraph graph = pick(graphs_);
  CUgraphNode node = nullptr;
  std::vector<CUgraphNode> dependencies;
  for (uint32_t i = number(3); i > 0; --i) dependencies.push_back(pick(nodes_));
  const size_t count = dependencies.size();
  CUresult status = CUDA_SUCCESS;
  CUDA_MEMSET_NODE_PARAMS fill{address(), 0, 1, chance(90) ? 1u : any(), 1 + number(64), 1};
  CUDA_HOST_NODE_PARAMS host{[](void*) {}, nullptr};
  CUDA_MEM_ALLOC_NODE_PARAMS allocation{};
  allocation.poolProps.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  allocation.poolProps.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  allocation.bytesize = 1 + number(1000);
  CUcontext current = nullptr;
  cuCtxGetCurrent(&current);
  switch (number(7)) {
    case 0:
      status = call(cuGraphAddEmptyNode(&node, graph, dependencies.data(), count));
      break;
    case 1:
      status = call(cuGraphAddMemsetNode(&node, graph, dependencies.data(), count, &fill, current));
      break;
    case 2:
      status = call(cuGraphAddHostNode(&node, graph, dependencies.data(), count, &host));
      break;
    case 3:
      status = call(cuGraphAddEventRecordNode(&node, graph, dependencies.data(), count, pick(events_, shared.events)));
      break;
    case 4:
      status = call(cuGraphAddChildGraphNode(&node, graph, dependencies.data(), count, pick(graphs_)));
      break;
    case 5:
      status = call(cuGraphAddMemAllocNode(&node, graph, dependencies.data(), count, &allocation));
      break;
    default:
      status = call(cuGraphAddEventWaitNode(&node, graph, dependencies.data(), count, pick(events_, shared.events)));
  }
  keep(status, nodes_, node);
  if (nodes_.size() > 40) nodes_.erase(nodes_.begin(), nodes_.begin() + 20);
}

void DriverFuzzer::graph_change() {
  CUgraphNode a = pick(nodes_);
  CUgraphNode b = pick(nodes_);
  CUgraphNodeParams parameters{};
  CUgraphNodeType type{};
  size_t count = 0;
  switch (number(7)) {
    case 0:
      call(cuGraphAddDependencies_v2(pick(graphs_), &a, &b, nullptr, 1));
      break;
    case 1:
      call(cuGraphRemoveDependencies_v2(pick(graphs_), &a, &b, nullptr, 1));
      break;
    case 2:
      call(cuGraphDestroyNode(a));
      break;
    case 3:
      if (call(cuGraphNodeGetParams(a, &parameters)) == CUDA_SUCCESS) call(cuGraphNodeSetParams(b, &parameters));
      break;
    case 4:
      call(cuGraphNodeGetType(a, &type));
      break;
    case 5:
      call(cuGraphGetNodes(pick(graphs_), nullptr, &count));
      break;
    default:
      destroy_one(graphs_, cuGraphDestroy);
  }
}

void DriverFuzzer::graph_run() {
  CUgraphExec exec = nullptr;
  CUgraphExecUpdateResultInfo result{};
  switch (number(5)) {
    case 0:
      if (call(cuGraphInstantiateWithFlags(&exec, pick(graphs_), 0)) != CUDA_SUCCESS) break;
      if (chance(30)) {
        share(shared.execs, exec, cuGraphExecDestroy);
      } else {
        execs_.push_back(exec);
      }
      break;
    case 1:
      destroy_one(execs_, cuGraphExecDestroy);
      break;
    case 2:
      call(cuGraphExecUpdate_v2(pick(execs_, shared.execs), pick(graphs_), &result));
      break;
    case 3:
      call(cuGraphNodeSetEnabled(pick(execs_, shared.execs), pick(nodes_), number(2)));
      break;
    default:
      call(cuGraphLaunch(pick(execs_), stream()));
  }
}

void DriverFuzzer::capture() {
  if (capturing_ != nullptr) {
    end_capture();
    return;
  }
  if (streams_.empty()) return;
  const CUstream own = streams_[number(static_cast<uint32_t>(streams_.size()))];
  const int mode = chance(80) ? CU_STREAM_CAPTURE_MODE_RELAXED : static_cast<int>(number(4));
  if (call(cuStreamBeginCapture_v2(own, static_cast<CUstreamCaptureMode>(mode))) == CUDA_SUCCESS) capturing_ = own;
}

void DriverFuzzer::end_capture() {
  if (capturing_ == nullptr) return;
  CUgraph graph = nullptr;
  if (call(cuStreamEndCapture(capturing_, &graph)) == CUDA_SUCCESS && graph != nullptr) graphs_.push_back(graph);
  capturing_ = nullptr;
}

void DriverFuzzer::drop_graphs(bool all) {
  drop(execs_, all, cuGraphExecDestroy);
  drop(graphs_, all, cuGraphDestroy);
  if (all) nodes_.clear();
}
