#include "engine/not_implemented.h"

#include <string>

#include "engine/last_error.h"

namespace cpu {
namespace {

template <class Status>
Status refuse(Library library, const char* symbol, Status status) {
  set_last_error(library, std::string(symbol) + " is not implemented by the CPU device");
  return status;
}

}  // namespace

CUresult not_implemented_driver(const char* symbol) {
  return refuse(Library::driver, symbol, CUDA_ERROR_NOT_SUPPORTED);
}

cudnnStatus_t not_implemented_cudnn(const char* symbol) {
  return refuse(Library::cudnn, symbol, CUDNN_STATUS_NOT_SUPPORTED);
}

cublasStatus_t not_implemented_cublas(const char* symbol) {
  return refuse(Library::cublas, symbol, CUBLAS_STATUS_NOT_SUPPORTED);
}

cublasStatus_t not_implemented_cublaslt(const char* symbol) {
  return refuse(Library::cublaslt, symbol, CUBLAS_STATUS_NOT_SUPPORTED);
}

// NCCL has no code for "not supported"; its invalid usage is what it answers where a build lacks a feature.
ncclResult_t not_implemented_nccl(const char* symbol) { return refuse(Library::nccl, symbol, ncclInvalidUsage); }

}  // namespace cpu
