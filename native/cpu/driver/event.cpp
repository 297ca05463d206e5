#include "engine/event.h"

#include "driver/graph_nodes.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

constexpr unsigned kEventFlags = CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING | CU_EVENT_INTERPROCESS;

CUresult record(Stream& stream, CUevent handle, unsigned flags) {
  const Event* event = lookup<Event>(handle);
  if (event == nullptr) return bad_handle("event", handle);
  if (flags == CU_EVENT_RECORD_EXTERNAL && stream.capturing()) {
    stream.capture_work(std::make_shared<EventWork>(true, handle, event->state));
    return CUDA_SUCCESS;
  }
  event->state->record(stream);
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuEventCreate(CUevent* phEvent, unsigned int Flags) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (phEvent == nullptr) return null_argument("phEvent");
    if ((Flags & ~kEventFlags) != 0 ||
        ((Flags & CU_EVENT_INTERPROCESS) != 0 && (Flags & CU_EVENT_DISABLE_TIMING) == 0)) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "Flags is " + std::to_string(Flags) +
                      "; CU_EVENT_BLOCKING_SYNC (1), CU_EVENT_DISABLE_TIMING (2) and with it CU_EVENT_INTERPROCESS (4) "
                      "are valid");
    }
    std::shared_ptr<SharedEvent> shared;
    if ((Flags & CU_EVENT_INTERPROCESS) != 0) {
      shared = SharedEvent::create();
      if (shared == nullptr) {
        return fail(CUDA_ERROR_OUT_OF_MEMORY, "no memory or file descriptor is left for an event of several processes");
      }
    }
    void* handle = context.adopt(
        std::make_unique<Event>(std::make_shared<EventState>(std::move(shared)), Flags, context.handle()));
    if (handle == nullptr) return ending_context();
    *phEvent = static_cast<CUevent>(handle);
    return CUDA_SUCCESS;
  });
}

CUresult cuEventDestroy_v2(CUevent hEvent) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    const Event* event = lookup<Event>(hEvent);
    if (event == nullptr) return bad_handle("event", hEvent);
    Context* context = lookup<Context>(event->context);
    if (!release<Event>(hEvent)) return bad_handle("event", hEvent);
    return disowned(context, hEvent);
  });
}

CUresult cuEventRecord(CUevent hEvent, CUstream hStream) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) { return record(stream, hEvent, 0); });
}

CUresult cuEventRecordWithFlags(CUevent hEvent, CUstream hStream, unsigned int flags) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if ((flags & ~static_cast<unsigned>(CU_EVENT_RECORD_EXTERNAL)) != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "flags is " + std::to_string(flags) +
                      "; CU_EVENT_RECORD_DEFAULT (0) and CU_EVENT_RECORD_EXTERNAL (1) are valid");
    }
    return record(stream, hEvent, flags);
  });
}

CUresult cuEventQuery(CUevent hEvent) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    const Event* event = lookup<Event>(hEvent);
    if (event == nullptr) return bad_handle("event", hEvent);
    check_not_captured(*event->state);
    check_unsafe_call();
    return event->state->marker().reached() ? check_healthy(context) : CUDA_ERROR_NOT_READY;
  });
}

CUresult cuEventSynchronize(CUevent hEvent) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    const Event* event = lookup<Event>(hEvent);
    if (event == nullptr) return bad_handle("event", hEvent);
    check_not_captured(*event->state);
    check_unsafe_call();
    event->state->marker().wait();
    return check_healthy(context);
  });
}

CUresult cuEventElapsedTime_v2(float* pMilliseconds, CUevent hStart, CUevent hEnd) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context&) {
    if (pMilliseconds == nullptr) return null_argument("pMilliseconds");
    const Event* start = lookup<Event>(hStart);
    if (start == nullptr) return bad_handle("event", hStart);
    const Event* end = lookup<Event>(hEnd);
    if (end == nullptr) return bad_handle("event", hEnd);
    for (const Event* event : {start, end}) {
      if ((event->flags & CU_EVENT_DISABLE_TIMING) != 0) {
        return fail(CUDA_ERROR_INVALID_HANDLE, "an event was created with CU_EVENT_DISABLE_TIMING and keeps no time");
      }
      check_not_captured(*event->state);
      if (event->state->marker().never_recorded()) {
        return fail(CUDA_ERROR_INVALID_HANDLE, "an event was never recorded");
      }
    }
    const auto from = start->state->time();
    const auto to = end->state->time();
    if (!from || !to) return CUDA_ERROR_NOT_READY;
    *pMilliseconds = std::chrono::duration<float, std::milli>(*to - *from).count();
    return CUDA_SUCCESS;
  });
}
