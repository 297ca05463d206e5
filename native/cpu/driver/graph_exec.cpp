// Executable graphs: instantiating, changing and launching them. A change makes a new program, so launches which are
// pending run what they were launched with.
#include <algorithm>
#include <cstring>

#include "driver/graph_nodes.h"
#include "driver/launch.h"
#include "driver/stream_memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

using Work = std::shared_ptr<const NodeWork>;

constexpr unsigned long long kInstantiateFlags =
    CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH | CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD |
    CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH | CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY;

CUresult instantiate(const char* function, CUgraphExec* answer, CUgraph handle, uint64_t flags, CUgraphNode* bad_node,
                     CUgraphInstantiateResult* result) {
  return with_graph(function, handle, [&](Graph& graph) {
    if (answer == nullptr) return null_argument("phGraphExec");
    if ((flags & ~kInstantiateFlags) != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "flags is " + hexadecimal(flags) + ", which holds a bit that means nothing");
    }
    if ((flags & CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH) != 0) {
      *result = CUDA_GRAPH_INSTANTIATE_NODE_OPERATION_NOT_SUPPORTED;
      return fail(CUDA_ERROR_NOT_SUPPORTED, "kernels of the CPU device cannot launch graphs");
    }
    auto object = std::make_unique<GraphExec>();
    object->program = Program::make(graph, bad_node);
    if (object->program == nullptr) {
      *result = CUDA_GRAPH_INSTANTIATE_INVALID_STRUCTURE;
      return fail(CUDA_ERROR_INVALID_VALUE, "nodes of the graph wait for each other in a circle");
    }
    object->flags = flags;
    object->id = graph.id;
    object->context = current_context_handle();
    for (const HeldObject& held : graph.objects) {
      object->objects.push_back(held);
      retain_user_object(held);
    }
    *answer = static_cast<CUgraphExec>(make_handle(std::move(object)));
    *result = CUDA_GRAPH_INSTANTIATE_SUCCESS;
    *bad_node = nullptr;
    return CUDA_SUCCESS;
  });
}

CUresult instantiate_plainly(const char* function, CUgraphExec* answer, CUgraph graph, unsigned long long flags) {
  CUgraphNode bad_node = nullptr;
  CUgraphInstantiateResult result{};
  return instantiate(function, answer, graph, flags, &bad_node, &result);
}

CUresult instantiate_with_log(const char* function, CUgraphExec* answer, CUgraph graph, CUgraphNode* error_node,
                              char* log, size_t size) {
  CUgraphNode bad_node = nullptr;
  CUgraphInstantiateResult result{};
  const CUresult status = instantiate(function, answer, graph, 0, &bad_node, &result);
  if (error_node != nullptr) *error_node = bad_node;
  if (log != nullptr && size != 0) {
    const char* text = status == CUDA_SUCCESS ? "" : "the graph was not instantiated: its nodes wait for each other";
    std::strncpy(log, text, size - 1);
    log[size - 1] = '\0';
  }
  return status;
}

// Puts other work, made by `make`, into the step of a node.
template <class Make>
CUresult set_step(const char* function, CUgraphExec handle, CUgraphNode node, CUgraphNodeType type, const Make& make) {
  return with_exec(function, handle, [&](GraphExec& exec) {
    std::vector<size_t> path;
    if (node == nullptr || !exec.program->find(node, &path)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the executable graph was not made from a graph with this node");
    }
    Program::Step step = exec.program->at(path);
    const CUgraphNodeType found = step.child != nullptr ? CU_GRAPH_NODE_TYPE_GRAPH : step.work->type();
    if (found != type) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  std::string("the node is a ") + name_of(found) + " node, not a " + name_of(type) + " node");
    }
    const CUresult status = make(&step);
    if (status == CUDA_SUCCESS) exec.program = exec.program->replace(path, std::move(step));
    return status;
  });
}

CUresult make_kernel(const Program::Step& step, const CUDA_KERNEL_NODE_PARAMS* parameters, Work* work) {
  if (parameters == nullptr) return null_argument("nodeParams");
  Context* context = parameters->ctx != nullptr ? lookup<Context>(parameters->ctx) : current_context();
  if (context == nullptr) {
    return fail(CUDA_ERROR_INVALID_CONTEXT, "no context is current on this thread, or the one given is none");
  }
  const auto* kernel = dynamic_cast<const KernelWork*>(step.work.get());
  return make_kernel_work(*context, *parameters, kernel != nullptr && kernel->cooperative(), work);
}

