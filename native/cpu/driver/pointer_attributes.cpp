#include "driver/entry.h"
#include "engine/memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

template <class T>
CUresult answer(void* data, T value) {
  *static_cast<T*>(data) = value;
  return CUDA_SUCCESS;
}

bool on_host(const MemoryRange& range) {
  return range.kind == MemoryKind::Pinned || range.kind == MemoryKind::Registered;
}

// One attribute of an address in a known range.
CUresult read_attribute(const MemoryRange& range, CUdeviceptr address, CUpointer_attribute attribute, void* data) {
  switch (static_cast<int>(attribute)) {
    case CU_POINTER_ATTRIBUTE_CONTEXT:
      return answer(data, range.context);
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
      return answer(data, static_cast<unsigned>(on_host(range) ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE));
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
      return answer(data, address);
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
      if (range.device_alone()) {
        return fail(CUDA_ERROR_INVALID_VALUE, "device memory has no address on the host");
      }
      return answer(data, reinterpret_cast<void*>(address));
    case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
      return answer(data, 0U);
    case CU_POINTER_ATTRIBUTE_BUFFER_ID:
    case CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID:
      return answer(data, static_cast<unsigned long long>(range.id));
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
      return answer(data, range.kind == MemoryKind::Managed ? 1U : 0U);
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
      return answer(data, range.device);
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
      return answer(data, range.kind == MemoryKind::Device && range.pool == nullptr ? 1U : 0U);
    case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
    case CU_POINTER_ATTRIBUTE_IS_HW_DECOMPRESS_CAPABLE:
      return answer(data, 0U);
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
    case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR:
      return answer(data, static_cast<CUdeviceptr>(range.base));
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
    case CU_POINTER_ATTRIBUTE_MAPPING_SIZE:
      return answer(data, range.size);
    case CU_POINTER_ATTRIBUTE_MAPPED:
      return answer(data, 1U);
    case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
      return answer(data, 0ULL);
    case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
      return answer(data, static_cast<unsigned>(CU_POINTER_ATTRIBUTE_ACCESS_FLAG_READWRITE));
    case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
      return answer(data, range.pool);
    default:
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "pointer attribute " + std::to_string(static_cast<int>(attribute)) + " is not known");
  }
}

}  // namespace

CUresult cuPointerGetAttribute(void* data, CUpointer_attribute attribute, CUdeviceptr ptr) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (data == nullptr) return null_argument("data");
    const auto range = find_memory(ptr);
    if (!range) {
      return fail(CUDA_ERROR_INVALID_VALUE, hexadecimal(ptr) + " lies in no memory that the device knows");
    }
    return read_attribute(*range, ptr, attribute, data);
  });
}

// Unlike the call for one attribute, this one answers for unknown addresses too: with zeros.
CUresult cuPointerGetAttributes(unsigned int numAttributes, CUpointer_attribute* attributes, void** data,
                                CUdeviceptr ptr) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (attributes == nullptr || data == nullptr) return null_argument("attributes or data");
    const auto range = find_memory(ptr);
    for (unsigned i = 0; i < numAttributes; ++i) {
      if (data[i] == nullptr) return null_argument("data[" + std::to_string(i) + "]");
      const CUpointer_attribute attribute = attributes[i];
      if (range && !(attribute == CU_POINTER_ATTRIBUTE_HOST_POINTER && range->device_alone())) {
        if (const CUresult status = read_attribute(*range, ptr, attribute, data[i]); status != CUDA_SUCCESS)
          return status;
        continue;
      }
      // Reading zeros from an empty range writes each attribute with its own size.
      const MemoryRange none{0, 0, MemoryKind::Registered, nullptr, CU_DEVICE_INVALID, 0, 0, nullptr, nullptr};
      if (const CUresult status = read_attribute(none, 0, attribute, data[i]); status != CUDA_SUCCESS) return status;
      if (attribute == CU_POINTER_ATTRIBUTE_MEMORY_TYPE || attribute == CU_POINTER_ATTRIBUTE_MAPPED ||
          attribute == CU_POINTER_ATTRIBUTE_ACCESS_FLAGS) {
        *static_cast<unsigned*>(data[i]) = 0;
      }
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuPointerSetAttribute(const void* value, CUpointer_attribute attribute, CUdeviceptr ptr) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (value == nullptr) return null_argument("value");
    if (!find_memory(ptr)) {
      return fail(CUDA_ERROR_INVALID_VALUE, hexadecimal(ptr) + " lies in no memory that the device knows");
    }
    // Calls without a stream are complete for this memory on return anyway, but for those which CUDA lets be
    // asynchronous.
    if (attribute == CU_POINTER_ATTRIBUTE_SYNC_MEMOPS) {
      return fail(CUDA_ERROR_NOT_SUPPORTED, "CU_POINTER_ATTRIBUTE_SYNC_MEMOPS is not supported by the CPU device");
    }
    return fail(CUDA_ERROR_INVALID_VALUE,
                "pointer attribute " + std::to_string(static_cast<int>(attribute)) + " cannot be set");
  });
}
