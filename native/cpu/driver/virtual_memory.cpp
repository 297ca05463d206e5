#include "driver/virtual_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <vector>

#include "driver/device.h"
#include "driver/entry.h"
#include "driver/ipc.h"
#include "engine/device.h"

namespace cpu {
namespace {

using namespace driver;

// One mutex for reservations, mappings and the references of handles: none of these calls is on a hot path.
std::mutex& virtual_memory_mutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

std::map<uintptr_t, std::shared_ptr<Reservation>>& reservations() {
  static auto& all = *new std::map<uintptr_t, std::shared_ptr<Reservation>>;
  return all;
}

constexpr size_t kPage = 4096;

// The reservation in which all of [address, address + bytes) lies.
std::shared_ptr<Reservation> find_reservation(uintptr_t address, size_t bytes) {
  auto after = reservations().upper_bound(address);
  if (after == reservations().begin()) return nullptr;
  const std::shared_ptr<Reservation>& found = std::prev(after)->second;
  const size_t offset = address - found->base;
  return offset <= found->size && bytes <= found->size - offset ? found : nullptr;
}

CUmemGenericAllocationHandle make_physical_handle(std::shared_ptr<PhysicalBlock> block) {
  auto object = std::make_unique<PhysicalMemory>();
  object->block = std::move(block);
  return reinterpret_cast<CUmemGenericAllocationHandle>(make_handle(std::move(object)));
}

PhysicalMemory* find_physical(CUmemGenericAllocationHandle handle) {
  return lookup<PhysicalMemory>(reinterpret_cast<const void*>(static_cast<uintptr_t>(handle)));
}

CUresult bad_physical(CUmemGenericAllocationHandle handle) {
  return fail(CUDA_ERROR_INVALID_VALUE, "the handle " + hexadecimal(handle) +
                                            " is no live one of cuMemCreate: it was released, or never was one");
}

CUresult check_location(const CUmemLocation& location) {
  switch (static_cast<int>(location.type)) {
    case CU_MEM_LOCATION_TYPE_DEVICE:
      return check_device(location.id);
    case CU_MEM_LOCATION_TYPE_HOST:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT:
      return CUDA_SUCCESS;
    default:
      return fail(CUDA_ERROR_INVALID_VALUE, "the location is neither a device nor the host");
  }
}

CUresult check_properties(const CUmemAllocationProp* properties) {
  if (properties == nullptr) return null_argument("prop");
  if (properties->type != CU_MEM_ALLOCATION_TYPE_PINNED) {
    return fail(CUDA_ERROR_INVALID_VALUE, "the type of the allocation must be CU_MEM_ALLOCATION_TYPE_PINNED");
  }
  if (properties->requestedHandleTypes != CU_MEM_HANDLE_TYPE_NONE &&
      properties->requestedHandleTypes != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) {
    return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device exports memory by file descriptors only");
  }
  return check_location(properties->location);
}

bool whole_pages(size_t number, size_t unit) { return number != 0 && number % unit == 0; }

// The mappings that make up [address, address + bytes), each whole and without gaps; empty where they do not.
std::vector<std::pair<const uintptr_t, Reservation::Mapping>*> mappings_of(Reservation& reservation, uintptr_t address,
                                                                           size_t bytes) {
  std::vector<std::pair<const uintptr_t, Reservation::Mapping>*> found;
  const uintptr_t end = address + bytes;
  uintptr_t next = address;
  for (auto at = reservation.mappings.find(address); next != end; ++at) {
    if (at == reservation.mappings.end() || at->first != next || at->second.size > end - next) return {};
    found.push_back(&*at);
    next += at->second.size;
  }
  return found;
}

// Reserved, with nothing there.
void close_addresses(uintptr_t address, size_t bytes) {
  mmap(reinterpret_cast<void*>(address), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
       0);
}

CUresult not_mapped(uintptr_t address, size_t bytes) {
  return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes from " + hexadecimal(address) +
                                            " are not made up of whole mappings of cuMemMap");
}

// What the pages may be used for, from what all places together may do.
int protection_of(const Reservation::Mapping& mapping, bool* device_may) {
  int protection = PROT_NONE;
  *device_may = false;
  for (const auto& [place, flags] : mapping.access) {
    if (flags != CU_MEM_ACCESS_FLAGS_PROT_NONE) protection |= PROT_READ;
    if (flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE) protection |= PROT_WRITE;
    if (place.first == CU_MEM_LOCATION_TYPE_DEVICE && flags != CU_MEM_ACCESS_FLAGS_PROT_NONE) *device_may = true;
  }
  return protection;
}

}  // namespace

