#include "engine/compute_vector.h"

namespace cpu::compute {

extern const VectorKernels<float> vector_float_baseline;
extern const VectorKernels<double> vector_double_baseline;
extern const RowKernels<BFloat16> rows_bfloat16_baseline;
extern const RowKernels<Half> rows_half_baseline;
#if defined(__x86_64__)
extern const VectorKernels<float> vector_float_avx2, vector_float_avx512;
extern const VectorKernels<double> vector_double_avx2, vector_double_avx512;
extern const RowKernels<BFloat16> rows_bfloat16_avx2, rows_bfloat16_avx512;
extern const RowKernels<Half> rows_half_avx2, rows_half_avx512;

namespace {

int instruction_set() {
  static const int level = [] {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw")) {
      return 2;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") ? 1 : 0;
  }();
  return level;
}

/// The table for the processor this runs on.
template <class Table>
const Table& choose(const Table& baseline, const Table& avx2, const Table& avx512) {
  const int level = instruction_set();
  return level == 2 ? avx512 : level == 1 ? avx2 : baseline;
}

}  // namespace
#define CHOOSE(name) choose(name##_baseline, name##_avx2, name##_avx512)
#else
#define CHOOSE(name) name##_baseline
#endif

template <>
const VectorKernels<float>& vector_kernels<float>() {
  return CHOOSE(vector_float);
}
template <>
const VectorKernels<double>& vector_kernels<double>() {
  return CHOOSE(vector_double);
}
template <>
const RowKernels<float>& row_kernels<float>() {
  return vector_kernels<float>();
}
template <>
const RowKernels<double>& row_kernels<double>() {
  return vector_kernels<double>();
}
template <>
const RowKernels<BFloat16>& row_kernels<BFloat16>() {
  return CHOOSE(rows_bfloat16);
}
template <>
const RowKernels<Half>& row_kernels<Half>() {
  return CHOOSE(rows_half);
}

}  // namespace cpu::compute
