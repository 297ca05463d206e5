#include "driver/array.h"

#include <algorithm>
#include <cstring>

#include "driver/device.h"
#include "driver/entry.h"
#include "engine/capture.h"
#include "engine/device.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

// Bytes of one element, 0 for formats of images in planes and for compressed ones.
size_t bytes_of_element(CUarray_format format, unsigned channels) {
  switch (static_cast<int>(format)) {
    case CU_AD_FORMAT_UNSIGNED_INT8:
    case CU_AD_FORMAT_SIGNED_INT8:
      return channels;
    case CU_AD_FORMAT_UNSIGNED_INT16:
    case CU_AD_FORMAT_SIGNED_INT16:
    case CU_AD_FORMAT_HALF:
      return 2 * size_t{channels};
    case CU_AD_FORMAT_UNSIGNED_INT32:
    case CU_AD_FORMAT_SIGNED_INT32:
    case CU_AD_FORMAT_FLOAT:
      return 4 * size_t{channels};
    case CU_AD_FORMAT_UNORM_INT8X1:
    case CU_AD_FORMAT_SNORM_INT8X1:
      return 1;
    case CU_AD_FORMAT_UNORM_INT8X2:
    case CU_AD_FORMAT_SNORM_INT8X2:
    case CU_AD_FORMAT_UNORM_INT16X1:
    case CU_AD_FORMAT_SNORM_INT16X1:
      return 2;
    case CU_AD_FORMAT_UNORM_INT8X4:
    case CU_AD_FORMAT_SNORM_INT8X4:
    case CU_AD_FORMAT_UNORM_INT16X2:
    case CU_AD_FORMAT_SNORM_INT16X2:
    case CU_AD_FORMAT_UNORM_INT_101010_2:
      return 4;
    case CU_AD_FORMAT_UNORM_INT16X4:
    case CU_AD_FORMAT_SNORM_INT16X4:
      return 8;
    default:
      return 0;
  }
}

constexpr unsigned kFlags = CUDA_ARRAY3D_LAYERED | CUDA_ARRAY3D_SURFACE_LDST | CUDA_ARRAY3D_CUBEMAP |
                            CUDA_ARRAY3D_TEXTURE_GATHER | CUDA_ARRAY3D_DEPTH_TEXTURE | CUDA_ARRAY3D_COLOR_ATTACHMENT |
                            CUDA_ARRAY3D_SPARSE | CUDA_ARRAY3D_DEFERRED_MAPPING | CUDA_ARRAY3D_VIDEO_ENCODE_DECODE;
constexpr unsigned kUnsupportedFlags =
    CUDA_ARRAY3D_SPARSE | CUDA_ARRAY3D_DEFERRED_MAPPING | CUDA_ARRAY3D_VIDEO_ENCODE_DECODE;

std::string describe(const CUDA_ARRAY3D_DESCRIPTOR& d) {
  return std::to_string(d.Width) + " x " + std::to_string(d.Height) + " x " + std::to_string(d.Depth);
}

// The extents, by what kind of array the flags and zeros say it is.
CUresult check_extents(const CUDA_ARRAY3D_DESCRIPTOR& d) {
  const bool layered = (d.Flags & CUDA_ARRAY3D_LAYERED) != 0;
  const bool cubemap = (d.Flags & CUDA_ARRAY3D_CUBEMAP) != 0;
  size_t most[3] = {kMaxArrayWidth1D, 0, 0};
  if (cubemap) {
    if (d.Width != d.Height || d.Depth == 0 || d.Depth % 6 != 0 || (!layered && d.Depth != 6)) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "a cubemap has six square layers, or a multiple of them where it is "
                  "layered; " +
                      describe(d) + " were asked for");
    }
    std::fill_n(most, 2, kMaxArrayCubemap);
    most[2] = kMaxArrayLayers;
  } else if (layered) {
    if (d.Depth == 0) return fail(CUDA_ERROR_INVALID_VALUE, "a layered array has Depth layers, and Depth is 0");
    std::fill_n(most, d.Height == 0 ? 1 : 2, kMaxArrayLayered);
    most[2] = kMaxArrayLayers;
  } else if (d.Depth != 0) {
    if (d.Height == 0) return fail(CUDA_ERROR_INVALID_VALUE, "Height is 0 and Depth is not");
    std::fill_n(most, 3, kMaxArray3D);
  } else if (d.Height != 0) {
    most[0] = kMaxArrayWidth2D;
    most[1] = kMaxArrayHeight2D;
  }
  if (d.Width != 0 && d.Width <= most[0] && d.Height <= most[1] && d.Depth <= most[2]) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE, "an array of " + describe(d) +
                                            " elements was asked for; of this kind there "
                                            "can be 1 to " +
                                            std::to_string(most[0]) + " x " + std::to_string(most[1]) + " x " +
                                            std::to_string(most[2]));
}

