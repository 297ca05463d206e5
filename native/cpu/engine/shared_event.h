// The part of an event that other processes see: how often it was recorded and which record was reached last.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/region.h"
#include "engine/shared_file.h"

namespace cpu {

class SharedEvent {
 public:
  // Null where the system has no memory or descriptor left.
  static std::shared_ptr<SharedEvent> create();
  // From the file of another process's event; null where it is none.
  static std::shared_ptr<SharedEvent> open(std::shared_ptr<SharedFile> file);

  const SharedFile& file() const { return *mapping_->file(); }

  uint64_t recorded() const { return state_->recorded.load(); }
  bool reached(uint64_t generation) const { return state_->completed.load() >= generation; }

  // A new record by this process; returns its generation, which reach() completes.
  uint64_t record();
  void reach(uint64_t generation);

  // Returns false where nobody will reach the generation: the process which recorded it last has ended. `give_up` is
  // asked now and then.
  bool wait(uint64_t generation, bool (*give_up)()) const;
  bool abandoned(uint64_t generation) const;

 private:
  struct State {
    std::atomic<uint64_t> recorded;
    std::atomic<uint64_t> completed;
    std::atomic<uint64_t> recorder_start;
    std::atomic<int32_t> recorder;
    // Changes with each completion; waiters sleep on it.
    std::atomic<uint32_t> signal;
  };
  static_assert(std::atomic<uint64_t>::is_always_lock_free, "processes share the state without locks");

  explicit SharedEvent(std::shared_ptr<FileMapping> mapping);
  const std::shared_ptr<FileMapping> mapping_;
  State* const state_;
};

}  // namespace cpu
