// What every cuBLAS function does around its own work: the handle and the stream, the checks of the arguments, scalars
// and results in host or device memory.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "cublas/handle.h"
#include "engine/call_counters.h"
#include "engine/stream.h"
#include "generated/cublas.h"

namespace cpu::cublas {

// Leaves "<function>: <text>" as cuBLAS's last-error text, with the function of the running call, and returns the
// status.
cublasStatus_t fail(cublasStatus_t status, std::string_view text);

// Names the running function for the texts.
void begin_call(const char* function);

// The status of an exception that is being handled.
cublasStatus_t status_of_exception();

// The object behind a handle; null with a text where there is none.
CublasHandle* find_handle(cublasHandle_t handle);

// The stream the handle's calls run on; a status other than SUCCESS where it is gone or its context has failed.
cublasStatus_t find_stream(const CublasHandle& handle, std::shared_ptr<Stream>* stream);

// A call that works on the handle only.
template <class F>
cublasStatus_t with_handle(const char* function, cublasHandle_t handle, F&& body) {
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

 private:
  const T* pointer_ = nullptr;
  T value_{};
};

// Runs `compute`, which returns a T, on the stream and stores the result; a result in host memory is there on return.
template <class T, class F>
cublasStatus_t compute_result(const CublasHandle& handle, Stream& stream, T* result, F&& compute) {
  if (result == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "result is null");
  const uint64_t place = stream.enqueue([result, compute] { *result = compute(); });
  if (handle.pointer_mode == CUBLAS_POINTER_MODE_DEVICE) return CUBLAS_STATUS_SUCCESS;
  stream.wait_for(place);
  if (stream.group().error() == CUDA_SUCCESS) return CUBLAS_STATUS_SUCCESS;
  return fail(CUBLAS_STATUS_EXECUTION_FAILED, stream.group().error_text());
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
