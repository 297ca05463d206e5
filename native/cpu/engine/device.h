// What the machine is: the facts behind the device's attributes.
#pragma once

#include <cstddef>
#include <string>

namespace cpu {

// How many devices this processor poses as: 1, or what the environment variable CUDNNNET_CPU_DEVICES says (1 to 16),
// for programs that work on several. All of them share the processor and its memory.
int device_count();

// "CudnnNet CPU device (<processor>)", and where the processor does not multiply bfloat16
// "CudnnNet CPU device (<processor>; converts bfloat16)".
const std::string& device_name();

// What a file like /proc/cpuinfo says of the processor: its model, or on ARM, which has none there, the numbers of its
// maker and its part.
std::string processor_name(const char* path);

// Processors this process may run on.
int processor_count();

// The processor's highest clock in kHz as the system tells it, 0 where it does not.
int clock_kilohertz();

// The largest cache in bytes, 0 where unknown.
int last_level_cache_bytes();

// Memory of the machine or of the process's control group, whichever is less, in bytes.
size_t total_memory();
size_t free_memory();

}  // namespace cpu
