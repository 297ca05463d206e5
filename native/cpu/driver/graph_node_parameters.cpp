// A node's parameters as one struct for every kind of node.
#include <cstring>

#include "driver/graph_nodes.h"
#include "driver/launch.h"
#include "driver/memory_copy.h"
#include "driver/memory_pool.h"
#include "driver/memory_set.h"
#include "driver/stream_memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

CUresult unreadable(const char* why) { return fail(CUDA_ERROR_NOT_SUPPORTED, why); }

CUresult read_parameters(const GraphNode& node, CUgraphNodeParams* answer) {
  const NodeWork& work = *node.work;
  if (const auto* kernel = dynamic_cast<const KernelWork*>(&work)) {
    const CUDA_KERNEL_NODE_PARAMS parameters = kernel->parameters();
    static_assert(sizeof(parameters) == sizeof(answer->kernel), "the two structs are the same");
    std::memcpy(&answer->kernel, &parameters, sizeof(parameters));
    return CUDA_SUCCESS;
  }
  if (const auto* copy = dynamic_cast<const CopyWork*>(&work)) {
    answer->memcpy.copyParams = copy->parameters();
    return CUDA_SUCCESS;
  }
  if (const auto* fill = dynamic_cast<const FillWork*>(&work)) {
    const FillShape& shape = fill->shape();
    answer->memset = {shape.address, shape.pitch, shape.value, shape.element, shape.width, shape.height, nullptr};
    return CUDA_SUCCESS;
  }
  if (const auto* host = dynamic_cast<const HostWork*>(&work)) {
    answer->host.fn = host->parameters().fn;
    answer->host.userData = host->parameters().userData;
    return CUDA_SUCCESS;
  }
  if (const auto* event = dynamic_cast<const EventWork*>(&work)) {
    (work.type() == CU_GRAPH_NODE_TYPE_EVENT_RECORD ? answer->eventRecord.event : answer->eventWait.event) =
        event->handle();
    return CUDA_SUCCESS;
  }
  if (const auto* allocation = dynamic_cast<const AllocationWork*>(&work)) {
    const CUDA_MEM_ALLOC_NODE_PARAMS& p = allocation->parameters();
    answer->alloc = {p.poolProps, p.accessDescs, p.accessDescCount, p.bytesize, p.dptr};
    return CUDA_SUCCESS;
  }
  if (const auto* release = dynamic_cast<const FreeWork*>(&work)) {
    answer->free.dptr = release->address();
    return CUDA_SUCCESS;
  }
  if (const auto* operations = dynamic_cast<const MemoryOperationsWork*>(&work)) {
    const CUDA_BATCH_MEM_OP_NODE_PARAMS p = operations->parameters();
    answer->memOp = {p.ctx, p.count, p.paramArray, p.flags};
    return CUDA_SUCCESS;
  }
  if (work.child() != nullptr) {
    answer->graph.graph = work.child();
    answer->graph.ownership = CU_GRAPH_CHILD_GRAPH_OWNERSHIP_CLONE;
    return CUDA_SUCCESS;
  }
  return work.type() == CU_GRAPH_NODE_TYPE_EMPTY
             ? CUDA_SUCCESS
             : unreadable("the node is a library's operation, whose parameters are the library's");
}

}  // namespace

CUresult cuGraphNodeGetParams(CUgraphNode hNode, CUgraphNodeParams* nodeParams) {
  CPU_COUNT_CALL();
  return with_node(__func__, hNode, [&](GraphNode& node) {
    if (nodeParams == nullptr) return null_argument("nodeParams");
    std::memset(nodeParams, 0, sizeof(*nodeParams));
    nodeParams->type = node.work->type();
    return read_parameters(node, nodeParams);
  });
}

// The newest symbols take the same parameters as those before.
CUresult cuGraphNodeSetParams_v2(CUgraphNode hNode, CUgraphNodeParams* nodeParams) {
  return cuGraphNodeSetParams(hNode, nodeParams);
}

CUresult cuGraphAddNode_v3(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                           const CUgraphEdgeData* dependencyData, size_t numDependencies,
                           CUgraphNodeParams* nodeParams) {
  return cuGraphAddNode_v2(phGraphNode, hGraph, dependencies, dependencyData, numDependencies, nodeParams);
}
