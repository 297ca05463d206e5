// The CUDA runtime through its C interface alone, once for each major version.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#if CUDART_MAJOR == 12
#include "cudart12.h"
#define get_properties cudaGetDeviceProperties_v2
constexpr size_t k_properties_bytes = 1032;
#else
#include "cudart13.h"
#define get_properties cudaGetDeviceProperties
constexpr size_t k_properties_bytes = 1008;
#endif
#include "tests/fat_binary.h"
#include "tests/training_ptx.h"

extern "C" size_t cudnnnetRuntimeTakeLastError(char* buffer, size_t size);

namespace {

std::atomic<long> failures{0};

void check(cudaError_t error, cudaError_t expected, const char* call, int line) {
  if (error == expected) return;
  std::fprintf(stderr, "line %d: %s returned %s, not %s\n", line, call, cudaGetErrorName(error),
               cudaGetErrorName(expected));
  ++failures;
}
#define CHECK(call) check(call, cudaSuccess, #call, __LINE__)
#define FAILS(error, call) check(call, error, #call, __LINE__)

void expect(bool condition, const char* what, int line) {
  if (condition) return;
  std::fprintf(stderr, "line %d: not so: %s\n", line, what);
  ++failures;
}
#define EXPECT(condition) expect(condition, #condition, __LINE__)

std::string last_text() {
  char text[300] = "";
  cudnnnetRuntimeTakeLastError(text, sizeof(text));
  return text;
}

int attribute(cudaDeviceAttr which) {
  int value = -12345;
  CHECK(cudaDeviceGetAttribute(&value, which, 0));
  return value;
}

void devices() {
  int count = -1;
  CHECK(cudaGetDeviceCount(&count));
  EXPECT(count >= 1);
  int device = -1;
  CHECK(cudaGetDevice(&device));
  EXPECT(device == 0);
  FAILS(cudaErrorInvalidDevice, cudaSetDevice(count));
  FAILS(cudaErrorInvalidDevice, cudaSetDevice(-1));
  CHECK(cudaSetDevice(0));
  FAILS(cudaErrorInvalidValue, cudaGetDeviceCount(nullptr));
  FAILS(cudaErrorInvalidValue, cudaGetDevice(nullptr));
  int driver = 0;
  int runtime = 0;
  CHECK(cudaDriverGetVersion(&driver));
  CHECK(cudaRuntimeGetVersion(&runtime));
  EXPECT(runtime / 1000 == CUDART_MAJOR && runtime <= driver);
  FAILS(cudaErrorInvalidValue, cudaDeviceGetAttribute(&device, static_cast<cudaDeviceAttr>(100000), 0));
  FAILS(cudaErrorInvalidDevice, cudaDeviceGetAttribute(&device, cudaDevAttrWarpSize, count));
  unsigned flags = 0;
  CHECK(cudaGetDeviceFlags(&flags));
  EXPECT((flags & cudaDeviceMapHost) != 0);
  size_t limit = 0;
  CHECK(cudaDeviceSetLimit(cudaLimitStackSize, 4096));
  CHECK(cudaDeviceGetLimit(&limit, cudaLimitStackSize));
  EXPECT(limit == 4096);
  int access = -1;
  CHECK(cudaDeviceCanAccessPeer(&access, 0, 0));
  EXPECT(access == 0);
  int least = -1;
  int greatest = 1;
  CHECK(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  EXPECT(least == 0 && greatest <= least);
  cudaGetLastError();
}

// Exactly the struct of this version is written, and it says what the attributes say.
void properties() {
  static_assert(sizeof(cudaDeviceProp) == k_properties_bytes);
  struct {
    cudaDeviceProp properties;
    unsigned char guard[64];
  } place;
  std::memset(static_cast<void*>(&place), 0xA5, sizeof(place));
  CHECK(get_properties(&place.properties, 0));
  for (const unsigned char byte : place.guard) EXPECT(byte == 0xA5);
  const cudaDeviceProp& p = place.properties;
  EXPECT(std::strstr(p.name, "CudnnNet CPU device") == p.name);
  EXPECT(p.totalGlobalMem > 0);
  EXPECT(p.warpSize == attribute(cudaDevAttrWarpSize));
  EXPECT(p.major == attribute(cudaDevAttrComputeCapabilityMajor));
  EXPECT(p.multiProcessorCount == attribute(cudaDevAttrMultiProcessorCount));
  EXPECT(p.maxThreadsPerBlock == attribute(cudaDevAttrMaxThreadsPerBlock));
  EXPECT(p.maxGridSize[2] == attribute(cudaDevAttrMaxGridDimZ));
  EXPECT(p.memoryPoolsSupported == attribute(cudaDevAttrMemoryPoolsSupported));
  EXPECT(p.sharedMemPerBlockOptin == static_cast<size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin)));
  EXPECT(p.l2CacheSize == attribute(cudaDevAttrL2CacheSize));
#if CUDART_MAJOR == 12
  EXPECT(p.clockRate == attribute(cudaDevAttrClockRate) && p.computeMode == cudaComputeModeDefault);
#else
  EXPECT(p.hostNumaId == attribute(cudaDevAttrHostNumaId));
#endif
  FAILS(cudaErrorInvalidValue, get_properties(nullptr, 0));
  FAILS(cudaErrorInvalidDevice, get_properties(&place.properties, 99));
  cudaGetLastError();
}

