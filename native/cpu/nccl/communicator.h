// Communicators: ncclComm_t.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/handles.h"
#include "nccl/configuration.h"
#include "nccl/mesh.h"
#include "nccl/reduction.h"
#include "nccl/unique_id.h"

namespace cpu::nccl {

class Communicator : public std::enable_shared_from_this<Communicator> {
 public:
  // Without connections so far; its state is ncclInProgress until set_state().
  Communicator(CUcontext context, const Configuration& configuration, int rank, int ranks);
  ~Communicator();

  // Connects to the other ranks. Throws Failure.
  void connect(const std::vector<Meeting>& meetings, const Waker& cancel);
  void connect(const std::vector<Meeting>& meetings) { connect(meetings, cancel_); }

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  int device() const { return device_; }
  // The context that was current when the communicator was made.
  CUcontext context() const { return context_; }
  bool blocking() const { return configuration_.blocking; }
  const Configuration& configuration() const { return configuration_; }
  // Known to all its ranks, and to nobody else.
  const Key& key() const { return key_; }
  // Null of a communicator with one rank.
  Mesh* mesh() const { return mesh_.get(); }

  // ncclInProgress while something is done in the background, else success or the first error.
  ncclResult_t state() const;
  std::string error_text() const;
  // Of what the background does.
  void set_state(ncclResult_t state, const std::string& text);

  // Throws Failure where the communicator cannot be used now.
  void check_ready() const;
  // The same, for what moves data.
  void check_usable() const;

  // While an operation runs. False where it has nothing to do any more, since the communicator was aborted or revoked.
  bool enter();
  void exit();
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  bool destroyed() const { return destroyed_.load(std::memory_order_acquire); }
  bool revoked() const { return revoked_.load(std::memory_order_acquire); }
  // Waits until the communicator is stopped; false where that takes longer.
  bool wait_stopped(std::chrono::milliseconds time);

  // Operations that were enqueued and have not run.
  void operation_added();
  void operation_done();
  void wait_for_operations();

  // While a thread connects it, or splits it: ends and aborts wait for that.
  void begin_background();
  void end_background();

  // No call may follow. Throws Failure where that was said before.
  void mark_finalized();
  // After that the other ranks know that this one is gone.
  void destroy();
  // Wakes everything that waits, and waits until nothing touches the program's memory any more.
  void abort();
  // Ends what runs on this rank, but keeps the connections for split() and shrink().
  void revoke();

  // The place of the next collective among all, and of a transfer among those with a peer.
  uint64_t next_sequence() { return ++sequence_; }
  uint64_t next_send(int peer) { return ++sent_[static_cast<size_t>(peer)]; }
  uint64_t next_receive(int peer) { return ++received_[static_cast<size_t>(peer)]; }

  // Operations made by ncclRedOpCreatePreMulSum.
  ncclRedOp_t add_operation(ncclDataType_t type, const Reduction& reduction);
  bool remove_operation(ncclRedOp_t operation);
  // Throws Failure where there is no such operation for the type.
  Reduction reduction(ncclRedOp_t operation, ncclDataType_t type) const;

  // Each child counts, also one that this rank is no part of: numbers by which the ranks talk about it.
  uint64_t next_child() { return ++children_; }
  uint64_t upcoming_child() const { return children_ + 1; }
  // Smaller or larger communicators, agreed on over this one's connections. Throw Failure. Null where this rank is in
  // none. The children are connected.
  std::shared_ptr<Communicator> split(int color, int key, const Configuration& configuration, uint64_t child);
  std::shared_ptr<Communicator> shrink(const std::vector<int>& excluded, const Configuration& configuration,
                                       uint64_t child);
  std::shared_ptr<Communicator> grow(int ranks, const Configuration& configuration, uint64_t child);
  // Tells all ranks where those of the next, larger child meet.
  Meeting announce(uint64_t child);

  // Buffers given to ncclCommRegister.
  void* add_registration();
  bool remove_registration(void* registration);

  // Where its operations last went, and into which capture; guarded by LocalCommunicators. See submit().
  struct LastUse {
    std::weak_ptr<Stream> stream;
    uint64_t place = 0;
    uint64_t capture = 0;
  };
  LastUse last_use;

 private:
  std::shared_ptr<Communicator> make_child(const std::vector<int>& members, const Configuration& configuration,
                                           uint64_t child);
  // Whether the connections have failed in a way that concerns the program.
  bool mesh_failed() const;

  const CUcontext context_;
  const std::shared_ptr<StreamGroup> streams_;
  const int device_;
  const Configuration configuration_;
  const int rank_;
  const int ranks_;
  Key key_{};
  Waker cancel_;
  std::unique_ptr<Mesh> mesh_;
  std::atomic<ncclResult_t> state_{ncclInProgress};
  std::atomic<bool> stopped_{false};
  std::atomic<bool> destroyed_{false};
  std::atomic<bool> revoked_{false};
  std::atomic<bool> finalized_{false};
  std::atomic<uint64_t> sequence_{0};
  std::atomic<uint64_t> children_{0};
  std::vector<uint64_t> sent_;
  std::vector<uint64_t> received_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::string state_text_;
  std::optional<Meeting> announced_;
  int running_ = 0;
  int background_ = 0;
  uint64_t outstanding_ = 0;
  struct UserOperation {
    ncclDataType_t type;
    Reduction reduction;
  };
  std::map<int, UserOperation> operations_;
  int next_operation_ = ncclNumOps;
  std::vector<void*> registrations_;
  uintptr_t next_registration_ = 0;
};

// Handles. The handle of null or of a communicator that is gone finds nothing.
ncclComm_t make_communicator_handle(std::shared_ptr<Communicator> communicator);
std::shared_ptr<Communicator> find_communicator(ncclComm_t handle);
void release_communicator_handle(ncclComm_t handle);

// The live communicators of this process, under a lock.
class LocalCommunicators {
 public:
  static LocalCommunicators& instance();
  std::mutex mutex;
  std::vector<std::weak_ptr<Communicator>> all;
};

}  // namespace cpu::nccl
