#include "cublaslt/call.h"

#include <string>

#include "cublas/call.h"
#include "cublas/handle.h"
#include "cublaslt/handle.h"
#include "cublaslt/logger.h"
#include "engine/last_error.h"

namespace cpu::cublaslt {
namespace {

thread_local const char* running_function = "";

}  // namespace

cublasStatus_t fail(cublasStatus_t status, std::string_view text) {
  std::string message(running_function);
  message += ": ";
  message += text;
  set_last_error(Library::cublaslt, message);
  log_failure(running_function, text);
  return status;
}

void begin_call(const char* function) {
  running_function = function;
  log_call(function);
}

const char* current_function() { return running_function; }

cublasStatus_t status_of_exception() { return cublas::status_of_exception(fail); }

bool is_handle(cublasLtHandle_t handle) {
  if (lookup<CublasLtHandle>(handle) != nullptr || lookup<CublasHandle>(handle) != nullptr) return true;
  fail(CUBLAS_STATUS_NOT_INITIALIZED, handle == nullptr
                                          ? "lightHandle is null; call cublasLtCreate first"
                                          : "lightHandle is no live handle: it was destroyed, or never was one");
  return false;
}

cublasStatus_t find_stream(cudaStream_t handle, std::shared_ptr<Stream>* stream) {
  *stream = stream_from_handle(handle);
  if (*stream == nullptr) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, "stream is no live stream: it was destroyed, or never was one");
  }
  const StreamGroup& group = (*stream)->group();
  if (group.error() == CUDA_SUCCESS) return CUBLAS_STATUS_SUCCESS;
  return fail(CUBLAS_STATUS_EXECUTION_FAILED, "an earlier operation of this context failed: " + group.error_text());
}

}  // namespace cpu::cublaslt
