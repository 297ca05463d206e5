#include "cudnn/run_convolution.h"

#include "cudnn/convolution_descriptor.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_normalization.h"
#include "engine/compute_scratch.h"

namespace cpu {

using compute::ConvolutionAlgorithm;
using compute::ConvolutionDirection;
using compute::ConvolutionPlan;
using compute::ConvolutionShape;
using compute::ElementType;
using compute::Tensor;

ConvolutionShape convolution_shape(Arguments& arguments, cudnnTensorDescriptor_t x, const char* x_name,
                                   cudnnFilterDescriptor_t w, const char* w_name,
                                   cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                                   const char* y_name) {
  ConvolutionShape shape;
  shape.x = arguments.tensor(x, x_name);
  shape.w = arguments.filter(w, w_name);
  const auto* descriptor = arguments.object<ConvolutionDescriptor>(convolution, "convDesc");
  shape.y = arguments.tensor(y, y_name);
  if (arguments.failed()) return shape;
  int expected[CUDNN_DIM_MAX];
  const bool fits = descriptor->output_dims(*lookup<TensorDescriptor>(x), *lookup<FilterDescriptor>(w), shape.x.rank,
                                            expected) == CUDNN_STATUS_SUCCESS;
  arguments.require(fits && shape.y.rank == shape.x.rank && shape.x.rank >= 3, CUDNN_STATUS_BAD_PARAM,
                    "input, filter and convolution descriptors do not go together");
  if (arguments.failed()) return shape;
  for (int i = 0; i < shape.x.rank; ++i) {
    arguments.require(shape.y.dims[i] == expected[i], CUDNN_STATUS_BAD_PARAM,
                      "the output's dimensions are not those cudnnGetConvolutionNdForwardOutputDim returns");
  }
  arguments.require(shape.x.type == shape.w.type && shape.x.type == shape.y.type, CUDNN_STATUS_BAD_PARAM,
                    "input, filter and output have different data types");
  const bool computes = shape.x.type == ElementType::F32 || shape.x.type == ElementType::F64 ||
                        shape.x.type == ElementType::F16 || shape.x.type == ElementType::BF16;
  arguments.require(computes, CUDNN_STATUS_NOT_SUPPORTED,
                    "the CPU device convolves FLOAT, DOUBLE, HALF and BFLOAT16 tensors");
  shape.groups = descriptor->group_count;
  shape.flips_filter = descriptor->mode == CUDNN_CONVOLUTION;
  for (int i = 0; i < shape.x.rank - 2; ++i) {
    shape.padding[i] = descriptor->padding[i];
    shape.stride[i] = descriptor->stride[i];
    shape.dilation[i] = descriptor->dilation[i];
  }
  return shape;
}

namespace {

ConvolutionPlan* find_plan(Arguments& arguments, ConvolutionDirection direction, const ConvolutionShape& shape,
                           bool is_direct, bool is_winograd) {
  if (arguments.failed()) return nullptr;
  ConvolutionPlan* plan = nullptr;
  if (is_direct) plan = compute::find_convolution_plan(direction, ConvolutionAlgorithm::Direct, shape);
  if (is_winograd) plan = compute::find_convolution_plan(direction, ConvolutionAlgorithm::Winograd, shape);
  arguments.require(plan != nullptr, CUDNN_STATUS_NOT_SUPPORTED,
                    "the CPU device does not have this convolution algorithm for this shape and type");
  return plan;
}

}  // namespace

ConvolutionPlan* forward_plan(Arguments& arguments, const ConvolutionShape& shape,
                              cudnnConvolutionFwdAlgo_t algorithm) {
  arguments.require(
      is_between(algorithm, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED),
      CUDNN_STATUS_BAD_PARAM, "algo is no cudnnConvolutionFwdAlgo_t");
  return find_plan(arguments, ConvolutionDirection::Forward, shape,
                   algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM ||
                       algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                   algorithm == CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED);
}

ConvolutionPlan* backward_data_plan(Arguments& arguments, const ConvolutionShape& shape,
                                    cudnnConvolutionBwdDataAlgo_t algorithm) {
  arguments.require(
      is_between(algorithm, CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED),
      CUDNN_STATUS_BAD_PARAM, "algo is no cudnnConvolutionBwdDataAlgo_t");
  return find_plan(arguments, ConvolutionDirection::BackwardData, shape,
                   algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_0 || algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
                   algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED);
}

ConvolutionPlan* backward_filter_plan(Arguments& arguments, const ConvolutionShape& shape,
                                      cudnnConvolutionBwdFilterAlgo_t algorithm) {
  arguments.require(
      is_between(algorithm, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING),
      CUDNN_STATUS_BAD_PARAM, "algo is no cudnnConvolutionBwdFilterAlgo_t");
  return find_plan(arguments, ConvolutionDirection::BackwardFilter, shape,
                   algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0 ||
                       algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1 ||
                       algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3,
                   algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED);
}

namespace {

cudnnStatus_t run(const CudnnHandle& handle, Arguments& arguments, const char* name, ConvolutionPlan* plan,
                  double alpha, const void* first, const void* second, double beta, void* result, void* workspace,
                  size_t workspace_bytes) {
  if (arguments.failed()) return arguments.status();
  arguments.require(workspace_bytes >= compute::convolution_workspace(*plan), CUDNN_STATUS_BAD_PARAM,
                    "the workspace is smaller than the algorithm's workspace size function returns");
  arguments.require(workspace != nullptr || compute::convolution_workspace(*plan) == 0, CUDNN_STATUS_BAD_PARAM,
                    "workSpace == __null although the algorithm's workspace size function returns more than 0");
  if (arguments.failed()) return arguments.status();
  return enqueue(handle, name, [=] {
    compute::run_convolution(*plan, alpha, first, second, nullptr, beta, result, workspace, workspace_bytes);
  });
}

}  // namespace
}  // namespace cpu

