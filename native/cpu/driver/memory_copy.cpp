#include "driver/memory_copy.h"

#include <cstring>

#include "driver/entry.h"
#include "engine/fault_guard.h"
#include "engine/memory.h"
#include "engine/staging.h"

namespace cpu::driver {

size_t add_sizes(size_t a, size_t b) { return a > SIZE_MAX - b ? SIZE_MAX : a + b; }

size_t multiply_sizes(size_t a, size_t b) {
  size_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

namespace {

size_t extent(size_t width, size_t height, size_t pitch, size_t depth, size_t layer) {
  if (width == 0 || height == 0 || depth == 0) return 0;
  return add_sizes(add_sizes(multiply_sizes(layer, depth - 1), multiply_sizes(pitch, height - 1)), width);
}

std::string describe(const End& end, size_t bytes) {
  return std::to_string(bytes) + " bytes from " + end.name + " " + hexadecimal(end.address);
}

// Whether the range [end, end + bytes) can be used for its side, whether it is the program's own pageable memory, and
// what keeps it. What lies in an array was checked when the copy's shape was read.
CUresult classify(const End& end, size_t bytes, bool* pageable, std::shared_ptr<Backing>* backing) {
  if (end.side == Side::Array) {
    *pageable = false;
    *backing = end.storage->backing();
    return CUDA_SUCCESS;
  }
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
    return fail(CUDA_ERROR_INVALID_VALUE, describe(end, bytes) + " reach beyond the end of all memory");
  }
  *backing = range->backing;
  if (range->usable && range->contains(end.address, bytes)) return CUDA_SUCCESS;
  if (find_usable_memory(end.address, bytes)) return CUDA_SUCCESS;
  if (!range->usable) {
    return fail(CUDA_ERROR_INVALID_VALUE,
                describe(end, bytes) + " are mapped but closed to the device; cuMemSetAccess opens them");
  }
  return fail(CUDA_ERROR_INVALID_VALUE, describe(end, bytes) + " reach beyond the end of its memory, " +
                                            std::to_string(range->size) + " bytes from " + hexadecimal(range->base));
}

// Returns kNoFault, or the address that could not be read or written.
uintptr_t copy_rows(uintptr_t destination, uintptr_t source, const CopyShape& shape) {
  return run_guarded([&] {
    for (size_t layer = 0; layer < shape.depth; ++layer) {
      for (size_t row = 0; row < shape.height; ++row) {
        std::memmove(
            reinterpret_cast<void*>(destination + layer * shape.destination_layer + row * shape.destination_pitch),
            reinterpret_cast<const void*>(source + layer * shape.source_layer + row * shape.source_pitch), shape.width);
      }
    }
  });
}

// On a stream's worker.
void run_copy(uintptr_t destination, uintptr_t source, const CopyShape& shape) {
  const uintptr_t fault = copy_rows(destination, source, shape);
  if (fault == kNoFault) return;
  const std::string text = "a copy of " + std::to_string(shape.bytes()) + " bytes from " + hexadecimal(source) +
                           " to " + hexadecimal(destination) + " met no memory at " + hexadecimal(fault);
  fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, text.c_str());
}

bool on_device(const End& end) {
  if (end.side == Side::Array) return true;
  const auto range = find_memory(end.address);
  return range && range->device_alone();
}

}  // namespace

size_t CopyShape::source_extent() const { return extent(width, height, source_pitch, depth, source_layer); }
size_t CopyShape::destination_extent() const {
  return extent(width, height, destination_pitch, depth, destination_layer);
}
size_t CopyShape::bytes() const { return multiply_sizes(multiply_sizes(width, height), depth); }

CUresult check_copy(const End& destination, const End& source, const CopyShape& shape, CheckedEnds* ends) {
  const CUresult status =
      classify(destination, shape.destination_extent(), &ends->pageable_destination, &ends->destination);
  return status != CUDA_SUCCESS ? status
                                : classify(source, shape.source_extent(), &ends->pageable_source, &ends->source);
}

