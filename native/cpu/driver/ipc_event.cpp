// Events of other processes.
#include "driver/entry.h"
#include "driver/ipc.h"
#include "engine/event.h"

using namespace cpu;
using namespace cpu::driver;

CUresult cuIpcGetEventHandle(CUipcEventHandle* pHandle, CUevent event) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context&) {
    if (pHandle == nullptr) return null_argument("pHandle");
    const Event* object = lookup<Event>(event);
    if (object == nullptr) return bad_handle("event", event);
    if (object->state->shared() == nullptr) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "the event was not created with CU_EVENT_INTERPROCESS");
    }
    write_record(make_record(IpcRecord::kEvent, object->state->shared()->file()), pHandle->reserved);
    return CUDA_SUCCESS;
  });
}

CUresult cuIpcOpenEventHandle(CUevent* phEvent, CUipcEventHandle handle) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (phEvent == nullptr) return null_argument("phEvent");
    IpcRecord record;
    CUresult status = read_record(handle.reserved, IpcRecord::kEvent, &record);
    std::shared_ptr<SharedFile> file;
    if (status == CUDA_SUCCESS) status = open_file(record, &file);
    if (status != CUDA_SUCCESS) return status;
    std::shared_ptr<SharedEvent> shared = SharedEvent::open(std::move(file));
    if (shared == nullptr) return fail(CUDA_ERROR_MAP_FAILED, "the other process's event cannot be mapped");
    void* opened =
        context.adopt(std::make_unique<Event>(std::make_shared<EventState>(std::move(shared)),
                                              CU_EVENT_DISABLE_TIMING | CU_EVENT_INTERPROCESS, context.handle()));
    if (opened == nullptr) return ending_context();
    *phEvent = static_cast<CUevent>(opened);
    return CUDA_SUCCESS;
  });
}
