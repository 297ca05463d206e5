// What every entry point of the driver does around its own work: count the call, see that the driver is initialised and
// a context current, turn exceptions into statuses and leave a text that says what was wrong.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "engine/call_counters.h"
#include "engine/call_scope.h"
#include "engine/context.h"
#include "generated/driver.h"

namespace cpu::driver {

// Leaves "<function>: <text>" as the driver's last-error text, with the function of the running entry point, and
// returns the status.
CUresult fail(CUresult status, std::string_view text);

// INVALID_VALUE for an argument which is null and must not be.
CUresult null_argument(std::string_view name);

// INVALID_HANDLE for a handle that is null, destroyed, of another kind or none at all.
CUresult bad_handle(std::string_view kind, const void* handle);

// The end of a call that destroyed an object of the context: the context's failure, where it has failed. The context is
// null where it ended before.
CUresult disowned(Context* context, void* handle);

// CONTEXT_IS_DESTROYED: another thread ends the context in which something was to be made.
CUresult ending_context();

// "0x7f..." for texts.
std::string hexadecimal(uintptr_t number);

// Names the running entry point for the texts of fail().
void set_function(const char* function);

// The checks before the body, and the status of an exception that left it.
CUresult check_initialized(const char* function);
CUresult check_context(const char* function, Context** context);
CUresult check_healthy(Context& context);
CUresult status_of_exception();

// A call that works before cuInit.
template <class F>
CUresult always(const char* function, F&& body) {
  const CallScope scope;
  set_function(function);
  try {
    return body();
  } catch (...) {
    return status_of_exception();
  }
}

// A call that needs cuInit.
template <class F>
CUresult initialized(const char* function, F&& body) {
  if (const CUresult status = check_initialized(function); status != CUDA_SUCCESS) return status;
  return always(function, body);
}

// A call that needs a current context; works after a failure too, so that what there is can be given back.
template <class F>
CUresult in_context(const char* function, F&& body) {
  const CallScope scope;
  Context* context = nullptr;
  if (const CUresult status = check_context(function, &context); status != CUDA_SUCCESS) return status;
  return always(function, [&] { return body(*context); });
}

// A call that needs a current context in which nothing has failed; else it returns that failure.
template <class F>
CUresult in_healthy_context(const char* function, F&& body) {
  return in_context(function, [&](Context& context) {
    const CUresult status = check_healthy(context);
    return status != CUDA_SUCCESS ? status : body(context);
  });
}

// A call that works on a stream of the current context, in which nothing has failed.
template <class F>
CUresult in_stream(const char* function, CUstream handle, F&& body) {
  return in_healthy_context(function, [&](Context& context) {
    const std::shared_ptr<Stream> stream = stream_from_handle(handle);
    if (stream == nullptr) return bad_handle("stream", handle);
    if (&stream->group() != context.streams().get()) {
      return fail(CUDA_ERROR_INVALID_CONTEXT, "the stream belongs to another context than the current one");
    }
    return body(context, *stream);
  });
}

// The stream that a per-thread variant of a function means: its null is the calling thread's own default stream.
inline CUstream per_thread(CUstream stream) { return stream == nullptr ? CU_STREAM_PER_THREAD : stream; }

}  // namespace cpu::driver
