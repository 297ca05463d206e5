#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR: operations that hang together by the unique ids of their tensors.
struct OperationGraphDescriptor : Descriptor {
  OperationGraphDescriptor();

  /// In the order in which they can run.
  std::vector<std::shared_ptr<OperationDescriptor>> operations;

  /// The graph as the engine takes it. Throws compute::UnsupportedGraph for what the engine has no words for.
  compute::ComputeGraph lower() const;

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;
};

}  // namespace cpu::backend
