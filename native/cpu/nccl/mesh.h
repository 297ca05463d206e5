// The connections between the ranks of one communicator, one for each pair, and what travels over them.
//
// A receiver posts its buffer and tells the sender, which then sends straight into it: nothing is buffered on the way,
// and both sides know sizes and calls before a byte moves. One thread reads and finishes writes; senders write at once
// what the connection takes. Gloo's own transport over TCP is not used because an operation in whose middle the other
// rank dies would wait for ever there, and because sizes that differ end the process.
//
// The first failure of a rank ends all waiting on it and is told to the others, who fail with it. The connections stay,
// so that the survivors can still agree on a smaller communicator.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "nccl/failure.h"
#include "nccl/network.h"
#include "nccl/rendezvous.h"
#include "nccl/signature.h"

namespace cpu::nccl {

class Mesh {
 public:
  class Buffer;

  // What a connection to another rank starts from.
  struct Link {
    Descriptor socket;
    // "rank 2 (process 4711 at 10.0.0.3:41234)".
    std::string name;
  };

  // `links` by rank; this rank's own is empty. `health` is asked now and then: a text where this rank can no longer
  // take part.
  Mesh(int rank, std::vector<Link> links, std::function<std::optional<std::string>()> health);

  // Closes the connections; ranks that still need this one fail. See leave() for a peaceful end.
  ~Mesh();

  int rank() const { return rank_; }
  int size() const { return static_cast<int>(peers_.size()); }
  // Of this host, where the other ranks have reached it.
  Address local_address() const { return local_address_; }

  // The first failure.
  ncclResult_t failure() const { return failure_code_.load(std::memory_order_acquire); }
  std::string failure_text() const;

  // Ends all waiting with an error; `tell` the other ranks, too.
  void fail(ncclResult_t code, const std::string& text, bool tell = true);

  // Says goodbye to the others, after everything they have asked for was sent. The mesh is of no use afterwards.
  void leave();
  // Fails, tells the others and closes, without waiting longer than it takes to say so.
  void abort();

  // Marks a collective as running for as long as it lives; fails the mesh where another rank has called something else.
  class Running {
   public:
    Running(Mesh& mesh, const Signature& signature);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Mesh& mesh_;
    const Signature& signature_;
  };

  // Short messages outside of operations, which arrive even after a failure; `slot` tells them apart.
  void post_message(int peer, uint64_t slot, const Bytes& content);
  Bytes await_message(int peer, uint64_t slot, Clock::time_point deadline);
  // Of the first rank that has sent one.
  Bytes await_message(uint64_t slot, Clock::time_point deadline);
  // Lets await_message() throw from now on.
  void give_up_messages();

 private:
  enum class Kind : uint32_t { Ready = 1, Data, Failed, Message, Goodbye };

  // What stands before everything that is sent.
  struct Frame {
    Kind kind{};
    int32_t code = 0;
    uint64_t slot = 0;
    // Of the content that follows.
    uint64_t bytes = 0;
    // Of the content that the sender of a Ready frame waits for.
    uint64_t expected = 0;
    Signature signature;
  };
  // Stands behind the content of a Data frame. A sender that fails in the middle has to send the length it announced,
  // but says here that it is not the data.
  enum class Trailer : uint64_t { Whole = 0x656c6f6877, Void = 0x64696f76 };

  struct Outgoing {
    Frame frame;
    const char* data = nullptr;  // null sends zeros: the buffer is gone
    Bytes owned;
    Buffer* buffer = nullptr;
    size_t written = 0;
    Trailer trailer = Trailer::Whole;

    size_t content_end() const { return sizeof(Frame) + frame.bytes; }
    size_t total() const { return content_end() + (frame.kind == Kind::Data ? sizeof(Trailer) : 0); }
  };
  struct Posted {
    uint64_t slot;
    char* data;
    size_t bytes;
    Buffer* buffer;
    Signature signature;
  };
  struct Credit {
    uint64_t slot;
    size_t bytes;
    Signature signature;
  };
  struct Letter {
    uint64_t slot;
    Bytes content;
  };

