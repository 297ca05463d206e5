// Convolutions and what goes with them.
#include <algorithm>

#include "tests/calculation_fuzz.h"

// Tensors 0 and 1 are the input and the result, 2 the bias, 3 what is added. False where they do not go together.
bool CalculationFuzzer::draw_convolution() {
  draw(3, 5);
  const int spatial = static_cast<int>(dims_.size()) - 2;
  const int groups = chance(80) ? 1 : between(1, 3);
  if (chance(95)) {
    // Groups that divide the channels, and windows that fit in.
    dims_[1] *= groups;
    for (int i = 2; i < spatial + 2; ++i) dims_[static_cast<size_t>(i)] += 4;
    set(tensors_[0], dims_);
  }
  cudnnDataType_t result_type = type_, filter_type = type_, bias_type = type_;
  cudnnTensorFormat_t format = chance(50) ? CUDNN_TENSOR_NCHW : CUDNN_TENSOR_NHWC;
  cudnnDataType_t compute = wide_type();
  int per_group = chance(95) ? std::max(1, dims_[1] / groups) : dims_[1], filters = between(1, 5) * groups;
  const bool has_vectors = type_ == CUDNN_DATA_INT8x4 || type_ == CUDNN_DATA_INT8x32 || type_ == CUDNN_DATA_UINT8x4;
  const bool is_byte = has_vectors || type_ == CUDNN_DATA_INT8 || type_ == CUDNN_DATA_UINT8;
  if (is_byte) {
    compute = CUDNN_DATA_INT32;
    bias_type = CUDNN_DATA_FLOAT;
    if (type_ == CUDNN_DATA_UINT8x4) filter_type = CUDNN_DATA_INT8x4;
    if (type_ == CUDNN_DATA_UINT8) filter_type = CUDNN_DATA_INT8;
    if (has_vectors) {
      format = CUDNN_TENSOR_NCHW_VECT_C;
      per_group = dims_[1];
      filters = dims_[1];
    }
    result_type = chance(50) ? filter_type : CUDNN_DATA_FLOAT;
  }
  Dims filter{filters, per_group}, padding, stride, dilation;
  for (int i = 0; i < spatial; ++i) {
    filter.push_back(between(1, 4));
    padding.push_back(below(3));
    stride.push_back(between(1, 3));
    dilation.push_back(is_byte || chance(60) ? 1 : 2);
  }
  cudnnSetFilterNdDescriptor(filter_, filter_type, format, spatial + 2, filter.data());
  cudnnSetConvolutionNdDescriptor(convolution_, spatial, padding.data(), stride.data(), dilation.data(),
                                  one_of<cudnnConvolutionMode_t>(2), compute);
  cudnnSetConvolutionGroupCount(convolution_, is_byte ? 1 : groups);
  if (chance(10)) cudnnSetConvolutionReorderType(convolution_, one_of<cudnnReorderType_t>(2));
  Dims result(dims_.size(), 1);
  const bool fits = cudnnGetConvolutionNdForwardOutputDim(convolution_, tensors_[0], filter_, spatial + 2,
                                                          result.data()) == CUDNN_STATUS_SUCCESS;
  if (!fits) result.assign(dims_.size(), 1);
  set(tensors_[1], result_type, result);
  set(tensors_[3], result_type, result);
  Dims bias(dims_.size(), 1);
  bias[1] = result[1];
  set(tensors_[2], bias_type, bias);
  return fits;
}

void CalculationFuzzer::convolve() {
  draw_convolution();
  size_t bytes = 0;
  switch (below(4)) {
    case 0: {
      const auto algorithm = one_of<cudnnConvolutionFwdAlgo_t>(chance(75) ? 2 : 8);
      check("cudnnGetConvolutionForwardWorkspaceSize",
            CALL(cudnnGetConvolutionForwardWorkspaceSize, handle(), tensor(0), filter_, convolution_, tensor(1),
                 algorithm, &bytes));
      missing_ = false;
      const Workspace space = workspace(bytes);
      check("cudnnConvolutionForward",
            CALL(cudnnConvolutionForward, handle(), factor(), tensor(0), data(0), filter_, weights(filter_),
                 convolution_, algorithm, space.data, space.bytes, factor(), tensor(1), data(1)));
      break;
    }
    case 1: {
      const auto algorithm = one_of<cudnnConvolutionBwdDataAlgo_t>(chance(75) ? 2 : 6);
      check("cudnnGetConvolutionBackwardDataWorkspaceSize",
            CALL(cudnnGetConvolutionBackwardDataWorkspaceSize, handle(), filter_, tensor(1), convolution_, tensor(0),
                 algorithm, &bytes));
      missing_ = false;
      const Workspace space = workspace(bytes);
      check("cudnnConvolutionBackwardData",
            CALL(cudnnConvolutionBackwardData, handle(), factor(), filter_, weights(filter_), tensor(1), data(1),
                 convolution_, algorithm, space.data, space.bytes, factor(), tensor(0), data(0)));
      break;
    }
    case 2: {
      const auto algorithm = one_of<cudnnConvolutionBwdFilterAlgo_t>(chance(75) ? 2 : 7);
      check("cudnnGetConvolutionBackwardFilterWorkspaceSize",
            CALL(cudnnGetConvolutionBackwardFilterWorkspaceSize, handle(), tensor(0), tensor(1), convolution_, filter_,
                 algorithm, &bytes));
      missing_ = false;
      const Workspace space = workspace(bytes);
      check("cudnnConvolutionBackwardFilter",
            CALL(cudnnConvolutionBackwardFilter, handle(), factor(), tensor(0), data(0), tensor(1), data(1),
                 convolution_, algorithm, space.data, space.bytes, factor(), filter_, weights(filter_)));
      break;
    }
    default:
      check("cudnnConvolutionBackwardBias",
            CALL(cudnnConvolutionBackwardBias, handle(), factor(), tensor(1), data(1), factor(), tensor(2), data(2)));
  }
}

