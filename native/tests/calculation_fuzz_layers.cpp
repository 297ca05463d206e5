// All layers but convolutions.
#include <algorithm>

#include "tests/calculation_fuzz.h"

void CalculationFuzzer::pool() {
  draw(3, 6);
  const int spatial = static_cast<int>(dims_.size()) - 2;
  Dims window, padding, stride, result(dims_.size(), 1);
  for (int i = 0; i < spatial; ++i) {
    window.push_back(between(1, 3));
    padding.push_back(below(2));
    stride.push_back(between(1, 3));
  }
  cudnnSetPoolingNdDescriptor(pooling_, one_of<cudnnPoolingMode_t>(4), nan(), spatial, window.data(), padding.data(),
                              stride.data());
  if (cudnnGetPoolingNdForwardOutputDim(pooling_, tensors_[0], spatial + 2, result.data()) != CUDNN_STATUS_SUCCESS) {
    result.assign(dims_.size(), 1);
  }
  set(tensors_[1], result);
  set(tensors_[2], result);
  if (chance(50)) {
    check("cudnnPoolingForward", CALL(cudnnPoolingForward, handle(), live(pooling_), factor(), tensor(0), data(0),
                                      factor(), tensor(1), data(1)));
  } else {
    check("cudnnPoolingBackward", CALL(cudnnPoolingBackward, handle(), live(pooling_), factor(), tensor(1), given(1),
                                       tensor(2), data(2), tensor(0), given(0), factor(), tensor(3), data(3)));
  }
}

void CalculationFuzzer::activate() {
  draw();
  cudnnSetActivationDescriptor(activation_, one_of<cudnnActivationMode_t>(7), nan(), 1.0);
  // In place, the tensors are the same.
  void* x = data(0);
  if (chance(50)) {
    const bool in_place = chance(30);
    check("cudnnActivationForward", CALL(cudnnActivationForward, handle(), live(activation_), factor(), tensor(0), x,
                                         factor(), in_place ? tensors_[0] : tensor(1), in_place ? x : data(1)));
  } else {
    const bool in_place = chance(30);
    check("cudnnActivationBackward",
          CALL(cudnnActivationBackward, handle(), live(activation_), factor(), in_place ? tensors_[0] : tensor(1),
               in_place ? x : data(1), tensor(2), data(2), tensor(0), x, factor(), tensor(3), data(3)));
  }
}

void CalculationFuzzer::soften() {
  draw();
  const auto algorithm = one_of<cudnnSoftmaxAlgorithm_t>(3);
  const auto mode = one_of<cudnnSoftmaxMode_t>(2);
  if (chance(50)) {
    check("cudnnSoftmaxForward", CALL(cudnnSoftmaxForward, handle(), algorithm, mode, factor(), tensor(0), data(0),
                                      factor(), tensor(1), data(1)));
  } else {
    check("cudnnSoftmaxBackward", CALL(cudnnSoftmaxBackward, handle(), algorithm, mode, factor(), tensor(0), data(0),
                                       tensor(1), data(1), factor(), tensor(2), data(2)));
  }
}

void CalculationFuzzer::normalize() {
  draw(4, 5);
  const auto mode = one_of<cudnnBatchNormMode_t>(3);
  if (cudnnDeriveBNTensorDescriptor(tensors_[3], tensors_[0], mode) != CUDNN_STATUS_SUCCESS)
    set(tensors_[3], {1, dims_[1], 1, 1});
  const cudnnTensorDescriptor_t p = tensor(3);
  switch (below(3)) {
    case 0:
      check("cudnnBatchNormalizationForwardInference",
            CALL(cudnnBatchNormalizationForwardInference, handle(), mode, factor(), factor(), tensor(0), data(0),
                 tensor(1), data(1), p, data(3), data(3), data(3), data(3), 1e-5));
      break;
    case 1: {
      // These two pairs may be left out, each as a whole.
      const int running = chance(80) ? 100 : 0, saved = chance(80) ? 100 : 0;
      check("cudnnBatchNormalizationForwardTraining",
            CALL(cudnnBatchNormalizationForwardTraining, handle(), mode, factor(), factor(), tensor(0), data(0),
                 tensor(1), data(1), p, data(3), data(3), 0.1, maybe(given(3), running), maybe(given(3), running), 1e-5,
                 maybe(given(3), saved), maybe(given(3), saved)));
      break;
    }
    default: {
      const int saved = chance(80) ? 100 : 0;
      check("cudnnBatchNormalizationBackward",
            CALL(cudnnBatchNormalizationBackward, handle(), mode, factor(), factor(), factor(), factor(), tensor(0),
                 data(0), tensor(1), data(1), tensor(2), data(2), p, data(3), data(3), data(3), 1e-5,
                 maybe(given(3), saved), maybe(given(3), saved)));
    }
  }
}

