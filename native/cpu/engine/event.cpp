#include "engine/event.h"

namespace cpu {

void EventState::record(Stream& stream) {
  // The mutex is not held while the marker is appended: that may wait for a full stream whose worker wants the mutex.
  const uint64_t generation = generations_.fetch_add(1) + 1;
  const uint64_t place = stream.enqueue([state = shared_from_this(), generation] { state->reach(generation); });
  std::lock_guard lock(mutex_);
  if (generation < recorded_generation_) return;
  recorded_generation_ = generation;
  marker_ = {stream.shared_from_this(), place};
}

void EventState::reach(uint64_t generation) {
  const auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex_);
  if (generation < timed_generation_) return;
  timed_generation_ = generation;
  time_ = now;
}

EventState::Marker EventState::marker() const {
  std::lock_guard lock(mutex_);
  return marker_;
}

std::optional<std::chrono::steady_clock::time_point> EventState::time() const {
  std::lock_guard lock(mutex_);
  if (recorded_generation_ == 0 || timed_generation_ != recorded_generation_ || !marker_.reached()) return std::nullopt;
  return time_;
}

void wait_for_event(Stream& stream, const EventState& event) {
  EventState::Marker marker = event.marker();
  if (marker.reached() || marker.stream.get() == &stream) return;
  stream.enqueue([marker = std::move(marker)] { marker.wait(); });
}

}  // namespace cpu
