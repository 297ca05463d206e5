// Many copies in one call, each with attributes that say when its source may be read.
#include "driver/entry.h"
#include "driver/memory_copy.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// "In stream order" and "at any time" are both kept by reading in the stream's turn; reading "during the call" means to
// wait for the copy, where the source is not read at once anyway.
CUresult check_attributes(CUmemcpySrcAccessOrder order, unsigned flags) {
  if (order != CU_MEMCPY_SRC_ACCESS_ORDER_STREAM && order != CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL &&
      order != CU_MEMCPY_SRC_ACCESS_ORDER_ANY) {
    return fail(CUDA_ERROR_INVALID_VALUE, "there is no access order " + std::to_string(static_cast<int>(order)));
  }
  if ((flags & ~static_cast<unsigned>(CU_MEMCPY_FLAG_PREFER_OVERLAP_WITH_COMPUTE)) != 0) {
    return fail(CUDA_ERROR_INVALID_VALUE, "flags is " + hexadecimal(flags) + ", which holds a bit that means nothing");
  }
  return CUDA_SUCCESS;
}

bool during_call(CUmemcpySrcAccessOrder order) { return order == CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL; }

// Batches need a stream of their own.
CUresult check_stream(CUstream stream) {
  if (stream != nullptr && stream != CU_STREAM_LEGACY) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE, "a batch cannot be in the legacy default stream; use another stream");
}

// Each copy's attributes: those of the last index that is not beyond it.
CUresult check_indices(const size_t* indices, size_t count, size_t copies) {
  for (size_t i = 0; i < count; ++i) {
    const bool good = i == 0 ? indices[i] == 0 : indices[i] > indices[i - 1] && indices[i] < copies;
    if (good) continue;
    return fail(CUDA_ERROR_INVALID_VALUE,
                "attrsIdxs has to begin with 0 and to rise, up to the number of copies; its " + std::to_string(i) +
                    ". is " + std::to_string(indices[i]));
  }
  return CUDA_SUCCESS;
}

CUresult copy_batch(const char* function, CUdeviceptr* destinations, CUdeviceptr* sources, size_t* sizes, size_t count,
                    CUmemcpyAttributes* attributes, size_t* indices, size_t attribute_count, size_t* failed,
                    CUstream stream_handle) {
  if (failed != nullptr) *failed = SIZE_MAX;
  return in_stream(function, stream_handle, [&](Context&, Stream& stream) {
    if (destinations == nullptr || sources == nullptr || sizes == nullptr || attributes == nullptr ||
        indices == nullptr) {
      return null_argument("one of the arrays");
    }
    CUresult status = check_stream(stream_handle);
    if (status == CUDA_SUCCESS && (count == 0 || attribute_count == 0 || attribute_count > count)) {
      status =
          fail(CUDA_ERROR_INVALID_VALUE, std::to_string(count) + " copies with " + std::to_string(attribute_count) +
                                             " attributes: there is at least one of each, and no more attributes");
    }
    if (status == CUDA_SUCCESS) status = check_indices(indices, attribute_count, count);
    for (size_t i = 0; status == CUDA_SUCCESS && i < attribute_count; ++i) {
      status = check_attributes(attributes[i].srcAccessOrder, attributes[i].flags);
    }
    if (status != CUDA_SUCCESS) return status;
    // All are checked before the first is done.
    for (size_t i = 0; i < count; ++i) {
      CheckedEnds ends;
      status = check_copy(unified_end(destinations[i], "dst"), unified_end(sources[i], "src"), {sizes[i]}, &ends);
      if (status == CUDA_SUCCESS && sizes[i] == 0) status = fail(CUDA_ERROR_INVALID_VALUE, "a copy of 0 bytes");
      if (status == CUDA_SUCCESS) continue;
      if (failed != nullptr) *failed = i;
      return status;
    }
    size_t attribute = 0;
    for (size_t i = 0; i < count; ++i) {
      if (attribute + 1 < attribute_count && indices[attribute + 1] == i) ++attribute;
      status = copy(stream, unified_end(destinations[i], "dst"), unified_end(sources[i], "src"), {sizes[i]},
                    during_call(attributes[attribute].srcAccessOrder));
      if (status == CUDA_SUCCESS) continue;
      if (failed != nullptr) *failed = i;
      return status;
    }
    return CUDA_SUCCESS;
  });
}

