#include <absl/strings/str_cat.h>

#include <charconv>
#include <cmath>

#include "base/status.h"
#include "text/json.h"
#include "text/utf8.h"

namespace text {
namespace {

// What stands for itself, and most text is made of.
bool IsPlain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

void AppendQuoted(std::string& out, absl::string_view bytes) {
  out += '"';
  while (!bytes.empty()) {
    size_t plain = 0;
    while (plain < bytes.size() && IsPlain(bytes[plain])) ++plain;
    absl::StrAppend(&out, bytes.substr(0, plain));
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    char32_t rune;
    if (!TakeRune(bytes, rune)) rune = 0xFFFD;
    switch (rune) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        // U+007F to U+009F need no escape in JSON, but a terminal obeys them.
        if (rune < 0x20 || (rune >= 0x7F && rune < 0xA0)) {
          absl::StrAppend(
              &out, "\\u",
              absl::Hex(static_cast<uint32_t>(rune), absl::kZeroPad4));
        } else {
          AppendRune(out, rune);
        }
    }
  }
  out += '"';
}

}  // namespace

void JsonWriter::NewLine() {
  if (layout_ == Layout::kCompact) return;
  out_ += '\n';
  out_.append(2 * open_.size(), ' ');
}

void JsonWriter::BeforeValue() {
  MUST(!done_);
  if (open_.empty()) return;
  MUST(open_.back() == '[' || after_key_);
  if (open_.back() == '[') {
    if (!first_) out_ += ',';
    NewLine();
  }
  after_key_ = false;
}

void JsonWriter::AfterValue() {
  first_ = false;
  if (!open_.empty()) return;
  done_ = true;
  if (layout_ == Layout::kPretty) out_ += '\n';
}

JsonWriter& JsonWriter::Begin(char open) {
  BeforeValue();
  out_ += open;
  open_ += open;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::End(char open, char close) {
  MUST(!open_.empty() && open_.back() == open && !after_key_);
  open_.pop_back();
  if (!first_) NewLine();
  out_ += close;
  AfterValue();
  return *this;
}

JsonWriter& JsonWriter::Key(absl::string_view key) {
  MUST(!open_.empty() && open_.back() == '{' && !after_key_);
  if (!first_) out_ += ',';
  NewLine();
  AppendQuoted(out_, key);
  out_ += layout_ == Layout::kPretty ? ": " : ":";
  first_ = false;
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(absl::string_view value) {
  BeforeValue();
  AppendQuoted(out_, value);
  AfterValue();
  return *this;
}

JsonWriter& JsonWriter::Int(int64_t value) {
  BeforeValue();
  absl::StrAppend(&out_, value);
  AfterValue();
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  if (!std::isfinite(value)) return Null();
  BeforeValue();
  char buffer[32];
  const std::to_chars_result end =
      std::to_chars(buffer, buffer + sizeof buffer, value);
  absl::string_view text(buffer, end.ptr - buffer);
  absl::StrAppend(&out_, text);
  // "1" would be read back as an integer.
  if (text.find_first_of(".e") == absl::string_view::npos) out_ += ".0";
  AfterValue();
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) {
  BeforeValue();
  out_ += value ? "true" : "false";
  AfterValue();
  return *this;
}

JsonWriter& JsonWriter::Null() {
  BeforeValue();
  out_ += "null";
  AfterValue();
  return *this;
}

}  // namespace text
