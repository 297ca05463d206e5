// What follows a multiplication, line by line of the result.
#pragma once

#include "cublaslt/problem.h"
#include "engine/compute_scratch.h"

namespace cpu::cublaslt {

// The greatest sizes in a result and in what is kept aside.
struct Extremes {
  double result = 0;
  double auxiliary = 0;
};

// What the auxiliary matrices of a batch cover. For ReLU a bit an element: set where the element is greater than 0.
Extent auxiliary_extent(const Problem& problem);

template <class T>
class LineWork {
 public:
  // `index`: the matrix of the batch. The scales multiply what is stored.
  LineWork(const Problem& problem, int64_t index, T scale, T scale_auxiliary)
      : problem_(problem), index_(index), scale_(scale), scale_auxiliary_(scale_auxiliary) {}

  // The activation of a line or its gradient; keeps aside, or reads, what that needs.
  void activate(compute::Scratch& scratch, int64_t line, T* values, double* greatest) const;

  // Scales, rounds and stores a line of D; the values stay what they are.
  void store(compute::Scratch& scratch, int64_t line, const T* values, void* d, double* greatest) const;

 private:
  const Problem& problem_;
  int64_t index_;
  T scale_;
  T scale_auxiliary_;
};

extern template class LineWork<float>;
extern template class LineWork<double>;

}  // namespace cpu::cublaslt
