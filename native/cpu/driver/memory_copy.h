// Copies: their two ends, their shape, and a copy as a graph's node. One rule for all of them, from what the addresses
// are: memory of the device, arrays, pinned and managed memory are used by the stream's worker when its turn comes;
// pageable host memory is read before the call returns (short copies through a staging buffer, long ones by waiting),
// and a copy into it has ended when the call returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "driver/array.h"
#include "engine/graph.h"
#include "engine/stream.h"
#include "generated/driver.h"

namespace cpu::driver {

// One side of a copy.
enum class Side { Host, Device, Unified, Array };

struct End {
  uintptr_t address;
  Side side;
  const char* name;
  // For arrays: which one, its memory, and where in it the copy begins (x in bytes).
  CUarray array = nullptr;
  std::shared_ptr<const ArrayStorage> storage = nullptr;
  size_t x = 0;
  size_t y = 0;
  size_t z = 0;
};

inline End host_end(const void* address, const char* name) {
  return {reinterpret_cast<uintptr_t>(address), Side::Host, name};
}
inline End device_end(CUdeviceptr address, const char* name) { return {address, Side::Device, name}; }
inline End unified_end(CUdeviceptr address, const char* name) { return {address, Side::Unified, name}; }

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

// What is known of a copy's two ends: whether they are the program's own pageable memory, and what keeps them.
struct CheckedEnds {
  bool pageable_destination = false;
  bool pageable_source = false;
  std::shared_ptr<Backing> destination;
  std::shared_ptr<Backing> source;
};

// Whether both ends can be used.
CUresult check_copy(const End& destination, const End& source, const CopyShape& shape, CheckedEnds* ends);

// Both ends and the shape of a copy as the structs of the interface say them; a pitch of 0 means rows without gaps.
CUresult read_copy(const CUDA_MEMCPY3D* parameters, End* destination, End* source, CopyShape* shape);

// Sizes as callers give them can be anything; what overflows is more than any memory has.
size_t add_sizes(size_t a, size_t b);
size_t multiply_sizes(size_t a, size_t b);

// Appends a copy to the stream. `complete`: it has ended on return.
CUresult copy(Stream& stream, const End& destination, const End& source, const CopyShape& shape, bool complete);

// A copy without a stream, which goes through a default stream and has ended on return; between two places of device
// memory it does not wait.
CUresult copy_now(const char* function, CUstream stream, const End& destination, const End& source,
                  const CopyShape& shape);
CUresult copy_later(const char* function, CUstream stream, const End& destination, const End& source,
                    const CopyShape& shape);

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
