// The random calls of driver_fuzz: contexts, and what belongs to the whole device.
#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "tests/driver_fuzz.h"

void DriverFuzzer::enter_context() {
  if (in_shared_context_ || context_ != nullptr) return;
  in_shared_context_ = chance(50);
  CUcontext context = nullptr;
  if (in_shared_context_) {
    call(cuDevicePrimaryCtxRetain(&context, 0));
    call(cuCtxSetCurrent(context));
  } else if (call(cuCtxCreate_v2(&context_, 0, 0)) != CUDA_SUCCESS) {
    context_ = nullptr;
  }
  call(cuModuleLoadData(&module_, ptx_.c_str()));
  if (call(cuModuleGetFunction(&function_, module_, "advance_step")) != CUDA_SUCCESS) function_ = nullptr;
}

void DriverFuzzer::leave(bool everything) {
  end_capture();
  const RelaxedCapture no_obstacle;
  CUcontext lost = nullptr;
  CUresult state = call(cuCtxSynchronize());
  // Nothing is given back while work uses it, and there is no waiting for a context in which another thread captures.
  while (state == CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    state = call(cuCtxSynchronize());
  }
  const bool broken = state == CUDA_ERROR_ILLEGAL_ADDRESS || state == CUDA_ERROR_CONTEXT_IS_DESTROYED ||
                      state == CUDA_ERROR_INVALID_CONTEXT || state == CUDA_ERROR_LAUNCH_FAILED;
  if (broken) ++contexts_lost;
  everything = everything || broken;
  std::array<void (DriverFuzzer::*)(bool), 8> parts = {
      &DriverFuzzer::drop_streams, &DriverFuzzer::drop_events,  &DriverFuzzer::drop_memory,  &DriverFuzzer::drop_graphs,
      &DriverFuzzer::drop_arrays,  &DriverFuzzer::drop_virtual, &DriverFuzzer::drop_modules, &DriverFuzzer::drop_pools};
  std::shuffle(parts.begin(), parts.end(), random_);
  for (const auto part : parts) (this->*part)(everything);
  if (!everything) return;
  if (in_shared_context_) {
    if (broken && chance(50)) call(cuDevicePrimaryCtxReset_v2(0));
    call(cuDevicePrimaryCtxRelease_v2(0));
    call(cuCtxSetCurrent(nullptr));
  } else if (context_ != nullptr) {
    call(cuCtxDestroy_v2(context_));
    EXPECT(call(cuCtxDestroy_v2(context_)) == CUDA_ERROR_INVALID_CONTEXT);
  }
  while (cuCtxPopCurrent_v2(&lost) == CUDA_SUCCESS) {
  }
  context_ = nullptr;
  in_shared_context_ = false;
  module_ = nullptr;
  function_ = nullptr;
}

void DriverFuzzer::context_use() {
  size_t value = 0;
  CUcontext context = nullptr;
  unsigned found = 0;
  switch (number(8)) {
    case 0:
      call(cuCtxGetLimit(&value, static_cast<CUlimit>(number(12))));
      break;
    case 1:
      call(cuCtxSetLimit(static_cast<CUlimit>(number(12)), size()));
      break;
    case 2:
      call(cuCtxGetFlags(&found));
      break;
    case 3:
      if (call(cuCtxAttach(&context, 0)) == CUDA_SUCCESS) call(cuCtxDetach(context));
      break;
    case 4:
      if (call(cuCtxPushCurrent_v2(wrong<CUcontext>())) == CUDA_SUCCESS) call(cuCtxPopCurrent_v2(&context));
      break;
    case 5:
      call(cuCtxDestroy_v2(wrong<CUcontext>()));
      break;
    case 6:
      call(cuCtxEnablePeerAccess(wrong<CUcontext>(), 0));
      break;
    default:
      call(cuMemGetInfo_v2(&value, &value));
  }
}

void DriverFuzzer::share_handles() {
  CUipcMemHandle memory{};
  CUipcEventHandle event{};
  CUdeviceptr opened = 0;
  CUevent other = nullptr;
  if (call(cuIpcGetMemHandle(&memory, address())) == CUDA_SUCCESS) {
    EXPECT(call(cuIpcOpenMemHandle_v2(&opened, memory, 1)) != CUDA_SUCCESS);
  }
  if (call(cuIpcGetEventHandle(&event, pick(events_, shared.events))) == CUDA_SUCCESS) {
    EXPECT(call(cuIpcOpenEventHandle(&other, event)) != CUDA_SUCCESS);
  }
  for (char& byte : memory.reserved) byte = static_cast<char>(any());
  EXPECT(call(cuIpcOpenMemHandle_v2(&opened, memory, 1)) != CUDA_SUCCESS);
  call(cuIpcCloseMemHandle(address()));
}

void DriverFuzzer::logs() {
  char text[300];
  size_t bytes = chance(90) ? 1 + number(sizeof(text)) : 0;
  CUlogIterator iterator = any();
  CUlogsCallbackHandle listener = nullptr;
  call(cuLogsDumpToMemory(chance(50) ? &iterator : nullptr, text, &bytes, flags(0)));
  call(cuLogsRegisterCallback([](void*, CUlogLevel, char*, size_t) {}, nullptr, &listener));
  call(cuMemFree_v2(1));
  call(cuLogsUnregisterCallback(listener));
  EXPECT(call(cuLogsUnregisterCallback(listener)) == CUDA_ERROR_INVALID_HANDLE);
}
