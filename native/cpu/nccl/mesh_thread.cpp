// The side of the mesh that reads: its thread, and what it does about everything that arrives.
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "nccl/mesh.h"

namespace cpu::nccl {
namespace {

constexpr std::chrono::milliseconds kHealthInterval(500);
constexpr size_t kMaximumContent = 4096;
// More than this is never posted: a longer length is no frame of ours.
constexpr uint64_t kMaximumData = uint64_t{1} << 48;

}  // namespace

void Mesh::work() {
  std::vector<pollfd> watched;
  std::vector<Peer*> peers;
  unwanted_.resize(65536);
  std::unique_lock lock(mutex_);
  reader_ = std::this_thread::get_id();
  while (!stopping_) {
    watched.assign(1, {waker_.descriptor(), POLLIN, 0});
    peers.assign(1, nullptr);
    for (Peer& peer : peers_) {
      if (!peer.link.socket.open()) continue;
      const short events = peer.outgoing.empty() ? POLLIN : POLLIN | POLLOUT;
      watched.push_back({peer.link.socket.get(), events, 0});
      peers.push_back(&peer);
    }
    lock.unlock();
    poll(watched.data(), watched.size(), static_cast<int>(kHealthInterval.count()));
    check_health();
    lock.lock();
    if (watched[0].revents != 0) waker_.clear();
    for (size_t i = 1; i < watched.size(); ++i) {
      if ((watched[i].revents & POLLOUT) != 0) flush(*peers[i]);
      if ((watched[i].revents & ~POLLOUT) != 0) read(*peers[i]);
    }
  }
}

void Mesh::check_health() {
  if (Clock::now() < next_check_) return;
  next_check_ = Clock::now() + kHealthInterval;
  if (failure() != ncclSuccess) return;
  if (const std::optional<std::string> trouble = health_()) fail(ncclUnhandledCudaError, *trouble);
}

void Mesh::read(Peer& peer) {
  // Not for ever from one rank while others wait.
  for (int turns = 0; turns < 64 && peer.link.socket.open(); ++turns) {
    iovec parts[2];
    int count = 0;
    size_t at = peer.already_read;
    const size_t content_end = sizeof(Frame) + peer.frame.bytes;
    if (at < sizeof(Frame)) {
      parts[count++] = {reinterpret_cast<char*>(&peer.frame) + at, sizeof(Frame) - at};
    } else {
      if (at < content_end) {
        const size_t done = at - sizeof(Frame);
        size_t left = content_end - at;
        char* to = peer.frame.kind == Kind::Data ? peer.target : peer.content.data();
        if (to == nullptr) {
          left = std::min(left, unwanted_.size());
          parts[count++] = {unwanted_.data(), left};
        } else {
          parts[count++] = {to + done, left};
        }
        at += left;
      }
      if (at >= content_end && peer.frame.kind == Kind::Data) {
        const size_t done = at - content_end;
        parts[count++] = {reinterpret_cast<char*>(&peer.trailer) + done, sizeof(Trailer) - done};
      }
    }
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = static_cast<size_t>(count);
    const ssize_t got = recvmsg(peer.link.socket.get(), &message, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) return lose(peer, got == 0 ? "its process has ended" : std::strerror(errno));
    const bool in_frame = peer.already_read < sizeof(Frame);
    peer.already_read += static_cast<size_t>(got);
    if (in_frame) {
      if (peer.already_read < sizeof(Frame)) continue;
      if (!begin_content(peer)) return lose(peer, "it sends what no rank of this library does");
    }
    const size_t total = sizeof(Frame) + peer.frame.bytes + (peer.frame.kind == Kind::Data ? sizeof(Trailer) : 0);
    if (peer.already_read < total) continue;
    end_content(peer);
    peer.already_read = 0;
    peer.frame.bytes = 0;
  }
}

// False where the frame is none of ours.
bool Mesh::begin_content(Peer& peer) {
  const Frame& frame = peer.frame;
  switch (frame.kind) {
    case Kind::Ready:
    case Kind::Goodbye:
      return frame.bytes == 0;
    case Kind::Failed:
    case Kind::Message:
      if (frame.bytes > kMaximumContent) return false;
      peer.content.assign(frame.bytes, '\0');
      return true;
    case Kind::Data: {
      if (frame.bytes > kMaximumData) return false;
      const auto posted = std::find_if(peer.receives.begin(), peer.receives.end(),
                                       [&](const Posted& receive) { return receive.slot == frame.slot; });
      peer.target = nullptr;
      peer.target_buffer = nullptr;
      // After a failure the receiver may have given up already.
      if (posted == peer.receives.end()) return failure() != ncclSuccess;
      if (posted->bytes != frame.bytes) return false;
      peer.target = posted->data;
      peer.target_buffer = posted->buffer;
      peer.receives.erase(posted);
      return true;
    }
  }
  return false;
}

void Mesh::end_content(Peer& peer) {
  switch (peer.frame.kind) {
    case Kind::Ready:
      take_ready(peer);
      break;
    case Kind::Data:
      // A void one leaves its receiver waiting for the reason, which follows.
      if (peer.target_buffer != nullptr && peer.trailer == Trailer::Whole) {
        ++peer.target_buffer->received_;
        --peer.target_buffer->pending_;
        progress_.notify_all();
      }
      peer.target_buffer = nullptr;
      peer.target = nullptr;
      break;
    case Kind::Failed: {
      // What this rank finds out about the others it has to tell nobody: the one that failed tells them all.
      const std::string text(peer.content.begin(), peer.content.end());
      if (peer.departed) break;
      fail_locked(ncclRemoteError, peer.link.name + " has failed: " + text, false);
      break;
    }
    case Kind::Message:
      peer.letters.push_back({peer.frame.slot, std::move(peer.content)});
      peer.content.clear();
      progress_.notify_all();
      break;
    case Kind::Goodbye:
      take_goodbye(peer);
      break;
  }
}

void Mesh::take_ready(Peer& peer) {
  const Frame& frame = peer.frame;
  if (failure() != ncclSuccess) return;
  check_call(peer, frame.signature);
  const auto send = std::find_if(peer.sends.begin(), peer.sends.end(),
                                 [&](const Posted& posted) { return posted.slot == frame.slot; });
  if (send == peer.sends.end()) {
    peer.credits.push_back({frame.slot, frame.expected, frame.signature});
    return;
  }
  const Posted taken = *send;
  peer.sends.erase(send);
  start_send(peer, taken, frame.expected, frame.signature);
}

void Mesh::take_goodbye(Peer& peer) {
  peer.departed = true;
  std::optional<Signature> waiting;
  for (const Outgoing& outgoing : peer.outgoing) {
    if (outgoing.buffer != nullptr) waiting = outgoing.frame.signature;
  }
  if (!peer.receives.empty()) waiting = peer.receives.front().signature;
  if (!peer.sends.empty()) waiting = peer.sends.front().signature;
  peer.outgoing.clear();
  if (waiting) {
    fail_locked(ncclRemoteError,
                peer.link.name + " has destroyed its communicator, which this rank's " + describe(*waiting) + " needs");
  }
  progress_.notify_all();
}

void Mesh::lose(Peer& peer, const std::string& why) {
  peer.link.socket.close();
  peer.outgoing.clear();
  if (peer.target_buffer != nullptr) {
    peer.target_buffer = nullptr;
    peer.target = nullptr;
  }
  if (!peer.departed) fail_locked(ncclRemoteError, "the connection to " + peer.link.name + " was lost: " + why);
  progress_.notify_all();
}

// What a rank calls as its n-th collective all have to call.
void Mesh::check_call(const Peer& peer, const Signature& theirs) {
  for (const Signature& ours : running_) {
    if (theirs.sequence != ours.sequence || theirs == ours) continue;
    fail_locked(ncclInvalidUsage, "collective number " + std::to_string(ours.sequence) + " of the communicator is " +
                                      describe(ours) + " on rank " + std::to_string(rank_) + ", but " +
                                      describe(theirs) + " on " + peer.link.name);
    return;
  }
}

Mesh::Running::Running(Mesh& mesh, const Signature& signature) : mesh_(mesh), signature_(signature) {
  std::lock_guard lock(mesh.mutex_);
  mesh.running_.push_back(signature);
  for (const Peer& peer : mesh.peers_) {
    for (const Credit& credit : peer.credits) {
      if (credit.signature.sequence == signature.sequence) mesh.check_call(peer, credit.signature);
    }
  }
}

Mesh::Running::~Running() {
  std::lock_guard lock(mesh_.mutex_);
  const auto found = std::find(mesh_.running_.begin(), mesh_.running_.end(), signature_);
  if (found != mesh_.running_.end()) mesh_.running_.erase(found);
}

void Mesh::leave() {
  {
    std::lock_guard lock(mutex_);
    for (Peer& peer : peers_) queue(peer, Kind::Goodbye, 0, 0, {});
    leaving_ = true;
  }
  drain(std::chrono::seconds(3));
  stop();
}

void Mesh::abort() {
  fail(ncclRemoteError, "rank " + std::to_string(rank_) + " was aborted by its program");
  give_up_messages();
  drain(std::chrono::milliseconds(200));
  stop();
}

void Mesh::drain(std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  std::unique_lock lock(mutex_);
  for (Peer& peer : peers_) {
    while (peer.link.socket.open() && !peer.departed && Clock::now() < deadline) {
      int unsent = 0;
      const bool known = ioctl(peer.link.socket.get(), SIOCOUTQ, &unsent) == 0;
      if (peer.outgoing.empty() && (!known || unsent == 0)) break;
      lock.unlock();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      lock.lock();
    }
  }
}

void Mesh::post_message(int to, uint64_t slot, const Bytes& content) {
  std::lock_guard lock(mutex_);
  queue(peers_[static_cast<size_t>(to)], Kind::Message, 0, slot, content);
}

Bytes Mesh::await_message(int from, uint64_t slot, Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  Peer& peer = peers_[static_cast<size_t>(from)];
  for (;;) {
    const auto letter = std::find_if(peer.letters.begin(), peer.letters.end(),
                                     [&](const Letter& candidate) { return candidate.slot == slot; });
    if (letter != peer.letters.end()) {
      Bytes content = std::move(letter->content);
      peer.letters.erase(letter);
      return content;
    }
    if (messages_given_up_) throw Failure(ncclSystemError, "the communicator was aborted");
    if (peer.departed || !peer.link.socket.open()) {
      throw Failure(ncclRemoteError, peer.link.name + " is gone and takes no part");
    }
    if (progress_.wait_until(lock, deadline) == std::cv_status::timeout) {
      throw Failure(ncclSystemError, peer.link.name + " did not take part within " +
                                         std::to_string(arrival_timeout().count()) + " ms (CUDNNNET_NCCL_TIMEOUT)");
    }
  }
}

Bytes Mesh::await_message(uint64_t slot, Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  for (;;) {
    for (Peer& peer : peers_) {
      const auto letter = std::find_if(peer.letters.begin(), peer.letters.end(),
                                       [&](const Letter& candidate) { return candidate.slot == slot; });
      if (letter == peer.letters.end()) continue;
      Bytes content = std::move(letter->content);
      peer.letters.erase(letter);
      return content;
    }
    if (messages_given_up_) throw Failure(ncclSystemError, "the communicator was aborted");
    if (progress_.wait_until(lock, deadline) == std::cv_status::timeout) {
      throw Failure(ncclSystemError, "no rank has sent what was waited for within " +
                                         std::to_string(arrival_timeout().count()) + " ms (CUDNNNET_NCCL_TIMEOUT)");
    }
  }
}

void Mesh::give_up_messages() {
  std::lock_guard lock(mutex_);
  messages_given_up_ = true;
  progress_.notify_all();
}

}  // namespace cpu::nccl
