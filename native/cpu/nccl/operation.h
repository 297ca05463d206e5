// What a call does when its turn in the stream comes.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/device_access.h"
#include "engine/stream.h"
#include "nccl/communicator.h"

namespace cpu::nccl {

// A collective, or one side of a transfer.
struct Call {
  std::shared_ptr<Communicator> communicator;
  std::shared_ptr<Stream> stream;
  // With the root; a transfer's peer stands beside it, as the two sides differ in it.
  Signature signature;
  int peer = -1;
  const char* source = nullptr;
  char* target = nullptr;
  Reduction reduction;
  // Of a transfer.
  uint64_t slot = 0;

  ncclDataType_t type() const { return static_cast<ncclDataType_t>(signature.type); }
  size_t bytes() const { return signature.count * bytes_of(type()); }
  bool transfers() const { return signature.function == Function::Send || signature.function == Function::Receive; }
  bool transfers_to_itself() const { return transfers() && peer == communicator->rank(); }
  // What it touches.
  std::array<Extent, 3> extents() const;
};

// Runs a collective over the connections, or alone where there are none. Throws Failure.
void run_collective(Mesh* mesh, const Call& call);

// Calls that were enqueued together in one stream, of one communicator or of several. All of them make progress at the
// same time.
class Launch {
 public:
  // `captured`: becomes part of a graph and may run any number of times.
  Launch(std::vector<Call> calls, bool captured);
  ~Launch();
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  // On the stream's worker.
  void run() const;

 private:
  struct Part {
    std::shared_ptr<Communicator> communicator;
    std::vector<Call> calls;
  };
  static std::optional<Failure> run_part(const Part& part);
  static void run_calls(const Part& part);

  std::vector<Part> parts_;
  const bool captured_;
};

}  // namespace cpu::nccl
