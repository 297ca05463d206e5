// What every NCCL function does around its own work: texts of failures, exceptions into codes, handles into objects.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/call_counters.h"
#include "engine/call_scope.h"
#include "generated/nccl.h"
#include "nccl/communicator.h"

// The name under which profilers reach the function itself.
#define NCCL_TWIN(name) extern "C" __attribute__((alias(#name), visibility("default"))) decltype(name) p##name

namespace cpu::nccl {

// Leaves "<function>: <text>" as NCCL's last-error text, with the function of the running call, and returns the code.
ncclResult_t fail(ncclResult_t code, std::string_view text);
ncclResult_t null_argument(std::string_view name);

// Names the running function for the texts.
void begin_call(const char* function);
const char* current_function();

// The code of an exception that is being handled, its text left behind.
ncclResult_t code_of_exception();

template <class F>
ncclResult_t guarded(const char* function, F&& body) {
  const CallScope scope;
  begin_call(function);
  try {
    return body();
  } catch (...) {
    return code_of_exception();
  }
}

// Throws Failure where the handle is null or no live communicator.
std::shared_ptr<Communicator> communicator_of(ncclComm_t handle);

template <class F>
ncclResult_t with_communicator(const char* function, ncclComm_t handle, F&& body) {
  return guarded(function, [&] {
    const std::shared_ptr<Communicator> communicator = communicator_of(handle);
    return body(*communicator);
  });
}

}  // namespace cpu::nccl
