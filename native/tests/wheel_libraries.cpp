// Libraries laid out as NVIDIA's wheels for Python: each asks for the others by name, when it is called or (NEEDED)
// when it is loaded, and none knows a folder to look in. The part of which library is compiled is said by WHEEL_...,
// the generation of CUDA by GENERATION.
#include <dlfcn.h>

#include <cstddef>
#include <cstdint>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

namespace {

// Calls a function of a library that the loader can only know because somebody loaded it before; false where it does
// not.
[[maybe_unused]] bool calls(const char* library, const char* function) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return false;
  auto call = reinterpret_cast<size_t (*)()>(dlsym(handle, function));
  bool answered = call && call() != 0;
  dlclose(handle);
  return answered;
}

}  // namespace

extern "C" {

#if defined(WHEEL_CUDNN)
size_t cudnnGetVersion() { return 91900; }
size_t cudnnGetCudartVersion() { return GENERATION * 1000; }
// 0 is success, 1002 says that a part of the library could not be loaded.
int cudnnCreate(void** handle) {
  *handle = handle;
  bool whole = calls("libcudnn_ops.so.9", "cudnnOpsVersionCheck") &&
               calls("libcudnn_engines_runtime_compiled.so.9", "cudnnEnginesVersionCheck");
  return whole ? 0 : 1002;
}
#elif defined(WHEEL_CUDNN_OPS)
size_t cudnnOpsVersionCheck() { return calls("libcublasLt.so." TEXT(GENERATION), "cublasLtGetVersion"); }
#elif defined(WHEEL_CUDNN_GRAPH)
size_t cudnnGraphVersionCheck() { return 1; }
#elif defined(WHEEL_CUDNN_ENGINES)
// Needed when this library is loaded.
size_t cudnnGraphVersionCheck();
size_t cudnnEnginesVersionCheck() {
  return cudnnGraphVersionCheck() && calls("libnvrtc.so." TEXT(GENERATION), "nvrtcBuiltinsVersionCheck");
}
#elif defined(WHEEL_CUBLAS)
// Needed when this library is loaded.
size_t cublasLtGetVersion();
int cublasGetProperty(int property, int* value) {
  *value = property == 0 ? static_cast<int>(cublasLtGetVersion() / 10000) : 0;
  return 0;
}
#elif defined(WHEEL_CUBLASLT)
size_t cublasLtGetVersion() { return GENERATION * 10000; }
#elif defined(WHEEL_NVRTC)
size_t nvrtcBuiltinsVersionCheck() {
  return calls("libnvrtc-builtins.so." TEXT(GENERATION) ".0", "getBuiltinHeaderSize");
}
int nvrtcVersion(int* major, int* minor) {
  *major = nvrtcBuiltinsVersionCheck() ? GENERATION : 0;
  *minor = 0;
  return *major ? 0 : 7;
}
#elif defined(WHEEL_NVRTC_BUILTINS)
size_t getBuiltinHeaderSize() { return 1; }
#endif

}  // extern "C"
