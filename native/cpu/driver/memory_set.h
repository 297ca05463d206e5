// Fills: their shape, and a fill as a graph's node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/graph.h"
#include "engine/memory.h"
#include "generated/driver.h"

namespace cpu::driver {

// `height` rows of `width` values of `element` bytes (1, 2 or 4), the rows `pitch` bytes apart.
struct FillShape {
  uintptr_t address;
  size_t pitch;
  uint32_t value;
  uint32_t element;
  size_t width;
  size_t height;
};

// Whether the device can fill it; `kept` keeps the memory.
CUresult check_fill(const FillShape& shape, std::shared_ptr<Backing>* kept);

// A memset node. Memory may have been freed when the replay comes to it, so it looks again.
class FillWork final : public NodeWork {
 public:
  explicit FillWork(const FillShape& shape) : shape_(shape) {}
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_MEMSET; }
  void run() const override;
  std::string description() const override;
  const FillShape& shape() const { return shape_; }

 private:
  const FillShape shape_;
};

}  // namespace cpu::driver
