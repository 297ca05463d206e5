// Streams, events, memory and handles under load, from several threads at once, through the C interface alone. Meant to
// run under the sanitizers too (-DSANITIZE=address or thread). It checks that
//   - operations of one stream run in order, whatever other threads do,
//   - what an event or the legacy default stream orders across streams happens in that order,
//   - staged host memory may be overwritten at once,
//   - streams and events may be destroyed while their work is pending, and that work still runs,
//   - handles that were destroyed, are of another kind or none at all are refused, never followed,
//   - nothing deadlocks when blocking streams, the default stream and full queues meet.
// usage: stream_stress [--rounds N] [--threads N] [--seed N]
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "generated/driver.h"
#include "tests/check.h"
#include "tests/command_line.h"

namespace {

// A counter that only the stream's worker touches; each step checks that it is the next one.
struct Sequence {
  uint32_t next = 0;
  struct Step {
    Sequence* sequence;
    uint32_t place;
  };
  std::vector<Step> steps;

  explicit Sequence(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) steps.push_back({this, i});
  }
  static void run(void* argument) {
    const Step& step = *static_cast<Step*>(argument);
    EXPECT(step.sequence->next == step.place);
    step.sequence->next = step.place + 1;
  }
};

// More operations than a queue holds, through a stream which is destroyed at once.
void order_in_one_stream(std::mt19937& random) {
  CUstream stream;
  CHECK(cuStreamCreate(&stream, random() % 2));
  Sequence sequence(3000);
  for (Sequence::Step& step : sequence.steps) CHECK(cuLaunchHostFunc(stream, Sequence::run, &step));
  CUevent end;
  CHECK(cuEventCreate(&end, CU_EVENT_DISABLE_TIMING));
  CHECK(cuEventRecord(end, stream));
  CHECK(cuStreamDestroy_v2(stream));
  EXPECT(cuStreamQuery(stream) == CUDA_ERROR_INVALID_HANDLE);
  CHECK(cuEventSynchronize(end));
  EXPECT(sequence.next == sequence.steps.size());
  CHECK(cuEventDestroy_v2(end));
  EXPECT(cuEventQuery(end) == CUDA_ERROR_INVALID_HANDLE);
}

// A value travels from stream to stream, each waiting for the one before through an event that is recorded again and
// again; every hop adds one on its way through device memory.
void relay(std::mt19937& random) {
  constexpr int kStreams = 3;
  constexpr int kHops = 60;
  CUstream streams[kStreams];
  CUevent events[kStreams];
  for (int i = 0; i < kStreams; ++i) {
    CHECK(cuStreamCreate(&streams[i], CU_STREAM_NON_BLOCKING));
    CHECK(cuEventCreate(&events[i], random() % 2 == 0 ? CU_EVENT_DEFAULT : CU_EVENT_DISABLE_TIMING));
  }
  CUdeviceptr memory;
  CHECK(cuMemAlloc_v2(&memory, (kHops + 1) * sizeof(uint32_t)));
  CHECK(cuMemsetD32Async(memory, 7, 1, streams[0]));
  CHECK(cuEventRecord(events[0], streams[0]));
  for (int hop = 0; hop < kHops; ++hop) {
    const int from = hop % kStreams;
    const int to = (hop + 1) % kStreams;
    CHECK(cuStreamWaitEvent(streams[to], events[from], 0));
    CHECK(cuMemcpyDtoDAsync_v2(memory + (hop + 1) * 4, memory + hop * 4, 4, streams[to]));
    CHECK(cuEventRecord(events[to], streams[to]));
  }
  uint32_t last = 0;
  CHECK(cuMemcpyDtoHAsync_v2(&last, memory + kHops * 4, 4, streams[kHops % kStreams]));
  EXPECT(last == 7);
  for (int i = 0; i < kStreams; ++i) {
    CHECK(cuStreamDestroy_v2(streams[i]));
    CHECK(cuEventDestroy_v2(events[i]));
  }
  CHECK(cuMemFree_v2(memory));
}

// Pageable memory is read before an asynchronous copy returns, in whichever of the two ways.
void overwrite_staged_memory(std::mt19937& random) {
  const size_t words = random() % 3 == 0 ? 300000 : 1 + random() % 2000;
  std::vector<uint32_t> source(words);
  std::vector<uint32_t> destination(words);
  CUstream stream;
  CUdeviceptr memory;
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CHECK(cuMemAlloc_v2(&memory, words * 4));
  for (uint32_t round = 0; round < 5; ++round) {
    for (size_t i = 0; i < words; ++i) source[i] = round * 1000003 + static_cast<uint32_t>(i);
    CHECK(cuMemcpyHtoDAsync_v2(memory, source.data(), words * 4, stream));
    std::memset(source.data(), 0, words * 4);
    CHECK(cuMemcpyDtoHAsync_v2(destination.data(), memory, words * 4, stream));
    EXPECT(destination[0] == round * 1000003);
    EXPECT(destination[words - 1] == round * 1000003 + words - 1);
  }
  CHECK(cuMemFree_v2(memory));
  CHECK(cuStreamDestroy_v2(stream));
}

