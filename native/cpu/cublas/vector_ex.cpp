// The level 1 functions that are told the element type. 32- and 64-bit types are the named functions; 16-bit vectors
// are computed with in single precision and rounded once, at the end.
#include <algorithm>

#include "cublas/blas.h"
#include "cublas/vector.h"
#include "engine/compute_scratch.h"
#include "engine/compute_vector.h"

namespace cpu::cublas {
namespace {

using compute::ElementType;

cublasStatus_t unsupported(std::initializer_list<int> types) {
  std::string text = "this combination of data types is not computed:";
  for (const int type : types) text += " " + std::to_string(type);
  return fail(CUBLAS_STATUS_NOT_SUPPORTED, text);
}

// The C type of a data type of 32 or 64 bits, handed to `body` as a null pointer; `narrow` is called with the engine's
// type for the 16-bit floats.
template <class Body, class Narrow>
cublasStatus_t by_type(int type, Body&& body, Narrow&& narrow) {
  switch (type) {
    case CUDA_R_32F:
      return body(static_cast<float*>(nullptr));
    case CUDA_R_64F:
      return body(static_cast<double*>(nullptr));
    case CUDA_C_32F:
      return body(static_cast<std::complex<float>*>(nullptr));
    case CUDA_C_64F:
      return body(static_cast<std::complex<double>*>(nullptr));
    case CUDA_R_16F:
      return narrow(ElementType::F16);
    case CUDA_R_16BF:
      return narrow(ElementType::BF16);
    default:
      return unsupported({type});
  }
}

// Names the call and looks at the handle before the types, as a call without a handle is wrong whatever they are.
template <class F>
cublasStatus_t typed_call(const char* function, cublasHandle_t handle, F&& body) {
  return with_handle(function, handle, [&](CublasHandle&) { return body(); });
}

Extent narrow_extent(const char* name, const void* vector, int64_t n, int64_t increment) {
  return vector_extent(name, static_cast<const uint16_t*>(vector), n, increment);
}

// A 16-bit vector as single precision, in the order in which BLAS goes through it, and back.
float* load(compute::Scratch& scratch, ElementType type, const void* x, int64_t n, int64_t increment) {
  float* values = scratch.take<float>(n);
  const auto* first = first_element(static_cast<const uint16_t*>(x), n, increment);
  compute::vector_kernels<float>().load(type, first, increment, n, values);
  return values;
}
void store(ElementType type, const float* values, void* x, int64_t n, int64_t increment) {
  auto* first = first_element(static_cast<uint16_t*>(x), n, increment);
  compute::vector_kernels<float>().store(type, values, first, increment, n);
}
float load_one(ElementType type, const void* x) {
  float value = 0;
  compute::vector_kernels<float>().load(type, x, 1, 1, &value);
  return value;
}
void store_one(ElementType type, float value, void* x) {
  compute::vector_kernels<float>().store(type, &value, x, 1, 1);
}

constexpr int one = 1;

cublasStatus_t narrow_axpy(const char* function, cublasHandle_t handle, ElementType type, int64_t n, const float* alpha,
                           const void* x, int64_t incx, void* y, int64_t incy) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, incy, &status)) return status;
    status = Checks().pointer("alpha", alpha).pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<float> scale(object, alpha);
    return submit(stream, {scale.extent("alpha"), narrow_extent("x", x, n, incx), narrow_extent("y", y, n, incy)},
                  [=, count = static_cast<int>(n)] {
                    compute::Scratch scratch;
                    const float factor = scale.get();
                    const float* from = load(scratch, type, x, n, incx);
                    float* to = load(scratch, type, y, n, incy);
                    Blas<float>::axpy(&count, &factor, from, &one, to, &one);
                    store(type, to, y, n, incy);
                  });
  });
}

cublasStatus_t narrow_scal(const char* function, cublasHandle_t handle, ElementType type, int64_t n, const float* alpha,
                           void* x, int64_t incx) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, 1, &status) || incx <= 0) return status;
    status = Checks().pointer("alpha", alpha).pointer("x", x).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const Scalar<float> scale(object, alpha);
    return submit(stream, {scale.extent("alpha"), narrow_extent("x", x, n, incx)}, [=, count = static_cast<int>(n)] {
      compute::Scratch scratch;
      const float factor = scale.get();
      float* values = load(scratch, type, x, n, incx);
      Blas<float>::scal(&count, &factor, values, &one);
      store(type, values, x, n, incx);
    });
  });
}

