// Graphs and stream capture through the C interface alone: what is captured and made by hand is replayed in the right
// order with the right parameters, and what the rules of capture forbid is refused with the documented statuses.
// usage: graph_test [name]
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "generated/cublas.h"
#include "generated/driver.h"
#include "tests/check.h"
#include "tests/gate.h"
#include "tests/training_ptx.h"

extern "C" uint64_t cudnnnetCpuCallCount(const char* symbol);

namespace {

CUcontext context;

struct Stream {
  CUstream handle = nullptr;
  explicit Stream(unsigned flags = CU_STREAM_NON_BLOCKING) { CHECK(cuStreamCreate(&handle, flags)); }
  ~Stream() { cuStreamDestroy_v2(handle); }
  operator CUstream() const { return handle; }
};

struct Event {
  CUevent handle = nullptr;
  Event(unsigned flags = CU_EVENT_DEFAULT) { CHECK(cuEventCreate(&handle, flags)); }
  ~Event() { cuEventDestroy_v2(handle); }
  operator CUevent() const { return handle; }
};

// Managed memory: the host looks into it directly.
struct Words {
  CUdeviceptr address = 0;
  explicit Words(size_t count) {
    CHECK(cuMemAllocManaged(&address, count * 4, CU_MEM_ATTACH_GLOBAL));
    for (size_t i = 0; i < count; ++i) (*this)[i] = 0;
  }
  ~Words() { cuMemFree_v2(address); }
  uint32_t& operator[](size_t i) const { return reinterpret_cast<uint32_t*>(address)[i]; }
};

struct Module {
  CUmodule module = nullptr;
  CUfunction advance_step = nullptr;
  Module() {
    const std::string ptx = training_ptx();
    CHECK(cuModuleLoadData(&module, ptx.c_str()));
    CHECK(cuModuleGetFunction(&advance_step, module, "advance_step"));
  }
  ~Module() { cuModuleUnload(module); }
};

CUgraph end(CUstream stream) {
  CUgraph graph = nullptr;
  CHECK(cuStreamEndCapture(stream, &graph));
  return graph;
}

CUgraphExec instantiate(CUgraph graph) {
  CUgraphExec exec = nullptr;
  CHECK(cuGraphInstantiateWithFlags(&exec, graph, 0));
  return exec;
}

void replay(CUgraph graph, CUstream stream, int times = 1) {
  CUgraphExec exec = instantiate(graph);
  for (int i = 0; i < times; ++i) CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuStreamSynchronize(stream));
  CHECK(cuGraphExecDestroy(exec));
}

size_t count_nodes(CUgraph graph) {
  size_t count = 0;
  CHECK(cuGraphGetNodes(graph, nullptr, &count));
  return count;
}

std::vector<CUgraphNode> nodes_of(CUgraph graph) {
  size_t count = count_nodes(graph);
  std::vector<CUgraphNode> nodes(count);
  CHECK(cuGraphGetNodes(graph, nodes.data(), &count));
  return nodes;
}

CUgraphNodeType type_of(CUgraphNode node) {
  CUgraphNodeType type{};
  CHECK(cuGraphNodeGetType(node, &type));
  return type;
}

void increment(void* word) { ++*static_cast<uint32_t*>(word); }
void double_it(void* word) { *static_cast<uint32_t*>(word) *= 2; }

CUresult launch_step(CUfunction function, CUdeviceptr word, CUstream stream) {
  void* parameters[] = {&word};
  return cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, parameters, nullptr);
}

void a_capture_runs_nothing_and_a_replay_runs_everything_in_order() {
  Module module;
  Stream stream;
  Words words(4);
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  CHECK(cuMemsetD32Async(words.address, 5, 1, stream));
  CHECK(launch_step(module.advance_step, words.address, stream));
  CHECK(cuLaunchHostFunc(stream, double_it, &words[0]));
  CHECK(cuMemcpyDtoDAsync_v2(words.address + 4, words.address, 4, stream));
  CUgraph graph = end(stream);
  EXPECT(words[0] == 0);
  EXPECT(count_nodes(graph) == 4);
  const auto nodes = nodes_of(graph);
  EXPECT(type_of(nodes[0]) == CU_GRAPH_NODE_TYPE_MEMSET);
  EXPECT(type_of(nodes[1]) == CU_GRAPH_NODE_TYPE_KERNEL);
  EXPECT(type_of(nodes[2]) == CU_GRAPH_NODE_TYPE_HOST);
  EXPECT(type_of(nodes[3]) == CU_GRAPH_NODE_TYPE_MEMCPY);
  replay(graph, stream, 3);
  EXPECT(words[0] == 12);
  EXPECT(words[1] == 12);
  CHECK(cuGraphDestroy(graph));
}

