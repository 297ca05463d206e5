// The names of all errors, sorted by their numbers.
#pragma once

namespace cudart {

struct ErrorName {
  int error;
  const char* name;
};

extern const ErrorName k_error_names[];
extern const int k_error_name_count;

}  // namespace cudart
