#include "engine/last_error.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace cpu {
namespace {

constexpr std::size_t k_libraries = 5;
thread_local std::array<std::string, k_libraries> last_errors;

}  // namespace

void set_last_error(Library library, std::string_view text) { last_errors[static_cast<std::size_t>(library)] = text; }

std::string take_last_error(Library library) {
  return std::exchange(last_errors[static_cast<std::size_t>(library)], std::string());
}

}  // namespace cpu

// Writes the calling thread's last-error text, cut to size - 1 bytes and ended by a zero byte, and forgets it. Returns
// the whole length of the text; 0 when there is none or the library is unknown.
extern "C" __attribute__((visibility("default"))) std::size_t cudnnnetCpuTakeLastError(int library, char* buffer,
                                                                                       std::size_t size) {
  if (library < 0 || static_cast<std::size_t>(library) >= cpu::k_libraries) return 0;
  const std::string text = cpu::take_last_error(static_cast<cpu::Library>(library));
  if (buffer != nullptr && size > 0) {
    const std::size_t count = std::min(text.size(), size - 1);
    std::memcpy(buffer, text.data(), count);
    buffer[count] = '\0';
  }
  return text.size();
}
