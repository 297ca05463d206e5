#include "tests/backend/descriptors.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>

#include "tests/backend/numbers.h"

namespace model {

bool Device::start() {
  CUdevice device = 0;
  CUcontext context = nullptr;
  return cuInit(0) == CUDA_SUCCESS && cuDeviceGet(&device, 0) == CUDA_SUCCESS &&
         cuDevicePrimaryCtxRetain(&context, device) == CUDA_SUCCESS && cuCtxSetCurrent(context) == CUDA_SUCCESS &&
         cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS &&
         cudnnCreate(&handle) == CUDNN_STATUS_SUCCESS && cudnnSetStream(handle, stream) == CUDNN_STATUS_SUCCESS;
}

void Device::stop() {
  cudnnDestroy(handle);
  cuStreamDestroy_v2(stream);
  cuDevicePrimaryCtxRelease_v2(0);
}

void Calls::check(const char* call, cudnnStatus_t result) {
  if (result == CUDNN_STATUS_SUCCESS) return;
  char message[1024] = {};
  cudnnGetLastErrorString(message, sizeof message);
  const char* name = cudnnGetErrorString(result);
  if (message[0] == 0) fault = std::string(call) + " failed without a text";
  if (name == nullptr || std::strncmp(name, "CUDNN_STATUS_", 13) != 0) {
    fault = std::string(call) + " returned " + std::to_string(result) + ", which is no status";
  }
  if (failed()) return;
  status = result;
  text = std::string(call) + ": " + (name == nullptr ? "?" : name) + ": " + message;
}

Descriptors::~Descriptors() {
  for (cudnnBackendDescriptor_t descriptor : made_) cudnnBackendDestroyDescriptor(descriptor);
}

cudnnBackendDescriptor_t Descriptors::create(cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t descriptor = nullptr;
  calls_.check("cudnnBackendCreateDescriptor", cudnnBackendCreateDescriptor(type, &descriptor));
  made_.push_back(descriptor);
  return descriptor;
}

void Descriptors::set(cudnnBackendDescriptor_t descriptor, int attribute, cudnnBackendAttributeType_t type,
                      int64_t count, const void* elements) {
  if (calls_.failed()) return;
  calls_.check(
      "cudnnBackendSetAttribute",
      cudnnBackendSetAttribute(descriptor, static_cast<cudnnBackendAttributeName_t>(attribute), type, count, elements));
}

void Descriptors::set_integer(cudnnBackendDescriptor_t descriptor, int attribute, int64_t value) {
  set(descriptor, attribute, CUDNN_TYPE_INT64, 1, &value);
}

void Descriptors::set_descriptor(cudnnBackendDescriptor_t descriptor, int attribute, cudnnBackendDescriptor_t value) {
  set(descriptor, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

void Descriptors::finalize(cudnnBackendDescriptor_t descriptor) {
  if (calls_.failed()) return;
  calls_.check("cudnnBackendFinalize", cudnnBackendFinalize(descriptor));
}

cudnnBackendDescriptor_t Descriptors::tensor(const Tensor& tensor) {
  cudnnBackendDescriptor_t descriptor = create(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  const auto rank = static_cast<int64_t>(tensor.dims.size());
  set(descriptor, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &tensor.type);
  set(descriptor, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, rank, tensor.dims.data());
  set(descriptor, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, static_cast<int64_t>(tensor.strides.size()),
      tensor.strides.data());
  set_integer(descriptor, CUDNN_ATTR_TENSOR_UNIQUE_ID, tensor.uid);
  set_integer(descriptor, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, tensor.alignment);
  set(descriptor, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &tensor.is_virtual);
  set(descriptor, CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, 1, &tensor.by_value);
  finalize(descriptor);
  return descriptor;
}

namespace {

struct Port {
  Role role;
  int attribute;
};

struct Kind {
  Op op;
  cudnnBackendDescriptorType_t type;
  /// Of the operation, for the descriptor of its parameters; 0 for none.
  int parameters;
  std::vector<Port> ports;
};

const Kind& kind_of(Op op) {
  static const Kind kinds[] = {
      {Op::Convolution,
       CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
       {{Role::X, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X},
        {Role::W, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W},
        {Role::Y, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y}}},
      {Op::ConvolutionBackwardData,
       CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
       {{Role::DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX},
        {Role::W, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W},
        {Role::DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY}}},
      {Op::ConvolutionBackwardFilter,
       CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
       {{Role::X, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X},
        {Role::DW, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW},
        {Role::DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY}}},
      {Op::Pointwise,
       CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR,
       {{Role::X, CUDNN_ATTR_OPERATION_POINTWISE_XDESC},
        {Role::B, CUDNN_ATTR_OPERATION_POINTWISE_BDESC},
        {Role::T, CUDNN_ATTR_OPERATION_POINTWISE_TDESC},
        {Role::DY, CUDNN_ATTR_OPERATION_POINTWISE_DYDESC},
        {Role::Y, CUDNN_ATTR_OPERATION_POINTWISE_YDESC},
        {Role::DX, CUDNN_ATTR_OPERATION_POINTWISE_DXDESC}}},
      {Op::Matmul,
       CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_MATMUL_DESC,
       {{Role::X, CUDNN_ATTR_OPERATION_MATMUL_ADESC},
        {Role::B, CUDNN_ATTR_OPERATION_MATMUL_BDESC},
        {Role::Y, CUDNN_ATTR_OPERATION_MATMUL_CDESC}}},
      {Op::Reduction,
       CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_REDUCTION_DESC,
       {{Role::X, CUDNN_ATTR_OPERATION_REDUCTION_XDESC}, {Role::Y, CUDNN_ATTR_OPERATION_REDUCTION_YDESC}}},
      {Op::ResampleForward,
       CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC,
       {{Role::X, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC},
        {Role::Y, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC},
        {Role::Index, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_IDXDESC}}},
      {Op::ResampleBackward,
       CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC,
       {{Role::DX, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC},
        {Role::DY, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC},
        {Role::IndexIn, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_IDXDESC},
        {Role::ForwardX, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC},
        {Role::ForwardY, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC}}},
      {Op::GenStats,
       CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR,
       0,
       {{Role::X, CUDNN_ATTR_OPERATION_GENSTATS_XDESC},
        {Role::Sum, CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC},
        {Role::Square, CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC}}},
      {Op::BnFinalize,
       CUDNN_BACKEND_OPERATION_BN_FINALIZE_STATISTICS_DESCRIPTOR,
       0,
       {{Role::SumIn, CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SUM_DESC},
        {Role::SquareIn, CUDNN_ATTR_OPERATION_BN_FINALIZE_Y_SQ_SUM_DESC},
        {Role::Scale, CUDNN_ATTR_OPERATION_BN_FINALIZE_SCALE_DESC},
        {Role::Bias, CUDNN_ATTR_OPERATION_BN_FINALIZE_BIAS_DESC},
        {Role::PreviousMean, CUDNN_ATTR_OPERATION_BN_FINALIZE_PREV_RUNNING_MEAN_DESC},
        {Role::PreviousVariance, CUDNN_ATTR_OPERATION_BN_FINALIZE_PREV_RUNNING_VAR_DESC},
        {Role::RunningMean, CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_MEAN_DESC},
        {Role::RunningVariance, CUDNN_ATTR_OPERATION_BN_FINALIZE_UPDATED_RUNNING_VAR_DESC},
        {Role::MeanOut, CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_MEAN_DESC},
        {Role::InverseOut, CUDNN_ATTR_OPERATION_BN_FINALIZE_SAVED_INV_STD_DESC},
        {Role::EquivalentScale, CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_SCALE_DESC},
        {Role::EquivalentBias, CUDNN_ATTR_OPERATION_BN_FINALIZE_EQ_BIAS_DESC},
        {Role::Count, CUDNN_ATTR_OPERATION_BN_FINALIZE_ACCUM_COUNT_DESC},
        {Role::Epsilon, CUDNN_ATTR_OPERATION_BN_FINALIZE_EPSILON_DESC},
        {Role::Factor, CUDNN_ATTR_OPERATION_BN_FINALIZE_EXP_AVERATE_FACTOR_DESC}}},
      {Op::BnBackwardWeights,
       CUDNN_BACKEND_OPERATION_BN_BWD_WEIGHTS_DESCRIPTOR,
       0,
       {{Role::Mean, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_MEAN_DESC},
        {Role::Inverse, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_INVSTD_DESC},
        {Role::Scale, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_BN_SCALE_DESC},
        {Role::X, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_X_DESC},
        {Role::DY, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DY_DESC},
        {Role::DScale, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_SCALE_DESC},
        {Role::DBias, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_DBN_BIAS_DESC},
        {Role::EquivalentDyScale, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_DY_SCALE_DESC},
        {Role::EquivalentXScale, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_X_SCALE_DESC},
        {Role::EquivalentBias, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_EQ_BIAS}}},
      {Op::NormForward,
       CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR,
       0,
       {{Role::X, CUDNN_ATTR_OPERATION_NORM_FWD_XDESC},
        {Role::Mean, CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC},
        {Role::MeanOut, CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC},
        {Role::Inverse, CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC},
        {Role::InverseOut, CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC},
        {Role::Scale, CUDNN_ATTR_OPERATION_NORM_FWD_SCALE_DESC},
        {Role::Bias, CUDNN_ATTR_OPERATION_NORM_FWD_BIAS_DESC},
        {Role::Epsilon, CUDNN_ATTR_OPERATION_NORM_FWD_EPSILON_DESC},
        {Role::Factor, CUDNN_ATTR_OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC},
        {Role::PreviousMean, CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC},
        {Role::PreviousVariance, CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC},
        {Role::RunningMean, CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC},
        {Role::RunningVariance, CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC},
        {Role::Y, CUDNN_ATTR_OPERATION_NORM_FWD_YDESC}}},
      {Op::NormBackward,
       CUDNN_BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR,
       0,
       {{Role::X, CUDNN_ATTR_OPERATION_NORM_BWD_XDESC},
        {Role::Mean, CUDNN_ATTR_OPERATION_NORM_BWD_MEAN_DESC},
        {Role::Inverse, CUDNN_ATTR_OPERATION_NORM_BWD_INV_VARIANCE_DESC},
        {Role::DY, CUDNN_ATTR_OPERATION_NORM_BWD_DYDESC},
        {Role::Scale, CUDNN_ATTR_OPERATION_NORM_BWD_SCALE_DESC},
        {Role::DScale, CUDNN_ATTR_OPERATION_NORM_BWD_DSCALE_DESC},
        {Role::DBias, CUDNN_ATTR_OPERATION_NORM_BWD_DBIAS_DESC},
        {Role::DX, CUDNN_ATTR_OPERATION_NORM_BWD_DXDESC}}},
      {Op::Concat, CUDNN_BACKEND_OPERATION_CONCAT_DESCRIPTOR, 0, {{Role::Y, CUDNN_ATTR_OPERATION_CONCAT_OUTPUT_DESC}}},
      {Op::Reshape,
       CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR,
       0,
       {{Role::X, CUDNN_ATTR_OPERATION_RESHAPE_XDESC}, {Role::Y, CUDNN_ATTR_OPERATION_RESHAPE_YDESC}}},
      {Op::Rng,
       CUDNN_BACKEND_OPERATION_RNG_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_RNG_DESC,
       {{Role::Seed, CUDNN_ATTR_OPERATION_RNG_SEED},
        {Role::Offset, CUDNN_ATTR_OPERATION_RNG_OFFSET_DESC},
        {Role::Y, CUDNN_ATTR_OPERATION_RNG_YDESC}}},
  };
  for (const Kind& kind : kinds) {
    if (kind.op == op) return kind;
  }
  return kinds[0];
}

}  // namespace

cudnnBackendDescriptor_t Descriptors::parameters(const Node& node) {
  const auto list = [&](cudnnBackendDescriptor_t descriptor, int attribute, const std::vector<int64_t>& values) {
    set(descriptor, attribute, CUDNN_TYPE_INT64, static_cast<int64_t>(values.size()), values.data());
  };
  const auto real = [&](cudnnBackendDescriptor_t descriptor, int attribute, double value) {
    set(descriptor, attribute, CUDNN_TYPE_DOUBLE, 1, &value);
  };
  switch (node.op) {
    case Op::Convolution:
    case Op::ConvolutionBackwardData:
    case Op::ConvolutionBackwardFilter: {
      cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
      const cudnnConvolutionMode_t mode = node.flips_filter ? CUDNN_CONVOLUTION : CUDNN_CROSS_CORRELATION;
      set(made, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &node.compute_type);
      set(made, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
      set_integer(made, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, static_cast<int64_t>(node.stride.size()));
      list(made, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, node.before);
      list(made, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, node.after);
      list(made, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, node.stride);
      list(made, CUDNN_ATTR_CONVOLUTION_DILATIONS, node.dilation);
      return made;
    }
    case Op::Pointwise: {
      cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
      set(made, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &node.pointwise);
      set(made, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &node.compute_type);
      real(made, CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP, node.lower_clip);
      if (node.upper_clip < 1e30) real(made, CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, node.upper_clip);
      real(made, CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, node.lower_slope);
      real(made, CUDNN_ATTR_POINTWISE_ELU_ALPHA, node.elu_alpha);
      real(made, CUDNN_ATTR_POINTWISE_SOFTPLUS_BETA, node.softplus_beta);
      real(made, CUDNN_ATTR_POINTWISE_SWISH_BETA, node.swish_beta);
      set_integer(made, CUDNN_ATTR_POINTWISE_AXIS, node.axis);
      return made;
    }
    case Op::Matmul: {
      cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_MATMUL_DESCRIPTOR);
      set(made, CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &node.compute_type);
      return made;
    }
    case Op::Reduction: {
      cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
      set(made, CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &node.compute_type);
      set(made, CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, 1, &node.reduction);
      return made;
    }
    case Op::ResampleForward:
    case Op::ResampleBackward: {
      cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_RESAMPLE_DESCRIPTOR);
      const auto fractions = [&](int attribute, const std::vector<int64_t>& values, bool halves) {
        std::vector<cudnnFraction_t> elements;
        for (const int64_t value : values) elements.push_back({value, halves ? 2 : 1});
        set(made, attribute, CUDNN_TYPE_FRACTION, static_cast<int64_t>(elements.size()), elements.data());
      };
      set(made, CUDNN_ATTR_RESAMPLE_MODE, CUDNN_TYPE_RESAMPLE_MODE, 1, &node.resample);
      set(made, CUDNN_ATTR_RESAMPLE_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &node.compute_type);
      set(made, CUDNN_ATTR_RESAMPLE_PADDING_MODE, CUDNN_TYPE_PADDING_MODE, 1, &node.padding);
      set_integer(made, CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, static_cast<int64_t>(node.window.size()));
      fractions(CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, node.window, false);
      fractions(CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, node.before, node.doubles);
      fractions(CUDNN_ATTR_RESAMPLE_POST_PADDINGS, node.after, node.doubles);
      fractions(CUDNN_ATTR_RESAMPLE_STRIDES, node.stride, node.doubles);
      return made;
    }
    default: {
      cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_RNG_DESCRIPTOR);
      set(made, CUDNN_ATTR_RNG_DISTRIBUTION, CUDNN_TYPE_RNG_DISTRIBUTION, 1, &node.distribution);
      switch (node.distribution) {
        case CUDNN_RNG_DISTRIBUTION_UNIFORM:
          real(made, CUDNN_ATTR_RNG_UNIFORM_DIST_MINIMUM, node.first);
          real(made, CUDNN_ATTR_RNG_UNIFORM_DIST_MAXIMUM, node.second);
          break;
        case CUDNN_RNG_DISTRIBUTION_NORMAL:
          real(made, CUDNN_ATTR_RNG_NORMAL_DIST_MEAN, node.first);
          real(made, CUDNN_ATTR_RNG_NORMAL_DIST_STANDARD_DEVIATION, node.second);
          break;
        default:
          real(made, CUDNN_ATTR_RNG_BERNOULLI_DIST_PROBABILITY, node.first);
          break;
      }
      return made;
    }
  }
}

cudnnBackendDescriptor_t Descriptors::operation(const Node& node,
                                                const std::vector<cudnnBackendDescriptor_t>& tensors) {
  const Kind& kind = kind_of(node.op);
  cudnnBackendDescriptor_t part = nullptr;
  if (kind.parameters != 0) {
    part = parameters(node);
    finalize(part);
  }
  cudnnBackendDescriptor_t made = create(kind.type);
  if (part != nullptr) set_descriptor(made, kind.parameters, part);
  for (const Port& port : kind.ports) {
    const int index = node.at(port.role);
    if (index >= 0) set_descriptor(made, port.attribute, tensors[static_cast<size_t>(index)]);
  }
  const auto real = [&](int attribute, double value) { set(made, attribute, CUDNN_TYPE_DOUBLE, 1, &value); };
  switch (node.op) {
    case Op::Convolution:
      real(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, node.alpha);
      real(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, node.beta);
      break;
    case Op::ConvolutionBackwardData:
      real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, node.alpha);
      real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, node.beta);
      break;
    case Op::ConvolutionBackwardFilter:
      real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, node.alpha);
      real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, node.beta);
      break;
    case Op::Pointwise:
      if (node.alpha1 != 1) real(CUDNN_ATTR_OPERATION_POINTWISE_ALPHA1, node.alpha1);
      if (node.alpha2 != 1) real(CUDNN_ATTR_OPERATION_POINTWISE_ALPHA2, node.alpha2);
      break;
    case Op::ResampleForward:
      real(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_ALPHA, node.alpha);
      real(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_BETA, node.beta);
      break;
    case Op::ResampleBackward:
      real(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_ALPHA, node.alpha);
      real(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_BETA, node.beta);
      break;
    case Op::GenStats: {
      const cudnnGenStatsMode_t mode = CUDNN_GENSTATS_SUM_SQSUM;
      set(made, CUDNN_ATTR_OPERATION_GENSTATS_MODE, CUDNN_TYPE_GENSTATS_MODE, 1, &mode);
      set(made, CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &node.compute_type);
      break;
    }
    case Op::BnFinalize: {
      const cudnnBnFinalizeStatsMode_t mode =
          node.inference ? CUDNN_BN_FINALIZE_STATISTICS_INFERENCE : CUDNN_BN_FINALIZE_STATISTICS_TRAINING;
      set(made, CUDNN_ATTR_OPERATION_BN_FINALIZE_STATS_MODE, CUDNN_TYPE_BN_FINALIZE_STATS_MODE, 1, &mode);
      set(made, CUDNN_ATTR_OPERATION_BN_FINALIZE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &node.compute_type);
      break;
    }
    case Op::BnBackwardWeights:
      set(made, CUDNN_ATTR_OPERATION_BN_BWD_WEIGHTS_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &node.compute_type);
      break;
    case Op::NormForward: {
      const cudnnBackendNormFwdPhase_t phase = node.inference ? CUDNN_NORM_FWD_INFERENCE : CUDNN_NORM_FWD_TRAINING;
      set(made, CUDNN_ATTR_OPERATION_NORM_FWD_MODE, CUDNN_TYPE_NORM_MODE, 1, &node.norm);
      set(made, CUDNN_ATTR_OPERATION_NORM_FWD_PHASE, CUDNN_TYPE_NORM_FWD_PHASE, 1, &phase);
      break;
    }
    case Op::NormBackward:
      set(made, CUDNN_ATTR_OPERATION_NORM_BWD_MODE, CUDNN_TYPE_NORM_MODE, 1, &node.norm);
      break;
    case Op::Concat: {
      std::vector<cudnnBackendDescriptor_t> parts;
      for (const int part_index : node.parts) parts.push_back(tensors[static_cast<size_t>(part_index)]);
      set_integer(made, CUDNN_ATTR_OPERATION_CONCAT_AXIS, node.axis);
      set(made, CUDNN_ATTR_OPERATION_CONCAT_INPUT_DESCS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
          static_cast<int64_t>(parts.size()), parts.data());
      break;
    }
    case Op::Rng:
      if (node.at(Role::Seed) < 0) set_integer(made, CUDNN_ATTR_OPERATION_RNG_SEED, node.seed);
      break;
    default:
      break;
  }
  finalize(made);
  return made;
}

