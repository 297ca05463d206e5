// Launches, the attributes of functions, and how many blocks run at once.
#include <cstring>

#include "registration.h"

using namespace cudart;

namespace {

int attribute(CUdevice_attribute which) {
  CUdevice device;
  int value = 0;
  if (cuCtxGetDevice(&device) == CUDA_SUCCESS) cuDeviceGetAttribute(&value, which, device);
  return value;
}

// A grid or block that no device of this kind has is an error of its own.
cudaError_t check_configuration(const dim3& grid, const dim3& block, size_t shared_bytes) {
  const auto fits = [](unsigned size, CUdevice_attribute limit) {
    return size != 0 && size <= static_cast<unsigned>(attribute(limit));
  };
  const bool valid =
      fits(grid.x, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X) && fits(grid.y, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y) &&
      fits(grid.z, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z) && fits(block.x, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X) &&
      fits(block.y, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y) && fits(block.z, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z) &&
      shared_bytes <= UINT32_MAX &&
      static_cast<size_t>(block.x) * block.y * block.z <=
          static_cast<size_t>(attribute(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK));
  return valid ? cudaSuccess : cudaErrorInvalidConfiguration;
}

template <class Launch>
cudaError_t launch(const void* func, const dim3& grid, const dim3& block, size_t shared_bytes, Launch&& start) {
  return in_context([&]() -> cudaError_t {
    CUfunction function = nullptr;
    if (const cudaError_t error = find_function(func, &function); error != cudaSuccess) return error;
    if (const cudaError_t error = check_configuration(grid, block, shared_bytes); error != cudaSuccess) return error;
    const CUresult status = start(function);
    // Unlike copies, launches belong into streams of the current device.
    return status == CUDA_ERROR_INVALID_CONTEXT ? cudaErrorInvalidResourceHandle : error_of(status);
  });
}

template <class F>
cudaError_t ask_function(const void* func, F&& body) {
  return in_context([&]() -> cudaError_t {
    CUfunction function = nullptr;
    const cudaError_t error = find_function(func, &function);
    return error != cudaSuccess ? error : error_of(body(function));
  });
}

}  // namespace

cudaError_t cudaLaunchKernel(const void* func, dim3 gridDim, dim3 blockDim, void** args, size_t sharedMem,
                             cudaStream_t stream) {
  return launch(func, gridDim, blockDim, sharedMem, [&](CUfunction function) {
    return cuLaunchKernel(function, gridDim.x, gridDim.y, gridDim.z, blockDim.x, blockDim.y, blockDim.z,
                          static_cast<unsigned>(sharedMem), stream, args, nullptr);
  });
}

cudaError_t cudaLaunchCooperativeKernel(const void* func, dim3 gridDim, dim3 blockDim, void** args, size_t sharedMem,
                                        cudaStream_t stream) {
  return launch(func, gridDim, blockDim, sharedMem, [&](CUfunction function) {
    return cuLaunchCooperativeKernel(function, gridDim.x, gridDim.y, gridDim.z, blockDim.x, blockDim.y, blockDim.z,
                                     static_cast<unsigned>(sharedMem), stream, args);
  });
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* func, void** args) {
  if (config == nullptr) return finish(cudaErrorInvalidValue);
  return launch(func, config->gridDim, config->blockDim, config->dynamicSmemBytes, [&](CUfunction function) {
    CUlaunchConfig own{};
    own.gridDimX = config->gridDim.x;
    own.gridDimY = config->gridDim.y;
    own.gridDimZ = config->gridDim.z;
    own.blockDimX = config->blockDim.x;
    own.blockDimY = config->blockDim.y;
    own.blockDimZ = config->blockDim.z;
    own.sharedMemBytes = static_cast<unsigned>(config->dynamicSmemBytes);
    own.hStream = config->stream;
    own.attrs = same_layout<CUlaunchAttribute*>(config->attrs);
    own.numAttrs = config->numAttrs;
    return cuLaunchKernelEx(&own, function, args, nullptr);
  });
}

cudaError_t cudaLaunchKernelExC_ptsz(const cudaLaunchConfig_t* config, const void* func, void** args) {
  if (config == nullptr) return finish(cudaErrorInvalidValue);
  cudaLaunchConfig_t own = *config;
  own.stream = per_thread(config->stream);
  return cudaLaunchKernelExC(&own, func, args);
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 gridDim, dim3 blockDim, void** args, size_t sharedMem,
                               cudaStream_t stream) {
  return cudaLaunchKernel(kernel, gridDim, blockDim, args, sharedMem, stream);
}

