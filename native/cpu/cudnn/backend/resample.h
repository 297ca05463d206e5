#pragma once
#include "cudnn/backend/operation.h"

namespace cpu::backend {

/// CUDNN_BACKEND_RESAMPLE_DESCRIPTOR. Windows, paddings and strides are fractions, one for each spatial dimension.
struct ResampleDescriptor : Descriptor {
  ResampleDescriptor();

  int64_t spatial_dims = 0;
  std::vector<cudnnFraction_t> window;
  std::vector<cudnnFraction_t> pre_padding;
  std::vector<cudnnFraction_t> post_padding;
  std::vector<cudnnFraction_t> stride;

  /// The size windows make of `size` in one spatial dimension; 0 where none fits or a fraction is 1/0.
  int64_t output_size(size_t dimension, int64_t size) const;

  /// Modes, windows and paddings as the engine takes them.
  void lower_into(compute::NodeParameters& parameters) const;

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;
};

/// Pooling and interpolation.
struct ResampleForwardOperation : OperationDescriptor {
  ResampleForwardOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

struct ResampleBackwardOperation : OperationDescriptor {
  ResampleBackwardOperation();

  compute::GraphNode lower() const override;

 protected:
  cudnnStatus_t check() override;
};

}  // namespace cpu::backend
