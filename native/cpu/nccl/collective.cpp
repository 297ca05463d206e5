// The collectives: Gloo's algorithms over the mesh, and what NCCL has beyond them.
#include <gloo/allgather.h>
#include <gloo/allreduce.h>
#include <gloo/alltoall.h>
#include <gloo/broadcast.h>
#include <gloo/gather.h>
#include <gloo/reduce.h>
#include <gloo/scatter.h>

#include <cstring>

#include "nccl/gloo_context.h"
#include "nccl/operation.h"

namespace cpu::nccl {
namespace {

using Room = std::unique_ptr<char[]>;

Room make_room(size_t bytes) { return Room(new char[bytes]); }

void copy(const char* from, char* to, size_t bytes) {
  if (from != to && bytes != 0) std::memmove(to, from, bytes);
}

// Gloo takes its elements' size from a type.
template <class Body>
void with_element(size_t bytes, const Body& body) {
  switch (bytes) {
    case 1:
      return body(uint8_t());
    case 2:
      return body(uint16_t());
    case 4:
      return body(uint32_t());
    default:
      return body(uint64_t());
  }
}

// One run of a collective.
class Collective {
 public:
  Collective(Mesh& mesh, const Call& call)
      : mesh_(mesh),
        call_(call),
        running_(mesh, call.signature),
        context_(make_gloo_context(mesh, call.signature)),
        combine_(combine_of(call.type(), call.reduction.operation)),
        ranks_(static_cast<size_t>(mesh.size())),
        rank_(static_cast<size_t>(mesh.rank())),
        bytes_(call.bytes()),
        is_root_(call.signature.root == mesh.rank()) {}

  void run() {
    switch (call_.signature.function) {
      case Function::AllReduce:
        return all_reduce();
      case Function::Broadcast:
        return broadcast();
      case Function::Reduce:
        return reduce();
      case Function::AllGather:
        return all_gather();
      case Function::ReduceScatter:
        return reduce_scatter();
      case Function::AlltoAll:
        return all_to_all();
      case Function::Gather:
        return gather();
      case Function::Scatter:
        return scatter();
      case Function::Send:
      case Function::Receive:
        return;
    }
  }

 private:
  template <class Options>
  void prepare(Options& options) const {
    options.setTag(static_cast<uint32_t>(call_.signature.sequence));
  }

  bool scales() const { return scales_first(call_.type(), call_.reduction.operation); }
  void scale_into(const char* from, char* to, size_t count) const {
    scale(call_.type(), call_.reduction, mesh_.size(), from, to, count);
  }
  void finish_sum(char* values) const {
    if (divides_last(call_.type(), call_.reduction.operation)) {
      divide(call_.type(), mesh_.size(), values, call_.signature.count);
    }
  }
  // The contribution to a sum: scaled in `room` where it has to be.
  const char* contribution(size_t count, Room* room) const {
    if (!scales()) return call_.source;
    *room = make_room(count * bytes_of(call_.type()));
    scale_into(call_.source, room->get(), count);
    return room->get();
  }

  template <class Body>
  void elements(const Body& body) const {
    with_element(bytes_of(call_.type()), body);
  }
  template <class T>
  static T* as(const char* pointer) {
    return reinterpret_cast<T*>(const_cast<char*>(pointer));
  }

  void all_reduce() const {
    if (scales()) scale_into(call_.source, call_.target, call_.signature.count);
    const bool in_place = scales() || call_.source == call_.target;
    elements([&](auto zero) {
      using T = decltype(zero);
      gloo::AllreduceOptions options(context_);
      prepare(options);
      if (!in_place) options.setInput(as<T>(call_.source), call_.signature.count);
      options.setOutput(as<T>(call_.target), call_.signature.count);
      options.setReduceFunction(combine_);
      gloo::allreduce(options);
    });
    finish_sum(call_.target);
  }

  void broadcast() const {
    gloo::BroadcastOptions options(context_);
    prepare(options);
    options.setRoot(call_.signature.root);
    if (is_root_ && call_.source != call_.target) options.setInput(as<char>(call_.source), bytes_);
    options.setOutput(call_.target, bytes_);
    gloo::broadcast(options);
  }

