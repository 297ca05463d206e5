#include "cudnn/rnn_descriptor.h"

#include "cudnn/object_handles.h"

namespace cpu {
namespace {

bool is_precision_possible(cudnnDataType_t data, cudnnDataType_t math) {
  switch (data) {
    case CUDNN_DATA_FLOAT:
      return math == CUDNN_DATA_FLOAT;
    case CUDNN_DATA_DOUBLE:
      return math == CUDNN_DATA_DOUBLE;
    case CUDNN_DATA_HALF:
      return math == CUDNN_DATA_HALF || math == CUDNN_DATA_FLOAT;
    case CUDNN_DATA_BFLOAT16:
      return math == CUDNN_DATA_FLOAT;
    default:
      return false;
  }
}

// The order: values that are no enumerator or size, then combinations that do not exist.
cudnnStatus_t check_rnn(const RnnDescriptor& rnn) {
  if (!is_between(rnn.algorithm, CUDNN_RNN_ALGO_STANDARD, CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "algo is no cudnnRNNAlgo_t");
  }
  if (!is_between(rnn.cell, CUDNN_RNN_RELU, CUDNN_GRU))
    return fail(CUDNN_STATUS_BAD_PARAM, "cellMode is no cudnnRNNMode_t");
  if (!is_between(rnn.bias, CUDNN_RNN_NO_BIAS, CUDNN_RNN_SINGLE_REC_BIAS)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "biasMode is no cudnnRNNBiasMode_t");
  }
  if (!is_between(rnn.direction, CUDNN_UNIDIRECTIONAL, CUDNN_BIDIRECTIONAL)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "dirMode is no cudnnDirectionMode_t");
  }
  if (!is_between(rnn.input_mode, CUDNN_LINEAR_INPUT, CUDNN_SKIP_INPUT)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "inputMode is no cudnnRNNInputMode_t");
  }
  if (!is_between(rnn.math_type, CUDNN_DEFAULT_MATH, CUDNN_FMA_MATH)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mathType is no cudnnMathType_t");
  }
  if (rnn.input_size < 1 || rnn.hidden_size < 1 || rnn.projection_size < 1 || rnn.layers < 1) {
    return fail(CUDNN_STATUS_BAD_PARAM, "inputSize, hiddenSize, projSize or numLayers is below 1");
  }
  if ((rnn.auxiliary_flags & ~CUDNN_RNN_PADDED_IO_ENABLED) != 0) {
    return fail(CUDNN_STATUS_BAD_PARAM, "auxFlags has bits other than CUDNN_RNN_PADDED_IO_ENABLED");
  }
  if (!is_precision_possible(rnn.data_type, rnn.math_precision)) {
    return fail(
        CUDNN_STATUS_NOT_SUPPORTED,
        "dataType and mathPrec do not go together: FLOAT and BFLOAT16 compute in FLOAT, DOUBLE in DOUBLE, HALF in "
        "HALF or FLOAT");
  }
  if (rnn.projection_size > rnn.hidden_size) return fail(CUDNN_STATUS_NOT_SUPPORTED, "projSize is above hiddenSize");
  const bool is_standard = rnn.algorithm == CUDNN_RNN_ALGO_STANDARD;
  if (rnn.projection_size < rnn.hidden_size && !(is_standard && rnn.cell == CUDNN_LSTM)) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "only an LSTM with the standard algorithm projects its state");
  }
  if (rnn.bias != CUDNN_RNN_DOUBLE_BIAS && !is_standard) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "only the standard algorithm takes a bias mode other than double bias");
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace
}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::RnnDescriptor;

cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t* rnnDesc) {
  return cpu::create_object<RnnDescriptor>(rnnDesc, "rnnDesc");
}

cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t rnnDesc) {
  return cpu::destroy_object<RnnDescriptor>(rnnDesc, "rnnDesc");
}

// The clipping stays as it is.
cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t rnnDesc, cudnnRNNAlgo_t algo, cudnnRNNMode_t cellMode,
                                       cudnnRNNBiasMode_t biasMode, cudnnDirectionMode_t dirMode,
                                       cudnnRNNInputMode_t inputMode, cudnnDataType_t dataType,
                                       cudnnDataType_t mathPrec, cudnnMathType_t mathType, int32_t inputSize,
                                       int32_t hiddenSize, int32_t projSize, int32_t numLayers,
                                       cudnnDropoutDescriptor_t dropoutDesc, uint32_t auxFlags) {
  auto* rnn = lookup<RnnDescriptor>(rnnDesc);
  if (rnn == nullptr) return bad_handle(rnnDesc, "rnnDesc");
  RnnDescriptor wanted = *rnn;
  wanted.is_set = true;
  wanted.algorithm = algo;
  wanted.cell = cellMode;
  wanted.bias = biasMode;
  wanted.direction = dirMode;
  wanted.input_mode = inputMode;
  wanted.data_type = dataType;
  wanted.math_precision = mathPrec;
  wanted.math_type = mathType;
  wanted.input_size = inputSize;
  wanted.hidden_size = hiddenSize;
  wanted.projection_size = projSize;
  wanted.layers = numLayers;
  wanted.dropout = dropoutDesc;
  wanted.auxiliary_flags = auxFlags;
  const cudnnStatus_t status = cpu::check_rnn(wanted);
  if (status == CUDNN_STATUS_SUCCESS) *rnn = wanted;
  return status;
}

