// Device code that a compiler's host code registers before main: functions and variables by the addresses of their
// shadows on the host.
#pragma once

#include "runtime.h"

namespace cudart {

// The kernel a pointer means: the host's shadow of a registered one, or a cudaKernel_t or cudaFunction_t itself, cast.
// cudaErrorInvalidDeviceFunction where it is none; the driver's error where its code cannot be loaded.
cudaError_t find_function(const void* function, CUfunction* result);

// The same as a kernel, which belongs to no context.
cudaError_t find_kernel(const void* function, CUkernel* result);

// What a program called the function that the driver calls so: its shadow, or the handle where it has none.
const void* host_function(CUfunction function, CUkernel kernel);

// The place and the bytes of a registered variable, either may be null; cudaErrorInvalidSymbol where it is none.
cudaError_t find_variable(const void* symbol, void** place, size_t* size);

}  // namespace cudart
