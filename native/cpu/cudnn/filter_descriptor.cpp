#include "cudnn/filter_descriptor.h"

#include <algorithm>
#include <climits>

#include "cudnn/data_type.h"
#include "cudnn/object_handles.h"
#include "cudnn/tensor_descriptor.h"

namespace cpu {

int64_t FilterDescriptor::elements() const {
  if (rank == 0) return 0;
  uint64_t product = 1;
  for (int i = 0; i < rank; ++i) product *= static_cast<uint64_t>(dims[i]);
  return static_cast<int64_t>(product);
}

size_t FilterDescriptor::size_in_bytes() const {
  const size_t per_vector = format == CUDNN_TENSOR_NCHW_VECT_C ? channels_per_vector(data_type) : 1;
  return static_cast<size_t>(elements()) / per_vector * data_type_size(data_type);
}

bool FilterDescriptor::is_set() const {
  return rank > 0 && std::all_of(dims, dims + rank, [](int dim) { return dim > 0; });
}

bool FilterDescriptor::is_countable() const {
  int64_t product = 1;
  for (int i = 0; i < rank; ++i) {
    if (__builtin_mul_overflow(product, int64_t{dims[i]}, &product)) return false;
  }
  return product <= INT_MAX;
}

cudnnStatus_t FilterDescriptor::set(cudnnDataType_t type, cudnnTensorFormat_t new_format, int new_rank,
                                    const int* new_dims) {
  if (new_rank < 3)
    return fail(CUDNN_STATUS_BAD_PARAM, say("nbDims is ", new_rank, "; a filter has at least 3 dimensions"));
  if (new_rank > CUDNN_DIM_MAX)
    return fail(CUDNN_STATUS_NOT_SUPPORTED, say("nbDims is ", new_rank, "; CUDNN_DIM_MAX is ", CUDNN_DIM_MAX));
  if (type == CUDNN_DATA_INT32 || !is_layout_possible(new_format, type, new_dims[1])) {
    return fail(CUDNN_STATUS_BAD_PARAM,
                "dataType and format do not go together: NCHW and NHWC take every type of filters (not INT32), "
                "NCHW_VECT_C takes INT8x4, UINT8x4 and INT8x32 with a multiple of 4 or 32 channels");
  }
  *this = FilterDescriptor{};
  data_type = type;
  format = new_format;
  rank = new_rank;
  for (int i = 0; i < rank; ++i) {
    if (new_dims[i] <= 0)
      return fail(CUDNN_STATUS_BAD_PARAM, say("dimension ", i, " is ", new_dims[i], "; dimensions are positive"));
    dims[i] = new_dims[i];
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::FilterDescriptor;
using cpu::lookup;

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filterDesc) {
  return cpu::create_object<FilterDescriptor>(filterDesc, "filterDesc");
}

cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filterDesc) {
  return cpu::destroy_object<FilterDescriptor>(filterDesc, "filterDesc");
}

cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filterDesc, cudnnDataType_t dataType,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
  auto* filter = lookup<FilterDescriptor>(filterDesc);
  if (filter == nullptr) return bad_handle(filterDesc, "filterDesc");
  const int dims[] = {k, c, h, w};
  return filter->set(dataType, format, 4, dims);
}

cudnnStatus_t cudnnGetFilter4dDescriptor(const cudnnFilterDescriptor_t filterDesc, cudnnDataType_t* dataType,
                                         cudnnTensorFormat_t* format, int* k, int* c, int* h, int* w) {
  const auto* filter = lookup<FilterDescriptor>(filterDesc);
  if (filter == nullptr) return bad_handle(filterDesc, "filterDesc");
  if (any_null(dataType, format, k, c, h, w)) return cpu::null_pointer(__func__);
  *dataType = filter->data_type;
  *format = filter->format;
  *k = filter->dims[0];
  *c = filter->dims[1];
  *h = filter->dims[2];
  *w = filter->dims[3];
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetFilterNdDescriptor(cudnnFilterDescriptor_t filterDesc, cudnnDataType_t dataType,
                                         cudnnTensorFormat_t format, int nbDims, const int filterDimA[]) {
  auto* filter = lookup<FilterDescriptor>(filterDesc);
  if (filter == nullptr) return bad_handle(filterDesc, "filterDesc");
  if (filterDimA == nullptr) return cpu::null_pointer(__func__);
  return filter->set(dataType, format, nbDims, filterDimA);
}

// Writes every dimension asked for; those the filter does not have are 0.
cudnnStatus_t cudnnGetFilterNdDescriptor(const cudnnFilterDescriptor_t filterDesc, int nbDimsRequested,
                                         cudnnDataType_t* dataType, cudnnTensorFormat_t* format, int* nbDims,
                                         int filterDimA[]) {
  const auto* filter = lookup<FilterDescriptor>(filterDesc);
  if (filter == nullptr) return bad_handle(filterDesc, "filterDesc");
  if (nbDimsRequested < 0) return fail(CUDNN_STATUS_BAD_PARAM, "nbDimsRequested is negative");
  if (nbDimsRequested > CUDNN_DIM_MAX) {
    return fail(CUDNN_STATUS_NOT_SUPPORTED, "nbDimsRequested is above CUDNN_DIM_MAX");
  }
  if (any_null(dataType, format, nbDims) || (nbDimsRequested > 0 && filterDimA == nullptr)) {
    return cpu::null_pointer(__func__);
  }
  *dataType = filter->data_type;
  *format = filter->format;
  *nbDims = filter->rank;
  std::copy_n(filter->dims, nbDimsRequested, filterDimA);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetFilterSizeInBytes(const cudnnFilterDescriptor_t filterDesc, size_t* size) {
  if (size == nullptr) return cpu::null_pointer(__func__);
  *size = 0;
  const auto* filter = lookup<FilterDescriptor>(filterDesc);
  if (filter == nullptr) return bad_handle(filterDesc, "filterDesc");
  *size = filter->size_in_bytes();
  return CUDNN_STATUS_SUCCESS;
}
