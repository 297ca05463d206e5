// A multiplication as its descriptors describe it, found out and checked.
#pragma once

#include <complex>
#include <cstdint>

#include "cublaslt/descriptor.h"
#include "cublaslt/element.h"
#include "engine/device_access.h"

namespace cpu::cublaslt {

// A matrix of a multiplication: `lines` of `length` numbers each, `leading` elements apart. The lines are columns of a
// column-major matrix and rows of a row-major one.
struct MatrixShape {
  MatrixType type;
  bool row_major = false;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t leading = 0;
  int64_t batch_count = 1;
  int64_t stride = 0;
  // Whether the batch is found through an array of pointers.
  bool pointers = false;

  int64_t lines() const { return row_major ? rows : columns; }
  int64_t length() const { return row_major ? columns : rows; }
  // What one matrix, or a whole batch, covers from its address on.
  Extent extent(const char* name, const void* address) const;
  Extent batch_extent(const char* name, const void* address) const;
  // The memory of matrix number `index`.
  const void* at(const void* address, int64_t index) const;
  // Row (`as_rows`) or column number `line` of op(matrix): where it begins, and the distance of its numbers.
  const void* line_of(const void* matrix, bool transposed, bool as_rows, int64_t line,
                      int64_t* stride_of_numbers) const;
};

// What follows the multiplication: the bits of cublasLtEpilogue_t.
struct Epilogue {
  bool relu = false;
  bool gelu = false;
  bool bias = false;
  // relu or gelu of the result, and what its gradient needs kept aside; or the gradient itself, of what was kept.
  bool keeps = false;
  bool gradient = false;
  // Sums to the bias: of the result's gradient, or of A or B along the inner dimension.
  bool bias_gradient = false;
  bool sums_a = false;
  bool sums_b = false;

  bool plain() const { return !relu && !gelu && !bias && !bias_gradient && !sums_a && !sums_b; }
  bool needs_bias() const { return bias || bias_gradient || sums_a || sums_b; }
  bool needs_auxiliary() const { return keeps || gradient; }
};

// Where alpha or beta comes from.
enum class ScalarPlace : uint8_t { Host, Device, DeviceVector, Zero };

struct Factor {
  ScalarPlace place = ScalarPlace::Host;
  MatrixType type;
  std::complex<double> value;
  const void* address = nullptr;

  // The one number it is; read now where it lies on the device.
  std::complex<double> number() const;
  // What it covers: one number, or one a row of the result.
  Extent extent(const char* name, int64_t rows, int64_t stride, int64_t batch_count) const;
};

struct Problem {
  MatmulDescriptor descriptor;
  MatrixShape a;
  MatrixShape b;
  MatrixShape c;
  MatrixShape d;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  bool transposed_a = false;
  bool conjugated_a = false;
  bool transposed_b = false;
  bool conjugated_b = false;
  // Whether sums are formed in double: of doubles and, exactly, of integers.
  bool wide = false;
  MatrixType scale_type;
  Epilogue epilogue;
  MatrixType bias_type;
  MatrixType auxiliary_type;

  bool empty() const { return m == 0 || n == 0; }
};

// Finds out what is to be computed. INVALID_VALUE where descriptors are none or contradict each other, NOT_SUPPORTED
// where they describe what is not computed; both with a text.
cublasStatus_t make_problem(const void* matmul, const void* a, const void* b, const void* c, const void* d,
                            Problem* problem);

// Whether there is such an operation on the matrix of that name.
cublasStatus_t check_operation(const char* name, int operation);

// The shape that a layout describes; `name` is the matrix's in texts.
cublasStatus_t make_shape(const char* name, const void* layout, MatrixShape* shape);

// Whether the types go together; for the functions that ask about types alone.
cublasStatus_t check_types(int compute, int scale, int a, int b, int c, int d, bool* wide, MatrixType* scale_type);

// alpha or beta of a call.
cublasStatus_t make_factor(const char* name, ScalarPlace place, const MatrixType& type, const void* address,
                           Factor* factor);

// The places of alpha and beta in a pointer mode; false where there is no such mode.
bool factor_places(int pointer_mode, ScalarPlace* alpha, ScalarPlace* beta);

}  // namespace cpu::cublaslt
