// What is in a handle by which another process opens memory or an event: where to find the file behind it.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/process.h"
#include "engine/shared_file.h"
#include "generated/driver.h"

namespace cpu::driver {

struct IpcRecord {
  static constexpr uint32_t kMemory = 0x4D4E4443;
  static constexpr uint32_t kEvent = 0x454E4443;

  uint32_t kind = 0;
  int32_t process = 0;
  uint64_t process_start = 0;
  int32_t descriptor = -1;
  int32_t device = 0;
  uint64_t file = 0;
  // Of memory: its place in the file, in bytes.
  uint64_t offset = 0;
  uint64_t bytes = 0;
  // Tells a handle from any 64 bytes.
  uint64_t check = 0;

  uint64_t sum() const;
  ProcessIdentity owner() const { return {process, process_start}; }
};
static_assert(sizeof(IpcRecord) <= sizeof(CUipcMemHandle) && sizeof(IpcRecord) <= sizeof(CUipcEventHandle),
              "a record fits into a handle");

// A record of this process's file.
IpcRecord make_record(uint32_t kind, const SharedFile& file);

// Reads a handle that another process made.
CUresult read_record(const char (&handle)[64], uint32_t kind, IpcRecord* record);
void write_record(const IpcRecord& record, char (&handle)[64]);

// A new descriptor of the file, for the caller to close or send.
CUresult export_descriptor(const SharedFile& file, int* descriptor);
// The file behind a descriptor that came from another process; the caller's own descriptor stays the caller's.
CUresult import_descriptor(void* os_handle, CUmemAllocationHandleType type, std::shared_ptr<SharedFile>* file);

// Opens the file in the other process; MAP_FAILED where that process or its object is gone.
CUresult open_file(const IpcRecord& record, std::shared_ptr<SharedFile>* file);

}  // namespace cpu::driver