std::shared_ptr<PhysicalBlock> PhysicalBlock::create(size_t size, const CUmemAllocationProp& properties) {
  if (!enough_memory(size)) return nullptr;
  std::shared_ptr<PhysicalBlock> block(new PhysicalBlock(size, properties));
  uintptr_t place = 0;
  if (properties.requestedHandleTypes == CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) {
    block->file_ = SharedFile::create(
        "physical:" + std::to_string(properties.location.type) + ":" + std::to_string(properties.location.id), size);
    place = block->file_ == nullptr ? 0 : block->file_->map(0, size);
  } else if ((place = reserve_addresses(size, kHugePage)) != 0) {
    void* memory = mmap(reinterpret_cast<void*>(place), size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (memory == MAP_FAILED) {
      munmap(reinterpret_cast<void*>(place), size);
      place = 0;
    } else {
      madvise(memory, size, MADV_HUGEPAGE);
    }
  }
  if (place == 0) return nullptr;
  std::memset(reinterpret_cast<void*>(place), kUnwritten, size);
  if (block->file_ != nullptr) {
    munmap(reinterpret_cast<void*>(place), size);
  } else {
    block->hidden_ = place;
  }
  return block;
}

std::shared_ptr<PhysicalBlock> PhysicalBlock::import(std::shared_ptr<SharedFile> file) {
  int type = 0;
  CUmemAllocationProp properties{};
  if (std::sscanf(file->name().c_str(), "physical:%d:%d", &type, &properties.location.id) != 2) return nullptr;
  const size_t size = file->size();
  if (!whole_pages(size, kHugePage)) return nullptr;
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  properties.location.type = static_cast<CUmemLocationType>(type);
  std::shared_ptr<PhysicalBlock> block(new PhysicalBlock(size, properties));
  block->file_ = std::move(file);
  return block;
}

PhysicalBlock::~PhysicalBlock() {
  if (hidden_ != 0) munmap(reinterpret_cast<void*>(hidden_), size_);
}

bool PhysicalBlock::map(uintptr_t address, size_t offset, size_t bytes) const {
  if (file_ != nullptr) {
    if (file_->map(offset, bytes, address) == 0) return false;
  } else {
    // With an old size of 0, mremap makes a second mapping of shared memory.
    void* mapped = mremap(reinterpret_cast<void*>(hidden_ + offset), 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
                          reinterpret_cast<void*>(address));
    if (mapped == MAP_FAILED) return false;
  }
  return mprotect(reinterpret_cast<void*>(address), bytes, PROT_NONE) == 0;
}

Reservation::~Reservation() { munmap(reinterpret_cast<void*>(base), size); }

}  // namespace cpu

using namespace cpu;
using namespace cpu::driver;

CUresult cuMemAddressReserve(CUdeviceptr* ptr, size_t size, size_t alignment, CUdeviceptr addr,
                             unsigned long long flags) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (ptr == nullptr) return null_argument("ptr");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    if (!whole_pages(size, kPage)) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "size is " + std::to_string(size) + "; multiples of " + std::to_string(kPage) + " but 0 are valid");
    }
    if (alignment != 0 && (!std::has_single_bit(alignment) || alignment < kPage)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "alignment is " + std::to_string(alignment) +
                                                "; 0 and powers of two from " + std::to_string(kPage) +
                                                " on are valid");
    }
    const uintptr_t base = reserve_addresses(size, std::max(alignment, kHugePage), addr);
    if (base == 0) {
      return fail(CUDA_ERROR_OUT_OF_MEMORY, "no address space is left for " + std::to_string(size) + " bytes");
    }
    std::lock_guard lock(virtual_memory_mutex());
    reservations().emplace(base, std::make_shared<Reservation>(base, size));
    *ptr = base;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemAddressFree(CUdeviceptr ptr, size_t size) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    std::shared_ptr<Reservation> ended;
    std::lock_guard lock(virtual_memory_mutex());
    const auto found = reservations().find(ptr);
    if (found == reservations().end() || found->second->size != size) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  std::to_string(size) + " bytes from " + hexadecimal(ptr) + " are no whole reservation");
    }
    if (!found->second->mappings.empty()) {
      return fail(CUDA_ERROR_INVALID_VALUE, "memory is mapped into the reservation; cuMemUnmap comes first");
    }
    ended = std::move(found->second);
    reservations().erase(found);
    return CUDA_SUCCESS;
  });
}

