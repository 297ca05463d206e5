// Matrix products of named types: the operands are converted to the type that OpenBLAS computes in, the product is
// converted back and rounded once. 16-bit floats are computed in single precision, 8-bit integers exactly in double.
#include <algorithm>
#include <vector>

#include "cublas/blas.h"
#include "cublas/element.h"
#include "cublas/gemm.h"
#include "engine/compute_scratch.h"
#include "engine/compute_vector.h"

namespace cpu::cublas {
namespace {

using compute::ElementType;

// The type of a matrix: numbers of the engine's type, two of them for a complex element.
struct MatrixType {
  ElementType number;
  bool complex;

  int64_t bytes() const { return static_cast<int64_t>(compute::element_size(number)) * (complex ? 2 : 1); }
};

// The types of one product. `scale`: of alpha and beta; `wide`: whether OpenBLAS computes in double.
struct Types {
  MatrixType a;
  MatrixType b;
  MatrixType c;
  ElementType scale;
  bool wide;
};

bool matrix_type(cudaDataType type, MatrixType* element) {
  switch (static_cast<int>(type)) {
    case CUDA_R_32F:
    case CUDA_C_32F:
      element->number = ElementType::F32;
      break;
    case CUDA_R_64F:
    case CUDA_C_64F:
      element->number = ElementType::F64;
      break;
    case CUDA_R_16F:
      element->number = ElementType::F16;
      break;
    case CUDA_R_16BF:
      element->number = ElementType::BF16;
      break;
    case CUDA_R_8I:
    case CUDA_C_8I:
      element->number = ElementType::I8;
      break;
    case CUDA_R_32I:
      element->number = ElementType::I32;
      break;
    default:
      return false;
  }
  element->complex = type == CUDA_C_32F || type == CUDA_C_64F || type == CUDA_C_8I;
  return true;
}

// Which combinations of types cuBLAS computes; the others are NOT_SUPPORTED.
cublasStatus_t find_types(cudaDataType a, cudaDataType b, cudaDataType c, cublasComputeType_t compute, Types* types) {
  bool supported = a == b && matrix_type(a, &types->a) && matrix_type(b, &types->b) && matrix_type(c, &types->c);
  types->wide = false;
  switch (static_cast<int>(compute)) {
    case CUBLAS_COMPUTE_16F:
    case CUBLAS_COMPUTE_16F_PEDANTIC:
      types->scale = ElementType::F16;
      supported = supported && a == CUDA_R_16F && c == CUDA_R_16F;
      break;
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      types->scale = ElementType::F32;
      supported = supported && (((a == CUDA_R_16F || a == CUDA_R_16BF) && (c == a || c == CUDA_R_32F)) ||
                                ((a == CUDA_R_8I || a == CUDA_R_32F) && c == CUDA_R_32F) ||
                                ((a == CUDA_C_8I || a == CUDA_C_32F) && c == CUDA_C_32F));
      break;
    case CUBLAS_COMPUTE_32F_FAST_16F:
    case CUBLAS_COMPUTE_32F_FAST_16BF:
    case CUBLAS_COMPUTE_32F_FAST_TF32:
    case CUBLAS_COMPUTE_32F_EMULATED_16BFX9:
      types->scale = ElementType::F32;
      supported = supported && (a == CUDA_R_32F || a == CUDA_C_32F) && c == a;
      break;
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
    case CUBLAS_COMPUTE_64F_EMULATED_FIXEDPOINT:
      types->scale = ElementType::F64;
      types->wide = true;
      supported = supported && (a == CUDA_R_64F || a == CUDA_C_64F) && c == a;
      break;
    case CUBLAS_COMPUTE_32I:
    case CUBLAS_COMPUTE_32I_PEDANTIC:
      types->scale = ElementType::I32;
      types->wide = true;
      supported = supported && a == CUDA_R_8I && c == CUDA_R_32I;
      break;
    default:
      return fail(CUBLAS_STATUS_INVALID_VALUE, "there is no compute type " + std::to_string(static_cast<int>(compute)));
  }
  if (supported) return CUBLAS_STATUS_SUCCESS;
  return fail(CUBLAS_STATUS_NOT_SUPPORTED,
              "A of type " + std::to_string(static_cast<int>(a)) + " and B of type " +
                  std::to_string(static_cast<int>(b)) + " into C of type " + std::to_string(static_cast<int>(c)) +
                  " is not computed with compute type " + std::to_string(static_cast<int>(compute)));
}

// alpha or beta of any type, real or complex, in double.
class MixedScalar {
 public:
  MixedScalar(bool on_device, ElementType type, bool complex, const void* pointer) : type_(type), complex_(complex) {
    if (on_device) {
      pointer_ = pointer;
    } else {
      value_ = read(pointer);
    }
  }

