#include "engine/event.h"

#include "engine/capture.h"

namespace cpu {

bool EventState::Marker::reached() const {
  if (stream != nullptr) return stream->completed() >= place;
  if (state == nullptr) return true;
  std::lock_guard lock(state->mutex_);
  return state->graph_generation_ >= place;
}

void EventState::Marker::wait() const {
  if (stream != nullptr) {
    stream->wait_for(place);
  } else if (state != nullptr) {
    std::unique_lock lock(state->mutex_);
    state->reached_in_graph_.wait(lock, [&] { return state->graph_generation_ >= place; });
  }
}

void EventState::record(Stream& stream) {
  if (record_in_capture(stream, *this)) return;
  // The mutex is not held while the marker is appended: that may wait for a full stream whose worker wants the mutex.
  const uint64_t generation = generations_.fetch_add(1) + 1;
  const uint64_t place = stream.enqueue([state = shared_from_this(), generation] { state->reach(generation); });
  std::lock_guard lock(mutex_);
  if (generation < recorded_generation_) return;
  recorded_generation_ = generation;
  stream_ = stream.shared_from_this();
  place_ = place;
}

void EventState::reach(uint64_t generation) {
  const auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex_);
  if (generation < timed_generation_) return;
  timed_generation_ = generation;
  time_ = now;
}

uint64_t EventState::record_in_graph() {
  std::lock_guard lock(mutex_);
  const uint64_t generation = generations_.fetch_add(1) + 1;
  recorded_generation_ = generation;
  stream_ = nullptr;
  return generation;
}

void EventState::reach_in_graph(uint64_t generation) {
  const auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex_);
  if (generation >= timed_generation_) {
    timed_generation_ = generation;
    time_ = now;
  }
  graph_generation_ = std::max(graph_generation_, generation);
  reached_in_graph_.notify_all();
}

EventState::Marker EventState::marker() const {
  std::lock_guard lock(mutex_);
  if (recorded_generation_ == 0) return {};
  if (stream_ != nullptr) return {stream_, place_, nullptr};
  return {nullptr, recorded_generation_, shared_from_this()};
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
