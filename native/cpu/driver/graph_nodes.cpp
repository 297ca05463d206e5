// Making nodes by hand, and reading and changing their parameters.
#include "driver/graph_nodes.h"

#include <algorithm>
#include <cstring>

#include "driver/launch.h"
#include "driver/memory_copy.h"
#include "driver/memory_pool.h"
#include "driver/memory_set.h"
#include "driver/stream_memory.h"
#include "engine/memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

using Work = std::shared_ptr<const NodeWork>;

CUresult wrong_type(const GraphNode& node, const char* wanted) {
  return fail(CUDA_ERROR_INVALID_VALUE,
              std::string("the node is a ") + name_of(node.work->type()) + " node, not a " + wanted + " node");
}

// Adds a node whose work `make` makes.
template <class Make>
CUresult add_node(const char* function, CUgraphNode* answer, CUgraph handle, const CUgraphNode* dependencies,
                  size_t count, const Make& make, const CUgraphEdgeData* edges = nullptr) {
  return with_graph(function, handle, [&](Graph& graph) {
    if (answer == nullptr) return null_argument("phGraphNode");
    std::vector<GraphNode*> nodes;
    CUresult status = read_nodes(graph, dependencies, count, &nodes);
    if (status == CUDA_SUCCESS) status = check_edges(edges, count);
    for (size_t i = 0; status == CUDA_SUCCESS && i < nodes.size(); ++i) {
      if (std::find(nodes.begin(), nodes.begin() + static_cast<ptrdiff_t>(i), nodes[i]) ==
          nodes.begin() + static_cast<ptrdiff_t>(i)) {
        continue;
      }
      status = fail(CUDA_ERROR_INVALID_VALUE, "dependency " + std::to_string(i) + " is in the array twice");
    }
    Work work;
    if (status == CUDA_SUCCESS) status = make(&work);
    if (status == CUDA_SUCCESS) *answer = graph.add(std::move(work), nodes)->handle;
    return status;
  });
}

// Reads from a node's work of one kind.
template <class Kind, class Read>
CUresult read_node(const char* function, CUgraphNode handle, const void* answer, const char* kind, const Read& read) {
  return with_node(function, handle, [&](GraphNode& node) {
    if (answer == nullptr) return null_argument("the answer's place");
    const auto* work = dynamic_cast<const Kind*>(node.work.get());
    if (work == nullptr) return wrong_type(node, kind);
    read(*work);
    return CUDA_SUCCESS;
  });
}

// Puts other work of the same kind into a node.
template <class Make>
CUresult set_node(const char* function, CUgraphNode handle, CUgraphNodeType type, const Make& make) {
  return with_node(function, handle, [&](GraphNode& node) {
    if (node.work->type() != type) return wrong_type(node, name_of(type));
    Work work;
    const CUresult status = make(&work);
    if (status == CUDA_SUCCESS) node.work = std::move(work);
    return status;
  });
}

CUresult make_kernel(const CUDA_KERNEL_NODE_PARAMS* parameters, Work* work, bool cooperative = false) {
  if (parameters == nullptr) return null_argument("nodeParams");
  Context* context = parameters->ctx != nullptr ? lookup<Context>(parameters->ctx) : current_context();
  if (context == nullptr) {
    return fail(CUDA_ERROR_INVALID_CONTEXT, "no context is current on this thread, or the one given is none");
  }
  return make_kernel_work(*context, *parameters, cooperative, work);
}

CUDA_KERNEL_NODE_PARAMS newer(const CUDA_KERNEL_NODE_PARAMS_v1& old) {
  return {old.func,      old.gridDimX,       old.gridDimY,     old.gridDimZ, old.blockDimX, old.blockDimY,
          old.blockDimZ, old.sharedMemBytes, old.kernelParams, old.extra,    nullptr,       nullptr};
}

