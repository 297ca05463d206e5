// The nodes of graphs, kind by kind: what they hold, how they are added, asked and changed, in a graph or in an
// executable.
#include <cstring>

#include "copy.h"
#include "graph.h"
#include "registration.h"

namespace cudart {

cudaError_t read_kernel(const cudaKernelNodeParams* parameters, CUDA_KERNEL_NODE_PARAMS* result) {
  if (parameters == nullptr) return cudaErrorInvalidValue;
  const cudaKernelNodeParams& p = *parameters;
  *result = {};
  result->gridDimX = p.gridDim.x;
  result->gridDimY = p.gridDim.y;
  result->gridDimZ = p.gridDim.z;
  result->blockDimX = p.blockDim.x;
  result->blockDimY = p.blockDim.y;
  result->blockDimZ = p.blockDim.z;
  result->sharedMemBytes = p.sharedMemBytes;
  result->kernelParams = p.kernelParams;
  result->extra = p.extra;
  return find_function(p.func, &result->func);
}

cudaKernelNodeParams write_kernel(const CUDA_KERNEL_NODE_PARAMS& p) {
  cudaKernelNodeParams result{};
  result.func = const_cast<void*>(host_function(p.func, p.kern));
  result.gridDim = {p.gridDimX, p.gridDimY, p.gridDimZ};
  result.blockDim = {p.blockDimX, p.blockDimY, p.blockDimZ};
  result.sharedMemBytes = p.sharedMemBytes;
  result.kernelParams = p.kernelParams;
  result.extra = p.extra;
  return result;
}

cudaError_t read_fill(const cudaMemsetParams* parameters, CUDA_MEMSET_NODE_PARAMS* result) {
  if (parameters == nullptr) return cudaErrorInvalidValue;
  static_assert(sizeof(*parameters) == sizeof(*result));
  std::memcpy(result, parameters, sizeof(*result));
  return cudaSuccess;
}

namespace {

cudaError_t read_kernel_node(const cudaGraphNodeParams& p, CUgraphNodeParams* result) {
  const cudaKernelNodeParams kernel{p.kernel.func,           p.kernel.gridDim,      p.kernel.blockDim,
                                    p.kernel.sharedMemBytes, p.kernel.kernelParams, p.kernel.extra};
  CUDA_KERNEL_NODE_PARAMS own;
  const cudaError_t error = read_kernel(&kernel, &own);
  if (error == cudaSuccess) std::memcpy(&result->kernel, &own, sizeof(own));
  return error;
}

cudaError_t read_copy_node(const cudaGraphNodeParams& p, CUgraphNodeParams* result) {
  const cudaError_t error = read_copy(&p.memcpy.copyParams, &result->memcpy.copyParams);
  if (error == cudaSuccess) cuCtxGetCurrent(&result->memcpy.copyCtx);
  return error;
}

cudaError_t read_fill_node(const cudaGraphNodeParams& p, CUgraphNodeParams* result) {
  std::memcpy(&result->memset, &p.memset, sizeof(cudaMemsetParams));
  cuCtxGetCurrent(&result->memset.ctx);
  return cudaSuccess;
}

}  // namespace

cudaError_t read_node(const cudaGraphNodeParams* parameters, CUgraphNodeParams* result) {
  if (parameters == nullptr) return cudaErrorInvalidValue;
  const cudaGraphNodeParams& p = *parameters;
  *result = {};
  result->type = static_cast<CUgraphNodeType>(p.type);
  switch (p.type) {
    case cudaGraphNodeTypeKernel:
      return read_kernel_node(p, result);
    case cudaGraphNodeTypeMemcpy:
      return read_copy_node(p, result);
    case cudaGraphNodeTypeMemset:
      return read_fill_node(p, result);
    case cudaGraphNodeTypeHost:
      result->host.fn = p.host.fn;
      result->host.userData = p.host.userData;
      return cudaSuccess;
    case cudaGraphNodeTypeConditional:
      std::memcpy(&result->conditional, &p.conditional, 3 * sizeof(void*));
      cuCtxGetCurrent(&result->conditional.ctx);
      return cudaSuccess;
    default:
      // The others hold handles and addresses, which both libraries write alike.
      std::memcpy(&result->reserved1, &p.reserved1, sizeof(result->reserved1));
      return cudaSuccess;
  }
}

void write_results(const CUgraphNodeParams& from, cudaGraphNodeParams* parameters) {
  if (parameters->type == cudaGraphNodeTypeMemAlloc) {
    parameters->alloc.dptr = reinterpret_cast<void*>(from.alloc.dptr);
  } else if (parameters->type == cudaGraphNodeTypeConditional) {
    parameters->conditional.phGraph_out = from.conditional.phGraph_out;
  }
}

}  // namespace cudart

