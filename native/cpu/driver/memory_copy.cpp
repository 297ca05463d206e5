// Copies. One rule for all of them, from what the addresses are: memory of the device, pinned or managed memory is used
// by the stream's worker when its turn comes; pageable host memory is read before the call returns (short copies
// through a staging buffer, long ones by waiting), and a copy into it has ended when the call returns.
#include <cstring>

#include "driver/entry.h"
#include "engine/memory.h"
#include "engine/staging.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// One side of a copy.
enum class Side { Host, Device, Unified };

struct End {
  uintptr_t address;
  Side side;
  const char* name;
};

End host(const void* address, const char* name) { return {reinterpret_cast<uintptr_t>(address), Side::Host, name}; }
End device(CUdeviceptr address, const char* name) { return {address, Side::Device, name}; }
End unified(CUdeviceptr address, const char* name) { return {address, Side::Unified, name}; }

// Layers of rows of equal length at equal distances; an ordinary copy is one row.
struct Shape {
  size_t width;
  size_t height = 1;
  size_t source_pitch = 0;
  size_t destination_pitch = 0;
  size_t depth = 1;
  size_t source_layer = 0;
  size_t destination_layer = 0;

  size_t bytes() const { return width * height * depth; }
  size_t source_extent() const { return source_layer * (depth - 1) + source_pitch * (height - 1) + width; }
  size_t destination_extent() const {
    return destination_layer * (depth - 1) + destination_pitch * (height - 1) + width;
  }
  // The same with one end lying without gaps.
  Shape packed_destination() const { return {width, height, source_pitch, width, depth, source_layer, width * height}; }
  Shape packed_source() const {
    return {width, height, width, destination_pitch, depth, width * height, destination_layer};
  }
};

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
    return CUDA_SUCCESS;
  }
  if (range->contains(end.address, bytes)) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes from " + end.name + " " +
                                            hexadecimal(end.address) + " reach beyond the end of its memory, " +
                                            std::to_string(range->size) + " bytes from " + hexadecimal(range->base));
}

void copy_rows(uintptr_t destination, uintptr_t source, const Shape& shape) {
  for (size_t layer = 0; layer < shape.depth; ++layer) {
    for (size_t row = 0; row < shape.height; ++row) {
      std::memmove(
          reinterpret_cast<void*>(destination + layer * shape.destination_layer + row * shape.destination_pitch),
          reinterpret_cast<const void*>(source + layer * shape.source_layer + row * shape.source_pitch), shape.width);
    }
  }
}

// Appends a copy to the stream. `complete`: has ended on return, as the calls without a stream define it, unless both
// ends are the device's.
CUresult copy(Stream& stream, const End& destination, const End& source, const Shape& shape, bool complete) {
  if (shape.bytes() == 0) return CUDA_SUCCESS;
  bool pageable_source = false;
  bool pageable_destination = false;
  CUresult status = classify(destination, shape.destination_extent(), &pageable_destination);
  if (status == CUDA_SUCCESS) status = classify(source, shape.source_extent(), &pageable_source);
  if (status != CUDA_SUCCESS) return status;

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
                  const Shape& shape) {
  return in_stream(function, stream_handle, [&](Context&, Stream& stream) {
    return copy(stream, destination, source, shape, !(on_device(destination) && on_device(source)));
  });
}

CUresult copy_later(const char* function, CUstream stream_handle, const End& destination, const End& source,
                    const Shape& shape) {
  return in_stream(function, stream_handle,
                   [&](Context&, Stream& stream) { return copy(stream, destination, source, shape, false); });
}

