#pragma once
#include "engine/compute_rows.h"
#include "engine/compute_scratch.h"
#include "engine/compute_tensor.h"

namespace cpu::compute {

/// `data` as T in the type and layout `wanted`: itself where it already is, else a converted copy in `scratch`. Null
/// stays null.
template <class T>
const T* staged(const Tensor& tensor, const void* data, const Tensor& wanted, Scratch& scratch) {
  if (data == nullptr || same_layout(tensor, wanted)) return static_cast<const T*>(data);
  void* copy = scratch.take_bytes(static_cast<size_t>(wanted.elements()) * element_size(wanted.type));
  blend_tensor(1, tensor, data, 0, wanted, copy);
  return static_cast<const T*>(copy);
}

/// Where an operation writes T in the layout `wanted`: the result itself, or scratch that finish() converts.
template <class T>
class StagedResult {
 public:
  StagedResult(const Tensor& tensor, void* data, const Tensor& wanted, Scratch& scratch)
      : tensor_(tensor), data_(data), wanted_(wanted) {
    direct_ = data == nullptr || same_layout(tensor, wanted);
    values_ = direct_ ? static_cast<T*>(data) : scratch.take<T>(wanted.elements());
  }

  T* values() const { return values_; }
  bool is_direct() const { return direct_; }
  /// What the operation has to apply itself; staged results are blended by finish().
  Arithmetic<T> alpha(double alpha) const { return direct_ ? static_cast<Arithmetic<T>>(alpha) : 1; }
  Arithmetic<T> beta(double beta) const { return direct_ ? static_cast<Arithmetic<T>>(beta) : 0; }

  void finish(double alpha, double beta) const {
    if (!direct_) blend_tensor(alpha, wanted_, values_, beta, tensor_, data_);
  }

 private:
  const Tensor& tensor_;
  void* data_;
  const Tensor& wanted_;
  bool direct_;
  T* values_;
};

}  // namespace cpu::compute