cudaError_t __cudaLaunchKernel_ptsz(cudaKernel_t kernel, dim3 gridDim, dim3 blockDim, void** args, size_t sharedMem,
                                    cudaStream_t stream) {
  return cudaLaunchKernel(kernel, gridDim, blockDim, args, sharedMem, per_thread(stream));
}

cudaError_t cudaFuncSetCacheConfig(const void* func, enum cudaFuncCache cacheConfig) {
  return ask_function(func, [&](CUfunction function) {
    return cuFuncSetCacheConfig(function, static_cast<CUfunc_cache>(cacheConfig));
  });
}

cudaError_t cudaFuncSetSharedMemConfig(const void* func, enum cudaSharedMemConfig config) {
  return ask_function(func, [&](CUfunction function) {
    return cuFuncSetSharedMemConfig(function, static_cast<CUsharedconfig>(config));
  });
}

cudaError_t cudaFuncSetAttribute(const void* func, enum cudaFuncAttribute attr, int value) {
  return ask_function(func, [&](CUfunction function) {
    return cuFuncSetAttribute(function, static_cast<CUfunction_attribute>(attr), value);
  });
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes* attr, const void* func) {
  if (attr == nullptr) return finish(cudaErrorInvalidValue);
  return ask_function(func, [&](CUfunction function) {
    std::memset(attr, 0, sizeof(*attr));
    CUresult first = CUDA_SUCCESS;
    const auto read = [&](CUfunction_attribute which) {
      int value = 0;
      const CUresult status = cuFuncGetAttribute(&value, which, function);
      if (first == CUDA_SUCCESS) first = status;
      return value;
    };
    attr->sharedSizeBytes = static_cast<size_t>(read(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES));
    attr->constSizeBytes = static_cast<size_t>(read(CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES));
    attr->localSizeBytes = static_cast<size_t>(read(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES));
    attr->maxThreadsPerBlock = read(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    attr->numRegs = read(CU_FUNC_ATTRIBUTE_NUM_REGS);
    attr->ptxVersion = read(CU_FUNC_ATTRIBUTE_PTX_VERSION);
    attr->binaryVersion = read(CU_FUNC_ATTRIBUTE_BINARY_VERSION);
    attr->cacheModeCA = read(CU_FUNC_ATTRIBUTE_CACHE_MODE_CA);
    attr->maxDynamicSharedSizeBytes = read(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
    attr->preferredShmemCarveout = read(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT);
    attr->clusterDimMustBeSet = read(CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET);
    attr->requiredClusterWidth = read(CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH);
    attr->requiredClusterHeight = read(CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT);
    attr->requiredClusterDepth = read(CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH);
    attr->clusterSchedulingPolicyPreference = read(CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE);
    attr->nonPortableClusterSizeAllowed = read(CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED);
    return first;
  });
}

cudaError_t cudaFuncGetName(const char** name, const void* func) {
  return ask_function(func, [&](CUfunction function) { return cuFuncGetName(name, function); });
}

cudaError_t cudaFuncGetParamInfo(const void* func, size_t paramIndex, size_t* paramOffset, size_t* paramSize) {
  return ask_function(
      func, [&](CUfunction function) { return cuFuncGetParamInfo(function, paramIndex, paramOffset, paramSize); });
}

#if CUDART_MAJOR >= 13
cudaError_t cudaFuncGetParamCount(const void* func, size_t* paramCount) {
  return ask_function(func, [&](CUfunction function) { return cuFuncGetParamCount(function, paramCount); });
}
#endif

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* numBlocks, const void* func, int blockSize,
                                                          size_t dynamicSMemSize) {
  return ask_function(func, [&](CUfunction function) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessor(numBlocks, function, blockSize, dynamicSMemSize);
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* numBlocks, const void* func, int blockSize,
                                                                   size_t dynamicSMemSize, unsigned int flags) {
  return ask_function(func, [&](CUfunction function) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(numBlocks, function, blockSize, dynamicSMemSize, flags);
  });
}

cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t* dynamicSmemSize, const void* func, int numBlocks,
                                                      int blockSize) {
  return ask_function(func, [&](CUfunction function) {
    return cuOccupancyAvailableDynamicSMemPerBlock(dynamicSmemSize, function, numBlocks, blockSize);
  });
}
