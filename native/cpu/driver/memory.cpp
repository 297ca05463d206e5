#include "engine/memory.h"

#include "driver/device.h"
#include "driver/entry.h"
#include "driver/memory_pool.h"
#include "engine/capture.h"
#include "engine/device.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

CUresult out_of_memory(size_t bytes) {
  return fail(CUDA_ERROR_OUT_OF_MEMORY, std::to_string(bytes) + " bytes were asked for; the machine has " +
                                            std::to_string(free_memory()) + " free of " +
                                            std::to_string(total_memory()));
}

CUresult zero_bytes() { return fail(CUDA_ERROR_INVALID_VALUE, "0 bytes were asked for"); }

// New memory of a context, which another thread may be destroying: then nobody else would free it.
CUresult keep(const Context& context, uintptr_t base, MemoryKind kind) {
  if (!context.ending()) return CUDA_SUCCESS;
  free_memory_at(base, kind, kind);
  return ending_context();
}

CUresult allocate_device(Context& context, MemoryKind kind, CUdeviceptr* address, size_t bytes, unsigned flags) {
  if (address == nullptr) return null_argument("dptr");
  if (bytes == 0) return zero_bytes();
  check_unsafe_call();
  const uintptr_t base = allocate_memory(kind, bytes, context.handle(), context.device(), flags);
  if (base == 0) return out_of_memory(bytes);
  *address = base;
  return keep(context, base, kind);
}

CUresult allocate_host(Context& context, void** address, size_t bytes, unsigned flags) {
  if (address == nullptr) return null_argument("pp");
  constexpr unsigned known = CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_WRITECOMBINED;
  if ((flags & ~known) != 0) {
    return fail(CUDA_ERROR_INVALID_VALUE,
                "Flags is " + hexadecimal(flags) + "; bits up to " + hexadecimal(known) + " are valid");
  }
  if (bytes == 0) return zero_bytes();
  check_unsafe_call();
  const uintptr_t base = allocate_memory(MemoryKind::Pinned, bytes, context.handle(), context.device(), flags);
  if (base == 0) return out_of_memory(bytes);
  *address = reinterpret_cast<void*>(base);
  return keep(context, base, MemoryKind::Pinned);
}

CUresult unknown_address(uintptr_t address) {
  return fail(CUDA_ERROR_INVALID_VALUE, hexadecimal(address) +
                                            " is not the start of live memory of that kind: it was freed, or never "
                                            "was allocated this way");
}

}  // namespace

CUresult cuMemGetInfo_v2(size_t* free, size_t* total) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (free == nullptr || total == nullptr) return null_argument("free or total");
    *free = free_memory();
    *total = total_memory();
    return CUDA_SUCCESS;
  });
}

CUresult cuMemAlloc_v2(CUdeviceptr* dptr, size_t bytesize) {
  CPU_COUNT_CALL();
  return in_healthy_context(
      __func__, [&](Context& context) { return allocate_device(context, MemoryKind::Device, dptr, bytesize, 0); });
}

CUresult cuMemAllocPitch_v2(CUdeviceptr* dptr, size_t* pPitch, size_t WidthInBytes, size_t Height,
                            unsigned int ElementSizeBytes) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (pPitch == nullptr) return null_argument("pPitch");
    if (ElementSizeBytes != 4 && ElementSizeBytes != 8 && ElementSizeBytes != 16) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "ElementSizeBytes is " + std::to_string(ElementSizeBytes) + "; 4, 8 and 16 are valid");
    }
    const size_t pitch = (WidthInBytes + 511) / 512 * 512;
    if (pitch < WidthInBytes || (Height != 0 && pitch > SIZE_MAX / Height)) return out_of_memory(SIZE_MAX);
    const CUresult status = allocate_device(context, MemoryKind::Device, dptr, pitch * Height, 0);
    if (status == CUDA_SUCCESS) *pPitch = pitch;
    return status;
  });
}

CUresult cuMemAllocManaged(CUdeviceptr* dptr, size_t bytesize, unsigned int flags) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST) {
      return fail(CUDA_ERROR_INVALID_VALUE, "flags is " + std::to_string(flags) +
                                                "; CU_MEM_ATTACH_GLOBAL (1) and CU_MEM_ATTACH_HOST (2) are valid");
    }
    return allocate_device(context, MemoryKind::Managed, dptr, bytesize, flags);
  });
}