CUresult copy(Stream& stream, const End& destination, const End& source, const CopyShape& shape, bool complete) {
  if (shape.empty()) return CUDA_SUCCESS;
  CheckedEnds ends;
  const CUresult status = check_copy(destination, source, shape, &ends);
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
  const bool pageable = ends.pageable_source || ends.pageable_destination;
  if (ends.pageable_source && !ends.pageable_destination && !complete && bytes <= kMaximumStagedBytes) {
    StagingBuffer buffer(bytes);
    const auto staged = reinterpret_cast<uintptr_t>(buffer.data());
    if (const uintptr_t fault = copy_rows(staged, from, shape.packed_destination()); fault != kNoFault) {
      return fail(CUDA_ERROR_INVALID_VALUE, describe(source, shape.source_extent()) + " cannot be read: there is no " +
                                                "memory at " + hexadecimal(fault));
    }
    stream.enqueue([to, buffer = std::move(buffer), shape, kept = std::move(ends.destination)] {
      run_copy(to, reinterpret_cast<uintptr_t>(buffer.data()), shape.packed_source());
    });
    return CUDA_SUCCESS;
  }
  const uint64_t place = stream.enqueue([to, from, shape, ends = std::move(ends)] { run_copy(to, from, shape); });
  if (complete || pageable) {
    stream.wait_for(place);
    const CUresult error = stream.group().error();
    if (error != CUDA_SUCCESS) return fail(error, stream.group().error_text());
  }
  return CUDA_SUCCESS;
}

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

void CopyWork::run() const {
  if (shape_.empty()) return;
  CheckedEnds ends;
  if (check_copy(destination_, source_, shape_, &ends) != CUDA_SUCCESS) {
    fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, "a memcpy node of a graph met memory that was freed since");
    return;
  }
  run_copy(destination_.address, source_.address, shape_);
}

std::string CopyWork::description() const {
  const auto describe_end = [](const End& end) {
    return end.side == Side::Array ? "array " + hexadecimal(reinterpret_cast<uintptr_t>(end.array))
                                   : hexadecimal(end.address);
  };
  return std::to_string(shape_.bytes()) + " bytes from " + describe_end(source_) + " to " + describe_end(destination_);
}

CUDA_MEMCPY3D CopyWork::parameters() const {
  CUDA_MEMCPY3D p{};
  const auto type = [](Side side) {
    switch (side) {
      case Side::Host:
        return CU_MEMORYTYPE_HOST;
      case Side::Device:
        return CU_MEMORYTYPE_DEVICE;
      case Side::Array:
        return CU_MEMORYTYPE_ARRAY;
      default:
        return CU_MEMORYTYPE_UNIFIED;
    }
  };
  p.srcMemoryType = type(source_.side);
  p.dstMemoryType = type(destination_.side);
  if (source_.side == Side::Host) {
    p.srcHost = reinterpret_cast<const void*>(source_.address);
  } else if (source_.side == Side::Array) {
    p.srcArray = source_.array;
    p.srcXInBytes = source_.x;
    p.srcY = source_.y;
    p.srcZ = source_.z;
  } else {
    p.srcDevice = source_.address;
  }
  if (destination_.side == Side::Host) {
    p.dstHost = reinterpret_cast<void*>(destination_.address);
  } else if (destination_.side == Side::Array) {
    p.dstArray = destination_.array;
    p.dstXInBytes = destination_.x;
    p.dstY = destination_.y;
    p.dstZ = destination_.z;
  } else {
    p.dstDevice = destination_.address;
  }
  p.WidthInBytes = shape_.width;
  p.Height = shape_.height;
  p.Depth = shape_.depth;
  if (source_.side != Side::Array) {
    p.srcPitch = shape_.source_pitch != 0 ? shape_.source_pitch : shape_.width;
    p.srcHeight = shape_.source_layer != 0 ? shape_.source_layer / p.srcPitch : shape_.height;
  }
  if (destination_.side != Side::Array) {
    p.dstPitch = shape_.destination_pitch != 0 ? shape_.destination_pitch : shape_.width;
    p.dstHeight = shape_.destination_layer != 0 ? shape_.destination_layer / p.dstPitch : shape_.height;
  }
  return p;
}

}  // namespace cpu::driver
