#include "fanout/json_bytes.h"

#include <catch2/catch.hpp>
#include <string>

#include "text/json.h"
#include "text/utf8.h"

namespace {

using fanout::JsonBytes;
using fanout::Utf8Check;

std::string Whole(absl::string_view bytes, size_t piece) {
  Utf8Check check;
  for (size_t i = 0; i < bytes.size(); i += piece) {
    check.Add(bytes.substr(i, piece));
  }
  JsonBytes json(check.valid());
  std::string out = json.Begin();
  for (size_t i = 0; i < bytes.size(); i += piece) {
    out += json.Add(bytes.substr(i, piece));
  }
  return out + json.End();
}

}  // namespace

TEST_CASE("json bytes: text is a string, other bytes are base64", "[fanout]") {
  CHECK(Whole("a\"b\\\n\t\x01 \xc3\xa9", 4) ==
        "\"a\\\"b\\\\\\n\\t\\u0001 \xc3\xa9\"");
  CHECK(Whole("\xff\xfe", 1) == "{\"b64\":\"//4=\"}");
  CHECK(Whole("", 1) == "\"\"");
  CHECK(Whole("abc\xc3", 2) == "{\"b64\":\"YWJjww==\"}");
}

TEST_CASE("json bytes: where the pieces are cut makes no difference",
          "[fanout]") {
  const std::string texts[] = {
      "gr\xc3\xbc\xc3\x9f dich \xe2\x82\xac \xf0\x9f\x98\x80!",
      "cut \xe2\x82",
      "\x80 stray",
      "over \xc0\xaf",
      "\xf0\x9f\x98\x80",
      std::string("\0nul", 4)};
  for (const std::string& text : texts) {
    Utf8Check whole;
    whole.Add(text);
    CHECK(whole.valid() == text::IsUtf8(text));
    for (size_t piece = 1; piece <= text.size(); piece++) {
      CHECK(Whole(text, piece) == Whole(text, text.size()));
    }
  }
}
