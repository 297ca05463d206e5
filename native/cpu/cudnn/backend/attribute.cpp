#include "cudnn/backend/attribute.h"

#include <cstring>

namespace cpu::backend {
namespace {

template <class T>
T element(const std::vector<std::byte>& bytes, int64_t index) {
  T value{};
  const size_t offset = static_cast<size_t>(index) * sizeof(T);
  if (index >= 0 && offset + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace

bool AttributeRule::takes_type(cudnnBackendAttributeType_t type) const {
  if (any_type) return true;
  for (int i = 0; i < type_count; ++i) {
    if (types[i] == type) return true;
  }
  return false;
}

size_t attribute_element_size(cudnnBackendAttributeType_t type) {
  switch (static_cast<int>(type)) {
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR:
      return 8;
    case CUDNN_TYPE_BOOLEAN:
    case CUDNN_TYPE_CHAR:
      return 1;
    case CUDNN_TYPE_FRACTION:
      return sizeof(cudnnFraction_t);
    default:
      // FLOAT, INT32 and every enumeration.
      return type >= CUDNN_TYPE_HANDLE && type <= CUDNN_TYPE_CUDA_GRAPH_RETENTION ? 4 : 0;
  }
}

int64_t AttributeValue::integer(int64_t index) const {
  switch (static_cast<int>(type)) {
    case CUDNN_TYPE_FLOAT:
    case CUDNN_TYPE_DOUBLE: {
      const double value = real(index);
      return value > -0x1p63 && value < 0x1p63 ? static_cast<int64_t>(value) : 0;
    }
    case CUDNN_TYPE_FRACTION: {
      const auto fraction = element<cudnnFraction_t>(bytes, index);
      return fraction.denominator == 0 ? 0 : fraction.numerator / fraction.denominator;
    }
    default:
      break;
  }
  switch (attribute_element_size(type)) {
    case 8:
      return element<int64_t>(bytes, index);
    case 1:
      return element<uint8_t>(bytes, index);
    default:
      return element<int32_t>(bytes, index);
  }
}

double AttributeValue::real(int64_t index) const {
  if (type == CUDNN_TYPE_FLOAT) return element<float>(bytes, index);
  if (type == CUDNN_TYPE_DOUBLE) return element<double>(bytes, index);
  return static_cast<double>(integer(index));
}

const AttributeValue* AttributeSet::find(cudnnBackendAttributeName_t name) const {
  for (const AttributeValue& value : values_) {
    if (value.name == name) return &value;
  }
  return nullptr;
}

void AttributeSet::set(AttributeValue value) {
  for (AttributeValue& old : values_) {
    if (old.name == value.name) {
      old = std::move(value);
      return;
    }
  }
  values_.push_back(std::move(value));
}

void AttributeSet::set_integer(cudnnBackendAttributeName_t name, int64_t value) {
  AttributeValue whole{name, CUDNN_TYPE_INT64, 1, std::vector<std::byte>(sizeof value), {}};
  std::memcpy(whole.bytes.data(), &value, sizeof value);
  set(std::move(whole));
}

void AttributeSet::set_descriptor(cudnnBackendAttributeName_t name, DescriptorPointer descriptor) {
  set(AttributeValue{name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, std::vector<std::byte>(sizeof(void*)), {descriptor}});
}

int64_t AttributeSet::integer(cudnnBackendAttributeName_t name, int64_t otherwise) const {
  const AttributeValue* value = find(name);
  return value == nullptr || value->count == 0 ? otherwise : value->integer();
}

double AttributeSet::real(cudnnBackendAttributeName_t name, double otherwise) const {
  const AttributeValue* value = find(name);
  return value == nullptr || value->count == 0 ? otherwise : value->real();
}

std::vector<int64_t> AttributeSet::integers(cudnnBackendAttributeName_t name) const {
  std::vector<int64_t> result;
  const AttributeValue* value = find(name);
  if (value == nullptr) return result;
  for (int64_t i = 0; i < value->count; ++i) result.push_back(value->integer(i));
  return result;
}

std::vector<cudnnFraction_t> AttributeSet::fractions(cudnnBackendAttributeName_t name) const {
  std::vector<cudnnFraction_t> result;
  const AttributeValue* value = find(name);
  if (value == nullptr) return result;
  for (int64_t i = 0; i < value->count; ++i) {
    result.push_back(value->type == CUDNN_TYPE_FRACTION ? element<cudnnFraction_t>(value->bytes, i)
                                                        : cudnnFraction_t{value->integer(i), 1});
  }
  return result;
}

const std::vector<DescriptorPointer>& AttributeSet::descriptors(cudnnBackendAttributeName_t name) const {
  static const std::vector<DescriptorPointer> none;
  const AttributeValue* value = find(name);
  return value == nullptr ? none : value->descriptors;
}

DescriptorPointer AttributeSet::descriptor(cudnnBackendAttributeName_t name) const {
  const auto& all = descriptors(name);
  return all.empty() ? nullptr : all.front();
}

std::string AttributeSet::text(cudnnBackendAttributeName_t name) const {
  const AttributeValue* value = find(name);
  if (value == nullptr) return {};
  return std::string(reinterpret_cast<const char*>(value->bytes.data()), value->bytes.size());
}

}  // namespace cpu::backend