using cpu::Arguments;

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t xDesc,
                                      const void* x, const cudnnFilterDescriptor_t wDesc, const void* w,
                                      const cudnnConvolutionDescriptor_t convDesc, cudnnConvolutionFwdAlgo_t algo,
                                      void* workSpace, size_t workSpaceSizeInBytes, const void* beta,
                                      const cudnnTensorDescriptor_t yDesc, void* y) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = cpu::convolution_shape(arguments, xDesc, "xDesc", wDesc, "wDesc", convDesc, yDesc, "yDesc");
  arguments.pointers(alpha, x, w, beta, y);
  cpu::compute::ConvolutionPlan* plan = cpu::forward_plan(arguments, shape, algo);
  if (arguments.failed()) return arguments.status();
  return cpu::run(*cudnn, arguments, __func__, plan, cpu::scaling_factor(alpha, shape.y.type), x, w,
                  cpu::scaling_factor(beta, shape.y.type), y, workSpace, workSpaceSizeInBytes);
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha, const cudnnFilterDescriptor_t wDesc,
                                           const void* w, const cudnnTensorDescriptor_t dyDesc, const void* dy,
                                           const cudnnConvolutionDescriptor_t convDesc,
                                           cudnnConvolutionBwdDataAlgo_t algo, void* workSpace,
                                           size_t workSpaceSizeInBytes, const void* beta,
                                           const cudnnTensorDescriptor_t dxDesc, void* dx) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = cpu::convolution_shape(arguments, dxDesc, "dxDesc", wDesc, "wDesc", convDesc, dyDesc, "dyDesc");
  arguments.pointers(alpha, w, dy, beta, dx);
  cpu::compute::ConvolutionPlan* plan = cpu::backward_data_plan(arguments, shape, algo);
  if (arguments.failed()) return arguments.status();
  return cpu::run(*cudnn, arguments, __func__, plan, cpu::scaling_factor(alpha, shape.x.type), dy, w,
                  cpu::scaling_factor(beta, shape.x.type), dx, workSpace, workSpaceSizeInBytes);
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha,
                                             const cudnnTensorDescriptor_t xDesc, const void* x,
                                             const cudnnTensorDescriptor_t dyDesc, const void* dy,
                                             const cudnnConvolutionDescriptor_t convDesc,
                                             cudnnConvolutionBwdFilterAlgo_t algo, void* workSpace,
                                             size_t workSpaceSizeInBytes, const void* beta,
                                             const cudnnFilterDescriptor_t dwDesc, void* dw) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = cpu::convolution_shape(arguments, xDesc, "xDesc", dwDesc, "dwDesc", convDesc, dyDesc, "dyDesc");
  arguments.pointers(alpha, x, dy, beta, dw);
  cpu::compute::ConvolutionPlan* plan = cpu::backward_filter_plan(arguments, shape, algo);
  if (arguments.failed()) return arguments.status();
  return cpu::run(*cudnn, arguments, __func__, plan, cpu::scaling_factor(alpha, shape.w.type), x, dy,
                  cpu::scaling_factor(beta, shape.w.type), dw, workSpace, workSpaceSizeInBytes);
}

cudnnStatus_t cudnnConvolutionBackwardBias(cudnnHandle_t handle, const void* alpha,
                                           const cudnnTensorDescriptor_t dyDesc, const void* dy, const void* beta,
                                           const cudnnTensorDescriptor_t dbDesc, void* db) {
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto gradient = arguments.tensor(dyDesc, "dyDesc");
  const auto bias = arguments.tensor(dbDesc, "dbDesc");
  arguments.pointers(alpha, dy, beta, db);
  if (arguments.failed()) return arguments.status();
  bool fits = gradient.rank == bias.rank && gradient.rank >= 2 && bias.dims[1] == gradient.dims[1];
  for (int i = 0; i < bias.rank; ++i) fits = fits && (i == 1 || bias.dims[i] == 1);
  arguments.require(fits, CUDNN_STATUS_BAD_PARAM, "dbDesc is not 1, C, 1, 1 with the channels of dyDesc");
  arguments.require(gradient.type == bias.type, CUDNN_STATUS_BAD_PARAM, "dyDesc and dbDesc have different data types");
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, bias.type), b = cpu::scaling_factor(beta, bias.type);
  return cpu::enqueue(*cudnn, __func__, [=] { cpu::compute::bias_gradient(a, gradient, dy, b, bias, db); });
}

