#include "driver/stream_memory.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "driver/entry.h"
#include "engine/fault_guard.h"
#include "engine/memory.h"

using namespace cpu;
using namespace cpu::driver;

namespace {

constexpr unsigned kMostOperations = 256;

void fail_at(uintptr_t address) {
  const std::string text = "a memory operation of a stream met no memory at " + hexadecimal(address);
  fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, text.c_str());
}

// Memory that is mapped by hand may be unmapped while the operation waits: then it ends, and the context has failed.
template <class T>
bool fulfilled(uintptr_t address, T value, unsigned flags) {
  T found{};
  const uintptr_t fault =
      run_guarded([&] { found = std::atomic_ref<T>(*reinterpret_cast<T*>(address)).load(std::memory_order_acquire); });
  if (fault != kNoFault) {
    fail_at(fault);
    return true;
  }
  switch (flags & ~static_cast<unsigned>(CU_STREAM_WAIT_VALUE_FLUSH)) {
    case CU_STREAM_WAIT_VALUE_GEQ:
      return static_cast<std::make_signed_t<T>>(found - value) >= 0;
    case CU_STREAM_WAIT_VALUE_EQ:
      return found == value;
    case CU_STREAM_WAIT_VALUE_AND:
      return (found & value) != 0;
    default:
      return ~(found | value) != 0;
  }
}

// Whoever writes the value may be another thread, stream or process, so there is nothing to be woken by.
template <class T>
void wait_for_value(uintptr_t address, T value, unsigned flags) {
  for (int spins = 0; spins < 200; ++spins) {
    if (fulfilled<T>(address, value, flags)) return;
    std::this_thread::yield();
  }
  while (!fulfilled<T>(address, value, flags)) {
    if (running_context_failed()) return;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

template <class T>
void write_value(uintptr_t address, T value) {
  const uintptr_t fault =
      run_guarded([&] { std::atomic_ref<T>(*reinterpret_cast<T*>(address)).store(value, std::memory_order_release); });
  if (fault != kNoFault) fail_at(fault);
}

void run_operation(const CUstreamBatchMemOpParams& operation) {
  const auto& wait = operation.waitValue;
  const auto& write = operation.writeValue;
  switch (static_cast<int>(operation.operation)) {
    case CU_STREAM_MEM_OP_WAIT_VALUE_32:
      return wait_for_value<uint32_t>(wait.address, wait.value, wait.flags);
    case CU_STREAM_MEM_OP_WAIT_VALUE_64:
      return wait_for_value<uint64_t>(wait.address, wait.value64, wait.flags);
    case CU_STREAM_MEM_OP_WRITE_VALUE_32:
      return write_value<uint32_t>(write.address, write.value);
    case CU_STREAM_MEM_OP_WRITE_VALUE_64:
      return write_value<uint64_t>(write.address, write.value64);
    default:
      // A barrier: operations of one stream see each other's writes anyway.
      return;
  }
}

// Whether the device can do it; `kept` keeps the memory.
CUresult check_operation(const CUstreamBatchMemOpParams& operation, std::shared_ptr<Backing>* kept) {
  size_t bytes = 4;
  switch (static_cast<int>(operation.operation)) {
    case CU_STREAM_MEM_OP_WAIT_VALUE_64:
    case CU_STREAM_MEM_OP_WRITE_VALUE_64:
      bytes = 8;
      break;
    case CU_STREAM_MEM_OP_WAIT_VALUE_32:
    case CU_STREAM_MEM_OP_WRITE_VALUE_32:
      break;
    case CU_STREAM_MEM_OP_BARRIER:
    case CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES:
      return CUDA_SUCCESS;
    case CU_STREAM_MEM_OP_ATOMIC_REDUCTION:
      return fail(CUDA_ERROR_NOT_SUPPORTED, "the CPU device has no atomic reductions in streams");
    default:
      return fail(CUDA_ERROR_INVALID_VALUE,
                  "there is no memory operation " + std::to_string(static_cast<int>(operation.operation)));
  }
  const bool waits =
      operation.operation == CU_STREAM_MEM_OP_WAIT_VALUE_32 || operation.operation == CU_STREAM_MEM_OP_WAIT_VALUE_64;
  const unsigned flags = operation.waitValue.flags;
  const unsigned known = waits ? CU_STREAM_WAIT_VALUE_NOR | CU_STREAM_WAIT_VALUE_FLUSH
                               : static_cast<unsigned>(CU_STREAM_WRITE_VALUE_NO_MEMORY_BARRIER);
  if ((flags & ~known) != 0) {
    return fail(CUDA_ERROR_INVALID_VALUE, "flags is " + hexadecimal(flags) + ", which holds a bit that means nothing");
  }
  const CUdeviceptr address = operation.waitValue.address;
  auto range = find_usable_memory(address, bytes);
  if (address % bytes != 0 || !range) {
    return fail(CUDA_ERROR_INVALID_VALUE, hexadecimal(address) + " is not the aligned address of a value of " +
                                              std::to_string(bytes) + " bytes in memory that the device knows");
  }
  *kept = std::move(range->backing);
  return CUDA_SUCCESS;
}

using Backings = std::vector<std::shared_ptr<Backing>>;

CUresult check_operations(unsigned count, const CUstreamBatchMemOpParams* operations, unsigned flags, Backings* kept) {
  if (flags != 0) return fail(CUDA_ERROR_INVALID_VALUE, "flags is reserved and must be 0");
  if (operations == nullptr) return null_argument("paramArray");
  if (count == 0 || count > kMostOperations) {
    return fail(CUDA_ERROR_INVALID_VALUE, std::to_string(count) + " operations were given; 1 to " +
                                              std::to_string(kMostOperations) + " are valid");
  }
  kept->resize(count);
  for (unsigned i = 0; i < count; ++i) {
    if (const CUresult status = check_operation(operations[i], &(*kept)[i]); status != CUDA_SUCCESS) return status;
  }
  return CUDA_SUCCESS;
}

CUresult operate(const char* function, CUstream handle, unsigned count, const CUstreamBatchMemOpParams* operations,
                 unsigned flags) {
  return in_stream(function, handle, [&](Context& context, Stream& stream) {
    Backings kept;
    const CUresult status = check_operations(count, operations, flags, &kept);
    if (status != CUDA_SUCCESS) return status;
    if (stream.capturing()) {
      stream.capture_work(std::make_shared<MemoryOperationsWork>(count, operations, context.handle()));
    } else if (count == 1) {
      stream.enqueue([operation = operations[0], kept = std::move(kept[0])] { run_operation(operation); });
    } else {
      stream.enqueue(
          [all = std::vector<CUstreamBatchMemOpParams>(operations, operations + count), kept = std::move(kept)] {
            for (const CUstreamBatchMemOpParams& operation : all) run_operation(operation);
          });
    }
    return CUDA_SUCCESS;
  });
}

CUresult operate_on_value(const char* function, CUstream stream, CUstreamBatchMemOpType type, CUdeviceptr address,
                          uint64_t value, unsigned flags) {
  CUstreamBatchMemOpParams operation{};
  operation.waitValue.operation = type;
  operation.waitValue.address = address;
  operation.waitValue.value64 = value;
  operation.waitValue.flags = flags;
  return operate(function, stream, 1, &operation, 0);
}

}  // namespace

namespace cpu::driver {

void MemoryOperationsWork::run() const {
  for (const CUstreamBatchMemOpParams& operation : operations_) {
    std::shared_ptr<Backing> kept;
    if (check_operation(operation, &kept) != CUDA_SUCCESS) {
      fail_asynchronously(CUDA_ERROR_ILLEGAL_ADDRESS, "a memory operation of a graph met memory that was freed since");
      return;
    }
    run_operation(operation);
  }
}

CUDA_BATCH_MEM_OP_NODE_PARAMS MemoryOperationsWork::parameters() const {
  return {context_, static_cast<unsigned>(operations_.size()),
          const_cast<CUstreamBatchMemOpParams*>(operations_.data()), 0};
}

CUresult make_memory_operations_work(unsigned count, const CUstreamBatchMemOpParams* operations, unsigned flags,
                                     std::shared_ptr<const NodeWork>* work) {
  Backings kept;
  const CUresult status = check_operations(count, operations, flags, &kept);
  if (status == CUDA_SUCCESS) {
    *work = std::make_shared<MemoryOperationsWork>(count, operations, current_context_handle());
  }
  return status;
}

}  // namespace cpu::driver

#define CPU_VALUE_OPERATION(name, type, value_type)                                                  \
  CUresult name##_v2(CUstream stream, CUdeviceptr addr, value_type value, unsigned int flags) {      \
    CPU_COUNT_CALL();                                                                                \
    return operate_on_value(#name, stream, type, addr, value, flags);                                \
  }                                                                                                  \
  CUresult name##_v2_ptsz(CUstream stream, CUdeviceptr addr, value_type value, unsigned int flags) { \
    return name##_v2(per_thread(stream), addr, value, flags);                                        \
  }                                                                                                  \
  CUresult name(CUstream stream, CUdeviceptr addr, value_type value, unsigned int flags) {           \
    return name##_v2(stream, addr, value, flags);                                                    \
  }                                                                                                  \
  CUresult name##_ptsz(CUstream stream, CUdeviceptr addr, value_type value, unsigned int flags) {    \
    return name##_v2(per_thread(stream), addr, value, flags);                                        \
  }