CUresult make_child(CUgraph handle, Work* work) {
  Graph* child = lookup<Graph>(handle);
  if (child == nullptr) return bad_handle("child graph", handle);
  *work = std::make_shared<ChildWork>(*child->clone());
  return CUDA_SUCCESS;
}

CUresult make_allocation(CUDA_MEM_ALLOC_NODE_PARAMS* parameters, Work* work) {
  if (parameters == nullptr) return null_argument("nodeParams");
  return make_allocation_work(parameters, work);
}

CUresult refuse_kind(const char* function, const char* kind) {
  set_function(function);
  return fail(CUDA_ERROR_NOT_SUPPORTED, std::string("the CPU device has no ") + kind + " nodes");
}

template <class T>
bool cooperative_of(const T& node) {
  const auto* kernel = dynamic_cast<const KernelWork*>(node.work.get());
  return kernel != nullptr && kernel->cooperative();
}

}  // namespace

namespace cpu::driver {

std::string HostWork::description() const {
  return "function " + hexadecimal(reinterpret_cast<uintptr_t>(parameters_.fn));
}

CUresult make_host_work(const CUDA_HOST_NODE_PARAMS* parameters, Work* work) {
  if (parameters == nullptr || parameters->fn == nullptr) return null_argument("nodeParams or its function");
  *work = std::make_shared<HostWork>(*parameters);
  return CUDA_SUCCESS;
}

CUresult make_copy_work(const CUDA_MEMCPY3D* parameters, Work* work) {
  End destination{};
  End source{};
  CopyShape shape{};
  CheckedEnds ends;
  CUresult status = read_copy(parameters, &destination, &source, &shape);
  if (status == CUDA_SUCCESS && shape.empty()) {
    status = fail(CUDA_ERROR_INVALID_VALUE, "the copy has no bytes: a width, height or depth is 0");
  }
  if (status == CUDA_SUCCESS) status = check_copy(destination, source, shape, &ends);
  if (status == CUDA_SUCCESS) *work = std::make_shared<CopyWork>(destination, source, shape);
  return status;
}

CUresult make_fill_work(const CUDA_MEMSET_NODE_PARAMS* parameters, Work* work) {
  if (parameters == nullptr) return null_argument("memsetParams");
  const CUDA_MEMSET_NODE_PARAMS& p = *parameters;
  if (p.width == 0 || p.height == 0)
    return fail(CUDA_ERROR_INVALID_VALUE, "the fill has no values: width or height is 0");
  const FillShape shape{p.dst, p.pitch, p.value, p.elementSize, p.width, p.height};
  std::shared_ptr<Backing> kept;
  const CUresult status = check_fill(shape, &kept);
  if (status == CUDA_SUCCESS) *work = std::make_shared<FillWork>(shape);
  return status;
}

CUresult make_event_work(bool record, CUevent handle, Work* work) {
  const Event* event = lookup<Event>(handle);
  if (event == nullptr) return bad_handle("event", handle);
  *work = std::make_shared<EventWork>(record, handle, event->state);
  return CUDA_SUCCESS;
}

CUresult make_work(CUgraphNodeParams* parameters, Work* work) {
  if (parameters == nullptr) return null_argument("nodeParams");
  switch (static_cast<int>(parameters->type)) {
    case CU_GRAPH_NODE_TYPE_KERNEL: {
      CUDA_KERNEL_NODE_PARAMS kernel;
      static_assert(sizeof(kernel) == sizeof(parameters->kernel), "the two structs are the same");
      std::memcpy(&kernel, &parameters->kernel, sizeof(kernel));
      return make_kernel(&kernel, work);
    }
    case CU_GRAPH_NODE_TYPE_MEMCPY:
      return make_copy_work(&parameters->memcpy.copyParams, work);
    case CU_GRAPH_NODE_TYPE_MEMSET: {
      const CUDA_MEMSET_NODE_PARAMS_v2& p = parameters->memset;
      const CUDA_MEMSET_NODE_PARAMS fill{p.dst, p.pitch, p.value, p.elementSize, p.width, p.height};
      return make_fill_work(&fill, work);
    }
    case CU_GRAPH_NODE_TYPE_HOST: {
      const CUDA_HOST_NODE_PARAMS host{parameters->host.fn, parameters->host.userData};
      return make_host_work(&host, work);
    }
    case CU_GRAPH_NODE_TYPE_GRAPH:
      if (parameters->graph.ownership != CU_GRAPH_CHILD_GRAPH_OWNERSHIP_CLONE) {
        return fail(CUDA_ERROR_NOT_SUPPORTED, "a child graph is copied into its node; moving one is not supported");
      }
      return make_child(parameters->graph.graph, work);
    case CU_GRAPH_NODE_TYPE_EMPTY:
      *work = std::make_shared<EmptyWork>();
      return CUDA_SUCCESS;
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      return make_event_work(false, parameters->eventWait.event, work);
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      return make_event_work(true, parameters->eventRecord.event, work);
    case CU_GRAPH_NODE_TYPE_MEM_ALLOC: {
      CUDA_MEM_ALLOC_NODE_PARAMS_v2& p = parameters->alloc;
      CUDA_MEM_ALLOC_NODE_PARAMS allocation{p.poolProps, p.accessDescs, p.accessDescCount, p.bytesize, 0};
      const CUresult status = make_allocation_work(&allocation, work);
      p.dptr = allocation.dptr;
      return status;
    }
    case CU_GRAPH_NODE_TYPE_MEM_FREE:
      return make_free_work(parameters->free.dptr, work);
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
      return make_memory_operations_work(parameters->memOp.count, parameters->memOp.paramArray, parameters->memOp.flags,
                                         work);
    default:
      return fail(CUDA_ERROR_NOT_SUPPORTED,
                  "the CPU device has no nodes of type " + std::to_string(static_cast<int>(parameters->type)));
  }
}

}  // namespace cpu::driver

