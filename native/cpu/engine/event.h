// Events: markers in a stream.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/handles.h"
#include "engine/shared_event.h"
#include "engine/stream.h"
#include "generated/driver.h"

namespace cpu {

// What an event stands for: the newest marker it was recorded as. Shared by the event and its markers, which outlive a
// destroyed event.
class EventState : public std::enable_shared_from_this<EventState> {
 public:
  EventState() = default;
  // An event that other processes see too.
  explicit EventState(std::shared_ptr<SharedEvent> shared) : shared_(std::move(shared)) {}

  // A place in a stream, or one inside a graph's replay: the generation of `state` that the replay will reach, or what
  // another process recorded: a generation of `shared`.
  struct Marker {
    std::shared_ptr<Stream> stream;
    uint64_t place = 0;
    std::shared_ptr<const EventState> state;
    std::shared_ptr<SharedEvent> shared;

    bool never_recorded() const { return stream == nullptr && state == nullptr && shared == nullptr; }
    // Both throw CallError where another process recorded the event and has ended before it was reached.
    bool reached() const;
    void wait() const;
  };

  // Null where the event is this process's alone.
  const std::shared_ptr<SharedEvent>& shared() const { return shared_; }

  // Appends a marker to the stream; from now on the event means that one. In a capturing stream it means the nodes
  // which that stream's next one would depend on.
  void record(Stream& stream);

  // The newest marker; never_recorded() where the event never was.
  Marker marker() const;

  // When the newest marker was reached, where it was.
  std::optional<std::chrono::steady_clock::time_point> time() const;

  // For replays: from now on the event means a place in one that is being launched, which is reached later. Returns
  // what there is to reach.
  struct GraphRecord {
    uint64_t generation = 0;
    uint64_t shared_generation = 0;
  };
  GraphRecord record_in_graph();
  void reach_in_graph(const GraphRecord& record);

  // The capture in which the event was last recorded, and the nodes it then stood for; guarded by graph_mutex().
  bool captured() const { return captured_.load(std::memory_order_acquire); }
  const std::shared_ptr<Capture>& capture() const { return capture_; }
  const std::vector<CUgraphNode>& captured_nodes() const { return captured_nodes_; }
  void set_captured(std::shared_ptr<Capture> capture, std::vector<CUgraphNode> nodes) {
    captured_.store(capture != nullptr, std::memory_order_release);
    capture_ = std::move(capture);
    captured_nodes_ = std::move(nodes);
  }

 private:
  void reach(uint64_t generation, uint64_t shared_generation);

  // Tells other processes of a record; 0 where none of them looks.
  uint64_t record_shared();
  void reach_shared(uint64_t shared_generation);

  const std::shared_ptr<SharedEvent> shared_;
  // The newest record of this process among those that other processes see; guarded by mutex_.
  uint64_t shared_generation_ = 0;

  mutable std::mutex mutex_;
  mutable std::condition_variable reached_in_graph_;
  std::atomic<uint64_t> generations_{0};
  uint64_t recorded_generation_ = 0;
  // The newest marker's stream and place; without a stream it is in a graph.
  std::shared_ptr<Stream> stream_;
  uint64_t place_ = 0;
  uint64_t graph_generation_ = 0;
  uint64_t timed_generation_ = 0;
  std::chrono::steady_clock::time_point time_;

  std::atomic<bool> captured_{false};
  std::shared_ptr<Capture> capture_;
  std::vector<CUgraphNode> captured_nodes_;
};

// CUevent.
struct Event {
  static constexpr HandleTag tag = HandleTag::Event;

  std::shared_ptr<EventState> state;
  unsigned flags;
  CUcontext context;
};

// Lets the stream wait for everything the event's newest marker stands behind; nothing where it was never recorded.
// Where the event was recorded in a capture, the stream becomes part of that capture.
void wait_for_event(Stream& stream, EventState& event);

}  // namespace cpu
