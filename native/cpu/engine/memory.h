// Device, pinned and managed memory: all of it host memory, told apart by a table of ranges. Addresses on the host and
// on the device are the same, as with CUDA's unified addressing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "engine/region.h"
#include "generated/driver.h"

namespace cpu {

// Mapped: memory of another process or of cuMemCreate, which calls of its own map and unmap.
enum class MemoryKind { Device, Pinned, Registered, Managed, Mapped };

// One allocation, or one piece of the program's own memory that it registered.
struct MemoryRange {
  uintptr_t base;
  size_t size;
  MemoryKind kind;
  // The context it belongs to, and that context's device.
  CUcontext context;
  int device;
  // As given to cuMemHostAlloc, cuMemHostRegister or cuMemAllocManaged.
  unsigned flags;
  // Unique in the process, never used again.
  uint64_t id;
  // The pool a stream-ordered allocation came from, null for all others.
  CUmemoryPool pool;
  // What keeps the memory; null where the program registered its own. Whoever holds it may use the addresses, even when
  // the range was freed meanwhile.
  std::shared_ptr<Backing> backing;
  // Mapped memory may be closed to the device (cuMemSetAccess).
  bool usable = true;

  bool contains(uintptr_t address, size_t bytes) const {
    return address >= base && address - base <= size && bytes <= size - (address - base);
  }
  // Whether kernels and copies may use it as device memory.
  bool on_device() const {
    return kind == MemoryKind::Device || kind == MemoryKind::Managed || kind == MemoryKind::Mapped;
  }
  // Whether the program has no business there itself.
  bool device_alone() const { return kind == MemoryKind::Device || kind == MemoryKind::Mapped; }
};

// The byte in memory that nobody has written to.
constexpr int kUnwritten = 0xFF;

// New memory, aligned to 256 bytes (small) or 2 MiB (large), filled with 0xFF: as floating point these bytes are NaN,
// so that what was never written shows. Returns 0 where the machine has not so much left.
uintptr_t allocate_memory(MemoryKind kind, size_t bytes, CUcontext context, int device, unsigned flags,
                          CUmemoryPool pool = nullptr);

// Whether the machine has so much left for the device.
bool enough_memory(size_t bytes);

// Enters memory that was made elsewhere, with an id of its own; false where it overlaps a range that is known already.
bool insert_memory(MemoryRange range);

// Takes the range that starts at `base` and is of one of the kinds out of the table.
std::optional<MemoryRange> take_memory(uintptr_t base, MemoryKind kind, MemoryKind other_kind);

// Changes the ranges that start in [from, from + bytes).
void change_memory(uintptr_t from, size_t bytes, const std::function<void(MemoryRange&)>& change);

// Frees the allocation that starts at `base` and is of one of the kinds; false where there is none.
bool free_memory_at(uintptr_t base, MemoryKind kind, MemoryKind other_kind);

// Frees everything that belongs to a context.
void free_memory_of(CUcontext context);

// Enters memory of the program; false where it overlaps a range that is known already.
bool register_memory(uintptr_t base, size_t bytes, CUcontext context, int device, unsigned flags);
bool unregister_memory(uintptr_t base);

// The range an address lies in.
std::optional<MemoryRange> find_memory(uintptr_t address);

// The range an address lies in, where the device can use all of [address, address + bytes): it lies in this range, or
// goes on in neighbours that are mapped into the same reservation.
std::optional<MemoryRange> find_usable_memory(uintptr_t address, size_t bytes);
bool is_device_accessible(uintptr_t address, size_t bytes);

}  // namespace cpu
