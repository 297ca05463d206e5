// Libraries: modules without a context. Each context that uses one gets a module of it; a kernel stands for that
// module's function wherever it is used.
#include "driver/device.h"
#include "driver/entry.h"
#include "driver/module.h"

namespace cpu {

using namespace driver;

namespace {

template <class F>
CUresult ask_library(const char* function, CUlibrary handle, F&& body) {
  return initialized(function, [&] {
    KernelLibrary* library = lookup<KernelLibrary>(handle);
    return library == nullptr ? bad_handle("library", handle) : body(*library);
  });
}

template <class F>
CUresult ask_kernel(const char* function, CUkernel handle, F&& body) {
  return initialized(function, [&] {
    LibraryKernel* kernel = lookup<LibraryKernel>(handle);
    return kernel == nullptr ? bad_handle("kernel", handle) : body(*kernel);
  });
}

CUkernel kernel_of(KernelLibrary& library, CUlibrary handle, const Kernel& kernel) {
  std::lock_guard lock(library.mutex);
  if (library.ended) return nullptr;
  CUkernel& found = library.handles[&kernel];
  if (found == nullptr) {
    found =
        static_cast<CUkernel>(make_handle(std::make_unique<LibraryKernel>(&kernel, handle, std::string(kernel.name))));
  }
  return found;
}

// The library's module in a context, loaded when first asked for. Null where another thread ends one of the two.
CUmodule module_in(Context& context, KernelLibrary& library) {
  std::lock_guard lock(library.mutex);
  if (library.ended) return nullptr;
  CUmodule& module = library.modules[context.handle()];
  // A context takes its modules along when it ends, and a later one may have its handle.
  const Module* known = lookup<Module>(module);
  if (known == nullptr || known->context != context.handle()) module = load_module(context, *library.kernels);
  return module;
}

CUfunction function_of_kernel(Context& context, const LibraryKernel& kernel) {
  KernelLibrary* library = lookup<KernelLibrary>(kernel.library);
  if (library == nullptr) return nullptr;
  const CUmodule handle = module_in(context, *library);
  Module* module = lookup<Module>(handle);
  return module == nullptr ? nullptr : function_of(*module, handle, *kernel.kernel);
}

CUresult make_library(CUlibrary* library, const KernelModule& kernels) {
  auto object = std::make_unique<KernelLibrary>();
  object->kernels = &kernels;
  *library = static_cast<CUlibrary>(make_handle(std::move(object)));
  return CUDA_SUCCESS;
}

// The library's own options are about when code is loaded and whether the image is kept, which changes nothing here.
CUresult check_library_options(unsigned count, const CUlibraryOption* options) {
  if (count != 0 && options == nullptr) return null_argument("libraryOptions");
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] >= 0 && options[i] < CU_LIBRARY_NUM_OPTIONS) continue;
    return fail(CUDA_ERROR_INVALID_VALUE, "there is no library option " + std::to_string(static_cast<int>(options[i])));
  }
  return CUDA_SUCCESS;
}

// A function attribute of a kernel on a device: that of its function in the device's current or primary context.
template <class F>
CUresult on_device(const char* name, CUkernel handle, CUdevice device, F&& body) {
  return ask_kernel(name, handle, [&](LibraryKernel& kernel) {
    if (const CUresult status = check_device(device); status != CUDA_SUCCESS) return status;
    Context* context = current_context();
    if (context == nullptr || context->device() != device) {
      return fail(CUDA_ERROR_INVALID_CONTEXT, "no context of device " + std::to_string(device) +
                                                  " is current on this thread; call cuCtxSetCurrent first");
    }
    const CUfunction function = function_of_kernel(*context, kernel);
    return function == nullptr ? bad_handle("kernel", handle) : body(function);
  });
}

}  // namespace

void KernelLibrary::end() {
  std::lock_guard lock(mutex);
  ended = true;
  for (const auto& [kernel, handle] : handles) release<LibraryKernel>(handle);
  for (const auto& [owner, module] : modules) {
    Context* context = lookup<Context>(owner);
    if (context != nullptr && release<Module>(module)) context->disown(module);
  }
}

