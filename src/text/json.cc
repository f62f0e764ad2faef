#include "text/json.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "base/strings.h"

namespace text {
namespace {

// Takes nlohmann's events and builds our value. It, and no value of nlohmann's,
// is what limits depth and count: a handler that says no ends the parse.
class Builder {
 public:
  explicit Builder(absl::string_view text) : text_(text) {}
  absl::Status status() const { return status_; }
  Json TakeRoot() { return std::move(root_); }

  // Each answers whether to go on; the names are nlohmann's.
  bool null() { return Add(Json()); }
  bool boolean(bool v) { return Add(Json(v)); }
  bool number_integer(int64_t v) { return Add(Json(v)); }
  bool number_unsigned(uint64_t v) {
    if (v > static_cast<uint64_t>(INT64_MAX)) return TooLarge(v);
    return Add(Json(static_cast<int64_t>(v)));
  }
  bool number_float(double v, const std::string& text) {
    // What nlohmann cannot hold in 64 bits it gives as a double, rounded.
    if (text.find_first_of(".eE") == std::string::npos) return TooLarge(text);
    return Add(Json(v));
  }
  bool string(std::string& v) { return Add(Json(std::move(v))); }
  bool binary(std::vector<uint8_t>&) { return false; }
  bool start_array(size_t) { return Open(true); }
  bool start_object(size_t) { return Open(false); }
  bool key(std::string& key) {
    if (!levels_.back().keys.insert(key).second) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("the key '", key, "' is there twice"));
      return false;
    }
    levels_.back().key = std::move(key);
    return true;
  }
  bool end_array() { return Close(); }
  bool end_object() { return Close(); }
  bool parse_error(size_t position, const std::string& /*last token*/,
                   const nlohmann::detail::exception& e) {
    if (status_.ok()) status_ = At(position, e.what());
    return false;
  }

 private:
  struct Level {
    bool is_array;
    Json::Array array;
    Json::Object object;
    std::string key;  // of the member that comes next
    absl::flat_hash_set<std::string> keys;
  };

  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax
  // error while parsing value - invalid literal; last read: 'x'"
  absl::Status At(size_t position, absl::string_view what) const {
    const absl::string_view before =
        text_.substr(0, position > 0 ? position - 1 : 0);
    const size_t line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t line_start = before.rfind('\n');
    const size_t column =
        before.size() -
        (line_start == absl::string_view::npos ? 0 : line_start + 1) + 1;
    const size_t reason = what.find(" - ");
    if (reason != absl::string_view::npos)
      what.remove_prefix(reason + 3);
    else if (absl::StartsWith(what, "["))
      what = "not a number we can hold";
    return absl::InvalidArgumentError(
        absl::StrCat("line ", line, ": column ", column, ": ", what));
  }
  bool TooLarge(const absl::AlphaNum& number) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat("the integer ", number, " does not fit 64 bits"));
    return false;
  }
  bool Counted() {
    if (++values_ <= Json::kMaxValues) return true;
    status_ = absl::ResourceExhaustedError(
        absl::StrCat("more than ", Json::kMaxValues, " values"));
    return false;
  }
  bool Put(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Level& in = levels_.back();
    if (in.is_array)
      in.array.push_back(std::move(value));
    else
      in.object.push_back({std::move(in.key), std::move(value)});
    return true;
  }
  bool Add(Json value) { return Counted() && Put(std::move(value)); }
  bool Open(bool is_array) {
    if (levels_.size() == Json::kMaxDepth) {
      status_ = absl::ResourceExhaustedError(absl::StrCat(
          "more than ", Json::kMaxDepth, " brackets within each other"));
      return false;
    }
    if (!Counted()) return false;
    levels_.push_back({is_array, {}, {}, "", {}});
    return true;
  }
  bool Close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return Put(level.is_array ? Json(std::move(level.array))
                              : Json(std::move(level.object)));
  }

  absl::string_view text_;
  absl::Status status_;
  Json root_;
  std::vector<Level> levels_;
  size_t values_ = 0;
};

absl::Status Wrong(absl::string_view key, const Json* value,
                   absl::string_view kind) {
  return absl::InvalidArgumentError(
      absl::StrCat(key, value == nullptr ? ": is missing" : ": is not ",
                   value == nullptr ? "" : kind));
}

}  // namespace

Json::Json() = default;
Json::Json(bool v) : value_(v) {}
Json::Json(int v) : value_(int64_t{v}) {}
Json::Json(int64_t v) : value_(v) {}
Json::Json(double v) : value_(v) {}
Json::Json(std::string v) : value_(std::move(v)) {}
Json::Json(const char* v) : value_(std::string(v)) {}
Json::Json(Array v) : value_(std::move(v)) {}
Json::Json(Object v) : value_(std::move(v)) {}

absl::StatusOr<Json> Json::Parse(absl::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("longer than ", max_bytes, " bytes"));
  }
  Builder builder(text);
  using Events = nlohmann::basic_json<>;
  const bool ok = Events::sax_parse(text.begin(), text.end(), &builder);
  if (!ok && builder.status().ok()) {
    return absl::InvalidArgumentError("not JSON");
  }
  TRY(builder.status());
  return builder.TakeRoot();
}

void Json::WriteTo(JsonWriter& out) const {
  if (const bool* b = AsBool()) {
    out.Bool(*b);
  } else if (const int64_t* i = AsInt()) {
    out.Int(*i);
  } else if (const double* d = std::get_if<double>(&value_)) {
    out.Double(*d);
  } else if (const std::string* s = AsString()) {
    out.String(*s);
  } else if (const Array* a = AsArray()) {
    out.BeginArray();
    for (const Json& v : *a) v.WriteTo(out);
    out.EndArray();
  } else if (const Object* o = AsObject()) {
    out.BeginObject();
    for (const Member& m : *o) {
      out.Key(m.key);
      m.value.WriteTo(out);
    }
    out.EndObject();
  } else {
    out.Null();
  }
}

std::string Json::Text(JsonWriter::Layout layout) const {
  JsonWriter out(layout);
  WriteTo(out);
  return out.Take();
}

std::optional<double> Json::AsDouble() const {
  if (const int64_t* i = AsInt()) return static_cast<double>(*i);
  if (const double* d = std::get_if<double>(&value_)) return *d;
  return std::nullopt;
}

const Json* Json::Find(absl::string_view key) const {
  const Object* object = AsObject();
  if (object == nullptr) return nullptr;
  for (const Member& m : *object) {
    if (m.key == key) return &m.value;
  }
  return nullptr;
}

absl::StatusOr<std::string> Json::StringAt(absl::string_view key) const {
  const Json* v = Find(key);
  if (v == nullptr || v->AsString() == nullptr)
    return Wrong(key, v, "a string");
  return *v->AsString();
}
absl::StatusOr<int64_t> Json::IntAt(absl::string_view key) const {
  const Json* v = Find(key);
  if (v == nullptr || v->AsInt() == nullptr) return Wrong(key, v, "an integer");
  return *v->AsInt();
}
absl::StatusOr<bool> Json::BoolAt(absl::string_view key) const {
  const Json* v = Find(key);
  if (v == nullptr || v->AsBool() == nullptr) {
    return Wrong(key, v, "true or false");
  }
  return *v->AsBool();
}

}  // namespace text
