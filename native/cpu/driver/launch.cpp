// Kernel launches: the shape is checked and the arguments are copied on the caller's thread, the kernel runs on the
// stream's worker.
#include <array>
#include <cstring>

#include "driver/device.h"
#include "driver/entry.h"
#include "driver/module.h"
#include "engine/staging.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

constexpr size_t kMaxParameters = 32;
// Arguments up to so many bytes travel inside the queue, longer lists in a recycled buffer.
constexpr size_t kInlineArgumentBytes = 384;

CUresult check_shape(const LaunchShape& shape, const Function& function) {
  for (int i = 0; i < 3; ++i) {
    if (shape.grid[i] == 0 || shape.grid[i] > static_cast<uint32_t>(kMaxGridDim[i])) {
      return fail(CUDA_ERROR_INVALID_VALUE, std::string("the grid's ") + "xyz"[i] + " is " +
                                                std::to_string(shape.grid[i]) + "; 1 to " +
                                                std::to_string(kMaxGridDim[i]) + " are valid");
    }
    if (shape.block[i] == 0 || shape.block[i] > static_cast<uint32_t>(kMaxBlockDim[i])) {
      return fail(CUDA_ERROR_INVALID_VALUE, std::string("the block's ") + "xyz"[i] + " is " +
                                                std::to_string(shape.block[i]) + "; 1 to " +
                                                std::to_string(kMaxBlockDim[i]) + " are valid");
    }
  }
  const uint64_t threads = uint64_t{shape.block[0]} * shape.block[1] * shape.block[2];
  if (threads > static_cast<uint64_t>(kMaxThreadsPerBlock)) {
    return fail(CUDA_ERROR_INVALID_VALUE, "a block of " + std::to_string(threads) + " threads was asked for; " +
                                              std::to_string(kMaxThreadsPerBlock) + " are the most");
  }
  if (shape.shared_bytes > static_cast<uint32_t>(function.max_dynamic_shared_bytes.load())) {
    return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(shape.shared_bytes) +
                                              " bytes of dynamic shared memory were asked for; the kernel may have " +
                                              std::to_string(function.max_dynamic_shared_bytes.load()) +
                                              " (CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES raises that)");
  }
  return CUDA_SUCCESS;
}

size_t packed_bytes(const Kernel& kernel) {
  if (kernel.parameter_count == 0) return 0;
  const ParameterInfo& last = kernel.parameters[kernel.parameter_count - 1];
  return last.offset + last.size;
}

// `extra`: pairs of a mark and a value, up to CU_LAUNCH_PARAM_END. Finds the packed argument buffer.
CUresult read_extra(void** extra, const std::byte** buffer, size_t* bytes) {
  *buffer = nullptr;
  *bytes = 0;
  for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER) {
      *buffer = static_cast<const std::byte*>(extra[1]);
    } else if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE) {
      if (extra[1] == nullptr) return null_argument("the size behind CU_LAUNCH_PARAM_BUFFER_SIZE");
      *bytes = *static_cast<const size_t*>(extra[1]);
    } else {
      return fail(CUDA_ERROR_INVALID_VALUE, "extra holds a mark that is none of CU_LAUNCH_PARAM_...");
    }
  }
  return CUDA_SUCCESS;
}

// Copies the arguments, packed as the kernel's parameters lie, to `destination`.
CUresult pack_arguments(const Function& function, void** parameters, void** extra, std::byte* destination) {
  const Kernel& kernel = *function.kernel;
  if (kernel.parameter_count == 0) return CUDA_SUCCESS;
  if (parameters != nullptr && extra != nullptr) {
    return fail(CUDA_ERROR_INVALID_VALUE, "kernelParams and extra are both given; give one");
  }
  if (extra != nullptr) {
    const std::byte* buffer = nullptr;
    size_t bytes = 0;
    if (const CUresult status = read_extra(extra, &buffer, &bytes); status != CUDA_SUCCESS) return status;
    if (buffer == nullptr || bytes < packed_bytes(kernel)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the argument buffer in extra holds " + std::to_string(bytes) +
                                                " bytes; the kernel '" + function.name + "' takes " +
                                                std::to_string(packed_bytes(kernel)));
    }
    std::memcpy(destination, buffer, packed_bytes(kernel));
    return CUDA_SUCCESS;
  }
  if (parameters == nullptr) {
    return fail(CUDA_ERROR_INVALID_VALUE, "no arguments are given; the kernel '" + function.name + "' takes " +
                                              std::to_string(kernel.parameter_count));
  }
  for (size_t i = 0; i < kernel.parameter_count; ++i) {
    if (parameters[i] == nullptr) {
      return fail(CUDA_ERROR_INVALID_VALUE, "kernelParams[" + std::to_string(i) + "] is null; the kernel '" +
                                                function.name + "' takes " + std::to_string(kernel.parameter_count) +
                                                " arguments");
    }
    std::memcpy(destination + kernel.parameters[i].offset, parameters[i], kernel.parameters[i].size);
  }
  return CUDA_SUCCESS;
}

