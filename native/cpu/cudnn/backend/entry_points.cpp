// The functions of the graph API: they look handles up and forward to the descriptors.
#include "cudnn/backend/descriptor.h"
#include "cudnn/object_handles.h"

using cpu::bad_handle;
using cpu::fail;
using cpu::lookup;
using cpu::say;
using cpu::backend::AttributeQuery;
using cpu::backend::AttributeValue;
using cpu::backend::DescriptorHandle;
using cpu::backend::DescriptorKind;

namespace {

// The status for a descriptor that is null differs from that for one that is no descriptor.
cudnnStatus_t no_descriptor(const void* descriptor, cudnnStatus_t if_null) {
  const cudnnStatus_t status = bad_handle(descriptor, "descriptor");
  return descriptor == nullptr ? if_null : status;
}

}  // namespace

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t descriptorType,
                                           cudnnBackendDescriptor_t* descriptor) {
  if (descriptor == nullptr) return fail(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "descriptor == __null");
  const DescriptorKind* kind = cpu::backend::find_kind(descriptorType);
  if (kind == nullptr) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED,
                say("cuDNN ", CUDNN_MAJOR, ".", CUDNN_MINOR, " has no backend descriptor of type ", descriptorType));
  }
  try {
    *descriptor = cpu::make_handle(std::make_unique<DescriptorHandle>(DescriptorHandle{kind->create()}));
  } catch (const std::bad_alloc&) {
    *descriptor = nullptr;
  }
  if (*descriptor == nullptr) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, "no host memory left for another cuDNN object");
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  if (cpu::release<DescriptorHandle>(descriptor)) return CUDNN_STATUS_SUCCESS;
  return no_descriptor(descriptor, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
}

cudnnStatus_t cudnnBackendInitialize(cudnnBackendDescriptor_t descriptor) {
  auto* handle = lookup<DescriptorHandle>(descriptor);
  if (handle == nullptr) return no_descriptor(descriptor, CUDNN_STATUS_BAD_PARAM);
  // Whoever holds the old descriptor keeps it as it is.
  handle->descriptor = handle->descriptor->kind.create();
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  auto* handle = lookup<DescriptorHandle>(descriptor);
  if (handle == nullptr) return no_descriptor(descriptor, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  try {
    return handle->descriptor->finalize();
  } catch (const std::bad_alloc&) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, "no host memory left to finalize the descriptor");
  } catch (const std::exception& error) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR, say(handle->descriptor->kind.name, ": ", error.what()));
  }
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t attributeName,
                                       cudnnBackendAttributeType_t attributeType, int64_t elementCount,
                                       const void* arrayOfElements) {
  auto* handle = lookup<DescriptorHandle>(descriptor);
  if (handle == nullptr) return no_descriptor(descriptor, CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  if (arrayOfElements == nullptr) return fail(CUDNN_STATUS_BAD_PARAM, "arrayOfElements == __null");
  AttributeValue value{attributeName, attributeType, elementCount, {}, {}};
  try {
    const auto* rule = handle->descriptor->kind.rule(attributeName);
    const size_t size = cpu::backend::attribute_element_size(attributeType);
    // Only what the rules allow is read from the caller's memory.
    if (rule != nullptr && rule->takes_type(attributeType) && elementCount >= rule->least &&
        elementCount <= rule->most) {
      const auto* bytes = static_cast<const std::byte*>(arrayOfElements);
      value.bytes.assign(bytes, bytes + static_cast<size_t>(elementCount) * size);
    }
    return handle->descriptor->set(std::move(value));
  } catch (const std::exception&) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED,
                say("no host memory left for ", elementCount, " elements of attribute ", attributeName));
  }
}

cudnnStatus_t cudnnBackendGetAttribute(const cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t attributeName,
                                       cudnnBackendAttributeType_t attributeType, int64_t requestedElementCount,
                                       int64_t* elementCount, void* arrayOfElements) {
  const auto* handle = lookup<DescriptorHandle>(descriptor);
  if (handle == nullptr) return no_descriptor(descriptor, CUDNN_STATUS_BAD_PARAM);
  // The descriptor outlives the call even where the answer takes the handle's place.
  const auto asked = handle->descriptor;
  return asked->get(AttributeQuery{attributeName, attributeType, requestedElementCount, elementCount, arrayOfElements});
}
