#pragma once
#include <initializer_list>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cudnn/activation_descriptor.h"
#include "cudnn/filter_descriptor.h"
#include "cudnn/handle.h"
#include "cudnn/status.h"
#include "cudnn/tensor_descriptor.h"
#include "engine/compute_tensor.h"
#include "engine/compute_vector.h"
#include "engine/device_access.h"
#include "engine/last_error.h"
#include "engine/stream.h"

namespace cpu {

/// A tensor or filter as it is stored: in the layout NCHW_VECT_C the channels lie in vectors of `width`, and `vectors`
/// has them as two dimensions, C / width and width; else the width is 1 and `vectors` unset.
struct StoredTensor {
  /// The dimensions N, C, ...; with vectors they lie channels last, without gaps, which is how unpacked() leaves them.
  compute::Tensor plain;
  compute::Tensor vectors;
  int width = 1;

  /// The memory's own view: `vectors` where there are any.
  const compute::Tensor& memory() const { return width == 1 ? plain : vectors; }
  /// The memory's view with the channels in vectors of `wanted`, for operations over several tensors.
  compute::Tensor split(int wanted) const { return width == 1 ? compute::split_channels(plain, wanted) : vectors; }
};

/// The checks of one calculating entry point: looks arguments up and remembers the first that is wrong. What the
/// lookups return may only be used once failed() has been asked.
class Arguments {
 public:
  explicit Arguments(std::string_view function) : function_(function) {}

  bool failed() const { return status_ != CUDNN_STATUS_SUCCESS; }
  cudnnStatus_t status() const { return status_; }

  template <class T>
  T* object(const void* handle, std::string_view parameter) {
    T* found = lookup<T>(handle);
    if (found == nullptr && !failed()) status_ = bad_handle(handle, parameter);
    return found;
  }
  const CudnnHandle* handle(cudnnHandle_t handle) { return object<CudnnHandle>(handle, "handle"); }

  /// The described tensor; one that was never set, or of a type or layout the CPU device does not compute with, fails.
  compute::Tensor tensor(cudnnTensorDescriptor_t descriptor, std::string_view parameter);
  compute::Tensor filter(cudnnFilterDescriptor_t descriptor, std::string_view parameter);
  /// The same, with channels in vectors or without.
  StoredTensor stored_tensor(cudnnTensorDescriptor_t descriptor, std::string_view parameter);
  StoredTensor stored_filter(cudnnFilterDescriptor_t descriptor, std::string_view parameter);

  template <class... Pointers>
  void pointers(Pointers... pointers) {
    if (any_null(pointers...) && !failed()) status_ = null_pointer(function_);
  }
  /// Fails with `status` where `condition` does not hold; `text`, behind the parameter's name, says what was found.
  void require(bool condition, cudnnStatus_t status, std::string_view text) {
    if (!condition && !failed()) status_ = fail(status, text);
  }
  void require(bool condition, cudnnStatus_t status, std::string_view parameter, std::string_view text) {
    if (!condition && !failed()) status_ = fail(status, std::string(parameter).append(text));
  }

 private:
  // What was looked up stays while the call lasts.
  const CallScope scope_;
  std::string_view function_;
  cudnnStatus_t status_ = CUDNN_STATUS_SUCCESS;
};

/// The type computed with, of one channel where the type is that of a vector; nothing for types the CPU device does not
/// compute with.
std::optional<compute::ElementType> element_type(cudnnDataType_t type);

/// A scaling factor: a host double for double tensors and a host float for all others.
inline double scaling_factor(const void* value, compute::ElementType type) {
  return type == compute::ElementType::F64 ? *static_cast<const double*>(value) : *static_cast<const float*>(value);
}

compute::ActivationParameters activation_parameters(const ActivationDescriptor& activation);

/// What an argument covers in memory, for touches(): from the lowest to the highest element that the strides reach. A
/// null pointer covers nothing.
Extent extent_of(const char* name, const compute::Tensor& tensor, const void* data);
inline Extent extent_of(const char* name, const void* data, int64_t bytes) {
  return {name, data, data == nullptr ? 0 : bytes};
}

/// For operations, first of all when they run: whether all they are about to touch is the device's memory. Where it is
/// not, because a shape is larger than its buffer, the context fails as after an illegal address.
inline bool touches(const char* function, std::initializer_list<Extent> extents) {
  return accessible(function, {extents.begin(), extents.size()});
}

/// The stream of a handle; leaves an error text and returns null where that stream is gone or its context has failed.
std::shared_ptr<Stream> stream_of(const CudnnHandle& handle);

/// Says, for the next synchronising call, that an operation failed while it ran.
void report_asynchronous_failure(std::string_view function, const char* reason);

/// Appends `function` to the handle's stream; it is called with `name`, for touches(). Exceptions become asynchronous
/// errors.
template <class Function>
cudnnStatus_t enqueue(const CudnnHandle& handle, const char* name, Function&& function) {
  const std::shared_ptr<Stream> stream = stream_of(handle);
  if (stream == nullptr) return CUDNN_STATUS_EXECUTION_FAILED;
  try {
    stream->enqueue([name, function = std::forward<Function>(function)] {
      try {
        function(name);
      } catch (const std::exception& error) {
        report_asynchronous_failure(name, error.what());
      }
    });
  } catch (const std::exception& error) {
    // A capture forbids it, or no memory is left for the operation.
    set_last_error(Library::cudnn, std::string(name) + ": " + error.what());
    return CUDNN_STATUS_EXECUTION_FAILED;
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu
