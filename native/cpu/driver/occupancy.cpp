// Occupancy as of a device with these attributes. Kernels compiled for the processor use no registers and no static
// shared memory, so threads, blocks and dynamic shared memory decide.
#include "driver/occupancy.h"

#include <algorithm>

#include "driver/device.h"
#include "driver/entry.h"
#include "driver/module.h"
#include "engine/device.h"

namespace cpu::driver {

int active_blocks(int block_size, size_t shared_bytes) {
  const int warps = (block_size + kWarpSize - 1) / kWarpSize;
  int blocks = std::min(kBlocksPerMultiprocessor, kThreadsPerMultiprocessor / (warps * kWarpSize));
  if (shared_bytes != 0) {
    // 1 KiB a block is the system's.
    blocks = static_cast<int>(std::min<size_t>(blocks, kSharedBytesPerMultiprocessor / (shared_bytes + 1024)));
  }
  return blocks;
}

}  // namespace cpu::driver

using namespace cpu;
using namespace cpu::driver;

namespace {

CUresult check_function(CUfunction handle) {
  const bool known = lookup<Function>(handle) != nullptr || lookup<LibraryKernel>(handle) != nullptr;
  return known ? CUDA_SUCCESS : bad_handle("function", handle);
}

CUresult check_flags(const char* name, unsigned flags) {
  set_function(name);
  if (flags == CU_OCCUPANCY_DEFAULT || flags == CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE,
              "flags is " + std::to_string(flags) +
                  "; CU_OCCUPANCY_DEFAULT (0) and CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE (1) are valid");
}

CUresult count_blocks(const char* name, int* blocks, CUfunction function, int block_size, size_t shared_bytes) {
  return in_context(name, [&](Context&) {
    if (blocks == nullptr) return null_argument("numBlocks");
    if (const CUresult status = check_function(function); status != CUDA_SUCCESS) return status;
    if (block_size <= 0) {
      return fail(CUDA_ERROR_INVALID_VALUE, "blockSize is " + std::to_string(block_size) + ", less than 1");
    }
    const bool fits = block_size <= kMaxThreadsPerBlock && shared_bytes <= size_t{kMaxSharedBytesPerBlockOptIn};
    *blocks = fits ? active_blocks(block_size, shared_bytes) : 0;
    return CUDA_SUCCESS;
  });
}

CUresult best_block(const char* name, int* grid, int* block, CUfunction function, CUoccupancyB2DSize shared_bytes_of,
                    size_t shared_bytes, int limit) {
  return in_context(name, [&](Context&) {
    if (grid == nullptr || block == nullptr) return null_argument("minGridSize or blockSize");
    if (const CUresult status = check_function(function); status != CUDA_SUCCESS) return status;
    if (limit <= 0 || limit > kMaxThreadsPerBlock) limit = kMaxThreadsPerBlock;
    int best_threads = 0;
    for (int size = limit; size > 0; size -= size % kWarpSize == 0 ? kWarpSize : size % kWarpSize) {
      const size_t bytes = shared_bytes_of != nullptr ? shared_bytes_of(size) : shared_bytes;
      if (bytes > size_t{kMaxSharedBytesPerBlockOptIn}) continue;
      const int blocks = active_blocks(size, bytes);
      if (blocks * size <= best_threads) continue;
      best_threads = blocks * size;
      *block = size;
      *grid = blocks * processor_count();
    }
    if (best_threads != 0) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_INVALID_VALUE, "no block size has enough shared memory");
  });
}

}  // namespace

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* numBlocks, CUfunction func, int blockSize,
                                                     size_t dynamicSMemSize) {
  CPU_COUNT_CALL();
  return count_blocks(__func__, numBlocks, func, blockSize, dynamicSMemSize);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* numBlocks, CUfunction func, int blockSize,
                                                              size_t dynamicSMemSize, unsigned int flags) {
  CPU_COUNT_CALL();
  if (const CUresult status = check_flags(__func__, flags); status != CUDA_SUCCESS) return status;
  return count_blocks(__func__, numBlocks, func, blockSize, dynamicSMemSize);
}

CUresult cuOccupancyMaxPotentialBlockSize(int* minGridSize, int* blockSize, CUfunction func,
                                          CUoccupancyB2DSize blockSizeToDynamicSMemSize, size_t dynamicSMemSize,
                                          int blockSizeLimit) {
  CPU_COUNT_CALL();
  return best_block(__func__, minGridSize, blockSize, func, blockSizeToDynamicSMemSize, dynamicSMemSize,
                    blockSizeLimit);
}

CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(int* minGridSize, int* blockSize, CUfunction func,
                                                   CUoccupancyB2DSize blockSizeToDynamicSMemSize,
                                                   size_t dynamicSMemSize, int blockSizeLimit, unsigned int flags) {
  CPU_COUNT_CALL();
  if (const CUresult status = check_flags(__func__, flags); status != CUDA_SUCCESS) return status;
  return best_block(__func__, minGridSize, blockSize, func, blockSizeToDynamicSMemSize, dynamicSMemSize,
                    blockSizeLimit);
}

CUresult cuOccupancyAvailableDynamicSMemPerBlock(size_t* dynamicSmemSize, CUfunction func, int numBlocks,
                                                 int blockSize) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (dynamicSmemSize == nullptr) return null_argument("dynamicSmemSize");
    if (const CUresult status = check_function(func); status != CUDA_SUCCESS) return status;
    if (numBlocks <= 0 || blockSize <= 0 || blockSize > kMaxThreadsPerBlock ||
        numBlocks > active_blocks(blockSize, 0)) {
      return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(numBlocks) + " blocks of " + std::to_string(blockSize) +
                                                " threads do not run at once on one multiprocessor");
    }
    const int share = kSharedBytesPerMultiprocessor / numBlocks - 1024;
    *dynamicSmemSize = static_cast<size_t>(std::clamp(share, 0, kMaxSharedBytesPerBlockOptIn));
    return CUDA_SUCCESS;
  });
}