namespace driver {

const Function* function_in(Context& context, CUfunction handle) {
  if (const Function* function = lookup<Function>(handle)) return function;
  const LibraryKernel* kernel = lookup<LibraryKernel>(handle);
  return kernel == nullptr ? nullptr : lookup<Function>(function_of_kernel(context, *kernel));
}

}  // namespace driver
}  // namespace cpu

using namespace cpu;
using namespace cpu::driver;

CUresult cuLibraryLoadData(CUlibrary* library, const void* code, CUjit_option* jitOptions, void** jitOptionsValues,
                           unsigned int numJitOptions, CUlibraryOption* libraryOptions, void**,
                           unsigned int numLibraryOptions) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (library == nullptr) return null_argument("library");
    JitLogs logs;
    CUresult status = logs.read(numJitOptions, jitOptions, jitOptionsValues);
    if (status == CUDA_SUCCESS) status = check_library_options(numLibraryOptions, libraryOptions);
    if (status != CUDA_SUCCESS) return status;
    const KernelModule* kernels = nullptr;
    status = find_kernels(code, &kernels);
    logs.write(status, "found among the modules that are compiled for this processor");
    return status != CUDA_SUCCESS ? status : make_library(library, *kernels);
  });
}

CUresult cuLibraryLoadFromFile(CUlibrary* library, const char* fileName, CUjit_option* jitOptions,
                               void** jitOptionsValues, unsigned int numJitOptions, CUlibraryOption* libraryOptions,
                               void**, unsigned int numLibraryOptions) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (library == nullptr || fileName == nullptr) return null_argument("library or fileName");
    JitLogs logs;
    CUresult status = logs.read(numJitOptions, jitOptions, jitOptionsValues);
    if (status == CUDA_SUCCESS) status = check_library_options(numLibraryOptions, libraryOptions);
    if (status != CUDA_SUCCESS) return status;
    const KernelModule* kernels = nullptr;
    status = find_kernels_in_file(fileName, &kernels);
    logs.write(status, "found among the modules that are compiled for this processor");
    return status != CUDA_SUCCESS ? status : make_library(library, *kernels);
  });
}

CUresult cuLibraryUnload(CUlibrary library) {
  CPU_COUNT_CALL();
  return initialized(__func__,
                     [&] { return release<KernelLibrary>(library) ? CUDA_SUCCESS : bad_handle("library", library); });
}

CUresult cuLibraryGetKernel(CUkernel* pKernel, CUlibrary library, const char* name) {
  CPU_COUNT_CALL();
  return ask_library(__func__, library, [&](KernelLibrary& object) {
    if (pKernel == nullptr || name == nullptr) return null_argument("pKernel or name");
    const Kernel* kernel = object.kernels->find(name);
    if (kernel == nullptr) {
      return fail(CUDA_ERROR_NOT_FOUND,
                  "the library '" + std::string(object.kernels->name) + "' has no kernel called '" + name + "'");
    }
    *pKernel = kernel_of(object, library, *kernel);
    return *pKernel != nullptr ? CUDA_SUCCESS : bad_handle("library", library);
  });
}

CUresult cuLibraryGetKernelCount(unsigned int* count, CUlibrary lib) {
  CPU_COUNT_CALL();
  return ask_library(__func__, lib, [&](KernelLibrary& object) {
    if (count == nullptr) return null_argument("count");
    *count = static_cast<unsigned>(object.kernels->kernel_count);
    return CUDA_SUCCESS;
  });
}

