// Checks of programs that test the driver through its C interface.
#pragma once

#include <atomic>
#include <cstdio>

#include "generated/driver.h"

inline std::atomic<long> failures{0};

inline void check(CUresult status, const char* call, int line) {
  if (status == CUDA_SUCCESS) return;
  const char* name = nullptr;
  cuGetErrorName(status, &name);
  std::fprintf(stderr, "line %d: %s returned %s\n", line, call, name == nullptr ? "?" : name);
  ++failures;
}
#define CHECK(call) check(call, #call, __LINE__)

inline void expect(bool condition, const char* what, int line) {
  if (condition) return;
  std::fprintf(stderr, "line %d: not so: %s\n", line, what);
  ++failures;
}
#define EXPECT(condition) expect(condition, #condition, __LINE__)
