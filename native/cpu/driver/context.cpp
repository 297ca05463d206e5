#include "engine/context.h"

#include "driver/device.h"
#include "driver/entry.h"
#include "engine/capture.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

CUresult check_flags(unsigned flags) {
  const unsigned schedule = flags & CU_CTX_SCHED_MASK;
  const bool known_schedule = schedule == CU_CTX_SCHED_AUTO || schedule == CU_CTX_SCHED_SPIN ||
                              schedule == CU_CTX_SCHED_YIELD || schedule == CU_CTX_SCHED_BLOCKING_SYNC;
  if ((flags & ~static_cast<unsigned>(CU_CTX_FLAGS_MASK)) == 0 && known_schedule) return CUDA_SUCCESS;
  return fail(CUDA_ERROR_INVALID_VALUE, "flags is " + hexadecimal(flags) + ", which holds a bit that means nothing");
}

CUresult bad_context(CUcontext context) {
  return fail(CUDA_ERROR_INVALID_CONTEXT, context == nullptr
                                              ? "the context is null"
                                              : hexadecimal(reinterpret_cast<uintptr_t>(context)) +
                                                    " is no live context: it was destroyed, or never was one");
}

CUresult out_of_contexts() {
  return fail(CUDA_ERROR_OUT_OF_MEMORY, "no memory or no thread is left for another context");
}

CUresult create_context(const char* function, CUcontext* context, unsigned flags, CUdevice device) {
  return initialized(function, [&] {
    if (context == nullptr) return null_argument("pctx");
    if (const CUresult status = check_device(device); status != CUDA_SUCCESS) return status;
    if (const CUresult status = check_flags(flags); status != CUDA_SUCCESS) return status;
    *context = Context::create(device, flags, false);
    if (*context == nullptr) return out_of_contexts();
    push_current_context(*context);
    return CUDA_SUCCESS;
  });
}

template <class F>
CUresult with_device(const char* function, CUdevice device, F&& body) {
  return initialized(function, [&] {
    const CUresult status = check_device(device);
    return status != CUDA_SUCCESS ? status : body();
  });
}

// The context named, or the current one where null.
template <class F>
CUresult ask_context(const char* function, CUcontext handle, F&& body) {
  return initialized(function, [&] {
    Context* context = handle == nullptr ? current_context() : lookup<Context>(handle);
    return context == nullptr ? bad_context(handle) : body(*context);
  });
}

CUresult synchronize(Context& context) {
  check_group_synchronization(*context.streams());
  context.streams()->synchronize();
  return check_healthy(context);
}

}  // namespace

CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, CUdevice dev) {
  CPU_COUNT_CALL();
  return with_device(__func__, dev, [&] {
    if (pctx == nullptr) return null_argument("pctx");
    *pctx = retain_primary_context(dev);
    return *pctx == nullptr ? out_of_contexts() : CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev) {
  CPU_COUNT_CALL();
  return with_device(__func__, dev, [&] {
    if (release_primary_context(dev)) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_INVALID_CONTEXT, "the primary context is not active: it was released as often as retained");
  });
}

CUresult cuDevicePrimaryCtxReset_v2(CUdevice dev) {
  CPU_COUNT_CALL();
  return with_device(__func__, dev, [&] {
    reset_primary_context(dev);
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice dev, unsigned int flags) {
  CPU_COUNT_CALL();
  return with_device(__func__, dev, [&] {
    if (const CUresult status = check_flags(flags); status != CUDA_SUCCESS) return status;
    set_primary_context_flags(dev, flags);
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxGetState(CUdevice dev, unsigned int* flags, int* active) {
  CPU_COUNT_CALL();
  return with_device(__func__, dev, [&] {
    if (flags == nullptr || active == nullptr) return null_argument("flags or active");
    bool is_active = false;
    primary_context_state(dev, flags, &is_active);
    *active = is_active;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxCreate_v2(CUcontext* pctx, unsigned int flags, CUdevice dev) {
  CPU_COUNT_CALL();
  return create_context(__func__, pctx, flags, dev);
}

CUresult cuCtxCreate_v3(CUcontext* pctx, CUexecAffinityParam*, int numParams, unsigned int flags, CUdevice dev) {
  CPU_COUNT_CALL();
  if (numParams != 0) {
    set_function(__func__);
    return fail(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, "the CPU device has no execution affinity");
  }
  return create_context(__func__, pctx, flags, dev);
}

CUresult cuCtxCreate_v4(CUcontext* pctx, CUctxCreateParams* ctxCreateParams, unsigned int flags, CUdevice dev) {
  CPU_COUNT_CALL();
  if (ctxCreateParams != nullptr &&
      (ctxCreateParams->numExecAffinityParams != 0 || ctxCreateParams->cigParams != nullptr)) {
    set_function(__func__);
    return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device has neither execution affinity nor graphics interoperation");
  }
  return create_context(__func__, pctx, flags, dev);
}

CUresult cuCtxDestroy_v2(CUcontext ctx) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    const Context* context = lookup<Context>(ctx);
    if (context == nullptr) return bad_context(ctx);
    if (context->primary()) {
      return fail(CUDA_ERROR_INVALID_CONTEXT, "this is a primary context; release it with cuDevicePrimaryCtxRelease");
    }
    if (current_context_handle() == ctx) pop_current_context(nullptr);
    return Context::destroy(ctx) ? CUDA_SUCCESS : bad_context(ctx);
  });
}

CUresult cuCtxPushCurrent_v2(CUcontext ctx) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (lookup<Context>(ctx) == nullptr) return bad_context(ctx);
    push_current_context(ctx);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxPopCurrent_v2(CUcontext* pctx) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (pop_current_context(pctx)) return CUDA_SUCCESS;
    return fail(CUDA_ERROR_INVALID_CONTEXT, "no context is current on this thread");
  });
}

CUresult cuCtxSetCurrent(CUcontext ctx) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (ctx != nullptr && lookup<Context>(ctx) == nullptr) return bad_context(ctx);
    set_current_context(ctx);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetCurrent(CUcontext* pctx) {
  CPU_COUNT_CALL();
  return initialized(__func__, [&] {
    if (pctx == nullptr) return null_argument("pctx");
    *pctx = current_context_handle();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetDevice(CUdevice* device) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (device == nullptr) return null_argument("device");
    *device = context.device();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetDevice_v2(CUdevice* device, CUcontext ctx) {
  CPU_COUNT_CALL();
  return ask_context(__func__, ctx, [&](Context& context) {
    if (device == nullptr) return null_argument("device");
    *device = context.device();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetFlags(unsigned int* flags) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (flags == nullptr) return null_argument("flags");
    *flags = context.flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetFlags(unsigned int flags) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    const CUresult status = check_flags(flags);
    if (status == CUDA_SUCCESS) context.flags = flags;
    return status;
  });
}

CUresult cuCtxGetId(CUcontext ctx, unsigned long long* ctxId) {
  CPU_COUNT_CALL();
  return ask_context(__func__, ctx, [&](Context& context) {
    if (ctxId == nullptr) return null_argument("ctxId");
    *ctxId = context.id();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSynchronize() {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, synchronize);
}

CUresult cuCtxSynchronize_v2(CUcontext ctx) {
  CPU_COUNT_CALL();
  return ask_context(__func__, ctx, [&](Context& context) {
    if (Stream::on_worker()) {
      return fail(CUDA_ERROR_NOT_PERMITTED, "a function that runs in a stream must not call the driver");
    }
    return synchronize(context);
  });
}

CUresult cuCtxSetLimit(CUlimit limit, size_t value) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (limit < CU_LIMIT_STACK_SIZE || limit > CU_LIMIT_PERSISTING_L2_CACHE_SIZE) {
      return fail(CUDA_ERROR_UNSUPPORTED_LIMIT, "limit " + std::to_string(static_cast<int>(limit)) + " cannot be set");
    }
    context.limits[limit] = value;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetLimit(size_t* pvalue, CUlimit limit) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (pvalue == nullptr) return null_argument("pvalue");
    if (limit < CU_LIMIT_STACK_SIZE || limit > CU_LIMIT_PERSISTING_L2_CACHE_SIZE) {
      return fail(CUDA_ERROR_UNSUPPORTED_LIMIT, "there is no limit " + std::to_string(static_cast<int>(limit)));
    }
    *pvalue = context.limits[limit];
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetCacheConfig(CUfunc_cache* pconfig) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (pconfig == nullptr) return null_argument("pconfig");
    *pconfig = context.cache_configuration;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetCacheConfig(CUfunc_cache config) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (config < CU_FUNC_CACHE_PREFER_NONE || config > CU_FUNC_CACHE_PREFER_EQUAL) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "there is no cache configuration " + std::to_string(static_cast<int>(config)));
    }
    context.cache_configuration = config;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetSharedMemConfig(CUsharedconfig* pConfig) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (pConfig == nullptr) return null_argument("pConfig");
    *pConfig = context.shared_memory_configuration;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetSharedMemConfig(CUsharedconfig config) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    if (config < CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE || config > CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE) {
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "there is no shared memory configuration " + std::to_string(static_cast<int>(config)));
    }
    context.shared_memory_configuration = config;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetApiVersion(CUcontext ctx, unsigned int* version) {
  CPU_COUNT_CALL();
  return ask_context(__func__, ctx, [&](Context&) {
    if (version == nullptr) return null_argument("version");
    // 3020 is what contexts of the current interface have answered since CUDA 3.2.
    *version = 3020;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxResetPersistingL2Cache() {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [](Context&) { return CUDA_SUCCESS; });
}

CUresult cuCtxEnablePeerAccess(CUcontext peerContext, unsigned int Flags) {
  CPU_COUNT_CALL();
  return in_healthy_context(__func__, [&](Context& context) {
    const Context* peer = lookup<Context>(peerContext);
    if (peer == nullptr) return bad_context(peerContext);
    if (Flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "Flags is reserved and must be 0");
    if (peer->device() == context.device()) {
      return fail(CUDA_ERROR_INVALID_DEVICE, "the peer context is on the same device");
    }
    return context.enable_peer(peer->id()) ? CUDA_SUCCESS
                                           : fail(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, "access is enabled already");
  });
}

CUresult cuCtxDisablePeerAccess(CUcontext peerContext) {
  CPU_COUNT_CALL();
  return in_context(__func__, [&](Context& context) {
    const Context* peer = lookup<Context>(peerContext);
    if (peer == nullptr) return bad_context(peerContext);
    return context.disable_peer(peer->id()) ? CUDA_SUCCESS
                                            : fail(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, "access was not enabled");
  });
}
