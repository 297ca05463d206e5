#pragma once
#include "cudnn/backend/tensor.h"
#include "engine/compute_graph.h"

namespace cpu::backend {

/// Which attribute of an operation holds which of its tensors.
struct PortRule {
  cudnnBackendAttributeName_t attribute;
  compute::Port port;
  bool written = false;
};

/// A tensor an operation reads or writes.
struct Connection {
  compute::Port port;
  bool written;
  std::shared_ptr<TensorDescriptor> tensor;
};

/// Any CUDNN_BACKEND_OPERATION_..._DESCRIPTOR.
struct OperationDescriptor : Descriptor {
  OperationDescriptor(const DescriptorKind& of_kind, std::span<const PortRule> its_ports)
      : Descriptor(of_kind), port_rules(its_ports) {}

  const std::span<const PortRule> port_rules;
  /// Once finalized: the tensors that were set, in the order of the ports.
  std::vector<Connection> connections;

  /// The operation as a node without edges. Throws compute::UnsupportedGraph where the CPU device does not run it.
  virtual compute::GraphNode lower() const;

  /// The finalized tensor set as this attribute; null where there is none.
  std::shared_ptr<TensorDescriptor> tensor(cudnnBackendAttributeName_t name) const;

 protected:
  cudnnStatus_t interpret() final;
  /// Whether it writes the tensor of this port, where that depends on its other attributes.
  virtual bool writes(const PortRule& port) const { return port.written; }
  /// The checks of this kind of operation.
  virtual cudnnStatus_t check() { return CUDNN_STATUS_SUCCESS; }

  /// For lower(): the finalized descriptor of class T set as this attribute.
  template <class T>
  std::shared_ptr<T> part(cudnnBackendAttributeName_t name) const {
    auto found = as<T>(attributes.descriptor(name));
    if (!is_finalized(found)) refuse_to_run(say("attribute ", name, " holds no finalized descriptor of its kind"));
    return found;
  }
  [[noreturn]] void refuse_to_run(std::string_view text, compute::UnsupportedGraph::Reason reason =
                                                             compute::UnsupportedGraph::Reason::Pattern) const;
  /// For lower(): the type to compute in.
  compute::ElementType compute_type(int64_t data_type) const;

  /// Refuses where one of these is not a finalized tensor.
  cudnnStatus_t require_tensors(std::initializer_list<cudnnBackendAttributeName_t> names,
                                cudnnStatus_t status = CUDNN_STATUS_BAD_PARAM) const;
};

/// Number of dimensions; 0 for no tensor.
inline size_t rank_of(const std::shared_ptr<TensorDescriptor>& tensor) {
  return tensor == nullptr ? 0 : tensor->dims.size();
}
inline bool same_shape(const std::shared_ptr<TensorDescriptor>& a, const std::shared_ptr<TensorDescriptor>& b) {
  return a == nullptr || b == nullptr ? a == b : a->dims == b->dims;
}
/// Also of the same type and layout.
inline bool similar(const std::shared_ptr<TensorDescriptor>& a, const std::shared_ptr<TensorDescriptor>& b) {
  return same_shape(a, b) && (a == nullptr || (a->strides == b->strides && a->data_type == b->data_type));
}
/// The dimensions of a tensor that may be missing, for error texts.
inline std::string dims_text(const std::shared_ptr<TensorDescriptor>& tensor) {
  return tensor == nullptr ? "nothing" : dims_text(tensor->dims);
}

}  // namespace cpu::backend
