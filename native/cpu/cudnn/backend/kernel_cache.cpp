#include "cudnn/backend/kinds.h"
#include "cudnn/backend/operation_graph.h"

namespace cpu::backend {
namespace {

constexpr AttributeRule rules[] = {
    checked_descriptor(CUDNN_ATTR_KERNEL_CACHE_OPERATION_GRAPH),
    read_only(CUDNN_ATTR_KERNEL_CACHE_IS_ENGINECFG_KERNEL_CACHED, CUDNN_TYPE_BOOLEAN, CUDNN_STATUS_BAD_PARAM),
    plain(CUDNN_ATTR_KERNEL_CACHE_JSON_REPRESENTATION, CUDNN_TYPE_CHAR)
        .any_count()
        .wrong_count_is(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED),
};

/// CUDNN_BACKEND_KERNEL_CACHE_DESCRIPTOR. The CPU device compiles nothing for a graph, so there is nothing in it.
struct KernelCacheDescriptor : Descriptor {
  KernelCacheDescriptor() : Descriptor(kernel_cache_kind) {}

 protected:
  cudnnStatus_t interpret() override {
    const DescriptorPointer graph = attributes.descriptor(CUDNN_ATTR_KERNEL_CACHE_OPERATION_GRAPH);
    if (as<OperationGraphDescriptor>(graph) == nullptr || !graph->finalized) {
      return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "its operation graph was not set or is not finalized");
    }
    return CUDNN_STATUS_SUCCESS;
  }

  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override {
    if (query.name == CUDNN_ATTR_KERNEL_CACHE_IS_ENGINECFG_KERNEL_CACHED) return query.answer_one<uint8_t>(0);
    return std::nullopt;
  }
};

}  // namespace

const DescriptorKind kernel_cache_kind = {CUDNN_BACKEND_KERNEL_CACHE_DESCRIPTOR, "kernel cache", rules,
                                          make_descriptor<KernelCacheDescriptor>};

}  // namespace cpu::backend
