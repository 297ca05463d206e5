// The text of CudnnNet's own module, as programs have it.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

inline std::string training_ptx() {
  std::ifstream file(TRAINING_PTX, std::ios::binary);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}