  std::complex<double> get() const { return pointer_ != nullptr ? read(pointer_) : value_; }
  Extent extent(const char* name) const {
    const auto bytes = static_cast<int64_t>(compute::element_size(type_)) * (complex_ ? 2 : 1);
    return {name, pointer_, pointer_ != nullptr ? bytes : 0};
  }

 private:
  std::complex<double> read(const void* pointer) const {
    double parts[2] = {0, 0};
    compute::vector_kernels<double>().load(type_, pointer, 1, complex_ ? 2 : 1, parts);
    return {parts[0], parts[1]};
  }

  ElementType type_;
  bool complex_;
  const void* pointer_ = nullptr;
  std::complex<double> value_;
};

template <class T>
T scalar_as(const std::complex<double>& value) {
  if constexpr (is_complex<T>) {
    return static_cast<T>(value);
  } else {
    return static_cast<T>(value.real());
  }
}

struct MixedGemm {
  GemmShape shape;
  Types types;
  MixedScalar alpha;
  MixedScalar beta;

  // One multiplication; returns when C is written.
  void run(const void* a, const void* b, void* c) const {
    if (types.c.complex) {
      if (types.wide) {
        run_in<std::complex<double>>(a, b, c);
      } else {
        run_in<std::complex<float>>(a, b, c);
      }
    } else if (types.wide) {
      run_in<double>(a, b, c);
    } else {
      run_in<float>(a, b, c);
    }
  }

  Extent extent_a(const char* name, const void* a, int64_t stride = 0, int64_t count = 1) const {
    return extent(name, a, types.a, shape.rows_a(), shape.columns_a(), shape.lda, stride, count);
  }
  Extent extent_b(const char* name, const void* b, int64_t stride = 0, int64_t count = 1) const {
    return extent(name, b, types.b, shape.rows_b(), shape.columns_b(), shape.ldb, stride, count);
  }
  Extent extent_c(const char* name, const void* c, int64_t stride = 0, int64_t count = 1) const {
    return extent(name, c, types.c, shape.m, shape.n, shape.ldc, stride, count);
  }

 private:
  static Extent extent(const char* name, const void* matrix, MatrixType type, int64_t rows, int64_t columns,
                       int64_t leading, int64_t stride, int64_t count) {
    const auto bytes = type.bytes();
    return matrix_extent(name, static_cast<const std::byte*>(matrix), rows * bytes, columns, leading * bytes,
                         stride * bytes, count);
  }

  // The number of which an element of T has one or two.
  template <class T>
  static constexpr ElementType own_number = sizeof(Real<T>) == sizeof(float) ? ElementType::F32 : ElementType::F64;

  // A matrix of `rows` x `columns` as T without gaps; the matrix itself where it is T already.
  template <class T>
  static const T* load(compute::Scratch& scratch, MatrixType type, const void* matrix, int rows, int columns,
                       int* leading) {
    if (type.number == own_number<T>) return static_cast<const T*>(matrix);
    T* converted = scratch.take<T>(static_cast<int64_t>(rows) * columns);
    constexpr int parts = is_complex<T> ? 2 : 1;
    for (int64_t column = 0; column < columns; ++column) {
      const auto* start = static_cast<const std::byte*>(matrix) + column * *leading * type.bytes();
      compute::vector_kernels<Real<T>>().load(type.number, start, 1, int64_t{rows} * parts,
                                              reinterpret_cast<Real<T>*>(converted + column * rows));
    }
    *leading = std::max(rows, 1);
    return converted;
  }

