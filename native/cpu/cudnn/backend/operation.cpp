#include "cudnn/backend/operation.h"

#include "cudnn/run.h"

namespace cpu::backend {

std::shared_ptr<TensorDescriptor> OperationDescriptor::tensor(cudnnBackendAttributeName_t name) const {
  auto found = as<TensorDescriptor>(attributes.descriptor(name));
  return is_finalized(found) ? found : nullptr;
}

compute::GraphNode OperationDescriptor::lower() const { refuse_to_run("the CPU device does not run this operation"); }

void OperationDescriptor::refuse_to_run(std::string_view text, compute::UnsupportedGraph::Reason reason) const {
  throw compute::UnsupportedGraph(reason, say(kind.name, ": ", text));
}

compute::ElementType OperationDescriptor::compute_type(int64_t data_type) const {
  // Truth values are computed as the numbers 0 and 1.
  if (data_type == CUDNN_DATA_BOOLEAN) return compute::ElementType::F32;
  const auto type = element_type(static_cast<cudnnDataType_t>(data_type));
  if (!type) {
    refuse_to_run(say("the CPU device does not compute in data type ", data_type),
                  compute::UnsupportedGraph::Reason::DataType);
  }
  return *type;
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
