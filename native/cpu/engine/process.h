// Processes of this machine, told apart from later ones with the same number.
#pragma once

#include <cstdint>

namespace cpu {

struct ProcessIdentity {
  int32_t number = 0;
  // When it began, in the system's clock ticks since it was started itself.
  uint64_t start = 0;

  bool operator==(const ProcessIdentity&) const = default;
};

ProcessIdentity this_process();

// Whether the process is still there; one that has ended and waits for its parent is not.
bool process_runs(const ProcessIdentity& process);

}  // namespace cpu
