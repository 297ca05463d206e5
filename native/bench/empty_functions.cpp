// A library with every symbol of the CPU device whose functions return success at once: what is left when a call is
// timed on it is the cost of calling. The symbols come from the generated export tables; only the functions whose
// results a program cannot do without are written here.
#include "engine/exported_symbols.h"
#include "engine/not_implemented.h"

namespace cpu {

CUresult not_implemented_driver(const char*) { return CUDA_SUCCESS; }
cudnnStatus_t not_implemented_cudnn(const char*) { return CUDNN_STATUS_SUCCESS; }
cublasStatus_t not_implemented_cublas(const char*) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t not_implemented_cublaslt(const char*) { return CUBLAS_STATUS_SUCCESS; }
ncclResult_t not_implemented_nccl(const char*) { return ncclSuccess; }

}  // namespace cpu

namespace {

// A handle nobody follows.
template <class Handle>
Handle handle(unsigned long long number) {
  return reinterpret_cast<Handle>(number << 4);
}

constexpr size_t k_parameters = 8;

}  // namespace

extern "C" {

__attribute__((visibility("default"))) CUresult cuDeviceGetCount(int* count) {
  *count = 1;
  return CUDA_SUCCESS;
}

__attribute__((visibility("default"))) CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  *device = ordinal;
  return CUDA_SUCCESS;
}

__attribute__((visibility("default"))) CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice) {
  *context = handle<CUcontext>(1);
  return CUDA_SUCCESS;
}

__attribute__((visibility("default"))) CUresult cuCtxGetCurrent(CUcontext* context) {
  *context = handle<CUcontext>(1);
  return CUDA_SUCCESS;
}

__attribute__((visibility("default"))) CUresult cuStreamCreate(CUstream* stream, unsigned int) {
  static unsigned long long last = 16;
  *stream = handle<CUstream>(++last);
  return CUDA_SUCCESS;
}

__attribute__((visibility("default"))) CUresult cuModuleLoadDataEx(CUmodule* module, const void*, unsigned int,
                                                                   CUjit_option*, void**) {
  *module = handle<CUmodule>(2);
  return CUDA_SUCCESS;
}

__attribute__((visibility("default"))) CUresult cuModuleGetFunction(CUfunction* function, CUmodule, const char*) {
  *function = handle<CUfunction>(3);
  return CUDA_SUCCESS;
}

// Eight parameters of eight bytes, so that the binding checks what it checks with a real driver.
__attribute__((visibility("default"))) CUresult cuFuncGetParamInfo(CUfunction, size_t index, size_t* offset,
                                                                   size_t* bytes) {
  if (index >= k_parameters) return CUDA_ERROR_INVALID_VALUE;
  *offset = index * sizeof(void*);
  *bytes = sizeof(void*);
  return CUDA_SUCCESS;
}

__attribute__((visibility("default"))) cudnnStatus_t cudnnCreate(cudnnHandle_t* created) {
  *created = handle<cudnnHandle_t>(4);
  return CUDNN_STATUS_SUCCESS;
}

__attribute__((visibility("default"))) cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* created) {
  *created = handle<cudnnTensorDescriptor_t>(5);
  return CUDNN_STATUS_SUCCESS;
}

__attribute__((visibility("default"))) cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* created) {
  *created = handle<cudnnFilterDescriptor_t>(6);
  return CUDNN_STATUS_SUCCESS;
}

__attribute__((visibility("default"))) cudnnStatus_t cudnnCreateConvolutionDescriptor(
    cudnnConvolutionDescriptor_t* created) {
  *created = handle<cudnnConvolutionDescriptor_t>(7);
  return CUDNN_STATUS_SUCCESS;
}

__attribute__((visibility("default"))) cublasStatus_t cublasCreate_v2(cublasHandle_t* created) {
  *created = handle<cublasHandle_t>(8);
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"
