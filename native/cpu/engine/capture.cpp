#include "engine/capture.h"

#include <algorithm>

#include "engine/event.h"

namespace cpu {

namespace {

std::atomic<uint64_t> next_capture_id{1};

// Captures that were begun and have not ended.
std::vector<std::shared_ptr<Capture>>& ongoing() {
  static auto& captures = *new std::vector<std::shared_ptr<Capture>>;
  return captures;
}

thread_local CUstreamCaptureMode thread_mode = CU_STREAM_CAPTURE_MODE_GLOBAL;

[[noreturn]] void refuse(CUresult status, const char* text) { throw CaptureError(status, text); }

[[noreturn]] void spoil(Capture& capture, CUresult status, const char* text) {
  capture.invalidated = true;
  refuse(status, text);
}

constexpr const char* kInvalidated =
    "an earlier error has spoilt this capture; end it with cuStreamEndCapture and begin anew";

void leave(Capture& capture) {
  capture.ended = true;
  for (const std::shared_ptr<Stream>& stream : capture.streams) stream->set_capture(nullptr);
  capture.streams.clear();
  auto& captures = ongoing();
  captures.erase(
      std::remove_if(captures.begin(), captures.end(), [&](const auto& held) { return held.get() == &capture; }),
      captures.end());
  count_of_captures.store(static_cast<int>(captures.size()), std::memory_order_release);
}

// Whether every node the stream would build on is behind one that `last` holds.
bool joined(const Stream& stream, const std::vector<GraphNode*>& last) {
  const std::vector<GraphNode*> tails = capture_dependencies(stream);
  return std::all_of(tails.begin(), tails.end(), [&](const GraphNode* tail) {
    return std::any_of(last.begin(), last.end(), [&](const GraphNode* node) { return depends(*node, *tail); });
  });
}

void add_dependencies(std::vector<CUgraphNode>* to, const std::vector<CUgraphNode>& more) {
  for (CUgraphNode node : more) {
    if (std::find(to->begin(), to->end(), node) == to->end()) to->push_back(node);
  }
}

}  // namespace

std::atomic<int> count_of_captures{0};

CUstreamCaptureMode exchange_thread_capture_mode(CUstreamCaptureMode mode) { return std::exchange(thread_mode, mode); }

void check_unsafe_call() {
  if (!any_capture() || thread_mode == CU_STREAM_CAPTURE_MODE_RELAXED) return;
  std::lock_guard lock(graph_mutex());
  const auto self = std::this_thread::get_id();
  bool forbidden = false;
  for (const std::shared_ptr<Capture>& capture : ongoing()) {
    const bool by_other =
        capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL && thread_mode == CU_STREAM_CAPTURE_MODE_GLOBAL;
    const bool by_self = capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread == self;
    if (!by_other && !by_self) continue;
    capture->invalidated = true;
    forbidden = true;
  }
  if (forbidden) {
    refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
           "a stream is being captured, and this call is not safe meanwhile; capture in a narrower mode or set this "
           "thread's to CU_STREAM_CAPTURE_MODE_RELAXED with cuThreadExchangeStreamCaptureMode");
  }
}

void check_group_synchronization(const StreamGroup& group) {
  if (!any_capture()) return;
  std::lock_guard lock(graph_mutex());
  for (const std::shared_ptr<Capture>& capture : ongoing()) {
    for (const std::shared_ptr<Stream>& stream : capture->streams) {
      if (&stream->group() != &group) continue;
      spoil(*capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
            "a stream of this context is being captured, so the context cannot be waited for");
    }
  }
}

bool captures_blocking_stream(const StreamGroup& group) {
  if (!any_capture()) return false;
  std::lock_guard lock(graph_mutex());
  for (const std::shared_ptr<Capture>& capture : ongoing()) {
    for (const std::shared_ptr<Stream>& stream : capture->streams) {
      if (stream->kind() == Stream::Kind::Blocking && &stream->group() == &group) return true;
    }
  }
  return false;
}

void begin_capture(Stream& stream, CUstreamCaptureMode mode, Graph* graph, std::span<GraphNode* const> dependencies) {
  std::lock_guard lock(graph_mutex());
  if (stream.kind() == Stream::Kind::Legacy) {
    refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the legacy default stream cannot be captured; use another stream");
  }
  if (stream.capture() != nullptr) refuse(CUDA_ERROR_ILLEGAL_STATE, "the stream is being captured already");
  auto capture = std::make_shared<Capture>();
  capture->id = next_capture_id.fetch_add(1);
  capture->owns_graph = graph == nullptr;
  if (graph == nullptr) graph = Graph::create();
  capture->graph = graph->handle;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->origin = &stream;
  capture->streams.push_back(stream.shared_from_this());
  ongoing().push_back(capture);
  count_of_captures.store(static_cast<int>(ongoing().size()), std::memory_order_release);
  stream.set_capture(std::move(capture));
  set_capture_dependencies(stream, dependencies);
}

CUgraph end_capture(Stream& stream) {
  std::lock_guard lock(graph_mutex());
  const std::shared_ptr<Capture> capture = stream.capture();
  if (capture == nullptr) refuse(CUDA_ERROR_ILLEGAL_STATE, "the stream is not being captured");
  if (capture->origin != &stream) {
    spoil(*capture, CUDA_ERROR_STREAM_CAPTURE_UNMATCHED,
          "the capture was begun in another stream; end it there, after this one was joined to it by an event");
  }
  if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id()) {
    refuse(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "the capture was begun by another thread, which must end it");
  }
  bool unjoined = false;
  if (!capture->invalidated) {
    const std::vector<GraphNode*> last = capture_dependencies(stream);
    for (const std::shared_ptr<Stream>& other : capture->streams) unjoined = unjoined || !joined(*other, last);
  }
  leave(*capture);
  const bool lost = lookup<Graph>(capture->graph) == nullptr;
  if (!capture->invalidated && !unjoined && !lost) return capture->graph;
  if (capture->owns_graph) release<Graph>(capture->graph);
  if (capture->invalidated || lost) refuse(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, kInvalidated);
  refuse(CUDA_ERROR_STREAM_CAPTURE_UNJOINED,
         "a stream that takes part in the capture has work which the first stream does not wait for; record an event "
         "there and let the first stream wait for it");
}

