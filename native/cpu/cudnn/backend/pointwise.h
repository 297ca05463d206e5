#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// CUDNN_BACKEND_POINTWISE_DESCRIPTOR.
struct PointwiseDescriptor : Descriptor {
  PointwiseDescriptor();
};

/// y = f(alpha1 x, alpha2 b) or dx = f'(x) dy, element by element; operands of size 1 are repeated.
struct PointwiseOperation : OperationDescriptor {
  PointwiseOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

}  // namespace cpu::backend
