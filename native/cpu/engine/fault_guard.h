// Addresses that programs hand to the device may be wrong. What a GPU answers with an error of the context would end
// this process; a guarded loop ends instead, and its operation fails.
#pragma once

#include <setjmp.h>

#include <cstdint>

namespace cpu {

constexpr uintptr_t kNoFault = UINTPTR_MAX;

// What run_guarded() sets up for its thread.
class FaultGuard {
 public:
  FaultGuard();
  ~FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;

  sigjmp_buf buffer;
  volatile uintptr_t address = kNoFault;

 private:
  FaultGuard* const outer_;
};

// Runs `body` and returns kNoFault, or the address where it met memory that is not there. For loops over plain memory
// alone: a body that faults is left where it stands, so nothing in it may own anything or hold a lock.
template <class F>
uintptr_t run_guarded(F&& body) {
  FaultGuard guard;
  if (sigsetjmp(guard.buffer, 0) != 0) return guard.address;
  body();
  return kNoFault;
}

// Lets guards see faults, from the first call on. Faults outside of guards go to whoever took the signals before.
void catch_faults();

// While memory is moved to another place behind its addresses, where it can only be read: whoever writes to it waits
// for the end. One at a time.
class MemoryMove {
 public:
  MemoryMove();
  ~MemoryMove();
  MemoryMove(const MemoryMove&) = delete;
  MemoryMove& operator=(const MemoryMove&) = delete;
};

}  // namespace cpu
