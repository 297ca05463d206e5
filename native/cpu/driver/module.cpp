#include "driver/module.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "driver/device.h"
#include "driver/entry.h"
#include "driver/fat_binary.h"
#include "engine/last_error.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// What a compiler leaves beside a fat binary in a program, which some pass instead of it.
struct FatBinaryWrapper {
  uint32_t magic;
  uint32_t version;
  const void* data;
  void* file;
};
constexpr uint32_t kFatBinaryWrapperMagic = 0x466243B1;

// Where the image's text ends. Images come without a length: PTX ends with a zero byte, everything else starts with a
// mark of its own.
CUresult read_image(const void* image, std::string_view* text) {
  unsigned char start[4];
  // A text may be shorter than four bytes, so compare up to its end only.
  const size_t length = strnlen(static_cast<const char*>(image), sizeof(start));
  std::memcpy(start, image, length);
  if (length == sizeof(start) && std::memcmp(start, "\177ELF", 4) == 0) {
    return fail(
        CUDA_ERROR_NO_BINARY_FOR_GPU,
        "the image is machine code of a GPU; the CPU device runs only CudnnNet's own modules, which it finds by "
        "their PTX text");
  }
  *text = static_cast<const char*>(image);
  if (text->empty()) return fail(CUDA_ERROR_INVALID_IMAGE, "the image is empty");
  return CUDA_SUCCESS;
}

CUresult find_in_text(std::string_view text, const KernelModule** kernels) {
  *kernels = find_kernel_module(text);
  if (*kernels != nullptr) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_NO_BINARY_FOR_GPU,
              "the PTX text (" + std::to_string(text.size()) +
                  " bytes) is none that this build of the CPU device has code for; it runs only CudnnNet's own "
                  "modules, byte for byte as native/kernels/generated holds them");
}

// Of several images the first that there is code for.
CUresult find_in_fat_binary(const void* image, size_t limit, const KernelModule** kernels) {
  const FatBinary binary = read_fat_binary(image, limit);
  for (const std::string_view text : binary.texts) {
    *kernels = find_kernel_module(text);
    if (*kernels != nullptr) return CUDA_SUCCESS;
  }
  if (binary.broken && binary.texts.empty()) {
    return fail(CUDA_ERROR_INVALID_IMAGE, "the fat binary is cut short, or its headers contradict each other");
  }
  return fail(
      CUDA_ERROR_NO_BINARY_FOR_GPU,
      "the fat binary holds " + std::to_string(binary.texts.size()) + " PTX texts, " +
          std::to_string(binary.compressed_texts) + " compressed ones and " + std::to_string(binary.machine_codes) +
          " pieces of machine code of a GPU; the CPU device runs only CudnnNet's own modules, which it finds by "
          "their PTX text, uncompressed and byte for byte as native/kernels/generated holds them");
}

CUresult load(Context& context, CUmodule* module, const void* image) {
  if (module == nullptr) return null_argument("module");
  const KernelModule* kernels = nullptr;
  const CUresult status = find_kernels(image, &kernels);
  return status != CUDA_SUCCESS ? status : load_module(context, *kernels, module);
}

}  // namespace

namespace cpu::driver {

CUresult find_kernels(const void* image, const KernelModule** kernels) {
  if (image == nullptr) return null_argument("image");
  // A text may be shorter than a header, so no more of it is read than comes before its zero byte.
  if (strnlen(static_cast<const char*>(image), sizeof(uint32_t)) == sizeof(uint32_t)) {
    uint32_t magic = 0;
    std::memcpy(&magic, image, sizeof(magic));
    if (magic == kFatBinaryWrapperMagic) {
      FatBinaryWrapper wrapper;
      std::memcpy(&wrapper, image, sizeof(wrapper));
      if (wrapper.data == nullptr || !is_fat_binary(wrapper.data, sizeof(magic))) {
        return fail(CUDA_ERROR_INVALID_IMAGE, "the wrapper of a fat binary points to none");
      }
      return find_in_fat_binary(wrapper.data, SIZE_MAX, kernels);
    }
    if (is_fat_binary(image, sizeof(magic))) return find_in_fat_binary(image, SIZE_MAX, kernels);
  }
  std::string_view text;
  const CUresult status = read_image(image, &text);
  return status != CUDA_SUCCESS ? status : find_in_text(text, kernels);
}

CUresult find_kernels_in_file(const char* path, const KernelModule** kernels) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file || content.empty()) {
    return fail(CUDA_ERROR_FILE_NOT_FOUND, "the file '" + std::string(path) + "' is empty or cannot be read");
  }
  // Here the end is known, and it is no place for a pointer.
  if (is_fat_binary(content.data(), content.size())) return find_in_fat_binary(content.data(), content.size(), kernels);
  if (content.size() >= sizeof(kFatBinaryWrapperMagic) &&
      std::memcmp(content.data(), &kFatBinaryWrapperMagic, sizeof(kFatBinaryWrapperMagic)) == 0) {
    return fail(CUDA_ERROR_INVALID_IMAGE,
                "the file is the wrapper of a fat binary, which only means something in memory");
  }
  return find_kernels(content.c_str(), kernels);
}

