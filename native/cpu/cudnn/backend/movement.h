#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// y = the inputs one after the other along one axis.
struct ConcatOperation : OperationDescriptor {
  ConcatOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

/// y = the elements of x in another shape.
struct ReshapeOperation : OperationDescriptor {
  ReshapeOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

}  // namespace cpu::backend
