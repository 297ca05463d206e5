// The functions that make, ask and end communicators.
#include <algorithm>
#include <memory>
#include <set>

#include "engine/device.h"
#include "engine/last_error.h"
#include "nccl/call.h"
#include "nccl/group.h"

namespace cpu::nccl {
namespace {

CUcontext context_of_thread() {
  Context* context = current_or_primary_context();
  if (context == nullptr) throw Failure(ncclUnhandledCudaError, "no context is to be had");
  return context->handle();
}

// NCCL asks for the device before it looks at this pointer, and without a GPU answers what it recorded then.
ncclResult_t null_communicator() { return fail(ncclUnhandledCudaError, "newcomm is null"); }

ncclResult_t initialize(ncclComm_t* newcomm, int ranks, const ncclUniqueId* ids, int id_count, int rank,
                        const ncclConfig_t* config, CUcontext context) {
  if (newcomm == nullptr) return null_communicator();
  *newcomm = nullptr;
  if (ranks < 1 || rank < 0 || rank >= ranks) {
    return fail(ncclInvalidArgument,
                "rank " + std::to_string(rank) + " of " + std::to_string(ranks) + " was asked for");
  }
  if (id_count < 1 || id_count > ranks) {
    return fail(ncclInvalidArgument, std::to_string(id_count) + " unique ids were given for " + std::to_string(ranks) +
                                         " ranks; 1 to as many as ranks are valid");
  }
  std::vector<Meeting> meetings;
  for (int i = 0; i < id_count; ++i) {
    const std::optional<Meeting> meeting = Meeting::read(ids[i]);
    if (!meeting) return fail(ncclInvalidArgument, "the unique id does not come from ncclGetUniqueId of this library");
    meetings.push_back(*meeting);
  }
  auto communicator = std::make_shared<Communicator>(context, Configuration::read(config), rank, ranks);
  const ncclComm_t handle = make_communicator_handle(communicator);
  *newcomm = handle;
  Job job;
  job.communicator = communicator;
  job.work = [communicator, meetings] { communicator->connect(meetings); };
  job.finish = [communicator, newcomm, handle](bool succeeded) {
    if (succeeded) communicator->set_state(ncclSuccess, "");
    if (succeeded || !communicator->blocking()) return;
    *newcomm = nullptr;
    release_communicator_handle(handle);
  };
  return add_job(std::move(job));
}

template <class Make>
ncclResult_t make_child(Communicator& parent, ncclComm_t* newcomm, const ncclConfig_t* config, const Make& make) {
  if (newcomm == nullptr) return null_argument("newcomm");
  *newcomm = nullptr;
  const Configuration configuration = config == nullptr ? parent.configuration() : Configuration::read(config);
  const auto child = std::make_shared<std::shared_ptr<Communicator>>();
  Job job;
  job.communicator = parent.shared_from_this();
  job.work = [child, configuration, make, number = parent.next_child()] { *child = make(configuration, number); };
  job.finish = [child, newcomm](bool succeeded) {
    if (succeeded && *child != nullptr) *newcomm = make_communicator_handle(std::move(*child));
  };
  return add_job(std::move(job));
}

// The primary context of a device, current on this thread while this lives.
class OnDevice {
 public:
  explicit OnDevice(int device) {
    Context* current = current_context();
    const bool fits = current != nullptr && current->device() == device;
    context_ = fits ? current->handle() : retain_primary_context(device);
    if (context_ == nullptr) throw Failure(ncclUnhandledCudaError, "no context is to be had");
    push_current_context(context_);
  }
  ~OnDevice() { pop_current_context(nullptr); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  CUcontext context() const { return context_; }

 private:
  CUcontext context_;
};

template <class F>
ncclResult_t ask(const char* function, ncclComm_t handle, int* answer, const char* name, F&& value) {
  return with_communicator(function, handle, [&](Communicator& communicator) {
    if (answer == nullptr) return null_argument(name);
    communicator.check_ready();
    *answer = value(communicator);
    return ncclSuccess;
  });
}

}  // namespace
}  // namespace cpu::nccl

using namespace cpu;
using namespace cpu::nccl;

ncclResult_t ncclGetUniqueId(ncclUniqueId* uniqueId) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (uniqueId == nullptr) return null_argument("uniqueId");
    *uniqueId = new_meeting().id();
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclGetUniqueId);

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int nranks, ncclUniqueId commId, int rank) {
  CPU_COUNT_CALL();
  return note_in_group(
      guarded(__func__, [&] { return initialize(comm, nranks, &commId, 1, rank, nullptr, context_of_thread()); }));
}
NCCL_TWIN(ncclCommInitRank);

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int nranks, ncclUniqueId commId, int rank, ncclConfig_t* config) {
  CPU_COUNT_CALL();
  return note_in_group(
      guarded(__func__, [&] { return initialize(comm, nranks, &commId, 1, rank, config, context_of_thread()); }));
}
NCCL_TWIN(ncclCommInitRankConfig);

