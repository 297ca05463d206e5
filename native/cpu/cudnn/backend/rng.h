#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// CUDNN_BACKEND_RNG_DESCRIPTOR: a distribution of random numbers.
struct RngDescriptor : Descriptor {
  RngDescriptor();

 protected:
  cudnnStatus_t interpret() override;
};

/// y = random numbers that follow from a seed and an offset.
struct RngOperation : OperationDescriptor {
  RngOperation();

  compute::GraphNode lower() const override;
};

}  // namespace cpu::backend
