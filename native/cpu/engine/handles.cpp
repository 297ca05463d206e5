#include "engine/handles.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>

namespace cpu {

struct HandleTable::Bookkeeping {
  std::mutex mutex;
  std::deque<HandleSlot*> released;
  size_t used = 1;  // slot 0 stays empty
};

namespace {

// Released slots rest until so many wait: a stale handle would otherwise soon name somebody else's object.
constexpr size_t kRestingSlots = 65536;

}  // namespace

HandleTable::HandleTable() : bookkeeping_(new Bookkeeping) {
  void* region = mmap(nullptr, kSlots * sizeof(HandleSlot), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) {
    std::fputs("CPU device: cannot reserve 1 GiB of address space for handles; raise the limit (ulimit -v)\n", stderr);
    std::abort();
  }
  slots_ = static_cast<HandleSlot*>(region);
}

HandleTable& HandleTable::instance() {
  // Never destroyed: workers and other libraries' destructors may still look handles up while the process ends.
  static HandleTable* const table = new HandleTable;
  return *table;
}

HandleSlot* HandleTable::acquire(HandleTag tag, void* object) {
  HandleSlot* slot;
  {
    std::lock_guard lock(bookkeeping_->mutex);
    if (bookkeeping_->released.size() > kRestingSlots || bookkeeping_->used == kSlots) {
      slot = bookkeeping_->released.front();
      bookkeeping_->released.pop_front();
    } else {
      slot = slots_ + bookkeeping_->used++;
    }
  }
  slot->object.store(object, std::memory_order_release);
  slot->tag.store(tag);
  return slot;
}

void* HandleTable::release(HandleSlot* slot, HandleTag tag) {
  HandleTag expected = tag;
  if (!slot->tag.compare_exchange_strong(expected, HandleTag::none)) return nullptr;
  void* object = slot->object.load(std::memory_order_acquire);
  std::lock_guard lock(bookkeeping_->mutex);
  bookkeeping_->released.push_back(slot);
  return object;
}

}  // namespace cpu
