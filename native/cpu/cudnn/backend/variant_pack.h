#pragma once
#include "cudnn/backend/descriptor.h"

namespace cpu::backend {

/// CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR: where the tensors of one execution lie.
struct VariantPackDescriptor : Descriptor {
  VariantPackDescriptor();

  std::vector<int64_t> uids;
  /// As many as unique ids.
  std::vector<void*> pointers;
  void* workspace = nullptr;

  bool overrides_shapes() const;

 protected:
  cudnnStatus_t interpret() override;
  std::optional<cudnnStatus_t> read(const AttributeQuery& query) const override;
};

}  // namespace cpu::backend
