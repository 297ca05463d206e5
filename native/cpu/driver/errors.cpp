// Names and texts of the driver's statuses.
#include "generated/driver.h"

namespace {

struct StatusText {
  const char* name;
  const char* text;
};

#define STATUS(name, text)                           \
  case name: {                                       \
    static constexpr StatusText status{#name, text}; \
    return &status;                                  \
  }

// Null for a number that is no status.
const StatusText* find(CUresult status) {
  switch (status) {
    STATUS(CUDA_SUCCESS, "no error")
    STATUS(CUDA_ERROR_INVALID_VALUE, "invalid argument")
    STATUS(CUDA_ERROR_OUT_OF_MEMORY, "out of memory")
    STATUS(CUDA_ERROR_NOT_INITIALIZED, "the driver is not initialised: call cuInit first")
    STATUS(CUDA_ERROR_DEINITIALIZED, "the driver is shutting down")
    STATUS(CUDA_ERROR_PROFILER_DISABLED, "profiling is disabled")
    STATUS(CUDA_ERROR_PROFILER_NOT_INITIALIZED, "the profiler is not initialised")
    STATUS(CUDA_ERROR_PROFILER_ALREADY_STARTED, "the profiler runs already")
    STATUS(CUDA_ERROR_PROFILER_ALREADY_STOPPED, "the profiler does not run")
    STATUS(CUDA_ERROR_STUB_LIBRARY, "a stub library was loaded in place of the driver")
    STATUS(CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER, "the call needs a newer driver")
    STATUS(CUDA_ERROR_DEVICE_UNAVAILABLE, "the device is not available")
    STATUS(CUDA_ERROR_MULTICAST_RESOURCE_FULL, "no multicast resources are left")
    STATUS(CUDA_ERROR_NO_DEVICE, "there is no device")
    STATUS(CUDA_ERROR_INVALID_DEVICE, "there is no such device")
    STATUS(CUDA_ERROR_DEVICE_NOT_LICENSED, "the device has no licence for this")
    STATUS(CUDA_ERROR_INVALID_IMAGE, "the module image is not valid")
    STATUS(CUDA_ERROR_INVALID_CONTEXT, "the context is not valid, or none is current")
    STATUS(CUDA_ERROR_CONTEXT_ALREADY_CURRENT, "the context is current already")
    STATUS(CUDA_ERROR_MAP_FAILED, "mapping failed")
    STATUS(CUDA_ERROR_UNMAP_FAILED, "unmapping failed")
    STATUS(CUDA_ERROR_ARRAY_IS_MAPPED, "the array is mapped")
    STATUS(CUDA_ERROR_ALREADY_MAPPED, "the resource is mapped already")
    STATUS(CUDA_ERROR_NO_BINARY_FOR_GPU, "the module holds no code for this device")
    STATUS(CUDA_ERROR_ALREADY_ACQUIRED, "the resource is acquired already")
    STATUS(CUDA_ERROR_NOT_MAPPED, "the resource is not mapped")
    STATUS(CUDA_ERROR_NOT_MAPPED_AS_ARRAY, "the resource is not mapped as an array")
    STATUS(CUDA_ERROR_NOT_MAPPED_AS_POINTER, "the resource is not mapped as a pointer")
    STATUS(CUDA_ERROR_ECC_UNCORRECTABLE, "device memory has an error that cannot be corrected")
    STATUS(CUDA_ERROR_UNSUPPORTED_LIMIT, "the device does not support this limit")
    STATUS(CUDA_ERROR_CONTEXT_ALREADY_IN_USE, "another thread uses the context")
    STATUS(CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, "the devices cannot access each other")
    STATUS(CUDA_ERROR_INVALID_PTX, "the PTX text could not be compiled")
    STATUS(CUDA_ERROR_INVALID_GRAPHICS_CONTEXT, "the graphics context is not valid")
    STATUS(CUDA_ERROR_NVLINK_UNCORRECTABLE, "NVLink has an error that cannot be corrected")
    STATUS(CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "the PTX compiler was not found")
    STATUS(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "the driver is too old for this version of PTX")
    STATUS(CUDA_ERROR_JIT_COMPILATION_DISABLED, "compiling PTX is disabled")
    STATUS(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, "the device does not support this execution affinity")
    STATUS(CUDA_ERROR_UNSUPPORTED_DEVSIDE_SYNC, "the code synchronises on the device, which is not supported")
    STATUS(CUDA_ERROR_CONTAINED, "an error was contained; the process must end to recover")
    STATUS(CUDA_ERROR_INSUFFICIENT_LOADER_VERSION, "the loader is too old")
    STATUS(CUDA_ERROR_INVALID_SOURCE, "the device code source is not valid")
    STATUS(CUDA_ERROR_FILE_NOT_FOUND, "the file was not found")
    STATUS(CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND, "a symbol of a shared library was not found")
    STATUS(CUDA_ERROR_SHARED_OBJECT_INIT_FAILED, "a shared library could not be initialised")
    STATUS(CUDA_ERROR_OPERATING_SYSTEM, "a call of the operating system failed")
    STATUS(CUDA_ERROR_INVALID_HANDLE, "the handle is not valid")
    STATUS(CUDA_ERROR_ILLEGAL_STATE, "a resource is not in the state this call needs")
    STATUS(CUDA_ERROR_LOSSY_QUERY, "the answer would lose information")
    STATUS(CUDA_ERROR_NOT_FOUND, "the name was not found")
    STATUS(CUDA_ERROR_NOT_READY, "the work is not finished yet")
    STATUS(CUDA_ERROR_ILLEGAL_ADDRESS, "device code used an address that is not valid")
    STATUS(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "the launch asks for more resources than there are")
    STATUS(CUDA_ERROR_LAUNCH_TIMEOUT, "the launch ran too long")
    STATUS(CUDA_ERROR_LAUNCH_INCOMPATIBLE_TEXTURING, "the launch uses an incompatible texturing mode")
    STATUS(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, "access to the peer is enabled already")
    STATUS(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, "access to the peer is not enabled")
    STATUS(CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE, "the primary context is active")
    STATUS(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the context was destroyed")
    STATUS(CUDA_ERROR_ASSERT, "an assertion in device code failed")
    STATUS(CUDA_ERROR_TOO_MANY_PEERS, "too many peers have access")
    STATUS(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "the host memory, or part of it, is registered already")
    STATUS(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "the host memory is not registered")
    STATUS(CUDA_ERROR_HARDWARE_STACK_ERROR, "the stack of device code is broken")
    STATUS(CUDA_ERROR_ILLEGAL_INSTRUCTION, "device code met an illegal instruction")
    STATUS(CUDA_ERROR_MISALIGNED_ADDRESS, "device code used an address that is not aligned")
    STATUS(CUDA_ERROR_INVALID_ADDRESS_SPACE, "device code used an address of the wrong space")
    STATUS(CUDA_ERROR_INVALID_PC, "the program counter of device code is not valid")
    STATUS(CUDA_ERROR_LAUNCH_FAILED, "an operation failed while it ran")
    STATUS(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, "the cooperative launch has more blocks than can run at once")
    STATUS(CUDA_ERROR_TENSOR_MEMORY_LEAK, "device code left tensor memory allocated")
    STATUS(CUDA_ERROR_NOT_PERMITTED, "the operation is not permitted")
    STATUS(CUDA_ERROR_NOT_SUPPORTED, "the operation is not supported")
    STATUS(CUDA_ERROR_SYSTEM_NOT_READY, "the system is not ready yet")
    STATUS(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, "the versions of the display driver and the CUDA driver do not fit")
    STATUS(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, "the device does not support compatibility mode")
    STATUS(CUDA_ERROR_MPS_CONNECTION_FAILED, "no connection to the MPS server")
    STATUS(CUDA_ERROR_MPS_RPC_FAILURE, "a call of the MPS server failed")
    STATUS(CUDA_ERROR_MPS_SERVER_NOT_READY, "the MPS server is not ready")
    STATUS(CUDA_ERROR_MPS_MAX_CLIENTS_REACHED, "the MPS server has as many clients as it can have")
    STATUS(CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED, "the MPS server has as many connections as it can have")
    STATUS(CUDA_ERROR_MPS_CLIENT_TERMINATED, "the MPS server ended this client")
    STATUS(CUDA_ERROR_CDP_NOT_SUPPORTED, "launches from device code are not supported")
    STATUS(CUDA_ERROR_CDP_VERSION_MISMATCH, "launches from device code need another version")
    STATUS(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the stream is capturing, which this operation does not support")
    STATUS(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "an earlier error has invalidated the capture")
    STATUS(CUDA_ERROR_STREAM_CAPTURE_MERGE, "two separate captures would be joined")
    STATUS(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "the capture was not begun in this stream")
    STATUS(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "a stream was not joined to the one the capture began in")
    STATUS(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "a dependency would cross the border of the capture")
    STATUS(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
           "the operation would depend on a capturing stream through the default stream")
    STATUS(CUDA_ERROR_CAPTURED_EVENT, "the event was last recorded in a capturing stream")
    STATUS(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "the capture belongs to another thread")
    STATUS(CUDA_ERROR_TIMEOUT, "the wait has taken longer than allowed")
    STATUS(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, "the change does not fit the instantiated graph")
    STATUS(CUDA_ERROR_EXTERNAL_DEVICE, "an external device failed")
    STATUS(CUDA_ERROR_INVALID_CLUSTER_SIZE, "the cluster size is not valid")
    STATUS(CUDA_ERROR_FUNCTION_NOT_LOADED, "the function is not loaded")
    STATUS(CUDA_ERROR_INVALID_RESOURCE_TYPE, "the resource is of the wrong type")
    STATUS(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, "the resources are not sufficient or not consistent")
    STATUS(CUDA_ERROR_KEY_ROTATION, "the key rotation failed")
    STATUS(CUDA_ERROR_STREAM_DETACHED, "the stream is detached")
    STATUS(CUDA_ERROR_GRAPH_RECAPTURE_FAILURE, "the recapture does not fit the graph")
    STATUS(CUDA_ERROR_FABRIC_NOT_READY, "the fabric is not ready")
    STATUS(CUDA_ERROR_UNKNOWN, "unknown error")
    default:
      return nullptr;
  }
}

}  // namespace

CUresult cuGetErrorName(CUresult error, const char** pStr) {
  if (pStr == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const StatusText* status = find(error);
  *pStr = status == nullptr ? nullptr : status->name;
  return status == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char** pStr) {
  if (pStr == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const StatusText* status = find(error);
  *pStr = status == nullptr ? nullptr : status->text;
  return status == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}