  template <class T>
  void run_in(const void* a, const void* b, void* c) const {
    compute::Scratch scratch;
    GemmShape own = shape;
    const T scale = scalar_as<T>(alpha.get());
    const T keep = scalar_as<T>(beta.get());
    const bool reads = shape.k != 0 && scale != T{0};
    if (!reads) own.k = 0;
    const T* own_a = nullptr;
    const T* own_b = nullptr;
    if (reads) {
      own_a = load<T>(scratch, types.a, a, shape.rows_a(), shape.columns_a(), &own.lda);
      own_b = load<T>(scratch, types.b, b, shape.rows_b(), shape.columns_b(), &own.ldb);
    }
    if (types.c.number == own_number<T>) {
      run_gemm<T>(own, scale, own_a, own_b, keep, static_cast<T*>(c));
      return;
    }
    T* result = nullptr;
    if (keep == T{0}) {
      result = scratch.take<T>(static_cast<int64_t>(shape.m) * shape.n);
      own.ldc = shape.m;
    } else {
      result = const_cast<T*>(load<T>(scratch, types.c, c, shape.m, shape.n, &own.ldc));
    }
    run_gemm<T>(own, scale, own_a, own_b, keep, result);
    constexpr int parts = is_complex<T> ? 2 : 1;
    for (int64_t column = 0; column < shape.n; ++column) {
      auto* start = static_cast<std::byte*>(c) + column * shape.ldc * types.c.bytes();
      compute::vector_kernels<Real<T>>().store(types.c.number,
                                               reinterpret_cast<const Real<T>*>(result + column * shape.m), start, 1,
                                               int64_t{shape.m} * parts);
    }
  }
};

// Checks everything; false with the status where it is wrong or nothing is to be computed.
bool prepare(cublasOperation_t transa, cublasOperation_t transb, int64_t m, int64_t n, int64_t k, const void* alpha,
             const void* a, cudaDataType type_a, int64_t lda, const void* b, cudaDataType type_b, int64_t ldb,
             const void* beta, const void* c, cudaDataType type_c, int64_t ldc, int64_t count,
             cublasComputeType_t compute, GemmShape* shape, Types* types, cublasStatus_t* status) {
  *status = check_gemm(transa, transb, m, n, k, lda, ldb, ldc, shape);
  if (*status == CUBLAS_STATUS_SUCCESS) *status = Checks().size("batchCount", count).status();
  if (*status == CUBLAS_STATUS_SUCCESS) *status = find_types(type_a, type_b, type_c, compute, types);
  if (*status != CUBLAS_STATUS_SUCCESS || shape->empty() || count == 0) return false;
  *status = check_gemm_pointers(*shape, alpha, a, b, beta, c);
  return *status == CUBLAS_STATUS_SUCCESS;
}

MixedGemm make_gemm(const GemmShape& shape, const Types& types, const CublasHandle& handle, const void* alpha,
                    const void* beta) {
  const bool on_device = handle.pointer_mode == CUBLAS_POINTER_MODE_DEVICE;
  const bool complex = types.c.complex;
  return {shape, types, {on_device, types.scale, complex, alpha}, {on_device, types.scale, complex, beta}};
}

cublasStatus_t gemm_strided(const char* function, cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int64_t m, int64_t n, int64_t k, const void* alpha, const void* a,
                            cudaDataType type_a, int64_t lda, int64_t stride_a, const void* b, cudaDataType type_b,
                            int64_t ldb, int64_t stride_b, const void* beta, void* c, cudaDataType type_c, int64_t ldc,
                            int64_t stride_c, int64_t count, cublasComputeType_t compute) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemmShape shape;
    Types types;
    cublasStatus_t status;
    if (!prepare(transa, transb, m, n, k, alpha, a, type_a, lda, b, type_b, ldb, beta, c, type_c, ldc, count, compute,
                 &shape, &types, &status)) {
      return status;
    }
    const MixedGemm gemm = make_gemm(shape, types, object, alpha, beta);
    return submit(stream,
                  {gemm.alpha.extent("alpha"), gemm.beta.extent("beta"), gemm.extent_a("A", a, stride_a, count),
                   gemm.extent_b("B", b, stride_b, count), gemm.extent_c("C", c, stride_c, count)},
                  [=, step_a = stride_a * types.a.bytes(), step_b = stride_b * types.b.bytes(),
                   step_c = stride_c * types.c.bytes()] {
                    for (int64_t i = 0; i < count; ++i) {
                      gemm.run(static_cast<const std::byte*>(a) + i * step_a,
                               static_cast<const std::byte*>(b) + i * step_b, static_cast<std::byte*>(c) + i * step_c);
                    }
                  });
  });
}

