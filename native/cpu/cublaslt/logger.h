#pragma once

#include <string_view>

namespace cpu::cublaslt {

// Tell whoever listens that a function was called, or what was wrong with a call.
void log_call(const char* function);
void log_failure(const char* function, std::string_view text);

}  // namespace cpu::cublaslt
