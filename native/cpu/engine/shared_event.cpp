#include "engine/shared_event.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

#include "engine/process.h"

namespace cpu {
namespace {

constexpr const char* kName = "event";
constexpr size_t kBytes = 4096;

}  // namespace

SharedEvent::SharedEvent(std::shared_ptr<FileMapping> mapping)
    : mapping_(std::move(mapping)), state_(reinterpret_cast<State*>(mapping_->base())) {}

std::shared_ptr<SharedEvent> SharedEvent::create() {
  std::shared_ptr<SharedFile> file = SharedFile::create(kName, kBytes);
  return file == nullptr ? nullptr : open(std::move(file));
}

std::shared_ptr<SharedEvent> SharedEvent::open(std::shared_ptr<SharedFile> file) {
  if (file->name() != kName || file->size() < kBytes) return nullptr;
  std::shared_ptr<FileMapping> mapping = FileMapping::create(std::move(file), 0, kBytes);
  return mapping == nullptr ? nullptr : std::shared_ptr<SharedEvent>(new SharedEvent(std::move(mapping)));
}

uint64_t SharedEvent::record() {
  const ProcessIdentity self = this_process();
  state_->recorder_start.store(self.start);
  state_->recorder.store(self.number);
  return state_->recorded.fetch_add(1) + 1;
}

void SharedEvent::reach(uint64_t generation) {
  uint64_t seen = state_->completed.load();
  while (seen < generation && !state_->completed.compare_exchange_weak(seen, generation)) {
  }
  state_->signal.fetch_add(1);
  syscall(SYS_futex, &state_->signal, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

bool SharedEvent::abandoned(uint64_t generation) const {
  const ProcessIdentity recorder{state_->recorder.load(), state_->recorder_start.load()};
  return !process_runs(recorder) && !reached(generation);
}

bool SharedEvent::wait(uint64_t generation, bool (*give_up)()) const {
  for (;;) {
    const uint32_t signal = state_->signal.load();
    if (reached(generation)) return true;
    // Nobody wakes us when the other process dies, so look now and then.
    constexpr timespec moment{0, 50'000'000};
    syscall(SYS_futex, &state_->signal, FUTEX_WAIT, signal, &moment, nullptr, 0);
    if (reached(generation) || give_up()) return true;
    if (abandoned(generation)) return false;
  }
}

}  // namespace cpu
