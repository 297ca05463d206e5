// Memory that programs map themselves: physical memory without addresses, reservations of addresses without memory, and
// what is mapped where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "engine/handles.h"
#include "engine/memory.h"
#include "generated/driver.h"

namespace cpu {

// The memory itself, kept by its handle and by its mappings. What may be exported lies in a file; all else is a shared
// mapping at an address nobody is told, so that it needs no descriptor.
class PhysicalBlock {
 public:
  // Filled with kUnwritten. Null where no memory is left.
  static std::shared_ptr<PhysicalBlock> create(size_t size, const CUmemAllocationProp& properties);
  // From another process's file; null where that is none of such memory.
  static std::shared_ptr<PhysicalBlock> import(std::shared_ptr<SharedFile> file);
  ~PhysicalBlock();

  size_t size() const { return size_; }
  const CUmemAllocationProp& properties() const { return properties_; }
  // Null where it was not made to be exported.
  const std::shared_ptr<SharedFile>& file() const { return file_; }
  // Puts a part of it in place of what is at the address, closed to everybody. False where the system refuses.
  bool map(uintptr_t address, size_t offset, size_t bytes) const;

 private:
  PhysicalBlock(size_t size, const CUmemAllocationProp& properties) : size_(size), properties_(properties) {}
  const size_t size_;
  const CUmemAllocationProp properties_;
  std::shared_ptr<SharedFile> file_;
  uintptr_t hidden_ = 0;
};

// CUmemGenericAllocationHandle.
struct PhysicalMemory {
  static constexpr HandleTag tag = HandleTag::PhysicalMemory;

  std::shared_ptr<PhysicalBlock> block;
  // Guarded by the mutex of all virtual memory.
  int references = 1;
};

// Reserved addresses, and what is mapped there. Operations that use it keep the addresses reserved.
class Reservation final : public Backing {
 public:
  struct Mapping {
    size_t size = 0;
    std::shared_ptr<PhysicalBlock> block;
    CUmemGenericAllocationHandle handle = 0;
    // What each place may do: by type and number of the location.
    std::map<std::pair<int, int>, CUmemAccess_flags> access;
  };

  Reservation(uintptr_t base, size_t size) : base(base), size(size) {}
  ~Reservation() override;

  const uintptr_t base;
  const size_t size;
  // By first address; guarded by the mutex of all virtual memory.
  std::map<uintptr_t, Mapping> mappings;
};

}  // namespace cpu
