#include "cublas/status_text.h"
#include "engine/last_error.h"
#include "generated/cublas.h"

namespace {

// CUDA runtime the interface's version was made with.
constexpr size_t cudart_version = 13000;

}  // namespace

const char* cublasGetStatusName(cublasStatus_t status) { return cpu::cublas_status_name(status); }

const char* cublasGetStatusString(cublasStatus_t status) { return cpu::cublas_status_description(status); }

size_t cublasGetCudartVersion() { return cudart_version; }

cublasStatus_t cublasGetProperty(libraryPropertyType type, int* value) {
  if (value == nullptr) {
    cpu::set_last_error(cpu::Library::cublas, "cublasGetProperty: value is null");
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  switch (static_cast<int>(type)) {
    case MAJOR_VERSION:
      *value = CUBLAS_VER_MAJOR;
      return CUBLAS_STATUS_SUCCESS;
    case MINOR_VERSION:
      *value = CUBLAS_VER_MINOR;
      return CUBLAS_STATUS_SUCCESS;
    case PATCH_LEVEL:
      *value = CUBLAS_VER_PATCH;
      return CUBLAS_STATUS_SUCCESS;
    default:
      cpu::set_last_error(cpu::Library::cublas, "cublasGetProperty: type is no libraryPropertyType");
      return CUBLAS_STATUS_INVALID_VALUE;
  }
}
