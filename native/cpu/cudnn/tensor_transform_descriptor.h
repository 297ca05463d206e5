#pragma once
#include <cstdint>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

struct TensorDescriptor;

/// cudnnTensorTransformDescriptor_t: padding, folding of spatial dimensions into channels, and the layout of the
/// result.
struct TensorTransformDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnTensorTransformDescriptor;

  uint32_t rank = 0;
  cudnnTensorFormat_t destination_format = CUDNN_TENSOR_NCHW;
  int32_t pad_before[CUDNN_DIM_MAX] = {};
  int32_t pad_after[CUDNN_DIM_MAX] = {};
  /// Folding factors of the spatial dimensions (rank - 2 of them); 0, as 1, folds nothing.
  uint32_t fold[CUDNN_DIM_MAX] = {};
  cudnnFoldingDirection_t direction = CUDNN_TRANSFORM_FOLD;

  /// The dimensions of what a tensor of `dims` becomes; false where one is below 1 or above 2^31 - 1.
  bool transformed_dims(const int* dims, int64_t* result) const;

  /// Fills `destination` with the shape and layout of the transformed `source`. Folding pads first and then moves
  /// blocks of fold[0] x fold[1] ... pixels into channels; unfolding moves channels into blocks first and then pads.
  cudnnStatus_t destination(const TensorDescriptor& source, TensorDescriptor& destination) const;
};

}  // namespace cpu
