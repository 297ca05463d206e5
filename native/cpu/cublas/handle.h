#pragma once

#include <cstddef>

#include "engine/handles.h"
#include "generated/cublas.h"

namespace cpu {

// cublasHandle_t.
struct CublasHandle {
  static constexpr HandleTag tag = HandleTag::CublasHandle;

  // As the caller gave it; null is the legacy default stream.
  cudaStream_t stream = nullptr;
  cublasPointerMode_t pointer_mode = CUBLAS_POINTER_MODE_HOST;
  cublasMath_t math_mode = CUBLAS_DEFAULT_MATH;
  cublasAtomicsMode_t atomics_mode = CUBLAS_ATOMICS_NOT_ALLOWED;
  int multiprocessor_target = 0;
  // The caller's workspace. Kept, but not used: OpenBLAS brings its own.
  void* workspace = nullptr;
  size_t workspace_bytes = 0;
};

}  // namespace cpu
