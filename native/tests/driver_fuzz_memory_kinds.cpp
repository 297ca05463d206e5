// The random calls of driver_fuzz: pools, arrays and memory that is mapped by hand.
#include <unistd.h>

#include <cstdint>

#include "tests/driver_fuzz.h"

void DriverFuzzer::pool_use() {
  CUmemPoolProps properties{};
  properties.allocType = static_cast<CUmemAllocationType>(chance(95) ? 1 : number(4));
  properties.handleTypes = static_cast<CUmemAllocationHandleType>(number(2));
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, {chance(95) ? 0 : 5}};
  CUmemoryPool pool = nullptr;
  cuuint64_t value = 0;
  switch (number(6)) {
    case 0:
      if (call(cuMemPoolCreate(&pool, &properties)) != CUDA_SUCCESS) return;
      if (chance(30)) {
        share(shared.pools, pool, cuMemPoolDestroy);
      } else {
        pools_.push_back(pool);
      }
      break;
    case 1:
      destroy_one(pools_, cuMemPoolDestroy);
      break;
    case 2:
      call(cuMemPoolTrimTo(pick(pools_, shared.pools), size()));
      break;
    case 3:
      value = size();
      call(cuMemPoolSetAttribute(pick(pools_, shared.pools), CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &value));
      break;
    case 4: {
      CUmemPoolPtrExportData data{};
      call(cuMemPoolExportPointer(&data, address()));
      CUdeviceptr opened = 0;
      call(cuMemPoolImportPointer(&opened, pick(pools_, shared.pools), &data));
      break;
    }
    default:
      call(cuMemPoolGetAttribute(pick(pools_, shared.pools), static_cast<CUmemPool_attribute>(number(18)), &value));
  }
}

void DriverFuzzer::array_create() {
  CUDA_ARRAY3D_DESCRIPTOR descriptor{};
  descriptor.Width = 1 + number(40);
  descriptor.Height = number(10);
  descriptor.Depth = number(5);
  // One dimension at a time: two large ones together fill the machine's memory.
  size_t* const dimensions[] = {&descriptor.Width, &descriptor.Height, &descriptor.Depth};
  if (chance(27)) *dimensions[number(3)] = size();
  descriptor.Format = static_cast<CUarray_format>(chance(90) ? 0x20 : number(256));
  descriptor.NumChannels = chance(90) ? 1u << number(3) : number(9);
  descriptor.Flags = chance(80) ? 0 : number(512);
  CUarray array = nullptr;
  CUmipmappedArray levels = nullptr;
  if (chance(25)) {
    keep(call(cuMipmappedArrayCreate(&levels, &descriptor, number(8))), mipmapped_, levels);
  } else if (call(cuArray3DCreate_v2(&array, &descriptor)) == CUDA_SUCCESS) {
    if (in_shared_context_ && chance(30)) {
      share(shared.arrays, array, cuArrayDestroy);
    } else {
      arrays_.push_back(array);
    }
  }
}

void DriverFuzzer::array_use() {
  CUDA_ARRAY3D_DESCRIPTOR descriptor{};
  CUarray level = nullptr;
  switch (number(5)) {
    case 0:
      destroy_one(arrays_, cuArrayDestroy);
      break;
    case 1:
      destroy_one(mipmapped_, cuMipmappedArrayDestroy);
      break;
    case 2:
      if (call(cuMipmappedArrayGetLevel(&level, pick(mipmapped_), number(4))) == CUDA_SUCCESS) {
        EXPECT(call(cuArrayDestroy(level)) != CUDA_SUCCESS);
      }
      break;
    case 3:
      call(cuMemcpyHtoA_v2(pick(arrays_, shared.arrays), number(64), host_.data(), host_size()));
      break;
    default:
      call(cuArray3DGetDescriptor_v2(&descriptor, pick(arrays_, shared.arrays)));
  }
}

