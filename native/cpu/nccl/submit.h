// From calls to operations in streams.
#pragma once

#include <vector>

#include "nccl/operation.h"

namespace cpu::nccl {

// Enqueues the calls of one group, or a single one. Throws Failure where they would wait for each other for ever.
void submit(std::vector<Call> calls);

}  // namespace cpu::nccl
