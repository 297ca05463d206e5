// What a communicator is asked to be by ncclConfig_t. Of its fields only `blocking` changes what this library does; the
// others are hints for a GPU's channels and networks, which are checked and otherwise left alone.
#pragma once

#include "generated/nccl.h"

namespace cpu::nccl {

struct Configuration {
  bool blocking = true;

  // Of a null configuration the default. Throws Failure where a field holds what NCCL refuses.
  static Configuration read(const ncclConfig_t* config);
};

// The configuration of a single collective. Throws Failure where it holds what NCCL refuses or what this library cannot
// honour.
void check_collective_configuration(const ncclCollConfig_t* config);

}  // namespace cpu::nccl
