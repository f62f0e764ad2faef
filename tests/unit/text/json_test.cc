#include "text/json.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using text::Json;
using text::JsonWriter;

namespace {

Json Parsed(absl::string_view text) {
  const absl::StatusOr<Json> j = Json::Parse(text);
  INFO(text);
  INFO(j.status());
  REQUIRE(j.ok());
  return *j;
}
std::string Why(absl::string_view text) {
  const absl::StatusOr<Json> j = Json::Parse(text);
  INFO(text);
  REQUIRE_FALSE(j.ok());
  return std::string(j.status().message());
}
// What comes of parsing and writing.
std::string Through(absl::string_view text) { return Parsed(text).Text(); }

}  // namespace

TEST_CASE("json: values of every kind read back as they were", "[text]") {
  for (absl::string_view text :
       {"null", "true", "false", "0", "-9223372036854775808",
        "9223372036854775807", "1.5", "-0.0", "1e+300", "\"\"", "[]", "{}",
        "[1,[2,{\"a\":[]}],\"x\"]", "{\"b\":1,\"a\":{\"c\":null}}"}) {
    CHECK(Through(text) == text);
  }
  CHECK(Through(" [ 1 , 2 ] ") == "[1,2]");
  CHECK(Through("1.0") == "1.0");
  CHECK(Through("1E2") == "100.0");
}

TEST_CASE("json: objects keep the order of their members", "[text]") {
  const Json j = Parsed("{\"z\":1,\"a\":2,\"m\":3}");
  REQUIRE(j.AsObject() != nullptr);
  CHECK(j.AsObject()->front().key == "z");
  CHECK(j.AsObject()->back().key == "m");
}

TEST_CASE("json: a member is found by its key and checked for its kind",
          "[text]") {
  const Json j = Parsed("{\"name\":\"web\",\"n\":3,\"on\":true,\"f\":2.5}");
  CHECK(*j.StringAt("name") == "web");
  CHECK(*j.IntAt("n") == 3);
  CHECK(*j.BoolAt("on"));
  CHECK(j.Find("f")->AsDouble() == 2.5);
  CHECK(j.Find("n")->AsDouble() == 3.0);
  CHECK(j.StringAt("n").status().message() == "n: is not a string");
  CHECK(j.IntAt("gone").status().message() == "gone: is missing");
  CHECK(j.IntAt("f").status().message() == "f: is not an integer");
  CHECK(j.BoolAt("name").status().message() == "name: is not true or false");
  CHECK(Parsed("[]").Find("x") == nullptr);
}

TEST_CASE("json: what is no JSON is refused with its place", "[text]") {
  CHECK(Why("{\"a\": 1,\n \"b\": x}").find("line 2: column 7: ") == 0);
  for (absl::string_view bad :
       {"",      " ",          "[",       "]",       "[1,]",        "{\"a\"}",
        "{a:1}", "'a'",        "01",      "+1",      ".5",          "1.",
        "nul",   "true false", "[1] x",   "\"\\x\"", "\"\\ud800\"", "\"a\nb\"",
        "NaN",   "Infinity",   "/* */ 1", "\"a",     "{\"a\":1,}"}) {
    CHECK_FALSE(Why(bad).empty());
  }
}

TEST_CASE("json: bytes that are no UTF-8 are refused", "[text]") {
  for (absl::string_view bad : {"\"\xFF\"", "\"\xC3\"", "\"\xED\xA0\x80\"",
                                "\"\xC0\x80\"", "{\"\xFF\":1}"}) {
    CHECK_FALSE(Why(bad).empty());
  }
}

TEST_CASE("json: a key that is there twice is refused", "[text]") {
  CHECK(Why("{\"a\":1,\"b\":2,\"a\":3}") == "the key 'a' is there twice");
  CHECK(Why("{\"a\":1,\"\\u0061\":3}") == "the key 'a' is there twice");
  CHECK(Through("{\"a\":{\"a\":1}}") == "{\"a\":{\"a\":1}}");
}

TEST_CASE("json: numbers nobody can hold are refused, not rounded", "[text]") {
  CHECK(Why("9223372036854775808") ==
        "the integer 9223372036854775808 does not fit 64 bits");
  CHECK(Why("-9223372036854775809").find("does not fit") != std::string::npos);
  CHECK(Why("123456789012345678901234567890").find("does not fit") !=
        std::string::npos);
  CHECK_FALSE(Why("1e999").empty());
}

TEST_CASE("json: brackets within each other are limited", "[text]") {
  const auto nested = [](int depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(Through(nested(Json::kMaxDepth)) == nested(Json::kMaxDepth));
  CHECK(Json::Parse(nested(Json::kMaxDepth + 1)).status().code() ==
        absl::StatusCode::kResourceExhausted);
  CHECK(Json::Parse(std::string(1'000'000, '[')).status().code() ==
        absl::StatusCode::kResourceExhausted);
}

TEST_CASE("json: length and number of values are limited", "[text]") {
  CHECK(Json::Parse("[1, 2, 3]", 8).status().code() ==
        absl::StatusCode::kResourceExhausted);
  CHECK(Json::Parse("[1, 2, 3]", 9).ok());
  std::string many = "[0";
  for (size_t i = 0; i < Json::kMaxValues; i++) many += ",0";
  CHECK(Json::Parse(many + "]").status().code() ==
        absl::StatusCode::kResourceExhausted);
}

TEST_CASE("json: what is written is JSON whatever the text holds", "[text]") {
  JsonWriter out;
  out.BeginArray()
      .String("a\"b\\c\n\r\t\x01\x7f")
      .String(absl::string_view("\0", 1))
      .String("\xFF h\xC3\xA9 \xF0\x9F\x98\x80")
      .Double(std::nan(""))
      .Double(std::numeric_limits<double>::infinity())
      .Double(0.1)
      .Double(2)
      .EndArray();
  const std::string text = out.Take();
  CHECK(text ==
        "[\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\",\"\\u0000\","
        "\"\xEF\xBF\xBD h\xC3\xA9 \xF0\x9F\x98\x80\",null,null,0.1,2.0]");
  CHECK(Json::Parse(text).ok());
}

TEST_CASE("json: an answer for people is indented", "[text]") {
  JsonWriter out(JsonWriter::Layout::kPretty);
  out.BeginObject().Key("a").Int(1).Key("b").BeginArray().EndArray();
  out.Key("c").BeginArray().Bool(true).Null().EndArray().EndObject();
  CHECK(out.Take() ==
        "{\n  \"a\": 1,\n  \"b\": [],\n  \"c\": [\n    true,\n    null\n  ]\n"
        "}\n");
}

TEST_CASE("json: what is taken early and late is one document", "[text]") {
  JsonWriter out;
  std::string text;
  out.BeginArray();
  for (int i = 0; i < 3; i++) {
    out.Int(i);
    text += out.Take();
  }
  out.EndArray();
  CHECK(text + out.Take() == "[0,1,2]");
}
