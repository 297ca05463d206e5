#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// CUDNN_BACKEND_REDUCTION_DESCRIPTOR.
struct ReductionDescriptor : Descriptor {
  ReductionDescriptor();

 protected:
  cudnnStatus_t interpret() override;
};

/// y = x reduced over the dimensions in which y has size 1.
struct ReductionOperation : OperationDescriptor {
  ReductionOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

}  // namespace cpu::backend
