#include "cudnn/spatial_transformer_descriptor.h"

#include <algorithm>

#include "cudnn/data_type.h"
#include "cudnn/object_handles.h"

using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::SpatialTransformerDescriptor;

cudnnStatus_t cudnnCreateSpatialTransformerDescriptor(cudnnSpatialTransformerDescriptor_t* stDesc) {
  return cpu::create_object<SpatialTransformerDescriptor>(stDesc, "stDesc");
}

cudnnStatus_t cudnnDestroySpatialTransformerDescriptor(cudnnSpatialTransformerDescriptor_t stDesc) {
  return cpu::destroy_object<SpatialTransformerDescriptor>(stDesc, "stDesc");
}

// The number of dimensions is not looked at here; the functions that sample take 4.
cudnnStatus_t cudnnSetSpatialTransformerNdDescriptor(cudnnSpatialTransformerDescriptor_t stDesc,
                                                     cudnnSamplerType_t samplerType, cudnnDataType_t dataType,
                                                     const int nbDims, const int dimA[]) {
  auto* transformer = lookup<SpatialTransformerDescriptor>(stDesc);
  if (transformer == nullptr) return bad_handle(stDesc, "stDesc");
  if (dimA == nullptr) return cpu::null_pointer(__func__);
  if (static_cast<int>(samplerType) != CUDNN_SAMPLER_BILINEAR) {
    return fail(CUDNN_STATUS_BAD_PARAM, "samplerType is not CUDNN_SAMPLER_BILINEAR");
  }
  if (!cpu::is_float_type(dataType)) {
    // The integer types of the function's own age are known but not sampled, later types are unknown to it.
    const bool known = cpu::is_between(dataType, CUDNN_DATA_INT8, CUDNN_DATA_INT8x4);
    return fail(known ? CUDNN_STATUS_NOT_SUPPORTED : CUDNN_STATUS_BAD_PARAM, "dataType is none of FLOAT, DOUBLE, HALF");
  }
  transformer->sampler = samplerType;
  transformer->data_type = dataType;
  transformer->rank = nbDims;
  std::fill(std::begin(transformer->dims), std::end(transformer->dims), 0);
  std::copy_n(dimA, std::clamp(nbDims, 0, CUDNN_DIM_MAX), transformer->dims);
  return CUDNN_STATUS_SUCCESS;
}
