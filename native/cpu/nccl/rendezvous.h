// The rendezvous: every rank of a communicator that is being made connects to the meeting of its unique id, says who it
// is, and gets what all others said once they are all there.
#pragma once

#include <vector>

#include "nccl/unique_id.h"

namespace cpu::nccl {

using Bytes = std::vector<char>;

// Listens at the meeting's address, whose port it fills in where that is 0, and starts the thread that waits for the
// ranks. The thread ends with the first group of ranks that is complete, or not within arrival_timeout() after its
// first rank.
void open_meeting(Meeting* meeting);

constexpr size_t kMaximumContribution = 4096;

// A rank's way to the meeting. All of it throws Failure.
class Visit {
 public:
  // Connects to the meeting.
  Visit(const Meeting& meeting, const Patience& patience);

  // Of this host's interface on the way to the meeting.
  Address local_address() const { return address_of(socket_); }

  // Joins as `rank` of `ranks` with a contribution of at most kMaximumContribution bytes; returns everybody's, by rank.
  // InvalidUsage where the ranks contradict each other, SystemError where somebody does not come, RemoteError where
  // somebody who was there is gone.
  std::vector<Bytes> join(int rank, int ranks, const Bytes& contribution);

  // Ends a meeting at which nobody will come.
  void dismiss();

 private:
  void introduce(int rank, int ranks, const Bytes& contribution);

  const Key key_;
  const Patience patience_;
  const std::string host_;
  Descriptor socket_;
};

}  // namespace cpu::nccl
