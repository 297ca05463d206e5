#include "cublas/call.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <new>

#include "cublas/logger.h"
#include "engine/last_error.h"

namespace cpu::cublas {
namespace {

thread_local const char* running_function = "";

}  // namespace

cublasStatus_t fail(cublasStatus_t status, std::string_view text) {
  std::string message(running_function);
  message += ": ";
  message += text;
  set_last_error(Library::cublas, message);
  log_failure(message);
  return status;
}

void begin_call(const char* function) {
  running_function = function;
  log_call(function);
}

const char* current_function() { return running_function; }

cublasStatus_t status_of_exception(cublasStatus_t (*leave)(cublasStatus_t, std::string_view)) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return leave(CUBLAS_STATUS_ALLOC_FAILED, "no host memory left");
  } catch (const std::exception& error) {
    return leave(CUBLAS_STATUS_INTERNAL_ERROR, error.what());
  } catch (...) {
    return leave(CUBLAS_STATUS_INTERNAL_ERROR, "something that is no std::exception was thrown");
  }
}

CublasHandle* find_handle(cublasHandle_t handle) {
  CublasHandle* object = lookup<CublasHandle>(handle);
  if (object == nullptr) {
    fail(CUBLAS_STATUS_NOT_INITIALIZED, handle == nullptr
                                            ? "handle is null; call cublasCreate first"
                                            : "handle is no live cuBLAS handle: it was destroyed, or never was one");
  }
  return object;
}

cublasStatus_t find_stream(const CublasHandle& handle, std::shared_ptr<Stream>* stream) {
  *stream = stream_from_handle(handle.stream);
  if (*stream == nullptr) {
    return fail(CUBLAS_STATUS_EXECUTION_FAILED, "the handle's stream is no live stream; it was destroyed");
  }
  const StreamGroup& group = (*stream)->group();
  if (group.error() == CUDA_SUCCESS) return CUBLAS_STATUS_SUCCESS;
  return fail(CUBLAS_STATUS_EXECUTION_FAILED, "an earlier operation of this context failed: " + group.error_text());
}

cublasStatus_t finish_results(const CublasHandle& handle, Stream& stream, uint64_t place) {
  if (handle.pointer_mode == CUBLAS_POINTER_MODE_DEVICE) return CUBLAS_STATUS_SUCCESS;
  stream.wait_for(place);
  if (stream.group().error() == CUDA_SUCCESS) return CUBLAS_STATUS_SUCCESS;
  return fail(CUBLAS_STATUS_EXECUTION_FAILED, stream.group().error_text());
}

void Checks::complain(cublasStatus_t status, std::string_view text) {
  if (status_ != CUBLAS_STATUS_SUCCESS) return;
  status_ = fail(status, text);
}

Checks& Checks::size(const char* name, int64_t value) {
  if (value < 0) {
    complain(CUBLAS_STATUS_INVALID_VALUE, std::string(name) + " is " + std::to_string(value) + ", less than 0");
  } else if (value > std::numeric_limits<int>::max()) {
    complain(CUBLAS_STATUS_NOT_SUPPORTED,
             std::string(name) + " is " + std::to_string(value) + "; the CPU device's BLAS counts up to 2^31 - 1");
  }
  return *this;
}

Checks& Checks::leading(const char* name, int64_t value, int64_t rows) {
  if (value < std::max<int64_t>(1, rows)) {
    complain(CUBLAS_STATUS_INVALID_VALUE,
             std::string(name) + " is " + std::to_string(value) + ", less than max(1, " + std::to_string(rows) + ")");
  } else if (value > std::numeric_limits<int>::max()) {
    complain(CUBLAS_STATUS_NOT_SUPPORTED,
             std::string(name) + " is " + std::to_string(value) + "; the CPU device's BLAS counts up to 2^31 - 1");
  }
  return *this;
}

Checks& Checks::increment(const char* name, int64_t value, bool zero) {
  if (value == 0 && !zero) complain(CUBLAS_STATUS_INVALID_VALUE, std::string(name) + " is 0");
  if (value > std::numeric_limits<int>::max() || value < -std::numeric_limits<int>::max()) {
    complain(CUBLAS_STATUS_NOT_SUPPORTED,
             std::string(name) + " is " + std::to_string(value) + "; the CPU device's BLAS counts up to 2^31 - 1");
  }
  return *this;
}

Checks& Checks::pointer(const char* name, const void* value, bool needed) {
  if (needed && value == nullptr) complain(CUBLAS_STATUS_INVALID_VALUE, std::string(name) + " is null");
  return *this;
}

Checks& Checks::operation(const char* name, cublasOperation_t value) {
  return one_of(name, static_cast<int>(value), CUBLAS_OP_N, CUBLAS_OP_C);
}

Checks& Checks::one_of(const char* name, int value, int first, int last) {
  if (value < first || value > last) {
    complain(CUBLAS_STATUS_INVALID_VALUE, std::string(name) + " is " + std::to_string(value) + "; " +
                                              std::to_string(first) + " to " + std::to_string(last) + " are valid");
  }
  return *this;
}

}  // namespace cpu::cublas
