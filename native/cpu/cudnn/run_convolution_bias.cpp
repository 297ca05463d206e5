// Convolution with bias and activation behind it.
#include "cudnn/convolution_descriptor.h"
#include "cudnn/run_convolution.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_scratch.h"

namespace cpu {
namespace {

using compute::ConvolutionAlgorithm;
using compute::ConvolutionDirection;
using compute::ConvolutionPlan;
using compute::ConvolutionShape;
using compute::ElementType;
using compute::Tensor;

/// y = activation(alpha1 conv(x, w) + alpha2 z + bias) of operands without vectors.
struct BiasActivation {
  compute::ActivationParameters activation;
  double alpha1, alpha2;
  const void *x, *w;
  Tensor z_tensor;
  const void* z;
  Tensor bias_tensor;
  const void* bias;
  Tensor y_tensor;
  void* y;
  void* workspace;
  size_t workspace_bytes;
};

cudnnStatus_t run(const CudnnHandle& handle, const char* name, ConvolutionPlan* plan, const BiasActivation& call) {
  return enqueue(handle, name, [plan, call](const char* function) {
    const ConvolutionShape& shape = compute::convolution_plan_shape(*plan);
    if (!touches(function, {extent_of("x", shape.x, call.x), extent_of("w", shape.w, call.w),
                            extent_of("z", call.z_tensor, call.alpha2 == 0 ? nullptr : call.z),
                            extent_of("bias", call.bias_tensor, call.bias), extent_of("y", call.y_tensor, call.y),
                            workspace_extent(*plan, call.workspace, call.workspace_bytes)})) {
      return;
    }
    compute::Scratch scratch;
    // z may be y, so with z the convolution gets a place of its own; so it does where y would round it before the end.
    const bool in_place = compute::same_layout(shape.y, call.y_tensor);
    void* result =
        in_place ? call.y
                 : scratch.take_bytes(static_cast<size_t>(shape.y.elements()) * compute::element_size(shape.y.type));
    compute::run_convolution(*plan, 1, call.x, call.w, nullptr, 0, result, call.workspace, call.workspace_bytes);
    compute::bias_activation(call.activation, call.alpha1, shape.y, result, call.alpha2, call.z_tensor, call.z,
                             call.bias_tensor, call.bias, call.y_tensor, call.y);
  });
}

}  // namespace
}  // namespace cpu

// cuDNN's fused kernels need no workspace, and callers count on that whatever the size function says: where it is too
// small, memory of the thread that runs them serves.
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
  const StoredTensor z_tensor = arguments.stored_tensor(zDesc, "zDesc");
  const Tensor bias_tensor = arguments.tensor(biasDesc, "biasDesc");
  const auto* activation = arguments.object<ActivationDescriptor>(activationDesc, "activationDesc");
  arguments.pointers(alpha1, x, w, alpha2, bias, y);
  if (arguments.failed()) return arguments.status();
  arguments.require(activation->mode == CUDNN_ACTIVATION_RELU || activation->mode == CUDNN_ACTIVATION_IDENTITY,
                    CUDNN_STATUS_NOT_SUPPORTED, "a fused convolution takes the activations RELU and IDENTITY");
  const StoredTensor y_tensor = arguments.stored_tensor(yDesc, "yDesc");
  arguments.require(compute::same_dims(z_tensor.plain, shape.y) && z_tensor.width == y_tensor.width,
                    CUDNN_STATUS_BAD_PARAM, "zDesc and yDesc differ");
  bool fits = bias_tensor.rank == shape.y.rank && bias_tensor.dims[1] == shape.y.dims[1];
  for (int i = 0; i < bias_tensor.rank; ++i) fits = fits && (i == 1 || bias_tensor.dims[i] == 1);
  arguments.require(fits, CUDNN_STATUS_BAD_PARAM, "biasDesc is not 1, K, 1, 1 with the channels of yDesc");
  const double a1 = scaling_factor(alpha1, shape.y.type), a2 = scaling_factor(alpha2, shape.y.type);
  arguments.require(a2 == 0 || z != nullptr, CUDNN_STATUS_BAD_PARAM, "z == __null although alpha2 is not 0");
  ConvolutionPlan* plan = forward_plan(arguments, shape, algo);
  if (arguments.failed()) return arguments.status();
  const auto parameters = activation_parameters(*activation);
  if (has_vectors(xDesc)) {
    const bool reordered = lookup<ConvolutionDescriptor>(convDesc)->reorder_type == CUDNN_NO_REORDER;
    return run_vector_convolution(
        *cudnn, __func__,
        {plan, a1, arguments.stored_tensor(xDesc, "xDesc"), x, arguments.stored_filter(wDesc, "wDesc"), w, reordered,
         a2, z_tensor, z, bias_tensor, bias, parameters, y_tensor, y, workSpace, workSpaceSizeInBytes});
  }
  if (a1 == 1 && a2 == 0 && bias_tensor.type == shape.y.type &&
      algo <= CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM) {
    compute::Epilogue epilogue;
    epilogue.has_bias = true;
    epilogue.bias_type = bias_tensor.type;
    if (activation->mode == CUDNN_ACTIVATION_RELU) {
      epilogue.function =
          parameters.propagate_nan ? compute::EpilogueFunction::Relu : compute::EpilogueFunction::ReluOfNumbers;
    }
    ConvolutionPlan* fused =
        compute::find_convolution_plan(ConvolutionDirection::Forward, ConvolutionAlgorithm::Direct, shape, epilogue);
    if (fused != nullptr) {
      return enqueue(*cudnn, __func__, [=](const char* function) {
        const ConvolutionShape& used = compute::convolution_plan_shape(*fused);
        if (!touches(function,
                     {extent_of("x", used.x, x), extent_of("w", used.w, w), extent_of("bias", bias_tensor, bias),
                      extent_of("y", used.y, y), workspace_extent(*fused, workSpace, workSpaceSizeInBytes)})) {
          return;
        }
        compute::run_convolution(*fused, 1, x, w, bias, 0, y, workSpace, workSpaceSizeInBytes);
      });
    }
  }
  if (a2 != 0 || (shape.y.type != ElementType::F32 && shape.y.type != ElementType::F64)) {
    ConvolutionShape wide = shape;
    wide.y = compute::channels_last(shape.y, shape.y.type == ElementType::F64 ? ElementType::F64 : ElementType::F32);
    // Never the same memory as y, which may be z.
    plan = forward_plan(arguments, wide, algo);
    if (arguments.failed()) return arguments.status();
  }
  return run(*cudnn, __func__, plan,
             {parameters, a1, a2, x, w, z_tensor.plain, z, bias_tensor, bias, y_tensor.plain, y, workSpace,
              workSpaceSizeInBytes});
}
