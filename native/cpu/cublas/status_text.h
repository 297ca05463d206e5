#pragma once
#include "generated/cublas.h"

namespace cpu {

/// Name and description of a status; cuBLAS and cuBLASLt share the codes.
const char* cublas_status_name(cublasStatus_t status);
const char* cublas_status_description(cublasStatus_t status);

}  // namespace cpu
