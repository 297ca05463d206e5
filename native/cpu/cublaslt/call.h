// What every cuBLASLt function does around its own work: errors with their texts, and the handle.
#pragma once

#include <memory>
#include <string_view>

#include "engine/call_counters.h"
#include "engine/call_scope.h"
#include "engine/stream.h"
#include "generated/cublaslt.h"

namespace cpu::cublaslt {

// Leaves "<function>: <text>" as cuBLASLt's last-error text, with the function of the running call, and returns the
// status.
cublasStatus_t fail(cublasStatus_t status, std::string_view text);

// Names the running function for the texts, and tells the logger.
void begin_call(const char* function);
const char* current_function();

// The status of an exception that is being handled.
cublasStatus_t status_of_exception();

// Whether the handle is one of cuBLASLt's or, as NVIDIA allows, of cuBLAS's; leaves a text where it is not.
bool is_handle(cublasLtHandle_t handle);

// The stream an operation runs in; a status other than SUCCESS where it is none or its context has failed.
cublasStatus_t find_stream(cudaStream_t handle, std::shared_ptr<Stream>* stream);

// A call: everything that its body throws becomes a status.
template <class F>
cublasStatus_t guarded(const char* function, F&& body) {
  const CallScope scope;
  begin_call(function);
  try {
    return body();
  } catch (...) {
    return status_of_exception();
  }
}

// A call that needs a handle.
template <class F>
cublasStatus_t with_handle(const char* function, cublasLtHandle_t handle, F&& body) {
  return guarded(function, [&] { return is_handle(handle) ? body() : CUBLAS_STATUS_NOT_INITIALIZED; });
}

}  // namespace cpu::cublaslt
