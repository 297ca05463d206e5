#include "cublas/status_text.h"

namespace cpu {
namespace {

struct StatusText {
  cublasStatus_t status;
  const char* name;
  const char* description;
};

// Programs compare these texts, so they are part of the interface.
constexpr StatusText texts[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "success"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE",
     "an unsupported value or parameter was passed to the function"},
    {CUBLAS_STATUS_ARCH_MISMATCH, "CUBLAS_STATUS_ARCH_MISMATCH",
     "the function requires an architectural feature absent from the device"},
    {CUBLAS_STATUS_MAPPING_ERROR, "CUBLAS_STATUS_MAPPING_ERROR", "an access to GPU memory space failed"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED", "the function failed to launch on the GPU"},
    {CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED", "the requested functionality is not supported"},
    {CUBLAS_STATUS_LICENSE_ERROR, "CUBLAS_STATUS_LICENSE_ERROR", "the license check failed"},
};

constexpr StatusText unknown{CUBLAS_STATUS_SUCCESS, "unrecognized status", "unrecognized status"};

const StatusText& text_of(cublasStatus_t status) {
  for (const StatusText& text : texts) {
    if (text.status == status) return text;
  }
  return unknown;
}

}  // namespace

const char* cublas_status_name(cublasStatus_t status) { return text_of(status).name; }

const char* cublas_status_description(cublasStatus_t status) { return text_of(status).description; }

}  // namespace cpu
