#include "cublaslt/problem.h"

#include <algorithm>
#include <limits>
#include <string>

namespace cpu::cublaslt {
namespace {

std::string of(int64_t value) { return std::to_string(value); }

// The types of one call, for texts.
std::string describe(int compute, int scale, int a, int b, int c, int d) {
  return "A of type " + of(a) + " and B of type " + of(b) + " with C of type " + of(c) + " into D of type " + of(d) +
         " (scale type " + of(scale) + ") is not computed with compute type " + of(compute);
}

// OpenBLAS counts in 32 bits.
constexpr uint64_t greatest_size = std::numeric_limits<int32_t>::max();

cublasStatus_t make_epilogue(uint32_t value, Epilogue* epilogue) {
  constexpr uint32_t keeps = 128;
  switch (value & ~keeps) {
    case CUBLASLT_EPILOGUE_DEFAULT:
      if (value != CUBLASLT_EPILOGUE_DEFAULT) break;
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_EPILOGUE_BIAS:
      if (value != CUBLASLT_EPILOGUE_BIAS) break;
      epilogue->bias = true;
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_EPILOGUE_RELU:
    case CUBLASLT_EPILOGUE_RELU_BIAS:
      epilogue->relu = true;
      epilogue->bias = (value & CUBLASLT_EPILOGUE_BIAS) != 0;
      epilogue->keeps = (value & keeps) != 0;
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_EPILOGUE_GELU:
    case CUBLASLT_EPILOGUE_GELU_BIAS:
      epilogue->gelu = true;
      epilogue->bias = (value & CUBLASLT_EPILOGUE_BIAS) != 0;
      epilogue->keeps = (value & keeps) != 0;
      return CUBLAS_STATUS_SUCCESS;
    default:
      break;
  }
  switch (value) {
    case CUBLASLT_EPILOGUE_DRELU:
    case CUBLASLT_EPILOGUE_DRELU_BGRAD:
      epilogue->relu = epilogue->gradient = true;
      epilogue->bias_gradient = value == CUBLASLT_EPILOGUE_DRELU_BGRAD;
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_EPILOGUE_DGELU:
    case CUBLASLT_EPILOGUE_DGELU_BGRAD:
      epilogue->gelu = epilogue->gradient = true;
      epilogue->bias_gradient = value == CUBLASLT_EPILOGUE_DGELU_BGRAD;
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_EPILOGUE_BGRADA:
      epilogue->sums_a = true;
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_EPILOGUE_BGRADB:
      epilogue->sums_b = true;
      return CUBLAS_STATUS_SUCCESS;
    default:
      return fail(CUBLAS_STATUS_NOT_SUPPORTED, "there is no epilogue " + of(value));
  }
}

// Scales may be one number or, of A and B, one a row or column of the result.
cublasStatus_t check_scales(const MatmulDescriptor& matmul) {
  const struct {
    const char* name;
    int mode;
    bool vectors;
  } scales[] = {{"A", matmul.scale_mode_a, true},
                {"B", matmul.scale_mode_b, true},
                {"C", matmul.scale_mode_c, false},
                {"D", matmul.scale_mode_d, false},
                {"the auxiliary matrix", matmul.scale_mode_auxiliary, false}};
  for (const auto& scale : scales) {
    if (scale.mode == CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F) continue;
    if (scale.vectors && scale.mode == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F) continue;
    return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                std::string("the scale mode ") + of(scale.mode) + " of " + scale.name + " is not computed");
  }
  if (matmul.out_scale != 0) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED, "scales that are written (D_OUT_SCALE_POINTER) are not computed");
  }
  return CUBLAS_STATUS_SUCCESS;
}

