#pragma once
#include "cudnn/backend/device_properties.h"
#include "cudnn/backend/operation_graph.h"

namespace cpu::backend {

/// Engines are numbered from 0.
enum class EngineIndex : int64_t {
  /// Operations that go together are computed together, the others one by one.
  Fused,
  /// Every operation by itself, with virtual tensors in the workspace.
  NodeByNode,
};
constexpr int64_t engine_count = 2;

/// A setting of an engine: type, smallest and largest value. All engines have the same.
struct Knob {
  cudnnBackendKnobType_t type;
  int64_t minimum;
  int64_t maximum;
  int64_t otherwise;
};
/// 0: virtual tensors that are not needed at the same time share memory; 1: each has its own.
constexpr Knob workspace_knob = {CUDNN_KNOB_TYPE_WORKSPACE, 0, 1, 0};
constexpr Knob knobs[] = {workspace_knob};

/// CUDNN_BACKEND_ENGINE_DESCRIPTOR: a way to compute a graph.
struct EngineDescriptor : Descriptor {
  EngineDescriptor();

  std::shared_ptr<OperationGraphDescriptor> graph;
  /// Null for this device.
  std::shared_ptr<DevicePropertiesDescriptor> device;
  EngineIndex index = EngineIndex::Fused;

  /// The plan with all knobs left alone; null until check_support() has succeeded.
  std::shared_ptr<const compute::GraphPlan> default_plan;

  /// Status and text where the engine cannot compute its graph.
  cudnnStatus_t check_support();

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;
};

/// CUDNN_BACKEND_ENGINECFG_DESCRIPTOR: an engine with its knobs set.
struct EngineConfigDescriptor : Descriptor {
  EngineConfigDescriptor();

  std::shared_ptr<EngineDescriptor> engine;

  int64_t knob(const Knob& knob) const;
  /// The plan the configuration makes; null with status and text where there is none.
  cudnnStatus_t make_plan(std::shared_ptr<const compute::GraphPlan>* plan) const;

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;
};

/// CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR: a value for a knob.
struct KnobChoiceDescriptor : Descriptor {
  KnobChoiceDescriptor();
};

/// CUDNN_BACKEND_KNOB_INFO_DESCRIPTOR: what a knob can be. Only engines make those that can be finalized.
struct KnobInfoDescriptor : Descriptor {
  KnobInfoDescriptor();
  explicit KnobInfoDescriptor(const Knob& its_knob);

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;

 private:
  std::optional<Knob> knob_;
};

/// CUDNN_BACKEND_LAYOUT_INFO_DESCRIPTOR.
struct LayoutInfoDescriptor : Descriptor {
  LayoutInfoDescriptor();
};

/// The status of a reason for which the engine refuses a graph.
cudnnStatus_t status_of(compute::UnsupportedGraph::Reason reason);

}  // namespace cpu::backend
