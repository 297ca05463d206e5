// Attributes by number, as descriptors and algorithms have them.
#pragma once

#include <cstddef>
#include <span>

#include "cublaslt/call.h"

namespace cpu::cublaslt {

// Where an attribute is kept.
struct Attribute {
  int number;
  size_t offset;
  size_t bytes;
};

#define CPU_ATTRIBUTE(number, D, field) \
  { number, offsetof(D, field), sizeof(D::field) }

// The attribute with the number; null with a text where there is none.
const Attribute* find_attribute(std::span<const Attribute> attributes, int number);

cublasStatus_t wrong_size(int number, size_t bytes, size_t wanted);

// Copies an attribute out, or with a size of 0 tells how large it is.
cublasStatus_t answer(int number, const void* value, size_t size, void* buffer, size_t bytes, size_t* written);

}  // namespace cpu::cublaslt
