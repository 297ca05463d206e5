#include "nccl/network.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "nccl/failure.h"

namespace cpu::nccl {
namespace {

[[noreturn]] void fail_system(const std::string& what) {
  throw Failure(ncclSystemError, what + ": " + std::strerror(errno));
}

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? nullptr : value;
}

std::chrono::milliseconds timeout_variable() {
  const char* value = variable("CUDNNNET_NCCL_TIMEOUT");
  const double seconds = value == nullptr ? 0 : std::strtod(value, nullptr);
  return std::chrono::milliseconds(seconds > 0 && seconds < 1e9 ? static_cast<int64_t>(seconds * 1000) : 0);
}

// NCCL_SOCKET_IFNAME: names that interfaces begin with, after "=" whole names; "^" in front excludes them.
class InterfaceFilter {
 public:
  explicit InterfaceFilter(std::string_view text) {
    if (text.starts_with("^")) {
      exclude_ = true;
      text.remove_prefix(1);
    }
    if (text.starts_with("=")) {
      whole_ = true;
      text.remove_prefix(1);
    }
    while (!text.empty()) {
      const size_t comma = std::min(text.find(','), text.size());
      if (comma != 0) names_.emplace_back(text.substr(0, comma));
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
  }

  bool allows(std::string_view interface) const {
    const bool named = std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
      return whole_ ? interface == name : interface.starts_with(name);
    });
    return named != exclude_;
  }

 private:
  bool exclude_ = false;
  bool whole_ = false;
  std::vector<std::string> names_;
};

Address copy_address(const sockaddr& source) {
  Address address;
  address.length = source.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(&address.storage, &source, address.length);
  return address;
}

// The first address of an interface that the filter allows, IPv4 before IPv6 unless NCCL_SOCKET_FAMILY says otherwise.
bool find_interface(const InterfaceFilter& filter, Address* found) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) fail_system("the network interfaces cannot be listed");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> guard(list, freeifaddrs);
  const char* wanted = variable("NCCL_SOCKET_FAMILY");
  for (const int family : {AF_INET, AF_INET6}) {
    if (wanted != nullptr && std::string_view(wanted) != (family == AF_INET ? "AF_INET" : "AF_INET6")) continue;
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
      if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != family) continue;
      if ((entry->ifa_flags & IFF_UP) == 0 || !filter.allows(entry->ifa_name)) continue;
      *found = copy_address(*entry->ifa_addr);
      return true;
    }
  }
  return false;
}

void set_option(const Descriptor& socket, int level, int name, int value) {
  setsockopt(socket.get(), level, name, &value, sizeof value);
}

bool is_unreachable(int error) { return error == EHOSTUNREACH || error == ENETUNREACH || error == ETIMEDOUT; }

[[noreturn]] void fail_unreachable(const Address& address, const std::string& reason) {
  throw Unreachable(ncclSystemError, "no way from here leads to " + address.text() + " (" + reason +
                                         "); NCCL_SOCKET_IFNAME says which network interface's address a process "
                                         "announces");
}

[[noreturn]] void fail_ended(const std::string& peer) {
  throw Failure(ncclRemoteError, peer + " has closed the connection: its process has ended");
}

}  // namespace

std::chrono::milliseconds arrival_timeout() {
  const auto set = timeout_variable();
  return set.count() != 0 ? set : std::chrono::milliseconds(30000);
}

std::chrono::milliseconds operation_timeout() { return timeout_variable(); }

void Descriptor::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Waker::Waker() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!descriptor_.open()) fail_system("no event descriptor is to be had");
}

void Waker::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(descriptor(), &one, sizeof one);
}

void Waker::clear() {
  uint64_t count;
  [[maybe_unused]] const ssize_t got = read(descriptor(), &count, sizeof count);
}

uint16_t Address::port() const {
  return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

void Address::set_port(uint16_t port) {
  if (storage.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  }
}

std::string Address::text() const {
  char host[NI_MAXHOST];
  if (getnameinfo(get(), length, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0) return "an unknown address";
  const std::string number = std::to_string(port());
  return storage.ss_family == AF_INET6 ? "[" + std::string(host) + "]:" + number : std::string(host) + ":" + number;
}

AddressContent Address::content() const {
  AddressContent content{};
  content.family = storage.ss_family;
  content.port = port();
  if (storage.ss_family == AF_INET6) {
    const auto& source = reinterpret_cast<const sockaddr_in6&>(storage);
    content.scope = source.sin6_scope_id;
    std::memcpy(content.bytes, &source.sin6_addr, sizeof source.sin6_addr);
  } else {
    const auto& source = reinterpret_cast<const sockaddr_in&>(storage);
    std::memcpy(content.bytes, &source.sin_addr, sizeof source.sin_addr);
  }
  return content;
}

Address Address::from(const AddressContent& content) {
  Address address;
  if (content.family == AF_INET) {
    auto& target = reinterpret_cast<sockaddr_in&>(address.storage);
    target.sin_family = AF_INET;
    std::memcpy(&target.sin_addr, content.bytes, sizeof target.sin_addr);
    address.length = sizeof target;
  } else if (content.family == AF_INET6) {
    auto& target = reinterpret_cast<sockaddr_in6&>(address.storage);
    target.sin6_family = AF_INET6;
    target.sin6_scope_id = content.scope;
    std::memcpy(&target.sin6_addr, content.bytes, sizeof target.sin6_addr);
    address.length = sizeof target;
  }
  if (address.length != 0) address.set_port(content.port);
  return address;
}

Address interface_address() {
  Address address;
  if (const char* wanted = variable("NCCL_SOCKET_IFNAME")) {
    if (find_interface(InterfaceFilter(wanted), &address)) return address;
    throw Failure(ncclInvalidUsage,
                  "no network interface that is up matches NCCL_SOCKET_IFNAME=" + std::string(wanted));
  }
  for (const char* choice : {"^lo,docker,virbr,veth,br-", "docker", "lo"}) {
    if (find_interface(InterfaceFilter(choice), &address)) return address;
  }
  throw Failure(ncclSystemError, "no network interface is up, not even the loopback");
}

Address parse_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string number = colon == std::string::npos ? "" : text.substr(colon + 1);
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  char* end = nullptr;
  const long port = std::strtol(number.c_str(), &end, 10);
  if (host.empty() || number.empty() || *end != '\0' || port < 1 || port > 65535) {
    throw Failure(ncclInvalidArgument, "NCCL_COMM_ID is '" + text +
                                           "'; host:port, [address]:port or interface:port "
                                           "was expected");
  }
  Address address;
  if (find_interface(InterfaceFilter("=" + host), &address)) {
    address.set_port(static_cast<uint16_t>(port));
    return address;
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), number.c_str(), &hints, &list); error != 0) {
    throw Failure(ncclInvalidArgument, "NCCL_COMM_ID names the host '" + host + "': " + gai_strerror(error));
  }
  address = copy_address(*list->ai_addr);
  freeaddrinfo(list);
  return address;
}