Capture* capture_of(const Stream& stream) { return stream.capture().get(); }

std::vector<GraphNode*> capture_dependencies(const Stream& stream) {
  std::vector<GraphNode*> nodes;
  for (CUgraphNode handle : stream.capture_tail()) {
    if (GraphNode* node = lookup<GraphNode>(handle)) nodes.push_back(node);
  }
  return nodes;
}

void set_capture_dependencies(Stream& stream, std::span<GraphNode* const> dependencies) {
  std::vector<CUgraphNode> handles;
  for (const GraphNode* node : dependencies) handles.push_back(node->handle);
  stream.capture_tail() = std::move(handles);
}

void forget_capturing_stream(Stream& stream) {
  if (!any_capture()) return;
  std::lock_guard lock(graph_mutex());
  const std::shared_ptr<Capture> capture = stream.capture();
  if (capture == nullptr) return;
  capture->invalidated = true;
  if (capture->origin == &stream) {
    // Nobody can end it any more.
    leave(*capture);
    if (capture->owns_graph) release<Graph>(capture->graph);
    return;
  }
  std::erase_if(capture->streams, [&](const auto& held) { return held.get() == &stream; });
  stream.set_capture(nullptr);
}

bool Stream::capturing() {
  if (!any_capture()) return false;
  std::lock_guard lock(graph_mutex());
  if (kind_ == Kind::Legacy) {
    for (const std::shared_ptr<Capture>& capture : ongoing()) {
      for (const std::shared_ptr<Stream>& stream : capture->streams) {
        if (stream->kind() != Kind::Blocking || &stream->group() != group_.get()) continue;
        spoil(
            *capture, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
            "a blocking stream is being captured, and the legacy default stream would wait for it; use another stream "
            "or capture one made with CU_STREAM_NON_BLOCKING");
      }
    }
    return false;
  }
  if (capture_ == nullptr) return false;
  if (capture_->invalidated) refuse(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, kInvalidated);
  return true;
}

void Stream::capture_work(std::shared_ptr<const NodeWork> work) {
  std::lock_guard lock(graph_mutex());
  if (!capturing()) refuse(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "another thread has ended this capture");
  Graph* graph = lookup<Graph>(capture_->graph);
  if (graph == nullptr)
    spoil(*capture_, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "the graph of this capture was destroyed");
  const std::vector<GraphNode*> dependencies = capture_dependencies(*this);
  const GraphNode* node = graph->add(std::move(work), dependencies);
  capture_tail_.assign(1, node->handle);
}

void Stream::refuse_in_capture(const char* text) {
  if (!capturing()) return;
  std::lock_guard lock(graph_mutex());
  if (capture_ == nullptr) return;
  spoil(*capture_, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, text);
}

bool record_in_capture(Stream& stream, EventState& event) {
  if (!any_capture() && !event.captured()) return false;
  std::lock_guard lock(graph_mutex());
  if (!stream.capturing()) {
    event.set_captured(nullptr, {});
    return false;
  }
  event.set_captured(stream.capture(), stream.capture_tail());
  return true;
}

bool wait_in_capture(Stream& stream, EventState& event) {
  if (!any_capture() && !event.captured()) return false;
  std::lock_guard lock(graph_mutex());
  const bool capturing = stream.capturing();
  const std::shared_ptr<Capture> of_event = event.capture();
  if (of_event == nullptr) {
    if (!capturing) return false;
    if (event.marker().never_recorded()) return true;
    spoil(*stream.capture(), CUDA_ERROR_STREAM_CAPTURE_ISOLATION,
          "the event was recorded outside the capture, whose graph cannot wait for it; CU_EVENT_WAIT_EXTERNAL makes an "
          "event wait node");
  }
  if (of_event->ended) {
    if (capturing) stream.capture()->invalidated = true;
    refuse(CUDA_ERROR_CAPTURED_EVENT, "the event was last recorded in a capture that has ended; record it again");
  }
  if (of_event->invalidated) refuse(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, kInvalidated);
  if (!capturing) {
    if (stream.kind() == Stream::Kind::Legacy) {
      spoil(*of_event, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the legacy default stream cannot take part in a capture");
    }
    of_event->streams.push_back(stream.shared_from_this());
    stream.set_capture(of_event);
    stream.capture_tail() = event.captured_nodes();
    return true;
  }
  if (stream.capture() != of_event) {
    of_event->invalidated = true;
    spoil(*stream.capture(), CUDA_ERROR_STREAM_CAPTURE_MERGE, "the event belongs to another capture");
  }
  add_dependencies(&stream.capture_tail(), event.captured_nodes());
  return true;
}

void check_not_captured(EventState& event) {
  if (!event.captured()) return;
  std::lock_guard lock(graph_mutex());
  const std::shared_ptr<Capture> capture = event.capture();
  if (capture == nullptr) return;
  capture->invalidated = true;
  refuse(CUDA_ERROR_CAPTURED_EVENT,
         "the event was last recorded in a capturing stream and stands for nothing that runs");
}

}  // namespace cpu
