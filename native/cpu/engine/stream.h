// A stream: a queue of operations and the one thread that runs them in order. Every asynchronous operation of every
// library goes through Stream::enqueue, the one door, so that nothing runs on the caller's thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

#include "engine/handles.h"
#include "generated/driver.h"

namespace cpu {

// A queued operation: a closure in place (on the heap only beyond kInlineBytes), called once and destroyed.
class Operation {
 public:
  static constexpr size_t kInlineBytes = 512;

  template <class F>
  void emplace(F&& function) {
    using Closure = std::decay_t<F>;
    if constexpr (sizeof(Closure) <= kInlineBytes && alignof(Closure) <= alignof(std::max_align_t)) {
      new (storage_) Closure(std::forward<F>(function));
      run_ = [](void* storage) {
        Closure* closure = std::launder(reinterpret_cast<Closure*>(storage));
        (*closure)();
        closure->~Closure();
      };
    } else {
      new (storage_) Closure*(new Closure(std::forward<F>(function)));
      run_ = [](void* storage) {
        Closure* closure = *std::launder(reinterpret_cast<Closure**>(storage));
        (*closure)();
        delete closure;
      };
    }
  }

  void run_and_destroy() { run_(storage_); }

 private:
  void (*run_)(void*) = nullptr;
  alignas(std::max_align_t) unsigned char storage_[kInlineBytes];
};

// The queue and its worker. Owned by shared pointers: the worker holds one until its last operation has run, so a
// stream may be destroyed while work is pending, as CUDA allows.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  // Starts the worker. `blocking`: ordered with the legacy default stream of its context.
  static std::shared_ptr<Stream> create(bool blocking, int priority);

  // A legacy default stream: ordered with every blocking stream that `others` visits.
  using VisitBlockingStreams = void (*)(void* context, void (*visit)(Stream&, void*), void* argument);
  static std::shared_ptr<Stream> create_legacy(VisitBlockingStreams others, void* context);

  // The legacy default stream that this blocking stream is ordered with.
  void order_with(std::shared_ptr<Stream> legacy) { legacy_ = std::move(legacy); }

  // Appends an operation and returns at once, except while kCapacity operations wait. The closure must not throw.
  template <class F>
  void enqueue(F&& function) {
    insert_legacy_order();
    std::unique_lock lock(mutex_);
    append(lock, std::forward<F>(function));
  }

  // Waits until everything enqueued before the call has run.
  void synchronize();

  // Waits until the first `count` operations have run.
  void wait_for(uint64_t count);

  bool idle() const { return completed_.load(std::memory_order_acquire) == submitted_.load(std::memory_order_acquire); }
  uint64_t submitted() const { return submitted_.load(std::memory_order_acquire); }
  bool blocking() const { return blocking_; }
  int priority() const { return priority_; }
  uint64_t id() const { return id_; }

  // No further operation will come: the worker ends after the last one.
  void close();

  static constexpr size_t kCapacity = 1024;

 private:
  Stream(bool blocking, int priority);
  void work();
  void insert_legacy_order();
  void wait_for_other(Stream& other);

  template <class F>
  void append(std::unique_lock<std::mutex>& lock, F&& function) {
    while (submitted_.load(std::memory_order_relaxed) - completed_.load(std::memory_order_acquire) >= kCapacity) {
      space_waiters_ += 1;
      progress_.wait(lock);
      space_waiters_ -= 1;
    }
    const uint64_t place = submitted_.load(std::memory_order_relaxed);
    ring_[place % kCapacity].emplace(std::forward<F>(function));
    submitted_.store(place + 1, std::memory_order_release);
    if (sleeping_) work_arrived_.notify_one();
  }

  const bool blocking_;
  const int priority_;
  const uint64_t id_;
  std::unique_ptr<Operation[]> ring_;
  std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::condition_variable progress_;
  std::atomic<uint64_t> submitted_{0};
  std::atomic<uint64_t> completed_{0};
  uint32_t space_waiters_ = 0;
  std::atomic<uint32_t> progress_waiters_{0};
  bool sleeping_ = false;
  bool closed_ = false;
  std::shared_ptr<Stream> legacy_;
  VisitBlockingStreams visit_blocking_ = nullptr;
  void* visit_context_ = nullptr;
};

// The stream a handle means: null and CU_STREAM_LEGACY are the current context's default stream (the primary context's
// where none is current), CU_STREAM_PER_THREAD the calling thread's own. Null where the handle is none. Defined in
// driver/stream.cpp.
std::shared_ptr<Stream> stream_from_handle(CUstream handle);

// The first failure of an operation that ran asynchronously, for the next synchronising call to report; it stays.
// A library's worker calls fail_asynchronously; 0 is CUDA_SUCCESS.
void fail_asynchronously(CUresult error, const char* text);
CUresult asynchronous_error();

}  // namespace cpu
