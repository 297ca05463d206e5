// What the tests of cuBLAS and cuBLASLt have in common: random choices, comparisons that are counted, device memory.
#pragma once

#include <algorithm>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "generated/cublas.h"
#include "generated/driver.h"

using Number = std::complex<double>;

inline std::mt19937_64 random_numbers;
inline CUstream stream = nullptr;
// What is being tried, for texts.
inline std::string running;
inline long compared = 0;
inline long wrong = 0;

inline int below(int count) { return static_cast<int>(random_numbers() % static_cast<uint64_t>(count)); }
inline bool coin() { return below(2) == 0; }
// Sizes: small ones mostly, and now and then such that kernels work in whole blocks.
inline int few() { return below(below(8) == 0 ? 40 : 9) + 1; }

inline void complain(const std::string& what) {
  if (++wrong <= 20) std::fprintf(stderr, "%s: %s\n", running.c_str(), what.c_str());
}

inline void expect(cublasStatus_t status, cublasStatus_t wanted = CUBLAS_STATUS_SUCCESS) {
  ++compared;
  if (status != wanted) {
    complain(std::string("answered ") + cublasGetStatusName(status) + ", not " + cublasGetStatusName(wanted));
  }
}

inline void* allocate(const void* content, size_t bytes) {
  CUdeviceptr address = 0;
  if (cuMemAlloc_v2(&address, std::max<size_t>(bytes, 1)) != CUDA_SUCCESS) std::abort();
  if (bytes != 0) cuMemcpyHtoD_v2(address, content, bytes);
  return reinterpret_cast<void*>(address);
}
