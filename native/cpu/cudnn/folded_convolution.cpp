// cudnnGetFoldedConvBackwardDataDescriptors: the gradient of a strided convolution's input as one of stride 1. Blocks
// of as many pixels as the stride steps over become channels, of the gradient and of the filter alike; with x = s x' +
// u for the pixel u of the block x', the sum over taps r of dy[(x + p - r) / s] w[r] becomes one over dy[x' + P - r']
// and w'[r', u] = w[s r' + u - (s P - p)]. So the padding is P = ceil(p / s), and s P - p taps of 0 come before the
// filter.
#include <algorithm>
#include <climits>

#include "cudnn/convolution_descriptor.h"
#include "cudnn/data_type.h"
#include "cudnn/run.h"
#include "cudnn/tensor_transform_descriptor.h"

namespace cpu {
namespace {

// Channels come in multiples of it, for tensor cores.
constexpr int64_t channel_multiple = 8;

int64_t ceiling_quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t next_multiple(int64_t value) { return ceiling_quotient(value, channel_multiple) * channel_multiple; }

/// Everything the function hands out.
struct Folded {
  FilterDescriptor filter;
  TensorDescriptor diff;
  ConvolutionDescriptor convolution;
  TensorDescriptor grad;
  TensorTransformDescriptor fold_filter;
  TensorTransformDescriptor pad_diff;
  TensorTransformDescriptor fold_grad;
  TensorTransformDescriptor unfold_grad;
};

bool takes_every_dimension(const int64_t* dims, int rank) {
  return std::all_of(dims, dims + rank, [](int64_t dim) { return dim >= 1 && dim <= INT_MAX; });
}

cudnnStatus_t fold(const FilterDescriptor& filter, const TensorDescriptor& diff, const ConvolutionDescriptor& original,
                   const TensorDescriptor& grad, cudnnTensorFormat_t format, Folded& folded) {
  const int rank = grad.rank, spatial = rank - 2;
  int64_t pixels = 1;
  for (int i = 0; i < spatial; ++i) pixels = std::min<int64_t>(pixels * original.stride[i], INT_MAX);
  const int64_t channels = grad.dims[1], outputs = next_multiple(filter.dims[0]);
  const int64_t padded = next_multiple(channels * pixels) / pixels;
  int64_t filter_dims[CUDNN_DIM_MAX] = {outputs, padded * pixels},
          grad_dims[CUDNN_DIM_MAX] = {grad.dims[0], padded * pixels};

  for (auto* transform : {&folded.fold_filter, &folded.pad_diff, &folded.fold_grad, &folded.unfold_grad}) {
    transform->rank = static_cast<uint32_t>(rank);
    transform->destination_format = format;
  }
  folded.unfold_grad.direction = CUDNN_TRANSFORM_UNFOLD;
  folded.fold_filter.pad_after[0] = static_cast<int32_t>(outputs - filter.dims[0]);
  folded.fold_filter.pad_after[1] = folded.fold_grad.pad_after[1] = static_cast<int32_t>(padded - channels);
  folded.unfold_grad.pad_after[1] = -folded.fold_grad.pad_after[1];
  folded.pad_diff.pad_after[1] = folded.fold_filter.pad_after[0];
  int padding[CUDNN_DIM_MAX], ones[CUDNN_DIM_MAX];
  for (int i = 0; i < spatial; ++i) {
    const int64_t stride = original.stride[i], taps = filter.dims[2 + i], size = grad.dims[2 + i];
    const int64_t blocks = ceiling_quotient(original.padding[i], stride),
                  before = stride * blocks - original.padding[i];
    filter_dims[2 + i] = ceiling_quotient(taps + before, stride);
    grad_dims[2 + i] = ceiling_quotient(size, stride);
    folded.fold_filter.pad_before[2 + i] = static_cast<int32_t>(before);
    folded.fold_filter.pad_after[2 + i] = static_cast<int32_t>(stride * filter_dims[2 + i] - taps - before);
    folded.fold_grad.pad_after[2 + i] = static_cast<int32_t>(stride * grad_dims[2 + i] - size);
    folded.unfold_grad.pad_after[2 + i] = -folded.fold_grad.pad_after[2 + i];
    for (auto* transform : {&folded.fold_filter, &folded.fold_grad, &folded.unfold_grad}) {
      transform->fold[i] = static_cast<uint32_t>(stride);
    }
    padding[i] = static_cast<int>(blocks);
    ones[i] = 1;
  }
  if (!takes_every_dimension(filter_dims, rank) || !takes_every_dimension(grad_dims, rank)) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "a folded dimension is above 2^31 - 1");
  }

  int dims[CUDNN_DIM_MAX];
  std::copy_n(filter_dims, rank, dims);
  cudnnStatus_t status = folded.filter.set(filter.data_type, format, rank, dims);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  std::copy_n(grad_dims, rank, dims);
  status = folded.grad.set_packed(format, grad.data_type, rank, dims);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  folded.convolution.math_type = original.math_type;
  folded.convolution.reorder_type = original.reorder_type;
  status = folded.convolution.set(spatial, padding, ones, ones, original.mode, original.compute_type);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  status = folded.convolution.output_dims(folded.grad, folded.filter, rank, dims);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  // The folded convolution has no fewer positions than the original one; behind those, dy is 0.
  for (int i = 2; i < rank; ++i) folded.pad_diff.pad_after[i] = dims[i] - diff.dims[i];
  return folded.diff.set_packed(format, diff.data_type, rank, dims);
}

