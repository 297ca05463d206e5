#include "cudnn/backend/engine.h"

#include "cudnn/backend/described_gpu.h"
#include "cudnn/backend/kinds.h"
#include "cudnn/backend/runnable_plan.h"

namespace cpu::backend {
namespace {

constexpr AttributeRule engine_rules[] = {
    checked_descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH),
    plain(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64).initially(0),
    read_only(CUDNN_ATTR_ENGINE_KNOB_INFO, CUDNN_TYPE_BACKEND_DESCRIPTOR),
    read_only(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE),
    read_only(CUDNN_ATTR_ENGINE_LAYOUT_INFO, CUDNN_TYPE_BACKEND_DESCRIPTOR, CUDNN_STATUS_BAD_PARAM),
    read_only(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE),
    checked(CUDNN_ATTR_ENGINE_SM_COUNT_TARGET, CUDNN_TYPE_INT32).initially(0),
    checked_descriptor(CUDNN_ATTR_ENGINE_DEVICEPROP),
    plain(CUDNN_ATTR_ENGINE_DISABLE_CLUSTER_COOPERATIVE, CUDNN_TYPE_BOOLEAN).initially(0),
};

constexpr AttributeRule config_rules[] = {
    checked_descriptor(CUDNN_ATTR_ENGINECFG_ENGINE),
    read_only(CUDNN_ATTR_ENGINECFG_INTERMEDIATE_INFO, CUDNN_TYPE_BACKEND_DESCRIPTOR),
    descriptor(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES).any_count().null_is(CUDNN_STATUS_BAD_PARAM),
    read_only(CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE, CUDNN_TYPE_INT64),
    checked(CUDNN_ATTR_ENGINECFG_SHARED_MEMORY_USED, CUDNN_TYPE_INT32).initially(0),
};

}  // namespace

const DescriptorKind engine_kind = {CUDNN_BACKEND_ENGINE_DESCRIPTOR, "engine", engine_rules,
                                    make_descriptor<EngineDescriptor>};
const DescriptorKind engine_config_kind = {CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, "engine configuration", config_rules,
                                           make_descriptor<EngineConfigDescriptor>};

cudnnStatus_t status_of(compute::UnsupportedGraph::Reason reason) {
  switch (reason) {
    case compute::UnsupportedGraph::Reason::Shape:
      return CUDNN_STATUS_NOT_SUPPORTED_SHAPE;
    case compute::UnsupportedGraph::Reason::DataType:
      return CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE;
    case compute::UnsupportedGraph::Reason::Layout:
      return CUDNN_STATUS_NOT_SUPPORTED_LAYOUT;
    default:
      return CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN;
  }
}

EngineDescriptor::EngineDescriptor() : Descriptor(engine_kind) {}

cudnnStatus_t EngineDescriptor::interpret() {
  const DescriptorPointer set = attributes.descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH);
  if (set == nullptr) {
    return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "it has no graph; set CUDNN_ATTR_ENGINE_OPERATION_GRAPH");
  }
  graph = as<OperationGraphDescriptor>(set);
  if (!is_finalized(graph)) {
    return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED,
                  say("its graph is a ", set->kind.name, " that is no finalized operation graph"));
  }
  device = as<DevicePropertiesDescriptor>(attributes.descriptor(CUDNN_ATTR_ENGINE_DEVICEPROP));
  if (attributes.has(CUDNN_ATTR_ENGINE_DEVICEPROP) && !is_finalized(device)) {
    return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "its device properties are not finalized");
  }
  const int64_t number = attributes.integer(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  if (number < 0 || number >= engine_count) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, say("there is no engine ", number, " of ", engine_count));
  }
  index = static_cast<EngineIndex>(number);
  return check_support();
}

cudnnStatus_t EngineDescriptor::check_support() {
  if (device != nullptr && device->describes_gpu) {
    if (const auto reason = why_gpu_refuses(*graph, device->compute_capability)) {
      return refuse(CUDNN_STATUS_NOT_SUPPORTED, *reason);
    }
  }
  try {
    default_plan = compute::make_graph_plan(graph->lower(), {index == EngineIndex::Fused, true});
    return CUDNN_STATUS_SUCCESS;
  } catch (const compute::UnsupportedGraph& unsupported) {
    return refuse(status_of(unsupported.reason()), unsupported.what());
  }
}