CUresult set_child(Program::Step* step, CUgraph handle) {
  const Graph* child = lookup<Graph>(handle);
  if (child == nullptr) return bad_handle("child graph", handle);
  CUgraphNode bad_node = nullptr;
  std::shared_ptr<Program> program = Program::make(*child, &bad_node);
  if (program == nullptr) return fail(CUDA_ERROR_INVALID_VALUE, "nodes of the graph wait for each other in a circle");
  // The nodes keep the names they had when the whole was instantiated.
  const std::vector<Program::Step>& old = step->child->steps;
  bool same = program->steps.size() == old.size();
  for (size_t i = 0; same && i < old.size(); ++i) {
    Program::Step& changed = program->steps[i];
    same = changed.dependencies == old[i].dependencies && (changed.child == nullptr) == (old[i].child == nullptr) &&
           (changed.child != nullptr || changed.work->type() == old[i].work->type());
    changed.node = old[i].node;
  }
  if (!same) return fail(CUDA_ERROR_INVALID_VALUE, "the new child graph has other nodes or edges than the old one");
  step->child = std::move(program);
  return CUDA_SUCCESS;
}

bool can_be_disabled(const Program::Step& step) {
  if (step.child != nullptr) return false;
  const CUgraphNodeType type = step.work->type();
  return type == CU_GRAPH_NODE_TYPE_KERNEL || type == CU_GRAPH_NODE_TYPE_MEMSET || type == CU_GRAPH_NODE_TYPE_MEMCPY;
}

// Whether an executable graph can take over the works of another graph; says where not.
CUgraphExecUpdateResult compare(const Program& old, const Program& changed, CUgraphNode* error_node) {
  if (old.steps.size() != changed.steps.size()) return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
  for (size_t i = 0; i < old.steps.size(); ++i) {
    const Program::Step& a = old.steps[i];
    const Program::Step& b = changed.steps[i];
    *error_node = b.node;
    if (a.dependencies != b.dependencies) return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    if ((a.child == nullptr) != (b.child == nullptr)) return CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
    if (a.child != nullptr) {
      const CUgraphExecUpdateResult result = compare(*a.child, *b.child, error_node);
      if (result != CU_GRAPH_EXEC_UPDATE_SUCCESS) return result;
    } else if (a.work->type() != b.work->type()) {
      return CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
    } else if (a.work->type() == CU_GRAPH_NODE_TYPE_MEM_ALLOC && a.work != b.work) {
      return CU_GRAPH_EXEC_UPDATE_ERROR_PARAMETERS_CHANGED;
    }
  }
  *error_node = nullptr;
  return CU_GRAPH_EXEC_UPDATE_SUCCESS;
}

// The changed program under the old one's node names and enabled marks.
void keep_names(const Program& old, Program* changed) {
  for (size_t i = 0; i < old.steps.size(); ++i) {
    Program::Step& step = changed->steps[i];
    step.node = old.steps[i].node;
    step.enabled = old.steps[i].enabled;
    if (step.child == nullptr) continue;
    auto child = std::make_shared<Program>(*step.child);
    keep_names(*old.steps[i].child, child.get());
    step.child = std::move(child);
  }
}

CUresult update(const char* function, CUgraphExec handle, CUgraph graph_handle, CUgraphExecUpdateResult* result,
                CUgraphNode* error_node) {
  return with_exec(function, handle, [&](GraphExec& exec) {
    const Graph* graph = lookup<Graph>(graph_handle);
    if (graph == nullptr) return bad_handle("graph", graph_handle);
    std::shared_ptr<Program> changed = Program::make(*graph, error_node);
    *result = changed == nullptr ? CU_GRAPH_EXEC_UPDATE_ERROR : compare(*exec.program, *changed, error_node);
    if (*result != CU_GRAPH_EXEC_UPDATE_SUCCESS) {
      return fail(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE,
                  "the graph's nodes or edges are not those the executable graph was made with (result " +
                      std::to_string(static_cast<int>(*result)) + "); instantiate it anew");
    }
    keep_names(*exec.program, changed.get());
    exec.program = std::move(changed);
    return CUDA_SUCCESS;
  });
}