using namespace cudart;

namespace {

// A call whose parameters `read` translates; the body gets the driver's.
template <class Parameters, class Read, class F>
cudaError_t with_parameters(Read&& read, F&& body) {
  return in_context([&]() -> cudaError_t {
    Parameters own;
    const cudaError_t error = read(&own);
    return error != cudaSuccess ? error : error_of(body(own));
  });
}

template <class F>
cudaError_t with_kernel(const cudaKernelNodeParams* parameters, F&& body) {
  return with_parameters<CUDA_KERNEL_NODE_PARAMS>([&](auto* own) { return read_kernel(parameters, own); }, body);
}

template <class F>
cudaError_t with_copy(const cudaMemcpy3DParms* parameters, F&& body) {
  return with_parameters<CUDA_MEMCPY3D>([&](auto* own) { return read_copy(parameters, own); }, body);
}

template <class F>
cudaError_t with_fill(const cudaMemsetParams* parameters, F&& body) {
  return with_parameters<CUDA_MEMSET_NODE_PARAMS>([&](auto* own) { return read_fill(parameters, own); }, body);
}

CUcontext current_context() {
  CUcontext context = nullptr;
  cuCtxGetCurrent(&context);
  return context;
}

}  // namespace

cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph, const cudaGraphNode_t* pDependencies,
                                   size_t numDependencies, const struct cudaKernelNodeParams* pNodeParams) {
  return with_kernel(pNodeParams, [&](const auto& own) {
    return cuGraphAddKernelNode_v2(pGraphNode, graph, pDependencies, numDependencies, &own);
  });
}

cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node, struct cudaKernelNodeParams* pNodeParams) {
  return in_context([&]() -> CUresult {
    if (pNodeParams == nullptr) return CUDA_ERROR_INVALID_VALUE;
    CUDA_KERNEL_NODE_PARAMS own{};
    const CUresult status = cuGraphKernelNodeGetParams_v2(node, &own);
    if (status == CUDA_SUCCESS) *pNodeParams = write_kernel(own);
    return status;
  });
}

cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t node, const struct cudaKernelNodeParams* pNodeParams) {
  return with_kernel(pNodeParams, [&](const auto& own) { return cuGraphKernelNodeSetParams_v2(node, &own); });
}

cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t hGraphExec, cudaGraphNode_t node,
                                             const struct cudaKernelNodeParams* pNodeParams) {
  return with_kernel(pNodeParams,
                     [&](const auto& own) { return cuGraphExecKernelNodeSetParams_v2(hGraphExec, node, &own); });
}

cudaError_t cudaGraphKernelNodeCopyAttributes(cudaGraphNode_t hDst, cudaGraphNode_t hSrc) {
  return in_context([&] { return cuGraphKernelNodeCopyAttributes(hDst, hSrc); });
}

cudaError_t cudaGraphKernelNodeGetAttribute(cudaGraphNode_t hNode, cudaLaunchAttributeID attr,
                                            cudaLaunchAttributeValue* value_out) {
  return in_context([&] {
    return cuGraphKernelNodeGetAttribute(hNode, static_cast<CUkernelNodeAttrID>(attr),
                                         same_layout<CUkernelNodeAttrValue*>(value_out));
  });
}

cudaError_t cudaGraphKernelNodeSetAttribute(cudaGraphNode_t hNode, cudaLaunchAttributeID attr,
                                            const cudaLaunchAttributeValue* value) {
  return in_context([&] {
    return cuGraphKernelNodeSetAttribute(hNode, static_cast<CUkernelNodeAttrID>(attr),
                                         same_layout<const CUkernelNodeAttrValue*>(value));
  });
}

cudaError_t cudaGraphAddMemcpyNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph, const cudaGraphNode_t* pDependencies,
                                   size_t numDependencies, const struct cudaMemcpy3DParms* pCopyParams) {
  return with_copy(pCopyParams, [&](const auto& own) {
    return cuGraphAddMemcpyNode(pGraphNode, graph, pDependencies, numDependencies, &own, current_context());
  });
}

cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t* pGraphNode, cudaGraph_t graph,
                                     const cudaGraphNode_t* pDependencies, size_t numDependencies, void* dst,
                                     const void* src, size_t count, enum cudaMemcpyKind kind) {
  const cudaMemcpy3DParms row = one_row(dst, src, count, kind);
  return cudaGraphAddMemcpyNode(pGraphNode, graph, pDependencies, numDependencies, &row);
}

