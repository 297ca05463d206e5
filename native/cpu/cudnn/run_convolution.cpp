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

namespace {

bool is_integer(ElementType type) { return type == ElementType::I8 || type == ElementType::U8; }

/// Whether the data types, with the layouts and the compute type, are one of the configurations cuDNN documents.
void require_configuration(Arguments& arguments, const StoredTensor& x, const StoredTensor& w, const StoredTensor& y,
                           const ConvolutionDescriptor& convolution) {
  const ElementType type = x.plain.type;
  const cudnnDataType_t compute_type = convolution.compute_type;
  bool fits = false;
  if (is_integer(type)) {
    // INT8 and UINT8 inputs and INT8 filters, of one and the same vector, to INT8 of that vector or to FLOAT (from
    // INT8x32 to INT8x32 alone), summed in INT32.
    const bool to_float = y.plain.type == ElementType::F32 && x.width != 32;
    fits = w.plain.type == ElementType::I8 && w.width == x.width && compute_type == CUDNN_DATA_INT32 &&
           (to_float || (y.plain.type == ElementType::I8 && y.width == x.width));
    for (int i = 0; i < convolution.rank; ++i) {
      arguments.require(convolution.dilation[i] == 1, CUDNN_STATUS_NOT_SUPPORTED,
                        "convolutions of 8-bit integers have no dilation");
    }
  } else {
    const bool is_half = type == ElementType::F16 && compute_type == CUDNN_DATA_HALF;
    const bool is_double = type == ElementType::F64 && compute_type == CUDNN_DATA_DOUBLE;
    const bool is_single = compute_type == CUDNN_DATA_FLOAT &&
                           (type == ElementType::F32 || type == ElementType::F16 || type == ElementType::BF16);
    fits = w.plain.type == type && y.plain.type == type && (is_half || is_double || is_single);
  }
  arguments.require(fits, CUDNN_STATUS_NOT_SUPPORTED,
                    "the data types of input, filter and output and the compute type are none of cuDNN's convolution "
                    "configurations: FLOAT, HALF and BFLOAT16 compute in FLOAT (HALF also in HALF), DOUBLE in DOUBLE, "
                    "8-bit integers in INT32 to INT8 or FLOAT");
}

}  // namespace

ConvolutionShape convolution_shape(Arguments& arguments, cudnnTensorDescriptor_t x, const char* x_name,
                                   cudnnFilterDescriptor_t w, const char* w_name,
                                   cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                                   const char* y_name) {
  ConvolutionShape shape;
  const StoredTensor stored_x = arguments.stored_tensor(x, x_name);
  const StoredTensor stored_w = arguments.stored_filter(w, w_name);
  const auto* descriptor = arguments.object<ConvolutionDescriptor>(convolution, "convDesc");
  const StoredTensor stored_y = arguments.stored_tensor(y, y_name);
  if (arguments.failed()) return shape;
  shape.x = stored_x.plain;
  shape.w = stored_w.plain;
  shape.y = stored_y.plain;
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
  require_configuration(arguments, stored_x, stored_w, stored_y, *descriptor);
  if (arguments.failed()) return shape;
  if (stored_x.width != 1) shape.y = compute::channels_last(shape.y, ElementType::F32);
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
  arguments.require(direction == ConvolutionDirection::Forward || !is_integer(shape.x.type), CUDNN_STATUS_NOT_SUPPORTED,
                    "convolutions of 8-bit integers have no gradients");
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

/// The arguments of one convolution without bias: as the engine orders them, with the names cuDNN gives them.
struct Operation {
  const char* first_name;
  const void* first;
  const char* second_name;
  const void* second;
  const char* result_name;
  void* result;
};

cudnnStatus_t run(const CudnnHandle& handle, const char* name, ConvolutionDirection direction, ConvolutionPlan* plan,
                  double alpha, const Operation& operation, double beta, void* workspace, size_t workspace_bytes) {
  return enqueue(handle, name, [=](const char* function) {
    const ConvolutionShape& shape = compute::convolution_plan_shape(*plan);
    const bool is_data = direction == ConvolutionDirection::BackwardData;
    const bool is_filter = direction == ConvolutionDirection::BackwardFilter;
    if (!touches(function, {extent_of(operation.first_name, is_data ? shape.y : shape.x, operation.first),
                            extent_of(operation.second_name, is_filter ? shape.y : shape.w, operation.second),
                            extent_of(operation.result_name,
                                      is_data     ? shape.x
                                      : is_filter ? shape.w
                                                  : shape.y,
                                      operation.result),
                            workspace_extent(*plan, workspace, workspace_bytes)})) {
      return;
    }
    compute::run_convolution(*plan, alpha, operation.first, operation.second, nullptr, beta, operation.result,
                             workspace, workspace_bytes);
  });
}

}  // namespace

