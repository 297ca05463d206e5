#include "engine/compute_reduction.h"

#include <cmath>
#include <limits>

#include "engine/compute_staging.h"

namespace cpu::compute {
namespace {

struct Accumulator {
  double value;
  int64_t index;
};

Accumulator start(Reduction operation) {
  const double infinity = std::numeric_limits<double>::infinity();
  switch (operation) {
    case Reduction::Mul:
    case Reduction::MulNoZeros:
      return {1, 0};
    case Reduction::Min:
      return {infinity, 0};
    case Reduction::Max:
      return {-infinity, 0};
    case Reduction::AbsoluteMax:
      return {-1, 0};
    default:
      return {0, 0};
  }
}

/// Takes `value` at `index` where it beats what was found; the first of equals stays.
void take_extreme(Accumulator& result, double value, int64_t index, bool smaller, bool propagate_nan) {
  const bool is_nan = std::isnan(value);
  if (propagate_nan && std::isnan(result.value)) return;
  if (is_nan ? propagate_nan : smaller ? value < result.value : value > result.value) result = {value, index};
}

void add_elements(Reduction operation, bool propagate_nan, const double* values, int64_t n, int64_t index,
                  Accumulator& result) {
  switch (operation) {
    case Reduction::Add:
    case Reduction::Average:
      for (int64_t i = 0; i < n; ++i) result.value += values[i];
      return;
    case Reduction::Mul:
      for (int64_t i = 0; i < n; ++i) result.value *= values[i];
      return;
    case Reduction::MulNoZeros:
      for (int64_t i = 0; i < n; ++i) result.value *= values[i] == 0 ? 1 : values[i];
      return;
    case Reduction::Norm1:
      for (int64_t i = 0; i < n; ++i) result.value += std::fabs(values[i]);
      return;
    case Reduction::Norm2:
      for (int64_t i = 0; i < n; ++i) result.value += values[i] * values[i];
      return;
    case Reduction::Min:
    case Reduction::Max:
      for (int64_t i = 0; i < n; ++i) {
        take_extreme(result, values[i], index + i, operation == Reduction::Min, propagate_nan);
      }
      return;
    case Reduction::AbsoluteMax:
      for (int64_t i = 0; i < n; ++i) take_extreme(result, std::fabs(values[i]), index + i, false, propagate_nan);
      return;
  }
}

/// Adds what a later part of the elements gave.
void join(Reduction operation, bool propagate_nan, const Accumulator& part, Accumulator& result) {
  switch (operation) {
    case Reduction::Mul:
    case Reduction::MulNoZeros:
      result.value *= part.value;
      return;
    case Reduction::Min:
    case Reduction::Max:
    case Reduction::AbsoluteMax:
      take_extreme(result, part.value, part.index, operation == Reduction::Min, propagate_nan);
      return;
    default:
      result.value += part.value;
  }
}

}  // namespace

void reduce_tensor(Reduction operation, bool propagate_nan, double alpha, const Tensor& a_tensor, const void* a,
                   double beta, const Tensor& c_tensor, void* c, uint32_t* indices) {
  Scratch scratch;
  // The reduced dimensions, the innermost of them last, and the kept ones.
  int kept[max_rank], reduced[max_rank], kept_count = 0, reduced_count = 0;
  for (int i = 0; i < a_tensor.rank; ++i) {
    if (c_tensor.dims[i] == 1 && a_tensor.dims[i] != 1) {
      reduced[reduced_count++] = i;
    } else if (a_tensor.dims[i] != 1) {
      kept[kept_count++] = i;
    }
  }
  int64_t per_result = 1;
  for (int i = 0; i < reduced_count; ++i) per_result *= a_tensor.dims[reduced[i]];
  const int64_t results = a_tensor.elements() / per_result;
  // Few results are split into parts, always the same ones, so that all threads have work and sums do not depend on
  // how many there are.
  const int64_t parts = results < 64 && per_result > 65536 ? 64 : 1;
  auto* accumulators = scratch.take<Accumulator>(results * parts);
  const int inner = reduced_count > 0 ? reduced[reduced_count - 1] : -1;
  const int64_t inner_size = inner < 0 ? 1 : a_tensor.dims[inner];
  const int64_t inner_stride = inner < 0 ? 1 : a_tensor.strides[inner];
  const bool parallel = results * per_result > 8192;
#pragma omp parallel for schedule(static) if (parallel)
  for (int64_t unit = 0; unit < results * parts; ++unit) {
    int64_t result = unit / parts;
    const int64_t part = unit % parts;
    int64_t base = 0;
    for (int i = kept_count - 1; i >= 0; --i) {
      base += result % a_tensor.dims[kept[i]] * a_tensor.strides[kept[i]];
      result /= a_tensor.dims[kept[i]];
    }
    Accumulator& accumulator = accumulators[unit];
    accumulator = start(operation);
    const int64_t end = per_result * (part + 1) / parts;
    double values[512];
    for (int64_t index = per_result * part / parts; index < end;) {
      int64_t outer = index / inner_size;
      const int64_t column = index % inner_size;
      int64_t offset = base + column * inner_stride;
      for (int i = reduced_count - 2; i >= 0; --i) {
        offset += outer % a_tensor.dims[reduced[i]] * a_tensor.strides[reduced[i]];
        outer /= a_tensor.dims[reduced[i]];
      }
      const int64_t n = std::min({inner_size - column, end - index, int64_t{512}});
      vector_kernels<double>().load(a_tensor.type, at(a, a_tensor.type, offset), inner_stride, n, values);
      add_elements(operation, propagate_nan, values, n, index, accumulator);
      index += n;
    }
  }
  double* values = scratch.take<double>(results);
  for (int64_t i = 0; i < results; ++i) {
    Accumulator total = accumulators[i * parts];
    for (int64_t part = 1; part < parts; ++part) join(operation, propagate_nan, accumulators[i * parts + part], total);
    values[i] = operation == Reduction::Average ? total.value / static_cast<double>(per_result)
                : operation == Reduction::Norm2 ? std::sqrt(total.value)
                                                : total.value;
    if (indices != nullptr) indices[i] = static_cast<uint32_t>(total.index);
  }
  blend_tensor(alpha, packed(c_tensor, ElementType::F64), values, beta, c_tensor, c);
}

}  // namespace cpu::compute
