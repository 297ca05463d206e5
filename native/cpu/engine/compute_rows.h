#pragma once
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "engine/compute_tensor.h"
#include "engine/compute_vector.h"

namespace cpu::compute {

/// Walks several tensors of one shape together, in the memory order of the first: dimensions that lie behind one
/// another in all of them become one. Tensors of size 1 along a dimension are repeated along it.
template <int Count>
class RowLoop {
 public:
  /// Elements handled at a time.
  static constexpr int64_t chunk = 1024;

  RowLoop(const Tensor& shape, const Tensor* const (&operands)[Count]) {
    int order[max_rank];
    int used = 0;
    for (int i = 0; i < shape.rank; ++i) {
      if (shape.dims[i] != 1) order[used++] = i;
    }
    // By falling stride, equal ones as they are. std::stable_sort would allocate.
    for (int i = 1; i < used; ++i) {
      const int dimension = order[i];
      const int stride = std::abs(operands[0]->strides[dimension]);
      int place = i;
      for (; place > 0 && std::abs(operands[0]->strides[order[place - 1]]) < stride; --place) {
        order[place] = order[place - 1];
      }
      order[place] = dimension;
    }
    for (int i = 0; i < used; ++i) {
      const int dimension = order[i];
      int64_t strides[Count];
      for (int k = 0; k < Count; ++k) {
        strides[k] = operands[k]->dims[dimension] == 1 ? 0 : operands[k]->strides[dimension];
      }
      bool merges = rank_ > 0;
      for (int k = 0; k < Count && merges; ++k) {
        merges = strides_[k][rank_ - 1] == strides[k] * shape.dims[dimension];
      }
      if (!merges) ++rank_;
      dims_[rank_ - 1] = merges ? dims_[rank_ - 1] * shape.dims[dimension] : shape.dims[dimension];
      for (int k = 0; k < Count; ++k) strides_[k][rank_ - 1] = strides[k];
    }
    if (rank_ == 0) {
      rank_ = 1;
      dims_[0] = 1;
      for (int k = 0; k < Count; ++k) strides_[k][0] = 1;
    }
    rows_ = 1;
    for (int i = 0; i + 1 < rank_; ++i) rows_ *= dims_[i];
    chunks_ = (inner() + chunk - 1) / chunk;
  }

  /// What became of the dimensions, the innermost last.
  int rank() const { return rank_; }
  int64_t dim(int dimension) const { return dims_[dimension]; }
  int64_t stride(int operand, int dimension) const { return strides_[operand][dimension]; }

  int64_t inner() const { return dims_[rank_ - 1]; }
  int64_t inner_stride(int operand) const { return strides_[operand][rank_ - 1]; }

  /// Calls body(offsets, n) for pieces of rows, `offsets` in elements, on all threads; which thread takes which piece
  /// does not depend on chance.
  template <class Body>
  void run(const Body& body) const {
    const int64_t units = rows_ * chunks_;
    const bool parallel = rows_ * inner() > 16384;
#pragma omp parallel if (parallel)
    {
      const int64_t threads = omp_get_num_threads(), thread = omp_get_thread_num();
      const int64_t first = units * thread / threads, last = units * (thread + 1) / threads;
      run_units(first, last, body);
    }
  }

  /// The same on the calling thread, in order.
  template <class Body>
  void run_serially(const Body& body) const {
    run_units(0, rows_ * chunks_, body);
  }

  /// Piece `piece` of each of `count` rows on the calling thread, in order.
  template <class Body>
  void run_rows(int64_t first, int64_t count, int64_t piece, const Body& body) const {
    if (chunks_ == 1) return run_units(first, first + count, body);
    for (int64_t row = first; row < first + count; ++row) {
      run_units(row * chunks_ + piece, row * chunks_ + piece + 1, body);
    }
  }

