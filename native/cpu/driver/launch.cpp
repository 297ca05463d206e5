// Kernel launches: the shape is checked and the arguments are copied on the caller's thread, the kernel runs on the
// stream's worker.
#include "driver/launch.h"

#include <algorithm>
#include <cstring>

#include "driver/device.h"
#include "driver/entry.h"
#include "driver/occupancy.h"
#include "engine/device.h"
#include "engine/fault_guard.h"
#include "engine/staging.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

constexpr size_t kMaxParameters = 32;
// Arguments up to so many bytes travel inside the queue, longer lists in a recycled buffer.
constexpr size_t kInlineArgumentBytes = 384;

CUresult check_shape(const LaunchShape& shape, bool cooperative, const Function& function) {
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
  // Our kernels read x alone: more blocks or threads in y and z would do the same work again and again.
  for (int i = 1; i < 3; ++i) {
    if (shape.grid[i] == 1 && shape.block[i] == 1) continue;
    return fail(CUDA_ERROR_NOT_SUPPORTED,
                std::string("the grid or the block is larger than 1 in ") + "xyz"[i] + " (" +
                    std::to_string(shape.grid[i]) + " and " + std::to_string(shape.block[i]) + "); the kernel '" +
                    function.name + "' is one-dimensional, and the CPU device has none that is not: launch it in x");
  }
  if (shape.shared_bytes > static_cast<uint32_t>(function.max_dynamic_shared_bytes.load())) {
    return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(shape.shared_bytes) +
                                              " bytes of dynamic shared memory were asked for; the kernel may have " +
                                              std::to_string(function.max_dynamic_shared_bytes.load()) +
                                              " (CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES raises that)");
  }
  if (!cooperative) return CUDA_SUCCESS;
  // None of our kernels waits for other blocks, so a cooperative launch is an ordinary one of a size that all could.
  const int64_t most = int64_t{active_blocks(static_cast<int>(threads), shape.shared_bytes)} * processor_count();
  if (shape.grid[0] <= most) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE,
              std::to_string(shape.grid[0]) + " blocks were asked for; at once there can be " + std::to_string(most));
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

// On a stream's worker.
void run(const Kernel& kernel, const LaunchShape& shape, void* const* arguments) {
  const uintptr_t fault = kernel.run(shape, arguments);
  if (fault == kNoFault) return;
  const std::string text = "the kernel '" + std::string(kernel.name) + "' (" + std::to_string(shape.grid[0]) +
                           " blocks of " + std::to_string(shape.block[0]) + ") met no memory at " + hexadecimal(fault);
  fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, text.c_str());
}

void run(const Kernel& kernel, const LaunchShape& shape, std::byte* packed) {
  void* arguments[kMaxParameters];
  for (size_t i = 0; i < kernel.parameter_count; ++i) arguments[i] = packed + kernel.parameters[i].offset;
  run(kernel, shape, arguments);
}

// A type of its own, since the copy in a closure is aligned as the type says.
struct InlineArguments {
  alignas(std::max_align_t) std::byte bytes[kInlineArgumentBytes];
};

// The function a handle means in the context: a CUfunction of it, or a CUkernel cast to one.
CUresult find_function(Context& context, CUfunction handle, const Function** function) {
  *function = function_in(context, handle);
  if (*function == nullptr) return bad_handle("function", handle);
  if ((*function)->context == context.handle()) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_CONTEXT, "the function's module was loaded in another context than the current one");
}

CUresult launch(const char* name, CUfunction handle, const LaunchShape& shape, bool cooperative, CUstream stream_handle,
                void** parameters, void** extra) {
  return in_stream(name, stream_handle, [&](Context& context, Stream& stream) {
    const Function* function = nullptr;
    CUresult status = find_function(context, handle, &function);
    if (status == CUDA_SUCCESS) status = check_shape(shape, cooperative, *function);
    if (status != CUDA_SUCCESS) return status;
    const Kernel& kernel = *function->kernel;
    const size_t bytes = packed_bytes(kernel);
    if (kernel.parameter_count > kMaxParameters || bytes > kMaximumStagedBytes) {
      return fail(CUDA_ERROR_NOT_SUPPORTED, "the kernel has more parameters than the CPU device can pass");
    }
    if (stream.capturing()) {
      auto work = std::make_shared<KernelWork>(handle, context.handle(), kernel, shape, cooperative, bytes);
      status = pack_arguments(*function, parameters, extra, work->packed());
      if (status == CUDA_SUCCESS) stream.capture_work(std::move(work));
      return status;
    }
    if (bytes <= kInlineArgumentBytes) {
      InlineArguments packed;
      status = pack_arguments(*function, parameters, extra, packed.bytes);
      if (status == CUDA_SUCCESS) {
        stream.enqueue([&kernel, shape, packed]() mutable { run(kernel, shape, packed.bytes); });
      }
      return status;
    }
    StagingBuffer packed(bytes);
    status = pack_arguments(*function, parameters, extra, packed.data());
    if (status == CUDA_SUCCESS) {
      stream.enqueue([&kernel, shape, packed = std::move(packed)] { run(kernel, shape, packed.data()); });
    }
    return status;
  });
}

}  // namespace

