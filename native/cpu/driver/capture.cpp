#include "engine/capture.h"

#include <algorithm>

#include "driver/graph_nodes.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// A call about a stream's capture, which changes nothing in the stream.
template <class F>
CUresult ask_capture(const char* function, CUstream handle, F&& body) {
  return in_context(function, [&](Context&) {
    const std::shared_ptr<Stream> stream = stream_from_handle(handle);
    if (stream == nullptr) return bad_handle("stream", handle);
    std::lock_guard lock(graph_mutex());
    return body(*stream);
  });
}

CUresult check_mode(CUstreamCaptureMode mode) {
  if (mode >= CU_STREAM_CAPTURE_MODE_GLOBAL && mode <= CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE, "there is no capture mode " + std::to_string(static_cast<int>(mode)));
}

CUstreamCaptureStatus status_of(const Capture* capture) {
  if (capture == nullptr) return CU_STREAM_CAPTURE_STATUS_NONE;
  return capture->invalidated ? CU_STREAM_CAPTURE_STATUS_INVALIDATED : CU_STREAM_CAPTURE_STATUS_ACTIVE;
}

// The legacy stream never captures; asking it while a stream that it waits for does has no answer.
CUresult check_legacy(const Stream& stream) {
  if (stream.kind() != Stream::Kind::Legacy || !captures_blocking_stream(stream.group())) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
              "a blocking stream of this context is being captured, and the legacy default stream waits for it");
}

// What is told of a stream's capture stays valid until the thread asks again.
struct CaptureAnswer {
  std::vector<CUgraphNode> nodes;
  std::vector<CUgraphEdgeData> edges;
};

CUresult capture_info(const char* function, CUstream handle, CUstreamCaptureStatus* status, cuuint64_t* id,
                      CUgraph* graph, const CUgraphNode** dependencies, const CUgraphEdgeData** edges, size_t* count) {
  return ask_capture(function, handle, [&](Stream& stream) {
    if (status == nullptr) return null_argument("captureStatus_out");
    if (const CUresult legacy = check_legacy(stream); legacy != CUDA_SUCCESS) return legacy;
    const Capture* capture = capture_of(stream);
    *status = status_of(capture);
    const bool active = *status == CU_STREAM_CAPTURE_STATUS_ACTIVE;
    thread_local CaptureAnswer answer;
    answer.nodes.clear();
    if (active) {
      for (const GraphNode* node : capture_dependencies(stream)) answer.nodes.push_back(node->handle);
      if (id != nullptr) *id = capture->id;
      if (graph != nullptr) *graph = capture->graph;
      answer.edges.assign(answer.nodes.size(), {});
      if (dependencies != nullptr) *dependencies = answer.nodes.data();
      if (edges != nullptr) *edges = answer.edges.data();
      if (count != nullptr) *count = answer.nodes.size();
    }
    return CUDA_SUCCESS;
  });
}

CUresult update_dependencies(const char* function, CUstream handle, CUgraphNode* dependencies,
                             const CUgraphEdgeData* edges, size_t count, unsigned flags) {
  return ask_capture(function, handle, [&](Stream& stream) {
    const Capture* capture = capture_of(stream);
    if (capture == nullptr) return fail(CUDA_ERROR_ILLEGAL_STATE, "the stream is not being captured");
    if (capture->invalidated) {
      return fail(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "an earlier error has spoilt this capture");
    }
    if (flags != CU_STREAM_ADD_CAPTURE_DEPENDENCIES && flags != CU_STREAM_SET_CAPTURE_DEPENDENCIES) {
      return fail(CUDA_ERROR_INVALID_VALUE, "flags is " + std::to_string(flags) +
                                                "; CU_STREAM_ADD_CAPTURE_DEPENDENCIES (0) and "
                                                "CU_STREAM_SET_CAPTURE_DEPENDENCIES (1) are valid");
    }
    const Graph* graph = lookup<Graph>(capture->graph);
    if (graph == nullptr) return bad_handle("graph", capture->graph);
    std::vector<GraphNode*> nodes;
    CUresult status = read_nodes(*graph, dependencies, count, &nodes);
    if (status == CUDA_SUCCESS) status = check_edges(edges, count);
    if (status != CUDA_SUCCESS) return status;
    if (flags == CU_STREAM_ADD_CAPTURE_DEPENDENCIES) {
      for (GraphNode* node : capture_dependencies(stream)) nodes.push_back(node);
    }
    std::vector<GraphNode*> each;
    for (GraphNode* node : nodes) {
      if (std::find(each.begin(), each.end(), node) == each.end()) each.push_back(node);
    }
    set_capture_dependencies(stream, each);
    return CUDA_SUCCESS;
  });
}

}  // namespace

