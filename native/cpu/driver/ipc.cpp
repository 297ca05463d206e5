#include "driver/ipc.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "driver/entry.h"

namespace cpu::driver {

uint64_t IpcRecord::sum() const {
  // FNV-1a over everything but the sum itself.
  uint64_t hash = 0xCBF29CE484222325;
  const auto* bytes = reinterpret_cast<const unsigned char*>(this);
  for (size_t i = 0; i < offsetof(IpcRecord, check); ++i) hash = (hash ^ bytes[i]) * 0x100000001B3;
  return hash;
}

IpcRecord make_record(uint32_t kind, const SharedFile& file) {
  const ProcessIdentity self = this_process();
  IpcRecord record;
  record.kind = kind;
  record.process = self.number;
  record.process_start = self.start;
  record.descriptor = file.descriptor();
  record.file = file.number();
  return record;
}

void write_record(const IpcRecord& record, char (&handle)[64]) {
  IpcRecord sealed = record;
  sealed.check = sealed.sum();
  std::memset(handle, 0, sizeof(handle));
  std::memcpy(handle, &sealed, sizeof(sealed));
}

CUresult read_record(const char (&handle)[64], uint32_t kind, IpcRecord* record) {
  std::memcpy(record, handle, sizeof(*record));
  if (record->kind != kind || record->check != record->sum()) {
    return fail(CUDA_ERROR_INVALID_VALUE, "the 64 bytes are no handle of this kind");
  }
  if (record->owner() == this_process()) {
    return fail(CUDA_ERROR_INVALID_CONTEXT, "the handle was made by this very process; handles are for other ones");
  }
  return CUDA_SUCCESS;
}

CUresult export_descriptor(const SharedFile& file, int* descriptor) {
  const int copy = fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return fail(CUDA_ERROR_OPERATING_SYSTEM, std::string("no descriptor: ") + std::strerror(errno));
  *descriptor = copy;
  return CUDA_SUCCESS;
}

CUresult import_descriptor(void* os_handle, CUmemAllocationHandleType type, std::shared_ptr<SharedFile>* file) {
  if (type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) {
    return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device imports memory by file descriptors only");
  }
  const auto number = reinterpret_cast<intptr_t>(os_handle);
  const int copy = number < 0 || number > INT32_MAX ? -1 : fcntl(static_cast<int>(number), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(number) + " is no open file descriptor");
  *file = SharedFile::adopt(copy);
  if (*file != nullptr) return CUDA_SUCCESS;
  close(copy);
  return fail(CUDA_ERROR_INVALID_VALUE, "file descriptor " + std::to_string(number) + " is none of device memory");
}

CUresult open_file(const IpcRecord& record, std::shared_ptr<SharedFile>* file) {
  const std::string process = std::to_string(record.process);
  if (!process_runs(record.owner())) {
    return fail(CUDA_ERROR_MAP_FAILED, "process " + process + ", which made the handle, has ended");
  }
  const std::string path = "/proc/" + process + "/fd/" + std::to_string(record.descriptor);
  const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) {
    return fail(CUDA_ERROR_MAP_FAILED, "what the handle is for cannot be opened in process " + process + " (" +
                                           std::strerror(errno) +
                                           "); it must be alive there, and both processes of one user");
  }
  *file = SharedFile::adopt(descriptor);
  if (*file == nullptr) {
    close(descriptor);
  } else if ((*file)->number() == record.file) {
    return CUDA_SUCCESS;
  }
  return fail(CUDA_ERROR_MAP_FAILED, "process " + process + " has freed what the handle was for");
}

}  // namespace cpu::driver
