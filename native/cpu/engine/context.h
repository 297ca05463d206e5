// Contexts: what a device's streams, memory and other objects belong to, and which context a thread works on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "engine/handles.h"
#include "engine/stream.h"
#include "generated/driver.h"

namespace cpu {

// CUcontext.
class Context {
 public:
  static constexpr HandleTag tag = HandleTag::Context;

  // A new context; null where no memory or thread is to be had. `primary`: the one the device shares.
  static CUcontext create(int device, unsigned flags, bool primary);

  // Waits for the context's work, then ends everything that belongs to it and the context itself. False where the
  // handle is none.
  static bool destroy(CUcontext handle);

  int device() const { return device_; }
  bool primary() const { return primary_; }
  uint64_t id() const { return id_; }
  CUcontext handle() const { return handle_; }
  const std::shared_ptr<StreamGroup>& streams() const { return streams_; }
  const std::shared_ptr<Stream>& legacy_stream() const { return legacy_stream_; }

  // A stream nobody else has, behind everything that was enqueued before the call on the context's other streams.
  std::shared_ptr<Stream> stream_behind_all();

  // The calling thread's own default stream in this context, made at its first use.
  std::shared_ptr<Stream> per_thread_stream();

  // Objects that end with the context: what to call for a handle which is still there then. False where the context
  // is ending and adopts nothing more.
  bool adopt(void* handle, void (*end)(void*));
  void disown(void* handle);

  // Gives the object a handle, and it to the context. Null where the context is ending.
  template <class T>
  void* adopt(std::unique_ptr<T> object) {
    void* handle = make_handle(std::move(object));
    if (adopt(handle, [](void* child) { release<T>(child); })) return handle;
    release<T>(handle);
    return nullptr;
  }

  // The context is being destroyed by some thread.
  bool ending() const { return ending_.load(); }

  // The contexts whose memory this one may use; false where nothing changes.
  bool enable_peer(uint64_t context_id);
  bool disable_peer(uint64_t context_id);

  std::atomic<unsigned> flags;
  // How often the context is used (cuCtxAttach).
  std::atomic<int> usage{1};
  std::atomic<CUfunc_cache> cache_configuration{CU_FUNC_CACHE_PREFER_NONE};
  std::atomic<CUsharedconfig> shared_memory_configuration{CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE};
  std::atomic<size_t> limits[CU_LIMIT_MAX];

  ~Context();

 private:
  Context(int device, unsigned flags, bool primary);

  const int device_;
  const bool primary_;
  const uint64_t id_;
  CUcontext handle_ = nullptr;
  std::shared_ptr<StreamGroup> streams_;
  std::shared_ptr<Stream> legacy_stream_;
  std::mutex own_stream_mutex_;
  std::shared_ptr<Stream> own_stream_;
  std::mutex children_mutex_;
  std::map<void*, void (*)(void*)> children_;
  std::set<uint64_t> peers_;
  std::atomic<bool> ending_{false};
};

// cuInit: nothing of the driver works before it. Libraries above the driver do it by themselves.
bool driver_initialized();
void initialize_driver();

// The context on top of the calling thread's stack; null where there is none or it was destroyed.
Context* current_context();
// Its handle, which may be stale.
CUcontext current_context_handle();
void set_current_context(CUcontext handle);
void push_current_context(CUcontext handle);
// False where the stack is empty.
bool pop_current_context(CUcontext* handle);

// As libraries above the driver do it: the current context, else the primary context of device 0, which becomes
// current. Null where that cannot be made.
Context* current_or_primary_context();

// Retains a device's primary context, creating it where it is not active; null where that fails.
CUcontext retain_primary_context(int device);
// False where it is not active.
bool release_primary_context(int device);
void reset_primary_context(int device);
// False where it is active with other flags and cannot change them.
bool set_primary_context_flags(int device, unsigned flags);
void primary_context_state(int device, unsigned* flags, bool* active);

}  // namespace cpu
