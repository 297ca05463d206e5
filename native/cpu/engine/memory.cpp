#include "engine/memory.h"

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "engine/device.h"

namespace cpu {
namespace {

// Left alone, so that the program itself does not run out when the device is full.
constexpr size_t kReserve = size_t{64} << 20;

class RangeTable {
 public:
  bool insert(MemoryRange range) {
    range.id = next_id_.fetch_add(1);
    if (range.size > UINTPTR_MAX - range.base) return false;
    std::unique_lock lock(mutex_);
    auto next = ranges_.lower_bound(range.base);
    if (next != ranges_.end() && next->second.base - range.base < range.size) return false;
    if (next != ranges_.begin() && std::prev(next)->second.contains(range.base, 1)) return false;
    const uintptr_t base = range.base;
    ranges_.emplace_hint(next, base, std::move(range));
    return true;
  }

  template <class Predicate>
  std::optional<MemoryRange> take(uintptr_t base, Predicate&& predicate) {
    std::unique_lock lock(mutex_);
    auto at = ranges_.find(base);
    if (at == ranges_.end() || !predicate(at->second)) return std::nullopt;
    std::optional<MemoryRange> range = std::move(at->second);
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
      taken.push_back(std::move(at->second));
      at = ranges_.erase(at);
    }
    return taken;
  }

  template <class Change>
  void change(uintptr_t from, size_t bytes, Change&& change) {
    std::unique_lock lock(mutex_);
    for (auto at = ranges_.lower_bound(from); at != ranges_.end() && at->first - from < bytes; ++at) change(at->second);
  }

  // Neighbours count together where the same owner is behind them.
  std::optional<MemoryRange> find_usable(uintptr_t address, size_t bytes) const {
    std::shared_lock lock(mutex_);
    auto after = ranges_.upper_bound(address);
    if (after == ranges_.begin()) return std::nullopt;
    const MemoryRange& range = std::prev(after)->second;
    if (!range.contains(address, 1) || !range.usable) return std::nullopt;
    uintptr_t end = range.base + range.size;
    for (; end - address < bytes; ++after) {
      const bool goes_on = after != ranges_.end() && after->first == end && range.backing != nullptr &&
                           after->second.backing == range.backing && after->second.usable;
      if (!goes_on) return std::nullopt;
      end += after->second.size;
    }
    return range;
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

bool enough_memory(size_t bytes) {
  // The system grants more memory than it has and kills somebody later, so ask first what there is.
  if (bytes < kLarge) return true;
  const size_t free = free_memory();
  return free >= kReserve && bytes <= free - kReserve;
}

uintptr_t allocate_memory(MemoryKind kind, size_t bytes, CUcontext context, int device, unsigned flags,
                          CUmemoryPool pool) {
  if (!enough_memory(bytes)) return 0;
  SmallBlock block;
  if (bytes < kLarge) {
    block = kind == MemoryKind::Device ? take_small_block(bytes) : take_host_block(bytes);
  } else if (std::shared_ptr<Region> region = Region::create(bytes)) {
    block.base = region->base();
    block.backing = std::move(region);
  }
  if (block.base == 0) return 0;
  std::memset(reinterpret_cast<void*>(block.base), kUnwritten, bytes);
  MemoryRange range{block.base, bytes, kind, context, device, flags, 0, pool, std::move(block.backing)};
  return insert_memory(std::move(range)) ? block.base : 0;
}

bool insert_memory(MemoryRange range) { return table().insert(std::move(range)); }

std::optional<MemoryRange> take_memory(uintptr_t base, MemoryKind kind, MemoryKind other_kind) {
  return table().take(base, [&](const MemoryRange& found) { return found.kind == kind || found.kind == other_kind; });
}

bool free_memory_at(uintptr_t base, MemoryKind kind, MemoryKind other_kind) {
  return take_memory(base, kind, other_kind).has_value();
}

void change_memory(uintptr_t from, size_t bytes, const std::function<void(MemoryRange&)>& change) {
  table().change(from, bytes, change);
}

void free_memory_of(CUcontext context) { table().take_all_of(context); }

bool register_memory(uintptr_t base, size_t bytes, CUcontext context, int device, unsigned flags) {
  return insert_memory({base, bytes, MemoryKind::Registered, context, device, flags, 0, nullptr, nullptr});
}

bool unregister_memory(uintptr_t base) {
  return table().take(base, [](const MemoryRange& found) { return found.kind == MemoryKind::Registered; }).has_value();
}

std::optional<MemoryRange> find_memory(uintptr_t address) { return table().find(address); }

std::optional<MemoryRange> find_usable_memory(uintptr_t address, size_t bytes) {
  return table().find_usable(address, bytes);
}

bool is_device_accessible(uintptr_t address, size_t bytes) { return find_usable_memory(address, bytes).has_value(); }

}  // namespace cpu