// The product of older interfaces: single precision factors that are complex exactly where the matrices are.
cublasStatus_t gemm_single(const char* function, cublasHandle_t handle, bool complex, cublasOperation_t transa,
                           cublasOperation_t transb, int64_t m, int64_t n, int64_t k, const void* alpha, const void* a,
                           cudaDataType type_a, int64_t lda, const void* b, cudaDataType type_b, int64_t ldb,
                           const void* beta, void* c, cudaDataType type_c, int64_t ldc) {
  return with_handle(function, handle, [&](CublasHandle&) {
    MatrixType type;
    if (!matrix_type(type_c, &type) || type.complex != complex) {
      return fail(CUBLAS_STATUS_NOT_SUPPORTED,
                  "C of type " + std::to_string(static_cast<int>(type_c)) + " is not computed by this function");
    }
    return gemm_strided(function, handle, transa, transb, m, n, k, alpha, a, type_a, lda, 0, b, type_b, ldb, 0, beta, c,
                        type_c, ldc, 0, 1, CUBLAS_COMPUTE_32F);
  });
}

// Runs products whose matrices are found through arrays of pointers.
template <class T>
void run_batch(const char* function, const MixedGemm& gemm, const T* const a[], const T* const b[], T* const c[],
               int64_t count) {
  const bool reads = gemm.shape.k != 0;
  for (int64_t i = 0; i < count; ++i) {
    const void* first = reads ? a[i] : nullptr;
    const void* second = reads ? b[i] : nullptr;
    const Extent touched[] = {gemm.extent_a("a matrix of Aarray", first), gemm.extent_b("a matrix of Barray", second),
                              gemm.extent_c("a matrix of Carray", c[i])};
    if (!accessible(function, touched)) return;
    gemm.run(first, second, c[i]);
  }
}

template <class T>
cublasStatus_t gemm_batched(const char* function, cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int64_t m, int64_t n, int64_t k, const void* alpha,
                            const T* const a[], cudaDataType type_a, int64_t lda, const T* const b[],
                            cudaDataType type_b, int64_t ldb, const void* beta, T* const c[], cudaDataType type_c,
                            int64_t ldc, int64_t count, cublasComputeType_t compute) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    GemmShape shape;
    Types types;
    cublasStatus_t status;
    if (!prepare(transa, transb, m, n, k, alpha, a, type_a, lda, b, type_b, ldb, beta, c, type_c, ldc, count, compute,
                 &shape, &types, &status)) {
      return status;
    }
    const MixedGemm gemm = make_gemm(shape, types, object, alpha, beta);
    const int64_t read = k != 0 ? count : 0;
    return submit(stream,
                  {gemm.alpha.extent("alpha"), gemm.beta.extent("beta"), vector_extent("Aarray", a, read, 1),
                   vector_extent("Barray", b, read, 1), vector_extent("Carray", c, count, 1)},
                  [=] { run_batch(function, gemm, a, b, c, count); });
  });
}

