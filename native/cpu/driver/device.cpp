#include "driver/device.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "driver/entry.h"
#include "engine/device.h"

namespace cpu::driver {

CUresult check_device(CUdevice device) {
  if (device >= 0 && device < device_count()) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_DEVICE, "there is no device " + std::to_string(device) + "; there are " +
                                             std::to_string(device_count()) + ", counted from 0");
}

namespace {

template <class F>
CUresult ask_device(const char* function, CUdevice device, F&& body) {
  return initialized(function, [&] {
    const CUresult status = check_device(device);
    return status != CUDA_SUCCESS ? status : body();
  });
}

// A text into a buffer of `size` bytes, cut where it must be and always ended by a zero byte.
CUresult copy_text(const std::string& text, char* buffer, int size) {
  if (buffer == nullptr) return null_argument("the buffer");
  if (size <= 0) return fail(CUDA_ERROR_INVALID_VALUE, "the buffer's length is " + std::to_string(size));
  const size_t count = std::min(text.size(), static_cast<size_t>(size) - 1);
  std::memcpy(buffer, text.data(), count);
  buffer[count] = '\0';
  return CUDA_SUCCESS;
}

// Every device has a bus address of its own in a domain no machine has.
constexpr int kPciDomain = 0xC000;

std::string pci_address(CUdevice device) {
  char text[16];
  std::snprintf(text, sizeof(text), "%04X:%02X:00.0", kPciDomain, device & 0xFF);
  return text;
}

CUresult write_uuid(CUuuid* uuid, CUdevice device) {
  if (uuid == nullptr) return null_argument("uuid");
  constexpr unsigned char base[16] = {'C', 'u', 'd', 'n', 'n', 'N', 'e', 't', '-', 'c', 'p', 'u', 0, 0, 0, 0};
  std::memcpy(uuid->bytes, base, sizeof(base));
  uuid->bytes[15] = static_cast<char>(device);
  return CUDA_SUCCESS;
}

}  // namespace

bool device_attribute(CUdevice_attribute attribute, CUdevice device, int* value) {
  switch (static_cast<int>(attribute)) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
      *value = kMaxThreadsPerBlock;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
      *value = kMaxBlockDim[0];
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
      *value = kMaxBlockDim[1];
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
      *value = kMaxBlockDim[2];
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
      *value = kMaxGridDim[0];
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
      *value = kMaxGridDim[1];
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
      *value = kMaxGridDim[2];
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
      *value = kMaxSharedBytesPerBlock;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
      *value = kMaxSharedBytesPerBlockOptIn;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
      *value = kSharedBytesPerMultiprocessor;
      break;
    case CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK:
      *value = 1024;
      break;
    case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY:
      *value = 64 << 10;
      break;
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
      *value = kWarpSize;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_PITCH:
      *value = INT32_MAX;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR:
      *value = kRegistersPerMultiprocessor;
      break;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE:
      *value = clock_kilohertz();
      break;
    case CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT:
    case CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT:
      *value = 512;
      break;
    case CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT:
      *value = 32;
      break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
      *value = processor_count();
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
      *value = kThreadsPerMultiprocessor;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR:
      *value = kBlocksPerMultiprocessor;
      break;
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
      *value = last_level_cache_bytes();
      break;
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH:
      *value = 64;
      break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_MODE:
      *value = CU_COMPUTEMODE_DEFAULT;
      break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      *value = 8;
      break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      *value = 0;
      break;
    case CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO:
      *value = 2;
      break;
    case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT:
      *value = 2;
      break;
    case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID:
      *value = device;
      break;
    case CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID:
      *value = kPciDomain;
      break;
    case CU_DEVICE_ATTRIBUTE_MULTI_GPU_BOARD_GROUP_ID:
      *value = device;
      break;
    case CU_DEVICE_ATTRIBUTE_MEM_SYNC_DOMAIN_COUNT:
      *value = 1;
      break;
    // Arrays can be so large, though there are no textures to read them by.
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_WIDTH:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_MIPMAPPED_WIDTH:
      *value = kMaxArrayWidth1D;
      break;
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_MIPMAPPED_WIDTH:
      *value = kMaxArrayWidth2D;
      break;
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_MIPMAPPED_HEIGHT:
      *value = kMaxArrayHeight2D;
      break;
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_WIDTH:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_HEIGHT:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_DEPTH:
      *value = kMaxArray3D;
      break;
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LAYERED_WIDTH:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_WIDTH:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_HEIGHT:
      *value = kMaxArrayLayered;
      break;
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_WIDTH:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_WIDTH:
      *value = kMaxArrayCubemap;
      break;
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LAYERED_LAYERS:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_LAYERS:
    case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_LAYERS:
      *value = kMaxArrayLayers;
      break;
    case CU_DEVICE_ATTRIBUTE_MEMPOOL_SUPPORTED_HANDLE_TYPES:
      *value = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
      break;
    case CU_DEVICE_ATTRIBUTE_NUMA_ID:
    case CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID:
      *value = -1;
      break;

    // What the device can.
    case CU_DEVICE_ATTRIBUTE_GPU_OVERLAP:
    case CU_DEVICE_ATTRIBUTE_INTEGRATED:
    case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
    case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    case CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS:
    case CU_DEVICE_ATTRIBUTE_HOST_NATIVE_ATOMIC_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS:
    case CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS_USES_HOST_PAGE_TABLES:
    case CU_DEVICE_ATTRIBUTE_DIRECT_MANAGED_MEM_ACCESS_FROM_HOST:
    case CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM:
    case CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_IPC_EVENT_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH:
    case CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_MEM_OPS_V1:
    case CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS_V1:
    case CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_WAIT_VALUE_NOR_V1:
    case CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS:
    case CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_WAIT_VALUE_NOR:
      *value = 1;
      break;

    // What it cannot: textures and surfaces, memory of other devices and drivers, clusters.
    default:
      if (attribute < CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK ||
          attribute > CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_WITH_LOCALIZED_MEMORY_SUPPORTED) {
        return false;
      }
      *value = 0;
  }
  return true;
}

}  // namespace cpu::driver

