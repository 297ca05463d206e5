#include "nccl/rendezvous.h"

#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <thread>

#include "engine/signals_blocked.h"
#include "nccl/failure.h"

namespace cpu::nccl {
namespace {

constexpr uint64_t kMagic = 0x3154454d4c43434e;
// More guests than this at once are no ranks of one communicator.
constexpr size_t kMaximumRanks = 4096;

// How a rank introduces itself; its contribution follows.
struct Introduction {
  uint64_t magic;
  Key key;
  int32_t rank;
  int32_t ranks;  // 0 dismisses the meeting
  uint32_t bytes;
  uint32_t reserved;
};

// How the meeting answers: the contributions of all ranks, each behind its length, or a text that says what failed.
struct Answer {
  int32_t result;
  uint32_t bytes;
};

struct Guest {
  Descriptor socket;
  Bytes received;
  bool complete = false;

  Introduction introduction() const {
    Introduction read{};
    if (received.size() >= sizeof read) std::memcpy(&read, received.data(), sizeof read);
    return read;
  }
  Bytes contribution() const { return Bytes(received.begin() + sizeof(Introduction), received.end()); }
};

class Host {
 public:
  Host(Descriptor listener, const Key& key) : listener_(std::move(listener)), key_(key) {}

  void work() {
    while (!over_) {
      std::vector<pollfd> watched{{listener_.get(), POLLIN, 0}};
      for (const Guest& guest : guests_) watched.push_back({guest.socket.get(), POLLIN, 0});
      const int ready = poll(watched.data(), watched.size(), milliseconds_left());
      if (ready < 0 && errno != EINTR) return;
      if (ready == 0) return refuse(ncclSystemError, missing_ranks());
      for (size_t i = guests_.size(); i > 0 && !over_; --i) {
        if (watched[i].revents != 0 && !read(guests_[i - 1])) guests_.erase(guests_.begin() + static_cast<long>(i) - 1);
      }
      if (!over_ && watched[0].revents != 0) let_in();
    }
  }

 private:
  int milliseconds_left() const {
    if (ranks_ == 0) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
  }

  void let_in() {
    try {
      Descriptor socket = accept_from(listener_, {Clock::now(), &nobody_cancels_});
      if (socket.open() && guests_.size() < kMaximumRanks) guests_.push_back({std::move(socket), {}});
    } catch (const Failure&) {
      // Whoever connected is gone again, or descriptors have run out: the ranks' deadline says the rest.
    }
  }

