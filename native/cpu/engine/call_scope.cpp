#include "engine/call_scope.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <vector>

namespace cpu {
namespace {

constexpr uint64_t kOutside = UINT64_MAX;

// What one thread tells the others: the era in which its running call began. Records are never freed, but used again by
// later threads.
struct ThreadRecord {
  std::atomic<uint64_t> era{kOutside};
  std::atomic<bool> owned{true};
  ThreadRecord* next = nullptr;
  // Scopes that are open; only its thread looks.
  int depth = 0;
};

// An object that was retired in an era: calls that began in this era or later cannot have found it.
struct Retired {
  uint64_t era;
  void* object;
  void (*end)(void*);
};

struct Retirement {
  std::atomic<uint64_t> era{0};
  std::atomic<ThreadRecord*> records{nullptr};
  std::atomic<size_t> waiting_count{0};
  std::mutex mutex;
  std::vector<Retired> waiting;
};

// Never destroyed: threads may still call while the process ends.
Retirement& retirement() {
  static Retirement& instance = *new Retirement;
  return instance;
}

thread_local ThreadRecord* own_record = nullptr;

// Gives the record back when the thread ends.
struct RecordReturn {
  ~RecordReturn() {
    if (own_record == nullptr) return;
    own_record->owned.store(false, std::memory_order_release);
    own_record = nullptr;
  }
};

ThreadRecord& record_of_this_thread() {
  if (own_record != nullptr) return *own_record;
  Retirement& all = retirement();
  for (ThreadRecord* record = all.records.load(); record != nullptr; record = record->next) {
    bool owned = false;
    if (record->owned.compare_exchange_strong(owned, true)) {
      own_record = record;
      break;
    }
  }
  if (own_record == nullptr) {
    own_record = new ThreadRecord;
    own_record->next = all.records.load();
    while (!all.records.compare_exchange_weak(own_record->next, own_record)) {
    }
  }
  static thread_local RecordReturn give_back;
  (void)give_back;
  return *own_record;
}

// The earliest era in which a call began that is running now, this thread's own left out where `own` is its record.
uint64_t earliest_running(const ThreadRecord* own) {
  uint64_t earliest = kOutside;
  for (ThreadRecord* record = retirement().records.load(); record != nullptr; record = record->next) {
    if (record != own) earliest = std::min(earliest, record->era.load());
  }
  return earliest;
}

void end_retired() {
  Retirement& all = retirement();
  std::vector<Retired> ready;
  {
    std::lock_guard lock(all.mutex);
    const uint64_t earliest = earliest_running(nullptr);
    const auto first =
        std::partition(all.waiting.begin(), all.waiting.end(), [&](const Retired& r) { return r.era > earliest; });
    ready.assign(first, all.waiting.end());
    all.waiting.erase(first, all.waiting.end());
    all.waiting_count.store(all.waiting.size());
  }
  for (const Retired& retired : ready) retired.end(retired.object);
}

}  // namespace

// The sequentially consistent order of "I am inside" before looking at a handle's tag here, and of clearing the tag
// before asking who is inside in retire(), leaves no gap: either the lookup fails or the object is kept.
CallScope::CallScope() {
  ThreadRecord& record = record_of_this_thread();
  if (record.depth++ == 0) record.era.store(retirement().era.load());
}

CallScope::~CallScope() {
  ThreadRecord& record = record_of_this_thread();
  if (--record.depth != 0) return;
  record.era.store(kOutside);
  if (retirement().waiting_count.load() != 0) end_retired();
}

void retire(void* object, void (*end)(void*)) {
  Retirement& all = retirement();
  const ThreadRecord& own = record_of_this_thread();
  const uint64_t era = all.era.fetch_add(1) + 1;
  if (earliest_running(&own) >= era) {
    end(object);
    return;
  }
  {
    std::lock_guard lock(all.mutex);
    all.waiting.push_back({era, object, end});
    all.waiting_count.store(all.waiting.size());
  }
  // Inside a call, the end of this very call looks again.
  if (own.depth == 0) end_retired();
}

}  // namespace cpu