cublasStatus_t narrow_copy(const char* function, cublasHandle_t handle, int64_t n, const void* x, int64_t incx, void* y,
                           int64_t incy, bool exchange) {
  return with_stream(function, handle, [&](CublasHandle&, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return submit(stream, {narrow_extent("x", x, n, incx), narrow_extent("y", y, n, incy)}, [=] {
      auto* from = first_element(static_cast<uint16_t*>(const_cast<void*>(x)), n, incx);
      auto* to = first_element(static_cast<uint16_t*>(y), n, incy);
      for (int64_t i = 0; i < n; ++i, from += incx, to += incy) {
        if (exchange) {
          std::swap(*from, *to);
        } else {
          *to = *from;
        }
      }
    });
  });
}

// A result of one or two 16-bit vectors; `compute` gets them as single precision. Stored as `result_type`.
template <class F>
cublasStatus_t narrow_result(const char* function, cublasHandle_t handle, ElementType type, int64_t n, const void* x,
                             int64_t incx, const void* y, int64_t incy, bool two, void* result, ElementType result_type,
                             F&& compute) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    const bool any = prepare_vectors(n, incx, incy, &status) && (two || incx > 0);
    if (any) status = Checks().pointer("x", x).pointer("y", y, two).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const auto run = [=] {
      compute::Scratch scratch;
      const float* first = any ? load(scratch, type, x, n, incx) : nullptr;
      const float* second = any && two ? load(scratch, type, y, n, incy) : nullptr;
      return compute(any ? static_cast<int>(n) : 0, first, second);
    };
    const Extent from_x = narrow_extent("x", x, any ? n : 0, incx);
    const Extent from_y = narrow_extent("y", y, any && two ? n : 0, incy);
    if (result_type == ElementType::F32) {
      return compute_result(object, stream, static_cast<float*>(result), {from_x, from_y}, run);
    }
    return compute_result(object, stream, static_cast<uint16_t*>(result), {from_x, from_y}, [=] {
      uint16_t bits = 0;
      store_one(result_type, run(), &bits);
      return bits;
    });
  });
}

template <class Int>
cublasStatus_t narrow_extreme(const char* function, cublasHandle_t handle, ElementType type, bool greatest, int64_t n,
                              const void* x, int64_t incx, Int* result) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    const bool any = prepare_vectors(n, incx, 1, &status) && incx > 0;
    if (any) status = Checks().pointer("x", x).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    return compute_result(object, stream, result, {narrow_extent("x", x, any ? n : 0, incx)}, [=] {
      if (!any) return Int{0};
      compute::Scratch scratch;
      const float* values = load(scratch, type, x, n, incx);
      int64_t best = 0;
      for (int64_t i = 1; i < n; ++i) {
        const float candidate = std::abs(values[i]);
        const float found = std::abs(values[best]);
        if (greatest ? candidate > found : candidate < found) best = i;
      }
      return static_cast<Int>(best + 1);
    });
  });
}

// A rotation of 16-bit vectors by parameters of the same type: c and s, or the five numbers of a modified one.
template <class F>
cublasStatus_t narrow_rotation(const char* function, cublasHandle_t handle, ElementType type, int64_t n, void* x,
                               int64_t incx, void* y, int64_t incy, std::array<const void*, 2> parameters,
                               int64_t numbers, F&& rotate) {
  return with_stream(function, handle, [&](CublasHandle& object, Stream& stream) {
    cublasStatus_t status;
    if (!prepare_vectors(n, incx, incy, &status)) return status;
    status = Checks().pointer("x", x).pointer("y", y).pointer("the rotation", parameters[0]).status();
    if (status == CUBLAS_STATUS_SUCCESS) status = Checks().pointer("s", parameters[1], numbers == 1).status();
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    const bool on_device = object.pointer_mode == CUBLAS_POINTER_MODE_DEVICE;
    const auto read = [=] {
      std::array<float, 5> values{};
      compute::vector_kernels<float>().load(type, parameters[0], 1, numbers, values.data());
      if (numbers == 1) values[1] = load_one(type, parameters[1]);
      return values;
    };
    const std::array<float, 5> given = on_device ? std::array<float, 5>{} : read();
    return submit(stream,
                  {narrow_extent("x", x, n, incx), narrow_extent("y", y, n, incy),
                   narrow_extent("the rotation", parameters[0], on_device ? numbers : 0, 1),
                   narrow_extent("s", parameters[1], on_device && numbers == 1 ? 1 : 0, 1)},
                  [=] {
                    compute::Scratch scratch;
                    const std::array<float, 5> values = on_device ? read() : given;
                    float* first = load(scratch, type, x, n, incx);
                    float* second = load(scratch, type, y, n, incy);
                    rotate(static_cast<int>(n), first, second, values);
                    store(type, first, x, n, incx);
                    store(type, second, y, n, incy);
                  });
  });
}

