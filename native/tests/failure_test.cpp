// What fails, and what is destroyed under somebody's hands, through the C interface alone:
//   - a kernel, copy or graph node that meets no memory fails its context with CUDA_ERROR_ILLEGAL_ADDRESS, which stays:
//     all later calls return it, until the context is destroyed or reset; other contexts do not notice,
//   - memory of a pool whose free a failed context still had in a stream is back in the pool,
//   - handles may be destroyed while other threads are inside calls with them.
// usage: failure_test [--rounds N]
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "generated/driver.h"
#include "tests/check.h"
#include "tests/training_ptx.h"

namespace {

constexpr CUresult kIllegal = CUDA_ERROR_ILLEGAL_ADDRESS;

// ThreadSanitizer keeps notes on every address, and ends the process where it has no place for one's notes.
#if defined(__SANITIZE_THREAD__)
constexpr bool kMayUseWrongAddresses = false;
#else
constexpr bool kMayUseWrongAddresses = true;
#endif

// A context of its own with what the tests need, made current.
struct Device {
  CUcontext context = nullptr;
  CUstream stream = nullptr;
  CUevent event = nullptr;
  CUmodule module = nullptr;
  CUfunction advance_step = nullptr;
  CUdeviceptr memory = 0;

  Device() {
    CHECK(cuCtxCreate_v2(&context, 0, 0));
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CHECK(cuEventCreate(&event, 0));
    CHECK(cuModuleLoadData(&module, training_ptx().c_str()));
    CHECK(cuModuleGetFunction(&advance_step, module, "advance_step"));
    CHECK(cuMemAlloc_v2(&memory, 4096));
  }
  ~Device() { cuCtxDestroy_v2(context); }

