// The calls of the floor benchmark made from C, so that the cost of calling from .NET can be told from that of the
// call.
#include "generated/cublas.h"
#include "generated/cudnn.h"
#include "generated/driver.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int floor_loop_set_stream(int calls, cudnnHandle_t handle, CUstream stream) {
  int failures = 0;
  for (int i = 0; i < calls; i++) failures += cudnnSetStream(handle, stream) != CUDNN_STATUS_SUCCESS;
  return failures;
}

EXPORT int floor_loop_launch(int calls, CUfunction function, CUstream stream) {
  int failures = 0;
  for (int i = 0; i < calls; i++) {
    unsigned long long values[8] = {1, 2, 3, 4, 5, 6, 7, static_cast<unsigned long long>(i)};
    void* arguments[8];
    for (int j = 0; j < 8; j++) arguments[j] = &values[j];
    failures += cuLaunchKernel(function, 16, 1, 1, 256, 1, 1, 0, stream, arguments, nullptr) != CUDA_SUCCESS;
  }
  return failures;
}

EXPORT int floor_loop_convolution(int calls, cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                                  cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, void* memory) {
  int failures = 0;
  for (int i = 0; i < calls; i++) {
    const float alpha = 1;
    const float beta = 0;
    failures += cudnnConvolutionForward(handle, &alpha, x, memory, w, memory, convolution,
                                        CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, memory, 1024, &beta, y,
                                        memory) != CUDNN_STATUS_SUCCESS;
  }
  return failures;
}

EXPORT int floor_loop_gemm(int calls, cublasHandle_t handle, float* memory) {
  int failures = 0;
  for (int i = 0; i < calls; i++) {
    const float alpha = 1;
    const float beta = 0;
    failures += cublasSgemm_v2(handle, CUBLAS_OP_N, CUBLAS_OP_N, 64, 64, 64, &alpha, memory, 64, memory, 64, &beta,
                               memory, 64) != CUBLAS_STATUS_SUCCESS;
  }
  return failures;
}
