#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/compute_graph.h"

namespace cpu::backend {

/// A plan with what is needed to check and to run it, all made when it was finalized.
class RunnablePlan {
 public:
  explicit RunnablePlan(std::shared_ptr<const compute::GraphPlan> plan);

  struct Operand {
    int64_t uid;
    int64_t alignment;
    /// From the pointer to the end of the last element.
    int64_t bytes;
    bool by_value;
    /// "tensor 17", for error texts.
    std::string name;
  };

  /// The tensors of one execution, in the order of the plan.
  const std::vector<Operand>& operands() const { return operands_; }
  /// What a caller has to provide, at whatever address.
  int64_t workspace_bytes() const;
  /// What is computed together, in order: "convolution + add + relu, statistics".
  std::string description() const;

  /// `slots[i]`: where operand i lies, or its bytes where it is passed by value. On a stream's worker; fails the
  /// context where memory is not the device's. Allocates nothing.
  void run(const char* function, const uint64_t* slots, void* workspace) const;

 private:
  const std::shared_ptr<const compute::GraphPlan> plan_;
  std::vector<Operand> operands_;
};

}  // namespace cpu::backend
