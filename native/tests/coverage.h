// Counts, for the random tests, how often each function of an API was called with success and without.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <span>
#include <string>

#include "generated/cudnn.h"

/// Calls a function and counts how it went; answers what it answered.
#define CALL(function, ...)                                                      \
  [&] {                                                                          \
    static coverage::Counts& counts = coverage::Table::instance().of(#function); \
    return counts.note(function(__VA_ARGS__));                                   \
  }()

namespace coverage {

struct Counts {
  std::atomic<long> succeeded{0}, refused{0};

  cudnnStatus_t note(cudnnStatus_t status) {
    (status == CUDNN_STATUS_SUCCESS ? succeeded : refused).fetch_add(1, std::memory_order_relaxed);
    return status;
  }
};

class Table {
 public:
  static Table& instance() {
    static Table table;
    return table;
  }

  Counts& of(const std::string& function) {
    const std::lock_guard lock(mutex_);
    return counts_[function];
  }

  /// Prints the calls of each function. False, with a line for each, where one of `functions` never succeeded, or never
  /// failed although it is none of `infallible`.
  bool report(std::span<const char* const> functions, std::span<const char* const> infallible) {
    const std::lock_guard lock(mutex_);
    bool complete = true;
    for (const char* function : functions) counts_[function];
    for (const auto& [function, counts] : counts_) {
      std::printf("%-56s %9ld succeeded %9ld refused\n", function.c_str(), counts.succeeded.load(),
                  counts.refused.load());
    }
    for (const char* function : functions) {
      const Counts& counts = counts_[function];
      const bool may_lack_refusals = std::any_of(infallible.begin(), infallible.end(),
                                                 [&](const char* name) { return function == std::string(name); });
      if (counts.succeeded > 0 && (counts.refused > 0 || may_lack_refusals)) continue;
      complete = false;
      std::fprintf(stderr, "%s was never called %s\n", function, counts.succeeded > 0 ? "in vain" : "with success");
    }
    return complete;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Counts> counts_;
};

}  // namespace coverage
