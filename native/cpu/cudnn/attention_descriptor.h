#pragma once
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnAttnDescriptor_t: multi-head attention with the sizes of its vectors, projections (0: none) and sequences.
struct AttentionDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnAttentionDescriptor;

  /// Bits CUDNN_ATTN_QUERYMAP_ONE_TO_ONE and CUDNN_ATTN_ENABLE_PROJ_BIASES.
  unsigned int mode = 0;
  int heads = 0;
  double softmax_scale = 0;
  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  cudnnDataType_t compute_precision = CUDNN_DATA_FLOAT;
  cudnnMathType_t math_type = CUDNN_DEFAULT_MATH;
  cudnnDropoutDescriptor_t attention_dropout = nullptr;
  cudnnDropoutDescriptor_t post_dropout = nullptr;
  int q_size = 0;
  int k_size = 0;
  int v_size = 0;
  int q_projection = 0;
  int k_projection = 0;
  int v_projection = 0;
  int o_projection = 0;
  int max_query_length = 0;
  int max_key_length = 0;
  int max_batch = 0;
  int max_beam = 0;
};

}  // namespace cpu
