#include "nccl/operation.h"

#include <array>
#include <cstring>
#include <thread>

#include "engine/signals_blocked.h"

namespace cpu::nccl {
namespace {

// How long a failed communicator waits to be aborted before the failure becomes the context's. Programs that watch
// ncclCommGetAsyncError go on after an abort, as they do on a GPU; others learn of it when they synchronise.
constexpr std::chrono::seconds kAbortTime(5);

}  // namespace

std::array<Extent, 3> Call::extents() const {
  const auto elements = [&](bool all, bool touched) {
    const __int128 count = touched ? static_cast<__int128>(signature.count) : 0;
    return saturated_bytes(all ? count * communicator->ranks() : count, bytes_of(type()));
  };
  const bool root = signature.root == communicator->rank();
  int64_t source_bytes = 0;
  int64_t target_bytes = 0;
  switch (signature.function) {
    case Function::AllReduce:
      source_bytes = target_bytes = elements(false, true);
      break;
    case Function::Broadcast:
      source_bytes = elements(false, root);
      target_bytes = elements(false, true);
      break;
    case Function::Reduce:
      source_bytes = elements(false, true);
      target_bytes = elements(false, root);
      break;
    case Function::AllGather:
      source_bytes = elements(false, true);
      target_bytes = elements(true, true);
      break;
    case Function::ReduceScatter:
      source_bytes = elements(true, true);
      target_bytes = elements(false, true);
      break;
    case Function::AlltoAll:
      source_bytes = target_bytes = elements(true, true);
      break;
    case Function::Gather:
      source_bytes = elements(false, true);
      target_bytes = elements(true, root);
      break;
    case Function::Scatter:
      source_bytes = elements(true, root);
      target_bytes = elements(false, true);
      break;
    case Function::Send:
      source_bytes = elements(false, true);
      break;
    case Function::Receive:
      target_bytes = elements(false, true);
      break;
  }
  const bool reads_factor = reduction.device_factor != nullptr;
  return {Extent{"sendbuff", source, source_bytes}, Extent{"recvbuff", target, target_bytes},
          Extent{"scalar", reduction.device_factor, reads_factor ? static_cast<int64_t>(bytes_of(type())) : 0}};
}

Launch::Launch(std::vector<Call> calls, bool captured) : captured_(captured) {
  for (Call& call : calls) {
    Part* part = nullptr;
    for (Part& known : parts_) {
      if (known.communicator == call.communicator) part = &known;
    }
    if (part == nullptr) {
      part = &parts_.emplace_back(Part{call.communicator, {}});
      if (!captured_) call.communicator->operation_added();
    }
    part->calls.push_back(std::move(call));
  }
}

Launch::~Launch() {
  if (captured_) return;
  for (const Part& part : parts_) part.communicator->operation_done();
}

void Launch::run() const {
  for (const Part& part : parts_) {
    if (part.communicator->stopped()) continue;
    for (const Call& call : part.calls) {
      if (accessible(name_of(call.signature.function), call.extents())) continue;
      if (part.communicator->mesh() != nullptr) {
        part.communicator->mesh()->fail(ncclUnhandledCudaError, std::string(name_of(call.signature.function)) +
                                                                    " was given memory that is not the device's");
      }
      return;
    }
  }
  std::vector<std::optional<Failure>> failures(parts_.size());
  {
    const SignalsBlocked blocked;
    std::vector<std::thread> helpers;
    for (size_t i = 1; i < parts_.size(); ++i) {
      helpers.emplace_back([this, i, &failures] { failures[i] = run_part(parts_[i]); });
    }
    failures[0] = run_part(parts_[0]);
    for (std::thread& helper : helpers) helper.join();
  }
  const auto deadline = Clock::now() + kAbortTime;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (!failures[i]) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    Communicator& communicator = *parts_[i].communicator;
    if (running_context_failed()) return;
    if (!communicator.destroyed() && communicator.wait_stopped(left)) continue;
    const Call& call = parts_[i].calls.front();
    const std::string text = std::string(name_of(call.signature.function)) + " on rank " +
                             std::to_string(communicator.rank()) + ": " + failures[i]->what();
    fail_asynchronously(CUDA_ERROR_EXTERNAL_DEVICE, text.c_str());
  }
}

std::optional<Failure> Launch::run_part(const Part& part) {
  Communicator& communicator = *part.communicator;
  if (!communicator.enter()) {
    if (!communicator.destroyed()) return std::nullopt;
    return Failure(ncclInvalidUsage, "the communicator was destroyed, but a graph that uses it was launched");
  }
  std::optional<Failure> failure;
  try {
    run_calls(part);
  } catch (const Failure& thrown) {
    failure = thrown;
  } catch (const std::bad_alloc&) {
    failure = Failure(ncclSystemError, "no host memory left");
  } catch (const std::exception& thrown) {
    failure = Failure(ncclInternalError, thrown.what());
  }
  if (failure && communicator.mesh() != nullptr) communicator.mesh()->fail(failure->code(), failure->what());
  communicator.exit();
  return failure;
}

void Launch::run_calls(const Part& part) {
  Mesh* mesh = part.communicator->mesh();
  struct Transfer {
    std::unique_ptr<Mesh::Buffer> buffer;
    bool sends;
  };
  std::vector<Transfer> transfers;
  std::vector<const Call*> to_itself;
  const auto start = [&](const Call& call, bool sends) {
    char* data = sends ? const_cast<char*>(call.source) : call.target;
    Transfer& transfer =
        transfers.emplace_back(Transfer{std::make_unique<Mesh::Buffer>(*mesh, data, call.bytes()), sends});
    if (sends) {
      transfer.buffer->send(call.peer, call.slot, 0, call.bytes(), call.signature);
    } else {
      transfer.buffer->receive(call.peer, call.slot, 0, call.bytes(), call.signature);
    }
  };
  // Receivers are announced first, so that senders need not wait for them.
  for (const Call& call : part.calls) {
    if (call.transfers_to_itself()) {
      to_itself.push_back(&call);
    } else if (call.signature.function == Function::Receive) {
      start(call, false);
    }
  }
  for (const Call& call : part.calls) {
    if (call.signature.function == Function::Send && !call.transfers_to_itself()) start(call, true);
  }
  for (const Call& call : part.calls) {
    if (!call.transfers()) run_collective(mesh, call);
  }
  // The n-th send to itself goes to the n-th receive; submit() has seen to it that they fit.
  std::vector<const Call*> receives;
  for (const Call* call : to_itself) {
    if (call->signature.function == Function::Receive) receives.push_back(call);
  }
  size_t next = 0;
  for (const Call* call : to_itself) {
    if (call->signature.function != Function::Send) continue;
    const Call* receive = receives[next++];
    if (call->bytes() != 0) std::memmove(receive->target, call->source, call->bytes());
  }
  for (const Transfer& transfer : transfers) {
    if (transfer.sends) {
      transfer.buffer->wait_sent();
    } else {
      transfer.buffer->wait_received();
    }
  }
}

}  // namespace cpu::nccl