  struct Peer {
    Link link;
    bool departed = false;
    std::deque<Outgoing> outgoing;
    std::vector<Posted> sends;     // without a receiver so far
    std::vector<Posted> receives;  // announced to the sender
    std::vector<Credit> credits;   // receivers without a send so far
    std::deque<Letter> letters;
    // What is being read: the frame, then its content into `content` or, of a Data frame, to `target`, which is null
    // where nobody wants the bytes any more, then the trailer.
    Frame frame;
    size_t already_read = 0;
    char* target = nullptr;
    Buffer* target_buffer = nullptr;
    Bytes content;
    Trailer trailer{};
  };

  void work();
  void check_health();
  void read(Peer& peer);
  bool begin_content(Peer& peer);
  void end_content(Peer& peer);
  void take_ready(Peer& peer);
  void take_goodbye(Peer& peer);
  void lose(Peer& peer, const std::string& why);
  void flush(Peer& peer);
  void queue(Peer& peer, Kind kind, int32_t code, uint64_t slot, Bytes content);
  void start_send(Peer& peer, const Posted& send, size_t expected, const Signature& theirs);
  void fail_locked(ncclResult_t code, const std::string& text, bool tell = true);
  void check_call(const Peer& peer, const Signature& theirs);
  void throw_failure_locked() const;
  void check_present(const Peer& peer, const Signature& signature);
  // Waits until everything queued has reached the other hosts, but not for long.
  void drain(std::chrono::milliseconds time);
  void stop();

  // For buffers.
  void send(int peer, uint64_t slot, char* data, size_t bytes, Buffer* buffer, const Signature& signature);
  void receive(int peer, uint64_t slot, char* data, size_t bytes, Buffer* buffer, const Signature& signature);
  void wait(int* count);
  void cancel(Buffer* buffer);

  const int rank_;
  Address local_address_;
  const std::function<std::optional<std::string>()> health_;
  const std::chrono::milliseconds limit_ = operation_timeout();
  Waker waker_;
  mutable std::mutex mutex_;
  std::condition_variable progress_;
  std::vector<Peer> peers_;
  std::vector<Signature> running_;
  std::atomic<ncclResult_t> failure_code_{ncclSuccess};
  std::string failure_text_;
  bool messages_given_up_ = false;
  // After that nothing that happens concerns this rank, or is told to others.
  bool leaving_ = false;
  bool stopping_ = false;
  // The thread's own.
  Clock::time_point next_check_;
  Bytes unwanted_;
  // Guarded by the mutex.
  std::thread::id reader_;
  std::thread thread_;
};

// Memory that is sent from or received into. What is still under way is given up when it is destroyed. To be used by
// one thread at a time; counts of transfers are the mesh's.
class Mesh::Buffer {
 public:
  Buffer(Mesh& mesh, void* data, size_t bytes) : mesh_(mesh), data_(static_cast<char*>(data)), bytes_(bytes) {}
  ~Buffer() { mesh_.cancel(this); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // Both return at once. Throw Failure where the mesh has failed.
  void send(int peer, uint64_t slot, size_t offset, size_t bytes, const Signature& signature) {
    mesh_.send(peer, slot, data_ + offset, bytes, this, signature);
  }
  void receive(int peer, uint64_t slot, size_t offset, size_t bytes, const Signature& signature) {
    mesh_.receive(peer, slot, data_ + offset, bytes, this, signature);
  }

  // Each waits for one transfer.
  void wait_sent() { mesh_.wait(&sent_); }
  void wait_received() { mesh_.wait(&received_); }

  size_t bytes() const { return bytes_; }

 private:
  friend class Mesh;
  Mesh& mesh_;
  char* const data_;
  const size_t bytes_;
  int sent_ = 0;
  int received_ = 0;
  int pending_ = 0;
};

// Connects the ranks that met: the table says where each of them listens. Throws Failure.
struct Contact {
  Address address;
  int64_t process = 0;

  Bytes bytes() const;
  static Contact read(const Bytes& bytes);
};
std::vector<Mesh::Link> connect_ranks(const Key& key, int rank, const std::vector<Contact>& contacts,
                                      const Descriptor& listener, const Patience& patience);

}  // namespace cpu::nccl
