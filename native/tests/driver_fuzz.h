// The random calls of driver_fuzz, which see.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "generated/driver.h"
#include "tests/check.h"

/// Objects that all threads use and any of them may destroy.
struct SharedObjects {
  static constexpr size_t count = 8;
  std::array<std::atomic<CUstream>, count> streams{};
  std::array<std::atomic<CUevent>, count> events{};
  std::array<std::atomic<CUdeviceptr>, count> memory{};
  std::array<std::atomic<CUmodule>, count> modules{};
  std::array<std::atomic<CUarray>, count> arrays{};
  std::array<std::atomic<CUmemoryPool>, count> pools{};
  std::array<std::atomic<CUgraphExec>, count> execs{};
};
inline SharedObjects shared;

inline std::atomic<long> calls{0}, succeeded{0}, contexts_lost{0}, finished{0};

/// Every call goes through here.
inline CUresult call(CUresult status) {
  ++calls;
  if (status == CUDA_SUCCESS) ++succeeded;
  const char* name = nullptr;
  EXPECT(cuGetErrorName(status, &name) == CUDA_SUCCESS && name != nullptr);
  return status;
}

/// While it lives, captures of other threads forbid this thread nothing.
class RelaxedCapture {
 public:
  RelaxedCapture() { call(cuThreadExchangeStreamCaptureMode(&mode_)); }
  ~RelaxedCapture() { call(cuThreadExchangeStreamCaptureMode(&mode_)); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  CUstreamCaptureMode mode_ = CU_STREAM_CAPTURE_MODE_RELAXED;
};

/// One thread's context, its objects there, and the calls it makes.
class DriverFuzzer {
 public:
  /// `own` is kOwnBytes of device memory for this thread alone, in a context that lives longer than the thread.
  DriverFuzzer(uint64_t seed, const std::string& ptx, CUcontext owner, CUdeviceptr own)
      : random_(seed), ptx_(ptx), owner_(owner), own_word_(own + kOwnBytes / 2), host_(kHostBytes, 0x5A) {}
  /// Wrong addresses reach beyond the end of the memory they were made from, but not to the middle of this one.
  static constexpr size_t kOwnBytes = 1 << 20;

  /// That many sequences of calls, as far as nothing is found.
  void run(long sequences);

 private:
  using Action = void (DriverFuzzer::*)();
  static const Action kActions[];
  static constexpr size_t kHostBytes = 1 << 16;
  static constexpr size_t kPiece = 2 << 20;
  static constexpr size_t kReserved = 4 * kPiece;

  // ---- values
  uint32_t number(uint32_t below) { return static_cast<uint32_t>(random_() % below); }
  uint32_t any() { return static_cast<uint32_t>(random_()); }
  bool chance(int percent) { return number(100) < static_cast<uint32_t>(percent); }
  // Small, or beyond every machine: what lies between would fill its memory.
  size_t size() {
    if (chance(4)) return SIZE_MAX - number(4);
    if (chance(4)) return size_t{1} << (44 + number(18));
    if (chance(5)) return 0;
    return 1 + number(chance(30) ? kHostBytes : 512);
  }
  unsigned flags(unsigned good) { return chance(90) ? number(good + 1) : any(); }
  void* garbage() {
    static int local;
    const uintptr_t values[] = {0, 1, 2, 8, 0xDEADBEEF, UINTPTR_MAX, reinterpret_cast<uintptr_t>(&local)};
    return reinterpret_cast<void*>(values[number(std::size(values))]);
  }

