// A stream: a queue of operations and the one thread that runs them in order. Every asynchronous operation of every
// library goes through Stream::enqueue, the one door, so that nothing runs on the caller's thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/graph.h"
#include "engine/handles.h"
#include "generated/driver.h"

namespace cpu {

class Stream;
struct Capture;

// How many captures go on in the process; nobody looks any closer while it is 0.
extern std::atomic<int> count_of_captures;
inline bool any_capture() { return count_of_captures.load(std::memory_order_acquire) != 0; }

// A queued operation: a closure in place (on the heap only beyond kInlineBytes), called once and destroyed.
class Operation {
 public:
  static constexpr size_t kInlineBytes = 512;

  template <class F>
  void emplace(F&& function) {
    using Closure = std::decay_t<F>;
    if constexpr (sizeof(Closure) <= kInlineBytes && alignof(Closure) <= alignof(std::max_align_t)) {
      new (storage_) Closure(std::forward<F>(function));
      finish_ = [](void* storage, bool run) {
        Closure& closure = *std::launder(reinterpret_cast<Closure*>(storage));
        const Destroyer<Closure> destroyer{closure};
        if (run) closure();
      };
    } else {
      new (storage_) Closure*(new Closure(std::forward<F>(function)));
      finish_ = [](void* storage, bool run) {
        const std::unique_ptr<Closure> closure(*std::launder(reinterpret_cast<Closure**>(storage)));
        if (run) (*closure)();
      };
    }
  }

  // Runs the closure, where `run` says so, and destroys it.
  void finish(bool run) { finish_(storage_, run); }

 private:
  template <class Closure>
  struct Destroyer {
    Closure& closure;
    ~Destroyer() { closure.~Closure(); }
  };

  void (*finish_)(void*, bool);
  alignas(std::max_align_t) unsigned char storage_[kInlineBytes];
};

// The streams of one context, the order between them, and the first failure of their operations.
class StreamGroup : public std::enable_shared_from_this<StreamGroup> {
 public:
  // The first failure of an operation; it stays, and operations behind it are dropped. CUDA_SUCCESS while there is
  // none.
  CUresult error() const { return error_.load(std::memory_order_acquire); }
  std::string error_text() const;
  void fail(CUresult error, const char* text);

  // No further operation will come on any stream of the group, and no further stream: whoever tries gets CallError.
  void close();

  // Waits until everything enqueued before the call on any stream of the group has run.
  void synchronize();

  // Lets one stream of the group wait for everything enqueued before the call on the others.
  void wait_for_all_in(Stream& stream);

  // Lets everything enqueued after the call, on streams that are there and on later ones, wait until `wait` has
  // returned. It is called once.
  void wait_before_all(std::function<void()> wait);

  // Whether every stream has nothing left to run.
  bool idle() const;

 private:
  friend class Stream;

  // Guards the list of streams and makes "look at the others, then append" one step, so that two streams never wait
  // for each other.
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Stream>> streams_;
  std::shared_ptr<Stream> legacy_;
  // Runs what wait_before_all() was given; made when it is first needed.
  std::shared_ptr<Stream> gate_;
  std::atomic<bool> closed_{false};

  mutable std::mutex error_mutex_;
  std::string error_text_;
  std::atomic<CUresult> error_{CUDA_SUCCESS};
};

// The queue and its worker. Owned by shared pointers: the worker and the group hold one until the last operation has
// run, so a stream may be destroyed while work is pending, as CUDA allows.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  // Legacy: the context's default stream, which waits for all blocking streams and which all of them wait for.
  enum class Kind { Legacy, Blocking, NonBlocking };

  // A stream of the group, its worker started. Throws std::system_error where no thread is to be had, CallError where
  // the group was closed.
  static std::shared_ptr<Stream> create(std::shared_ptr<StreamGroup> group, Kind kind, int priority);

  // Appends an operation and returns at once, except while kCapacity operations wait. Returns the operation's place in
  // the stream, counted from 1: it has run when completed() has reached that. What the closure throws becomes the
  // context's error. In a capturing stream the operation becomes a node of the graph and its place is kCaptured, for
  // which nobody can wait. Throws CaptureError where a capture forbids the operation, CallError where the stream was
  // closed, which another thread may do meanwhile.
  template <class F>
  uint64_t enqueue(F&& function) {
    if (capturing()) {
      capture_work(std::make_shared<ClosureWork<std::decay_t<F>>>(std::forward<F>(function)));
      return kCaptured;
    }
    if (kind_ == Kind::NonBlocking) return append(std::forward<F>(function));
    std::lock_guard order(group_->mutex_);
    wait_for_ordered_streams();
    return append(std::forward<F>(function));
  }

