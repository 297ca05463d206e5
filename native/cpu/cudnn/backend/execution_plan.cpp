#include "cudnn/backend/execution_plan.h"

#include "cudnn/backend/kinds.h"
#include "cudnn/backend/plan_json.h"

namespace cpu::backend {
namespace {

constexpr AttributeRule rules[] = {
    plain(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE)
        .wrong_type_is(CUDNN_STATUS_NOT_INITIALIZED)
        .null_is(CUDNN_STATUS_NOT_INITIALIZED),
    checked_descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG),
    read_only(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64),
    read_only(CUDNN_ATTR_EXECUTION_PLAN_COMPUTED_INTERMEDIATE_UIDS, CUDNN_TYPE_INT64),
    plain(CUDNN_ATTR_EXECUTION_PLAN_RUN_ONLY_INTERMEDIATE_UIDS, CUDNN_TYPE_INT64),
    plain(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR)
        .of_any_type()
        .any_count()
        .wrong_count_is(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED),
    checked_descriptor(CUDNN_ATTR_EXECUTION_PLAN_KERNEL_CACHE),
    checked_descriptor(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP),
};

}  // namespace

const DescriptorKind execution_plan_kind = {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, "execution plan", rules,
                                            make_descriptor<ExecutionPlanDescriptor>};

ExecutionPlanDescriptor::ExecutionPlanDescriptor() : Descriptor(execution_plan_kind) {}

cudnnStatus_t ExecutionPlanDescriptor::interpret() {
  config = as<EngineConfigDescriptor>(attributes.descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG));
  const std::string json = attributes.text(CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION);
  if (config == nullptr && !json.empty()) {
    const cudnnStatus_t status = read_plan_json(*this, json, &config);
    if (status != CUDNN_STATUS_SUCCESS) return status;
  }
  if (!is_finalized(config)) {
    return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "its engine configuration was not set or is not finalized");
  }
  if (attributes.has(CUDNN_ATTR_EXECUTION_PLAN_RUN_ONLY_INTERMEDIATE_UIDS)) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, "the CPU device's plans have no intermediates to run apart");
  }
  for (const cudnnBackendAttributeName_t name :
       {CUDNN_ATTR_EXECUTION_PLAN_KERNEL_CACHE, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP}) {
    if (attributes.has(name) && !is_finalized(attributes.descriptor(name))) {
      return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED,
                    say("the descriptor of attribute ", name, " is not finalized"));
    }
  }
  std::shared_ptr<const compute::GraphPlan> plan;
  const cudnnStatus_t status = config->make_plan(&plan);
  if (status == CUDNN_STATUS_SUCCESS) runnable = std::make_shared<const RunnablePlan>(std::move(plan));
  return status;
}

std::optional<cudnnStatus_t> ExecutionPlanDescriptor::read(const AttributeQuery& query) const {
  switch (query.name) {
    case CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE:
      return query.answer_one(runnable->workspace_bytes());
    case CUDNN_ATTR_EXECUTION_PLAN_COMPUTED_INTERMEDIATE_UIDS:
      return query.answer(std::span<const int64_t>());
    case CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION:
      return query.answer(std::span<const char>(plan_json(*config)));
    default:
      return std::nullopt;
  }
}

}  // namespace cpu::backend
