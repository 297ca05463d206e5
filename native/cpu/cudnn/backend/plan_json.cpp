#include "cudnn/backend/plan_json.h"

#include <cstring>
#include <map>

#include "cudnn/backend/json.h"

namespace cpu::backend {
namespace {

constexpr std::string_view format = "CudnnNet CPU device plan 1";

/// Writes descriptors, each behind those it refers to.
class Writer {
 public:
  int64_t add(const Descriptor& descriptor) {
    const auto known = places_.find(&descriptor);
    if (known != places_.end()) return known->second;
    std::string attributes;
    for (const AttributeValue& value : descriptor.attributes.values()) {
      if (value.type == CUDNN_TYPE_HANDLE || value.type == CUDNN_TYPE_VOID_PTR) continue;
      if (!attributes.empty()) attributes += ',';
      attributes += say('[', value.name, ',', value.type, ',', elements(value), ']');
    }
    const auto place = static_cast<int64_t>(places_.size());
    if (place > 0) text_ += ",\n";
    text_ += say("{\"type\":", descriptor.kind.type, ",\"attributes\":[", attributes, "]}");
    places_.emplace(&descriptor, place);
    return place;
  }

  const std::string& text() const { return text_; }

 private:
  /// Numbers as they lie in memory, so that every one comes back exactly.
  std::string elements(const AttributeValue& value) {
    if (value.type == CUDNN_TYPE_CHAR) {
      return json_text({reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
    }
    std::string result = "[";
    const auto append = [&](int64_t number) {
      if (result.size() > 1) result += ',';
      result += std::to_string(number);
    };
    if (value.type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
      for (const DescriptorPointer& descriptor : value.descriptors) append(add(*descriptor));
      return result + ']';
    }
    const size_t size = word_size(value.type);
    for (size_t offset = 0; offset + size <= value.bytes.size(); offset += size) {
      int64_t word = 0;
      std::memcpy(&word, value.bytes.data() + offset, size);
      append(word);
    }
    return result + ']';
  }

 public:
  /// Bytes of one number of the text: a fraction is two.
  static size_t word_size(cudnnBackendAttributeType_t type) {
    return type == CUDNN_TYPE_FRACTION ? sizeof(int64_t) : attribute_element_size(type);
  }

 private:
  std::map<const Descriptor*, int64_t> places_;
  std::string text_;
};

/// Whether a text may contain such a descriptor: what plans are made of, not plans themselves.
bool is_part_of_plans(cudnnBackendDescriptorType_t type) {
  switch (type) {
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
    case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR:
    case CUDNN_BACKEND_KERNEL_CACHE_DESCRIPTOR:
      return false;
    default:
      return find_kind(type) != nullptr;
  }
}

/// An attribute of the text as it would be set; false where it is none.
bool read_attribute(const JsonValue& attribute, const std::vector<DescriptorPointer>& earlier, AttributeValue* value) {
  using Kind = JsonValue::Kind;
  const auto& parts = attribute.elements;
  if (parts.size() != 3 || !parts[0].is(Kind::Integer) || !parts[1].is(Kind::Integer)) return false;
  value->name = static_cast<cudnnBackendAttributeName_t>(parts[0].integer);
  value->type = static_cast<cudnnBackendAttributeType_t>(parts[1].integer);
  const size_t element_size = attribute_element_size(value->type);
  if (element_size == 0 || value->type == CUDNN_TYPE_HANDLE || value->type == CUDNN_TYPE_VOID_PTR) return false;
  if (value->type == CUDNN_TYPE_CHAR) {
    if (!parts[2].is(Kind::Text)) return false;
    const auto* bytes = reinterpret_cast<const std::byte*>(parts[2].text.data());
    value->bytes.assign(bytes, bytes + parts[2].text.size());
    value->count = static_cast<int64_t>(value->bytes.size());
    return true;
  }
  if (!parts[2].is(Kind::Array)) return false;
  const size_t word_size = Writer::word_size(value->type);
  for (const JsonValue& element : parts[2].elements) {
    if (!element.is(Kind::Integer)) return false;
    if (value->type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
      if (element.integer < 0 || element.integer >= static_cast<int64_t>(earlier.size())) return false;
      value->descriptors.push_back(earlier[static_cast<size_t>(element.integer)]);
    }
    const size_t end = value->bytes.size();
    value->bytes.resize(end + word_size);
    std::memcpy(value->bytes.data() + end, &element.integer, word_size);
  }
  if (value->bytes.size() % element_size != 0) return false;
  value->count = static_cast<int64_t>(value->bytes.size() / element_size);
  return true;
}

}  // namespace

std::string plan_json(const EngineConfigDescriptor& config) {
  Writer writer;
  const int64_t place = writer.add(config);
  return say("{\"format\":", json_text(format), ",\n\"descriptors\":[", writer.text(), "],\n\"config\":", place, "}");
}

cudnnStatus_t read_plan_json(const Descriptor& plan, const std::string& text,
                             std::shared_ptr<EngineConfigDescriptor>* config) {
  using Kind = JsonValue::Kind;
  const auto json = parse_json(text);
  const JsonValue* version = json == nullptr ? nullptr : json->find("format");
  if (version == nullptr) return plan.refuse(CUDNN_STATUS_BAD_PARAM, "the text is no plan");
  if (version->text != format) {
    return plan.refuse(CUDNN_STATUS_SERIALIZATION_VERSION_MISMATCH,
                       say("the text is a \"", version->text, "\", not a \"", format, "\""));
  }
  const JsonValue* list = json->find("descriptors");
  const JsonValue* wanted = json->find("config");
  if (list == nullptr || wanted == nullptr || !list->is(Kind::Array) || !wanted->is(Kind::Integer)) {
    return plan.refuse(CUDNN_STATUS_BAD_PARAM, "the text has no descriptors");
  }
  std::vector<DescriptorPointer> made;
  for (const JsonValue& entry : list->elements) {
    const JsonValue* type = entry.find("type");
    const JsonValue* attributes = entry.find("attributes");
    const auto number = type == nullptr ? int64_t{-1} : type->integer;
    if (number < 0 || number > INT32_MAX || attributes == nullptr ||
        !is_part_of_plans(static_cast<cudnnBackendDescriptorType_t>(number))) {
      return plan.refuse(CUDNN_STATUS_BAD_PARAM, say("descriptor ", made.size(), " of the text is none of a plan"));
    }
    DescriptorPointer descriptor = find_kind(static_cast<cudnnBackendDescriptorType_t>(number))->create();
    for (const JsonValue& attribute : attributes->elements) {
      AttributeValue value{};
      if (!read_attribute(attribute, made, &value)) {
        return plan.refuse(CUDNN_STATUS_BAD_PARAM, say("descriptor ", made.size(), " of the text, a ",
                                                       descriptor->kind.name, ", has an attribute that is none"));
      }
      const cudnnStatus_t status = descriptor->set_value(std::move(value));
      if (status != CUDNN_STATUS_SUCCESS) return status;
    }
    const cudnnStatus_t status = descriptor->finalize();
    if (status != CUDNN_STATUS_SUCCESS) return status;
    made.push_back(std::move(descriptor));
  }
  const bool exists = wanted->integer >= 0 && wanted->integer < static_cast<int64_t>(made.size());
  *config = exists ? as<EngineConfigDescriptor>(made[static_cast<size_t>(wanted->integer)]) : nullptr;
  if (*config == nullptr) return plan.refuse(CUDNN_STATUS_BAD_PARAM, "the text has no engine configuration");
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu::backend
