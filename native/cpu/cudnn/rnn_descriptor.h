#pragma once
#include <cstdint>

#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnRNNDescriptor_t.
struct RnnDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnRnnDescriptor;

  /// Whether a setter succeeded; the getter answers NOT_INITIALIZED before.
  bool is_set = false;
  cudnnRNNAlgo_t algorithm = CUDNN_RNN_ALGO_STANDARD;
  cudnnRNNMode_t cell = CUDNN_RNN_RELU;
  cudnnRNNBiasMode_t bias = CUDNN_RNN_NO_BIAS;
  cudnnDirectionMode_t direction = CUDNN_UNIDIRECTIONAL;
  cudnnRNNInputMode_t input_mode = CUDNN_LINEAR_INPUT;
  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  cudnnDataType_t math_precision = CUDNN_DATA_FLOAT;
  cudnnMathType_t math_type = CUDNN_DEFAULT_MATH;
  int32_t input_size = 0;
  int32_t hidden_size = 0;
  int32_t projection_size = 0;
  int32_t layers = 0;
  cudnnDropoutDescriptor_t dropout = nullptr;
  uint32_t auxiliary_flags = 0;

  /// Any number: the setters do not check it.
  int clip_mode = CUDNN_RNN_CLIP_NONE;
  int clip_nan_propagation = CUDNN_NOT_PROPAGATE_NAN;
  double clip_left = 0;
  double clip_right = 0;
};

}  // namespace cpu