void DriverFuzzer::virtual_make() {
  CUmemAllocationProp properties{};
  properties.type = static_cast<CUmemAllocationType>(chance(95) ? 1 : number(4));
  properties.requestedHandleTypes = static_cast<CUmemAllocationHandleType>(number(2));
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, {chance(95) ? 0 : 3}};
  CUmemGenericAllocationHandle handle = 0;
  CUdeviceptr reserved = 0;
  if (chance(50) && reserved_.size() < 3) {
    const size_t odd = size();
    if (call(cuMemAddressReserve(&reserved, odd, number(5), 0, flags(0))) == CUDA_SUCCESS) {
      EXPECT(call(cuMemAddressFree(reserved, odd)) == CUDA_SUCCESS);
    }
    keep(call(cuMemAddressReserve(&reserved, kReserved, 0, 0, flags(0))), reserved_, reserved);
  } else if (physical_.size() < 4) {
    keep(call(cuMemCreate(&handle, chance(95) ? kPiece : size(), &properties, 0)), physical_, handle);
  }
}

void DriverFuzzer::virtual_map() {
  if (reserved_.empty()) return;
  const CUdeviceptr at = reserved_[number(static_cast<uint32_t>(reserved_.size()))] +
                         (chance(95) ? number(4) * kPiece : number(kReserved));
  const CUmemGenericAllocationHandle handle = physical_.empty() || chance(10)
                                                  ? reinterpret_cast<CUmemGenericAllocationHandle>(garbage())
                                                  : physical_[number(static_cast<uint32_t>(physical_.size()))];
  if (call(cuMemMap(at, chance(95) ? kPiece : size(), 0, handle, flags(0))) != CUDA_SUCCESS) return;
  mapped_.push_back(at);
  const CUmemAccessDesc access{{CU_MEM_LOCATION_TYPE_DEVICE, {0}},
                               static_cast<CUmemAccess_flags>(chance(80) ? 3 : number(5))};
  call(cuMemSetAccess(at, kPiece, &access, 1));
}

void DriverFuzzer::virtual_use() {
  unsigned long long access = 0;
  const CUmemLocation location{CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  switch (number(5)) {
    case 0:
      if (mapped_.empty()) {
        call(cuMemUnmap(address(), kPiece));
      } else {
        // Work that still runs there would fail the context, or meet what is mapped there next.
        if (call(cuCtxSynchronize()) != CUDA_SUCCESS) break;
        EXPECT(call(cuMemUnmap(mapped_.back(), kPiece)) == CUDA_SUCCESS);
        mapped_.pop_back();
      }
      break;
    case 1:
      if (!physical_.empty() && chance(70)) {
        EXPECT(call(cuMemRelease(physical_.back())) == CUDA_SUCCESS);
        physical_.pop_back();
      } else {
        call(cuMemRelease(reinterpret_cast<CUmemGenericAllocationHandle>(garbage())));
      }
      break;
    case 2:
      call(cuMemGetAccess(&access, &location, address()));
      break;
    case 3: {
      int descriptor = -1;
      if (!physical_.empty() &&
          call(cuMemExportToShareableHandle(&descriptor, physical_.front(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR,
                                            0)) == CUDA_SUCCESS) {
        CUmemGenericAllocationHandle again = 0;
        keep(call(cuMemImportFromShareableHandle(&again, reinterpret_cast<void*>(static_cast<intptr_t>(descriptor)),
                                                 CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)),
             physical_, again);
        close(descriptor);
      }
      break;
    }
    default:
      call(cuMemAddressFree(reserved_.empty() ? address() : reserved_.front(), chance(50) ? kPiece : size()));
  }
}

void DriverFuzzer::drop_arrays(bool all) {
  drop(arrays_, all, cuArrayDestroy);
  drop(mipmapped_, all, cuMipmappedArrayDestroy);
}

void DriverFuzzer::drop_virtual(bool all) {
  if (!all) return;
  for (const CUdeviceptr mapped : mapped_) EXPECT(call(cuMemUnmap(mapped, kPiece)) == CUDA_SUCCESS);
  mapped_.clear();
  for (const CUdeviceptr reserved : reserved_) EXPECT(call(cuMemAddressFree(reserved, kReserved)) == CUDA_SUCCESS);
  reserved_.clear();
  for (const CUmemGenericAllocationHandle handle : physical_) EXPECT(call(cuMemRelease(handle)) == CUDA_SUCCESS);
  physical_.clear();
}

void DriverFuzzer::drop_pools(bool all) { drop(pools_, all, cuMemPoolDestroy); }
