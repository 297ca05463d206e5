#include "engine/context.h"

#include <system_error>
#include <utility>
#include <vector>

#include "engine/fault_guard.h"
#include "engine/last_error.h"
#include "engine/memory.h"

namespace cpu {

namespace {

std::atomic<uint64_t> next_context_id{1};
std::atomic<bool> initialized{false};

std::vector<CUcontext>& context_stack() {
  thread_local std::vector<CUcontext> stack;
  return stack;
}

// The streams that CU_STREAM_PER_THREAD means on this thread, one a context; closed when the thread ends.
struct ThreadStreams {
  std::vector<std::pair<uint64_t, std::shared_ptr<Stream>>> streams;
  ~ThreadStreams() {
    for (const auto& [context, stream] : streams) stream->close();
  }
};

ThreadStreams& thread_streams() {
  thread_local ThreadStreams streams;
  return streams;
}

struct PrimaryContext {
  std::mutex mutex;
  CUcontext handle = nullptr;
  int references = 0;
  unsigned flags = 0;
  // It stays where a library has retained it for a thread without a context, and a leak checker does not look into the
  // table of handles.
  const Context* kept = nullptr;
};

PrimaryContext& primary_context(int device) {
  static PrimaryContext* const contexts = new PrimaryContext[16];
  return contexts[device];
}

}  // namespace

Context::Context(int device, unsigned flags, bool primary)
    : flags(flags),
      device_(device),
      primary_(primary),
      id_(next_context_id.fetch_add(1)),
      streams_(std::make_shared<StreamGroup>()),
      legacy_stream_(Stream::create(streams_, Stream::Kind::Legacy, 0)) {
  for (std::atomic<size_t>& limit : limits) limit = 0;
  limits[CU_LIMIT_STACK_SIZE] = 1024;
  limits[CU_LIMIT_PRINTF_FIFO_SIZE] = size_t{1} << 20;
  limits[CU_LIMIT_MALLOC_HEAP_SIZE] = size_t{8} << 20;
  limits[CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH] = 2;
  limits[CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT] = 2048;
  limits[CU_LIMIT_MAX_L2_FETCH_GRANULARITY] = 64;
}

Context::~Context() { legacy_stream_->close(); }

CUcontext Context::create(int device, unsigned flags, bool primary) {
  catch_faults();
  try {
    std::unique_ptr<Context> context(new Context(device, flags, primary));
    Context* raw = context.get();
    raw->handle_ = static_cast<CUcontext>(make_handle(std::move(context)));
    return raw->handle_;
  } catch (const std::bad_alloc&) {
    return nullptr;
  } catch (const std::system_error&) {
    return nullptr;
  }
}

bool Context::destroy(CUcontext handle) {
  Context* context = lookup<Context>(handle);
  if (context == nullptr) return false;
  // Other threads may be inside calls with this context: from here on nothing new begins in it.
  std::map<void*, void (*)(void*)> children;
  {
    std::lock_guard lock(context->children_mutex_);
    context->ending_ = true;
    children.swap(context->children_);
  }
  context->streams_->close();
  context->streams_->synchronize();
  for (const auto& [child, end] : children) end(child);
  free_memory_of(handle);
  return release<Context>(handle);
}

std::shared_ptr<Stream> Context::stream_behind_all() {
  std::lock_guard lock(own_stream_mutex_);
  if (own_stream_ == nullptr) own_stream_ = Stream::create(streams_, Stream::Kind::NonBlocking, 0);
  streams_->wait_for_all_in(*own_stream_);
  return own_stream_;
}

std::shared_ptr<Stream> Context::per_thread_stream() {
  auto& streams = thread_streams().streams;
  for (const auto& [context, stream] : streams) {
    if (context == id_) return stream;
  }
  auto stream = Stream::create(streams_, Stream::Kind::Blocking, 0);
  std::erase_if(streams, [](const auto& known) { return known.second->closed(); });
  streams.emplace_back(id_, stream);
  return stream;
}

bool Context::adopt(void* handle, void (*end)(void*)) {
  std::lock_guard lock(children_mutex_);
  if (ending_) return false;
  children_.emplace(handle, end);
  return true;
}

void Context::disown(void* handle) {
  std::lock_guard lock(children_mutex_);
  children_.erase(handle);
}

bool Context::enable_peer(uint64_t context_id) {
  std::lock_guard lock(children_mutex_);
  return peers_.insert(context_id).second;
}

bool Context::disable_peer(uint64_t context_id) {
  std::lock_guard lock(children_mutex_);
  return peers_.erase(context_id) != 0;
}

bool driver_initialized() { return initialized.load(std::memory_order_acquire); }

void initialize_driver() { initialized.store(true, std::memory_order_release); }

Context* current_context() { return lookup<Context>(current_context_handle()); }

CUcontext current_context_handle() {
  const auto& stack = context_stack();
  return stack.empty() ? nullptr : stack.back();
}

void set_current_context(CUcontext handle) {
  auto& stack = context_stack();
  if (!stack.empty()) stack.pop_back();
  if (handle != nullptr) stack.push_back(handle);
}

void push_current_context(CUcontext handle) { context_stack().push_back(handle); }

bool pop_current_context(CUcontext* handle) {
  auto& stack = context_stack();
  if (stack.empty()) return false;
  if (handle != nullptr) *handle = stack.back();
  stack.pop_back();
  return true;
}

Context* current_or_primary_context() {
  if (Context* current = current_context()) return current;
  initialize_driver();
  const CUcontext handle = retain_primary_context(0);
  if (handle == nullptr) return nullptr;
  set_current_context(handle);
  return lookup<Context>(handle);
}

CUcontext retain_primary_context(int device) {
  PrimaryContext& primary = primary_context(device);
  std::lock_guard lock(primary.mutex);
  if (primary.handle == nullptr) {
    primary.handle = Context::create(device, primary.flags, true);
    primary.kept = lookup<Context>(primary.handle);
  }
  if (primary.handle != nullptr) ++primary.references;
  return primary.handle;
}

bool release_primary_context(int device) {
  PrimaryContext& primary = primary_context(device);
  std::lock_guard lock(primary.mutex);
  if (primary.references == 0) return false;
  if (--primary.references == 0) Context::destroy(std::exchange(primary.handle, nullptr));
  return true;
}

void reset_primary_context(int device) {
  PrimaryContext& primary = primary_context(device);
  std::lock_guard lock(primary.mutex);
  if (primary.handle == nullptr) return;
  Context::destroy(std::exchange(primary.handle, nullptr));
  primary.references = 0;
}

bool set_primary_context_flags(int device, unsigned flags) {
  PrimaryContext& primary = primary_context(device);
  std::lock_guard lock(primary.mutex);
  primary.flags = flags;
  if (Context* context = lookup<Context>(primary.handle)) context->flags = flags;
  return true;
}

void primary_context_state(int device, unsigned* flags, bool* active) {
  PrimaryContext& primary = primary_context(device);
  std::lock_guard lock(primary.mutex);
  *flags = primary.flags;
  *active = primary.handle != nullptr;
}

CUresult asynchronous_error() {
  const Context* context = current_context();
  if (context == nullptr) return CUDA_SUCCESS;
  const CUresult error = context->streams()->error();
  if (error != CUDA_SUCCESS) set_last_error(Library::driver, context->streams()->error_text());
  return error;
}

}  // namespace cpu
