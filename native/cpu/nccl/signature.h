// What a rank has called. Ranks tell each other with every transfer, so that a call in which they differ is an error
// with both calls in its text, and no hang.
#pragma once

#include <cstdint>
#include <string>

#include "generated/nccl.h"

namespace cpu::nccl {

enum class Function : int32_t {
  AllReduce,
  Broadcast,
  Reduce,
  AllGather,
  ReduceScatter,
  AlltoAll,
  Gather,
  Scatter,
  Send,
  Receive,
};

// Sum to avg are NCCL's; every operation made by ncclRedOpCreatePreMulSum is this one, whatever its number.
constexpr int32_t kPreMulSum = ncclNumOps;

struct Signature {
  // The collective's place among all of its communicator, counted from 1; 0 for sends and receives, which are matched
  // by themselves.
  uint64_t sequence = 0;
  uint64_t count = 0;
  Function function = Function::AllReduce;
  int32_t type = 0;
  int32_t operation = 0;
  int32_t root = 0;

  bool operator==(const Signature&) const = default;
  bool reduces() const {
    return function == Function::AllReduce || function == Function::Reduce || function == Function::ReduceScatter;
  }
  bool has_root() const {
    return function == Function::Broadcast || function == Function::Reduce || function == Function::Gather ||
           function == Function::Scatter;
  }
};

// "ncclAllReduce".
const char* name_of(Function function);
// "ncclFloat32"; null for no type.
const char* name_of(ncclDataType_t type);
// 0 for no type.
size_t bytes_of(ncclDataType_t type);
// "ncclReduce of 5 ncclFloat32 by ncclSum, root 1".
std::string describe(const Signature& signature);

}  // namespace cpu::nccl
