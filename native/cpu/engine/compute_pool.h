// Objects of which every run of a plan needs one to itself, kept for the next run.
#pragma once
#include <array>
#include <atomic>
#include <memory>

namespace cpu::compute {

/// Runs that follow one another use the same object, runs at the same time one each; nobody waits for anybody.
template <class T>
class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (auto& place : places_) delete place.load();
  }

  /// Gives an object back when it is destroyed.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<T> object) : pool_(pool), object_(std::move(object)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { pool_.put(std::move(object_)); }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_.get(); }

   private:
    Pool& pool_;
    std::unique_ptr<T> object_;
  };

  void put(std::unique_ptr<T> object) {
    for (auto& place : places_) {
      T* empty = nullptr;
      if (place.load(std::memory_order_relaxed) != nullptr) continue;
      if (!place.compare_exchange_strong(empty, object.get(), std::memory_order_acq_rel)) continue;
      // The place has it now.
      static_cast<void>(object.release());
      return;
    }
  }

  /// `make` returns a new object where all are in use.
  template <class Make>
  Lease take(const Make& make) {
    for (auto& place : places_) {
      if (place.load(std::memory_order_relaxed) == nullptr) continue;
      if (T* found = place.exchange(nullptr, std::memory_order_acq_rel)) {
        return Lease(*this, std::unique_ptr<T>(found));
      }
    }
    return Lease(*this, make());
  }

 private:
  /// As many as streams may run one plan at the same time without making objects anew.
  std::array<std::atomic<T*>, 32> places_{};
};

}  // namespace cpu::compute
