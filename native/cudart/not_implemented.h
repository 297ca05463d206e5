// What an exported function answers until somebody implements it.
#pragma once

#include "cudart.h"

namespace cudart {

// Leaves the function's name as the thread's error text, and cudaErrorNotSupported as its last error.
cudaError_t not_implemented_cudart(const char* symbol);

}  // namespace cudart
