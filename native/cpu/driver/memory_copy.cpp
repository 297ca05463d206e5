// Copies. One rule for all of them, from what the addresses are: memory of the device, pinned or managed memory is used
// by the stream's worker when its turn comes; pageable host memory is read before the call returns (short copies
// through a staging buffer, long ones by waiting), and a copy into it has ended when the call returns.
#include "driver/memory_copy.h"

#include <cstring>

#include "driver/entry.h"
#include "engine/memory.h"
#include "engine/staging.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

End host(const void* address, const char* name) { return {reinterpret_cast<uintptr_t>(address), Side::Host, name}; }
End device(CUdeviceptr address, const char* name) { return {address, Side::Device, name}; }
End unified(CUdeviceptr address, const char* name) { return {address, Side::Unified, name}; }

// Whether the range [end, end + bytes) can be used for its side, and whether it is the program's own pageable memory.
CUresult classify(const End& end, size_t bytes, bool* pageable) {
  const auto range = find_memory(end.address);
  *pageable = !range;
  if (!range) {
    if (end.side == Side::Device) {
      return fail(CUDA_ERROR_INVALID_VALUE, std::string(end.name) + " " + hexadecimal(end.address) +
                                                " lies in no live memory of the device: it was freed, or is an address "
                                                "of the host");
    }
    if (end.address == 0) return null_argument(end.name);
    if (bytes <= SIZE_MAX - end.address) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes from " + end.name + " " +
                                              hexadecimal(end.address) + " reach beyond the end of all memory");
  }
  if (range->contains(end.address, bytes)) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes from " + end.name + " " +
                                            hexadecimal(end.address) + " reach beyond the end of its memory, " +
                                            std::to_string(range->size) + " bytes from " + hexadecimal(range->base));
}

void copy_rows(uintptr_t destination, uintptr_t source, const CopyShape& shape) {
  for (size_t layer = 0; layer < shape.depth; ++layer) {
    for (size_t row = 0; row < shape.height; ++row) {
      std::memmove(
          reinterpret_cast<void*>(destination + layer * shape.destination_layer + row * shape.destination_pitch),
          reinterpret_cast<const void*>(source + layer * shape.source_layer + row * shape.source_pitch), shape.width);
    }
  }
}

CUresult end_of(CUmemorytype type, const void* host_address, CUdeviceptr device_address, size_t offset,
                const char* name, End* end) {
  switch (static_cast<int>(type)) {
    case CU_MEMORYTYPE_HOST:
      *end = {reinterpret_cast<uintptr_t>(host_address) + offset, Side::Host, name};
      return host_address == nullptr ? null_argument(name) : CUDA_SUCCESS;
    case CU_MEMORYTYPE_DEVICE:
      *end = {device_address + offset, Side::Device, name};
      return CUDA_SUCCESS;
    case CU_MEMORYTYPE_UNIFIED:
      *end = {device_address + offset, Side::Unified, name};
      return CUDA_SUCCESS;
    case CU_MEMORYTYPE_ARRAY:
      return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device has no CUDA arrays");
    default:
      return fail(CUDA_ERROR_INVALID_VALUE, "there is no memory type " + std::to_string(static_cast<int>(type)));
  }
}

// Sizes as callers give them can be anything; what overflows is more than any memory has.
size_t add(size_t a, size_t b) { return a > SIZE_MAX - b ? SIZE_MAX : a + b; }
size_t multiply(size_t a, size_t b) {
  size_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

size_t extent(size_t width, size_t height, size_t pitch, size_t depth, size_t layer) {
  if (width == 0 || height == 0 || depth == 0) return 0;
  return add(add(multiply(layer, depth - 1), multiply(pitch, height - 1)), width);
}

}  // namespace