// ---- the functions, by type

// What the 16-bit types are computed in.
bool executes(int type, int execution) {
  return execution == (type == CUDA_R_16F || type == CUDA_R_16BF ? static_cast<int>(CUDA_R_32F) : type);
}

cublasStatus_t axpy_ex(const char* function, cublasHandle_t handle, int64_t n, const void* alpha, int alpha_type,
                       const void* x, int x_type, int64_t incx, void* y, int y_type, int64_t incy, int execution) {
  return typed_call(function, handle, [&] {
    if (y_type != x_type || alpha_type != execution || !executes(x_type, execution)) {
      return unsupported({alpha_type, x_type, y_type, execution});
    }
    return by_type(
        x_type,
        [&]<class T>(T*) {
          return axpy(function, handle, n, static_cast<const T*>(alpha), static_cast<const T*>(x), incx,
                      static_cast<T*>(y), incy);
        },
        [&](ElementType type) {
          return narrow_axpy(function, handle, type, n, static_cast<const float*>(alpha), x, incx, y, incy);
        });
  });
}

cublasStatus_t scal_ex(const char* function, cublasHandle_t handle, int64_t n, const void* alpha, int alpha_type,
                       void* x, int x_type, int64_t incx, int execution) {
  return typed_call(function, handle, [&] {
    if (alpha_type != execution || !executes(x_type, execution)) {
      return unsupported({alpha_type, x_type, execution});
    }
    return by_type(
        x_type,
        [&]<class T>(T*) { return scal(function, handle, n, static_cast<const T*>(alpha), static_cast<T*>(x), incx); },
        [&](ElementType type) {
          return narrow_scal(function, handle, type, n, static_cast<const float*>(alpha), x, incx);
        });
  });
}

cublasStatus_t copy_ex(const char* function, cublasHandle_t handle, int64_t n, const void* x, int x_type, int64_t incx,
                       void* y, int y_type, int64_t incy) {
  return typed_call(function, handle, [&] {
    if (x_type != y_type) return unsupported({x_type, y_type});
    return by_type(
        x_type,
        [&]<class T>(T*) {
          return copy(function, handle, n, static_cast<const T*>(x), incx, static_cast<T*>(y), incy);
        },
        [&](ElementType) { return narrow_copy(function, handle, n, x, incx, y, incy, false); });
  });
}

cublasStatus_t swap_ex(const char* function, cublasHandle_t handle, int64_t n, void* x, int x_type, int64_t incx,
                       void* y, int y_type, int64_t incy) {
  return typed_call(function, handle, [&] {
    if (x_type != y_type) return unsupported({x_type, y_type});
    return by_type(
        x_type,
        [&]<class T>(T*) { return swap(function, handle, n, static_cast<T*>(x), incx, static_cast<T*>(y), incy); },
        [&](ElementType) { return narrow_copy(function, handle, n, x, incx, y, incy, true); });
  });
}

