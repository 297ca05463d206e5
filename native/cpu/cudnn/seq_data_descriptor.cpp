#include "cudnn/seq_data_descriptor.h"

#include <algorithm>

#include "cudnn/object_handles.h"
#include "cudnn/sequence_lengths.h"

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::SeqDataDescriptor;

cudnnStatus_t cudnnCreateSeqDataDescriptor(cudnnSeqDataDescriptor_t* seqDataDesc) {
  return cpu::create_object<SeqDataDescriptor>(seqDataDesc, "seqDataDesc");
}

cudnnStatus_t cudnnDestroySeqDataDescriptor(cudnnSeqDataDescriptor_t seqDataDesc) {
  return cpu::destroy_object<SeqDataDescriptor>(seqDataDesc, "seqDataDesc");
}

// A call that fails changes nothing.
cudnnStatus_t cudnnSetSeqDataDescriptor(cudnnSeqDataDescriptor_t seqDataDesc, cudnnDataType_t dataType, int nbDims,
                                        const int dimA[], const cudnnSeqDataAxis_t axes[], size_t seqLengthArraySize,
                                        const int seqLengthArray[], void* paddingFill) {
  auto* data = lookup<SeqDataDescriptor>(seqDataDesc);
  if (data == nullptr) return bad_handle(seqDataDesc, "seqDataDesc");
  constexpr int rank = CUDNN_SEQDATA_DIM_COUNT;
  if (nbDims < 1) return fail(CUDNN_STATUS_BAD_PARAM, "nbDims is below 1");
  if (nbDims != rank) return fail(CUDNN_STATUS_NOT_SUPPORTED, "nbDims is not CUDNN_SEQDATA_DIM_COUNT");
  if (any_null(dimA, axes, seqLengthArray)) return cpu::null_pointer(__func__);
  if (!cpu::is_float_type(dataType)) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "dataType is none of FLOAT, DOUBLE, HALF");
  }
  if (std::any_of(dimA, dimA + rank, [](int dim) { return dim < 1; })) {
    return fail(CUDNN_STATUS_BAD_PARAM, "a dimension is below 1");
  }
  bool seen[rank] = {};
  for (int i = 0; i < rank; ++i) {
    if (!cpu::is_between(axes[i], CUDNN_SEQDATA_TIME_DIM, CUDNN_SEQDATA_VECT_DIM) || seen[axes[i]]) {
      return fail(CUDNN_STATUS_BAD_PARAM, "axes are not each axis once");
    }
    seen[axes[i]] = true;
  }
  if (axes[rank - 1] != CUDNN_SEQDATA_VECT_DIM) {
    return fail(CUDNN_STATUS_BAD_PARAM, "the innermost axis is not CUDNN_SEQDATA_VECT_DIM");
  }
  const size_t sequences = static_cast<size_t>(dimA[CUDNN_SEQDATA_BATCH_DIM]) * dimA[CUDNN_SEQDATA_BEAM_DIM];
  if (seqLengthArraySize != sequences) {
    return fail(CUDNN_STATUS_BAD_PARAM, "seqLengthArraySize is not the product of the batch and the beam dimension");
  }
  const cudnnStatus_t status =
      cpu::copy_sequence_lengths(seqLengthArray, sequences, 1, dimA[CUDNN_SEQDATA_TIME_DIM], data->lengths);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  data->data_type = dataType;
  std::copy_n(dimA, rank, data->dims);
  std::copy_n(axes, rank, data->axes);
  data->padding_fill.set(paddingFill, dataType);
  return CUDNN_STATUS_SUCCESS;
}

// Writes as many dimensions and lengths as were asked for and exist; the sizes always say how many exist.
cudnnStatus_t cudnnGetSeqDataDescriptor(const cudnnSeqDataDescriptor_t seqDataDesc, cudnnDataType_t* dataType,
                                        int* nbDims, int nbDimsRequested, int dimA[], cudnnSeqDataAxis_t axes[],
                                        size_t* seqLengthArraySize, size_t seqLengthSizeRequested, int seqLengthArray[],
                                        void* paddingFill) {
  const auto* data = lookup<SeqDataDescriptor>(seqDataDesc);
  if (data == nullptr) return bad_handle(seqDataDesc, "seqDataDesc");
  const int count = std::clamp<int>(nbDimsRequested, 0, CUDNN_SEQDATA_DIM_COUNT);
  const size_t lengths = std::min(seqLengthSizeRequested, data->lengths.size());
  if (any_null(dataType, nbDims, seqLengthArraySize) || (count > 0 && any_null(dimA, axes)) ||
      (lengths > 0 && seqLengthArray == nullptr)) {
    return cpu::null_pointer(__func__);
  }
  *dataType = data->data_type;
  *nbDims = CUDNN_SEQDATA_DIM_COUNT;
  std::copy_n(data->dims, count, dimA);
  std::copy_n(data->axes, count, axes);
  *seqLengthArraySize = data->lengths.size();
  std::copy_n(data->lengths.begin(), lengths, seqLengthArray);
  data->padding_fill.get(paddingFill, data->data_type);
  return CUDNN_STATUS_SUCCESS;
}
