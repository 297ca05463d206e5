// Making, asking and changing the descriptors: for every kind the same five functions over a table of its attributes.
#include <cstddef>
#include <cstring>
#include <string>

#include "cublaslt/attribute.h"
#include "cublaslt/descriptor.h"

namespace cpu::cublaslt {
namespace {

constexpr Attribute layout_attributes[] = {
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_TYPE, LayoutDescriptor, type),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_ORDER, LayoutDescriptor, order),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_ROWS, LayoutDescriptor, rows),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_COLS, LayoutDescriptor, columns),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_LD, LayoutDescriptor, leading),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, LayoutDescriptor, batch_count),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, LayoutDescriptor, stride),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_PLANE_OFFSET, LayoutDescriptor, plane_offset),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_LAYOUT_BATCH_MODE, LayoutDescriptor, batch_mode),
};

constexpr int unnamed_attribute = 16;

constexpr Attribute matmul_attributes[] = {
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, MatmulDescriptor, compute_type),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_SCALE_TYPE, MatmulDescriptor, scale_type),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_POINTER_MODE, MatmulDescriptor, pointer_mode),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_TRANSA, MatmulDescriptor, operation_a),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_TRANSB, MatmulDescriptor, operation_b),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_TRANSC, MatmulDescriptor, operation_c),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_FILL_MODE, MatmulDescriptor, fill_mode),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE, MatmulDescriptor, epilogue),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_POINTER, MatmulDescriptor, bias),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, MatmulDescriptor, bias_stride),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, MatmulDescriptor, auxiliary),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, MatmulDescriptor, auxiliary_leading),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, MatmulDescriptor, auxiliary_stride),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_ALPHA_VECTOR_BATCH_STRIDE, MatmulDescriptor, alpha_stride),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET, MatmulDescriptor, multiprocessor_target),
    CPU_ATTRIBUTE(unnamed_attribute, MatmulDescriptor, unnamed),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, MatmulDescriptor, scale_a),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, MatmulDescriptor, scale_b),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_C_SCALE_POINTER, MatmulDescriptor, scale_c),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, MatmulDescriptor, scale_d),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_AMAX_D_POINTER, MatmulDescriptor, greatest_d),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE, MatmulDescriptor, auxiliary_type),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_POINTER, MatmulDescriptor, scale_auxiliary),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_AMAX_POINTER, MatmulDescriptor, greatest_auxiliary),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_FAST_ACCUM, MatmulDescriptor, fast_accumulation),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, MatmulDescriptor, bias_type),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, MatmulDescriptor, scale_mode_a),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, MatmulDescriptor, scale_mode_b),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_C_SCALE_MODE, MatmulDescriptor, scale_mode_c),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_D_SCALE_MODE, MatmulDescriptor, scale_mode_d),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_MODE, MatmulDescriptor, scale_mode_auxiliary),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_D_OUT_SCALE_POINTER, MatmulDescriptor, out_scale),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_D_OUT_SCALE_MODE, MatmulDescriptor, out_scale_mode),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_DESC_EMULATION_DESCRIPTOR, MatmulDescriptor, emulation),
};

constexpr Attribute transform_attributes[] = {
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_TRANSFORM_DESC_SCALE_TYPE, TransformDescriptor, scale_type),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_TRANSFORM_DESC_POINTER_MODE, TransformDescriptor, pointer_mode),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA, TransformDescriptor, operation_a),
    CPU_ATTRIBUTE(CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSB, TransformDescriptor, operation_b),
};

constexpr Attribute preference_attributes[] = {
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_SEARCH_MODE, PreferenceDescriptor, search_mode),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, PreferenceDescriptor, workspace_bytes),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, PreferenceDescriptor, reduction_mask),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, PreferenceDescriptor, alignment_a),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, PreferenceDescriptor, alignment_b),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, PreferenceDescriptor, alignment_c),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, PreferenceDescriptor, alignment_d),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_MAX_WAVES_COUNT, PreferenceDescriptor, waves),
    CPU_ATTRIBUTE(CUBLASLT_MATMUL_PREF_IMPL_MASK, PreferenceDescriptor, implementation_mask),
};

