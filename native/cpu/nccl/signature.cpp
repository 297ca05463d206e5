#include "nccl/signature.h"

#include <iterator>

namespace cpu::nccl {
namespace {

struct Type {
  const char* name;
  size_t bytes;
};
constexpr Type kTypes[] = {{"ncclInt8", 1},    {"ncclUint8", 1},    {"ncclInt32", 4},      {"ncclUint32", 4},
                           {"ncclInt64", 8},   {"ncclUint64", 8},   {"ncclFloat16", 2},    {"ncclFloat32", 4},
                           {"ncclFloat64", 8}, {"ncclBfloat16", 2}, {"ncclFloat8e4m3", 1}, {"ncclFloat8e5m2", 1}};
static_assert(std::size(kTypes) == ncclNumTypes);

constexpr const char* kFunctions[] = {"ncclAllReduce",     "ncclBroadcast", "ncclReduce", "ncclAllGather",
                                      "ncclReduceScatter", "ncclAlltoAll",  "ncclGather", "ncclScatter",
                                      "ncclSend",          "ncclRecv"};
constexpr const char* kOperations[] = {"ncclSum", "ncclProd", "ncclMax", "ncclMin", "ncclAvg", "a premultiplied sum"};

bool known(ncclDataType_t type) { return type >= 0 && type < ncclNumTypes; }

}  // namespace

const char* name_of(Function function) {
  const auto index = static_cast<size_t>(function);
  return index < std::size(kFunctions) ? kFunctions[index] : "an unknown function";
}

const char* name_of(ncclDataType_t type) { return known(type) ? kTypes[type].name : nullptr; }

size_t bytes_of(ncclDataType_t type) { return known(type) ? kTypes[type].bytes : 0; }

std::string describe(const Signature& signature) {
  const char* type = name_of(static_cast<ncclDataType_t>(signature.type));
  std::string text = name_of(signature.function);
  text += " of " + std::to_string(signature.count) + " " + (type == nullptr ? "of an unknown type" : type);
  if (signature.reduces()) {
    const auto operation = static_cast<size_t>(signature.operation);
    text += std::string(" by ") + (operation < std::size(kOperations) ? kOperations[operation] : "something unknown");
  }
  if (signature.has_root()) text += ", root " + std::to_string(signature.root);
  return text;
}

}  // namespace cpu::nccl