cudnnBackendDescriptor_t Descriptors::graph(const Graph& graph) {
  std::vector<cudnnBackendDescriptor_t> tensors, operations;
  for (const Tensor& value : graph.tensors) tensors.push_back(tensor(value));
  for (const Node& node : graph.nodes) operations.push_back(operation(node, tensors));
  cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  set(made, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<int64_t>(operations.size()),
      operations.data());
  finalize(made);
  return made;
}

cudnnBackendDescriptor_t Descriptors::plan(const Device& device, cudnnBackendDescriptor_t graph, int64_t engine,
                                           int64_t knob) {
  cudnnBackendDescriptor_t engine_descriptor = create(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  set_descriptor(engine_descriptor, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph);
  set_integer(engine_descriptor, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, engine);
  finalize(engine_descriptor);
  cudnnBackendDescriptor_t config = create(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  set_descriptor(config, CUDNN_ATTR_ENGINECFG_ENGINE, engine_descriptor);
  if (knob != 0) {
    cudnnBackendDescriptor_t choice = create(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
    const cudnnBackendKnobType_t type = CUDNN_KNOB_TYPE_WORKSPACE;
    set(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &type);
    set_integer(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, knob);
    finalize(choice);
    set_descriptor(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, choice);
  }
  finalize(config);
  cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  set(made, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &device.handle);
  set_descriptor(made, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
  finalize(made);
  return made;
}

std::vector<cudnnBackendDescriptor_t> Descriptors::heuristic_plans(const Device& device, cudnnBackendDescriptor_t graph,
                                                                   cudnnBackendHeurMode_t mode) {
  cudnnBackendDescriptor_t heuristics = create(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  set_descriptor(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  set(heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  finalize(heuristics);
  cudnnBackendDescriptor_t configs[4];
  for (cudnnBackendDescriptor_t& config : configs) config = create(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  int64_t count = 0;
  if (!calls_.failed()) {
    calls_.check("cudnnBackendGetAttribute",
                 cudnnBackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 4,
                                          &count, configs));
  }
  std::vector<cudnnBackendDescriptor_t> plans;
  for (int64_t i = 0; i < count && !calls_.failed(); ++i) {
    plans.push_back(create(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR));
    set(plans.back(), CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &device.handle);
    set_descriptor(plans.back(), CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configs[i]);
    finalize(plans.back());
  }
  return plans;
}

std::string Descriptors::json(cudnnBackendDescriptor_t plan) {
  int64_t size = 0;
  if (calls_.failed()) return {};
  calls_.check("cudnnBackendGetAttribute", cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION,
                                                                    CUDNN_TYPE_CHAR, 0, &size, nullptr));
  std::string text(static_cast<size_t>(size), ' ');
  calls_.check("cudnnBackendGetAttribute", cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION,
                                                                    CUDNN_TYPE_CHAR, size, &size, text.data()));
  return text;
}

cudnnBackendDescriptor_t Descriptors::plan_from_json(const Device& device, const std::string& text) {
  cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  set(made, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &device.handle);
  set(made, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, static_cast<int64_t>(text.size()),
      text.data());
  finalize(made);
  return made;
}

int64_t Descriptors::workspace(cudnnBackendDescriptor_t plan) {
  int64_t bytes = 0, count = 0;
  if (calls_.failed()) return 0;
  calls_.check("cudnnBackendGetAttribute", cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                                                    CUDNN_TYPE_INT64, 1, &count, &bytes));
  return bytes;
}

cudnnBackendDescriptor_t Descriptors::pack(const std::vector<int64_t>& uids, const std::vector<void*>& pointers,
                                           void* workspace) {
  cudnnBackendDescriptor_t made = create(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  set(made, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, static_cast<int64_t>(uids.size()), uids.data());
  set(made, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, static_cast<int64_t>(pointers.size()),
      pointers.data());
  set(made, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
  finalize(made);
  return made;
}

Memory::Memory(const Graph& graph, uint64_t seed) : graph_(graph), blocks_(graph.tensors.size()) {
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    if (tensor.is_virtual) continue;
    Block& block = blocks_[i];
    block.initial.resize(static_cast<size_t>(tensor.span()) * size_of(tensor.type));
    for (unsigned char& byte : block.initial) byte = static_cast<unsigned char>(random());
    if (static_cast<int64_t>(tensor.numbers.size()) == tensor.elements()) {
      const std::vector<int64_t> where = places(tensor);
      for (size_t k = 0; k < where.size(); ++k) {
        write(tensor.type, block.initial.data(), where[k], tensor.numbers[k].value);
      }
    }
    if (!tensor.by_value && cuMemAlloc_v2(&block.address, block.initial.size()) != CUDA_SUCCESS) std::abort();
  }
  reset();
}

Memory::~Memory() {
  for (const Block& block : blocks_) {
    if (block.address != 0) cuMemFree_v2(block.address);
  }
  if (workspace_ != 0) cuMemFree_v2(workspace_);
}

void Memory::reset() {
  for (const Block& block : blocks_) {
    if (block.address != 0) cuMemcpyHtoD_v2(block.address, block.initial.data(), block.initial.size());
  }
}

std::vector<int64_t> Memory::uids() const {
  std::vector<int64_t> result;
  for (const Tensor& tensor : graph_.tensors) {
    if (!tensor.is_virtual) result.push_back(tensor.uid);
  }
  return result;
}

std::vector<void*> Memory::pointers() {
  std::vector<void*> result;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (graph_.tensors[i].is_virtual) continue;
    Block& block = blocks_[i];
    result.push_back(block.address == 0 ? static_cast<void*>(block.initial.data())
                                        : reinterpret_cast<void*>(block.address));
  }
  return result;
}

void* Memory::workspace(int64_t bytes) {
  if (workspace_ != 0) cuMemFree_v2(workspace_);
  workspace_ = 0;
  if (bytes > 0 && cuMemAlloc_v2(&workspace_, static_cast<size_t>(bytes)) != CUDA_SUCCESS) std::abort();
  return reinterpret_cast<void*>(workspace_);
}

std::vector<unsigned char> Memory::content(size_t index) const {
  const Block& block = blocks_[index];
  std::vector<unsigned char> bytes = block.initial;
  if (block.address != 0) cuMemcpyDtoH_v2(bytes.data(), block.address, bytes.size());
  return bytes;
}

std::vector<double> Memory::numbers(int index) const {
  const Tensor& tensor = graph_[index];
  std::vector<double> result;
  if (tensor.is_virtual) return result;
  const std::vector<unsigned char> bytes = content(static_cast<size_t>(index));
  for (const int64_t place : places(tensor)) result.push_back(read(tensor.type, bytes.data(), place));
  return result;
}

std::string Memory::compare(const Graph& graph) const {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    if (tensor.is_virtual) continue;
    const std::vector<unsigned char> bytes = content(i);
    const std::vector<int64_t> where = places(tensor);
    const size_t size = size_of(tensor.type);
    std::vector<bool> is_element(bytes.size() / size, false);
    for (const int64_t place : where) is_element[static_cast<size_t>(place)] = true;
    for (size_t k = 0; k < bytes.size(); ++k) {
      if (!is_element[k / size] && bytes[k] != blocks_[i].initial[k]) {
        return "tensor " + std::to_string(tensor.uid) + " was written between its elements";
      }
    }
    for (size_t k = 0; k < where.size() && k < tensor.numbers.size(); ++k) {
      const Number want = tensor.numbers[k];
      const double got = read(tensor.type, bytes.data(), where[k]);
      const bool same = std::isnan(want.value) ? std::isnan(got) : got == want.value;
      // An error that is no number allows everything.
      if (same || std::fabs(got - want.value) <= want.error || !(want.error < 1e300)) continue;
      if (std::isnan(want.value) && want.error != 0) continue;
      char text[256];
      std::snprintf(text, sizeof text, "tensor %lld (type %d), element %zu is %.17g, not %.17g +- %.3g",
                    static_cast<long long>(tensor.uid), static_cast<int>(tensor.type), k, got, want.value, want.error);
      return text;
    }
  }
  return {};
}

}  // namespace model
