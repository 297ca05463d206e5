// 16-bit matrices times 16-bit vectors, summed in single precision: HSH and HSS for half, TST and TSS for bfloat16, the
// last letter being the type of y.
#include <cstdlib>

#include "cublas/blas.h"
#include "cublas/call.h"
#include "cublas/element.h"
#include "engine/compute_scratch.h"
#include "engine/compute_vector.h"

namespace cpu::cublas {
namespace {

using compute::ElementType;

struct MixedGemv {
  ElementType type;
  ElementType result_type;
  cublasOperation_t trans;
  int64_t m;
  int64_t n;
  int64_t lda;
  int64_t incx;
  int64_t incy;

  int64_t length_x() const { return trans == CUBLAS_OP_N ? n : m; }
  int64_t length_y() const { return trans == CUBLAS_OP_N ? m : n; }
  int64_t result_bytes() const { return static_cast<int64_t>(compute::element_size(result_type)); }

  cublasStatus_t check(int64_t count) const {
    Checks checks;
    checks.operation("trans", trans).size("m", m).size("n", n).leading("lda", lda, m).increment("incx", incx, false);
    checks.increment("incy", incy, false).size("batchCount", count);
    return checks.status();
  }

  Extent extent_a(const char* name, const void* a, int64_t stride, int64_t count) const {
    return matrix_extent(name, static_cast<const uint16_t*>(a), m, n, lda, stride, count);
  }
  Extent extent_x(const char* name, const void* x, int64_t stride, int64_t count) const {
    return matrix_extent(name, static_cast<const uint16_t*>(x), 1, length_x(), std::abs(incx), stride, count);
  }
  Extent extent_y(const char* name, const void* y, int64_t stride, int64_t count) const {
    const int64_t bytes = result_bytes();
    return matrix_extent(name, static_cast<const std::byte*>(y), bytes, length_y(), std::abs(incy) * bytes,
                         stride * bytes, count);
  }

  void run(float alpha, const void* a, const void* x, float beta, void* y) const {
    compute::Scratch scratch;
    const auto& kernels = compute::vector_kernels<float>();
    const int64_t size_x = length_x();
    const int64_t size_y = length_y();
    float* matrix = scratch.take<float>(m * n);
    float* vector = scratch.take<float>(size_x);
    float* result = scratch.take<float>(size_y);
    auto* target = static_cast<std::byte*>(y) + (incy < 0 ? (1 - size_y) * incy * result_bytes() : 0);
    if (alpha != 0) {
      for (int64_t column = 0; column < n; ++column) {
        kernels.load(type, static_cast<const uint16_t*>(a) + column * lda, 1, m, matrix + column * m);
      }
      kernels.load(type, static_cast<const uint16_t*>(x) + (incx < 0 ? (1 - size_x) * incx : 0), incx, size_x, vector);
    }
    if (beta != 0) {
      kernels.load(result_type, target, incy, size_y, result);
    } else {
      kernels.fill(0, result, size_y);
      beta = 1;
    }
    const char operation = letter(trans);
    const int rows = static_cast<int>(m);
    const int columns = static_cast<int>(n);
    constexpr int one = 1;
    Blas<float>::gemv(&operation, &rows, &columns, &alpha, matrix, &rows, vector, &one, &beta, result, &one);
    kernels.store(result_type, result, target, incy, size_y);
  }
};

cublasStatus_t check_pointers(const void* alpha, const void* a, const void* x, const void* beta, const void* y) {
  Checks checks;
  checks.pointer("alpha", alpha).pointer("beta", beta).pointer("A", a).pointer("x", x).pointer("y", y);
  return checks.status();
}

cublasStatus_t gemv_strided(const char* function, cublasHandle_t handle, const MixedGemv& gemv, const float* alpha,
                            const void* a, int64_t stride_a, const void* x, int64_t stride_x, const float* beta,
                            void* y, int64_t stride_y, int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status = gemv.check(count);
    if (status != CUBLAS_STATUS_SUCCESS || gemv.m == 0 || gemv.n == 0 || count == 0) return status;
    if (status = check_pointers(alpha, a, x, beta, y); status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<float> scale(object, alpha);
    const Scalar<float> keep(object, beta);
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"), gemv.extent_a("A", a, stride_a, count),
                   gemv.extent_x("x", x, stride_x, count), gemv.extent_y("y", y, stride_y, count)},
                  [=] {
                    for (int64_t i = 0; i < count; ++i) {
                      gemv.run(scale.get(), static_cast<const uint16_t*>(a) + i * stride_a,
                               static_cast<const uint16_t*>(x) + i * stride_x, keep.get(),
                               static_cast<std::byte*>(y) + i * stride_y * gemv.result_bytes());
                    }
                  });
  });
}