CUresult check_descriptor(const CUDA_ARRAY3D_DESCRIPTOR& d) {
  if ((d.Flags & ~kFlags) != 0) {
    return fail(CUDA_ERROR_INVALID_VALUE,
                "Flags is " + hexadecimal(d.Flags) + ", which holds a bit that means nothing");
  }
  if ((d.Flags & kUnsupportedFlags) != 0) {
    return fail(CUDA_ERROR_NOT_SUPPORTED,
                "the CPU device has no sparse arrays, none that are mapped later and none for video");
  }
  if (d.NumChannels != 1 && d.NumChannels != 2 && d.NumChannels != 4) {
    return fail(CUDA_ERROR_INVALID_VALUE, "NumChannels is " + std::to_string(d.NumChannels) + "; 1, 2 and 4 are valid");
  }
  if (bytes_of_element(d.Format, d.NumChannels) == 0) {
    return fail(CUDA_ERROR_NOT_SUPPORTED,
                "the CPU device has no arrays of format " + std::to_string(static_cast<int>(d.Format)));
  }
  return check_extents(d);
}

CUresult create(Context& context, CUarray* array, const CUDA_ARRAY3D_DESCRIPTOR& descriptor) {
  if (const CUresult status = check_descriptor(descriptor); status != CUDA_SUCCESS) return status;
  check_unsafe_call();
  auto object = std::make_unique<Array>();
  object->storage = ArrayStorage::create(descriptor);
  if (object->storage == nullptr) {
    return fail(CUDA_ERROR_OUT_OF_MEMORY, "no memory is left for an array of " + describe(descriptor) + " elements");
  }
  object->context = context.handle();
  *array = static_cast<CUarray>(context.adopt(std::move(object)));
  return *array != nullptr ? CUDA_SUCCESS : ending_context();
}

template <class F>
CUresult ask_array(const char* function, CUarray handle, const void* answer, F&& body) {
  return in_context(function, [&](Context&) {
    if (answer == nullptr) return null_argument("the answer's place");
    const Array* array = lookup<Array>(handle);
    return array == nullptr ? bad_handle("array", handle) : body(*array);
  });
}

template <class Descriptor>
void write_extents(Descriptor* answer, const CUDA_ARRAY3D_DESCRIPTOR& d) {
  using Number = decltype(answer->Width);
  answer->Width = static_cast<Number>(d.Width);
  answer->Height = static_cast<Number>(d.Height);
  answer->Format = d.Format;
  answer->NumChannels = d.NumChannels;
}

template <class Old>
CUDA_ARRAY3D_DESCRIPTOR two_dimensions(const Old& d) {
  return {d.Width, d.Height, 0, d.Format, d.NumChannels, 0};
}

CUresult destroy(void* handle, CUcontext owner, bool (*release_it)(const void*)) {
  check_unsafe_call();
  Context* context = lookup<Context>(owner);
  if (context != nullptr) context->streams()->synchronize();
  return release_it(handle) ? disowned(context, handle) : bad_handle("array", handle);
}

size_t levels_of(const CUDA_ARRAY3D_DESCRIPTOR& d) {
  const bool layers = (d.Flags & (CUDA_ARRAY3D_LAYERED | CUDA_ARRAY3D_CUBEMAP)) != 0;
  size_t longest = std::max(d.Width, d.Height);
  if (!layers) longest = std::max(longest, d.Depth);
  size_t levels = 1;
  for (; longest > 1; longest /= 2) ++levels;
  return levels;
}

CUDA_ARRAY3D_DESCRIPTOR level_of(CUDA_ARRAY3D_DESCRIPTOR d, unsigned level) {
  const auto shrink = [level](size_t extent) { return extent == 0 ? 0 : std::max<size_t>(1, extent >> level); };
  d.Width = shrink(d.Width);
  d.Height = shrink(d.Height);
  if ((d.Flags & (CUDA_ARRAY3D_LAYERED | CUDA_ARRAY3D_CUBEMAP)) == 0) d.Depth = shrink(d.Depth);
  return d;
}

CUresult neither(const char* what) {
  return fail(CUDA_ERROR_INVALID_VALUE, std::string("the array was not created ") + what);
}

}  // namespace