ncclResult_t ncclCommInitRankScalable(ncclComm_t* newcomm, int nranks, int myrank, int nId, ncclUniqueId* commIds,
                                      ncclConfig_t* config) {
  CPU_COUNT_CALL();
  return note_in_group(guarded(__func__, [&] {
    if (newcomm == nullptr) return null_communicator();
    if (commIds == nullptr) return null_argument("commIds");
    return initialize(newcomm, nranks, commIds, nId, myrank, config, context_of_thread());
  }));
}
NCCL_TWIN(ncclCommInitRankScalable);

ncclResult_t ncclCommInitAll(ncclComm_t* comm, int ndev, const int* devlist) {
  CPU_COUNT_CALL();
  return note_in_group(guarded(__func__, [&] {
    if (comm == nullptr) return null_communicator();
    if (ndev < 0) return fail(ncclInvalidArgument, "ndev is " + std::to_string(ndev));
    std::set<int> used;
    for (int i = 0; i < ndev; ++i) {
      const int device = devlist == nullptr ? i : devlist[i];
      if (device < 0 || device >= device_count()) {
        return fail(devlist == nullptr ? ncclUnhandledCudaError : ncclInvalidArgument,
                    "there is no device " + std::to_string(device) + " among " + std::to_string(device_count()) +
                        "; CUDNNNET_CPU_DEVICES says as how many the processor poses");
      }
      if (!used.insert(device).second) {
        return fail(ncclInvalidUsage, "device " + std::to_string(device) + " is in devlist twice");
      }
    }
    if (ndev == 0) return ncclSuccess;
    initialize_driver();
    const ncclUniqueId id = new_meeting().id();
    ncclGroupStart();
    for (int i = 0; i < ndev; ++i) {
      const OnDevice on_device(devlist == nullptr ? i : devlist[i]);
      const ncclResult_t code = initialize(&comm[i], ndev, &id, 1, i, nullptr, on_device.context());
      if (code != ncclSuccess) note_in_group(code);
    }
    return ncclGroupEnd();
  }));
}
NCCL_TWIN(ncclCommInitAll);

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  CPU_COUNT_CALL();
  if (comm == nullptr) return ncclSuccess;
  return note_in_group(with_communicator(__func__, comm, [&](Communicator& communicator) {
    communicator.check_ready();
    communicator.mark_finalized();
    Job job;
    job.communicator = communicator.shared_from_this();
    job.work = [ended = job.communicator] { ended->wait_for_operations(); };
    job.finish = [](bool) {};
    return add_job(std::move(job));
  }));
}
NCCL_TWIN(ncclCommFinalize);

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  CPU_COUNT_CALL();
  if (comm == nullptr) return ncclSuccess;
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    communicator.check_ready();
    communicator.destroy();
    release_communicator_handle(comm);
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclCommDestroy);

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  CPU_COUNT_CALL();
  if (comm == nullptr) return ncclSuccess;
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    communicator.abort();
    release_communicator_handle(comm);
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclCommAbort);

ncclResult_t ncclCommRevoke(ncclComm_t comm, int revokeFlags) {
  CPU_COUNT_CALL();
  if (comm == nullptr) return ncclSuccess;
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    if (revokeFlags != NCCL_REVOKE_DEFAULT) {
      return fail(ncclInvalidArgument, "revokeFlags is " + std::to_string(revokeFlags) + "; 0 is valid");
    }
    communicator.revoke();
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclCommRevoke);

ncclResult_t ncclCommSplit(ncclComm_t comm, int color, int key, ncclComm_t* newcomm, ncclConfig_t* config) {
  CPU_COUNT_CALL();
  return note_in_group(with_communicator(__func__, comm, [&](Communicator& communicator) {
    communicator.check_ready();
    if (color < 0 && color != NCCL_SPLIT_NOCOLOR) {
      return fail(ncclInvalidArgument, "color is " + std::to_string(color) + "; 0 and more, or NCCL_SPLIT_NOCOLOR");
    }
    return make_child(
        communicator, newcomm, config,
        [parent = communicator.shared_from_this(), color, key](const Configuration& configuration, uint64_t number) {
          return parent->split(color, key, configuration, number);
        });
  }));
}
NCCL_TWIN(ncclCommSplit);

