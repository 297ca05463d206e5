#include "cudnn/pooling_descriptor.h"

#include <algorithm>
#include <climits>

#include "cudnn/data_type.h"
#include "cudnn/object_handles.h"
#include "cudnn/tensor_descriptor.h"
#include "cudnn/window.h"

namespace cpu {

cudnnStatus_t PoolingDescriptor::set(cudnnPoolingMode_t new_mode, cudnnNanPropagation_t new_nan_propagation,
                                     int new_rank, const int* new_window, const int* new_padding,
                                     const int* new_stride) {
  if (!is_between(new_mode, CUDNN_POOLING_MAX, CUDNN_POOLING_MAX_DETERMINISTIC)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "mode is no cudnnPoolingMode_t");
  }
  if (!is_nan_propagation(new_nan_propagation)) {
    return fail(CUDNN_STATUS_BAD_PARAM, "maxpoolingNanOpt is no cudnnNanPropagation_t");
  }
  if (new_rank < 1)
    return fail(CUDNN_STATUS_BAD_PARAM, say("nbDims is ", new_rank, "; a pooling has at least 1 dimension"));
  if (new_rank > max_spatial_rank)
    return fail(CUDNN_STATUS_NOT_SUPPORTED, say("nbDims is ", new_rank, "; the largest is ", max_spatial_rank));

