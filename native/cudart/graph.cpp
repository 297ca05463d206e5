// Graphs as wholes: what holds for nodes of every kind, instantiation, replay and change.
#include "graph.h"

using namespace cudart;

cudaError_t cudaGraphCreate(cudaGraph_t* pGraph, unsigned int flags) {
  return in_context([&] { return cuGraphCreate(pGraph, flags); });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return in_context([&] { return cuGraphDestroy(graph); });
}

cudaError_t cudaGraphClone(cudaGraph_t* pGraphClone, cudaGraph_t originalGraph) {
  return in_context([&] { return cuGraphClone(pGraphClone, originalGraph); });
}

cudaError_t cudaGraphNodeFindInClone(cudaGraphNode_t* pNode, cudaGraphNode_t originalNode, cudaGraph_t clonedGraph) {
  return in_context([&] { return cuGraphNodeFindInClone(pNode, originalNode, clonedGraph); });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, enum cudaGraphNodeType* pType) {
  return in_context([&] { return cuGraphNodeGetType(node, same_layout<CUgraphNodeType*>(pType)); });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* numNodes) {
  return in_context([&] { return cuGraphGetNodes(graph, nodes, numNodes); });
}

cudaError_t cudaGraphGetRootNodes(cudaGraph_t graph, cudaGraphNode_t* pRootNodes, size_t* pNumRootNodes) {
  return in_context([&] { return cuGraphGetRootNodes(graph, pRootNodes, pNumRootNodes); });
}

cudaError_t cudaGraphDestroyNode(cudaGraphNode_t node) {
  return in_context([&] { return cuGraphDestroyNode(node); });
}

namespace {

CUgraphEdgeData* driver_edges(cudaGraphEdgeData* edges) { return same_layout<CUgraphEdgeData*>(edges); }
const CUgraphEdgeData* driver_edges(const cudaGraphEdgeData* edges) {
  return same_layout<const CUgraphEdgeData*>(edges);
}

cudaError_t get_edges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, cudaGraphEdgeData* edges,
                      size_t* count) {
  return in_context([&] { return cuGraphGetEdges_v2(graph, from, to, driver_edges(edges), count); });
}

cudaError_t get_dependencies(cudaGraphNode_t node, cudaGraphNode_t* nodes, cudaGraphEdgeData* edges, size_t* count) {
  return in_context([&] { return cuGraphNodeGetDependencies_v2(node, nodes, driver_edges(edges), count); });
}

cudaError_t get_dependents(cudaGraphNode_t node, cudaGraphNode_t* nodes, cudaGraphEdgeData* edges, size_t* count) {
  return in_context([&] { return cuGraphNodeGetDependentNodes_v2(node, nodes, driver_edges(edges), count); });
}

cudaError_t add_dependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                             const cudaGraphEdgeData* edges, size_t count) {
  return in_context([&] { return cuGraphAddDependencies_v2(graph, from, to, driver_edges(edges), count); });
}

cudaError_t remove_dependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                const cudaGraphEdgeData* edges, size_t count) {
  return in_context([&] { return cuGraphRemoveDependencies_v2(graph, from, to, driver_edges(edges), count); });
}

cudaError_t add_node(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                     const cudaGraphEdgeData* edges, size_t count, cudaGraphNodeParams* parameters) {
  return in_context([&]() -> cudaError_t {
    CUgraphNodeParams own;
    if (const cudaError_t error = read_node(parameters, &own); error != cudaSuccess) return error;
    const CUresult status = cuGraphAddNode_v2(node, graph, dependencies, driver_edges(edges), count, &own);
    if (status == CUDA_SUCCESS) write_results(own, parameters);
    return error_of(status);
  });
}

}  // namespace

#if CUDART_MAJOR == 12
cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, size_t* numEdges) {
  return get_edges(graph, from, to, nullptr, numEdges);
}

cudaError_t cudaGraphGetEdges_v2(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                                 cudaGraphEdgeData* edgeData, size_t* numEdges) {
  return get_edges(graph, from, to, edgeData, numEdges);
}

cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t* pDependencies,
                                         size_t* pNumDependencies) {
  return get_dependencies(node, pDependencies, nullptr, pNumDependencies);
}

cudaError_t cudaGraphNodeGetDependencies_v2(cudaGraphNode_t node, cudaGraphNode_t* pDependencies,
                                            cudaGraphEdgeData* edgeData, size_t* pNumDependencies) {
  return get_dependencies(node, pDependencies, edgeData, pNumDependencies);
}

cudaError_t cudaGraphNodeGetDependentNodes(cudaGraphNode_t node, cudaGraphNode_t* pDependentNodes,
                                           size_t* pNumDependentNodes) {
  return get_dependents(node, pDependentNodes, nullptr, pNumDependentNodes);
}

