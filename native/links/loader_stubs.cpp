// The libraries of the folder of links. Each carries one of NVIDIA's file names and symbol lists and is a filter: the
// loader takes the symbols from libcudnnnet_cpu.so, wherever that was loaded already, so that all of them are one
// device. What is compiled here only stands where the linker of a program looks for names; it is never called by way of
// the loader, and says that the device is not there if it is.
#include "engine/exported_symbols.h"
#include "engine/not_implemented.h"

namespace cpu {

CUresult not_implemented_driver(const char*) { return CUDA_ERROR_SHARED_OBJECT_INIT_FAILED; }
cudnnStatus_t not_implemented_cudnn(const char*) { return CUDNN_STATUS_NOT_INITIALIZED; }
cublasStatus_t not_implemented_cublas(const char*) { return CUBLAS_STATUS_NOT_INITIALIZED; }
cublasStatus_t not_implemented_cublaslt(const char*) { return CUBLAS_STATUS_NOT_INITIALIZED; }
ncclResult_t not_implemented_nccl(const char*) { return ncclSystemError; }

}  // namespace cpu
