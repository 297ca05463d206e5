// Device memory of other processes. What is exported moves into a file that others can map; what is opened is mapped
// here until it is closed.
#include <cstring>
#include <map>
#include <mutex>
#include <tuple>

#include "driver/entry.h"
#include "driver/ipc.h"
#include "engine/device.h"
#include "engine/memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// Memory of another process, opened once for each context. Opening it again counts.
class OpenedMemory final : public Backing {
 public:
  explicit OpenedMemory(std::shared_ptr<FileMapping> mapping, uintptr_t base)
      : base(base), mapping_(std::move(mapping)) {}
  const uintptr_t base;
  int references = 1;

 private:
  const std::shared_ptr<FileMapping> mapping_;
};

struct OpenedTable {
  std::mutex mutex;
  // Context, number of the file, place in it.
  std::map<std::tuple<CUcontext, uint64_t, uint64_t>, std::weak_ptr<OpenedMemory>> opened;
};

OpenedTable& opened_table() {
  static OpenedTable& table = *new OpenedTable;
  return table;
}

CUresult open_memory(Context& context, const IpcRecord& record, CUdeviceptr* address) {
  OpenedTable& table = opened_table();
  std::lock_guard lock(table.mutex);
  std::weak_ptr<OpenedMemory>& known = table.opened[{context.handle(), record.file, record.offset}];
  if (const std::shared_ptr<OpenedMemory> opened = known.lock(); opened != nullptr && opened->references != 0) {
    const auto range = find_memory(opened->base);
    if (range && range->backing == opened) {
      ++opened->references;
      *address = opened->base;
      return CUDA_SUCCESS;
    }
  }
  std::shared_ptr<SharedFile> file;
  if (const CUresult status = open_file(record, &file); status != CUDA_SUCCESS) return status;
  size_t end = 0;
  if (__builtin_add_overflow(record.offset, record.bytes, &end) || record.bytes == 0 || end > file->size()) {
    return fail(CUDA_ERROR_INVALID_VALUE, "the handle tells more bytes than its memory has");
  }
  const size_t size = file->size();
  std::shared_ptr<FileMapping> mapping = FileMapping::create(std::move(file), 0, size);
  if (mapping == nullptr) {
    return fail(CUDA_ERROR_OUT_OF_MEMORY, "no address space is left for " + std::to_string(size) + " bytes");
  }
  const uintptr_t base = mapping->base() + record.offset;
  auto opened = std::make_shared<OpenedMemory>(std::move(mapping), base);
  const int device = record.device < device_count() ? record.device : context.device();
  if (!insert_memory({base, record.bytes, MemoryKind::Mapped, context.handle(), device, 0, 0, nullptr, opened})) {
    return fail(CUDA_ERROR_MAP_FAILED, "the addresses are in use");
  }
  known = opened;
  *address = base;
  if (!context.ending()) return CUDA_SUCCESS;
  take_memory(base, MemoryKind::Mapped, MemoryKind::Mapped);
  return ending_context();
}

}  // namespace

CUresult cuIpcGetMemHandle(CUipcMemHandle* pHandle, CUdeviceptr dptr) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context&) {
    if (pHandle == nullptr) return null_argument("pHandle");
    const auto range = find_memory(dptr);
    Region* region = range && range->kind == MemoryKind::Device && range->pool == nullptr && range->backing != nullptr
                         ? range->backing->region()
                         : nullptr;
    if (region == nullptr) {
      return fail(CUDA_ERROR_INVALID_VALUE, hexadecimal(dptr) +
                                                " lies in no live memory of cuMemAlloc, which alone can "
                                                "be opened by such a handle");
    }
    const std::shared_ptr<SharedFile> file = region->share("memory");
    if (file == nullptr) {
      return fail(CUDA_ERROR_OUT_OF_MEMORY,
                  "no memory or file descriptor is left to share " + std::to_string(region->size()) + " bytes");
    }
    IpcRecord record = make_record(IpcRecord::kMemory, *file);
    record.device = range->device;
    record.offset = range->base - region->base();
    record.bytes = range->size;
    write_record(record, pHandle->reserved);
    return CUDA_SUCCESS;
  });
}

CUresult cuIpcOpenMemHandle_v2(CUdeviceptr* pdptr, CUipcMemHandle handle, unsigned int Flags) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (pdptr == nullptr) return null_argument("pdptr");
    if (Flags != CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "Flags is " + std::to_string(Flags) + "; CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS (1) is valid");
    }
    IpcRecord record;
    const CUresult status = read_record(handle.reserved, IpcRecord::kMemory, &record);
    return status != CUDA_SUCCESS ? status : open_memory(context, record, pdptr);
  });
}

CUresult cuIpcOpenMemHandle(CUdeviceptr* pdptr, CUipcMemHandle handle, unsigned int Flags) {
  return cuIpcOpenMemHandle_v2(pdptr, handle, Flags);
}

CUresult cuIpcCloseMemHandle(CUdeviceptr dptr) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    context.streams()->synchronize();
    std::lock_guard lock(opened_table().mutex);
    const auto range = find_memory(dptr);
    auto* opened = range && range->base == dptr ? dynamic_cast<OpenedMemory*>(range->backing.get()) : nullptr;
    if (opened == nullptr) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  hexadecimal(dptr) + " is not the start of memory that was opened by a handle");
    }
    if (--opened->references == 0) take_memory(dptr, MemoryKind::Mapped, MemoryKind::Mapped);
    return check_healthy(context);
  });
}
