#include "cudnn/backend/operation.h"

namespace cpu::backend {

std::shared_ptr<TensorDescriptor> OperationDescriptor::tensor(cudnnBackendAttributeName_t name) const {
  auto found = as<TensorDescriptor>(attributes.descriptor(name));
  return is_finalized(found) ? found : nullptr;
}

compute::GraphNode OperationDescriptor::lower() const {
  throw compute::UnsupportedGraph(compute::UnsupportedGraph::Reason::Pattern,
                                  say("the CPU device does not run a ", kind.name));
}

cudnnStatus_t OperationDescriptor::require_tensors(std::initializer_list<cudnnBackendAttributeName_t> names,
                                                   cudnnStatus_t status) const {
  for (const cudnnBackendAttributeName_t name : names) {
    if (tensor(name) != nullptr) continue;
    return refuse(
        status, say("attribute ", name, attributes.has(name) ? " is no finalized tensor descriptor" : " was not set"));
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t OperationDescriptor::interpret() {
  const cudnnStatus_t status = check();
  if (status != CUDNN_STATUS_SUCCESS) return status;
  connections.clear();
  for (const PortRule& rule : port_rules) {
    for (const DescriptorPointer& set : attributes.descriptors(rule.attribute)) {
      auto found = as<TensorDescriptor>(set);
      if (is_finalized(found)) connections.push_back({rule.port, writes(rule), std::move(found)});
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu::backend
