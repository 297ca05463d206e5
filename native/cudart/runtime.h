// What every function of the runtime does around its call of the driver: see that the driver is initialised and a
// context current, translate the driver's status, and remember a failure as the calling thread's last error.
#pragma once

#include <string_view>
#include <type_traits>

#include "cudart.h"

namespace cudart {

// Both libraries number what they have in common alike; the driver's other codes mean an unknown error.
cudaError_t error_of(CUresult status);

// Remembers a failure as the thread's last error, and returns it.
cudaError_t finish(cudaError_t error);
inline cudaError_t finish(CUresult status) { return finish(error_of(status)); }

// The same for a failure of the runtime itself, with a text that says what was wrong.
cudaError_t fail(cudaError_t error, std::string_view text);

// Initialises the driver, once.
CUresult use_driver();

// Initialises the driver and sees that a context is current: the one that is, else the primary context of the thread's
// device, which is then retained.
CUresult use_context();

// The device the thread chose, 0 if it never did; and whether there is one of that number.
int chosen_device();
bool is_device(int device);

// The primary context of a device, retained once in the process; null where that fails.
CUcontext primary_context(int device);

// A call that needs no context.
template <class F>
cudaError_t with_driver(F&& body) {
  const CUresult status = use_driver();
  if (status != CUDA_SUCCESS) return finish(status);
  return finish(body());
}

// A call that needs one.
template <class F>
cudaError_t in_context(F&& body) {
  const CUresult status = use_context();
  if (status != CUDA_SUCCESS) return finish(status);
  return finish(body());
}

// Makes the context of a stream current where it is another one than the thread's, and that one again at the end.
class StreamContext {
 public:
  explicit StreamContext(cudaStream_t stream);
  ~StreamContext();
  StreamContext(const StreamContext&) = delete;
  StreamContext& operator=(const StreamContext&) = delete;

 private:
  bool pushed_ = false;
};

// A call that works on a stream of any device, whichever is the thread's: waiting, copies and fills, but no launches.
template <class F>
cudaError_t in_stream(cudaStream_t stream, F&& body) {
  return in_context([&] {
    const StreamContext context(stream);
    return body();
  });
}

// The stream that a per-thread variant of a function means: its null is the calling thread's own default stream.
inline cudaStream_t per_thread(cudaStream_t stream) { return stream == nullptr ? CU_STREAM_PER_THREAD : stream; }

inline CUdeviceptr address(const void* pointer) { return reinterpret_cast<CUdeviceptr>(pointer); }

// One of the driver's structs or enums in the place of the runtime's, which lies in memory just like it.
template <class To, class From>
To same_layout(From* pointer) {
  static_assert(sizeof(std::remove_pointer_t<To>) == sizeof(From), "the two differ in size");
  return reinterpret_cast<To>(pointer);
}

}  // namespace cudart
