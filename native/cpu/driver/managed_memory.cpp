// Hints about managed memory. There is one memory and everybody reaches it, so they change nothing but what is told of
// them afterwards. Discarding is more than a hint: the content is lost.
#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "driver/device.h"
#include "driver/entry.h"
#include "engine/memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

constexpr size_t kPage = 4096;

// What was said of some pages.
struct Hints {
  bool read_mostly = false;
  CUmemLocation preferred{CU_MEM_LOCATION_TYPE_INVALID, {CU_DEVICE_INVALID}};
  CUmemLocation prefetched{CU_MEM_LOCATION_TYPE_INVALID, {CU_DEVICE_INVALID}};
  std::set<int> accessed_by;
};

// The hints of one piece of managed memory, by the first page that they hold for; kept with the memory.
class PageHints final : public BackingNotes {
 public:
  explicit PageHints(uintptr_t base) { hints_.emplace(base / kPage, Hints{}); }

  template <class F>
  void change(uintptr_t address, size_t bytes, const F& change_one) {
    std::lock_guard lock(mutex_);
    const auto begin = split(address / kPage);
    const auto end = split((address + bytes + kPage - 1) / kPage);
    for (auto at = begin; at != end; ++at) change_one(at->second);
  }

  std::vector<Hints> of(uintptr_t address, size_t bytes) {
    std::lock_guard lock(mutex_);
    std::vector<Hints> found;
    auto at = std::prev(hints_.upper_bound(address / kPage));
    for (; at != hints_.end() && at->first < (address + bytes + kPage - 1) / kPage; ++at) found.push_back(at->second);
    return found;
  }

 private:
  std::map<uintptr_t, Hints>::iterator split(uintptr_t page) {
    const auto at = std::prev(hints_.upper_bound(page));
    return at->first == page ? at : hints_.emplace(page, at->second).first;
  }
  std::mutex mutex_;
  std::map<uintptr_t, Hints> hints_;
};

PageHints& hints_of(const MemoryRange& range) {
  BackingNotes& notes = range.backing->notes([&] { return std::make_unique<PageHints>(range.base); });
  return static_cast<PageHints&>(notes);
}

CUresult find_managed(CUdeviceptr address, size_t bytes, std::optional<MemoryRange>* range) {
  if (bytes == 0) return fail(CUDA_ERROR_INVALID_VALUE, "count is 0");
  *range = find_memory(address);
  if (*range && (*range)->kind == MemoryKind::Managed && (*range)->contains(address, bytes)) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(bytes) + " bytes from " + hexadecimal(address) +
                                            " are not inside one piece of managed memory");
}

CUresult check_place(const CUmemLocation& location) {
  switch (static_cast<int>(location.type)) {
    case CU_MEM_LOCATION_TYPE_DEVICE:
      return check_device(location.id);
    case CU_MEM_LOCATION_TYPE_HOST:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT:
      return CUDA_SUCCESS;
    default:
      return fail(CUDA_ERROR_INVALID_VALUE, "the location is neither a device nor the host");
  }
}

// Devices by number; CU_DEVICE_CPU is the host.
CUmemLocation place_of(CUdevice device) {
  if (device == CU_DEVICE_CPU) return {CU_MEM_LOCATION_TYPE_HOST, {0}};
  return {CU_MEM_LOCATION_TYPE_DEVICE, {device}};
}

int number_of(const CUmemLocation& location) {
  switch (static_cast<int>(location.type)) {
    case CU_MEM_LOCATION_TYPE_DEVICE:
      return location.id;
    case CU_MEM_LOCATION_TYPE_INVALID:
      return CU_DEVICE_INVALID;
    default:
      return CU_DEVICE_CPU;
  }
}

CUresult prefetch(const char* function, CUdeviceptr address, size_t bytes, const CUmemLocation& place,
                  CUstream stream) {
  return in_stream(function, stream, [&](Context&, Stream&) {
    std::optional<MemoryRange> range;
    CUresult status = find_managed(address, bytes, &range);
    if (status == CUDA_SUCCESS) status = check_place(place);
    if (status == CUDA_SUCCESS) hints_of(*range).change(address, bytes, [&](Hints& h) { h.prefetched = place; });
    return status;
  });
}

