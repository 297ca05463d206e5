#include "nccl/submit.h"

#include <algorithm>

#include "engine/capture.h"
#include "engine/event.h"

namespace cpu::nccl {
namespace {

std::string name_of_rank(const Communicator& communicator) { return "rank " + std::to_string(communicator.rank()); }

// Whether an operation in one of the streams waits for the other's.
bool wait_for_each_other(const Stream& a, const Stream& b) {
  if (&a == &b) return true;
  if (&a.group() != &b.group() || a.kind() == Stream::Kind::NonBlocking || b.kind() == Stream::Kind::NonBlocking) {
    return false;
  }
  return a.kind() == Stream::Kind::Legacy || b.kind() == Stream::Kind::Legacy;
}

// The capture that a stream takes part in; 0 where it takes part in none.
uint64_t capture_id(Stream& stream) {
  if (!stream.capturing()) return 0;
  std::lock_guard lock(graph_mutex());
  const Capture* capture = capture_of(stream);
  return capture == nullptr ? 0 : capture->id;
}

// What one rank sends to itself in a group it also has to receive there.
void check_transfers_to_itself(const std::vector<Call>& calls, const Communicator& communicator) {
  std::vector<const Call*> sends;
  std::vector<const Call*> receives;
  for (const Call& call : calls) {
    if (call.communicator.get() != &communicator || !call.transfers_to_itself()) continue;
    (call.signature.function == Function::Send ? sends : receives).push_back(&call);
  }
  for (size_t i = 0; i < std::max(sends.size(), receives.size()); ++i) {
    if (i >= sends.size() || i >= receives.size()) {
      throw Failure(ncclInvalidUsage, name_of_rank(communicator) + " has " + std::to_string(sends.size()) +
                                          " sends to itself and " + std::to_string(receives.size()) +
                                          " receives in one group; each needs its counterpart there");
    }
    if (sends[i]->bytes() != receives[i]->bytes()) {
      throw Failure(ncclInvalidUsage, name_of_rank(communicator) + " calls " + describe(sends[i]->signature) +
                                          " to itself, but " + describe(receives[i]->signature) + " for it");
    }
  }
}

// The calls' communicators with the stream in which all of their calls run: the first one's.
struct Use {
  std::shared_ptr<Communicator> communicator;
  std::shared_ptr<Stream> stream;
  uint64_t capture = 0;
  std::vector<std::shared_ptr<Stream>> others;
};

std::vector<Use> uses_of(const std::vector<Call>& calls) {
  std::vector<Use> uses;
  for (const Call& call : calls) {
    const auto known =
        std::find_if(uses.begin(), uses.end(), [&](const Use& use) { return use.communicator == call.communicator; });
    if (known == uses.end()) {
      uses.push_back({call.communicator, call.stream, capture_id(*call.stream), {}});
    } else if (known->stream != call.stream &&
               std::find(known->others.begin(), known->others.end(), call.stream) == known->others.end()) {
      known->others.push_back(call.stream);
    }
  }
  return uses;
}

// On a GPU two ranks never share a stream, as each has a device of its own. Here they can, and one in front of the
// other would wait for ever.
void check_streams(const std::vector<Use>& uses) {
  const auto refuse = [](const Communicator& a, const Communicator& b, const char* how) {
    throw Failure(ncclInvalidUsage, name_of_rank(a) + " and " + name_of_rank(b) + " of one communicator use " + how);
  };
  constexpr const char* kStreams =
      "streams of which one waits for the other (the same one, or the default stream and a blocking one): give each "
      "rank a stream of its own made with CU_STREAM_NON_BLOCKING, or issue their calls in one group in one stream";
  constexpr const char* kGraph =
      "streams that are captured into one graph, whose nodes are replayed one after the other: capture a graph for "
      "each";
  for (const Use& use : uses) {
    for (const Use& other : uses) {
      if (other.communicator == use.communicator || other.communicator->key() != use.communicator->key()) continue;
      if (other.stream == use.stream) continue;
      if (wait_for_each_other(*use.stream, *other.stream)) refuse(*use.communicator, *other.communicator, kStreams);
      if (use.capture != 0 && use.capture == other.capture) refuse(*use.communicator, *other.communicator, kGraph);
    }
    for (const auto& weak : LocalCommunicators::instance().all) {
      const std::shared_ptr<Communicator> other = weak.lock();
      if (other == nullptr || other == use.communicator || other->stopped() || other->ranks() < 2) continue;
      if (other->key() != use.communicator->key()) continue;
      if (std::any_of(uses.begin(), uses.end(), [&](const Use& now) { return now.communicator == other; })) continue;
      const Communicator::LastUse& last = other->last_use;
      if (use.capture != 0 && use.capture == last.capture) refuse(*use.communicator, *other, kGraph);
      const std::shared_ptr<Stream> stream = last.stream.lock();
      if (use.capture != 0 || stream == nullptr || stream->completed() >= last.place) continue;
      if (wait_for_each_other(*use.stream, *stream)) refuse(*use.communicator, *other, kStreams);
    }
  }
}

// `to` goes on when `from` has come so far.
void order(Stream& from, Stream& to) {
  const auto event = std::make_shared<EventState>();
  event->record(from);
  wait_for_event(to, *event);
}

}  // namespace

void submit(std::vector<Call> calls) {
  if (calls.empty()) return;
  LocalCommunicators& local = LocalCommunicators::instance();
  std::vector<Use> uses = uses_of(calls);
  for (const Use& use : uses) check_transfers_to_itself(calls, *use.communicator);
  {
    std::lock_guard lock(local.mutex);
    check_streams(uses);
  }
  for (Call& call : calls) {
    if (!call.transfers()) {
      call.signature.sequence = call.communicator->next_sequence();
    } else if (!call.transfers_to_itself()) {
      const bool sends = call.signature.function == Function::Send;
      call.slot = (uint64_t{1} << 63) |
                  (sends ? call.communicator->next_send(call.peer) : call.communicator->next_receive(call.peer));
    }
  }
  for (const Use& use : uses) {
    for (const std::shared_ptr<Stream>& other : use.others) order(*other, *use.stream);
  }
  for (const Use& use : uses) {
    if (std::any_of<const Use*>(uses.data(), &use, [&](const Use& before) { return before.stream == use.stream; }))
      continue;
    std::vector<Call> together;
    for (const Use& candidate : uses) {
      if (candidate.stream != use.stream) continue;
      std::copy_if(calls.begin(), calls.end(), std::back_inserter(together),
                   [&](const Call& call) { return call.communicator == candidate.communicator; });
    }
    const auto launch = std::make_shared<const Launch>(std::move(together), use.capture != 0);
    const uint64_t place = use.stream->enqueue([launch] { launch->run(); });
    std::lock_guard lock(local.mutex);
    for (const Use& candidate : uses) {
      if (candidate.stream != use.stream) continue;
      Communicator::LastUse& last = candidate.communicator->last_use;
      if (use.capture != 0) {
        last.capture = use.capture;
      } else {
        last.stream = use.stream;
        last.place = place;
      }
    }
  }
  for (const Use& use : uses) {
    for (const std::shared_ptr<Stream>& other : use.others) order(*use.stream, *other);
  }
}

}  // namespace cpu::nccl
