// The functions that run a plan: in a stream, as a node of a new graph, in place of a node of a graph.
#include "cudnn/backend/execution.h"
#include "cudnn/run.h"
#include "engine/graph.h"

using cpu::any_null;
using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::null_pointer;
using cpu::backend::ExecutionArguments;
using cpu::backend::LargeExecution;
using cpu::backend::RunnablePlan;
using cpu::backend::SmallExecution;

namespace {

template <class Execution>
cudnnStatus_t execute(const ExecutionArguments& arguments, const char* function) {
  Execution execution;
  const cudnnStatus_t status = arguments.bind(&execution);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  return cpu::enqueue(*arguments.handle, function, [=](const char* name) { execution.run(name); });
}

/// A graph's node that runs a plan.
class PlanWork final : public cpu::NodeWork {
 public:
  explicit PlanWork(LargeExecution execution) : execution_(std::move(execution)) {}

  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_KERNEL; }
  void run() const override {
    try {
      execution_.run("cudnnBackendExecute");
    } catch (const std::exception& error) {
      cpu::report_asynchronous_failure("A plan in a graph", error.what());
    }
  }
  std::string description() const override { return "cuDNN execution plan: " + execution_.plan->description(); }

  const RunnablePlan* plan() const { return execution_.plan.get(); }

 private:
  const LargeExecution execution_;
};

/// The bound plan as a node's work; null with a status where it cannot be bound.
cudnnStatus_t make_work(const ExecutionArguments& arguments, std::shared_ptr<const PlanWork>* work) {
  LargeExecution execution;
  const cudnnStatus_t status = arguments.bind(&execution);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  *work = std::make_shared<const PlanWork>(std::move(execution));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t no_memory() {
  return fail(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, "no host memory left for a node of a graph");
}

}  // namespace

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t executionPlan,
                                  cudnnBackendDescriptor_t variantPack) {
  ExecutionArguments arguments;
  const cudnnStatus_t status = arguments.find(__func__, handle, executionPlan, variantPack);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  try {
    return arguments.has_few_tensors() ? execute<SmallExecution>(arguments, __func__)
                                       : execute<LargeExecution>(arguments, __func__);
  } catch (const std::bad_alloc&) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, "no host memory left for the pointers of a plan");
  }
}

cudnnStatus_t cudnnBackendPopulateCudaGraph(cudnnHandle_t handle, cudnnBackendDescriptor_t executionPlan,
                                            cudnnBackendDescriptor_t variantPack, cudaGraph_t graph) {
  ExecutionArguments arguments;
  const cudnnStatus_t status = arguments.find(__func__, handle, executionPlan, variantPack);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  try {
    std::shared_ptr<const PlanWork> work;
    const cudnnStatus_t bound = make_work(arguments, &work);
    if (bound != CUDNN_STATUS_SUCCESS) return bound;
    const std::lock_guard lock(cpu::graph_mutex());
    auto* found = lookup<cpu::Graph>(graph);
    if (found == nullptr) return bad_handle(graph, "graph");
    found->add(std::move(work), {});
    return CUDNN_STATUS_SUCCESS;
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

cudnnStatus_t cudnnBackendUpdateCudaGraph(cudnnHandle_t handle, cudnnBackendDescriptor_t executionPlan,
                                          cudnnBackendDescriptor_t variantPack, cudaGraph_t graph) {
  ExecutionArguments arguments;
  const cudnnStatus_t status = arguments.find(__func__, handle, executionPlan, variantPack);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  try {
    std::shared_ptr<const PlanWork> work;
    const cudnnStatus_t bound = make_work(arguments, &work);
    if (bound != CUDNN_STATUS_SUCCESS) return bound;
    const std::lock_guard lock(cpu::graph_mutex());
    auto* found = lookup<cpu::Graph>(graph);
    if (found == nullptr) return bad_handle(graph, "graph");
    for (cpu::GraphNode* node : found->nodes) {
      const auto* old = dynamic_cast<const PlanWork*>(node->work.get());
      if (old == nullptr || old->plan() != work->plan()) continue;
      node->work = std::move(work);
      return CUDNN_STATUS_SUCCESS;
    }
    return fail(CUDNN_STATUS_BAD_PARAM_CUDA_GRAPH_MISMATCH,
                "the graph has no node of this execution plan; cudnnBackendPopulateCudaGraph makes one");
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

cudnnStatus_t cudnnGetExecutionPlanWorkspaceSize(cudnnHandle_t handle, cudnnBackendDescriptor_t executionPlan,
                                                 cudnnBackendDescriptor_t variantPack, size_t* workspaceSizeInBytes) {
  ExecutionArguments arguments;
  const cudnnStatus_t status = arguments.find(__func__, handle, executionPlan, variantPack);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  if (any_null(workspaceSizeInBytes)) return null_pointer(__func__);
  *workspaceSizeInBytes = static_cast<size_t>(arguments.plan->runnable->workspace_bytes());
  return CUDNN_STATUS_SUCCESS;
}