/// Folding goes with plain convolutions only.
void require_foldable(Arguments& arguments, const FilterDescriptor& filter, const ConvolutionDescriptor& convolution,
                      const TensorDescriptor& diff, const TensorDescriptor& grad, cudnnTensorFormat_t format) {
  int dims[CUDNN_DIM_MAX];
  arguments.require(convolution.output_dims(grad, filter, grad.rank, dims) == CUDNN_STATUS_SUCCESS,
                    CUDNN_STATUS_BAD_PARAM, "gradDesc, filterDesc and convDesc do not go together");
  if (arguments.failed()) return;
  arguments.require(diff.rank == grad.rank && std::equal(dims, dims + grad.rank, diff.dims), CUDNN_STATUS_BAD_PARAM,
                    "diffDesc does not have the dimensions of the convolution's result");
  arguments.require(is_between(format, CUDNN_TENSOR_NCHW, CUDNN_TENSOR_NCHW_VECT_C), CUDNN_STATUS_BAD_PARAM,
                    "transformFormat is no cudnnTensorFormat_t");
  arguments.require(format != CUDNN_TENSOR_NCHW_VECT_C && channels_per_vector(grad.data_type) == 0 &&
                        channels_per_vector(diff.data_type) == 0 && channels_per_vector(filter.data_type) == 0,
                    CUDNN_STATUS_NOT_SUPPORTED, "channels in vectors (NCHW_VECT_C) are not folded");
  arguments.require(convolution.group_count == 1, CUDNN_STATUS_NOT_SUPPORTED, "grouped convolutions are not folded");
  const int spatial = convolution.rank;
  const auto is_one = [](int factor) { return factor == 1; };
  arguments.require(std::all_of(convolution.dilation, convolution.dilation + spatial, is_one),
                    CUDNN_STATUS_NOT_SUPPORTED, "dilated convolutions are not folded");
  arguments.require(convolution.mode == CUDNN_CROSS_CORRELATION ||
                        std::all_of(convolution.stride, convolution.stride + spatial, is_one),
                    CUDNN_STATUS_NOT_SUPPORTED, "strided convolutions are folded as cross-correlations only");
}

}  // namespace
}  // namespace cpu

cudnnStatus_t cudnnGetFoldedConvBackwardDataDescriptors(
    const cudnnHandle_t handle, const cudnnFilterDescriptor_t filterDesc, const cudnnTensorDescriptor_t diffDesc,
    const cudnnConvolutionDescriptor_t convDesc, const cudnnTensorDescriptor_t gradDesc,
    const cudnnTensorFormat_t transformFormat, cudnnFilterDescriptor_t foldedFilterDesc,
    cudnnTensorDescriptor_t paddedDiffDesc, cudnnConvolutionDescriptor_t foldedConvDesc,
    cudnnTensorDescriptor_t foldedGradDesc, cudnnTensorTransformDescriptor_t filterFoldTransDesc,
    cudnnTensorTransformDescriptor_t diffPadTransDesc, cudnnTensorTransformDescriptor_t gradFoldTransDesc,
    cudnnTensorTransformDescriptor_t gradUnfoldTransDesc) {
  using namespace cpu;
  Arguments arguments(__func__);
  arguments.handle(handle);
  const auto* filter = arguments.object<FilterDescriptor>(filterDesc, "filterDesc");
  const auto* diff = arguments.object<TensorDescriptor>(diffDesc, "diffDesc");
  const auto* convolution = arguments.object<ConvolutionDescriptor>(convDesc, "convDesc");
  const auto* grad = arguments.object<TensorDescriptor>(gradDesc, "gradDesc");
  auto* folded_filter = arguments.object<FilterDescriptor>(foldedFilterDesc, "foldedFilterDesc");
  auto* padded_diff = arguments.object<TensorDescriptor>(paddedDiffDesc, "paddedDiffDesc");
  auto* folded_convolution = arguments.object<ConvolutionDescriptor>(foldedConvDesc, "foldedConvDesc");
  auto* folded_grad = arguments.object<TensorDescriptor>(foldedGradDesc, "foldedGradDesc");
  auto* fold_filter = arguments.object<TensorTransformDescriptor>(filterFoldTransDesc, "filterFoldTransDesc");
  auto* pad_diff = arguments.object<TensorTransformDescriptor>(diffPadTransDesc, "diffPadTransDesc");
  auto* fold_grad = arguments.object<TensorTransformDescriptor>(gradFoldTransDesc, "gradFoldTransDesc");
  auto* unfold_grad = arguments.object<TensorTransformDescriptor>(gradUnfoldTransDesc, "gradUnfoldTransDesc");
  if (arguments.failed()) return arguments.status();
  require_foldable(arguments, *filter, *convolution, *diff, *grad, transformFormat);
  if (arguments.failed()) return arguments.status();
  Folded folded;
  const cudnnStatus_t status = fold(*filter, *diff, *convolution, *grad, transformFormat, folded);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  *folded_filter = folded.filter;
  *padded_diff = folded.diff;
  *folded_convolution = folded.convolution;
  *folded_grad = folded.grad;
  *fold_filter = folded.fold_filter;
  *pad_diff = folded.pad_diff;
  *fold_grad = folded.fold_grad;
  *unfold_grad = folded.unfold_grad;
  return CUDNN_STATUS_SUCCESS;
}
