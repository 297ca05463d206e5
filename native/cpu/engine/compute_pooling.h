#pragma once
#include "engine/compute_tensor.h"

namespace cpu::compute {

enum class PoolingMode : uint8_t { Max, AverageIncludePadding, AverageExcludePadding };

/// A pooling over up to three spatial dimensions.
struct PoolingShape {
  PoolingMode mode = PoolingMode::Max;
  bool propagate_nan = false;
  Tensor x;
  Tensor y;
  int window[3] = {1, 1, 1};
  int padding[3] = {};
  int stride[3] = {1, 1, 1};
};

/// y = alpha pool(x) + beta y. Padding never wins a maximum.
void pooling_forward(const PoolingShape& shape, double alpha, const void* x, double beta, void* y);
/// dx = alpha (gradient) + beta dx. The gradient of a maximum goes to the first of equals, in row order.
void pooling_backward(const PoolingShape& shape, double alpha, const void* y, const Tensor& dy_tensor, const void* dy,
                      const void* x, double beta, const Tensor& dx_tensor, void* dx);

}  // namespace cpu::compute