namespace cpu {

std::shared_ptr<const ArrayStorage> ArrayStorage::create(const CUDA_ARRAY3D_DESCRIPTOR& descriptor) {
  auto storage = std::make_shared<ArrayStorage>();
  storage->descriptor_ = descriptor;
  storage->element_bytes_ = bytes_of_element(descriptor.Format, descriptor.NumChannels);
  const size_t bytes = storage->row_bytes() * storage->rows() * storage->layers();
  if (!enough_memory(bytes)) return nullptr;
  if (bytes < kLarge) {
    SmallBlock block = take_small_block(bytes);
    storage->base_ = block.base;
    storage->backing_ = std::move(block.backing);
  } else if (std::shared_ptr<Region> region = Region::create(bytes)) {
    storage->base_ = region->base();
    storage->backing_ = std::move(region);
  }
  if (storage->base_ == 0) return nullptr;
  std::memset(reinterpret_cast<void*>(storage->base_), kUnwritten, bytes);
  return storage;
}

}  // namespace cpu

CUresult cuArrayCreate_v2(CUarray* pHandle, const CUDA_ARRAY_DESCRIPTOR* pAllocateArray) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (pHandle == nullptr || pAllocateArray == nullptr) return null_argument("pHandle or pAllocateArray");
    return create(context, pHandle, two_dimensions(*pAllocateArray));
  });
}

CUresult cuArrayCreate(CUarray* pHandle, const CUDA_ARRAY_DESCRIPTOR_v1* pAllocateArray) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (pHandle == nullptr || pAllocateArray == nullptr) return null_argument("pHandle or pAllocateArray");
    return create(context, pHandle, two_dimensions(*pAllocateArray));
  });
}

CUresult cuArray3DCreate_v2(CUarray* pHandle, const CUDA_ARRAY3D_DESCRIPTOR* pAllocateArray) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (pHandle == nullptr || pAllocateArray == nullptr) return null_argument("pHandle or pAllocateArray");
    return create(context, pHandle, *pAllocateArray);
  });
}

CUresult cuArray3DCreate(CUarray* pHandle, const CUDA_ARRAY3D_DESCRIPTOR_v1* pAllocateArray) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (pHandle == nullptr || pAllocateArray == nullptr) return null_argument("pHandle or pAllocateArray");
    const CUDA_ARRAY3D_DESCRIPTOR_v1& d = *pAllocateArray;
    return create(context, pHandle, {d.Width, d.Height, d.Depth, d.Format, d.NumChannels, d.Flags});
  });
}

CUresult cuArrayGetDescriptor_v2(CUDA_ARRAY_DESCRIPTOR* pArrayDescriptor, CUarray hArray) {
  CPU_COUNT_CALL();
  return ask_array(__func__, hArray, pArrayDescriptor, [&](const Array& array) {
    write_extents(pArrayDescriptor, array.storage->descriptor());
    return CUDA_SUCCESS;
  });
}

CUresult cuArrayGetDescriptor(CUDA_ARRAY_DESCRIPTOR_v1* pArrayDescriptor, CUarray hArray) {
  CPU_COUNT_CALL();
  return ask_array(__func__, hArray, pArrayDescriptor, [&](const Array& array) {
    write_extents(pArrayDescriptor, array.storage->descriptor());
    return CUDA_SUCCESS;
  });
}

CUresult cuArray3DGetDescriptor_v2(CUDA_ARRAY3D_DESCRIPTOR* pArrayDescriptor, CUarray hArray) {
  CPU_COUNT_CALL();
  return ask_array(__func__, hArray, pArrayDescriptor, [&](const Array& array) {
    *pArrayDescriptor = array.storage->descriptor();
    return CUDA_SUCCESS;
  });
}

CUresult cuArray3DGetDescriptor(CUDA_ARRAY3D_DESCRIPTOR_v1* pArrayDescriptor, CUarray hArray) {
  CPU_COUNT_CALL();
  return ask_array(__func__, hArray, pArrayDescriptor, [&](const Array& array) {
    const CUDA_ARRAY3D_DESCRIPTOR& d = array.storage->descriptor();
    write_extents(pArrayDescriptor, d);
    pArrayDescriptor->Depth = static_cast<unsigned>(d.Depth);
    pArrayDescriptor->Flags = d.Flags;
    return CUDA_SUCCESS;
  });
}

// Waits for the context's work first, as freeing memory does.
CUresult cuArrayDestroy(CUarray hArray) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    const Array* array = lookup<Array>(hArray);
    if (array == nullptr) return bad_handle("array", hArray);
    if (array->level) {
      return fail(CUDA_ERROR_INVALID_VALUE, "the array is a level of a mipmapped array and ends with it");
    }
    return destroy(hArray, array->context, release<Array>);
  });
}

