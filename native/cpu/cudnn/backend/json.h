#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpu::backend {

/// A value of a JSON text.
struct JsonValue {
  enum class Kind { Null, Boolean, Integer, Real, Text, Array, Object };

  Kind kind = Kind::Null;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<JsonValue> elements;
  std::vector<std::pair<std::string, JsonValue>> members;

  bool is(Kind wanted) const { return kind == wanted; }
  /// The member of an object; null where there is none.
  const JsonValue* find(std::string_view name) const;
};

/// The value a text means; null where it is no JSON. Texts are at most 64 levels deep.
std::unique_ptr<JsonValue> parse_json(std::string_view text);

/// `text` in quotation marks.
std::string json_text(std::string_view text);

}  // namespace cpu::backend
