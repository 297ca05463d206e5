// Operations on whole tensors: add, combine, scale, set, reduce.
#include "cudnn/op_tensor_descriptor.h"
#include "cudnn/reduce_tensor_descriptor.h"
#include "cudnn/run.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_reduction.h"
#include "engine/compute_rows.h"

namespace cpu {
namespace {

using compute::Tensor;

/// Whether `a` can be repeated to the shape of `c`.
bool broadcasts(const Tensor& a, const Tensor& c) {
  if (a.rank != c.rank) return false;
  for (int i = 0; i < a.rank; ++i) {
    if (a.dims[i] != c.dims[i] && a.dims[i] != 1) return false;
  }
  return true;
}

std::optional<compute::Reduction> reduction_of(cudnnReduceTensorOp_t operation) {
  switch (operation) {
    case CUDNN_REDUCE_TENSOR_ADD:
      return compute::Reduction::Add;
    case CUDNN_REDUCE_TENSOR_MUL:
      return compute::Reduction::Mul;
    case CUDNN_REDUCE_TENSOR_MIN:
      return compute::Reduction::Min;
    case CUDNN_REDUCE_TENSOR_MAX:
      return compute::Reduction::Max;
    case CUDNN_REDUCE_TENSOR_AMAX:
      return compute::Reduction::AbsoluteMax;
    case CUDNN_REDUCE_TENSOR_AVG:
      return compute::Reduction::Average;
    case CUDNN_REDUCE_TENSOR_NORM1:
      return compute::Reduction::Norm1;
    case CUDNN_REDUCE_TENSOR_NORM2:
      return compute::Reduction::Norm2;
    case CUDNN_REDUCE_TENSOR_MUL_NO_ZEROS:
      return compute::Reduction::MulNoZeros;
  }
  return std::nullopt;
}

std::optional<compute::Binary> binary_of(cudnnOpTensorOp_t operation) {
  switch (operation) {
    case CUDNN_OP_TENSOR_ADD:
      return compute::Binary::Add;
    case CUDNN_OP_TENSOR_MUL:
      return compute::Binary::Mul;
    case CUDNN_OP_TENSOR_MIN:
      return compute::Binary::Min;
    case CUDNN_OP_TENSOR_MAX:
      return compute::Binary::Max;
    case CUDNN_OP_TENSOR_SQRT:
      return compute::Binary::Sqrt;
    case CUDNN_OP_TENSOR_NOT:
      return compute::Binary::Not;
  }
  return std::nullopt;
}

/// The value cudnnSetTensor is given: a scaling factor for floating-point tensors, a value of the tensor's own type for
/// integers.
double host_value(const void* value, compute::ElementType type) {
  using compute::ElementType;
  if (type == ElementType::F32 || type == ElementType::F64 || type == ElementType::F16 || type == ElementType::BF16) {
    return scaling_factor(value, type);
  }
  double result;
  compute::vector_kernels<double>().load(type, value, 1, 1, &result);
  return result;
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;
using cpu::extent_of;
using cpu::touches;

cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t aDesc,
                             const void* A, const void* beta, const cudnnTensorDescriptor_t cDesc, void* C) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto a = arguments.tensor(aDesc, "aDesc");
  const auto c = arguments.tensor(cDesc, "cDesc");
  arguments.pointers(alpha, A, beta, C);
  if (arguments.failed()) return arguments.status();
  arguments.require(cpu::broadcasts(a, c), CUDNN_STATUS_BAD_PARAM,
                    "aDesc has neither the size of cDesc nor 1 in every dimension");
  arguments.require(a.type == c.type, CUDNN_STATUS_NOT_SUPPORTED, "aDesc and cDesc have different data types");
  if (arguments.failed()) return arguments.status();
  const double factor = cpu::scaling_factor(alpha, c.type), prior = cpu::scaling_factor(beta, c.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("A", a, A), extent_of("C", c, C)})) return;
    cpu::compute::blend_tensor(factor, a, A, prior, c, C);
  });
}

