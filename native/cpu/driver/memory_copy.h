// Copies: their two ends, their shape, and a copy as a graph's node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/graph.h"
#include "generated/driver.h"

namespace cpu::driver {

// One side of a copy.
enum class Side { Host, Device, Unified };

struct End {
  uintptr_t address;
  Side side;
  const char* name;
};

// Layers of rows of equal length at equal distances, in bytes; an ordinary copy is one row.
struct CopyShape {
  size_t width;
  size_t height = 1;
  size_t source_pitch = 0;
  size_t destination_pitch = 0;
  size_t depth = 1;
  size_t source_layer = 0;
  size_t destination_layer = 0;

  bool empty() const { return width == 0 || height == 0 || depth == 0; }
  // From the first byte to the last; SIZE_MAX where that is more than an address can tell.
  size_t source_extent() const;
  size_t destination_extent() const;
  size_t bytes() const;
  // The same with one end lying without gaps.
  CopyShape packed_destination() const {
    return {width, height, source_pitch, width, depth, source_layer, width * height};
  }
  CopyShape packed_source() const {
    return {width, height, width, destination_pitch, depth, width * height, destination_layer};
  }
};

// Both ends and the shape of a copy as the structs of the interface say them; a pitch of 0 means rows without gaps.
CUresult read_copy(const CUDA_MEMCPY3D* parameters, End* destination, End* source, CopyShape* shape);

// Whether both ends can be used, and whether they are the program's own pageable memory.
CUresult check_copy(const End& destination, const End& source, const CopyShape& shape, bool* pageable_destination,
                    bool* pageable_source);

// A memcpy node. Memory may have been freed when the replay comes to it, so it looks again.
class CopyWork final : public NodeWork {
 public:
  CopyWork(const End& destination, const End& source, const CopyShape& shape)
      : destination_(destination), source_(source), shape_(shape) {}
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_MEMCPY; }
  void run() const override;
  std::string description() const override;
  CUDA_MEMCPY3D parameters() const;

 private:
  const End destination_;
  const End source_;
  const CopyShape shape_;
};

}  // namespace cpu::driver