void CalculationFuzzer::normalize_fused() {
  draw(4, 5);
  const auto mode = one_of<cudnnBatchNormMode_t>(3);
  const auto operations = one_of<cudnnBatchNormOps_t>(3);
  if (cudnnDeriveBNTensorDescriptor(tensors_[3], tensors_[0], mode) != CUDNN_STATUS_SUCCESS)
    set(tensors_[3], {1, dims_[1], 1, 1});
  cudnnSetActivationDescriptor(activation_, chance(90) ? CUDNN_ACTIVATION_RELU : one_of<cudnnActivationMode_t>(7),
                               nan(), 0.0);
  const cudnnTensorDescriptor_t y = tensors_[1], z = tensors_[2], dy = tensors_[4], dx = tensors_[5],
                                parameters = tensors_[3];
  size_t reserve_bytes = 0, bytes = 0;
  check("cudnnGetBatchNormalizationTrainingExReserveSpaceSize",
        CALL(cudnnGetBatchNormalizationTrainingExReserveSpaceSize, handle(), mode, operations, activation_, tensor(0),
             &reserve_bytes));
  missing_ = false;
  const Workspace reserve = workspace(reserve_bytes);
  if (chance(50)) {
    check("cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize",
          CALL(cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize, handle(), mode, operations, tensor(0), z, y,
               parameters, activation_, &bytes));
    missing_ = false;
    const Workspace space = workspace(bytes);
    check("cudnnBatchNormalizationForwardTrainingEx",
          CALL(cudnnBatchNormalizationForwardTrainingEx, handle(), mode, operations, factor(), factor(), tensor(0),
               data(0), z, given(2), tensor(1), data(1), tensor(3), data(3), data(3), 0.3, given(3), given(3), 1e-4,
               given(3), given(3), activation_, space.data, space.bytes, reserve.data, reserve.bytes));
  } else {
    check("cudnnGetBatchNormalizationBackwardExWorkspaceSize",
          CALL(cudnnGetBatchNormalizationBackwardExWorkspaceSize, handle(), mode, operations, tensor(0), y, dy, z, dx,
               parameters, activation_, &bytes));
    missing_ = false;
    const Workspace space = workspace(bytes);
    check("cudnnBatchNormalizationBackwardEx",
          CALL(cudnnBatchNormalizationBackwardEx, handle(), mode, operations, factor(), factor(), factor(), factor(),
               tensor(0), data(0), y, given(1), tensor(4), data(4), z, given(2), tensor(5), data(5), tensor(3), data(3),
               given(3), data(3), data(3), 1e-4, given(3), given(3), activation_, space.data, space.bytes, reserve.data,
               reserve.bytes));
  }
}