CUresult end_of(CUmemorytype type, const void* host_address, CUdeviceptr device_address, size_t offset,
                const char* name, End* end) {
  switch (static_cast<int>(type)) {
    case CU_MEMORYTYPE_HOST:
      *end = {reinterpret_cast<uintptr_t>(host_address) + offset, Side::Host, name};
      return CUDA_SUCCESS;
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

// A pitch of 0 means rows without gaps.
CUresult read_2d(const CUDA_MEMCPY2D* parameters, End* destination, End* source, Shape* shape) {
  if (parameters == nullptr) return null_argument("pCopy");
  const CUDA_MEMCPY2D& p = *parameters;
  const size_t source_pitch = p.srcPitch != 0 ? p.srcPitch : p.srcXInBytes + p.WidthInBytes;
  const size_t destination_pitch = p.dstPitch != 0 ? p.dstPitch : p.dstXInBytes + p.WidthInBytes;
  if (p.Height > 1 &&
      (source_pitch < p.srcXInBytes + p.WidthInBytes || destination_pitch < p.dstXInBytes + p.WidthInBytes)) {
    return fail(CUDA_ERROR_INVALID_VALUE,
                "a pitch is less than the row's offset plus its width of " + std::to_string(p.WidthInBytes) + " bytes");
  }
  *shape = {p.WidthInBytes, p.Height, source_pitch, destination_pitch};
  const CUresult status =
      end_of(p.srcMemoryType, p.srcHost, p.srcDevice, p.srcXInBytes + p.srcY * source_pitch, "src", source);
  if (status != CUDA_SUCCESS) return status;
  return end_of(p.dstMemoryType, p.dstHost, p.dstDevice, p.dstXInBytes + p.dstY * destination_pitch, "dst",
                destination);
}

CUresult copy_2d(const char* function, const CUDA_MEMCPY2D* parameters, CUstream stream, bool wait) {
  End destination{};
  End source{};
  Shape shape{};
  set_function(function);
  if (const CUresult status = read_2d(parameters, &destination, &source, &shape); status != CUDA_SUCCESS) return status;
  return wait ? copy_now(function, stream, destination, source, shape)
              : copy_later(function, stream, destination, source, shape);
}

// Offsets and pitches of one end of a box.
CUresult read_3d(const CUDA_MEMCPY3D* parameters, End* destination, End* source, Shape* shape) {
  if (parameters == nullptr) return null_argument("pCopy");
  const CUDA_MEMCPY3D& p = *parameters;
  const size_t source_pitch = p.srcPitch != 0 ? p.srcPitch : p.srcXInBytes + p.WidthInBytes;
  const size_t destination_pitch = p.dstPitch != 0 ? p.dstPitch : p.dstXInBytes + p.WidthInBytes;
  const size_t source_rows = p.srcHeight != 0 ? p.srcHeight : p.srcY + p.Height;
  const size_t destination_rows = p.dstHeight != 0 ? p.dstHeight : p.dstY + p.Height;
  if (source_pitch < p.srcXInBytes + p.WidthInBytes || destination_pitch < p.dstXInBytes + p.WidthInBytes ||
      source_rows < p.srcY + p.Height || destination_rows < p.dstY + p.Height) {
    return fail(CUDA_ERROR_INVALID_VALUE, "a pitch or a height is less than the offset plus the size of the box");
  }
  *shape = {p.WidthInBytes,
            p.Height,
            source_pitch,
            destination_pitch,
            p.Depth,
            source_pitch * source_rows,
            destination_pitch * destination_rows};
  const size_t source_offset = p.srcXInBytes + (p.srcZ * source_rows + p.srcY) * source_pitch;
  const size_t destination_offset = p.dstXInBytes + (p.dstZ * destination_rows + p.dstY) * destination_pitch;
  const CUresult status = end_of(p.srcMemoryType, p.srcHost, p.srcDevice, source_offset, "src", source);
  if (status != CUDA_SUCCESS) return status;
  return end_of(p.dstMemoryType, p.dstHost, p.dstDevice, destination_offset, "dst", destination);
}

CUresult copy_3d(const char* function, const CUDA_MEMCPY3D* parameters, CUstream stream, bool wait) {
  End destination{};
  End source{};
  Shape shape{};
  set_function(function);
  if (const CUresult status = read_3d(parameters, &destination, &source, &shape); status != CUDA_SUCCESS) return status;
  return wait ? copy_now(function, stream, destination, source, shape)
              : copy_later(function, stream, destination, source, shape);
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
  return copy_2d(__func__, pCopy, CU_STREAM_LEGACY, true);
}

CUresult cuMemcpy2D_v2_ptds(const CUDA_MEMCPY2D* pCopy) {
  return copy_2d("cuMemcpy2D_v2", pCopy, CU_STREAM_PER_THREAD, true);
}

CUresult cuMemcpy2DUnaligned_v2(const CUDA_MEMCPY2D* pCopy) {
  CPU_COUNT_CALL();
  return copy_2d(__func__, pCopy, CU_STREAM_LEGACY, true);
}

CUresult cuMemcpy2DUnaligned_v2_ptds(const CUDA_MEMCPY2D* pCopy) {
  return copy_2d("cuMemcpy2DUnaligned_v2", pCopy, CU_STREAM_PER_THREAD, true);
}

CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* pCopy, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_2d(__func__, pCopy, hStream, false);
}

CUresult cuMemcpy3D_v2(const CUDA_MEMCPY3D* pCopy) {
  CPU_COUNT_CALL();
  return copy_3d(__func__, pCopy, CU_STREAM_LEGACY, true);
}

CUresult cuMemcpy3D_v2_ptds(const CUDA_MEMCPY3D* pCopy) {
  return copy_3d("cuMemcpy3D_v2", pCopy, CU_STREAM_PER_THREAD, true);
}

CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D* pCopy, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_3d(__func__, pCopy, hStream, false);
}
