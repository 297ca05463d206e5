#pragma once
#include "cudnn/run.h"
#include "engine/compute_convolution.h"

namespace cpu {

/// Checks that x, w, the convolution and y go together, in shape and type, and describes them for the engine.
compute::ConvolutionShape convolution_shape(Arguments& arguments, cudnnTensorDescriptor_t x, const char* x_name,
                                            cudnnFilterDescriptor_t w, const char* w_name,
                                            cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                                            const char* y_name);

/// The plan for one of cuDNN's algorithms: the GEMM family is oneDNN's direct kernel, WINOGRAD_NONFUSED its Winograd
/// kernel (f32, 3x3, stride 1). Fails with BAD_PARAM for a number that is no algorithm and NOT_SUPPORTED for one the
/// CPU device lacks for this shape.
compute::ConvolutionPlan* forward_plan(Arguments& arguments, const compute::ConvolutionShape& shape,
                                       cudnnConvolutionFwdAlgo_t algorithm);
compute::ConvolutionPlan* backward_data_plan(Arguments& arguments, const compute::ConvolutionShape& shape,
                                             cudnnConvolutionBwdDataAlgo_t algorithm);
compute::ConvolutionPlan* backward_filter_plan(Arguments& arguments, const compute::ConvolutionShape& shape,
                                               cudnnConvolutionBwdFilterAlgo_t algorithm);

}  // namespace cpu