// One end of a copy of a box. Lengths count elements of the array that takes part, and bytes where there is none.
CUresult read_operand(const CUmemcpy3DOperand& operand, CUmemorytype* type, CUdeviceptr* address, CUarray* array,
                      size_t* x, size_t* y, size_t* z, size_t* pitch, size_t* rows, size_t element) {
  switch (static_cast<int>(operand.type)) {
    case CU_MEMCPY_OPERAND_TYPE_POINTER:
      *type = CU_MEMORYTYPE_UNIFIED;
      *address = operand.op.ptr.ptr;
      *pitch = multiply_sizes(operand.op.ptr.rowLength, element);
      *rows = operand.op.ptr.layerHeight;
      return CUDA_SUCCESS;
    case CU_MEMCPY_OPERAND_TYPE_ARRAY:
      *type = CU_MEMORYTYPE_ARRAY;
      *array = operand.op.array.array;
      *x = multiply_sizes(operand.op.array.offset.x, element);
      *y = operand.op.array.offset.y;
      *z = operand.op.array.offset.z;
      return CUDA_SUCCESS;
    default:
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "there is no type " + std::to_string(static_cast<int>(operand.type)) + " of operands");
  }
}

CUresult read_box(const CUDA_MEMCPY3D_BATCH_OP& op, CUDA_MEMCPY3D* box) {
  size_t element = 0;
  for (const CUmemcpy3DOperand* operand : {&op.src, &op.dst}) {
    if (operand->type != CU_MEMCPY_OPERAND_TYPE_ARRAY) continue;
    const Array* array = lookup<Array>(operand->op.array.array);
    if (array == nullptr) return bad_handle("array", operand->op.array.array);
    if (element != 0 && element != array->storage->element_bytes()) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the elements of the two arrays differ in size");
    }
    element = array->storage->element_bytes();
  }
  if (element == 0) element = 1;
  *box = {};
  CUresult status = check_attributes(op.srcAccessOrder, op.flags);
  if (status == CUDA_SUCCESS) {
    status = read_operand(op.src, &box->srcMemoryType, &box->srcDevice, &box->srcArray, &box->srcXInBytes, &box->srcY,
                          &box->srcZ, &box->srcPitch, &box->srcHeight, element);
  }
  if (status == CUDA_SUCCESS) {
    status = read_operand(op.dst, &box->dstMemoryType, &box->dstDevice, &box->dstArray, &box->dstXInBytes, &box->dstY,
                          &box->dstZ, &box->dstPitch, &box->dstHeight, element);
  }
  box->WidthInBytes = multiply_sizes(op.extent.width, element);
  box->Height = op.extent.height;
  box->Depth = op.extent.depth;
  return status;
}

CUresult copy_boxes(const char* function, const CUDA_MEMCPY3D_BATCH_OP* operations, size_t count, size_t* failed,
                    unsigned long long flags, CUstream stream_handle, bool batch) {
  if (failed != nullptr) *failed = SIZE_MAX;
  return in_stream(function, stream_handle, [&](Context&, Stream& stream) {
    if (operations == nullptr) return null_argument("the copies");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    if (count == 0) return fail(CUDA_ERROR_INVALID_VALUE, "there are no copies");
    if (const CUresult status = batch ? check_stream(stream_handle) : CUDA_SUCCESS; status != CUDA_SUCCESS)
      return status;
    for (const bool check_only : {true, false}) {
      for (size_t i = 0; i < count; ++i) {
        CUDA_MEMCPY3D box;
        End destination{};
        End source{};
        CopyShape shape{};
        CheckedEnds ends;
        CUresult status = read_box(operations[i], &box);
        if (status == CUDA_SUCCESS) status = read_copy(&box, &destination, &source, &shape);
        if (status == CUDA_SUCCESS && check_only) status = check_copy(destination, source, shape, &ends);
        if (status == CUDA_SUCCESS && !check_only) {
          status = copy(stream, destination, source, shape, during_call(operations[i].srcAccessOrder));
        }
        if (status == CUDA_SUCCESS) continue;
        if (failed != nullptr) *failed = i;
        return status;
      }
    }
    return CUDA_SUCCESS;
  });
}

