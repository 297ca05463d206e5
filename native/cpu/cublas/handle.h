// cublasHandle_t: the stream on which calls run and the modes they obey.
#pragma once

#include <string_view>

#include "engine/handles.h"
#include "generated/cublas.h"

namespace cpu {

struct CublasHandle {
  static constexpr HandleTag tag = HandleTag::CublasHandle;

  cudaStream_t stream = nullptr;  // as the caller gave it; null is the legacy default stream
  cublasPointerMode_t pointer_mode = CUBLAS_POINTER_MODE_HOST;
  cublasAtomicsMode_t atomics_mode = CUBLAS_ATOMICS_NOT_ALLOWED;
  cublasMath_t math_mode = CUBLAS_DEFAULT_MATH;
  int sm_count_target = 0;
};

// The status and, as the library's last-error text, the call and what was wrong.
cublasStatus_t cublas_failure(cublasStatus_t status, std::string_view call, std::string_view reason);

}  // namespace cpu