template <class T, class R>
cublasStatus_t gemv_batched(const char* function, cublasHandle_t handle, const MixedGemv& gemv, const float* alpha,
                            const T* const a[], const T* const x[], const float* beta, R* const y[], int64_t count) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status = gemv.check(count);
    if (status != CUBLAS_STATUS_SUCCESS || gemv.m == 0 || gemv.n == 0 || count == 0) return status;
    if (status = check_pointers(alpha, a, x, beta, y); status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<float> scale(object, alpha);
    const Scalar<float> keep(object, beta);
    return submit(stream,
                  {scale.extent("alpha"), keep.extent("beta"), vector_extent("Aarray", a, count, 1),
                   vector_extent("xarray", x, count, 1), vector_extent("yarray", y, count, 1)},
                  [=] {
                    for (int64_t i = 0; i < count; ++i) {
                      const Extent touched[] = {gemv.extent_a("a matrix of Aarray", a[i], 0, 1),
                                                gemv.extent_x("a vector of xarray", x[i], 0, 1),
                                                gemv.extent_y("a vector of yarray", y[i], 0, 1)};
                      if (!accessible(function, touched)) return;
                      gemv.run(scale.get(), a[i], x[i], keep.get(), y[i]);
                    }
                  });
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

#define CPU_MIXED_GEMV(name, T, type, R, result_type, suffix, Int)                                                  \
  cublasStatus_t cublas##name##gemvBatched##suffix(                                                                 \
      cublasHandle_t handle, cublasOperation_t trans, Int m, Int n, const float* alpha, const T* const Aarray[],    \
      Int lda, const T* const xarray[], Int incx, const float* beta, R* const yarray[], Int incy, Int batchCount) { \
    CPU_COUNT_CALL();                                                                                               \
    const MixedGemv gemv{ElementType::type, ElementType::result_type, trans, m, n, lda, incx, incy};                \
    return gemv_batched(__func__, handle, gemv, alpha, Aarray, xarray, beta, yarray, batchCount);                   \
  }                                                                                                                 \
  cublasStatus_t cublas##name##gemvStridedBatched##suffix(                                                          \
      cublasHandle_t handle, cublasOperation_t trans, Int m, Int n, const float* alpha, const T* A, Int lda,        \
      long long strideA, const T* x, Int incx, long long stridex, const float* beta, R* y, Int incy,                \
      long long stridey, Int batchCount) {                                                                          \
    CPU_COUNT_CALL();                                                                                               \
    const MixedGemv gemv{ElementType::type, ElementType::result_type, trans, m, n, lda, incx, incy};                \
    return gemv_strided(__func__, handle, gemv, alpha, A, strideA, x, stridex, beta, y, stridey, batchCount);       \
  }
#define CPU_MIXED_GEMV_FAMILY(suffix, Int)                                   \
  CPU_MIXED_GEMV(HSH, __half, F16, __half, F16, suffix, Int)                 \
  CPU_MIXED_GEMV(HSS, __half, F16, float, F32, suffix, Int)                  \
  CPU_MIXED_GEMV(TST, __nv_bfloat16, BF16, __nv_bfloat16, BF16, suffix, Int) \
  CPU_MIXED_GEMV(TSS, __nv_bfloat16, BF16, float, F32, suffix, Int)
CPU_MIXED_GEMV_FAMILY(, int)
CPU_MIXED_GEMV_FAMILY(_64, int64_t)
