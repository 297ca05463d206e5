// Small device allocations, cut from regions that many of them share.
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

#include "engine/region.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace cpu {
namespace {

constexpr size_t kUnit = 256;
// Freed blocks rest before they are used again, so that a stale address does not at once name other memory.
constexpr size_t kRestingBlocks = 64;
constexpr size_t kRestingBytes = size_t{4} << 20;

// Under the address sanitizer a block is followed by memory that must not be touched, and free memory is such.
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kGap = kUnit;
void forbid(uintptr_t base, size_t bytes) { ASAN_POISON_MEMORY_REGION(reinterpret_cast<void*>(base), bytes); }
void permit(uintptr_t base, size_t bytes) { ASAN_UNPOISON_MEMORY_REGION(reinterpret_cast<void*>(base), bytes); }
#else
constexpr size_t kGap = 0;
void forbid(uintptr_t, size_t) {}
void permit(uintptr_t, size_t) {}
#endif

class SmallBlocks {
 public:
  static SmallBlocks& instance() {
    // Never destroyed: operations may end while the process ends.
    static SmallBlocks& blocks = *new SmallBlocks;
    return blocks;
  }

  uintptr_t take(size_t size, std::shared_ptr<Region>* region) {
    std::lock_guard lock(mutex_);
    auto fit = by_size_.lower_bound({size, 0});
    if (fit == by_size_.end()) {
      std::shared_ptr<Region> made = Region::create(kHugePage);
      if (made == nullptr) return 0;
      const uintptr_t base = made->base();
      forbid(base, kHugePage);
      regions_.emplace(base, std::move(made));
      add_free(base, kHugePage);
      fit = by_size_.lower_bound({size, 0});
    }
    const auto [bytes, base] = *fit;
    remove_free(base, bytes);
    if (bytes != size) add_free(base + size, bytes - size);
    *region = regions_.at(region_base(base));
    return base;
  }

  void give(uintptr_t base, size_t size) {
    std::shared_ptr<Region> ended;
    std::lock_guard lock(mutex_);
    forbid(base, size);
    resting_.emplace_back(base, size);
    resting_bytes_ += size;
    if (resting_.size() <= kRestingBlocks && resting_bytes_ <= kRestingBytes) return;
    std::tie(base, size) = resting_.front();
    resting_.pop_front();
    resting_bytes_ -= size;
    // Together with its free neighbours in the same region.
    auto after = by_place_.lower_bound(base);
    if (after != by_place_.end() && after->first == base + size && region_base(after->first) == region_base(base)) {
      const size_t bytes = after->second;
      remove_free(after->first, bytes);
      size += bytes;
    }
    auto before = by_place_.lower_bound(base);
    if (before != by_place_.begin()) {
      --before;
      const auto [place, bytes] = *before;
      if (place + bytes == base && region_base(place) == region_base(base)) {
        remove_free(place, bytes);
        base = place;
        size += bytes;
      }
    }
    if (size == kHugePage && regions_.size() > 1) {
      permit(base, size);
      const auto region = regions_.find(base);
      ended = std::move(region->second);
      regions_.erase(region);
    } else {
      add_free(base, size);
    }
  }

 private:
  static uintptr_t region_base(uintptr_t address) { return address / kHugePage * kHugePage; }
  void add_free(uintptr_t base, size_t size) {
    by_place_.emplace(base, size);
    by_size_.emplace(size, base);
  }
  void remove_free(uintptr_t base, size_t size) {
    by_place_.erase(base);
    by_size_.erase({size, base});
  }

  std::mutex mutex_;
  std::deque<std::pair<uintptr_t, size_t>> resting_;
  size_t resting_bytes_ = 0;
  std::map<uintptr_t, std::shared_ptr<Region>> regions_;
  std::map<uintptr_t, size_t> by_place_;
  std::set<std::pair<size_t, uintptr_t>> by_size_;
};

class Block final : public Backing {
 public:
  Block(uintptr_t base, size_t size, std::shared_ptr<Region> region)
      : base_(base), size_(size), region_(std::move(region)) {}
  ~Block() override { SmallBlocks::instance().give(base_, size_); }
  Region* region() override { return region_.get(); }

 private:
  const uintptr_t base_;
  const size_t size_;
  const std::shared_ptr<Region> region_;
};

}  // namespace

SmallBlock take_small_block(size_t bytes) {
  const size_t size = round_up(bytes, kUnit) + kGap;
  std::shared_ptr<Region> region;
  const uintptr_t base = SmallBlocks::instance().take(size, &region);
  if (base == 0) return {};
  permit(base, bytes);
  return {base, std::make_shared<Block>(base, size, std::move(region))};
}

}  // namespace cpu