// Blocking streams around the legacy default stream: a sequence that alternates between them stays a sequence.
void legacy_order(std::mt19937& random) {
  CUstream streams[2];
  CHECK(cuStreamCreate(&streams[0], CU_STREAM_DEFAULT));
  CHECK(cuStreamCreate(&streams[1], CU_STREAM_DEFAULT));
  Sequence sequence(200);
  for (size_t i = 0; i < sequence.steps.size(); ++i) {
    const CUstream stream = i % 2 == 0 ? streams[random() % 2] : (random() % 2 == 0 ? nullptr : CU_STREAM_LEGACY);
    CHECK(cuLaunchHostFunc(stream, Sequence::run, &sequence.steps[i]));
  }
  CHECK(cuStreamSynchronize(nullptr));
  EXPECT(sequence.next == sequence.steps.size());
  CHECK(cuStreamDestroy_v2(streams[0]));
  CHECK(cuStreamDestroy_v2(streams[1]));
}

// Each thread has its own default stream.
void per_thread_stream() {
  Sequence sequence(50);
  for (Sequence::Step& step : sequence.steps) CHECK(cuLaunchHostFunc_ptsz(nullptr, Sequence::run, &step));
  CHECK(cuStreamSynchronize(CU_STREAM_PER_THREAD));
  EXPECT(sequence.next == sequence.steps.size());
}

// Events that the main thread records again and again, among them one that was destroyed before.
constexpr int kShared = 8;

void shared_events(const CUevent* shared, std::mt19937& random) {
  CUstream stream;
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  for (int i = 0; i < 50; ++i) {
    const int which = static_cast<int>(random() % kShared);
    const CUresult expected = which == 0 ? CUDA_ERROR_INVALID_HANDLE : CUDA_SUCCESS;
    EXPECT(cuStreamWaitEvent(stream, shared[which], 0) == expected);
    EXPECT(cuEventSynchronize(shared[which]) == expected);
    const CUresult status = cuEventQuery(shared[which]);
    EXPECT(status == expected || (which != 0 && status == CUDA_ERROR_NOT_READY));
  }
  CHECK(cuStreamSynchronize(stream));
  CHECK(cuStreamDestroy_v2(stream));
}

void foreign_handles() {
  int local = 0;
  const auto garbage = reinterpret_cast<CUstream>(&local);
  EXPECT(cuStreamSynchronize(garbage) == CUDA_ERROR_INVALID_HANDLE);
  EXPECT(cuStreamDestroy_v2(reinterpret_cast<CUstream>(uintptr_t{0xDEADBEEF})) == CUDA_ERROR_INVALID_HANDLE);
  CUevent event;
  CHECK(cuEventCreate(&event, 0));
  EXPECT(cuStreamSynchronize(reinterpret_cast<CUstream>(event)) == CUDA_ERROR_INVALID_HANDLE);
  EXPECT(cuStreamSynchronize(reinterpret_cast<CUstream>(reinterpret_cast<uintptr_t>(event) + 8)) ==
         CUDA_ERROR_INVALID_HANDLE);
  CHECK(cuEventDestroy_v2(event));
  EXPECT(cuEventDestroy_v2(event) == CUDA_ERROR_INVALID_HANDLE);
}

// A context of its own with pending work, destroyed with everything in it.
void context_with_pending_work() {
  CUcontext context;
  CHECK(cuCtxCreate_v2(&context, 0, 0));
  CUstream stream;
  CUdeviceptr memory;
  CHECK(cuStreamCreate(&stream, CU_STREAM_DEFAULT));
  CHECK(cuMemAlloc_v2(&memory, 1 << 16));
  for (int i = 0; i < 20; ++i) CHECK(cuMemsetD8Async(memory, static_cast<unsigned char>(i), 1 << 16, stream));
  CHECK(cuMemsetD8_v2(memory, 1, 16));
  CHECK(cuCtxDestroy_v2(context));
  EXPECT(cuStreamDestroy_v2(stream) == CUDA_ERROR_INVALID_HANDLE);
}

void play(CUcontext context, unsigned seed, int rounds, const CUevent* shared) {
  CHECK(cuCtxSetCurrent(context));
  std::mt19937 random(seed);
  for (int round = 0; round < rounds; ++round) {
    switch (random() % 8) {
      case 0:
        order_in_one_stream(random);
        break;
      case 1:
        relay(random);
        break;
      case 2:
        overwrite_staged_memory(random);
        break;
      case 3:
        legacy_order(random);
        break;
      case 4:
        per_thread_stream();
        break;
      case 5:
        shared_events(shared, random);
        break;
      case 6:
        foreign_handles();
        break;
      case 7:
        context_with_pending_work();
        break;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = static_cast<int>(argument(argc, argv, "--rounds", 40));
  const int threads = static_cast<int>(argument(argc, argv, "--threads", 4));
  const auto seed = static_cast<unsigned>(argument(argc, argv, "--seed", 1));
  CHECK(cuInit(0));
  CUcontext context;
  CHECK(cuDevicePrimaryCtxRetain(&context, 0));
  CHECK(cuCtxSetCurrent(context));

  CUevent shared[kShared];
  for (CUevent& event : shared) CHECK(cuEventCreate(&event, 0));
  CHECK(cuEventDestroy_v2(shared[0]));
  std::vector<std::thread> players;
  for (int i = 0; i < threads; ++i) players.emplace_back(play, context, seed * 1000 + i, rounds, shared);
  std::mt19937 random(seed);
  for (int i = 0; i < rounds * 20; ++i) CHECK(cuEventRecord(shared[1 + random() % (kShared - 1)], nullptr));
  for (std::thread& player : players) player.join();
  CHECK(cuCtxSynchronize());
  for (int i = 1; i < kShared; ++i) CHECK(cuEventDestroy_v2(shared[i]));
  CHECK(cuDevicePrimaryCtxRelease_v2(0));
  std::printf("%d threads, %d rounds each, seed %u: %ld failures\n", threads, rounds, seed, failures.load());
  return failures == 0 ? 0 : 1;
}
