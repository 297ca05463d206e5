// A kernel launch as a graph's node.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "driver/module.h"
#include "engine/context.h"
#include "engine/graph.h"
#include "engine/kernels.h"

namespace cpu::driver {

class KernelWork final : public NodeWork {
 public:
  // With room for so many bytes of arguments, to be filled in at packed() before the work is used.
  KernelWork(CUfunction function, CUcontext context, const Kernel& kernel, const LaunchShape& shape, bool cooperative,
             size_t bytes);
  std::byte* packed() { return packed_.data(); }

  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_KERNEL; }
  void run() const override;
  std::string description() const override;

  // kernelParams points to the node's own copies of the arguments.
  CUDA_KERNEL_NODE_PARAMS parameters() const;
  const Kernel& kernel() const { return *kernel_; }
  bool cooperative() const { return cooperative_; }

 private:
  const CUfunction function_;
  const CUcontext context_;
  const Kernel* const kernel_;
  const LaunchShape shape_;
  const bool cooperative_;
  std::vector<std::byte> packed_;
  std::vector<void*> arguments_;
};

// What a launch attribute asks for: hints for a GPU's scheduler change nothing, what would change the kernel's work or
// when others see it is refused by name.
CUresult read_attribute(const CUlaunchAttribute& attribute, bool* cooperative);

// Checks a launch as cuLaunchKernel does and copies its arguments.
CUresult make_kernel_work(Context& context, const CUDA_KERNEL_NODE_PARAMS& parameters, bool cooperative,
                          std::shared_ptr<const NodeWork>* work);

}  // namespace cpu::driver
