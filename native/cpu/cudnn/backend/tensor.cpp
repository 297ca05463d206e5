#include "cudnn/backend/tensor.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

constexpr size_t most_dimensions = 8;

constexpr AttributeRule rules[] = {
    checked(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64).unreadable_as(CUDNN_STATUS_NOT_SUPPORTED),
    checked(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE).initially(CUDNN_DATA_FLOAT),
    checked(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64).many(),
    checked(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64).many(),
    checked(CUDNN_ATTR_TENSOR_VECTOR_COUNT, CUDNN_TYPE_INT64).initially(1),
    checked(CUDNN_ATTR_TENSOR_VECTORIZED_DIMENSION, CUDNN_TYPE_INT64).initially(-1),
    checked(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64).initially(-1),
    checked(CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN).initially(0),
    checked(CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN).initially(0),
    checked(CUDNN_ATTR_TENSOR_REORDERING_MODE, CUDNN_TYPE_TENSOR_REORDERING_MODE)
        .unreadable_as(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE),
    checked(CUDNN_ATTR_TENSOR_RAGGED_OFFSET_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR).any_count(),
};

}  // namespace

const DescriptorKind tensor_kind = {CUDNN_BACKEND_TENSOR_DESCRIPTOR, "tensor", rules,
                                    make_descriptor<TensorDescriptor>};

TensorDescriptor::TensorDescriptor() : Descriptor(tensor_kind) {}

std::string dims_text(const std::vector<int64_t>& dims) {
  std::string text;
  for (const int64_t dim : dims) {
    if (!text.empty()) text += 'x';
    text += std::to_string(dim);
  }
  return text.empty() ? "no dimensions" : text;
}

size_t backend_element_size(cudnnDataType_t type) {
  switch (static_cast<int>(type)) {
    case CUDNN_DATA_COMPLEX_FP64:
      return 16;
    case CUDNN_DATA_DOUBLE:
    case CUDNN_DATA_INT64:
    case CUDNN_DATA_COMPLEX_FP32:
      return 8;
    case CUDNN_DATA_FLOAT:
    case CUDNN_DATA_INT32:
    case CUDNN_DATA_UINT32:
      return 4;
    case CUDNN_DATA_HALF:
    case CUDNN_DATA_BFLOAT16:
      return 2;
    case CUDNN_DATA_INT8:
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_BOOLEAN:
    case CUDNN_DATA_FP8_E4M3:
    case CUDNN_DATA_FP8_E5M2:
    case CUDNN_DATA_FP8_E8M0:
    case CUDNN_DATA_FP4_E2M1:
    case CUDNN_DATA_INT4:
    case CUDNN_DATA_UINT4:
      return 1;
    default:
      return 0;
  }
}

cudnnStatus_t TensorDescriptor::interpret() {
  dims = attributes.integers(CUDNN_ATTR_TENSOR_DIMENSIONS);
  strides = attributes.integers(CUDNN_ATTR_TENSOR_STRIDES);
  uid = attributes.integer(CUDNN_ATTR_TENSOR_UNIQUE_ID);
  data_type = static_cast<cudnnDataType_t>(attributes.integer(CUDNN_ATTR_TENSOR_DATA_TYPE));
  byte_alignment = attributes.integer(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
  vector_count = attributes.integer(CUDNN_ATTR_TENSOR_VECTOR_COUNT);
  is_virtual = attributes.integer(CUDNN_ATTR_TENSOR_IS_VIRTUAL) != 0;
  is_by_value = attributes.integer(CUDNN_ATTR_TENSOR_IS_BY_VALUE) != 0;

  if (dims.empty()) return refuse(CUDNN_STATUS_BAD_PARAM, "it has no dimensions; set CUDNN_ATTR_TENSOR_DIMENSIONS");
  if (dims.size() > most_dimensions) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say(dims.size(), " dimensions; it can have 1 to ", most_dimensions));
  }
  if (dims.size() != strides.size()) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say(dims.size(), " dimensions but ", strides.size(), " strides"));
  }
  if (static_cast<int>(data_type) == CUDNN_DATA_FAST_FLOAT_FOR_FP8) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "CUDNN_DATA_FAST_FLOAT_FOR_FP8 is a type to compute in, not one to store");
  }
  switch (static_cast<int>(data_type)) {
    case CUDNN_DATA_INT8x4:
    case CUDNN_DATA_UINT8x4:
    case CUDNN_DATA_INT8x32:
      return refuse(
          CUDNN_STATUS_NOT_SUPPORTED,
          "vectors are not a data type here; use the type of their elements and CUDNN_ATTR_TENSOR_VECTOR_COUNT");
    default:
      break;
  }
  const auto size = static_cast<int64_t>(backend_element_size(data_type));
  if (size == 0) return refuse(CUDNN_STATUS_BAD_PARAM, say(static_cast<int>(data_type), " is no data type"));
  if (byte_alignment <= 0 || byte_alignment % size != 0) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say("byte alignment ", byte_alignment, " is not a positive multiple of the ",
                                              size, " bytes of an element"));
  }
  int64_t elements_dims = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0) return refuse(CUDNN_STATUS_BAD_PARAM, say("dimension ", i, " is ", dims[i]));
    if (strides[i] < 0) return refuse(CUDNN_STATUS_BAD_PARAM, say("stride ", i, " is ", strides[i]));
    if (dims[i] != 1) ++elements_dims;
  }
  if (is_by_value && elements_dims > 1) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  say("a tensor passed by value has at most one dimension that is not 1, not ", dims_text(dims)));
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu::backend
