// The random calls of driver_fuzz: memory, fills and copies.
#include <cstdint>

#include "tests/driver_fuzz.h"

void DriverFuzzer::memory_allocate() {
  CUdeviceptr address = 0;
  size_t pitch = 0;
  const size_t bytes = chance(4) ? (1 << 20) + number(1 << 20) : size();
  CUresult status = CUDA_SUCCESS;
  switch (number(5)) {
    case 0:
      status = call(cuMemAllocPitch_v2(&address, &pitch, size() % 5000, number(20), 4u << number(4)));
      break;
    case 1:
      status = call(cuMemAllocManaged(&address, bytes, flags(2)));
      break;
    case 2:
      status = call(cuMemAllocAsync(&address, bytes, stream()));
      break;
    case 3:
      status = call(cuMemAllocFromPoolAsync(&address, bytes, pick(pools_, shared.pools), stream()));
      break;
    default:
      status = call(cuMemAlloc_v2(chance(98) ? &address : nullptr, bytes));
  }
  if (status != CUDA_SUCCESS || address == 0) return;
  if (in_shared_context_ && chance(20)) {
    share(shared.memory, address, cuMemFree_v2);
  } else {
    memory_.push_back(address);
  }
}

void DriverFuzzer::memory_free() {
  if (chance(50) || memory_.empty()) {
    destroy_one(memory_, cuMemFree_v2, false);
    return;
  }
  // Behind all that uses it: whoever has the memory next counts on what it writes there.
  if (call(cuCtxSynchronize()) != CUDA_SUCCESS) return;
  if (call(cuMemFreeAsync(memory_.back(), stream())) != CUDA_SUCCESS) return;
  remember(memory_.back());
  memory_.pop_back();
}

CUdeviceptr DriverFuzzer::address() {
  if (chance(6)) return reinterpret_cast<CUdeviceptr>(garbage());
  if (chance(15) && !mapped_.empty()) return mapped_[number(static_cast<uint32_t>(mapped_.size()))];
  const CUdeviceptr found = pick(memory_, shared.memory);
  return chance(80) ? found : found + number(600);
}

void DriverFuzzer::pinned() {
  void* memory = nullptr;
  if (pinned_.size() < 8) {
    const size_t bytes = size();
    keep(call(cuMemHostAlloc(&memory, bytes, flags(7))), pinned_, memory);
  } else {
    destroy_one(pinned_, cuMemFreeHost, false);
  }
}

void DriverFuzzer::registered() {
  const size_t bytes = 1 + number(kHostBytes);
  if (call(cuMemHostRegister_v2(host_.data(), bytes, flags(3))) == CUDA_SUCCESS) {
    CUdeviceptr device = 0;
    call(cuMemHostGetDevicePointer_v2(&device, host_.data(), 0));
    call(cuMemsetD8Async(device, 1, bytes, stream()));
    call(cuMemHostUnregister(host_.data()));
  }
}

void DriverFuzzer::fill() {
  const CUdeviceptr to = address();
  switch (number(4)) {
    case 0:
      call(cuMemsetD8Async(to, static_cast<unsigned char>(any()), size(), stream()));
      break;
    case 1:
      call(cuMemsetD16Async(to, 7, size(), stream()));
      break;
    case 2:
      call(cuMemsetD32_v2(to, 7, size()));
      break;
    default:
      call(cuMemsetD2D8Async(to, size(), 3, size(), number(10), stream()));
  }
}

size_t DriverFuzzer::host_size() {
  const size_t bytes = size();
  return bytes > kHostBytes && bytes < SIZE_MAX - 4 ? kHostBytes : bytes;
}

void DriverFuzzer::copy() {
  switch (number(6)) {
    case 0:
      call(cuMemcpyHtoDAsync_v2(address(), host_.data(), host_size(), stream()));
      break;
    case 1:
      call(cuMemcpyDtoHAsync_v2(host_.data(), address(), host_size(), stream()));
      break;
    case 2:
      call(cuMemcpyDtoDAsync_v2(address(), address(), size(), stream()));
      break;
    case 3:
      call(cuMemcpyHtoD_v2(address(), chance(97) ? host_.data() : nullptr, host_size()));
      break;
    case 4:
      call(cuMemcpyDtoH_v2(host_.data(), address(), host_size()));
      break;
    default:
      call(cuMemcpyPeerAsync(address(), context_, address(), context_, size(), stream()));
  }
}