ncclResult_t ncclCommShrink(ncclComm_t comm, int* excludeRanksList, int excludeRanksCount, ncclComm_t* newcomm,
                            ncclConfig_t* config, int shrinkFlags) {
  CPU_COUNT_CALL();
  return note_in_group(with_communicator(__func__, comm, [&](Communicator& communicator) {
    if (excludeRanksList == nullptr) return null_argument("excludeRanksList");
    if (excludeRanksCount <= 0) return fail(ncclInvalidArgument, "excludeRanksCount is not more than 0");
    if (shrinkFlags != NCCL_SHRINK_DEFAULT && shrinkFlags != NCCL_SHRINK_ABORT) {
      return fail(ncclInvalidArgument, "shrinkFlags is " + std::to_string(shrinkFlags) + "; 0 and 1 are valid");
    }
    const std::vector<int> excluded(excludeRanksList, excludeRanksList + excludeRanksCount);
    for (const int rank : excluded) {
      if (rank < 0 || rank >= communicator.ranks() || rank == communicator.rank()) {
        return fail(ncclInvalidArgument, "excludeRanksList names rank " + std::to_string(rank) +
                                             ", which is no other rank of the communicator");
      }
    }
    // What still runs is given up, so that an error of the excluded ranks need not concern the others.
    if (shrinkFlags == NCCL_SHRINK_ABORT && !communicator.revoked()) communicator.revoke();
    communicator.check_ready();
    return make_child(
        communicator, newcomm, config,
        [parent = communicator.shared_from_this(), excluded](const Configuration& configuration, uint64_t number) {
          return parent->shrink(excluded, configuration, number);
        });
  }));
}
NCCL_TWIN(ncclCommShrink);

ncclResult_t ncclCommGetUniqueId(ncclComm_t comm, ncclUniqueId* uniqueId) {
  CPU_COUNT_CALL();
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    communicator.check_ready();
    if (uniqueId == nullptr) return null_argument("uniqueId");
    *uniqueId = communicator.announce(communicator.upcoming_child()).id();
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclCommGetUniqueId);

ncclResult_t ncclCommGrow(ncclComm_t comm, int nRanks, const ncclUniqueId* uniqueId, int rank, ncclComm_t* newcomm,
                          ncclConfig_t* config) {
  CPU_COUNT_CALL();
  if (comm == nullptr) {
    return note_in_group(guarded(__func__, [&] {
      if (newcomm == nullptr) return null_argument("newcomm");
      if (uniqueId == nullptr) return null_argument("uniqueId");
      return initialize(newcomm, nRanks, uniqueId, 1, rank, config, context_of_thread());
    }));
  }
  return note_in_group(with_communicator(__func__, comm, [&](Communicator& communicator) {
    communicator.check_ready();
    if (nRanks <= communicator.ranks()) {
      return fail(ncclInvalidArgument, "nRanks is " + std::to_string(nRanks) + ", but the communicator has " +
                                           std::to_string(communicator.ranks()) + " ranks already");
    }
    if (rank != -1) return fail(ncclInvalidArgument, "rank is not -1: ranks of the communicator keep their place");
    return make_child(
        communicator, newcomm, config,
        [parent = communicator.shared_from_this(), nRanks](const Configuration& configuration, uint64_t number) {
          return parent->grow(nRanks, configuration, number);
        });
  }));
}
NCCL_TWIN(ncclCommGrow);

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* asyncError) {
  CPU_COUNT_CALL();
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    if (asyncError == nullptr) return null_argument("asyncError");
    *asyncError = communicator.state();
    // The text of what went wrong in the background is this thread's from here on.
    if (*asyncError != ncclSuccess && *asyncError != ncclInProgress) {
      set_last_error(Library::nccl, communicator.error_text());
    }
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclCommGetAsyncError);

ncclResult_t ncclCommCount(const ncclComm_t comm, int* count) {
  CPU_COUNT_CALL();
  return ask(__func__, comm, count, "count", [](const Communicator& communicator) { return communicator.ranks(); });
}
NCCL_TWIN(ncclCommCount);

ncclResult_t ncclCommCuDevice(const ncclComm_t comm, int* device) {
  CPU_COUNT_CALL();
  return ask(__func__, comm, device, "device", [](const Communicator& communicator) { return communicator.device(); });
}
NCCL_TWIN(ncclCommCuDevice);

ncclResult_t ncclCommUserRank(const ncclComm_t comm, int* rank) {
  CPU_COUNT_CALL();
  return ask(__func__, comm, rank, "rank", [](const Communicator& communicator) { return communicator.rank(); });
}
NCCL_TWIN(ncclCommUserRank);
