// NCCL's functions between ranks that are threads of this process, and processes, through the C interface alone: all
// collectives with all types and reductions against plain loops; transfers, groups, splits, graphs; and what happens
// when a rank dies, never comes, calls something else, is aborted, or is a stranger. Meant to run under the sanitizers
// too (-DSANITIZE=thread).
// usage: nccl_test [--part NAME]
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "generated/driver.h"
#include "generated/nccl.h"
#include "tests/check.h"

namespace {

using Clock = std::chrono::steady_clock;

bool succeeded(ncclResult_t result, const char* call, int line) {
  if (result == ncclSuccess) return true;
  std::fprintf(stderr, "line %d: %s: %s: %s\n", line, call, ncclGetErrorString(result), ncclGetLastError(nullptr));
  ++failures;
  return false;
}
#define NCCL(call) succeeded(call, #call, __LINE__)

// ---- numbers of every type, and what is expected of them ----

uint16_t to_half(double value) {
  if (value == 0) return std::signbit(value) ? 0x8000 : 0;
  int exponent;
  const double fraction = std::frexp(std::fabs(value), &exponent);  // in [0.5, 1)
  const auto mantissa = static_cast<uint32_t>(std::nearbyint(fraction * 2048));
  const uint32_t bits = (static_cast<uint32_t>(exponent + 13) << 10) + mantissa;  // normal numbers only
  return static_cast<uint16_t>(bits | (value < 0 ? 0x8000 : 0));
}
double from_half(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double mantissa = (bits & 1023) / 1024.0;
  const double size = exponent == 0 ? std::ldexp(mantissa, -14) : std::ldexp(1 + mantissa, exponent - 15);
  return bits & 0x8000 ? -size : size;
}
uint16_t to_bfloat(double value) {
  const float single = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &single, 4);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}
double from_bfloat(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float single;
  std::memcpy(&single, &wide, 4);
  return single;
}

struct Type {
  ncclDataType_t type;
  size_t bytes;
  bool integer;
  bool is_signed;
};
const Type kTypes[] = {{ncclInt8, 1, true, true},     {ncclUint8, 1, true, false},   {ncclInt32, 4, true, true},
                       {ncclUint32, 4, true, false},  {ncclInt64, 8, true, true},    {ncclUint64, 8, true, false},
                       {ncclFloat16, 2, false, true}, {ncclFloat32, 4, false, true}, {ncclFloat64, 8, false, true},
                       {ncclBfloat16, 2, false, true}};
const ncclRedOp_t kOperations[] = {ncclSum, ncclProd, ncclMax, ncclMin, ncclAvg};

void store(const Type& type, void* to, double value) {
  const auto whole = static_cast<int64_t>(value);
  const auto half = type.type == ncclFloat16 ? to_half(value) : to_bfloat(value);
  const auto single = static_cast<float>(value);
  const void* from = type.integer      ? static_cast<const void*>(&whole)
                     : type.bytes == 8 ? static_cast<const void*>(&value)
                     : type.bytes == 4 ? static_cast<const void*>(&single)
                                       : static_cast<const void*>(&half);
  std::memcpy(to, from, type.bytes);
}
double load(const Type& type, const void* from) {
  int64_t whole = 0;
  std::memcpy(&whole, from, type.bytes);
  if (type.integer) {
    const auto shift = static_cast<int>(64 - 8 * type.bytes);
    const auto widened = static_cast<uint64_t>(whole) << shift;
    return type.is_signed ? static_cast<double>(static_cast<int64_t>(widened) >> shift)
                          : static_cast<double>(widened >> shift);
  }
  if (type.type == ncclFloat16) return from_half(static_cast<uint16_t>(whole));
  if (type.type == ncclBfloat16) return from_bfloat(static_cast<uint16_t>(whole));
  double wide;
  float single;
  std::memcpy(&wide, &whole, 8);
  std::memcpy(&single, &whole, 4);
  return type.bytes == 8 ? wide : single;
}

// Element i of what a rank contributes. Small multiples of a half, so that sums and products of four ranks are exact in
// every type; what overflows 8 bits wraps around.
double contribution(const Type& type, int rank, size_t i) {
  const auto number = static_cast<int>((i * 7 + static_cast<size_t>(rank) * 3 + i / 11) % 9);
  if (type.integer) return type.is_signed ? number - 4 : number + (type.bytes == 1 ? 50 : 0);
  return (number - 4) * 0.5;
}

double reduced(const Type& type, ncclRedOp_t operation, int ranks, size_t i) {
  double value = contribution(type, 0, i);
  for (int rank = 1; rank < ranks; ++rank) {
    const double other = contribution(type, rank, i);
    value = operation == ncclProd  ? value * other
            : operation == ncclMax ? std::fmax(value, other)
            : operation == ncclMin ? std::fmin(value, other)
                                   : value + other;
  }
  if (type.integer) {
    unsigned char wrapped[8];
    store(type, wrapped, value);
    value = load(type, wrapped);
    return operation == ncclAvg ? std::trunc(value / ranks) : value;
  }
  return operation == ncclAvg ? value / ranks : value;
}

// ---- a rank ----

struct Rank {
  ncclComm_t communicator = nullptr;
  CUstream stream = nullptr;
  int rank = 0;
  int ranks = 0;
};

// The device's primary context, current in the calling thread.
class PrimaryContext {
 public:
  PrimaryContext() {
    CUcontext context = nullptr;
    CHECK(cuInit(0));
    CHECK(cuDevicePrimaryCtxRetain(&context, 0));
    CHECK(cuCtxSetCurrent(context));
  }
  ~PrimaryContext() { CHECK(cuDevicePrimaryCtxRelease_v2(0)); }
  PrimaryContext(const PrimaryContext&) = delete;
  PrimaryContext& operator=(const PrimaryContext&) = delete;
};

// Ranks that are threads have a context each, as they have on GPUs: freeing memory waits for all work of a context, and
// so for other ranks in it, which may wait for this one.
class OwnContext {
 public:
  OwnContext() {
    CHECK(cuInit(0));
    CHECK(cuCtxCreate_v2(&context_, 0, 0));
  }
  ~OwnContext() { CHECK(cuCtxDestroy_v2(context_)); }
  OwnContext(const OwnContext&) = delete;
  OwnContext& operator=(const OwnContext&) = delete;

 private:
  CUcontext context_ = nullptr;
};

