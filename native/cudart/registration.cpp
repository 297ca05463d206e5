#include "registration.h"

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace cudart {
namespace {

// What a compiler puts beside the code that registers it.
struct FatBinaryWrapper {
  int magic;
  int version;
  const void* data;
  void* file_or_prelinked;
};
constexpr int k_wrapper_magic = 0x466243B1;

// One image, loaded when something in it is first used.
struct Image {
  const void* data = nullptr;
  CUlibrary library = nullptr;
};

struct RegisteredFunction {
  Image* image;
  std::string name;
  CUkernel kernel = nullptr;
};

struct RegisteredVariable {
  Image* image;
  std::string name;
  bool managed;
};

// Registered before main and unregistered after it, so it never ends.
struct Registry {
  std::mutex mutex;
  std::unordered_map<Image*, std::unique_ptr<Image>> images;
  std::unordered_map<const void*, RegisteredFunction> functions;
  std::unordered_map<const void*, RegisteredVariable> variables;
  std::unordered_map<const void*, const void*> shadows;
};

Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

CUresult load(Image& image) {
  if (image.library != nullptr) return CUDA_SUCCESS;
  if (image.data == nullptr) return CUDA_ERROR_INVALID_IMAGE;
  return cuLibraryLoadData(&image.library, image.data, nullptr, nullptr, 0, nullptr, nullptr, 0);
}

// With the registry's mutex held.
CUresult kernel_of(Registry& all, const void* shadow, RegisteredFunction& function) {
  if (function.kernel != nullptr) return CUDA_SUCCESS;
  CUresult status = load(*function.image);
  if (status == CUDA_SUCCESS)
    status = cuLibraryGetKernel(&function.kernel, function.image->library, function.name.c_str());
  if (status == CUDA_SUCCESS) all.shadows[function.kernel] = shadow;
  return status;
}

}  // namespace

cudaError_t find_kernel(const void* function, CUkernel* result) {
  Registry& all = registry();
  {
    std::lock_guard lock(all.mutex);
    if (const auto found = all.functions.find(function); found != all.functions.end()) {
      const CUresult status = kernel_of(all, function, found->second);
      *result = found->second.kernel;
      return error_of(status);
    }
  }
  const auto kernel = static_cast<CUkernel>(const_cast<void*>(function));
  const char* name = nullptr;
  if (function == nullptr || cuKernelGetName(&name, kernel) != CUDA_SUCCESS) return cudaErrorInvalidDeviceFunction;
  *result = kernel;
  return cudaSuccess;
}

cudaError_t find_function(const void* function, CUfunction* result) {
  CUkernel kernel = nullptr;
  const cudaError_t error = find_kernel(function, &kernel);
  if (error == cudaSuccess) return error_of(cuKernelGetFunction(result, kernel));
  if (error != cudaErrorInvalidDeviceFunction || function == nullptr) return error;
  const auto handle = static_cast<CUfunction>(const_cast<void*>(function));
  const char* name = nullptr;
  if (cuFuncGetName(&name, handle) != CUDA_SUCCESS) return error;
  *result = handle;
  return cudaSuccess;
}

const void* host_function(CUfunction function, CUkernel kernel) {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  if (const auto found = all.shadows.find(kernel); found != all.shadows.end()) return found->second;
  // A function of a context is known by its kernel's.
  for (const auto& [known, shadow] : all.shadows) {
    CUfunction of_kernel = nullptr;
    const auto handle = static_cast<CUkernel>(const_cast<void*>(known));
    if (function != nullptr && cuKernelGetFunction(&of_kernel, handle) == CUDA_SUCCESS && of_kernel == function) {
      return shadow;
    }
  }
  return function != nullptr ? static_cast<const void*>(function) : kernel;
}

cudaError_t find_variable(const void* symbol, void** place, size_t* size) {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  const auto found = all.variables.find(symbol);
  if (found == all.variables.end()) return cudaErrorInvalidSymbol;
  RegisteredVariable& variable = found->second;
  if (const CUresult status = load(*variable.image); status != CUDA_SUCCESS) return error_of(status);
  CUdeviceptr at = 0;
  size_t bytes = 0;
  const auto get = variable.managed ? cuLibraryGetManaged : cuLibraryGetGlobal;
  const CUresult status = get(&at, &bytes, variable.image->library, variable.name.c_str());
  if (status == CUDA_ERROR_NOT_FOUND) return cudaErrorInvalidSymbol;
  if (status != CUDA_SUCCESS) return error_of(status);
  if (place != nullptr) *place = reinterpret_cast<void*>(at);
  if (size != nullptr) *size = bytes;
  return cudaSuccess;
}

}  // namespace cudart

