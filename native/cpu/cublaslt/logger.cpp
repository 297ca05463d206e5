#include "cublaslt/logger.h"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>

#include "cublaslt/call.h"

namespace cpu::cublaslt {
namespace {

// The levels; the mask has a bit for each.
constexpr int level_error = 1;
constexpr int level_call = 5;
constexpr int highest_level = 5;
constexpr unsigned mask_error = 1;
constexpr unsigned mask_call = 16;

struct Logger {
  std::mutex mutex;
  // Null: the standard output.
  std::FILE* file = nullptr;
  bool owned = false;
};

// Asked in every call, so the mutex is taken only where somebody wants to know.
std::atomic<unsigned> mask{0};
std::atomic<bool> disabled{false};
std::atomic<cublasLtLoggerCallback_t> callback{nullptr};

// Never destroyed: calls may come while the process ends.
Logger& logger() {
  static Logger& instance = *new Logger;
  return instance;
}

void write(unsigned bit, int level, const char* function, std::string_view text) {
  if ((mask.load(std::memory_order_relaxed) & bit) == 0 || disabled.load(std::memory_order_relaxed)) return;
  const std::string message(text);
  if (const cublasLtLoggerCallback_t listener = callback.load(std::memory_order_acquire)) {
    listener(level, function, message.c_str());
  }
  Logger& state = logger();
  std::lock_guard lock(state.mutex);
  std::FILE* file = state.file != nullptr ? state.file : stdout;
  std::fprintf(file, "[cublasLt][%s][%s] %s\n", level == level_error ? "Error" : "Api", function, message.c_str());
  std::fflush(file);
}

// Replaces the file; closes it where it was opened here.
void set_file(std::FILE* file, bool owned) {
  Logger& state = logger();
  std::lock_guard lock(state.mutex);
  if (state.owned && state.file != nullptr) std::fclose(state.file);
  state.file = file;
  state.owned = owned;
}

}  // namespace

void log_call(const char* function) { write(mask_call, level_call, function, "called"); }

void log_failure(const char* function, std::string_view text) { write(mask_error, level_error, function, text); }

}  // namespace cpu::cublaslt

using namespace cpu::cublaslt;

cublasStatus_t cublasLtLoggerSetCallback(cublasLtLoggerCallback_t listener) {
  CPU_COUNT_CALL();
  callback.store(listener, std::memory_order_release);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtLoggerSetFile(FILE* file) {
  CPU_COUNT_CALL();
  set_file(file, false);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtLoggerOpenFile(const char* logFile) {
  CPU_COUNT_CALL();
  if (logFile == nullptr) {
    set_file(nullptr, false);
    return CUBLAS_STATUS_SUCCESS;
  }
  std::FILE* file = std::fopen(logFile, "w");
  begin_call(__func__);
  if (file == nullptr) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, std::string("the log file cannot be opened: ") + logFile);
  }
  set_file(file, true);
  return CUBLAS_STATUS_SUCCESS;
}

// Every level includes the ones before it.
cublasStatus_t cublasLtLoggerSetLevel(int level) {
  CPU_COUNT_CALL();
  begin_call(__func__);
  if (level < 0 || level > highest_level) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, "level is " + std::to_string(level) + "; 0 to 5 are valid");
  }
  mask.store((1u << level) - 1);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtLoggerSetMask(int value) {
  CPU_COUNT_CALL();
  mask.store(static_cast<unsigned>(value));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtLoggerForceDisable(void) {
  CPU_COUNT_CALL();
  disabled.store(true);
  return CUBLAS_STATUS_SUCCESS;
}
