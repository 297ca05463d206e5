// Streams, events, functions of the host in a stream, and capture: the driver's, with a context made current first.
#include "runtime.h"

using namespace cudart;

cudaError_t cudaStreamCreate(cudaStream_t* pStream) {
  return in_context([&] { return cuStreamCreate(pStream, CU_STREAM_DEFAULT); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* pStream, unsigned int flags) {
  return in_context([&] { return cuStreamCreate(pStream, flags); });
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* pStream, unsigned int flags, int priority) {
  return in_context([&] { return cuStreamCreateWithPriority(pStream, flags, priority); });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return in_context([&] { return cuStreamDestroy_v2(stream); });
}

cudaError_t cudaStreamGetPriority(cudaStream_t hStream, int* priority) {
  return in_stream(hStream, [&] { return cuStreamGetPriority(hStream, priority); });
}

cudaError_t cudaStreamGetFlags(cudaStream_t hStream, unsigned int* flags) {
  return in_stream(hStream, [&] { return cuStreamGetFlags(hStream, flags); });
}

cudaError_t cudaStreamGetId(cudaStream_t hStream, unsigned long long* streamId) {
  return in_stream(hStream, [&] { return cuStreamGetId(hStream, streamId); });
}

cudaError_t cudaStreamGetDevice(cudaStream_t hStream, int* device) {
  return in_stream(hStream, [&] { return cuStreamGetDevice(hStream, device); });
}

cudaError_t cudaStreamCopyAttributes(cudaStream_t dst, cudaStream_t src) {
  return in_stream(dst, [&] { return cuStreamCopyAttributes(dst, src); });
}

cudaError_t cudaStreamGetAttribute(cudaStream_t hStream, cudaLaunchAttributeID attr,
                                   cudaLaunchAttributeValue* value_out) {
  return in_stream(hStream, [&] {
    return cuStreamGetAttribute(hStream, static_cast<CUstreamAttrID>(attr), same_layout<CUstreamAttrValue*>(value_out));
  });
}

cudaError_t cudaStreamSetAttribute(cudaStream_t hStream, cudaLaunchAttributeID attr,
                                   const cudaLaunchAttributeValue* value) {
  return in_stream(hStream, [&] {
    return cuStreamSetAttribute(hStream, static_cast<CUstreamAttrID>(attr),
                                same_layout<const CUstreamAttrValue*>(value));
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags) {
  return in_stream(stream, [&] { return cuStreamWaitEvent(stream, event, flags); });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return in_stream(stream, [&] { return cuStreamSynchronize(stream); });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return in_stream(stream, [&] { return cuStreamQuery(stream); });
}

cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, void* devPtr, size_t length, unsigned int flags) {
  return in_stream(stream, [&] { return cuStreamAttachMemAsync(stream, address(devPtr), length, flags); });
}

// A callback gets the driver's status, which is the runtime's error of the same number.
cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* userData,
                                  unsigned int flags) {
  return in_stream(stream, [&] {
    return cuStreamAddCallback(stream, reinterpret_cast<CUstreamCallback>(callback), userData, flags);
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t fn, void* userData) {
  return in_stream(stream, [&] { return cuLaunchHostFunc(stream, fn, userData); });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return in_context([&] { return cuEventCreate(event, CU_EVENT_DEFAULT); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  return in_context([&] { return cuEventCreate(event, flags); });
}

namespace {

// An event is recorded in streams of its own device only.
cudaError_t record(cudaEvent_t event, cudaStream_t stream, unsigned flags) {
  return in_context([&] {
    const CUresult status = cuEventRecordWithFlags(event, stream, flags);
    return status == CUDA_ERROR_INVALID_CONTEXT ? CUDA_ERROR_INVALID_HANDLE : status;
  });
}

}  // namespace

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return record(event, stream, CU_EVENT_RECORD_DEFAULT);
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned int flags) {
  return record(event, stream, flags);
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return in_context([&] { return cuEventQuery(event); });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return in_context([&] { return cuEventSynchronize(event); });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return in_context([&] { return cuEventDestroy_v2(event); });
}

cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  return in_context([&] { return cuEventElapsedTime(ms, start, end); });
}

#if CUDART_MAJOR == 12
cudaError_t cudaEventElapsedTime_v2(float* ms, cudaEvent_t start, cudaEvent_t end) {
  return in_context([&] { return cuEventElapsedTime_v2(ms, start, end); });
}
#endif

cudaError_t cudaIpcGetEventHandle(cudaIpcEventHandle_t* handle, cudaEvent_t event) {
  return in_context([&] { return cuIpcGetEventHandle(same_layout<CUipcEventHandle*>(handle), event); });
}

cudaError_t cudaIpcOpenEventHandle(cudaEvent_t* event, cudaIpcEventHandle_t handle) {
  return in_context([&] { return cuIpcOpenEventHandle(event, *same_layout<CUipcEventHandle*>(&handle)); });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode) {
  return in_stream(stream, [&] { return cuStreamBeginCapture_v2(stream, static_cast<CUstreamCaptureMode>(mode)); });
}

cudaError_t cudaStreamBeginCaptureToGraph(cudaStream_t stream, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                          const cudaGraphEdgeData* dependencyData, size_t numDependencies,
                                          enum cudaStreamCaptureMode mode) {
  return in_stream(stream, [&] {
    return cuStreamBeginCaptureToGraph(stream, graph, dependencies, same_layout<const CUgraphEdgeData*>(dependencyData),
                                       numDependencies, static_cast<CUstreamCaptureMode>(mode));
  });
}

cudaError_t cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode* mode) {
  return in_context([&] { return cuThreadExchangeStreamCaptureMode(same_layout<CUstreamCaptureMode*>(mode)); });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* pGraph) {
  return in_stream(stream, [&] { return cuStreamEndCapture(stream, pGraph); });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus* pCaptureStatus) {
  return in_stream(stream,
                   [&] { return cuStreamIsCapturing(stream, same_layout<CUstreamCaptureStatus*>(pCaptureStatus)); });
}

namespace {

cudaError_t capture_information(cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id,
                                cudaGraph_t* graph, const cudaGraphNode_t** dependencies,
                                const cudaGraphEdgeData** edges, size_t* count) {
  return in_stream(stream, [&] {
    return cuStreamGetCaptureInfo_v3(stream, same_layout<CUstreamCaptureStatus*>(status),
                                     reinterpret_cast<cuuint64_t*>(id), graph, dependencies,
                                     reinterpret_cast<const CUgraphEdgeData**>(edges), count);
  });
}

cudaError_t update_dependencies(cudaStream_t stream, cudaGraphNode_t* dependencies, const cudaGraphEdgeData* edges,
                                size_t count, unsigned flags) {
  return in_stream(stream, [&] {
    return cuStreamUpdateCaptureDependencies_v2(stream, dependencies, same_layout<const CUgraphEdgeData*>(edges), count,
                                                flags);
  });
}

}  // namespace

#if CUDART_MAJOR == 12
cudaError_t cudaStreamGetCaptureInfo_v2(cudaStream_t stream, enum cudaStreamCaptureStatus* captureStatus_out,
                                        unsigned long long* id_out, cudaGraph_t* graph_out,
                                        const cudaGraphNode_t** dependencies_out, size_t* numDependencies_out) {
  return in_stream(stream, [&] {
    return cuStreamGetCaptureInfo_v2(stream, same_layout<CUstreamCaptureStatus*>(captureStatus_out),
                                     reinterpret_cast<cuuint64_t*>(id_out), graph_out, dependencies_out,
                                     numDependencies_out);
  });
}

cudaError_t cudaStreamGetCaptureInfo_v2_ptsz(cudaStream_t stream, enum cudaStreamCaptureStatus* captureStatus_out,
                                             unsigned long long* id_out, cudaGraph_t* graph_out,
                                             const cudaGraphNode_t** dependencies_out, size_t* numDependencies_out) {
  return cudaStreamGetCaptureInfo_v2(per_thread(stream), captureStatus_out, id_out, graph_out, dependencies_out,
                                     numDependencies_out);
}

cudaError_t cudaStreamGetCaptureInfo_v3(cudaStream_t stream, enum cudaStreamCaptureStatus* captureStatus_out,
                                        unsigned long long* id_out, cudaGraph_t* graph_out,
                                        const cudaGraphNode_t** dependencies_out,
                                        const cudaGraphEdgeData** edgeData_out, size_t* numDependencies_out) {
  return capture_information(stream, captureStatus_out, id_out, graph_out, dependencies_out, edgeData_out,
                             numDependencies_out);
}

cudaError_t cudaStreamGetCaptureInfo_v3_ptsz(cudaStream_t stream, enum cudaStreamCaptureStatus* captureStatus_out,
                                             unsigned long long* id_out, cudaGraph_t* graph_out,
                                             const cudaGraphNode_t** dependencies_out,
                                             const cudaGraphEdgeData** edgeData_out, size_t* numDependencies_out) {
  return capture_information(per_thread(stream), captureStatus_out, id_out, graph_out, dependencies_out, edgeData_out,
                             numDependencies_out);
}

cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                size_t numDependencies, unsigned int flags) {
  return update_dependencies(stream, dependencies, nullptr, numDependencies, flags);
}

cudaError_t cudaStreamUpdateCaptureDependencies_ptsz(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                     size_t numDependencies, unsigned int flags) {
  return update_dependencies(per_thread(stream), dependencies, nullptr, numDependencies, flags);
}

cudaError_t cudaStreamUpdateCaptureDependencies_v2(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                   const cudaGraphEdgeData* dependencyData, size_t numDependencies,
                                                   unsigned int flags) {
  return update_dependencies(stream, dependencies, dependencyData, numDependencies, flags);
}

cudaError_t cudaStreamUpdateCaptureDependencies_v2_ptsz(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                        const cudaGraphEdgeData* dependencyData, size_t numDependencies,
                                                        unsigned int flags) {
  return update_dependencies(per_thread(stream), dependencies, dependencyData, numDependencies, flags);
}
#else
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, enum cudaStreamCaptureStatus* captureStatus_out,
                                     unsigned long long* id_out, cudaGraph_t* graph_out,
                                     const cudaGraphNode_t** dependencies_out, const cudaGraphEdgeData** edgeData_out,
                                     size_t* numDependencies_out) {
  return capture_information(stream, captureStatus_out, id_out, graph_out, dependencies_out, edgeData_out,
                             numDependencies_out);
}

cudaError_t cudaStreamGetCaptureInfo_ptsz(cudaStream_t stream, enum cudaStreamCaptureStatus* captureStatus_out,
                                          unsigned long long* id_out, cudaGraph_t* graph_out,
                                          const cudaGraphNode_t** dependencies_out,
                                          const cudaGraphEdgeData** edgeData_out, size_t* numDependencies_out) {
  return capture_information(per_thread(stream), captureStatus_out, id_out, graph_out, dependencies_out, edgeData_out,
                             numDependencies_out);
}

cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                const cudaGraphEdgeData* dependencyData, size_t numDependencies,
                                                unsigned int flags) {
  return update_dependencies(stream, dependencies, dependencyData, numDependencies, flags);
}

cudaError_t cudaStreamUpdateCaptureDependencies_ptsz(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                     const cudaGraphEdgeData* dependencyData, size_t numDependencies,
                                                     unsigned int flags) {
  return update_dependencies(per_thread(stream), dependencies, dependencyData, numDependencies, flags);
}
#endif
