// The element types of cuBLASLt's matrices: the engine's, and the floats of 8 bits.
#pragma once

#include <cstdint>

#include "engine/compute_tensor.h"
#include "generated/cublas.h"

namespace cpu::cublaslt {

enum class Number : uint8_t { F32, F64, F16, BF16, I8, I32, E4M3, E5M2 };

// The type of a matrix: one number an element, or two of a complex one.
struct MatrixType {
  Number number = Number::F32;
  bool complex = false;

  int64_t bytes() const;
  bool is_byte_float() const { return number == Number::E4M3 || number == Number::E5M2; }
  bool operator==(const MatrixType&) const = default;
};

// False where the CPU device has no such type.
bool matrix_type(int cuda_type, MatrixType* type);

// Numbers in memory as T and back; T is float or double. `stride` counts numbers. Storing rounds to nearest even;
// integers and the floats of 8 bits saturate.
template <class T>
void load_numbers(Number number, const void* source, int64_t stride, int64_t count, T* result);
template <class T>
void store_numbers(Number number, const T* source, void* result, int64_t stride, int64_t count);

extern template void load_numbers<float>(Number, const void*, int64_t, int64_t, float*);
extern template void load_numbers<double>(Number, const void*, int64_t, int64_t, double*);
extern template void store_numbers<float>(Number, const float*, void*, int64_t, int64_t);
extern template void store_numbers<double>(Number, const double*, void*, int64_t, int64_t);

}  // namespace cpu::cublaslt