CUresult cuMemCreate(CUmemGenericAllocationHandle* handle, size_t size, const CUmemAllocationProp* prop,
                     unsigned long long flags) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (handle == nullptr) return null_argument("handle");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    if (const CUresult status = check_properties(prop); status != CUDA_SUCCESS) return status;
    if (!whole_pages(size, kHugePage)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "size is " + std::to_string(size) + "; multiples of the granularity, " +
                                                std::to_string(kHugePage) + ", but 0 are valid");
    }
    std::shared_ptr<PhysicalBlock> block = PhysicalBlock::create(size, *prop);
    if (block == nullptr) {
      return fail(CUDA_ERROR_OUT_OF_MEMORY, std::to_string(size) + " bytes were asked for; the machine has " +
                                                std::to_string(free_memory()) + " free");
    }
    *handle = make_physical_handle(std::move(block));
    return CUDA_SUCCESS;
  });
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    std::lock_guard lock(virtual_memory_mutex());
    PhysicalMemory* memory = find_physical(handle);
    if (memory == nullptr) return bad_physical(handle);
    if (--memory->references == 0) {
      release<PhysicalMemory>(reinterpret_cast<const void*>(static_cast<uintptr_t>(handle)));
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuMemRetainAllocationHandle(CUmemGenericAllocationHandle* handle, void* addr) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (handle == nullptr) return null_argument("handle");
    const auto address = reinterpret_cast<uintptr_t>(addr);
    std::lock_guard lock(virtual_memory_mutex());
    const std::shared_ptr<Reservation> reservation = find_reservation(address, 1);
    if (reservation == nullptr) return not_mapped(address, 1);
    auto after = reservation->mappings.upper_bound(address);
    if (after == reservation->mappings.begin()) return not_mapped(address, 1);
    auto& [base, mapping] = *std::prev(after);
    if (address - base >= mapping.size) return not_mapped(address, 1);
    PhysicalMemory* memory = find_physical(mapping.handle);
    if (memory != nullptr && memory->block == mapping.block) {
      ++memory->references;
    } else {
      // Its handle was released; memory that is mapped can have another.
      mapping.handle = make_physical_handle(mapping.block);
    }
    *handle = mapping.handle;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemMap(CUdeviceptr ptr, size_t size, size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long flags) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    std::lock_guard lock(virtual_memory_mutex());
    const PhysicalMemory* memory = find_physical(handle);
    if (memory == nullptr) return bad_physical(handle);
    const PhysicalBlock& block = *memory->block;
    if (!whole_pages(size, kHugePage) || offset % kHugePage != 0 || offset > block.size() ||
        size > block.size() - offset || ptr % kHugePage != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(size) + " bytes from byte " + std::to_string(offset) +
                                                " of memory of " + std::to_string(block.size()) + " bytes at " +
                                                hexadecimal(ptr) + ": all have to be multiples of the granularity, " +
                                                std::to_string(kHugePage) + ", and inside the memory");
    }
    const std::shared_ptr<Reservation> reservation = find_reservation(ptr, size);
    if (reservation == nullptr) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  std::to_string(size) + " bytes from " + hexadecimal(ptr) + " do not lie in one reservation");
    }
    const auto after = reservation->mappings.lower_bound(ptr);
    const bool next_overlaps = after != reservation->mappings.end() && after->first - ptr < size;
    const bool last_overlaps =
        after != reservation->mappings.begin() && ptr - std::prev(after)->first < std::prev(after)->second.size;
    if (next_overlaps || last_overlaps) return fail(CUDA_ERROR_INVALID_VALUE, "memory is mapped there already");
    if (!block.map(ptr, offset, size)) return fail(CUDA_ERROR_OUT_OF_MEMORY, "the system maps no more memory");
    const CUmemLocation& location = block.properties().location;
    const int device = location.type == CU_MEM_LOCATION_TYPE_DEVICE ? location.id : 0;
    if (!insert_memory({ptr, size, MemoryKind::Mapped, nullptr, device, 0, 0, nullptr, reservation, false})) {
      close_addresses(ptr, size);
      return fail(CUDA_ERROR_INVALID_VALUE, "the range overlaps memory that the program registered");
    }
    reservation->mappings.emplace(ptr, Reservation::Mapping{size, memory->block, handle, {}});
    return CUDA_SUCCESS;
  });
}

