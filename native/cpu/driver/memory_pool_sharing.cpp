// Pools of several devices and processes, and the memory of graphs.
#include <cstring>

#include "driver/device.h"
#include "driver/entry.h"
#include "driver/ipc.h"
#include "driver/memory_pool.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// What CUmemPoolPtrExportData holds.
struct PointerRecord {
  static constexpr uint64_t kMark = 0x706F6F6C'43444E4E;
  uint64_t mark;
  uint64_t file;
  uint64_t offset;
  uint64_t bytes;
};
static_assert(sizeof(PointerRecord) <= sizeof(CUmemPoolPtrExportData), "a record fits");

CUresult check_place(const CUmemLocation* location, CUmemAllocationType type) {
  if (location == nullptr) return null_argument("location");
  if (location->type != CU_MEM_LOCATION_TYPE_DEVICE || type != CU_MEM_ALLOCATION_TYPE_PINNED) {
    return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device has pools of pinned device memory only");
  }
  return check_device(location->id);
}

}  // namespace

CUresult cuMemGetDefaultMemPool(CUmemoryPool* pool_out, CUmemLocation* location, CUmemAllocationType type) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (pool_out == nullptr) return null_argument("pool_out");
    const CUresult status = check_place(location, type);
    if (status == CUDA_SUCCESS) *pool_out = pool_of(location->id, true);
    return status;
  });
}

CUresult cuMemGetMemPool(CUmemoryPool* pool, CUmemLocation* location, CUmemAllocationType type) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (pool == nullptr) return null_argument("pool");
    const CUresult status = check_place(location, type);
    if (status == CUDA_SUCCESS) *pool = pool_of(location->id, false);
    return status;
  });
}

CUresult cuMemSetMemPool(CUmemLocation* location, CUmemAllocationType type, CUmemoryPool pool) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    const CUresult status = check_place(location, type);
    return status != CUDA_SUCCESS ? status : cuDeviceSetMemPool(location->id, pool);
  });
}

// All devices share the processor's memory, so access is kept and told and keeps nobody out.
CUresult cuMemPoolSetAccess(CUmemoryPool pool, const CUmemAccessDesc* map, size_t count) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, pool, [&](MemoryPool& object) {
    if (map == nullptr && count != 0) return null_argument("map");
    for (size_t i = 0; i < count; ++i) {
      if (const CUresult status = check_place(&map[i].location, CU_MEM_ALLOCATION_TYPE_PINNED); status != CUDA_SUCCESS)
        return status;
      const int flags = map[i].flags;
      if (flags != CU_MEM_ACCESS_FLAGS_PROT_NONE && flags != CU_MEM_ACCESS_FLAGS_PROT_READ &&
          flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE) {
        return fail(CUDA_ERROR_INVALID_VALUE, "there is no access " + std::to_string(flags));
      }
      if (map[i].location.id == object.device && flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE) {
        return fail(CUDA_ERROR_INVALID_VALUE, "the device the pool belongs to always reads and writes it");
      }
    }
    std::lock_guard lock(object.mutex);
    for (size_t i = 0; i < count; ++i) object.access[map[i].location.id] = map[i].flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolGetAccess(CUmemAccess_flags* flags, CUmemoryPool memPool, CUmemLocation* location) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, memPool, [&](MemoryPool& object) {
    if (flags == nullptr) return null_argument("flags");
    if (const CUresult status = check_place(location, CU_MEM_ALLOCATION_TYPE_PINNED); status != CUDA_SUCCESS)
      return status;
    std::lock_guard lock(object.mutex);
    const auto found = object.access.find(location->id);
    *flags = location->id == object.device  ? CU_MEM_ACCESS_FLAGS_PROT_READWRITE
             : found == object.access.end() ? CU_MEM_ACCESS_FLAGS_PROT_NONE
                                            : found->second;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolExportToShareableHandle(void* handle_out, CUmemoryPool pool, CUmemAllocationHandleType handleType,
                                          unsigned long long flags) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, pool, [&](MemoryPool& object) {
    if (handle_out == nullptr) return null_argument("handle_out");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    if (handleType != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR || object.blocks->file() == nullptr ||
        object.blocks->imported()) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "the pool was not created for this type of handle (handleTypes); the CPU device has "
                  "CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR");
    }
    return export_descriptor(*object.blocks->file(), static_cast<int*>(handle_out));
  });
}

