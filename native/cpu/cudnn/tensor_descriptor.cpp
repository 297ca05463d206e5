#include "cudnn/tensor_descriptor.h"

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "cudnn/data_type.h"
#include "cudnn/object_handles.h"

namespace cpu {
namespace {

// Dimensions may be anything the caller passed, so the product is formed where overflow wraps.
int wrapping_product(int a, int b) { return static_cast<int>(static_cast<unsigned>(a) * static_cast<unsigned>(b)); }

uint64_t magnitude(int value) { return static_cast<uint64_t>(std::llabs(static_cast<long long>(value))); }

// Elements from the first to the last one, gaps included. Exact: eight products of 31 bits fit 128 bits.
unsigned __int128 extent(const TensorDescriptor& tensor) {
  if (!tensor.is_set()) return 0;
  unsigned __int128 sum = 1;
  for (int i = 0; i < tensor.rank; ++i) {
    const int size = i == 1 ? tensor.dims[i] / tensor.vector_width : tensor.dims[i];
    sum += static_cast<unsigned __int128>(size - 1) * magnitude(tensor.strides[i]);
  }
  return sum;
}

bool matches_packed(const TensorDescriptor& tensor, cudnnTensorFormat_t format) {
  if (!tensor.is_set() || tensor.vector_width != 1) return false;
  int expected[CUDNN_DIM_MAX] = {};
  packed_strides(format, tensor.rank, tensor.dims, expected);
  for (int i = 0; i < tensor.rank; ++i) {
    if (tensor.dims[i] != 1 && tensor.strides[i] != expected[i]) return false;
  }
  return true;
}

}  // namespace

bool is_layout_possible(cudnnTensorFormat_t format, cudnnDataType_t type, int channels) {
  if (data_type_size(type) == 0) return false;
  if (format == CUDNN_TENSOR_NCHW || format == CUDNN_TENSOR_NHWC) return true;
  if (format != CUDNN_TENSOR_NCHW_VECT_C) return false;
  const int width = channels_per_vector(type);
  return width != 0 && channels % width == 0;
}

void packed_strides(cudnnTensorFormat_t format, int rank, const int* dims, int* strides) {
  const bool channels_last = format == CUDNN_TENSOR_NHWC && rank > 2;
  int stride = 1;
  if (channels_last) {
    strides[1] = 1;
    stride = dims[1];
  }
  for (int i = rank - 1; i >= 0; --i) {
    if (channels_last && i == 1) continue;
    strides[i] = stride;
    stride = wrapping_product(stride, dims[i]);
  }
}

int64_t TensorDescriptor::elements() const {
  if (rank == 0) return 0;
  int64_t product = 1;
  for (int i = 0; i < rank; ++i) {
    // A descriptor may hold dimensions whose product no 64 bits hold; those are refused when set, but stay stored.
    if (__builtin_mul_overflow(product, static_cast<int64_t>(dims[i]), &product)) return INT64_MAX;
  }
  return product;
}

size_t TensorDescriptor::size_in_bytes() const {
  return static_cast<size_t>(extent(*this)) * data_type_size(data_type);
}

bool TensorDescriptor::is_set() const {
  return rank > 0 && std::all_of(dims, dims + rank, [](int dim) { return dim > 0; });
}

bool TensorDescriptor::is_countable() const { return extent(*this) <= INT_MAX && elements() <= INT_MAX; }

bool TensorDescriptor::is_packed() const { return matches_packed(*this, CUDNN_TENSOR_NCHW); }

bool TensorDescriptor::is_packed_channels_last() const { return matches_packed(*this, CUDNN_TENSOR_NHWC); }

cudnnStatus_t TensorDescriptor::set(cudnnDataType_t type, int new_rank, const int* new_dims, const int* new_strides,
                                    int new_width) {
  if (data_type_size(type) == 0)
    return fail(CUDNN_STATUS_BAD_PARAM, say("dataType ", static_cast<int>(type), " is no data type of tensors"));
  if (new_rank < 2)
    return fail(CUDNN_STATUS_BAD_PARAM, say("nbDims is ", new_rank, "; a tensor has at least 2 dimensions"));
  if (new_rank > CUDNN_DIM_MAX)
    return fail(CUDNN_STATUS_NOT_SUPPORTED, say("nbDims is ", new_rank, "; CUDNN_DIM_MAX is ", CUDNN_DIM_MAX));

  *this = TensorDescriptor{};
  data_type = type;
  rank = new_rank;
  vector_width = new_width;
  for (int i = 0; i < rank; ++i) {
    if (new_dims[i] <= 0)
      return fail(CUDNN_STATUS_BAD_PARAM, say("dimension ", i, " is ", new_dims[i], "; dimensions are positive"));
    if (new_strides[i] == 0 && new_dims[i] != 1) {
      return fail(CUDNN_STATUS_BAD_PARAM,
                  say("the stride of dimension ", i, " is 0 although its size is ", new_dims[i]));
    }
    dims[i] = new_dims[i];
    strides[i] = new_strides[i];
  }
  if (extent(*this) > INT_MAX) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "the tensor spans more than 2^31 - 1 elements; split it, e.g. along N");
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t TensorDescriptor::set_packed(cudnnTensorFormat_t format, cudnnDataType_t type, int new_rank,
                                           const int* new_dims) {
  if (!is_layout_possible(format, type, new_rank < 2 ? 0 : new_dims[1])) {
    return fail(CUDNN_STATUS_BAD_PARAM,
                "dataType and format do not go together: NCHW and NHWC take every type of tensors, NCHW_VECT_C takes "
                "INT8x4, UINT8x4 and INT8x32 with a multiple of 4 or 32 channels");
  }
  int new_strides[CUDNN_DIM_MAX] = {};
  if (new_rank < 2 || new_rank > CUDNN_DIM_MAX) return set(type, new_rank, new_dims, new_strides);
  if (format == CUDNN_TENSOR_NCHW_VECT_C) {
    const int width = channels_per_vector(type);
    int vectors[CUDNN_DIM_MAX] = {};
    std::copy_n(new_dims, new_rank, vectors);
    vectors[1] /= width;
    packed_strides(format, new_rank, vectors, new_strides);
    return set(type, new_rank, new_dims, new_strides, width);
  }
  // NHWC needs a spatial dimension: without one the strides stay 0 and the setter refuses them.
  if (format == CUDNN_TENSOR_NCHW || new_rank > 2) packed_strides(format, new_rank, new_dims, new_strides);
  return set(type, new_rank, new_dims, new_strides);
}

}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::TensorDescriptor;

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensorDesc) {
  return cpu::create_object<TensorDescriptor>(tensorDesc, "tensorDesc");
}

cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensorDesc) {
  return cpu::destroy_object<TensorDescriptor>(tensorDesc, "tensorDesc");
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensorDesc, cudnnTensorFormat_t format,
                                         cudnnDataType_t dataType, int n, int c, int h, int w) {
  auto* tensor = lookup<TensorDescriptor>(tensorDesc);
  if (tensor == nullptr) return bad_handle(tensorDesc, "tensorDesc");
  // Here a bad dimension is found before anything is stored, unlike in the setters that take strides.
  if (n <= 0 || c <= 0 || h <= 0 || w <= 0) {
    return fail(CUDNN_STATUS_BAD_PARAM, "(n <= 0) || (c <= 0) || (h <= 0) || (w <= 0)");
  }
  const int dims[] = {n, c, h, w};
  return tensor->set_packed(format, dataType, 4, dims);
}

cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t tensorDesc, cudnnDataType_t dataType, int n, int c,
                                           int h, int w, int nStride, int cStride, int hStride, int wStride) {
  auto* tensor = lookup<TensorDescriptor>(tensorDesc);
  if (tensor == nullptr) return bad_handle(tensorDesc, "tensorDesc");
  const int dims[] = {n, c, h, w};
  const int strides[] = {nStride, cStride, hStride, wStride};
  return tensor->set(dataType, 4, dims, strides);
}

cudnnStatus_t cudnnGetTensor4dDescriptor(const cudnnTensorDescriptor_t tensorDesc, cudnnDataType_t* dataType, int* n,
                                         int* c, int* h, int* w, int* nStride, int* cStride, int* hStride,
                                         int* wStride) {
  const auto* tensor = lookup<TensorDescriptor>(tensorDesc);
  if (tensor == nullptr) return bad_handle(tensorDesc, "tensorDesc");
  if (any_null(dataType, n, c, h, w, nStride, cStride, hStride, wStride)) return cpu::null_pointer(__func__);
  *dataType = tensor->data_type;
  *n = tensor->dims[0];
  *c = tensor->dims[1];
  *h = tensor->dims[2];
  *w = tensor->dims[3];
  *nStride = tensor->strides[0];
  *cStride = tensor->strides[1];
  *hStride = tensor->strides[2];
  *wStride = tensor->strides[3];
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensorDesc, cudnnDataType_t dataType, int nbDims,
                                         const int dimA[], const int strideA[]) {
  auto* tensor = lookup<TensorDescriptor>(tensorDesc);
  if (tensor == nullptr) return bad_handle(tensorDesc, "tensorDesc");
  if (any_null(dimA, strideA)) return cpu::null_pointer(__func__);
  return tensor->set(dataType, nbDims, dimA, strideA);
}

cudnnStatus_t cudnnSetTensorNdDescriptorEx(cudnnTensorDescriptor_t tensorDesc, cudnnTensorFormat_t format,
                                           cudnnDataType_t dataType, int nbDims, const int dimA[]) {
  auto* tensor = lookup<TensorDescriptor>(tensorDesc);
  if (tensor == nullptr) return bad_handle(tensorDesc, "tensorDesc");
  if (dimA == nullptr) return cpu::null_pointer(__func__);
  return tensor->set_packed(format, dataType, nbDims, dimA);
}

// Writes as many dimensions as were asked for and exist; nbDims always says how many exist.
cudnnStatus_t cudnnGetTensorNdDescriptor(const cudnnTensorDescriptor_t tensorDesc, int nbDimsRequested,
                                         cudnnDataType_t* dataType, int* nbDims, int dimA[], int strideA[]) {
  const auto* tensor = lookup<TensorDescriptor>(tensorDesc);
  if (tensor == nullptr) return bad_handle(tensorDesc, "tensorDesc");
  const int count = std::clamp(nbDimsRequested, 0, tensor->rank);
  if (any_null(dataType, nbDims) || (count > 0 && any_null(dimA, strideA))) return cpu::null_pointer(__func__);
  *dataType = tensor->data_type;
  *nbDims = tensor->rank;
  if (count > 0) {
    std::copy_n(tensor->dims, count, dimA);
    std::copy_n(tensor->strides, count, strideA);
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetTensorSizeInBytes(const cudnnTensorDescriptor_t tensorDesc, size_t* size) {
  const auto* tensor = lookup<TensorDescriptor>(tensorDesc);
  if (tensor == nullptr) return bad_handle(tensorDesc, "tensorDesc");
  if (size == nullptr) return cpu::null_pointer(__func__);
  *size = tensor->size_in_bytes();
  return CUDNN_STATUS_SUCCESS;
}