// Found under the mutex, but appended to the stream without it: a stream may be full and its worker need the mutex.
CUresult find_program(CUgraphExec handle, std::shared_ptr<const Program>* program,
                      std::shared_ptr<GraphExec::Order>* order) {
  std::lock_guard lock(graph_mutex());
  const GraphExec* exec = lookup<GraphExec>(handle);
  if (exec == nullptr) return bad_handle("executable graph", handle);
  *program = exec->program;
  *order = exec->order;
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuGraphInstantiateWithFlags(CUgraphExec* phGraphExec, CUgraph hGraph, unsigned long long flags) {
  CPU_COUNT_CALL();
  return instantiate_plainly(__func__, phGraphExec, hGraph, flags);
}

CUresult cuGraphInstantiateWithParams(CUgraphExec* phGraphExec, CUgraph hGraph,
                                      CUDA_GRAPH_INSTANTIATE_PARAMS* instantiateParams) {
  CPU_COUNT_CALL();
  set_function(__func__);
  if (instantiateParams == nullptr) return null_argument("instantiateParams");
  instantiateParams->result_out = CUDA_GRAPH_INSTANTIATE_ERROR;
  instantiateParams->hErrNode_out = nullptr;
  const CUresult status = instantiate(__func__, phGraphExec, hGraph, instantiateParams->flags,
                                      &instantiateParams->hErrNode_out, &instantiateParams->result_out);
  if (status != CUDA_SUCCESS || (instantiateParams->flags & CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD) == 0) return status;
  return cuGraphUpload(*phGraphExec, instantiateParams->hUploadStream);
}

CUresult cuGraphInstantiate(CUgraphExec* phGraphExec, CUgraph hGraph, CUgraphNode* phErrorNode, char* logBuffer,
                            size_t bufferSize) {
  CPU_COUNT_CALL();
  return instantiate_with_log(__func__, phGraphExec, hGraph, phErrorNode, logBuffer, bufferSize);
}

CUresult cuGraphInstantiate_v2(CUgraphExec* phGraphExec, CUgraph hGraph, CUgraphNode* phErrorNode, char* logBuffer,
                               size_t bufferSize) {
  CPU_COUNT_CALL();
  return instantiate_with_log(__func__, phGraphExec, hGraph, phErrorNode, logBuffer, bufferSize);
}

CUresult cuGraphExecGetFlags(CUgraphExec hGraphExec, cuuint64_t* flags) {
  CPU_COUNT_CALL();
  return with_exec(__func__, hGraphExec, [&](GraphExec& exec) {
    if (flags == nullptr) return null_argument("flags");
    // Of the flags, those which say how launches behave.
    *flags =
        exec.flags & (CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH | CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphExecDestroy(CUgraphExec hGraphExec) {
  CPU_COUNT_CALL();
  return with_exec(__func__, hGraphExec, [&](GraphExec&) {
    return release<GraphExec>(hGraphExec) ? CUDA_SUCCESS : bad_handle("executable graph", hGraphExec);
  });
}

// Everything a replay needs is there from the instantiation on.
CUresult cuGraphUpload(CUgraphExec hGraphExec, CUstream hStream) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    std::shared_ptr<const Program> program;
    std::shared_ptr<GraphExec::Order> order;
    const CUresult status = find_program(hGraphExec, &program, &order);
    if (status == CUDA_SUCCESS)
      stream.refuse_in_capture("a graph cannot be uploaded in a stream that is being captured");
    return status;
  });
}

CUresult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    std::shared_ptr<const Program> program;
    std::shared_ptr<GraphExec::Order> order;
    const CUresult status = find_program(hGraphExec, &program, &order);
    if (status != CUDA_SUCCESS) return status;
    if (stream.capturing()) {
      std::lock_guard lock(graph_mutex());
      stream.capture_work(std::make_shared<ChildWork>(*program->to_graph()));
    } else {
      launch(*order, std::move(program), stream);
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec hGraphExec, CUgraphNode hNode,
                                           const CUDA_KERNEL_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return set_step(__func__, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_KERNEL,
                  [&](Program::Step* step) { return make_kernel(*step, nodeParams, &step->work); });
}

CUresult cuGraphExecKernelNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                        const CUDA_KERNEL_NODE_PARAMS_v1* nodeParams) {
  if (nodeParams == nullptr) return cuGraphExecKernelNodeSetParams_v2(hGraphExec, hNode, nullptr);
  CUDA_KERNEL_NODE_PARAMS parameters{};
  std::memcpy(&parameters, nodeParams, sizeof(*nodeParams));
  return cuGraphExecKernelNodeSetParams_v2(hGraphExec, hNode, &parameters);
}

CUresult cuGraphExecMemcpyNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, const CUDA_MEMCPY3D* copyParams,
                                        CUcontext ctx) {
  CPU_COUNT_CALL();
  return set_step(__func__, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_MEMCPY, [&](Program::Step* step) {
    if (lookup<Context>(ctx) == nullptr) return fail(CUDA_ERROR_INVALID_CONTEXT, "ctx is no live context");
    return make_copy_work(copyParams, &step->work);
  });
}

CUresult cuGraphExecMemsetNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                        const CUDA_MEMSET_NODE_PARAMS* memsetParams, CUcontext ctx) {
  CPU_COUNT_CALL();
  return set_step(__func__, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_MEMSET, [&](Program::Step* step) {
    if (lookup<Context>(ctx) == nullptr) return fail(CUDA_ERROR_INVALID_CONTEXT, "ctx is no live context");
    return make_fill_work(memsetParams, &step->work);
  });
}

