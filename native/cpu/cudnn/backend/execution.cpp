#include "cudnn/backend/execution.h"

#include <cstring>

namespace cpu::backend {
namespace {

/// The pointer the variant pack has for a tensor; null with a status where there is none to use.
cudnnStatus_t find_pointer(const VariantPackDescriptor& pack, const RunnablePlan::Operand& operand, void** pointer) {
  for (size_t i = 0; i < pack.uids.size(); ++i) {
    if (pack.uids[i] != operand.uid) continue;
    *pointer = pack.pointers[i];
    if (*pointer == nullptr) {
      return pack.refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, say("the pointer of ", operand.name, " is null"));
    }
    if (!operand.by_value && reinterpret_cast<uintptr_t>(*pointer) % static_cast<uint64_t>(operand.alignment) != 0) {
      return pack.refuse(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER,
                         say("the pointer ", *pointer, " of ", operand.name, " is not aligned to the ",
                             operand.alignment, " bytes its descriptor promises"));
    }
    return CUDNN_STATUS_SUCCESS;
  }
  return pack.refuse(CUDNN_STATUS_BAD_PARAM,
                     say("it has no pointer for ", operand.name, ", which the plan reads or writes"));
}

void resize(std::array<uint64_t, few_tensors>&, size_t) {}
void resize(std::vector<uint64_t>& slots, size_t size) { slots.resize(size); }

}  // namespace

cudnnStatus_t ExecutionArguments::find(const char* function, cudnnHandle_t cudnn,
                                       cudnnBackendDescriptor_t execution_plan, cudnnBackendDescriptor_t variant_pack) {
  handle = lookup<CudnnHandle>(cudnn);
  if (handle == nullptr) return bad_handle(cudnn, "handle");
  const auto* plan_handle = lookup<DescriptorHandle>(execution_plan);
  if (plan_handle == nullptr) return bad_handle(execution_plan, "executionPlan");
  const auto* pack_handle = lookup<DescriptorHandle>(variant_pack);
  if (pack_handle == nullptr) return bad_handle(variant_pack, "variantPack");
  plan = as<ExecutionPlanDescriptor>(plan_handle->descriptor);
  pack = as<VariantPackDescriptor>(pack_handle->descriptor);
  if (plan == nullptr || pack == nullptr) {
    const Descriptor& wrong = plan == nullptr ? *plan_handle->descriptor : *pack_handle->descriptor;
    return fail(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE,
                say(function, ": a ", wrong.kind.name, " is no ", plan == nullptr ? "execution plan" : "variant pack"));
  }
  const std::initializer_list<const Descriptor*> both = {plan.get(), pack.get()};
  for (const Descriptor* descriptor : both) {
    if (!descriptor->finalized) return descriptor->refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "it is not finalized");
  }
  if (pack->overrides_shapes()) {
    return pack->refuse(CUDNN_STATUS_NOT_SUPPORTED,
                        "the CPU device's plans do not take other shapes than they were made for");
  }
  return CUDNN_STATUS_SUCCESS;
}

template <class Slots>
cudnnStatus_t ExecutionArguments::bind(Execution<Slots>* execution) const {
  const RunnablePlan& runnable = *plan->runnable;
  execution->plan = plan->runnable;
  execution->workspace = pack->workspace;
  if (pack->workspace == nullptr && runnable.workspace_bytes() != 0) {
    return pack->refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER,
                        say("it has no workspace, and the plan wants ", runnable.workspace_bytes(), " bytes"));
  }
  const auto& operands = runnable.operands();
  resize(execution->slots, operands.size());
  for (size_t i = 0; i < operands.size(); ++i) {
    void* pointer = nullptr;
    const cudnnStatus_t status = find_pointer(*pack, operands[i], &pointer);
    if (status != CUDNN_STATUS_SUCCESS) return status;
    uint64_t& slot = execution->slots[i];
    if (operands[i].by_value) {
      std::memcpy(&slot, pointer, static_cast<size_t>(operands[i].bytes));
    } else {
      slot = reinterpret_cast<uint64_t>(pointer);
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

template cudnnStatus_t ExecutionArguments::bind(SmallExecution*) const;
template cudnnStatus_t ExecutionArguments::bind(LargeExecution*) const;

}  // namespace cpu::backend