// Groups of products, each group of one shape. What describes the groups lies in host memory and is read at once, the
// scaling factors too, whatever the pointer mode; the arrays of matrices lie on the device, group after group.
template <class Int>
cublasStatus_t gemm_grouped(const char* function, cublasHandle_t handle, const cublasOperation_t transa[],
                            const cublasOperation_t transb[], const Int m[], const Int n[], const Int k[],
                            const void* alpha, const void* const a[], cudaDataType type_a, const Int lda[],
                            const void* const b[], cudaDataType type_b, const Int ldb[], const void* beta,
                            void* const c[], cudaDataType type_c, const Int ldc[], Int groups, const Int sizes[],
                            cublasComputeType_t compute) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    cublasStatus_t status = Checks().size("group_count", groups).status();
    if (status != CUBLAS_STATUS_SUCCESS || groups == 0) return status;
    Checks checks;
    checks.pointer("transa_array", transa).pointer("transb_array", transb).pointer("m_array", m);
    checks.pointer("n_array", n).pointer("k_array", k).pointer("lda_array", lda).pointer("ldb_array", ldb);
    checks.pointer("ldc_array", ldc).pointer("group_size", sizes).pointer("alpha_array", alpha);
    checks.pointer("beta_array", beta);
    if (checks.status() != CUBLAS_STATUS_SUCCESS) return checks.status();
    struct Group {
      MixedGemm gemm;
      int64_t first;
      int64_t count;
    };
    std::vector<Group> work;
    int64_t total = 0;
    for (Int i = 0; i < groups; ++i) {
      GemmShape shape;
      Types types;
      if (!prepare(transa[i], transb[i], m[i], n[i], k[i], alpha, a, type_a, lda[i], b, type_b, ldb[i], beta, c, type_c,
                   ldc[i], sizes[i], compute, &shape, &types, &status)) {
        if (status != CUBLAS_STATUS_SUCCESS) return status;
        total += sizes[i];
        continue;
      }
      const auto bytes = static_cast<int64_t>(compute::element_size(types.scale)) * (types.c.complex ? 2 : 1);
      work.push_back({{shape,
                       types,
                       {false, types.scale, types.c.complex, static_cast<const std::byte*>(alpha) + i * bytes},
                       {false, types.scale, types.c.complex, static_cast<const std::byte*>(beta) + i * bytes}},
                      total,
                      sizes[i]});
      total += sizes[i];
    }
    if (work.empty()) return CUBLAS_STATUS_SUCCESS;
    return submit(stream,
                  {vector_extent("Aarray", a, total, 1), vector_extent("Barray", b, total, 1),
                   vector_extent("Carray", c, total, 1)},
                  [=, work = std::move(work)] {
                    for (const Group& group : work) {
                      run_batch(function, group.gemm, a + group.first, b + group.first, c + group.first, group.count);
                    }
                  });
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

