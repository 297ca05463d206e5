#pragma once
#include <sstream>
#include <string>
#include <string_view>

#include "generated/cudnn.h"

namespace cpu {

/// Leaves `text` as this thread's cuDNN last-error text and returns `status`: `return fail(CUDNN_STATUS_BAD_PARAM,
/// "...")`.
cudnnStatus_t fail(cudnnStatus_t status, std::string_view text);

/// Numbers and words in one text: `say("dimension ", i, " is ", value)`.
template <class... Parts>
std::string say(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

/// BAD_PARAM for a handle that names no live object of the wanted kind: null, destroyed, of another kind, or no handle.
cudnnStatus_t bad_handle(const void* handle, std::string_view parameter);

/// BAD_PARAM for an output or array pointer that is null although something had to be written to or read from it.
cudnnStatus_t null_pointer(std::string_view function);

/// Whether any of the pointers is null.
template <class... Pointers>
bool any_null(Pointers... pointers) {
  return (... || (pointers == nullptr));
}

/// Whether an enumerator of the C interface lies between two others. Callers may pass any int for it.
template <class Enumeration>
bool is_between(Enumeration value, Enumeration first, Enumeration last) {
  const int number = static_cast<int>(value);
  return number >= static_cast<int>(first) && number <= static_cast<int>(last);
}

}  // namespace cpu