cudaError_t cudaGraphMemcpyNodeGetParams(cudaGraphNode_t node, struct cudaMemcpy3DParms* pNodeParams) {
  return in_context([&]() -> CUresult {
    if (pNodeParams == nullptr) return CUDA_ERROR_INVALID_VALUE;
    CUDA_MEMCPY3D own{};
    const CUresult status = cuGraphMemcpyNodeGetParams(node, &own);
    if (status == CUDA_SUCCESS) *pNodeParams = write_copy(own);
    return status;
  });
}

cudaError_t cudaGraphMemcpyNodeSetParams(cudaGraphNode_t node, const struct cudaMemcpy3DParms* pNodeParams) {
  return with_copy(pNodeParams, [&](const auto& own) { return cuGraphMemcpyNodeSetParams(node, &own); });
}

cudaError_t cudaGraphMemcpyNodeSetParams1D(cudaGraphNode_t node, void* dst, const void* src, size_t count,
                                           enum cudaMemcpyKind kind) {
  const cudaMemcpy3DParms row = one_row(dst, src, count, kind);
  return cudaGraphMemcpyNodeSetParams(node, &row);
}

cudaError_t cudaGraphExecMemcpyNodeSetParams(cudaGraphExec_t hGraphExec, cudaGraphNode_t node,
                                             const struct cudaMemcpy3DParms* pNodeParams) {
  return with_copy(pNodeParams, [&](const auto& own) {
    return cuGraphExecMemcpyNodeSetParams(hGraphExec, node, &own, current_context());
  });
}

cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t hGraphExec, cudaGraphNode_t node, void* dst,
                                               const void* src, size_t count, enum cudaMemcpyKind kind) {
  const cudaMemcpy3DParms row = one_row(dst, src, count, kind);
  return cudaGraphExecMemcpyNodeSetParams(hGraphExec, node, &row);
}

cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph, const cudaGraphNode_t* pDependencies,
                                   size_t numDependencies, const struct cudaMemsetParams* pMemsetParams) {
  return with_fill(pMemsetParams, [&](const auto& own) {
    return cuGraphAddMemsetNode(pGraphNode, graph, pDependencies, numDependencies, &own, current_context());
  });
}

cudaError_t cudaGraphMemsetNodeGetParams(cudaGraphNode_t node, struct cudaMemsetParams* pNodeParams) {
  return in_context(
      [&] { return cuGraphMemsetNodeGetParams(node, same_layout<CUDA_MEMSET_NODE_PARAMS*>(pNodeParams)); });
}

cudaError_t cudaGraphMemsetNodeSetParams(cudaGraphNode_t node, const struct cudaMemsetParams* pNodeParams) {
  return with_fill(pNodeParams, [&](const auto& own) { return cuGraphMemsetNodeSetParams(node, &own); });
}

cudaError_t cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t hGraphExec, cudaGraphNode_t node,
                                             const struct cudaMemsetParams* pNodeParams) {
  return with_fill(pNodeParams, [&](const auto& own) {
    return cuGraphExecMemsetNodeSetParams(hGraphExec, node, &own, current_context());
  });
}

cudaError_t cudaGraphAddHostNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph, const cudaGraphNode_t* pDependencies,
                                 size_t numDependencies, const struct cudaHostNodeParams* pNodeParams) {
  return in_context([&] {
    return cuGraphAddHostNode(pGraphNode, graph, pDependencies, numDependencies,
                              same_layout<const CUDA_HOST_NODE_PARAMS*>(pNodeParams));
  });
}

cudaError_t cudaGraphHostNodeGetParams(cudaGraphNode_t node, struct cudaHostNodeParams* pNodeParams) {
  return in_context([&] { return cuGraphHostNodeGetParams(node, same_layout<CUDA_HOST_NODE_PARAMS*>(pNodeParams)); });
}

cudaError_t cudaGraphHostNodeSetParams(cudaGraphNode_t node, const struct cudaHostNodeParams* pNodeParams) {
  return in_context(
      [&] { return cuGraphHostNodeSetParams(node, same_layout<const CUDA_HOST_NODE_PARAMS*>(pNodeParams)); });
}

cudaError_t cudaGraphExecHostNodeSetParams(cudaGraphExec_t hGraphExec, cudaGraphNode_t node,
                                           const struct cudaHostNodeParams* pNodeParams) {
  return in_context([&] {
    return cuGraphExecHostNodeSetParams(hGraphExec, node, same_layout<const CUDA_HOST_NODE_PARAMS*>(pNodeParams));
  });
}

cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph,
                                       const cudaGraphNode_t* pDependencies, size_t numDependencies,
                                       cudaGraph_t childGraph) {
  return in_context(
      [&] { return cuGraphAddChildGraphNode(pGraphNode, graph, pDependencies, numDependencies, childGraph); });
}

cudaError_t cudaGraphChildGraphNodeGetGraph(cudaGraphNode_t node, cudaGraph_t* pGraph) {
  return in_context([&] { return cuGraphChildGraphNodeGetGraph(node, pGraph); });
}

cudaError_t cudaGraphExecChildGraphNodeSetParams(cudaGraphExec_t hGraphExec, cudaGraphNode_t node,
                                                 cudaGraph_t childGraph) {
  return in_context([&] { return cuGraphExecChildGraphNodeSetParams(hGraphExec, node, childGraph); });
}

cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph, const cudaGraphNode_t* pDependencies,
                                  size_t numDependencies) {
  return in_context([&] { return cuGraphAddEmptyNode(pGraphNode, graph, pDependencies, numDependencies); });
}

cudaError_t cudaGraphAddEventRecordNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph,
                                        const cudaGraphNode_t* pDependencies, size_t numDependencies,
                                        cudaEvent_t event) {
  return in_context(
      [&] { return cuGraphAddEventRecordNode(pGraphNode, graph, pDependencies, numDependencies, event); });
}

cudaError_t cudaGraphEventRecordNodeGetEvent(cudaGraphNode_t node, cudaEvent_t* event_out) {
  return in_context([&] { return cuGraphEventRecordNodeGetEvent(node, event_out); });
}

cudaError_t cudaGraphEventRecordNodeSetEvent(cudaGraphNode_t node, cudaEvent_t event) {
  return in_context([&] { return cuGraphEventRecordNodeSetEvent(node, event); });
}

cudaError_t cudaGraphExecEventRecordNodeSetEvent(cudaGraphExec_t hGraphExec, cudaGraphNode_t hNode, cudaEvent_t event) {
  return in_context([&] { return cuGraphExecEventRecordNodeSetEvent(hGraphExec, hNode, event); });
}

cudaError_t cudaGraphAddEventWaitNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph,
                                      const cudaGraphNode_t* pDependencies, size_t numDependencies, cudaEvent_t event) {
  return in_context([&] { return cuGraphAddEventWaitNode(pGraphNode, graph, pDependencies, numDependencies, event); });
}

cudaError_t cudaGraphEventWaitNodeGetEvent(cudaGraphNode_t node, cudaEvent_t* event_out) {
  return in_context([&] { return cuGraphEventWaitNodeGetEvent(node, event_out); });
}

cudaError_t cudaGraphEventWaitNodeSetEvent(cudaGraphNode_t node, cudaEvent_t event) {
  return in_context([&] { return cuGraphEventWaitNodeSetEvent(node, event); });
}

cudaError_t cudaGraphExecEventWaitNodeSetEvent(cudaGraphExec_t hGraphExec, cudaGraphNode_t hNode, cudaEvent_t event) {
  return in_context([&] { return cuGraphExecEventWaitNodeSetEvent(hGraphExec, hNode, event); });
}

cudaError_t cudaGraphAddMemAllocNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph,
                                     const cudaGraphNode_t* pDependencies, size_t numDependencies,
                                     struct cudaMemAllocNodeParams* nodeParams) {
  return in_context([&] {
    return cuGraphAddMemAllocNode(pGraphNode, graph, pDependencies, numDependencies,
                                  same_layout<CUDA_MEM_ALLOC_NODE_PARAMS*>(nodeParams));
  });
}

cudaError_t cudaGraphMemAllocNodeGetParams(cudaGraphNode_t node, struct cudaMemAllocNodeParams* params_out) {
  return in_context(
      [&] { return cuGraphMemAllocNodeGetParams(node, same_layout<CUDA_MEM_ALLOC_NODE_PARAMS*>(params_out)); });
}

cudaError_t cudaGraphAddMemFreeNode(cudaGraphNode_t* pGraphNode, cudaGraph_t graph,
                                    const cudaGraphNode_t* pDependencies, size_t numDependencies, void* dptr) {
  return in_context(
      [&] { return cuGraphAddMemFreeNode(pGraphNode, graph, pDependencies, numDependencies, address(dptr)); });
}

cudaError_t cudaGraphMemFreeNodeGetParams(cudaGraphNode_t node, void* dptr_out) {
  return in_context([&] { return cuGraphMemFreeNodeGetParams(node, static_cast<CUdeviceptr*>(dptr_out)); });
}
