#include <algorithm>
#include <cstring>
#include <span>

#include "driver/entry.h"
#include "engine/exported_symbols.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// The symbol that a program made for `version` gets under the name: the newest one that is not newer than the program.
// `too_new`: the name exists, but only in newer versions.
const void* find_entry_point(const char* name, int version, bool per_thread, bool* too_new) {
  const std::span<const EntryPoint> table(k_driver_entry_points, static_cast<size_t>(k_driver_entry_point_count));
  auto entry = std::lower_bound(table.begin(), table.end(), name, [](const EntryPoint& candidate, const char* key) {
    return std::strcmp(candidate.name, key) < 0;
  });
  const void* plain = nullptr;
  const void* own = nullptr;
  *too_new = entry != table.end() && std::strcmp(entry->name, name) == 0;
  for (; entry != table.end() && std::strcmp(entry->name, name) == 0; ++entry) {
    if (entry->version > version) continue;
    *too_new = false;
    (entry->per_thread ? own : plain) = entry->symbol;
  }
  // A function without a stream has no variant and serves both.
  return per_thread && own != nullptr ? own : plain;
}

}  // namespace

CUresult cuGetProcAddress_v2(const char* symbol, void** pfn, int cudaVersion, cuuint64_t flags,
                             CUdriverProcAddressQueryResult* symbolStatus) {
  CPU_COUNT_CALL();
  return always(__func__, [&] {
    if (symbol == nullptr || pfn == nullptr) return null_argument("symbol or pfn");
    if (flags > CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM) {
      return fail(CUDA_ERROR_INVALID_VALUE, "there are no flags " + std::to_string(flags));
    }
    bool too_new = false;
    const bool per_thread_stream = flags == CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
    *pfn = const_cast<void*>(find_entry_point(symbol, cudaVersion, per_thread_stream, &too_new));
    if (symbolStatus != nullptr) {
      *symbolStatus = *pfn != nullptr ? CU_GET_PROC_ADDRESS_SUCCESS
                      : too_new       ? CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
                                      : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    }
    if (*pfn != nullptr) return CUDA_SUCCESS;
    const CUresult status = fail(
        CUDA_ERROR_NOT_FOUND, "CUDA " + std::to_string(cudaVersion) + " has no function '" + std::string(symbol) + "'");
    // Whoever passes the place for a status gets the answer there.
    return symbolStatus != nullptr ? CUDA_SUCCESS : status;
  });
}

CUresult cuGetProcAddress(const char* symbol, void** pfn, int cudaVersion, cuuint64_t flags) {
  return cuGetProcAddress_v2(symbol, pfn, cudaVersion, flags, nullptr);
}
