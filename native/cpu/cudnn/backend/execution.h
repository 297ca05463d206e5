#pragma once
#include <array>

#include "cudnn/backend/execution_plan.h"
#include "cudnn/backend/variant_pack.h"
#include "cudnn/handle.h"

namespace cpu::backend {

/// One execution of a plan: pointers checked, values that are passed by value read. Copies of it are cheap, and one
/// with few tensors fits into a stream's queue without memory of its own.
template <class Slots>
struct Execution {
  std::shared_ptr<const RunnablePlan> plan;
  void* workspace = nullptr;
  Slots slots{};

  void run(const char* function) const { plan->run(function, slots.data(), workspace); }
};

constexpr size_t few_tensors = 48;
using SmallExecution = Execution<std::array<uint64_t, few_tensors>>;
using LargeExecution = Execution<std::vector<uint64_t>>;

/// What the three ways to run a plan are given, looked up.
struct ExecutionArguments {
  const CudnnHandle* handle = nullptr;
  std::shared_ptr<ExecutionPlanDescriptor> plan;
  std::shared_ptr<VariantPackDescriptor> pack;

  cudnnStatus_t find(const char* function, cudnnHandle_t cudnn, cudnnBackendDescriptor_t execution_plan,
                     cudnnBackendDescriptor_t variant_pack);
  bool has_few_tensors() const { return plan->runnable->operands().size() <= few_tensors; }

  /// Fills in an execution; a pointer that is missing, null or misaligned is an error.
  template <class Slots>
  cudnnStatus_t bind(Execution<Slots>* execution) const;
};

}  // namespace cpu::backend
