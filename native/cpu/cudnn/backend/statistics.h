#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// Sums of x and of its squares over all but the channels.
struct GenStatsOperation : OperationDescriptor {
  GenStatsOperation();

  compute::GraphNode lower() const override;
};

/// Sums into mean, inverse standard deviation, running values and an equivalent scale and bias.
struct BnFinalizeOperation : OperationDescriptor {
  BnFinalizeOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

/// Gradients of scale and bias, and the coefficients with which dx = dy a + x b + c.
struct BnBackwardWeightsOperation : OperationDescriptor {
  BnBackwardWeightsOperation();

  compute::GraphNode lower() const override;
};

}  // namespace cpu::backend