  // One of the live handles, or what is none: destroyed, of another kind, garbage.
  template <class T>
  T pick(std::vector<T>& live) {
    if (!live.empty() && chance(88)) return live[number(static_cast<uint32_t>(live.size()))];
    return wrong<T>();
  }
  template <class T, size_t N>
  T pick(std::vector<T>& live, std::array<std::atomic<T>, N>& all) {
    return chance(25) ? all[number(N)].load() : pick(live);
  }
  template <class T>
  T wrong() {
    if (stale_.empty() || chance(40)) return reinterpret_cast<T>(garbage());
    const T stale = reinterpret_cast<T>(stale_[number(static_cast<uint32_t>(stale_.size()))]);
    if constexpr (std::is_same_v<T, CUdeviceptr>) {
      // An address that was freed may be another thread's by now, which counts on what it wrote there.
      CUmemorytype type{};
      if (cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, stale) == CUDA_SUCCESS) return 0;
    }
    return stale;
  }
  // By reference, since the call that is the first argument writes the handle.
  template <class T>
  void keep(CUresult status, std::vector<T>& live, const T& handle) {
    if (status == CUDA_SUCCESS) live.push_back(handle);
  }
  // Destroys an object.
  template <class T, class Destroy>
  CUresult end(T handle, const Destroy& destroy) {
    CUresult status = call(destroy(handle));
    if (status != CUDA_ERROR_CONTEXT_IS_DESTROYED) return status;
    // Another thread has reset the primary context; memory of pools is the device's and has outlived it.
    CUcontext here = nullptr;
    call(cuCtxPushCurrent_v2(owner_));
    status = call(destroy(handle));
    call(cuCtxPopCurrent_v2(&here));
    return status;
  }
  // Takes one of the live handles out and destroys it; the second time nobody knows it.
  template <class T, class Destroy>
  void destroy_one(std::vector<T>& live, const Destroy& destroy, bool once = true) {
    if (live.empty()) {
      call(destroy(wrong<T>()));
      return;
    }
    const size_t index = number(static_cast<uint32_t>(live.size()));
    const T handle = live[index];
    live.erase(live.begin() + static_cast<ptrdiff_t>(index));
    const CUresult status = end(handle, destroy);
    if (status == CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED) {
      // Another thread's capture forbids it for now.
      live.push_back(handle);
      return;
    }
    remember(handle);
    // Handles are not used again for long; addresses another thread may get at once.
    if (once && status == CUDA_SUCCESS && chance(30)) EXPECT(call(destroy(handle)) != CUDA_SUCCESS);
  }
  template <class T>
  void remember(T handle) {
    if (stale_.size() < 64) {
      stale_.push_back(reinterpret_cast<void*>(handle));
    } else {
      stale_[number(64)] = reinterpret_cast<void*>(handle);
    }
  }
  // Puts a new object among those that all threads use, in place of one that is destroyed.
  template <class T, size_t N, class Destroy>
  void share(std::array<std::atomic<T>, N>& all, T handle, const Destroy& destroy) {
    const RelaxedCapture no_obstacle;
    if (T old = all[number(N)].exchange(handle)) end(old, destroy);
  }

  // ---- contexts
  void enter_context();
  // Destroys some of what there is; with `everything` all of it, and the context.
  void leave(bool everything);

  template <class T, class Destroy>
  void drop(std::vector<T>& live, bool everything, const Destroy& destroy) {
    std::shuffle(live.begin(), live.end(), random_);
    while (!live.empty() && (everything || live.size() > 6)) {
      end(live.back(), destroy);
      remember(live.back());
      live.pop_back();
    }
  }
  void drop_streams(bool all);
  void drop_events(bool all);
  void drop_memory(bool all);
  void drop_graphs(bool all);
  void drop_arrays(bool all);
  void drop_virtual(bool all);
  void drop_modules(bool all);
  void drop_pools(bool all);

  // ---- streams and events
  void stream_create();
  void stream_destroy();
  CUstream stream();
  void stream_ask();
  void stream_wait();
  void stream_value();
  void host_function();

  void event_create();
  void event_destroy();
  void event_use();

  // ---- memory
  void memory_allocate();
  void memory_free();
  CUdeviceptr address();
  void pinned();
  void registered();
  void fill();
  // Sizes of host memory stay within its buffer or are beyond all memory.
  size_t host_size();
  void copy();
  void copy_box();
  void copy_batch();
  void pointer_ask();
  void discard();

  void pool_use();
  void array_create();
  void array_use();
  void virtual_make();
  void virtual_map();
  void virtual_use();

  // ---- modules and launches
  void launch();
  void old_launch();
  void module_use();
  void library_use();
  void link();

  // ---- graphs
  void graph_make();
  void graph_add();
  void graph_change();
  void graph_run();
  void capture();
  void end_capture();

  // ---- contexts, and what belongs to the whole device
  void context_use();
  void share_handles();
  void logs();
  // What this thread writes to memory of its own, it reads again.
  void round_trip();

  std::mt19937_64 random_;
  const std::string& ptx_;
  const CUcontext owner_;
  const CUdeviceptr own_word_;
  const std::string nonsense_ = "nothing that is a module";
  std::vector<unsigned char> host_;
  bool in_shared_context_ = false;
  CUcontext context_ = nullptr;
  CUmodule module_ = nullptr;
  CUfunction function_ = nullptr;
  CUstream capturing_ = nullptr;
  std::vector<void*> stale_;
  std::vector<CUstream> streams_;
  std::vector<CUevent> events_;
  std::vector<CUdeviceptr> memory_;
  std::vector<void*> pinned_;
  std::vector<CUmemoryPool> pools_;
  std::vector<CUarray> arrays_;
  std::vector<CUmipmappedArray> mipmapped_;
  std::vector<CUdeviceptr> reserved_;
  std::vector<CUdeviceptr> mapped_;
  std::vector<CUmemGenericAllocationHandle> physical_;
  std::vector<CUlibrary> libraries_;
  std::vector<CUlinkState> links_;
  std::vector<CUgraph> graphs_;
  std::vector<CUgraphNode> nodes_;
  std::vector<CUgraphExec> execs_;
};