// The algorithm is a hint: there is one here.
#define CPU_MIXED_GEMM(suffix, Int)                                                                                    \
  cublasStatus_t cublasGemmEx##suffix(                                                                                 \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k,                  \
      const void* alpha, const void* A, cudaDataType Atype, Int lda, const void* B, cudaDataType Btype, Int ldb,       \
      const void* beta, void* C, cudaDataType Ctype, Int ldc, cublasComputeType_t computeType, cublasGemmAlgo_t) {     \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_strided(__func__, handle, transa, transb, m, n, k, alpha, A, Atype, lda, 0, B, Btype, ldb, 0, beta, C, \
                        Ctype, ldc, 0, 1, computeType);                                                                \
  }                                                                                                                    \
  cublasStatus_t cublasGemmStridedBatchedEx##suffix(                                                                   \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k,                  \
      const void* alpha, const void* A, cudaDataType Atype, Int lda, long long strideA, const void* B,                 \
      cudaDataType Btype, Int ldb, long long strideB, const void* beta, void* C, cudaDataType Ctype, Int ldc,          \
      long long strideC, Int batchCount, cublasComputeType_t computeType, cublasGemmAlgo_t) {                          \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_strided(__func__, handle, transa, transb, m, n, k, alpha, A, Atype, lda, strideA, B, Btype, ldb,       \
                        strideB, beta, C, Ctype, ldc, strideC, batchCount, computeType);                               \
  }                                                                                                                    \
  cublasStatus_t cublasGemmBatchedEx##suffix(                                                                          \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k,                  \
      const void* alpha, const void* const Aarray[], cudaDataType Atype, Int lda, const void* const Barray[],          \
      cudaDataType Btype, Int ldb, const void* beta, void* const Carray[], cudaDataType Ctype, Int ldc,                \
      Int batchCount, cublasComputeType_t computeType, cublasGemmAlgo_t) {                                             \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_batched<void>(__func__, handle, transa, transb, m, n, k, alpha, Aarray, Atype, lda, Barray, Btype,     \
                              ldb, beta, Carray, Ctype, ldc, batchCount, computeType);                                 \
  }                                                                                                                    \
  cublasStatus_t cublasSgemmEx##suffix(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,      \
                                       Int m, Int n, Int k, const float* alpha, const void* A, cudaDataType Atype,     \
                                       Int lda, const void* B, cudaDataType Btype, Int ldb, const float* beta,         \
                                       void* C, cudaDataType Ctype, Int ldc) {                                         \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_single(__func__, handle, false, transa, transb, m, n, k, alpha, A, Atype, lda, B, Btype, ldb, beta, C, \
                       Ctype, ldc);                                                                                    \
  }                                                                                                                    \
  cublasStatus_t cublasHgemm##suffix(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, \
                                     Int n, Int k, const __half* alpha, const __half* A, Int lda, const __half* B,     \
                                     Int ldb, const __half* beta, __half* C, Int ldc) {                                \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_strided(__func__, handle, transa, transb, m, n, k, alpha, A, CUDA_R_16F, lda, 0, B, CUDA_R_16F, ldb,   \
                        0, beta, C, CUDA_R_16F, ldc, 0, 1, CUBLAS_COMPUTE_16F);                                        \
  }                                                                                                                    \
  cublasStatus_t cublasHgemmStridedBatched##suffix(                                                                    \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, Int m, Int n, Int k,                  \
      const __half* alpha, const __half* A, Int lda, long long strideA, const __half* B, Int ldb, long long strideB,   \
      const __half* beta, __half* C, Int ldc, long long strideC, Int batchCount) {                                     \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_strided(__func__, handle, transa, transb, m, n, k, alpha, A, CUDA_R_16F, lda, strideA, B, CUDA_R_16F,  \
                        ldb, strideB, beta, C, CUDA_R_16F, ldc, strideC, batchCount, CUBLAS_COMPUTE_16F);              \
  }                                                                                                                    \
  cublasStatus_t cublasHgemmBatched##suffix(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, \
                                            Int m, Int n, Int k, const __half* alpha, const __half* const Aarray[],    \
                                            Int lda, const __half* const Barray[], Int ldb, const __half* beta,        \
                                            __half* const Carray[], Int ldc, Int batchCount) {                         \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_batched<__half>(__func__, handle, transa, transb, m, n, k, alpha, Aarray, CUDA_R_16F, lda, Barray,     \
                                CUDA_R_16F, ldb, beta, Carray, CUDA_R_16F, ldc, batchCount, CUBLAS_COMPUTE_16F);       \
  }

CPU_MIXED_GEMM(, int)
CPU_MIXED_GEMM(_64, int64_t)

#define CPU_COMPLEX_GEMM_EX(name, suffix, Int)                                                                        \
  cublasStatus_t cublas##name##suffix(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,      \
                                      Int m, Int n, Int k, const cuComplex* alpha, const void* A, cudaDataType Atype, \
                                      Int lda, const void* B, cudaDataType Btype, Int ldb, const cuComplex* beta,     \
                                      void* C, cudaDataType Ctype, Int ldc) {                                         \
    CPU_COUNT_CALL();                                                                                                 \
    return gemm_single(__func__, handle, true, transa, transb, m, n, k, alpha, A, Atype, lda, B, Btype, ldb, beta, C, \
                       Ctype, ldc);                                                                                   \
  }