using namespace cudart;

// An image that is none is found out when it is used; there is nobody to tell before main.
void** __cudaRegisterFatBinary(void* fatCubin) {
  auto image = std::make_unique<Image>();
  const auto* wrapper = static_cast<const FatBinaryWrapper*>(fatCubin);
  if (wrapper != nullptr && wrapper->magic == k_wrapper_magic) image->data = wrapper->data;
  Image* handle = image.get();
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  all.images.emplace(handle, std::move(image));
  return reinterpret_cast<void**>(handle);
}

void __cudaRegisterFatBinaryEnd(void**) {}

void __cudaUnregisterFatBinary(void** fatCubinHandle) {
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  const auto found = all.images.find(reinterpret_cast<Image*>(fatCubinHandle));
  if (found == all.images.end()) return;
  Image* image = found->second.get();
  for (const auto& [shadow, function] : all.functions) {
    if (function.image == image) all.shadows.erase(function.kernel);
  }
  std::erase_if(all.functions, [&](const auto& entry) { return entry.second.image == image; });
  std::erase_if(all.variables, [&](const auto& entry) { return entry.second.image == image; });
  if (image->library != nullptr) cuLibraryUnload(image->library);
  all.images.erase(found);
}

void __cudaRegisterFunction(void** fatCubinHandle, const char* hostFun, char*, const char* deviceName, int, uint3*,
                            uint3*, dim3*, dim3*, int*) {
  if (deviceName == nullptr) return;
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  all.functions[hostFun] = {reinterpret_cast<Image*>(fatCubinHandle), deviceName};
}

void __cudaRegisterVar(void** fatCubinHandle, char* hostVar, char*, const char* deviceName, int, size_t, int, int) {
  if (deviceName == nullptr) return;
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  all.variables[hostVar] = {reinterpret_cast<Image*>(fatCubinHandle), deviceName, false};
}

// The host reads its pointer to a managed variable without a call, so it is set where the image can be loaded.
void __cudaRegisterManagedVar(void** fatCubinHandle, void** hostVarPtrAddress, char*, const char* deviceName, int,
                              size_t, int, int) {
  if (deviceName == nullptr) return;
  Registry& all = registry();
  std::lock_guard lock(all.mutex);
  all.variables[hostVarPtrAddress] = {reinterpret_cast<Image*>(fatCubinHandle), deviceName, true};
}

char __cudaInitModule(void**) { return 1; }

cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* entryFuncAddr) {
  return with_driver([&]() -> cudaError_t {
    if (kernel == nullptr) return cudaErrorInvalidValue;
    return find_kernel(entryFuncAddr, kernel);
  });
}

cudaError_t cudaGetKernel(cudaKernel_t* kernelPtr, const void* entryFuncAddr) {
  return __cudaGetKernel(kernelPtr, entryFuncAddr);
}

cudaError_t cudaGetFuncBySymbol(cudaFunction_t* functionPtr, const void* symbolPtr) {
  return in_context([&]() -> cudaError_t {
    if (functionPtr == nullptr) return cudaErrorInvalidValue;
    return find_function(symbolPtr, functionPtr);
  });
}

namespace {

// What stands between <<< and >>>, until the stub of the kernel takes it.
struct Configuration {
  dim3 grid;
  dim3 block;
  size_t shared_bytes;
  cudaStream_t stream;
};
thread_local std::vector<Configuration> configurations;

}  // namespace

unsigned int __cudaPushCallConfiguration(dim3 gridDim, dim3 blockDim, size_t sharedMem, struct CUstream_st* stream) {
  configurations.push_back({gridDim, blockDim, sharedMem, stream});
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3* gridDim, dim3* blockDim, size_t* sharedMem, void* stream) {
  if (configurations.empty()) return finish(cudaErrorMissingConfiguration);
  if (gridDim == nullptr || blockDim == nullptr || sharedMem == nullptr || stream == nullptr) {
    return finish(cudaErrorInvalidValue);
  }
  const Configuration top = configurations.back();
  configurations.pop_back();
  *gridDim = top.grid;
  *blockDim = top.block;
  *sharedMem = top.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  return cudaSuccess;
}
