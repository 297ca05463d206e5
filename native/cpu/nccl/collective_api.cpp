// The functions that move data.
#include <cstring>

#include "nccl/call.h"
#include "nccl/group.h"

namespace cpu::nccl {
namespace {

struct Arguments {
  Function function;
  const void* source;
  void* target;
  size_t count;
  ncclDataType_t type;
  ncclRedOp_t operation;
  // The root, or the peer of a transfer.
  int root;
  ncclComm_t communicator;
  cudaStream_t stream;
};

// The stream as the communicator's context sees it: a default stream is that context's.
std::shared_ptr<Stream> stream_of(const Communicator& communicator, cudaStream_t handle) {
  if (lookup<Context>(communicator.context()) == nullptr) {
    throw Failure(ncclUnhandledCudaError, "the context in which the communicator was made was destroyed");
  }
  push_current_context(communicator.context());
  std::shared_ptr<Stream> stream = stream_from_handle(handle);
  pop_current_context(nullptr);
  if (stream == nullptr)
    throw Failure(ncclUnhandledCudaError, "stream is no live stream: it was destroyed, or never was one");
  const StreamGroup& group = stream->group();
  if (group.error() != CUDA_SUCCESS) {
    throw Failure(ncclUnhandledCudaError, "an earlier operation of this context failed: " + group.error_text());
  }
  return stream;
}

ncclResult_t enqueue(const Arguments& arguments) {
  return note_in_group(guarded(name_of(arguments.function), [&] {
    std::shared_ptr<Communicator> communicator = communicator_of(arguments.communicator);
    communicator->check_usable();
    const int ranks = communicator->ranks();
    if (arguments.root < 0 || arguments.root >= ranks) {
      return fail(ncclInvalidArgument, "root or peer is rank " + std::to_string(arguments.root) +
                                           "; the communicator has ranks 0 to " + std::to_string(ranks - 1));
    }
    if (name_of(arguments.type) == nullptr) {
      return fail(ncclInvalidArgument, "datatype is " + std::to_string(static_cast<int>(arguments.type)) + "; 0 to " +
                                           std::to_string(ncclNumTypes - 1) + " are valid");
    }
    Call call;
    call.signature.function = arguments.function;
    call.signature.count = arguments.count;
    call.signature.type = arguments.type;
    call.signature.root = arguments.root;
    call.source = static_cast<const char*>(arguments.source);
    call.target = static_cast<char*>(arguments.target);
    if (call.signature.reduces()) {
      if (!can_reduce(arguments.type)) {
        return fail(ncclInvalidUsage,
                    std::string(name_of(arguments.type)) + " is moved, but not computed with, by the CPU device");
      }
      call.reduction = communicator->reduction(arguments.operation, arguments.type);
      call.signature.operation = call.reduction.operation;
    }
    call.peer = arguments.root;
    call.communicator = std::move(communicator);
    // Nothing to move for anybody. Of a transfer only one side would know.
    if (arguments.count == 0 && !call.transfers()) return ncclSuccess;
    call.stream = stream_of(*call.communicator, arguments.stream);
    add_call(std::move(call));
    return ncclSuccess;
  }));
}

// With a configuration of the call's own.
ncclResult_t enqueue(const Arguments& arguments, const ncclCollConfig_t* config) {
  const ncclResult_t code = note_in_group(guarded(name_of(arguments.function), [&] {
    check_collective_configuration(config);
    return ncclSuccess;
  }));
  return code != ncclSuccess ? code : enqueue(arguments);
}

}  // namespace
}  // namespace cpu::nccl

using namespace cpu::nccl;