cudnnStatus_t cudnnConvolutionBiasActivationForward(
    cudnnHandle_t handle, const void* alpha1, const cudnnTensorDescriptor_t xDesc, const void* x,
    const cudnnFilterDescriptor_t wDesc, const void* w, const cudnnConvolutionDescriptor_t convDesc,
    cudnnConvolutionFwdAlgo_t algo, void* workSpace, size_t workSpaceSizeInBytes, const void* alpha2,
    const cudnnTensorDescriptor_t zDesc, const void* z, const cudnnTensorDescriptor_t biasDesc, const void* bias,
    const cudnnActivationDescriptor_t activationDesc, const cudnnTensorDescriptor_t yDesc, void* y) {
  using namespace cpu;
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const auto shape = convolution_shape(arguments, xDesc, "xDesc", wDesc, "wDesc", convDesc, yDesc, "yDesc");
  const Tensor z_tensor = arguments.tensor(zDesc, "zDesc");
  const Tensor bias_tensor = arguments.tensor(biasDesc, "biasDesc");
  const auto* activation = arguments.object<ActivationDescriptor>(activationDesc, "activationDesc");
  arguments.pointers(alpha1, x, w, alpha2, bias, y);
  if (arguments.failed()) return arguments.status();
  arguments.require(activation->mode == CUDNN_ACTIVATION_RELU || activation->mode == CUDNN_ACTIVATION_IDENTITY,
                    CUDNN_STATUS_NOT_SUPPORTED, "a fused convolution takes the activations RELU and IDENTITY");
  arguments.require(compute::same_dims(z_tensor, shape.y), CUDNN_STATUS_BAD_PARAM, "zDesc and yDesc differ");
  bool fits = bias_tensor.rank == shape.y.rank && bias_tensor.dims[1] == shape.y.dims[1];
  for (int i = 0; i < bias_tensor.rank; ++i) fits = fits && (i == 1 || bias_tensor.dims[i] == 1);
  arguments.require(fits, CUDNN_STATUS_BAD_PARAM, "biasDesc is not 1, K, 1, 1 with the channels of yDesc");
  const double a1 = scaling_factor(alpha1, shape.y.type), a2 = scaling_factor(alpha2, shape.y.type);
  arguments.require(a2 == 0 || z != nullptr, CUDNN_STATUS_BAD_PARAM, "z == __null although alpha2 is not 0");
  ConvolutionPlan* plan = forward_plan(arguments, shape, algo);
  if (arguments.failed()) return arguments.status();
  const auto parameters = activation_parameters(*activation);
  const size_t needed = compute::convolution_workspace(*plan);
  arguments.require(workSpaceSizeInBytes >= needed && (workSpace != nullptr || needed == 0), CUDNN_STATUS_BAD_PARAM,
                    "the workspace is smaller than cudnnGetConvolutionForwardWorkspaceSize returns");
  if (arguments.failed()) return arguments.status();
  ConvolutionPlan* fused = nullptr;
  if (a1 == 1 && a2 == 0 && bias_tensor.type == shape.y.type &&
      algo <= CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM) {
    fused = compute::find_convolution_plan(ConvolutionDirection::Forward, ConvolutionAlgorithm::Direct, shape, true,
                                           activation->mode == CUDNN_ACTIVATION_RELU);
  }
  if (fused != nullptr) {
    return enqueue(*cudnn, __func__,
                   [=] { compute::run_convolution(*fused, 1, x, w, bias, 0, y, workSpace, workSpaceSizeInBytes); });
  }
  // z may be y, so with z the convolution gets a place of its own; so it does where y would round it before the end.
  ConvolutionShape wide = shape;
  const bool in_place = a2 == 0 && (shape.y.type == ElementType::F32 || shape.y.type == ElementType::F64);
  if (!in_place) {
    const bool is_double = shape.y.type == ElementType::F64;
    wide.y = compute::channels_last(shape.y, is_double ? ElementType::F64 : ElementType::F32);
    const bool is_winograd = algo == CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED;
    plan = find_plan(arguments, ConvolutionDirection::Forward, wide, !is_winograd, is_winograd);
    if (arguments.failed()) return arguments.status();
  }
  struct Operands {
    Tensor convolution, y, z, bias;
  };
  const Operands operands{wide.y, shape.y, z_tensor, bias_tensor};
  return enqueue(*cudnn, __func__, [=] {
    compute::Scratch scratch;
    void* result = in_place ? y
                            : scratch.take_bytes(static_cast<size_t>(operands.convolution.elements()) *
                                                 compute::element_size(operands.convolution.type));
    compute::run_convolution(*plan, 1, x, w, nullptr, 0, result, workSpace, workSpaceSizeInBytes);
    compute::bias_activation(parameters, a1, operands.convolution, result, a2, operands.z, z, operands.bias, bias,
                             operands.y, y);
  });
}
