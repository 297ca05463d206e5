#include "engine/compute_vector.h"

namespace cpu::compute {

extern const VectorKernels<float> vector_float_baseline;
extern const VectorKernels<double> vector_double_baseline;
#if defined(__x86_64__)
extern const VectorKernels<float> vector_float_avx2, vector_float_avx512;
extern const VectorKernels<double> vector_double_avx2, vector_double_avx512;

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

}  // namespace
#endif

template <>
const VectorKernels<float>& vector_kernels<float>() {
#if defined(__x86_64__)
  const int level = instruction_set();
  if (level > 0) return level == 2 ? vector_float_avx512 : vector_float_avx2;
#endif
  return vector_float_baseline;
}

template <>
const VectorKernels<double>& vector_kernels<double>() {
#if defined(__x86_64__)
  const int level = instruction_set();
  if (level > 0) return level == 2 ? vector_double_avx512 : vector_double_avx2;
#endif
  return vector_double_baseline;
}

}  // namespace cpu::compute