namespace cpu::driver {

CUresult read_attribute(const CUlaunchAttribute& attribute, bool* cooperative) {
  const auto refuse = [](const char* name) {
    return fail(CUDA_ERROR_NOT_SUPPORTED, std::string("the CPU device does not support the launch attribute ") + name);
  };
  const auto alone = [&](const char* name, unsigned x, unsigned y, unsigned z) {
    if (x <= 1 && y <= 1 && z <= 1) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_NOT_SUPPORTED, std::string(name) + " is " + std::to_string(x) + " x " + std::to_string(y) +
                                              " x " + std::to_string(z) +
                                              "; the CPU device has no clusters, so 1 x 1 x 1 is valid");
  };
  const CUlaunchAttributeValue& value = attribute.value;
  switch (static_cast<int>(attribute.id)) {
    case CU_LAUNCH_ATTRIBUTE_IGNORE:
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    // The kernel begins when everything before it has ended, which is one of the times it may begin.
    case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION:
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    case CU_LAUNCH_ATTRIBUTE_NVLINK_UTIL_CENTRIC_SCHEDULING:
      return CUDA_SUCCESS;
    case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
      *cooperative = value.cooperative != 0;
      return CUDA_SUCCESS;
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
      return alone("CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION", value.clusterDim.x, value.clusterDim.y, value.clusterDim.z);
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION:
      return alone("CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION", value.preferredClusterDim.x,
                   value.preferredClusterDim.y, value.preferredClusterDim.z);
    case CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE:
      if (value.deviceUpdatableKernelNode.deviceUpdatable == 0) return CUDA_SUCCESS;
      return refuse("CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE");
    case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT:
      return refuse("CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT");
    case CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT:
      return refuse("CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT");
    default:
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "there is no launch attribute " + std::to_string(static_cast<int>(attribute.id)));
  }
}

KernelWork::KernelWork(CUfunction function, CUcontext context, const Kernel& kernel, const LaunchShape& shape,
                       bool cooperative, size_t bytes)
    : function_(function),
      context_(context),
      kernel_(&kernel),
      shape_(shape),
      cooperative_(cooperative),
      packed_(bytes) {
  for (size_t i = 0; i < kernel.parameter_count; ++i)
    arguments_.push_back(packed_.data() + kernel.parameters[i].offset);
}

void KernelWork::run() const { ::run(*kernel_, shape_, arguments_.data()); }

std::string KernelWork::description() const {
  return std::string(kernel_->name) + ", " + std::to_string(shape_.grid[0]) + " blocks of " +
         std::to_string(shape_.block[0]);
}

CUDA_KERNEL_NODE_PARAMS KernelWork::parameters() const {
  CUDA_KERNEL_NODE_PARAMS p{};
  const bool by_kernel = lookup<LibraryKernel>(function_) != nullptr;
  p.func = by_kernel ? nullptr : function_;
  p.kern = by_kernel ? reinterpret_cast<CUkernel>(function_) : nullptr;
  p.ctx = by_kernel ? context_ : nullptr;
  p.gridDimX = shape_.grid[0];
  p.gridDimY = shape_.grid[1];
  p.gridDimZ = shape_.grid[2];
  p.blockDimX = shape_.block[0];
  p.blockDimY = shape_.block[1];
  p.blockDimZ = shape_.block[2];
  p.sharedMemBytes = shape_.shared_bytes;
  p.kernelParams = arguments_.empty() ? nullptr : const_cast<void**>(arguments_.data());
  return p;
}

CUresult make_kernel_work(Context& context, const CUDA_KERNEL_NODE_PARAMS& p, bool cooperative,
                          std::shared_ptr<const NodeWork>* work) {
  const CUfunction handle = p.func != nullptr ? p.func : reinterpret_cast<CUfunction>(p.kern);
  const LaunchShape shape{
      {p.gridDimX, p.gridDimY, p.gridDimZ}, {p.blockDimX, p.blockDimY, p.blockDimZ}, p.sharedMemBytes};
  const Function* function = nullptr;
  CUresult status = find_function(context, handle, &function);
  if (status == CUDA_SUCCESS) status = check_shape(shape, cooperative, *function);
  if (status != CUDA_SUCCESS) return status;
  auto made = std::make_shared<KernelWork>(handle, context.handle(), *function->kernel, shape, cooperative,
                                           packed_bytes(*function->kernel));
  status = pack_arguments(*function, p.kernelParams, p.extra, made->packed());
  if (status == CUDA_SUCCESS) *work = std::move(made);
  return status;
}

}  // namespace cpu::driver

CUresult cuLaunchKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY, unsigned int gridDimZ,
                        unsigned int blockDimX, unsigned int blockDimY, unsigned int blockDimZ,
                        unsigned int sharedMemBytes, CUstream hStream, void** kernelParams, void** extra) {
  CPU_COUNT_CALL();
  return launch(__func__, f, {{gridDimX, gridDimY, gridDimZ}, {blockDimX, blockDimY, blockDimZ}, sharedMemBytes}, false,
                hStream, kernelParams, extra);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra) {
  CPU_COUNT_CALL();
  set_function(__func__);
  if (config == nullptr) return null_argument("config");
  if (config->numAttrs != 0 && config->attrs == nullptr) return null_argument("config->attrs");
  bool cooperative = false;
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    const CUresult status = read_attribute(config->attrs[i], &cooperative);
    if (status != CUDA_SUCCESS) return status;
  }
  return launch(__func__, f,
                {{config->gridDimX, config->gridDimY, config->gridDimZ},
                 {config->blockDimX, config->blockDimY, config->blockDimZ},
                 config->sharedMemBytes},
                cooperative, config->hStream, kernelParams, extra);
}

CUresult cuLaunchCooperativeKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY, unsigned int gridDimZ,
                                   unsigned int blockDimX, unsigned int blockDimY, unsigned int blockDimZ,
                                   unsigned int sharedMemBytes, CUstream hStream, void** kernelParams) {
  CPU_COUNT_CALL();
  return launch(__func__, f, {{gridDimX, gridDimY, gridDimZ}, {blockDimX, blockDimY, blockDimZ}, sharedMemBytes}, true,
                hStream, kernelParams, nullptr);
}
