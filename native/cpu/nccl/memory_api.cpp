// Memory: NCCL's own allocations, and buffers that the program announces. Announcing makes nothing faster here, as
// every buffer is used where it lies; it is accepted for the sake of programs that do it.
#include "engine/memory.h"
#include "nccl/call.h"

using namespace cpu;
using namespace cpu::nccl;

ncclResult_t ncclMemAlloc(void** ptr, size_t size) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (ptr == nullptr) return fail(ncclUnhandledCudaError, "ptr is null");
    *ptr = nullptr;
    if (size == 0) return ncclSuccess;
    const Context* context = current_or_primary_context();
    if (context == nullptr) return fail(ncclUnhandledCudaError, "no context is to be had");
    const uintptr_t base = allocate_memory(MemoryKind::Device, size, context->handle(), context->device(), 0);
    if (base == 0)
      return fail(ncclUnhandledCudaError, std::to_string(size) + " bytes were asked for, which are not free");
    *ptr = reinterpret_cast<void*>(base);
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclMemAlloc);

ncclResult_t ncclMemFree(void* ptr) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (ptr == nullptr) return ncclSuccess;
    const Context* context = current_or_primary_context();
    // As cudaFree, it waits for work that may still use the memory.
    if (context != nullptr) context->streams()->synchronize();
    if (free_memory_at(reinterpret_cast<uintptr_t>(ptr), MemoryKind::Device, MemoryKind::Device)) return ncclSuccess;
    return fail(ncclUnhandledCudaError, "ptr is not the start of live device memory");
  });
}
NCCL_TWIN(ncclMemFree);

ncclResult_t ncclCommRegister(const ncclComm_t comm, void* buff, size_t size, void** handle) {
  CPU_COUNT_CALL();
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    communicator.check_ready();
    if (buff == nullptr) return null_argument("buff");
    if (handle == nullptr) return null_argument("handle");
    if (!is_device_accessible(reinterpret_cast<uintptr_t>(buff), size)) {
      return fail(ncclInvalidArgument, "buff and size are not one piece of memory of the device");
    }
    *handle = communicator.add_registration();
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclCommRegister);

ncclResult_t ncclCommDeregister(const ncclComm_t comm, void* handle) {
  CPU_COUNT_CALL();
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    if (handle == nullptr || communicator.remove_registration(handle)) return ncclSuccess;
    return fail(ncclInvalidArgument, "handle is no registration of this communicator");
  });
}
NCCL_TWIN(ncclCommDeregister);