void take_advice(Hints& hints, CUmem_advise advice, const CUmemLocation& place) {
  switch (advice) {
    case CU_MEM_ADVISE_SET_READ_MOSTLY:
    case CU_MEM_ADVISE_UNSET_READ_MOSTLY:
      hints.read_mostly = advice == CU_MEM_ADVISE_SET_READ_MOSTLY;
      break;
    case CU_MEM_ADVISE_SET_PREFERRED_LOCATION:
      hints.preferred = place;
      break;
    case CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION:
      hints.preferred = Hints{}.preferred;
      break;
    case CU_MEM_ADVISE_SET_ACCESSED_BY:
      hints.accessed_by.insert(number_of(place));
      break;
    default:
      hints.accessed_by.erase(number_of(place));
  }
}

CUresult advise(const char* function, CUdeviceptr address, size_t bytes, CUmem_advise advice,
                const CUmemLocation& place) {
  return in_healthy_context(function, [&](Context&) {
    if (advice < CU_MEM_ADVISE_SET_READ_MOSTLY || advice > CU_MEM_ADVISE_UNSET_ACCESSED_BY) {
      return fail(CUDA_ERROR_INVALID_VALUE, "there is no advice " + std::to_string(static_cast<int>(advice)));
    }
    std::optional<MemoryRange> range;
    CUresult status = find_managed(address, bytes, &range);
    const bool placed = advice == CU_MEM_ADVISE_SET_PREFERRED_LOCATION || advice == CU_MEM_ADVISE_SET_ACCESSED_BY ||
                        advice == CU_MEM_ADVISE_UNSET_ACCESSED_BY;
    if (status == CUDA_SUCCESS && placed) status = check_place(place);
    if (status != CUDA_SUCCESS) return status;
    hints_of(*range).change(address, bytes, [&](Hints& hints) { take_advice(hints, advice, place); });
    return CUDA_SUCCESS;
  });
}

// The location that all pages agree in.
CUmemLocation common(const std::vector<Hints>& pages, CUmemLocation Hints::*member) {
  const CUmemLocation first = pages.front().*member;
  for (const Hints& page : pages) {
    const CUmemLocation& other = page.*member;
    if (other.type != first.type || other.id != first.id) return Hints{}.preferred;
  }
  return first;
}

void write_devices(const std::vector<Hints>& pages, int* answer, size_t count) {
  std::set<int> all = pages.front().accessed_by;
  for (const Hints& page : pages) std::erase_if(all, [&](int device) { return !page.accessed_by.contains(device); });
  auto next = all.begin();
  for (size_t i = 0; i < count; ++i) answer[i] = next != all.end() ? *next++ : CU_DEVICE_INVALID;
}

CUresult read_range_attribute(void* data, size_t size, CUmem_range_attribute attribute,
                              const std::vector<Hints>& pages) {
  if (data == nullptr) return null_argument("data");
  const bool list = attribute == CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY;
  if (list ? size == 0 || size % sizeof(int) != 0 : size != sizeof(int)) {
    return fail(CUDA_ERROR_INVALID_VALUE, "dataSize is " + std::to_string(size) +
                                              "; the attribute has 4 bytes, CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY 4 for "
                                              "each device");
  }
  auto* answer = static_cast<int*>(data);
  switch (static_cast<int>(attribute)) {
    case CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY:
      *answer = std::all_of(pages.begin(), pages.end(), [](const Hints& page) { return page.read_mostly; });
      return CUDA_SUCCESS;
    case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION:
      *answer = number_of(common(pages, &Hints::preferred));
      return CUDA_SUCCESS;
    case CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY:
      write_devices(pages, answer, size / sizeof(int));
      return CUDA_SUCCESS;
    case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION:
      *answer = number_of(common(pages, &Hints::prefetched));
      return CUDA_SUCCESS;
    case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE:
      *answer = common(pages, &Hints::preferred).type;
      return CUDA_SUCCESS;
    case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_ID:
      *answer = common(pages, &Hints::preferred).id;
      return CUDA_SUCCESS;
    case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_TYPE:
      *answer = common(pages, &Hints::prefetched).type;
      return CUDA_SUCCESS;
    case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_ID:
      *answer = common(pages, &Hints::prefetched).id;
      return CUDA_SUCCESS;
    default:
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "there is no attribute " + std::to_string(static_cast<int>(attribute)) + " of managed memory");
  }
}