CUresult cuGraphExecHostNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                      const CUDA_HOST_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return set_step(__func__, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_HOST,
                  [&](Program::Step* step) { return make_host_work(nodeParams, &step->work); });
}

CUresult cuGraphExecChildGraphNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUgraph childGraph) {
  CPU_COUNT_CALL();
  return set_step(__func__, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_GRAPH,
                  [&](Program::Step* step) { return set_child(step, childGraph); });
}

CUresult cuGraphExecEventRecordNodeSetEvent(CUgraphExec hGraphExec, CUgraphNode hNode, CUevent event) {
  CPU_COUNT_CALL();
  return set_step(__func__, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_EVENT_RECORD,
                  [&](Program::Step* step) { return make_event_work(true, event, &step->work); });
}

CUresult cuGraphExecEventWaitNodeSetEvent(CUgraphExec hGraphExec, CUgraphNode hNode, CUevent event) {
  CPU_COUNT_CALL();
  return set_step(__func__, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_WAIT_EVENT,
                  [&](Program::Step* step) { return make_event_work(false, event, &step->work); });
}

CUresult cuGraphExecBatchMemOpNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                            const CUDA_BATCH_MEM_OP_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return set_step(__func__, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_BATCH_MEM_OP, [&](Program::Step* step) {
    if (nodeParams == nullptr) return null_argument("nodeParams");
    return make_memory_operations_work(nodeParams->count, nodeParams->paramArray, nodeParams->flags, &step->work);
  });
}

CUresult cuGraphExecNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, CUgraphNodeParams* nodeParams) {
  CPU_COUNT_CALL();
  set_function(__func__);
  if (nodeParams == nullptr) return null_argument("nodeParams");
  return set_step(__func__, hGraphExec, hNode, nodeParams->type, [&](Program::Step* step) {
    if (nodeParams->type == CU_GRAPH_NODE_TYPE_MEM_ALLOC || nodeParams->type == CU_GRAPH_NODE_TYPE_MEM_FREE) {
      return fail(CUDA_ERROR_NOT_SUPPORTED, "a memory node's parameters cannot be changed");
    }
    if (nodeParams->type == CU_GRAPH_NODE_TYPE_GRAPH) return set_child(step, nodeParams->graph.graph);
    return make_work(nodeParams, &step->work);
  });
}

CUresult cuGraphNodeSetEnabled(CUgraphExec hGraphExec, CUgraphNode hNode, unsigned int isEnabled) {
  CPU_COUNT_CALL();
  return with_exec(__func__, hGraphExec, [&](GraphExec& exec) {
    std::vector<size_t> path;
    if (hNode == nullptr || !exec.program->find(hNode, &path)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the executable graph was not made from a graph with this node");
    }
    Program::Step step = exec.program->at(path);
    if (!can_be_disabled(step)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "only kernel, memcpy and memset nodes can be enabled and disabled");
    }
    step.enabled = isEnabled != 0;
    exec.program = exec.program->replace(path, std::move(step));
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeGetEnabled(CUgraphExec hGraphExec, CUgraphNode hNode, unsigned int* isEnabled) {
  CPU_COUNT_CALL();
  return with_exec(__func__, hGraphExec, [&](GraphExec& exec) {
    if (isEnabled == nullptr) return null_argument("isEnabled");
    std::vector<size_t> path;
    if (hNode == nullptr || !exec.program->find(hNode, &path)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the executable graph was not made from a graph with this node");
    }
    const Program::Step& step = exec.program->at(path);
    if (!can_be_disabled(step)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "only kernel, memcpy and memset nodes can be enabled and disabled");
    }
    *isEnabled = step.enabled;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphExecUpdate_v2(CUgraphExec hGraphExec, CUgraph hGraph, CUgraphExecUpdateResultInfo* resultInfo) {
  CPU_COUNT_CALL();
  set_function(__func__);
  if (resultInfo == nullptr) return null_argument("resultInfo");
  *resultInfo = {CU_GRAPH_EXEC_UPDATE_ERROR, nullptr, nullptr};
  return update(__func__, hGraphExec, hGraph, &resultInfo->result, &resultInfo->errorNode);
}

CUresult cuGraphExecUpdate(CUgraphExec hGraphExec, CUgraph hGraph, CUgraphNode* hErrorNode_out,
                           CUgraphExecUpdateResult* updateResult_out) {
  CPU_COUNT_CALL();
  set_function(__func__);
  if (hErrorNode_out == nullptr || updateResult_out == nullptr) return null_argument("an answer's place");
  *hErrorNode_out = nullptr;
  *updateResult_out = CU_GRAPH_EXEC_UPDATE_ERROR;
  return update(__func__, hGraphExec, hGraph, updateResult_out, hErrorNode_out);
}
