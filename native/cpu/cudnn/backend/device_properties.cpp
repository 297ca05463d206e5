#include "cudnn/backend/device_properties.h"

#include "cudnn/backend/json.h"
#include "cudnn/backend/kinds.h"
#include "driver/device.h"
#include "engine/device.h"

namespace cpu::backend {
namespace {

constexpr AttributeRule rules[] = {
    checked(CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32),
    checked(CUDNN_ATTR_DEVICEPROP_HANDLE, CUDNN_TYPE_HANDLE).null_is(CUDNN_STATUS_BAD_PARAM_NULL_POINTER),
    plain(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR)
        .any_count()
        .wrong_count_is(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED),
};

/// A number of the description and the device's attribute it is for this device.
struct Property {
  const char* name;
  CUdevice_attribute attribute;
};

constexpr Property properties[] = {
    {"regsPerBlock", CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK},
    {"multiProcessorCount", CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT},
    {"warpSize", CU_DEVICE_ATTRIBUTE_WARP_SIZE},
    {"maxSharedMemoryPerBlock", CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK},
    {"maxSharedMemoryPerBlockOptin", CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN},
    {"reservedSharedMemoryPerBlock", CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK},
    {"maxRegistersPerSM", CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR},
    {"maxCtasPerSM", CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR},
    {"maxThreadsPerBlock", CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK},
    {"maxThreadsPerSM", CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR},
    {"pciDeviceId", CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID},
    {"isTccDriver", CU_DEVICE_ATTRIBUTE_TCC_DRIVER},
    {"supportCoopLaunch", CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH},
    {"totalGlobalMem", CU_DEVICE_ATTRIBUTE_MAX},
    {"smClockRateKHz", CU_DEVICE_ATTRIBUTE_CLOCK_RATE},
    {"memClockRateKHz", CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE},
    {"l2CacheSize", CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE},
    {"cudaDeviceId", CU_DEVICE_ATTRIBUTE_MAX},
    {"deviceVer", CU_DEVICE_ATTRIBUTE_MAX},
    {"driverVer", CU_DEVICE_ATTRIBUTE_MAX},
};

struct Extents {
  const char* name;
  const int (&values)[3];
};
constexpr Extents extents[] = {{"maxGridSize", driver::kMaxGridDim}, {"maxBlockSize", driver::kMaxBlockDim}};

// cuDNN 9 runs on Maxwell and later.
constexpr int64_t oldest_capability = 500;

int attribute_of(CUdevice_attribute attribute, CUdevice device) {
  int value = 0;
  driver::device_attribute(attribute, device, &value);
  return value;
}

int64_t capability_of(CUdevice device) {
  return attribute_of(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device) * 100 +
         attribute_of(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device) * 10;
}

/// What a text says about this device.
std::string describe_device(CUdevice device) {
  std::string text = "{";
  for (const Extents& extent : extents) {
    text += say(json_text(extent.name), ":[", extent.values[0], ",", extent.values[1], ",", extent.values[2], "],");
  }
  for (const Property& property : properties) {
    const std::string_view name = property.name;
    int64_t value = attribute_of(property.attribute, device);
    if (name == "totalGlobalMem") value = static_cast<int64_t>(total_memory());
    if (name == "cudaDeviceId") value = device;
    if (name == "deviceVer") value = capability_of(device);
    if (name == "driverVer") value = CUDA_VERSION;
    text += say(json_text(name), ":", value, ",");
  }
  return text + say("\"deviceName\":", json_text(device_name()), "}");
}

}  // namespace

const DescriptorKind device_properties_kind = {CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "device properties", rules,
                                               make_descriptor<DevicePropertiesDescriptor>};

DevicePropertiesDescriptor::DevicePropertiesDescriptor() : Descriptor(device_properties_kind) {}

cudnnStatus_t DevicePropertiesDescriptor::interpret() {
  json_ = attributes.text(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION);
  if (!attributes.has(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION)) {
    const int64_t device = attributes.integer(CUDNN_ATTR_DEVICEPROP_DEVICE_ID);
    if (device < 0 || device >= device_count()) {
      return refuse(CUDNN_STATUS_BAD_PARAM, say("there is no device ", device, " of ", device_count()));
    }
    device_id_ = static_cast<int32_t>(device);
    compute_capability = capability_of(device_id_);
    json_ = describe_device(device_id_);
    return CUDNN_STATUS_SUCCESS;
  }
  const auto description = parse_json(json_);
  if (description == nullptr || !description->is(JsonValue::Kind::Object)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "the description is no JSON object");
  }
  for (const Extents& extent : extents) {
    const JsonValue* value = description->find(extent.name);
    const bool is_extent = value != nullptr && value->is(JsonValue::Kind::Array) && value->elements.size() >= 3;
    if (!is_extent) {
      return refuse(CUDNN_STATUS_BAD_PARAM, say("the description has no array of three numbers ", extent.name));
    }
    for (const JsonValue& element : value->elements) {
      if (!element.is(JsonValue::Kind::Integer)) {
        return refuse(CUDNN_STATUS_BAD_PARAM,
                      say(extent.name, " of the description holds something else than integers"));
      }
    }
  }
  for (const Property& property : properties) {
    const JsonValue* value = description->find(property.name);
    if (value == nullptr || !value->is(JsonValue::Kind::Integer)) {
      return refuse(CUDNN_STATUS_BAD_PARAM, say("the description has no integer ", property.name));
    }
  }
  compute_capability = description->find("deviceVer")->integer;
  device_id_ = static_cast<int32_t>(description->find("cudaDeviceId")->integer);
  const JsonValue* name = description->find("deviceName");
  describes_gpu = name == nullptr || name->text != device_name();
  if (compute_capability < oldest_capability) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH,
                  say("deviceVer ", compute_capability, " is below ", oldest_capability, ", the oldest cuDNN runs on"));
  }
  return CUDNN_STATUS_SUCCESS;
}

std::optional<cudnnStatus_t> DevicePropertiesDescriptor::read(const AttributeQuery& query) const {
  switch (query.name) {
    case CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION:
      return query.answer(std::span<const char>(json_));
    case CUDNN_ATTR_DEVICEPROP_DEVICE_ID:
      return query.answer_one(device_id_);
    default:
      return std::nullopt;
  }
}

}  // namespace cpu::backend