cudnnStatus_t cudnnOpTensor(cudnnHandle_t handle, const cudnnOpTensorDescriptor_t opTensorDesc, const void* alpha1,
                            const cudnnTensorDescriptor_t aDesc, const void* A, const void* alpha2,
                            const cudnnTensorDescriptor_t bDesc, const void* B, const void* beta,
                            const cudnnTensorDescriptor_t cDesc, void* C) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* descriptor = arguments.object<cpu::OpTensorDescriptor>(opTensorDesc, "opTensorDesc");
  const auto a = arguments.tensor(aDesc, "aDesc");
  const auto c = arguments.tensor(cDesc, "cDesc");
  arguments.pointers(alpha1, A, beta, C);
  if (arguments.failed()) return arguments.status();
  const auto operation = cpu::binary_of(descriptor->operation);
  arguments.require(operation.has_value(), CUDNN_STATUS_BAD_PARAM, "the operation is no cudnnOpTensorOp_t");
  if (arguments.failed()) return arguments.status();
  const bool unary = *operation == cpu::compute::Binary::Sqrt || *operation == cpu::compute::Binary::Not;
  cpu::compute::Tensor b;
  double second = 0;
  const bool is_double = descriptor->compute_type == CUDNN_DATA_DOUBLE;
  const auto scalars = is_double ? cpu::compute::ElementType::F64 : cpu::compute::ElementType::F32;
  if (!unary) {
    b = arguments.tensor(bDesc, "bDesc");
    arguments.pointers(alpha2, B);
    arguments.require(arguments.failed() || cpu::broadcasts(b, c), CUDNN_STATUS_BAD_PARAM,
                      "bDesc has neither the size of cDesc nor 1 in every dimension");
    if (!arguments.failed()) second = cpu::scaling_factor(alpha2, scalars);
  }
  arguments.require(cpu::compute::same_dims(a, c), CUDNN_STATUS_BAD_PARAM, "aDesc and cDesc have different dimensions");
  if (arguments.failed()) return arguments.status();
  const double first = cpu::scaling_factor(alpha1, scalars), prior = cpu::scaling_factor(beta, scalars);
  return cpu::enqueue(*cudnn, __func__, [=, operation = *operation](const char* function) {
    if (!touches(function, {extent_of("A", a, A), extent_of("B", b, unary ? nullptr : B), extent_of("C", c, C)}))
      return;
    cpu::compute::tensor_operation(operation, is_double, first, a, A, second, b, B, prior, c, C);
  });
}

cudnnStatus_t cudnnSetTensor(cudnnHandle_t handle, const cudnnTensorDescriptor_t yDesc, void* y, const void* valuePtr) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto tensor = arguments.tensor(yDesc, "yDesc");
  arguments.pointers(valuePtr, static_cast<const void*>(y));
  if (arguments.failed()) return arguments.status();
  const double value = cpu::host_value(valuePtr, tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (touches(function, {extent_of("y", tensor, y)})) cpu::compute::set_tensor(tensor, y, value);
  });
}

cudnnStatus_t cudnnScaleTensor(cudnnHandle_t handle, const cudnnTensorDescriptor_t yDesc, void* y, const void* alpha) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto tensor = arguments.tensor(yDesc, "yDesc");
  arguments.pointers(alpha, static_cast<const void*>(y));
  if (arguments.failed()) return arguments.status();
  const double factor = cpu::scaling_factor(alpha, tensor.type);
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (touches(function, {extent_of("y", tensor, y)})) cpu::compute::scale_tensor(tensor, y, factor);
  });
}

cudnnStatus_t cudnnReduceTensor(cudnnHandle_t handle, const cudnnReduceTensorDescriptor_t reduceTensorDesc,
                                void* indices, size_t indicesSizeInBytes, void* /*workspace*/,
                                size_t /*workspaceSizeInBytes*/, const void* alpha, const cudnnTensorDescriptor_t aDesc,
                                const void* A, const void* beta, const cudnnTensorDescriptor_t cDesc, void* C) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* descriptor = arguments.object<cpu::ReduceTensorDescriptor>(reduceTensorDesc, "reduceTensorDesc");
  const auto a = arguments.tensor(aDesc, "aDesc");
  const auto c = arguments.tensor(cDesc, "cDesc");
  arguments.pointers(alpha, A, beta, C);
  if (arguments.failed()) return arguments.status();
  const auto operation = cpu::reduction_of(descriptor->operation);
  arguments.require(operation.has_value(), CUDNN_STATUS_BAD_PARAM, "the operation is no cudnnReduceTensorOp_t");
  arguments.require(cpu::broadcasts(c, a), CUDNN_STATUS_BAD_PARAM,
                    "cDesc has neither the size of aDesc nor 1 in every dimension");
  uint32_t* wanted = nullptr;
  if (!arguments.failed() && descriptor->writes_indices()) {
    const auto* output = cpu::lookup<cpu::TensorDescriptor>(cDesc);
    arguments.require(descriptor->indices_type == CUDNN_32BIT_INDICES, CUDNN_STATUS_NOT_SUPPORTED,
                      "the CPU device writes 32-bit indices");
    arguments.pointers(static_cast<const void*>(indices));
    arguments.require(indicesSizeInBytes >= descriptor->indices_size_in_bytes(*output), CUDNN_STATUS_BAD_PARAM,
                      "indicesSizeInBytes is below what cudnnGetReductionIndicesSize returns");
    wanted = static_cast<uint32_t*>(indices);
  }
  if (arguments.failed()) return arguments.status();
  const double factor = cpu::scaling_factor(alpha, c.type), prior = cpu::scaling_factor(beta, c.type);
  const bool propagates = descriptor->nan_propagation == CUDNN_PROPAGATE_NAN;
  return cpu::enqueue(*cudnn, __func__, [=, operation = *operation](const char* function) {
    if (!touches(function, {extent_of("A", a, A), extent_of("C", c, C),
                            extent_of("indices", wanted, c.elements() * static_cast<int64_t>(sizeof *wanted))})) {
      return;
    }
    cpu::compute::reduce_tensor(operation, propagates, factor, a, A, prior, c, C, wanted);
  });
}
