#include "cudnn/run.h"

#include <algorithm>

#include "cudnn/data_type.h"

namespace cpu {

std::optional<compute::ElementType> element_type(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return compute::ElementType::F32;
    case CUDNN_DATA_DOUBLE:
      return compute::ElementType::F64;
    case CUDNN_DATA_HALF:
      return compute::ElementType::F16;
    case CUDNN_DATA_BFLOAT16:
      return compute::ElementType::BF16;
    case CUDNN_DATA_INT8:
    case CUDNN_DATA_INT8x4:
    case CUDNN_DATA_INT8x32:
      return compute::ElementType::I8;
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_UINT8x4:
      return compute::ElementType::U8;
    case CUDNN_DATA_INT32:
      return compute::ElementType::I32;
    case CUDNN_DATA_INT64:
      return compute::ElementType::I64;
    default:
      return std::nullopt;
  }
}

StoredTensor Arguments::stored_tensor(cudnnTensorDescriptor_t descriptor, std::string_view parameter) {
  StoredTensor stored;
  const auto* found = object<TensorDescriptor>(descriptor, parameter);
  if (found == nullptr || failed()) return stored;
  const auto type = element_type(found->data_type);
  require(found->is_set(), CUDNN_STATUS_BAD_PARAM, parameter, " was never set, or its last setter failed");
  require(type.has_value(), CUDNN_STATUS_NOT_SUPPORTED, parameter,
          ": the CPU device does not compute with this data type");
  require(found->is_countable(), CUDNN_STATUS_NOT_SUPPORTED, parameter, " has more than 2^31 - 1 elements");
  require(channels_per_vector(found->data_type) == 0 || found->vector_width != 1, CUDNN_STATUS_BAD_PARAM, parameter,
          " has a type of vectors, but not the layout NCHW_VECT_C");
  if (failed()) return stored;
  compute::Tensor& plain = stored.plain;
  plain.rank = found->rank;
  std::copy_n(found->dims, found->rank, plain.dims);
  stored.width = found->vector_width;
  if (stored.width == 1) {
    plain.type = *type;
    std::copy_n(found->strides, found->rank, plain.strides);
    return stored;
  }
  plain = compute::channels_last(plain, *type);
  stored.vectors = compute::split_channels(plain, stored.width);
  // The descriptor's strides count vectors.
  for (int i = 0; i < found->rank; ++i) {
    stored.vectors.strides[i < 2 ? i : i + 1] = found->strides[i] * stored.width;
  }
  stored.vectors.strides[2] = 1;
  return stored;
}

StoredTensor Arguments::stored_filter(cudnnFilterDescriptor_t descriptor, std::string_view parameter) {
  StoredTensor stored;
  const auto* found = object<FilterDescriptor>(descriptor, parameter);
  if (found == nullptr || failed()) return stored;
  const auto type = element_type(found->data_type);
  const bool has_vectors = found->format == CUDNN_TENSOR_NCHW_VECT_C;
  require(found->is_set(), CUDNN_STATUS_BAD_PARAM, parameter, " was never set, or its last setter failed");
  require(type.has_value(), CUDNN_STATUS_NOT_SUPPORTED, parameter,
          ": the CPU device does not compute with this data type");
  require(found->is_countable(), CUDNN_STATUS_NOT_SUPPORTED, parameter, " has more than 2^31 - 1 elements");
  require(channels_per_vector(found->data_type) == 0 || has_vectors, CUDNN_STATUS_BAD_PARAM, parameter,
          " has a type of vectors, but not the layout NCHW_VECT_C");
  if (failed()) return stored;
  compute::Tensor& plain = stored.plain;
  plain.rank = found->rank;
  std::copy_n(found->dims, found->rank, plain.dims);
  plain = found->format == CUDNN_TENSOR_NCHW ? compute::packed(plain, *type) : compute::channels_last(plain, *type);
  if (!has_vectors) return stored;
  stored.width = channels_per_vector(found->data_type);
  // Without gaps as K, C / width, R, S, width.
  compute::Tensor& vectors = stored.vectors = compute::split_channels(plain, stored.width);
  vectors.strides[2] = 1;
  int stride = stored.width;
  for (int i = vectors.rank - 1; i >= 0; --i) {
    if (i == 2) continue;
    vectors.strides[i] = stride;
    stride *= vectors.dims[i];
  }
  return stored;
}

compute::Tensor Arguments::tensor(cudnnTensorDescriptor_t descriptor, std::string_view parameter) {
  const StoredTensor stored = stored_tensor(descriptor, parameter);
  require(stored.width == 1, CUDNN_STATUS_NOT_SUPPORTED, parameter,
          ": this function of the CPU device takes no channels in vectors (NCHW_VECT_C)");
  return stored.plain;
}

compute::Tensor Arguments::filter(cudnnFilterDescriptor_t descriptor, std::string_view parameter) {
  const StoredTensor stored = stored_filter(descriptor, parameter);
  require(stored.width == 1, CUDNN_STATUS_NOT_SUPPORTED, parameter,
          ": this function of the CPU device takes no channels in vectors (NCHW_VECT_C)");
  return stored.plain;
}

compute::ActivationParameters activation_parameters(const ActivationDescriptor& activation) {
  compute::ActivationParameters parameters;
  parameters.propagate_nan = activation.nan_propagation == CUDNN_PROPAGATE_NAN;
  parameters.coefficient = activation.mode == CUDNN_ACTIVATION_SWISH ? activation.swish_beta : activation.coefficient;
  switch (activation.mode) {
    case CUDNN_ACTIVATION_SIGMOID:
      parameters.mode = compute::Activation::Sigmoid;
      break;
    case CUDNN_ACTIVATION_RELU:
      parameters.mode = compute::Activation::Relu;
      break;
    case CUDNN_ACTIVATION_TANH:
      parameters.mode = compute::Activation::Tanh;
      break;
    case CUDNN_ACTIVATION_CLIPPED_RELU:
      parameters.mode = compute::Activation::ClippedRelu;
      break;
    case CUDNN_ACTIVATION_ELU:
      parameters.mode = compute::Activation::Elu;
      break;
    case CUDNN_ACTIVATION_IDENTITY:
      parameters.mode = compute::Activation::Identity;
      break;
    case CUDNN_ACTIVATION_SWISH:
      parameters.mode = compute::Activation::Swish;
      break;
  }
  return parameters;
}

Extent extent_of(const char* name, const compute::Tensor& tensor, const void* data) {
  if (data == nullptr) return {name, data, 0};
  int64_t lowest, highest;
  tensor.reach(lowest, highest);
  return {name, compute::at(data, tensor.type, lowest),
          saturated_bytes(static_cast<__int128>(highest) - lowest + 1, compute::element_size(tensor.type))};
}

std::shared_ptr<Stream> stream_of(const CudnnHandle& handle) {
  auto stream = stream_from_handle(reinterpret_cast<CUstream>(handle.stream));
  if (stream == nullptr) {
    fail(CUDNN_STATUS_EXECUTION_FAILED,
         "the stream set on the cuDNN handle was destroyed; call cudnnSetStream with a live stream");
    return nullptr;
  }
  if (stream->group().error() != CUDA_SUCCESS) {
    fail(CUDNN_STATUS_EXECUTION_FAILED, "an earlier operation of this context failed: " + stream->group().error_text());
    return nullptr;
  }
  return stream;
}

void report_asynchronous_failure(std::string_view function, const char* reason) {
  std::string text(function);
  text += " failed while it ran: ";
  text += reason;
  fail_asynchronously(CUDA_ERROR_LAUNCH_FAILED, text.c_str());
}

}  // namespace cpu
