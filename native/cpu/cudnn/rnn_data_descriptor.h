#pragma once
#include <vector>

#include "cudnn/padding_fill.h"
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnRNNDataDescriptor_t: a batch of sequences of vectors.
struct RnnDataDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnRnnDataDescriptor;

  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  cudnnRNNDataLayout_t layout = CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED;
  int max_length = 0;
  int batch = 0;
  int vector_size = 0;
  /// One a sequence, 0 to max_length; descending in the packed layout.
  std::vector<int> lengths;
  PaddingFill padding_fill;
};

}  // namespace cpu
