// Variables of device code, by the address of their shadow on the host, and copies to and from them.
#include "copy.h"
#include "registration.h"

using namespace cudart;

cudaError_t cudaGetSymbolAddress(void** devPtr, const void* symbol) {
  return in_context([&]() -> cudaError_t {
    if (devPtr == nullptr) return cudaErrorInvalidValue;
    return find_variable(symbol, devPtr, nullptr);
  });
}

cudaError_t cudaGetSymbolSize(size_t* size, const void* symbol) {
  return in_context([&]() -> cudaError_t {
    if (size == nullptr) return cudaErrorInvalidValue;
    return find_variable(symbol, nullptr, size);
  });
}

namespace {

// The place `offset` bytes into a variable, with `count` bytes behind it; `wrong` is the one kind of copy that leads
// the other way.
cudaError_t find_place(const void* symbol, size_t count, size_t offset, cudaMemcpyKind kind, cudaMemcpyKind wrong,
                       void** place) {
  if (const cudaError_t error = check_kind(kind); error != cudaSuccess) return error;
  if (kind == cudaMemcpyHostToHost || kind == wrong) return cudaErrorInvalidMemcpyDirection;
  size_t size = 0;
  if (const cudaError_t error = find_variable(symbol, place, &size); error != cudaSuccess) return error;
  if (offset > size || count > size - offset) return cudaErrorInvalidValue;
  *place = static_cast<char*>(*place) + offset;
  return cudaSuccess;
}

// `copy` gets the place.
template <class F>
cudaError_t to_symbol(const void* symbol, size_t count, size_t offset, cudaMemcpyKind kind, F&& copy) {
  void* place = nullptr;
  const cudaError_t error =
      in_context([&] { return find_place(symbol, count, offset, kind, cudaMemcpyDeviceToHost, &place); });
  return error != cudaSuccess ? error : copy(place);
}

template <class F>
cudaError_t from_symbol(const void* symbol, size_t count, size_t offset, cudaMemcpyKind kind, F&& copy) {
  void* place = nullptr;
  const cudaError_t error =
      in_context([&] { return find_place(symbol, count, offset, kind, cudaMemcpyHostToDevice, &place); });
  return error != cudaSuccess ? error : copy(place);
}

}  // namespace

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* src, size_t count, size_t offset,
                               enum cudaMemcpyKind kind) {
  return to_symbol(symbol, count, offset, kind, [&](void* place) { return cudaMemcpy(place, src, count, kind); });
}

cudaError_t cudaMemcpyToSymbol_ptds(const void* symbol, const void* src, size_t count, size_t offset,
                                    enum cudaMemcpyKind kind) {
  return to_symbol(symbol, count, offset, kind, [&](void* place) { return cudaMemcpy_ptds(place, src, count, kind); });
}

cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* src, size_t count, size_t offset,
                                    enum cudaMemcpyKind kind, cudaStream_t stream) {
  return to_symbol(symbol, count, offset, kind,
                   [&](void* place) { return cudaMemcpyAsync(place, src, count, kind, stream); });
}

cudaError_t cudaMemcpyFromSymbol(void* dst, const void* symbol, size_t count, size_t offset, enum cudaMemcpyKind kind) {
  return from_symbol(symbol, count, offset, kind, [&](void* place) { return cudaMemcpy(dst, place, count, kind); });
}

cudaError_t cudaMemcpyFromSymbol_ptds(void* dst, const void* symbol, size_t count, size_t offset,
                                      enum cudaMemcpyKind kind) {
  return from_symbol(symbol, count, offset, kind,
                     [&](void* place) { return cudaMemcpy_ptds(dst, place, count, kind); });
}

cudaError_t cudaMemcpyFromSymbolAsync(void* dst, const void* symbol, size_t count, size_t offset,
                                      enum cudaMemcpyKind kind, cudaStream_t stream) {
  return from_symbol(symbol, count, offset, kind,
                     [&](void* place) { return cudaMemcpyAsync(dst, place, count, kind, stream); });
}

cudaError_t cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t* pGraphNode, cudaGraph_t graph,
                                           const cudaGraphNode_t* pDependencies, size_t numDependencies,
                                           const void* symbol, const void* src, size_t count, size_t offset,
                                           enum cudaMemcpyKind kind) {
  return to_symbol(symbol, count, offset, kind, [&](void* place) {
    return cudaGraphAddMemcpyNode1D(pGraphNode, graph, pDependencies, numDependencies, place, src, count, kind);
  });
}

cudaError_t cudaGraphAddMemcpyNodeFromSymbol(cudaGraphNode_t* pGraphNode, cudaGraph_t graph,
                                             const cudaGraphNode_t* pDependencies, size_t numDependencies, void* dst,
                                             const void* symbol, size_t count, size_t offset,
                                             enum cudaMemcpyKind kind) {
  return from_symbol(symbol, count, offset, kind, [&](void* place) {
    return cudaGraphAddMemcpyNode1D(pGraphNode, graph, pDependencies, numDependencies, dst, place, count, kind);
  });
}

cudaError_t cudaGraphMemcpyNodeSetParamsToSymbol(cudaGraphNode_t node, const void* symbol, const void* src,
                                                 size_t count, size_t offset, enum cudaMemcpyKind kind) {
  return to_symbol(symbol, count, offset, kind,
                   [&](void* place) { return cudaGraphMemcpyNodeSetParams1D(node, place, src, count, kind); });
}

cudaError_t cudaGraphMemcpyNodeSetParamsFromSymbol(cudaGraphNode_t node, void* dst, const void* symbol, size_t count,
                                                   size_t offset, enum cudaMemcpyKind kind) {
  return from_symbol(symbol, count, offset, kind,
                     [&](void* place) { return cudaGraphMemcpyNodeSetParams1D(node, dst, place, count, kind); });
}

cudaError_t cudaGraphExecMemcpyNodeSetParamsToSymbol(cudaGraphExec_t hGraphExec, cudaGraphNode_t node,
                                                     const void* symbol, const void* src, size_t count, size_t offset,
                                                     enum cudaMemcpyKind kind) {
  return to_symbol(symbol, count, offset, kind, [&](void* place) {
    return cudaGraphExecMemcpyNodeSetParams1D(hGraphExec, node, place, src, count, kind);
  });
}

cudaError_t cudaGraphExecMemcpyNodeSetParamsFromSymbol(cudaGraphExec_t hGraphExec, cudaGraphNode_t node, void* dst,
                                                       const void* symbol, size_t count, size_t offset,
                                                       enum cudaMemcpyKind kind) {
  return from_symbol(symbol, count, offset, kind, [&](void* place) {
    return cudaGraphExecMemcpyNodeSetParams1D(hGraphExec, node, dst, place, count, kind);
  });
}
