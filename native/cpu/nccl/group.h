// Groups: calls between ncclGroupStart and ncclGroupEnd start together, so that one thread can serve several ranks.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "nccl/operation.h"

namespace cpu::nccl {

// Something that waits for other ranks: making a communicator, splitting one, ending one.
struct Job {
  // Whose state says how far it is.
  std::shared_ptr<Communicator> communicator;
  // Throws Failure.
  std::function<void()> work;
  // After the work, or in its place where the group has failed before.
  std::function<void(bool succeeded)> finish;
};

// Inside a group the call or job waits for the group's end. Outside it is done now: a call is enqueued, a job of a
// blocking communicator has ended on return, one of a non-blocking communicator goes on in the background and the
// answer is ncclInProgress. Throw Failure.
void add_call(Call call);
ncclResult_t add_job(Job job);

// Whether this thread is inside a group.
bool in_group();

// Notes the code of a call that failed inside a group, which its end answers with. Returns the code.
ncclResult_t note_in_group(ncclResult_t code);

}  // namespace cpu::nccl
