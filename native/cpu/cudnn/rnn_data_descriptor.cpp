#include "cudnn/rnn_data_descriptor.h"

#include <algorithm>
#include <functional>

#include "cudnn/object_handles.h"
#include "cudnn/sequence_lengths.h"

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::RnnDataDescriptor;

cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t* rnnDataDesc) {
  return cpu::create_object<RnnDataDescriptor>(rnnDataDesc, "rnnDataDesc");
}

cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t rnnDataDesc) {
  return cpu::destroy_object<RnnDataDescriptor>(rnnDataDesc, "rnnDataDesc");
}

// A call that fails changes nothing.
cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t rnnDataDesc, cudnnDataType_t dataType,
                                        cudnnRNNDataLayout_t layout, int maxSeqLength, int batchSize, int vectorSize,
                                        const int seqLengthArray[], void* paddingFill) {
  auto* data = lookup<RnnDataDescriptor>(rnnDataDesc);
  if (data == nullptr) return bad_handle(rnnDataDesc, "rnnDataDesc");
  if (static_cast<int>(dataType) < 0) return fail(CUDNN_STATUS_BAD_PARAM, "dataType is no cudnnDataType_t");
  if (!cpu::is_float_type(dataType) && dataType != CUDNN_DATA_BFLOAT16) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "dataType is none of FLOAT, DOUBLE, HALF, BFLOAT16");
  }
  if (!cpu::is_between(layout, CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED, CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "layout is no cudnnRNNDataLayout_t");
  }
  if (maxSeqLength < 1 || batchSize < 1 || vectorSize < 1) {
    return fail(CUDNN_STATUS_BAD_PARAM, "maxSeqLength, batchSize or vectorSize is below 1");
  }
  if (seqLengthArray == nullptr) return cpu::null_pointer(__func__);
  if (layout == CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED &&
      !std::is_sorted(seqLengthArray, seqLengthArray + batchSize, std::greater<int>())) {
    return fail(CUDNN_STATUS_BAD_PARAM, "the sequence lengths of the packed layout do not descend");
  }
  const cudnnStatus_t status =
      cpu::copy_sequence_lengths(seqLengthArray, static_cast<size_t>(batchSize), 0, maxSeqLength, data->lengths);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  data->data_type = dataType;
  data->layout = layout;
  data->max_length = maxSeqLength;
  data->batch = batchSize;
  data->vector_size = vectorSize;
  data->padding_fill.set(paddingFill, dataType);
  return CUDNN_STATUS_SUCCESS;
}

// Writes every length asked for; those of sequences the batch does not have are 0.
cudnnStatus_t cudnnGetRNNDataDescriptor(cudnnRNNDataDescriptor_t rnnDataDesc, cudnnDataType_t* dataType,
                                        cudnnRNNDataLayout_t* layout, int* maxSeqLength, int* batchSize,
                                        int* vectorSize, int arrayLengthRequested, int seqLengthArray[],
                                        void* paddingFill) {
  const auto* data = lookup<RnnDataDescriptor>(rnnDataDesc);
  if (data == nullptr) return bad_handle(rnnDataDesc, "rnnDataDesc");
  if (arrayLengthRequested < 0) return fail(CUDNN_STATUS_BAD_PARAM, "arrayLengthRequested is negative");
  if (any_null(dataType, layout, maxSeqLength, batchSize, vectorSize) ||
      (arrayLengthRequested > 0 && seqLengthArray == nullptr)) {
    return cpu::null_pointer(__func__);
  }
  *dataType = data->data_type;
  *layout = data->layout;
  *maxSeqLength = data->max_length;
  *batchSize = data->batch;
  *vectorSize = data->vector_size;
  for (int i = 0; i < arrayLengthRequested; ++i) {
    seqLengthArray[i] = static_cast<size_t>(i) < data->lengths.size() ? data->lengths[i] : 0;
  }
  data->padding_fill.get(paddingFill, data->data_type);
  return CUDNN_STATUS_SUCCESS;
}
