// Modules loaded by the program itself, and the driver's functions by name.
#include "runtime.h"

using namespace cudart;

cudaError_t cudaLibraryLoadData(cudaLibrary_t* library, const void* code, enum cudaJitOption* jitOptions,
                                void** jitOptionsValues, unsigned int numJitOptions,
                                enum cudaLibraryOption* libraryOptions, void** libraryOptionValues,
                                unsigned int numLibraryOptions) {
  return in_context([&] {
    return cuLibraryLoadData(library, code, same_layout<CUjit_option*>(jitOptions), jitOptionsValues, numJitOptions,
                             same_layout<CUlibraryOption*>(libraryOptions), libraryOptionValues, numLibraryOptions);
  });
}

cudaError_t cudaLibraryLoadFromFile(cudaLibrary_t* library, const char* fileName, enum cudaJitOption* jitOptions,
                                    void** jitOptionsValues, unsigned int numJitOptions,
                                    enum cudaLibraryOption* libraryOptions, void** libraryOptionValues,
                                    unsigned int numLibraryOptions) {
  return in_context([&] {
    return cuLibraryLoadFromFile(library, fileName, same_layout<CUjit_option*>(jitOptions), jitOptionsValues,
                                 numJitOptions, same_layout<CUlibraryOption*>(libraryOptions), libraryOptionValues,
                                 numLibraryOptions);
  });
}

cudaError_t cudaLibraryUnload(cudaLibrary_t library) {
  return in_context([&] { return cuLibraryUnload(library); });
}

cudaError_t cudaLibraryGetKernel(cudaKernel_t* pKernel, cudaLibrary_t library, const char* name) {
  return in_context([&] { return cuLibraryGetKernel(pKernel, library, name); });
}

cudaError_t cudaLibraryGetGlobal(void** dptr, size_t* bytes, cudaLibrary_t library, const char* name) {
  return in_context([&] { return cuLibraryGetGlobal(reinterpret_cast<CUdeviceptr*>(dptr), bytes, library, name); });
}

cudaError_t cudaLibraryGetManaged(void** dptr, size_t* bytes, cudaLibrary_t library, const char* name) {
  return in_context([&] { return cuLibraryGetManaged(reinterpret_cast<CUdeviceptr*>(dptr), bytes, library, name); });
}

cudaError_t cudaLibraryGetUnifiedFunction(void** fptr, cudaLibrary_t library, const char* symbol) {
  return in_context([&] { return cuLibraryGetUnifiedFunction(fptr, library, symbol); });
}

cudaError_t cudaLibraryGetKernelCount(unsigned int* count, cudaLibrary_t lib) {
  return in_context([&] { return cuLibraryGetKernelCount(count, lib); });
}

cudaError_t cudaLibraryEnumerateKernels(cudaKernel_t* kernels, unsigned int numKernels, cudaLibrary_t lib) {
  return in_context([&] { return cuLibraryEnumerateKernels(kernels, numKernels, lib); });
}

cudaError_t cudaKernelSetAttributeForDevice(cudaKernel_t kernel, enum cudaFuncAttribute attr, int value, int device) {
  return in_context(
      [&] { return cuKernelSetAttribute(static_cast<CUfunction_attribute>(attr), value, kernel, device); });
}

namespace {

cudaError_t find_entry_point(const char* symbol, void** function, int version, unsigned long long flags,
                             cudaDriverEntryPointQueryResult* result) {
  return with_driver([&] {
    return cuGetProcAddress_v2(symbol, function, version, flags, same_layout<CUdriverProcAddressQueryResult*>(result));
  });
}

// Without flags the variants of these functions for the per-thread default stream ask for such functions.
unsigned long long per_thread_flags(unsigned long long flags) {
  if (flags == cudaEnableDefault) return cudaEnablePerThreadDefaultStream;
  return flags;
}

}  // namespace

cudaError_t cudaGetDriverEntryPoint(const char* symbol, void** funcPtr, unsigned long long flags,
                                    enum cudaDriverEntryPointQueryResult* driverStatus) {
  return find_entry_point(symbol, funcPtr, CUDART_VERSION, flags, driverStatus);
}

cudaError_t cudaGetDriverEntryPoint_ptsz(const char* symbol, void** funcPtr, unsigned long long flags,
                                         enum cudaDriverEntryPointQueryResult* driverStatus) {
  return find_entry_point(symbol, funcPtr, CUDART_VERSION, per_thread_flags(flags), driverStatus);
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** funcPtr, unsigned int cudaVersion,
                                             unsigned long long flags,
                                             enum cudaDriverEntryPointQueryResult* driverStatus) {
  return find_entry_point(symbol, funcPtr, static_cast<int>(cudaVersion), flags, driverStatus);
}

cudaError_t cudaGetDriverEntryPointByVersion_ptsz(const char* symbol, void** funcPtr, unsigned int cudaVersion,
                                                  unsigned long long flags,
                                                  enum cudaDriverEntryPointQueryResult* driverStatus) {
  return find_entry_point(symbol, funcPtr, static_cast<int>(cudaVersion), per_thread_flags(flags), driverStatus);
}