void CalculationFuzzer::find_algorithms() {
  draw_convolution();
  const int wanted = chance(95) ? between(1, 10) : between(-1, 0);
  int count = 0;
  cudnnConvolutionFwdAlgoPerf_t forward[10];
  cudnnConvolutionBwdDataAlgoPerf_t by_data[10];
  cudnnConvolutionBwdFilterAlgoPerf_t by_filter[10];
  const Workspace space = workspace(size_t{1} << 16);
  switch (below(12)) {
    case 0:
      check("cudnnGetConvolutionForwardAlgorithmMaxCount",
            CALL(cudnnGetConvolutionForwardAlgorithmMaxCount, handle(), chance(80) ? &count : nullptr));
      break;
    case 1:
      check("cudnnGetConvolutionBackwardDataAlgorithmMaxCount",
            CALL(cudnnGetConvolutionBackwardDataAlgorithmMaxCount, handle(), chance(80) ? &count : nullptr));
      break;
    case 2:
      check("cudnnGetConvolutionBackwardFilterAlgorithmMaxCount",
            CALL(cudnnGetConvolutionBackwardFilterAlgorithmMaxCount, handle(), chance(80) ? &count : nullptr));
      break;
    case 3:
      check("cudnnGetConvolutionForwardAlgorithm_v7", CALL(cudnnGetConvolutionForwardAlgorithm_v7, handle(), tensor(0),
                                                           filter_, convolution_, tensor(1), wanted, &count, forward));
      break;
    case 4:
      check("cudnnGetConvolutionBackwardDataAlgorithm_v7",
            CALL(cudnnGetConvolutionBackwardDataAlgorithm_v7, handle(), filter_, tensor(1), convolution_, tensor(0),
                 wanted, &count, by_data));
      break;
    case 5:
      check("cudnnGetConvolutionBackwardFilterAlgorithm_v7",
            CALL(cudnnGetConvolutionBackwardFilterAlgorithm_v7, handle(), tensor(0), tensor(1), convolution_, filter_,
                 wanted, &count, by_filter));
      break;
    case 6:
      check("cudnnFindConvolutionForwardAlgorithm", CALL(cudnnFindConvolutionForwardAlgorithm, handle(), tensor(0),
                                                         filter_, convolution_, tensor(1), wanted, &count, forward));
      break;
    case 7:
      check("cudnnFindConvolutionBackwardDataAlgorithm",
            CALL(cudnnFindConvolutionBackwardDataAlgorithm, handle(), filter_, tensor(1), convolution_, tensor(0),
                 wanted, &count, by_data));
      break;
    case 8:
      check("cudnnFindConvolutionBackwardFilterAlgorithm",
            CALL(cudnnFindConvolutionBackwardFilterAlgorithm, handle(), tensor(0), tensor(1), convolution_, filter_,
                 wanted, &count, by_filter));
      break;
    case 9:
      check("cudnnFindConvolutionForwardAlgorithmEx",
            CALL(cudnnFindConvolutionForwardAlgorithmEx, handle(), tensor(0), data(0), filter_, weights(filter_),
                 convolution_, tensor(1), data(1), wanted, &count, forward, space.data, space.bytes));
      break;
    case 10:
      check("cudnnFindConvolutionBackwardDataAlgorithmEx",
            CALL(cudnnFindConvolutionBackwardDataAlgorithmEx, handle(), filter_, weights(filter_), tensor(1), data(1),
                 convolution_, tensor(0), data(0), wanted, &count, by_data, space.data, space.bytes));
      break;
    default:
      check("cudnnFindConvolutionBackwardFilterAlgorithmEx",
            CALL(cudnnFindConvolutionBackwardFilterAlgorithmEx, handle(), tensor(0), data(0), tensor(1), data(1),
                 convolution_, filter_, weights(filter_), wanted, &count, by_filter, space.data, space.bytes));
  }
}

