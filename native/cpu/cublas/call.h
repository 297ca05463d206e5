// What every cuBLAS function does around its own work: the handle and the stream, the checks of the arguments, scalars
// and results in host or device memory.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "cublas/handle.h"
#include "engine/call_counters.h"
#include "engine/device_access.h"
#include "engine/stream.h"
#include "generated/cublas.h"

namespace cpu::cublas {

// Leaves "<function>: <text>" as cuBLAS's last-error text, with the function of the running call, and returns the
// status.
cublasStatus_t fail(cublasStatus_t status, std::string_view text);

// Names the running function for the texts, and tells the logger.
void begin_call(const char* function);
const char* current_function();

// The status of an exception that is being handled; `leave` is told its text. cuBLASLt has one of its own for that.
cublasStatus_t status_of_exception(cublasStatus_t (*leave)(cublasStatus_t, std::string_view) = fail);

// The object behind a handle; null with a text where there is none.
CublasHandle* find_handle(cublasHandle_t handle);

// The stream the handle's calls run on; a status other than SUCCESS where it is gone or its context has failed.
cublasStatus_t find_stream(const CublasHandle& handle, std::shared_ptr<Stream>* stream);

// A call that works on the handle only.
template <class F>
cublasStatus_t with_handle(const char* function, cublasHandle_t handle, F&& body) {
  const CallScope scope;
  begin_call(function);
  CublasHandle* object = find_handle(handle);
  if (object == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  try {
    return body(*object);
  } catch (...) {
    return status_of_exception();
  }
}

// A call that runs on the handle's stream.
template <class F>
cublasStatus_t with_stream(const char* function, cublasHandle_t handle, F&& body) {
  return with_handle(function, handle, [&](CublasHandle& object) {
    std::shared_ptr<Stream> stream;
    const cublasStatus_t status = find_stream(object, &stream);
    return status != CUBLAS_STATUS_SUCCESS ? status : body(object, *stream);
  });
}

// A scalar argument: read at once where it lies in host memory, when the operation runs where it lies on the device.
template <class T>
class Scalar {
 public:
  Scalar() = default;
  Scalar(const CublasHandle& handle, const T* pointer)
      : pointer_(handle.pointer_mode == CUBLAS_POINTER_MODE_DEVICE ? pointer : nullptr),
        value_(pointer_ == nullptr && pointer != nullptr ? *pointer : T{}) {}

  T get() const { return pointer_ != nullptr ? *pointer_ : value_; }
  Extent extent(const char* name) const {
    return {name, pointer_, pointer_ != nullptr ? static_cast<int64_t>(sizeof(T)) : 0};
  }

 private:
  const T* pointer_ = nullptr;
  T value_{};
};

// What the arguments of an operation cover in memory. An argument whose matrix or vector is empty covers nothing.
template <class T>
Extent matrix_extent(const char* name, const T* matrix, int64_t rows, int64_t columns, int64_t leading) {
  if (rows <= 0 || columns <= 0) return {name, matrix, 0};
  return {name, matrix, saturated_bytes(static_cast<__int128>(columns - 1) * leading + rows, sizeof(T))};
}
// `count` of them, a stride apart, which may be negative.
template <class T>
Extent matrix_extent(const char* name, const T* matrix, int64_t rows, int64_t columns, int64_t leading, int64_t stride,
                     int64_t count) {
  if (rows <= 0 || columns <= 0 || count <= 0) return {name, matrix, 0};
  const __int128 way = static_cast<__int128>(stride) * (count - 1);
  const int64_t bytes =
      saturated_bytes((way < 0 ? -way : way) + static_cast<__int128>(columns - 1) * leading + rows, sizeof(T));
  const auto address = reinterpret_cast<uintptr_t>(matrix);
  const uintptr_t first = way < 0 ? address - static_cast<uintptr_t>(saturated_bytes(-way, sizeof(T))) : address;
  return {name, reinterpret_cast<const void*>(first), bytes};
}
template <class T>
Extent vector_extent(const char* name, const T* vector, int64_t n, int64_t increment) {
  if (n <= 0) return {name, vector, 0};
  return {name, vector, saturated_bytes(static_cast<__int128>(n - 1) * std::abs(increment) + 1, sizeof(T))};
}
// A triangle without gaps.
template <class T>
Extent packed_extent(const char* name, const T* matrix, int64_t n) {
  return {name, matrix, saturated_bytes(static_cast<__int128>(n) * (n + 1) / 2, sizeof(T))};
}

// Appends an operation that runs where all it touches is the device's.
template <size_t count, class F>
cublasStatus_t submit(Stream& stream, const Extent (&extents)[count], F&& operation) {
  stream.enqueue([function = current_function(), touched = std::to_array(extents), run = std::forward<F>(operation)] {
    if (accessible(function, touched)) run();
  });
  return CUBLAS_STATUS_SUCCESS;
}

// Waits, where results go to host memory, for the operation at `place` of the stream.
cublasStatus_t finish_results(const CublasHandle& handle, Stream& stream, uint64_t place);

// Runs `compute`, which returns a T, on the stream and stores the result; a result in host memory is there on return.
template <class T, size_t count, class F>
cublasStatus_t compute_result(const CublasHandle& handle, Stream& stream, T* result, const Extent (&extents)[count],
                              F&& compute) {
  if (result == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "result is null");
  const bool on_device = handle.pointer_mode == CUBLAS_POINTER_MODE_DEVICE;
  const uint64_t place = stream.enqueue(
      [function = current_function(), touched = std::to_array(extents),
       target = Extent{"result", result, on_device ? static_cast<int64_t>(sizeof(T)) : 0}, result, compute] {
        if (accessible(function, {&target, 1}) && accessible(function, touched)) *result = static_cast<T>(compute());
      });
  return finish_results(handle, stream, place);
}

// Collects what is wrong with a call's arguments; the first complaint counts.
class Checks {
 public:
  // A size, which may be 0. OpenBLAS counts in 32 bits, so larger ones are not supported.
  Checks& size(const char* name, int64_t value);
  // A leading dimension of a matrix with so many rows.
  Checks& leading(const char* name, int64_t value, int64_t rows);
  // The distance of a vector's elements; `zero` says whether that may be 0.
  Checks& increment(const char* name, int64_t value, bool zero);
  // A pointer that has to be there if `needed`.
  Checks& pointer(const char* name, const void* value, bool needed = true);
  Checks& operation(const char* name, cublasOperation_t value);
  Checks& one_of(const char* name, int value, int first, int last);

  cublasStatus_t status() const { return status_; }

 private:
  void complain(cublasStatus_t status, std::string_view text);
  cublasStatus_t status_ = CUBLAS_STATUS_SUCCESS;
};

}  // namespace cpu::cublas
