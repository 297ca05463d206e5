// The library's log: one line for every call and every failure, to where cublasLoggerConfigure and
// cublasSetLoggerCallback say.
#pragma once

#include <string_view>

namespace cpu::cublas {

void log_call(const char* function);
void log_failure(std::string_view text);

}  // namespace cpu::cublas
