#include "driver/stream.h"

#include "driver/entry.h"
#include "driver/graph_nodes.h"
#include "engine/event.h"
#include "engine/memory.h"

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
  void* handle = context.adopt(std::move(object));
  if (handle == nullptr) return ending_context();
  *stream = static_cast<CUstream>(handle);
  return CUDA_SUCCESS;
}

CUresult check_attribute(CUstreamAttrID attribute) {
  switch (static_cast<int>(attribute)) {
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY:
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
      return CUDA_SUCCESS;
    default:
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "attribute " + std::to_string(static_cast<int>(attribute)) + " is none of streams");
  }
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
    return disowned(context, hStream);
  });
}

CUresult cuStreamQuery(CUstream hStream) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context& context, Stream& stream) {
    stream.refuse_in_capture("a stream that is being captured cannot be asked whether it is idle");
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
    if (Flags == CU_EVENT_WAIT_EXTERNAL && stream.capturing()) {
      stream.capture_work(std::make_shared<EventWork>(false, hEvent, event->state));
    } else {
      wait_for_event(stream, *event->state);
    }
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

// There are no green contexts, so no stream is of one.
CUresult cuStreamGetCtx_v2(CUstream hStream, CUcontext* pCtx, CUgreenCtx* pGreenCtx) {
  CPU_COUNT_CALL();
  const CUresult status = cuStreamGetCtx(hStream, pCtx);
  if (status == CUDA_SUCCESS && pGreenCtx != nullptr) *pGreenCtx = nullptr;
  return status;
}

CUresult cuStreamGetGreenCtx(CUstream hStream, CUgreenCtx* phCtx) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context&, Stream&) {
    if (phCtx == nullptr) return null_argument("phCtx");
    *phCtx = nullptr;
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

// Attributes are kept and given back; they are hints for a GPU's caches and scheduler.
CUresult cuStreamGetAttribute(CUstream hStream, CUstreamAttrID attr, CUstreamAttrValue* value_out) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (value_out == nullptr) return null_argument("value_out");
    if (const CUresult status = check_attribute(attr); status != CUDA_SUCCESS) return status;
    CUstreamAttrValue value{};
    if (attr == CU_LAUNCH_ATTRIBUTE_PRIORITY) value.priority = stream.priority();
    if (attr == CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY) value.syncPolicy = CU_SYNC_POLICY_AUTO;
    if (attr == CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP) value.memSyncDomainMap.remote = 1;
    stream.attribute(attr, &value);
    *value_out = value;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamSetAttribute(CUstream hStream, CUstreamAttrID attr, const CUstreamAttrValue* value) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (value == nullptr) return null_argument("value");
    if (const CUresult status = check_attribute(attr); status != CUDA_SUCCESS) return status;
    if (attr == CU_LAUNCH_ATTRIBUTE_PRIORITY) {
      return fail(CUDA_ERROR_INVALID_VALUE, "a stream's priority is given when it is created and stays");
    }
    if (attr == CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY &&
        (value->syncPolicy < CU_SYNC_POLICY_AUTO || value->syncPolicy > CU_SYNC_POLICY_BLOCKING_SYNC)) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "there is no synchronisation policy " + std::to_string(static_cast<int>(value->syncPolicy)));
    }
    stream.set_attribute(attr, *value);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamCopyAttributes(CUstream dst, CUstream src) {
  CPU_COUNT_CALL();
  return ask_stream(__func__, dst, [&](Context&, Stream& to) {
    const std::shared_ptr<Stream> from = stream_from_handle(src);
    if (from == nullptr) return bad_handle("stream", src);
    for (const auto& [id, value] : from->attributes()) to.set_attribute(id, value);
    return CUDA_SUCCESS;
  });
}

// Managed memory is where everybody reaches it, so attaching it to a stream is checked and changes nothing.
CUresult cuStreamAttachMemAsync(CUstream hStream, CUdeviceptr dptr, size_t length, unsigned int flags) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream&) {
    const auto range = find_memory(dptr);
    const bool managed = range && range->kind == MemoryKind::Managed && range->base == dptr;
    if (!managed || (length != 0 && length != range->size)) {
      return fail(CUDA_ERROR_INVALID_VALUE, hexadecimal(dptr) + " with length " + std::to_string(length) +
                                                " is no whole piece of managed memory (0 or its size is valid)");
    }
    if (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST && flags != CU_MEM_ATTACH_SINGLE) {
      return fail(CUDA_ERROR_INVALID_VALUE, "flags is " + std::to_string(flags) +
                                                "; CU_MEM_ATTACH_GLOBAL (1), _HOST (2) and _SINGLE (4) are valid");
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuLaunchHostFunc(CUstream hStream, CUhostFn fn, void* userData) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (fn == nullptr) return null_argument("fn");
    if (stream.capturing()) {
      stream.capture_work(std::make_shared<HostWork>(CUDA_HOST_NODE_PARAMS{fn, userData}));
    } else {
      stream.enqueue([fn, userData] { fn(userData); });
    }
    return CUDA_SUCCESS;
  });
}

// How the device waits for the function is its own affair.
CUresult cuLaunchHostFunc_v2(CUstream hStream, CUhostFn fn, void* userData, unsigned int syncMode) {
  CPU_COUNT_CALL();
  if (syncMode == CU_HOST_TASK_BLOCKING || syncMode == CU_HOST_TASK_SPINWAIT) {
    return cuLaunchHostFunc(hStream, fn, userData);
  }
  set_function(__func__);
  return fail(CUDA_ERROR_INVALID_VALUE, "syncMode is " + std::to_string(syncMode) +
                                            "; CU_HOST_TASK_BLOCKING (0) and CU_HOST_TASK_SPINWAIT (1) are valid");
}

CUresult cuStreamAddCallback(CUstream hStream, CUstreamCallback callback, void* userData, unsigned int flags) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (callback == nullptr) return null_argument("callback");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    stream.refuse_in_capture("a callback cannot be captured; cuLaunchHostFunc can");
    stream.enqueue([callback, userData, hStream] { callback(hStream, CUDA_SUCCESS, userData); });
    return CUDA_SUCCESS;
  });
}
