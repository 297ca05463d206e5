#pragma once
#include "cudnn/run.h"
#include "engine/compute_convolution.h"

namespace cpu {

/// Checks that x, w, the convolution and y go together, in shape and type, and describes them for the engine: operands
/// with channels in vectors as they are unpacked for it, channels last, and their result as FLOAT, channels last.
compute::ConvolutionShape convolution_shape(Arguments& arguments, cudnnTensorDescriptor_t x, const char* x_name,
                                            cudnnFilterDescriptor_t w, const char* w_name,
                                            cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                                            const char* y_name);

/// Whether a convolution's operands have their channels in vectors, so that run_vector_convolution() is for them.
inline bool has_vectors(cudnnTensorDescriptor_t x) {
  const auto* tensor = lookup<TensorDescriptor>(x);
  return tensor != nullptr && tensor->vector_width != 1;
}

/// y = activation(alpha conv(x, w) + beta z + bias), or without bias and activation, where channels lie in vectors.
struct VectorConvolution {
  compute::ConvolutionPlan* plan;
  double alpha;
  StoredTensor x;
  const void* x_data;
  StoredTensor w;
  const void* w_data;
  /// The filter, and the bias, lie as cudnnReorderFilterAndBias left them.
  bool is_reordered;
  double beta;
  StoredTensor z;
  const void* z_data;
  /// 1, K, 1, 1; the data are null for none.
  compute::Tensor bias;
  const void* bias_data;
  compute::ActivationParameters activation;
  StoredTensor y;
  void* y_data;
  void* workspace;
  size_t workspace_bytes;
};
cudnnStatus_t run_vector_convolution(const CudnnHandle& handle, const char* name, const VectorConvolution& operands);

/// The place in an INT8x32 filter of `rows` output channels (a multiple of 8), `row_bytes` bytes each, of the byte that
/// cudnnReorderFilterAndBias puts at `byte`; and the output channel whose bias it puts at `channel`.
int64_t unreordered_filter_byte(int64_t byte, int64_t rows, int64_t row_bytes);
int64_t unreordered_bias_channel(int64_t channel);

/// The plan for one of cuDNN's algorithms: the GEMM family is oneDNN's direct kernel, WINOGRAD_NONFUSED its Winograd
/// kernel (f32, 3x3, stride 1). Fails with BAD_PARAM for a number that is no algorithm and NOT_SUPPORTED for one the
/// CPU device lacks for this shape.
compute::ConvolutionPlan* forward_plan(Arguments& arguments, const compute::ConvolutionShape& shape,
                                       cudnnConvolutionFwdAlgo_t algorithm);
compute::ConvolutionPlan* backward_data_plan(Arguments& arguments, const compute::ConvolutionShape& shape,
                                             cudnnConvolutionBwdDataAlgo_t algorithm);
compute::ConvolutionPlan* backward_filter_plan(Arguments& arguments, const compute::ConvolutionShape& shape,
                                               cudnnConvolutionBwdFilterAlgo_t algorithm);

/// Bytes of workspace an algorithm asks for. The first ones of cuDNN need none, and callers know it, so here they take
/// memory of the thread that runs them.
inline size_t workspace_of(const compute::ConvolutionPlan& plan, cudnnConvolutionFwdAlgo_t algorithm) {
  return algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM ? 0 : compute::convolution_workspace(plan);
}
inline size_t workspace_of(const compute::ConvolutionPlan& plan, cudnnConvolutionBwdDataAlgo_t algorithm) {
  return algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_0 ? 0 : compute::convolution_workspace(plan);
}
inline size_t workspace_of(const compute::ConvolutionPlan& plan, cudnnConvolutionBwdFilterAlgo_t algorithm) {
  return algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0 ? 0 : compute::convolution_workspace(plan);
}
/// What a plan touches of a workspace: nothing where it is too small, for then the plan takes memory of its own.
Extent workspace_extent(const compute::ConvolutionPlan& plan, const void* workspace, size_t bytes);
/// Fails where the caller's workspace is smaller than `needed`.
void require_workspace(Arguments& arguments, size_t needed, const void* workspace, size_t bytes);

}  // namespace cpu