std::optional<cudnnStatus_t> EngineDescriptor::read(const AttributeQuery& query) const {
  switch (query.name) {
    case CUDNN_ATTR_ENGINE_KNOB_INFO: {
      std::vector<DescriptorPointer> infos;
      for (const Knob& knob : knobs) infos.push_back(std::make_shared<KnobInfoDescriptor>(knob));
      return query.answer(infos);
    }
    case CUDNN_ATTR_ENGINE_NUMERICAL_NOTE:
      // None applies: sums in the type that was asked for, the same ones at every run.
      return query.answer(std::span<const int32_t>());
    case CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE:
      return query.answer_one<int32_t>(CUDNN_BEHAVIOR_NOTE_SUPPORTS_CUDA_GRAPH_NATIVE_API);
    case CUDNN_ATTR_ENGINE_LAYOUT_INFO:
      return query.answer(std::vector<DescriptorPointer>());
    default:
      return std::nullopt;
  }
}

EngineConfigDescriptor::EngineConfigDescriptor() : Descriptor(engine_config_kind) {}

cudnnStatus_t EngineConfigDescriptor::interpret() {
  engine = as<EngineDescriptor>(attributes.descriptor(CUDNN_ATTR_ENGINECFG_ENGINE));
  if (!is_finalized(engine)) {
    return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "its engine was not set or is not finalized");
  }
  for (const DescriptorPointer& choice : attributes.descriptors(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES)) {
    if (as<KnobChoiceDescriptor>(choice) == nullptr || !choice->finalized) {
      return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "a knob choice is no finalized knob choice descriptor");
    }
    const int64_t type = choice->attributes.integer(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE);
    const int64_t value = choice->attributes.integer(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE);
    bool is_possible = false;
    for (const Knob& knob : knobs) {
      is_possible = is_possible || (knob.type == type && value >= knob.minimum && value <= knob.maximum);
    }
    if (!is_possible) {
      return refuse(CUDNN_STATUS_BAD_PARAM,
                    say("the engine has no knob of type ", type, " that can be ", value, "; ask for its knob info"));
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

int64_t EngineConfigDescriptor::knob(const Knob& knob) const {
  int64_t value = knob.otherwise;
  for (const DescriptorPointer& choice : attributes.descriptors(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES)) {
    if (choice->attributes.integer(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE) == knob.type) {
      value = choice->attributes.integer(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE);
    }
  }
  return value;
}

cudnnStatus_t EngineConfigDescriptor::make_plan(std::shared_ptr<const compute::GraphPlan>* plan) const {
  if (knob(workspace_knob) == workspace_knob.otherwise) {
    *plan = engine->default_plan;
    return CUDNN_STATUS_SUCCESS;
  }
  const compute::PlanOptions options{engine->index == EngineIndex::Fused, false};
  try {
    *plan = compute::make_graph_plan(engine->graph->lower(), options);
    return CUDNN_STATUS_SUCCESS;
  } catch (const compute::UnsupportedGraph& unsupported) {
    return refuse(status_of(unsupported.reason()), unsupported.what());
  }
}

std::optional<cudnnStatus_t> EngineConfigDescriptor::read(const AttributeQuery& query) const {
  switch (query.name) {
    case CUDNN_ATTR_ENGINECFG_INTERMEDIATE_INFO:
      return query.answer(std::vector<DescriptorPointer>());
    case CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE: {
      std::shared_ptr<const compute::GraphPlan> plan;
      const cudnnStatus_t status = make_plan(&plan);
      if (status != CUDNN_STATUS_SUCCESS) return status;
      return query.answer_one(RunnablePlan(plan).workspace_bytes());
    }
    default:
      return std::nullopt;
  }
}

}  // namespace cpu::backend
