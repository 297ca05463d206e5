#include "engine/fault_guard.h"

#include <sched.h>
#include <signal.h>

#include <atomic>
#include <mutex>

namespace cpu {
namespace {

// Initial-exec, so that the signal handler reads them without allocating the thread's storage.
[[gnu::tls_model("initial-exec")]] thread_local FaultGuard* active = nullptr;
[[gnu::tls_model("initial-exec")]] thread_local uint64_t moves_seen = 0;

// Odd while a move goes on.
std::atomic<uint64_t> moves{0};

struct sigaction previous_segv;
struct sigaction previous_bus;

void pass_on(int signal, siginfo_t* information, void* state) {
  const struct sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, information, state);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // The instruction is run again, and ends the process as it would without us.
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    sigaction(signal, &standard, nullptr);
  }
}

void on_fault(int signal, siginfo_t* information, void* state) {
  // A fault may come from a move that goes on, or one that ended since: then the instruction succeeds the next time.
  uint64_t count = moves.load();
  if (count != moves_seen) {
    for (; count % 2 != 0; count = moves.load()) sched_yield();
    moves_seen = count;
    return;
  }
  if (active == nullptr) {
    pass_on(signal, information, state);
    return;
  }
  active->address = reinterpret_cast<uintptr_t>(information->si_addr);
  siglongjmp(active->buffer, 1);
}

std::mutex& move_mutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

}  // namespace

FaultGuard::FaultGuard() : outer_(active) { active = this; }

FaultGuard::~FaultGuard() { active = outer_; }

void catch_faults() {
  static const bool caught = [] {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    // Not deferred, because a guard leaves the handler without returning from it.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGSEGV, &action, &previous_segv) == 0 && sigaction(SIGBUS, &action, &previous_bus) == 0;
  }();
  (void)caught;
}

MemoryMove::MemoryMove() {
  move_mutex().lock();
  moves.fetch_add(1);
}

MemoryMove::~MemoryMove() {
  moves.fetch_add(1);
  move_mutex().unlock();
}

}  // namespace cpu
