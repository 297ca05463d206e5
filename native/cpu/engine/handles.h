// Handles that can be checked. A handle is the address of a slot in a region of memory that is reserved once and never
// given back, so looking at any handle value is safe: null, stale, foreign and garbage values are told apart from live
// ones by range, alignment and the slot's type tag. Lookups take no lock; creating and releasing do. What a lookup
// found stays there until the CallScope around it ends, whoever destroys it meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/call_scope.h"

namespace cpu {

enum class HandleTag : uint32_t {
  none,
  Context,
  Stream,
  Event,
  Module,
  Function,
  Library,
  Kernel,
  Graph,
  GraphNode,
  GraphExec,
  UserObject,
  MemoryPool,
  PhysicalMemory,
  Array,
  MipmappedArray,
  LinkState,
  LogCallback,
  CublasHandle,
  CublasLtHandle,
  CudnnHandle,
  CudnnTensorDescriptor,
  CudnnFilterDescriptor,
  CudnnConvolutionDescriptor,
  CudnnPoolingDescriptor,
  CudnnActivationDescriptor,
  CudnnLrnDescriptor,
  CudnnDropoutDescriptor,
  CudnnOpTensorDescriptor,
  CudnnReduceTensorDescriptor,
  CudnnTensorTransformDescriptor,
  CudnnSpatialTransformerDescriptor,
  CudnnCtcLossDescriptor,
  CudnnRnnDescriptor,
  CudnnRnnDataDescriptor,
  CudnnSeqDataDescriptor,
  CudnnAttentionDescriptor,
  CudnnFusedConstPack,
  CudnnFusedVariantPack,
  CudnnFusedPlan,
  CudnnBackendDescriptor,
  NcclCommunicator,
};

// One handle's place. Released slots are reused last, so that a stale handle stays recognisable for long.
struct alignas(16) HandleSlot {
  std::atomic<HandleTag> tag;
  std::atomic<void*> object;
};

// The region, its bookkeeping and the free slots.
class HandleTable {
 public:
  static HandleTable& instance();

  HandleSlot* acquire(HandleTag tag, void* object);

  // Frees the slot and returns its object, or null where the slot was not live with that tag.
  void* release(HandleSlot* slot, HandleTag tag);

  // The slot at `handle`, or null where that is no slot's address.
  HandleSlot* slot_at(const void* handle) const {
    const uintptr_t offset = reinterpret_cast<uintptr_t>(handle) - reinterpret_cast<uintptr_t>(slots_);
    if (offset >= kSlots * sizeof(HandleSlot) || offset % sizeof(HandleSlot) != 0) return nullptr;
    return slots_ + offset / sizeof(HandleSlot);
  }

  static constexpr size_t kSlots = size_t{1} << 26;

 private:
  HandleTable();
  struct Bookkeeping;
  HandleSlot* slots_;
  Bookkeeping* bookkeeping_;
};

// Hands the object to the table and returns its handle; the caller casts it to the API's handle type.
template <class T>
void* make_handle(std::unique_ptr<T> object) {
  return HandleTable::instance().acquire(T::tag, object.release());
}

// The live object behind the handle, or null where the handle is null, stale, of another type or no handle at all.
template <class T>
T* lookup(const void* handle) {
  const HandleSlot* slot = HandleTable::instance().slot_at(handle);
  if (slot == nullptr || slot->tag.load() != T::tag) return nullptr;
  void* object = slot->object.load(std::memory_order_acquire);
  // The slot may have got another object between the two.
  return slot->tag.load() == T::tag ? static_cast<T*>(object) : nullptr;
}

// Destroys the object behind the handle; false where there is none of that type. Nobody finds it from here on. What has
// to happen at once is the object's end(), where it has one; its destructor runs when no call uses it any more.
template <class T>
bool release(const void* handle) {
  HandleTable& table = HandleTable::instance();
  HandleSlot* slot = table.slot_at(handle);
  if (slot == nullptr) return false;
  T* object = static_cast<T*>(table.release(slot, T::tag));
  if (object == nullptr) return false;
  if constexpr (requires { object->end(); }) object->end();
  if constexpr (requires { T::used_under_one_mutex; }) {
    delete object;
  } else {
    retire(object, [](void* retired) { delete static_cast<T*>(retired); });
  }
  return true;
}

}  // namespace cpu
