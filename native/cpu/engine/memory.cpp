#include "engine/memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "engine/device.h"

namespace cpu {
namespace {

constexpr size_t kAlignment = 256;
constexpr size_t kHugePage = size_t{2} << 20;
// From this size on memory comes in whole huge pages straight from the system.
constexpr size_t kLarge = size_t{1} << 20;
// Left alone, so that the program itself does not run out when the device is full.
constexpr size_t kReserve = size_t{64} << 20;

size_t round_up(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

void* obtain(size_t bytes) {
  if (bytes < kLarge) return std::aligned_alloc(kAlignment, round_up(bytes, kAlignment));
  // Map a page too much and give back what is outside the aligned piece.
  const size_t size = round_up(bytes, kHugePage);
  void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  const auto start = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t base = round_up(start, kHugePage);
  if (base != start) munmap(mapped, base - start);
  if (base + size != start + size + kHugePage) {
    munmap(reinterpret_cast<void*>(base + size), start + kHugePage - base);
  }
  madvise(reinterpret_cast<void*>(base), size, MADV_HUGEPAGE);
  return reinterpret_cast<void*>(base);
}

void give_back(uintptr_t base, size_t bytes) {
  if (bytes < kLarge) {
    std::free(reinterpret_cast<void*>(base));
  } else {
    munmap(reinterpret_cast<void*>(base), round_up(bytes, kHugePage));
  }
}

void give_back(const MemoryRange& range) {
  if (range.kind != MemoryKind::Registered) give_back(range.base, range.size);
}

class RangeTable {
 public:
  bool insert(MemoryRange range) {
    range.id = next_id_.fetch_add(1);
    std::unique_lock lock(mutex_);
    auto next = ranges_.lower_bound(range.base);
    if (next != ranges_.end() && next->second.base - range.base < range.size) return false;
    if (next != ranges_.begin() && std::prev(next)->second.contains(range.base, 1)) return false;
    ranges_.emplace_hint(next, range.base, range);
    return true;
  }

  template <class Predicate>
  std::optional<MemoryRange> take(uintptr_t base, Predicate&& predicate) {
    std::unique_lock lock(mutex_);
    auto at = ranges_.find(base);
    if (at == ranges_.end() || !predicate(at->second)) return std::nullopt;
    const MemoryRange range = at->second;
    ranges_.erase(at);
    return range;
  }

  std::vector<MemoryRange> take_all_of(CUcontext context) {
    std::vector<MemoryRange> taken;
    std::unique_lock lock(mutex_);
    for (auto at = ranges_.begin(); at != ranges_.end();) {
      if (at->second.context != context) {
        ++at;
        continue;
      }
      taken.push_back(at->second);
      at = ranges_.erase(at);
    }
    return taken;
  }

  std::optional<MemoryRange> find(uintptr_t address) const {
    std::shared_lock lock(mutex_);
    auto after = ranges_.upper_bound(address);
    if (after == ranges_.begin()) return std::nullopt;
    const MemoryRange& range = std::prev(after)->second;
    if (!range.contains(address, 1)) return std::nullopt;
    return range;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<uintptr_t, MemoryRange> ranges_;
  std::atomic<uint64_t> next_id_{1};
};

// Never destroyed: workers may still copy while the process ends.
RangeTable& table() {
  static RangeTable& instance = *new RangeTable;
  return instance;
}

}  // namespace

uintptr_t allocate_memory(MemoryKind kind, size_t bytes, CUcontext context, int device, unsigned flags,
                          CUmemoryPool pool) {
  // The system grants more memory than it has and kills somebody later, so ask first what there is.
  const size_t free = free_memory();
  if (bytes >= kLarge && (free < kReserve || bytes > free - kReserve)) return 0;
  void* memory = obtain(bytes);
  if (memory == nullptr) return 0;
  std::memset(memory, 0xFF, bytes);
  const auto base = reinterpret_cast<uintptr_t>(memory);
  if (!table().insert({base, bytes, kind, context, device, flags, 0, pool})) {
    give_back(base, bytes);
    return 0;
  }
  return base;
}

bool free_memory_at(uintptr_t base, MemoryKind kind, MemoryKind other_kind) {
  const auto range =
      table().take(base, [&](const MemoryRange& found) { return found.kind == kind || found.kind == other_kind; });
  if (!range) return false;
  give_back(*range);
  return true;
}

void free_memory_of(CUcontext context) {
  for (const MemoryRange& range : table().take_all_of(context)) give_back(range);
}

bool register_memory(uintptr_t base, size_t bytes, CUcontext context, int device, unsigned flags) {
  return table().insert({base, bytes, MemoryKind::Registered, context, device, flags, 0, nullptr});
}

bool unregister_memory(uintptr_t base) {
  return table().take(base, [](const MemoryRange& found) { return found.kind == MemoryKind::Registered; }).has_value();
}

std::optional<MemoryRange> find_memory(uintptr_t address) { return table().find(address); }

bool is_device_accessible(uintptr_t address, size_t bytes) {
  const auto range = find_memory(address);
  return range && range->contains(address, bytes);
}

}  // namespace cpu
