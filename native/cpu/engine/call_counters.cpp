#include "engine/call_counters.h"

#include <cstring>

namespace cpu {

struct CallCounters {
  static inline std::atomic<CallCounter*> first{nullptr};

  static uint64_t calls(const char* symbol) {
    for (CallCounter* counter = first.load(std::memory_order_acquire); counter != nullptr; counter = counter->next_) {
      if (std::strcmp(counter->symbol_, symbol) == 0) return counter->calls_.load(std::memory_order_relaxed);
    }
    return 0;
  }

  static void reset() {
    for (CallCounter* counter = first.load(std::memory_order_acquire); counter != nullptr; counter = counter->next_) {
      counter->calls_.store(0, std::memory_order_relaxed);
    }
  }
};

CallCounter::CallCounter(const char* symbol) : symbol_(symbol), next_(CallCounters::first.load()) {
  while (!CallCounters::first.compare_exchange_weak(next_, this)) {
  }
}

}  // namespace cpu

// Calls of the function since the start or the last reset, all threads together; 0 for a name never called.
extern "C" __attribute__((visibility("default"))) uint64_t cudnnnetCpuCallCount(const char* symbol) {
  return symbol == nullptr ? 0 : cpu::CallCounters::calls(symbol);
}

extern "C" __attribute__((visibility("default"))) void cudnnnetCpuResetCallCounts() { cpu::CallCounters::reset(); }
