#pragma once

#include <cstddef>

namespace cpu::driver {

// Blocks of so many threads and so much dynamic shared memory that run at once on one multiprocessor.
int active_blocks(int block_size, size_t shared_bytes);

}  // namespace cpu::driver
