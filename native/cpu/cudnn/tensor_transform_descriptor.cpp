#include "cudnn/tensor_transform_descriptor.h"

#include <algorithm>
#include <climits>

#include "cudnn/data_type.h"
#include "cudnn/object_handles.h"
#include "cudnn/tensor_descriptor.h"

namespace cpu {

bool TensorTransformDescriptor::transformed_dims(const int* dims, int64_t* result) const {
  // Every product below stays far below 2^63: dimensions are below 2^31 and factors are cut at 2^31.
  const auto pad = [&](int i) { return int64_t{pad_before[i]} + pad_after[i]; };
  const auto fold_of = [&](int i) {
    return i < 2 || fold[i - 2] == 0 ? int64_t{1} : std::min<int64_t>(fold[i - 2], INT_MAX);
  };
  const int count = static_cast<int>(rank);
  int64_t factor = 1;
  for (int i = 2; i < count; ++i) factor = std::min<int64_t>(factor * fold_of(i), INT_MAX);
  for (int i = 0; i < count; ++i) {
    const int64_t by = i == 1 ? factor : fold_of(i);
    // Folding divides the spatial dimensions and multiplies the channels, unfolding the other way round; blocks that do
    // not come out even are filled up.
    const bool divides = (direction == CUDNN_TRANSFORM_FOLD) == (i >= 2);
    const int64_t size = dims[i] + (direction == CUDNN_TRANSFORM_FOLD ? pad(i) : 0);
    result[i] = divides ? (size + by - 1) / by : size * by;
    if (direction == CUDNN_TRANSFORM_UNFOLD) result[i] += pad(i);
    if (result[i] < 1 || result[i] > INT_MAX) return false;
  }
  return true;
}

cudnnStatus_t TensorTransformDescriptor::destination(const TensorDescriptor& source,
                                                     TensorDescriptor& destination) const {
  if (!source.is_set() || static_cast<uint32_t>(source.rank) != rank) {
    return fail(CUDNN_STATUS_BAD_PARAM, "the source is unset or does not have the transform's number of dimensions");
  }
  const TensorDescriptor from = source;  // the destination may be the source
  int64_t dims[CUDNN_DIM_MAX] = {};
  if (!transformed_dims(from.dims, dims)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "a transformed dimension is below 1 or above 2^31 - 1");
  }
  int new_dims[CUDNN_DIM_MAX] = {};
  std::copy_n(dims, from.rank, new_dims);

  // The shape is stored before the layout is looked at, the type only after it.
  const cudnnDataType_t old_type = destination.data_type;
  destination = TensorDescriptor{};
  destination.data_type = old_type;
  destination.rank = from.rank;
  std::copy_n(new_dims, from.rank, destination.dims);
  if (!is_layout_possible(destination_format, from.data_type, new_dims[1])) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED,
                "the destination format does not take the source's data type or the channels");
  }
  return destination.set_packed(destination_format, from.data_type, from.rank, new_dims);
}

}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::TensorDescriptor;
using cpu::TensorTransformDescriptor;

cudnnStatus_t cudnnCreateTensorTransformDescriptor(cudnnTensorTransformDescriptor_t* transformDesc) {
  return cpu::create_object<TensorTransformDescriptor>(transformDesc, "transformDesc");
}

cudnnStatus_t cudnnDestroyTensorTransformDescriptor(cudnnTensorTransformDescriptor_t transformDesc) {
  return cpu::destroy_object<TensorTransformDescriptor>(transformDesc, "transformDesc");
}

// A null array stands for no padding, or no folding.
cudnnStatus_t cudnnSetTensorTransformDescriptor(cudnnTensorTransformDescriptor_t transformDesc, const uint32_t nbDims,
                                                const cudnnTensorFormat_t destFormat, const int32_t padBeforeA[],
                                                const int32_t padAfterA[], const uint32_t foldA[],
                                                const cudnnFoldingDirection_t direction) {
  auto* transform = lookup<TensorTransformDescriptor>(transformDesc);
  if (transform == nullptr) return bad_handle(transformDesc, "transformDesc");
  if (nbDims <= 2) return fail(CUDNN_STATUS_BAD_PARAM, "nbDims is below 3");
  if (nbDims > CUDNN_DIM_MAX) return fail(CUDNN_STATUS_NOT_SUPPORTED, "nbDims is above CUDNN_DIM_MAX");
  if (!cpu::is_between(destFormat, CUDNN_TENSOR_NCHW, CUDNN_TENSOR_NCHW_VECT_C)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "destFormat is no cudnnTensorFormat_t");
  }
  if (!cpu::is_between(direction, CUDNN_TRANSFORM_FOLD, CUDNN_TRANSFORM_UNFOLD)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "direction is no cudnnFoldingDirection_t");
  }
  *transform = TensorTransformDescriptor{};
  transform->rank = nbDims;
  transform->destination_format = destFormat;
  if (padBeforeA != nullptr) std::copy_n(padBeforeA, nbDims, transform->pad_before);
  if (padAfterA != nullptr) std::copy_n(padAfterA, nbDims, transform->pad_after);
  if (foldA != nullptr) std::copy_n(foldA, nbDims - 2, transform->fold);
  transform->direction = direction;
  return CUDNN_STATUS_SUCCESS;
}

// Writes every dimension asked for (two folding factors less); those the transform does not have are 0. Arrays may be
// null.
cudnnStatus_t cudnnGetTensorTransformDescriptor(cudnnTensorTransformDescriptor_t transformDesc,
                                                uint32_t nbDimsRequested, cudnnTensorFormat_t* destFormat,
                                                int32_t padBeforeA[], int32_t padAfterA[], uint32_t foldA[],
                                                cudnnFoldingDirection_t* direction) {
  const auto* transform = lookup<TensorTransformDescriptor>(transformDesc);
  if (transform == nullptr) return bad_handle(transformDesc, "transformDesc");
  if (nbDimsRequested > CUDNN_DIM_MAX) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "nbDimsRequested is above CUDNN_DIM_MAX");
  }
  if (destFormat != nullptr) *destFormat = transform->destination_format;
  if (padBeforeA != nullptr) std::copy_n(transform->pad_before, nbDimsRequested, padBeforeA);
  if (padAfterA != nullptr) std::copy_n(transform->pad_after, nbDimsRequested, padAfterA);
  if (foldA != nullptr && nbDimsRequested > 2) std::copy_n(transform->fold, nbDimsRequested - 2, foldA);
  if (direction != nullptr) *direction = transform->direction;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnInitTransformDest(const cudnnTensorTransformDescriptor_t transformDesc,
                                     const cudnnTensorDescriptor_t srcDesc, cudnnTensorDescriptor_t destDesc,
                                     size_t* destSizeInBytes) {
  const auto* transform = lookup<TensorTransformDescriptor>(transformDesc);
  if (transform == nullptr) return bad_handle(transformDesc, "transformDesc");
  const auto* source = lookup<TensorDescriptor>(srcDesc);
  if (source == nullptr) return bad_handle(srcDesc, "srcDesc");
  auto* destination = lookup<TensorDescriptor>(destDesc);
  if (destination == nullptr) return bad_handle(destDesc, "destDesc");
  if (destSizeInBytes == nullptr) return cpu::null_pointer(__func__);
  const cudnnStatus_t status = transform->destination(*source, *destination);
  if (status == CUDNN_STATUS_SUCCESS) *destSizeInBytes = destination->size_in_bytes();
  return status;
}
