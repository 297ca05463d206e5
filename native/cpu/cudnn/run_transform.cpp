// Padding and change of layout of tensors and filters.
#include <algorithm>

#include "cudnn/run.h"
#include "cudnn/tensor_transform_descriptor.h"
#include "engine/compute_elementwise.h"

namespace cpu {
namespace {

using compute::Tensor;

/// destination = alpha pad(source) + beta destination; negative padding cuts off. Folding into channels is not among
/// what the CPU device does.
cudnnStatus_t transform(Arguments& arguments, const char* name, const CudnnHandle* handle,
                        const TensorTransformDescriptor* transform, const void* alpha, const Tensor& source,
                        const void* source_data, const void* beta, const Tensor& destination, void* destination_data) {
  arguments.pointers(alpha, source_data, beta, static_cast<const void*>(destination_data));
  if (arguments.failed()) return arguments.status();
  arguments.require(transform->rank == static_cast<uint32_t>(source.rank) && source.rank == destination.rank,
                    CUDNN_STATUS_BAD_PARAM, "the transform and its tensors have different numbers of dimensions");
  if (arguments.failed()) return arguments.status();
  Tensor inside = destination, taken = source;
  int64_t to = 0, from = 0;
  bool is_empty = false;
  for (int i = 0; i < source.rank; ++i) {
    arguments.require(i < 2 || transform->fold[i - 2] <= 1, CUDNN_STATUS_NOT_SUPPORTED,
                      "the CPU device does not fold spatial dimensions into channels");
    const int64_t before = transform->pad_before[i], after = transform->pad_after[i];
    arguments.require(destination.dims[i] == source.dims[i] + before + after, CUDNN_STATUS_BAD_PARAM,
                      "the destination does not have the dimensions cudnnInitTransformDest gives it");
    to += std::max<int64_t>(before, 0) * destination.strides[i];
    from += std::max<int64_t>(-before, 0) * source.strides[i];
    const int64_t size = source.dims[i] + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0);
    is_empty = is_empty || size < 1;
    inside.dims[i] = taken.dims[i] = static_cast<int>(std::max<int64_t>(size, 1));
  }
  if (arguments.failed()) return arguments.status();
  const double a = scaling_factor(alpha, destination.type), b = scaling_factor(beta, destination.type);
  const bool pads = inside.elements() != destination.elements() || is_empty;
  struct Operands {
    Tensor destination, inside, taken;
  };
  const Operands operands{destination, inside, taken};
  return enqueue(*handle, name, [=] {
    if (pads && b != 1) compute::scale_tensor(operands.destination, destination_data, b);
    if (is_empty) return;
    // After scaling, the prior is there in full; with beta = 0 it is the zero of the padding.
    compute::blend_tensor(a, operands.taken, compute::at(source_data, operands.taken.type, from), pads ? b != 0 : b,
                          operands.inside, compute::at(destination_data, operands.inside.type, to));
  });
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;

cudnnStatus_t cudnnTransformTensorEx(cudnnHandle_t handle, const cudnnTensorTransformDescriptor_t transDesc,
                                     const void* alpha, const cudnnTensorDescriptor_t srcDesc, const void* srcData,
                                     const void* beta, const cudnnTensorDescriptor_t destDesc, void* destData) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* transform = arguments.object<cpu::TensorTransformDescriptor>(transDesc, "transDesc");
  const auto source = arguments.tensor(srcDesc, "srcDesc");
  const auto destination = arguments.tensor(destDesc, "destDesc");
  return cpu::transform(arguments, __func__, cudnn, transform, alpha, source, srcData, beta, destination, destData);
}

cudnnStatus_t cudnnTransformFilter(cudnnHandle_t handle, const cudnnTensorTransformDescriptor_t transDesc,
                                   const void* alpha, const cudnnFilterDescriptor_t srcDesc, const void* srcData,
                                   const void* beta, const cudnnFilterDescriptor_t destDesc, void* destData) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto* transform = arguments.object<cpu::TensorTransformDescriptor>(transDesc, "transDesc");
  const auto source = arguments.filter(srcDesc, "srcDesc");
  const auto destination = arguments.filter(destDesc, "destDesc");
  return cpu::transform(arguments, __func__, cudnn, transform, alpha, source, srcData, beta, destination, destData);
}
