// Our own kernels on the CPU device. A module is found by its PTX text, byte for byte the one that was compiled from
// the same .cu file, and a kernel in it by name; what runs is that file compiled for this processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cpu {

// Blocks and threads of a launch, x first, and its dynamic shared memory in bytes.
struct LaunchShape {
  uint32_t grid[3];
  uint32_t block[3];
  uint32_t shared_bytes;
};

// A kernel parameter: its size and its offset in a packed argument buffer, in bytes.
struct ParameterInfo {
  size_t size;
  size_t offset;
};

struct Kernel {
  std::string_view name;
  size_t parameter_count;
  const ParameterInfo* parameters;
  // Runs the whole launch on the OpenMP pool and returns when it is done: kNoFault, or the address at which the kernel
  // met no memory. `arguments` holds a pointer to each argument.
  uintptr_t (*run)(const LaunchShape& shape, void* const* arguments);
};

struct KernelModule {
  std::string_view name;
  std::string_view ptx;
  const Kernel* kernels;
  size_t kernel_count;

  // The kernel called `kernel_name`, or null.
  const Kernel* find(std::string_view kernel_name) const;
};

// The module whose PTX text is `ptx` (without the terminating zero), or null where it is none of ours.
const KernelModule* find_kernel_module(std::string_view ptx);

}  // namespace cpu
