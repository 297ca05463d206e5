#include "cublas/handle.h"

#include <memory>
#include <string>

#include "engine/last_error.h"
#include "engine/stream.h"

namespace cpu {

cublasStatus_t cublas_failure(cublasStatus_t status, std::string_view call, std::string_view reason) {
  set_last_error(Library::cublas, std::string(call).append(": ").append(reason));
  return status;
}

namespace {

// Runs `body` with the handle's object; a handle that is null, stale or another library's is NOT_INITIALIZED, as in
// cuBLAS.
template <class Body>
cublasStatus_t with_handle(cublasHandle_t handle, const char* call, Body body) {
  CublasHandle* object = lookup<CublasHandle>(handle);
  if (object == nullptr)
    return cublas_failure(CUBLAS_STATUS_NOT_INITIALIZED, call, "the handle is no live cuBLAS handle");
  return body(*object);
}

// Reads one of the handle's modes.
template <class T>
cublasStatus_t get(cublasHandle_t handle, const char* call, T CublasHandle::*member, T* value) {
  return with_handle(handle, call, [&](CublasHandle& object) {
    if (value == nullptr) return cublas_failure(CUBLAS_STATUS_INVALID_VALUE, call, "the place for the answer is null");
    *value = object.*member;
    return CUBLAS_STATUS_SUCCESS;
  });
}

// Sets one of the handle's modes where `valid` holds.
template <class T>
cublasStatus_t set(cublasHandle_t handle, const char* call, T CublasHandle::*member, T value, bool valid) {
  return with_handle(handle, call, [&](CublasHandle& object) {
    if (!valid) return cublas_failure(CUBLAS_STATUS_INVALID_VALUE, call, "the value is none of the enumeration's");
    object.*member = value;
    return CUBLAS_STATUS_SUCCESS;
  });
}

bool is_math_mode(cublasMath_t mode) {
  const int base = static_cast<int>(mode) & ~static_cast<int>(CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION);
  return base >= CUBLAS_DEFAULT_MATH && base <= CUBLAS_TF32_TENSOR_OP_MATH;
}

}  // namespace

}  // namespace cpu

using cpu::CublasHandle;

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  if (handle == nullptr) {
    return cpu::cublas_failure(CUBLAS_STATUS_INVALID_VALUE, "cublasCreate", "the place for the handle is null");
  }
  *handle = static_cast<cublasHandle_t>(cpu::make_handle(std::make_unique<CublasHandle>()));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  if (cpu::release<CublasHandle>(handle)) return CUBLAS_STATUS_SUCCESS;
  return cpu::cublas_failure(CUBLAS_STATUS_NOT_INITIALIZED, "cublasDestroy", "the handle is no live cuBLAS handle");
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int* version) {
  if (version == nullptr) {
    return cpu::cublas_failure(CUBLAS_STATUS_INVALID_VALUE, "cublasGetVersion", "the place for the answer is null");
  }
  *version = CUBLAS_VERSION;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t streamId) {
  return cpu::with_handle(handle, "cublasSetStream", [&](CublasHandle& object) {
    object.stream = streamId;
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasGetStream_v2(cublasHandle_t handle, cudaStream_t* streamId) {
  return cpu::get(handle, "cublasGetStream", &CublasHandle::stream, streamId);
}

// OpenBLAS brings its own scratch memory, so the workspace is looked at and not used.
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t workspaceSizeInBytes) {
  return cpu::with_handle(handle, "cublasSetWorkspace", [&](CublasHandle&) {
    if (workspace == nullptr && workspaceSizeInBytes != 0) {
      return cpu::cublas_failure(CUBLAS_STATUS_INVALID_VALUE, "cublasSetWorkspace", "a null workspace has a size");
    }
    if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0) {
      return cpu::cublas_failure(CUBLAS_STATUS_INVALID_VALUE, "cublasSetWorkspace",
                                 "the workspace is not aligned to 256 bytes");
    }
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasGetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t* mode) {
  return cpu::get(handle, "cublasGetPointerMode", &CublasHandle::pointer_mode, mode);
}

cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode) {
  return cpu::set(handle, "cublasSetPointerMode", &CublasHandle::pointer_mode, mode,
                  mode == CUBLAS_POINTER_MODE_HOST || mode == CUBLAS_POINTER_MODE_DEVICE);
}

cublasStatus_t cublasGetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t* mode) {
  return cpu::get(handle, "cublasGetAtomicsMode", &CublasHandle::atomics_mode, mode);
}

cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t mode) {
  return cpu::set(handle, "cublasSetAtomicsMode", &CublasHandle::atomics_mode, mode,
                  mode == CUBLAS_ATOMICS_NOT_ALLOWED || mode == CUBLAS_ATOMICS_ALLOWED);
}

cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode) {
  return cpu::get(handle, "cublasGetMathMode", &CublasHandle::math_mode, mode);
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  return cpu::set(handle, "cublasSetMathMode", &CublasHandle::math_mode, mode, cpu::is_math_mode(mode));
}

cublasStatus_t cublasGetSmCountTarget(cublasHandle_t handle, int* smCountTarget) {
  return cpu::get(handle, "cublasGetSmCountTarget", &CublasHandle::sm_count_target, smCountTarget);
}

cublasStatus_t cublasSetSmCountTarget(cublasHandle_t handle, int smCountTarget) {
  return cpu::set(handle, "cublasSetSmCountTarget", &CublasHandle::sm_count_target, smCountTarget, smCountTarget >= 0);
}
