#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR. The vectors have one element for each spatial dimension.
struct ConvolutionDescriptor : Descriptor {
  ConvolutionDescriptor();

  int64_t spatial_dims = 0;
  std::vector<int64_t> pre_padding;
  std::vector<int64_t> post_padding;
  std::vector<int64_t> stride;
  std::vector<int64_t> dilation;
  cudnnConvolutionMode_t mode = CUDNN_CONVOLUTION;
  cudnnDataType_t compute_type = CUDNN_DATA_FLOAT;

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;
};

enum class ConvolutionDirection { Forward, BackwardData, BackwardFilter };

/// The three convolution operations: x and w make y; y's gradient and w make x's; x and y's gradient make w's.
struct ConvolutionOperation : OperationDescriptor {
  explicit ConvolutionOperation(ConvolutionDirection of_direction);

  const ConvolutionDirection direction;
  std::shared_ptr<ConvolutionDescriptor> convolution;
  /// x or its gradient, w or its gradient, y or its gradient.
  std::shared_ptr<TensorDescriptor> x, w, y;
  double alpha = 1;
  double beta = 0;

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

}  // namespace cpu::backend