Extent workspace_extent(const ConvolutionPlan& plan, const void* workspace, size_t bytes) {
  const size_t needed = compute::convolution_workspace(plan);
  return extent_of("workSpace", workspace, bytes >= needed ? static_cast<int64_t>(needed) : 0);
}

void require_workspace(Arguments& arguments, size_t needed, const void* workspace, size_t bytes) {
  arguments.require(bytes >= needed, CUDNN_STATUS_BAD_PARAM,
                    "the workspace is smaller than the algorithm's workspace size function returns");
  arguments.require(workspace != nullptr || needed == 0, CUDNN_STATUS_BAD_PARAM,
                    "workSpace == __null although the algorithm's workspace size function returns more than 0");
}

}  // namespace cpu

using cpu::Arguments;
using cpu::extent_of;
using cpu::touches;
using cpu::compute::ConvolutionDirection;

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
  cpu::require_workspace(arguments, cpu::workspace_of(*plan, algo), workSpace, workSpaceSizeInBytes);
  if (arguments.failed()) return arguments.status();
  const double a = cpu::scaling_factor(alpha, shape.y.type), b = cpu::scaling_factor(beta, shape.y.type);
  if (cpu::has_vectors(xDesc)) {
    const cpu::StoredTensor result = arguments.stored_tensor(yDesc, "yDesc");
    return cpu::run_vector_convolution(
        *cudnn, __func__,
        {plan,
         a,
         arguments.stored_tensor(xDesc, "xDesc"),
         x,
         arguments.stored_filter(wDesc, "wDesc"),
         w,
         cpu::lookup<cpu::ConvolutionDescriptor>(convDesc)->reorder_type == CUDNN_NO_REORDER,
         b,
         result,
         y,
         {},
         nullptr,
         {},
         result,
         y,
         workSpace,
         workSpaceSizeInBytes});
  }
  return cpu::run(*cudnn, __func__, ConvolutionDirection::Forward, plan, a, {"x", x, "w", w, "y", y}, b, workSpace,
                  workSpaceSizeInBytes);
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
  cpu::require_workspace(arguments, cpu::workspace_of(*plan, algo), workSpace, workSpaceSizeInBytes);
  if (arguments.failed()) return arguments.status();
  return cpu::run(*cudnn, __func__, ConvolutionDirection::BackwardData, plan, cpu::scaling_factor(alpha, shape.x.type),
                  {"dy", dy, "w", w, "dx", dx}, cpu::scaling_factor(beta, shape.x.type), workSpace,
                  workSpaceSizeInBytes);
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
  cpu::require_workspace(arguments, cpu::workspace_of(*plan, algo), workSpace, workSpaceSizeInBytes);
  if (arguments.failed()) return arguments.status();
  return cpu::run(*cudnn, __func__, ConvolutionDirection::BackwardFilter, plan,
                  cpu::scaling_factor(alpha, shape.w.type), {"x", x, "dy", dy, "dw", dw},
                  cpu::scaling_factor(beta, shape.w.type), workSpace, workSpaceSizeInBytes);
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
  return cpu::enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("dy", gradient, dy), extent_of("db", bias, db)})) return;
    cpu::compute::bias_gradient(a, gradient, dy, b, bias, db);
  });
}
