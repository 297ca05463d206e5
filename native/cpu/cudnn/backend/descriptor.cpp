#include "cudnn/backend/descriptor.h"

#include <algorithm>
#include <cstring>

#include "cudnn/handle.h"

namespace cpu::backend {

const AttributeRule* DescriptorKind::rule(cudnnBackendAttributeName_t attribute) const {
  for (const AttributeRule& rule : rules) {
    if (rule.name == attribute) return &rule;
  }
  return nullptr;
}

cudnnStatus_t AttributeQuery::answer(const void* data, int64_t available, size_t element_size) const {
  if (requested < 0) return fail(CUDNN_STATUS_BAD_PARAM, "requestedElementCount is negative");
  const bool only_count = requested == 0 || elements == nullptr;
  const int64_t written = only_count ? available : std::min(requested, available);
  if (count != nullptr) *count = written;
  if (!only_count && written > 0) std::memcpy(elements, data, static_cast<size_t>(written) * element_size);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t AttributeQuery::answer(const std::vector<DescriptorPointer>& descriptors) const {
  if (requested < 0) return fail(CUDNN_STATUS_BAD_PARAM, "requestedElementCount is negative");
  const auto available = static_cast<int64_t>(descriptors.size());
  const bool only_count = requested == 0 || elements == nullptr;
  const int64_t written = only_count ? available : std::min(requested, available);
  if (!only_count) {
    auto* handles = static_cast<cudnnBackendDescriptor_t*>(elements);
    for (int64_t i = 0; i < written; ++i) {
      auto* handle = lookup<DescriptorHandle>(handles[i]);
      if (handle == nullptr) return bad_handle(handles[i], "an element of arrayOfElements");
      if (&handle->descriptor->kind != &descriptors[i]->kind) {
        return fail(CUDNN_STATUS_BAD_PARAM,
                    say("element ", i, " of arrayOfElements is a ", handle->descriptor->kind.name,
                        " descriptor; create a ", descriptors[i]->kind.name, " descriptor for it"));
      }
      handle->descriptor = descriptors[i];
    }
  }
  if (count != nullptr) *count = written;
  return CUDNN_STATUS_SUCCESS;
}

Descriptor::Descriptor(const DescriptorKind& of_kind) : kind(of_kind) {
  for (const AttributeRule& rule : kind.rules) {
    if (!rule.has_initial) continue;
    AttributeValue value{
        rule.name, rule.initial_type, 1, std::vector<std::byte>(attribute_element_size(rule.initial_type)), {}};
    const auto integer = static_cast<int64_t>(rule.initial);
    const auto narrow = static_cast<float>(rule.initial);
    const void* source = &integer;
    if (rule.initial_type == CUDNN_TYPE_FLOAT) source = &narrow;
    if (rule.initial_type == CUDNN_TYPE_DOUBLE) source = &rule.initial;
    std::memcpy(value.bytes.data(), source, value.bytes.size());
    attributes.set(std::move(value));
  }
}

cudnnStatus_t Descriptor::refuse(cudnnStatus_t status, std::string_view text) const {
  return fail(status, say(kind.name, ": ", text));
}

cudnnStatus_t Descriptor::check(const AttributeValue& value) const {
  if (finalized) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "it is finalized, so its attributes cannot change; create another");
  }
  const AttributeRule* rule = kind.rule(value.name);
  if (rule == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, say("it has no attribute ", value.name));
  if (rule->read_only != CUDNN_STATUS_SUCCESS) {
    return refuse(rule->read_only, say("attribute ", value.name, " can only be read"));
  }
  if (!rule->takes_type(value.type)) {
    return refuse(rule->wrong_type, say("attribute ", value.name, " has type ", rule->types[0], ", not ", value.type));
  }
  if (value.count < rule->least || value.count > rule->most) {
    const char* more = rule->most == rule->least ? "" : " or more";
    return refuse(rule->wrong_count,
                  say("attribute ", value.name, " takes ", rule->least, more, " elements, not ", value.count));
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t Descriptor::set(AttributeValue value) {
  const cudnnStatus_t status = check(value);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  const bool is_handle = value.type == CUDNN_TYPE_BACKEND_DESCRIPTOR || value.type == CUDNN_TYPE_HANDLE;
  for (int64_t i = 0; is_handle && i < value.count; ++i) {
    const auto handle = reinterpret_cast<const void*>(value.integer(i));
    const std::string element = say("element ", i, " of attribute ", value.name);
    if (handle == nullptr) {
      const cudnnStatus_t refusal = kind.rule(value.name)->null_element;
      if (refusal != CUDNN_STATUS_SUCCESS) return refuse(refusal, element + " == __null");
      continue;
    }
    if (value.type == CUDNN_TYPE_HANDLE) {
      if (lookup<CudnnHandle>(handle) == nullptr) return bad_handle(handle, element);
      continue;
    }
    const auto* found = lookup<DescriptorHandle>(handle);
    if (found == nullptr) return bad_handle(handle, element);
    value.descriptors.push_back(found->descriptor);
  }
  attributes.set(std::move(value));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t Descriptor::set_value(AttributeValue value) {
  const cudnnStatus_t status = check(value);
  if (status == CUDNN_STATUS_SUCCESS) attributes.set(std::move(value));
  return status;
}

cudnnStatus_t Descriptor::get(const AttributeQuery& query) const {
  if (!finalized) return refuse(CUDNN_STATUS_NOT_INITIALIZED, "finalize it before reading its attributes");
  if (kind.unreadable != CUDNN_STATUS_SUCCESS) {
    return refuse(kind.unreadable, "cuDNN does not read this kind of descriptor back");
  }
  const AttributeRule* rule = kind.rule(query.name);
  if (rule == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, say("it has no attribute ", query.name));
  if (rule->unreadable != CUDNN_STATUS_SUCCESS) {
    return refuse(rule->unreadable, say("cuDNN does not read attribute ", query.name, " back"));
  }
  const cudnnStatus_t wrong_type =
      rule->wrong_type == CUDNN_STATUS_NOT_SUPPORTED ? CUDNN_STATUS_BAD_PARAM : rule->wrong_type;
  if (!rule->takes_type(query.type)) {
    return refuse(wrong_type, say("attribute ", query.name, " has type ", rule->types[0], ", not ", query.type));
  }
  if (rule->most == 1 && query.requested > 1) {
    return refuse(CUDNN_STATUS_BAD_PARAM, say("attribute ", query.name, " has one element, not ", query.requested));
  }
  if (const auto answer = read(query)) return *answer;
  const AttributeValue* value = attributes.find(query.name);
  if (value == nullptr) return query.answer(nullptr, 0, 0);
  if (value->type != query.type) {
    return refuse(wrong_type, say("attribute ", query.name, " was set with type ", value->type, ", not ", query.type));
  }
  if (value->type == CUDNN_TYPE_BACKEND_DESCRIPTOR) return query.answer(value->descriptors);
  return query.answer(value->bytes.data(), value->count, attribute_element_size(value->type));
}

cudnnStatus_t Descriptor::finalize() {
  if (finalized) return refuse(CUDNN_STATUS_BAD_PARAM, "it is finalized already");
  const cudnnStatus_t status = interpret();
  finalized = status == CUDNN_STATUS_SUCCESS;
  return status;
}

}  // namespace cpu::backend