void run(const Kernel& kernel, const LaunchShape& shape, std::byte* packed) {
  void* arguments[kMaxParameters];
  for (size_t i = 0; i < kernel.parameter_count; ++i) arguments[i] = packed + kernel.parameters[i].offset;
  kernel.run(shape, arguments);
}

CUresult launch(const char* name, CUfunction handle, const LaunchShape& shape, CUstream stream_handle,
                void** parameters, void** extra) {
  return in_stream(name, stream_handle, [&](Context& context, Stream& stream) {
    const Function* function = lookup<Function>(handle);
    if (function == nullptr) return bad_handle("function", handle);
    if (function->context != context.handle()) {
      return fail(CUDA_ERROR_INVALID_CONTEXT,
                  "the function's module was loaded in another context than the current one");
    }
    if (const CUresult status = check_shape(shape, *function); status != CUDA_SUCCESS) return status;
    const Kernel& kernel = *function->kernel;
    const size_t bytes = packed_bytes(kernel);
    if (kernel.parameter_count > kMaxParameters || bytes > kMaximumStagedBytes) {
      return fail(CUDA_ERROR_NOT_SUPPORTED, "the kernel has more parameters than the CPU device can pass");
    }
    if (bytes <= kInlineArgumentBytes) {
      alignas(std::max_align_t) std::array<std::byte, kInlineArgumentBytes> packed;
      const CUresult status = pack_arguments(*function, parameters, extra, packed.data());
      if (status == CUDA_SUCCESS) {
        stream.enqueue([&kernel, shape, packed]() mutable { run(kernel, shape, packed.data()); });
      }
      return status;
    }
    StagingBuffer packed(bytes);
    const CUresult status = pack_arguments(*function, parameters, extra, packed.data());
    if (status == CUDA_SUCCESS) {
      stream.enqueue([&kernel, shape, packed = std::move(packed)] { run(kernel, shape, packed.data()); });
    }
    return status;
  });
}

}  // namespace

CUresult cuLaunchKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY, unsigned int gridDimZ,
                        unsigned int blockDimX, unsigned int blockDimY, unsigned int blockDimZ,
                        unsigned int sharedMemBytes, CUstream hStream, void** kernelParams, void** extra) {
  CPU_COUNT_CALL();
  return launch(__func__, f, {{gridDimX, gridDimY, gridDimZ}, {blockDimX, blockDimY, blockDimZ}, sharedMemBytes},
                hStream, kernelParams, extra);
}

// The attributes are hints for a GPU's scheduler, but for clusters, which our kernels do not use.
CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra) {
  CPU_COUNT_CALL();
  set_function(__func__);
  if (config == nullptr) return null_argument("config");
  if (config->numAttrs != 0 && config->attrs == nullptr) return null_argument("config->attrs");
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    if (config->attrs[i].id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION ||
        config->attrs[i].id == CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT ||
        config->attrs[i].id == CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT) {
      return fail(CUDA_ERROR_NOT_SUPPORTED, "launch attribute " +
                                                std::to_string(static_cast<int>(config->attrs[i].id)) +
                                                " is not supported by the CPU device");
    }
  }
  return launch(__func__, f,
                {{config->gridDimX, config->gridDimY, config->gridDimZ},
                 {config->blockDimX, config->blockDimY, config->blockDimZ},
                 config->sharedMemBytes},
                config->hStream, kernelParams, extra);
}

// Our kernels do not synchronise across blocks, so a cooperative launch is an ordinary one.
CUresult cuLaunchCooperativeKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY, unsigned int gridDimZ,
                                   unsigned int blockDimX, unsigned int blockDimY, unsigned int blockDimZ,
                                   unsigned int sharedMemBytes, CUstream hStream, void** kernelParams) {
  CPU_COUNT_CALL();
  return launch(__func__, f, {{gridDimX, gridDimY, gridDimZ}, {blockDimX, blockDimY, blockDimZ}, sharedMemBytes},
                hStream, kernelParams, nullptr);
}
