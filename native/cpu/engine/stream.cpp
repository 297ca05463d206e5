#include "engine/stream.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "engine/capture.h"
#include "engine/signals_blocked.h"

namespace cpu {

namespace {

std::atomic<uint64_t> next_stream_id{1};

// The stream whose worker this thread is.
thread_local Stream* working_for = nullptr;

// A waiting thread looks this often before it sleeps: a few microseconds, about what waking it costs.
constexpr int kSpins = 100;

inline void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

Stream::Stream(std::shared_ptr<StreamGroup> group, Kind kind, int priority)
    : group_(std::move(group)),
      kind_(kind),
      priority_(priority),
      id_(next_stream_id.fetch_add(1)),
      ring_(new Operation[kCapacity]) {}

std::shared_ptr<Stream> Stream::create(std::shared_ptr<StreamGroup> group, Kind kind, int priority) {
  std::shared_ptr<Stream> stream(new Stream(std::move(group), kind, priority));
  {
    std::lock_guard order(stream->group_->mutex_);
    if (stream->group_->closed_) stream->refuse_after_end();
    stream->group_->streams_.push_back(stream);
    if (Stream* gate = stream->group_->gate_.get(); gate != nullptr && !gate->idle()) stream->append_wait_for(*gate);
    if (kind == Kind::Legacy) stream->group_->legacy_ = stream;
  }
  try {
    const SignalsBlocked blocked;
    std::thread worker([self = stream] { self->work(); });
    pthread_setname_np(worker.native_handle(), ("stream " + std::to_string(stream->id_ % 100000000)).c_str());
    worker.detach();
  } catch (...) {
    std::lock_guard order(stream->group_->mutex_);
    std::erase(stream->group_->streams_, stream);
    if (kind == Kind::Legacy) stream->group_->legacy_ = nullptr;
    throw;
  }
  return stream;
}

void Stream::work() {
  working_for = this;
  uint64_t done = 0;
  for (;;) {
    for (int spins = 0; spins < kSpins && submitted() == done; ++spins) pause_briefly();
    if (submitted() == done) {
      std::unique_lock lock(mutex_);
      sleeping_ = true;
      work_arrived_.wait(lock, [&] { return submitted() != done || closed_; });
      sleeping_ = false;
      if (submitted() == done) break;
    }
    run(ring_[done % kCapacity]);
    ++done;
    // Sequentially consistent with the waiters' count: either the waiter sees the progress or this sees the waiter.
    completed_.store(done, std::memory_order_seq_cst);
    if (progress_waiters_.load(std::memory_order_seq_cst) != 0) {
      std::lock_guard lock(mutex_);
      progress_.notify_all();
    }
  }
  std::lock_guard order(group_->mutex_);
  std::erase(group_->streams_, shared_from_this());
  if (kind_ == Kind::Legacy) group_->legacy_ = nullptr;
  // The group and its streams hold each other until here.
  if (group_->gate_.get() == this) group_->gate_ = nullptr;
}

void Stream::run(Operation& operation) {
  try {
    operation.finish(group_->error() == CUDA_SUCCESS);
  } catch (const std::bad_alloc&) {
    group_->fail(CUDA_ERROR_OUT_OF_MEMORY, "an operation in a stream found no host memory");
  } catch (const std::exception& failure) {
    group_->fail(CUDA_ERROR_LAUNCH_FAILED, failure.what());
  } catch (...) {
    group_->fail(CUDA_ERROR_LAUNCH_FAILED, "an operation in a stream threw something that is no std::exception");
  }
}

uint64_t Stream::wait_for_space(std::unique_lock<std::mutex>& lock) {
  const uint64_t place = submitted_.load(std::memory_order_relaxed);
  if (place - completed() < kCapacity) return place;
  progress_waiters_.fetch_add(1, std::memory_order_seq_cst);
  progress_.wait(lock, [&] {
    return submitted_.load(std::memory_order_relaxed) - completed_.load(std::memory_order_seq_cst) < kCapacity;
  });
  progress_waiters_.fetch_sub(1, std::memory_order_seq_cst);
  return submitted_.load(std::memory_order_relaxed);
}

void Stream::wait_for(uint64_t count) {
  if (count == kCaptured) {
    refuse_in_capture("the call's result would be waited for, but the stream is being captured and runs nothing");
    return;
  }
  for (int spins = 0; spins < kSpins; ++spins) {
    if (completed() >= count) return;
    pause_briefly();
  }
  std::unique_lock lock(mutex_);
  progress_waiters_.fetch_add(1, std::memory_order_seq_cst);
  progress_.wait(lock, [&] { return completed_.load(std::memory_order_seq_cst) >= count; });
  progress_waiters_.fetch_sub(1, std::memory_order_seq_cst);
}

void Stream::synchronize() {
  refuse_in_capture("a stream that is being captured cannot be waited for");
  if (kind_ != Kind::Legacy) {
    wait_for(submitted());
    return;
  }
  wait_for(enqueue([] {}));
}

void Stream::close() {
  forget_capturing_stream(*this);
  std::lock_guard lock(mutex_);
  closed_ = true;
  work_arrived_.notify_one();
}

bool Stream::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

void Stream::refuse_after_end() const {
  if (group_->closed_) throw CallError(CUDA_ERROR_CONTEXT_IS_DESTROYED, "another thread has destroyed the context");
  throw CallError(CUDA_ERROR_INVALID_HANDLE, "another thread has destroyed the stream");
}

bool Stream::attribute(CUlaunchAttributeID id, CUlaunchAttributeValue* value) const {
  std::lock_guard lock(attributes_mutex_);
  const auto found = attributes_.find(id);
  if (found == attributes_.end()) return false;
  *value = found->second;
  return true;
}

void Stream::set_attribute(CUlaunchAttributeID id, const CUlaunchAttributeValue& value) {
  std::lock_guard lock(attributes_mutex_);
  attributes_[id] = value;
}

std::map<CUlaunchAttributeID, CUlaunchAttributeValue> Stream::attributes() const {
  std::lock_guard lock(attributes_mutex_);
  return attributes_;
}

bool Stream::on_worker() { return working_for != nullptr; }

void Stream::append_wait_for(Stream& other) {
  append([stream = other.shared_from_this(), count = other.submitted()] { stream->wait_for(count); });
}

// The legacy default stream's order, inserted before each operation. The caller holds the group's mutex.
void Stream::wait_for_ordered_streams() {
  if (kind_ == Kind::Blocking) {
    Stream* legacy = group_->legacy_.get();
    if (legacy == nullptr || legacy->submitted() == legacy_waited_for_) return;
    legacy_waited_for_ = legacy->submitted();
    if (!legacy->idle()) append_wait_for(*legacy);
    return;
  }
  for (const std::shared_ptr<Stream>& other : group_->streams_) {
    if (other->kind_ != Kind::Blocking || other->submitted() == other->waited_for_by_legacy_) continue;
    other->waited_for_by_legacy_ = other->submitted();
    if (!other->idle()) append_wait_for(*other);
  }
}

std::string StreamGroup::error_text() const {
  std::lock_guard lock(error_mutex_);
  return error_text_;
}

void StreamGroup::fail(CUresult error, const char* text) {
  std::lock_guard lock(error_mutex_);
  if (error_.load(std::memory_order_relaxed) != CUDA_SUCCESS) return;
  error_text_ = text;
  error_.store(error, std::memory_order_release);
}

void StreamGroup::close() {
  std::vector<std::shared_ptr<Stream>> streams;
  {
    std::lock_guard order(mutex_);
    closed_ = true;
    streams = streams_;
  }
  for (const std::shared_ptr<Stream>& stream : streams) stream->close();
}

void StreamGroup::synchronize() {
  std::vector<std::pair<std::shared_ptr<Stream>, uint64_t>> pending;
  {
    std::lock_guard order(mutex_);
    for (const std::shared_ptr<Stream>& stream : streams_) {
      if (!stream->idle()) pending.emplace_back(stream, stream->submitted());
    }
  }
  for (const auto& [stream, count] : pending) stream->wait_for(count);
}

void StreamGroup::wait_for_all_in(Stream& stream) {
  std::lock_guard order(mutex_);
  for (const std::shared_ptr<Stream>& other : streams_) {
    if (other.get() != &stream && !other->idle()) stream.append_wait_for(*other);
  }
}

void StreamGroup::wait_before_all(std::function<void()> wait) {
  std::shared_ptr<Stream> gate;
  {
    std::lock_guard order(mutex_);
    gate = gate_;
  }
  if (gate == nullptr) gate = Stream::create(shared_from_this(), Stream::Kind::NonBlocking, 0);
  std::unique_lock order(mutex_);
  // Another thread may have been faster.
  if (gate_ == nullptr) gate_ = gate;
  gate_->append(std::move(wait));
  for (const std::shared_ptr<Stream>& stream : streams_) {
    if (stream != gate_ && stream != gate && !stream->closed()) stream->append_wait_for(*gate_);
  }
  const bool superfluous = gate != gate_;
  order.unlock();
  if (superfluous) gate->close();
}

bool StreamGroup::idle() const {
  std::lock_guard order(mutex_);
  return std::all_of(streams_.begin(), streams_.end(), [](const auto& stream) { return stream->idle(); });
}

bool running_context_failed() { return working_for != nullptr && working_for->group().error() != CUDA_SUCCESS; }

void fail_asynchronously(CUresult error, const char* text) {
  if (working_for != nullptr) working_for->group_->fail(error, text);
}

}  // namespace cpu