class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(bytes) { CHECK(cuMemAlloc_v2(&address_, bytes == 0 ? 1 : bytes)); }
  ~Memory() { CHECK(cuMemFree_v2(address_)); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  char* at(size_t offset = 0) const { return reinterpret_cast<char*>(address_) + offset; }
  void upload(const std::vector<char>& content, size_t offset = 0) const {
    CHECK(cuMemcpyHtoD_v2(address_ + offset, content.data(), content.size()));
  }
  std::vector<char> download() const {
    std::vector<char> content(bytes_);
    CHECK(cuMemcpyDtoH_v2(content.data(), address_, bytes_));
    return content;
  }

 private:
  size_t bytes_;
  CUdeviceptr address_ = 0;
};

std::vector<char> numbers(const Type& type, size_t count, const std::function<double(size_t)>& value) {
  std::vector<char> content(count * type.bytes);
  for (size_t i = 0; i < count; ++i) store(type, content.data() + i * type.bytes, value(i));
  return content;
}

void expect_numbers(const Type& type, const Memory& memory, size_t first, size_t count, double tolerance,
                    const char* what, const std::function<double(size_t)>& expected) {
  const std::vector<char> found = memory.download();
  for (size_t i = 0; i < count; ++i) {
    const double is = load(type, found.data() + (first + i) * type.bytes);
    const double should = expected(i);
    if (std::fabs(is - should) <= tolerance * std::fmax(1, std::fabs(should))) continue;
    std::fprintf(stderr, "%s, type %d, %zu elements: element %zu is %g, not %g\n", what, type.type, count, i, is,
                 should);
    ++failures;
    return;
  }
}

double tolerance_of(const Type& type, ncclRedOp_t operation, int ranks) {
  if (type.integer || operation != ncclAvg || (ranks & (ranks - 1)) == 0) return 0;
  return type.bytes == 2 ? 0.02 : 1e-6;
}

void reductions(const Rank& r, const Type& type, size_t count) {
  const auto ranks = static_cast<size_t>(r.ranks);
  for (const ncclRedOp_t operation : kOperations) {
    const double tolerance = tolerance_of(type, operation, r.ranks);
    const auto expected = [&](size_t i) { return reduced(type, operation, r.ranks, i); };
    const auto mine = numbers(type, count * ranks, [&](size_t i) { return contribution(type, r.rank, i); });
    for (const bool in_place : {false, true}) {
      Memory source(count * ranks * type.bytes), target(count * ranks * type.bytes);
      source.upload(mine);
      const Memory& result = in_place ? source : target;
      NCCL(ncclAllReduce(source.at(), result.at(), count, type.type, operation, r.communicator, r.stream));
      CHECK(cuStreamSynchronize(r.stream));
      expect_numbers(type, result, 0, count, tolerance, "ncclAllReduce", expected);
      source.upload(mine);
      const int root = static_cast<int>(count) % r.ranks;
      NCCL(ncclReduce(source.at(), r.rank == root ? result.at() : nullptr, count, type.type, operation, root,
                      r.communicator, r.stream));
      CHECK(cuStreamSynchronize(r.stream));
      if (r.rank == root) expect_numbers(type, result, 0, count, tolerance, "ncclReduce", expected);
      if (r.rank != root) {
        expect_numbers(type, source, 0, count, 0, "the source of ncclReduce",
                       [&](size_t i) { return contribution(type, r.rank, i); });
      }
      source.upload(mine);
      const size_t first = in_place ? count * static_cast<size_t>(r.rank) : 0;
      NCCL(ncclReduceScatter(source.at(), result.at(first * type.bytes), count, type.type, operation, r.communicator,
                             r.stream));
      CHECK(cuStreamSynchronize(r.stream));
      expect_numbers(type, result, first, count, tolerance, "ncclReduceScatter",
                     [&](size_t i) { return expected(count * static_cast<size_t>(r.rank) + i); });
    }
  }
}

void movements(const Rank& r, const Type& type, size_t count) {
  const auto ranks = static_cast<size_t>(r.ranks);
  const auto me = static_cast<size_t>(r.rank);
  const size_t part = count * type.bytes;
  const auto mine = numbers(type, count * ranks, [&](size_t i) { return contribution(type, r.rank, i); });
  const auto of = [&](size_t rank) {
    return [&type, rank](size_t i) { return contribution(type, static_cast<int>(rank), i); };
  };
  const auto by_rank = [&](size_t i) { return contribution(type, static_cast<int>(i / count), i % count); };
  for (const bool in_place : {false, true}) {
    const int root = static_cast<int>(count + 1) % r.ranks;
    Memory source(part * ranks), target(part * ranks);
    const Memory& result = in_place ? source : target;
    source.upload(mine);
    NCCL(ncclBroadcast(source.at(), result.at(), count, type.type, root, r.communicator, r.stream));
    CHECK(cuStreamSynchronize(r.stream));
    expect_numbers(type, result, 0, count, 0, "ncclBroadcast", of(static_cast<size_t>(root)));
    source.upload(mine);
    NCCL(ncclBcast(source.at(), count, type.type, root, r.communicator, r.stream));
    CHECK(cuStreamSynchronize(r.stream));
    expect_numbers(type, source, 0, count, 0, "ncclBcast", of(static_cast<size_t>(root)));
    source.upload({mine.begin(), mine.begin() + static_cast<long>(part)}, in_place ? me * part : 0);
    NCCL(ncclAllGather(source.at(in_place ? me * part : 0), result.at(), count, type.type, r.communicator, r.stream));
    CHECK(cuStreamSynchronize(r.stream));
    expect_numbers(type, result, 0, count * ranks, 0, "ncclAllGather", by_rank);
    source.upload(mine);
    NCCL(ncclAlltoAll(source.at(), result.at(), count, type.type, r.communicator, r.stream));
    CHECK(cuStreamSynchronize(r.stream));
    expect_numbers(type, result, 0, count * ranks, 0, "ncclAlltoAll",
                   [&](size_t i) { return contribution(type, static_cast<int>(i / count), me * count + i % count); });
    source.upload({mine.begin(), mine.begin() + static_cast<long>(part)}, in_place ? me * part : 0);
    NCCL(ncclGather(source.at(in_place ? me * part : 0), r.rank == root ? result.at() : nullptr, count, type.type, root,
                    r.communicator, r.stream));
    CHECK(cuStreamSynchronize(r.stream));
    if (r.rank == root) expect_numbers(type, result, 0, count * ranks, 0, "ncclGather", by_rank);
    source.upload(mine);
    NCCL(ncclScatter(r.rank == root ? source.at() : nullptr, result.at(in_place ? me * part : 0), count, type.type,
                     root, r.communicator, r.stream));
    CHECK(cuStreamSynchronize(r.stream));
    expect_numbers(type, result, in_place ? me * count : 0, count, 0, "ncclScatter",
                   [&](size_t i) { return contribution(type, root, me * count + i); });
    // To the next rank, from the one before.
    const int next = (r.rank + 1) % r.ranks;
    const int previous = (r.rank + r.ranks - 1) % r.ranks;
    source.upload(mine);
    NCCL(ncclGroupStart());
    NCCL(ncclSend(source.at(), count, type.type, next, r.communicator, r.stream));
    NCCL(ncclRecv(target.at(), count, type.type, previous, r.communicator, r.stream));
    NCCL(ncclGroupEnd());
    CHECK(cuStreamSynchronize(r.stream));
    expect_numbers(type, target, 0, count, 0, "ncclSend and ncclRecv", of(static_cast<size_t>(previous)));
  }
}

