#include "nccl/call.h"

#include <new>
#include <system_error>

#include "engine/capture.h"
#include "engine/last_error.h"

namespace cpu::nccl {
namespace {

thread_local const char* running_function = "";

}  // namespace

ncclResult_t fail(ncclResult_t code, std::string_view text) {
  std::string message(running_function);
  message += ": ";
  message += text;
  set_last_error(Library::nccl, message);
  return code;
}

ncclResult_t null_argument(std::string_view name) { return fail(ncclInvalidArgument, std::string(name) + " is null"); }

void begin_call(const char* function) { running_function = function; }

const char* current_function() { return running_function; }

ncclResult_t code_of_exception() {
  try {
    throw;
  } catch (const Failure& failure) {
    return fail(failure.code(), failure.what());
  } catch (const CaptureError& error) {
    return fail(ncclUnhandledCudaError, error.what());
  } catch (const std::bad_alloc&) {
    return fail(ncclSystemError, "no host memory left");
  } catch (const std::system_error& error) {
    return fail(ncclSystemError, error.what());
  } catch (const std::exception& error) {
    return fail(ncclInternalError, error.what());
  } catch (...) {
    return fail(ncclInternalError, "something that is no std::exception was thrown");
  }
}

std::shared_ptr<Communicator> communicator_of(ncclComm_t handle) {
  std::shared_ptr<Communicator> communicator = find_communicator(handle);
  if (communicator == nullptr) {
    throw Failure(ncclInvalidArgument, handle == nullptr
                                           ? "comm is null"
                                           : "comm is no live communicator: it was destroyed, or never was one");
  }
  return communicator;
}

}  // namespace cpu::nccl
