// Convolutions of 8-bit integers whose channels lie in vectors (NCHW_VECT_C): operands are unpacked, convolved as all
// others, and the result is packed again.
#include <cstring>

#include "cudnn/run_convolution.h"
#include "engine/compute_elementwise.h"
#include "engine/compute_scratch.h"

namespace cpu {
namespace {

using compute::Scratch;
using compute::Tensor;

/// An operand channels last, without gaps: a copy where it lies in vectors.
const void* unpacked(const StoredTensor& tensor, const void* data, Scratch& scratch) {
  if (tensor.width == 1) return data;
  void* copy = scratch.take_bytes(static_cast<size_t>(tensor.plain.elements()));
  compute::blend_tensor(1, tensor.vectors, data, 0, compute::split_channels(tensor.plain, tensor.width), copy);
  return copy;
}

/// The filter's bytes in the order before cudnnReorderFilterAndBias.
const void* unreordered_filter(const Tensor& filter, const void* data, Scratch& scratch) {
  const int64_t bytes = filter.elements(), rows = filter.dims[0];
  auto* copy = scratch.take<char>(bytes);
  for (int64_t i = 0; i < bytes; ++i) {
    copy[unreordered_filter_byte(i, rows, bytes / rows)] = static_cast<const char*>(data)[i];
  }
  return copy;
}

const void* unreordered_bias(const Tensor& bias, const void* data, Scratch& scratch) {
  const size_t size = compute::element_size(bias.type);
  auto* copy = static_cast<char*>(scratch.take_bytes(static_cast<size_t>(bias.dims[1]) * size));
  for (int64_t i = 0; i < bias.dims[1]; ++i) {
    std::memcpy(copy + static_cast<size_t>(unreordered_bias_channel(i)) * size,
                compute::at(data, bias.type, i * bias.strides[1]), size);
  }
  return copy;
}

void run(const VectorConvolution& call) {
  Scratch scratch;
  const bool is_reordered = call.is_reordered && call.w.width == 32;
  const void* filter = is_reordered ? unreordered_filter(call.w.plain, call.w_data, scratch) : call.w_data;
  const void* x = unpacked(call.x, call.x_data, scratch);
  const void* w = unpacked(call.w, filter, scratch);
  Tensor sums = compute::convolution_plan_shape(*call.plan).y;
  float* result = scratch.take<float>(sums.elements());
  compute::run_convolution(*call.plan, 1, x, w, nullptr, 0, result, call.workspace, call.workspace_bytes);
  const int width = call.y.width;
  if (width != 1) sums = compute::split_channels(sums, width);
  if (call.bias_data == nullptr) {
    compute::blend_tensor(call.alpha, sums, result, call.beta, call.y.memory(), call.y_data);
    return;
  }
  Tensor bias = call.bias;
  const void* bias_data = call.bias_data;
  if (is_reordered) {
    bias_data = unreordered_bias(bias, bias_data, scratch);
    bias = compute::packed(bias, bias.type);
  }
  if (width != 1) bias = compute::split_channels(bias, width);
  compute::bias_activation(call.activation, call.alpha, sums, result, call.beta, call.z.memory(), call.z_data, bias,
                           bias_data, call.y.memory(), call.y_data);
}

}  // namespace

// Bytes go in blocks of 8 output channels x 32 input bytes, the input bytes outermost; in a block 4 input channels stay
// together. The permutation is the one that tensor cores want, as OpenXLA writes it out for cuDNN's NO_REORDER.
int64_t unreordered_filter_byte(int64_t byte, int64_t rows, int64_t row_bytes) {
  const int64_t lane = byte % 32, line = byte / 32 % 8, blocks = rows / 8;
  const int64_t block = byte / 256 % blocks, column = byte / 256 / blocks;
  const int64_t row = block * 8 + line / 4 + lane % 16 / 4 * 2;
  return row * row_bytes + column * 32 + line % 4 * 8 + lane / 16 * 4 + lane % 4;
}

int64_t unreordered_bias_channel(int64_t channel) {
  const int64_t four = channel % 32 / 4;
  return channel / 32 * 32 + four % 4 * 8 + four / 4 * 4 + channel % 4;
}

cudnnStatus_t run_vector_convolution(const CudnnHandle& handle, const char* name, const VectorConvolution& operands) {
  return enqueue(handle, name, [operands](const char* function) {
    const VectorConvolution& call = operands;
    if (touches(function, {extent_of("x", call.x.memory(), call.x_data), extent_of("w", call.w.memory(), call.w_data),
                           extent_of("z", call.z.memory(), call.beta == 0 ? nullptr : call.z_data),
                           extent_of("bias", call.bias, call.bias_data), extent_of("y", call.y.memory(), call.y_data),
                           workspace_extent(*call.plan, call.workspace, call.workspace_bytes)})) {
      run(call);
    }
  });
}

}  // namespace cpu

cudnnStatus_t cudnnReorderFilterAndBias(cudnnHandle_t handle, const cudnnFilterDescriptor_t filterDesc,
                                        cudnnReorderType_t reorderType, const void* filterData,
                                        void* reorderedFilterData, int reorderBias, const void* biasData,
                                        void* reorderedBiasData) {
  using namespace cpu;
  Arguments arguments(__func__);
  const auto* cudnn = arguments.handle(handle);
  const StoredTensor filter = arguments.stored_filter(filterDesc, "filterDesc");
  arguments.pointers(filterData, static_cast<const void*>(reorderedFilterData));
  arguments.require(reorderType == CUDNN_DEFAULT_REORDER || reorderType == CUDNN_NO_REORDER, CUDNN_STATUS_BAD_PARAM,
                    "reorderType is no cudnnReorderType_t");
  if (reorderBias != 0) arguments.pointers(biasData, static_cast<const void*>(reorderedBiasData));
  if (arguments.failed()) return arguments.status();
  arguments.require(filter.width == 32 && filter.plain.dims[0] % 32 == 0, CUDNN_STATUS_NOT_SUPPORTED,
                    "filterDesc is no INT8x32 filter in the layout NCHW_VECT_C with a multiple of 32 output channels");
  if (arguments.failed()) return arguments.status();
  const int64_t bytes = filter.plain.elements(), rows = filter.plain.dims[0];
  const int64_t bias_bytes = reorderBias == 0 ? 0 : rows * static_cast<int64_t>(sizeof(float));
  const bool copies = reorderType == CUDNN_NO_REORDER;
  return enqueue(*cudnn, __func__, [=](const char* function) {
    if (!touches(function, {extent_of("filterData", filterData, bytes),
                            extent_of("reorderedFilterData", reorderedFilterData, bytes),
                            extent_of("biasData", biasData, bias_bytes),
                            extent_of("reorderedBiasData", reorderedBiasData, bias_bytes)})) {
      return;
    }
    const auto* from = static_cast<const char*>(filterData);
    auto* to = static_cast<char*>(reorderedFilterData);
    for (int64_t i = 0; i < bytes; ++i) to[i] = from[copies ? i : unreordered_filter_byte(i, rows, bytes / rows)];
    if (bias_bytes == 0) return;
    const auto* bias = static_cast<const float*>(biasData);
    auto* reordered = static_cast<float*>(reorderedBiasData);
    for (int64_t i = 0; i < rows; ++i) reordered[i] = bias[copies ? i : unreordered_bias_channel(i)];
  });
}
