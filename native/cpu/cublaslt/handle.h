#pragma once

#include "engine/handles.h"

namespace cpu {

// cublasLtHandle_t. It has no state: streams and workspaces are arguments.
struct CublasLtHandle {
  static constexpr HandleTag tag = HandleTag::CublasLtHandle;
};

}  // namespace cpu
