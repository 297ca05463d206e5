#include "cudnn/backend/described_gpu.h"

#include <algorithm>

#include "cudnn/backend/convolution.h"
#include "cudnn/backend/movement.h"
#include "cudnn/backend/norm.h"
#include "cudnn/backend/pointwise.h"
#include "cudnn/backend/reduction.h"
#include "cudnn/backend/resample.h"
#include "cudnn/backend/statistics.h"

namespace cpu::backend {
namespace {

using compute::Port;

constexpr int64_t ampere = 800;

/// The operations of one class in a graph.
template <class T>
std::vector<const T*> all(const OperationGraphDescriptor& graph) {
  std::vector<const T*> found;
  for (const auto& operation : graph.operations) {
    if (const auto* one = dynamic_cast<const T*>(operation.get())) found.push_back(one);
  }
  return found;
}

const TensorDescriptor* port(const OperationDescriptor& operation, Port port) {
  for (const Connection& connection : operation.connections) {
    if (connection.port == port) return connection.tensor.get();
  }
  return nullptr;
}

const OperationDescriptor* writer(const OperationGraphDescriptor& graph, int64_t uid) {
  for (const auto& operation : graph.operations) {
    for (const Connection& connection : operation->connections) {
      if (connection.written && connection.tensor->uid == uid) return operation.get();
    }
  }
  return nullptr;
}

bool is_16_bit(const TensorDescriptor& tensor) { return backend_element_size(tensor.data_type) == 2; }

/// Images whose channels are not the fastest dimension.
bool is_channels_first(const TensorDescriptor& tensor) {
  if (tensor.dims.size() < 4 || tensor.dims[1] == 1 || tensor.strides[1] == 1) return false;
  return std::any_of(tensor.dims.begin() + 2, tensor.dims.end(), [](int64_t dim) { return dim != 1; });
}

template <class Predicate>
bool any_tensor(const OperationGraphDescriptor& graph, const Predicate& predicate) {
  for (const auto& operation : graph.operations) {
    for (const Connection& connection : operation->connections) {
      if (!connection.tensor->is_by_value && predicate(*connection.tensor)) return true;
    }
  }
  return false;
}

bool computes_in_double(const OperationDescriptor& operation) {
  const auto* convolution = dynamic_cast<const ConvolutionOperation*>(&operation);
  return convolution != nullptr && convolution->convolution->compute_type == CUDNN_DATA_DOUBLE;
}

/// The gradient of a batch norm behind another operation has one form: inference norm of the same x, ReLU gradient.
bool is_known_gradient(const OperationGraphDescriptor& graph, const NormBackwardOperation& gradient) {
  const TensorDescriptor* dy = port(gradient, Port::DY);
  if (dy == nullptr) return true;
  const OperationDescriptor* before = writer(graph, dy->uid);
  if (before == nullptr) return true;
  const TensorDescriptor* mask = port(*before, Port::X);
  const TensorDescriptor* x = port(gradient, Port::X);
  if (dynamic_cast<const PointwiseOperation*>(before) == nullptr || mask == nullptr || x == nullptr) return false;
  const auto* norm = dynamic_cast<const NormForwardOperation*>(writer(graph, mask->uid));
  return norm != nullptr && norm->is_inference() && dy->is_virtual && mask->is_virtual &&
         dy->data_type == x->data_type && mask->data_type == x->data_type;
}

std::optional<std::string> why_convolutions_are_refused(const OperationGraphDescriptor& graph) {
  const bool has_bf16 =
      any_tensor(graph, [](const TensorDescriptor& tensor) { return tensor.data_type == CUDNN_DATA_BFLOAT16; });
  const auto convolutions = all<ConvolutionOperation>(graph);
  for (const ConvolutionOperation* convolution : convolutions) {
    switch (convolution->direction) {
      case ConvolutionDirection::BackwardFilter:
        if (convolution->w->data_type == CUDNN_DATA_FLOAT && is_16_bit(*convolution->x)) {
          return "the filter gradient of 16-bit tensors comes out in 16 bits";
        }
        if (has_bf16 && writer(graph, convolution->x->uid) != nullptr) {
          return "operations before a filter gradient are fused with it in FLOAT and HALF only";
        }
        break;
      case ConvolutionDirection::BackwardData:
        if (has_bf16 && !all<BnBackwardWeightsOperation>(graph).empty()) {
          return "a data gradient is fused with batch norm's backward weights in HALF only";
        }
        break;
      case ConvolutionDirection::Forward:
        if (!all<GenStatsOperation>(graph).empty() && is_channels_first(*convolution->x)) {
          return "statistics of a convolution are generated with channels last only";
        }
        break;
    }
    if (has_bf16 && !all<PointwiseOperation>(graph).empty() && is_channels_first(*convolution->x)) {
      return "BFLOAT16 convolutions are fused with channels last only";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_gpu_refuses(const OperationGraphDescriptor& graph, int64_t compute_capability) {
  const auto gradients = all<NormBackwardOperation>(graph);
  const auto norms = all<NormForwardOperation>(graph);
  const auto is_type = [](cudnnDataType_t type) {
    return [type](const TensorDescriptor& tensor) { return tensor.data_type == type; };
  };
  if (compute_capability < ampere) {
    if (any_tensor(graph, is_type(CUDNN_DATA_BFLOAT16))) return "BFLOAT16 needs compute capability 8.0";
    if (!norms.empty() || !gradients.empty()) return "norms need compute capability 8.0";
  }
  const bool all_in_double = std::all_of(graph.operations.begin(), graph.operations.end(),
                                         [](const auto& operation) { return computes_in_double(*operation); });
  if (!all_in_double && any_tensor(graph, is_type(CUDNN_DATA_DOUBLE))) {
    return "there is no engine for DOUBLE tensors that computes in FLOAT";
  }
  if (auto reason = why_convolutions_are_refused(graph)) return reason;
  if (gradients.empty()) {
    for (const NormForwardOperation* norm : norms) {
      if (norm->is_inference()) return "there is no engine for an inference norm by itself";
    }
  }
  for (const NormBackwardOperation* gradient : gradients) {
    if (!is_known_gradient(graph, *gradient)) {
      return "the gradient of a norm is fused with an inference norm of its x and the ReLU gradient after it only";
    }
  }
  for (const ReductionOperation* reduction : all<ReductionOperation>(graph)) {
    const TensorDescriptor* y = port(*reduction, Port::Y);
    if (y != nullptr && is_16_bit(*y)) return "reductions come out in 32 bits";
    if (!is_finalized(reduction->attributes.descriptor(CUDNN_ATTR_OPERATION_REDUCTION_DESC))) {
      return "the reduction is none that exists";
    }
  }
  const bool only_elements = std::all_of(graph.operations.begin(), graph.operations.end(), [](const auto& operation) {
    return dynamic_cast<const PointwiseOperation*>(operation.get()) != nullptr ||
           dynamic_cast<const ResampleForwardOperation*>(operation.get()) != nullptr ||
           dynamic_cast<const ResampleBackwardOperation*>(operation.get()) != nullptr;
  });
  if (only_elements && any_tensor(graph, is_channels_first)) {
    return "pointwise operations and pooling take images with channels last only";
  }
  return std::nullopt;
}

bool gpu_has_no_heuristic(const OperationGraphDescriptor& graph) {
  const auto norms = all<NormForwardOperation>(graph);
  return graph.operations.size() == 1 && norms.size() == 1 && norms.front()->is_inference();
}

}  // namespace cpu::backend
