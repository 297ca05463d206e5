// The random calls of driver_fuzz: streams and events.
#include "tests/driver_fuzz.h"

void DriverFuzzer::stream_create() {
  CUstream stream = nullptr;
  const unsigned wanted = flags(1);
  const CUresult status = chance(50)
                              ? call(cuStreamCreate(chance(98) ? &stream : nullptr, wanted))
                              : call(cuStreamCreateWithPriority(&stream, wanted, static_cast<int>(number(12)) - 8));
  if (status != CUDA_SUCCESS || stream == nullptr) return;
  if (in_shared_context_ && chance(30)) {
    share(shared.streams, stream, cuStreamDestroy_v2);
  } else {
    streams_.push_back(stream);
  }
}

void DriverFuzzer::stream_destroy() { destroy_one(streams_, cuStreamDestroy_v2); }

CUstream DriverFuzzer::stream() {
  if (chance(15)) return nullptr;
  if (chance(5)) return CU_STREAM_LEGACY;
  if (chance(10)) return CU_STREAM_PER_THREAD;
  return pick(streams_, shared.streams);
}

void DriverFuzzer::stream_ask() {
  const CUstream s = stream();
  int priority = 0;
  unsigned found = 0;
  unsigned long long id = 0;
  CUcontext context = nullptr;
  CUstreamAttrValue value{};
  switch (number(8)) {
    case 0:
      call(cuStreamGetPriority(s, chance(95) ? &priority : nullptr));
      break;
    case 1:
      call(cuStreamGetFlags(s, &found));
      break;
    case 2:
      call(cuStreamGetId(s, &id));
      break;
    case 3:
      call(cuStreamGetCtx(s, &context));
      break;
    case 4:
      call(cuStreamGetAttribute(s, static_cast<CUstreamAttrID>(number(16)), &value));
      break;
    case 5:
      call(cuStreamSetAttribute(s, static_cast<CUstreamAttrID>(number(16)), &value));
      break;
    case 6:
      call(cuStreamCopyAttributes(s, stream()));
      break;
    default:
      call(cuStreamQuery(s));
  }
}

void DriverFuzzer::stream_wait() {
  switch (number(3)) {
    case 0:
      call(cuStreamSynchronize(stream()));
      break;
    case 1:
      call(cuStreamWaitEvent(stream(), pick(events_, shared.events), flags(1)));
      break;
    default:
      call(cuCtxSynchronize());
  }
}

void DriverFuzzer::stream_value() {
  const CUstream s = stream();
  // Nobody writes another value to this word, so the wait ends.
  call(cuStreamWriteValue32_v2(s, own_word_, 1, 0));
  call(cuStreamWaitValue32_v2(s, own_word_, 1, CU_STREAM_WAIT_VALUE_EQ));
  call(cuStreamWriteValue32_v2(s, chance(50) ? own_word_ + 1 : reinterpret_cast<CUdeviceptr>(garbage()), 1, flags(1)));
}

void DriverFuzzer::host_function() {
  static const auto nothing = [](void*) {};
  call(cuLaunchHostFunc(stream(), chance(97) ? +nothing : nullptr, nullptr));
}

void DriverFuzzer::event_create() {
  CUevent event = nullptr;
  const unsigned wanted = chance(8) ? CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING : flags(3);
  if (call(cuEventCreate(&event, wanted)) != CUDA_SUCCESS) return;
  if (in_shared_context_ && chance(30)) {
    share(shared.events, event, cuEventDestroy_v2);
  } else {
    events_.push_back(event);
  }
}

void DriverFuzzer::event_destroy() { destroy_one(events_, cuEventDestroy_v2); }

void DriverFuzzer::event_use() {
  const CUevent event = pick(events_, shared.events);
  float milliseconds = 0;
  switch (number(6)) {
    case 0:
      call(cuEventQuery(event));
      break;
    case 1:
      call(cuEventSynchronize(event));
      break;
    case 2:
      call(cuEventElapsedTime_v2(&milliseconds, event, pick(events_, shared.events)));
      break;
    case 3:
      call(cuCtxRecordEvent(nullptr, event));
      break;
    case 4:
      call(cuCtxWaitEvent(nullptr, event));
      break;
    default:
      call(cuEventRecordWithFlags(event, stream(), flags(1)));
  }
}

void DriverFuzzer::drop_streams(bool all) { drop(streams_, all, cuStreamDestroy_v2); }

void DriverFuzzer::drop_events(bool all) { drop(events_, all, cuEventDestroy_v2); }
