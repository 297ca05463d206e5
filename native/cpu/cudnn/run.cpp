#include "cudnn/run.h"

#include <algorithm>

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
      return compute::ElementType::I8;
    case CUDNN_DATA_UINT8:
      return compute::ElementType::U8;
    case CUDNN_DATA_INT32:
      return compute::ElementType::I32;
    case CUDNN_DATA_INT64:
      return compute::ElementType::I64;
    default:
      return std::nullopt;
  }
}

compute::Tensor Arguments::tensor(cudnnTensorDescriptor_t descriptor, std::string_view parameter) {
  compute::Tensor tensor;
  const auto* found = object<TensorDescriptor>(descriptor, parameter);
  if (found == nullptr || failed()) return tensor;
  const std::string name(parameter);
  const auto type = element_type(found->data_type);
  require(found->is_set(), CUDNN_STATUS_BAD_PARAM, name + " was never set, or its last setter failed");
  require(type.has_value() && found->vector_width == 1, CUDNN_STATUS_NOT_SUPPORTED,
          name + ": the CPU device does not compute with this data type or layout");
  if (failed()) return tensor;
  tensor.type = *type;
  tensor.rank = found->rank;
  std::copy_n(found->dims, found->rank, tensor.dims);
  std::copy_n(found->strides, found->rank, tensor.strides);
  return tensor;
}

compute::Tensor Arguments::filter(cudnnFilterDescriptor_t descriptor, std::string_view parameter) {
  compute::Tensor tensor;
  const auto* found = object<FilterDescriptor>(descriptor, parameter);
  if (found == nullptr || failed()) return tensor;
  const std::string name(parameter);
  const auto type = element_type(found->data_type);
  require(found->is_set(), CUDNN_STATUS_BAD_PARAM, name + " was never set, or its last setter failed");
  require(type.has_value() && found->format != CUDNN_TENSOR_NCHW_VECT_C, CUDNN_STATUS_NOT_SUPPORTED,
          name + ": the CPU device does not compute with this data type or layout");
  if (failed()) return tensor;
  tensor.rank = found->rank;
  std::copy_n(found->dims, found->rank, tensor.dims);
  return found->format == CUDNN_TENSOR_NHWC ? compute::channels_last(tensor, *type) : compute::packed(tensor, *type);
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

std::shared_ptr<Stream> stream_of(const CudnnHandle& handle) {
  auto stream = stream_from_handle(reinterpret_cast<CUstream>(handle.stream));
  if (stream == nullptr) {
    fail(CUDNN_STATUS_EXECUTION_FAILED,
         "the stream set on the cuDNN handle was destroyed; call cudnnSetStream with a live stream");
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