  static constexpr uint64_t kCaptured = UINT64_MAX;

  // Whether what is enqueued becomes part of a graph. Throws CaptureError where a capture has failed, or where this is
  // the legacy stream and a stream that it orders is being captured.
  bool capturing();

  // Adds a node to the graph of the capture, behind what the stream did before.
  void capture_work(std::shared_ptr<const NodeWork> work);

  // For calls that a capturing stream does not support: throws CaptureError, and the capture has failed.
  void refuse_in_capture(const char* text);

  // The capture this stream takes part in, and the nodes its next one depends on; guarded by graph_mutex().
  const std::shared_ptr<Capture>& capture() const { return capture_; }
  void set_capture(std::shared_ptr<Capture> capture) {
    capture_ = std::move(capture);
    capture_tail_.clear();
  }
  std::vector<CUgraphNode>& capture_tail() { return capture_tail_; }
  const std::vector<CUgraphNode>& capture_tail() const { return capture_tail_; }

  // Waits until everything enqueued before the call has run; for the legacy stream, on the blocking streams too.
  void synchronize();

  // Waits until the first `count` operations have run.
  void wait_for(uint64_t count);

  bool idle() const { return completed() == submitted(); }
  uint64_t submitted() const { return submitted_.load(std::memory_order_acquire); }
  uint64_t completed() const { return completed_.load(std::memory_order_acquire); }
  Kind kind() const { return kind_; }
  int priority() const { return priority_; }
  uint64_t id() const { return id_; }

  // Attributes that were set (cuStreamSetAttribute); false where this one was not.
  bool attribute(CUlaunchAttributeID id, CUlaunchAttributeValue* value) const;
  void set_attribute(CUlaunchAttributeID id, const CUlaunchAttributeValue& value);
  std::map<CUlaunchAttributeID, CUlaunchAttributeValue> attributes() const;

  StreamGroup& group() const { return *group_; }

  // No further operation will come: the worker ends after the last one.
  void close();
  bool closed() const;

  // Whether the calling thread is a stream's worker, where calling the driver back could deadlock.
  static bool on_worker();

  static constexpr size_t kCapacity = 1024;

 private:
  friend class StreamGroup;
  friend void fail_asynchronously(CUresult, const char*);

  Stream(std::shared_ptr<StreamGroup> group, Kind kind, int priority);
  void work();
  void run(Operation& operation);
  void wait_for_ordered_streams();
  void append_wait_for(Stream& other);

  template <class F>
  uint64_t append(F&& function) {
    std::unique_lock lock(mutex_);
    const uint64_t place = wait_for_space(lock);
    if (closed_) refuse_after_end();
    ring_[place % kCapacity].emplace(std::forward<F>(function));
    submitted_.store(place + 1, std::memory_order_release);
    if (sleeping_) work_arrived_.notify_one();
    return place + 1;
  }

  uint64_t wait_for_space(std::unique_lock<std::mutex>& lock);
  [[noreturn]] void refuse_after_end() const;

  const std::shared_ptr<StreamGroup> group_;
  const Kind kind_;
  const int priority_;
  const uint64_t id_;
  const std::unique_ptr<Operation[]> ring_;
  mutable std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::condition_variable progress_;
  std::atomic<uint64_t> submitted_{0};
  std::atomic<uint64_t> completed_{0};
  std::atomic<uint32_t> progress_waiters_{0};
  bool sleeping_ = false;
  bool closed_ = false;
  // How far the other side of the legacy order has been waited for: operations of the legacy stream for a blocking
  // stream, operations of this stream by the legacy stream. Guarded by the group's mutex.
  uint64_t legacy_waited_for_ = 0;
  uint64_t waited_for_by_legacy_ = 0;
  mutable std::mutex attributes_mutex_;
  std::map<CUlaunchAttributeID, CUlaunchAttributeValue> attributes_;
  std::shared_ptr<Capture> capture_;
  std::vector<CUgraphNode> capture_tail_;
};

// The stream a handle means: null and CU_STREAM_LEGACY are the current context's default stream (the primary context's
// where none is current), CU_STREAM_PER_THREAD the calling thread's own. Null where the handle is none.
std::shared_ptr<Stream> stream_from_handle(CUstream handle);

// For operations: the running operation has failed. The first failure of a context stays; synchronising calls report
// it and operations enqueued before or after are dropped.
void fail_asynchronously(CUresult error, const char* text);

// For operations that wait: whether their context has failed meanwhile, so that nobody will fulfil them.
bool running_context_failed();

// The current context's failure, CUDA_SUCCESS where nothing failed; leaves its text as the driver's last error.
CUresult asynchronous_error();

}  // namespace cpu