// Many ranges in one call: some are discarded, some prefetched, some both.
CUresult operate_on_ranges(const char* function, CUdeviceptr* addresses, size_t* sizes, size_t count, bool discard,
                           CUmemLocation* places, size_t* indices, size_t place_count, unsigned long long flags,
                           CUstream handle) {
  return in_stream(function, handle, [&](Context&, Stream& stream) {
    if (addresses == nullptr || sizes == nullptr) return null_argument("dptrs or sizes");
    if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
    if (count == 0) return fail(CUDA_ERROR_INVALID_VALUE, "there are no ranges");
    if (places != nullptr) {
      if (indices == nullptr) return null_argument("prefetchLocIdxs");
      if (place_count == 0 || place_count > count) {
        return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(count) + " ranges with " + std::to_string(place_count) +
                                                  " locations: there is at least one, and no more than ranges");
      }
      for (size_t i = 0; i < place_count; ++i) {
        if (i == 0 ? indices[i] != 0 : indices[i] <= indices[i - 1] || indices[i] >= count) {
          return fail(CUDA_ERROR_INVALID_VALUE, "prefetchLocIdxs has to begin with 0 and to rise");
        }
        if (const CUresult status = check_place(places[i]); status != CUDA_SUCCESS) return status;
      }
    }
    std::vector<MemoryRange> ranges;
    for (size_t i = 0; i < count; ++i) {
      std::optional<MemoryRange> range;
      if (const CUresult status = find_managed(addresses[i], sizes[i], &range); status != CUDA_SUCCESS) return status;
      ranges.push_back(std::move(*range));
    }
    stream.refuse_in_capture("ranges of managed memory cannot be discarded or prefetched in a capture");
    size_t place = 0;
    for (size_t i = 0; i < count; ++i) {
      if (discard) {
        // As memory that nobody has written to.
        const uintptr_t address = addresses[i];
        stream.enqueue([address, bytes = sizes[i], kept = ranges[i].backing] {
          std::memset(reinterpret_cast<void*>(address), kUnwritten, bytes);
        });
      }
      if (places == nullptr) continue;
      if (place + 1 < place_count && indices[place + 1] == i) ++place;
      hints_of(ranges[i]).change(addresses[i], sizes[i], [&](Hints& hints) { hints.prefetched = places[place]; });
    }
    return CUDA_SUCCESS;
  });
}

CUresult prefetch_ranges(const char* function, CUdeviceptr* addresses, size_t* sizes, size_t count, bool discard,
                         CUmemLocation* places, size_t* indices, size_t place_count, unsigned long long flags,
                         CUstream handle) {
  if (places == nullptr) {
    set_function(function);
    return null_argument("prefetchLocs");
  }
  return operate_on_ranges(function, addresses, sizes, count, discard, places, indices, place_count, flags, handle);
}

}  // namespace

CUresult cuMemPrefetchAsync(CUdeviceptr devPtr, size_t count, CUdevice dstDevice, CUstream hStream) {
  CPU_COUNT_CALL();
  return prefetch(__func__, devPtr, count, place_of(dstDevice), hStream);
}

CUresult cuMemPrefetchAsync_v2(CUdeviceptr devPtr, size_t count, CUmemLocation location, unsigned int flags,
                               CUstream hStream) {
  CPU_COUNT_CALL();
  if (flags != 0) {
    set_function(__func__);
    return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
  }
  return prefetch(__func__, devPtr, count, location, hStream);
}

CUresult cuMemAdvise(CUdeviceptr devPtr, size_t count, CUmem_advise advice, CUdevice device) {
  CPU_COUNT_CALL();
  return advise(__func__, devPtr, count, advice, place_of(device));
}

