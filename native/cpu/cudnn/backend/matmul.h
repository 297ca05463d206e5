#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// CUDNN_BACKEND_MATMUL_DESCRIPTOR.
struct MatmulDescriptor : Descriptor {
  MatmulDescriptor();
};

/// c = a b over the last two dimensions; the others are batches, repeated where one is a multiple of the other.
struct MatmulOperation : OperationDescriptor {
  MatmulOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

}  // namespace cpu::backend