void CalculationFuzzer::normalize_by_algorithm() {
  draw(4, 5);
  const auto mode = one_of<cudnnNormMode_t>(2);
  const auto operations = one_of<cudnnNormOps_t>(3);
  const auto algorithm = one_of<cudnnNormAlgo_t>(2);
  const int groups = chance(95) ? 1 : between(0, 2);
  cudnnTensorDescriptor_t statistics = nullptr;
  cudnnCreateTensorDescriptor(&statistics);
  if (cudnnDeriveNormTensorDescriptor(tensors_[3], statistics, tensors_[0], mode, 1) != CUDNN_STATUS_SUCCESS) {
    set(tensors_[3], {1, dims_[1], 1, 1});
    set(statistics, {1, dims_[1], 1, 1});
  }
  cudnnSetActivationDescriptor(activation_, chance(90) ? CUDNN_ACTIVATION_RELU : one_of<cudnnActivationMode_t>(7),
                               nan(), 0.0);
  const cudnnTensorDescriptor_t y = tensors_[1], z = tensors_[2], dy = tensors_[4], dx = tensors_[5],
                                parameters = tensors_[3];
  size_t reserve_bytes = 0, bytes = 0;
  check("cudnnGetNormalizationTrainingReserveSpaceSize",
        CALL(cudnnGetNormalizationTrainingReserveSpaceSize, handle(), mode, operations, algorithm, activation_,
             tensor(0), &reserve_bytes, groups));
  missing_ = false;
  const Workspace reserve = workspace(reserve_bytes);
  switch (below(3)) {
    case 0:
      check("cudnnNormalizationForwardInference",
            CALL(cudnnNormalizationForwardInference, handle(), mode, operations, algorithm, factor(), factor(),
                 tensor(0), data(0), tensor(3), data(3), data(3), statistics, data(3), data(3), z, given(2),
                 activation_, tensor(1), data(1), 1e-4, groups));
      break;
    case 1: {
      check("cudnnGetNormalizationForwardTrainingWorkspaceSize",
            CALL(cudnnGetNormalizationForwardTrainingWorkspaceSize, handle(), mode, operations, algorithm, tensor(0), z,
                 y, parameters, activation_, statistics, &bytes, groups));
      missing_ = false;
      const Workspace space = workspace(bytes);
      check("cudnnNormalizationForwardTraining",
            CALL(cudnnNormalizationForwardTraining, handle(), mode, operations, algorithm, factor(), factor(),
                 tensor(0), data(0), tensor(3), data(3), data(3), 0.3, statistics, given(3), given(3), 1e-4, given(3),
                 given(3), activation_, z, given(2), tensor(1), data(1), space.data, space.bytes, reserve.data,
                 reserve.bytes, groups));
      break;
    }
    default: {
      check("cudnnGetNormalizationBackwardWorkspaceSize",
            CALL(cudnnGetNormalizationBackwardWorkspaceSize, handle(), mode, operations, algorithm, tensor(0), y, dy, z,
                 dx, parameters, activation_, statistics, &bytes, groups));
      missing_ = false;
      const Workspace space = workspace(bytes);
      check("cudnnNormalizationBackward",
            CALL(cudnnNormalizationBackward, handle(), mode, operations, algorithm, factor(), factor(), factor(),
                 factor(), tensor(0), data(0), y, given(1), tensor(4), data(4), z, given(2), tensor(5), data(5),
                 tensor(3), data(3), given(3), data(3), data(3), 1e-4, statistics, given(3), given(3), activation_,
                 space.data, space.bytes, reserve.data, reserve.bytes, groups));
    }
  }
  cudnnDestroyTensorDescriptor(statistics);
}

void CalculationFuzzer::elementwise() {
  draw();
  // Operands may be broadcast along any dimension.
  set(tensors_[1], some_ones());
  switch (below(5)) {
    case 0:
      check("cudnnAddTensor",
            CALL(cudnnAddTensor, handle(), factor(), tensor(1), data(1), factor(), tensor(0), data(0)));
      break;
    case 1: {
      // A setter that fails leaves the descriptor as it was. SQRT and NOT have one operand; what is given for the other
      // is not looked at.
      cudnnSetOpTensorDescriptor(operation_, one_of<cudnnOpTensorOp_t>(6), wide_type(), nan());
      cudnnOpTensorOp_t function;
      cudnnDataType_t type;
      cudnnNanPropagation_t propagation;
      cudnnGetOpTensorDescriptor(operation_, &function, &type, &propagation);
      const bool unary = function == CUDNN_OP_TENSOR_SQRT || function == CUDNN_OP_TENSOR_NOT;
      check("cudnnOpTensor",
            CALL(cudnnOpTensor, handle(), live(operation_), factor(), tensor(0), data(0), factor(),
                 unary ? nullptr : tensor(1), unary ? nullptr : data(1), factor(), tensor(2), data(2)));
      break;
    }
    case 2: {
      const double value = 0.5;
      check("cudnnSetTensor", CALL(cudnnSetTensor, handle(), tensor(0), data(0), &value));
      break;
    }
    case 3:
      check("cudnnScaleTensor", CALL(cudnnScaleTensor, handle(), tensor(0), data(0), factor()));
      break;
    default: {
      const bool in_place = chance(20);
      void* x = data(0);
      check("cudnnTransformTensor", CALL(cudnnTransformTensor, handle(), factor(), tensor(0), x, factor(),
                                         in_place ? tensors_[0] : tensor(2), in_place ? x : data(2)));
    }
  }
}

