// Events: markers in a stream.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/handles.h"
#include "engine/stream.h"
#include "generated/driver.h"

namespace cpu {

// What an event stands for: the newest marker it was recorded as. Shared by the event and its markers, which outlive a
// destroyed event.
class EventState : public std::enable_shared_from_this<EventState> {
 public:
  // A place in a stream.
  struct Marker {
    std::shared_ptr<Stream> stream;
    uint64_t place = 0;

    bool reached() const { return stream == nullptr || stream->completed() >= place; }
    void wait() const {
      if (stream != nullptr) stream->wait_for(place);
    }
  };

  // Appends a marker to the stream; from now on the event means that one.
  void record(Stream& stream);

  // The newest marker; one without a stream where the event was never recorded.
  Marker marker() const;

  // When the newest marker was reached, where it was.
  std::optional<std::chrono::steady_clock::time_point> time() const;

 private:
  void reach(uint64_t generation);

  mutable std::mutex mutex_;
  std::atomic<uint64_t> generations_{0};
  uint64_t recorded_generation_ = 0;
  Marker marker_;
  uint64_t timed_generation_ = 0;
  std::chrono::steady_clock::time_point time_;
};

// CUevent.
struct Event {
  static constexpr HandleTag tag = HandleTag::Event;

  std::shared_ptr<EventState> state;
  unsigned flags;
  CUcontext context;
};

// Lets the stream wait for everything the event's newest marker stands behind; nothing where it was never recorded.
void wait_for_event(Stream& stream, const EventState& event);

}  // namespace cpu
