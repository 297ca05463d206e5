#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "generated/cudnn.h"

namespace cpu::backend {

struct Descriptor;
using DescriptorPointer = std::shared_ptr<Descriptor>;

/// How one attribute of one kind of descriptor answers: which types and counts it takes and with which status it
/// refuses the others. Written as `plain(NAME, TYPE).or_type(...).many()`; the functions below are the styles in which
/// the real library checks.
struct AttributeRule {
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t types[3];
  int type_count = 1;
  int64_t least = 1;
  int64_t most = 1;
  cudnnStatus_t wrong_type = CUDNN_STATUS_BAD_PARAM;
  cudnnStatus_t wrong_count = CUDNN_STATUS_BAD_PARAM;
  /// For attributes that hold descriptors or handles: SUCCESS ignores a null element.
  cudnnStatus_t null_element = CUDNN_STATUS_SUCCESS;
  /// The status of every attempt to set it; SUCCESS where it can be set.
  cudnnStatus_t read_only = CUDNN_STATUS_SUCCESS;
  /// The status of every attempt to read it; SUCCESS where it can be read.
  cudnnStatus_t unreadable = CUDNN_STATUS_SUCCESS;
  bool any_type = false;
  bool has_initial = false;
  double initial = 0;
  cudnnBackendAttributeType_t initial_type = CUDNN_TYPE_INT64;

  static constexpr int64_t unlimited = INT64_MAX;

  constexpr AttributeRule(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type)
      : name(name), types{type, type, type}, initial_type(type) {}

  constexpr AttributeRule or_type(cudnnBackendAttributeType_t type) const {
    AttributeRule rule = *this;
    rule.types[rule.type_count++] = type;
    return rule;
  }
  constexpr AttributeRule takes(int64_t new_least, int64_t new_most) const {
    AttributeRule rule = *this;
    rule.least = new_least;
    rule.most = new_most;
    return rule;
  }
  constexpr AttributeRule of_any_type() const {
    AttributeRule rule = *this;
    rule.any_type = true;
    return rule;
  }
  /// One or more elements.
  constexpr AttributeRule many() const { return takes(1, unlimited); }
  /// Any number of elements, none included.
  constexpr AttributeRule any_count() const { return takes(0, unlimited); }
  constexpr AttributeRule wrong_type_is(cudnnStatus_t status) const {
    AttributeRule rule = *this;
    rule.wrong_type = status;
    return rule;
  }
  constexpr AttributeRule wrong_count_is(cudnnStatus_t status) const {
    AttributeRule rule = *this;
    rule.wrong_count = status;
    return rule;
  }
  constexpr AttributeRule null_is(cudnnStatus_t status) const {
    AttributeRule rule = *this;
    rule.null_element = status;
    return rule;
  }
  constexpr AttributeRule unreadable_as(cudnnStatus_t status) const {
    AttributeRule rule = *this;
    rule.unreadable = status;
    return rule;
  }
  /// What it holds until it is set, in the first of its types unless told otherwise.
  constexpr AttributeRule initially(double value) const { return initially(value, types[0]); }
  constexpr AttributeRule initially(double value, cudnnBackendAttributeType_t type) const {
    AttributeRule rule = *this;
    rule.has_initial = true;
    rule.initial = value;
    rule.initial_type = type;
    return rule;
  }

  bool takes_type(cudnnBackendAttributeType_t type) const;
};

/// A value that must have the right type and count; both mistakes are BAD_PARAM.
constexpr AttributeRule plain(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type) {
  return AttributeRule(name, type);
}
/// As plain, but a wrong type has a status of its own.
constexpr AttributeRule checked(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type) {
  return plain(name, type).wrong_type_is(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE);
}
/// Another descriptor; null is as good as not setting it.
constexpr AttributeRule descriptor(cudnnBackendAttributeName_t name) {
  return plain(name, CUDNN_TYPE_BACKEND_DESCRIPTOR);
}
/// Another descriptor, not null.
constexpr AttributeRule strict_descriptor(cudnnBackendAttributeName_t name) {
  return descriptor(name).null_is(CUDNN_STATUS_BAD_PARAM);
}
/// Another descriptor, not null, with a status for each mistake.
constexpr AttributeRule checked_descriptor(cudnnBackendAttributeName_t name) {
  return checked(name, CUDNN_TYPE_BACKEND_DESCRIPTOR)
      .wrong_count_is(CUDNN_STATUS_NOT_SUPPORTED)
      .null_is(CUDNN_STATUS_BAD_PARAM);
}
/// What only the library sets.
constexpr AttributeRule read_only(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                  cudnnStatus_t refusal = CUDNN_STATUS_NOT_SUPPORTED) {
  AttributeRule rule = AttributeRule(name, type).many();
  rule.read_only = refusal;
  return rule;
}

/// Bytes of one element of an attribute; 0 for a type that does not exist.
size_t attribute_element_size(cudnnBackendAttributeType_t type);

/// What was set: elements as they lay in the caller's memory; descriptors as references.
struct AttributeValue {
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t type;
  int64_t count = 0;
  std::vector<std::byte> bytes;
  std::vector<DescriptorPointer> descriptors;

  /// Element `index` of any numeric type or enumeration.
  int64_t integer(int64_t index = 0) const;
  double real(int64_t index = 0) const;
};

/// The attributes of one descriptor that were set or have a value from the beginning.
class AttributeSet {
 public:
  const AttributeValue* find(cudnnBackendAttributeName_t name) const;
  void set(AttributeValue value);
  void set_integer(cudnnBackendAttributeName_t name, int64_t value);
  void set_descriptor(cudnnBackendAttributeName_t name, DescriptorPointer descriptor);

  const std::vector<AttributeValue>& values() const { return values_; }
  bool has(cudnnBackendAttributeName_t name) const { return find(name) != nullptr; }
  int64_t integer(cudnnBackendAttributeName_t name, int64_t otherwise = 0) const;
  double real(cudnnBackendAttributeName_t name, double otherwise = 0) const;
  std::vector<int64_t> integers(cudnnBackendAttributeName_t name) const;
  /// Integers count as fractions over 1.
  std::vector<cudnnFraction_t> fractions(cudnnBackendAttributeName_t name) const;
  /// Null where it was not set.
  DescriptorPointer descriptor(cudnnBackendAttributeName_t name) const;
  const std::vector<DescriptorPointer>& descriptors(cudnnBackendAttributeName_t name) const;
  std::string text(cudnnBackendAttributeName_t name) const;

 private:
  std::vector<AttributeValue> values_;
};

}  // namespace cpu::backend