  void reduce() const {
    // Gloo reduces on the way in the result's memory, which only the root has.
    Room scaled;
    const char* source = contribution(call_.signature.count, &scaled);
    Room on_the_way = is_root_ ? nullptr : make_room(bytes_);
    char* target = is_root_ ? call_.target : on_the_way.get();
    elements([&](auto zero) {
      using T = decltype(zero);
      gloo::ReduceOptions options(context_);
      prepare(options);
      options.setRoot(call_.signature.root);
      if (source != target) options.setInput(as<T>(source), call_.signature.count);
      options.setOutput(as<T>(target), call_.signature.count);
      options.setReduceFunction(combine_);
      gloo::reduce(options);
    });
    if (is_root_) finish_sum(call_.target);
  }

  void all_gather() const {
    gloo::AllgatherOptions options(context_);
    prepare(options);
    if (call_.source != call_.target + rank_ * bytes_) options.setInput(as<char>(call_.source), bytes_);
    options.setOutput(call_.target, bytes_ * ranks_);
    gloo::allgather(options);
  }

  void all_to_all() const {
    Room kept;
    const char* source = call_.source;
    if (source == call_.target) {
      kept = make_room(bytes_ * ranks_);
      copy(source, kept.get(), bytes_ * ranks_);
      source = kept.get();
    }
    gloo::AlltoallOptions options(context_);
    prepare(options);
    options.setInput(as<char>(source), bytes_ * ranks_);
    options.setOutput(call_.target, bytes_ * ranks_);
    gloo::alltoall(options);
  }

  void gather() const {
    gloo::GatherOptions options(context_);
    prepare(options);
    options.setRoot(call_.signature.root);
    options.setInput(as<char>(call_.source), bytes_);
    if (is_root_) options.setOutput(call_.target, bytes_ * ranks_);
    gloo::gather(options);
  }

  void scatter() const {
    gloo::ScatterOptions options(context_);
    prepare(options);
    options.setRoot(call_.signature.root);
    if (is_root_) {
      std::vector<char*> parts;
      for (size_t i = 0; i < ranks_; ++i) parts.push_back(const_cast<char*>(call_.source) + i * bytes_);
      options.setInputs(parts, bytes_);
    }
    options.setOutput(call_.target, bytes_);
    gloo::scatter(options);
  }

  // Gloo has none that works on any memory. Every rank sends each other rank its part, and adds up its own: what comes
  // in one step is added while the next is under way.
  void reduce_scatter() const {
    const size_t count = call_.signature.count;
    Room scaled;
    const char* source = contribution(count * ranks_, &scaled);
    const uint64_t slot = (uint64_t{1} << 62) | call_.signature.sequence;
    const Room room = make_room(2 * bytes_);
    Mesh::Buffer outgoing(mesh_, const_cast<char*>(source), bytes_ * ranks_);
    Mesh::Buffer incoming(mesh_, room.get(), 2 * bytes_);
    const auto begin_step = [&](size_t step) {
      const size_t from = (rank_ + ranks_ - step) % ranks_;
      const size_t to = (rank_ + step) % ranks_;
      incoming.receive(static_cast<int>(from), slot, (step % 2) * bytes_, bytes_, call_.signature);
      outgoing.send(static_cast<int>(to), slot, to * bytes_, bytes_, call_.signature);
    };
    begin_step(1);
    copy(source + rank_ * bytes_, call_.target, bytes_);
    for (size_t step = 1; step < ranks_; ++step) {
      incoming.wait_received();
      if (step + 1 < ranks_) begin_step(step + 1);
      combine_(call_.target, call_.target, room.get() + (step % 2) * bytes_, count);
    }
    for (size_t step = 1; step < ranks_; ++step) outgoing.wait_sent();
    finish_sum(call_.target);
  }

  Mesh& mesh_;
  const Call& call_;
  const Mesh::Running running_;
  const std::shared_ptr<gloo::Context> context_;
  const Combine combine_;
  const size_t ranks_;
  const size_t rank_;
  // Of a part: what one rank contributes or gets.
  const size_t bytes_;
  const bool is_root_;
};

}  // namespace

void run_collective(Mesh* mesh, const Call& call) {
  if (mesh != nullptr) return Collective(*mesh, call).run();
  // One rank alone: everything is a copy, and sums may have a factor.
  if (call.signature.reduces() && scales_first(call.type(), call.reduction.operation)) {
    scale(call.type(), call.reduction, 1, call.source, call.target, call.signature.count);
  } else {
    copy(call.source, call.target, call.bytes());
  }
}

}  // namespace cpu::nccl
