#include "engine/compute_tensor.h"

namespace cpu::compute {

void Tensor::reach(int64_t& lowest, int64_t& highest) const {
  lowest = highest = 0;
  for (int i = 0; i < rank; ++i) (strides[i] < 0 ? lowest : highest) += static_cast<int64_t>(dims[i] - 1) * strides[i];
}

bool Tensor::is_packed() const {
  int64_t expected = 1;
  for (int i = rank - 1; i >= 0; --i) {
    if (dims[i] != 1 && strides[i] != expected) return false;
    expected *= dims[i];
  }
  return true;
}

bool Tensor::is_channels_last() const {
  if (rank < 2) return is_packed();
  if (dims[1] != 1 && strides[1] != 1) return false;
  int64_t expected = dims[1];
  for (int i = rank - 1; i >= 0; --i) {
    if (i == 1) continue;
    if (dims[i] != 1 && strides[i] != expected) return false;
    expected *= dims[i];
  }
  return true;
}

bool same_dims(const Tensor& a, const Tensor& b) {
  if (a.rank != b.rank) return false;
  for (int i = 0; i < a.rank; ++i) {
    if (a.dims[i] != b.dims[i]) return false;
  }
  return true;
}

bool same_layout(const Tensor& a, const Tensor& b) {
  if (a.type != b.type || !same_dims(a, b)) return false;
  for (int i = 0; i < a.rank; ++i) {
    if (a.dims[i] != 1 && a.strides[i] != b.strides[i]) return false;
  }
  return true;
}

Tensor packed(const Tensor& shape, ElementType type) {
  Tensor result = shape;
  result.type = type;
  int stride = 1;
  for (int i = shape.rank - 1; i >= 0; --i) {
    result.strides[i] = stride;
    stride *= shape.dims[i];
  }
  return result;
}

Tensor channels_last(const Tensor& shape, ElementType type) {
  if (shape.rank < 2) return packed(shape, type);
  Tensor result = shape;
  result.type = type;
  result.strides[1] = 1;
  int stride = shape.dims[1];
  for (int i = shape.rank - 1; i >= 0; --i) {
    if (i == 1) continue;
    result.strides[i] = stride;
    stride *= shape.dims[i];
  }
  return result;
}

Tensor channel_numbers(const Tensor& image, ElementType type) {
  Tensor result = image;
  for (int i = 0; i < result.rank; ++i) {
    if (i != 1) result.dims[i] = 1;
  }
  return packed(result, type);
}

Tensor split_channels(const Tensor& tensor, int width) {
  Tensor result = tensor;
  result.rank = tensor.rank + 1;
  for (int i = tensor.rank; i > 2; --i) {
    result.dims[i] = tensor.dims[i - 1];
    result.strides[i] = tensor.strides[i - 1];
  }
  result.dims[1] = tensor.dims[1] / width;
  result.strides[1] = tensor.strides[1] * width;
  result.dims[2] = width;
  result.strides[2] = tensor.strides[1];
  return result;
}

}  // namespace cpu::compute