using namespace cpu;
using namespace cpu::driver;

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (device == nullptr) return null_argument("device");
    const CUresult status = check_device(ordinal);
    if (status == CUDA_SUCCESS) *device = ordinal;
    return status;
  });
}

CUresult cuDeviceGetCount(int* count) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (count == nullptr) return null_argument("count");
    *count = device_count();
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetName(char* name, int len, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] { return copy_text(device_name(), name, len); });
}

CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] { return write_uuid(uuid, dev); });
}

CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] {
    if (bytes == nullptr) return null_argument("bytes");
    *bytes = total_memory();
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] {
    if (pi == nullptr) return null_argument("pi");
    if (device_attribute(attrib, dev, pi)) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_INVALID_VALUE, "there is no device attribute " + std::to_string(static_cast<int>(attrib)));
  });
}

CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] {
    if (major == nullptr || minor == nullptr) return null_argument("major or minor");
    device_attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, dev, major);
    device_attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, dev, minor);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetProperties(CUdevprop* prop, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] {
    if (prop == nullptr) return null_argument("prop");
    prop->maxThreadsPerBlock = kMaxThreadsPerBlock;
    for (int i = 0; i < 3; ++i) {
      prop->maxThreadsDim[i] = kMaxBlockDim[i];
      prop->maxGridSize[i] = kMaxGridDim[i];
    }
    prop->sharedMemPerBlock = kMaxSharedBytesPerBlock;
    prop->totalConstantMemory = 64 << 10;
    prop->SIMDWidth = kWarpSize;
    prop->memPitch = INT32_MAX;
    prop->regsPerBlock = kRegistersPerMultiprocessor;
    prop->clockRate = clock_kilohertz();
    prop->textureAlign = 512;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetPCIBusId(char* pciBusId, int len, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] { return copy_text(pci_address(dev), pciBusId, len); });
}

CUresult cuDeviceGetByPCIBusId(CUdevice* dev, const char* pciBusId) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (dev == nullptr || pciBusId == nullptr) return null_argument("dev or pciBusId");
    for (CUdevice device = 0; device < device_count(); ++device) {
      if (pci_address(device) == pciBusId) {
        *dev = device;
        return CUDA_SUCCESS;
      }
    }
    return fail(CUDA_ERROR_INVALID_DEVICE, "no device has the address " + std::string(pciBusId));
  });
}

// All devices share the processor's memory, so each reaches the memory of each other.
CUresult cuDeviceCanAccessPeer(int* canAccessPeer, CUdevice dev, CUdevice peerDev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] {
    if (canAccessPeer == nullptr) return null_argument("canAccessPeer");
    const CUresult status = check_device(peerDev);
    if (status == CUDA_SUCCESS) *canAccessPeer = dev != peerDev;
    return status;
  });
}

CUresult cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attrib, CUdevice srcDevice, CUdevice dstDevice) {
  CPU_COUNT_CALL();
  return ask_device(__func__, srcDevice, [&] {
    if (value == nullptr) return null_argument("value");
    if (const CUresult status = check_device(dstDevice); status != CUDA_SUCCESS) return status;
    if (srcDevice == dstDevice) return fail(CUDA_ERROR_INVALID_DEVICE, "both devices are the same");
    *value =
        attrib == CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED || attrib == CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetExecAffinitySupport(int* pi, CUexecAffinityType type, CUdevice dev) {
  CPU_COUNT_CALL();
  return ask_device(__func__, dev, [&] {
    if (pi == nullptr) return null_argument("pi");
    if (type != CU_EXEC_AFFINITY_TYPE_SM_COUNT) {
      return fail(CUDA_ERROR_INVALID_VALUE, "there is no execution affinity " + std::to_string(static_cast<int>(type)));
    }
    *pi = 0;
    return CUDA_SUCCESS;
  });
}
