#pragma once
#include "cudnn/backend/engine.h"
#include "cudnn/backend/runnable_plan.h"

namespace cpu::backend {

/// CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR: an engine configuration ready to run.
struct ExecutionPlanDescriptor : Descriptor {
  ExecutionPlanDescriptor();

  std::shared_ptr<EngineConfigDescriptor> config;
  std::shared_ptr<const RunnablePlan> runnable;

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;
};

}  // namespace cpu::backend