namespace cpu::driver {

size_t CopyShape::source_extent() const { return extent(width, height, source_pitch, depth, source_layer); }
size_t CopyShape::destination_extent() const {
  return extent(width, height, destination_pitch, depth, destination_layer);
}
size_t CopyShape::bytes() const { return multiply(multiply(width, height), depth); }

CUresult read_copy(const CUDA_MEMCPY3D* parameters, End* destination, End* source, CopyShape* shape) {
  if (parameters == nullptr) return null_argument("pCopy");
  const CUDA_MEMCPY3D& p = *parameters;
  const size_t source_row = add(p.srcXInBytes, p.WidthInBytes);
  const size_t destination_row = add(p.dstXInBytes, p.WidthInBytes);
  const size_t source_pitch = p.srcPitch != 0 ? p.srcPitch : source_row;
  const size_t destination_pitch = p.dstPitch != 0 ? p.dstPitch : destination_row;
  const size_t source_rows = p.srcHeight != 0 ? p.srcHeight : add(p.srcY, p.Height);
  const size_t destination_rows = p.dstHeight != 0 ? p.dstHeight : add(p.dstY, p.Height);
  const bool rows = p.Height > 1 || p.Depth > 1;
  if ((rows && (source_pitch < source_row || destination_pitch < destination_row)) ||
      (p.Depth > 1 && (source_rows < add(p.srcY, p.Height) || destination_rows < add(p.dstY, p.Height)))) {
    return fail(CUDA_ERROR_INVALID_VALUE,
                "a pitch is less than the row's offset plus its width of " + std::to_string(p.WidthInBytes) +
                    " bytes, or a layer's height less than the row's offset plus the number of rows");
  }
  *shape = {p.WidthInBytes,
            p.Height,
            source_pitch,
            destination_pitch,
            p.Depth,
            multiply(source_pitch, source_rows),
            multiply(destination_pitch, destination_rows)};
  const size_t source_offset =
      add(p.srcXInBytes, add(multiply(p.srcY, source_pitch), multiply(p.srcZ, shape->source_layer)));
  const size_t destination_offset =
      add(p.dstXInBytes, add(multiply(p.dstY, destination_pitch), multiply(p.dstZ, shape->destination_layer)));
  const CUresult status = end_of(p.srcMemoryType, p.srcHost, p.srcDevice, source_offset, "src", source);
  if (status != CUDA_SUCCESS) return status;
  return end_of(p.dstMemoryType, p.dstHost, p.dstDevice, destination_offset, "dst", destination);
}

CUresult check_copy(const End& destination, const End& source, const CopyShape& shape, bool* pageable_destination,
                    bool* pageable_source) {
  const CUresult status = classify(destination, shape.destination_extent(), pageable_destination);
  return status != CUDA_SUCCESS ? status : classify(source, shape.source_extent(), pageable_source);
}

void CopyWork::run() const {
  if (shape_.empty()) return;
  bool pageable = false;
  if (check_copy(destination_, source_, shape_, &pageable, &pageable) != CUDA_SUCCESS) {
    fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, "a memcpy node of a graph met memory that was freed since");
    return;
  }
  copy_rows(destination_.address, source_.address, shape_);
}

std::string CopyWork::description() const {
  return std::to_string(shape_.bytes()) + " bytes from " + hexadecimal(source_.address) + " to " +
         hexadecimal(destination_.address);
}

