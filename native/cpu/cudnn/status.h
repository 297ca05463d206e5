#pragma once
#include <string_view>

#include "generated/cudnn.h"

namespace cpu {

/// Leaves `text` as this thread's cuDNN last-error text and returns `status`: `return fail(CUDNN_STATUS_BAD_PARAM,
/// "...")`.
cudnnStatus_t fail(cudnnStatus_t status, std::string_view text);

}  // namespace cpu
