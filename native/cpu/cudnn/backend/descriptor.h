#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "cudnn/backend/attribute.h"
#include "cudnn/status.h"
#include "engine/handles.h"

namespace cpu::backend {

/// What all descriptors of one type have in common.
struct DescriptorKind {
  cudnnBackendDescriptorType_t type;
  /// For error texts: "tensor", "convolution forward operation".
  const char* name;
  std::span<const AttributeRule> rules;
  DescriptorPointer (*create)();
  /// The status of every read; SUCCESS where each attribute answers for itself.
  cudnnStatus_t unreadable = CUDNN_STATUS_SUCCESS;

  const AttributeRule* rule(cudnnBackendAttributeName_t attribute) const;
};

/// The kind of a type; null for types nobody can create.
const DescriptorKind* find_kind(cudnnBackendDescriptorType_t type);

/// One cudnnBackendGetAttribute: where the answer goes.
struct AttributeQuery {
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t type;
  int64_t requested;
  int64_t* count;
  void* elements;

  /// Writes as many of the `available` elements as were asked for; without room for any, says how many there are.
  cudnnStatus_t answer(const void* data, int64_t available, size_t element_size) const;
  template <class T>
  cudnnStatus_t answer(std::span<const T> values) const {
    return answer(values.data(), static_cast<int64_t>(values.size()), sizeof(T));
  }
  template <class T>
  cudnnStatus_t answer_one(T value) const {
    return answer(&value, 1, sizeof(T));
  }
  /// The caller passes descriptors it made; they become these.
  cudnnStatus_t answer(const std::vector<DescriptorPointer>& descriptors) const;
};

/// A backend descriptor: attributes until it is finalized, from then on what they mean, unchangeable.
struct Descriptor {
  explicit Descriptor(const DescriptorKind& of_kind);
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  virtual ~Descriptor() = default;

  const DescriptorKind& kind;
  bool finalized = false;
  AttributeSet attributes;

  /// Sets what lies in the caller's memory: descriptors are still handles.
  cudnnStatus_t set(AttributeValue value);
  /// The same once descriptors were looked up.
  cudnnStatus_t set_value(AttributeValue value);
  cudnnStatus_t get(const AttributeQuery& query) const;
  cudnnStatus_t finalize();

  /// BAD_PARAM (or another status) with this kind's name before the text.
  cudnnStatus_t refuse(cudnnStatus_t status, std::string_view text) const;

 protected:
  /// Checks the attributes and turns them into what they mean.
  virtual cudnnStatus_t interpret() { return CUDNN_STATUS_SUCCESS; }
  /// The answer to a query that is not simply what was set; nothing for all others.
  virtual std::optional<cudnnStatus_t> read(const AttributeQuery&) const { return std::nullopt; }

 private:
  cudnnStatus_t check(const AttributeValue& value) const;
};

/// Makes a descriptor of class T for its kind.
template <class T>
DescriptorPointer make_descriptor() {
  return std::make_shared<T>();
}

/// cudnnBackendDescriptor_t: several handles can come to name the same descriptor.
struct DescriptorHandle {
  static constexpr HandleTag tag = HandleTag::CudnnBackendDescriptor;
  DescriptorPointer descriptor;
};

/// The descriptor as class T; null where there is none or it is of another kind.
template <class T>
std::shared_ptr<T> as(const DescriptorPointer& descriptor) {
  return std::dynamic_pointer_cast<T>(descriptor);
}

/// Whether the descriptor exists and was finalized.
inline bool is_finalized(const DescriptorPointer& descriptor) { return descriptor != nullptr && descriptor->finalized; }

}  // namespace cpu::backend
