#include "cudnn/backend/json.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace cpu::backend {
namespace {

/// Reads one value after the other; every function returns false where the text is wrong.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool read_all(JsonValue* value) {
    if (!read(value, 0)) return false;
    skip_spaces();
    return rest_.empty();
  }

 private:
  static constexpr int deepest = 64;

  void skip_spaces() {
    const size_t count = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(count == std::string_view::npos ? rest_.size() : count);
  }

  bool take(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool read(JsonValue* value, int depth) {
    if (depth > deepest) return false;
    skip_spaces();
    if (rest_.empty()) return false;
    switch (rest_.front()) {
      case '{':
        return read_object(value, depth);
      case '[':
        return read_array(value, depth);
      case '"':
        value->kind = JsonValue::Kind::Text;
        return read_text(&value->text);
      case 't':
      case 'f':
        value->kind = JsonValue::Kind::Boolean;
        value->boolean = rest_.front() == 't';
        return take(value->boolean ? "true" : "false");
      case 'n':
        return take("null");
      default:
        return read_number(value);
    }
  }

  bool read_object(JsonValue* value, int depth) {
    value->kind = JsonValue::Kind::Object;
    rest_.remove_prefix(1);
    skip_spaces();
    if (take("}")) return true;
    do {
      skip_spaces();
      auto& member = value->members.emplace_back();
      if (!read_text(&member.first)) return false;
      skip_spaces();
      if (!take(":") || !read(&member.second, depth + 1)) return false;
      skip_spaces();
    } while (take(","));
    return take("}");
  }

  bool read_array(JsonValue* value, int depth) {
    value->kind = JsonValue::Kind::Array;
    rest_.remove_prefix(1);
    skip_spaces();
    if (take("]")) return true;
    do {
      if (!read(&value->elements.emplace_back(), depth + 1)) return false;
      skip_spaces();
    } while (take(","));
    return take("]");
  }

  bool read_text(std::string* text) {
    if (!take("\"")) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        *text += c;
        continue;
      }
      if (rest_.empty()) return false;
      const char escaped = rest_.front();
      rest_.remove_prefix(1);
      constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
      const size_t place = names.find(escaped);
      if (place != std::string_view::npos) {
        *text += values[place];
      } else if (escaped == 'u') {
        if (!read_code_point(text)) return false;
      } else {
        return false;
      }
    }
    return false;
  }

  // Four hexadecimal digits, as UTF-8. Halves of pairs are kept as they come.
  bool read_code_point(std::string* text) {
    if (rest_.size() < 4) return false;
    unsigned code = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
    if (error != std::errc() || end != rest_.data() + 4) return false;
    rest_.remove_prefix(4);
    if (code < 0x80) {
      *text += static_cast<char>(code);
    } else if (code < 0x800) {
      *text += static_cast<char>(0xc0 | code >> 6);
      *text += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      *text += static_cast<char>(0xe0 | code >> 12);
      *text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      *text += static_cast<char>(0x80 | (code & 0x3f));
    }
    return true;
  }

  bool read_number(JsonValue* value) {
    const size_t count = std::min(rest_.find_first_not_of("+-0123456789.eE"), rest_.size());
    const std::string_view digits = rest_.substr(0, count);
    if (digits.empty() || digits.front() == '+') return false;
    rest_.remove_prefix(count);
    const char* end = digits.data() + digits.size();
    value->kind = JsonValue::Kind::Integer;
    if (const auto result = std::from_chars(digits.data(), end, value->integer);
        result.ec == std::errc() && result.ptr == end) {
      value->real = static_cast<double>(value->integer);
      return true;
    }
    value->kind = JsonValue::Kind::Real;
    const auto result = std::from_chars(digits.data(), end, value->real);
    return result.ec == std::errc() && result.ptr == end;
  }

  std::string_view rest_;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::unique_ptr<JsonValue> parse_json(std::string_view text) {
  auto value = std::make_unique<JsonValue>();
  if (!Reader(text).read_all(value.get())) return nullptr;
  return value;
}

std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      result += escaped;
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace cpu::backend
