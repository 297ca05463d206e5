#pragma once
#include <cstddef>
#include <cstdint>

namespace cpu::compute {

/// Temporary memory of one operation. Every stream has one worker thread, and every thread keeps the memory it once
/// needed, so a repeated operation allocates nothing. What was taken is given back when the object goes out of scope,
/// in the reverse order. Throws std::bad_alloc.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// Memory aligned to 4096 bytes, not cleared.
  void* take_bytes(size_t bytes);
  template <class T>
  T* take(int64_t count) {
    return static_cast<T*>(take_bytes(static_cast<size_t>(count) * sizeof(T)));
  }

 private:
  size_t chunk_;
  size_t used_;
};

}  // namespace cpu::compute
