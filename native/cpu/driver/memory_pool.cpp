// Stream-ordered allocation. Memory is there when the call returns; freeing waits for its turn in the stream.
#include "driver/memory_pool.h"

#include <unistd.h>

#include <array>
#include <cstring>
#include <tuple>

#include "driver/device.h"
#include "driver/entry.h"
#include "engine/memory.h"

namespace cpu {
namespace {

void raise(std::atomic<uint64_t>& high, uint64_t value) {
  uint64_t seen = high.load();
  while (seen < value && !high.compare_exchange_weak(seen, value)) {
  }
}

// Blocks of a pool's file are whole pages, which have 4 KiB on x86-64 and up to 64 KiB on ARM.
const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));

size_t block_size(size_t bytes) {
  // Rounded, so that blocks fit for sizes that differ a little: to 512 bytes, from 1 MiB on to 2 MiB.
  const size_t unit = bytes < (size_t{1} << 20) ? 512 : size_t{2} << 20;
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

PoolBlocks::~PoolBlocks() {
  for (const auto& [size, block] : free_blocks_) free_memory_at(block, MemoryKind::Device, MemoryKind::Device);
}

uintptr_t PoolBlocks::map_block(size_t offset, size_t bytes) {
  std::shared_ptr<FileMapping> mapping = FileMapping::create(file_, offset, bytes);
  if (mapping == nullptr) return 0;
  const uintptr_t base = mapping->base();
  MemoryRange range{base, bytes, MemoryKind::Device, nullptr, device_, 0, 0, pool_, std::move(mapping)};
  return insert_memory(std::move(range)) ? base : 0;
}

uintptr_t PoolBlocks::make_block(size_t bytes) {
  if (file_ == nullptr) return allocate_memory(MemoryKind::Device, bytes, nullptr, device_, 0, pool_);
  if (!enough_memory(bytes)) return 0;
  const size_t size = round_up(bytes, kPage);
  size_t offset = 0;
  if (const auto free = free_places_.find(size); free != free_places_.end()) {
    offset = free->second;
    free_places_.erase(free);
  } else {
    offset = file_->size();
    if (!file_->resize(offset + size)) return 0;
  }
  const uintptr_t block = map_block(offset, size);
  if (block == 0) {
    free_places_.emplace(size, offset);
    return 0;
  }
  std::memset(reinterpret_cast<void*>(block), kUnwritten, size);
  places_[block] = {offset, size};
  return block;
}

void PoolBlocks::end_block(uintptr_t block) {
  free_memory_at(block, MemoryKind::Device, MemoryKind::Device);
  const auto place = places_.find(block);
  if (place == places_.end()) return;
  const auto [offset, size] = place->second;
  file_->discard(offset, size);
  free_places_.emplace(size, offset);
  places_.erase(place);
}

bool PoolBlocks::place_of(uintptr_t block, size_t* offset, size_t* bytes) {
  std::lock_guard lock(mutex_);
  const auto place = places_.find(block);
  if (place == places_.end() || !used_blocks_.contains(block)) return false;
  std::tie(*offset, *bytes) = place->second;
  return true;
}

uintptr_t PoolBlocks::open(size_t offset, size_t bytes) {
  size_t end = 0;
  if (!imported_ || bytes == 0 || offset % kPage != 0 || bytes % kPage != 0 ||
      __builtin_add_overflow(offset, bytes, &end) || end > file_->size()) {
    return 0;
  }
  return map_block(offset, bytes);
}

uintptr_t PoolBlocks::take(size_t bytes) {
  const size_t size = block_size(bytes);
  if (size < bytes || imported_) return 0;
  std::lock_guard lock(mutex_);
  uintptr_t block = 0;
  size_t taken = size;
  // A freed block serves if not much of it is wasted.
  if (auto fit = free_blocks_.lower_bound(size); fit != free_blocks_.end() && fit->first <= size + size / 4) {
    taken = fit->first;
    block = fit->second;
    free_blocks_.erase(fit);
  } else {
    if (most_bytes_ != 0 && (size > most_bytes_ || reserved > most_bytes_ - size)) return 0;
    block = make_block(size);
    if (block == 0) return 0;
    raise(reserved_high, reserved += size);
  }
  used_blocks_.emplace(block, taken);
  raise(used_high, used += taken);
  return block;
}

void PoolBlocks::give(uintptr_t block) {
  if (imported_) {
    free_memory_at(block, MemoryKind::Device, MemoryKind::Device);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    auto found = used_blocks_.find(block);
    if (found == used_blocks_.end() || held_blocks_.contains(block)) return;
    used -= found->second;
    const auto range = find_memory(block);
    if (range && range->pool == pool_) {
      free_blocks_.emplace(found->second, block);
    } else {
      // cuMemFree ended it when the pool was destroyed already; by now the address may be anybody's.
      reserved -= found->second;
    }
    used_blocks_.erase(found);
  }
  trim(release_threshold);
}

void PoolBlocks::hold(uintptr_t block) {
  std::lock_guard lock(mutex_);
  held_blocks_.insert(block);
}

void PoolBlocks::let_go(uintptr_t block) {
  {
    std::lock_guard lock(mutex_);
    held_blocks_.erase(block);
  }
  give(block);
}

bool PoolBlocks::holds(uintptr_t block) {
  std::lock_guard lock(mutex_);
  return held_blocks_.contains(block);
}

void PoolBlocks::trim(size_t bytes_to_keep) {
  std::lock_guard lock(mutex_);
  while (!free_blocks_.empty() && reserved > bytes_to_keep) {
    auto largest = std::prev(free_blocks_.end());
    end_block(largest->second);
    reserved -= largest->first;
    free_blocks_.erase(largest);
  }
}

namespace driver {
namespace {

// The pool each device starts with and the one it uses now.
struct DevicePools {
  std::mutex mutex;
  CUmemoryPool default_pool = nullptr;
  CUmemoryPool current = nullptr;
  // The default pool stays for good, and a leak checker does not look into the table of handles.
  const MemoryPool* kept = nullptr;
};

DevicePools& device_pools(CUdevice device) {
  static std::array<DevicePools, 16>& pools = *new std::array<DevicePools, 16>;
  return pools[static_cast<size_t>(device)];
}

template <class F>
CUresult ask_device_pool(const char* function, CUdevice device, const void* answer, F&& body) {
  return initialized(function, [&] {
    if (answer == nullptr) return null_argument("pool");
    const CUresult status = check_device(device);
    return status != CUDA_SUCCESS ? status : body();
  });
}

CUresult allocate_for_graph(MemoryPool& pool, CUDA_MEM_ALLOC_NODE_PARAMS* parameters,
                            std::shared_ptr<const NodeWork>* work) {
  const uintptr_t block = pool.blocks->take(parameters->bytesize);
  if (block == 0) {
    return fail(CUDA_ERROR_OUT_OF_MEMORY,
                std::to_string(parameters->bytesize) + " bytes were asked for and are not there");
  }
  pool.blocks->hold(block);
  parameters->dptr = block;
  *work = std::make_shared<AllocationWork>(pool.blocks, pool.device, *parameters);
  return CUDA_SUCCESS;
}

CUresult check_properties(const CUmemPoolProps& properties) {
  if (properties.allocType != CU_MEM_ALLOCATION_TYPE_PINNED) {
    return fail(CUDA_ERROR_INVALID_VALUE, "allocType must be CU_MEM_ALLOCATION_TYPE_PINNED");
  }
  if (properties.location.type != CU_MEM_LOCATION_TYPE_DEVICE) {
    return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device has pools of device memory only");
  }
  if (properties.handleTypes != CU_MEM_HANDLE_TYPE_NONE &&
      properties.handleTypes != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) {
    return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device exports pools by file descriptors only");
  }
  return check_device(properties.location.id);
}

CUresult allocate_from(const char* function, CUdeviceptr* address, size_t bytes, CUmemoryPool handle, CUstream stream) {
  return in_stream(function, stream, [&](Context& context, Stream& stream) {
    if (address == nullptr) return null_argument("dptr");
    if (bytes == 0) return fail(CUDA_ERROR_INVALID_VALUE, "0 bytes were asked for");
    if (handle == nullptr) handle = pool_of(context.device(), false);
    MemoryPool* pool = lookup<MemoryPool>(handle);
    if (pool == nullptr) return bad_handle("memory pool", handle);
    if (stream.capturing()) {
      CUDA_MEM_ALLOC_NODE_PARAMS parameters{};
      parameters.poolProps.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
      parameters.poolProps.location = {CU_MEM_LOCATION_TYPE_DEVICE, {pool->device}};
      parameters.bytesize = bytes;
      std::shared_ptr<const NodeWork> work;
      const CUresult status = allocate_for_graph(*pool, &parameters, &work);
      if (status != CUDA_SUCCESS) return status;
      stream.capture_work(std::move(work));
      *address = parameters.dptr;
      return CUDA_SUCCESS;
    }
    if (pool->blocks->imported()) {
      return fail(CUDA_ERROR_NOT_PERMITTED, "the pool is another process's, which alone can take memory from it");
    }
    const uintptr_t block = pool->blocks->take(bytes);
    if (block == 0) {
      return fail(CUDA_ERROR_OUT_OF_MEMORY, std::to_string(bytes) + " bytes were asked for and are not there");
    }
    *address = block;
    return CUDA_SUCCESS;
  });
}

// A free that waits for its turn in a stream. A context that fails drops its operations, but the pool is not the
// context's: the block goes back all the same. Not so where the stream refused the operation.
class PendingFree {
 public:
  PendingFree(std::shared_ptr<PoolBlocks> blocks, uintptr_t block) : blocks_(std::move(blocks)), block_(block) {}
  PendingFree(const PendingFree&) = delete;
  PendingFree& operator=(const PendingFree&) = delete;
  ~PendingFree() {
    if (accepted_ && !given_) blocks_->give(block_);
  }

  void accept() { accepted_ = true; }
  void give() {
    given_ = true;
    blocks_->give(block_);
  }

 private:
  const std::shared_ptr<PoolBlocks> blocks_;
  const uintptr_t block_;
  // Written by the calling thread and by the stream's worker, read by the last one of the two.
  bool accepted_ = false;
  bool given_ = false;
};

CUresult unknown_attribute(CUmemPool_attribute attribute) {
  return fail(CUDA_ERROR_INVALID_VALUE,
              "memory pool attribute " + std::to_string(static_cast<int>(attribute)) + " is unknown or cannot be set");
}

}  // namespace

GraphMemory& graph_memory(int device) {
  static std::array<GraphMemory, 16>& memory = *new std::array<GraphMemory, 16>;
  return memory[static_cast<size_t>(device)];
}

AllocationWork::AllocationWork(std::shared_ptr<PoolBlocks> blocks, int device,
                               const CUDA_MEM_ALLOC_NODE_PARAMS& parameters)
    : blocks_(std::move(blocks)), device_(device), parameters_(parameters) {
  GraphMemory& memory = graph_memory(device_);
  raise(memory.high, memory.current += parameters_.bytesize);
}

AllocationWork::~AllocationWork() {
  graph_memory(device_).current -= parameters_.bytesize;
  blocks_->let_go(parameters_.dptr);
}

CUmemoryPool create_pool(CUdevice device, bool default_pool, size_t most_bytes, std::shared_ptr<SharedFile> file,
                         bool imported) {
  auto object = std::make_unique<MemoryPool>();
  MemoryPool* pool = object.get();
  pool->device = device;
  pool->default_pool = default_pool;
  const auto handle = static_cast<CUmemoryPool>(make_handle(std::move(object)));
  pool->blocks = std::make_shared<PoolBlocks>(device, handle, most_bytes, std::move(file), imported);
  return handle;
}

CUmemoryPool pool_of(CUdevice device, bool default_pool) {
  DevicePools& pools = device_pools(device);
  std::lock_guard lock(pools.mutex);
  if (pools.default_pool == nullptr) {
    pools.current = pools.default_pool = create_pool(device, true, 0, nullptr, false);
    pools.kept = lookup<MemoryPool>(pools.default_pool);
  }
  if (default_pool) return pools.default_pool;
  if (lookup<MemoryPool>(pools.current) == nullptr) pools.current = pools.default_pool;
  return pools.current;
}

bool give_to_pool(const MemoryRange& range) {
  MemoryPool* pool = lookup<MemoryPool>(range.pool);
  if (pool == nullptr) return false;
  pool->blocks->give(range.base);
  return true;
}

CUresult make_allocation_work(CUDA_MEM_ALLOC_NODE_PARAMS* parameters, std::shared_ptr<const NodeWork>* work) {
  if (const CUresult status = check_properties(parameters->poolProps); status != CUDA_SUCCESS) return status;
  if (parameters->bytesize == 0) return fail(CUDA_ERROR_INVALID_VALUE, "0 bytes were asked for");
  MemoryPool* pool = lookup<MemoryPool>(pool_of(parameters->poolProps.location.id, true));
  return allocate_for_graph(*pool, parameters, work);
}

CUresult make_free_work(CUdeviceptr address, std::shared_ptr<const NodeWork>* work) {
  const auto range = find_memory(address);
  const MemoryPool* pool = range && range->base == address ? lookup<MemoryPool>(range->pool) : nullptr;
  if (pool == nullptr || !pool->blocks->holds(address)) {
    return fail(
        CUDA_ERROR_INVALID_VALUE,
        hexadecimal(address) + " is not the start of memory of an allocation node, which alone a graph can free");
  }
  *work = std::make_shared<FreeWork>(address);
  return CUDA_SUCCESS;
}

}  // namespace driver
}  // namespace cpu