CUDA_MEMCPY3D CopyWork::parameters() const {
  CUDA_MEMCPY3D p{};
  const auto type = [](Side side) {
    return side == Side::Host     ? CU_MEMORYTYPE_HOST
           : side == Side::Device ? CU_MEMORYTYPE_DEVICE
                                  : CU_MEMORYTYPE_UNIFIED;
  };
  p.srcMemoryType = type(source_.side);
  p.dstMemoryType = type(destination_.side);
  if (source_.side == Side::Host) {
    p.srcHost = reinterpret_cast<const void*>(source_.address);
  } else {
    p.srcDevice = source_.address;
  }
  if (destination_.side == Side::Host) {
    p.dstHost = reinterpret_cast<void*>(destination_.address);
  } else {
    p.dstDevice = destination_.address;
  }
  p.WidthInBytes = shape_.width;
  p.Height = shape_.height;
  p.Depth = shape_.depth;
  p.srcPitch = shape_.source_pitch != 0 ? shape_.source_pitch : shape_.width;
  p.dstPitch = shape_.destination_pitch != 0 ? shape_.destination_pitch : shape_.width;
  p.srcHeight = shape_.source_layer != 0 ? shape_.source_layer / p.srcPitch : shape_.height;
  p.dstHeight = shape_.destination_layer != 0 ? shape_.destination_layer / p.dstPitch : shape_.height;
  return p;
}

}  // namespace cpu::driver

namespace {

// Appends a copy to the stream. `complete`: has ended on return, as the calls without a stream define it, unless both
// ends are the device's.
CUresult copy(Stream& stream, const End& destination, const End& source, const CopyShape& shape, bool complete) {
  if (shape.empty()) return CUDA_SUCCESS;
  bool pageable_source = false;
  bool pageable_destination = false;
  const CUresult status = check_copy(destination, source, shape, &pageable_destination, &pageable_source);
  if (status != CUDA_SUCCESS) return status;
  if (stream.capturing()) {
    if (complete)
      stream.refuse_in_capture("a copy without a stream waits for its end, but its stream is being captured");
    stream.capture_work(std::make_shared<CopyWork>(destination, source, shape));
    return CUDA_SUCCESS;
  }

  const uintptr_t to = destination.address;
  const uintptr_t from = source.address;
  const size_t bytes = shape.bytes();
  if (pageable_source && !pageable_destination && !complete && bytes <= kMaximumStagedBytes) {
    StagingBuffer buffer(bytes);
    const auto staged = reinterpret_cast<uintptr_t>(buffer.data());
    copy_rows(staged, from, shape.packed_destination());
    stream.enqueue([to, buffer = std::move(buffer), shape] {
      copy_rows(to, reinterpret_cast<uintptr_t>(buffer.data()), shape.packed_source());
    });
    return CUDA_SUCCESS;
  }
  const uint64_t place = stream.enqueue([to, from, shape] { copy_rows(to, from, shape); });
  if (complete || pageable_source || pageable_destination) {
    stream.wait_for(place);
    const CUresult error = stream.group().error();
    if (error != CUDA_SUCCESS) return fail(error, stream.group().error_text());
  }
  return CUDA_SUCCESS;
}

bool on_device(const End& end) {
  const auto range = find_memory(end.address);
  return range && range->kind == MemoryKind::Device;
}

// A copy without a stream goes through the default stream; between two places of device memory it does not wait.
CUresult copy_now(const char* function, CUstream stream_handle, const End& destination, const End& source,
                  const CopyShape& shape) {
  return in_stream(function, stream_handle, [&](Context&, Stream& stream) {
    return copy(stream, destination, source, shape, !(on_device(destination) && on_device(source)));
  });
}

CUresult copy_later(const char* function, CUstream stream_handle, const End& destination, const End& source,
                    const CopyShape& shape) {
  return in_stream(function, stream_handle,
                   [&](Context&, Stream& stream) { return copy(stream, destination, source, shape, false); });
}

CUDA_MEMCPY3D one_layer(const CUDA_MEMCPY2D& p) {
  CUDA_MEMCPY3D box{};
  box.srcXInBytes = p.srcXInBytes;
  box.srcY = p.srcY;
  box.srcMemoryType = p.srcMemoryType;
  box.srcHost = p.srcHost;
  box.srcDevice = p.srcDevice;
  box.srcArray = p.srcArray;
  box.srcPitch = p.srcPitch;
  box.dstXInBytes = p.dstXInBytes;
  box.dstY = p.dstY;
  box.dstMemoryType = p.dstMemoryType;
  box.dstHost = p.dstHost;
  box.dstDevice = p.dstDevice;
  box.dstArray = p.dstArray;
  box.dstPitch = p.dstPitch;
  box.WidthInBytes = p.WidthInBytes;
  box.Height = p.Height;
  box.Depth = 1;
  return box;
}

CUresult copy_box(const char* function, const CUDA_MEMCPY3D* parameters, CUstream stream, bool wait) {
  End destination{};
  End source{};
  CopyShape shape{};
  set_function(function);
  const CUresult status = read_copy(parameters, &destination, &source, &shape);
  if (status != CUDA_SUCCESS) return status;
  return wait ? copy_now(function, stream, destination, source, shape)
              : copy_later(function, stream, destination, source, shape);
}

CUresult copy_rectangle(const char* function, const CUDA_MEMCPY2D* parameters, CUstream stream, bool wait) {
  if (parameters == nullptr) return copy_box(function, nullptr, stream, wait);
  const CUDA_MEMCPY3D box = one_layer(*parameters);
  return copy_box(function, &box, stream, wait);
}

// Between two contexts: all share one address space, so only the contexts themselves are looked at.
CUresult copy_box_between(const char* function, const CUDA_MEMCPY3D_PEER* parameters, CUstream stream, bool wait) {
  if (parameters == nullptr) return copy_box(function, nullptr, stream, wait);
  const CUDA_MEMCPY3D_PEER& p = *parameters;
  for (const CUcontext context : {p.srcContext, p.dstContext}) {
    if (lookup<Context>(context) != nullptr) continue;
    set_function(function);
    return fail(CUDA_ERROR_INVALID_CONTEXT, "one of the contexts is no live context");
  }
  CUDA_MEMCPY3D box;
  static_assert(sizeof(box) == sizeof(p), "the two structs differ in their contexts alone");
  std::memcpy(&box, &p, sizeof(box));
  box.reserved0 = nullptr;
  box.reserved1 = nullptr;
  return copy_box(function, &box, stream, wait);
}

}  // namespace

