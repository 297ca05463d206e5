// Copies of rows and layers, whose ends may be arrays.
#include <cstring>

#include "driver/entry.h"
#include "driver/memory_copy.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// What the structs of the interface say of one end, and what follows from it.
struct BoxEnd {
  const char* name;
  size_t x;
  size_t y;
  size_t z;
  CUmemorytype type;
  const void* host;
  CUdeviceptr device;
  CUarray array;
  // Bytes from row to row, and rows from layer to layer; 0 means without gaps.
  size_t pitch;
  size_t rows;
};

struct Box {
  size_t width;
  size_t height;
  size_t depth;
};

CUresult reaches_beyond(const BoxEnd& end, const Box& box, const ArrayStorage& storage) {
  return fail(CUDA_ERROR_INVALID_VALUE,
              "the copy takes " + std::to_string(box.depth) + " layers of " + std::to_string(box.height) + " rows of " +
                  std::to_string(box.width) + " bytes from (" + std::to_string(end.x) + ", " + std::to_string(end.y) +
                  ", " + std::to_string(end.z) + ") of " + end.name + " on, an array of " +
                  std::to_string(storage.layers()) + " layers of " + std::to_string(storage.rows()) + " rows of " +
                  std::to_string(storage.row_bytes()) + " bytes");
}

CUresult read_array_end(const BoxEnd& end, const Box& box, End* answer, size_t* pitch, size_t* layer) {
  const Array* array = lookup<Array>(end.array);
  if (array == nullptr) return bad_handle("array", end.array);
  const ArrayStorage& storage = *array->storage;
  if (add_sizes(end.x, box.width) > storage.row_bytes() || add_sizes(end.y, box.height) > storage.rows() ||
      add_sizes(end.z, box.depth) > storage.layers()) {
    return reaches_beyond(end, box, storage);
  }
  if (end.x % storage.element_bytes() != 0 || box.width % storage.element_bytes() != 0) {
    return fail(CUDA_ERROR_INVALID_VALUE, "the copy begins or ends inside an element of " + std::string(end.name) +
                                              ", whose elements have " + std::to_string(storage.element_bytes()) +
                                              " bytes");
  }
  *pitch = storage.row_bytes();
  *layer = storage.row_bytes() * storage.rows();
  *answer = {storage.base() + end.x + end.y * *pitch + end.z * *layer,
             Side::Array,
             end.name,
             end.array,
             array->storage,
             end.x,
             end.y,
             end.z};
  return CUDA_SUCCESS;
}

CUresult read_end(const BoxEnd& end, const Box& box, End* answer, size_t* pitch, size_t* layer) {
  if (end.type == CU_MEMORYTYPE_ARRAY) return read_array_end(end, box, answer, pitch, layer);
  const size_t row = add_sizes(end.x, box.width);
  const size_t column = add_sizes(end.y, box.height);
  *pitch = end.pitch != 0 ? end.pitch : row;
  const size_t rows = end.rows != 0 ? end.rows : column;
  if (((box.height > 1 || box.depth > 1) && *pitch < row) || (box.depth > 1 && rows < column)) {
    return fail(CUDA_ERROR_INVALID_VALUE, std::string("of ") + end.name + " the pitch is less than the row's offset " +
                                              "plus its width of " + std::to_string(box.width) +
                                              " bytes, or a layer's height less than the row's offset plus the number "
                                              "of rows");
  }
  *layer = multiply_sizes(*pitch, rows);
  const size_t offset = add_sizes(end.x, add_sizes(multiply_sizes(end.y, *pitch), multiply_sizes(end.z, *layer)));
  switch (static_cast<int>(end.type)) {
    case CU_MEMORYTYPE_HOST:
      *answer = {reinterpret_cast<uintptr_t>(end.host) + offset, Side::Host, end.name};
      return end.host == nullptr ? null_argument(end.name) : CUDA_SUCCESS;
    case CU_MEMORYTYPE_DEVICE:
      *answer = {end.device + offset, Side::Device, end.name};
      return CUDA_SUCCESS;
    case CU_MEMORYTYPE_UNIFIED:
      *answer = {end.device + offset, Side::Unified, end.name};
      return CUDA_SUCCESS;
    default:
      return fail(CUDA_ERROR_INVALID_VALUE, "there is no memory type " + std::to_string(static_cast<int>(end.type)));
  }
}

}  // namespace

namespace cpu::driver {

CUresult read_copy(const CUDA_MEMCPY3D* parameters, End* destination, End* source, CopyShape* shape) {
  if (parameters == nullptr) return null_argument("pCopy");
  const CUDA_MEMCPY3D& p = *parameters;
  const Box box{p.WidthInBytes, p.Height, p.Depth};
  *shape = {};
  shape->width = box.width;
  shape->height = box.height;
  shape->depth = box.depth;
  const BoxEnd from{"src",     p.srcXInBytes, p.srcY,     p.srcZ,     p.srcMemoryType,
                    p.srcHost, p.srcDevice,   p.srcArray, p.srcPitch, p.srcHeight};
  const BoxEnd to{"dst",     p.dstXInBytes, p.dstY,     p.dstZ,     p.dstMemoryType,
                  p.dstHost, p.dstDevice,   p.dstArray, p.dstPitch, p.dstHeight};
  const CUresult status = read_end(from, box, source, &shape->source_pitch, &shape->source_layer);
  if (status != CUDA_SUCCESS) return status;
  return read_end(to, box, destination, &shape->destination_pitch, &shape->destination_layer);
}

}  // namespace cpu::driver

namespace {

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
  return in_healthy_context(function, [&](Context&) {
    End destination{};
    End source{};
    CopyShape shape{};
    const CUresult status = read_copy(parameters, &destination, &source, &shape);
    if (status != CUDA_SUCCESS) return status;
    return wait ? copy_now(function, stream, destination, source, shape)
                : copy_later(function, stream, destination, source, shape);
  });
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
