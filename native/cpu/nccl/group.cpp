#include "nccl/group.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "engine/signals_blocked.h"
#include "nccl/call.h"
#include "nccl/submit.h"

namespace cpu::nccl {
namespace {

struct Group {
  int depth = 0;
  ncclResult_t error = ncclSuccess;
  std::vector<Job> jobs;
  std::vector<Call> calls;
};

Group& group() {
  thread_local Group group;
  return group;
}

// Does the jobs at the same time, since they wait for each other where one thread serves several ranks; then the calls,
// which may be on the new communicators. Throws the first failure.
void do_all(std::vector<Job>& jobs, std::vector<Call> calls) {
  std::vector<std::exception_ptr> failures(jobs.size());
  const auto work = [&](size_t i) {
    try {
      jobs[i].work();
    } catch (...) {
      failures[i] = std::current_exception();
    }
  };
  {
    const SignalsBlocked blocked;
    std::vector<std::thread> helpers;
    for (size_t i = 1; i < jobs.size(); ++i) helpers.emplace_back(work, i);
    if (!jobs.empty()) work(0);
    for (std::thread& helper : helpers) helper.join();
  }
  std::exception_ptr first;
  for (size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].finish(failures[i] == nullptr);
    if (first == nullptr) first = failures[i];
  }
  if (first != nullptr) std::rethrow_exception(first);
  submit(std::move(calls));
}

void do_in_background(std::vector<Job> jobs, std::vector<Call> calls) {
  std::vector<std::shared_ptr<Communicator>> communicators;
  for (const Job& job : jobs) communicators.push_back(job.communicator);
  for (const Call& call : calls) communicators.push_back(call.communicator);
  for (const auto& communicator : communicators) {
    communicator->begin_background();
    communicator->set_state(ncclInProgress, "");
  }
  const SignalsBlocked blocked;
  std::thread thread(
      [jobs = std::move(jobs), calls = std::move(calls), communicators, function = current_function()]() mutable {
        ncclResult_t code = ncclSuccess;
        std::string text;
        try {
          do_all(jobs, std::move(calls));
        } catch (const Failure& failure) {
          code = failure.code();
          text = std::string(function) + ": " + failure.what();
        } catch (const std::exception& failure) {
          code = ncclSystemError;
          text = std::string(function) + ": " + failure.what();
        }
        for (const auto& communicator : communicators) {
          communicator->set_state(code, text);
          communicator->end_background();
        }
      });
  pthread_setname_np(thread.native_handle(), "nccl background");
  thread.detach();
}

// Whether the program waits for the group's end; all of its communicators have to agree.
bool all_blocking(const Group& group) {
  bool any_blocking = false;
  bool any_other = false;
  const auto look = [&](const Communicator& communicator) {
    (communicator.blocking() ? any_blocking : any_other) = true;
  };
  for (const Job& job : group.jobs) look(*job.communicator);
  for (const Call& call : group.calls) look(*call.communicator);
  if (any_blocking && any_other) {
    throw Failure(ncclInvalidArgument, "the group has blocking and non-blocking communicators, which cannot be mixed");
  }
  return !any_other;
}

void give_up(Group& given) {
  for (Job& job : given.jobs) job.finish(false);
}

ncclResult_t end_group(Group ended) {
  if (ended.error != ncclSuccess) {
    give_up(ended);
    return ended.error;
  }
  bool blocking;
  try {
    blocking = all_blocking(ended);
  } catch (...) {
    give_up(ended);
    throw;
  }
  if (ended.jobs.empty()) {
    submit(std::move(ended.calls));
    return ncclSuccess;
  }
  if (!blocking) {
    do_in_background(std::move(ended.jobs), std::move(ended.calls));
    return ncclInProgress;
  }
  do_all(ended.jobs, std::move(ended.calls));
  return ncclSuccess;
}

}  // namespace

bool in_group() { return group().depth > 0; }

void add_call(Call call) {
  std::vector<Call> single;
  std::vector<Call>& calls = in_group() ? group().calls : single;
  calls.push_back(std::move(call));
  if (!in_group()) submit(std::move(single));
}

ncclResult_t add_job(Job job) {
  if (in_group()) {
    const ncclResult_t state = job.communicator->blocking() ? ncclSuccess : ncclInProgress;
    group().jobs.push_back(std::move(job));
    return state;
  }
  Group single;
  single.jobs.push_back(std::move(job));
  return end_group(std::move(single));
}

ncclResult_t note_in_group(ncclResult_t code) {
  if (in_group() && code != ncclSuccess && code != ncclInProgress && group().error == ncclSuccess) group().error = code;
  return code;
}

}  // namespace cpu::nccl

using namespace cpu::nccl;

ncclResult_t ncclGroupStart() {
  CPU_COUNT_CALL();
  ++group().depth;
  return ncclSuccess;
}
NCCL_TWIN(ncclGroupStart);

ncclResult_t ncclGroupEnd() {
  CPU_COUNT_CALL();
  return guarded(__func__, [] {
    Group& running = group();
    if (running.depth == 0) return fail(ncclInvalidUsage, "ncclGroupStart was not called before");
    if (--running.depth > 0) return ncclSuccess;
    return end_group(std::exchange(running, {}));
  });
}
NCCL_TWIN(ncclGroupEnd);

// Ends the group without doing it. How long it would take nobody here has measured, so the time stays undefined.
ncclResult_t ncclGroupSimulateEnd(ncclSimInfo_t* simInfo) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    constexpr unsigned kMagic = 0x74685283;
    Group& running = group();
    if (running.depth == 0) return fail(ncclInvalidUsage, "ncclGroupStart was not called before");
    if (--running.depth > 0) return ncclSuccess;
    Group ended = std::exchange(running, {});
    give_up(ended);
    if (ended.error != ncclSuccess) return ended.error;
    if (!ended.jobs.empty()) return fail(ncclInvalidUsage, "only data movement can be simulated");
    if (simInfo == nullptr) return ncclSuccess;
    if (simInfo->magic != kMagic) {
      return fail(ncclInvalidArgument, "simInfo was not initialised with NCCL_SIM_INFO_INITIALIZER");
    }
    simInfo->estimatedTime = NCCL_UNDEF_FLOAT;
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclGroupSimulateEnd);