cudaError_t cudaGraphNodeGetDependentNodes_v2(cudaGraphNode_t node, cudaGraphNode_t* pDependentNodes,
                                              cudaGraphEdgeData* edgeData, size_t* pNumDependentNodes) {
  return get_dependents(node, pDependentNodes, edgeData, pNumDependentNodes);
}

cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                     size_t numDependencies) {
  return add_dependencies(graph, from, to, nullptr, numDependencies);
}

cudaError_t cudaGraphAddDependencies_v2(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                        const cudaGraphEdgeData* edgeData, size_t numDependencies) {
  return add_dependencies(graph, from, to, edgeData, numDependencies);
}

cudaError_t cudaGraphRemoveDependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                        size_t numDependencies) {
  return remove_dependencies(graph, from, to, nullptr, numDependencies);
}

cudaError_t cudaGraphRemoveDependencies_v2(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                           const cudaGraphEdgeData* edgeData, size_t numDependencies) {
  return remove_dependencies(graph, from, to, edgeData, numDependencies);
}

cudaError_t cudaGraphAddNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph, const cudaGraphNode_t* pDependencies,
                             size_t numDependencies, struct cudaGraphNodeParams* nodeParams) {
  return add_node(pGraphNode, graph, pDependencies, nullptr, numDependencies, nodeParams);
}

cudaError_t cudaGraphAddNode_v2(cudaGraphNode_t* pGraphNode, cudaGraph_t graph, const cudaGraphNode_t* pDependencies,
                                const cudaGraphEdgeData* dependencyData, size_t numDependencies,
                                struct cudaGraphNodeParams* nodeParams) {
  return add_node(pGraphNode, graph, pDependencies, dependencyData, numDependencies, nodeParams);
}
#else
cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                              cudaGraphEdgeData* edgeData, size_t* numEdges) {
  return get_edges(graph, from, to, edgeData, numEdges);
}

cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t* pDependencies,
                                         cudaGraphEdgeData* edgeData, size_t* pNumDependencies) {
  return get_dependencies(node, pDependencies, edgeData, pNumDependencies);
}

cudaError_t cudaGraphNodeGetDependentNodes(cudaGraphNode_t node, cudaGraphNode_t* pDependentNodes,
                                           cudaGraphEdgeData* edgeData, size_t* pNumDependentNodes) {
  return get_dependents(node, pDependentNodes, edgeData, pNumDependentNodes);
}

cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                     const cudaGraphEdgeData* edgeData, size_t numDependencies) {
  return add_dependencies(graph, from, to, edgeData, numDependencies);
}

cudaError_t cudaGraphRemoveDependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                        const cudaGraphEdgeData* edgeData, size_t numDependencies) {
  return remove_dependencies(graph, from, to, edgeData, numDependencies);
}

cudaError_t cudaGraphAddNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph, const cudaGraphNode_t* pDependencies,
                             const cudaGraphEdgeData* dependencyData, size_t numDependencies,
                             struct cudaGraphNodeParams* nodeParams) {
  return add_node(pGraphNode, graph, pDependencies, dependencyData, numDependencies, nodeParams);
}

cudaError_t cudaGraphNodeGetContainingGraph(cudaGraphNode_t hNode, cudaGraph_t* phGraph) {
  return in_context([&] { return cuGraphNodeGetContainingGraph(hNode, phGraph); });
}

cudaError_t cudaGraphNodeGetLocalId(cudaGraphNode_t hNode, unsigned int* nodeId) {
  return in_context([&] { return cuGraphNodeGetLocalId(hNode, nodeId); });
}

cudaError_t cudaGraphNodeGetToolsId(cudaGraphNode_t hNode, unsigned long long* toolsNodeId) {
  return in_context([&] { return cuGraphNodeGetToolsId(hNode, toolsNodeId); });
}

cudaError_t cudaGraphGetId(cudaGraph_t hGraph, unsigned int* graphID) {
  return in_context([&] { return cuGraphGetId(hGraph, graphID); });
}

cudaError_t cudaGraphExecGetId(cudaGraphExec_t hGraphExec, unsigned int* graphID) {
  return in_context([&] { return cuGraphExecGetId(hGraphExec, graphID); });
}
#endif

cudaError_t cudaGraphNodeSetParams(cudaGraphNode_t node, struct cudaGraphNodeParams* nodeParams) {
  return in_context([&]() -> cudaError_t {
    CUgraphNodeParams own;
    const cudaError_t error = read_node(nodeParams, &own);
    return error != cudaSuccess ? error : error_of(cuGraphNodeSetParams(node, &own));
  });
}

cudaError_t cudaGraphExecNodeSetParams(cudaGraphExec_t graphExec, cudaGraphNode_t node,
                                       struct cudaGraphNodeParams* nodeParams) {
  return in_context([&]() -> cudaError_t {
    CUgraphNodeParams own;
    const cudaError_t error = read_node(nodeParams, &own);
    return error != cudaSuccess ? error : error_of(cuGraphExecNodeSetParams(graphExec, node, &own));
  });
}