// Each collective, and the same with a configuration of its own.
#define CPU_NCCL_LIST(...) __VA_ARGS__
#define CPU_NCCL_COLLECTIVE(name, parameters, ...)                                            \
  ncclResult_t nccl##name(CPU_NCCL_LIST parameters) {                                         \
    CPU_COUNT_CALL();                                                                         \
    return enqueue({Function::name, __VA_ARGS__, comm, stream});                              \
  }                                                                                           \
  NCCL_TWIN(nccl##name);                                                                      \
  ncclResult_t nccl##name##Config(CPU_NCCL_LIST parameters, const ncclCollConfig_t* config) { \
    CPU_COUNT_CALL();                                                                         \
    return enqueue({Function::name, __VA_ARGS__, comm, stream}, config);                      \
  }                                                                                           \
  NCCL_TWIN(nccl##name##Config)

CPU_NCCL_COLLECTIVE(AllReduce,
                    (const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, ncclRedOp_t op,
                     ncclComm_t comm, cudaStream_t stream),
                    sendbuff, recvbuff, count, datatype, op, 0);
CPU_NCCL_COLLECTIVE(Broadcast,
                    (const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, int root,
                     ncclComm_t comm, cudaStream_t stream),
                    sendbuff, recvbuff, count, datatype, ncclSum, root);
CPU_NCCL_COLLECTIVE(Reduce,
                    (const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, ncclRedOp_t op,
                     int root, ncclComm_t comm, cudaStream_t stream),
                    sendbuff, recvbuff, count, datatype, op, root);
CPU_NCCL_COLLECTIVE(AllGather,
                    (const void* sendbuff, void* recvbuff, size_t sendcount, ncclDataType_t datatype, ncclComm_t comm,
                     cudaStream_t stream),
                    sendbuff, recvbuff, sendcount, datatype, ncclSum, 0);
CPU_NCCL_COLLECTIVE(ReduceScatter,
                    (const void* sendbuff, void* recvbuff, size_t recvcount, ncclDataType_t datatype, ncclRedOp_t op,
                     ncclComm_t comm, cudaStream_t stream),
                    sendbuff, recvbuff, recvcount, datatype, op, 0);
CPU_NCCL_COLLECTIVE(AlltoAll,
                    (const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, ncclComm_t comm,
                     cudaStream_t stream),
                    sendbuff, recvbuff, count, datatype, ncclSum, 0);
CPU_NCCL_COLLECTIVE(Gather,
                    (const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, int root,
                     ncclComm_t comm, cudaStream_t stream),
                    sendbuff, recvbuff, count, datatype, ncclSum, root);
CPU_NCCL_COLLECTIVE(Scatter,
                    (const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype, int root,
                     ncclComm_t comm, cudaStream_t stream),
                    sendbuff, recvbuff, count, datatype, ncclSum, root);

// The older spelling of a broadcast in place.
ncclResult_t ncclBcast(void* buff, size_t count, ncclDataType_t datatype, int root, ncclComm_t comm,
                       cudaStream_t stream) {
  CPU_COUNT_CALL();
  return enqueue({Function::Broadcast, buff, buff, count, datatype, ncclSum, root, comm, stream});
}
NCCL_TWIN(ncclBcast);

ncclResult_t ncclSend(const void* sendbuff, size_t count, ncclDataType_t datatype, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  CPU_COUNT_CALL();
  return enqueue({Function::Send, sendbuff, nullptr, count, datatype, ncclSum, peer, comm, stream});
}
NCCL_TWIN(ncclSend);

ncclResult_t ncclRecv(void* recvbuff, size_t count, ncclDataType_t datatype, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  CPU_COUNT_CALL();
  return enqueue({Function::Receive, nullptr, recvbuff, count, datatype, ncclSum, peer, comm, stream});
}
NCCL_TWIN(ncclRecv);

ncclResult_t ncclRedOpCreatePreMulSum(ncclRedOp_t* op, void* scalar, ncclDataType_t datatype,
                                      ncclScalarResidence_t residence, ncclComm_t comm) {
  CPU_COUNT_CALL();
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    communicator.check_ready();
    if (op == nullptr) return null_argument("op");
    if (scalar == nullptr) return null_argument("scalar");
    if (name_of(datatype) == nullptr || !can_reduce(datatype)) {
      return fail(ncclInvalidArgument, "datatype is " + std::to_string(static_cast<int>(datatype)) +
                                           ", which is no type that the CPU device computes with");
    }
    Reduction reduction{kPreMulSum, 0, nullptr};
    if (residence == ncclScalarHostImmediate) {
      std::memcpy(&reduction.factor, scalar, bytes_of(datatype));
    } else if (residence == ncclScalarDevice) {
      reduction.device_factor = scalar;
    } else {
      return fail(ncclInvalidArgument, "residence is " + std::to_string(static_cast<int>(residence)) +
                                           "; ncclScalarDevice and ncclScalarHostImmediate are valid");
    }
    *op = communicator.add_operation(datatype, reduction);
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclRedOpCreatePreMulSum);

ncclResult_t ncclRedOpDestroy(ncclRedOp_t op, ncclComm_t comm) {
  CPU_COUNT_CALL();
  return with_communicator(__func__, comm, [&](Communicator& communicator) {
    if (op >= 0 && op < ncclNumOps) return fail(ncclInvalidArgument, "op is one of NCCL's own, which stay");
    if (!communicator.remove_operation(op)) {
      return fail(ncclInvalidArgument, "op is unknown to this communicator: it was destroyed, or made for another one");
    }
    return ncclSuccess;
  });
}
NCCL_TWIN(ncclRedOpDestroy);