  CUresult launch(CUdeviceptr state) {
    void* arguments[] = {&state};
    return cuLaunchKernel(advance_step, 1, 1, 1, 1, 1, 1, 0, stream, arguments, nullptr);
  }
};

// Every kind of call answers with the failure, and what gives back does its work too.
void expect_failed(Device& device) {
  EXPECT(cuStreamSynchronize(device.stream) == kIllegal);
  EXPECT(cuCtxSynchronize() == kIllegal);
  EXPECT(cuStreamQuery(device.stream) == kIllegal);
  EXPECT(cuEventQuery(device.event) == kIllegal);
  EXPECT(cuEventRecord(device.event, device.stream) == kIllegal);
  EXPECT(cuMemsetD8_v2(device.memory, 0, 4) == kIllegal);
  uint32_t word = 0;
  EXPECT(cuMemcpyDtoH_v2(&word, device.memory, 4) == kIllegal);
  EXPECT(device.launch(device.memory) == kIllegal);
  CUdeviceptr more = 0;
  EXPECT(cuMemAlloc_v2(&more, 16) == kIllegal);
  CUstream stream = nullptr;
  EXPECT(cuStreamCreate(&stream, 0) == kIllegal);
  EXPECT(cuEventDestroy_v2(device.event) == kIllegal);
  EXPECT(cuEventDestroy_v2(device.event) == CUDA_ERROR_INVALID_HANDLE);
  EXPECT(cuStreamDestroy_v2(device.stream) == kIllegal);
  EXPECT(cuModuleUnload(device.module) == kIllegal);
  EXPECT(cuMemFree_v2(device.memory) == kIllegal);
  EXPECT(cuMemFree_v2(device.memory) == CUDA_ERROR_INVALID_VALUE);
}

void expect_healthy() {
  Device device;
  CHECK(cuMemsetD32_v2(device.memory, 5, 8));
  CHECK(cuCtxSynchronize());
  CHECK(device.launch(device.memory));
  uint32_t words[2] = {};
  CHECK(cuStreamSynchronize(device.stream));
  CHECK(cuMemcpyDtoH_v2(words, device.memory, 8));
  EXPECT(words[0] == 6);
  EXPECT(words[1] == 5);
}

void kernel_with_wrong_addresses() {
  const uintptr_t addresses[] = {0, 8, uintptr_t{1} << 46, 0xDEADBEEF00};
  for (const uintptr_t address : addresses) {
    Device device;
    CHECK(device.launch(address));
    expect_failed(device);
  }
  expect_healthy();
}

void kernel_with_freed_memory() {
  Device device;
  CUdeviceptr large = 0;
  CHECK(cuMemAlloc_v2(&large, 64 << 20));
  CHECK(cuMemFree_v2(large));
  CHECK(device.launch(large));
  expect_failed(device);
}

void graph_with_freed_memory() {
  Device device;
  CUdeviceptr gone = 0;
  CHECK(cuMemAlloc_v2(&gone, 4096));
  CHECK(cuStreamBeginCapture_v2(device.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CHECK(cuMemcpyDtoDAsync_v2(device.memory, gone, 64, device.stream));
  CUgraph graph = nullptr;
  CHECK(cuStreamEndCapture(device.stream, &graph));
  CUgraphExec exec = nullptr;
  CHECK(cuGraphInstantiateWithFlags(&exec, graph, 0));
  CHECK(cuMemFree_v2(gone));
  CHECK(cuGraphLaunch(exec, device.stream));
  expect_failed(device);
  CHECK(cuGraphExecDestroy(exec));
  CHECK(cuGraphDestroy(graph));
}

// Pageable memory that is not there is met in the call for short copies and by the worker for long ones.
void copies_with_wrong_host_addresses() {
  Device device;
  const auto nowhere = reinterpret_cast<void*>(uintptr_t{1} << 46);
  EXPECT(cuMemcpyHtoDAsync_v2(device.memory, nowhere, 64, device.stream) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuStreamSynchronize(device.stream));
  EXPECT(cuMemcpyDtoHAsync_v2(nowhere, device.memory, 64, device.stream) == kIllegal);
  expect_failed(device);
}

void primary_context_is_usable_after_reset() {
  CUcontext context = nullptr;
  CHECK(cuDevicePrimaryCtxRetain(&context, 0));
  CHECK(cuCtxSetCurrent(context));
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CHECK(cuModuleLoadData(&module, training_ptx().c_str()));
  CHECK(cuModuleGetFunction(&function, module, "advance_step"));
  CUdeviceptr wrong = 0;
  void* arguments[] = {&wrong};
  CHECK(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr));
  EXPECT(cuCtxSynchronize() == kIllegal);
  EXPECT(cuCtxSynchronize() == kIllegal);
  CHECK(cuDevicePrimaryCtxReset_v2(0));
  EXPECT(cuCtxSynchronize() == CUDA_ERROR_CONTEXT_IS_DESTROYED);
  CHECK(cuDevicePrimaryCtxRetain(&context, 0));
  CHECK(cuCtxSetCurrent(context));
  CHECK(cuCtxSynchronize());
  CHECK(cuDevicePrimaryCtxRelease_v2(0));
  CHECK(cuCtxSetCurrent(nullptr));
}

uint64_t used_bytes(CUmemoryPool pool) {
  cuuint64_t used = UINT64_MAX;
  CHECK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &used));
  return used;
}

// A pool is its device's, not the context's: what was to be freed in the failed context's streams comes back to it.
void pool_outlives_failure() {
  CUmemPoolProps properties{};
  properties.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  CUmemoryPool pool = nullptr;
  CHECK(cuMemPoolCreate(&pool, &properties));
  {
    Device device;
    CUdeviceptr memory = 0;
    CHECK(cuMemAllocFromPoolAsync(&memory, 1000, pool, device.stream));
    std::atomic<bool> open{false};
    CHECK(cuLaunchHostFunc(
        device.stream,
        [](void* gate) {
          while (!static_cast<std::atomic<bool>*>(gate)->load()) std::this_thread::yield();
        },
        &open));
    CHECK(device.launch(CUdeviceptr{1} << 46));
    CHECK(cuMemFreeAsync(memory, device.stream));
    EXPECT(used_bytes(pool) >= 1000);
    open = true;
    EXPECT(cuStreamSynchronize(device.stream) == kIllegal);
    EXPECT(used_bytes(pool) == 0);
  }
  CHECK(cuMemPoolDestroy(pool));
}