 private:
  template <class Body>
  void run_units(int64_t first, int64_t last, const Body& body) const {
    if (first >= last) return;
    int64_t index[max_rank] = {};
    int64_t base[Count] = {};
    int64_t row = first / chunks_;
    for (int i = rank_ - 2; i >= 0; --i) {
      index[i] = row % dims_[i];
      row /= dims_[i];
      for (int k = 0; k < Count; ++k) base[k] += index[i] * strides_[k][i];
    }
    int64_t piece = first % chunks_;
    for (int64_t unit = first; unit < last; ++unit) {
      const int64_t start = piece * chunk;
      int64_t offsets[Count];
      for (int k = 0; k < Count; ++k) offsets[k] = base[k] + start * inner_stride(k);
      body(offsets, std::min(chunk, inner() - start));
      if (++piece < chunks_) continue;
      piece = 0;
      for (int i = rank_ - 2; i >= 0; --i) {
        for (int k = 0; k < Count; ++k) base[k] += strides_[k][i];
        if (++index[i] < dims_[i]) break;
        index[i] = 0;
        for (int k = 0; k < Count; ++k) base[k] -= dims_[i] * strides_[k][i];
      }
    }
  }

  int rank_ = 0;
  int64_t dims_[max_rank] = {};
  int64_t strides_[Count][max_rank] = {};
  int64_t rows_ = 1;
  int64_t chunks_ = 1;
};

/// One tensor argument of an element-wise operation.
struct Input {
  const Tensor* tensor;
  const void* data;
};

/// y = alpha f(inputs...) + beta y for every element of y, in T. `function(const T* const* inputs, T* result, n)`
/// computes a piece; the result may be one of the inputs' memory. beta = 0 does not read y.
template <class T, int Inputs, class Function>
void elementwise(const Input (&inputs)[Inputs], double alpha, double beta, const Tensor& y, void* result,
                 const Function& function) {
  const Tensor* operands[Inputs + 1];
  operands[0] = &y;
  for (int k = 0; k < Inputs; ++k) operands[k + 1] = inputs[k].tensor;
  const RowLoop<Inputs + 1> loop(y, operands);
  const VectorKernels<T>& kernels = vector_kernels<T>();
  const bool direct_result = y.type == native_type<T> && loop.inner_stride(0) == 1;
  const bool blends = alpha != 1 || beta != 0;
  loop.run([&](const int64_t* offsets, int64_t n) {
    T buffers[Inputs + 1][RowLoop<Inputs + 1>::chunk];
    T prior[RowLoop<Inputs + 1>::chunk];
    const T* values[Inputs];
    for (int k = 0; k < Inputs; ++k) {
      const Tensor& tensor = *inputs[k].tensor;
      const char* source = at(inputs[k].data, tensor.type, offsets[k + 1]);
      const int64_t stride = loop.inner_stride(k + 1);
      if (tensor.type == native_type<T> && stride == 1) {
        values[k] = reinterpret_cast<const T*>(source);
      } else {
        kernels.load(tensor.type, source, stride, n, buffers[k + 1]);
        values[k] = buffers[k + 1];
      }
    }
    char* target = at(result, y.type, offsets[0]);
    const int64_t stride = loop.inner_stride(0);
    if (direct_result) {
      T* direct = reinterpret_cast<T*>(target);
      if (!blends) {
        function(values, direct, n);
      } else {
        function(values, buffers[0], n);
        kernels.blend(static_cast<T>(alpha), buffers[0], static_cast<T>(beta), direct, n);
      }
      return;
    }
    function(values, buffers[0], n);
    if (blends) {
      if (beta != 0) kernels.load(y.type, target, stride, n, prior);
      kernels.blend(static_cast<T>(alpha), buffers[0], static_cast<T>(beta), prior, n);
      kernels.store(y.type, prior, target, stride, n);
    } else {
      kernels.store(y.type, buffers[0], target, stride, n);
    }
  });
}

/// y = alpha x + beta y, converting type and layout; dimensions of x of size 1 are repeated.
void blend_tensor(double alpha, const Tensor& x, const void* source, double beta, const Tensor& y, void* result);

}  // namespace cpu::compute
