#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/context.h"
#include "engine/handles.h"
#include "engine/kernels.h"
#include "generated/driver.h"

namespace cpu {

// What the oldest launch functions tell a function before they launch it.
constexpr size_t kPreparedParameterBytes = 4096;
struct PreparedLaunch {
  std::mutex mutex;
  std::array<unsigned, 3> block{1, 1, 1};
  unsigned shared_bytes = 0;
  size_t size = 0;
  std::array<std::byte, kPreparedParameterBytes> parameters{};
};

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
  PreparedLaunch prepared;
};

// CUmodule.
struct Module {
  static constexpr HandleTag tag = HandleTag::Module;

  const KernelModule* kernels;
  CUcontext context;
  std::mutex mutex;
  // One handle a kernel, made when it is first asked for; they end with the module.
  std::map<const Kernel*, CUfunction> functions;
  bool ended = false;

  void end() {
    std::lock_guard lock(mutex);
    ended = true;
    for (const auto& [kernel, function] : functions) release<Function>(function);
  }
};

// CUkernel: a kernel of a library, which becomes a function of each context it is used in.
struct LibraryKernel {
  static constexpr HandleTag tag = HandleTag::Kernel;

  const Kernel* kernel;
  CUlibrary library;
  std::string name;
};

// CUlibrary: a module that is loaded into a context when it is first used there.
struct KernelLibrary {
  static constexpr HandleTag tag = HandleTag::Library;

  const KernelModule* kernels;
  std::mutex mutex;
  std::map<const Kernel*, CUkernel> handles;
  std::map<CUcontext, CUmodule> modules;
  bool ended = false;

  void end();
};

namespace driver {

// Where the PTX compiler's options ask for logs, and the logs.
class JitLogs {
 public:
  // INVALID_VALUE for a missing array and for options that do not exist.
  CUresult read(unsigned count, const CUjit_option* options, void** values);
  // Writes what the driver's last error says into the error log, and how long both logs are.
  void write(CUresult status, const char* information);

 private:
  struct Log {
    char* buffer = nullptr;
    size_t size = 0;
    void** written = nullptr;
    void write(const std::string& text);
  };
  Log information_;
  Log error_;
};

// The kernels behind a module image: PTX text that this build has code for.
CUresult find_kernels(const void* image, const KernelModule** kernels);
CUresult find_kernels_in_file(const char* path, const KernelModule** kernels);
// Null, or CONTEXT_IS_DESTROYED, where another thread is ending the context.
CUmodule load_module(Context& context, const KernelModule& kernels);
CUresult load_module(Context& context, const KernelModule& kernels, CUmodule* module);
// Null where another thread is unloading the module.
CUfunction function_of(Module& module, CUmodule handle, const Kernel& kernel);

// The function a handle means in a context: a CUfunction, or a CUkernel cast to one; null where it is neither.
const Function* function_in(Context& context, CUfunction handle);

}  // namespace driver
}  // namespace cpu
