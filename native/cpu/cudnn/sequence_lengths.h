#pragma once
#include <algorithm>
#include <cstddef>
#include <exception>
#include <vector>

#include "cudnn/status.h"

namespace cpu {

/// Copies the lengths of `count` sequences, each between `least` and `most`. What fails leaves `lengths` as it was.
inline cudnnStatus_t copy_sequence_lengths(const int* from, size_t count, int least, int most,
                                           std::vector<int>& lengths) {
  if (std::any_of(from, from + count, [=](int length) { return length < least || length > most; })) {
    return fail(CUDNN_STATUS_BAD_PARAM,
                "a sequence length is negative, 0 where that is not allowed, or above the maximum");
  }
  try {
    std::vector<int> copied(from, from + count);
    lengths.swap(copied);
  } catch (const std::exception&) {
    return fail(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, "no host memory left for the sequence lengths");
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace cpu
