#include "nccl/mesh.h"

#include <pthread.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/signals_blocked.h"

namespace cpu::nccl {
namespace {

constexpr size_t kMaximumText = 4096;
// What is sent in place of data whose buffer is gone.
constexpr char kZeros[65536] = {};

}  // namespace

Mesh::Mesh(int rank, std::vector<Link> links, std::function<std::optional<std::string>()> health)
    : rank_(rank), health_(std::move(health)), peers_(links.size()), next_check_(Clock::now()) {
  for (size_t i = 0; i < links.size(); ++i) {
    peers_[i].link = std::move(links[i]);
    if (peers_[i].link.socket.open()) local_address_ = address_of(peers_[i].link.socket);
  }
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { work(); });
  pthread_setname_np(thread_.native_handle(), ("nccl rank " + std::to_string(rank)).substr(0, 15).c_str());
}

Mesh::~Mesh() { stop(); }

void Mesh::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  waker_.wake();
  if (thread_.joinable()) thread_.join();
}

std::string Mesh::failure_text() const {
  std::lock_guard lock(mutex_);
  return failure_text_;
}

void Mesh::throw_failure_locked() const {
  if (failure() != ncclSuccess) throw Failure(failure(), failure_text_);
}

void Mesh::fail(ncclResult_t code, const std::string& text, bool tell) {
  std::lock_guard lock(mutex_);
  fail_locked(code, text, tell);
}

void Mesh::fail_locked(ncclResult_t code, const std::string& text, bool tell) {
  if (failure() != ncclSuccess || leaving_) return;
  failure_text_ = text;
  failure_code_.store(code, std::memory_order_release);
  const std::string shortened = text.substr(0, kMaximumText);
  const Bytes told(shortened.begin(), shortened.end());
  for (Peer& peer : peers_) {
    // What was begun has to be finished, or the other side could not tell where the next frame starts.
    while (!peer.outgoing.empty() && peer.outgoing.back().written == 0 &&
           peer.outgoing.back().frame.kind != Kind::Message) {
      peer.outgoing.pop_back();
    }
    if (tell) queue(peer, Kind::Failed, code, 0, told);
  }
  progress_.notify_all();
}

void Mesh::queue(Peer& peer, Kind kind, int32_t code, uint64_t slot, Bytes content) {
  if (!peer.link.socket.open() || peer.departed) return;
  Outgoing& outgoing = peer.outgoing.emplace_back();
  outgoing.frame.kind = kind;
  outgoing.frame.code = code;
  outgoing.frame.slot = slot;
  outgoing.frame.bytes = content.size();
  outgoing.owned = std::move(content);
  flush(peer);
}

