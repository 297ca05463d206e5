// How often each function of the driver and of cuBLAS was called, for tests that count allocations, copies,
// synchronisations and launches.
#pragma once

#include <atomic>
#include <cstdint>

namespace cpu {

// One function's counter. Exists once a function, as a static of it, and enters itself into the list of all counters.
class CallCounter {
 public:
  explicit CallCounter(const char* symbol);
  void count() { calls_.fetch_add(1, std::memory_order_relaxed); }

 private:
  friend struct CallCounters;
  const char* const symbol_;
  std::atomic<uint64_t> calls_{0};
  CallCounter* next_;
};

}  // namespace cpu

// At the start of an exported function. A per-thread variant (_ptds, _ptsz) counts as its plain function.
#define CPU_COUNT_CALL()                         \
  do {                                           \
    static ::cpu::CallCounter counter(__func__); \
    counter.count();                             \
  } while (false)
