// Calls the driver in random sequences: live handles and addresses, destroyed ones, those of another kind, null and
// garbage, wrong sizes, random orders of destruction, from several threads that share a context and some of its
// objects. Meant to run under the sanitizers (-DSANITIZE=address, undefined or thread), and checks by itself that
//   - every call answers with a status that has a name, and never hangs,
//   - what names no live object of its kind is refused,
//   - a thread's own memory holds what it last wrote,
//   - at the end no file, mapping or descriptor is left behind.
// usage: driver_fuzz [--sequences N] [--threads N] [--seed N]
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/command_line.h"
#include "tests/driver_fuzz.h"
#include "tests/training_ptx.h"

// What is named twice is drawn twice as often.
const DriverFuzzer::Action DriverFuzzer::kActions[] = {
    &DriverFuzzer::stream_create, &DriverFuzzer::stream_create, &DriverFuzzer::stream_destroy,
    &DriverFuzzer::stream_ask,    &DriverFuzzer::stream_wait,   &DriverFuzzer::stream_value,
    &DriverFuzzer::host_function, &DriverFuzzer::event_create,  &DriverFuzzer::event_destroy,
    &DriverFuzzer::event_use,     &DriverFuzzer::event_use,     &DriverFuzzer::memory_allocate,
    &DriverFuzzer::memory_free,   &DriverFuzzer::pinned,        &DriverFuzzer::registered,
    &DriverFuzzer::fill,          &DriverFuzzer::fill,          &DriverFuzzer::copy,
    &DriverFuzzer::copy,          &DriverFuzzer::copy_box,      &DriverFuzzer::copy_batch,
    &DriverFuzzer::pointer_ask,   &DriverFuzzer::discard,       &DriverFuzzer::pool_use,
    &DriverFuzzer::array_create,  &DriverFuzzer::array_use,     &DriverFuzzer::virtual_make,
    &DriverFuzzer::virtual_map,   &DriverFuzzer::virtual_use,   &DriverFuzzer::launch,
    &DriverFuzzer::old_launch,    &DriverFuzzer::module_use,    &DriverFuzzer::library_use,
    &DriverFuzzer::link,          &DriverFuzzer::graph_make,    &DriverFuzzer::graph_add,
    &DriverFuzzer::graph_change,  &DriverFuzzer::graph_run,     &DriverFuzzer::capture,
    &DriverFuzzer::context_use,   &DriverFuzzer::share_handles, &DriverFuzzer::logs,
    &DriverFuzzer::round_trip,
};

void DriverFuzzer::run(long sequences) {
  for (long i = 0; i < sequences && failures == 0; ++i) {
    enter_context();
    const int length = 5 + static_cast<int>(any() % 25);
    for (int step = 0; step < length && failures == 0; ++step) (this->*kActions[any() % std::size(kActions)])();
    leave(chance(20));
    ++finished;
  }
  leave(true);
}

namespace {

template <class T, size_t N, class Destroy>
void destroy_shared(std::array<std::atomic<T>, N>& all, const Destroy& destroy) {
  for (std::atomic<T>& one : all) {
    if (T handle = one.exchange(T{})) call(destroy(handle));
  }
}

// Files of the device's that this process still maps or has open.
int left_behind() {
  int count = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    // Regions of small blocks that were exported live on for later blocks.
    if (line.find("memfd:cudnnnet:") != std::string::npos && line.find("memfd:cudnnnet:memory") == std::string::npos) {
      std::fprintf(stderr, "left: %s\n", line.c_str());
      ++count;
    }
  }
  return count;
}

// Ends the program where nothing has moved for long.
void watch(const std::atomic<bool>& done) {
  long last = -1;
  for (int quiet = 0; !done;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const long now = calls;
    quiet = now == last ? quiet + 1 : 0;
    last = now;
    if (quiet < 5 * 120) continue;
    std::fprintf(stderr, "no call has returned for two minutes\n");
    std::abort();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long sequences = argument(argc, argv, "--sequences", 1000);
  const int threads = static_cast<int>(argument(argc, argv, "--threads", 4));
  const auto seed = static_cast<uint64_t>(argument(argc, argv, "--seed", 1));
  if (cuInit(0) != CUDA_SUCCESS) return 1;
  const std::string ptx = training_ptx();
  std::atomic<bool> done{false};
  std::thread watcher(watch, std::cref(done));
  // Words that streams wait for and memory that is read again lie where nobody has had memory before.
  CUcontext owner = nullptr;
  CUdeviceptr own = 0;
  const size_t own_bytes = DriverFuzzer::kOwnBytes * static_cast<size_t>(threads);
  EXPECT(cuCtxCreate_v2(&owner, 0, 0) == CUDA_SUCCESS && cuMemAlloc_v2(&own, own_bytes) == CUDA_SUCCESS &&
         cuMemsetD32_v2(own, 1, own_bytes / 4) == CUDA_SUCCESS && cuCtxSynchronize() == CUDA_SUCCESS);
  std::vector<std::thread> players;
  for (int i = 0; i < threads; ++i) {
    const long share = sequences / threads + (i < sequences % threads ? 1 : 0);
    const CUdeviceptr part = own + DriverFuzzer::kOwnBytes * static_cast<size_t>(i);
    players.emplace_back(
        [&, i, share, part] { DriverFuzzer(seed * 1000 + static_cast<uint64_t>(i), ptx, owner, part).run(share); });
  }
  for (std::thread& player : players) player.join();
  CUcontext context = nullptr;
  call(cuDevicePrimaryCtxRetain(&context, 0));
  call(cuCtxSetCurrent(context));
  destroy_shared(shared.execs, cuGraphExecDestroy);
  destroy_shared(shared.streams, cuStreamDestroy_v2);
  destroy_shared(shared.events, cuEventDestroy_v2);
  destroy_shared(shared.memory, cuMemFree_v2);
  destroy_shared(shared.modules, cuModuleUnload);
  destroy_shared(shared.arrays, cuArrayDestroy);
  destroy_shared(shared.pools, cuMemPoolDestroy);
  call(cuDevicePrimaryCtxReset_v2(0));
  EXPECT(cuCtxDestroy_v2(owner) == CUDA_SUCCESS);
  // Workers end by themselves when their streams are empty.
  for (int i = 0; i < 50 && left_behind() != 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT(left_behind() == 0);
  done = true;
  watcher.join();
  std::printf(
      "%ld sequences in %d threads, seed %llu: %ld calls, %ld succeeded, %ld contexts failed and were replaced%s\n",
      finished.load(), threads, static_cast<unsigned long long>(seed), calls.load(), succeeded.load(),
      contexts_lost.load(), failures != 0 ? ": FAILED" : "");
  return failures != 0 ? 1 : 0;
}
