// Values in memory that streams wait for and write.
#pragma once

#include <memory>
#include <vector>

#include "engine/graph.h"
#include "generated/driver.h"

namespace cpu::driver {

class MemoryOperationsWork final : public NodeWork {
 public:
  MemoryOperationsWork(unsigned count, const CUstreamBatchMemOpParams* operations, CUcontext context)
      : operations_(operations, operations + count), context_(context) {}
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_BATCH_MEM_OP; }
  void run() const override;
  std::string description() const override { return std::to_string(operations_.size()) + " operations"; }
  CUDA_BATCH_MEM_OP_NODE_PARAMS parameters() const;

 private:
  const std::vector<CUstreamBatchMemOpParams> operations_;
  const CUcontext context_;
};

CUresult make_memory_operations_work(unsigned count, const CUstreamBatchMemOpParams* operations, unsigned flags,
                                     std::shared_ptr<const NodeWork>* work);

}  // namespace cpu::driver