void CalculationFuzzer::reduce() {
  draw();
  set(tensors_[1], some_ones());
  cudnnSetReduceTensorDescriptor(reduction_, one_of<cudnnReduceTensorOp_t>(9), wide_type(), nan(),
                                 one_of<cudnnReduceTensorIndices_t>(2),
                                 chance(80) ? CUDNN_32BIT_INDICES : one_of<cudnnIndicesType_t>(4));
  size_t index_bytes = 0, bytes = 0;
  check("cudnnGetReductionIndicesSize",
        CALL(cudnnGetReductionIndicesSize, handle(), reduction_, tensor(0), tensor(1), &index_bytes));
  missing_ = false;
  check("cudnnGetReductionWorkspaceSize",
        CALL(cudnnGetReductionWorkspaceSize, handle(), reduction_, tensor(0), tensor(1), &bytes));
  missing_ = false;
  const Workspace indices = workspace(index_bytes), space = workspace(bytes);
  check("cudnnReduceTensor", CALL(cudnnReduceTensor, handle(), live(reduction_), indices.data, indices.bytes,
                                  space.data, space.bytes, factor(), tensor(0), data(0), factor(), tensor(1), data(1)));
}

void CalculationFuzzer::respond() {
  draw(4, 5);
  cudnnSetLRNDescriptor(response_, static_cast<unsigned>(between(1, 6)), 0.5, 0.75, 1.0);
  const auto mode = chance(97) ? CUDNN_LRN_CROSS_CHANNEL_DIM1 : static_cast<cudnnLRNMode_t>(1);
  if (chance(50)) {
    check("cudnnLRNCrossChannelForward", CALL(cudnnLRNCrossChannelForward, handle(), live(response_), mode, factor(),
                                              tensor(0), data(0), factor(), tensor(1), data(1)));
  } else {
    check("cudnnLRNCrossChannelBackward",
          CALL(cudnnLRNCrossChannelBackward, handle(), live(response_), mode, factor(), tensor(0), data(0), tensor(1),
               data(1), tensor(2), data(2), factor(), tensor(3), data(3)));
  }
}

void CalculationFuzzer::divide() {
  draw(4, 5);
  cudnnSetLRNDescriptor(response_, static_cast<unsigned>(between(1, 5)), 0.5, 0.75, 1.0);
  // Both tensors have one layout.
  if (chance(80)) {
    set(tensors_[0], dims_);
    int rank = 0, dims[8], strides[8];
    cudnnDataType_t type;
    cudnnGetTensorNdDescriptor(tensors_[0], 8, &type, &rank, dims, strides);
    cudnnSetTensorNdDescriptor(tensors_[1], type, rank, dims, strides);
  }
  const auto mode = chance(97) ? CUDNN_DIVNORM_PRECOMPUTED_MEANS : static_cast<cudnnDivNormMode_t>(1);
  if (chance(50)) {
    check("cudnnDivisiveNormalizationForward",
          CALL(cudnnDivisiveNormalizationForward, handle(), live(response_), mode, factor(), tensor(0), data(0),
               maybe(given(0), 80), data(0), data(0), factor(), tensor(1), data(1)));
  } else {
    check("cudnnDivisiveNormalizationBackward",
          CALL(cudnnDivisiveNormalizationBackward, handle(), live(response_), mode, factor(), tensor(0), data(0),
               maybe(given(0), 80), data(0), data(0), data(0), factor(), tensor(1), data(1), maybe(given(1), 80)));
  }
}

void CalculationFuzzer::drop_out() {
  draw();
  void* states = reinterpret_cast<void*>(dropout_states_);
  const size_t state_bytes = chance(95) ? dropout_state_bytes_ : dropout_state_bytes_ / 2;
  if (chance(70)) {
    check("cudnnSetDropoutDescriptor", CALL(cudnnSetDropoutDescriptor, live(dropout_), handle(),
                                            0.25f * static_cast<float>(below(5)), states, state_bytes, random_()));
  } else {
    check("cudnnRestoreDropoutDescriptor",
          CALL(cudnnRestoreDropoutDescriptor, live(dropout_), handle(), 0.5f, states, state_bytes, random_()));
  }
  missing_ = false;
  float probability;
  void* states_now;
  unsigned long long seed;
  check("cudnnGetDropoutDescriptor",
        CALL(cudnnGetDropoutDescriptor, live(dropout_), handle(), &probability, &states_now, &seed));
  missing_ = false;
  size_t bytes = 0;
  check("cudnnDropoutGetReserveSpaceSize", CALL(cudnnDropoutGetReserveSpaceSize, tensor(0), &bytes));
  missing_ = false;
  check("cudnnDropoutGetStatesSize", CALL(cudnnDropoutGetStatesSize, handle(), &dropout_state_bytes_));
  missing_ = false;
  const Workspace reserve = workspace(bytes);
  check("cudnnDropoutForward", CALL(cudnnDropoutForward, handle(), live(dropout_), tensor(0), data(0), tensor(1),
                                    data(1), reserve.data, reserve.bytes));
  missing_ = false;
  check("cudnnDropoutBackward", CALL(cudnnDropoutBackward, handle(), live(dropout_), tensor(2), data(2), tensor(3),
                                     data(3), reserve.data, reserve.bytes));
}