CUresult cuArrayGetPlane(CUarray* pPlaneArray, CUarray hArray, unsigned int) {
  CPU_COUNT_CALL();
  return ask_array(__func__, hArray, pPlaneArray,
                   [](const Array&) { return neither("in a format of several planes"); });
}

CUresult cuArrayGetSparseProperties(CUDA_ARRAY_SPARSE_PROPERTIES* sparseProperties, CUarray array) {
  CPU_COUNT_CALL();
  return ask_array(__func__, array, sparseProperties, [](const Array&) { return neither("with CUDA_ARRAY3D_SPARSE"); });
}

CUresult cuArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS* memoryRequirements, CUarray array,
                                      CUdevice device) {
  CPU_COUNT_CALL();
  return ask_array(__func__, array, memoryRequirements, [&](const Array&) {
    const CUresult status = check_device(device);
    return status != CUDA_SUCCESS ? status : neither("with CUDA_ARRAY3D_DEFERRED_MAPPING");
  });
}

CUresult cuMipmappedArrayCreate(CUmipmappedArray* pHandle, const CUDA_ARRAY3D_DESCRIPTOR* pMipmappedArrayDesc,
                                unsigned int numMipmapLevels) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    if (pHandle == nullptr || pMipmappedArrayDesc == nullptr) return null_argument("pHandle or pMipmappedArrayDesc");
    const CUDA_ARRAY3D_DESCRIPTOR& descriptor = *pMipmappedArrayDesc;
    if (const CUresult status = check_descriptor(descriptor); status != CUDA_SUCCESS) return status;
    if (numMipmapLevels == 0) return fail(CUDA_ERROR_INVALID_VALUE, "numMipmapLevels is 0");
    check_unsafe_call();
    const auto levels = static_cast<unsigned>(std::min<size_t>(numMipmapLevels, levels_of(descriptor)));
    auto object = std::make_unique<MipmappedArray>();
    object->context = context.handle();
    for (unsigned level = 0; level < levels; ++level) {
      auto array = std::make_unique<Array>();
      array->storage = ArrayStorage::create(level_of(descriptor, level));
      array->context = context.handle();
      array->level = true;
      if (array->storage == nullptr) {
        object->end();
        return fail(CUDA_ERROR_OUT_OF_MEMORY, "no memory is left for level " + std::to_string(level) +
                                                  " of an array of " + describe(descriptor) + " elements");
      }
      object->levels.push_back(static_cast<CUarray>(make_handle(std::move(array))));
    }
    *pHandle = static_cast<CUmipmappedArray>(context.adopt(std::move(object)));
    return *pHandle != nullptr ? CUDA_SUCCESS : ending_context();
  });
}

CUresult cuMipmappedArrayGetLevel(CUarray* pLevelArray, CUmipmappedArray hMipmappedArray, unsigned int level) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (pLevelArray == nullptr) return null_argument("pLevelArray");
    const MipmappedArray* array = lookup<MipmappedArray>(hMipmappedArray);
    if (array == nullptr) return bad_handle("mipmapped array", hMipmappedArray);
    if (level >= array->levels.size()) {
      return fail(CUDA_ERROR_INVALID_VALUE, "there is no level " + std::to_string(level) + "; the array has " +
                                                std::to_string(array->levels.size()) + ", counted from 0");
    }
    *pLevelArray = array->levels[level];
    return CUDA_SUCCESS;
  });
}

CUresult cuMipmappedArrayDestroy(CUmipmappedArray hMipmappedArray) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    const MipmappedArray* array = lookup<MipmappedArray>(hMipmappedArray);
    if (array == nullptr) return bad_handle("mipmapped array", hMipmappedArray);
    return destroy(hMipmappedArray, array->context, release<MipmappedArray>);
  });
}

CUresult cuMipmappedArrayGetSparseProperties(CUDA_ARRAY_SPARSE_PROPERTIES* sparseProperties, CUmipmappedArray mipmap) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (sparseProperties == nullptr) return null_argument("sparseProperties");
    if (lookup<MipmappedArray>(mipmap) == nullptr) return bad_handle("mipmapped array", mipmap);
    return neither("with CUDA_ARRAY3D_SPARSE");
  });
}

CUresult cuMipmappedArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS* memoryRequirements,
                                               CUmipmappedArray mipmap, CUdevice device) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (memoryRequirements == nullptr) return null_argument("memoryRequirements");
    if (lookup<MipmappedArray>(mipmap) == nullptr) return bad_handle("mipmapped array", mipmap);
    const CUresult status = check_device(device);
    return status != CUDA_SUCCESS ? status : neither("with CUDA_ARRAY3D_DEFERRED_MAPPING");
  });
}
