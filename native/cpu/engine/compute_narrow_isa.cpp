// The loops over 16-bit floats, which are widened in registers; compiled once for each
// instruction set (KERNEL_ISA names it), compute_vector.cpp chooses at run time.
#include "engine/compute_convert_isa.h"
#include "engine/compute_vector.h"

namespace {

using cpu::compute::NormalizationRow;
using cpu::compute::RowKernels;

/// Rows whose sums are formed in single precision before they are added to those in double, of matrices of so many
/// columns; measured with native/bench/layer_bench.
int64_t summed_rows(int64_t columns) { return columns <= 64 ? 16 : 32; }

/// Calls body(V{}, column) with packs for whole packs of columns and floats for the rest.
template <class Body>
void for_columns(int64_t n, const Body& body) {
  int64_t c = 0;
  for (; c + pack_width <= n; c += pack_width) body(Pack{}, c);
  for (; c < n; ++c) body(float{}, c);
}

/// The same for every group of rows: body(V{}, first row, rows, column).
template <class Body>
void for_row_groups(int64_t rows, int64_t n, const Body& body) {
  const int64_t group = summed_rows(n);
  for (int64_t row = 0; row < rows; row += group) {
    const int64_t count = rows - row < group ? rows - row : group;
    for_columns(n, [&](auto kind, int64_t c) { body(kind, row, count, c); });
  }
}

/// body(V{}, offset, column) row by row. Rows that are written are not grouped: a load waits for a store to the same
/// place modulo the page, which another row of the group would often be.
template <class Body>
void for_rows(int64_t rows, int64_t stride, int64_t n, const Body& body) {
  for (int64_t row = 0; row < rows; ++row) {
    for_columns(n, [&](auto kind, int64_t c) { body(kind, row * stride + c, c); });
  }
}

template <class V>
void add(V values, double* sums) {
  constexpr int width = sizeof(V) / sizeof(float);
  float parts[width];
  memcpy(parts, &values, sizeof values);
  for (int i = 0; i < width; ++i) sums[i] += static_cast<double>(parts[i]);
}

template <class S>
void moments(const S* x, int64_t rows, int64_t stride, int64_t n, const float* shift, double* sum, double* square) {
  for_row_groups(rows, n, [&](auto kind, int64_t row, int64_t count, int64_t c) {
    using V = decltype(kind);
    const V distance = load_values<V>(shift + c);
    const S* values = x + row * stride + c;
    V s{}, q{};
    for (int64_t r = 0; r < count; ++r, values += stride) {
      const V value = load_values<V>(values) - distance;
      s += value;
      q += value * value;
    }
    add(s, sum + c);
    add(q, square + c);
  });
}

template <bool Adds, bool Relu, class S>
void normalize_rows(const S* x, const S* z, const NormalizationRow<float>& row, S* y, int64_t rows, int64_t stride,
                    int64_t n) {
  for_rows(rows, stride, n, [&](auto kind, int64_t offset, int64_t c) {
    using V = decltype(kind);
    V value = (load_values<V>(x + offset) - load_values<V>(row.mean + c)) * load_values<V>(row.factor + c) +
              load_values<V>(row.bias + c);
    if constexpr (Adds) value += load_values<V>(z + offset);
    if constexpr (Relu) value = value < 0 ? V{} : value;
    store_values(value, y + offset);
  });
}

/// alpha and beta are 1 and 0: the callers blend in single precision.
template <class S>
void normalize(const S* x, const S* z, const NormalizationRow<float>& row, bool relu, float, float, S* y, int64_t rows,
               int64_t stride, int64_t n) {
  if (z == nullptr) {
    relu ? normalize_rows<false, true>(x, z, row, y, rows, stride, n)
         : normalize_rows<false, false>(x, z, row, y, rows, stride, n);
  } else {
    relu ? normalize_rows<true, true>(x, z, row, y, rows, stride, n)
         : normalize_rows<true, false>(x, z, row, y, rows, stride, n);
  }
}

/// dy, or 0 where y is not positive.
template <bool Masks, class V, class S>
V gradient_of(const S* dy, const S* y) {
  const V gradient = load_values<V>(dy);
  if constexpr (Masks) return load_values<V>(y) > 0 ? gradient : V{};
  return gradient;
}

template <bool Masks, class S>
void sum_gradients(const S* x, const S* dy, const S* y, const float* mean, int64_t rows, int64_t stride, int64_t n,
                   double* sum, double* product) {
  for_row_groups(rows, n, [&](auto kind, int64_t first, int64_t count, int64_t c) {
    using V = decltype(kind);
    const V centre = load_values<V>(mean + c);
    int64_t offset = first * stride + c;
    V s{}, p{};
    for (int64_t r = 0; r < count; ++r, offset += stride) {
      const V g = gradient_of<Masks, V>(dy + offset, y + offset);
      s += g;
      p += g * (load_values<V>(x + offset) - centre);
    }
    add(s, sum + c);
    add(p, product + c);
  });
}

template <class S>
void gradient_sums(const S* x, const S* dy, const S* y, const float* mean, int64_t rows, int64_t stride, int64_t n,
                   double* sum, double* product) {
  if (y == nullptr) {
    sum_gradients<false>(x, dy, dy, mean, rows, stride, n, sum, product);
  } else {
    sum_gradients<true>(x, dy, y, mean, rows, stride, n, sum, product);
  }
}

template <bool Masks, bool Adds, class S>
void backward_rows(const S* x, const S* dy, const S* y, const float* mean, const float* factor, const float* average,
                   const float* slope, S* dx, S* dz, int64_t rows, int64_t stride, int64_t n) {
  for_rows(rows, stride, n, [&](auto kind, int64_t offset, int64_t c) {
    using V = decltype(kind);
    const V g = gradient_of<Masks, V>(dy + offset, y + offset);
    const V distance = load_values<V>(x + offset) - load_values<V>(mean + c);
    const V value =
        load_values<V>(factor + c) * (g - load_values<V>(average + c) - distance * load_values<V>(slope + c));
    if constexpr (Adds) store_values(g, dz + offset);
    store_values(value, dx + offset);
  });
}

/// alpha and beta are 1 and 0 here too.
template <class S>
void normalize_backward(const S* x, const S* dy, const S* y, const float* mean, const float* factor,
                        const float* average, const float* slope, float, float, S* dx, S* dz, int64_t rows,
                        int64_t stride, int64_t n) {
  if (dz != nullptr && y != nullptr) {
    backward_rows<true, true>(x, dy, y, mean, factor, average, slope, dx, dz, rows, stride, n);
  } else if (dz != nullptr) {
    backward_rows<false, true>(x, dy, dy, mean, factor, average, slope, dx, dz, rows, stride, n);
  } else if (y != nullptr) {
    backward_rows<true, false>(x, dy, y, mean, factor, average, slope, dx, dz, rows, stride, n);
  } else {
    backward_rows<false, false>(x, dy, dy, mean, factor, average, slope, dx, dz, rows, stride, n);
  }
}

template <class S>
void blend(float alpha, const S* x, float beta, S* y, int64_t n) {
  for_columns(n, [&](auto kind, int64_t i) {
    using V = decltype(kind);
    V value = alpha * load_values<V>(x + i);
    if (beta != 0) value += beta * load_values<V>(y + i);
    store_values(value, y + i);
  });
}

template <class S>
void relu(bool propagate_nan, const S* x, S* y, int64_t n) {
  for_columns(n, [&](auto kind, int64_t i) {
    using V = decltype(kind);
    const V value = load_values<V>(x + i);
    store_values(propagate_nan ? (value < 0 ? V{} : value) : (value > 0 ? value : V{}), y + i);
  });
}

template <class S>
void relu_backward(const S* y, const S* dy, S* dx, int64_t n) {
  for_columns(n, [&](auto kind, int64_t i) { store_values(gradient_of<true, decltype(kind)>(dy + i, y + i), dx + i); });
}

template <class S>
constexpr RowKernels<S> table = {blend<S>,     relu<S>,          relu_backward<S>,     moments<S>,
                                 normalize<S>, gradient_sums<S>, normalize_backward<S>};

}  // namespace

namespace cpu::compute {
extern const RowKernels<BFloat16> CONCATENATE(rows_bfloat16_, KERNEL_ISA) = table<BFloat16>;
extern const RowKernels<Half> CONCATENATE(rows_half_, KERNEL_ISA) = table<Half>;
}  // namespace cpu::compute