CUresult cuLibraryEnumerateKernels(CUkernel* kernels, unsigned int numKernels, CUlibrary lib) {
  CPU_COUNT_CALL();
  return ask_library(__func__, lib, [&](KernelLibrary& object) {
    if (kernels == nullptr && numKernels != 0) return null_argument("kernels");
    for (size_t i = 0; i < object.kernels->kernel_count && i < numKernels; ++i) {
      kernels[i] = kernel_of(object, lib, object.kernels->kernels[i]);
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuLibraryGetModule(CUmodule* pMod, CUlibrary library) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    KernelLibrary* object = lookup<KernelLibrary>(library);
    if (object == nullptr) return bad_handle("library", library);
    if (pMod == nullptr) return null_argument("pMod");
    *pMod = module_in(context, *object);
    return *pMod != nullptr ? CUDA_SUCCESS : bad_handle("library", library);
  });
}

// Our kernels have no variables of their own and call no functions of the host.
CUresult cuLibraryGetGlobal(CUdeviceptr*, size_t*, CUlibrary library, const char* name) {
  CPU_COUNT_CALL();
  return ask_library(__func__, library, [&](KernelLibrary&) {
    if (name == nullptr) return null_argument("name");
    return fail(CUDA_ERROR_NOT_FOUND, "the library has no global variable called '" + std::string(name) + "'");
  });
}

CUresult cuLibraryGetManaged(CUdeviceptr*, size_t*, CUlibrary library, const char* name) {
  CPU_COUNT_CALL();
  return ask_library(__func__, library, [&](KernelLibrary&) {
    if (name == nullptr) return null_argument("name");
    return fail(CUDA_ERROR_NOT_FOUND, "the library has no managed variable called '" + std::string(name) + "'");
  });
}

CUresult cuLibraryGetUnifiedFunction(void**, CUlibrary library, const char* symbol) {
  CPU_COUNT_CALL();
  return ask_library(__func__, library, [&](KernelLibrary&) {
    if (symbol == nullptr) return null_argument("symbol");
    return fail(CUDA_ERROR_NOT_FOUND, "the library has no unified function called '" + std::string(symbol) + "'");
  });
}

CUresult cuKernelGetFunction(CUfunction* pFunc, CUkernel kernel) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    const LibraryKernel* object = lookup<LibraryKernel>(kernel);
    if (object == nullptr) return bad_handle("kernel", kernel);
    if (pFunc == nullptr) return null_argument("pFunc");
    *pFunc = function_of_kernel(context, *object);
    return *pFunc == nullptr ? bad_handle("kernel", kernel) : CUDA_SUCCESS;
  });
}

CUresult cuKernelGetLibrary(CUlibrary* pLib, CUkernel kernel) {
  CPU_COUNT_CALL();
  return ask_kernel(__func__, kernel, [&](LibraryKernel& object) {
    if (pLib == nullptr) return null_argument("pLib");
    *pLib = object.library;
    return CUDA_SUCCESS;
  });
}

CUresult cuKernelGetName(const char** name, CUkernel hfunc) {
  CPU_COUNT_CALL();
  return ask_kernel(__func__, hfunc, [&](LibraryKernel& object) {
    if (name == nullptr) return null_argument("name");
    *name = object.name.c_str();
    return CUDA_SUCCESS;
  });
}

CUresult cuKernelGetParamInfo(CUkernel kernel, size_t paramIndex, size_t* paramOffset, size_t* paramSize) {
  CPU_COUNT_CALL();
  return ask_kernel(__func__, kernel, [&](LibraryKernel& object) {
    if (paramOffset == nullptr) return null_argument("paramOffset");
    if (paramIndex >= object.kernel->parameter_count) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the kernel '" + object.name + "' has " +
                                                std::to_string(object.kernel->parameter_count) +
                                                " parameters, counted from 0");
    }
    *paramOffset = object.kernel->parameters[paramIndex].offset;
    if (paramSize != nullptr) *paramSize = object.kernel->parameters[paramIndex].size;
    return CUDA_SUCCESS;
  });
}

CUresult cuKernelGetParamCount(CUkernel kernel, size_t* paramCount) {
  CPU_COUNT_CALL();
  return ask_kernel(__func__, kernel, [&](LibraryKernel& object) {
    if (paramCount == nullptr) return null_argument("paramCount");
    *paramCount = object.kernel->parameter_count;
    return CUDA_SUCCESS;
  });
}

CUresult cuKernelGetAttribute(int* pi, CUfunction_attribute attrib, CUkernel kernel, CUdevice dev) {
  CPU_COUNT_CALL();
  return on_device(__func__, kernel, dev,
                   [&](CUfunction function) { return cuFuncGetAttribute(pi, attrib, function); });
}

CUresult cuKernelSetAttribute(CUfunction_attribute attrib, int val, CUkernel kernel, CUdevice dev) {
  CPU_COUNT_CALL();
  return on_device(__func__, kernel, dev,
                   [&](CUfunction function) { return cuFuncSetAttribute(function, attrib, val); });
}

CUresult cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache config, CUdevice dev) {
  CPU_COUNT_CALL();
  return on_device(__func__, kernel, dev, [&](CUfunction function) { return cuFuncSetCacheConfig(function, config); });
}
