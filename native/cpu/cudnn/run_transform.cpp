// Padding, folding and change of layout of tensors and filters.
#include <algorithm>
#include <climits>

#include "cudnn/run.h"
#include "cudnn/tensor_transform_descriptor.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_fold.h"

namespace cpu {
namespace {

using compute::Folding;
using compute::Tensor;

/// Whether a tensor can be turned into another: between plain types, and between 4 channels in a vector and none.
void require_vectors(Arguments& arguments, const StoredTensor& source, const StoredTensor& destination) {
  arguments.require(source.width != 32 && destination.width != 32, CUDNN_STATUS_BAD_PARAM,
                    "tensors of INT8x32 are not transformed");
  const auto fits = [](const StoredTensor& tensor, const StoredTensor& other) {
    return tensor.width == 1 || other.width == tensor.width || other.plain.type == compute::ElementType::F32 ||
           other.plain.type == tensor.plain.type;
  };
  arguments.require(fits(source, destination) && fits(destination, source), CUDNN_STATUS_NOT_SUPPORTED,
                    "vectors of 4 channels are transformed to and from FLOAT and their own type only");
}

cudnnStatus_t blend(const CudnnHandle& handle, const char* name, const void* alpha, const StoredTensor& source,
                    const void* source_data, const void* beta, const StoredTensor& target, void* target_data) {
  const double a = scaling_factor(alpha, target.plain.type), b = scaling_factor(beta, target.plain.type);
  const int width = std::max(source.width, target.width);
  const Tensor from = width == 1 ? source.plain : source.split(width);
  const Tensor to = width == 1 ? target.plain : target.split(width);
  return enqueue(handle, name, [=](const char* function) {
    if (!touches(function, {extent_of("the source", from, source_data), extent_of("the target", to, target_data)})) {
      return;
    }
    compute::blend_tensor(a, from, source_data, b, to, target_data);
  });
}

cudnnStatus_t transform(Arguments& arguments, const char* name, const CudnnHandle* handle,
                        const TensorTransformDescriptor* transform, const void* alpha, const StoredTensor& source,
                        const void* source_data, const void* beta, const StoredTensor& destination,
                        void* destination_data) {
  arguments.pointers(alpha, source_data, beta, static_cast<const void*>(destination_data));
  if (arguments.failed()) return arguments.status();
  const Tensor &from = source.plain, &to = destination.plain;
  arguments.require(transform->rank == static_cast<uint32_t>(from.rank) && from.rank == to.rank, CUDNN_STATUS_BAD_PARAM,
                    "the transform and its tensors have different numbers of dimensions");
  if (arguments.failed()) return arguments.status();
  int64_t expected[CUDNN_DIM_MAX];
  const bool fits =
      transform->transformed_dims(from.dims, expected) && std::equal(expected, expected + to.rank, to.dims);
  arguments.require(fits, CUDNN_STATUS_BAD_PARAM,
                    "the destination does not have the dimensions cudnnInitTransformDest gives it");
  require_vectors(arguments, source, destination);
  Folding folding;
  std::copy_n(transform->pad_before, from.rank, folding.before);
  std::copy_n(transform->pad_after, from.rank, folding.after);
  for (int i = 0; i < from.rank - 2; ++i)
    folding.blocks[i] = static_cast<int>(std::clamp<uint32_t>(transform->fold[i], 1, INT_MAX));
  folding.unfolds = transform->direction == CUDNN_TRANSFORM_UNFOLD;
  const bool is_identity = folding.is_identity(from.rank);
  const double a = arguments.failed() ? 0 : scaling_factor(alpha, to.type),
               b = arguments.failed() ? 0 : scaling_factor(beta, to.type);
  arguments.require(is_identity || folding.unfolds || b == 0, CUDNN_STATUS_NOT_SUPPORTED,
                    "padding and folding take no beta but 0");
  arguments.require(is_identity || (source.width == 1 && destination.width == 1), CUDNN_STATUS_NOT_SUPPORTED,
                    "channels in vectors are neither padded nor folded");
  if (arguments.failed()) return arguments.status();
  if (is_identity) return blend(*handle, name, alpha, source, source_data, beta, destination, destination_data);
  return enqueue(*handle, name, [=](const char* function) {
    if (!touches(function, {extent_of("the source", source.plain, source_data),
                            extent_of("the destination", destination.plain, destination_data)})) {
      return;
    }
    compute::fold_tensor(folding, a, source.plain, source_data, b, destination.plain, destination_data);
  });
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;

cudnnStatus_t cudnnTransformTensor(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t xDesc,
                                   const void* x, const void* beta, const cudnnTensorDescriptor_t yDesc, void* y) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto source = arguments.stored_tensor(xDesc, "xDesc");
  const auto target = arguments.stored_tensor(yDesc, "yDesc");
  arguments.pointers(alpha, x, beta, y);
  if (arguments.failed()) return arguments.status();
  arguments.require(cpu::compute::same_dims(source.plain, target.plain), CUDNN_STATUS_BAD_PARAM,
                    "xDesc and yDesc have different dimensions");
  cpu::require_vectors(arguments, source, target);
  if (arguments.failed()) return arguments.status();
  return cpu::blend(*cudnn, __func__, alpha, source, x, beta, target, y);
}

cudnnStatus_t cudnnTransformTensorEx(cudnnHandle_t handle, const cudnnTensorTransformDescriptor_t transDesc,
                                     const void* alpha, const cudnnTensorDescriptor_t srcDesc, const void* srcData,
                                     const void* beta, const cudnnTensorDescriptor_t destDesc, void* destData) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* transform = arguments.object<cpu::TensorTransformDescriptor>(transDesc, "transDesc");
  const auto source = arguments.stored_tensor(srcDesc, "srcDesc");
  const auto destination = arguments.stored_tensor(destDesc, "destDesc");
  return cpu::transform(arguments, __func__, cudnn, transform, alpha, source, srcData, beta, destination, destData);
}

cudnnStatus_t cudnnTransformFilter(cudnnHandle_t handle, const cudnnTensorTransformDescriptor_t transDesc,
                                   const void* alpha, const cudnnFilterDescriptor_t srcDesc, const void* srcData,
                                   const void* beta, const cudnnFilterDescriptor_t destDesc, void* destData) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* transform = arguments.object<cpu::TensorTransformDescriptor>(transDesc, "transDesc");
  const auto source = arguments.stored_filter(srcDesc, "srcDesc");
  const auto destination = arguments.stored_filter(destDesc, "destDesc");
  return cpu::transform(arguments, __func__, cudnn, transform, alpha, source, srcData, beta, destination, destData);
}