CUresult cuGraphAddKernelNode_v2(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                 size_t numDependencies, const CUDA_KERNEL_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies,
                  [&](Work* work) { return make_kernel(nodeParams, work); });
}

CUresult cuGraphAddKernelNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                              size_t numDependencies, const CUDA_KERNEL_NODE_PARAMS_v1* nodeParams) {
  if (nodeParams == nullptr)
    return cuGraphAddKernelNode_v2(phGraphNode, hGraph, dependencies, numDependencies, nullptr);
  const CUDA_KERNEL_NODE_PARAMS parameters = newer(*nodeParams);
  return cuGraphAddKernelNode_v2(phGraphNode, hGraph, dependencies, numDependencies, &parameters);
}

CUresult cuGraphKernelNodeGetParams_v2(CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return read_node<KernelWork>(__func__, hNode, nodeParams, "kernel with parameters of its own",
                               [&](const KernelWork& work) { *nodeParams = work.parameters(); });
}

CUresult cuGraphKernelNodeGetParams(CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS_v1* nodeParams) {
  CPU_COUNT_CALL();
  return read_node<KernelWork>(__func__, hNode, nodeParams, "kernel with parameters of its own",
                               [&](const KernelWork& work) {
                                 const CUDA_KERNEL_NODE_PARAMS parameters = work.parameters();
                                 std::memcpy(nodeParams, &parameters, sizeof(*nodeParams));
                               });
}

CUresult cuGraphKernelNodeSetParams_v2(CUgraphNode hNode, const CUDA_KERNEL_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return set_node(__func__, hNode, CU_GRAPH_NODE_TYPE_KERNEL,
                  [&](Work* work) { return make_kernel(nodeParams, work, cooperative_of(*lookup<GraphNode>(hNode))); });
}

CUresult cuGraphKernelNodeSetParams(CUgraphNode hNode, const CUDA_KERNEL_NODE_PARAMS_v1* nodeParams) {
  if (nodeParams == nullptr) return cuGraphKernelNodeSetParams_v2(hNode, nullptr);
  const CUDA_KERNEL_NODE_PARAMS parameters = newer(*nodeParams);
  return cuGraphKernelNodeSetParams_v2(hNode, &parameters);
}