  *this = PoolingDescriptor{};
  mode = new_mode;
  nan_propagation = new_nan_propagation;
  rank = new_rank;
  for (int i = 0; i < rank; ++i) {
    if (new_window[i] <= 0)
      return fail(CUDNN_STATUS_BAD_PARAM,
                  say("the window of dimension ", i, " is ", new_window[i], "; windows are positive"));
    window[i] = new_window[i];
    padding[i] = new_padding[i];
    if (new_stride[i] <= 0)
      return fail(CUDNN_STATUS_BAD_PARAM,
                  say("the stride of dimension ", i, " is ", new_stride[i], "; strides are positive"));
    stride[i] = new_stride[i];
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t PoolingDescriptor::output_dims(const TensorDescriptor& input, int* out) const {
  if (!input.is_set() || rank < 1 || input.rank != rank + 2) {
    return fail(CUDNN_STATUS_BAD_PARAM, say("the input has ", input.rank, " dimensions and the pooling ", rank,
                                            " spatial ones, or one of them is not set"));
  }
  out[0] = input.dims[0];
  out[1] = input.dims[1];
  for (int i = 0; i < rank; ++i) {
    // A stride of 0 is what a setter that failed leaves behind.
    if (stride[i] <= 0) return fail(CUDNN_STATUS_BAD_PARAM, "the pooling descriptor's last setter failed");
    const int64_t positions = window_positions(input.dims[i + 2], padding[i], window[i], stride[i]);
    if (positions <= 0 || positions > INT_MAX) {
      return fail(CUDNN_STATUS_BAD_PARAM,
                  say("along dimension ", i + 2, " the window is ", window[i], ", the padded input ",
                      int64_t{input.dims[i + 2]} + 2 * int64_t{padding[i]}));
    }
    out[i + 2] = static_cast<int>(positions);
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::PoolingDescriptor;
using cpu::TensorDescriptor;

cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* poolingDesc) {
  return cpu::create_object<PoolingDescriptor>(poolingDesc, "poolingDesc");
}

cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t poolingDesc) {
  return cpu::destroy_object<PoolingDescriptor>(poolingDesc, "poolingDesc");
}

cudnnStatus_t cudnnSetPooling2dDescriptor(cudnnPoolingDescriptor_t poolingDesc, cudnnPoolingMode_t mode,
                                          cudnnNanPropagation_t maxpoolingNanOpt, int windowHeight, int windowWidth,
                                          int verticalPadding, int horizontalPadding, int verticalStride,
                                          int horizontalStride) {
  auto* pooling = lookup<PoolingDescriptor>(poolingDesc);
  if (pooling == nullptr) return bad_handle(poolingDesc, "poolingDesc");
  const int window[] = {windowHeight, windowWidth};
  const int padding[] = {verticalPadding, horizontalPadding};
  const int stride[] = {verticalStride, horizontalStride};
  return pooling->set(mode, maxpoolingNanOpt, 2, window, padding, stride);
}

cudnnStatus_t cudnnGetPooling2dDescriptor(const cudnnPoolingDescriptor_t poolingDesc, cudnnPoolingMode_t* mode,
                                          cudnnNanPropagation_t* maxpoolingNanOpt, int* windowHeight, int* windowWidth,
                                          int* verticalPadding, int* horizontalPadding, int* verticalStride,
                                          int* horizontalStride) {
  const auto* pooling = lookup<PoolingDescriptor>(poolingDesc);
  if (pooling == nullptr) return bad_handle(poolingDesc, "poolingDesc");
  if (any_null(mode, maxpoolingNanOpt, windowHeight, windowWidth, verticalPadding, horizontalPadding, verticalStride,
               horizontalStride)) {
    return cpu::null_pointer(__func__);
  }
  *mode = pooling->mode;
  *maxpoolingNanOpt = pooling->nan_propagation;
  *windowHeight = pooling->window[0];
  *windowWidth = pooling->window[1];
  *verticalPadding = pooling->padding[0];
  *horizontalPadding = pooling->padding[1];
  *verticalStride = pooling->stride[0];
  *horizontalStride = pooling->stride[1];
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetPoolingNdDescriptor(cudnnPoolingDescriptor_t poolingDesc, const cudnnPoolingMode_t mode,
                                          const cudnnNanPropagation_t maxpoolingNanOpt, int nbDims,
                                          const int windowDimA[], const int paddingA[], const int strideA[]) {
  auto* pooling = lookup<PoolingDescriptor>(poolingDesc);
  if (pooling == nullptr) return bad_handle(poolingDesc, "poolingDesc");
  if (any_null(windowDimA, paddingA, strideA)) return cpu::null_pointer(__func__);
  return pooling->set(mode, maxpoolingNanOpt, nbDims, windowDimA, paddingA, strideA);
}

// Writes every dimension asked for; those the pooling does not have are 0.
cudnnStatus_t cudnnGetPoolingNdDescriptor(const cudnnPoolingDescriptor_t poolingDesc, int nbDimsRequested,
                                          cudnnPoolingMode_t* mode, cudnnNanPropagation_t* maxpoolingNanOpt,
                                          int* nbDims, int windowDimA[], int paddingA[], int strideA[]) {
  const auto* pooling = lookup<PoolingDescriptor>(poolingDesc);
  if (pooling == nullptr) return bad_handle(poolingDesc, "poolingDesc");
  if (nbDimsRequested < 0) return fail(CUDNN_STATUS_BAD_PARAM, "nbDimsRequested is negative");
  if (nbDimsRequested > cpu::max_spatial_rank) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "nbDimsRequested is above CUDNN_DIM_MAX - 2");
  }
  if (any_null(mode, maxpoolingNanOpt, nbDims) || (nbDimsRequested > 0 && any_null(windowDimA, paddingA, strideA))) {
    return cpu::null_pointer(__func__);
  }
  *mode = pooling->mode;
  *maxpoolingNanOpt = pooling->nan_propagation;
  *nbDims = pooling->rank;
  std::copy_n(pooling->window, nbDimsRequested, windowDimA);
  std::copy_n(pooling->padding, nbDimsRequested, paddingA);
  std::copy_n(pooling->stride, nbDimsRequested, strideA);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetPoolingNdForwardOutputDim(const cudnnPoolingDescriptor_t poolingDesc,
                                                const cudnnTensorDescriptor_t inputTensorDesc, int nbDims,
                                                int outputTensorDimA[]) {
  const auto* pooling = lookup<PoolingDescriptor>(poolingDesc);
  if (pooling == nullptr) return bad_handle(poolingDesc, "poolingDesc");
  const auto* input = lookup<TensorDescriptor>(inputTensorDesc);
  if (input == nullptr) return bad_handle(inputTensorDesc, "inputTensorDesc");
  if (nbDims != input->rank) return fail(CUDNN_STATUS_BAD_PARAM, "nbDims is not the input's number of dimensions");
  if (outputTensorDimA == nullptr) return cpu::null_pointer(__func__);
  return pooling->output_dims(*input, outputTensorDimA);
}

cudnnStatus_t cudnnGetPooling2dForwardOutputDim(const cudnnPoolingDescriptor_t poolingDesc,
                                                const cudnnTensorDescriptor_t inputTensorDesc, int* n, int* c, int* h,
                                                int* w) {
  if (any_null(n, c, h, w)) return cpu::null_pointer(__func__);
  // Whatever cannot be computed is 0.
  *n = *c = *h = *w = 0;
  const auto* pooling = lookup<PoolingDescriptor>(poolingDesc);
  if (pooling == nullptr) return bad_handle(poolingDesc, "poolingDesc");
  const auto* input = lookup<TensorDescriptor>(inputTensorDesc);
  if (input == nullptr) return bad_handle(inputTensorDesc, "inputTensorDesc");
  if (pooling->rank != 2) return fail(CUDNN_STATUS_BAD_PARAM, "the pooling does not have 2 spatial dimensions");
  int dims[4] = {};
  const cudnnStatus_t status = pooling->output_dims(*input, dims);
  *n = dims[0];
  *c = dims[1];
  *h = dims[2];
  *w = dims[3];
  return status;
}
