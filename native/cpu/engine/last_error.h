// The text of the last error, one a thread and library.
#pragma once

#include <string>
#include <string_view>

namespace cpu {

// The numbers are those cudnnnetCpuTakeLastError takes.
enum class Library { driver = 0, cudnn = 1, cublas = 2, cublaslt = 3, nccl = 4 };

void set_last_error(Library library, std::string_view text);

// Returns the text and forgets it; empty when nothing failed since the last call.
std::string take_last_error(Library library);

}  // namespace cpu