// A failure stays this thread's last error until it is asked for; looking at it does not end it.
void errors() {
  EXPECT(cudaGetLastError() == cudaSuccess);
  FAILS(cudaErrorInvalidValue, cudaMalloc(nullptr, 8));
  void* memory = nullptr;
  CHECK(cudaMalloc(&memory, 8));
  EXPECT(cudaPeekAtLastError() == cudaErrorInvalidValue);
  std::thread([] { EXPECT(cudaPeekAtLastError() == cudaSuccess); }).join();
  EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
  EXPECT(cudaGetLastError() == cudaSuccess);
  CHECK(cudaFree(memory));
  FAILS(cudaErrorInvalidValue, cudaFree(memory));
  EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
  EXPECT(std::string(cudaGetErrorName(cudaErrorMemoryAllocation)) == "cudaErrorMemoryAllocation");
  EXPECT(std::string(cudaGetErrorName(static_cast<cudaError_t>(98765))) == "unrecognized error code");
  EXPECT(std::string(cudaGetErrorString(cudaSuccess)) == "no error");
  EXPECT(std::strlen(cudaGetErrorString(cudaErrorInvalidConfiguration)) > 0);
  FAILS(cudaErrorMemoryAllocation, cudaMalloc(&memory, SIZE_MAX / 2));
  EXPECT(cudaGetLastError() == cudaErrorMemoryAllocation);
  // What is not implemented says so by name.
  int device = 0;
  FAILS(cudaErrorNotSupported, cudaDeviceGetNvSciSyncAttributes(&device, 0, 0));
  EXPECT(last_text() == "cudaDeviceGetNvSciSyncAttributes is not implemented by the CPU device");
  EXPECT(last_text().empty());
  EXPECT(cudaGetLastError() == cudaErrorNotSupported);
}

std::vector<int> numbers(size_t count, int first) {
  std::vector<int> result(count);
  for (size_t i = 0; i < count; ++i) result[i] = first + static_cast<int>(i);
  return result;
}