  // False where the guest is no rank of this meeting, or gone.
  bool read(Guest& guest) {
    char buffer[4096];
    const ssize_t got = recv(guest.socket.get(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got <= 0) {
      if (guest.complete) {
        refuse(ncclRemoteError, "rank " + std::to_string(guest.introduction().rank) +
                                    " has gone while it waited for the others: its process has ended or it gave up");
      }
      return false;
    }
    guest.received.insert(guest.received.end(), buffer, buffer + got);
    if (guest.received.size() < sizeof(Introduction)) return true;
    const Introduction said = guest.introduction();
    if (said.magic != kMagic || said.key != key_ || said.bytes > kMaximumContribution) return false;
    if (guest.received.size() > sizeof said + said.bytes) return false;
    if (guest.received.size() < sizeof said + said.bytes) return true;
    guest.complete = true;
    take(guest, said);
    return true;
  }

  void take(const Guest& guest, const Introduction& said) {
    if (said.ranks == 0) {
      over_ = true;
      return;
    }
    const std::string rank = std::to_string(said.rank);
    if (said.ranks < 0 || said.rank < 0 || said.rank >= said.ranks) {
      return refuse(ncclInvalidArgument, "rank " + rank + " of " + std::to_string(said.ranks) + " ranks came");
    }
    if (ranks_ == 0) {
      ranks_ = said.ranks;
      deadline_ = Clock::now() + arrival_timeout();
    }
    if (said.ranks != ranks_) {
      return refuse(ncclInvalidUsage, "rank " + rank + " says there are " + std::to_string(said.ranks) +
                                          " ranks, others with the same id say " + std::to_string(ranks_));
    }
    int present = 0;
    for (const Guest& other : guests_) {
      if (!other.complete) continue;
      ++present;
      if (&other != &guest && other.introduction().rank == said.rank) {
        return refuse(ncclInvalidUsage, "two ranks with the same id say that they are rank " + rank);
      }
    }
    if (present == ranks_) answer_all();
  }

  std::string missing_ranks() const {
    std::string missing;
    int count = 0;
    for (int rank = 0; rank < ranks_; ++rank) {
      const bool there = std::any_of(guests_.begin(), guests_.end(), [&](const Guest& guest) {
        return guest.complete && guest.introduction().rank == rank;
      });
      if (there || ++count > 8) continue;
      missing += (missing.empty() ? "" : ", ") + std::to_string(rank);
    }
    if (count > 8) missing += " and others";
    return (count == 1 ? "rank " : "ranks ") + missing + " of " + std::to_string(ranks_) + " did not come within " +
           std::to_string(arrival_timeout().count() / 1000.0).substr(0, 5) +
           " seconds after the first; CUDNNNET_NCCL_TIMEOUT sets the time in seconds";
  }

  void answer_all() {
    Bytes table;
    for (int rank = 0; rank < ranks_; ++rank) {
      for (const Guest& guest : guests_) {
        if (!guest.complete || guest.introduction().rank != rank) continue;
        const Bytes contribution = guest.contribution();
        const auto bytes = static_cast<uint32_t>(contribution.size());
        table.insert(table.end(), reinterpret_cast<const char*>(&bytes),
                     reinterpret_cast<const char*>(&bytes) + sizeof bytes);
        table.insert(table.end(), contribution.begin(), contribution.end());
      }
    }
    answer(ncclSuccess, table);
  }

  void refuse(ncclResult_t result, const std::string& text) { answer(result, Bytes(text.begin(), text.end())); }

  // To everybody who said who they are; with that the meeting is over.
  void answer(ncclResult_t result, const Bytes& content) {
    over_ = true;
    const Answer head{result, static_cast<uint32_t>(content.size())};
    const Patience patience{Clock::now() + std::chrono::seconds(5), &nobody_cancels_};
    // The lowest rank last: it is mostly of this process, which may end as soon as it has its answer.
    std::vector<const Guest*> guests;
    for (const Guest& guest : guests_) {
      if (guest.complete) guests.push_back(&guest);
    }
    std::sort(guests.begin(), guests.end(),
              [](const Guest* a, const Guest* b) { return a->introduction().rank > b->introduction().rank; });
    for (const Guest* guest : guests) {
      try {
        write_all(guest->socket, &head, sizeof head, "a rank", patience);
        write_all(guest->socket, content.data(), content.size(), "a rank", patience);
      } catch (const Failure&) {
        // The others shall have their answer all the same; they will miss this rank when they connect to it.
      }
    }
  }

  const Descriptor listener_;
  const Key key_;
  const Waker nobody_cancels_;
  std::deque<Guest> guests_;
  int ranks_ = 0;
  Clock::time_point deadline_;
  bool over_ = false;
};

}  // namespace

void open_meeting(Meeting* meeting) {
  Descriptor listener = listen_at(meeting->address, 1024);
  meeting->address = address_of(listener);
  const SignalsBlocked blocked;
  std::thread thread([listener = std::move(listener), key = meeting->key]() mutable {
    try {
      Host(std::move(listener), key).work();
    } catch (const std::exception&) {
      // Out of memory or descriptors: the sockets close, which the ranks notice.
    }
  });
  pthread_setname_np(thread.native_handle(), "nccl meeting");
  thread.detach();
}

Visit::Visit(const Meeting& meeting, const Patience& patience)
    : key_(meeting.key), patience_(patience), host_("the rendezvous at " + meeting.address.text()) {
  try {
    socket_ = connect_to(meeting.address, meeting.from_environment, patience);
  } catch (const Unreachable& failure) {
    throw Failure(failure.code(), std::string(failure.what()) + "; the ranks meet there");
  } catch (const Failure& failure) {
    throw Failure(failure.code(), std::string(failure.what()) +
                                      "; the ranks meet there, in the process that made the "
                                      "unique id: it has ended, or the id was used already");
  }
}

void Visit::introduce(int rank, int ranks, const Bytes& contribution) {
  Introduction introduction{kMagic, key_, rank, ranks, static_cast<uint32_t>(contribution.size()), 0};
  write_all(socket_, &introduction, sizeof introduction, host_, patience_);
  write_all(socket_, contribution.data(), contribution.size(), host_, patience_);
}

void Visit::dismiss() { introduce(0, 0, {}); }

std::vector<Bytes> Visit::join(int rank, int ranks, const Bytes& contribution) {
  introduce(rank, ranks, contribution);
  const Failure unknown_answer(ncclSystemError, host_ + " answers what no process of this library does");
  Answer head;
  read_all(socket_, &head, sizeof head, host_, patience_);
  if (head.bytes > static_cast<size_t>(ranks) * (kMaximumContribution + sizeof(uint32_t)) + 4096) throw unknown_answer;
  Bytes content(head.bytes);
  read_all(socket_, content.data(), content.size(), host_, patience_);
  if (head.result != ncclSuccess) {
    throw Failure(static_cast<ncclResult_t>(head.result), std::string(content.begin(), content.end()));
  }
  std::vector<Bytes> table;
  for (size_t at = 0; at + sizeof(uint32_t) <= content.size();) {
    uint32_t bytes;
    std::memcpy(&bytes, content.data() + at, sizeof bytes);
    at += sizeof bytes;
    if (bytes > content.size() - at) break;
    table.emplace_back(content.begin() + static_cast<long>(at), content.begin() + static_cast<long>(at + bytes));
    at += bytes;
  }
  if (table.size() != static_cast<size_t>(ranks)) throw unknown_answer;
  return table;
}

}  // namespace cpu::nccl