constexpr Attribute emulation_attributes[] = {
    CPU_ATTRIBUTE(CUBLASLT_EMULATION_DESC_STRATEGY, EmulationDescriptor, strategy),
    CPU_ATTRIBUTE(CUBLASLT_EMULATION_DESC_SPECIAL_VALUES_SUPPORT, EmulationDescriptor, special_values),
    CPU_ATTRIBUTE(CUBLASLT_EMULATION_DESC_FIXEDPOINT_MANTISSA_CONTROL, EmulationDescriptor, mantissa_control),
    CPU_ATTRIBUTE(CUBLASLT_EMULATION_DESC_FIXEDPOINT_MAX_MANTISSA_BIT_COUNT, EmulationDescriptor, max_mantissa_bits),
    CPU_ATTRIBUTE(CUBLASLT_EMULATION_DESC_FIXEDPOINT_MANTISSA_BIT_OFFSET, EmulationDescriptor, mantissa_bit_offset),
    CPU_ATTRIBUTE(CUBLASLT_EMULATION_DESC_FIXEDPOINT_MANTISSA_BIT_COUNT_POINTER, EmulationDescriptor, mantissa_bits),
};

template <class D, class Opaque>
cublasStatus_t create(const char* function, Opaque** result, const D& content) {
  return guarded(function, [&] {
    if (result == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "the pointer for the descriptor is null");
    void* place = acquire_place();
    if (place == nullptr) return fail(CUBLAS_STATUS_ALLOC_FAILED, "a million descriptors live already");
    *result = static_cast<Opaque*>(place);
    *static_cast<D*>(place) = content;
    return CUBLAS_STATUS_SUCCESS;
  });
}

template <class D, class Opaque>
cublasStatus_t initialize(const char* function, Opaque* place, size_t size, const D& content) {
  return guarded(function, [&] {
    if (place == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "the descriptor is null");
    if (size < sizeof(Opaque)) {
      return fail(CUBLAS_STATUS_INVALID_VALUE, "the structure has " + std::to_string(size) +
                                                   " bytes; this version's has " + std::to_string(sizeof(Opaque)));
    }
    std::memset(place, 0, sizeof(Opaque));
    std::memcpy(place, &content, sizeof content);
    return CUBLAS_STATUS_SUCCESS;
  });
}

// Null is destroyed with success, as in the real library.
template <class D>
cublasStatus_t destroy(const char* function, void* descriptor) {
  return guarded(function, [&] {
    if (descriptor == nullptr || release_place(descriptor, D::own_kind)) return CUBLAS_STATUS_SUCCESS;
    return fail(CUBLAS_STATUS_INVALID_VALUE,
                std::string("the ") + D::name + " was not made by the Create function, or is destroyed already");
  });
}

template <class D>
cublasStatus_t set(const char* function, std::span<const Attribute> attributes, void* descriptor, int number,
                   const void* buffer, size_t bytes) {
  return guarded(function, [&] {
    D* object = find_descriptor<D>(descriptor);
    if (object == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
    const Attribute* attribute = find_attribute(attributes, number);
    if (attribute == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
    if (buffer == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "buf is null");
    if (bytes != attribute->bytes) return wrong_size(number, bytes, attribute->bytes);
    std::memcpy(reinterpret_cast<char*>(object) + attribute->offset, buffer, bytes);
    return CUBLAS_STATUS_SUCCESS;
  });
}

// With a size of 0 the call only asks how many bytes the attribute has.
template <class D>
cublasStatus_t get(const char* function, std::span<const Attribute> attributes, const void* descriptor, int number,
                   void* buffer, size_t bytes, size_t* written) {
  return guarded(function, [&] {
    const D* object = find_descriptor<D>(descriptor);
    if (object == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
    const Attribute* attribute = find_attribute(attributes, number);
    if (attribute == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
    // Larger buffers are refused, too.
    if (buffer != nullptr && bytes > attribute->bytes) return wrong_size(number, bytes, attribute->bytes);
    return answer(number, reinterpret_cast<const char*>(object) + attribute->offset, attribute->bytes, buffer, bytes,
                  written);
  });
}

LayoutDescriptor layout(cudaDataType type, uint64_t rows, uint64_t columns, int64_t leading) {
  LayoutDescriptor result;
  result.type = static_cast<uint32_t>(type);
  result.rows = rows;
  result.columns = columns;
  result.leading = leading;
  return result;
}

MatmulDescriptor matmul(cublasComputeType_t compute, cudaDataType_t scale) {
  MatmulDescriptor result;
  result.compute_type = static_cast<int32_t>(compute);
  result.scale_type = static_cast<int32_t>(scale);
  return result;
}

TransformDescriptor transform(cudaDataType scale) {
  TransformDescriptor result;
  result.scale_type = static_cast<int32_t>(scale);
  return result;
}

}  // namespace
}  // namespace cpu::cublaslt

using namespace cpu::cublaslt;

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* matLayout, cudaDataType type, uint64_t rows,
                                          uint64_t cols, int64_t ld) {
  CPU_COUNT_CALL();
  return create(__func__, matLayout, layout(type, rows, cols, ld));
}

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t matLayout, size_t size, cudaDataType type,
                                                 uint64_t rows, uint64_t cols, int64_t ld) {
  CPU_COUNT_CALL();
  return initialize(__func__, matLayout, size, layout(type, rows, cols, ld));
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* matmulDesc, cublasComputeType_t computeType,
                                        cudaDataType_t scaleType) {
  CPU_COUNT_CALL();
  return create(__func__, matmulDesc, matmul(computeType, scaleType));
}

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t matmulDesc, size_t size,
                                               cublasComputeType_t computeType, cudaDataType_t scaleType) {
  CPU_COUNT_CALL();
  return initialize(__func__, matmulDesc, size, matmul(computeType, scaleType));
}

