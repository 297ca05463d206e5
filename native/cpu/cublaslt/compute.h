// The computing half of a multiplication, on the calling thread: product, scaling, what follows it.
#pragma once

#include "cublaslt/problem.h"

namespace cpu::cublaslt {

// The addresses of one call. Those of a batch by pointers are arrays.
struct Addresses {
  const void* a = nullptr;
  const void* b = nullptr;
  const void* c = nullptr;
  void* d = nullptr;
};

struct Multiplication {
  const char* function = "";
  Problem problem;
  Factor alpha;
  Factor beta;
  Addresses addresses;

  // Computes the whole batch. Where it may not touch what it is given, the context fails and nothing more is written.
  void run() const;
};

}  // namespace cpu::cublaslt