void Mesh::flush(Peer& peer) {
  while (!peer.outgoing.empty() && peer.link.socket.open()) {
    Outgoing& front = peer.outgoing.front();
    iovec parts[3];
    int count = 0;
    size_t at = front.written;
    if (at < sizeof(Frame)) {
      parts[count++] = {reinterpret_cast<char*>(&front.frame) + at, sizeof(Frame) - at};
      at = sizeof(Frame);
    }
    if (at < front.content_end()) {
      const size_t done = at - sizeof(Frame);
      size_t left = front.content_end() - at;
      if (!front.owned.empty()) {
        parts[count++] = {front.owned.data() + done, left};
      } else if (front.data != nullptr) {
        parts[count++] = {const_cast<char*>(front.data) + done, left};
      } else {
        left = std::min(left, sizeof kZeros);
        parts[count++] = {const_cast<char*>(kZeros), left};
      }
      at += left;
    }
    if (at >= front.content_end() && at < front.total()) {
      parts[count++] = {reinterpret_cast<char*>(&front.trailer) + (at - front.content_end()), front.total() - at};
    }
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = static_cast<size_t>(count);
    const ssize_t written = sendmsg(peer.link.socket.get(), &message, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    // A connection that is broken shows when it is read.
    if (written < 0) break;
    front.written += static_cast<size_t>(written);
    if (front.written < front.total()) continue;
    if (front.buffer != nullptr) {
      ++front.buffer->sent_;
      --front.buffer->pending_;
      progress_.notify_all();
    }
    peer.outgoing.pop_front();
  }
  if (!peer.outgoing.empty() && std::this_thread::get_id() != reader_) waker_.wake();
}

void Mesh::check_present(const Peer& peer, const Signature& signature) {
  throw_failure_locked();
  if (peer.link.socket.open() && !peer.departed) return;
  fail_locked(ncclRemoteError,
              peer.link.name + " has destroyed its communicator, which this rank's " + describe(signature) + " needs");
  throw_failure_locked();
}

void Mesh::send(int to, uint64_t slot, char* data, size_t bytes, Buffer* buffer, const Signature& signature) {
  std::lock_guard lock(mutex_);
  Peer& peer = peers_[static_cast<size_t>(to)];
  check_present(peer, signature);
  ++buffer->pending_;
  const Posted send{slot, data, bytes, buffer, signature};
  const auto credit =
      std::find_if(peer.credits.begin(), peer.credits.end(), [&](const Credit& c) { return c.slot == slot; });
  if (credit == peer.credits.end()) {
    peer.sends.push_back(send);
    return;
  }
  const Credit taken = *credit;
  peer.credits.erase(credit);
  start_send(peer, send, taken.bytes, taken.signature);
  throw_failure_locked();
}

void Mesh::start_send(Peer& peer, const Posted& send, size_t expected, const Signature& theirs) {
  if (expected != send.bytes) {
    fail_locked(ncclInvalidUsage, "rank " + std::to_string(rank_) + " calls " + describe(send.signature) + ", but " +
                                      peer.link.name + " calls " + describe(theirs) + " for it");
    return;
  }
  Outgoing& outgoing = peer.outgoing.emplace_back();
  outgoing.frame.kind = Kind::Data;
  outgoing.frame.slot = send.slot;
  outgoing.frame.bytes = send.bytes;
  outgoing.frame.signature = send.signature;
  outgoing.data = send.data;
  outgoing.buffer = send.buffer;
  flush(peer);
}

void Mesh::receive(int from, uint64_t slot, char* data, size_t bytes, Buffer* buffer, const Signature& signature) {
  std::lock_guard lock(mutex_);
  Peer& peer = peers_[static_cast<size_t>(from)];
  check_present(peer, signature);
  ++buffer->pending_;
  peer.receives.push_back({slot, data, bytes, buffer, signature});
  Outgoing& outgoing = peer.outgoing.emplace_back();
  outgoing.frame.kind = Kind::Ready;
  outgoing.frame.slot = slot;
  outgoing.frame.expected = bytes;
  outgoing.frame.signature = signature;
  flush(peer);
}

void Mesh::wait(int* count) {
  std::unique_lock lock(mutex_);
  const auto done = [&] { return *count > 0 || failure() != ncclSuccess; };
  if (limit_.count() == 0) {
    progress_.wait(lock, done);
  } else if (!progress_.wait_for(lock, limit_, done)) {
    fail_locked(ncclSystemError, "rank " + std::to_string(rank_) + " has waited " + std::to_string(limit_.count()) +
                                     " ms (CUDNNNET_NCCL_TIMEOUT) for another rank");
  }
  if (*count == 0) throw_failure_locked();
  --*count;
}

void Mesh::cancel(Buffer* buffer) {
  std::lock_guard lock(mutex_);
  if (buffer->pending_ == 0) return;
  const auto of_buffer = [&](const Posted& posted) { return posted.buffer == buffer; };
  for (Peer& peer : peers_) {
    std::erase_if(peer.sends, of_buffer);
    std::erase_if(peer.receives, of_buffer);
    for (Outgoing& outgoing : peer.outgoing) {
      if (outgoing.buffer != buffer) continue;
      outgoing.buffer = nullptr;
      outgoing.data = nullptr;
      if (outgoing.written < outgoing.content_end()) outgoing.trailer = Trailer::Void;
    }
    if (peer.target_buffer == buffer) {
      peer.target_buffer = nullptr;
      peer.target = nullptr;
    }
  }
}

}  // namespace cpu::nccl
