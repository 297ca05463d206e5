// Older libraries than the bindings know: a driver of CUDA 12.4 (DRIVER_VERSION) that counts one device, and a
// cuDNN 9.3. The symbols come from the generated export tables, all but those that the linker's map takes away; a call
// that is not written here succeeds.
#include "engine/exported_symbols.h"
#include "engine/not_implemented.h"

#ifndef DRIVER_VERSION
#define DRIVER_VERSION 12040
#endif

namespace cpu {

CUresult not_implemented_driver(const char*) { return CUDA_SUCCESS; }
cudnnStatus_t not_implemented_cudnn(const char*) { return CUDNN_STATUS_SUCCESS; }
cublasStatus_t not_implemented_cublas(const char*) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t not_implemented_cublaslt(const char*) { return CUBLAS_STATUS_SUCCESS; }
ncclResult_t not_implemented_nccl(const char*) { return ncclSuccess; }

}  // namespace cpu

extern "C" {

CUresult cuDeviceGetCount(int* count) {
  *count = 1;
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int* version) {
  *version = DRIVER_VERSION;
  return CUDA_SUCCESS;
}

size_t cudnnGetVersion() { return 90300; }

}  // extern "C"