cublasStatus_t dot_ex(const char* function, cublasHandle_t handle, bool conjugated, int64_t n, const void* x,
                      int x_type, int64_t incx, const void* y, int y_type, int64_t incy, void* result, int result_type,
                      int execution) {
  return typed_call(function, handle, [&] {
    if (x_type != y_type || result_type != x_type || !executes(x_type, execution)) {
      return unsupported({x_type, y_type, result_type, execution});
    }
    return by_type(
        x_type,
        [&]<class T>(T*) {
          return dot(function, handle, conjugated, n, static_cast<const T*>(x), incx, static_cast<const T*>(y), incy,
                     static_cast<T*>(result));
        },
        [&](ElementType type) {
          return narrow_result(function, handle, type, n, x, incx, y, incy, true, result, type,
                               [](int count, const float* first, const float* second) {
                                 return count == 0 ? 0.0f : Blas<float>::dot(&count, first, &one, second, &one);
                               });
        });
  });
}

// nrm2 and asum: the result is real. A 16-bit vector's norm may be single precision or 16 bits, its sum likewise.
cublasStatus_t size_ex(const char* function, cublasHandle_t handle, bool norm, int64_t n, const void* x, int x_type,
                       int64_t incx, void* result, int result_type, int execution) {
  return typed_call(function, handle, [&] {
    const bool narrow = x_type == CUDA_R_16F || x_type == CUDA_R_16BF;
    const int real = x_type == CUDA_C_32F   ? static_cast<int>(CUDA_R_32F)
                     : x_type == CUDA_C_64F ? static_cast<int>(CUDA_R_64F)
                                            : x_type;
    const bool fits = narrow ? execution == CUDA_R_32F && (result_type == x_type || result_type == CUDA_R_32F)
                             : execution == real && result_type == real;
    if (!fits) return unsupported({x_type, result_type, execution});
    return by_type(
        x_type,
        [&]<class T>(T*) {
          return (norm ? nrm2<T> : asum<T>)(function, handle, n, static_cast<const T*>(x), incx,
                                            static_cast<Real<T>*>(result));
        },
        [&](ElementType type) {
          return narrow_result(function, handle, type, n, x, incx, nullptr, 1, false, result,
                               result_type == CUDA_R_32F ? ElementType::F32 : type,
                               [norm](int count, const float* values, const float*) {
                                 if (count == 0) return 0.0f;
                                 return (norm ? Blas<float>::nrm2 : Blas<float>::asum)(&count, values, &one);
                               });
        });
  });
}

template <class Int>
cublasStatus_t extreme_ex(const char* function, cublasHandle_t handle, bool greatest, int64_t n, const void* x,
                          int x_type, int64_t incx, Int* result) {
  return typed_call(function, handle, [&] {
    return by_type(
        x_type,
        [&]<class T>(T*) { return extreme(function, handle, greatest, n, static_cast<const T*>(x), incx, result); },
        [&](ElementType type) { return narrow_extreme(function, handle, type, greatest, n, x, incx, result); });
  });
}

cublasStatus_t rot_ex(const char* function, cublasHandle_t handle, int64_t n, void* x, int x_type, int64_t incx,
                      void* y, int y_type, int64_t incy, const void* c, const void* s, int cs_type, int execution) {
  return typed_call(function, handle, [&] {
    const bool real_cs =
        (x_type == CUDA_C_32F && cs_type == CUDA_R_32F) || (x_type == CUDA_C_64F && cs_type == CUDA_R_64F);
    if (x_type != y_type || (cs_type != x_type && !real_cs) || !executes(x_type, execution)) {
      return unsupported({x_type, y_type, cs_type, execution});
    }
    return by_type(
        x_type,
        [&]<class T>(T*) {
          const auto* cosine = static_cast<const Real<T>*>(c);
          if (real_cs) {
            return rot(function, handle, n, static_cast<T*>(x), incx, static_cast<T*>(y), incy, cosine,
                       static_cast<const Real<T>*>(s));
          }
          return rot(function, handle, n, static_cast<T*>(x), incx, static_cast<T*>(y), incy, cosine,
                     static_cast<const T*>(s));
        },
        [&](ElementType type) {
          return narrow_rotation(function, handle, type, n, x, incx, y, incy, {c, s}, 1,
                                 [](int count, float* first, float* second, const std::array<float, 5>& values) {
                                   Blas<float>::rot(&count, first, &one, second, &one, &values[0], &values[1]);
                                 });
        });
  });
}