CUresult copy_with_attributes(const char* function, CUdeviceptr destination, CUdeviceptr source, size_t bytes,
                              const CUmemcpyAttributes* attributes, CUstream stream_handle) {
  return in_stream(function, stream_handle, [&](Context&, Stream& stream) {
    if (attributes == nullptr) return null_argument("attr");
    const CUresult status = check_attributes(attributes->srcAccessOrder, attributes->flags);
    if (status != CUDA_SUCCESS) return status;
    return copy(stream, unified_end(destination, "dst"), unified_end(source, "src"), {bytes},
                during_call(attributes->srcAccessOrder));
  });
}

}  // namespace

CUresult cuMemcpyBatchAsync_v2(CUdeviceptr* dsts, CUdeviceptr* srcs, size_t* sizes, size_t count,
                               CUmemcpyAttributes* attrs, size_t* attrsIdxs, size_t numAttrs, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_batch(__func__, dsts, srcs, sizes, count, attrs, attrsIdxs, numAttrs, nullptr, hStream);
}

CUresult cuMemcpyBatchAsync_v2_ptsz(CUdeviceptr* dsts, CUdeviceptr* srcs, size_t* sizes, size_t count,
                                    CUmemcpyAttributes* attrs, size_t* attrsIdxs, size_t numAttrs, CUstream hStream) {
  return cuMemcpyBatchAsync_v2(dsts, srcs, sizes, count, attrs, attrsIdxs, numAttrs, per_thread(hStream));
}

// The first form tells which copy failed.
CUresult cuMemcpyBatchAsync(CUdeviceptr* dsts, CUdeviceptr* srcs, size_t* sizes, size_t count,
                            CUmemcpyAttributes* attrs, size_t* attrsIdxs, size_t numAttrs, size_t* failIdx,
                            CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_batch(__func__, dsts, srcs, sizes, count, attrs, attrsIdxs, numAttrs, failIdx, hStream);
}

CUresult cuMemcpyBatchAsync_ptsz(CUdeviceptr* dsts, CUdeviceptr* srcs, size_t* sizes, size_t count,
                                 CUmemcpyAttributes* attrs, size_t* attrsIdxs, size_t numAttrs, size_t* failIdx,
                                 CUstream hStream) {
  return cuMemcpyBatchAsync(dsts, srcs, sizes, count, attrs, attrsIdxs, numAttrs, failIdx, per_thread(hStream));
}

CUresult cuMemcpy3DBatchAsync_v2(size_t numOps, CUDA_MEMCPY3D_BATCH_OP* opList, unsigned long long flags,
                                 CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_boxes(__func__, opList, numOps, nullptr, flags, hStream, true);
}

CUresult cuMemcpy3DBatchAsync_v2_ptsz(size_t numOps, CUDA_MEMCPY3D_BATCH_OP* opList, unsigned long long flags,
                                      CUstream hStream) {
  return cuMemcpy3DBatchAsync_v2(numOps, opList, flags, per_thread(hStream));
}

CUresult cuMemcpy3DBatchAsync(size_t numOps, CUDA_MEMCPY3D_BATCH_OP* opList, size_t* failIdx, unsigned long long flags,
                              CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_boxes(__func__, opList, numOps, failIdx, flags, hStream, true);
}

CUresult cuMemcpy3DBatchAsync_ptsz(size_t numOps, CUDA_MEMCPY3D_BATCH_OP* opList, size_t* failIdx,
                                   unsigned long long flags, CUstream hStream) {
  return cuMemcpy3DBatchAsync(numOps, opList, failIdx, flags, per_thread(hStream));
}

CUresult cuMemcpyWithAttributesAsync(CUdeviceptr dst, CUdeviceptr src, size_t size, CUmemcpyAttributes* attr,
                                     CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_with_attributes(__func__, dst, src, size, attr, hStream);
}

CUresult cuMemcpyWithAttributesAsync_ptsz(CUdeviceptr dst, CUdeviceptr src, size_t size, CUmemcpyAttributes* attr,
                                          CUstream hStream) {
  return cuMemcpyWithAttributesAsync(dst, src, size, attr, per_thread(hStream));
}

CUresult cuMemcpy3DWithAttributesAsync(CUDA_MEMCPY3D_BATCH_OP* op, unsigned long long flags, CUstream hStream) {
  CPU_COUNT_CALL();
  return copy_boxes(__func__, op, 1, nullptr, flags, hStream, false);
}

CUresult cuMemcpy3DWithAttributesAsync_ptsz(CUDA_MEMCPY3D_BATCH_OP* op, unsigned long long flags, CUstream hStream) {
  return cuMemcpy3DWithAttributesAsync(op, flags, per_thread(hStream));
}
