// What an exported function answers until somebody implements it.
#pragma once

#include "generated/cublas.h"
#include "generated/cudnn.h"
#include "generated/driver.h"
#include "generated/nccl.h"

namespace cpu {

// Each leaves "<symbol> is not implemented by the CPU device" as the library's last-error text of this thread and
// returns the library's NOT_SUPPORTED status.
CUresult not_implemented_driver(const char* symbol);
cudnnStatus_t not_implemented_cudnn(const char* symbol);
cublasStatus_t not_implemented_cublas(const char* symbol);
cublasStatus_t not_implemented_cublaslt(const char* symbol);
ncclResult_t not_implemented_nccl(const char* symbol);

}  // namespace cpu