void CalculationFuzzer::fuse_bias() {
  draw_convolution();
  cudnnSetActivationDescriptor(activation_, chance(70) ? CUDNN_ACTIVATION_RELU : one_of<cudnnActivationMode_t>(7),
                               nan(), 1.0);
  const auto algorithm = one_of<cudnnConvolutionFwdAlgo_t>(chance(75) ? 2 : 8);
  size_t bytes = 0;
  if (cudnnGetConvolutionForwardWorkspaceSize(handle_, tensors_[0], filter_, convolution_, tensors_[1], algorithm,
                                              &bytes) != CUDNN_STATUS_SUCCESS) {
    bytes = 0;
  }
  const Workspace space = workspace(bytes);
  check("cudnnConvolutionBiasActivationForward",
        CALL(cudnnConvolutionBiasActivationForward, handle(), factor(), tensor(0), data(0), filter_, weights(filter_),
             convolution_, algorithm, space.data, space.bytes, factor(), tensor(3), given(3), tensor(2), data(2),
             live(activation_), tensor(1), data(1)));
}

void CalculationFuzzer::lower() {
  draw_convolution();
  // Channels and taps by samples and positions.
  size_t bytes = 1;
  int rank = 0, filter[8] = {}, input[8] = {}, strides[8], result[8] = {};
  cudnnDataType_t type;
  cudnnTensorFormat_t format;
  cudnnGetTensorNdDescriptor(tensors_[0], 8, &type, &rank, input, strides);
  cudnnGetFilterNdDescriptor(filter_, 8, &type, &format, &rank, filter);
  if (cudnnGetConvolutionNdForwardOutputDim(convolution_, tensors_[0], filter_, rank, result) == CUDNN_STATUS_SUCCESS) {
    bytes = size_t{8} * static_cast<size_t>(input[0] * input[1]);
    for (int i = 2; i < rank; ++i) bytes *= static_cast<size_t>(filter[i] * result[i]);
  }
  check("cudnnIm2Col",
        CALL(cudnnIm2Col, handle(), tensor(0), data(0), live(filter_), live(convolution_), memory(bytes)));
}

void CalculationFuzzer::fold_convolution() {
  draw_convolution();
  if (chance(70)) {
    cudnnSetConvolutionGroupCount(convolution_, 1);
    cudnnSetConvolution2dDescriptor(convolution_, below(3), below(3), between(1, 3), between(1, 3), 1, 1,
                                    CUDNN_CROSS_CORRELATION, wide_type());
    draw(4, 4);
    cudnnSetFilter4dDescriptor(filter_, type_, CUDNN_TENSOR_NCHW, between(1, 9), dims_[1], between(1, 4),
                               between(1, 4));
    Dims result(4, 1);
    if (cudnnGetConvolutionNdForwardOutputDim(convolution_, tensors_[0], filter_, 4, result.data()) !=
        CUDNN_STATUS_SUCCESS) {
      result.assign(4, 1);
    }
    set(tensors_[1], result);
  }
  check("cudnnGetFoldedConvBackwardDataDescriptors",
        CALL(cudnnGetFoldedConvBackwardDataDescriptors, handle(), live(filter_), tensor(1), live(convolution_),
             tensor(0), one_of<cudnnTensorFormat_t>(2), live(filter_result_), tensor(2), live(convolution_result_),
             tensor(3), live(transforms_[0]), live(transforms_[1]), live(transforms_[2]), live(transforms_[3])));
}

void CalculationFuzzer::reorder() {
  type_ = CUDNN_DATA_FLOAT;
  const Dims dims{32 * between(1, 2), 32 * between(1, 2), between(1, 3), between(1, 3)};
  const bool right = chance(80);
  cudnnSetFilterNdDescriptor(filter_, right ? CUDNN_DATA_INT8x32 : one_of<cudnnDataType_t>(9),
                             right ? CUDNN_TENSOR_NCHW_VECT_C : one_of<cudnnTensorFormat_t>(3), 4, dims.data());
  const int bias = below(2);
  // A filter that was refused leaves the one before, which may have more output channels than those above.
  constexpr size_t channels = 1024;
  check("cudnnReorderFilterAndBias",
        CALL(cudnnReorderFilterAndBias, handle(), live(filter_), one_of<cudnnReorderType_t>(2), weights(filter_),
             weights(filter_), bias, maybe(values(channels), bias != 0 ? 95 : 50),
             maybe(values(channels), bias != 0 ? 95 : 50)));
}