void memory() {
  void* none = &none;
  CHECK(cudaMalloc(&none, 0));
  EXPECT(none == nullptr);
  CHECK(cudaFree(nullptr));
  CHECK(cudaFreeHost(nullptr));
  FAILS(cudaErrorInvalidValue, cudaMallocManaged(&none, 0, cudaMemAttachGlobal));

  const std::vector<int> source = numbers(1000, 7);
  std::vector<int> result(1000);
  const size_t bytes = source.size() * sizeof(int);
  int* a = nullptr;
  int* b = nullptr;
  CHECK(cudaMalloc(reinterpret_cast<void**>(&a), bytes));
  CHECK(cudaMalloc(reinterpret_cast<void**>(&b), bytes));
  CHECK(cudaMemcpy(a, source.data(), bytes, cudaMemcpyHostToDevice));
  CHECK(cudaMemcpy(b, a, bytes, cudaMemcpyDeviceToDevice));
  CHECK(cudaMemcpy(result.data(), b, bytes, cudaMemcpyDeviceToHost));
  EXPECT(result == source);
  CHECK(cudaMemset(a, 0, bytes));
  CHECK(cudaMemcpy(result.data(), a, bytes, cudaMemcpyDefault));
  EXPECT(result == std::vector<int>(1000));
  CHECK(cudaMemcpyPeer(a, 0, b, 0, bytes));
  CHECK(cudaMemcpy_ptds(result.data(), a, bytes, cudaMemcpyDefault));
  EXPECT(result == source);
  std::vector<int> host(1000);
  CHECK(cudaMemcpy(host.data(), source.data(), bytes, cudaMemcpyHostToHost));
  EXPECT(host == source);

  FAILS(cudaErrorInvalidMemcpyDirection, cudaMemcpy(a, source.data(), bytes, static_cast<cudaMemcpyKind>(9)));
  FAILS(cudaErrorInvalidValue, cudaMemcpy(a, source.data(), bytes + 1, cudaMemcpyHostToDevice));
  FAILS(cudaErrorInvalidValue, cudaMemcpy(a, nullptr, bytes, cudaMemcpyHostToDevice));
  FAILS(cudaErrorInvalidValue, cudaMemcpyAsync(host.data(), source.data(), bytes, cudaMemcpyHostToDevice, nullptr));
  CHECK(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyDefault));
  FAILS(cudaErrorInvalidValue, cudaMemset(nullptr, 0, 1));
  FAILS(cudaErrorInvalidDevice, cudaMemcpyPeer(a, 0, b, 77, bytes));

  // Rows: 10 of 12 numbers each, out of rows of 25.
  void* pitched = nullptr;
  size_t pitch = 0;
  CHECK(cudaMallocPitch(&pitched, &pitch, 12 * sizeof(int), 10));
  EXPECT(pitch >= 12 * sizeof(int) && pitch % 512 == 0);
  CHECK(cudaMemset2D(pitched, pitch, 0xFF, 12 * sizeof(int), 10));
  CHECK(cudaMemcpy2D(pitched, pitch, source.data(), 25 * sizeof(int), 12 * sizeof(int), 10, cudaMemcpyHostToDevice));
  std::vector<int> rows(120);
  CHECK(cudaMemcpy2D(rows.data(), 12 * sizeof(int), pitched, pitch, 12 * sizeof(int), 10, cudaMemcpyDeviceToHost));
  bool equal = true;
  for (size_t row = 0; row < 10; ++row) {
    for (size_t column = 0; column < 12; ++column) {
      equal = equal && rows[row * 12 + column] == source[row * 25 + column];
    }
  }
  EXPECT(equal);
  FAILS(cudaErrorInvalidPitchValue,
        cudaMemcpy2D(rows.data(), 4, pitched, pitch, 12 * sizeof(int), 10, cudaMemcpyDeviceToHost));
  CHECK(cudaMemcpy2D(nullptr, 0, nullptr, 0, 0, 10, cudaMemcpyDefault));
  CHECK(cudaFree(pitched));

  // Boxes: 3 layers of 4 rows of 20 bytes, of which the inner 2 x 2 x 8 is copied.
  cudaPitchedPtr box{};
  CHECK(cudaMalloc3D(&box, {20, 4, 3}));
  EXPECT(box.xsize == 20 && box.ysize == 4 && box.pitch >= 20);
  CHECK(cudaMemset3D(box, 1, {20, 4, 3}));
  std::vector<unsigned char> inner(2 * 2 * 8, 9);
  cudaMemcpy3DParms parameters{};
  parameters.srcPtr = {inner.data(), 8, 8, 2};
  parameters.dstPtr = box;
  parameters.dstPos = {5, 1, 1};
  parameters.extent = {8, 2, 2};
  parameters.kind = cudaMemcpyHostToDevice;
  CHECK(cudaMemcpy3D(&parameters));
  std::vector<unsigned char> all(20 * 4 * 3);
  cudaMemcpy3DParms back{};
  back.srcPtr = box;
  back.dstPtr = {all.data(), 20, 20, 4};
  back.extent = {20, 4, 3};
  back.kind = cudaMemcpyDeviceToHost;
  CHECK(cudaMemcpy3D(&back));
  bool right = true;
  for (size_t z = 0; z < 3; ++z) {
    for (size_t y = 0; y < 4; ++y) {
      for (size_t x = 0; x < 20; ++x) {
        const bool inside = z >= 1 && y >= 1 && y < 3 && x >= 5 && x < 13;
        right = right && all[(z * 4 + y) * 20 + x] == (inside ? 9 : 1);
      }
    }
  }
  EXPECT(right);
  FAILS(cudaErrorInvalidValue, cudaMemcpy3D(nullptr));
  CHECK(cudaFree(box.ptr));

  // What an address is.
  cudaPointerAttributes what{};
  CHECK(cudaPointerGetAttributes(&what, a + 10));
  EXPECT(what.type == cudaMemoryTypeDevice && what.device == 0 && what.devicePointer == a + 10);
  EXPECT(what.hostPointer == nullptr);
  CHECK(cudaPointerGetAttributes(&what, source.data()));
  EXPECT(what.type == cudaMemoryTypeUnregistered && what.device == cudaInvalidDeviceId);
  void* pinned = nullptr;
  CHECK(cudaHostAlloc(&pinned, 64, cudaHostAllocPortable));
  CHECK(cudaPointerGetAttributes(&what, pinned));
  EXPECT(what.type == cudaMemoryTypeHost && what.hostPointer == pinned);
  unsigned flags = 0;
  CHECK(cudaHostGetFlags(&flags, pinned));
  EXPECT((flags & cudaHostAllocPortable) != 0);
  void* on_device = nullptr;
  CHECK(cudaHostGetDevicePointer(&on_device, pinned, 0));
  EXPECT(on_device != nullptr);
  FAILS(cudaErrorInvalidValue, cudaFree(pinned));
  CHECK(cudaFreeHost(pinned));
  FAILS(cudaErrorInvalidValue, cudaHostAlloc(&pinned, 64, 0x1000));
  void* managed = nullptr;
  CHECK(cudaMallocManaged(&managed, 64, cudaMemAttachGlobal));
  CHECK(cudaPointerGetAttributes(&what, managed));
  EXPECT(what.type == cudaMemoryTypeManaged && what.hostPointer == managed && what.devicePointer == managed);
  CHECK(cudaFree(managed));
  CHECK(cudaHostRegister(host.data(), bytes, cudaHostRegisterDefault));
  FAILS(cudaErrorHostMemoryAlreadyRegistered, cudaHostRegister(host.data(), bytes, cudaHostRegisterDefault));
  CHECK(cudaHostUnregister(host.data()));
  FAILS(cudaErrorHostMemoryNotRegistered, cudaHostUnregister(host.data()));
  size_t free_bytes = 0;
  size_t total = 0;
  CHECK(cudaMemGetInfo(&free_bytes, &total));
  EXPECT(free_bytes > 0 && free_bytes <= total);
  CHECK(cudaFree(a));
  CHECK(cudaFree(b));
  cudaGetLastError();
}

