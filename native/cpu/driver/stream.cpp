#include "driver/stream.h"

#include "driver/entry.h"
#include "engine/event.h"

namespace cpu {

std::shared_ptr<Stream> stream_from_handle(CUstream handle) {
  if (handle == nullptr || handle == CU_STREAM_LEGACY) {
    Context* context = current_or_primary_context();
    return context == nullptr ? nullptr : context->legacy_stream();
  }
  if (handle == CU_STREAM_PER_THREAD) {
    Context* context = current_or_primary_context();
    return context == nullptr ? nullptr : context->per_thread_stream();
  }
  const StreamHandle* found = lookup<StreamHandle>(handle);
  return found == nullptr ? nullptr : found->stream;
}

namespace driver {
namespace {

// Smaller numbers go first. The operating system shares the processor between the workers, so priorities are only kept.
constexpr int kLeastPriority = 0;
constexpr int kGreatestPriority = -5;

CUresult create_stream(Context& context, CUstream* stream, unsigned flags, int priority) {
  if (stream == nullptr) return null_argument("phStream");
  if ((flags & ~static_cast<unsigned>(CU_STREAM_NON_BLOCKING)) != 0) {
    return fail(CUDA_ERROR_INVALID_VALUE, "Flags is " + std::to_string(flags) +
                                              "; CU_STREAM_DEFAULT (0) and CU_STREAM_NON_BLOCKING (1) are valid");
  }
  const auto kind = flags == CU_STREAM_NON_BLOCKING ? Stream::Kind::NonBlocking : Stream::Kind::Blocking;
  priority = std::clamp(priority, kGreatestPriority, kLeastPriority);
  auto object = std::make_unique<StreamHandle>();
  object->context = context.handle();
  object->flags = flags;
  object->stream = Stream::create(context.streams(), kind, priority);
  void* handle = make_handle(std::move(object));
  context.adopt(handle, [](void* child) { release<StreamHandle>(child); });
  *stream = static_cast<CUstream>(handle);
  return CUDA_SUCCESS;
}

// What a stream handle of any kind means, for questions that work after a failure too.
template <class F>
CUresult ask_stream(const char* function, CUstream handle, F&& body) {
  return in_context(function, [&](Context& context) {
    const std::shared_ptr<Stream> stream = stream_from_handle(handle);
    if (stream == nullptr) return bad_handle("stream", handle);
    return body(context, *stream);
  });
}

}  // namespace
}  // namespace driver
}  // namespace cpu

using namespace cpu;
using namespace cpu::driver;

CUresult cuCtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (leastPriority != nullptr) *leastPriority = kLeastPriority;
    if (greatestPriority != nullptr) *greatestPriority = kGreatestPriority;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamCreate(CUstream* phStream, unsigned int Flags) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__,
                            [&](Context& context) { return create_stream(context, phStream, Flags, kLeastPriority); });
}

CUresult cuStreamCreateWithPriority(CUstream* phStream, unsigned int flags, int priority) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__,
                            [&](Context& context) { return create_stream(context, phStream, flags, priority); });
}

CUresult cuStreamDestroy_v2(CUstream hStream) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    StreamHandle* object = lookup<StreamHandle>(hStream);
    if (object == nullptr) return bad_handle("stream", hStream);
    Context* context = lookup<Context>(object->context);
    if (!release<StreamHandle>(hStream)) return bad_handle("stream", hStream);
    if (context != nullptr) context->disown(hStream);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamQuery(CUstream hStream) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context& context, Stream& stream) {
    if (!stream.idle()) return CUDA_ERROR_NOT_READY;
    return check_healthy(context);
  });
}

CUresult cuStreamSynchronize(CUstream hStream) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context& context, Stream& stream) {
    stream.synchronize();
    return check_healthy(context);
  });
}

CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, unsigned int Flags) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    const Event* event = lookup<Event>(hEvent);
    if (event == nullptr) return bad_handle("event", hEvent);
    if ((Flags & ~static_cast<unsigned>(CU_EVENT_WAIT_EXTERNAL)) != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE, "Flags is " + std::to_string(Flags) +
                                                "; CU_EVENT_WAIT_DEFAULT (0) and CU_EVENT_WAIT_EXTERNAL (1) are valid");
    }
    wait_for_event(stream, *event->state);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetPriority(CUstream hStream, int* priority) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (priority == nullptr) return null_argument("priority");
    *priority = stream.priority();
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetFlags(CUstream hStream, unsigned int* flags) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (flags == nullptr) return null_argument("flags");
    *flags = stream.kind() == Stream::Kind::NonBlocking ? CU_STREAM_NON_BLOCKING : CU_STREAM_DEFAULT;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetId(CUstream hStream, unsigned long long* streamId) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (streamId == nullptr) return null_argument("streamId");
    *streamId = stream.id();
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetCtx(CUstream hStream, CUcontext* pctx) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context& context, Stream&) {
    if (pctx == nullptr) return null_argument("pctx");
    const StreamHandle* object = lookup<StreamHandle>(hStream);
    *pctx = object == nullptr ? context.handle() : object->context;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetDevice(CUstream hStream, CUdevice* device) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context& context, Stream&) {
    if (device == nullptr) return null_argument("device");
    const StreamHandle* object = lookup<StreamHandle>(hStream);
    const Context* owner = object == nullptr ? &context : lookup<Context>(object->context);
    if (owner == nullptr) return bad_handle("stream", hStream);
    *device = owner->device();
    return CUDA_SUCCESS;
  });
}

// Streams have no attributes that would change anything here.
CUresult cuStreamCopyAttributes(CUstream dst, CUstream src) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    for (CUstream handle : {dst, src}) {
      if (stream_from_handle(handle) == nullptr) return bad_handle("stream", handle);
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamIsCapturing(CUstream hStream, CUstreamCaptureStatus* captureStatus) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context&, Stream&) {
    if (captureStatus == nullptr) return null_argument("captureStatus");
    *captureStatus = CU_STREAM_CAPTURE_STATUS_NONE;
    return CUDA_SUCCESS;
  });
}

CUresult cuLaunchHostFunc(CUstream hStream, CUhostFn fn, void* userData) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (fn == nullptr) return null_argument("fn");
    stream.enqueue([fn, userData] { fn(userData); });
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamAddCallback(CUstream hStream, CUstreamCallback callback, void* userData, unsigned int flags) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (callback == nullptr) return null_argument("callback");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    stream.enqueue([callback, userData, hStream] { callback(hStream, CUDA_SUCCESS, userData); });
    return CUDA_SUCCESS;
  });
}
