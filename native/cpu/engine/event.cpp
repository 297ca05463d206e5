#include "engine/event.h"

#include <utility>

#include "engine/call_error.h"
#include "engine/capture.h"

namespace cpu {

namespace {

[[noreturn]] void refuse_abandoned() {
  throw CallError(CUDA_ERROR_LAUNCH_FAILED,
                  "the event was recorded by another process, which has ended before the event was reached");
}

}  // namespace

bool EventState::Marker::reached() const {
  if (stream != nullptr) return stream->completed() >= place;
  if (shared != nullptr) {
    if (shared->reached(place)) return true;
    if (shared->abandoned(place)) refuse_abandoned();
    return false;
  }
  if (state == nullptr) return true;
  std::lock_guard lock(state->mutex_);
  return state->graph_generation_ >= place;
}

void EventState::Marker::wait() const {
  if (stream != nullptr) {
    stream->wait_for(place);
  } else if (shared != nullptr) {
    if (!shared->wait(place, running_context_failed)) refuse_abandoned();
  } else if (state != nullptr) {
    std::unique_lock lock(state->mutex_);
    state->reached_in_graph_.wait(lock, [&] { return state->graph_generation_ >= place; });
  }
}

uint64_t EventState::record_shared() { return shared_ == nullptr ? 0 : shared_->record(); }

void EventState::reach_shared(uint64_t shared_generation) {
  if (shared_ != nullptr) shared_->reach(shared_generation);
}

namespace {

// Tells that a record was reached, at the latest when the operation which would do so is dropped.
template <class Reach>
class Reaching {
 public:
  explicit Reaching(Reach reach) : reach_(std::move(reach)) {}
  Reaching(Reaching&& other) noexcept
      : reach_(std::move(other.reach_)), pending_(std::exchange(other.pending_, false)) {}
  Reaching(const Reaching&) = delete;
  Reaching& operator=(const Reaching&) = delete;
  ~Reaching() {
    if (pending_) reach_();
  }
  void operator()() {
    pending_ = false;
    reach_();
  }

 private:
  Reach reach_;
  bool pending_ = true;
};

}  // namespace

void EventState::record(Stream& stream) {
  if (record_in_capture(stream, *this)) return;
  // The mutex is not held while the marker is appended: that may wait for a full stream whose worker wants the mutex.
  const uint64_t generation = generations_.fetch_add(1) + 1;
  const uint64_t shared_generation = record_shared();
  const uint64_t place = stream.enqueue(Reaching(
      [state = shared_from_this(), generation, shared_generation] { state->reach(generation, shared_generation); }));
  std::lock_guard lock(mutex_);
  if (generation < recorded_generation_) return;
  recorded_generation_ = generation;
  shared_generation_ = shared_generation;
  stream_ = stream.shared_from_this();
  place_ = place;
}

void EventState::reach(uint64_t generation, uint64_t shared_generation) {
  reach_shared(shared_generation);
  const auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex_);
  if (generation < timed_generation_) return;
  timed_generation_ = generation;
  time_ = now;
}

EventState::GraphRecord EventState::record_in_graph() {
  std::lock_guard lock(mutex_);
  const GraphRecord record{generations_.fetch_add(1) + 1, record_shared()};
  recorded_generation_ = record.generation;
  shared_generation_ = record.shared_generation;
  stream_ = nullptr;
  return record;
}

void EventState::reach_in_graph(const GraphRecord& record) {
  reach_shared(record.shared_generation);
  const auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex_);
  if (record.generation >= timed_generation_) {
    timed_generation_ = record.generation;
    time_ = now;
  }
  graph_generation_ = std::max(graph_generation_, record.generation);
  reached_in_graph_.notify_all();
}

EventState::Marker EventState::marker() const {
  std::lock_guard lock(mutex_);
  if (shared_ != nullptr) {
    // What another process recorded since counts.
    const uint64_t newest = shared_->recorded();
    if (newest > shared_generation_) return {nullptr, newest, nullptr, shared_};
  }
  if (recorded_generation_ == 0) return {};
  if (stream_ != nullptr) return {stream_, place_, nullptr, nullptr};
  return {nullptr, recorded_generation_, shared_from_this(), nullptr};
}

std::optional<std::chrono::steady_clock::time_point> EventState::time() const {
  if (!marker().reached()) return std::nullopt;
  std::lock_guard lock(mutex_);
  if (recorded_generation_ == 0 || timed_generation_ != recorded_generation_) return std::nullopt;
  return time_;
}

void wait_for_event(Stream& stream, EventState& event) {
  if (wait_in_capture(stream, event)) return;
  EventState::Marker marker = event.marker();
  if (marker.reached() || marker.stream.get() == &stream) return;
  stream.enqueue([marker = std::move(marker)] { marker.wait(); });
}

}  // namespace cpu