using namespace cpu;
using namespace cpu::driver;

CUresult cuMemAllocAsync(CUdeviceptr* dptr, size_t bytesize, CUstream hStream) {
  CPU_COUNT_CALL();
  return allocate_from(__func__, dptr, bytesize, nullptr, hStream);
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr* dptr, size_t bytesize, CUmemoryPool pool, CUstream hStream) {
  CPU_COUNT_CALL();
  if (pool == nullptr) {
    set_function(__func__);
    return bad_handle("memory pool", pool);
  }
  return allocate_from(__func__, dptr, bytesize, pool, hStream);
}

// Memory of cuMemAlloc may be freed here too, as CUDA has it.
CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream) {
  CPU_COUNT_CALL();
  return in_stream(__func__, hStream, [&](Context&, Stream& stream) {
    if (dptr == 0) return CUDA_SUCCESS;
    const auto range = find_memory(dptr);
    if (!range || range->base != dptr || !range->on_device() || range->kind == MemoryKind::Mapped) {
      return fail(CUDA_ERROR_INVALID_VALUE, hexadecimal(dptr) + " is not the start of live device memory");
    }
    MemoryPool* pool = lookup<MemoryPool>(range->pool);
    if (stream.capturing()) {
      std::shared_ptr<const NodeWork> work;
      const CUresult status = make_free_work(dptr, &work);
      if (status == CUDA_SUCCESS) stream.capture_work(std::move(work));
      return status;
    }
    if (pool == nullptr) {
      stream.enqueue([dptr] { free_memory_at(dptr, MemoryKind::Device, MemoryKind::Managed); });
    } else {
      const auto pending = std::make_shared<PendingFree>(pool->blocks, dptr);
      stream.enqueue([pending] { pending->give(); });
      pending->accept();
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool_out, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device_pool(__func__, dev, pool_out, [&] {
    *pool_out = pool_of(dev, true);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetMemPool(CUmemoryPool* pool, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device_pool(__func__, dev, pool, [&] {
    *pool = pool_of(dev, false);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceSetMemPool(CUdevice dev, CUmemoryPool pool) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, pool, [&](MemoryPool& object) {
    if (const CUresult status = check_device(dev); status != CUDA_SUCCESS) return status;
    if (object.device != dev) return fail(CUDA_ERROR_INVALID_VALUE, "the pool belongs to another device");
    pool_of(dev, true);
    DevicePools& pools = device_pools(dev);
    std::lock_guard lock(pools.mutex);
    pools.current = pool;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolCreate(CUmemoryPool* pool, const CUmemPoolProps* poolProps) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (pool == nullptr || poolProps == nullptr) return null_argument("pool or poolProps");
    if (const CUresult status = check_properties(*poolProps); status != CUDA_SUCCESS) return status;
    std::shared_ptr<SharedFile> file;
    if (poolProps->handleTypes == CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) {
      file = SharedFile::create("pool:" + std::to_string(poolProps->location.id), 0);
      if (file == nullptr) return fail(CUDA_ERROR_OUT_OF_MEMORY, "no file descriptor is left for another pool");
    }
    *pool = create_pool(poolProps->location.id, false, poolProps->maxSize, std::move(file), false);
    return CUDA_SUCCESS;
  });
}

// Blocks in use stay usable until they are freed.
CUresult cuMemPoolDestroy(CUmemoryPool pool) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, pool, [&](MemoryPool& object) {
    if (object.default_pool) return fail(CUDA_ERROR_INVALID_VALUE, "a device's default pool cannot be destroyed");
    object.blocks->trim(0);
    return release<MemoryPool>(pool) ? CUDA_SUCCESS : bad_handle("memory pool", pool);
  });
}

CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t minBytesToKeep) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, pool, [&](MemoryPool& object) {
    object.blocks->trim(minBytesToKeep);
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, pool, [&](MemoryPool& object) {
    if (value == nullptr) return null_argument("value");
    const PoolBlocks& blocks = *object.blocks;
    const auto number = [value](uint64_t answer) {
      *static_cast<cuuint64_t*>(value) = answer;
      return CUDA_SUCCESS;
    };
    const auto flag = [value](int answer) {
      *static_cast<int*>(value) = answer;
      return CUDA_SUCCESS;
    };
    switch (static_cast<int>(attr)) {
      case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
        return flag(blocks.reuse_follow_event_dependencies);
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
        return flag(blocks.reuse_allow_opportunistic);
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
        return flag(blocks.reuse_allow_internal_dependencies);
      case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
        return number(blocks.release_threshold);
      case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT:
        return number(blocks.reserved);
      case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
        return number(blocks.reserved_high);
      case CU_MEMPOOL_ATTR_USED_MEM_CURRENT:
        return number(blocks.used);
      case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
        return number(blocks.used_high);
      case CU_MEMPOOL_ATTR_ALLOCATION_TYPE:
        return flag(CU_MEM_ALLOCATION_TYPE_PINNED);
      case CU_MEMPOOL_ATTR_EXPORT_HANDLE_TYPES:
        return flag(blocks.file() != nullptr && !blocks.imported() ? CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR
                                                                   : CU_MEM_HANDLE_TYPE_NONE);
      case CU_MEMPOOL_ATTR_LOCATION_ID:
        return flag(object.device);
      case CU_MEMPOOL_ATTR_LOCATION_TYPE:
        return flag(CU_MEM_LOCATION_TYPE_DEVICE);
      case CU_MEMPOOL_ATTR_MAX_POOL_SIZE:
        return number(blocks.most_bytes());
      case CU_MEMPOOL_ATTR_HW_DECOMPRESS_ENABLED:
        return flag(0);
      default:
        return unknown_attribute(attr);
    }
  });
}

CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value) {
  CPU_COUNT_CALL();
  return ask_pool(__func__, pool, [&](MemoryPool& object) {
    if (value == nullptr) return null_argument("value");
    PoolBlocks& blocks = *object.blocks;
    const auto flag = [&](std::atomic<int>& place) {
      place = *static_cast<const int*>(value) != 0;
      return CUDA_SUCCESS;
    };
    // A high-water mark can only be put back to what is in use now.
    const auto reset = [&](std::atomic<uint64_t>& high, uint64_t current) {
      if (*static_cast<const cuuint64_t*>(value) != 0)
        return fail(CUDA_ERROR_INVALID_VALUE, "a high mark can be set to 0 only");
      high = current;
      return CUDA_SUCCESS;
    };
    switch (static_cast<int>(attr)) {
      case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
        return flag(blocks.reuse_follow_event_dependencies);
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
        return flag(blocks.reuse_allow_opportunistic);
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
        return flag(blocks.reuse_allow_internal_dependencies);
      case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
        blocks.release_threshold = *static_cast<const cuuint64_t*>(value);
        return CUDA_SUCCESS;
      case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
        return reset(blocks.reserved_high, blocks.reserved);
      case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
        return reset(blocks.used_high, blocks.used);
      default:
        return unknown_attribute(attr);
    }
  });
}
