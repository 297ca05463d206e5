#include "cudnn/backend/runnable_plan.h"

#include "engine/compute_scratch.h"
#include "engine/device_access.h"

namespace cpu::backend {
namespace {

/// The engine's alignment of workspaces; whoever brings another address brings this much more.
constexpr int64_t workspace_alignment = 64;

}  // namespace

RunnablePlan::RunnablePlan(std::shared_ptr<const compute::GraphPlan> plan) : plan_(std::move(plan)) {
  for (const compute::GraphTensor& tensor : plan_->tensors()) {
    __int128 elements = 1;
    for (int i = 0; i < tensor.layout.rank; ++i) {
      elements += static_cast<__int128>(tensor.layout.dims[i] - 1) * tensor.layout.strides[i];
    }
    operands_.push_back({tensor.uid, tensor.alignment,
                         saturated_bytes(elements, compute::element_size(tensor.layout.type)), tensor.by_value,
                         "tensor " + std::to_string(tensor.uid)});
  }
}

int64_t RunnablePlan::workspace_bytes() const {
  const auto bytes = static_cast<int64_t>(plan_->workspace_bytes());
  return bytes == 0 ? 0 : bytes + workspace_alignment;
}

std::string RunnablePlan::description() const {
  std::string text;
  for (const std::string& step : plan_->steps()) text += (text.empty() ? "" : ", ") + step;
  return text;
}

void RunnablePlan::run(const char* function, const uint64_t* slots, void* workspace) const {
  const Extent whole_workspace{"the workspace", workspace, workspace_bytes()};
  if (!accessible(function, {&whole_workspace, 1})) return;
  compute::Scratch scratch;
  void** data = scratch.take<void*>(static_cast<int64_t>(operands_.size()));
  for (size_t i = 0; i < operands_.size(); ++i) {
    const Operand& operand = operands_[i];
    data[i] = operand.by_value ? const_cast<uint64_t*>(slots + i) : reinterpret_cast<void*>(slots[i]);
    const Extent extent{operand.name.c_str(), data[i], operand.by_value ? 0 : operand.bytes};
    if (!accessible(function, {&extent, 1})) return;
  }
  const auto address = reinterpret_cast<uintptr_t>(workspace);
  plan_->run(data,
             reinterpret_cast<void*>((address + workspace_alignment - 1) / workspace_alignment * workspace_alignment));
}

}  // namespace cpu::backend