cudnnStatus_t cudnnGetRNNDescriptor_v8(cudnnRNNDescriptor_t rnnDesc, cudnnRNNAlgo_t* algo, cudnnRNNMode_t* cellMode,
                                       cudnnRNNBiasMode_t* biasMode, cudnnDirectionMode_t* dirMode,
                                       cudnnRNNInputMode_t* inputMode, cudnnDataType_t* dataType,
                                       cudnnDataType_t* mathPrec, cudnnMathType_t* mathType, int32_t* inputSize,
                                       int32_t* hiddenSize, int32_t* projSize, int32_t* numLayers,
                                       cudnnDropoutDescriptor_t* dropoutDesc, uint32_t* auxFlags) {
  const auto* rnn = lookup<RnnDescriptor>(rnnDesc);
  if (rnn == nullptr) return bad_handle(rnnDesc, "rnnDesc");
  if (!rnn->is_set) return fail(CUDNN_STATUS_NOT_INITIALIZED, "rnnDesc is not set; call cudnnSetRNNDescriptor_v8");
  if (any_null(algo, cellMode, biasMode, dirMode, inputMode, dataType, mathPrec, mathType, inputSize, hiddenSize,
               projSize, numLayers, dropoutDesc, auxFlags)) {
    return cpu::null_pointer(__func__);
  }
  *algo = rnn->algorithm;
  *cellMode = rnn->cell;
  *biasMode = rnn->bias;
  *dirMode = rnn->direction;
  *inputMode = rnn->input_mode;
  *dataType = rnn->data_type;
  *mathPrec = rnn->math_precision;
  *mathType = rnn->math_type;
  *inputSize = rnn->input_size;
  *hiddenSize = rnn->hidden_size;
  *projSize = rnn->projection_size;
  *numLayers = rnn->layers;
  *dropoutDesc = rnn->dropout;
  *auxFlags = rnn->auxiliary_flags;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnRNNSetClip_v8(cudnnRNNDescriptor_t rnnDesc, cudnnRNNClipMode_t clipMode,
                                 cudnnNanPropagation_t clipNanOpt, double lclip, double rclip) {
  auto* rnn = lookup<RnnDescriptor>(rnnDesc);
  if (rnn == nullptr) return bad_handle(rnnDesc, "rnnDesc");
  // Written so that NaN fails.
  if (!(lclip <= rclip)) return fail(CUDNN_STATUS_BAD_PARAM, "lclip is not below or equal to rclip");
  rnn->clip_mode = static_cast<int>(clipMode);
  rnn->clip_nan_propagation = static_cast<int>(clipNanOpt);
  rnn->clip_left = lclip;
  rnn->clip_right = rclip;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnRNNSetClip_v9(cudnnRNNDescriptor_t rnnDesc, cudnnRNNClipMode_t clipMode, double lclip,
                                 double rclip) {
  return cudnnRNNSetClip_v8(rnnDesc, clipMode, CUDNN_NOT_PROPAGATE_NAN, lclip, rclip);
}

cudnnStatus_t cudnnRNNGetClip_v8(cudnnRNNDescriptor_t rnnDesc, cudnnRNNClipMode_t* clipMode,
                                 cudnnNanPropagation_t* clipNanOpt, double* lclip, double* rclip) {
  const auto* rnn = lookup<RnnDescriptor>(rnnDesc);
  if (rnn == nullptr) return bad_handle(rnnDesc, "rnnDesc");
  if (any_null(clipMode, clipNanOpt, lclip, rclip)) return cpu::null_pointer(__func__);
  *clipMode = static_cast<cudnnRNNClipMode_t>(rnn->clip_mode);
  *clipNanOpt = static_cast<cudnnNanPropagation_t>(rnn->clip_nan_propagation);
  *lclip = rnn->clip_left;
  *rclip = rnn->clip_right;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnRNNGetClip_v9(cudnnRNNDescriptor_t rnnDesc, cudnnRNNClipMode_t* clipMode, double* lclip,
                                 double* rclip) {
  cudnnNanPropagation_t nan_propagation;
  return cudnnRNNGetClip_v8(rnnDesc, clipMode, &nan_propagation, lclip, rclip);
}
