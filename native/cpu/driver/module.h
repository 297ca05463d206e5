#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/handles.h"
#include "engine/kernels.h"
#include "generated/driver.h"

namespace cpu {

// CUfunction: a kernel of a loaded module.
struct Function {
  static constexpr HandleTag tag = HandleTag::Function;

  const Kernel* kernel;
  CUmodule module;
  CUcontext context;
  std::string name;
  // Raised by CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, in bytes.
  std::atomic<int> max_dynamic_shared_bytes;
  std::atomic<int> shared_memory_carveout{-1};
};

// CUmodule.
struct Module {
  static constexpr HandleTag tag = HandleTag::Module;

  const KernelModule* kernels;
  CUcontext context;
  std::mutex mutex;
  // One handle a kernel, made when it is first asked for; they end with the module.
  std::map<const Kernel*, CUfunction> functions;

  ~Module() {
    for (const auto& [kernel, function] : functions) release<Function>(function);
  }
};

}  // namespace cpu