// Arrays count elements where memory counts bytes.
void arrays() {
  constexpr size_t width = 5;
  constexpr size_t height = 4;
  const cudaChannelFormatDesc pairs = cudaCreateChannelDesc(32, 32, 0, 0, cudaChannelFormatKindFloat);
  cudaArray_t array = nullptr;
  cudaArray_t other = nullptr;
  CHECK(cudaMallocArray(&array, &pairs, width, height, cudaArrayDefault));
  CHECK(cudaMalloc3DArray(&other, &pairs, {width, height, 0}, cudaArrayDefault));
  cudaChannelFormatDesc channels{};
  cudaExtent extent{};
  unsigned flags = 99;
  CHECK(cudaArrayGetInfo(&channels, &extent, &flags, array));
  EXPECT(channels.x == 32 && channels.y == 32 && channels.z == 0 && channels.f == cudaChannelFormatKindFloat);
  EXPECT(extent.width == width && extent.height == height && extent.depth == 0 && flags == 0);

  constexpr size_t row = width * 2 * sizeof(float);
  std::vector<float> source(width * 2 * height);
  for (size_t i = 0; i < source.size(); ++i) source[i] = static_cast<float>(i);
  std::vector<float> back(source.size());
  CHECK(cudaMemcpy2DToArray(array, 0, 0, source.data(), row, row, height, cudaMemcpyHostToDevice));
  CHECK(cudaMemcpy2DArrayToArray(other, 0, 0, array, 0, 0, row, height, cudaMemcpyDeviceToDevice));
  CHECK(cudaMemcpy2DFromArrayAsync(back.data(), row, other, 0, 0, row, height, cudaMemcpyDeviceToHost, nullptr));
  CHECK(cudaDeviceSynchronize());
  EXPECT(back == source);

  // The inner 2 x 2 elements from (1, 1) on, to (3, 2).
  cudaMemcpy3DParms copy{};
  copy.srcArray = other;
  copy.srcPos = {1, 1, 0};
  copy.dstArray = array;
  copy.dstPos = {3, 2, 0};
  copy.extent = {2, 2, 1};
  copy.kind = cudaMemcpyDeviceToDevice;
  CHECK(cudaMemcpy3D(&copy));
  CHECK(cudaMemcpy2DFromArray(back.data(), row, array, 0, 0, row, height, cudaMemcpyDeviceToHost));
  std::vector<float> wanted = source;
  for (size_t y = 0; y < 2; ++y) {
    for (size_t x = 0; x < 4; ++x) wanted[(y + 2) * width * 2 + 6 + x] = source[(y + 1) * width * 2 + 2 + x];
  }
  EXPECT(back == wanted);

  const cudaChannelFormatDesc uneven = cudaCreateChannelDesc(32, 16, 0, 0, cudaChannelFormatKindFloat);
  FAILS(cudaErrorInvalidChannelDescriptor, cudaMallocArray(&array, &uneven, width, height, cudaArrayDefault));
  FAILS(cudaErrorInvalidValue, cudaMallocArray(&array, nullptr, width, height, cudaArrayDefault));
  CHECK(cudaFreeArray(array));
  CHECK(cudaFreeArray(other));
  FAILS(cudaErrorInvalidResourceHandle, cudaFreeArray(other));
  CHECK(cudaFreeArray(nullptr));
  cudaGetLastError();
}

void pools() {
  cudaMemPool_t pool = nullptr;
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  CHECK(cudaMemPoolCreate(&pool, &properties));
  uint64_t threshold = 1 << 20;
  CHECK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
  threshold = 0;
  CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
  EXPECT(threshold == 1 << 20);
  cudaStream_t stream = nullptr;
  CHECK(cudaStreamCreate(&stream));
  void* memory = nullptr;
  CHECK(cudaMallocFromPoolAsync(&memory, 4096, pool, stream));
  CHECK(cudaMemsetAsync(memory, 3, 4096, stream));
  unsigned char last = 0;
  CHECK(cudaMemcpyAsync(&last, static_cast<char*>(memory) + 4095, 1, cudaMemcpyDeviceToHost, stream));
  CHECK(cudaFreeAsync(memory, stream));
  CHECK(cudaStreamSynchronize(stream));
  EXPECT(last == 3);
  CHECK(cudaMallocAsync(&memory, 64, stream));
  CHECK(cudaFreeAsync(memory, stream));
  CHECK(cudaMemPoolDestroy(pool));
  CHECK(cudaDeviceGetDefaultMemPool(&pool, 0));
  EXPECT(pool != nullptr);
  CHECK(cudaStreamDestroy(stream));
}

