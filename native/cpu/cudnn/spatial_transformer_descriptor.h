#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnSpatialTransformerDescriptor_t: the shape N, C, H, W of the sampled output.
struct SpatialTransformerDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnSpatialTransformerDescriptor;

  cudnnSamplerType_t sampler = CUDNN_SAMPLER_BILINEAR;
  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  /// As the caller gave it; the setter takes any number.
  int rank = 0;
  /// The first of them.
  int dims[CUDNN_DIM_MAX] = {};
};

}  // namespace cpu