CPU_COMPLEX_GEMM_EX(CgemmEx, , int)
CPU_COMPLEX_GEMM_EX(CgemmEx, _64, int64_t)
CPU_COMPLEX_GEMM_EX(Cgemm3mEx, , int)
CPU_COMPLEX_GEMM_EX(Cgemm3mEx, _64, int64_t)

#define CPU_GROUPED_GEMM(suffix, Int)                                                                                  \
  cublasStatus_t cublasSgemmGroupedBatched##suffix(                                                                    \
      cublasHandle_t handle, const cublasOperation_t transa_array[], const cublasOperation_t transb_array[],           \
      const Int m_array[], const Int n_array[], const Int k_array[], const float alpha_array[],                        \
      const float* const Aarray[], const Int lda_array[], const float* const Barray[], const Int ldb_array[],          \
      const float beta_array[], float* const Carray[], const Int ldc_array[], Int group_count,                         \
      const Int group_size[]) {                                                                                        \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_grouped(__func__, handle, transa_array, transb_array, m_array, n_array, k_array, alpha_array,          \
                        reinterpret_cast<const void* const*>(Aarray), CUDA_R_32F, lda_array,                           \
                        reinterpret_cast<const void* const*>(Barray), CUDA_R_32F, ldb_array, beta_array,               \
                        reinterpret_cast<void* const*>(Carray), CUDA_R_32F, ldc_array, group_count, group_size,        \
                        CUBLAS_COMPUTE_32F);                                                                           \
  }                                                                                                                    \
  cublasStatus_t cublasDgemmGroupedBatched##suffix(                                                                    \
      cublasHandle_t handle, const cublasOperation_t transa_array[], const cublasOperation_t transb_array[],           \
      const Int m_array[], const Int n_array[], const Int k_array[], const double alpha_array[],                       \
      const double* const Aarray[], const Int lda_array[], const double* const Barray[], const Int ldb_array[],        \
      const double beta_array[], double* const Carray[], const Int ldc_array[], Int group_count,                       \
      const Int group_size[]) {                                                                                        \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_grouped(__func__, handle, transa_array, transb_array, m_array, n_array, k_array, alpha_array,          \
                        reinterpret_cast<const void* const*>(Aarray), CUDA_R_64F, lda_array,                           \
                        reinterpret_cast<const void* const*>(Barray), CUDA_R_64F, ldb_array, beta_array,               \
                        reinterpret_cast<void* const*>(Carray), CUDA_R_64F, ldc_array, group_count, group_size,        \
                        CUBLAS_COMPUTE_64F);                                                                           \
  }                                                                                                                    \
  cublasStatus_t cublasGemmGroupedBatchedEx##suffix(                                                                   \
      cublasHandle_t handle, const cublasOperation_t transa_array[], const cublasOperation_t transb_array[],           \
      const Int m_array[], const Int n_array[], const Int k_array[], const void* alpha_array,                          \
      const void* const Aarray[], cudaDataType_t Atype, const Int lda_array[], const void* const Barray[],             \
      cudaDataType_t Btype, const Int ldb_array[], const void* beta_array, void* const Carray[], cudaDataType_t Ctype, \
      const Int ldc_array[], Int group_count, const Int group_size[], cublasComputeType_t computeType) {               \
    CPU_COUNT_CALL();                                                                                                  \
    return gemm_grouped(__func__, handle, transa_array, transb_array, m_array, n_array, k_array, alpha_array, Aarray,  \
                        Atype, lda_array, Barray, Btype, ldb_array, beta_array, Carray, Ctype, ldc_array, group_count, \
                        group_size, computeType);                                                                      \
  }
CPU_GROUPED_GEMM(, int)
CPU_GROUPED_GEMM(_64, int64_t)
