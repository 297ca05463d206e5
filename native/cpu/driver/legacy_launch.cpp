// The oldest way to launch: the function remembers its block, its shared memory and its parameters from call to call.
#include <algorithm>
#include <array>
#include <cstring>

#include "driver/device.h"
#include "driver/entry.h"
#include "driver/launch.h"
#include "driver/module.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

template <class F>
CUresult prepare(const char* name, CUfunction handle, F&& body) {
  return initialized(name, [&] {
    Function* function = lookup<Function>(handle);
    if (function == nullptr) return bad_handle("function", handle);
    std::lock_guard lock(function->prepared.mutex);
    return body(function->prepared);
  });
}

CUresult set_parameter(const char* name, CUfunction handle, int offset, const void* value, size_t bytes) {
  return prepare(name, handle, [&](PreparedLaunch& launch) {
    if (value == nullptr && bytes != 0) return null_argument("ptr");
    if (offset < 0 || bytes > launch.parameters.size() ||
        static_cast<size_t>(offset) > launch.parameters.size() - bytes) {
      return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes at " + std::to_string(offset) +
                                                " do not fit into the " + std::to_string(launch.parameters.size()) +
                                                " bytes that parameters can have");
    }
    std::memcpy(launch.parameters.data() + offset, value, bytes);
    return CUDA_SUCCESS;
  });
}

CUresult launch(const char* name, CUfunction handle, int width, int height, CUstream stream) {
  return in_healthy_context(name, [&](Context&) {
    Function* function = lookup<Function>(handle);
    if (function == nullptr) return bad_handle("function", handle);
    if (width <= 0 || height <= 0) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "a grid of " + std::to_string(width) + " x " + std::to_string(height) + " blocks was asked for");
    }
    std::array<unsigned, 3> block;
    unsigned shared_bytes = 0;
    size_t bytes = 0;
    std::array<std::byte, kPreparedParameterBytes> parameters;
    {
      std::lock_guard lock(function->prepared.mutex);
      block = function->prepared.block;
      shared_bytes = function->prepared.shared_bytes;
      bytes = function->prepared.size;
      parameters = function->prepared.parameters;
    }
    void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, parameters.data(), CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes,
                     CU_LAUNCH_PARAM_END};
    const CUresult status = cuLaunchKernel(handle, static_cast<unsigned>(width), static_cast<unsigned>(height), 1,
                                           block[0], block[1], block[2], shared_bytes, stream, nullptr, extra);
    set_function(name);
    return status;
  });
}

}  // namespace

CUresult cuFuncSetBlockShape(CUfunction hfunc, int x, int y, int z) {
  CPU_COUNT_CALL();
  return prepare(__func__, hfunc, [&](PreparedLaunch& launch) {
    const int shape[3] = {x, y, z};
    for (int i = 0; i < 3; ++i) {
      if (shape[i] >= 1 && shape[i] <= kMaxBlockDim[i]) continue;
      return fail(CUDA_ERROR_INVALID_VALUE, std::string("the block's ") + "xyz"[i] + " is " + std::to_string(shape[i]) +
                                                "; 1 to " + std::to_string(kMaxBlockDim[i]) + " are valid");
    }
    launch.block = {static_cast<unsigned>(x), static_cast<unsigned>(y), static_cast<unsigned>(z)};
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncSetSharedSize(CUfunction hfunc, unsigned int bytes) {
  CPU_COUNT_CALL();
  return prepare(__func__, hfunc, [&](PreparedLaunch& launch) {
    launch.shared_bytes = bytes;
    return CUDA_SUCCESS;
  });
}

CUresult cuParamSetSize(CUfunction hfunc, unsigned int numbytes) {
  CPU_COUNT_CALL();
  return prepare(__func__, hfunc, [&](PreparedLaunch& launch) {
    if (numbytes > launch.parameters.size()) {
      return fail(CUDA_ERROR_INVALID_VALUE, "parameters can have " + std::to_string(launch.parameters.size()) +
                                                " bytes, not " + std::to_string(numbytes));
    }
    launch.size = numbytes;
    return CUDA_SUCCESS;
  });
}

CUresult cuParamSeti(CUfunction hfunc, int offset, unsigned int value) {
  CPU_COUNT_CALL();
  return set_parameter(__func__, hfunc, offset, &value, sizeof(value));
}

CUresult cuParamSetf(CUfunction hfunc, int offset, float value) {
  CPU_COUNT_CALL();
  return set_parameter(__func__, hfunc, offset, &value, sizeof(value));
}

CUresult cuParamSetv(CUfunction hfunc, int offset, void* ptr, unsigned int numbytes) {
  CPU_COUNT_CALL();
  return set_parameter(__func__, hfunc, offset, ptr, numbytes);
}

CUresult cuLaunch(CUfunction f) {
  CPU_COUNT_CALL();
  return launch(__func__, f, 1, 1, CU_STREAM_LEGACY);
}

CUresult cuLaunchGrid(CUfunction f, int grid_width, int grid_height) {
  CPU_COUNT_CALL();
  return launch(__func__, f, grid_width, grid_height, CU_STREAM_LEGACY);
}

CUresult cuLaunchGridAsync(CUfunction f, int grid_width, int grid_height, CUstream hStream) {
  CPU_COUNT_CALL();
  return launch(__func__, f, grid_width, grid_height, hStream);
}
