#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "engine/handles.h"
#include "engine/stream.h"
#include "generated/driver.h"

namespace cpu {

// CUstream, but for the default streams.
struct StreamHandle {
  static constexpr HandleTag tag = HandleTag::Stream;

  std::shared_ptr<Stream> stream;
  CUcontext context = nullptr;
  unsigned flags = 0;

  // The work that is pending still runs; then the worker ends.
  void end() { stream->close(); }
};

}  // namespace cpu
