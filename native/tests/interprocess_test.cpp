// Two processes on one device, through the C interface alone: memory and events opened by handles, memory of
// cuMemCreate and pools opened by file descriptors, and what happens when the process that made them is killed.
// Each test runs an exporter in a forked child and an importer in a second one; neither has called the driver before.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "generated/driver.h"
#include "tests/check.h"
#include "tests/gate.h"
#include "tests/training_ptx.h"

namespace {

// One end of a connection between the two processes.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}

  template <class T>
  void send(const T& value) {
    EXPECT(::send(socket_, &value, sizeof(value), 0) == static_cast<ssize_t>(sizeof(value)));
  }
  template <class T>
  T receive() {
    T value{};
    if (::recv(socket_, &value, sizeof(value), MSG_WAITALL) != static_cast<ssize_t>(sizeof(value))) {
      std::fprintf(stderr, "the other process has gone\n");
      _exit(3);
    }
    return value;
  }
  void signal() { send('!'); }
  void wait() { receive<char>(); }

  void send_descriptor(int descriptor) {
    char byte = 'd';
    iovec data{&byte, 1};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{nullptr, 0, &data, 1, space, sizeof(space), 0};
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    EXPECT(sendmsg(socket_, &message, 0) == 1);
  }
  int receive_descriptor() {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{nullptr, 0, &data, 1, space, sizeof(space), 0};
    if (recvmsg(socket_, &message, 0) != 1) _exit(3);
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    return descriptor;
  }

 private:
  int socket_;
};

void start_device() {
  CUcontext context = nullptr;
  CHECK(cuInit(0));
  CHECK(cuDevicePrimaryCtxRetain(&context, 0));
  CHECK(cuCtxSetCurrent(context));
}

uint32_t read_word(CUdeviceptr address) {
  uint32_t word = 0;
  CHECK(cuMemcpyDtoH_v2(&word, address, 4));
  return word;
}

CUstream make_stream() {
  CUstream stream = nullptr;
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  return stream;
}

// ---- memory by handle: small, large, and in the middle of a small block's neighbours

constexpr size_t kSizes[] = {4, 1000, 4096, (1 << 20) - 4, 1 << 20, 5 << 20};

void export_memory(Channel& channel) {
  start_device();
  for (const size_t size : kSizes) {
    CUdeviceptr neighbour = 0;
    CUdeviceptr memory = 0;
    CHECK(cuMemAlloc_v2(&neighbour, 512));
    CHECK(cuMemAlloc_v2(&memory, size));
    CHECK(cuMemsetD8_v2(neighbour, 0x77, 512));
    CHECK(cuMemsetD8_v2(memory, 0x11, size));
    CHECK(cuCtxSynchronize());
    CUipcMemHandle handle{};
    CHECK(cuIpcGetMemHandle(&handle, memory));
    CUipcMemHandle again{};
    CHECK(cuIpcGetMemHandle(&again, memory));
    EXPECT(std::memcmp(&handle, &again, sizeof(handle)) == 0);
    CUdeviceptr opened = 0;
    EXPECT(cuIpcOpenMemHandle_v2(&opened, handle, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS) == CUDA_ERROR_INVALID_CONTEXT);
    channel.send(handle);
    channel.wait();
    EXPECT(read_word(memory) == 0x22222222);
    EXPECT(read_word(neighbour) == 0x77777777);
    CHECK(cuMemsetD8_v2(memory, 0x33, size));
    CHECK(cuCtxSynchronize());
    channel.signal();
    channel.wait();
    CHECK(cuMemFree_v2(memory));
    CHECK(cuMemFree_v2(neighbour));
    channel.signal();
  }
}