void streams_join_a_capture_through_events() {
  Stream first;
  Stream second;
  Event fork(CU_EVENT_DISABLE_TIMING);
  Event join(CU_EVENT_DISABLE_TIMING);
  Words words(3);
  CHECK(cuStreamBeginCapture_v2(first, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  CHECK(cuMemsetD32Async(words.address, 7, 1, first));
  CHECK(cuEventRecord(fork, first));
  CHECK(cuStreamWaitEvent(second, fork, 0));
  CUstreamCaptureStatus status{};
  cuuint64_t ids[2] = {};
  CHECK(cuStreamGetCaptureInfo(first, &status, &ids[0]));
  EXPECT(status == CU_STREAM_CAPTURE_STATUS_ACTIVE);
  CHECK(cuStreamGetCaptureInfo(second, &status, &ids[1]));
  EXPECT(status == CU_STREAM_CAPTURE_STATUS_ACTIVE);
  EXPECT(ids[0] == ids[1] && ids[0] != 0);
  CHECK(cuMemcpyDtoDAsync_v2(words.address + 4, words.address, 4, second));
  CHECK(cuMemsetD32Async(words.address + 8, 1, 1, first));
  CHECK(cuEventRecord(join, second));
  CHECK(cuStreamWaitEvent(first, join, 0));
  CHECK(cuLaunchHostFunc(first, increment, &words[1]));
  CUgraph graph = end(first);
  CHECK(cuStreamIsCapturing(second, &status));
  EXPECT(status == CU_STREAM_CAPTURE_STATUS_NONE);
  const auto nodes = nodes_of(graph);
  EXPECT(nodes.size() == 4);
  size_t dependencies = 0;
  CHECK(cuGraphNodeGetDependencies_v2(nodes[3], nullptr, nullptr, &dependencies));
  EXPECT(dependencies == 2);
  size_t edges = 0;
  CHECK(cuGraphGetEdges_v2(graph, nullptr, nullptr, nullptr, &edges));
  EXPECT(edges == 4);
  replay(graph, second);
  EXPECT(words[1] == 8 && words[2] == 1);
  CHECK(cuGraphDestroy(graph));
  EXPECT(cuEventQuery(join) == CUDA_ERROR_CAPTURED_EVENT);
  EXPECT(cuEventSynchronize(join) == CUDA_ERROR_CAPTURED_EVENT);
  EXPECT(cuStreamWaitEvent(first, join, 0) == CUDA_ERROR_CAPTURED_EVENT);
  CHECK(cuEventRecord(join, first));
  CHECK(cuEventSynchronize(join));
}

void a_forked_stream_must_be_joined() {
  Stream first;
  Stream second;
  Event fork;
  Words words(1);
  CHECK(cuStreamBeginCapture_v2(first, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuEventRecord(fork, first));
  CHECK(cuStreamWaitEvent(second, fork, 0));
  CHECK(cuMemsetD32Async(words.address, 7, 1, second));
  CUgraph graph = reinterpret_cast<CUgraph>(1);
  EXPECT(cuStreamEndCapture(second, &graph) == CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  EXPECT(cuStreamEndCapture(first, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  CHECK(cuStreamBeginCapture_v2(first, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuEventRecord(fork, first));
  CHECK(cuStreamWaitEvent(second, fork, 0));
  CHECK(cuMemsetD32Async(words.address, 7, 1, second));
  EXPECT(cuStreamEndCapture(first, &graph) == CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  EXPECT(graph == nullptr);
  EXPECT(cuStreamEndCapture(first, &graph) == CUDA_ERROR_ILLEGAL_STATE);
  CHECK(cuMemsetD32Async(words.address, 7, 1, second));
  CHECK(cuStreamSynchronize(second));
  EXPECT(words[0] == 7);
}

void what_a_capturing_stream_cannot_do_spoils_the_capture() {
  Stream stream;
  Event outside;
  Words words(1);
  const auto spoilt_by = [&](CUresult expected, const std::function<CUresult()>& call) {
    CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    CHECK(cuMemsetD32Async(words.address, 7, 1, stream));
    const CUresult status = call();
    EXPECT(status == expected);
    CUstreamCaptureStatus capture{};
    CHECK(cuStreamIsCapturing(stream, &capture));
    EXPECT(capture == CU_STREAM_CAPTURE_STATUS_INVALIDATED);
    EXPECT(cuMemsetD32Async(words.address, 7, 1, stream) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    CUgraph graph = reinterpret_cast<CUgraph>(1);
    EXPECT(cuStreamEndCapture(stream, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    EXPECT(graph == nullptr);
  };
  CHECK(cuEventRecord(outside, stream));
  CHECK(cuStreamSynchronize(stream));
  spoilt_by(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [&] { return cuStreamSynchronize(stream); });
  spoilt_by(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [&] { return cuStreamQuery(stream); });
  spoilt_by(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [&] { return cuCtxSynchronize(); });
  spoilt_by(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, [&] { return cuStreamWaitEvent(stream, outside, 0); });
  spoilt_by(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [&] {
    return cuStreamAddCallback(
        stream, [](CUstream, CUresult, void*) {}, nullptr, 0);
  });
  spoilt_by(CUDA_ERROR_CAPTURED_EVENT, [&] {
    CHECK(cuEventRecord(outside, stream));
    return cuEventQuery(outside);
  });
  spoilt_by(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [&] {
    CUdeviceptr memory = 0;
    return cuMemAlloc_v2(&memory, 16);
  });
  spoilt_by(CUDA_ERROR_STREAM_CAPTURE_MERGE, [&] {
    Stream other;
    Event event;
    CHECK(cuStreamBeginCapture_v2(other, CU_STREAM_CAPTURE_MODE_RELAXED));
    CHECK(cuEventRecord(event, other));
    const CUresult status = cuStreamWaitEvent(stream, event, 0);
    CUgraph graph = nullptr;
    EXPECT(cuStreamEndCapture(other, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    return status;
  });
  EXPECT(words[0] == 0);
}

void the_legacy_stream_must_not_meet_a_capture_of_a_blocking_stream() {
  Words words(1);
  CUgraph graph = nullptr;
  EXPECT(cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_RELAXED) == CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  {
    Stream stream(CU_STREAM_NON_BLOCKING);
    CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
    CHECK(cuMemsetD32Async(words.address, 3, 1, nullptr));
    CHECK(cuStreamSynchronize(nullptr));
    EXPECT(words[0] == 3);
    graph = end(stream);
    EXPECT(count_nodes(graph) == 0);
    CHECK(cuGraphDestroy(graph));
  }
  Stream stream(CU_STREAM_DEFAULT);
  CUstreamCaptureStatus status{};
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(cuStreamIsCapturing(nullptr, &status) == CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  CHECK(cuStreamIsCapturing(stream, &status));
  EXPECT(status == CU_STREAM_CAPTURE_STATUS_ACTIVE);
  EXPECT(cuMemsetD32Async(words.address, 4, 1, nullptr) == CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  EXPECT(cuStreamEndCapture(stream, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  uint32_t host = 0;
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(cuMemcpyDtoH_v2(&host, words.address, 4) == CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  EXPECT(cuStreamEndCapture(stream, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

void modes_say_whom_a_capture_forbids_unsafe_calls() {
  Stream stream;
  const auto allocate_elsewhere = [] {
    CUresult status{};
    std::thread([&] {
      cuCtxSetCurrent(context);
      CUdeviceptr memory = 0;
      status = cuMemAlloc_v2(&memory, 16);
      if (status == CUDA_SUCCESS) cuMemFree_v2(memory);
    }).join();
    return status;
  };
  CUgraph graph = nullptr;
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT(allocate_elsewhere() == CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT(cuStreamEndCapture(stream, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  EXPECT(allocate_elsewhere() == CUDA_SUCCESS);
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
  CHECK(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT(mode == CU_STREAM_CAPTURE_MODE_GLOBAL);
  CUdeviceptr memory = 0;
  CHECK(cuMemAlloc_v2(&memory, 16));
  CHECK(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT(mode == CU_STREAM_CAPTURE_MODE_RELAXED);
  std::thread([&] {
    cuCtxSetCurrent(context);
    CUgraph nothing = nullptr;
    EXPECT(cuStreamEndCapture(stream, &nothing) == CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
  }).join();
  CHECK(cuGraphDestroy(end(stream)));
  CHECK(cuMemFree_v2(memory));
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED) == CUDA_ERROR_ILLEGAL_STATE);
  EXPECT(allocate_elsewhere() == CUDA_SUCCESS);
  std::thread([&] {
    cuCtxSetCurrent(context);
    CHECK(cuStreamEndCapture(stream, &graph));
  }).join();
  CHECK(cuGraphDestroy(graph));
}

void nodes_made_by_hand_run_in_the_order_of_their_edges() {
  Module module;
  Stream stream;
  Words words(4);
  CUgraph graph = nullptr;
  CHECK(cuGraphCreate(&graph, 0));
  CUDA_HOST_NODE_PARAMS doubling{double_it, &words[0]};
  CUgraphNode host = nullptr;
  CHECK(cuGraphAddHostNode(&host, graph, nullptr, 0, &doubling));
  CUDA_MEMSET_NODE_PARAMS fill{words.address, 0, 5, 4, 1, 1};
  CUgraphNode memset = nullptr;
  CHECK(cuGraphAddMemsetNode(&memset, graph, nullptr, 0, &fill, context));
  CUdeviceptr argument = words.address;
  void* arguments[] = {&argument};
  CUDA_KERNEL_NODE_PARAMS launch{module.advance_step, 1, 1, 1, 1, 1, 1, 0, arguments, nullptr, nullptr, nullptr};
  CUgraphNode kernel = nullptr;
  CHECK(cuGraphAddKernelNode_v2(&kernel, graph, &memset, 1, &launch));
  argument = 0;
  CUDA_MEMCPY3D copy{};
  copy.srcMemoryType = copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = words.address;
  copy.dstDevice = words.address + 4;
  copy.WidthInBytes = 4;
  copy.Height = copy.Depth = 1;
  CUgraphNode memcpy = nullptr;
  CHECK(cuGraphAddMemcpyNode(&memcpy, graph, &host, 1, &copy, context));
  CUgraphNode empty = nullptr;
  CHECK(cuGraphAddEmptyNode(&empty, graph, &kernel, 1));
  CHECK(cuGraphAddDependencies_v2(graph, &empty, &host, nullptr, 1));
  EXPECT(cuGraphAddDependencies_v2(graph, &empty, &host, nullptr, 1) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuGraphAddDependencies_v2(graph, &host, &host, nullptr, 1) == CUDA_ERROR_INVALID_VALUE);
  size_t roots = 0;
  CHECK(cuGraphGetRootNodes(graph, nullptr, &roots));
  EXPECT(roots == 1);
  replay(graph, stream);
  EXPECT(words[0] == 12 && words[1] == 12);

  CUDA_KERNEL_NODE_PARAMS read{};
  CHECK(cuGraphKernelNodeGetParams_v2(kernel, &read));
  EXPECT(read.func == module.advance_step && read.gridDimX == 1);
  EXPECT(*static_cast<CUdeviceptr*>(read.kernelParams[0]) == words.address);
  CUDA_MEMCPY3D copied{};
  CHECK(cuGraphMemcpyNodeGetParams(memcpy, &copied));
  EXPECT(copied.srcDevice == words.address && copied.dstDevice == words.address + 4 && copied.WidthInBytes == 4);
  CUDA_MEMSET_NODE_PARAMS filled{};
  CHECK(cuGraphMemsetNodeGetParams(memset, &filled));
  EXPECT(filled.value == 5 && filled.elementSize == 4);
  EXPECT(cuGraphMemsetNodeGetParams(kernel, &filled) == CUDA_ERROR_INVALID_VALUE);
  fill.value = 1;
  CHECK(cuGraphMemsetNodeSetParams(memset, &fill));
  replay(graph, stream);
  EXPECT(words[0] == 4);

  // A circle is found when the graph is instantiated.
  CHECK(cuGraphAddDependencies_v2(graph, &memcpy, &memset, nullptr, 1));
  CUgraphExec exec = nullptr;
  CUDA_GRAPH_INSTANTIATE_PARAMS parameters{};
  EXPECT(cuGraphInstantiateWithParams(&exec, graph, &parameters) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(parameters.result_out == CUDA_GRAPH_INSTANTIATE_INVALID_STRUCTURE && parameters.hErrNode_out != nullptr);
  CHECK(cuGraphRemoveDependencies_v2(graph, &memcpy, &memset, nullptr, 1));
  EXPECT(cuGraphRemoveDependencies_v2(graph, &memcpy, &memset, nullptr, 1) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuGraphDestroyNode(host));
  EXPECT(cuGraphDestroyNode(host) == CUDA_ERROR_INVALID_HANDLE);
  size_t count = 0;
  CHECK(cuGraphNodeGetDependencies_v2(memcpy, nullptr, nullptr, &count));
  EXPECT(count == 0 && count_nodes(graph) == 4);
  CHECK(cuGraphDestroy(graph));
  EXPECT(cuGraphDestroy(graph) == CUDA_ERROR_INVALID_HANDLE);
  EXPECT(cuGraphNodeGetType(kernel, nullptr) == CUDA_ERROR_INVALID_HANDLE);
}

void a_child_graph_is_a_copy() {
  Stream stream;
  Words words(2);
  CUgraph child = nullptr;
  CHECK(cuGraphCreate(&child, 0));
  CUDA_HOST_NODE_PARAMS incrementing{increment, &words[0]};
  CUgraphNode inner = nullptr;
  CHECK(cuGraphAddHostNode(&inner, child, nullptr, 0, &incrementing));
  CUgraph graph = nullptr;
  CHECK(cuGraphCreate(&graph, 0));
  CUgraphNode node = nullptr;
  CHECK(cuGraphAddChildGraphNode(&node, graph, nullptr, 0, child));
  CHECK(cuGraphDestroy(child));
  CUgraph embedded = nullptr;
  CHECK(cuGraphChildGraphNodeGetGraph(node, &embedded));
  EXPECT(embedded != child && count_nodes(embedded) == 1);
  EXPECT(cuGraphDestroy(embedded) == CUDA_ERROR_INVALID_VALUE);
  CUgraphNode clone_of_node = nullptr;
  CUgraph clone = nullptr;
  CHECK(cuGraphClone(&clone, graph));
  CHECK(cuGraphNodeFindInClone(&clone_of_node, node, clone));
  EXPECT(type_of(clone_of_node) == CU_GRAPH_NODE_TYPE_GRAPH);
  CHECK(cuGraphDestroy(graph));
  EXPECT(cuGraphGetNodes(embedded, nullptr, nullptr) == CUDA_ERROR_INVALID_HANDLE);
  // A launch that is captured becomes a child graph too.
  CUgraphExec exec = instantiate(clone);
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuGraphLaunch(exec, stream));
  CUgraph outer = end(stream);
  CHECK(cuGraphExecDestroy(exec));
  CHECK(cuGraphDestroy(clone));
  EXPECT(count_nodes(outer) == 2);
  replay(outer, stream);
  EXPECT(words[0] == 2);
  CHECK(cuGraphDestroy(outer));
}

void an_executable_graph_takes_new_parameters() {
  Module module;
  Stream stream;
  Words words(4);
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuMemsetD32Async(words.address, 5, 1, stream));
  CHECK(launch_step(module.advance_step, words.address, stream));
  CUgraph graph = end(stream);
  CUgraphExec exec = instantiate(graph);
  const auto nodes = nodes_of(graph);
  CUDA_KERNEL_NODE_PARAMS kernel{};
  CHECK(cuGraphKernelNodeGetParams_v2(nodes[1], &kernel));
  CUdeviceptr other = words.address + 4;
  void* arguments[] = {&other};
  kernel.kernelParams = arguments;
  CHECK(cuGraphExecKernelNodeSetParams_v2(exec, nodes[1], &kernel));
  CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuStreamSynchronize(stream));
  EXPECT(words[0] == 5 && words[1] == 1);
  EXPECT(cuGraphExecKernelNodeSetParams_v2(exec, nodes[0], &kernel) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuGraphNodeSetEnabled(exec, nodes[1], 0));
  CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuStreamSynchronize(stream));
  EXPECT(words[1] == 1);
  CHECK(cuGraphNodeSetEnabled(exec, nodes[1], 1));

  // A whole graph of the same shape, and one of another.
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuMemsetD32Async(words.address + 8, 9, 1, stream));
  CHECK(launch_step(module.advance_step, words.address + 8, stream));
  CUgraph same = end(stream);
  CUgraphExecUpdateResultInfo info{};
  CHECK(cuGraphExecUpdate_v2(exec, same, &info));
  EXPECT(info.result == CU_GRAPH_EXEC_UPDATE_SUCCESS);
  CHECK(cuGraphDestroy(same));
  CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuStreamSynchronize(stream));
  EXPECT(words[2] == 10 && words[1] == 1);
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(launch_step(module.advance_step, words.address + 8, stream));
  CHECK(cuMemsetD32Async(words.address + 8, 9, 1, stream));
  CUgraph different = end(stream);
  EXPECT(cuGraphExecUpdate_v2(exec, different, &info) == CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT(info.result == CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED && info.errorNode != nullptr);
  CHECK(cuGraphDestroy(different));
  CHECK(cuGraphExecDestroy(exec));
  EXPECT(cuGraphLaunch(exec, stream) == CUDA_ERROR_INVALID_HANDLE);
  CHECK(cuGraphDestroy(graph));
}

void a_change_does_not_reach_launches_that_are_pending() {
  Stream stream;
  Gate gate;
  Words words(1);
  CUgraph graph = nullptr;
  CHECK(cuGraphCreate(&graph, 0));
  CUDA_HOST_NODE_PARAMS host{increment, &words[0]};
  CUgraphNode node = nullptr;
  CHECK(cuGraphAddHostNode(&node, graph, nullptr, 0, &host));
  CUgraphExec exec = instantiate(graph);
  words[0] = 10;
  gate.close_in(stream);
  CHECK(cuGraphLaunch(exec, stream));
  host.fn = double_it;
  CHECK(cuGraphExecHostNodeSetParams(exec, node, &host));
  CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuGraphExecDestroy(exec));
  CHECK(cuGraphDestroy(graph));
  gate.open = true;
  CHECK(cuStreamSynchronize(stream));
  EXPECT(words[0] == 22);
}

void launches_of_one_graph_follow_each_other_across_streams() {
  Stream first;
  Stream second;
  Gate gate;
  Words words(1);
  CUgraph graph = nullptr;
  CHECK(cuGraphCreate(&graph, 0));
  CUDA_HOST_NODE_PARAMS host{increment, &words[0]};
  CUgraphNode node = nullptr;
  CHECK(cuGraphAddHostNode(&node, graph, nullptr, 0, &host));
  CUgraphExec exec = instantiate(graph);
  gate.close_in(first);
  CHECK(cuGraphLaunch(exec, first));
  CHECK(cuGraphLaunch(exec, second));
  EXPECT(cuStreamQuery(second) == CUDA_ERROR_NOT_READY);
  EXPECT(words[0] == 0);
  gate.open = true;
  CHECK(cuStreamSynchronize(second));
  EXPECT(words[0] == 2);
  CHECK(cuGraphExecDestroy(exec));
  CHECK(cuGraphDestroy(graph));
}

void events_in_a_graph_order_it_with_other_streams() {
  Stream stream;
  Stream other;
  Event begun;
  Event answered;
  Words words(2);
  CHECK(cuEventRecord(answered, other));
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuMemsetD32Async(words.address, 21, 1, stream));
  CHECK(cuEventRecordWithFlags(begun, stream, CU_EVENT_RECORD_EXTERNAL));
  CHECK(cuStreamWaitEvent(stream, answered, CU_EVENT_WAIT_EXTERNAL));
  CHECK(cuLaunchHostFunc(stream, double_it, &words[0]));
  CUgraph graph = end(stream);
  const auto nodes = nodes_of(graph);
  EXPECT(nodes.size() == 4 && type_of(nodes[1]) == CU_GRAPH_NODE_TYPE_EVENT_RECORD &&
         type_of(nodes[2]) == CU_GRAPH_NODE_TYPE_WAIT_EVENT);
  CUevent event = nullptr;
  CHECK(cuGraphEventRecordNodeGetEvent(nodes[1], &event));
  EXPECT(event == begun);
  CUgraphExec exec = instantiate(graph);
  for (int round = 0; round < 3; ++round) {
    Gate gate;
    gate.close_in(stream);
    CHECK(cuGraphLaunch(exec, stream));
    EXPECT(cuEventQuery(begun) == CUDA_ERROR_NOT_READY);
    CHECK(cuStreamWaitEvent(other, begun, 0));
    CHECK(cuLaunchHostFunc(other, increment, &words[1]));
    EXPECT(words[1] == static_cast<uint32_t>(round));
    gate.open = true;
    CHECK(cuStreamSynchronize(other));
    CHECK(cuStreamSynchronize(stream));
    CHECK(cuEventQuery(begun));
    EXPECT(words[0] == 42 && words[1] == static_cast<uint32_t>(round) + 1);
  }
  float milliseconds = -1;
  Event after;
  CHECK(cuEventRecord(after, stream));
  CHECK(cuEventSynchronize(after));
  CHECK(cuEventElapsedTime_v2(&milliseconds, begun, after));
  EXPECT(milliseconds >= 0);
  CHECK(cuGraphExecDestroy(exec));
  CHECK(cuGraphDestroy(graph));
}

void libraries_calls_are_captured() {
  Stream stream;
  Words words(1);
  CUdeviceptr memory = 0;
  CHECK(cuMemAllocManaged(&memory, 12 * sizeof(float), CU_MEM_ATTACH_GLOBAL));
  auto* a = reinterpret_cast<float*>(memory);
  for (int i = 0; i < 12; ++i) a[i] = static_cast<float>(i + 1);
  cublasHandle_t blas = nullptr;
  EXPECT(cublasCreate_v2(&blas) == CUBLAS_STATUS_SUCCESS);
  EXPECT(cublasSetStream_v2(blas, stream) == CUBLAS_STATUS_SUCCESS);
  const float one = 1;
  const float zero = 0;
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT(cublasSgemm_v2(blas, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a, 2, a + 4, 2, &zero, a + 8, 2) ==
         CUBLAS_STATUS_SUCCESS);
  CUgraph graph = end(stream);
  EXPECT(count_nodes(graph) == 1 && type_of(nodes_of(graph)[0]) == CU_GRAPH_NODE_TYPE_KERNEL);
  EXPECT(a[8] == 9);
  replay(graph, stream, 2);
  EXPECT(a[8] == 1 * 5 + 3 * 6 && a[9] == 2 * 5 + 4 * 6 && a[10] == 1 * 7 + 3 * 8 && a[11] == 2 * 7 + 4 * 8);
  CHECK(cuGraphDestroy(graph));
  // A result in host memory would have to be waited for.
  float result = 0;
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT(cublasSdot_v2(blas, 2, a, 1, a, 1, &result) != CUBLAS_STATUS_SUCCESS);
  EXPECT(cuStreamEndCapture(stream, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  EXPECT(cublasDestroy_v2(blas) == CUBLAS_STATUS_SUCCESS);
  CHECK(cuMemFree_v2(memory));
}

void a_capture_can_extend_a_graph_and_change_what_follows() {
  Stream stream;
  Words words(2);
  CUgraph graph = nullptr;
  CHECK(cuGraphCreate(&graph, 0));
  CUDA_HOST_NODE_PARAMS host{increment, &words[0]};
  CUgraphNode first = nullptr;
  CHECK(cuGraphAddHostNode(&first, graph, nullptr, 0, &host));
  CHECK(cuStreamBeginCaptureToGraph(stream, graph, &first, nullptr, 1, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuLaunchHostFunc(stream, double_it, &words[0]));
  CUstreamCaptureStatus status{};
  CUgraph captured = nullptr;
  const CUgraphNode* dependencies = nullptr;
  size_t count = 0;
  CHECK(cuStreamGetCaptureInfo_v2(stream, &status, nullptr, &captured, &dependencies, &count));
  EXPECT(captured == graph && count == 1 && dependencies[0] != first);
  CUgraphNode by_hand = nullptr;
  CUDA_HOST_NODE_PARAMS other{increment, &words[1]};
  CHECK(cuGraphAddHostNode(&by_hand, graph, dependencies, count, &other));
  CHECK(cuStreamUpdateCaptureDependencies(stream, &by_hand, 1, CU_STREAM_SET_CAPTURE_DEPENDENCIES));
  CHECK(cuLaunchHostFunc(stream, double_it, &words[1]));
  EXPECT(end(stream) == graph);
  replay(graph, stream);
  EXPECT(words[0] == 2 && words[1] == 2);
  CHECK(cuGraphDestroy(graph));
}

void memory_of_a_graph_lives_as_long_as_the_graph() {
  Stream stream;
  Words words(1);
  CUdeviceptr scratch = 0;
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  CHECK(cuMemAllocAsync(&scratch, 1024, stream));
  CHECK(cuMemsetD32Async(scratch, 77, 4, stream));
  CHECK(cuMemcpyDtoDAsync_v2(words.address, scratch + 8, 4, stream));
  CHECK(cuMemFreeAsync(scratch, stream));
  CUgraph graph = end(stream);
  const auto nodes = nodes_of(graph);
  EXPECT(type_of(nodes[0]) == CU_GRAPH_NODE_TYPE_MEM_ALLOC && type_of(nodes[3]) == CU_GRAPH_NODE_TYPE_MEM_FREE);
  CUgraphExec exec = instantiate(graph);
  CHECK(cuGraphDestroy(graph));
  CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuStreamSynchronize(stream));
  EXPECT(words[0] == 77);
  CHECK(cuGraphExecDestroy(exec));
  CUdeviceptr base = 0;
  EXPECT(cuMemGetAddressRange_v2(&base, nullptr, scratch) == CUDA_ERROR_NOT_FOUND);
}

void a_graph_frees_only_memory_of_allocation_nodes() {
  Stream stream;
  CUdeviceptr pooled = 0;
  CUdeviceptr plain = 0;
  CHECK(cuMemAllocAsync(&pooled, 1024, stream));
  CHECK(cuMemAlloc_v2(&plain, 1024));
  CUgraph graph = nullptr;
  CUgraphNode node = nullptr;
  CHECK(cuGraphCreate(&graph, 0));
  EXPECT(cuGraphAddMemFreeNode(&node, graph, nullptr, 0, pooled) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuGraphAddMemFreeNode(&node, graph, nullptr, 0, plain) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuGraphDestroy(graph));
  CHECK(cuMemFreeAsync(pooled, stream));
  CHECK(cuMemFree_v2(plain));
}

void freed_memory_in_a_replay_is_an_error_and_no_crash() {
  CUcontext own = nullptr;
  CHECK(cuCtxCreate_v2(&own, 0, 0));
  {
    CUstream stream = nullptr;
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CUdeviceptr memory = 0;
    CHECK(cuMemAlloc_v2(&memory, 4 << 20));
    CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
    CHECK(cuMemsetD8Async(memory, 1, 4 << 20, stream));
    CUgraph graph = end(stream);
    CUgraphExec exec = instantiate(graph);
    CHECK(cuMemFree_v2(memory));
    CHECK(cuGraphLaunch(exec, stream));
    EXPECT(cuStreamSynchronize(stream) == CUDA_ERROR_ILLEGAL_ADDRESS);
    // The failure stays until the context ends.
    EXPECT(cuStreamSynchronize(stream) == CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT(cuMemAlloc_v2(&memory, 16) == CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT(cuCtxSynchronize() == CUDA_ERROR_ILLEGAL_ADDRESS);
    CHECK(cuGraphExecDestroy(exec));
    CHECK(cuGraphDestroy(graph));
  }
  CHECK(cuCtxDestroy_v2(own));
  CHECK(cuCtxSetCurrent(context));
  CHECK(cuCtxSynchronize());
}

void values_in_memory_hold_a_stream_up() {
  Stream stream;
  Stream other;
  Words words(4);
  CHECK(cuStreamWaitValue32_v2(stream, words.address, 3, CU_STREAM_WAIT_VALUE_GEQ));
  CHECK(cuStreamWriteValue32_v2(stream, words.address + 4, 9, 0));
  EXPECT(cuStreamQuery(stream) == CUDA_ERROR_NOT_READY);
  CHECK(cuStreamWriteValue32_v2(other, words.address, 4, 0));
  CHECK(cuStreamSynchronize(stream));
  EXPECT(words[1] == 9);
  CUstreamBatchMemOpParams batch[2]{};
  batch[0].waitValue.operation = CU_STREAM_MEM_OP_WAIT_VALUE_32;
  batch[0].waitValue.address = words.address;
  batch[0].waitValue.value = 4;
  batch[0].waitValue.flags = CU_STREAM_WAIT_VALUE_EQ;
  batch[1].writeValue.operation = CU_STREAM_MEM_OP_WRITE_VALUE_64;
  batch[1].writeValue.address = words.address + 8;
  batch[1].writeValue.value64 = uint64_t{5} << 32 | 6;
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuStreamBatchMemOp_v2(stream, 2, batch, 0));
  CUgraph graph = end(stream);
  EXPECT(type_of(nodes_of(graph)[0]) == CU_GRAPH_NODE_TYPE_BATCH_MEM_OP);
  replay(graph, stream);
  EXPECT(words[2] == 6 && words[3] == 5);
  CHECK(cuGraphDestroy(graph));
  EXPECT(cuStreamWaitValue32_v2(stream, words.address + 2, 0, 0) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuStreamWriteValue64_v2(stream, words.address + 4, 0, 0) == CUDA_ERROR_INVALID_VALUE);
}

void user_objects_end_with_their_graphs() {
  uint32_t ended = 0;
  CUuserObject object = nullptr;
  CHECK(cuUserObjectCreate(&object, &ended, increment, 1, CU_USER_OBJECT_NO_DESTRUCTOR_SYNC));
  CUgraph graph = nullptr;
  CHECK(cuGraphCreate(&graph, 0));
  CHECK(cuGraphRetainUserObject(graph, object, 1, CU_GRAPH_USER_OBJECT_MOVE));
  CUgraphExec exec = instantiate(graph);
  CUgraph clone = nullptr;
  CHECK(cuGraphClone(&clone, graph));
  CHECK(cuGraphDestroy(graph));
  CHECK(cuGraphDestroy(clone));
  EXPECT(ended == 0);
  CHECK(cuGraphExecDestroy(exec));
  EXPECT(ended == 1);
  EXPECT(cuUserObjectRelease(object, 1) == CUDA_ERROR_INVALID_HANDLE);
}

void a_graph_is_told_as_dot_text() {
  Module module;
  Stream stream;
  Words words(1);
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuMemsetD32Async(words.address, 5, 1, stream));
  CHECK(launch_step(module.advance_step, words.address, stream));
  CUgraph graph = end(stream);
  const char* path = "graph_test.dot";
  CHECK(cuGraphDebugDotPrint(graph, path, CU_GRAPH_DEBUG_DOT_FLAGS_VERBOSE));
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT(text.starts_with("digraph") && text.find("advance_step") != std::string::npos &&
         text.find("_node_0\" -> ") != std::string::npos);
  std::remove(path);
  EXPECT(cuGraphDebugDotPrint(graph, "/no/such/folder/graph.dot", 0) == CUDA_ERROR_OPERATING_SYSTEM);
  CHECK(cuGraphDestroy(graph));
}

void a_stream_that_is_destroyed_spoils_its_capture() {
  CUstream stream = nullptr;
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  Stream origin;
  Event fork;
  CHECK(cuStreamBeginCapture_v2(origin, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuEventRecord(fork, origin));
  CHECK(cuStreamWaitEvent(stream, fork, 0));
  CHECK(cuStreamDestroy_v2(stream));
  CUgraph graph = nullptr;
  EXPECT(cuStreamEndCapture(origin, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CHECK(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  CHECK(cuStreamDestroy_v2(stream));
  // Nothing is being captured any more.
  CUdeviceptr memory = 0;
  CHECK(cuMemAlloc_v2(&memory, 16));
  CHECK(cuMemFree_v2(memory));
}

void launches_that_our_kernels_cannot_honour_are_refused() {
  Module module;
  Stream stream;
  Words words(1);
  CUdeviceptr word = words.address;
  void* parameters[] = {&word};
  const auto launch = [&](unsigned gy, unsigned gz, unsigned by, unsigned bz) {
    return cuLaunchKernel(module.advance_step, 1, gy, gz, 1, by, bz, 0, stream, parameters, nullptr);
  };
  EXPECT(launch(2, 1, 1, 1) == CUDA_ERROR_NOT_SUPPORTED);
  EXPECT(launch(1, 2, 1, 1) == CUDA_ERROR_NOT_SUPPORTED);
  EXPECT(launch(1, 1, 2, 1) == CUDA_ERROR_NOT_SUPPORTED);
  EXPECT(launch(1, 1, 1, 2) == CUDA_ERROR_NOT_SUPPORTED);
  CHECK(cuLaunchCooperativeKernel(module.advance_step, 1, 1, 1, 1, 1, 1, 0, stream, parameters));
  EXPECT(cuLaunchCooperativeKernel(module.advance_step, 1 << 20, 1, 1, 1024, 1, 1, 0, stream, parameters) ==
         CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
  CUlaunchAttribute attribute{};
  CUlaunchConfig configuration{1, 1, 1, 1, 1, 1, 0, stream, &attribute, 1};
  attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attribute.value.clusterDim = {1, 1, 1};
  CHECK(cuLaunchKernelEx(&configuration, module.advance_step, parameters, nullptr));
  attribute.value.clusterDim = {2, 1, 1};
  EXPECT(cuLaunchKernelEx(&configuration, module.advance_step, parameters, nullptr) == CUDA_ERROR_NOT_SUPPORTED);
  attribute.id = static_cast<CUlaunchAttributeID>(9999);
  EXPECT(cuLaunchKernelEx(&configuration, module.advance_step, parameters, nullptr) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuStreamSynchronize(stream));
  EXPECT(words[0] == 2);
}

void a_library_is_a_module_in_every_context() {
  const std::string ptx = training_ptx();
  CUlibrary library = nullptr;
  CUkernel kernel = nullptr;
  CHECK(cuLibraryLoadData(&library, ptx.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  CHECK(cuLibraryGetKernel(&kernel, library, "advance_step"));
  EXPECT(cuLibraryGetKernel(&kernel, library, "no_such_kernel") == CUDA_ERROR_NOT_FOUND);
  Stream stream;
  Words words(1);
  CHECK(launch_step(reinterpret_cast<CUfunction>(kernel), words.address, stream));
  CUfunction function = nullptr;
  CHECK(cuKernelGetFunction(&function, kernel));
  CHECK(launch_step(function, words.address, stream));
  CHECK(cuStreamSynchronize(stream));
  EXPECT(words[0] == 2);
  CHECK(cuLibraryUnload(library));
  EXPECT(launch_step(function, words.address, stream) == CUDA_ERROR_INVALID_HANDLE);
  EXPECT(launch_step(reinterpret_cast<CUfunction>(kernel), words.address, stream) == CUDA_ERROR_INVALID_HANDLE);
}

void the_jit_logs_say_what_was_wrong() {
  char errors[256] = "untouched";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {errors, reinterpret_cast<void*>(sizeof(errors))};
  CUmodule module = nullptr;
  EXPECT(cuModuleLoadDataEx(&module, ".version 6.3\n", 2, options, values) == CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT(std::strstr(errors, "PTX") != nullptr);
  EXPECT(reinterpret_cast<size_t>(values[1]) == std::strlen(errors) + 1);
  CUlinkState state = nullptr;
  values[1] = reinterpret_cast<void*>(sizeof(errors));
  CHECK(cuLinkCreate_v2(2, options, values, &state));
  char text[] = ".version 6.3\n";
  EXPECT(cuLinkAddData_v2(state, CU_JIT_INPUT_PTX, text, sizeof(text), "text", 0, nullptr, nullptr) ==
         CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT(std::strstr(errors, "PTX") != nullptr);
  std::string ptx = training_ptx();
  CHECK(cuLinkAddData_v2(state, CU_JIT_INPUT_PTX, ptx.data(), ptx.size() + 1, "training", 0, nullptr, nullptr));
  void* image = nullptr;
  size_t size = 0;
  CHECK(cuLinkComplete(state, &image, &size));
  EXPECT(size == ptx.size() + 1);
  CHECK(cuModuleLoadData(&module, image));
  CUfunction function = nullptr;
  CHECK(cuModuleGetFunction(&function, module, "advance_step"));
  CHECK(cuModuleUnload(module));
  CHECK(cuLinkDestroy(state));
  EXPECT(cuLinkDestroy(state) == CUDA_ERROR_INVALID_HANDLE);
}

#define TEST(name) \
  { #name, name }
const struct {
  const char* name;
  void (*run)();
} tests[] = {TEST(a_capture_runs_nothing_and_a_replay_runs_everything_in_order),
             TEST(streams_join_a_capture_through_events),
             TEST(a_forked_stream_must_be_joined),
             TEST(what_a_capturing_stream_cannot_do_spoils_the_capture),
             TEST(the_legacy_stream_must_not_meet_a_capture_of_a_blocking_stream),
             TEST(modes_say_whom_a_capture_forbids_unsafe_calls),
             TEST(nodes_made_by_hand_run_in_the_order_of_their_edges),
             TEST(a_child_graph_is_a_copy),
             TEST(an_executable_graph_takes_new_parameters),
             TEST(a_change_does_not_reach_launches_that_are_pending),
             TEST(launches_of_one_graph_follow_each_other_across_streams),
             TEST(events_in_a_graph_order_it_with_other_streams),
             TEST(libraries_calls_are_captured),
             TEST(a_capture_can_extend_a_graph_and_change_what_follows),
             TEST(memory_of_a_graph_lives_as_long_as_the_graph),
             TEST(a_graph_frees_only_memory_of_allocation_nodes),
             TEST(freed_memory_in_a_replay_is_an_error_and_no_crash),
             TEST(values_in_memory_hold_a_stream_up),
             TEST(user_objects_end_with_their_graphs),
             TEST(a_graph_is_told_as_dot_text),
             TEST(a_stream_that_is_destroyed_spoils_its_capture),
             TEST(launches_that_our_kernels_cannot_honour_are_refused),
             TEST(a_library_is_a_module_in_every_context),
             TEST(the_jit_logs_say_what_was_wrong)};

}  // namespace

int main(int argc, char** argv) {
  CHECK(cuInit(0));
  CHECK(cuDevicePrimaryCtxRetain(&context, 0));
  CHECK(cuCtxSetCurrent(context));
  int run = 0;
  for (const auto& test : tests) {
    if (argc > 1 && std::strcmp(argv[1], test.name) != 0) continue;
    const long before = failures;
    test.run();
    ++run;
    if (failures != before) std::fprintf(stderr, "FAILED: %s\n", test.name);
  }
  CHECK(cuDevicePrimaryCtxRelease_v2(0));
  std::printf("%d tests, %ld failures\n", run, failures.load());
  return failures == 0 && run != 0 ? 0 : 1;
}
