// Events of whole contexts, and the usage count of the oldest interface.
#include "driver/entry.h"
#include "engine/capture.h"
#include "engine/event.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

CUresult find(CUcontext handle, CUevent event_handle, Context** context, const Event** event) {
  *context = handle == nullptr ? current_context() : lookup<Context>(handle);
  if (*context == nullptr) return fail(CUDA_ERROR_INVALID_CONTEXT, "hCtx is no live context");
  *event = lookup<Event>(event_handle);
  if (*event == nullptr) return bad_handle("event", event_handle);
  check_group_synchronization(*(*context)->streams());
  return check_healthy(**context);
}

template <class F>
CUresult with_context_event(const char* function, CUcontext handle, CUevent event_handle, F&& body) {
  return in_context(function, [&](Context&) {
    Context* context = nullptr;
    const Event* event = nullptr;
    const CUresult status = find(handle, event_handle, &context, &event);
    return status != CUDA_SUCCESS ? status : body(*context, *event);
  });
}

}  // namespace

CUresult cuCtxRecordEvent(CUcontext hCtx, CUevent hEvent) {
  CPU_COUNT_CALL();
  return with_context_event(__func__, hCtx, hEvent, [](Context& context, const Event& event) {
    const std::shared_ptr<Stream> behind_all = context.stream_behind_all();
    event.state->record(*behind_all);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxWaitEvent(CUcontext hCtx, CUevent hEvent) {
  CPU_COUNT_CALL();
  return with_context_event(__func__, hCtx, hEvent, [](Context& context, const Event& event) {
    check_not_captured(*event.state);
    const EventState::Marker marker = event.state->marker();
    if (!marker.reached()) context.streams()->wait_before_all([marker] { marker.wait(); });
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetExecAffinity(CUexecAffinityParam* pExecAffinity, CUexecAffinityType) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (pExecAffinity == nullptr) return null_argument("pExecAffinity");
    return fail(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, "the CPU device has no execution affinity");
  });
}

CUresult cuCtxAttach(CUcontext* pctx, unsigned int flags) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (pctx == nullptr) return null_argument("pctx");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    if (context.primary()) return fail(CUDA_ERROR_INVALID_CONTEXT, "a primary context is retained, not attached to");
    ++context.usage;
    *pctx = context.handle();
    return CUDA_SUCCESS;
  });
}

// The last one who detaches destroys the context.
CUresult cuCtxDetach(CUcontext ctx) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (context.handle() != ctx) {
      return fail(CUDA_ERROR_INVALID_CONTEXT, "ctx is not the context that is current on this thread");
    }
    if (context.primary()) return fail(CUDA_ERROR_INVALID_CONTEXT, "a primary context is released, not detached from");
    return --context.usage == 0 ? cuCtxDestroy_v2(ctx) : CUDA_SUCCESS;
  });
}
