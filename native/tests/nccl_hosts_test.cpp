// NCCL's ranks on two hosts: network namespaces, each with its own addresses, joined by a virtual cable. Two ranks a
// host are processes of nccl_test, which lies beside this program. All collectives; the network that is announced, by
// itself and by NCCL_SOCKET_IFNAME; a host that starts late, one that never comes, one that cannot be reached, and one
// that vanishes without a word.
//
//   nccl_hosts_test [--patience 20]
//
// The patience is in seconds, for machines and builds that are slow. Prints "skipped: why" and succeeds where the
// system lets nobody make network namespaces.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/command_line.h"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

long failures = 0;

/// Seconds that ranks wait for those which do not come: the others must have started by then.
long patience = 5;

void expect(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what.c_str());
  ++failures;
}

/// A process whose output is kept.
class Process {
 public:
  /// `body` runs in the new process and ends it.
  template <class Body>
  explicit Process(const Body& body) : output_(memfd_create("output", MFD_CLOEXEC)), number_(fork()) {
    if (number_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output_, STDOUT_FILENO);
    dup2(output_, STDERR_FILENO);
    body();
    _exit(99);
  }
  Process(Process&& other) noexcept
      : output_(std::exchange(other.output_, -1)), number_(std::exchange(other.number_, -1)) {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (number_ > 0) {
      kill();
      waitpid(number_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
  }

  pid_t number() const { return number_; }
  void kill() const { ::kill(number_, SIGKILL); }

  std::string output() const {
    std::string text(static_cast<size_t>(lseek(output_, 0, SEEK_END)), '\0');
    const ssize_t got = pread(output_, text.data(), text.size(), 0);
    return text.substr(0, static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }

  /// Waits for a line that begins so and returns the rest of it; empty where it does not come.
  std::string line(const std::string& start) const {
    for (const auto end = Clock::now() + seconds(30); Clock::now() < end;) {
      const std::string text = output();
      const size_t at = text.find(start), stop = at == std::string::npos ? at : text.find('\n', at);
      if (stop != std::string::npos) return text.substr(at + start.size(), stop - at - start.size());
      std::this_thread::sleep_for(milliseconds(5));
    }
    return "";
  }

  /// The exit code; below 0 where a signal ended it or it did not end in time.
  int finish(seconds longest = seconds(120)) {
    for (const auto end = Clock::now() + longest; Clock::now() < end;) {
      int status = 0;
      if (waitpid(number_, &status, WNOHANG) == number_) {
        number_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
    return -1000;
  }

 private:
  int output_;
  pid_t number_;
};

[[noreturn]] void skip(const std::string& why) {
  std::printf("skipped: %s\n", why.c_str());
  std::exit(0);
}

/// A network namespace, which lives as long as the process that holds it.
class Host {
 public:
  Host()
      : holder_([] {
          if (unshare(CLONE_NEWNET) != 0) _exit(1);
          std::printf("ready \n");
          std::fflush(stdout);
          pause();
        }) {
    if (holder_.line("ready").empty()) skip("the system makes no network namespaces");
  }

  std::string number() const { return std::to_string(holder_.number()); }

  /// Makes the calling process one of this host's.
  void enter() const {
    const int space = open(("/proc/" + number() + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0) _exit(98);
  }

  /// Runs a command there; false, with what it said, where it failed.
  std::pair<bool, std::string> run(const std::string& command) const {
    Process process([&] {
      enter();
      execlp("sh", "sh", "-c", command.c_str(), nullptr);
    });
    const int code = process.finish();
    return {code == 0, process.output()};
  }

 private:
  Process holder_;
};

/// Lets a user who is not root make networks: root of a namespace of users that has nobody else in it.
void become_root() {
  const std::string user = std::to_string(getuid());
  if (user == "0") return;
  if (unshare(CLONE_NEWUSER) != 0) skip("not root, and the system lets users make no namespaces of their own");
  const auto write_file = [](const char* path, const std::string& text) {
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    const bool written = file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (file >= 0) close(file);
    return written;
  };
  write_file("/proc/self/setgroups", "deny");
  if (!write_file("/proc/self/uid_map", "0 " + user + " 1")) skip("a namespace of users without a mapping");
}

/// Two hosts. eth0 leads to the other one; docker0 has the same address on both, as it has where Docker runs; mgmt0,
/// which comes before eth0, leads nowhere and is down at first.
class Hosts {
 public:
  Hosts() {
    for (int i = 0; i < 2; ++i) {
      must(i, "ip link set lo up");
      must(i, "ip link add docker0 type veth peer name docker1 && ip addr add 172.17.0.1/16 dev docker0");
      must(i, "ip link set docker0 up && ip link set docker1 up");
      must(i, "ip link add mgmt0 type veth peer name mgmt1 && ip link set mgmt1 up");
      must(i, "ip addr add 192.168.77." + std::to_string(i + 1) + "/24 dev mgmt0");
    }
    must(0, "ip link add eth0 type veth peer name eth0 netns " + second_.number());
    for (int i = 0; i < 2; ++i) {
      must(i, "ip addr add 10.90.0." + std::to_string(i + 1) + "/24 dev eth0 && ip link set eth0 up");
    }
  }

  const Host& operator[](int i) const { return i == 0 ? first_ : second_; }

  /// Puts an interface up or down.
  void set(int host, const std::string& interface, const char* state) const {
    const auto [done, text] = (*this)[host].run("ip link set " + interface + " " + state);
    expect(done, interface + " " + state + ": " + text);
  }

 private:
  void must(int host, const std::string& command) const {
    const auto [done, text] = (*this)[host].run(command);
    if (!done) skip("'" + command + "' says: " + text.substr(0, text.find('\n')));
  }

  Host first_, second_;
};

using Environment = std::vector<std::pair<std::string, std::string>>;

/// nccl_test as one of four ranks, two on each host. `id`: "new" where it makes one and says it.
Process rank_on(const Hosts& hosts, const std::string& what, int rank, const std::string& id,
                const Environment& environment = {}) {
  return Process([&] {
    hosts[rank / 2].enter();
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0) return;
    std::string program(path, static_cast<size_t>(length));
    program = program.substr(0, program.rfind('/')) + "/nccl_test";
    const std::string number = std::to_string(rank);
    execl(program.c_str(), "nccl_test", "--rank", what.c_str(), number.c_str(), "4", id.c_str(), nullptr);
  });
}

/// All four ranks, of which the first makes the id.
std::vector<Process> start(const Hosts& hosts, const std::string& what, const Environment& environment = {}) {
  std::vector<Process> ranks;
  ranks.push_back(rank_on(hosts, what, 0, "new", environment));
  const std::string id = ranks[0].line("id ");
  expect(!id.empty(), "rank 0 makes an id: " + ranks[0].output());
  for (int rank = 1; rank < 4; ++rank) ranks.push_back(rank_on(hosts, what, rank, id, environment));
  return ranks;
}

void expect_success(std::vector<Process>& ranks) {
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const int code = ranks[rank].finish();
    expect(code == 0,
           "rank " + std::to_string(rank) + " ends with 0, not " + std::to_string(code) + ": " + ranks[rank].output());
  }
}

/// Without a word of ours: neither docker0, which looks the same on both hosts, nor the loopback.
void all_collectives(const Hosts& hosts) {
  for (const char* what : {"everything", "split"}) {
    std::vector<Process> ranks = start(hosts, what);
    expect_success(ranks);
  }
}

void named_interface(const Hosts& hosts) {
  for (int i = 0; i < 2; ++i) hosts.set(i, "mgmt0", "up");
  std::vector<Process> ranks = start(hosts, "short", {{"NCCL_SOCKET_IFNAME", "=eth0"}});
  expect_success(ranks);
  ranks = start(hosts, "short", {{"NCCL_SOCKET_IFNAME", "^mgmt,lo,docker"}});
  expect_success(ranks);
  // The network that comes first leads nowhere: each side says what it lacks, and where to choose another.
  const auto begin = Clock::now();
  std::vector<Process> lost = start(hosts, "short", {{"CUDNNNET_NCCL_TIMEOUT", std::to_string(patience)}});
  for (size_t rank = 0; rank < 4; ++rank) {
    expect(lost[rank].finish(seconds(patience + 30)) == 1, "a rank without a way to the others fails");
    const std::string text = lost[rank].output();
    const bool told =
        rank < 2
            ? text.find("ranks 2, 3 of 4 did not come within " + std::to_string(patience)) != std::string::npos
            : text.find("192.168.77.1:") != std::string::npos && text.find("NCCL_SOCKET_IFNAME") != std::string::npos;
    expect(told, "rank " + std::to_string(rank) + " says what it lacks: " + text);
  }
  expect(Clock::now() - begin < seconds(patience + 20), "the way to nowhere is given up in time");
  for (int i = 0; i < 2; ++i) hosts.set(i, "mgmt0", "down");
}

/// Ranks that meet at an address of the environment may be there before the host that has it.
void late_host(const Hosts& hosts) {
  const Environment environment{{"NCCL_COMM_ID", "10.90.0.1:" + std::to_string(20000 + getpid() % 20000)}};
  hosts.set(0, "eth0", "down");
  std::vector<Process> ranks;
  for (int rank = 3; rank >= 2; --rank) ranks.push_back(rank_on(hosts, "short", rank, "", environment));
  // Until the system has found out that nobody has that address.
  std::this_thread::sleep_for(milliseconds(4000));
  hosts.set(0, "eth0", "up");
  for (int rank = 1; rank >= 0; --rank) ranks.push_back(rank_on(hosts, "short", rank, "", environment));
  expect_success(ranks);
}

void absent_host(const Hosts& hosts) {
  const auto begin = Clock::now();
  std::vector<Process> ranks;
  const Environment environment{{"CUDNNNET_NCCL_TIMEOUT", std::to_string(patience)}};
  ranks.push_back(rank_on(hosts, "short", 0, "new", environment));
  ranks.push_back(rank_on(hosts, "short", 1, ranks[0].line("id "), environment));
  for (Process& rank : ranks) {
    expect(rank.finish(seconds(patience + 30)) == 1, "a rank whose other host does not come fails");
    expect(rank.output().find("ranks 2, 3 of 4 did not come within " + std::to_string(patience)) != std::string::npos,
           "it says who is missing: " + rank.output());
  }
  expect(Clock::now() - begin < seconds(patience + 15), "who does not come is given up in time");
}

/// Its cable is cut before its processes end, so that nobody says goodbye.
void vanishing_host(const Hosts& hosts) {
  std::vector<Process> ranks = start(hosts, "lost-host");
  for (const Process& rank : ranks) expect(!rank.line("ready").empty(), "a rank is ready: " + rank.output());
  hosts.set(1, "eth0", "down");
  const auto begin = Clock::now();
  for (size_t rank = 2; rank < 4; ++rank) ranks[rank].kill();
  for (size_t rank = 0; rank < 2; ++rank) {
    const int code = ranks[rank].finish();
    expect(code == 0, "rank " + std::to_string(rank) + " learns that the other host is gone: " + ranks[rank].output());
  }
  const std::chrono::duration<double> time = Clock::now() - begin;
  std::printf("a host that vanished was missed after %.1f s\n", time.count());
  expect(time < seconds(30), "a host that vanished is missed in time");
  hosts.set(1, "eth0", "up");
}

struct Part {
  const char* name;
  void (*run)(const Hosts&);
};
constexpr Part parts[] = {{"all collectives", all_collectives},
                          {"named interface", named_interface},
                          {"late host", late_host},
                          {"absent host", absent_host},
                          {"vanishing host", vanishing_host}};

}  // namespace

int main(int count, char** values) {
  patience = argument(count, values, "--patience", patience);
  become_root();
  if (std::system("ip -V >/dev/null 2>&1") != 0) skip("'ip' is missing, of Debian's package iproute2");
  for (const char* name : {"NCCL_SOCKET_IFNAME", "NCCL_SOCKET_FAMILY", "NCCL_COMM_ID", "CUDNNNET_NCCL_TIMEOUT"}) {
    unsetenv(name);
  }
  const Hosts hosts;
  for (const Part& part : parts) {
    const auto begin = Clock::now();
    const long before = failures;
    part.run(hosts);
    const std::chrono::duration<double> time = Clock::now() - begin;
    std::printf("%s: %ld failures, %.1f s\n", part.name, failures - before, time.count());
    std::fflush(stdout);
  }
  return failures == 0 ? 0 : 1;
}
