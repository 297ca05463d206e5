#pragma once
#include <cstddef>

#include "engine/compute_epilogue.h"
#include "engine/compute_tensor.h"
#include "engine/compute_vector.h"

namespace cpu::compute {

enum class ConvolutionDirection : uint8_t { Forward, BackwardData, BackwardFilter };
/// Direct gives the same bits with any number of threads.
enum class ConvolutionAlgorithm : uint8_t { Direct, Winograd };

/// A convolution. Filter dimensions are K, C of one group, [D,] R, S.
struct ConvolutionShape {
  Tensor x;
  Tensor w;
  Tensor y;
  /// Before the image; behind it there is as much as the result's size asks for.
  int padding[max_rank - 2] = {};
  int stride[max_rank - 2] = {};
  int dilation[max_rank - 2] = {};
  int groups = 1;
  /// A convolution in the mathematical sense; else a cross-correlation.
  bool flips_filter = false;
};

/// A prepared convolution: kernels, layouts and scratch sizes. Plans are made once for each shape and live for ever.
class ConvolutionPlan;

/// The plan for a shape, from the cache where it was asked for before; null where the algorithm does not exist for it.
/// `epilogue` (forward only): what is computed in the same kernel.
ConvolutionPlan* find_convolution_plan(ConvolutionDirection direction, ConvolutionAlgorithm algorithm,
                                       const ConvolutionShape& shape, const Epilogue& epilogue = {});

/// Whether the Winograd plan of a shape, where there is one, is expected to be faster than the direct one, its layout
/// changes included; measured with native/bench/layer_bench.
bool prefers_winograd(const ConvolutionShape& shape);

/// The shape it was asked for with.
const ConvolutionShape& convolution_plan_shape(const ConvolutionPlan& plan);
/// Bytes of workspace the plan wants. With less (or none) it takes memory of the thread that runs it.
size_t convolution_workspace(const ConvolutionPlan& plan);
/// The name oneDNN gives the kernel, for benchmarks.
const char* convolution_kernel(const ConvolutionPlan& plan);

/// Sums of products of 8-bit integers are exact. result = alpha op(first, second) + beta result:
///   Forward         first = x,  second = w,  result = y
///   BackwardData    first = dy, second = w,  result = dx
///   BackwardFilter  first = x,  second = dy, result = dw
/// `bias`: K values for plans made with bias, else null.
void run_convolution(ConvolutionPlan& plan, double alpha, const void* first, const void* second, const void* bias,
                     double beta, void* result, void* workspace, size_t workspace_bytes);

}  // namespace cpu::compute