// Attributes of kernel nodes are kept; none of those that are accepted changes what a kernel does.
CUresult cuGraphKernelNodeGetAttribute(CUgraphNode hNode, CUkernelNodeAttrID attr, CUkernelNodeAttrValue* value_out) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (value_out == nullptr) return null_argument("value_out");
    if (node.work->type() != CU_GRAPH_NODE_TYPE_KERNEL) return wrong_type(node, "kernel");
    std::memset(value_out, 0, sizeof(*value_out));
    if (attr == CU_LAUNCH_ATTRIBUTE_COOPERATIVE) {
      value_out->cooperative = cooperative_of(node);
      return CUDA_SUCCESS;
    }
    for (const CUlaunchAttribute& attribute : node.attributes) {
      if (attribute.id == attr) *value_out = attribute.value;
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphKernelNodeSetAttribute(CUgraphNode hNode, CUkernelNodeAttrID attr, const CUkernelNodeAttrValue* value) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (value == nullptr) return null_argument("value");
    if (node.work->type() != CU_GRAPH_NODE_TYPE_KERNEL) return wrong_type(node, "kernel");
    CUlaunchAttribute attribute{};
    attribute.id = attr;
    attribute.value = *value;
    bool cooperative = false;
    if (const CUresult status = read_attribute(attribute, &cooperative); status != CUDA_SUCCESS) return status;
    if (cooperative && !cooperative_of(node)) {
      const auto* kernel = dynamic_cast<const KernelWork*>(node.work.get());
      if (kernel == nullptr) return wrong_type(node, "kernel with parameters of its own");
      const CUDA_KERNEL_NODE_PARAMS parameters = kernel->parameters();
      Work work;
      const CUresult status = make_kernel(&parameters, &work, true);
      if (status == CUDA_SUCCESS) node.work = std::move(work);
      return status;
    }
    std::erase_if(node.attributes, [&](const CUlaunchAttribute& known) { return known.id == attr; });
    node.attributes.push_back(attribute);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphKernelNodeCopyAttributes(CUgraphNode dst, CUgraphNode src) {
  CPU_COUNT_CALL();
  return with_node(__func__, dst, [&](GraphNode& to) {
    const GraphNode* from = lookup<GraphNode>(src);
    if (from == nullptr) return bad_handle("graph node", src);
    for (const GraphNode* node : {from, static_cast<const GraphNode*>(&to)}) {
      if (node->work->type() != CU_GRAPH_NODE_TYPE_KERNEL) return wrong_type(*node, "kernel");
    }
    to.attributes = std::vector<CUlaunchAttribute>(from->attributes);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphAddMemcpyNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                              size_t numDependencies, const CUDA_MEMCPY3D* copyParams, CUcontext ctx) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies, [&](Work* work) {
    if (lookup<Context>(ctx) == nullptr) return fail(CUDA_ERROR_INVALID_CONTEXT, "ctx is no live context");
    return make_copy_work(copyParams, work);
  });
}

CUresult cuGraphMemcpyNodeGetParams(CUgraphNode hNode, CUDA_MEMCPY3D* nodeParams) {
  CPU_COUNT_CALL();
  return read_node<CopyWork>(__func__, hNode, nodeParams, "memcpy",
                             [&](const CopyWork& work) { *nodeParams = work.parameters(); });
}

CUresult cuGraphMemcpyNodeSetParams(CUgraphNode hNode, const CUDA_MEMCPY3D* nodeParams) {
  CPU_COUNT_CALL();
  return set_node(__func__, hNode, CU_GRAPH_NODE_TYPE_MEMCPY,
                  [&](Work* work) { return make_copy_work(nodeParams, work); });
}

CUresult cuGraphAddMemsetNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                              size_t numDependencies, const CUDA_MEMSET_NODE_PARAMS* memsetParams, CUcontext ctx) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies, [&](Work* work) {
    if (lookup<Context>(ctx) == nullptr) return fail(CUDA_ERROR_INVALID_CONTEXT, "ctx is no live context");
    return make_fill_work(memsetParams, work);
  });
}