void everything(const Rank& r) {
  for (const Type& type : kTypes) {
    for (const size_t count : {size_t{1}, size_t{13}, size_t{1500}}) {
      reductions(r, type, count);
      movements(r, type, count);
    }
  }
  // Longer than what Gloo moves at a time, and than what a connection takes at once.
  const Type& single = kTypes[7];
  const size_t many = size_t{3} << 20;
  Memory memory(many * 4);
  memory.upload(numbers(single, many, [&](size_t i) { return contribution(single, r.rank, i); }));
  NCCL(ncclAllReduce(memory.at(), memory.at(), many, ncclFloat32, ncclSum, r.communicator, r.stream));
  CHECK(cuStreamSynchronize(r.stream));
  expect_numbers(single, memory, 0, many, 0, "a long ncclAllReduce",
                 [&](size_t i) { return reduced(single, ncclSum, r.ranks, i); });
  // Nothing to move is no error, and disturbs nothing.
  NCCL(ncclAllReduce(nullptr, nullptr, 0, ncclFloat32, ncclSum, r.communicator, r.stream));
  NCCL(ncclAllReduce(memory.at(), memory.at(), 4, ncclFloat32, ncclMax, r.communicator, r.stream));
  CHECK(cuStreamSynchronize(r.stream));
}

void premultiplied(const Rank& r) {
  for (const Type& type : kTypes) {
    Memory memory(9 * type.bytes), factor(8);
    memory.upload(numbers(type, 9, [&](size_t i) { return contribution(type, r.rank, i); }));
    std::vector<char> by(8);
    store(type, by.data(), r.rank + 2);
    factor.upload(by);
    const bool on_device = type.bytes == 4;
    ncclRedOp_t operation;
    NCCL(ncclRedOpCreatePreMulSum(&operation, on_device ? factor.at() : by.data(), type.type,
                                  on_device ? ncclScalarDevice : ncclScalarHostImmediate, r.communicator));
    NCCL(ncclAllReduce(memory.at(), memory.at(), 9, type.type, operation, r.communicator, r.stream));
    CHECK(cuStreamSynchronize(r.stream));
    expect_numbers(type, memory, 0, 9, 0, "a premultiplied sum", [&](size_t i) {
      double sum = 0;
      for (int rank = 0; rank < r.ranks; ++rank) sum += contribution(type, rank, i) * (rank + 2);
      unsigned char wrapped[8];
      store(type, wrapped, sum);
      return load(type, wrapped);
    });
    const Type& other = type.type == ncclInt8 ? kTypes[2] : kTypes[0];
    EXPECT(ncclAllReduce(memory.at(), memory.at(), 1, other.type, operation, r.communicator, r.stream) ==
           ncclInvalidArgument);
    NCCL(ncclRedOpDestroy(operation, r.communicator));
    EXPECT(ncclRedOpDestroy(operation, r.communicator) == ncclInvalidArgument);
    EXPECT(ncclAllReduce(memory.at(), memory.at(), 1, type.type, operation, r.communicator, r.stream) ==
           ncclInvalidArgument);
  }
}

// ---- ranks as threads ----

ncclUniqueId new_id() {
  ncclUniqueId id;
  NCCL(ncclGetUniqueId(&id));
  return id;
}

