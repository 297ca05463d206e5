#pragma once
#include <vector>

#include "cudnn/padding_fill.h"
#include "engine/handles.h"
#include "generated/cudnn.h"

namespace cpu {

/// cudnnSeqDataDescriptor_t: the sequences attention works on, with the axes time, batch, beam and vector.
struct SeqDataDescriptor {
  static constexpr HandleTag tag = HandleTag::CudnnSeqDataDescriptor;

  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  /// By axis: dims[CUDNN_SEQDATA_TIME_DIM] and so on.
  int dims[CUDNN_SEQDATA_DIM_COUNT] = {};
  /// From the outermost to the innermost; the innermost is the vector's.
  cudnnSeqDataAxis_t axes[CUDNN_SEQDATA_DIM_COUNT] = {};
  /// One for each beam of each batch element, 1 to the size of the time axis.
  std::vector<int> lengths;
  PaddingFill padding_fill;
};

}  // namespace cpu