cublasStatus_t rotm_ex(const char* function, cublasHandle_t handle, int64_t n, void* x, int x_type, int64_t incx,
                       void* y, int y_type, int64_t incy, const void* param, int param_type, int execution) {
  return typed_call(function, handle, [&] {
    if (x_type != y_type || param_type != x_type || !executes(x_type, execution)) {
      return unsupported({x_type, y_type, param_type, execution});
    }
    return by_type(
        x_type,
        [&]<class T>(T*) {
          if constexpr (is_complex<T>) {
            return unsupported({x_type, y_type, param_type, execution});
          } else {
            return rotm(function, handle, n, static_cast<T*>(x), incx, static_cast<T*>(y), incy,
                        static_cast<const T*>(param));
          }
        },
        [&](ElementType type) {
          return narrow_rotation(function, handle, type, n, x, incx, y, incy, {param, nullptr}, 5,
                                 [](int count, float* first, float* second, const std::array<float, 5>& values) {
                                   Blas<float>::rotm(&count, first, &one, second, &one, values.data());
                                 });
        });
  });
}

}  // namespace
}  // namespace cpu::cublas

using namespace cpu::cublas;

cublasStatus_t cublasRotgEx(cublasHandle_t handle, void* a, void* b, cudaDataType abType, void* c, void* s,
                            cudaDataType csType, cudaDataType executiontype) {
  CPU_COUNT_CALL();
  return typed_call(__func__, handle, [&, function = __func__] {
    if (csType != abType || executiontype != abType) return unsupported({abType, csType, executiontype});
    return by_type(
        abType,
        [&]<class T>(T*) {
          return rotg(function, handle, static_cast<T*>(a), static_cast<T*>(b), static_cast<Real<T>*>(c),
                      static_cast<T*>(s));
        },
        [&](auto) {
          return unsupported({abType, csType, executiontype});
        });
  });
}

cublasStatus_t cublasRotmgEx(cublasHandle_t handle, void* d1, cudaDataType d1Type, void* d2, cudaDataType d2Type,
                             void* x1, cudaDataType x1Type, const void* y1, cudaDataType y1Type, void* param,
                             cudaDataType paramType, cudaDataType executiontype) {
  CPU_COUNT_CALL();
  return typed_call(__func__, handle, [&, function = __func__] {
    const bool same =
        d2Type == d1Type && x1Type == d1Type && y1Type == d1Type && paramType == d1Type && executiontype == d1Type;
    if (same && d1Type == CUDA_R_32F) {
      return rotmg(function, handle, static_cast<float*>(d1), static_cast<float*>(d2), static_cast<float*>(x1),
                   static_cast<const float*>(y1), static_cast<float*>(param));
    }
    if (same && d1Type == CUDA_R_64F) {
      return rotmg(function, handle, static_cast<double*>(d1), static_cast<double*>(d2), static_cast<double*>(x1),
                   static_cast<const double*>(y1), static_cast<double*>(param));
    }
    return unsupported({d1Type, d2Type, x1Type, y1Type, paramType, executiontype});
  });
}

