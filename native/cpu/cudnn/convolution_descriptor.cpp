#include "cudnn/convolution_descriptor.h"

#include <algorithm>
#include <climits>

#include "cudnn/data_type.h"
#include "cudnn/filter_descriptor.h"
#include "cudnn/object_handles.h"
#include "cudnn/tensor_descriptor.h"
#include "cudnn/window.h"

namespace cpu {

cudnnStatus_t ConvolutionDescriptor::set(int new_rank, const int* new_padding, const int* new_stride,
                                         const int* new_dilation, cudnnConvolutionMode_t new_mode,
                                         cudnnDataType_t new_compute_type) {
  if (new_mode != CUDNN_CONVOLUTION && new_mode != CUDNN_CROSS_CORRELATION) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mode is neither CUDNN_CONVOLUTION nor CUDNN_CROSS_CORRELATION");
  }
  if (!is_float_type(new_compute_type) && new_compute_type != CUDNN_DATA_INT32) {
    return fail(CUDNN_STATUS_BAD_PARAM, "computeType is none of FLOAT, DOUBLE, HALF, INT32");
  }
  if (new_rank < 1)
    return fail(CUDNN_STATUS_BAD_PARAM, say("arrayLength is ", new_rank, "; a convolution has at least 1 dimension"));
  if (new_rank > max_spatial_rank)
    return fail(CUDNN_STATUS_NOT_SUPPORTED, say("arrayLength is ", new_rank, "; the largest is ", max_spatial_rank));

