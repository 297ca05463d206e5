#pragma once
#include "cudnn/backend/descriptor.h"

namespace cpu::backend {

/// CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR: a device for which graphs are planned, this one or one described as JSON.
struct DevicePropertiesDescriptor : Descriptor {
  DevicePropertiesDescriptor();

  /// Major version x 100 + minor x 10.
  int64_t compute_capability = 0;
  /// Came from a text that describes another device than the CPU device.
  bool describes_gpu = false;

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;

 private:
  std::string json_;
  int32_t device_id_ = 0;
};

}  // namespace cpu::backend
