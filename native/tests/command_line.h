// The numbers a random test is told: "--seed 7".
#pragma once

#include <cstdlib>
#include <cstring>

inline long argument(int count, char** values, const char* name, long fallback) {
  for (int i = 1; i + 1 < count; ++i) {
    if (std::strcmp(values[i], name) == 0) return std::strtol(values[i + 1], nullptr, 0);
  }
  return fallback;
}