CUresult cuMemPoolImportFromShareableHandle(CUmemoryPool* pool_out, void* handle, CUmemAllocationHandleType handleType,
                                            unsigned long long flags) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (pool_out == nullptr) return null_argument("pool_out");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    std::shared_ptr<SharedFile> file;
    const CUresult status = import_descriptor(handle, handleType, &file);
    if (status != CUDA_SUCCESS) return status;
    constexpr std::string_view front = "pool:";
    if (!file->name().starts_with(front)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the file descriptor is none of a memory pool");
    }
    const int device = std::atoi(file->name().c_str() + front.size());
    if (const CUresult known = check_device(device); known != CUDA_SUCCESS) return known;
    *pool_out = create_pool(device, false, 0, std::move(file), true);
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolExportPointer(CUmemPoolPtrExportData* shareData_out, CUdeviceptr ptr) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (shareData_out == nullptr) return null_argument("shareData_out");
    const auto range = find_memory(ptr);
    const MemoryPool* pool = range && range->base == ptr ? lookup<MemoryPool>(range->pool) : nullptr;
    PointerRecord record{PointerRecord::kMark, 0, 0, 0};
    if (pool == nullptr || pool->blocks->file() == nullptr ||
        !pool->blocks->place_of(ptr, &record.offset, &record.bytes)) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  hexadecimal(ptr) + " is not the start of live memory of a pool that can be exported");
    }
    record.file = pool->blocks->file()->number();
    std::memset(shareData_out, 0, sizeof(*shareData_out));
    std::memcpy(shareData_out, &record, sizeof(record));
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolImportPointer(CUdeviceptr* ptr_out, CUmemoryPool pool, CUmemPoolPtrExportData* shareData) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, pool, [&](MemoryPool& object) {
    if (ptr_out == nullptr || shareData == nullptr) return null_argument("ptr_out or shareData");
    if (!object.blocks->imported()) return fail(CUDA_ERROR_INVALID_VALUE, "the pool was not imported");
    PointerRecord record;
    std::memcpy(&record, shareData, sizeof(record));
    if (record.mark != PointerRecord::kMark || record.file != object.blocks->file()->number()) {
      return fail(CUDA_ERROR_INVALID_VALUE, "shareData was not exported from this pool");
    }
    const uintptr_t address = object.blocks->open(record.offset, record.bytes);
    if (address == 0) {
      return fail(CUDA_ERROR_MAP_FAILED,
                  "the memory that shareData tells of is not in the pool, or no address space is "
                  "left for it");
    }
    *ptr_out = address;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetGraphMemAttribute(CUdevice device, CUgraphMem_attribute attr, void* value) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (value == nullptr) return null_argument("value");
    if (const CUresult status = check_device(device); status != CUDA_SUCCESS) return status;
    const GraphMemory& memory = graph_memory(device);
    auto* answer = static_cast<cuuint64_t*>(value);
    switch (static_cast<int>(attr)) {
      case CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT:
      case CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT:
        *answer = memory.current;
        return CUDA_SUCCESS;
      case CU_GRAPH_MEM_ATTR_USED_MEM_HIGH:
      case CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH:
        *answer = memory.high;
        return CUDA_SUCCESS;
      default:
        return fail(CUDA_ERROR_INVALID_VALUE,
                    "there is no attribute " + std::to_string(static_cast<int>(attr)) + " of graph memory");
    }
  });
}

CUresult cuDeviceSetGraphMemAttribute(CUdevice device, CUgraphMem_attribute attr, void* value) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (value == nullptr) return null_argument("value");
    if (const CUresult status = check_device(device); status != CUDA_SUCCESS) return status;
    if (attr != CU_GRAPH_MEM_ATTR_USED_MEM_HIGH && attr != CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH) {
      return fail(CUDA_ERROR_INVALID_VALUE, "only the high marks of graph memory can be set");
    }
    if (*static_cast<const cuuint64_t*>(value) != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE, "a high mark can be set to 0 only");
    }
    GraphMemory& memory = graph_memory(device);
    memory.high = memory.current.load();
    return CUDA_SUCCESS;
  });
}

// A graph's memory goes with the last graph that has it, so nothing is kept for later.
CUresult cuDeviceGraphMemTrim(CUdevice device) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] { return check_device(device); });
}
