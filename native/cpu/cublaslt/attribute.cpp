#include "cublaslt/attribute.h"

#include <cstring>
#include <string>

namespace cpu::cublaslt {

const Attribute* find_attribute(std::span<const Attribute> attributes, int number) {
  for (const Attribute& attribute : attributes) {
    if (attribute.number == number) return &attribute;
  }
  fail(CUBLAS_STATUS_INVALID_VALUE, "there is no attribute " + std::to_string(number));
  return nullptr;
}

cublasStatus_t wrong_size(int number, size_t bytes, size_t wanted) {
  return fail(CUBLAS_STATUS_INVALID_VALUE, "sizeInBytes is " + std::to_string(bytes) + "; attribute " +
                                               std::to_string(number) + " has " + std::to_string(wanted));
}

cublasStatus_t answer(int number, const void* value, size_t size, void* buffer, size_t bytes, size_t* written) {
  if (bytes == 0) {
    if (written == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "sizeInBytes is 0 and sizeWritten is null");
    *written = size;
    return CUBLAS_STATUS_SUCCESS;
  }
  if (buffer == nullptr) return fail(CUBLAS_STATUS_INVALID_VALUE, "buf is null");
  if (bytes < size) return wrong_size(number, bytes, size);
  std::memcpy(buffer, value, size);
  if (written != nullptr) *written = size;
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace cpu::cublaslt
