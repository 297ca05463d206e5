#include "cudnn/backend/engine_heuristics.h"

#include "cudnn/backend/described_gpu.h"
#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

constexpr AttributeRule rules[] = {
    plain(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE).initially(CUDNN_HEUR_MODE_INSTANT),
    checked(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR).null_is(CUDNN_STATUS_BAD_PARAM),
    read_only(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, CUDNN_STATUS_BAD_PARAM),
    checked(CUDNN_ATTR_ENGINEHEUR_SM_COUNT_TARGET, CUDNN_TYPE_INT32).initially(0),
    checked_descriptor(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP),
};

}  // namespace

const DescriptorKind engine_heuristics_kind = {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "engine heuristics", rules,
                                               make_descriptor<EngineHeuristicsDescriptor>};

EngineHeuristicsDescriptor::EngineHeuristicsDescriptor() : Descriptor(engine_heuristics_kind) {}

cudnnStatus_t EngineHeuristicsDescriptor::interpret() {
  const auto graph = as<OperationGraphDescriptor>(attributes.descriptor(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH));
  if (!is_finalized(graph)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "its operation graph was not set or is not finalized");
  }
  const auto device = as<DevicePropertiesDescriptor>(attributes.descriptor(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP));
  if (attributes.has(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP) && !is_finalized(device)) {
    return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "its device properties are not finalized");
  }
  const int64_t mode = attributes.integer(CUDNN_ATTR_ENGINEHEUR_MODE);
  const bool fallback = mode == CUDNN_HEUR_MODE_FALLBACK;
  if (device != nullptr && device->describes_gpu && !fallback && gpu_has_no_heuristic(*graph)) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, "cuDNN's heuristics know no such graph");
  }
  results_.clear();
  for (const EngineIndex index : {EngineIndex::Fused, EngineIndex::NodeByNode}) {
    if (fallback && index == EngineIndex::Fused) continue;
    auto engine = std::make_shared<EngineDescriptor>();
    engine->graph = graph;
    engine->device = device;
    engine->index = index;
    // A graph that no engine takes is an answer without results; the text says why.
    if (engine->check_support() != CUDNN_STATUS_SUCCESS) continue;
    engine->attributes.set_descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph);
    if (device != nullptr) engine->attributes.set_descriptor(CUDNN_ATTR_ENGINE_DEVICEPROP, device);
    engine->attributes.set_integer(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, static_cast<int64_t>(index));
    engine->finalized = true;
    auto config = std::make_shared<EngineConfigDescriptor>();
    config->engine = engine;
    config->attributes.set_descriptor(CUDNN_ATTR_ENGINECFG_ENGINE, engine);
    config->finalized = true;
    results_.push_back(std::move(config));
  }
  return CUDNN_STATUS_SUCCESS;
}

std::optional<cudnnStatus_t> EngineHeuristicsDescriptor::read(const AttributeQuery& query) const {
  if (query.name != CUDNN_ATTR_ENGINEHEUR_RESULTS) return std::nullopt;
  return query.answer(results_);
}

}  // namespace cpu::backend