// Waits for the context's work first, as the real driver does: nothing that runs loses its memory. Like all calls that
// give something back, it does so in a context that has failed too, and then returns the failure.
CUresult cuMemFree_v2(CUdeviceptr dptr) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (dptr == 0) return CUDA_SUCCESS;
    check_unsafe_call();
    context.streams()->synchronize();
    // Memory of a pool goes back to it.
    if (const auto range = find_memory(dptr); range && range->base == dptr && give_to_pool(*range)) {
      return check_healthy(context);
    }
    return free_memory_at(dptr, MemoryKind::Device, MemoryKind::Managed) ? check_healthy(context)
                                                                         : unknown_address(dptr);
  });
}

CUresult cuMemAllocHost_v2(void** pp, size_t bytesize) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) { return allocate_host(context, pp, bytesize, 0); });
}

CUresult cuMemHostAlloc(void** pp, size_t bytesize, unsigned int Flags) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) { return allocate_host(context, pp, bytesize, Flags); });
}

CUresult cuMemFreeHost(void* p) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (p == nullptr) return CUDA_SUCCESS;
    check_unsafe_call();
    context.streams()->synchronize();
    const auto base = reinterpret_cast<uintptr_t>(p);
    return free_memory_at(base, MemoryKind::Pinned, MemoryKind::Pinned) ? check_healthy(context)
                                                                        : unknown_address(base);
  });
}

CUresult cuMemHostRegister_v2(void* p, size_t bytesize, unsigned int Flags) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (p == nullptr) return null_argument("p");
    if (bytesize == 0) return zero_bytes();
    if (bytesize > SIZE_MAX - reinterpret_cast<uintptr_t>(p)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the range reaches beyond the end of all memory");
    }
    check_unsafe_call();
    constexpr unsigned known = CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP |
                               CU_MEMHOSTREGISTER_IOMEMORY | CU_MEMHOSTREGISTER_READ_ONLY;
    if ((Flags & ~known) != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "Flags is " + hexadecimal(Flags) + "; bits up to " + hexadecimal(known) + " are valid");
    }
    if (register_memory(reinterpret_cast<uintptr_t>(p), bytesize, context.handle(), context.device(), Flags)) {
      return CUDA_SUCCESS;
    }
    return fail(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "the range overlaps memory that the device knows already");
  });
}

CUresult cuMemHostUnregister(void* p) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (p == nullptr) return null_argument("p");
    check_unsafe_call();
    context.streams()->synchronize();
    if (unregister_memory(reinterpret_cast<uintptr_t>(p))) return check_healthy(context);
    return fail(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
                hexadecimal(reinterpret_cast<uintptr_t>(p)) + " is not the start of registered memory");
  });
}

CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* pdptr, void* p, unsigned int Flags) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (pdptr == nullptr) return null_argument("pdptr");
    if (Flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "Flags is reserved and must be 0");
    const auto address = reinterpret_cast<uintptr_t>(p);
    const auto range = find_memory(address);
    if (!range || (range->kind != MemoryKind::Pinned && range->kind != MemoryKind::Registered)) {
      return unknown_address(address);
    }
    *pdptr = address;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemHostGetFlags(unsigned int* pFlags, void* p) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (pFlags == nullptr) return null_argument("pFlags");
    const auto range = find_memory(reinterpret_cast<uintptr_t>(p));
    if (!range || range->kind != MemoryKind::Pinned) return unknown_address(reinterpret_cast<uintptr_t>(p));
    // Every pinned allocation can be used by the device at its own address.
    *pFlags = range->flags | CU_MEMHOSTALLOC_DEVICEMAP;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemGetAddressRange_v2(CUdeviceptr* pbase, size_t* psize, CUdeviceptr dptr) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    const auto range = find_memory(dptr);
    if (!range) {
      return fail(CUDA_ERROR_NOT_FOUND, hexadecimal(dptr) + " lies in no live memory of the device");
    }
    if (pbase != nullptr) *pbase = range->base;
    if (psize != nullptr) *psize = range->size;
    return CUDA_SUCCESS;
  });
}