CUmodule load_module(Context& context, const KernelModule& kernels) {
  auto object = std::make_unique<Module>();
  object->kernels = &kernels;
  object->context = context.handle();
  return static_cast<CUmodule>(context.adopt(std::move(object)));
}

CUresult load_module(Context& context, const KernelModule& kernels, CUmodule* module) {
  *module = load_module(context, kernels);
  return *module != nullptr ? CUDA_SUCCESS : ending_context();
}

CUfunction function_of(Module& module, CUmodule handle, const Kernel& kernel) {
  std::lock_guard lock(module.mutex);
  if (module.ended) return nullptr;
  CUfunction& function = module.functions[&kernel];
  if (function == nullptr) {
    auto object = std::make_unique<Function>();
    object->kernel = &kernel;
    object->module = handle;
    object->context = module.context;
    object->name = kernel.name;
    object->max_dynamic_shared_bytes = kMaxSharedBytesPerBlock;
    function = static_cast<CUfunction>(make_handle(std::move(object)));
  }
  return function;
}

CUresult JitLogs::read(unsigned count, const CUjit_option* options, void** values) {
  if (count != 0 && (options == nullptr || values == nullptr)) return null_argument("options or optionValues");
  for (unsigned i = 0; i < count; ++i) {
    const auto bytes = static_cast<size_t>(reinterpret_cast<uintptr_t>(values[i]) & UINT32_MAX);
    switch (static_cast<int>(options[i])) {
      case CU_JIT_INFO_LOG_BUFFER:
        information_.buffer = static_cast<char*>(values[i]);
        break;
      case CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES:
        information_.size = bytes;
        information_.written = &values[i];
        break;
      case CU_JIT_ERROR_LOG_BUFFER:
        error_.buffer = static_cast<char*>(values[i]);
        break;
      case CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES:
        error_.size = bytes;
        error_.written = &values[i];
        break;
      default:
        // The others steer a compiler that does not run here.
        if (options[i] >= 0 && options[i] < CU_JIT_NUM_OPTIONS) break;
        return fail(CUDA_ERROR_INVALID_VALUE,
                    "there is no option " + std::to_string(static_cast<int>(options[i])) + " of the PTX compiler");
    }
  }
  return CUDA_SUCCESS;
}

void JitLogs::Log::write(const std::string& text) {
  size_t count = 0;
  if (buffer != nullptr && size != 0) {
    count = std::min(text.size(), size - 1);
    std::memcpy(buffer, text.data(), count);
    buffer[count] = '\0';
    if (count != 0) ++count;
  }
  if (written != nullptr) *written = reinterpret_cast<void*>(count);
}

void JitLogs::write(CUresult status, const char* information) {
  information_.write(status == CUDA_SUCCESS ? information : "");
  std::string text;
  if (status != CUDA_SUCCESS) {
    text = take_last_error(Library::driver);
    set_last_error(Library::driver, text);
  }
  error_.write(text);
}

}  // namespace cpu::driver

namespace {

template <class F>
CUresult in_module(const char* function, CUmodule handle, F&& body) {
  return in_healthy_context(function, [&](Context&) {
    Module* module = lookup<Module>(handle);
    return module == nullptr ? bad_handle("module", handle) : body(*module);
  });
}

template <class F>
CUresult ask_function(const char* name, CUfunction handle, F&& body) {
  return initialized(name, [&] {
    Function* function = lookup<Function>(handle);
    return function == nullptr ? bad_handle("function", handle) : body(*function);
  });
}

}  // namespace

CUresult cuModuleLoad(CUmodule* module, const char* fname) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (module == nullptr || fname == nullptr) return null_argument("module or fname");
    const KernelModule* kernels = nullptr;
    const CUresult status = find_kernels_in_file(fname, &kernels);
    return status != CUDA_SUCCESS ? status : load_module(context, *kernels, module);
  });
}

CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) { return load(context, module, image); });
}

// The options steer the PTX compiler and have no effect here, but for the logs.
CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned int numOptions, CUjit_option* options,
                            void** optionValues) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    JitLogs logs;
    CUresult status = logs.read(numOptions, options, optionValues);
    if (status != CUDA_SUCCESS) return status;
    status = load(context, module, image);
    logs.write(status, "found among the modules that are compiled for this processor");
    return status;
  });
}

CUresult cuModuleLoadFatBinary(CUmodule* module, const void* fatCubin) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) { return load(context, module, fatCubin); });
}

// Launches that are pending keep nothing of the module but its code, which stays.
CUresult cuModuleUnload(CUmodule hmod) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    Module* module = lookup<Module>(hmod);
    if (module == nullptr) return bad_handle("module", hmod);
    Context* context = lookup<Context>(module->context);
    if (!release<Module>(hmod)) return bad_handle("module", hmod);
    return disowned(context, hmod);
  });
}

CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (mode == nullptr) return null_argument("mode");
    *mode = CU_MODULE_EAGER_LOADING;
    return CUDA_SUCCESS;
  });
}

CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, const char* name) {
  CPU_COUNT_CALL();
  return in_module(__func__, hmod, [&](Module& module) {
    if (hfunc == nullptr || name == nullptr) return null_argument("hfunc or name");
    const Kernel* kernel = module.kernels->find(name);
    if (kernel == nullptr) {
      return fail(CUDA_ERROR_NOT_FOUND,
                  "the module '" + std::string(module.kernels->name) + "' has no kernel called '" + name + "'");
    }
    *hfunc = function_of(module, hmod, *kernel);
    return *hfunc != nullptr ? CUDA_SUCCESS : bad_handle("module", hmod);
  });
}

CUresult cuModuleGetFunctionCount(unsigned int* count, CUmodule mod) {
  CPU_COUNT_CALL();
  return in_module(__func__, mod, [&](Module& module) {
    if (count == nullptr) return null_argument("count");
    *count = static_cast<unsigned>(module.kernels->kernel_count);
    return CUDA_SUCCESS;
  });
}

CUresult cuModuleEnumerateFunctions(CUfunction* functions, unsigned int numFunctions, CUmodule mod) {
  CPU_COUNT_CALL();
  return in_module(__func__, mod, [&](Module& module) {
    if (functions == nullptr && numFunctions != 0) return null_argument("functions");
    for (size_t i = 0; i < module.kernels->kernel_count && i < numFunctions; ++i) {
      functions[i] = function_of(module, mod, module.kernels->kernels[i]);
    }
    return CUDA_SUCCESS;
  });
}

// Our kernels have no global variables.
CUresult cuModuleGetGlobal_v2(CUdeviceptr*, size_t*, CUmodule hmod, const char* name) {
  CPU_COUNT_CALL();
  return in_module(__func__, hmod, [&](Module& module) {
    if (name == nullptr) return null_argument("name");
    return fail(CUDA_ERROR_NOT_FOUND,
                "the module '" + std::string(module.kernels->name) + "' has no global variable called '" + name + "'");
  });
}

