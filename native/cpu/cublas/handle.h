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
  // How wider types may be emulated on tensor cores. Kept, but not used: the CPU device has the types themselves.
  cublasEmulationStrategy_t emulation_strategy = CUBLAS_EMULATION_STRATEGY_DEFAULT;
  cudaEmulationSpecialValuesSupport emulation_special_values = CUDA_EMULATION_SPECIAL_VALUES_SUPPORT_DEFAULT;
  cudaEmulationMantissaControl emulation_mantissa_control = CUDA_EMULATION_MANTISSA_CONTROL_DYNAMIC;
  int emulation_max_mantissa_bits = 0;
  int emulation_mantissa_bit_offset = 0;
  int* emulation_mantissa_bits = nullptr;
};

}  // namespace cpu
