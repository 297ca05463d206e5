#include "engine/stream.h"

#include <pthread.h>

#include <string>
#include <thread>

#include "engine/last_error.h"

namespace cpu {

namespace {

std::atomic<uint64_t> next_stream_id{1};

// Sticky, as a CUDA context's error is. The text is written before the code is published.
std::atomic<CUresult> first_error{CUDA_SUCCESS};
std::mutex first_error_mutex;
std::string first_error_text;

// The worker looks this often for the next operation before it sleeps: a few microseconds, about what waking it costs.
constexpr int kSpins = 2000;

inline void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

Stream::Stream(bool blocking, int priority)
    : blocking_(blocking), priority_(priority), id_(next_stream_id.fetch_add(1)), ring_(new Operation[kCapacity]) {}

std::shared_ptr<Stream> Stream::create(bool blocking, int priority) {
  std::shared_ptr<Stream> stream(new Stream(blocking, priority));
  std::thread worker([self = stream] { self->work(); });
  pthread_setname_np(worker.native_handle(), ("stream " + std::to_string(stream->id_ % 100000000)).c_str());
  worker.detach();
  return stream;
}

std::shared_ptr<Stream> Stream::create_legacy(VisitBlockingStreams others, void* context) {
  std::shared_ptr<Stream> stream = create(true, 0);
  stream->visit_blocking_ = others;
  stream->visit_context_ = context;
  return stream;
}

void Stream::work() {
  uint64_t done = 0;
  for (;;) {
    int spins = 0;
    while (submitted_.load(std::memory_order_acquire) == done) {
      if (++spins < kSpins) {
        pause_briefly();
        continue;
      }
      std::unique_lock lock(mutex_);
      if (submitted_.load(std::memory_order_acquire) != done) break;
      if (closed_) return;
      sleeping_ = true;
      work_arrived_.wait(lock);
      sleeping_ = false;
      spins = 0;
    }
    ring_[done % kCapacity].run_and_destroy();
    ++done;
    completed_.store(done, std::memory_order_seq_cst);
    if (progress_waiters_.load(std::memory_order_seq_cst) != 0) {
      std::lock_guard lock(mutex_);
      progress_.notify_all();
    } else if (submitted_.load(std::memory_order_relaxed) - done + 1 >= kCapacity) {
      std::lock_guard lock(mutex_);
      if (space_waiters_ != 0) progress_.notify_all();
    }
  }
}

void Stream::wait_for(uint64_t count) {
  for (int spins = 0; spins < kSpins; ++spins) {
    if (completed_.load(std::memory_order_acquire) >= count) return;
    pause_briefly();
  }
  progress_waiters_.fetch_add(1, std::memory_order_seq_cst);
  {
    std::unique_lock lock(mutex_);
    progress_.wait(lock, [&] { return completed_.load(std::memory_order_seq_cst) >= count; });
  }
  progress_waiters_.fetch_sub(1, std::memory_order_seq_cst);
}

void Stream::synchronize() {
  if (visit_blocking_ != nullptr) {
    visit_blocking_(
        visit_context_, [](Stream& other, void*) { other.wait_for(other.submitted()); }, nullptr);
  }
  wait_for(submitted());
}

void Stream::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  work_arrived_.notify_one();
}

void Stream::wait_for_other(Stream& other) {
  if (&other == this || other.idle()) return;
  std::unique_lock lock(mutex_);
  append(lock, [stream = other.shared_from_this(), count = other.submitted()] { stream->wait_for(count); });
}

void Stream::insert_legacy_order() {
  if (visit_blocking_ != nullptr) {
    visit_blocking_(
        visit_context_, [](Stream& other, void* self) { static_cast<Stream*>(self)->wait_for_other(other); }, this);
  } else if (legacy_ != nullptr) {
    wait_for_other(*legacy_);
  }
}

void fail_asynchronously(CUresult error, const char* text) {
  std::lock_guard lock(first_error_mutex);
  if (first_error.load() != CUDA_SUCCESS) return;
  first_error_text = text;
  first_error.store(error, std::memory_order_release);
}

CUresult asynchronous_error() {
  const CUresult error = first_error.load(std::memory_order_acquire);
  if (error != CUDA_SUCCESS) {
    std::lock_guard lock(first_error_mutex);
    set_last_error(Library::driver, first_error_text);
  }
  return error;
}

}  // namespace cpu
