#include "driver/entry.h"

using namespace cpu;
using namespace cpu::driver;

CUresult cuInit(unsigned int Flags) {
  CPU_COUNT_CALL();
  return always(__func__, [&] {
    if (Flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "Flags is " + std::to_string(Flags) + " and must be 0");
    initialize_driver();
    return CUDA_SUCCESS;
  });
}

CUresult cuDriverGetVersion(int* driverVersion) {
  CPU_COUNT_CALL();
  return always(__func__, [&] {
    if (driverVersion == nullptr) return null_argument("driverVersion");
    *driverVersion = CUDA_VERSION;
    return CUDA_SUCCESS;
  });
}

// The profiler's calls do nothing and succeed, as the real ones do where no profiler is attached.
CUresult cuProfilerStart() {
  CPU_COUNT_CALL();
  return in_context(__func__, [](Context&) { return CUDA_SUCCESS; });
}

CUresult cuProfilerStop() {
  CPU_COUNT_CALL();
  return in_context(__func__, [](Context&) { return CUDA_SUCCESS; });
}
