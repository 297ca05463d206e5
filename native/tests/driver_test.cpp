// What the driver does beyond streams, events and graphs, through the C interface alone and against plain loops: arrays
// and copies of boxes, memory mapped by hand, batches, hints, the oldest launches, the linker, the log of errors,
// events of contexts and the order around the default streams.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "generated/driver.h"
#include "tests/check.h"
#include "tests/gate.h"
#include "tests/training_ptx.h"

namespace {

std::vector<uint8_t> counted(size_t bytes, uint32_t start = 1) {
  std::vector<uint8_t> values(bytes);
  for (size_t i = 0; i < bytes; ++i) values[i] = static_cast<uint8_t>((start + i * 7) % 251);
  return values;
}

CUdeviceptr upload(const std::vector<uint8_t>& values) {
  CUdeviceptr memory = 0;
  CHECK(cuMemAlloc_v2(&memory, values.size()));
  CHECK(cuMemcpyHtoD_v2(memory, values.data(), values.size()));
  return memory;
}

std::vector<uint8_t> download(CUdeviceptr memory, size_t bytes) {
  std::vector<uint8_t> values(bytes);
  CHECK(cuMemcpyDtoH_v2(values.data(), memory, bytes));
  return values;
}

// ---- arrays

void arrays_keep_what_was_asked() {
  CUDA_ARRAY3D_DESCRIPTOR descriptor{5, 4, 3, CU_AD_FORMAT_FLOAT, 2, 0};
  CUDA_ARRAY3D_DESCRIPTOR found{};
  CUarray array = nullptr;
  CHECK(cuArray3DCreate_v2(&array, &descriptor));
  CHECK(cuArray3DGetDescriptor_v2(&found, array));
  EXPECT(std::memcmp(&found, &descriptor, sizeof(found)) == 0);
  CUDA_ARRAY_DESCRIPTOR flat{};
  CHECK(cuArrayGetDescriptor_v2(&flat, array));
  EXPECT(flat.Width == 5 && flat.Height == 4 && flat.Format == CU_AD_FORMAT_FLOAT && flat.NumChannels == 2);
  CHECK(cuArrayDestroy(array));
  EXPECT(cuArrayDestroy(array) == CUDA_ERROR_INVALID_HANDLE);
  EXPECT(cuArrayGetDescriptor_v2(&flat, array) == CUDA_ERROR_INVALID_HANDLE);
  descriptor.NumChannels = 3;
  EXPECT(cuArray3DCreate_v2(&array, &descriptor) == CUDA_ERROR_INVALID_VALUE);
  descriptor.NumChannels = 1;
  descriptor.Width = 0;
  EXPECT(cuArray3DCreate_v2(&array, &descriptor) == CUDA_ERROR_INVALID_VALUE);
  descriptor = {8, 8, 5, CU_AD_FORMAT_HALF, 1, CUDA_ARRAY3D_CUBEMAP};
  EXPECT(cuArray3DCreate_v2(&array, &descriptor) == CUDA_ERROR_INVALID_VALUE);
  descriptor = {8, 8, 1, CU_AD_FORMAT_HALF, 1, CUDA_ARRAY3D_SPARSE};
  EXPECT(cuArray3DCreate_v2(&array, &descriptor) == CUDA_ERROR_NOT_SUPPORTED);
}

// A box from pitched host memory into the middle of an array and back from there into device memory.
void boxes_travel_through_arrays() {
  constexpr size_t width = 12, height = 5, depth = 4;
  CUDA_ARRAY3D_DESCRIPTOR descriptor{width, height, depth, CU_AD_FORMAT_UNSIGNED_INT8, 1, 0};
  CUarray array = nullptr;
  CHECK(cuArray3DCreate_v2(&array, &descriptor));
  const std::vector<uint8_t> background = counted(width * height * depth, 3);
  CUDA_MEMCPY3D whole{};
  whole.srcMemoryType = CU_MEMORYTYPE_HOST;
  whole.srcHost = background.data();
  whole.dstMemoryType = CU_MEMORYTYPE_ARRAY;
  whole.dstArray = array;
  whole.WidthInBytes = width;
  whole.Height = height;
  whole.Depth = depth;
  CHECK(cuMemcpy3D_v2(&whole));

  constexpr size_t pitch = 20, rows = 7;
  const std::vector<uint8_t> source = counted(pitch * rows * 3, 90);
  CUDA_MEMCPY3D part{};
  part.srcMemoryType = CU_MEMORYTYPE_HOST;
  part.srcHost = source.data();
  part.srcPitch = pitch;
  part.srcHeight = rows;
  part.srcXInBytes = 2;
  part.srcY = 1;
  part.dstMemoryType = CU_MEMORYTYPE_ARRAY;
  part.dstArray = array;
  part.dstXInBytes = 3;
  part.dstY = 2;
  part.dstZ = 1;
  part.WidthInBytes = 6;
  part.Height = 3;
  part.Depth = 2;
  CHECK(cuMemcpy3D_v2(&part));
  std::vector<uint8_t> expected = background;
  for (size_t z = 0; z < 2; ++z) {
    for (size_t y = 0; y < 3; ++y) {
      for (size_t x = 0; x < 6; ++x) {
        expected[((z + 1) * height + y + 2) * width + x + 3] = source[(z * rows + y + 1) * pitch + x + 2];
      }
    }
  }
  CUdeviceptr memory = 0;
  CHECK(cuMemAlloc_v2(&memory, expected.size()));
  CUDA_MEMCPY3D back{};
  back.srcMemoryType = CU_MEMORYTYPE_ARRAY;
  back.srcArray = array;
  back.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  back.dstDevice = memory;
  back.WidthInBytes = width;
  back.Height = height;
  back.Depth = depth;
  CHECK(cuMemcpy3D_v2(&back));
  EXPECT(download(memory, expected.size()) == expected);

  back.Depth = depth + 1;
  EXPECT(cuMemcpy3D_v2(&back) == CUDA_ERROR_INVALID_VALUE);
  back.Depth = 1;
  back.srcXInBytes = 8;
  back.WidthInBytes = 5;
  EXPECT(cuMemcpy3D_v2(&back) == CUDA_ERROR_INVALID_VALUE);

  // A graph's node keeps the array's memory when the handle is gone.
  CUgraph graph = nullptr;
  CUgraphNode node = nullptr;
  CUcontext context = nullptr;
  CHECK(cuCtxGetCurrent(&context));
  CHECK(cuGraphCreate(&graph, 0));
  back = {};
  back.srcMemoryType = CU_MEMORYTYPE_ARRAY;
  back.srcArray = array;
  back.srcY = 2;
  back.srcZ = 1;
  back.srcXInBytes = 3;
  back.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  back.dstDevice = memory;
  back.WidthInBytes = 6;
  back.Height = 1;
  back.Depth = 1;
  CHECK(cuGraphAddMemcpyNode(&node, graph, nullptr, 0, &back, context));
  CUDA_MEMCPY3D told{};
  CHECK(cuGraphMemcpyNodeGetParams(node, &told));
  EXPECT(told.srcArray == array && told.srcXInBytes == 3 && told.srcY == 2 && told.srcZ == 1);
  CUgraphNodeParams general{};
  CHECK(cuGraphNodeGetParams(node, &general));
  EXPECT(general.type == CU_GRAPH_NODE_TYPE_MEMCPY && general.memcpy.copyParams.srcArray == array);
  CUgraphExec exec = nullptr;
  CHECK(cuGraphInstantiateWithFlags(&exec, graph, 0));
  CHECK(cuArrayDestroy(array));
  CHECK(cuMemsetD8_v2(memory, 0, 6));
  CHECK(cuGraphLaunch(exec, nullptr));
  CHECK(cuStreamSynchronize(nullptr));
  const std::vector<uint8_t> row = download(memory, 6);
  for (size_t x = 0; x < 6; ++x) EXPECT(row[x] == source[pitch + x + 2]);
  CHECK(cuGraphExecDestroy(exec));
  CHECK(cuGraphDestroy(graph));
  CHECK(cuMemFree_v2(memory));
}

void rows_travel_through_arrays_of_one_dimension() {
  CUDA_ARRAY_DESCRIPTOR descriptor{64, 0, CU_AD_FORMAT_UNSIGNED_INT32, 1};
  CUarray first = nullptr;
  CUarray second = nullptr;
  CHECK(cuArrayCreate_v2(&first, &descriptor));
  CHECK(cuArrayCreate_v2(&second, &descriptor));
  const std::vector<uint8_t> values = counted(256);
  CHECK(cuMemcpyHtoA_v2(first, 0, values.data(), 256));
  CHECK(cuMemcpyAtoA_v2(second, 16, first, 32, 100));
  std::vector<uint8_t> received(100);
  CHECK(cuMemcpyAtoH_v2(received.data(), second, 16, 100));
  EXPECT(std::memcmp(received.data(), values.data() + 32, 100) == 0);
  const CUdeviceptr memory = upload(counted(256, 17));
  CHECK(cuMemcpyDtoA_v2(first, 8, memory + 3, 50));
  CHECK(cuMemcpyAtoD_v2(memory, first, 8, 50));
  EXPECT(std::memcmp(download(memory, 50).data(), counted(256, 17).data() + 3, 50) == 0);
  EXPECT(cuMemcpyHtoA_v2(first, 200, values.data(), 57) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuMemFree_v2(memory));
  CHECK(cuArrayDestroy(first));
  CHECK(cuArrayDestroy(second));
}

void levels_halve() {
  CUDA_ARRAY3D_DESCRIPTOR descriptor{20, 6, 0, CU_AD_FORMAT_UNSIGNED_INT8, 4, 0};
  CUmipmappedArray levels = nullptr;
  CHECK(cuMipmappedArrayCreate(&levels, &descriptor, 99));
  const size_t widths[] = {20, 10, 5, 2, 1};
  const size_t heights[] = {6, 3, 1, 1, 1};
  CUarray level = nullptr;
  for (unsigned i = 0; i < 5; ++i) {
    CUDA_ARRAY_DESCRIPTOR found{};
    CHECK(cuMipmappedArrayGetLevel(&level, levels, i));
    CHECK(cuArrayGetDescriptor_v2(&found, level));
    EXPECT(found.Width == widths[i] && found.Height == heights[i]);
  }
  EXPECT(cuArrayDestroy(level) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMipmappedArrayGetLevel(&level, levels, 5) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuMipmappedArrayGetLevel(&level, levels, 0));
  CHECK(cuMipmappedArrayDestroy(levels));
  EXPECT(cuArrayDestroy(level) == CUDA_ERROR_INVALID_HANDLE);
}

// ---- memory mapped by hand

// Whether the system can map shared memory a second time, as Linux does; QEMU's emulation of it refuses.
bool system_maps_twice() {
  const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* first = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (first == MAP_FAILED) return false;
  void* second = mremap(first, 0, bytes, MREMAP_MAYMOVE);
  if (second != MAP_FAILED) munmap(second, bytes);
  munmap(first, bytes);
  return second != MAP_FAILED;
}

void buffers_grow_in_place() {
  CUmemAllocationProp properties{};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  size_t piece = 0;
  CHECK(cuMemGetAllocationGranularity(&piece, &properties, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
  const CUmemAccessDesc writable{{CU_MEM_LOCATION_TYPE_DEVICE, {0}}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  const CUmemAccessDesc readable{{CU_MEM_LOCATION_TYPE_DEVICE, {0}}, CU_MEM_ACCESS_FLAGS_PROT_READ};
  CUdeviceptr base = 0;
  CHECK(cuMemAddressReserve(&base, 4 * piece, 0, 0, 0));
  CUmemGenericAllocationHandle handles[2] = {};
  for (CUmemGenericAllocationHandle& handle : handles) CHECK(cuMemCreate(&handle, piece, &properties, 0));
  EXPECT(cuMemCreate(&handles[0], piece + 1, &properties, 0) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMemsetD8_v2(base, 1, 4) == CUDA_ERROR_INVALID_VALUE);

  CHECK(cuMemMap(base, piece, 0, handles[0], 0));
  EXPECT(cuMemsetD8_v2(base, 1, 4) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuMemSetAccess(base, piece, &writable, 1));
  CHECK(cuMemsetD8_v2(base, 0x21, piece));
  EXPECT(cuMemsetD8_v2(base, 1, piece + 1) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMemMap(base, piece, 0, handles[1], 0) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuMemMap(base + piece, piece, 0, handles[1], 0));
  CHECK(cuMemSetAccess(base + piece, piece, &writable, 1));
  // The two pieces are one buffer now; what was in the first one is still there.
  CHECK(cuMemsetD8_v2(base + piece - 100, 0x42, 200));
  EXPECT(download(base + piece - 101, 1)[0] == 0x21);
  EXPECT(download(base + piece - 100, 200) == std::vector<uint8_t>(200, 0x42));

  // The same memory at two addresses.
  CHECK(cuMemMap(base + 3 * piece, piece, 0, handles[0], 0));
  CHECK(cuMemSetAccess(base + 3 * piece, piece, &readable, 1));
  EXPECT(download(base + 4 * piece - 100, 100) == std::vector<uint8_t>(100, 0x42));
  unsigned long long access = 99;
  CHECK(cuMemGetAccess(&access, &readable.location, base + 3 * piece + 5));
  EXPECT(access == CU_MEM_ACCESS_FLAGS_PROT_READ);
  EXPECT(cuMemGetAccess(&access, &readable.location, base + 2 * piece) == CUDA_ERROR_INVALID_VALUE);

  CUmemGenericAllocationHandle again = 0;
  CHECK(cuMemRetainAllocationHandle(&again, reinterpret_cast<void*>(base + piece + 7)));
  EXPECT(again == handles[1]);
  CHECK(cuMemRelease(again));
  CHECK(cuMemRelease(handles[0]));
  CHECK(cuMemRelease(handles[1]));
  EXPECT(cuMemRelease(handles[1]) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(download(base + piece, 1)[0] == 0x42);
  EXPECT(cuMemAddressFree(base, 4 * piece) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMemUnmap(base, piece / 2) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMemFree_v2(base) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuMemUnmap(base, 2 * piece));
  CHECK(cuMemUnmap(base + 3 * piece, piece));
  EXPECT(cuMemsetD8_v2(base, 1, 4) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuMemAddressFree(base, 4 * piece));
  EXPECT(cuMemAddressFree(base, 4 * piece) == CUDA_ERROR_INVALID_VALUE);
}

// ---- batches and hints

void batches_copy_all_or_tell_which_not() {
  CUstream stream = nullptr;
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  std::vector<uint8_t> host = counted(400, 5);
  const CUdeviceptr from = upload(counted(400, 9));
  CUdeviceptr to = 0;
  CHECK(cuMemAlloc_v2(&to, 400));
  CUdeviceptr destinations[] = {to, to + 100, to + 200};
  CUdeviceptr sources[] = {from, reinterpret_cast<CUdeviceptr>(host.data()), from + 50};
  size_t sizes[] = {100, 100, 200};
  CUmemcpyAttributes attributes[2] = {};
  attributes[0].srcAccessOrder = CU_MEMCPY_SRC_ACCESS_ORDER_STREAM;
  attributes[1].srcAccessOrder = CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL;
  size_t indices[] = {0, 1};
  CHECK(cuMemcpyBatchAsync_v2(destinations, sources, sizes, 3, attributes, indices, 2, stream));
  std::vector<uint8_t> expected = counted(400, 9);
  std::memmove(expected.data() + 200, counted(400, 9).data() + 50, 200);
  std::memcpy(expected.data() + 100, host.data(), 100);
  std::fill(host.begin(), host.end(), 0);
  CHECK(cuStreamSynchronize(stream));
  EXPECT(download(to, 400) == expected);
  EXPECT(cuMemcpyBatchAsync_v2(destinations, sources, sizes, 3, attributes, indices, 2, nullptr) ==
         CUDA_ERROR_INVALID_VALUE);
  sizes[2] = 500;
  size_t wrong = 0;
  EXPECT(cuMemcpyBatchAsync(destinations, sources, sizes, 3, attributes, indices, 2, &wrong, stream) ==
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(wrong == 2);
  CHECK(cuStreamSynchronize(stream));
  EXPECT(download(to, 400) == expected);

  // A box between an array, whose elements lengths are counted in, and memory.
  CUDA_ARRAY_DESCRIPTOR descriptor{8, 4, CU_AD_FORMAT_UNSIGNED_INT16, 1};
  CUarray array = nullptr;
  CHECK(cuArrayCreate_v2(&array, &descriptor));
  CUDA_MEMCPY3D_BATCH_OP box{};
  box.src.type = CU_MEMCPY_OPERAND_TYPE_POINTER;
  box.src.op.ptr.ptr = from;
  box.src.op.ptr.rowLength = 10;
  box.dst.type = CU_MEMCPY_OPERAND_TYPE_ARRAY;
  box.dst.op.array.array = array;
  box.dst.op.array.offset = {1, 2, 0};
  box.extent = {6, 2, 1};
  box.srcAccessOrder = CU_MEMCPY_SRC_ACCESS_ORDER_STREAM;
  CHECK(cuMemcpy3DBatchAsync_v2(1, &box, 0, stream));
  CHECK(cuStreamSynchronize(stream));
  CUDA_MEMCPY2D back{};
  back.srcMemoryType = CU_MEMORYTYPE_ARRAY;
  back.srcArray = array;
  back.srcXInBytes = 2;
  back.srcY = 2;
  back.dstMemoryType = CU_MEMORYTYPE_HOST;
  back.dstHost = host.data();
  back.WidthInBytes = 12;
  back.Height = 2;
  CHECK(cuMemcpy2D_v2(&back));
  const std::vector<uint8_t> values = counted(400, 9);
  EXPECT(std::memcmp(host.data(), values.data(), 12) == 0);
  EXPECT(std::memcmp(host.data() + 12, values.data() + 20, 12) == 0);
  CHECK(cuArrayDestroy(array));
  CHECK(cuMemFree_v2(from));
  CHECK(cuMemFree_v2(to));
  CHECK(cuStreamDestroy_v2(stream));
}

int range_attribute(CUdeviceptr address, size_t bytes, CUmem_range_attribute attribute) {
  int value = 77;
  CHECK(cuMemRangeGetAttribute(&value, sizeof(value), attribute, address, bytes));
  return value;
}

void hints_are_told_again() {
  constexpr size_t page = 65536;
  CUdeviceptr memory = 0;
  CHECK(cuMemAllocManaged(&memory, 8 * page, CU_MEM_ATTACH_GLOBAL));
  const CUmemLocation host{CU_MEM_LOCATION_TYPE_HOST, {0}};
  const CUmemLocation device{CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  EXPECT(range_attribute(memory, 8 * page, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY) == 0);
  EXPECT(range_attribute(memory, page, CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION) == CU_DEVICE_INVALID);
  CHECK(cuMemAdvise_v2(memory, 4 * page, CU_MEM_ADVISE_SET_READ_MOSTLY, device));
  CHECK(cuMemAdvise_v2(memory + 2 * page, 2 * page, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, host));
  CHECK(cuMemAdvise_v2(memory + 4 * page, 4 * page, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, device));
  CHECK(cuMemAdvise_v2(memory, 8 * page, CU_MEM_ADVISE_SET_ACCESSED_BY, device));
  EXPECT(range_attribute(memory, 4 * page, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY) == 1);
  EXPECT(range_attribute(memory, 5 * page, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY) == 0);
  EXPECT(range_attribute(memory + 2 * page, page, CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION) == CU_DEVICE_CPU);
  EXPECT(range_attribute(memory + 5 * page, page, CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION) == 0);
  EXPECT(range_attribute(memory + 3 * page, 2 * page, CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION) == CU_DEVICE_INVALID);
  EXPECT(range_attribute(memory, 2 * page, CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE) ==
         CU_MEM_LOCATION_TYPE_INVALID);
  int devices[3] = {};
  CHECK(cuMemRangeGetAttribute(devices, sizeof(devices), CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY, memory, 8 * page));
  EXPECT(devices[0] == 0 && devices[1] == CU_DEVICE_INVALID && devices[2] == CU_DEVICE_INVALID);
  CHECK(cuMemPrefetchAsync_v2(memory, 3 * page, device, 0, nullptr));
  EXPECT(range_attribute(memory, 3 * page, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION) == 0);
  EXPECT(range_attribute(memory, 4 * page, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION) == CU_DEVICE_INVALID);
  int value = 0;
  EXPECT(cuMemRangeGetAttribute(&value, 2, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory, page) ==
         CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuMemRangeGetAttribute(&value, 4, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory, 9 * page) ==
         CUDA_ERROR_INVALID_VALUE);

  CUstream stream = nullptr;
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CHECK(cuMemsetD8_v2(memory, 1, 8 * page));
  CHECK(cuCtxSynchronize());
  CUdeviceptr ranges[] = {memory, memory + 4 * page};
  size_t sizes[] = {page, page};
  CUmemLocation places[] = {host, device};
  size_t indices[] = {0, 1};
  CHECK(cuMemDiscardAndPrefetchBatchAsync(ranges, sizes, 2, places, indices, 2, 0, stream));
  CHECK(cuStreamSynchronize(stream));
  EXPECT(range_attribute(memory, page, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION) == CU_DEVICE_CPU);
  EXPECT(range_attribute(memory + 4 * page, page, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION) == 0);
  EXPECT(reinterpret_cast<uint8_t*>(memory)[page] == 1);
  CHECK(cuStreamDestroy_v2(stream));
  CHECK(cuMemFree_v2(memory));
}

// ---- launches of old, and the linker

void functions_remember_their_launch() {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CHECK(cuModuleLoadData(&module, training_ptx().c_str()));
  CHECK(cuModuleGetFunction(&function, module, "advance_step"));
  CUdeviceptr state = 0;
  CHECK(cuMemAlloc_v2(&state, 32));
  CHECK(cuMemsetD32_v2(state, 10, 8));
  CHECK(cuFuncSetBlockShape(function, 1, 1, 1));
  CHECK(cuParamSetSize(function, 8));
  CHECK(cuParamSetv(function, 0, &state, 8));
  CHECK(cuLaunch(function));
  CHECK(cuLaunchGrid(function, 1, 1));
  CHECK(cuLaunchGridAsync(function, 1, 1, nullptr));
  CHECK(cuCtxSynchronize());
  const std::vector<uint8_t> word = download(state, 4);
  EXPECT(word[0] == 13);
  EXPECT(cuParamSetv(function, 4095, &state, 8) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuParamSeti(function, -1, 1) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuFuncSetBlockShape(function, 0, 1, 1) == CUDA_ERROR_INVALID_VALUE);
  EXPECT(cuLaunchGrid(function, 0, 1) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuParamSetSize(function, 4));
  EXPECT(cuLaunch(function) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuMemFree_v2(state));
  CHECK(cuModuleUnload(module));
}

void linking_gives_back_what_can_be_loaded() {
  CUlinkState state = nullptr;
  char log[200] = {};
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof(log))};
  CHECK(cuLinkCreate_v2(2, options, values, &state));
  std::string ptx = training_ptx();
  EXPECT(cuLinkAddData_v2(state, CU_JIT_INPUT_PTX, const_cast<char*>("nothing"), 8, "x", 0, nullptr, nullptr) ==
         CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT(std::strstr(log, "cuLinkAddData") != nullptr);
  EXPECT(cuLinkAddData_v2(state, CU_JIT_INPUT_CUBIN, ptx.data(), ptx.size(), "x", 0, nullptr, nullptr) ==
         CUDA_ERROR_NO_BINARY_FOR_GPU);
  void* image = nullptr;
  size_t bytes = 0;
  EXPECT(cuLinkComplete(state, &image, &bytes) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuLinkAddData_v2(state, CU_JIT_INPUT_PTX, ptx.data(), ptx.size() + 1, "x", 0, nullptr, nullptr));
  EXPECT(cuLinkAddFile_v2(state, CU_JIT_INPUT_PTX, TRAINING_PTX, 0, nullptr, nullptr) == CUDA_ERROR_NOT_SUPPORTED);
  CHECK(cuLinkComplete(state, &image, &bytes));
  CUmodule module = nullptr;
  CHECK(cuModuleLoadData(&module, image));
  CHECK(cuModuleUnload(module));
  CHECK(cuLinkDestroy(state));
  EXPECT(cuLinkDestroy(state) == CUDA_ERROR_INVALID_HANDLE);
}

void failures_are_logged() {
  CUlogIterator iterator = 0;
  CHECK(cuLogsCurrent(&iterator, 0));
  std::string heard;
  CUlogsCallbackHandle listener = nullptr;
  CHECK(cuLogsRegisterCallback([](void* text, CUlogLevel, char* message,
                                  size_t length) { static_cast<std::string*>(text)->append(message, length); },
                               &heard, &listener));
  EXPECT(cuMemFree_v2(12345) == CUDA_ERROR_INVALID_VALUE);
  CHECK(cuLogsUnregisterCallback(listener));
  EXPECT(cuEventQuery(nullptr) == CUDA_ERROR_INVALID_HANDLE);
  EXPECT(heard.find("cuMemFree_v2") != std::string::npos);
  EXPECT(heard.find("cuEventQuery") == std::string::npos);
  char text[2000];
  size_t bytes = sizeof(text);
  CHECK(cuLogsDumpToMemory(&iterator, text, &bytes, 0));
  EXPECT(std::strstr(text, "cuMemFree_v2") != nullptr && std::strstr(text, "cuEventQuery") != nullptr);
  EXPECT(bytes == std::strlen(text));
  bytes = sizeof(text);
  CHECK(cuLogsDumpToMemory(&iterator, text, &bytes, 0));
  EXPECT(bytes == 0);
}

// ---- contexts and default streams

void contexts_record_and_wait_as_one() {
  CUstream streams[2] = {};
  for (CUstream& stream : streams) CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CUevent event = nullptr;
  CHECK(cuEventCreate(&event, 0));
  Gate first;
  Gate second;
  first.close_in(streams[0]);
  second.close_in(streams[1]);
  CHECK(cuCtxRecordEvent(nullptr, event));
  EXPECT(cuEventQuery(event) == CUDA_ERROR_NOT_READY);
  first.open = true;
  CHECK(cuStreamSynchronize(streams[0]));
  EXPECT(cuEventQuery(event) == CUDA_ERROR_NOT_READY);
  second.open = true;
  CHECK(cuEventSynchronize(event));
  CHECK(cuStreamQuery(streams[1]));

  Gate third;
  third.close_in(streams[0]);
  CHECK(cuEventRecord(event, streams[0]));
  CHECK(cuCtxWaitEvent(nullptr, event));
  CUstream later = nullptr;
  CHECK(cuStreamCreate(&later, CU_STREAM_NON_BLOCKING));
  std::atomic<int> ran{0};
  const CUhostFn count = [](void* counter) { ++*static_cast<std::atomic<int>*>(counter); };
  CHECK(cuLaunchHostFunc(streams[1], count, &ran));
  CHECK(cuLaunchHostFunc(later, count, &ran));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT(ran == 0);
  third.open = true;
  CHECK(cuStreamSynchronize(streams[1]));
  CHECK(cuStreamSynchronize(later));
  EXPECT(ran == 2);
  CHECK(cuEventDestroy_v2(event));
  CHECK(cuStreamDestroy_v2(later));
  for (const CUstream stream : streams) CHECK(cuStreamDestroy_v2(stream));
}

// Whether something in `behind` waits for what runs in `before`.
bool waits(CUstream before, CUstream behind) {
  Gate gate;
  std::atomic<int> ran{0};
  gate.close_in(before);
  CHECK(cuLaunchHostFunc(
      behind, [](void* counter) { ++*static_cast<std::atomic<int>*>(counter); }, &ran));
  for (int i = 0; i < 20 && ran == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const bool waited = ran == 0;
  gate.open = true;
  CHECK(cuCtxSynchronize());
  EXPECT(ran == 1);
  return waited;
}

void default_streams_keep_their_order() {
  CUstream blocking = nullptr;
  CUstream other = nullptr;
  CUstream free_running = nullptr;
  CHECK(cuStreamCreate(&blocking, CU_STREAM_DEFAULT));
  CHECK(cuStreamCreate(&other, CU_STREAM_DEFAULT));
  CHECK(cuStreamCreate(&free_running, CU_STREAM_NON_BLOCKING));
  EXPECT(waits(blocking, CU_STREAM_LEGACY));
  EXPECT(waits(CU_STREAM_LEGACY, blocking));
  EXPECT(waits(nullptr, blocking));
  EXPECT(!waits(free_running, CU_STREAM_LEGACY));
  EXPECT(!waits(CU_STREAM_LEGACY, free_running));
  EXPECT(!waits(blocking, other));
  EXPECT(!waits(blocking, CU_STREAM_PER_THREAD));
  EXPECT(waits(CU_STREAM_LEGACY, CU_STREAM_PER_THREAD));
  EXPECT(waits(CU_STREAM_PER_THREAD, nullptr));
  // The null stream of the per-thread symbols is the thread's own.
  Gate gate;
  std::atomic<int> ran{0};
  gate.close_in(blocking);
  CHECK(cuLaunchHostFunc_ptsz(
      nullptr, [](void* counter) { ++*static_cast<std::atomic<int>*>(counter); }, &ran));
  CHECK(cuStreamSynchronize_ptsz(nullptr));
  EXPECT(ran == 1);
  gate.open = true;
  CHECK(cuStreamSynchronize(blocking));
  // And every thread has another one.
  unsigned long long mine = 0;
  unsigned long long theirs = 0;
  CUcontext context = nullptr;
  CHECK(cuCtxGetCurrent(&context));
  CHECK(cuStreamGetId(CU_STREAM_PER_THREAD, &mine));
  std::thread([&] {
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuStreamGetId(CU_STREAM_PER_THREAD, &theirs));
  }).join();
  EXPECT(mine != theirs);
  for (const CUstream stream : {blocking, other, free_running}) CHECK(cuStreamDestroy_v2(stream));
}

void contexts_are_attached_to_and_detached_from() {
  CUcontext before = nullptr;
  CUcontext context = nullptr;
  CUcontext attached = nullptr;
  CHECK(cuCtxGetCurrent(&before));
  CHECK(cuCtxCreate_v2(&context, 0, 0));
  CHECK(cuCtxAttach(&attached, 0));
  EXPECT(attached == context);
  CHECK(cuCtxDetach(context));
  CHECK(cuCtxSynchronize());
  CHECK(cuCtxDetach(context));
  EXPECT(cuCtxPushCurrent_v2(context) == CUDA_ERROR_INVALID_CONTEXT);
  CUcontext now = nullptr;
  CHECK(cuCtxGetCurrent(&now));
  EXPECT(now == before);
}

}  // namespace

int main() {
  CUcontext context = nullptr;
  CHECK(cuInit(0));
  CHECK(cuDevicePrimaryCtxRetain(&context, 0));
  CHECK(cuCtxSetCurrent(context));
  arrays_keep_what_was_asked();
  boxes_travel_through_arrays();
  rows_travel_through_arrays_of_one_dimension();
  levels_halve();
  const bool maps_twice = system_maps_twice();
  if (maps_twice) {
    buffers_grow_in_place();
  } else {
    std::printf("left out: buffers_grow_in_place, this system maps no memory twice\n");
  }
  batches_copy_all_or_tell_which_not();
  hints_are_told_again();
  functions_remember_their_launch();
  linking_gives_back_what_can_be_loaded();
  failures_are_logged();
  contexts_record_and_wait_as_one();
  default_streams_keep_their_order();
  contexts_are_attached_to_and_detached_from();
  CHECK(cuDevicePrimaryCtxRelease_v2(0));
  std::printf("%d tests, %ld failures\n", maps_twice ? 13 : 12, failures.load());
  return failures == 0 ? 0 : 1;
}
