#pragma once

#include <cstddef>

#include "generated/driver.h"

namespace cpu::driver {

// INVALID_DEVICE with a text where there is no such device.
CUresult check_device(CUdevice device);

// The value of a device's attribute; false where there is no such attribute.
bool device_attribute(CUdevice_attribute attribute, CUdevice device, int* value);

// Limits of a launch, as the attributes tell them.
constexpr int kMaxThreadsPerBlock = 1024;
constexpr int kMaxBlockDim[3] = {1024, 1024, 64};
constexpr int kMaxGridDim[3] = {2147483647, 65535, 65535};
constexpr int kMaxSharedBytesPerBlock = 48 << 10;
constexpr int kMaxSharedBytesPerBlockOptIn = 163 << 10;
constexpr int kSharedBytesPerMultiprocessor = 164 << 10;
constexpr int kThreadsPerMultiprocessor = 2048;
constexpr int kBlocksPerMultiprocessor = 32;
constexpr int kRegistersPerMultiprocessor = 65536;
constexpr int kWarpSize = 32;

// The largest arrays of each kind, in elements.
constexpr size_t kMaxArrayWidth1D = 131072;
constexpr size_t kMaxArrayWidth2D = 131072;
constexpr size_t kMaxArrayHeight2D = 65536;
constexpr size_t kMaxArray3D = 16384;
constexpr size_t kMaxArrayLayered = 32768;
constexpr size_t kMaxArrayCubemap = 32768;
constexpr size_t kMaxArrayLayers = 2048;

}  // namespace cpu::driver