// A stream that is held back until the other has seen the event.
void streams() {
  static std::atomic<bool> open;
  static std::atomic<int> order;
  open = false;
  order = 0;
  cudaStream_t first = nullptr;
  cudaStream_t second = nullptr;
  cudaEvent_t event = nullptr;
  CHECK(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking));
  CHECK(cudaStreamCreateWithPriority(&second, cudaStreamNonBlocking, 0));
  CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  static int seen[2];
  CHECK(cudaLaunchHostFunc(
      first,
      [](void*) {
        while (!open) std::this_thread::yield();
        seen[0] = order++;
      },
      nullptr));
  CHECK(cudaEventRecord(event, first));
  CHECK(cudaStreamWaitEvent(second, event, 0));
  CHECK(cudaLaunchHostFunc(
      second, [](void*) { seen[1] = order++; }, nullptr));
  FAILS(cudaErrorNotReady, cudaStreamQuery(first));
  FAILS(cudaErrorNotReady, cudaEventQuery(event));
  FAILS(cudaErrorNotReady, cudaStreamQuery(second));
  EXPECT(cudaGetLastError() == cudaErrorNotReady);
  open = true;
  CHECK(cudaStreamSynchronize(second));
  EXPECT(seen[0] == 0 && seen[1] == 1);
  CHECK(cudaEventQuery(event));
  CHECK(cudaStreamQuery(first));

  static std::atomic<int> called;
  called = 0;
  CHECK(cudaStreamAddCallback(
      first,
      [](cudaStream_t, cudaError_t error, void* data) {
        EXPECT(error == cudaSuccess && data == &called);
        ++called;
        int device = 0;
        EXPECT(cudaStreamSynchronize(nullptr) == cudaErrorNotPermitted);
        EXPECT(cudaGetDevice(&device) == cudaSuccess);
      },
      &called, 0));
  CHECK(cudaStreamSynchronize(first));
  EXPECT(called == 1);

  // Default streams of both kinds.
  CHECK(cudaStreamSynchronize(cudaStreamLegacy));
  CHECK(cudaStreamSynchronize(cudaStreamPerThread));
  CHECK(cudaStreamSynchronize_ptsz(nullptr));
  unsigned long long legacy = 0;
  unsigned long long own = 0;
  CHECK(cudaStreamGetId(nullptr, &legacy));
  CHECK(cudaStreamGetId_ptsz(nullptr, &own));
  EXPECT(legacy != own);

  cudaEvent_t begin = nullptr;
  cudaEvent_t end = nullptr;
  CHECK(cudaEventCreate(&begin));
  CHECK(cudaEventCreate(&end));
  float milliseconds = -1;
  FAILS(cudaErrorInvalidResourceHandle, cudaEventElapsedTime(&milliseconds, begin, end));
  CHECK(cudaEventRecord(begin, first));
  CHECK(cudaLaunchHostFunc(
      first, [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }, nullptr));
  CHECK(cudaEventRecord(end, first));
  CHECK(cudaEventSynchronize(end));
  CHECK(cudaEventElapsedTime(&milliseconds, begin, end));
  EXPECT(milliseconds >= 4.9F);
  FAILS(cudaErrorInvalidResourceHandle, cudaEventElapsedTime(&milliseconds, event, end));

  CHECK(cudaStreamDestroy(first));
  FAILS(cudaErrorInvalidResourceHandle, cudaStreamDestroy(first));
  FAILS(cudaErrorInvalidResourceHandle, cudaStreamSynchronize(first));
  FAILS(cudaErrorInvalidValue, cudaStreamCreateWithFlags(&first, 0x70));
  CHECK(cudaStreamDestroy(second));
  for (const cudaEvent_t each : {event, begin, end}) CHECK(cudaEventDestroy(each));
  FAILS(cudaErrorInvalidResourceHandle, cudaEventDestroy(event));
  cudaGetLastError();
}

size_t node_count(cudaGraph_t graph) {
  size_t count = 0;
  CHECK(cudaGraphGetNodes(graph, nullptr, &count));
  return count;
}

void graphs() {
  cudaStream_t stream = nullptr;
  CHECK(cudaStreamCreate(&stream));
  char* memory = nullptr;
  char* pinned = nullptr;
  CHECK(cudaMalloc(reinterpret_cast<void**>(&memory), 256));
  CHECK(cudaMallocHost(reinterpret_cast<void**>(&pinned), 256));
  static std::atomic<int> calls;
  calls = 0;

  CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  CHECK(cudaStreamIsCapturing(stream, &status));
  EXPECT(status == cudaStreamCaptureStatusActive);
  CHECK(cudaMemsetAsync(memory, 1, 256, stream));
  CHECK(cudaMemcpyAsync(pinned, memory, 256, cudaMemcpyDeviceToHost, stream));
  CHECK(cudaLaunchHostFunc(
      stream, [](void*) { ++calls; }, nullptr));
  FAILS(cudaErrorStreamCaptureUnsupported, cudaStreamSynchronize(stream));
  cudaGraph_t graph = nullptr;
  FAILS(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(stream, &graph));

  CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  CHECK(cudaMemsetAsync(memory, 1, 256, stream));
  CHECK(cudaMemcpyAsync(pinned, memory, 256, cudaMemcpyDeviceToHost, stream));
  CHECK(cudaLaunchHostFunc(
      stream, [](void*) { ++calls; }, nullptr));
  CHECK(cudaStreamEndCapture(stream, &graph));
  EXPECT(node_count(graph) == 3);
  cudaGraphExec_t executable = nullptr;
  CHECK(cudaGraphInstantiate(&executable, graph, 0));
  for (int i = 0; i < 3; ++i) CHECK(cudaGraphLaunch(executable, stream));
  CHECK(cudaStreamSynchronize(stream));
  EXPECT(calls == 3 && pinned[255] == 1);

  // The same graph by hand, with another fill, replaces what is in the executable.
  cudaGraph_t other = nullptr;
  CHECK(cudaGraphCreate(&other, 0));
  cudaMemsetParams fill{};
  fill.dst = memory;
  fill.value = 5;
  fill.elementSize = 1;
  fill.width = 256;
  fill.height = 1;
  cudaGraphNode_t nodes[3];
  CHECK(cudaGraphAddMemsetNode(&nodes[0], other, nullptr, 0, &fill));
  CHECK(cudaGraphAddMemcpyNode1D(&nodes[1], other, &nodes[0], 1, pinned, memory, 256, cudaMemcpyDeviceToHost));
  const cudaHostNodeParams host{[](void*) { ++calls; }, nullptr};
  CHECK(cudaGraphAddHostNode(&nodes[2], other, &nodes[1], 1, &host));
  cudaMemcpy3DParms copy{};
  CHECK(cudaGraphMemcpyNodeGetParams(nodes[1], &copy));
  EXPECT(copy.srcPtr.ptr == memory && copy.dstPtr.ptr == pinned && copy.kind == cudaMemcpyDeviceToHost);
  EXPECT(copy.extent.width == 256 && copy.extent.height == 1 && copy.extent.depth == 1);
  cudaMemsetParams asked{};
  CHECK(cudaGraphMemsetNodeGetParams(nodes[0], &asked));
  EXPECT(asked.value == 5 && asked.width == 256);
  cudaGraphExecUpdateResultInfo result{};
  CHECK(cudaGraphExecUpdate(executable, other, &result));
  EXPECT(result.result == cudaGraphExecUpdateSuccess);
  CHECK(cudaGraphLaunch_ptsz(executable, nullptr));
  CHECK(cudaStreamSynchronize(cudaStreamPerThread));
  EXPECT(pinned[0] == 5);

  size_t edges = 0;
#if CUDART_MAJOR == 12
  CHECK(cudaGraphGetEdges(other, nullptr, nullptr, &edges));
#else
  CHECK(cudaGraphGetEdges(other, nullptr, nullptr, nullptr, &edges));
#endif
  EXPECT(edges == 2);

  // A node of any kind through the one function for all.
  cudaGraphNodeParams any{};
  any.type = cudaGraphNodeTypeMemset;
  any.memset.dst = memory;
  any.memset.value = 8;
  any.memset.elementSize = 1;
  any.memset.width = 16;
  any.memset.height = 1;
  cudaGraphNode_t added = nullptr;
#if CUDART_MAJOR == 12
  CHECK(cudaGraphAddNode(&added, other, &nodes[2], 1, &any));
#else
  CHECK(cudaGraphAddNode(&added, other, &nodes[2], nullptr, 1, &any));
#endif
  cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
  CHECK(cudaGraphNodeGetType(added, &type));
  EXPECT(type == cudaGraphNodeTypeMemset);
  FAILS(cudaErrorGraphExecUpdateFailure, cudaGraphExecUpdate(executable, other, &result));

  CHECK(cudaGraphExecDestroy(executable));
  CHECK(cudaGraphDestroy(graph));
  CHECK(cudaGraphDestroy(other));
  CHECK(cudaFree(memory));
  CHECK(cudaFreeHost(pinned));
  CHECK(cudaStreamDestroy(stream));
  cudaGetLastError();
}