CUresult cuMemcpy(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_now(__func__, CU_STREAM_LEGACY, unified(dst, "dst"), unified(src, "src"), {ByteCount});
}

CUresult cuMemcpy_ptds(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount) {
  return copy_now("cuMemcpy", CU_STREAM_PER_THREAD, unified(dst, "dst"), unified(src, "src"), {ByteCount});
}

CUresult cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_later(__func__, hStream, unified(dst, "dst"), unified(src, "src"), {ByteCount});
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_now(__func__, CU_STREAM_LEGACY, device(dstDevice, "dstDevice"), host(srcHost, "srcHost"), {ByteCount});
}

CUresult cuMemcpyHtoD_v2_ptds(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount) {
  return copy_now("cuMemcpyHtoD_v2", CU_STREAM_PER_THREAD, device(dstDevice, "dstDevice"), host(srcHost, "srcHost"),
                  {ByteCount});
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_later(__func__, hStream, device(dstDevice, "dstDevice"), host(srcHost, "srcHost"), {ByteCount});
}

CUresult cuMemcpyDtoH_v2(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_now(__func__, CU_STREAM_LEGACY, host(dstHost, "dstHost"), device(srcDevice, "srcDevice"), {ByteCount});
}

CUresult cuMemcpyDtoH_v2_ptds(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount) {
  return copy_now("cuMemcpyDtoH_v2", CU_STREAM_PER_THREAD, host(dstHost, "dstHost"), device(srcDevice, "srcDevice"),
                  {ByteCount});
}

CUresult cuMemcpyDtoHAsync_v2(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_later(__func__, hStream, host(dstHost, "dstHost"), device(srcDevice, "srcDevice"), {ByteCount});
}

CUresult cuMemcpyDtoD_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount) {
  CPU_COUNT_CALL();
  return copy_now(__func__, CU_STREAM_LEGACY, device(dstDevice, "dstDevice"), device(srcDevice, "srcDevice"),
                  {ByteCount});
}