cublasStatus_t cublasLtMatrixTransformDescCreate(cublasLtMatrixTransformDesc_t* transformDesc, cudaDataType scaleType) {
  CPU_COUNT_CALL();
  return create(__func__, transformDesc, transform(scaleType));
}

cublasStatus_t cublasLtMatrixTransformDescInit_internal(cublasLtMatrixTransformDesc_t transformDesc, size_t size,
                                                        cudaDataType scaleType) {
  CPU_COUNT_CALL();
  return initialize(__func__, transformDesc, size, transform(scaleType));
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* pref) {
  CPU_COUNT_CALL();
  return create(__func__, pref, PreferenceDescriptor{});
}

cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t pref, size_t size) {
  CPU_COUNT_CALL();
  return initialize(__func__, pref, size, PreferenceDescriptor{});
}

cublasStatus_t cublasLtEmulationDescCreate(cublasLtEmulationDesc_t* emulationDesc) {
  CPU_COUNT_CALL();
  return create(__func__, emulationDesc, EmulationDescriptor{});
}

cublasStatus_t cublasLtEmulationDescInit_internal(cublasLtEmulationDesc_t emulationDesc, size_t size) {
  CPU_COUNT_CALL();
  return initialize(__func__, emulationDesc, size, EmulationDescriptor{});
}

#define CPU_DESCRIPTOR_FUNCTIONS(name, Handle, Number, D, attributes)                                                \
  cublasStatus_t cublasLt##name##Destroy(Handle descriptor) {                                                        \
    CPU_COUNT_CALL();                                                                                                \
    return destroy<D>(__func__, descriptor);                                                                         \
  }                                                                                                                  \
  cublasStatus_t cublasLt##name##SetAttribute(Handle descriptor, Number attr, const void* buf, size_t sizeInBytes) { \
    CPU_COUNT_CALL();                                                                                                \
    return set<D>(__func__, attributes, descriptor, static_cast<int>(attr), buf, sizeInBytes);                       \
  }                                                                                                                  \
  cublasStatus_t cublasLt##name##GetAttribute(Handle descriptor, Number attr, void* buf, size_t sizeInBytes,         \
                                              size_t* sizeWritten) {                                                 \
    CPU_COUNT_CALL();                                                                                                \
    return get<D>(__func__, attributes, descriptor, static_cast<int>(attr), buf, sizeInBytes, sizeWritten);          \
  }
CPU_DESCRIPTOR_FUNCTIONS(MatrixLayout, cublasLtMatrixLayout_t, cublasLtMatrixLayoutAttribute_t, LayoutDescriptor,
                         layout_attributes)
CPU_DESCRIPTOR_FUNCTIONS(MatmulDesc, cublasLtMatmulDesc_t, cublasLtMatmulDescAttributes_t, MatmulDescriptor,
                         matmul_attributes)
CPU_DESCRIPTOR_FUNCTIONS(MatrixTransformDesc, cublasLtMatrixTransformDesc_t, cublasLtMatrixTransformDescAttributes_t,
                         TransformDescriptor, transform_attributes)
CPU_DESCRIPTOR_FUNCTIONS(MatmulPreference, cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t,
                         PreferenceDescriptor, preference_attributes)
CPU_DESCRIPTOR_FUNCTIONS(EmulationDesc, cublasLtEmulationDesc_t, cublasLtEmulationDescAttributes_t, EmulationDescriptor,
                         emulation_attributes)
