#include "driver/error_log.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "driver/entry.h"

namespace cpu {
namespace {

// CUlogsCallbackHandle.
struct LogCallback {
  static constexpr HandleTag tag = HandleTag::LogCallback;
};

struct Listener {
  CUlogsCallbackHandle handle;
  CUlogsCallback function;
  void* data;
};

// The newest messages. An iterator is the number of the next one.
struct ErrorLog {
  static constexpr size_t kMessages = 100;
  static constexpr size_t kDumpBytes = 25600;

  std::mutex mutex;
  std::deque<std::string> messages;
  // The number of the first message that is kept.
  CUlogIterator first = 0;
  std::vector<Listener> listeners;
};

ErrorLog& error_log() {
  static ErrorLog& log = *new ErrorLog;
  return log;
}

// The messages from an iterator on (null: all that are kept), as one text of at most so many bytes: older ones are left
// out. The iterator moves to the end.
std::string take_messages(CUlogIterator* iterator, size_t most_bytes) {
  ErrorLog& log = error_log();
  std::lock_guard lock(log.mutex);
  const CUlogIterator end = log.first + static_cast<CUlogIterator>(log.messages.size());
  CUlogIterator from = iterator == nullptr ? log.first : *iterator;
  if (from - log.first > log.messages.size()) from = log.first;
  size_t bytes = 0;
  CUlogIterator begin = end;
  while (begin != from && bytes + log.messages[begin - 1 - log.first].size() <= most_bytes) {
    bytes += log.messages[begin - 1 - log.first].size();
    --begin;
  }
  std::string text;
  for (CUlogIterator at = begin; at != end; ++at) text += log.messages[at - log.first];
  if (iterator != nullptr) *iterator = end;
  return text;
}

}  // namespace

namespace driver {

void log_error(std::string_view text) {
  // A listener whose own call fails is not told of that.
  thread_local bool telling = false;
  if (telling) return;
  char front[64];
  std::snprintf(front, sizeof(front), "[%lld][%ld][CUDA][E] ", static_cast<long long>(std::time(nullptr)),
                syscall(SYS_gettid));
  std::string message = front;
  message.append(text).push_back('\n');
  std::vector<Listener> listeners;
  {
    ErrorLog& log = error_log();
    std::lock_guard lock(log.mutex);
    log.messages.push_back(message);
    if (log.messages.size() > ErrorLog::kMessages) {
      log.messages.pop_front();
      ++log.first;
    }
    listeners = log.listeners;
  }
  telling = true;
  for (const Listener& listener : listeners) {
    listener.function(listener.data, CU_LOG_LEVEL_ERROR, message.data(), message.size());
  }
  telling = false;
}

}  // namespace driver
}  // namespace cpu

using namespace cpu;
using namespace cpu::driver;

namespace {

CUresult check_flags(unsigned flags) {
  return flags == 0 ? CUDA_SUCCESS : fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
}

}  // namespace

CUresult cuLogsRegisterCallback(CUlogsCallback callbackFunc, void* userData, CUlogsCallbackHandle* callback_out) {
  CPU_COUNT_CALL();
  return always(__func__, [&] {
    if (callbackFunc == nullptr) return null_argument("callbackFunc");
    const auto handle = static_cast<CUlogsCallbackHandle>(make_handle(std::make_unique<LogCallback>()));
    if (callback_out != nullptr) *callback_out = handle;
    ErrorLog& log = error_log();
    std::lock_guard lock(log.mutex);
    log.listeners.push_back({handle, callbackFunc, userData});
    return CUDA_SUCCESS;
  });
}

CUresult cuLogsUnregisterCallback(CUlogsCallbackHandle callback) {
  CPU_COUNT_CALL();
  return always(__func__, [&] {
    if (!release<LogCallback>(callback)) return bad_handle("log callback", callback);
    ErrorLog& log = error_log();
    std::lock_guard lock(log.mutex);
    std::erase_if(log.listeners, [&](const Listener& listener) { return listener.handle == callback; });
    return CUDA_SUCCESS;
  });
}

CUresult cuLogsCurrent(CUlogIterator* iterator_out, unsigned int flags) {
  CPU_COUNT_CALL();
  return always(__func__, [&] {
    if (iterator_out == nullptr) return null_argument("iterator_out");
    if (const CUresult status = check_flags(flags); status != CUDA_SUCCESS) return status;
    ErrorLog& log = error_log();
    std::lock_guard lock(log.mutex);
    *iterator_out = log.first + static_cast<CUlogIterator>(log.messages.size());
    return CUDA_SUCCESS;
  });
}

CUresult cuLogsDumpToFile(CUlogIterator* iterator, const char* pathToFile, unsigned int flags) {
  CPU_COUNT_CALL();
  return always(__func__, [&] {
    if (pathToFile == nullptr) return null_argument("pathToFile");
    if (const CUresult status = check_flags(flags); status != CUDA_SUCCESS) return status;
    std::ofstream file(pathToFile, std::ios::binary | std::ios::trunc);
    if (!file) return fail(CUDA_ERROR_OPERATING_SYSTEM, "'" + std::string(pathToFile) + "' cannot be written");
    file << take_messages(iterator, SIZE_MAX);
    file.flush();
    if (file) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_OPERATING_SYSTEM, "'" + std::string(pathToFile) + "' cannot be written");
  });
}

CUresult cuLogsDumpToMemory(CUlogIterator* iterator, char* buffer, size_t* size, unsigned int flags) {
  CPU_COUNT_CALL();
  return always(__func__, [&] {
    if (buffer == nullptr || size == nullptr) return null_argument("buffer or size");
    if (const CUresult status = check_flags(flags); status != CUDA_SUCCESS) return status;
    if (*size == 0) return fail(CUDA_ERROR_INVALID_VALUE, "the buffer has no bytes");
    const std::string text = take_messages(iterator, std::min(*size, ErrorLog::kDumpBytes) - 1);
    std::memcpy(buffer, text.c_str(), text.size() + 1);
    *size = text.size();
    return CUDA_SUCCESS;
  });
}
