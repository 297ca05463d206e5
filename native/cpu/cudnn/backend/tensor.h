#pragma once
#include "cudnn/backend/descriptor.h"

namespace cpu::backend {

/// CUDNN_BACKEND_TENSOR_DESCRIPTOR. The fields hold once it is finalized.
struct TensorDescriptor : Descriptor {
  TensorDescriptor();

  int64_t uid = -1;
  cudnnDataType_t data_type = CUDNN_DATA_FLOAT;
  int64_t byte_alignment = 0;
  /// 1 to 8 dimensions, and as many strides, in elements.
  std::vector<int64_t> dims;
  std::vector<int64_t> strides;
  int64_t vector_count = 1;
  bool is_virtual = false;
  bool is_by_value = false;

 protected:
  cudnnStatus_t interpret() override;
};

/// "2x16x6x6".
std::string dims_text(const std::vector<int64_t>& dims);

/// Bytes of one element of a backend tensor: types of 4 bits count as a byte. 0 for types no tensor can have.
size_t backend_element_size(cudnnDataType_t type);

}  // namespace cpu::backend