  rank = new_rank;
  mode = new_mode;
  compute_type = new_compute_type;
  std::fill(std::begin(padding), std::end(padding), 0);
  std::fill(std::begin(stride), std::end(stride), 0);
  std::fill(std::begin(dilation), std::end(dilation), 0);
  for (int i = 0; i < rank; ++i) {
    padding[i] = new_padding[i];
    if (padding[i] < 0)
      return fail(CUDNN_STATUS_BAD_PARAM, say("the padding of dimension ", i, " is ", padding[i], ", negative"));
    stride[i] = new_stride[i];
    if (stride[i] <= 0)
      return fail(CUDNN_STATUS_BAD_PARAM,
                  say("the stride of dimension ", i, " is ", stride[i], "; strides are positive"));
    dilation[i] = new_dilation[i];
    if (dilation[i] <= 0)
      return fail(CUDNN_STATUS_BAD_PARAM,
                  say("the dilation of dimension ", i, " is ", dilation[i], "; dilations are positive"));
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t ConvolutionDescriptor::output_dims(const TensorDescriptor& input, const FilterDescriptor& filter,
                                                 int count, int* out) const {
  if (!input.is_set() || !filter.is_set() || input.rank != rank + 2 || filter.rank != input.rank) {
    return fail(CUDNN_STATUS_BAD_PARAM,
                say("the input has ", input.rank, " dimensions, the filter ", filter.rank, " and the convolution ",
                    rank, " spatial ones, or one of them is not set; the first two are equal and 2 above the third"));
  }
  if (int64_t{filter.dims[1]} * group_count != input.dims[1]) {
    return fail(CUDNN_STATUS_BAD_PARAM, say("the input has ", input.dims[1], " channels, the filter takes ",
                                            filter.dims[1], " in ", group_count, " groups"));
  }
  for (int i = 0; i < count; ++i) {
    if (i < 2) {
      out[i] = i == 0 ? input.dims[0] : filter.dims[0];
      continue;
    }
    const int spatial = i - 2;
    // A stride or dilation of 0 is what a setter that failed leaves behind.
    if (stride[spatial] <= 0 || dilation[spatial] <= 0 || padding[spatial] < 0) {
      return fail(CUDNN_STATUS_BAD_PARAM, "the convolution descriptor's last setter failed");
    }
    const int64_t reach = int64_t{filter.dims[i] - 1} * dilation[spatial] + 1;
    const int64_t positions = window_positions(input.dims[i], padding[spatial], reach, stride[spatial]);
    if (positions <= 0 || positions > INT_MAX) {
      return fail(CUDNN_STATUS_BAD_PARAM,
                  say("along dimension ", i, " the dilated filter reaches over ", reach,
                      " positions, the padded input has ", int64_t{input.dims[i]} + 2 * int64_t{padding[spatial]}));
    }
    out[i] = static_cast<int>(positions);
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::ConvolutionDescriptor;
using cpu::fail;
using cpu::FilterDescriptor;
using cpu::lookup;
using cpu::TensorDescriptor;

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convDesc) {
  return cpu::create_object<ConvolutionDescriptor>(convDesc, "convDesc");
}

cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convDesc) {
  return cpu::destroy_object<ConvolutionDescriptor>(convDesc, "convDesc");
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convDesc, cudnnMathType_t mathType) {
  auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (!cpu::is_between(mathType, CUDNN_DEFAULT_MATH, CUDNN_FMA_MATH)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mathType is no cudnnMathType_t");
  }
  convolution->math_type = mathType;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionMathType(cudnnConvolutionDescriptor_t convDesc, cudnnMathType_t* mathType) {
  const auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (mathType == nullptr) return cpu::null_pointer(__func__);
  *mathType = convolution->math_type;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t convDesc, int groupCount) {
  auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (groupCount < 1) return fail(CUDNN_STATUS_BAD_PARAM, cpu::say("groupCount is ", groupCount, "; it is at least 1"));
  convolution->group_count = groupCount;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionGroupCount(cudnnConvolutionDescriptor_t convDesc, int* groupCount) {
  const auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (groupCount == nullptr) return cpu::null_pointer(__func__);
  *groupCount = convolution->group_count;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionReorderType(cudnnConvolutionDescriptor_t convDesc, cudnnReorderType_t reorderType) {
  auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (reorderType != CUDNN_DEFAULT_REORDER && reorderType != CUDNN_NO_REORDER) {
    return fail(CUDNN_STATUS_BAD_PARAM, "reorderType is no cudnnReorderType_t");
  }
  convolution->reorder_type = reorderType;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionReorderType(cudnnConvolutionDescriptor_t convDesc, cudnnReorderType_t* reorderType) {
  const auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (reorderType == nullptr) return cpu::null_pointer(__func__);
  *reorderType = convolution->reorder_type;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convDesc, int pad_h, int pad_w, int u, int v,
                                              int dilation_h, int dilation_w, cudnnConvolutionMode_t mode,
                                              cudnnDataType_t computeType) {
  auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  const int padding[] = {pad_h, pad_w};
  const int stride[] = {u, v};
  const int dilation[] = {dilation_h, dilation_w};
  return convolution->set(2, padding, stride, dilation, mode, computeType);
}

cudnnStatus_t cudnnGetConvolution2dDescriptor(const cudnnConvolutionDescriptor_t convDesc, int* pad_h, int* pad_w,
                                              int* u, int* v, int* dilation_h, int* dilation_w,
                                              cudnnConvolutionMode_t* mode, cudnnDataType_t* computeType) {
  const auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (any_null(pad_h, pad_w, u, v, dilation_h, dilation_w, mode, computeType)) return cpu::null_pointer(__func__);
  *pad_h = convolution->padding[0];
  *pad_w = convolution->padding[1];
  *u = convolution->stride[0];
  *v = convolution->stride[1];
  *dilation_h = convolution->dilation[0];
  *dilation_w = convolution->dilation[1];
  *mode = convolution->mode;
  *computeType = convolution->compute_type;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionNdDescriptor(cudnnConvolutionDescriptor_t convDesc, int arrayLength, const int padA[],
                                              const int filterStrideA[], const int dilationA[],
                                              cudnnConvolutionMode_t mode, cudnnDataType_t computeType) {
  auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (any_null(padA, filterStrideA, dilationA)) return cpu::null_pointer(__func__);
  return convolution->set(arrayLength, padA, filterStrideA, dilationA, mode, computeType);
}

// Writes every dimension asked for; those the convolution does not have are 0.
cudnnStatus_t cudnnGetConvolutionNdDescriptor(const cudnnConvolutionDescriptor_t convDesc, int arrayLengthRequested,
                                              int* arrayLength, int padA[], int strideA[], int dilationA[],
                                              cudnnConvolutionMode_t* mode, cudnnDataType_t* computeType) {
  const auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  if (arrayLengthRequested < 0) return fail(CUDNN_STATUS_BAD_PARAM, "arrayLengthRequested is negative");
  if (arrayLengthRequested > cpu::max_spatial_rank) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "arrayLengthRequested is above CUDNN_DIM_MAX - 2");
  }
  if (any_null(arrayLength, mode, computeType) || (arrayLengthRequested > 0 && any_null(padA, strideA, dilationA))) {
    return cpu::null_pointer(__func__);
  }
  *arrayLength = convolution->rank;
  std::copy_n(convolution->padding, arrayLengthRequested, padA);
  std::copy_n(convolution->stride, arrayLengthRequested, strideA);
  std::copy_n(convolution->dilation, arrayLengthRequested, dilationA);
  *mode = convolution->mode;
  *computeType = convolution->compute_type;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolution2dForwardOutputDim(const cudnnConvolutionDescriptor_t convDesc,
                                                    const cudnnTensorDescriptor_t inputTensorDesc,
                                                    const cudnnFilterDescriptor_t filterDesc, int* n, int* c, int* h,
                                                    int* w) {
  if (any_null(n, c, h, w)) return cpu::null_pointer(__func__);
  // Whatever cannot be computed is 0, also when a descriptor is missing.
  *n = *c = *h = *w = 0;
  const auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  const auto* input = lookup<TensorDescriptor>(inputTensorDesc);
  if (input == nullptr) return bad_handle(inputTensorDesc, "inputTensorDesc");
  const auto* filter = lookup<FilterDescriptor>(filterDesc);
  if (filter == nullptr) return bad_handle(filterDesc, "filterDesc");
  if (convolution->rank != 2) {
    return fail(CUDNN_STATUS_BAD_PARAM, "the convolution does not have 2 spatial dimensions");
  }
  int dims[4] = {};
  const cudnnStatus_t status = convolution->output_dims(*input, *filter, 4, dims);
  *n = dims[0];
  *c = dims[1];
  *h = dims[2];
  *w = dims[3];
  return status;
}

cudnnStatus_t cudnnGetConvolutionNdForwardOutputDim(const cudnnConvolutionDescriptor_t convDesc,
                                                    const cudnnTensorDescriptor_t inputTensorDesc,
                                                    const cudnnFilterDescriptor_t filterDesc, int nbDims,
                                                    int tensorOuputDimA[]) {
  const auto* convolution = lookup<ConvolutionDescriptor>(convDesc);
  if (convolution == nullptr) return bad_handle(convDesc, "convDesc");
  const auto* input = lookup<TensorDescriptor>(inputTensorDesc);
  if (input == nullptr) return bad_handle(inputTensorDesc, "inputTensorDesc");
  const auto* filter = lookup<FilterDescriptor>(filterDesc);
  if (filter == nullptr) return bad_handle(filterDesc, "filterDesc");
  if (nbDims < 0 || nbDims > input->rank) {
    return fail(CUDNN_STATUS_BAD_PARAM, "nbDims is negative or above the input's number of dimensions");
  }
  if (nbDims > 0 && tensorOuputDimA == nullptr) return cpu::null_pointer(__func__);
  return convolution->output_dims(*input, *filter, nbDims, tensorOuputDimA);
}
