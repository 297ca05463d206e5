#include "cublas/logger.h"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>

#include "cublas/call.h"

namespace cpu::cublas {
namespace {

struct Logger {
  std::mutex mutex;
  bool to_output = false;
  bool to_errors = false;
  std::FILE* file = nullptr;
};

// Asked in every call, so the mutex is taken only where somebody listens.
std::atomic<bool> writing{false};
std::atomic<cublasLogCallback> callback{nullptr};

// Never destroyed: calls may come while the process ends.
Logger& logger() {
  static Logger& instance = *new Logger;
  return instance;
}

bool silent() {
  return callback.load(std::memory_order_relaxed) == nullptr && !writing.load(std::memory_order_relaxed);
}

void write(std::string_view mark, std::string_view text) {
  const cublasLogCallback listener = callback.load(std::memory_order_acquire);
  const bool writes = writing.load(std::memory_order_acquire);
  std::string line(mark);
  line += " cuBLAS (v" + std::to_string(CUBLAS_VER_MAJOR) + "." + std::to_string(CUBLAS_VER_MINOR) + "): ";
  line += text;
  line += "\n";
  if (listener != nullptr) listener(line.c_str());
  if (!writes) return;
  Logger& state = logger();
  std::lock_guard lock(state.mutex);
  if (state.to_output) std::fputs(line.c_str(), stdout);
  if (state.to_errors) std::fputs(line.c_str(), stderr);
  if (state.file != nullptr) {
    std::fputs(line.c_str(), state.file);
    std::fflush(state.file);
  }
}

}  // namespace

void log_call(const char* function) {
  if (!silent()) write("I!", std::string(function) + " called");
}

void log_failure(std::string_view text) {
  if (!silent()) write("E!", text);
}

}  // namespace cpu::cublas

using namespace cpu::cublas;

cublasStatus_t cublasLoggerConfigure(int logIsOn, int logToStdOut, int logToStdErr, const char* logFileName) {
  CPU_COUNT_CALL();
  Logger& state = logger();
  std::lock_guard lock(state.mutex);
  std::FILE* file = nullptr;
  if (logIsOn != 0 && logFileName != nullptr) {
    file = std::fopen(logFileName, "w");
    if (file == nullptr) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, std::string("the log file cannot be opened: ") + logFileName);
    }
  }
  if (state.file != nullptr) std::fclose(state.file);
  state.file = file;
  state.to_output = logToStdOut != 0;
  state.to_errors = logToStdErr != 0;
  writing.store(logIsOn != 0 && (state.to_output || state.to_errors || file != nullptr), std::memory_order_release);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetLoggerCallback(cublasLogCallback userCallback) {
  CPU_COUNT_CALL();
  callback.store(userCallback, std::memory_order_release);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetLoggerCallback(cublasLogCallback* userCallback) {
  CPU_COUNT_CALL();
  begin_call(__func__);
  if (userCallback == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "userCallback is null");
  *userCallback = callback.load(std::memory_order_acquire);
  return CUBLAS_STATUS_SUCCESS;
}

// The reference BLAS's way of saying which argument of which routine is wrong.
void cublasXerbla(const char* srName, int info) {
  std::fprintf(stderr, " ** On entry to %s parameter number %d had an illegal value\n",
               srName != nullptr ? srName : "(no name)", info);
}