CUresult cuFuncGetModule(CUmodule* hmod, CUfunction hfunc) {
  CPU_COUNT_CALL();
  return ask_function(__func__, hfunc, [&](Function& function) {
    if (hmod == nullptr) return null_argument("hmod");
    *hmod = function.module;
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncGetName(const char** name, CUfunction hfunc) {
  CPU_COUNT_CALL();
  return ask_function(__func__, hfunc, [&](Function& function) {
    if (name == nullptr) return null_argument("name");
    *name = function.name.c_str();
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncGetParamInfo(CUfunction func, size_t paramIndex, size_t* paramOffset, size_t* paramSize) {
  CPU_COUNT_CALL();
  return ask_function(__func__, func, [&](Function& function) {
    if (paramOffset == nullptr) return null_argument("paramOffset");
    if (paramIndex >= function.kernel->parameter_count) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the kernel '" + function.name + "' has " +
                                                std::to_string(function.kernel->parameter_count) +
                                                " parameters, counted from 0");
    }
    *paramOffset = function.kernel->parameters[paramIndex].offset;
    if (paramSize != nullptr) *paramSize = function.kernel->parameters[paramIndex].size;
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncGetParamCount(CUfunction func, size_t* paramCount) {
  CPU_COUNT_CALL();
  return ask_function(__func__, func, [&](Function& function) {
    if (paramCount == nullptr) return null_argument("paramCount");
    *paramCount = function.kernel->parameter_count;
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncIsLoaded(CUfunctionLoadingState* state, CUfunction function_handle) {
  CPU_COUNT_CALL();
  return ask_function(__func__, function_handle, [&](Function&) {
    if (state == nullptr) return null_argument("state");
    *state = CU_FUNCTION_LOADING_STATE_LOADED;
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncLoad(CUfunction function_handle) {
  CPU_COUNT_CALL();
  return ask_function(__func__, function_handle, [&](Function&) { return CUDA_SUCCESS; });
}

CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc) {
  CPU_COUNT_CALL();
  return ask_function(__func__, hfunc, [&](Function& function) {
    if (pi == nullptr) return null_argument("pi");
    switch (static_cast<int>(attrib)) {
      case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        *pi = kMaxThreadsPerBlock;
        break;
      // Compiled for the processor: no statically shared, constant or local memory and no registers in CUDA's sense.
      case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
      case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
      case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
      case CU_FUNC_ATTRIBUTE_NUM_REGS:
      case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
      case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
      case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
      case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
      case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
      case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
      case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
        *pi = 0;
        break;
      case CU_FUNC_ATTRIBUTE_PTX_VERSION:
        *pi = 75;
        break;
      case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
        *pi = 80;
        break;
      case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
        *pi = function.max_dynamic_shared_bytes;
        break;
      case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
        *pi = function.shared_memory_carveout;
        break;
      default:
        return fail(CUDA_ERROR_INVALID_VALUE,
                    "there is no function attribute " + std::to_string(static_cast<int>(attrib)));
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value) {
  CPU_COUNT_CALL();
  return ask_function(__func__, hfunc, [&](Function& function) {
    if (attrib == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
      if (value < 0 || value > kMaxSharedBytesPerBlockOptIn) {
        return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(value) +
                                                  " bytes of shared memory were asked for; a block can have " +
                                                  std::to_string(kMaxSharedBytesPerBlockOptIn));
      }
      function.max_dynamic_shared_bytes = value;
      return CUDA_SUCCESS;
    }
    if (attrib == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT) {
      if (value < -1 || value > 100) {
        return fail(CUDA_ERROR_INVALID_VALUE, "the carveout is " + std::to_string(value) + "; -1 to 100 are valid");
      }
      function.shared_memory_carveout = value;
      return CUDA_SUCCESS;
    }
    return fail(CUDA_ERROR_INVALID_VALUE,
                "function attribute " + std::to_string(static_cast<int>(attrib)) + " cannot be set");
  });
}

CUresult cuFuncSetCacheConfig(CUfunction hfunc, CUfunc_cache config) {
  CPU_COUNT_CALL();
  return ask_function(__func__, hfunc, [&](Function&) {
    if (config >= CU_FUNC_CACHE_PREFER_NONE && config <= CU_FUNC_CACHE_PREFER_EQUAL) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_INVALID_VALUE,
                "there is no cache configuration " + std::to_string(static_cast<int>(config)));
  });
}

CUresult cuFuncSetSharedMemConfig(CUfunction hfunc, CUsharedconfig config) {
  CPU_COUNT_CALL();
  return ask_function(__func__, hfunc, [&](Function&) {
    if (config >= CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE && config <= CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE) {
      return CUDA_SUCCESS;
    }
    return fail(CUDA_ERROR_INVALID_VALUE,
                "there is no shared memory configuration " + std::to_string(static_cast<int>(config)));
  });
}

// Nor have they textures or surfaces.
CUresult cuModuleGetTexRef(CUtexref*, CUmodule hmod, const char* name) {
  CPU_COUNT_CALL();
  return in_module(__func__, hmod, [&](Module& module) {
    if (name == nullptr) return null_argument("name");
    return fail(CUDA_ERROR_NOT_FOUND,
                "the module '" + std::string(module.kernels->name) + "' has no texture called '" + name + "'");
  });
}

CUresult cuModuleGetSurfRef(CUsurfref*, CUmodule hmod, const char* name) {
  CPU_COUNT_CALL();
  return in_module(__func__, hmod, [&](Module& module) {
    if (name == nullptr) return null_argument("name");
    return fail(CUDA_ERROR_NOT_FOUND,
                "the module '" + std::string(module.kernels->name) + "' has no surface called '" + name + "'");
  });
}
