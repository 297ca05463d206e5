// cublasLtMatrixTransform: C = alpha op(A) + beta op(B) between layouts, orders and types.
#include <algorithm>
#include <string>

#include "cublaslt/call.h"
#include "cublaslt/problem.h"
#include "engine/compute_scratch.h"

namespace cpu::cublaslt {
namespace {

struct Transform {
  const char* function = "";
  MatrixShape a;
  MatrixShape b;
  MatrixShape c;
  bool transposed_a = false;
  bool transposed_b = false;
  Factor alpha;
  Factor beta;
  const void* source_a = nullptr;
  const void* source_b = nullptr;
  void* target = nullptr;

  void run() const;
};

void Transform::run() const {
  const Extent factors[] = {alpha.extent("alpha", 1, 0, 1), beta.extent("beta", 1, 0, 1)};
  if (!accessible(function, factors)) return;
  const double scale_a = alpha.number().real();
  const double scale_b = beta.number().real();
  const bool reads_a = scale_a != 0;
  const bool reads_b = scale_b != 0;
  const Extent whole[] = {c.batch_extent("C", target),
                          reads_a ? a.batch_extent("A", source_a) : Extent{"A", nullptr, 0},
                          reads_b ? b.batch_extent("B", source_b) : Extent{"B", nullptr, 0}};
  if (!accessible(function, whole)) return;
  for (int64_t index = 0; index < c.batch_count; ++index) {
    const void* from_a = reads_a ? a.at(source_a, index) : nullptr;
    const void* from_b = reads_b ? b.at(source_b, index) : nullptr;
    auto* to = static_cast<char*>(const_cast<void*>(c.at(target, index)));
    const Extent touched[] = {c.extent("a matrix of C", to),
                              reads_a ? a.extent("a matrix of A", from_a) : Extent{"A", nullptr, 0},
                              reads_b ? b.extent("a matrix of B", from_b) : Extent{"B", nullptr, 0}};
    if (!accessible(function, touched)) return;
    const int64_t length = c.length();
#pragma omp parallel for schedule(static) if (length * c.lines() > 16384)
    for (int64_t line = 0; line < c.lines(); ++line) {
      compute::Scratch scratch;
      double* values = scratch.take<double>(length);
      double* other = scratch.take<double>(length);
      std::fill_n(values, length, 0.0);
      const auto add = [&](const MatrixShape& shape, bool transposed, const void* matrix, double scale) {
        int64_t stride;
        const void* source = shape.line_of(matrix, transposed, c.row_major, line, &stride);
        load_numbers(shape.type.number, source, stride, length, other);
        for (int64_t i = 0; i < length; ++i) values[i] += scale * other[i];
      };
      if (reads_a) add(a, transposed_a, from_a, scale_a);
      if (reads_b) add(b, transposed_b, from_b, scale_b);
      store_numbers(c.type.number, values, to + line * c.leading * c.type.bytes(), 1, length);
    }
  }
}

cublasStatus_t check_operand(const char* name, const MatrixShape& shape, int operation, const MatrixShape& c,
                             bool* transposed) {
  const cublasStatus_t status = check_operation(name, operation);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  *transposed = operation != CUBLAS_OP_N;
  const int64_t rows = *transposed ? shape.columns : shape.rows;
  const int64_t columns = *transposed ? shape.rows : shape.columns;
  if (rows != c.rows || columns != c.columns || shape.batch_count != c.batch_count) {
    return fail(CUBLAS_STATUS_INVALID_VALUE,
                "op(" + std::string(name) + ") and C have different sizes or batches of different numbers");
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t prepare(const void* descriptor, const void* a, const void* b, const void* c, Transform* transform,
                       MatrixType* scale) {
  const auto* say = find_descriptor<TransformDescriptor>(descriptor);
  if (say == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  cublasStatus_t status = make_shape("A", a, &transform->a);
  if (status == CUBLAS_STATUS_SUCCESS && b != nullptr) status = make_shape("B", b, &transform->b);
  if (status == CUBLAS_STATUS_SUCCESS) status = make_shape("C", c, &transform->c);
  if (status == CUBLAS_STATUS_SUCCESS) {
    status = check_operand("A", transform->a, say->operation_a, transform->c, &transform->transposed_a);
  }
  if (status == CUBLAS_STATUS_SUCCESS && b != nullptr) {
    status = check_operand("B", transform->b, say->operation_b, transform->c, &transform->transposed_b);
  }
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  if (!matrix_type(say->scale_type, scale) || scale->complex || transform->a.type.complex ||
      transform->b.type.complex || transform->c.type.complex) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED, "complex matrices, or factors of the type " +
                                                 std::to_string(say->scale_type) + ", are not transformed");
  }
  if (say->pointer_mode != CUBLASLT_POINTER_MODE_HOST && say->pointer_mode != CUBLASLT_POINTER_MODE_DEVICE) {
    return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                "the pointer mode " + std::to_string(say->pointer_mode) + " is none of a transformation's");
  }
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace
}  // namespace cpu::cublaslt

using namespace cpu::cublaslt;

// B may be null, with or without a layout, where beta is 0.
cublasStatus_t cublasLtMatrixTransform(cublasLtHandle_t lightHandle, cublasLtMatrixTransformDesc_t transformDesc,
                                       const void* alpha, const void* A, cublasLtMatrixLayout_t Adesc, const void* beta,
                                       const void* B, cublasLtMatrixLayout_t Bdesc, void* C,
                                       cublasLtMatrixLayout_t Cdesc, cudaStream_t stream) {
  CPU_COUNT_CALL();
  return with_handle(__func__, lightHandle, [&, function = __func__] {
    Transform transform;
    transform.function = function;
    MatrixType scale;
    cublasStatus_t status = prepare(transformDesc, Adesc, Bdesc, Cdesc, &transform, &scale);
    std::shared_ptr<cpu::Stream> queue;
    if (status == CUBLAS_STATUS_SUCCESS) status = find_stream(stream, &queue);
    if (status != CUBLAS_STATUS_SUCCESS || transform.c.rows == 0 || transform.c.columns == 0) return status;
    const auto* say = static_cast<const TransformDescriptor*>(static_cast<const void*>(transformDesc));
    const ScalarPlace place =
        say->pointer_mode == CUBLASLT_POINTER_MODE_DEVICE ? ScalarPlace::Device : ScalarPlace::Host;
    status = make_factor("alpha", place, scale, alpha, &transform.alpha);
    if (status == CUBLAS_STATUS_SUCCESS && beta == nullptr && B == nullptr) {
      transform.beta = {ScalarPlace::Host, scale, {}, nullptr};
    } else if (status == CUBLAS_STATUS_SUCCESS) {
      status = make_factor("beta", place, scale, beta, &transform.beta);
    }
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const bool host = place == ScalarPlace::Host;
    if (C == nullptr || (A == nullptr && !(host && transform.alpha.value.real() == 0)) ||
        ((B == nullptr || Bdesc == nullptr) &&
         !(transform.beta.place == ScalarPlace::Host && transform.beta.value.real() == 0))) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "C is null, or a matrix or layout whose factor is not 0");
    }
    transform.source_a = A;
    transform.source_b = B;
    transform.target = C;
    queue->enqueue([transform] { transform.run(); });
    return CUBLAS_STATUS_SUCCESS;
  });
}
