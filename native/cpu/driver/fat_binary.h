// Fat binaries: several images of one program in one piece of memory, as nvcc and NVIDIA's fatbinary tool write them.
// The layout is as published by free tools that read them: a header of 16 bytes, then entries with a header each.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace cpu::driver {

struct FatBinary {
  // The PTX texts that are not compressed, without the zero bytes behind them.
  std::vector<std::string_view> texts;
  // What else there is.
  int compressed_texts = 0;
  int machine_codes = 0;
  // An entry that does not fit into what its header or the file has left.
  bool broken = false;
};

// Whether a fat binary starts here, of which `limit` bytes can be read.
bool is_fat_binary(const void* image, size_t limit);

// Its entries. Memory beyond `limit`, or beyond the size its header names, is not looked at.
FatBinary read_fat_binary(const void* image, size_t limit);

}  // namespace cpu::driver
