#include "cudnn/backend/variant_pack.h"

#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

constexpr AttributeRule rules[] = {
    plain(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64).many().unreadable_as(CUDNN_STATUS_NOT_SUPPORTED),
    plain(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR).many().unreadable_as(CUDNN_STATUS_NOT_SUPPORTED),
    read_only(CUDNN_ATTR_VARIANT_PACK_INTERMEDIATES, CUDNN_TYPE_BACKEND_DESCRIPTOR),
    plain(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR),
    plain(CUDNN_ATTR_VARIANT_PACK_OVERRIDE_UNIQUE_IDS, CUDNN_TYPE_INT64)
        .many()
        .wrong_type_is(CUDNN_STATUS_NOT_SUPPORTED),
    plain(CUDNN_ATTR_VARIANT_PACK_OVERRIDE_SHAPES, CUDNN_TYPE_VOID_PTR)
        .many()
        .wrong_type_is(CUDNN_STATUS_NOT_SUPPORTED),
    plain(CUDNN_ATTR_VARIANT_PACK_OVERRIDE_STRIDES, CUDNN_TYPE_VOID_PTR)
        .many()
        .wrong_type_is(CUDNN_STATUS_NOT_SUPPORTED),
};

}  // namespace

const DescriptorKind variant_pack_kind = {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "variant pack", rules,
                                          make_descriptor<VariantPackDescriptor>};

VariantPackDescriptor::VariantPackDescriptor() : Descriptor(variant_pack_kind) {}

bool VariantPackDescriptor::overrides_shapes() const {
  return attributes.has(CUDNN_ATTR_VARIANT_PACK_OVERRIDE_UNIQUE_IDS) ||
         attributes.has(CUDNN_ATTR_VARIANT_PACK_OVERRIDE_SHAPES) ||
         attributes.has(CUDNN_ATTR_VARIANT_PACK_OVERRIDE_STRIDES);
}

cudnnStatus_t VariantPackDescriptor::interpret() {
  uids = attributes.integers(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  pointers.clear();
  for (const int64_t pointer : attributes.integers(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS)) {
    pointers.push_back(reinterpret_cast<void*>(pointer));
  }
  workspace = reinterpret_cast<void*>(attributes.integer(CUDNN_ATTR_VARIANT_PACK_WORKSPACE));
  if (uids.size() != pointers.size()) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say(uids.size(), " unique ids but ", pointers.size(), " data pointers"));
  }
  return CUDNN_STATUS_SUCCESS;
}

std::optional<cudnnStatus_t> VariantPackDescriptor::read(const AttributeQuery& query) const {
  if (query.name == CUDNN_ATTR_VARIANT_PACK_WORKSPACE) return query.answer_one(workspace);
  return std::nullopt;
}

}  // namespace cpu::backend
