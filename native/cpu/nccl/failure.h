// What goes wrong between ranks, with NCCL's code for it.
#pragma once

#include <stdexcept>
#include <string>

#include "generated/nccl.h"

namespace cpu::nccl {

class Failure : public std::runtime_error {
 public:
  Failure(ncclResult_t code, const std::string& text) : std::runtime_error(text), code_(code) {}
  ncclResult_t code() const { return code_; }

 private:
  ncclResult_t code_;
};

}  // namespace cpu::nccl
