#include "cublaslt/handle.h"

#include <atomic>

#include "cublaslt/call.h"
#include "engine/context.h"

using namespace cpu;
using namespace cpu::cublaslt;

namespace {

// How many answers the heuristics may remember. Kept, but not used: there is nothing to remember here.
std::atomic<size_t> cache_capacity{8192};

}  // namespace

cublasStatus_t cublasLtCreate(cublasLtHandle_t* lightHandle) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (lightHandle == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "lightHandle is null");
    if (current_or_primary_context() == nullptr) {
      return fail(CUBLAS_STATUS_NOT_INITIALIZED, "no context is current and the primary context cannot be made");
    }
    *lightHandle = static_cast<cublasLtHandle_t>(make_handle(std::make_unique<CublasLtHandle>()));
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t lightHandle) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (release<CublasLtHandle>(lightHandle)) return CUBLAS_STATUS_SUCCESS;
    return fail(CUBLAS_STATUS_NOT_INITIALIZED, "lightHandle is no live cuBLASLt handle");
  });
}

cublasStatus_t cublasLtHeuristicsCacheGetCapacity(size_t* capacity) {
  CPU_COUNT_CALL();
  return guarded(__func__, [&] {
    if (capacity == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "capacity is null");
    *capacity = cache_capacity.load();
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasLtHeuristicsCacheSetCapacity(size_t capacity) {
  CPU_COUNT_CALL();
  begin_call(__func__);
  cache_capacity.store(capacity);
  return CUBLAS_STATUS_SUCCESS;
}
