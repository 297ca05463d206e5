// Stream capture: what is enqueued in a capturing stream becomes nodes of a graph. The rules, who may do what meanwhile
// and what spoils a capture, are here; all of it is guarded by graph_mutex().
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "engine/call_error.h"
#include "engine/graph.h"
#include "engine/stream.h"
#include "generated/driver.h"

namespace cpu {

// A capture from its begin to its end. Streams and events that take part hold it.
struct Capture {
  uint64_t id = 0;
  CUgraph graph = nullptr;
  // The graph was made for the capture, and ends with it when it fails.
  bool owns_graph = true;
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id thread;
  const Stream* origin = nullptr;
  bool invalidated = false;
  bool ended = false;
  // Every stream that takes part, the first one included.
  std::vector<std::shared_ptr<Stream>> streams;
};

// A call that the rules of capture forbid.
class CaptureError : public CallError {
 public:
  using CallError::CallError;
};

// The calling thread's own mode, which says what other threads' captures forbid it.
CUstreamCaptureMode exchange_thread_capture_mode(CUstreamCaptureMode mode);

// Throws, and spoils the captures concerned, where a capture forbids this thread calls that are unsafe meanwhile, such
// as allocating.
void check_unsafe_call();

// Throws where a stream of the group captures: the whole context must not be waited for.
void check_group_synchronization(const StreamGroup& group);

void begin_capture(Stream& stream, CUstreamCaptureMode mode, Graph* graph, std::span<GraphNode* const> dependencies);
// Whether a blocking stream of the group takes part in a capture.
bool captures_blocking_stream(const StreamGroup& group);

// The graph. Throws where there is none; the capture has ended all the same where one was begun in this stream.
CUgraph end_capture(Stream& stream);

// The stream's capture, null where it does not capture.
Capture* capture_of(const Stream& stream);
// The nodes that the stream's next one will depend on, without those that were destroyed.
std::vector<GraphNode*> capture_dependencies(const Stream& stream);
void set_capture_dependencies(Stream& stream, std::span<GraphNode* const> dependencies);

// A stream was destroyed: a capture in it is spoilt.
void forget_capturing_stream(Stream& stream);

// The rules of events in captures. Each returns true where it has done the call's work: the event or the stream is part
// of a capture.
bool record_in_capture(Stream& stream, EventState& event);
bool wait_in_capture(Stream& stream, EventState& event);
// Throws where the event stands for nothing that runs.
void check_not_captured(EventState& event);

}  // namespace cpu