// The types of the bias and of the auxiliary matrix, where they are not said: those of D, but for 8-bit integers the
// factors', and for floats of 8 bits C's.
cublasStatus_t find_vector_type(const char* name, int said, bool of_bias, const Problem& problem, MatrixType* type) {
  if (said != -1) {
    if (matrix_type(said, type) && !type->complex) return CUBLAS_STATUS_SUCCESS;
    return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                std::string(name) + " has the type " + of(said) + ", which is not computed");
  }
  *type = problem.d.type;
  if (of_bias && type->number == Number::I8) *type = problem.scale_type;
  if (type->is_byte_float()) *type = problem.c.type;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t check_sizes(Problem* problem) {
  const auto rows = [](const MatrixShape& matrix, bool transposed) {
    return transposed ? matrix.columns : matrix.rows;
  };
  const auto columns = [](const MatrixShape& matrix, bool transposed) {
    return transposed ? matrix.rows : matrix.columns;
  };
  problem->m = problem->d.rows;
  problem->n = problem->d.columns;
  problem->k = columns(problem->a, problem->transposed_a);
  if (rows(problem->a, problem->transposed_a) != problem->m ||
      columns(problem->b, problem->transposed_b) != problem->n ||
      rows(problem->b, problem->transposed_b) != problem->k) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, "op(A) is " + of(rows(problem->a, problem->transposed_a)) + " x " +
                                                 of(problem->k) + ", op(B) " +
                                                 of(rows(problem->b, problem->transposed_b)) + " x " +
                                                 of(columns(problem->b, problem->transposed_b)) + " and D " +
                                                 of(problem->m) + " x " + of(problem->n) + ", which do not fit");
  }
  if (problem->c.rows != problem->m || problem->c.columns != problem->n) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, "C is " + of(problem->c.rows) + " x " + of(problem->c.columns) +
                                                 ", D is " + of(problem->m) + " x " + of(problem->n));
  }
  for (const MatrixShape* matrix : {&problem->a, &problem->b, &problem->c}) {
    if (matrix->batch_count != problem->d.batch_count) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "the layouts have batches of different numbers");
    }
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t check_auxiliary(const Problem& problem) {
  if (!problem.epilogue.needs_auxiliary()) return CUBLAS_STATUS_SUCCESS;
  const int64_t leading = problem.descriptor.auxiliary_leading;
  const int64_t multiple = problem.epilogue.relu ? 128 : 8;
  if (leading % multiple != 0 || leading < problem.d.length()) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, "EPILOGUE_AUX_LD is " + of(leading) + "; it must be a multiple of " +
                                                 of(multiple) + " and at least " + of(problem.d.length()));
  }
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

cublasStatus_t check_operation(const char* name, int operation) {
  if (operation >= CUBLAS_OP_N && operation <= CUBLAS_OP_C) return CUBLAS_STATUS_SUCCESS;
  return fail(CUBLAS_STATUS_INVALID_VALUE,
              "TRANS" + std::string(name) + " is " + of(operation) + "; N, T and C are 0, 1 and 2");
}

cublasStatus_t make_shape(const char* name, const void* pointer, MatrixShape* shape) {
  const auto* layout = find_descriptor<LayoutDescriptor>(pointer);
  if (layout == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  const std::string matrix = std::string("the layout of ") + name;
  if (!matrix_type(static_cast<int>(layout->type), &shape->type)) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED, matrix + " has the type " + of(layout->type) + ", which is not computed");
  }
  if (layout->order != CUBLASLT_ORDER_COL && layout->order != CUBLASLT_ORDER_ROW) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                matrix + " has the order " + of(layout->order) + "; COL (0) and ROW (1) are computed");
  }
  if (layout->rows > greatest_size || layout->columns > greatest_size ||
      layout->leading > static_cast<int64_t>(greatest_size)) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED, matrix + " has more than 2^31 - 1 rows, columns or as leading dimension");
  }
  shape->row_major = layout->order == CUBLASLT_ORDER_ROW;
  shape->rows = static_cast<int64_t>(layout->rows);
  shape->columns = static_cast<int64_t>(layout->columns);
  shape->leading = layout->leading;
  shape->batch_count = layout->batch_count;
  shape->stride = layout->stride;
  if (shape->leading < std::max<int64_t>(1, shape->length())) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, matrix + " has the leading dimension " + of(shape->leading) +
                                                 ", less than max(1, " + of(shape->length()) + ")");
  }
  if (layout->batch_count < 1) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, matrix + " has a batch of " + of(layout->batch_count));
  }
  if (layout->plane_offset != 0) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                matrix + " has planes of real and imaginary parts, which are not computed");
  }
  if (layout->batch_mode != CUBLASLT_BATCH_MODE_STRIDED && layout->batch_mode != CUBLASLT_BATCH_MODE_POINTER_ARRAY) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED, matrix + " has the batch mode " + of(layout->batch_mode) +
                                                 "; strides (0) and arrays of pointers (1) are computed");
  }
  shape->pointers = layout->batch_mode == CUBLASLT_BATCH_MODE_POINTER_ARRAY;
  return CUBLAS_STATUS_SUCCESS;
}

Extent MatrixShape::extent(const char* name, const void* address) const {
  if (rows == 0 || columns == 0) return {name, address, 0};
  return {name, address,
          saturated_bytes(static_cast<__int128>(lines() - 1) * leading + length(), static_cast<size_t>(type.bytes()))};
}