CUresult cuMemcpyDtoD_v2_ptds(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount) {
  return copy_now("cuMemcpyDtoD_v2", CU_STREAM_PER_THREAD, device(dstDevice, "dstDevice"),
                  device(srcDevice, "srcDevice"), {ByteCount});
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_later(__func__, hStream, device(dstDevice, "dstDevice"), device(srcDevice, "srcDevice"), {ByteCount});
}

// All contexts share one address space, so a copy between two of them is one between two addresses.
CUresult cuMemcpyPeer(CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice, CUcontext srcContext,
                      size_t ByteCount) {
  CPU_COUNT_CALL();
  return cuMemcpyPeerAsync(dstDevice, dstContext, srcDevice, srcContext, ByteCount, CU_STREAM_LEGACY);
}

CUresult cuMemcpyPeer_ptds(CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice, CUcontext srcContext,
                           size_t ByteCount) {
  return cuMemcpyPeerAsync(dstDevice, dstContext, srcDevice, srcContext, ByteCount, CU_STREAM_PER_THREAD);
}

CUresult cuMemcpyPeerAsync(CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice, CUcontext srcContext,
                           size_t ByteCount, CUstream hStream) {
  CPU_COUNT_CALL();
  if (lookup<Context>(dstContext) == nullptr || lookup<Context>(srcContext) == nullptr) {
    set_function(__func__);
    return fail(CUDA_ERROR_INVALID_CONTEXT, "one of the contexts is no live context");
  }
  return copy_later(__func__, hStream, device(dstDevice, "dstDevice"), device(srcDevice, "srcDevice"), {ByteCount});
}

CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D* pCopy) {
  CPU_COUNT_CALL();
  return copy_rectangle(__func__, pCopy, CU_STREAM_LEGACY, true);
}

CUresult cuMemcpy2D_v2_ptds(const CUDA_MEMCPY2D* pCopy) {
  return copy_rectangle("cuMemcpy2D_v2", pCopy, CU_STREAM_PER_THREAD, true);
}

CUresult cuMemcpy2DUnaligned_v2(const CUDA_MEMCPY2D* pCopy) {
  CPU_COUNT_CALL();
  return copy_rectangle(__func__, pCopy, CU_STREAM_LEGACY, true);
}

CUresult cuMemcpy2DUnaligned_v2_ptds(const CUDA_MEMCPY2D* pCopy) {
  return copy_rectangle("cuMemcpy2DUnaligned_v2", pCopy, CU_STREAM_PER_THREAD, true);
}

CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* pCopy, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_rectangle(__func__, pCopy, hStream, false);
}

CUresult cuMemcpy3D_v2(const CUDA_MEMCPY3D* pCopy) {
  CPU_COUNT_CALL();
  return copy_box(__func__, pCopy, CU_STREAM_LEGACY, true);
}

CUresult cuMemcpy3D_v2_ptds(const CUDA_MEMCPY3D* pCopy) {
  return copy_box("cuMemcpy3D_v2", pCopy, CU_STREAM_PER_THREAD, true);
}

CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D* pCopy, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_box(__func__, pCopy, hStream, false);
}

CUresult cuMemcpy3DPeer(const CUDA_MEMCPY3D_PEER* pCopy) {
  CPU_COUNT_CALL();
  return copy_box_between(__func__, pCopy, CU_STREAM_LEGACY, true);
}

CUresult cuMemcpy3DPeer_ptds(const CUDA_MEMCPY3D_PEER* pCopy) {
  return copy_box_between("cuMemcpy3DPeer", pCopy, CU_STREAM_PER_THREAD, true);
}

CUresult cuMemcpy3DPeerAsync(const CUDA_MEMCPY3D_PEER* pCopy, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_box_between(__func__, pCopy, hStream, false);
}
