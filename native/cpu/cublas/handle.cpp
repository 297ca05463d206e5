#include "cublas/handle.h"

#include <memory>

#include "cublas/call.h"
#include "engine/context.h"

using namespace cpu;
using namespace cpu::cublas;

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  CPU_COUNT_CALL();
  begin_call(__func__);
  if (handle == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "handle is null");
  try {
    if (current_or_primary_context() == nullptr) {
      return fail(CUBLAS_STATUS_NOT_INITIALIZED, "no context is current and the primary context cannot be made");
    }
    *handle = static_cast<cublasHandle_t>(make_handle(std::make_unique<CublasHandle>()));
    return CUBLAS_STATUS_SUCCESS;
  } catch (...) {
    return status_of_exception();
  }
}

// Waits for the handle's stream, as the real library does.
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  CPU_COUNT_CALL();
  return with_handle(__func__, handle, [&](CublasHandle& object) {
    if (const std::shared_ptr<Stream> stream = stream_from_handle(object.stream)) stream->synchronize();
    if (!release<CublasHandle>(handle))
      return fail(CUBLAS_STATUS_NOT_INITIALIZED, "another thread destroyed the handle");
    return CUBLAS_STATUS_SUCCESS;
  });
}

// Answers without a handle too.
cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int* version) {
  CPU_COUNT_CALL();
  begin_call(__func__);
  if (version == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "version is null");
  *version = CUBLAS_VERSION;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t streamId) {
  CPU_COUNT_CALL();
  return with_handle(__func__, handle, [&](CublasHandle& object) {
    if (stream_from_handle(streamId) == nullptr) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "streamId is no live stream: it was destroyed, or never was one");
    }
    object.stream = streamId;
    // A new stream brings the default workspace back.
    object.workspace = nullptr;
    object.workspace_bytes = 0;
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t workspaceSizeInBytes) {
  CPU_COUNT_CALL();
  return with_handle(__func__, handle, [&](CublasHandle& object) {
    if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "workspace is not aligned to 256 bytes");
    }
    if (workspace == nullptr && workspaceSizeInBytes != 0) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "workspace is null and has a size");
    }
    object.workspace = workspace;
    object.workspace_bytes = workspaceSizeInBytes;
    return CUBLAS_STATUS_SUCCESS;
  });
}

namespace {

template <class T, class Read>
cublasStatus_t get(const char* function, cublasHandle_t handle, T* value, Read&& read) {
  return with_handle(function, handle, [&](CublasHandle& object) {
    if (value == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "the pointer for the answer is null");
    *value = read(object);
    return CUBLAS_STATUS_SUCCESS;
  });
}

}  // namespace

cublasStatus_t cublasGetStream_v2(cublasHandle_t handle, cudaStream_t* streamId) {
  CPU_COUNT_CALL();
  return get(__func__, handle, streamId, [](const CublasHandle& object) { return object.stream; });
}

cublasStatus_t cublasGetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t* mode) {
  CPU_COUNT_CALL();
  return get(__func__, handle, mode, [](const CublasHandle& object) { return object.pointer_mode; });
}

cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode) {
  CPU_COUNT_CALL();
  return with_handle(__func__, handle, [&](CublasHandle& object) {
    Checks checks;
    checks.one_of("mode", mode, CUBLAS_POINTER_MODE_HOST, CUBLAS_POINTER_MODE_DEVICE);
    if (checks.status() == CUBLAS_STATUS_SUCCESS) object.pointer_mode = mode;
    return checks.status();
  });
}

cublasStatus_t cublasGetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t* mode) {
  CPU_COUNT_CALL();
  return get(__func__, handle, mode, [](const CublasHandle& object) { return object.atomics_mode; });
}

cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t mode) {
  CPU_COUNT_CALL();
  return with_handle(__func__, handle, [&](CublasHandle& object) {
    Checks checks;
    checks.one_of("mode", mode, CUBLAS_ATOMICS_NOT_ALLOWED, CUBLAS_ATOMICS_ALLOWED);
    if (checks.status() == CUBLAS_STATUS_SUCCESS) object.atomics_mode = mode;
    return checks.status();
  });
}

cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode) {
  CPU_COUNT_CALL();
  return get(__func__, handle, mode, [](const CublasHandle& object) { return object.math_mode; });
}

// The modes allow less precise arithmetic, which the CPU device has no use for: it keeps the mode and stays precise.
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  CPU_COUNT_CALL();
  return with_handle(__func__, handle, [&](CublasHandle& object) {
    const int base = static_cast<int>(mode) & ~CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
    const bool known = (base >= CUBLAS_DEFAULT_MATH && base <= CUBLAS_FP32_EMULATED_BF16X9_MATH) ||
                       base == CUBLAS_FP64_EMULATED_FIXEDPOINT_MATH;
    if (!known) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "there is no math mode " + std::to_string(static_cast<int>(mode)));
    }
    object.math_mode = mode;
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasGetSmCountTarget(cublasHandle_t handle, int* smCountTarget) {
  CPU_COUNT_CALL();
  return get(__func__, handle, smCountTarget, [](const CublasHandle& object) { return object.multiprocessor_target; });
}

cublasStatus_t cublasSetSmCountTarget(cublasHandle_t handle, int smCountTarget) {
  CPU_COUNT_CALL();
  return with_handle(__func__, handle, [&](CublasHandle& object) {
    if (smCountTarget < 0) return fail(CUBLAS_STATUS_INVALID_VALUE, "smCountTarget is less than 0");
    object.multiprocessor_target = smCountTarget;
    return CUBLAS_STATUS_SUCCESS;
  });
}

#define CPU_EMULATION_SETTING(name, T, parameter, field)                                              \
  cublasStatus_t cublasGet##name(cublasHandle_t handle, T* parameter) {                               \
    CPU_COUNT_CALL();                                                                                 \
    return get(__func__, handle, parameter, [](const CublasHandle& object) { return object.field; }); \
  }                                                                                                   \
  cublasStatus_t cublasSet##name(cublasHandle_t handle, T parameter) {                                \
    CPU_COUNT_CALL();                                                                                 \
    return with_handle(__func__, handle, [&](CublasHandle& object) {                                  \
      object.field = parameter;                                                                       \
      return CUBLAS_STATUS_SUCCESS;                                                                   \
    });                                                                                               \
  }
CPU_EMULATION_SETTING(EmulationStrategy, cublasEmulationStrategy_t, emulationStrategy, emulation_strategy)
CPU_EMULATION_SETTING(EmulationSpecialValuesSupport, cudaEmulationSpecialValuesSupport, mask, emulation_special_values)
CPU_EMULATION_SETTING(FixedPointEmulationMantissaControl, cudaEmulationMantissaControl, mantissaControl,
                      emulation_mantissa_control)
CPU_EMULATION_SETTING(FixedPointEmulationMaxMantissaBitCount, int, maxMantissaBitCount, emulation_max_mantissa_bits)
CPU_EMULATION_SETTING(FixedPointEmulationMantissaBitOffset, int, mantissaBitOffset, emulation_mantissa_bit_offset)
CPU_EMULATION_SETTING(FixedPointEmulationMantissaBitCountPointer, int*, mantissaBitCount, emulation_mantissa_bits)