CUresult cuGraphMemsetNodeGetParams(CUgraphNode hNode, CUDA_MEMSET_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return read_node<FillWork>(__func__, hNode, nodeParams, "memset", [&](const FillWork& work) {
    const FillShape& shape = work.shape();
    *nodeParams = {shape.address, shape.pitch, shape.value, shape.element, shape.width, shape.height};
  });
}

CUresult cuGraphMemsetNodeSetParams(CUgraphNode hNode, const CUDA_MEMSET_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return set_node(__func__, hNode, CU_GRAPH_NODE_TYPE_MEMSET,
                  [&](Work* work) { return make_fill_work(nodeParams, work); });
}

CUresult cuGraphAddHostNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                            size_t numDependencies, const CUDA_HOST_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies,
                  [&](Work* work) { return make_host_work(nodeParams, work); });
}

CUresult cuGraphHostNodeGetParams(CUgraphNode hNode, CUDA_HOST_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return read_node<HostWork>(__func__, hNode, nodeParams, "host",
                             [&](const HostWork& work) { *nodeParams = work.parameters(); });
}

CUresult cuGraphHostNodeSetParams(CUgraphNode hNode, const CUDA_HOST_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return set_node(__func__, hNode, CU_GRAPH_NODE_TYPE_HOST,
                  [&](Work* work) { return make_host_work(nodeParams, work); });
}

CUresult cuGraphAddChildGraphNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                  size_t numDependencies, CUgraph childGraph) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies,
                  [&](Work* work) { return make_child(childGraph, work); });
}

CUresult cuGraphChildGraphNodeGetGraph(CUgraphNode hNode, CUgraph* phGraph) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (phGraph == nullptr) return null_argument("phGraph");
    if (node.work->child() == nullptr) return wrong_type(node, "child graph");
    *phGraph = node.work->child();
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphAddEmptyNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                             size_t numDependencies) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies, [&](Work* work) {
    *work = std::make_shared<EmptyWork>();
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphAddEventRecordNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                   size_t numDependencies, CUevent event) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies,
                  [&](Work* work) { return make_event_work(true, event, work); });
}

CUresult cuGraphEventRecordNodeGetEvent(CUgraphNode hNode, CUevent* event_out) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (event_out == nullptr) return null_argument("event_out");
    if (node.work->type() != CU_GRAPH_NODE_TYPE_EVENT_RECORD) return wrong_type(node, "event record");
    *event_out = static_cast<const EventWork*>(node.work.get())->handle();
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphEventRecordNodeSetEvent(CUgraphNode hNode, CUevent event) {
  CPU_COUNT_CALL();
  return set_node(__func__, hNode, CU_GRAPH_NODE_TYPE_EVENT_RECORD,
                  [&](Work* work) { return make_event_work(true, event, work); });
}

CUresult cuGraphAddEventWaitNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                 size_t numDependencies, CUevent event) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies,
                  [&](Work* work) { return make_event_work(false, event, work); });
}

CUresult cuGraphEventWaitNodeGetEvent(CUgraphNode hNode, CUevent* event_out) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (event_out == nullptr) return null_argument("event_out");
    if (node.work->type() != CU_GRAPH_NODE_TYPE_WAIT_EVENT) return wrong_type(node, "event wait");
    *event_out = static_cast<const EventWork*>(node.work.get())->handle();
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphEventWaitNodeSetEvent(CUgraphNode hNode, CUevent event) {
  CPU_COUNT_CALL();
  return set_node(__func__, hNode, CU_GRAPH_NODE_TYPE_WAIT_EVENT,
                  [&](Work* work) { return make_event_work(false, event, work); });
}

CUresult cuGraphAddMemAllocNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                size_t numDependencies, CUDA_MEM_ALLOC_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies,
                  [&](Work* work) { return make_allocation(nodeParams, work); });
}

CUresult cuGraphMemAllocNodeGetParams(CUgraphNode hNode, CUDA_MEM_ALLOC_NODE_PARAMS* params_out) {
  CPU_COUNT_CALL();
  return read_node<AllocationWork>(__func__, hNode, params_out, "memory allocation",
                                   [&](const AllocationWork& work) { *params_out = work.parameters(); });
}

CUresult cuGraphAddMemFreeNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                               size_t numDependencies, CUdeviceptr dptr) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies,
                  [&](Work* work) { return make_free_work(dptr, work); });
}

CUresult cuGraphMemFreeNodeGetParams(CUgraphNode hNode, CUdeviceptr* dptr_out) {
  CPU_COUNT_CALL();
  return read_node<FreeWork>(__func__, hNode, dptr_out, "memory free",
                             [&](const FreeWork& work) { *dptr_out = work.address(); });
}

CUresult cuGraphAddBatchMemOpNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                  size_t numDependencies, const CUDA_BATCH_MEM_OP_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return add_node(__func__, phGraphNode, hGraph, dependencies, numDependencies, [&](Work* work) {
    if (nodeParams == nullptr) return null_argument("nodeParams");
    return make_memory_operations_work(nodeParams->count, nodeParams->paramArray, nodeParams->flags, work);
  });
}

CUresult cuGraphBatchMemOpNodeGetParams(CUgraphNode hNode, CUDA_BATCH_MEM_OP_NODE_PARAMS* nodeParams_out) {
  CPU_COUNT_CALL();
  return read_node<MemoryOperationsWork>(
      __func__, hNode, nodeParams_out, "memory operations",
      [&](const MemoryOperationsWork& work) { *nodeParams_out = work.parameters(); });
}

CUresult cuGraphBatchMemOpNodeSetParams(CUgraphNode hNode, const CUDA_BATCH_MEM_OP_NODE_PARAMS* nodeParams) {
  CPU_COUNT_CALL();
  return set_node(__func__, hNode, CU_GRAPH_NODE_TYPE_BATCH_MEM_OP, [&](Work* work) {
    if (nodeParams == nullptr) return null_argument("nodeParams");
    return make_memory_operations_work(nodeParams->count, nodeParams->paramArray, nodeParams->flags, work);
  });
}

CUresult cuGraphAddNode_v2(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                           const CUgraphEdgeData* dependencyData, size_t numDependencies,
                           CUgraphNodeParams* nodeParams) {
  CPU_COUNT_CALL();
  return add_node(
      __func__, phGraphNode, hGraph, dependencies, numDependencies,
      [&](Work* work) { return make_work(nodeParams, work); }, dependencyData);
}

CUresult cuGraphAddNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                        size_t numDependencies, CUgraphNodeParams* nodeParams) {
  return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, nullptr, numDependencies, nodeParams);
}

CUresult cuGraphNodeSetParams(CUgraphNode hNode, CUgraphNodeParams* nodeParams) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (nodeParams == nullptr) return null_argument("nodeParams");
    if (node.work->type() != nodeParams->type) return wrong_type(node, name_of(nodeParams->type));
    if (nodeParams->type == CU_GRAPH_NODE_TYPE_MEM_ALLOC || nodeParams->type == CU_GRAPH_NODE_TYPE_MEM_FREE) {
      return fail(CUDA_ERROR_NOT_SUPPORTED, "a memory node's parameters cannot be changed");
    }
    Work work;
    const CUresult status = make_work(nodeParams, &work);
    if (status == CUDA_SUCCESS) node.work = std::move(work);
    return status;
  });
}

CUresult cuGraphConditionalHandleCreate(CUgraphConditionalHandle*, CUgraph, CUcontext, unsigned int, unsigned int) {
  return refuse_kind(__func__, "conditional");
}