void import_memory(Channel& channel) {
  start_device();
  for (const size_t size : kSizes) {
    const auto handle = channel.receive<CUipcMemHandle>();
    CUdeviceptr memory = 0;
    CUdeviceptr again = 0;
    EXPECT(cuIpcOpenMemHandle_v2(&memory, handle, 0) == CUDA_ERROR_INVALID_VALUE);
    CHECK(cuIpcOpenMemHandle_v2(&memory, handle, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS));
    CHECK(cuIpcOpenMemHandle_v2(&again, handle, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS));
    EXPECT(memory == again);
    CUdeviceptr base = 0;
    size_t found = 0;
    CHECK(cuMemGetAddressRange_v2(&base, &found, memory));
    EXPECT(base == memory && found == size);
    EXPECT(read_word(memory) == 0x11111111);
    EXPECT(cuMemsetD8_v2(memory, 1, size + 1) == CUDA_ERROR_INVALID_VALUE);
    CHECK(cuMemsetD8_v2(memory, 0x22, size));
    CHECK(cuCtxSynchronize());
    channel.signal();
    channel.wait();
    EXPECT(read_word(memory + size / 4 * 4 - 4) == 0x33333333);
    EXPECT(cuMemFree_v2(memory) == CUDA_ERROR_INVALID_VALUE);
    CHECK(cuIpcCloseMemHandle(memory));
    EXPECT(read_word(memory) == 0x33333333);
    CHECK(cuIpcCloseMemHandle(memory));
    EXPECT(cuIpcCloseMemHandle(memory) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(cuMemsetD8_v2(memory, 1, 4) == CUDA_ERROR_INVALID_VALUE);
    channel.signal();
    channel.wait();
    // Large memory is gone for good; small blocks share a region that may live on.
    if (size >= (1 << 20)) {
      EXPECT(cuIpcOpenMemHandle_v2(&memory, handle, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS) == CUDA_ERROR_MAP_FAILED);
    }
  }
}

// ---- memory that is written to while it is exported: nothing is lost

void export_busy_memory(Channel& channel) {
  start_device();
  const std::string ptx = training_ptx();
  CUmodule module = nullptr;
  CUfunction advance = nullptr;
  CHECK(cuModuleLoadData(&module, ptx.c_str()));
  CHECK(cuModuleGetFunction(&advance, module, "advance_step"));
  const CUstream stream = make_stream();
  for (int round = 0; round < 10; ++round) {
    CUdeviceptr memory = 0;
    CHECK(cuMemAlloc_v2(&memory, 16 << 20));
    CHECK(cuMemsetD32_v2(memory, 0, 4 << 20));
    CHECK(cuCtxSynchronize());
    CUdeviceptr state = memory + (8 << 20);
    void* arguments[] = {&state};
    constexpr uint32_t launches = 900;
    for (uint32_t i = 0; i < launches; ++i)
      CHECK(cuLaunchKernel(advance, 1, 1, 1, 1, 1, 1, 0, stream, arguments, nullptr));
    CUipcMemHandle handle{};
    CHECK(cuIpcGetMemHandle(&handle, memory));
    CHECK(cuStreamSynchronize(stream));
    EXPECT(read_word(state) == launches);
    CHECK(cuMemFree_v2(memory));
  }
  channel.signal();
}

void wait_for_busy_memory(Channel& channel) { channel.wait(); }

// ---- events

void export_event(Channel& channel) {
  start_device();
  CUdeviceptr memory = 0;
  CHECK(cuMemAlloc_v2(&memory, 4096));
  CHECK(cuMemsetD32_v2(memory, 1, 1024));
  CHECK(cuCtxSynchronize());
  CUevent plain = nullptr;
  CUevent event = nullptr;
  CHECK(cuEventCreate(&plain, CU_EVENT_DISABLE_TIMING));
  CHECK(cuEventCreate(&event, CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING));
  CUipcEventHandle handle{};
  EXPECT(cuIpcGetEventHandle(&handle, plain) == CUDA_ERROR_INVALID_HANDLE);
  CHECK(cuIpcGetEventHandle(&handle, event));
  CUevent opened = nullptr;
  EXPECT(cuIpcOpenEventHandle(&opened, handle) == CUDA_ERROR_INVALID_CONTEXT);
  CUipcMemHandle memory_handle{};
  CHECK(cuIpcGetMemHandle(&memory_handle, memory));
  channel.send(memory_handle);
  channel.send(handle);
  channel.wait();
  const CUstream stream = make_stream();
  for (uint32_t round = 2; round < 12; ++round) {
    Gate gate;
    gate.close_in(stream);
    CHECK(cuMemsetD32Async(memory, round, 1024, stream));
    CHECK(cuEventRecord(event, stream));
    EXPECT(cuEventQuery(event) == CUDA_ERROR_NOT_READY);
    channel.signal();
    channel.wait();
    gate.open = true;
    CHECK(cuEventSynchronize(event));
    channel.wait();
  }
  // The other way: the importer records, this process waits.
  channel.signal();
  channel.wait();
  CHECK(cuStreamWaitEvent(stream, event, 0));
  uint32_t word = 0;
  CHECK(cuMemcpyDtoHAsync_v2(&word, memory, 4, stream));
  CHECK(cuStreamSynchronize(stream));
  EXPECT(word == 99);
  channel.signal();
}

void import_event(Channel& channel) {
  start_device();
  const auto memory_handle = channel.receive<CUipcMemHandle>();
  const auto handle = channel.receive<CUipcEventHandle>();
  CUdeviceptr memory = 0;
  CUevent event = nullptr;
  CHECK(cuIpcOpenMemHandle_v2(&memory, memory_handle, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS));
  CHECK(cuIpcOpenEventHandle(&event, handle));
  CHECK(cuEventQuery(event));
  const CUstream stream = make_stream();
  channel.signal();
  for (uint32_t round = 2; round < 12; ++round) {
    channel.wait();
    EXPECT(cuEventQuery(event) == CUDA_ERROR_NOT_READY);
    CHECK(cuStreamWaitEvent(stream, event, 0));
    CUdeviceptr mine = 0;
    CHECK(cuMemAlloc_v2(&mine, 4096));
    CHECK(cuMemcpyDtoDAsync_v2(mine, memory, 4096, stream));
    EXPECT(cuStreamQuery(stream) == CUDA_ERROR_NOT_READY);
    channel.signal();
    CHECK(cuStreamSynchronize(stream));
    EXPECT(read_word(mine + 4092) == round);
    CHECK(cuEventQuery(event));
    CHECK(cuMemFree_v2(mine));
    channel.signal();
  }
  channel.wait();
  Gate gate;
  gate.close_in(stream);
  CHECK(cuMemsetD32Async(memory, 99, 1024, stream));
  CHECK(cuEventRecord(event, stream));
  channel.signal();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  gate.open = true;
  CHECK(cuEventSynchronize(event));
  channel.wait();
  CHECK(cuEventDestroy_v2(event));
  CHECK(cuIpcCloseMemHandle(memory));
}

// ---- memory of cuMemCreate, and pools, by file descriptor

CUmemAllocationProp exportable() {
  CUmemAllocationProp properties{};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  return properties;
}

CUdeviceptr map_all(CUmemGenericAllocationHandle handle, size_t size) {
  CUdeviceptr address = 0;
  CHECK(cuMemAddressReserve(&address, size, 0, 0, 0));
  CHECK(cuMemMap(address, size, 0, handle, 0));
  const CUmemAccessDesc access{{CU_MEM_LOCATION_TYPE_DEVICE, {0}}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  CHECK(cuMemSetAccess(address, size, &access, 1));
  return address;
}

void unmap_all(CUdeviceptr address, size_t size) {
  CHECK(cuMemUnmap(address, size));
  CHECK(cuMemAddressFree(address, size));
}

constexpr size_t kMapped = 4 << 20;

void export_descriptors(Channel& channel) {
  start_device();
  CUmemGenericAllocationHandle handle = 0;
  const CUmemAllocationProp properties = exportable();
  CHECK(cuMemCreate(&handle, kMapped, &properties, 0));
  const CUdeviceptr address = map_all(handle, kMapped);
  CHECK(cuMemsetD32_v2(address, 0x12345678, kMapped / 4));
  int descriptor = -1;
  CHECK(cuMemExportToShareableHandle(&descriptor, handle, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
  CHECK(cuCtxSynchronize());
  channel.send_descriptor(descriptor);
  close(descriptor);
  channel.wait();
  EXPECT(read_word(address + kMapped - 4) == 0x87654321);
  unmap_all(address, kMapped);
  CHECK(cuMemRelease(handle));
  channel.signal();

  CUmemPoolProps pool_properties{};
  pool_properties.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  pool_properties.handleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  pool_properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  CUmemoryPool pool = nullptr;
  CHECK(cuMemPoolCreate(&pool, &pool_properties));
  CHECK(cuMemPoolExportToShareableHandle(&descriptor, pool, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
  channel.send_descriptor(descriptor);
  close(descriptor);
  const CUstream stream = make_stream();
  for (const size_t size : {size_t{100}, size_t{70000}, size_t{3} << 20}) {
    CUdeviceptr memory = 0;
    CHECK(cuMemAllocFromPoolAsync(&memory, size, pool, stream));
    CHECK(cuMemsetD8Async(memory, 0x44, size, stream));
    CHECK(cuStreamSynchronize(stream));
    CUmemPoolPtrExportData data{};
    CHECK(cuMemPoolExportPointer(&data, memory));
    EXPECT(cuMemPoolExportPointer(&data, memory + 1) == CUDA_ERROR_INVALID_VALUE);
    channel.send(data);
    channel.wait();
    EXPECT(read_word(memory) == 0x55555555);
    CHECK(cuMemFreeAsync(memory, stream));
    CHECK(cuStreamSynchronize(stream));
  }
  CHECK(cuMemPoolDestroy(pool));
}

void import_descriptors(Channel& channel) {
  start_device();
  int descriptor = channel.receive_descriptor();
  CUmemGenericAllocationHandle handle = 0;
  const auto os_handle = [&] { return reinterpret_cast<void*>(static_cast<intptr_t>(descriptor)); };
  CHECK(cuMemImportFromShareableHandle(&handle, os_handle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR));
  CUmemoryPool pool = nullptr;
  EXPECT(cuMemPoolImportFromShareableHandle(&pool, os_handle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0) ==
         CUDA_ERROR_INVALID_VALUE);
  close(descriptor);
  CUmemAllocationProp properties{};
  CHECK(cuMemGetAllocationPropertiesFromHandle(&properties, handle));
  EXPECT(properties.location.type == CU_MEM_LOCATION_TYPE_DEVICE && properties.location.id == 0);
  const CUdeviceptr address = map_all(handle, kMapped);
  CHECK(cuMemRelease(handle));
  EXPECT(read_word(address + kMapped / 2) == 0x12345678);
  CHECK(cuMemsetD32_v2(address, 0x87654321, kMapped / 4));
  CHECK(cuCtxSynchronize());
  channel.signal();
  channel.wait();
  EXPECT(read_word(address) == 0x87654321);
  unmap_all(address, kMapped);

  descriptor = channel.receive_descriptor();
  EXPECT(cuMemImportFromShareableHandle(&handle, os_handle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) ==
         CUDA_ERROR_INVALID_VALUE);
  CHECK(cuMemPoolImportFromShareableHandle(&pool, os_handle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
  close(descriptor);
  const CUstream stream = make_stream();
  CUdeviceptr none = 0;
  EXPECT(cuMemAllocFromPoolAsync(&none, 16, pool, stream) == CUDA_ERROR_NOT_PERMITTED);
  for (const size_t size : {size_t{100}, size_t{70000}, size_t{3} << 20}) {
    auto data = channel.receive<CUmemPoolPtrExportData>();
    CUdeviceptr memory = 0;
    CHECK(cuMemPoolImportPointer(&memory, pool, &data));
    EXPECT(read_word(memory + size / 4 * 4 - 4) == 0x44444444);
    CHECK(cuMemsetD8Async(memory, 0x55, size, stream));
    CHECK(cuMemFreeAsync(memory, stream));
    CHECK(cuStreamSynchronize(stream));
    EXPECT(cuMemFreeAsync(memory, stream) == CUDA_ERROR_INVALID_VALUE);
    channel.signal();
  }
  CHECK(cuMemPoolDestroy(pool));
}

// ---- a process that is killed

void export_and_die(Channel& channel) {
  start_device();
  CUdeviceptr memory = 0;
  CUdeviceptr other = 0;
  CUevent event = nullptr;
  CHECK(cuMemAlloc_v2(&memory, 1 << 20));
  CHECK(cuMemAlloc_v2(&other, 1 << 20));
  CHECK(cuMemsetD8_v2(memory, 0x66, 1 << 20));
  CHECK(cuCtxSynchronize());
  CHECK(cuEventCreate(&event, CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING));
  CUipcMemHandle handles[2] = {};
  CUipcEventHandle event_handle{};
  CHECK(cuIpcGetMemHandle(&handles[0], memory));
  CHECK(cuIpcGetMemHandle(&handles[1], other));
  CHECK(cuIpcGetEventHandle(&event_handle, event));
  const CUstream stream = make_stream();
  static Gate never;
  never.close_in(stream);
  CHECK(cuEventRecord(event, stream));
  channel.send(handles);
  channel.send(event_handle);
  channel.wait();
  kill(getpid(), SIGKILL);
}

void survive(Channel& channel) {
  start_device();
  struct Handles {
    CUipcMemHandle memory[2];
  };
  const auto handles = channel.receive<Handles>();
  const auto event_handle = channel.receive<CUipcEventHandle>();
  CUdeviceptr memory = 0;
  CUevent event = nullptr;
  CHECK(cuIpcOpenMemHandle_v2(&memory, handles.memory[0], CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS));
  CHECK(cuIpcOpenEventHandle(&event, event_handle));
  const CUstream stream = make_stream();
  CHECK(cuStreamWaitEvent(stream, event, 0));
  EXPECT(cuStreamQuery(stream) == CUDA_ERROR_NOT_READY);
  channel.signal();
  EXPECT(cuEventSynchronize(event) == CUDA_ERROR_LAUNCH_FAILED);
  EXPECT(cuStreamSynchronize(stream) == CUDA_ERROR_LAUNCH_FAILED);
  CHECK(cuDevicePrimaryCtxReset_v2(0));
  start_device();
  CUdeviceptr late = 0;
  EXPECT(cuIpcOpenMemHandle_v2(&late, handles.memory[1], CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS) == CUDA_ERROR_MAP_FAILED);
  EXPECT(cuIpcOpenEventHandle(&event, event_handle) == CUDA_ERROR_MAP_FAILED);
}

// ---- 64 bytes that are no handle

void no_exporter(Channel&) {}

void open_garbage(Channel&) {
  start_device();
  for (unsigned char byte : {0, 1, 0xFF}) {
    CUipcMemHandle handle;
    CUipcEventHandle event_handle;
    std::memset(&handle, byte, sizeof(handle));
    std::memset(&event_handle, byte, sizeof(event_handle));
    CUdeviceptr memory = 0;
    CUevent event = nullptr;
    EXPECT(cuIpcOpenMemHandle_v2(&memory, handle, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS) == CUDA_ERROR_INVALID_VALUE);
    EXPECT(cuIpcOpenEventHandle(&event, event_handle) == CUDA_ERROR_INVALID_VALUE);
  }
  CUmemGenericAllocationHandle handle = 0;
  for (const intptr_t descriptor : {intptr_t{-1}, intptr_t{0}, intptr_t{12345}}) {
    EXPECT(cuMemImportFromShareableHandle(&handle, reinterpret_cast<void*>(descriptor),
                                          CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) == CUDA_ERROR_INVALID_VALUE);
  }
}

bool run(const char* name, void (*exporter)(Channel&), void (*importer)(Channel&), bool killed = false) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return false;
  pid_t children[2];
  for (int i = 0; i < 2; ++i) {
    children[i] = fork();
    if (children[i] != 0) continue;
    close(sockets[1 - i]);
    Channel channel(sockets[i]);
    (i == 0 ? exporter : importer)(channel);
    // Stream workers of the primary context are still there; the process ends without waiting for them.
    std::fflush(nullptr);
    _exit(failures == 0 ? 0 : 1);
  }
  close(sockets[0]);
  close(sockets[1]);
  bool good = true;
  for (int i = 0; i < 2; ++i) {
    int status = 0;
    waitpid(children[i], &status, 0);
    const bool as_planned = killed && i == 0 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                                             : WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!as_planned) {
      std::fprintf(stderr, "%s: the %s ended with status %d\n", name, i == 0 ? "exporter" : "importer", status);
      good = false;
    }
  }
  return good;
}

}  // namespace

int main() {
  bool good = run("memory", export_memory, import_memory);
  good = run("busy memory", export_busy_memory, wait_for_busy_memory) && good;
  good = run("event", export_event, import_event) && good;
  good = run("descriptors", export_descriptors, import_descriptors) && good;
  good = run("killed", export_and_die, survive, true) && good;
  good = run("garbage", no_exporter, open_garbage) && good;
  std::printf("6 pairs of processes: %s\n", good ? "all as planned" : "FAILED");
  return good ? 0 : 1;
}