CPU_VALUE_OPERATION(cuStreamWaitValue32, CU_STREAM_MEM_OP_WAIT_VALUE_32, cuuint32_t)
CPU_VALUE_OPERATION(cuStreamWaitValue64, CU_STREAM_MEM_OP_WAIT_VALUE_64, cuuint64_t)
CPU_VALUE_OPERATION(cuStreamWriteValue32, CU_STREAM_MEM_OP_WRITE_VALUE_32, cuuint32_t)
CPU_VALUE_OPERATION(cuStreamWriteValue64, CU_STREAM_MEM_OP_WRITE_VALUE_64, cuuint64_t)

CUresult cuStreamBatchMemOp_v2(CUstream stream, unsigned int count, CUstreamBatchMemOpParams* paramArray,
                               unsigned int flags) {
  CPU_COUNT_CALL();
  return operate(__func__, stream, count, paramArray, flags);
}

CUresult cuStreamBatchMemOp_v2_ptsz(CUstream stream, unsigned int count, CUstreamBatchMemOpParams* paramArray,
                                    unsigned int flags) {
  return cuStreamBatchMemOp_v2(per_thread(stream), count, paramArray, flags);
}

CUresult cuStreamBatchMemOp(CUstream stream, unsigned int count, CUstreamBatchMemOpParams* paramArray,
                            unsigned int flags) {
  return cuStreamBatchMemOp_v2(stream, count, paramArray, flags);
}

CUresult cuStreamBatchMemOp_ptsz(CUstream stream, unsigned int count, CUstreamBatchMemOpParams* paramArray,
                                 unsigned int flags) {
  return cuStreamBatchMemOp_v2(per_thread(stream), count, paramArray, flags);
}