// What nvcc's host code does for a program: registers the device code and the shadows of its kernels.
struct RegisteredProgram {
  struct Wrapper {
    int magic = 0x466243B1;
    int version = 1;
    const void* data = nullptr;
    void* file = nullptr;
  } wrapper;
  std::string binary;
  void** handle = nullptr;

  explicit RegisteredProgram(std::string fat) : binary(std::move(fat)) {
    wrapper.data = binary.data();
    handle = __cudaRegisterFatBinary(&wrapper);
  }
  void add(const char* shadow, const char* name) {
    __cudaRegisterFunction(handle, shadow, const_cast<char*>(name), name, -1, nullptr, nullptr, nullptr, nullptr,
                           nullptr);
  }
  ~RegisteredProgram() { __cudaUnregisterFatBinary(handle); }
};

// The stub that stands for kernel<<<grid, block, shared, stream>>>(...) in a compiled program.
cudaError_t launch_configured(const void* shadow, void** arguments) {
  dim3 grid;
  dim3 block;
  size_t shared = 0;
  cudaStream_t stream = nullptr;
  const cudaError_t error = __cudaPopCallConfiguration(&grid, &block, &shared, &stream);
  return error != cudaSuccess ? error : cudaLaunchKernel(shadow, grid, block, arguments, shared, stream);
}

