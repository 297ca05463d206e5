// What the program does below C++: memory it asks for and mutexes it locks. The functions are replaced for the whole
// process, libraries included; under a sanitizer, which replaces them too, nothing is seen.
#pragma once
#include <cstddef>
#include <vector>

namespace observer {

/// Whether anything can be seen.
bool works();

/// Requests for memory since the last call of start(), on all threads, by who asked.
struct Allocations {
  long of_onednn = 0;
  long of_others = 0;
  size_t largest_of_onednn = 0;
};
void start_counting();
Allocations stop_counting();

/// From here on the calling thread's mutexes are remembered under `side` (0 or 1); -1 for none.
void watch_mutexes_as(int side);
/// The mutexes that threads of one side locked.
std::vector<const void*> mutexes_of(int side);
/// Forgets them.
void forget_mutexes();

}  // namespace observer
