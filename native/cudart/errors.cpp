#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "error_names.h"
#include "exported_symbols.h"
#include "not_implemented.h"
#include "runtime.h"

namespace cudart {
namespace {

thread_local cudaError_t last_error = cudaSuccess;
thread_local std::string last_text;

const char* name_of(int error) {
  const ErrorName* end = k_error_names + k_error_name_count;
  const ErrorName* found =
      std::lower_bound(k_error_names, end, error, [](const ErrorName& e, int number) { return e.error < number; });
  return found != end && found->error == error ? found->name : nullptr;
}

// Errors of the runtime that the driver has no text for.
const char* text_of(cudaError_t error) {
  switch (error) {
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorInvalidPitchValue:
      return "invalid pitch argument";
    case cudaErrorInvalidSymbol:
      return "invalid device symbol";
    case cudaErrorInvalidMemcpyDirection:
      return "invalid direction of a copy";
    case cudaErrorInsufficientDriver:
      return "the driver is older than the runtime needs";
    case cudaErrorMissingConfiguration:
      return "the launch has no configuration";
    case cudaErrorInvalidDeviceFunction:
      return "invalid device function";
    case cudaErrorInvalidChannelDescriptor:
      return "invalid channel descriptor";
    default:
      return nullptr;
  }
}

// A fault of device code fails its context: the error is there again at every call until the device is reset.
bool is_sticky(cudaError_t error) {
  const bool fault = error == cudaErrorIllegalAddress || error == cudaErrorLaunchTimeout || error == cudaErrorAssert ||
                     (error >= cudaErrorHardwareStackError && error <= cudaErrorLaunchFailure);
  if (!fault) return false;
  CUdevice device;
  return cuCtxGetDevice(&device) == CUDA_SUCCESS && error_of(cuStreamQuery(CU_STREAM_LEGACY)) == error;
}

}  // namespace

static_assert(int{cudaErrorInvalidValue} == CUDA_ERROR_INVALID_VALUE &&
              int{cudaErrorMemoryAllocation} == CUDA_ERROR_OUT_OF_MEMORY &&
              int{cudaErrorInitializationError} == CUDA_ERROR_NOT_INITIALIZED &&
              int{cudaErrorNoDevice} == CUDA_ERROR_NO_DEVICE &&
              int{cudaErrorInvalidDevice} == CUDA_ERROR_INVALID_DEVICE);
static_assert(int{cudaErrorDeviceUninitialized} == CUDA_ERROR_INVALID_CONTEXT &&
              int{cudaErrorNoKernelImageForDevice} == CUDA_ERROR_NO_BINARY_FOR_GPU &&
              int{cudaErrorInvalidResourceHandle} == CUDA_ERROR_INVALID_HANDLE &&
              int{cudaErrorSymbolNotFound} == CUDA_ERROR_NOT_FOUND && int{cudaErrorNotReady} == CUDA_ERROR_NOT_READY);
static_assert(int{cudaErrorIllegalAddress} == CUDA_ERROR_ILLEGAL_ADDRESS &&
              int{cudaErrorLaunchFailure} == CUDA_ERROR_LAUNCH_FAILED &&
              int{cudaErrorNotPermitted} == CUDA_ERROR_NOT_PERMITTED &&
              int{cudaErrorNotSupported} == CUDA_ERROR_NOT_SUPPORTED &&
              int{cudaErrorGraphExecUpdateFailure} == CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE &&
              int{cudaErrorUnknown} == CUDA_ERROR_UNKNOWN);

cudaError_t error_of(CUresult status) {
  if (status == CUDA_SUCCESS) return cudaSuccess;
  return name_of(status) == nullptr ? cudaErrorUnknown : static_cast<cudaError_t>(status);
}

cudaError_t finish(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

cudaError_t fail(cudaError_t error, std::string_view text) {
  last_text = text;
  return finish(error);
}

cudaError_t not_implemented_cudart(const char* symbol) {
  return fail(cudaErrorNotSupported, std::string(symbol) + " is not implemented by the CPU device");
}

}  // namespace cudart

using namespace cudart;

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  if (error != cudaSuccess && !is_sticky(error)) last_error = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() { return last_error; }

const char* cudaGetErrorName(cudaError_t error) {
  const char* name = name_of(error);
  return name == nullptr ? "unrecognized error code" : name;
}

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaSuccess) return "no error";
  if (const char* text = text_of(error)) return text;
  const char* text = nullptr;
  if (cuGetErrorString(static_cast<CUresult>(error), &text) == CUDA_SUCCESS) return text;
  return cudaGetErrorName(error);
}

// 1: implemented; 0: exported, but answers cudaErrorNotSupported; -1: no symbol of this library.
extern "C" __attribute__((visibility("default"))) int cudnnnetRuntimeIsImplemented(const char* symbol) {
  if (symbol == nullptr) return -1;
  const ExportedSymbol* end = k_cudart_symbols + k_cudart_symbol_count;
  const ExportedSymbol* found =
      std::lower_bound(k_cudart_symbols, end, symbol,
                       [](const ExportedSymbol& e, const char* key) { return std::strcmp(e.name, key) < 0; });
  if (found == end || std::strcmp(found->name, symbol) != 0) return -1;
  return found->symbol != found->stub ? 1 : 0;
}

// As cudnnnetCpuTakeLastError: the text of the runtime's own last refusal on this thread, which is then forgotten;
// returns its whole length.
extern "C" __attribute__((visibility("default"))) size_t cudnnnetRuntimeTakeLastError(char* buffer, size_t size) {
  const std::string text = std::exchange(last_text, {});
  if (buffer != nullptr && size > 0) {
    const size_t count = std::min(text.size(), size - 1);
    std::memcpy(buffer, text.data(), count);
    buffer[count] = '\0';
  }
  return text.size();
}