#define CPU_VECTOR_EX(suffix, Int)                                                                                    \
  cublasStatus_t cublasAxpyEx##suffix(cublasHandle_t handle, Int n, const void* alpha, cudaDataType alphaType,        \
                                      const void* x, cudaDataType xType, Int incx, void* y, cudaDataType yType,       \
                                      Int incy, cudaDataType executiontype) {                                         \
    CPU_COUNT_CALL();                                                                                                 \
    return axpy_ex(__func__, handle, n, alpha, alphaType, x, xType, incx, y, yType, incy, executiontype);             \
  }                                                                                                                   \
  cublasStatus_t cublasScalEx##suffix(cublasHandle_t handle, Int n, const void* alpha, cudaDataType alphaType,        \
                                      void* x, cudaDataType xType, Int incx, cudaDataType executionType) {            \
    CPU_COUNT_CALL();                                                                                                 \
    return scal_ex(__func__, handle, n, alpha, alphaType, x, xType, incx, executionType);                             \
  }                                                                                                                   \
  cublasStatus_t cublasCopyEx##suffix(cublasHandle_t handle, Int n, const void* x, cudaDataType xType, Int incx,      \
                                      void* y, cudaDataType yType, Int incy) {                                        \
    CPU_COUNT_CALL();                                                                                                 \
    return copy_ex(__func__, handle, n, x, xType, incx, y, yType, incy);                                              \
  }                                                                                                                   \
  cublasStatus_t cublasSwapEx##suffix(cublasHandle_t handle, Int n, void* x, cudaDataType xType, Int incx, void* y,   \
                                      cudaDataType yType, Int incy) {                                                 \
    CPU_COUNT_CALL();                                                                                                 \
    return swap_ex(__func__, handle, n, x, xType, incx, y, yType, incy);                                              \
  }                                                                                                                   \
  cublasStatus_t cublasDotEx##suffix(cublasHandle_t handle, Int n, const void* x, cudaDataType xType, Int incx,       \
                                     const void* y, cudaDataType yType, Int incy, void* result,                       \
                                     cudaDataType resultType, cudaDataType executionType) {                           \
    CPU_COUNT_CALL();                                                                                                 \
    return dot_ex(__func__, handle, false, n, x, xType, incx, y, yType, incy, result, resultType, executionType);     \
  }                                                                                                                   \
  cublasStatus_t cublasDotcEx##suffix(cublasHandle_t handle, Int n, const void* x, cudaDataType xType, Int incx,      \
                                      const void* y, cudaDataType yType, Int incy, void* result,                      \
                                      cudaDataType resultType, cudaDataType executionType) {                          \
    CPU_COUNT_CALL();                                                                                                 \
    return dot_ex(__func__, handle, true, n, x, xType, incx, y, yType, incy, result, resultType, executionType);      \
  }                                                                                                                   \
  cublasStatus_t cublasNrm2Ex##suffix(cublasHandle_t handle, Int n, const void* x, cudaDataType xType, Int incx,      \
                                      void* result, cudaDataType resultType, cudaDataType executionType) {            \
    CPU_COUNT_CALL();                                                                                                 \
    return size_ex(__func__, handle, true, n, x, xType, incx, result, resultType, executionType);                     \
  }                                                                                                                   \
  cublasStatus_t cublasAsumEx##suffix(cublasHandle_t handle, Int n, const void* x, cudaDataType xType, Int incx,      \
                                      void* result, cudaDataType resultType, cudaDataType executiontype) {            \
    CPU_COUNT_CALL();                                                                                                 \
    return size_ex(__func__, handle, false, n, x, xType, incx, result, resultType, executiontype);                    \
  }                                                                                                                   \
  cublasStatus_t cublasIamaxEx##suffix(cublasHandle_t handle, Int n, const void* x, cudaDataType xType, Int incx,     \
                                       Int* result) {                                                                 \
    CPU_COUNT_CALL();                                                                                                 \
    return extreme_ex(__func__, handle, true, n, x, xType, incx, result);                                             \
  }                                                                                                                   \
  cublasStatus_t cublasIaminEx##suffix(cublasHandle_t handle, Int n, const void* x, cudaDataType xType, Int incx,     \
                                       Int* result) {                                                                 \
    CPU_COUNT_CALL();                                                                                                 \
    return extreme_ex(__func__, handle, false, n, x, xType, incx, result);                                            \
  }                                                                                                                   \
  cublasStatus_t cublasRotEx##suffix(cublasHandle_t handle, Int n, void* x, cudaDataType xType, Int incx, void* y,    \
                                     cudaDataType yType, Int incy, const void* c, const void* s, cudaDataType csType, \
                                     cudaDataType executiontype) {                                                    \
    CPU_COUNT_CALL();                                                                                                 \
    return rot_ex(__func__, handle, n, x, xType, incx, y, yType, incy, c, s, csType, executiontype);                  \
  }                                                                                                                   \
  cublasStatus_t cublasRotmEx##suffix(cublasHandle_t handle, Int n, void* x, cudaDataType xType, Int incx, void* y,   \
                                      cudaDataType yType, Int incy, const void* param, cudaDataType paramType,        \
                                      cudaDataType executiontype) {                                                   \
    CPU_COUNT_CALL();                                                                                                 \
    return rotm_ex(__func__, handle, n, x, xType, incx, y, yType, incy, param, paramType, executiontype);             \
  }

CPU_VECTOR_EX(, int)
CPU_VECTOR_EX(_64, int64_t)