bool wait_ready(int descriptor, short events, const Patience& patience) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(patience.deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd watched[2] = {{descriptor, events, 0}, {patience.cancel->descriptor(), POLLIN, 0}};
    const int ready = poll(watched, 2, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
    if (ready < 0 && errno != EINTR) fail_system("waiting for the network failed");
    if (ready <= 0) continue;
    if (watched[1].revents != 0) throw Failure(ncclSystemError, "the communicator was aborted");
    return true;
  }
}

Descriptor listen_at(const Address& address, int backlog) {
  Descriptor listener(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener.open()) fail_system("no socket is to be had");
  set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind(listener.get(), address.get(), address.length) != 0 || listen(listener.get(), backlog) != 0) {
    fail_system("no other rank could connect, since listening at " + address.text() + " failed");
  }
  return listener;
}

Address address_of(const Descriptor& socket) {
  Address address;
  address.length = sizeof address.storage;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0) {
    fail_system("a socket has no address");
  }
  return address;
}

Descriptor connect_to(const Address& address, bool again, const Patience& patience) {
  for (;;) {
    Descriptor connection(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!connection.open()) fail_system("no socket is to be had");
    int error = 0;
    if (connect(connection.get(), address.get(), address.length) != 0) {
      error = errno;
      if (error == EINPROGRESS || error == EINTR) {
        if (!wait_ready(connection.get(), POLLOUT, patience)) {
          fail_unreachable(address, "it does not answer");
        }
        socklen_t size = sizeof error;
        getsockopt(connection.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    if (error == 0) {
      tune(connection);
      return connection;
    }
    // Nobody listens there yet: the rank that will, or its host, may still be starting.
    const bool may_come = error == ECONNREFUSED || error == ECONNRESET || error == EAGAIN || is_unreachable(error);
    if (!again || !may_come || Clock::now() >= patience.deadline) {
      if (is_unreachable(error)) fail_unreachable(address, std::strerror(error));
      errno = error;
      fail_system("connecting to " + address.text() + " failed");
    }
    wait_ready(-1, 0, {std::min(patience.deadline, Clock::now() + std::chrono::milliseconds(20)), patience.cancel});
  }
}

Descriptor accept_from(const Descriptor& listener, const Patience& patience) {
  for (;;) {
    Descriptor connection(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.open()) {
      tune(connection);
      return connection;
    }
    const bool none_yet = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    if (!none_yet) fail_system("a rank that connects cannot be let in");
    if (!wait_ready(listener.get(), POLLIN, patience)) return Descriptor();
  }
}

void write_all(const Descriptor& socket, const void* data, size_t bytes, const std::string& peer,
               const Patience& patience) {
  const char* from = static_cast<const char*>(data);
  while (bytes != 0) {
    const ssize_t written = send(socket.get(), from, bytes, MSG_NOSIGNAL);
    if (written >= 0) {
      from += written;
      bytes -= static_cast<size_t>(written);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_ready(socket.get(), POLLOUT, patience)) throw Failure(ncclSystemError, peer + " does not answer");
    } else if (errno != EINTR) {
      fail_ended(peer);
    }
  }
}

void read_all(const Descriptor& socket, void* data, size_t bytes, const std::string& peer, const Patience& patience) {
  char* to = static_cast<char*>(data);
  while (bytes != 0) {
    const ssize_t got = recv(socket.get(), to, bytes, 0);
    if (got > 0) {
      to += got;
      bytes -= static_cast<size_t>(got);
    } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!wait_ready(socket.get(), POLLIN, patience)) throw Failure(ncclSystemError, peer + " does not answer");
    } else if (got == 0 || errno != EINTR) {
      fail_ended(peer);
    }
  }
}

void tune(const Descriptor& socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 3);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 10000);
}

}  // namespace cpu::nccl
