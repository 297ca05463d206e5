// Sockets for the rendezvous and for the connections between ranks. Whatever waits has a deadline and is given up when
// its communicator is aborted.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "nccl/failure.h"

namespace cpu::nccl {

using Clock = std::chrono::steady_clock;

// How long other ranks are waited for while a communicator is made: CUDNNNET_NCCL_TIMEOUT in seconds, 30 without it.
std::chrono::milliseconds arrival_timeout();
// How long each transfer of an operation may take: CUDNNNET_NCCL_TIMEOUT where it is set, else 0 for no limit, since a
// rank that computes for minutes is no error.
std::chrono::milliseconds operation_timeout();

// No way leads to an address, or nobody there answers.
class Unreachable : public Failure {
 public:
  using Failure::Failure;
};

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const { return number_; }
  bool open() const { return number_ >= 0; }
  void close();

 private:
  int number_ = -1;
};

// Wakes threads that wait in poll().
class Waker {
 public:
  Waker();
  void wake();
  void clear();
  int descriptor() const { return descriptor_.get(); }

 private:
  Descriptor descriptor_;
};

// An address as processes tell it to each other.
struct AddressContent {
  uint16_t family;
  uint16_t port;
  uint32_t scope;
  uint8_t bytes[16];
};

// An address of IPv4 or IPv6 with its port.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  uint16_t port() const;
  void set_port(uint16_t port);
  // "10.0.0.3:41234", "[fe80::1]:41234".
  std::string text() const;

  AddressContent content() const;
  // Of length 0 where the content is none.
  static Address from(const AddressContent& content);
};

// The address under which other hosts reach this one: of the first interface that NCCL_SOCKET_IFNAME (and
// NCCL_SOCKET_FAMILY) allows; without it of the first one that is neither the loopback nor a bridge of containers.
Address interface_address();

// "host:port", "[address]:port" or "interface:port", as NCCL_COMM_ID holds it.
Address parse_address(const std::string& text);

// What a waiting call looks at besides its socket.
struct Patience {
  Clock::time_point deadline;
  const Waker* cancel;
};

// All of these throw Failure. They leave sockets in non-blocking mode.
Descriptor listen_at(const Address& address, int backlog);
Address address_of(const Descriptor& socket);
// `again`: whether to try until the deadline while nobody listens there.
Descriptor connect_to(const Address& address, bool again, const Patience& patience);
Descriptor accept_from(const Descriptor& listener, const Patience& patience);
// `peer` names the other side for texts.
void write_all(const Descriptor& socket, const void* data, size_t bytes, const std::string& peer,
               const Patience& patience);
void read_all(const Descriptor& socket, void* data, size_t bytes, const std::string& peer, const Patience& patience);

// Waits until the descriptor is ready for `events`; false after the deadline.
bool wait_ready(int descriptor, short events, const Patience& patience);

// For connections between ranks: small messages go at once, and a host that is gone is noticed within seconds.
void tune(const Descriptor& socket);

}  // namespace cpu::nccl
