#include "driver/entry.h"

#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "driver/error_log.h"
#include "engine/call_error.h"
#include "engine/last_error.h"

namespace cpu::driver {
namespace {

thread_local const char* running_function = "";

}  // namespace

void set_function(const char* function) { running_function = function; }

CUresult fail(CUresult status, std::string_view text) {
  std::string message(running_function);
  message += ": ";
  message += text;
  log_error(message);
  set_last_error(Library::driver, message);
  return status;
}

CUresult null_argument(std::string_view name) { return fail(CUDA_ERROR_INVALID_VALUE, std::string(name) + " is null"); }

CUresult bad_handle(std::string_view kind, const void* handle) {
  std::string text(kind);
  text += handle == nullptr ? " is null"
                            : " " + hexadecimal(reinterpret_cast<uintptr_t>(handle)) +
                                  " is no live handle of that kind: it was destroyed, or never was one";
  return fail(CUDA_ERROR_INVALID_HANDLE, text);
}

CUresult disowned(Context* context, void* handle) {
  if (context == nullptr) return CUDA_SUCCESS;
  context->disown(handle);
  return check_healthy(*context);
}

CUresult ending_context() { return fail(CUDA_ERROR_CONTEXT_IS_DESTROYED, "another thread is destroying the context"); }

std::string hexadecimal(uintptr_t number) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof(text), "0x%zx", static_cast<size_t>(number));
  return text;
}

CUresult check_initialized(const char* function) {
  running_function = function;
  if (!driver_initialized()) return fail(CUDA_ERROR_NOT_INITIALIZED, "call cuInit(0) first");
  return CUDA_SUCCESS;
}

CUresult check_context(const char* function, Context** context) {
  if (const CUresult status = check_initialized(function); status != CUDA_SUCCESS) return status;
  if (Stream::on_worker()) {
    return fail(CUDA_ERROR_NOT_PERMITTED, "a function that runs in a stream must not call the driver");
  }
  *context = current_context();
  if (*context != nullptr) return CUDA_SUCCESS;
  if (current_context_handle() != nullptr) {
    return fail(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the context that is current on this thread was destroyed");
  }
  return fail(CUDA_ERROR_INVALID_CONTEXT, "no context is current on this thread; call cuCtxSetCurrent first");
}

CUresult check_healthy(Context& context) {
  const CUresult error = context.streams()->error();
  if (error == CUDA_SUCCESS) return CUDA_SUCCESS;
  return fail(error, "an earlier operation of this context failed: " + context.streams()->error_text());
}

CUresult status_of_exception() {
  try {
    throw;
  } catch (const CallError& error) {
    return fail(error.status(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(CUDA_ERROR_OUT_OF_MEMORY, "no host memory left");
  } catch (const std::system_error& error) {
    return fail(CUDA_ERROR_OPERATING_SYSTEM, error.what());
  } catch (const std::exception& error) {
    return fail(CUDA_ERROR_UNKNOWN, error.what());
  } catch (...) {
    return fail(CUDA_ERROR_UNKNOWN, "something that is no std::exception was thrown");
  }
}

}  // namespace cpu::driver
