// What an entry point throws from its depths to answer a status of the driver. Other libraries turn it into their own.
#pragma once

#include <stdexcept>

#include "generated/driver.h"

namespace cpu {

class CallError : public std::runtime_error {
 public:
  CallError(CUresult status, const char* text) : std::runtime_error(text), status_(status) {}
  CUresult status() const { return status_; }

 private:
  CUresult status_;
};

}  // namespace cpu
