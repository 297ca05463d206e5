#include <string>

#include "engine/last_error.h"
#include "generated/nccl.h"
#include "nccl/call.h"

ncclResult_t ncclGetVersion(int* version) {
  if (version == nullptr) {
    cpu::set_last_error(cpu::Library::nccl, "ncclGetVersion: version is null");
    return ncclInvalidArgument;
  }
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

// Programs compare these texts, so they are part of the interface.
const char* ncclGetErrorString(ncclResult_t result) {
  switch (static_cast<int>(result)) {
    case ncclSuccess:
      return "no error";
    case ncclUnhandledCudaError:
      return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case ncclSystemError:
      return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
    case ncclInternalError:
      return "internal error - please report this issue to the NCCL developers";
    case ncclInvalidArgument:
      return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case ncclInvalidUsage:
      return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    case ncclInProgress:
      return "NCCL operation in progress";
    default:
      return "unknown result code";
  }
}

// The text of this thread's last failure; it stays until the next one.
const char* ncclGetLastError(ncclComm_t /*comm*/) {
  thread_local std::string text;
  std::string latest = cpu::take_last_error(cpu::Library::nccl);
  if (!latest.empty()) text = std::move(latest);
  return text.c_str();
}

// Here nothing is printed that could be switched on or off.
void ncclResetDebugInit() {}

NCCL_TWIN(ncclGetVersion);
NCCL_TWIN(ncclGetErrorString);
NCCL_TWIN(ncclGetLastError);
NCCL_TWIN(ncclResetDebugInit);
