// The driver's log of errors (cuLogs...): what fail() says, kept for whoever asks later.
#pragma once

#include <string_view>

namespace cpu::driver {

// Adds a message and tells those who registered for it.
void log_error(std::string_view text);

}  // namespace cpu::driver