Extent MatrixShape::batch_extent(const char* name, const void* address) const {
  if (pointers) return {name, address, batch_count * static_cast<int64_t>(sizeof(void*))};
  if (rows == 0 || columns == 0) return {name, address, 0};
  const __int128 way = static_cast<__int128>(stride) * (batch_count - 1);
  const auto bytes = static_cast<size_t>(type.bytes());
  const auto first =
      reinterpret_cast<uintptr_t>(address) - (way < 0 ? static_cast<uintptr_t>(saturated_bytes(-way, bytes)) : 0);
  return {name, reinterpret_cast<const void*>(first),
          saturated_bytes((way < 0 ? -way : way) + static_cast<__int128>(lines() - 1) * leading + length(), bytes)};
}

const void* MatrixShape::at(const void* address, int64_t index) const {
  if (pointers) return static_cast<const void* const*>(address)[index];
  return static_cast<const char*>(address) + index * stride * type.bytes();
}

const void* MatrixShape::line_of(const void* matrix, bool transposed, bool as_rows, int64_t line,
                                 int64_t* stride_of_numbers) const {
  const bool same = (row_major != transposed) == as_rows;
  *stride_of_numbers = same ? 1 : leading;
  return static_cast<const char*>(matrix) + line * (same ? leading : 1) * type.bytes();
}

std::complex<double> Factor::number() const {
  if (place != ScalarPlace::Device) return value;
  double parts[2] = {0, 0};
  load_numbers(type.number, address, 1, type.complex ? 2 : 1, parts);
  return {parts[0], parts[1]};
}

Extent Factor::extent(const char* name, int64_t rows, int64_t stride, int64_t batch_count) const {
  const int64_t bytes = type.bytes();
  switch (place) {
    case ScalarPlace::Device:
      return {name, address, bytes};
    case ScalarPlace::DeviceVector:
      return {name, address,
              saturated_bytes(static_cast<__int128>(stride) * (batch_count - 1) + rows, static_cast<size_t>(bytes))};
    default:
      return {name, address, 0};
  }
}

bool factor_places(int pointer_mode, ScalarPlace* alpha, ScalarPlace* beta) {
  switch (pointer_mode) {
    case CUBLASLT_POINTER_MODE_HOST:
      *alpha = *beta = ScalarPlace::Host;
      return true;
    case CUBLASLT_POINTER_MODE_DEVICE:
      *alpha = *beta = ScalarPlace::Device;
      return true;
    case CUBLASLT_POINTER_MODE_DEVICE_VECTOR:
      *alpha = *beta = ScalarPlace::DeviceVector;
      return true;
    case CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_ZERO:
      *alpha = ScalarPlace::DeviceVector;
      *beta = ScalarPlace::Zero;
      return true;
    case CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_HOST:
      *alpha = ScalarPlace::DeviceVector;
      *beta = ScalarPlace::Host;
      return true;
    default:
      return false;
  }
}

