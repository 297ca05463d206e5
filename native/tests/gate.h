#pragma once

#include <atomic>
#include <thread>

#include "tests/check.h"

// Holds a stream up until it is opened.
struct Gate {
  std::atomic<bool> open{false};
  void close_in(CUstream stream) {
    CHECK(cuLaunchHostFunc(
        stream,
        [](void* gate) {
          while (!static_cast<Gate*>(gate)->open) std::this_thread::yield();
        },
        this));
  }
};