void CalculationFuzzer::transform() {
  draw(3, 5);
  const size_t rank = dims_.size();
  Dims before(rank), after(rank);
  std::vector<uint32_t> fold(rank);
  const bool unfolds = chance(40), pads = chance(70);
  for (size_t i = 0; i < rank; ++i) {
    if (pads) before[i] = between(-1, 2), after[i] = between(-1, 2);
    fold[i] = static_cast<uint32_t>(chance(60) ? 1 : between(1, 3));
  }
  cudnnSetTensorTransformDescriptor(transforms_[0], static_cast<uint32_t>(rank),
                                    chance(50) ? CUDNN_TENSOR_NCHW : CUDNN_TENSOR_NHWC, before.data(), after.data(),
                                    fold.data(), unfolds ? CUDNN_TRANSFORM_UNFOLD : CUDNN_TRANSFORM_FOLD);
  size_t bytes = 0;
  if (cudnnInitTransformDest(transforms_[0], tensors_[0], tensors_[1], &bytes) != CUDNN_STATUS_SUCCESS)
    set(tensors_[1], dims_);
  if (chance(60)) {
    check("cudnnTransformTensorEx", CALL(cudnnTransformTensorEx, handle(), live(transforms_[0]), factor(), tensor(0),
                                         data(0), factor(), tensor(1), data(1)));
    return;
  }
  int count = 0, dims[8] = {}, strides[8];
  cudnnDataType_t type;
  cudnnGetTensorNdDescriptor(tensors_[1], 8, &type, &count, dims, strides);
  cudnnSetFilterNdDescriptor(filter_, type_, chance(50) ? CUDNN_TENSOR_NCHW : CUDNN_TENSOR_NHWC, static_cast<int>(rank),
                             dims_.data());
  cudnnSetFilterNdDescriptor(filter_result_, type_, chance(50) ? CUDNN_TENSOR_NCHW : CUDNN_TENSOR_NHWC, count, dims);
  check("cudnnTransformFilter", CALL(cudnnTransformFilter, handle(), live(transforms_[0]), factor(), live(filter_),
                                     weights(filter_), factor(), live(filter_result_), weights(filter_result_)));
}

void CalculationFuzzer::sample() {
  draw(4, 4);
  Dims result = dims_;
  result[2] = between(1, 7);
  result[3] = between(1, 7);
  set(tensors_[1], result);
  // A setter that fails leaves the descriptor as it was.
  cudnnDestroySpatialTransformerDescriptor(transformer_);
  cudnnCreateSpatialTransformerDescriptor(&transformer_);
  cudnnSetSpatialTransformerNdDescriptor(transformer_, CUDNN_SAMPLER_BILINEAR, type_, chance(97) ? 4 : 3,
                                         result.data());
  const auto pixels = static_cast<size_t>(result[0] * result[2] * result[3]);
  switch (below(4)) {
    case 0:
      check("cudnnSpatialTfGridGeneratorForward", CALL(cudnnSpatialTfGridGeneratorForward, handle(), live(transformer_),
                                                       values(static_cast<size_t>(result[0]) * 6), values(pixels * 2)));
      break;
    case 1:
      check("cudnnSpatialTfGridGeneratorBackward",
            CALL(cudnnSpatialTfGridGeneratorBackward, handle(), live(transformer_), values(pixels * 2),
                 values(static_cast<size_t>(result[0]) * 6)));
      break;
    case 2:
      check("cudnnSpatialTfSamplerForward", CALL(cudnnSpatialTfSamplerForward, handle(), live(transformer_), factor(),
                                                 tensor(0), data(0), values(pixels * 2), factor(), tensor(1), data(1)));
      break;
    default:
      check("cudnnSpatialTfSamplerBackward",
            CALL(cudnnSpatialTfSamplerBackward, handle(), live(transformer_), factor(), tensor(0), data(0), factor(),
                 tensor(2), data(2), factor(), tensor(1), data(1), values(pixels * 2), factor(), values(pixels * 2)));
  }
}
