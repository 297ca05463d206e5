#pragma once
#include <memory>
#include <new>
#include <string_view>

#include "cudnn/status.h"
#include "engine/handles.h"

namespace cpu {

/// The body of every cudnnCreate...Descriptor: a new default object behind a new handle.
template <class T, class Handle>
cudnnStatus_t create_object(Handle* handle, std::string_view parameter) {
  if (handle == nullptr) return bad_handle(nullptr, parameter);
  try {
    *handle = reinterpret_cast<Handle>(make_handle(std::make_unique<T>()));
  } catch (const std::bad_alloc&) {
    *handle = nullptr;
  }
  if (*handle == nullptr) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, "no host memory left for another cuDNN object");
  }
  return CUDNN_STATUS_SUCCESS;
}

/// The body of every cudnnDestroy...Descriptor: destroying null succeeds, destroying twice does not.
template <class T>
cudnnStatus_t destroy_object(const void* handle, std::string_view parameter) {
  if (handle == nullptr || release<T>(handle)) return CUDNN_STATUS_SUCCESS;
  return bad_handle(handle, parameter);
}

}  // namespace cpu