void on_threads(int ranks, const std::function<void(Rank&)>& body, bool destroy = true) {
  const ncclUniqueId id = new_id();
  std::atomic<int> arrived{0};
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      const OwnContext context;
      Rank r;
      r.rank = rank;
      r.ranks = ranks;
      CHECK(cuStreamCreate(&r.stream, CU_STREAM_NON_BLOCKING));
      if (NCCL(ncclCommInitRank(&r.communicator, ranks, id, rank))) {
        int answer = -1;
        NCCL(ncclCommCount(r.communicator, &answer));
        EXPECT(answer == ranks);
        NCCL(ncclCommUserRank(r.communicator, &answer));
        EXPECT(answer == rank);
        NCCL(ncclCommCuDevice(r.communicator, &answer));
        EXPECT(answer == 0);
        // Nobody ends before all have looked.
        for (++arrived; arrived < ranks;) std::this_thread::yield();
        body(r);
        if (destroy) NCCL(ncclCommDestroy(r.communicator));
      }
      CHECK(cuStreamDestroy_v2(r.stream));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void threads_part() {
  for (const int ranks : {1, 2, 3}) on_threads(ranks, everything);
  on_threads(2, premultiplied);
  on_threads(1, premultiplied);
}

ncclResult_t state_of(ncclComm_t communicator) {
  ncclResult_t state = ncclSuccess;
  NCCL(ncclCommGetAsyncError(communicator, &state));
  return state;
}

// Waits for a state other than `from`.
ncclResult_t next_state(ncclComm_t communicator, ncclResult_t from, int seconds = 20) {
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  while (Clock::now() < end) {
    const ncclResult_t state = state_of(communicator);
    if (state != from) return state;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return from;
}

void add_one_rank_each(const Rank& r, size_t count = 100) {
  const Type& type = kTypes[2];
  Memory memory(count * type.bytes);
  memory.upload(numbers(type, count, [&](size_t i) { return contribution(type, r.rank, i); }));
  NCCL(ncclAllReduce(memory.at(), memory.at(), count, type.type, ncclSum, r.communicator, r.stream));
  CHECK(cuStreamSynchronize(r.stream));
  expect_numbers(type, memory, 0, count, 0, "ncclAllReduce",
                 [&](size_t i) { return reduced(type, ncclSum, r.ranks, i); });
}

void split_part() {
  on_threads(4, [](Rank& r) {
    Rank child{nullptr, r.stream, (3 - r.rank) / 2, 2};
    NCCL(ncclCommSplit(r.communicator, r.rank % 2, -r.rank, &child.communicator, nullptr));
    int answer = -1;
    NCCL(ncclCommUserRank(child.communicator, &answer));
    EXPECT(answer == child.rank);
    NCCL(ncclCommCount(child.communicator, &answer));
    EXPECT(answer == 2);
    add_one_rank_each(child);
    add_one_rank_each(r);
    NCCL(ncclCommDestroy(child.communicator));
    ncclComm_t none = r.communicator;
    NCCL(ncclCommSplit(r.communicator, r.rank == 3 ? 0 : NCCL_SPLIT_NOCOLOR, 0, &none, nullptr));
    EXPECT((none != nullptr) == (r.rank == 3));
    if (none != nullptr) NCCL(ncclCommDestroy(none));
    // Without rank 2.
    if (r.rank == 2) return;
    Rank smaller{nullptr, r.stream, r.rank == 3 ? 2 : r.rank, 3};
    int excluded = 2;
    NCCL(ncclCommShrink(r.communicator, &excluded, 1, &smaller.communicator, nullptr, NCCL_SHRINK_DEFAULT));
    add_one_rank_each(smaller);
    NCCL(ncclCommDestroy(smaller.communicator));
  });
  // A rank is gone in the middle of a collective: the others go on without it.
  on_threads(
      3,
      [](Rank& r) {
        if (r.rank == 1) {
          NCCL(ncclCommAbort(r.communicator));
          return;
        }
        Memory memory(4000);
        // The news may be here before the call.
        const ncclResult_t result =
            ncclAllReduce(memory.at(), memory.at(), 1000, ncclFloat32, ncclSum, r.communicator, r.stream);
        EXPECT(result == ncclSuccess || result == ncclRemoteError);
        EXPECT(next_state(r.communicator, ncclSuccess) == ncclRemoteError);
        Rank smaller{nullptr, r.stream, r.rank / 2, 2};
        int excluded = 1;
        NCCL(ncclCommShrink(r.communicator, &excluded, 1, &smaller.communicator, nullptr, NCCL_SHRINK_ABORT));
        CHECK(cuStreamSynchronize(r.stream));
        add_one_rank_each(smaller);
        NCCL(ncclCommDestroy(smaller.communicator));
        NCCL(ncclCommAbort(r.communicator));
      },
      false);
  // One more rank joins.
  ncclUniqueId id{};
  std::atomic<bool> known{false};
  std::thread newcomer([&] {
    const OwnContext context;
    while (!known) std::this_thread::yield();
    Rank r{nullptr, nullptr, 2, 3};
    CHECK(cuStreamCreate(&r.stream, CU_STREAM_NON_BLOCKING));
    NCCL(ncclCommGrow(nullptr, 3, &id, 2, &r.communicator, nullptr));
    add_one_rank_each(r);
    NCCL(ncclCommDestroy(r.communicator));
  });
  on_threads(2, [&](Rank& r) {
    if (r.rank == 1) {
      NCCL(ncclCommGetUniqueId(r.communicator, &id));
      known = true;
    }
    Rank larger{nullptr, r.stream, r.rank, 3};
    NCCL(ncclCommGrow(r.communicator, 3, nullptr, -1, &larger.communicator, nullptr));
    add_one_rank_each(larger);
    NCCL(ncclCommDestroy(larger.communicator));
  });
  newcomer.join();
}

// One thread serves all ranks.
void group_part() {
  const PrimaryContext device;
  constexpr int kRanks = 3;
  const ncclUniqueId id = new_id();
  Rank ranks[kRanks];
  NCCL(ncclGroupStart());
  for (int i = 0; i < kRanks; ++i) {
    ranks[i].rank = i;
    ranks[i].ranks = kRanks;
    CHECK(cuStreamCreate(&ranks[i].stream, CU_STREAM_NON_BLOCKING));
    NCCL(ncclCommInitRank(&ranks[i].communicator, kRanks, id, i));
  }
  NCCL(ncclGroupEnd());
  const Type& type = kTypes[2];
  constexpr size_t kCount = 2000;
  const auto mine = [&](int rank) {
    return numbers(type, kCount, [&](size_t i) { return contribution(type, rank, i); });
  };
  // In streams of their own, and all in one; two collectives and nested groups.
  for (const bool one_stream : {false, true}) {
    Memory a(kCount * 4), b(kCount * 4), c(kCount * 4), d(kCount * 4), e(kCount * 4), f(kCount * 4);
    Memory* firsts[] = {&a, &b, &c};
    Memory* seconds[] = {&d, &e, &f};
    for (int i = 0; i < kRanks; ++i) {
      firsts[i]->upload(mine(i));
      seconds[i]->upload(mine(i));
    }
    NCCL(ncclGroupStart());
    for (int i = 0; i < kRanks; ++i) {
      CUstream stream = ranks[one_stream ? 0 : i].stream;
      NCCL(ncclGroupStart());
      NCCL(ncclAllReduce(firsts[i]->at(), firsts[i]->at(), kCount, type.type, ncclSum, ranks[i].communicator, stream));
      NCCL(ncclGroupEnd());
      NCCL(ncclBroadcast(seconds[i]->at(), seconds[i]->at(), kCount, type.type, 1, ranks[i].communicator, stream));
    }
    NCCL(ncclGroupEnd());
    for (const Rank& rank : ranks) CHECK(cuStreamSynchronize(rank.stream));
    for (int i = 0; i < kRanks; ++i) {
      expect_numbers(type, *firsts[i], 0, kCount, 0, "a grouped ncclAllReduce",
                     [&](size_t k) { return reduced(type, ncclSum, kRanks, k); });
      expect_numbers(type, *seconds[i], 0, kCount, 0, "a grouped ncclBroadcast",
                     [&](size_t k) { return contribution(type, 1, k); });
    }
  }
  // Everybody sends to everybody, itself included.
  {
    std::vector<std::unique_ptr<Memory>> sources, targets;
    NCCL(ncclGroupStart());
    for (int i = 0; i < kRanks; ++i) {
      sources.push_back(std::make_unique<Memory>(kCount * 4));
      sources.back()->upload(mine(i));
      targets.push_back(std::make_unique<Memory>(kCount * 4 * kRanks));
      for (int peer = 0; peer < kRanks; ++peer) {
        NCCL(ncclSend(sources.back()->at(), kCount, type.type, peer, ranks[i].communicator, ranks[i].stream));
        NCCL(ncclRecv(targets.back()->at(kCount * 4 * static_cast<size_t>(peer)), kCount, type.type, peer,
                      ranks[i].communicator, ranks[i].stream));
      }
    }
    NCCL(ncclGroupEnd());
    for (const Rank& rank : ranks) CHECK(cuStreamSynchronize(rank.stream));
    for (int i = 0; i < kRanks; ++i) {
      expect_numbers(type, *targets[static_cast<size_t>(i)], 0, kCount * kRanks, 0, "transfers to everybody",
                     [&](size_t k) { return contribution(type, static_cast<int>(k / kCount), k % kCount); });
    }
  }
  // One communicator in two streams of a group: both wait for what is before, and for the operations.
  {
    CUstream more[kRanks];
    Memory a(kCount * 4), b(kCount * 4), c(kCount * 4), results(kCount * 4 * kRanks);
    Memory* sources[] = {&a, &b, &c};
    NCCL(ncclGroupStart());
    for (int i = 0; i < kRanks; ++i) {
      CHECK(cuStreamCreate(&more[i], CU_STREAM_NON_BLOCKING));
      CHECK(cuMemsetD32Async(reinterpret_cast<CUdeviceptr>(sources[i]->at()), static_cast<unsigned>(i + 1), kCount,
                             more[i]));
      NCCL(ncclBroadcast(results.at(kCount * 4 * static_cast<size_t>(i)),
                         results.at(kCount * 4 * static_cast<size_t>(i)), 1, type.type, 0, ranks[i].communicator,
                         ranks[i].stream));
      NCCL(ncclAllReduce(sources[i]->at(), sources[i]->at(), kCount, type.type, ncclSum, ranks[i].communicator,
                         more[i]));
    }
    NCCL(ncclGroupEnd());
    for (int i = 0; i < kRanks; ++i) {
      CHECK(cuStreamSynchronize(more[i]));
      expect_numbers(type, *sources[i], 0, kCount, 0, "a group in two streams", [](size_t) { return 6.0; });
      CHECK(cuStreamDestroy_v2(more[i]));
    }
  }
  Memory memory(64);
  // Two ranks in one stream, one behind the other, would wait for ever.
  NCCL(ncclAllReduce(memory.at(), memory.at(), 1, type.type, ncclSum, ranks[0].communicator, ranks[0].stream));
  EXPECT(ncclAllReduce(memory.at(), memory.at(), 1, type.type, ncclSum, ranks[1].communicator, ranks[0].stream) ==
         ncclInvalidUsage);
  for (int i = 1; i < kRanks; ++i) {
    char* own = memory.at(static_cast<size_t>(i) * 4);
    NCCL(ncclAllReduce(own, own, 1, type.type, ncclSum, ranks[i].communicator, ranks[i].stream));
  }
  for (const Rank& rank : ranks) CHECK(cuStreamSynchronize(rank.stream));
  // A send to itself without its counterpart; a group in which a call failed does nothing.
  EXPECT(ncclSend(memory.at(), 1, type.type, 0, ranks[0].communicator, ranks[0].stream) == ncclInvalidUsage);
  NCCL(ncclGroupStart());
  NCCL(ncclAllReduce(memory.at(), memory.at(), 1, type.type, ncclSum, ranks[0].communicator, ranks[0].stream));
  EXPECT(ncclBroadcast(memory.at(), memory.at(), 1, type.type, kRanks, ranks[0].communicator, ranks[0].stream) ==
         ncclInvalidArgument);
  EXPECT(ncclGroupEnd() == ncclInvalidArgument);
  // So does one that is only simulated.
  ncclSimInfo_t info{sizeof info, 0x74685283, NCCL_VERSION_CODE, 1};
  NCCL(ncclGroupStart());
  NCCL(ncclAllReduce(memory.at(), memory.at(), 1, type.type, ncclSum, ranks[0].communicator, ranks[0].stream));
  NCCL(ncclGroupSimulateEnd(&info));
  EXPECT(info.estimatedTime == NCCL_UNDEF_FLOAT);
  EXPECT(ncclGroupEnd() == ncclInvalidUsage);
  CHECK(cuStreamSynchronize(ranks[0].stream));
  for (const Rank& rank : ranks) {
    NCCL(ncclCommFinalize(rank.communicator));
    EXPECT(ncclAllReduce(memory.at(), memory.at(), 1, type.type, ncclSum, rank.communicator, rank.stream) ==
           ncclInvalidUsage);
    NCCL(ncclCommDestroy(rank.communicator));
    EXPECT(ncclCommDestroy(rank.communicator) == ncclInvalidArgument);
    CHECK(cuStreamDestroy_v2(rank.stream));
  }
}

void nonblocking_part() {
  const PrimaryContext device;
  ncclConfig_t config{};
  config.size = sizeof config;
  config.magic = NCCL_API_MAGIC;
  config.version = NCCL_VERSION_CODE;
  for (int* field : {&config.cgaClusterSize, &config.minCTAs, &config.maxCTAs, &config.splitShare, &config.trafficClass,
                     &config.collnetEnable, &config.CTAPolicy, &config.shrinkShare, &config.nvlsCTAs,
                     &config.nChannelsPerNetPeer, &config.nvlinkCentricSched}) {
    *field = NCCL_CONFIG_UNDEF_INT;
  }
  const ncclUniqueId id = new_id();
  Rank ranks[2];
  for (int i = 0; i < 2; ++i) {
    ranks[i].rank = i;
    ranks[i].ranks = 2;
    CHECK(cuStreamCreate(&ranks[i].stream, CU_STREAM_NON_BLOCKING));
    EXPECT(ncclCommInitRankConfig(&ranks[i].communicator, 2, id, i, &config) == ncclInProgress);
    int answer;
    if (i == 0) EXPECT(ncclCommCount(ranks[i].communicator, &answer) == ncclInvalidArgument);
  }
  Memory a(4000), b(4000);
  Memory* memories[] = {&a, &b};
  for (Rank& rank : ranks) EXPECT(next_state(rank.communicator, ncclInProgress) == ncclSuccess);
  for (int i = 0; i < 2; ++i) {
    memories[i]->upload(numbers(kTypes[2], 1000, [&](size_t k) { return contribution(kTypes[2], i, k); }));
    NCCL(ncclAllReduce(memories[i]->at(), memories[i]->at(), 1000, ncclInt32, ncclSum, ranks[i].communicator,
                       ranks[i].stream));
  }
  for (int i = 0; i < 2; ++i) {
    CHECK(cuStreamSynchronize(ranks[i].stream));
    expect_numbers(kTypes[2], *memories[i], 0, 1000, 0, "a non-blocking communicator",
                   [](size_t k) { return reduced(kTypes[2], ncclSum, 2, k); });
    const ncclResult_t ended = ncclCommFinalize(ranks[i].communicator);
    EXPECT(ended == ncclInProgress || ended == ncclSuccess);
    EXPECT(next_state(ranks[i].communicator, ncclInProgress) == ncclSuccess);
    NCCL(ncclCommDestroy(ranks[i].communicator));
  }
  // Aborted while the other rank does not come.
  ncclComm_t alone;
  EXPECT(ncclCommInitRankConfig(&alone, 2, new_id(), 0, &config) == ncclInProgress);
  const auto start = Clock::now();
  NCCL(ncclCommAbort(alone));
  EXPECT(Clock::now() - start < std::chrono::seconds(5));
  config.blocking = 7;
  EXPECT(ncclCommInitRankConfig(&alone, 1, new_id(), 0, &config) == ncclInvalidArgument);
  config.magic = 1;
  EXPECT(ncclCommInitRankConfig(&alone, 1, new_id(), 0, &config) == ncclInvalidArgument);
  for (const Rank& rank : ranks) CHECK(cuStreamDestroy_v2(rank.stream));
}

// What is wrong and known at once.
void argument_part() {
  on_threads(1, [](Rank& r) {
    Memory memory(64);
    char* m = memory.at();
    const auto all_reduce = [&](int type, int operation) {
      return ncclAllReduce(m, m, 1, static_cast<ncclDataType_t>(type), static_cast<ncclRedOp_t>(operation),
                           r.communicator, r.stream);
    };
    EXPECT(all_reduce(12, 0) == ncclInvalidArgument);
    EXPECT(all_reduce(-1, 0) == ncclInvalidArgument);
    EXPECT(all_reduce(7, 5) == ncclInvalidArgument);
    EXPECT(all_reduce(7, -1) == ncclInvalidArgument);
    EXPECT(all_reduce(ncclFloat8e4m3, 0) == ncclInvalidUsage);
    NCCL(ncclBroadcast(m, m, 1, ncclFloat8e4m3, 0, r.communicator, r.stream));
    EXPECT(ncclBroadcast(m, m, 1, ncclInt8, 1, r.communicator, r.stream) == ncclInvalidArgument);
    EXPECT(ncclBroadcast(m, m, 1, ncclInt8, -1, r.communicator, r.stream) == ncclInvalidArgument);
    EXPECT(ncclAllReduce(m, m, 1, ncclInt8, ncclSum, nullptr, r.stream) == ncclInvalidArgument);
    EXPECT(ncclAllReduce(m, m, 1, ncclInt8, ncclSum, reinterpret_cast<ncclComm_t>(r.stream), r.stream) ==
           ncclInvalidArgument);
    EXPECT(ncclAllReduce(m, m, 1, ncclInt8, ncclSum, r.communicator, reinterpret_cast<CUstream>(r.communicator)) ==
           ncclUnhandledCudaError);
    EXPECT(std::strstr(ncclGetLastError(nullptr), "ncclAllReduce: stream is no live stream") != nullptr);
    ncclComm_t made;
    EXPECT(ncclCommInitRank(&made, 0, new_id(), 0) == ncclInvalidArgument);
    EXPECT(ncclCommInitRank(&made, 1, new_id(), 1) == ncclInvalidArgument);
    EXPECT(ncclCommInitRank(&made, 1, ncclUniqueId{}, 0) == ncclInvalidArgument);
    EXPECT(made == nullptr);
    int devices[] = {0, 0};
    ncclComm_t two[2];
    EXPECT(ncclCommInitAll(two, 2, devices) == ncclInvalidUsage);
    NCCL(ncclCommInitAll(two, 1, nullptr));
    NCCL(ncclCommDestroy(two[0]));
    ncclUniqueId ids[] = {new_id(), new_id()};
    EXPECT(ncclCommInitRankScalable(&made, 1, 0, 2, ids, nullptr) == ncclInvalidArgument);
    void* memory_of_nccl = nullptr;
    NCCL(ncclMemAlloc(&memory_of_nccl, 100));
    void* registration = nullptr;
    NCCL(ncclCommRegister(r.communicator, memory_of_nccl, 100, &registration));
    EXPECT(ncclCommRegister(r.communicator, devices, 4, &registration) == ncclInvalidArgument);
    NCCL(ncclCommDeregister(r.communicator, registration));
    EXPECT(ncclCommDeregister(r.communicator, registration) == ncclInvalidArgument);
    NCCL(ncclMemFree(memory_of_nccl));
    EXPECT(ncclMemFree(devices) == ncclUnhandledCudaError);
    EXPECT(reinterpret_cast<void*>(ncclAllReduce) == reinterpret_cast<void*>(pncclAllReduce));
  });
  std::vector<std::thread> threads;
  ncclUniqueId ids[] = {new_id(), new_id()};
  for (int rank = 0; rank < 2; ++rank) {
    threads.emplace_back([&, rank] {
      const OwnContext context;
      Rank r{nullptr, nullptr, rank, 2};
      CHECK(cuStreamCreate(&r.stream, CU_STREAM_NON_BLOCKING));
      NCCL(ncclCommInitRankScalable(&r.communicator, 2, rank, 2, ids, nullptr));
      add_one_rank_each(r);
      NCCL(ncclCommDestroy(r.communicator));
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Two that both say they are rank 0.
  threads.clear();
  const ncclUniqueId id = new_id();
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      const PrimaryContext device;
      ncclComm_t made;
      EXPECT(ncclCommInitRank(&made, 2, id, 0) == ncclInvalidUsage);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Graphs: a captured collective is replayed with the data of each launch.
void graph_part() {
  on_threads(2, [](Rank& r) {
    const Type& type = kTypes[2];
    Memory memory(4000);
    CUgraph graph;
    CUgraphExec executable;
    CHECK(cuStreamBeginCapture_v2(r.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    NCCL(ncclAllReduce(memory.at(), memory.at(), 1000, type.type, ncclSum, r.communicator, r.stream));
    NCCL(ncclBroadcast(memory.at(), memory.at(), 10, type.type, 0, r.communicator, r.stream));
    CHECK(cuStreamEndCapture(r.stream, &graph));
    CHECK(cuGraphInstantiateWithFlags(&executable, graph, 0));
    memory.upload(numbers(type, 1000, [](size_t i) { return static_cast<double>(i % 17); }));
    for (int i = 0; i < 5; ++i) CHECK(cuGraphLaunch(executable, r.stream));
    add_one_rank_each(r);
    CHECK(cuStreamSynchronize(r.stream));
    expect_numbers(type, memory, 0, 1000, 0, "a replayed ncclAllReduce",
                   [](size_t i) { return static_cast<double>(i % 17 * 32); });
    CHECK(cuGraphExecDestroy(executable));
    CHECK(cuGraphDestroy(graph));
  });
}

// Ranks that call different things learn of it at once, with both calls in the text.
void mismatch_part() {
  on_threads(
      2,
      [](Rank& r) {
        Memory memory(64);
        NCCL(ncclAllReduce(memory.at(), memory.at(), static_cast<size_t>(r.rank + 3), ncclInt32, ncclSum,
                           r.communicator, r.stream));
        const ncclResult_t state = next_state(r.communicator, ncclSuccess);
        EXPECT(state == ncclInvalidUsage || state == ncclRemoteError);
        const std::string text = ncclGetLastError(nullptr);
        EXPECT(text.find("of 3 ncclInt32") != std::string::npos && text.find("of 4 ncclInt32") != std::string::npos);
        EXPECT(ncclAllReduce(memory.at(), memory.at(), 1, ncclInt32, ncclSum, r.communicator, r.stream) == state);
        NCCL(ncclCommAbort(r.communicator));
        CHECK(cuStreamSynchronize(r.stream));
      },
      false);
  on_threads(
      2,
      [](Rank& r) {
        Memory memory(64);
        if (r.rank == 0) NCCL(ncclSend(memory.at(), 5, ncclInt8, 1, r.communicator, r.stream));
        if (r.rank == 1) NCCL(ncclRecv(memory.at(), 6, ncclInt8, 0, r.communicator, r.stream));
        EXPECT(next_state(r.communicator, ncclSuccess) != ncclSuccess);
        NCCL(ncclCommAbort(r.communicator));
        CHECK(cuStreamSynchronize(r.stream));
      },
      false);
}

// An abort wakes what waits; the others are told.
void abort_part() {
  std::atomic<ncclComm_t> waiting{nullptr};
  std::atomic<bool> aborted{false};
  on_threads(
      2,
      [&](Rank& r) {
        Memory memory(4 << 20);
        if (r.rank == 0) {
          NCCL(ncclAllReduce(memory.at(), memory.at(), 1 << 20, ncclFloat32, ncclSum, r.communicator, r.stream));
          waiting = r.communicator;
          CHECK(cuStreamSynchronize(r.stream));
          EXPECT(aborted);
          return;
        }
        while (waiting == nullptr) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        aborted = true;
        NCCL(ncclCommAbort(waiting));
        EXPECT(next_state(r.communicator, ncclSuccess) == ncclRemoteError);
        EXPECT(std::strstr(ncclGetLastError(nullptr), "aborted") != nullptr);
        NCCL(ncclCommAbort(r.communicator));
      },
      false);
  // A rank that revokes and leaves is no failure until somebody needs it.
  on_threads(
      2,
      [&](Rank& r) {
        if (r.rank == 1) {
          NCCL(ncclCommRevoke(r.communicator, NCCL_REVOKE_DEFAULT));
          EXPECT(ncclCommRevoke(r.communicator, NCCL_REVOKE_DEFAULT) == ncclInvalidArgument);
          NCCL(ncclCommDestroy(r.communicator));
          return;
        }
        Memory memory(64);
        EXPECT(next_state(r.communicator, ncclSuccess, 1) == ncclSuccess);
        NCCL(ncclAllReduce(memory.at(), memory.at(), 1, ncclFloat32, ncclSum, r.communicator, r.stream));
        EXPECT(next_state(r.communicator, ncclSuccess) == ncclRemoteError);
        EXPECT(std::strstr(ncclGetLastError(nullptr), "destroyed its communicator") != nullptr);
        NCCL(ncclCommAbort(r.communicator));
        CHECK(cuStreamSynchronize(r.stream));
      },
      false);
}

// Whoever connects and is no rank disturbs nobody.
void stranger_part() {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    ncclUniqueId id = new_id();
    // The port and address of the meeting lie behind the magic number and the key.
    uint16_t port;
    std::memcpy(&port, id.internal + 26, sizeof port);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    std::memcpy(&address.sin_addr, id.internal + 32, 4);
    std::vector<int> sockets;
    for (int i = 0; i < 8; ++i) {
      const int stranger = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(stranger, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        std::vector<unsigned char> garbage(random() % 300);
        for (unsigned char& byte : garbage) byte = static_cast<unsigned char>(random());
        // Now and then the right beginning, with the key or without it.
        if (i % 4 == 0 && garbage.size() > 24) {
          const uint64_t magic = 0x3154454d4c43434e;
          std::memcpy(garbage.data(), &magic, 8);
          if (i == 4) std::memcpy(garbage.data() + 8, id.internal + 8, 12);
        }
        [[maybe_unused]] const ssize_t sent = send(stranger, garbage.data(), garbage.size(), MSG_NOSIGNAL);
      }
      if (i % 2 == 0) {
        close(stranger);
      } else {
        sockets.push_back(stranger);
      }
    }
    std::vector<std::thread> threads;
    for (int rank = 0; rank < 2; ++rank) {
      threads.emplace_back([&, rank] {
        const PrimaryContext device;
        ncclComm_t communicator;
        if (NCCL(ncclCommInitRank(&communicator, 2, id, rank))) NCCL(ncclCommDestroy(communicator));
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int stranger : sockets) close(stranger);
    // An id that was changed on its way is refused or leads nowhere; it never crashes.
    for (int i = 0; i < 5; ++i) id.internal[random() % 48] ^= static_cast<char>(1 << random() % 8);
    setenv("CUDNNNET_NCCL_TIMEOUT", "0.2", 1);
    ncclComm_t communicator = nullptr;
    EXPECT(ncclCommInitRank(&communicator, 2, id, 0) != ncclSuccess);
    unsetenv("CUDNNNET_NCCL_TIMEOUT");
  }
}

// A rank that never comes.
void absent_part() {
  const PrimaryContext device;
  setenv("CUDNNNET_NCCL_TIMEOUT", "1", 1);
  const auto start = Clock::now();
  ncclComm_t communicator;
  EXPECT(ncclCommInitRank(&communicator, 3, new_id(), 1) == ncclSystemError);
  EXPECT(std::strstr(ncclGetLastError(nullptr), "ranks 0, 2 of 3 did not come") != nullptr);
  EXPECT(Clock::now() - start < std::chrono::seconds(10));
  unsetenv("CUDNNNET_NCCL_TIMEOUT");
}

// ---- ranks as processes ----

std::string hexadecimal(const ncclUniqueId& id) {
  std::string text;
  char digits[3];
  for (const char byte : id.internal) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    text += digits;
  }
  return text;
}

ncclUniqueId read_id(const char* text) {
  ncclUniqueId id;
  for (size_t i = 0; i < sizeof id.internal; ++i) {
    unsigned byte = 0;
    std::sscanf(text + 2 * i, "%2x", &byte);
    id.internal[i] = static_cast<char>(byte);
  }
  return id;
}

// This program again, as a rank. `id` is empty where NCCL_COMM_ID is to be used, "new" where it makes one and prints
// it.
pid_t start_rank(const char* what, int rank, int ranks, const std::string& id) {
  const std::string numbers[] = {std::to_string(rank), std::to_string(ranks)};
  const pid_t child = fork();
  if (child != 0) return child;
  execl("/proc/self/exe", "nccl_test", "--rank", what, numbers[0].c_str(), numbers[1].c_str(), id.c_str(), nullptr);
  _exit(99);
}

int status_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

void process_part() {
  const std::string id = hexadecimal(new_id());
  std::vector<pid_t> children;
  for (int rank = 0; rank < 4; ++rank) children.push_back(start_rank("everything", rank, 4, id));
  for (const pid_t child : children) EXPECT(status_of(child) == 0);
  // Found through the environment; rank 0 comes last.
  setenv("NCCL_COMM_ID", ("127.0.0.1:" + std::to_string(20000 + getpid() % 20000)).c_str(), 1);
  children.clear();
  for (int rank = 3; rank >= 0; --rank) children.push_back(start_rank("short", rank, 4, ""));
  for (const pid_t child : children) EXPECT(status_of(child) == 0);
  unsetenv("NCCL_COMM_ID");
}

void death_part() {
  for (const char* how : {"death", "death-in-transfer", "death-idle", "death-unwatched"}) {
    const std::string id = hexadecimal(new_id());
    std::vector<pid_t> children;
    for (int rank = 0; rank < 3; ++rank) children.push_back(start_rank(how, rank, 3, id));
    EXPECT(status_of(children[0]) == 0);
    EXPECT(status_of(children[1]) == 0);
    EXPECT(WTERMSIG(status_of(children[2])) == SIGKILL);
  }
}

// Rank 2 is killed; the others have to learn of it within seconds and stay usable.
void meet_death(const Rank& r, const std::string& how) {
  add_one_rank_each(r);
  const size_t count = how == "death" ? 1000 : size_t{16} << 20;
  Memory memory(count * 4);
  const auto start = Clock::now();
  if (r.rank == 2) {
    // In the middle of a transfer of 64 MiB.
    if (how == "death-in-transfer") {
      NCCL(ncclAllReduce(memory.at(), memory.at(), count, ncclFloat32, ncclSum, r.communicator, r.stream));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (how != "death-in-transfer") std::this_thread::sleep_for(std::chrono::milliseconds(300));
    kill(getpid(), SIGKILL);
  }
  if (how != "death-idle") {
    // The news may be here before the call.
    const ncclResult_t result =
        ncclAllReduce(memory.at(), memory.at(), count, ncclFloat32, ncclSum, r.communicator, r.stream);
    EXPECT(result == ncclSuccess || result == ncclRemoteError);
    if (result != ncclSuccess && how == "death-unwatched") std::_Exit(failures == 0 ? 0 : 1);
  }
  if (how == "death-unwatched") {
    EXPECT(cuStreamSynchronize(r.stream) == CUDA_ERROR_EXTERNAL_DEVICE);
    EXPECT(Clock::now() - start < std::chrono::seconds(20));
    std::_Exit(failures == 0 ? 0 : 1);
  }
  EXPECT(next_state(r.communicator, ncclSuccess, 10) == ncclRemoteError);
  EXPECT(std::strstr(ncclGetLastError(nullptr), "rank 2") != nullptr);
  NCCL(ncclCommAbort(r.communicator));
  CHECK(cuStreamSynchronize(r.stream));
}

// Between ranks of different hosts, two and two.
void split_over_hosts(const Rank& r) {
  Rank child{nullptr, r.stream, r.rank / 2, r.ranks / 2};
  NCCL(ncclCommSplit(r.communicator, r.rank % 2, r.rank, &child.communicator, nullptr));
  add_one_rank_each(child, 100000);
  NCCL(ncclCommDestroy(child.communicator));
}

// Ranks 2 and 3 are on a host that is cut off and then killed.
void lose_host(const Rank& r) {
  add_one_rank_each(r);
  std::printf("ready \n");
  std::fflush(stdout);
  if (r.rank >= 2) pause();
  const size_t count = size_t{1} << 20;
  Memory memory(count * 4);
  const ncclResult_t result =
      ncclAllReduce(memory.at(), memory.at(), count, ncclFloat32, ncclSum, r.communicator, r.stream);
  EXPECT(result == ncclSuccess || result == ncclRemoteError);
  EXPECT(next_state(r.communicator, ncclSuccess, 40) == ncclRemoteError);
  const std::string text = ncclGetLastError(nullptr);
  std::printf("%s\n", text.c_str());
  EXPECT(text.find("rank 2") != std::string::npos || text.find("rank 3") != std::string::npos);
  NCCL(ncclCommAbort(r.communicator));
  CHECK(cuStreamSynchronize(r.stream));
}

int run_rank(char** arguments) {
  const std::string what = arguments[0];
  const PrimaryContext device;
  Rank r{nullptr, nullptr, std::atoi(arguments[1]), std::atoi(arguments[2])};
  CHECK(cuStreamCreate(&r.stream, CU_STREAM_NON_BLOCKING));
  const std::string said = arguments[3];
  const ncclUniqueId id = said.empty() || said == "new" ? new_id() : read_id(arguments[3]);
  if (said == "new") {
    std::printf("id %s\n", hexadecimal(id).c_str());
    std::fflush(stdout);
  }
  if (!NCCL(ncclCommInitRank(&r.communicator, r.ranks, id, r.rank))) return 1;
  if (what == "everything") {
    everything(r);
    NCCL(ncclCommDestroy(r.communicator));
  } else if (what == "short") {
    add_one_rank_each(r, 100000);
    NCCL(ncclCommDestroy(r.communicator));
  } else if (what == "split") {
    split_over_hosts(r);
    NCCL(ncclCommDestroy(r.communicator));
  } else if (what == "lost-host") {
    lose_host(r);
  } else {
    meet_death(r, what);
  }
  CHECK(cuStreamDestroy_v2(r.stream));
  return failures == 0 ? 0 : 1;
}

struct Part {
  const char* name;
  void (*run)();
};
// First the processes: a program with threads had better not fork.
const Part kParts[] = {
    {"processes", process_part}, {"death", death_part}, {"arguments", argument_part},      {"threads", threads_part},
    {"groups", group_part},      {"split", split_part}, {"nonblocking", nonblocking_part}, {"graphs", graph_part},
    {"mismatch", mismatch_part}, {"abort", abort_part}, {"strangers", stranger_part},      {"absent", absent_part}};

}  // namespace

int main(int count, char** arguments) {
  setvbuf(stderr, nullptr, _IOLBF, 0);
  if (count == 6 && std::strcmp(arguments[1], "--rank") == 0) return run_rank(arguments + 2);
  const char* only = count == 3 && std::strcmp(arguments[1], "--part") == 0 ? arguments[2] : nullptr;
  for (const Part& part : kParts) {
    if (only != nullptr && std::strcmp(only, part.name) != 0) continue;
    const auto start = Clock::now();
    const long before = failures;
    part.run();
    const std::chrono::duration<double> time = Clock::now() - start;
    std::printf("%s: %ld failures, %.1f s\n", part.name, failures - before, time.count());
    std::fflush(stdout);
  }
  return failures == 0 ? 0 : 1;
}