CUresult cuStreamBeginCapture_v2(CUstream hStream, CUstreamCaptureMode mode) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (const CUresult status = check_mode(mode); status != CUDA_SUCCESS) return status;
    begin_capture(stream, mode, nullptr, {});
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamBeginCapture(CUstream hStream) {
  return cuStreamBeginCapture_v2(hStream, CU_STREAM_CAPTURE_MODE_GLOBAL);
}

CUresult cuStreamBeginCaptureToGraph(CUstream hStream, CUgraph hGraph, const CUgraphNode* dependencies,
                                     const CUgraphEdgeData* dependencyData, size_t numDependencies,
                                     CUstreamCaptureMode mode) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    std::lock_guard lock(graph_mutex());
    if (const CUresult status = check_mode(mode); status != CUDA_SUCCESS) return status;
    Graph* graph = lookup<Graph>(hGraph);
    if (graph == nullptr) return bad_handle("graph", hGraph);
    std::vector<GraphNode*> nodes;
    CUresult status = read_nodes(*graph, dependencies, numDependencies, &nodes);
    if (status == CUDA_SUCCESS) status = check_edges(dependencyData, numDependencies);
    if (status == CUDA_SUCCESS) begin_capture(stream, mode, graph, nodes);
    return status;
  });
}

CUresult cuStreamEndCapture(CUstream hStream, CUgraph* phGraph) {
  CPU_COUNT_CALL();
  return ask_capture(__func__, hStream, [&](Stream& stream) {
    if (phGraph == nullptr) return null_argument("phGraph");
    *phGraph = nullptr;
    *phGraph = end_capture(stream);
    return CUDA_SUCCESS;
  });
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (mode == nullptr) return null_argument("mode");
    const CUresult status = check_mode(*mode);
    if (status == CUDA_SUCCESS) *mode = exchange_thread_capture_mode(*mode);
    return status;
  });
}

CUresult cuStreamIsCapturing(CUstream hStream, CUstreamCaptureStatus* captureStatus) {
  CPU_COUNT_CALL();
  return ask_capture(__func__, hStream, [&](Stream& stream) {
    if (captureStatus == nullptr) return null_argument("captureStatus");
    const CUresult status = check_legacy(stream);
    if (status == CUDA_SUCCESS) *captureStatus = status_of(capture_of(stream));
    return status;
  });
}

CUresult cuStreamGetCaptureInfo(CUstream hStream, CUstreamCaptureStatus* captureStatus_out, cuuint64_t* id_out) {
  CPU_COUNT_CALL();
  return capture_info(__func__, hStream, captureStatus_out, id_out, nullptr, nullptr, nullptr, nullptr);
}

CUresult cuStreamGetCaptureInfo_v2(CUstream hStream, CUstreamCaptureStatus* captureStatus_out, cuuint64_t* id_out,
                                   CUgraph* graph_out, const CUgraphNode** dependencies_out,
                                   size_t* numDependencies_out) {
  CPU_COUNT_CALL();
  return capture_info(__func__, hStream, captureStatus_out, id_out, graph_out, dependencies_out, nullptr,
                      numDependencies_out);
}

CUresult cuStreamGetCaptureInfo_v3(CUstream hStream, CUstreamCaptureStatus* captureStatus_out, cuuint64_t* id_out,
                                   CUgraph* graph_out, const CUgraphNode** dependencies_out,
                                   const CUgraphEdgeData** edgeData_out, size_t* numDependencies_out) {
  CPU_COUNT_CALL();
  return capture_info(__func__, hStream, captureStatus_out, id_out, graph_out, dependencies_out, edgeData_out,
                      numDependencies_out);
}

CUresult cuStreamUpdateCaptureDependencies_v2(CUstream hStream, CUgraphNode* dependencies,
                                              const CUgraphEdgeData* dependencyData, size_t numDependencies,
                                              unsigned int flags) {
  CPU_COUNT_CALL();
  return update_dependencies(__func__, hStream, dependencies, dependencyData, numDependencies, flags);
}

CUresult cuStreamUpdateCaptureDependencies(CUstream hStream, CUgraphNode* dependencies, size_t numDependencies,
                                           unsigned int flags) {
  CPU_COUNT_CALL();
  return update_dependencies(__func__, hStream, dependencies, nullptr, numDependencies, flags);
}
