// The descriptors of cuBLASLt. Unlike handles they are structures whose sizes the interface tells, so that a caller may
// have them on its own stack (the Init functions) or let them be made (the Create functions). They hold what was set,
// unchecked as in the real library; what fits together is found out when they are used.
#pragma once

#include <cstdint>

#include "cublaslt/call.h"

namespace cpu::cublaslt {

// The first word of a live descriptor.
enum class DescriptorKind : uint32_t {
  None = 0,
  Layout = 0x4C544C41,
  Matmul = 0x4C544D4D,
  Transform = 0x4C545446,
  Preference = 0x4C545052,
  Emulation = 0x4C54454D,
};

struct LayoutDescriptor {
  static constexpr DescriptorKind own_kind = DescriptorKind::Layout;
  static constexpr const char* name = "matrix layout";

  DescriptorKind kind = own_kind;
  int32_t order = CUBLASLT_ORDER_COL;
  uint64_t rows = 0;
  uint64_t columns = 0;
  int64_t leading = 0;
  int64_t stride = 0;
  int64_t plane_offset = 0;
  uint32_t type = CUDA_R_32F;
  int32_t batch_count = 1;
  int32_t batch_mode = CUBLASLT_BATCH_MODE_STRIDED;
};

struct MatmulDescriptor {
  static constexpr DescriptorKind own_kind = DescriptorKind::Matmul;
  static constexpr const char* name = "matmul descriptor";

  DescriptorKind kind = own_kind;
  int32_t compute_type = CUBLAS_COMPUTE_32F;
  int32_t scale_type = CUDA_R_32F;
  int32_t pointer_mode = CUBLASLT_POINTER_MODE_HOST;
  int32_t operation_a = CUBLAS_OP_N;
  int32_t operation_b = CUBLAS_OP_N;
  int32_t operation_c = CUBLAS_OP_N;
  int32_t fill_mode = CUBLAS_FILL_MODE_FULL;
  uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  int32_t multiprocessor_target = 0;
  // Attribute 16, which no header names.
  int32_t unnamed = 0;
  int32_t auxiliary_type = -1;
  int32_t bias_type = -1;
  int32_t scale_mode_a = 0;
  int32_t scale_mode_b = 0;
  int32_t scale_mode_c = 0;
  int32_t scale_mode_d = 0;
  int32_t scale_mode_auxiliary = 0;
  int32_t out_scale_mode = 0;
  int8_t fast_accumulation = 0;
  uint64_t bias = 0;
  int64_t bias_stride = 0;
  uint64_t auxiliary = 0;
  int64_t auxiliary_leading = 0;
  int64_t auxiliary_stride = 0;
  int64_t alpha_stride = 0;
  uint64_t scale_a = 0;
  uint64_t scale_b = 0;
  uint64_t scale_c = 0;
  uint64_t scale_d = 0;
  uint64_t greatest_d = 0;
  uint64_t scale_auxiliary = 0;
  uint64_t greatest_auxiliary = 0;
  uint64_t out_scale = 0;
  uint64_t emulation = 0;
};

struct TransformDescriptor {
  static constexpr DescriptorKind own_kind = DescriptorKind::Transform;
  static constexpr const char* name = "matrix transform descriptor";

  DescriptorKind kind = own_kind;
  int32_t scale_type = CUDA_R_32F;
  int32_t pointer_mode = CUBLASLT_POINTER_MODE_HOST;
  int32_t operation_a = CUBLAS_OP_N;
  int32_t operation_b = CUBLAS_OP_N;
};

struct PreferenceDescriptor {
  static constexpr DescriptorKind own_kind = DescriptorKind::Preference;
  static constexpr const char* name = "matmul preference";

  DescriptorKind kind = own_kind;
  uint32_t search_mode = CUBLASLT_SEARCH_BEST_FIT;
  uint64_t workspace_bytes = 0;
  uint32_t reduction_mask = CUBLASLT_REDUCTION_SCHEME_MASK;
  uint32_t alignment_a = 256;
  uint32_t alignment_b = 256;
  uint32_t alignment_c = 256;
  uint32_t alignment_d = 256;
  float waves = 0;
  uint64_t implementation_mask = ~uint64_t{0};
};

// How wider types are emulated. Kept, but not used: the CPU device has the types themselves.
struct EmulationDescriptor {
  static constexpr DescriptorKind own_kind = DescriptorKind::Emulation;
  static constexpr const char* name = "emulation descriptor";

  DescriptorKind kind = own_kind;
  int32_t strategy = CUBLAS_EMULATION_STRATEGY_DEFAULT;
  int32_t special_values = CUDA_EMULATION_SPECIAL_VALUES_SUPPORT_DEFAULT;
  int32_t mantissa_control = CUDA_EMULATION_MANTISSA_CONTROL_DYNAMIC;
  int32_t max_mantissa_bits = 0;
  int32_t mantissa_bit_offset = 0;
  uint64_t mantissa_bits = 0;
};

static_assert(sizeof(LayoutDescriptor) <= sizeof(cublasLtMatrixLayoutOpaque_t));
static_assert(sizeof(MatmulDescriptor) <= sizeof(cublasLtMatmulDescOpaque_t));
static_assert(sizeof(TransformDescriptor) <= sizeof(cublasLtMatrixTransformDescOpaque_t));
static_assert(sizeof(PreferenceDescriptor) <= sizeof(cublasLtMatmulPreferenceOpaque_t));
static_assert(sizeof(EmulationDescriptor) <= sizeof(cublasLtEmulationDescOpaque_t));

// A place for a descriptor that is made here; it is never given back to the system, so that a stale pointer to it can
// be told. Null where none is left.
void* acquire_place();
// Forgets the descriptor at the place; false where `kind` is not there.
bool release_place(void* place, DescriptorKind kind);
// The kind of descriptor at an address, which may be any.
DescriptorKind kind_at(const void* address);

// The descriptor behind a pointer of the interface; null with a text where there is none of its kind.
template <class D>
D* find_descriptor(const void* pointer) {
  if (kind_at(pointer) == D::own_kind) return static_cast<D*>(const_cast<void*>(pointer));
  fail(CUBLAS_STATUS_INVALID_VALUE,
       std::string("a ") + D::name + (pointer == nullptr ? " is null" : " is none, or was destroyed"));
  return nullptr;
}

}  // namespace cpu::cublaslt