void DriverFuzzer::copy_box() {
  CUDA_MEMCPY3D box{};
  box.WidthInBytes = chance(90) ? 1 + number(64) : size();
  box.Height = chance(90) ? 1 + number(8) : size();
  box.Depth = chance(90) ? 1 + number(4) : size();
  box.srcMemoryType = static_cast<CUmemorytype>(chance(95) ? 2 + number(3) : number(7));
  box.dstMemoryType = static_cast<CUmemorytype>(chance(95) ? 2 + number(3) : number(7));
  if (box.srcMemoryType == CU_MEMORYTYPE_UNIFIED || box.srcMemoryType == CU_MEMORYTYPE_HOST) {
    box.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  }
  if (box.dstMemoryType == CU_MEMORYTYPE_UNIFIED || box.dstMemoryType == CU_MEMORYTYPE_HOST) {
    box.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  }
  box.srcDevice = address();
  box.dstDevice = address();
  box.srcArray = pick(arrays_, shared.arrays);
  box.dstArray = pick(arrays_, shared.arrays);
  box.srcXInBytes = chance(80) ? 0 : size();
  box.dstY = chance(80) ? 0 : size();
  box.srcPitch = chance(50) ? 0 : size();
  box.dstHeight = chance(50) ? 0 : number(12);
  if (chance(50)) {
    call(cuMemcpy3DAsync_v2(&box, stream()));
  } else {
    call(cuMemcpy3D_v2(&box));
  }
}

void DriverFuzzer::copy_batch() {
  CUdeviceptr to[4];
  CUdeviceptr from[4];
  size_t sizes[4];
  for (int i = 0; i < 4; ++i) {
    to[i] = address();
    from[i] = address();
    // Garbage on both sides would be a copy within the program's own memory.
    sizes[i] = 1 + number(64);
  }
  for (int i = 0; i < 4; ++i) {
    CUmemorytype type{};
    if (cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, to[i]) != CUDA_SUCCESS) return;
    if (cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, from[i]) != CUDA_SUCCESS) return;
  }
  // Another thread may free shared memory meanwhile, and then the address is the program's for this call.
  if (in_shared_context_) return;
  CUmemcpyAttributes attributes[2] = {};
  attributes[0].srcAccessOrder = static_cast<CUmemcpySrcAccessOrder>(chance(90) ? 1 + number(3) : any());
  attributes[1].srcAccessOrder = CU_MEMCPY_SRC_ACCESS_ORDER_STREAM;
  size_t indices[2] = {chance(95) ? 0u : 1u, number(5)};
  call(cuMemcpyBatchAsync_v2(to, from, sizes, chance(95) ? 4 : 0, attributes, indices, 1 + number(2), stream()));
}

void DriverFuzzer::pointer_ask() {
  const CUdeviceptr at = address();
  alignas(16) unsigned char answer[64];
  CUdeviceptr base = 0;
  size_t bytes = 0;
  call(cuPointerGetAttribute(answer, static_cast<CUpointer_attribute>(number(24)), at));
  call(cuMemGetAddressRange_v2(&base, &bytes, at));
  call(cuMemAdvise_v2(at, size(), static_cast<CUmem_advise>(number(8)), {CU_MEM_LOCATION_TYPE_DEVICE, {0}}));
  call(cuMemPrefetchAsync_v2(at, size(), {CU_MEM_LOCATION_TYPE_HOST, {0}}, 0, stream()));
  call(cuMemRangeGetAttribute(answer, 4, static_cast<CUmem_range_attribute>(number(10)), at, size()));
}

void DriverFuzzer::discard() {
  CUdeviceptr at[2] = {address(), address()};
  size_t sizes[2] = {1 + number(64), 1 + number(64)};
  call(cuMemDiscardBatchAsync(at, sizes, 2, 0, stream()));
}

void DriverFuzzer::round_trip() {
  const CUdeviceptr memory = own_word_ + 64;
  std::vector<unsigned char> sent(1 + number(5000));
  std::vector<unsigned char> received(sent.size(), 0);
  for (unsigned char& byte : sent) byte = static_cast<unsigned char>(any());
  const bool good = call(cuMemcpyHtoD_v2(memory, sent.data(), sent.size())) == CUDA_SUCCESS &&
                    call(cuMemcpyDtoH_v2(received.data(), memory, sent.size())) == CUDA_SUCCESS;
  if (good) EXPECT(sent == received);
}

void DriverFuzzer::drop_memory(bool all) {
  drop(memory_, all, cuMemFree_v2);
  drop(pinned_, all, cuMemFreeHost);
}
