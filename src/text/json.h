// JSON (RFC 8259): a small value for what comes in, a writer for what goes out.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace text {

// Written as it goes, so that an answer of any length needs no tree. What
// cannot be JSON (a key outside an object, two values at the top) is a bug and
// ends the process. Bytes that are no UTF-8 become U+FFFD; control characters
// are escaped; a number that is not finite is null.
class JsonWriter {
 public:
  enum class Layout { kCompact, kPretty };  // kPretty: two blanks a level
  explicit JsonWriter(Layout layout = Layout::kCompact) : layout_(layout) {}

  // Room for so many bytes: a string that grows leaves what it has grown out
  // of, secrets included.
  JsonWriter& Reserve(size_t bytes) {
    out_.reserve(bytes);
    return *this;
  }
  JsonWriter& BeginObject() { return Begin('{'); }
  JsonWriter& EndObject() { return End('{', '}'); }
  JsonWriter& BeginArray() { return Begin('['); }
  JsonWriter& EndArray() { return End('[', ']'); }
  JsonWriter& Key(absl::string_view key);
  JsonWriter& String(absl::string_view value);
  JsonWriter& Int(int64_t value);
  JsonWriter& Double(double value);  // shortest text that reads back the same
  JsonWriter& Bool(bool value);
  JsonWriter& Null();

  // What was written since the last Take. A kPretty document is closed by '\n'
  // when its outermost value ends.
  std::string Take() { return std::exchange(out_, {}); }

 private:
  JsonWriter& Begin(char open);
  JsonWriter& End(char open, char close);
  void BeforeValue();
  void AfterValue();
  void NewLine();

  Layout layout_;
  std::string out_;
  std::string open_;   // the brackets we are in, outermost first
  bool first_ = true;  // nothing is in the innermost bracket yet
  bool after_key_ = false;
  bool done_ = false;
};

// A value as parsed. Objects keep their order and have each key once.
class Json {
 public:
  using Array = std::vector<Json>;
  struct Member;
  using Object = std::vector<Member>;

  // Not inline: they need Member to be complete.
  Json();  // null
  Json(bool v);
  Json(int v);
  Json(int64_t v);
  Json(double v);
  Json(std::string v);
  Json(const char* v);  // or it would be a bool
  Json(Array v);
  Json(Object v);

  static constexpr int kMaxDepth = 100;
  static constexpr size_t kMaxValues = 1'000'000;
  static constexpr size_t kMaxBytes = 16 << 20;
  // InvalidArgument, naming line and column, for what is not JSON, is not
  // UTF-8, has a key twice, or has an integer that does not fit 64 bits with
  // sign or a number beyond a double. ResourceExhausted for more than
  // `max_bytes`, kMaxValues values or kMaxDepth brackets within each other.
  static absl::StatusOr<Json> Parse(absl::string_view text,
                                    size_t max_bytes = kMaxBytes);
  std::string Text(
      JsonWriter::Layout layout = JsonWriter::Layout::kCompact) const;
  void WriteTo(JsonWriter& out) const;

  bool IsNull() const { return std::holds_alternative<Null>(value_); }
  // The value if it is of that kind, else null. AsDouble also takes integers.
  const bool* AsBool() const { return std::get_if<bool>(&value_); }
  const int64_t* AsInt() const { return std::get_if<int64_t>(&value_); }
  const std::string* AsString() const {
    return std::get_if<std::string>(&value_);
  }
  const Array* AsArray() const { return std::get_if<Array>(&value_); }
  const Object* AsObject() const { return std::get_if<Object>(&value_); }
  std::optional<double> AsDouble() const;

  // The member of an object; null when there is none, or this is no object.
  const Json* Find(absl::string_view key) const;
  // The member, which must be there and of that kind: else InvalidArgument
  // "KEY: is missing" or "KEY: is not a string".
  absl::StatusOr<std::string> StringAt(absl::string_view key) const;
  absl::StatusOr<int64_t> IntAt(absl::string_view key) const;
  absl::StatusOr<bool> BoolAt(absl::string_view key) const;

 private:
  using Null = std::monostate;
  std::variant<Null, bool, int64_t, double, std::string, Array, Object> value_;
};

struct Json::Member {
  std::string key;
  Json value;
};

}  // namespace text