void kernels() {
  static const char add_bias = 0;
  static const char missing = 0;
  static const char foreign = 0;
  static const char unknown = 0;
  RegisteredProgram program(fat_binary(fat_entry(FatEntry::MachineCode, "\177ELF for another device") +
                                       fat_entry(FatEntry::Text, training_ptx())));
  program.add(&add_bias, "add_bias_rows");
  program.add(&missing, "no_such_kernel");
  __cudaRegisterFatBinaryEnd(program.handle);
  RegisteredProgram stranger(fat_binary(fat_entry(FatEntry::Text, ".version 8.0\n.target sm_90\n")));
  stranger.add(&foreign, "add_bias_rows");

  constexpr unsigned rows = 3;
  constexpr unsigned columns = 50;
  std::vector<float> y(rows * columns, 1.0F);
  std::vector<float> bias(columns);
  for (unsigned i = 0; i < columns; ++i) bias[i] = static_cast<float>(i);
  float* device_y = nullptr;
  float* device_bias = nullptr;
  CHECK(cudaMalloc(reinterpret_cast<void**>(&device_y), y.size() * sizeof(float)));
  CHECK(cudaMalloc(reinterpret_cast<void**>(&device_bias), bias.size() * sizeof(float)));
  CHECK(cudaMemcpy(device_y, y.data(), y.size() * sizeof(float), cudaMemcpyHostToDevice));
  CHECK(cudaMemcpy(device_bias, bias.data(), bias.size() * sizeof(float), cudaMemcpyHostToDevice));
  unsigned row_count = rows;
  unsigned column_count = columns;
  void* arguments[] = {&device_y, &device_bias, &row_count, &column_count};
  const dim3 grid{2, 1, 1};
  const dim3 block{128, 1, 1};
  EXPECT(__cudaPushCallConfiguration(grid, block, 0, nullptr) == 0);
  CHECK(launch_configured(&add_bias, arguments));
  FAILS(cudaErrorMissingConfiguration, launch_configured(&add_bias, arguments));
  CHECK(cudaLaunchKernel_ptsz(&add_bias, grid, block, arguments, 0, nullptr));
  cudaLaunchConfig_t configuration{};
  configuration.gridDim = grid;
  configuration.blockDim = block;
  CHECK(cudaLaunchKernelExC(&configuration, &add_bias, arguments));
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaMemcpy(y.data(), device_y, y.size() * sizeof(float), cudaMemcpyDeviceToHost));
  bool right = true;
  for (unsigned i = 0; i < rows * columns; ++i) right = right && y[i] == 1.0F + 3.0F * static_cast<float>(i % columns);
  EXPECT(right);

  FAILS(cudaErrorInvalidConfiguration, cudaLaunchKernel(&add_bias, {0, 1, 1}, block, arguments, 0, nullptr));
  FAILS(cudaErrorInvalidConfiguration, cudaLaunchKernel(&add_bias, grid, {2048, 1, 1}, arguments, 0, nullptr));
  FAILS(cudaErrorInvalidDeviceFunction, cudaLaunchKernel(&unknown, grid, block, arguments, 0, nullptr));
  FAILS(cudaErrorInvalidDeviceFunction, cudaLaunchKernel(nullptr, grid, block, arguments, 0, nullptr));
  FAILS(cudaErrorSymbolNotFound, cudaLaunchKernel(&missing, grid, block, arguments, 0, nullptr));
  FAILS(cudaErrorNoKernelImageForDevice, cudaLaunchKernel(&foreign, grid, block, arguments, 0, nullptr));
  EXPECT(cudaGetLastError() == cudaErrorNoKernelImageForDevice);

  cudaFuncAttributes attributes{};
  CHECK(cudaFuncGetAttributes(&attributes, &add_bias));
  EXPECT(attributes.maxThreadsPerBlock >= 128 && attributes.ptxVersion == 75);
  FAILS(cudaErrorInvalidDeviceFunction, cudaFuncGetAttributes(&attributes, &unknown));
  CHECK(cudaFuncSetAttribute(&add_bias, cudaFuncAttributeMaxDynamicSharedMemorySize, 1024));
  FAILS(cudaErrorInvalidValue, cudaFuncSetAttribute(&add_bias, cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 30));
  int blocks = 0;
  CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, &add_bias, 128, 0));
  EXPECT(blocks >= 1);
  const char* name = nullptr;
  CHECK(cudaFuncGetName(&name, &add_bias));
  EXPECT(name != nullptr && std::strcmp(name, "add_bias_rows") == 0);

  // A kernel in a graph is known by its shadow.
  cudaGraph_t graph = nullptr;
  CHECK(cudaGraphCreate(&graph, 0));
  cudaKernelNodeParams kernel{};
  kernel.func = const_cast<char*>(&add_bias);
  kernel.gridDim = grid;
  kernel.blockDim = block;
  kernel.kernelParams = arguments;
  cudaGraphNode_t node = nullptr;
  CHECK(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &kernel));
  cudaKernelNodeParams asked{};
  CHECK(cudaGraphKernelNodeGetParams(node, &asked));
  EXPECT(asked.func == &add_bias && asked.gridDim.x == 2 && asked.blockDim.x == 128);
  cudaGraphExec_t executable = nullptr;
  CHECK(cudaGraphInstantiate(&executable, graph, 0));
  CHECK(cudaGraphLaunch(executable, nullptr));
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaMemcpy(y.data(), device_y, y.size() * sizeof(float), cudaMemcpyDeviceToHost));
  EXPECT(y[columns - 1] == 1.0F + 4.0F * static_cast<float>(columns - 1));
  CHECK(cudaGraphExecDestroy(executable));
  CHECK(cudaGraphDestroy(graph));

  // The same code as a library of the program's own.
  cudaLibrary_t library = nullptr;
  const std::string text = training_ptx();
  CHECK(cudaLibraryLoadData(&library, text.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  cudaKernel_t handle = nullptr;
  CHECK(cudaLibraryGetKernel(&handle, library, "add_bias_rows"));
  CHECK(cudaLaunchKernel(handle, grid, block, arguments, 0, nullptr));
  CHECK(cudaDeviceSynchronize());
  FAILS(cudaErrorSymbolNotFound, cudaLibraryGetKernel(&handle, library, "no_such_kernel"));
  CHECK(cudaLibraryUnload(library));
  void* place = nullptr;
  FAILS(cudaErrorInvalidSymbol, cudaGetSymbolAddress(&place, &unknown));
  FAILS(cudaErrorInvalidSymbol, cudaMemcpyToSymbol(&unknown, &row_count, 4, 0, cudaMemcpyHostToDevice));
  CHECK(cudaFree(device_y));
  CHECK(cudaFree(device_bias));
  cudaGetLastError();
}

void driver_entry_points() {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSymbolNotFound;
  CHECK(cudaGetDriverEntryPoint("cuMemAlloc", &function, cudaEnableDefault, &result));
  EXPECT(function != nullptr && result == cudaDriverEntryPointSuccess);
  CHECK(cudaGetDriverEntryPoint("cuNoSuchFunction", &function, cudaEnableDefault, &result));
  EXPECT(function == nullptr && result == cudaDriverEntryPointSymbolNotFound);
  FAILS(cudaErrorSymbolNotFound, cudaGetDriverEntryPoint("cuNoSuchFunction", &function, cudaEnableDefault, nullptr));
  CHECK(cudaGetDriverEntryPointByVersion("cuCtxCreate", &function, 12000, cudaEnableDefault, &result));
  EXPECT(result == cudaDriverEntryPointSuccess);
  void* plain = nullptr;
  void* own = nullptr;
  CHECK(cudaGetDriverEntryPoint("cuStreamQuery", &plain, cudaEnableDefault, nullptr));
  CHECK(cudaGetDriverEntryPoint_ptsz("cuStreamQuery", &own, cudaEnableDefault, nullptr));
  EXPECT(plain != own);
  FAILS(cudaErrorInvalidValue, cudaGetDriverEntryPoint(nullptr, &function, cudaEnableDefault, nullptr));
  cudaGetLastError();
}

// After a reset nothing is left, and everything works anew, in other threads too.
void reset() {
  void* before = nullptr;
  CHECK(cudaMalloc(&before, 64));
  std::atomic<int> stage{0};
  std::thread other([&] {
    void* memory = nullptr;
    CHECK(cudaMalloc(&memory, 64));
    stage = 1;
    while (stage != 2) std::this_thread::yield();
    CHECK(cudaMalloc(&memory, 64));
    CHECK(cudaFree(memory));
  });
  while (stage != 1) std::this_thread::yield();
  CHECK(cudaDeviceReset());
  FAILS(cudaErrorInvalidValue, cudaFree(before));
  void* after = nullptr;
  CHECK(cudaMalloc(&after, 64));
  stage = 2;
  other.join();
  CHECK(cudaFree(after));
  cudaGetLastError();
}

// What the CUDA programming guide says of streams, events and copies whose device is not the current one.
void several_devices() {
  int count = 0;
  CHECK(cudaGetDeviceCount(&count));
  EXPECT(count == 2);
  CHECK(cudaSetDevice(1));
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
  void* there = nullptr;
  CHECK(cudaStreamCreate(&stream));
  CHECK(cudaEventCreate(&event));
  CHECK(cudaMalloc(&there, 64));
  CHECK(cudaSetDevice(0));
  void* here = nullptr;
  CHECK(cudaMalloc(&here, 64));
  CHECK(cudaMemsetAsync(there, 7, 64, stream));
  CHECK(cudaMemcpyPeerAsync(here, 0, there, 1, 64, stream));
  CHECK(cudaStreamSynchronize(stream));
  CHECK(cudaStreamQuery(stream));
  CHECK(cudaStreamWaitEvent(stream, event, 0));
  unsigned char last = 0;
  CHECK(cudaMemcpy(&last, static_cast<char*>(here) + 63, 1, cudaMemcpyDeviceToHost));
  EXPECT(last == 7);
  cudaPointerAttributes what{};
  CHECK(cudaPointerGetAttributes(&what, there));
  EXPECT(what.device == 1);
  int device = -1;
  CHECK(cudaGetDevice(&device));
  EXPECT(device == 0);
  int stream_device = -1;
  CHECK(cudaStreamGetDevice(stream, &stream_device));
  EXPECT(stream_device == 1);
  cudaEvent_t own = nullptr;
  CHECK(cudaEventCreate(&own));
  FAILS(cudaErrorInvalidResourceHandle, cudaEventRecord(own, stream));
  static const char add_bias = 0;
  RegisteredProgram program(fat_binary(fat_entry(FatEntry::Text, training_ptx())));
  program.add(&add_bias, "add_bias_rows");
  unsigned none = 0;
  void* arguments[] = {&here, &here, &none, &none};
  FAILS(cudaErrorInvalidResourceHandle, cudaLaunchKernel(&add_bias, {1, 1, 1}, {32, 1, 1}, arguments, 0, stream));
  int access = 0;
  CHECK(cudaDeviceCanAccessPeer(&access, 0, 1));
  EXPECT(access == 1);
  CHECK(cudaDeviceEnablePeerAccess(1, 0));
  FAILS(cudaErrorPeerAccessAlreadyEnabled, cudaDeviceEnablePeerAccess(1, 0));
  FAILS(cudaErrorInvalidDevice, cudaDeviceEnablePeerAccess(0, 0));
  CHECK(cudaDeviceDisablePeerAccess(1));
  std::thread([] {
    int chosen = -1;
    CHECK(cudaGetDevice(&chosen));
    EXPECT(chosen == 0);
    CHECK(cudaSetDevice(1));
  }).join();
  CHECK(cudaGetDevice(&device));
  EXPECT(device == 0);
  CHECK(cudaStreamDestroy(stream));
  CHECK(cudaEventDestroy(event));
  CHECK(cudaEventDestroy(own));
  CHECK(cudaFree(here));
  CHECK(cudaFree(there));
  CHECK(cudaSetDevice(1));
  CHECK(cudaDeviceReset());
  CHECK(cudaSetDevice(0));
  cudaGetLastError();
}

}  // namespace

int main() {
  // The processor as two devices.
  setenv("CUDNNNET_CPU_DEVICES", "2", 1);
  // Before anything else: the first call finds everything it needs by itself.
  CHECK(cudaFree(nullptr));
  devices();
  properties();
  errors();
  memory();
  arrays();
  pools();
  streams();
  graphs();
  kernels();
  driver_entry_points();
  several_devices();
  reset();
  CHECK(cudaDeviceReset());
  std::printf("runtime %d: %ld failures\n", CUDART_MAJOR, failures.load());
  return failures == 0 ? 0 : 1;
}