cudaError_t cudaGraphConditionalHandleCreate(cudaGraphConditionalHandle* pHandle_out, cudaGraph_t graph,
                                             unsigned int defaultLaunchValue, unsigned int flags) {
  return in_context([&] {
    CUcontext context = nullptr;
    const CUresult status = cuCtxGetCurrent(&context);
    return status != CUDA_SUCCESS
               ? status
               : cuGraphConditionalHandleCreate(reinterpret_cast<CUgraphConditionalHandle*>(pHandle_out), graph,
                                                context, defaultLaunchValue, flags);
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* pGraphExec, cudaGraph_t graph, unsigned long long flags) {
  return cudaGraphInstantiateWithFlags(pGraphExec, graph, flags);
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* pGraphExec, cudaGraph_t graph, unsigned long long flags) {
  return in_context([&] { return cuGraphInstantiateWithFlags(pGraphExec, graph, flags); });
}

cudaError_t cudaGraphInstantiateWithParams(cudaGraphExec_t* pGraphExec, cudaGraph_t graph,
                                           cudaGraphInstantiateParams* instantiateParams) {
  return in_context([&] {
    return cuGraphInstantiateWithParams(pGraphExec, graph,
                                        same_layout<CUDA_GRAPH_INSTANTIATE_PARAMS*>(instantiateParams));
  });
}

cudaError_t cudaGraphInstantiateWithParams_ptsz(cudaGraphExec_t* pGraphExec, cudaGraph_t graph,
                                                cudaGraphInstantiateParams* instantiateParams) {
  return in_context([&] {
    return cuGraphInstantiateWithParams_ptsz(pGraphExec, graph,
                                             same_layout<CUDA_GRAPH_INSTANTIATE_PARAMS*>(instantiateParams));
  });
}

cudaError_t cudaGraphExecGetFlags(cudaGraphExec_t graphExec, unsigned long long* flags) {
  return in_context([&] { return cuGraphExecGetFlags(graphExec, reinterpret_cast<cuuint64_t*>(flags)); });
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t hGraphExec, cudaGraph_t hGraph,
                                cudaGraphExecUpdateResultInfo* resultInfo) {
  return in_context(
      [&] { return cuGraphExecUpdate_v2(hGraphExec, hGraph, same_layout<CUgraphExecUpdateResultInfo*>(resultInfo)); });
}

cudaError_t cudaGraphUpload(cudaGraphExec_t graphExec, cudaStream_t stream) {
  return in_stream(stream, [&] { return cuGraphUpload(graphExec, stream); });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graphExec, cudaStream_t stream) {
  return in_stream(stream, [&] { return cuGraphLaunch(graphExec, stream); });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graphExec) {
  return in_context([&] { return cuGraphExecDestroy(graphExec); });
}

cudaError_t cudaGraphNodeSetEnabled(cudaGraphExec_t hGraphExec, cudaGraphNode_t hNode, unsigned int isEnabled) {
  return in_context([&] { return cuGraphNodeSetEnabled(hGraphExec, hNode, isEnabled); });
}

cudaError_t cudaGraphNodeGetEnabled(cudaGraphExec_t hGraphExec, cudaGraphNode_t hNode, unsigned int* isEnabled) {
  return in_context([&] { return cuGraphNodeGetEnabled(hGraphExec, hNode, isEnabled); });
}

cudaError_t cudaGraphDebugDotPrint(cudaGraph_t graph, const char* path, unsigned int flags) {
  return in_context([&] { return cuGraphDebugDotPrint(graph, path, flags); });
}

cudaError_t cudaUserObjectCreate(cudaUserObject_t* object_out, void* ptr, cudaHostFn_t destroy,
                                 unsigned int initialRefcount, unsigned int flags) {
  return in_context([&] { return cuUserObjectCreate(object_out, ptr, destroy, initialRefcount, flags); });
}

cudaError_t cudaUserObjectRetain(cudaUserObject_t object, unsigned int count) {
  return in_context([&] { return cuUserObjectRetain(object, count); });
}

cudaError_t cudaUserObjectRelease(cudaUserObject_t object, unsigned int count) {
  return in_context([&] { return cuUserObjectRelease(object, count); });
}

cudaError_t cudaGraphRetainUserObject(cudaGraph_t graph, cudaUserObject_t object, unsigned int count,
                                      unsigned int flags) {
  return in_context([&] { return cuGraphRetainUserObject(graph, object, count, flags); });
}

cudaError_t cudaGraphReleaseUserObject(cudaGraph_t graph, cudaUserObject_t object, unsigned int count) {
  return in_context([&] { return cuGraphReleaseUserObject(graph, object, count); });
}