CUresult cuMemAdvise_v2(CUdeviceptr devPtr, size_t count, CUmem_advise advice, CUmemLocation location) {
  CPU_COUNT_CALL();
  return advise(__func__, devPtr, count, advice, location);
}

CUresult cuMemRangeGetAttribute(void* data, size_t dataSize, CUmem_range_attribute attribute, CUdeviceptr devPtr,
                                size_t count) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    std::optional<MemoryRange> range;
    const CUresult status = find_managed(devPtr, count, &range);
    if (status != CUDA_SUCCESS) return status;
    return read_range_attribute(data, dataSize, attribute, hints_of(*range).of(devPtr, count));
  });
}

CUresult cuMemRangeGetAttributes(void** data, size_t* dataSizes, CUmem_range_attribute* attributes,
                                 size_t numAttributes, CUdeviceptr devPtr, size_t count) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context&) {
    if (data == nullptr || dataSizes == nullptr || attributes == nullptr) return null_argument("one of the arrays");
    if (numAttributes == 0) return fail(CUDA_ERROR_INVALID_VALUE, "numAttributes is 0");
    std::optional<MemoryRange> range;
    CUresult status = find_managed(devPtr, count, &range);
    if (status != CUDA_SUCCESS) return status;
    const std::vector<Hints> pages = hints_of(*range).of(devPtr, count);
    for (size_t i = 0; status == CUDA_SUCCESS && i < numAttributes; ++i) {
      status = read_range_attribute(data[i], dataSizes[i], attributes[i], pages);
    }
    return status;
  });
}

CUresult cuMemPrefetchBatchAsync(CUdeviceptr* dptrs, size_t* sizes, size_t count, CUmemLocation* prefetchLocs,
                                 size_t* prefetchLocIdxs, size_t numPrefetchLocs, unsigned long long flags,
                                 CUstream hStream) {
  CPU_COUNT_CALL();
  return prefetch_ranges(__func__, dptrs, sizes, count, false, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags,
                         hStream);
}

CUresult cuMemPrefetchBatchAsync_ptsz(CUdeviceptr* dptrs, size_t* sizes, size_t count, CUmemLocation* prefetchLocs,
                                      size_t* prefetchLocIdxs, size_t numPrefetchLocs, unsigned long long flags,
                                      CUstream hStream) {
  return cuMemPrefetchBatchAsync(dptrs, sizes, count, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags,
                                 per_thread(hStream));
}

CUresult cuMemDiscardBatchAsync(CUdeviceptr* dptrs, size_t* sizes, size_t count, unsigned long long flags,
                                CUstream hStream) {
  CPU_COUNT_CALL();
  return operate_on_ranges(__func__, dptrs, sizes, count, true, nullptr, nullptr, 0, flags, hStream);
}

CUresult cuMemDiscardBatchAsync_ptsz(CUdeviceptr* dptrs, size_t* sizes, size_t count, unsigned long long flags,
                                     CUstream hStream) {
  return cuMemDiscardBatchAsync(dptrs, sizes, count, flags, per_thread(hStream));
}

CUresult cuMemDiscardAndPrefetchBatchAsync(CUdeviceptr* dptrs, size_t* sizes, size_t count, CUmemLocation* prefetchLocs,
                                           size_t* prefetchLocIdxs, size_t numPrefetchLocs, unsigned long long flags,
                                           CUstream hStream) {
  CPU_COUNT_CALL();
  return prefetch_ranges(__func__, dptrs, sizes, count, true, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags,
                         hStream);
}

CUresult cuMemDiscardAndPrefetchBatchAsync_ptsz(CUdeviceptr* dptrs, size_t* sizes, size_t count,
                                                CUmemLocation* prefetchLocs, size_t* prefetchLocIdxs,
                                                size_t numPrefetchLocs, unsigned long long flags, CUstream hStream) {
  return cuMemDiscardAndPrefetchBatchAsync(dptrs, sizes, count, prefetchLocs, prefetchLocIdxs, numPrefetchLocs, flags,
                                           per_thread(hStream));
}