cublasStatus_t make_factor(const char* name, ScalarPlace place, const MatrixType& type, const void* address,
                           Factor* factor) {
  *factor = {place, type, {}, address};
  if (place == ScalarPlace::Zero) return CUBLAS_STATUS_SUCCESS;
  if (address == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, std::string(name) + " is null");
  if (place == ScalarPlace::Host) {
    double parts[2] = {0, 0};
    load_numbers(type.number, address, 1, type.complex ? 2 : 1, parts);
    factor->value = {parts[0], parts[1]};
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t check_types(int compute, int scale, int a, int b, int c, int d, bool* wide, MatrixType* scale_type) {
  const auto is = [](int type, std::initializer_list<int> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  const auto byte_float = [&](int type) { return is(type, {CUDA_R_8F_E4M3, CUDA_R_8F_E5M2}); };
  bool supported = false;
  *wide = false;
  switch (compute) {
    case CUBLAS_COMPUTE_16F:
    case CUBLAS_COMPUTE_16F_PEDANTIC:
      supported = scale == CUDA_R_16F && a == CUDA_R_16F && b == a && c == a && d == a;
      break;
    case CUBLAS_COMPUTE_32I:
    case CUBLAS_COMPUTE_32I_PEDANTIC:
      *wide = true;
      supported = a == CUDA_R_8I && b == a && c == d &&
                  ((scale == CUDA_R_32I && d == CUDA_R_32I) || (scale == CUDA_R_32F && d == CUDA_R_8I));
      break;
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      if (scale == CUDA_C_32F) {
        supported = a == CUDA_C_32F && b == a && c == a && d == a;
      } else if (scale == CUDA_R_32F && byte_float(a) && byte_float(b)) {
        supported =
            byte_float(d) ? is(c, {CUDA_R_16F, CUDA_R_16BF}) : c == d && is(d, {CUDA_R_16F, CUDA_R_16BF, CUDA_R_32F});
      } else if (scale == CUDA_R_32F) {
        supported = b == a && c == d &&
                    ((is(a, {CUDA_R_16F, CUDA_R_16BF}) && (d == a || d == CUDA_R_32F)) ||
                     (is(a, {CUDA_R_8I, CUDA_R_32F}) && d == CUDA_R_32F));
      }
      break;
    case CUBLAS_COMPUTE_32F_FAST_16F:
    case CUBLAS_COMPUTE_32F_FAST_16BF:
    case CUBLAS_COMPUTE_32F_FAST_TF32:
    case CUBLAS_COMPUTE_32F_EMULATED_16BFX9:
      supported = is(scale, {CUDA_R_32F, CUDA_C_32F}) && a == scale && b == a && c == a && d == a;
      break;
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
    case CUBLAS_COMPUTE_64F_EMULATED_FIXEDPOINT:
      *wide = true;
      supported = is(scale, {CUDA_R_64F, CUDA_C_64F}) && a == scale && b == a && c == a && d == a;
      break;
    default:
      return fail(CUBLAS_STATUS_INVALID_VALUE, "there is no compute type " + of(compute));
  }
  if (supported && matrix_type(scale, scale_type)) return CUBLAS_STATUS_SUCCESS;
  return fail(CUBLAS_STATUS_NOT_SUPPORTED, describe(compute, scale, a, b, c, d));
}

cublasStatus_t make_problem(const void* matmul, const void* a, const void* b, const void* c, const void* d,
                            Problem* problem) {
  const auto* descriptor = find_descriptor<MatmulDescriptor>(matmul);
  if (descriptor == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  problem->descriptor = *descriptor;
  const MatmulDescriptor& say = problem->descriptor;
  cublasStatus_t status = make_shape("A", a, &problem->a);
  if (status == CUBLAS_STATUS_SUCCESS) status = make_shape("B", b, &problem->b);
  if (status == CUBLAS_STATUS_SUCCESS) status = make_shape("C", c, &problem->c);
  if (status == CUBLAS_STATUS_SUCCESS) status = make_shape("D", d, &problem->d);
  if (status == CUBLAS_STATUS_SUCCESS) status = check_operation("A", say.operation_a);
  if (status == CUBLAS_STATUS_SUCCESS) status = check_operation("B", say.operation_b);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  if (say.operation_c != CUBLAS_OP_N) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED, "TRANSC is " + of(say.operation_c) + "; C is taken as it lies only");
  }
  if (say.fill_mode != CUBLAS_FILL_MODE_FULL) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                "FILL_MODE is " + of(say.fill_mode) + "; whole matrices are computed only");
  }
  ScalarPlace alpha, beta;
  if (!factor_places(say.pointer_mode, &alpha, &beta)) {
    return fail(CUBLAS_STATUS_INVALID_VALUE, "there is no pointer mode " + of(say.pointer_mode));
  }
  const auto type = [](const void* layout) {
    return static_cast<int>(static_cast<const LayoutDescriptor*>(layout)->type);
  };
  status = check_types(say.compute_type, say.scale_type, type(a), type(b), type(c), type(d), &problem->wide,
                       &problem->scale_type);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  const bool complex = problem->d.type.complex;
  problem->transposed_a = say.operation_a != CUBLAS_OP_N;
  problem->conjugated_a = complex && say.operation_a == CUBLAS_OP_C;
  problem->transposed_b = say.operation_b != CUBLAS_OP_N;
  problem->conjugated_b = complex && say.operation_b == CUBLAS_OP_C;
  status = make_epilogue(say.epilogue, &problem->epilogue);
  if (status == CUBLAS_STATUS_SUCCESS && complex && !problem->epilogue.plain()) {
    status = fail(CUBLAS_STATUS_NOT_SUPPORTED, "complex results have no epilogue");
  }
  if (status == CUBLAS_STATUS_SUCCESS) status = check_sizes(problem);
  if (status == CUBLAS_STATUS_SUCCESS) status = check_scales(say);
  if (status == CUBLAS_STATUS_SUCCESS) {
    status = find_vector_type("the bias", say.bias_type, true, *problem, &problem->bias_type);
  }
  if (status == CUBLAS_STATUS_SUCCESS) {
    status = find_vector_type("the auxiliary matrix", say.auxiliary_type, false, *problem, &problem->auxiliary_type);
  }
  return status == CUBLAS_STATUS_SUCCESS ? check_auxiliary(*problem) : status;
}

}  // namespace cpu::cublaslt
