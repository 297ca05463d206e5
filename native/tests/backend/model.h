// A graph as the test sees it: what its operations mean, apart from any descriptor.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "generated/cudnn.h"

namespace model {

enum class Op {
  Convolution,
  ConvolutionBackwardData,
  ConvolutionBackwardFilter,
  Pointwise,
  Matmul,
  Reduction,
  ResampleForward,
  ResampleBackward,
  GenStats,
  BnFinalize,
  BnBackwardWeights,
  NormForward,
  NormBackward,
  Concat,
  Reshape,
  Rng,
};

/// What a tensor is to a node. Matrices a, b, c are X, B, Y; gradients of X, W, Y are DX, DW, DY.
enum class Role {
  X,
  W,
  B,
  T,
  DY,
  Scale,
  Bias,
  Mean,
  Inverse,
  Epsilon,
  Factor,
  Count,
  PreviousMean,
  PreviousVariance,
  SumIn,
  SquareIn,
  IndexIn,
  Seed,
  Offset,
  ForwardX,
  ForwardY,
  // Written:
  Y,
  DX,
  DW,
  Sum,
  Square,
  MeanOut,
  InverseOut,
  RunningMean,
  RunningVariance,
  EquivalentScale,
  EquivalentBias,
  DScale,
  DBias,
  EquivalentDyScale,
  EquivalentXScale,
  Index,
};
inline bool is_written(Role role) { return role >= Role::Y; }

/// A number and how far it may be from what a device computes; an error that is no number allows everything.
struct Number {
  double value = 0;
  double error = 0;
};

struct Tensor {
  int64_t uid = 0;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::vector<int64_t> dims, strides;
  bool is_virtual = false;
  bool by_value = false;
  int64_t alignment = 1;
  /// Row-major in the order of the dimensions.
  std::vector<Number> numbers;

  int64_t elements() const {
    int64_t product = 1;
    for (const int64_t dim : dims) product *= dim;
    return product;
  }
  /// Elements of memory from the first to the last.
  int64_t span() const {
    int64_t last = 0;
    for (size_t i = 0; i < dims.size(); ++i) last += (dims[i] - 1) * strides[i];
    return last + 1;
  }
};

struct Node {
  Op op = Op::Pointwise;
  std::map<Role, int> tensors;
  /// The parts of Concat.
  std::vector<int> parts;
  cudnnDataType_t compute_type = CUDNN_DATA_FLOAT;

  double alpha = 1, beta = 0;
  std::vector<int64_t> before, after, stride, dilation, window;
  bool flips_filter = false;

  cudnnPointwiseMode_t pointwise = CUDNN_POINTWISE_ADD;
  double alpha1 = 1, alpha2 = 1;
  double lower_clip = 0, upper_clip = 1e30, lower_slope = 0, elu_alpha = 1, softplus_beta = 1, swish_beta = 1;
  int64_t axis = 0;

  cudnnReduceTensorOp_t reduction = CUDNN_REDUCE_TENSOR_ADD;
  cudnnResampleMode_t resample = CUDNN_RESAMPLE_MAXPOOL;
  cudnnPaddingMode_t padding = CUDNN_ZERO_PAD;
  /// Resampling: paddings and strides are halves instead of whole numbers (interpolation to twice the size).
  bool doubles = false;

  cudnnBackendNormMode_t norm = CUDNN_BATCH_NORM;
  bool inference = false;

  cudnnRngDistribution_t distribution = CUDNN_RNG_DISTRIBUTION_BERNOULLI;
  double first = 0.5, second = 1;
  int64_t seed = 0;

  int at(Role role) const {
    const auto found = tensors.find(role);
    return found == tensors.end() ? -1 : found->second;
  }
};

struct Graph {
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;
  /// Roundings are those of double: every tensor is CUDNN_DATA_DOUBLE.
  bool in_double = false;

  Tensor& operator[](int index) { return tensors[static_cast<size_t>(index)]; }
  const Tensor& operator[](int index) const { return tensors[static_cast<size_t>(index)]; }
};

}  // namespace model
