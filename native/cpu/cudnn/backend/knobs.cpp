#include "cudnn/backend/engine.h"
#include "cudnn/backend/kinds.h"

namespace cpu::backend {
namespace {

constexpr AttributeRule knob_choice_rules[] = {
    checked(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE).initially(-1),
    checked(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64).initially(-1),
};

constexpr AttributeRule knob_info_rules[] = {
    read_only(CUDNN_ATTR_KNOB_INFO_TYPE, CUDNN_TYPE_KNOB_TYPE),
    read_only(CUDNN_ATTR_KNOB_INFO_MAXIMUM_VALUE, CUDNN_TYPE_INT64),
    read_only(CUDNN_ATTR_KNOB_INFO_MINIMUM_VALUE, CUDNN_TYPE_INT64),
    read_only(CUDNN_ATTR_KNOB_INFO_STRIDE, CUDNN_TYPE_INT64),
};

constexpr AttributeRule layout_info_rules[] = {
    read_only(CUDNN_ATTR_LAYOUT_INFO_TENSOR_UID, CUDNN_TYPE_INT64),
    read_only(CUDNN_ATTR_LAYOUT_INFO_TYPES, CUDNN_TYPE_LAYOUT_TYPE),
};

}  // namespace

const DescriptorKind knob_choice_kind = {CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, "knob choice", knob_choice_rules,
                                         make_descriptor<KnobChoiceDescriptor>};
const DescriptorKind knob_info_kind = {CUDNN_BACKEND_KNOB_INFO_DESCRIPTOR, "knob info", knob_info_rules,
                                       make_descriptor<KnobInfoDescriptor>};
const DescriptorKind layout_info_kind = {CUDNN_BACKEND_LAYOUT_INFO_DESCRIPTOR, "layout info", layout_info_rules,
                                         make_descriptor<LayoutInfoDescriptor>};

KnobChoiceDescriptor::KnobChoiceDescriptor() : Descriptor(knob_choice_kind) {}

LayoutInfoDescriptor::LayoutInfoDescriptor() : Descriptor(layout_info_kind) {}

KnobInfoDescriptor::KnobInfoDescriptor() : Descriptor(knob_info_kind) {}

KnobInfoDescriptor::KnobInfoDescriptor(const Knob& its_knob) : Descriptor(knob_info_kind), knob_(its_knob) {
  finalized = true;
}

cudnnStatus_t KnobInfoDescriptor::interpret() {
  return refuse(CUDNN_STATUS_BAD_PARAM, "engines fill it: read CUDNN_ATTR_ENGINE_KNOB_INFO into it");
}

std::optional<cudnnStatus_t> KnobInfoDescriptor::read(const AttributeQuery& query) const {
  switch (query.name) {
    case CUDNN_ATTR_KNOB_INFO_TYPE:
      return query.answer_one<int32_t>(knob_->type);
    case CUDNN_ATTR_KNOB_INFO_MAXIMUM_VALUE:
      return query.answer_one<int64_t>(knob_->maximum);
    case CUDNN_ATTR_KNOB_INFO_MINIMUM_VALUE:
      return query.answer_one<int64_t>(knob_->minimum);
    case CUDNN_ATTR_KNOB_INFO_STRIDE:
      return query.answer_one<int64_t>(1);
    default:
      return std::nullopt;
  }
}

}  // namespace cpu::backend