// One of the statuses that a call may answer when another thread destroys what it uses.
bool expected(CUresult status) {
  return status == CUDA_SUCCESS || status == CUDA_ERROR_NOT_READY || status == CUDA_ERROR_INVALID_HANDLE ||
         status == CUDA_ERROR_INVALID_CONTEXT || status == CUDA_ERROR_CONTEXT_IS_DESTROYED ||
         status == CUDA_ERROR_INVALID_VALUE;
}

// Threads use a stream, an event and a module in a loop until they are gone, and the main thread destroys them.
void destroy_objects_in_use(CUcontext context) {
  CUstream stream = nullptr;
  CUevent event = nullptr;
  CUmodule module = nullptr;
  CUdeviceptr memory = 0;
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CHECK(cuEventCreate(&event, 0));
  CHECK(cuModuleLoadData(&module, training_ptx().c_str()));
  CHECK(cuMemAlloc_v2(&memory, 1 << 16));
  std::vector<std::thread> users;
  for (int user = 0; user < 3; ++user) {
    users.emplace_back([=] {
      CHECK(cuCtxSetCurrent(context));
      for (int i = 0; i < 3000; ++i) {
        CUfunction function = nullptr;
        const CUresult found = cuModuleGetFunction(&function, module, "advance_step");
        EXPECT(expected(found));
        EXPECT(expected(cuMemsetD8Async(memory, 1, 1 << 16, stream)));
        EXPECT(expected(cuEventRecord(event, stream)));
        EXPECT(expected(cuEventQuery(event)));
        EXPECT(expected(cuStreamWaitEvent(stream, event, 0)));
        if (i % 16 == user) EXPECT(expected(cuEventSynchronize(event)));
        if (i % 16 == user + 4) EXPECT(expected(cuStreamSynchronize(stream)));
        if (i > 100 && cuStreamQuery(stream) == CUDA_ERROR_INVALID_HANDLE) break;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  CHECK(cuEventDestroy_v2(event));
  CHECK(cuMemFree_v2(memory));
  CHECK(cuModuleUnload(module));
  CHECK(cuStreamDestroy_v2(stream));
  for (std::thread& user : users) user.join();
}

// A whole context goes while threads work in it.
void destroy_context_in_use() {
  CUcontext context = nullptr;
  CHECK(cuCtxCreate_v2(&context, 0, 0));
  std::vector<std::thread> users;
  for (int user = 0; user < 3; ++user) {
    users.emplace_back([=] {
      if (cuCtxSetCurrent(context) != CUDA_SUCCESS) return;
      for (int i = 0; i < 100000; ++i) {
        CUdeviceptr memory = 0;
        CUstream stream = nullptr;
        CUresult status = cuMemAlloc_v2(&memory, 4096);
        EXPECT(expected(status));
        if (status == CUDA_SUCCESS) EXPECT(expected(cuMemsetD8_v2(memory, 1, 4096)));
        EXPECT(expected(cuStreamCreate(&stream, 0)));
        EXPECT(expected(cuMemsetD8Async(memory, 2, 4096, stream)));
        EXPECT(expected(cuLaunchHostFunc_ptsz(
            nullptr, [](void*) {}, nullptr)));
        EXPECT(expected(cuStreamDestroy_v2(stream)));
        EXPECT(expected(cuMemFree_v2(memory)));
        if (cuCtxSynchronize() == CUDA_ERROR_CONTEXT_IS_DESTROYED) return;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  CHECK(cuCtxDestroy_v2(context));
  for (std::thread& user : users) user.join();
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 2 && std::strcmp(argv[1], "--rounds") == 0 ? std::atoi(argv[2]) : 5;
  CHECK(cuInit(0));
  if (kMayUseWrongAddresses) {
    kernel_with_wrong_addresses();
    kernel_with_freed_memory();
    graph_with_freed_memory();
    copies_with_wrong_host_addresses();
    primary_context_is_usable_after_reset();
    pool_outlives_failure();
  }
  CUcontext context = nullptr;
  CHECK(cuCtxCreate_v2(&context, 0, 0));
  for (int round = 0; round < rounds; ++round) {
    destroy_objects_in_use(context);
    destroy_context_in_use();
    CHECK(cuCtxSetCurrent(context));
  }
  CHECK(cuCtxDestroy_v2(context));
  std::printf("%d rounds: %ld failures\n", rounds, failures.load());
  return failures == 0 ? 0 : 1;
}
