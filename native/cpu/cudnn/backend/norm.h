#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// y = (x - mean) * inverse deviation * scale + bias; the mode says over which dimensions mean and deviation go.
struct NormForwardOperation : OperationDescriptor {
  NormForwardOperation();

  bool is_inference() const;
  compute::GraphNode lower() const override;

 protected:
  bool writes(const PortRule& port) const override;
  cudnnStatus_t check() override;
};

/// The gradients of x, scale and bias.
struct NormBackwardOperation : OperationDescriptor {
  NormBackwardOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

}  // namespace cpu::backend