// What still runs on the memory meets none from here on, as on a GPU.
CUresult cuMemUnmap(CUdeviceptr ptr, size_t size) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    std::lock_guard lock(virtual_memory_mutex());
    const std::shared_ptr<Reservation> reservation = find_reservation(ptr, size);
    if (reservation == nullptr || size == 0) return not_mapped(ptr, size);
    const auto mapped = mappings_of(*reservation, ptr, size);
    if (mapped.empty()) return not_mapped(ptr, size);
    for (const auto* mapping : mapped) take_memory(mapping->first, MemoryKind::Mapped, MemoryKind::Mapped);
    close_addresses(ptr, size);
    for (auto at = reservation->mappings.find(ptr); at != reservation->mappings.end() && at->first - ptr < size;) {
      at = reservation->mappings.erase(at);
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuMemSetAccess(CUdeviceptr ptr, size_t size, const CUmemAccessDesc* desc, size_t count) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (desc == nullptr || count == 0) return null_argument("desc or its count");
    for (size_t i = 0; i < count; ++i) {
      if (const CUresult status = check_location(desc[i].location); status != CUDA_SUCCESS) return status;
      const int flags = desc[i].flags;
      if (flags == CU_MEM_ACCESS_FLAGS_PROT_NONE || flags == CU_MEM_ACCESS_FLAGS_PROT_READ ||
          flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE) {
        continue;
      }
      return fail(CUDA_ERROR_INVALID_VALUE, "there is no access " + std::to_string(flags));
    }
    std::lock_guard lock(virtual_memory_mutex());
    const std::shared_ptr<Reservation> reservation = find_reservation(ptr, size);
    if (reservation == nullptr || size == 0) return not_mapped(ptr, size);
    const auto mapped = mappings_of(*reservation, ptr, size);
    if (mapped.empty()) return not_mapped(ptr, size);
    for (auto* entry : mapped) {
      auto& [base, mapping] = *entry;
      for (size_t i = 0; i < count; ++i) mapping.access[{desc[i].location.type, desc[i].location.id}] = desc[i].flags;
      bool device_may = false;
      const int protection = protection_of(mapping, &device_may);
      mprotect(reinterpret_cast<void*>(base), mapping.size, protection);
      change_memory(base, mapping.size, [device_may](MemoryRange& range) { range.usable = device_may; });
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuMemGetAccess(unsigned long long* flags, const CUmemLocation* location, CUdeviceptr ptr) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (flags == nullptr || location == nullptr) return null_argument("flags or location");
    if (const CUresult status = check_location(*location); status != CUDA_SUCCESS) return status;
    std::lock_guard lock(virtual_memory_mutex());
    const std::shared_ptr<Reservation> reservation = find_reservation(ptr, 1);
    if (reservation == nullptr) return not_mapped(ptr, 1);
    auto after = reservation->mappings.upper_bound(ptr);
    if (after == reservation->mappings.begin()) return not_mapped(ptr, 1);
    const auto& [base, mapping] = *std::prev(after);
    if (ptr - base >= mapping.size) return not_mapped(ptr, 1);
    const auto access = mapping.access.find({location->type, location->id});
    *flags = access == mapping.access.end() ? CU_MEM_ACCESS_FLAGS_PROT_NONE : access->second;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemGetAllocationGranularity(size_t* granularity, const CUmemAllocationProp* prop,
                                       CUmemAllocationGranularity_flags option) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (granularity == nullptr) return null_argument("granularity");
    if (const CUresult status = check_properties(prop); status != CUDA_SUCCESS) return status;
    if (option != CU_MEM_ALLOC_GRANULARITY_MINIMUM && option != CU_MEM_ALLOC_GRANULARITY_RECOMMENDED) {
      return fail(CUDA_ERROR_INVALID_VALUE, "there is no granularity " + std::to_string(static_cast<int>(option)));
    }
    *granularity = kHugePage;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp* prop, CUmemGenericAllocationHandle handle) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (prop == nullptr) return null_argument("prop");
    const PhysicalMemory* memory = find_physical(handle);
    if (memory == nullptr) return bad_physical(handle);
    *prop = memory->block->properties();
    return CUDA_SUCCESS;
  });
}

CUresult cuMemExportToShareableHandle(void* shareableHandle, CUmemGenericAllocationHandle handle,
                                      CUmemAllocationHandleType handleType, unsigned long long flags) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (shareableHandle == nullptr) return null_argument("shareableHandle");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    const PhysicalMemory* memory = find_physical(handle);
    if (memory == nullptr) return bad_physical(handle);
    if (handleType != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR || memory->block->file() == nullptr) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "the memory was not created for this type of handle (requestedHandleTypes); the CPU device has "
                  "CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR");
    }
    return export_descriptor(*memory->block->file(), static_cast<int*>(shareableHandle));
  });
}

CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle* handle, void* osHandle,
                                        CUmemAllocationHandleType shHandleType) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (handle == nullptr) return null_argument("handle");
    std::shared_ptr<SharedFile> file;
    const CUresult status = import_descriptor(osHandle, shHandleType, &file);
    if (status != CUDA_SUCCESS) return status;
    std::shared_ptr<PhysicalBlock> block = PhysicalBlock::import(std::move(file));
    if (block == nullptr) return fail(CUDA_ERROR_INVALID_VALUE, "the file descriptor is none of memory of cuMemCreate");
    *handle = make_physical_handle(std::move(block));
    return CUDA_SUCCESS;
  });
}
