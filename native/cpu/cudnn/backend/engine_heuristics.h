#pragma once
#include "cudnn/backend/engine.h"

namespace cpu::backend {

/// CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR: the engine configurations for a graph, the best first.
struct EngineHeuristicsDescriptor : Descriptor {
  EngineHeuristicsDescriptor();

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;

 private:
  std::vector<DescriptorPointer> results_;
};

}  // namespace cpu::backend
