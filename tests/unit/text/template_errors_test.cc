// What is wrong with a template is named; and nothing that is hostile costs
// more than its limit.
#include <absl/strings/match.h>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "text/dicer.h"
#include "unit/text/expand.h"

using absl::StartsWith;
using text::Expanded;
using text::ExpandWith;
using text::Strings;
using text::Template;
using text::TemplateValues;

namespace {

std::string Repeat(absl::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; i++) absl::StrAppend(&out, text);
  return out;
}

}  // namespace

TEST_CASE("template: a template that is wrong says what and where", "[text]") {
  const std::pair<const char*, const char*> cases[] = {
      {"%", "%: nothing follows the escape character at column 2"},
      {"a%%%", "%: nothing follows the escape character at column 5"},
      {"%q", "%q: unknown escape sequence at column 3"},
      {"%q%", "%q%: unknown escape sequence at column 3"},
      {"%qQ1", "%qQ: unknown escape sequence at column 3"},
      {"%f", "%f: unknown escape sequence at column 3"},
      {"%t", "%t: unknown escape sequence at column 3"},
      {"%tu", "%tu: unknown escape sequence at column 3"},
      {"%tt", "%tt: unknown escape sequence at column 3"},
      {"%tp", "%tp: unknown escape sequence at column 3"},
      {"%tc", "%tc: unknown escape sequence at column 3"},
      {"%t(1)", "%t(: unknown escape sequence at column 3"},
      {"%f+", "%f+: unknown escape sequence at column 3"},
      {"%fy", "%fy: unknown escape sequence at column 3"},
      {"%-1", "%-: unknown escape sequence at column 2"},
      {"% 1", "% : unknown escape sequence at column 2"},
      {"%{", "%{: unknown escape sequence at column 3"},
      {"%{}", "%{}: unknown escape sequence at column 3"},
      {"%{ 1}", "%{ : unknown escape sequence at column 3"},
      {"%{1", "%{1: missing close curly (}) at column 4"},
      {"%{1]", "%{1]: missing close curly (}) at column 4"},  // C13
      {"%{**}", "%{**: missing close curly (}) at column 4"},
      {"%{1x}", "%{1x: missing close curly (}) at column 4"},
      {"%t{u}", "%t{u}: unknown escape sequence at column 5"},
      {"%[", "%[: unknown escape sequence at column 3"},
      {"%[]", "%[]: unknown escape sequence at column 3"},
      {"%[/1]", "%[/: unknown escape sequence at column 3"},
      {"%[t1]", "%[t: unknown escape sequence at column 3"},
      {"%[f1/1]", "%[f: unknown escape sequence at column 3"},
      {"%[+/1]", "%[+: unknown escape sequence at column 3"},
      {"x%[1/2 tail", "%[1/2 tail: missing close bracket (]) at column 12"},
      {"%[1", "%[1: missing close bracket (]) at column 4"},
      {"%[1\\", "%[1\\: missing close bracket (]) at column 5"},
      {"%[1\\]", "%[1\\]: missing close bracket (]) at column 6"},
      {"%[$1]", "%[$1: a digit as separator needs a backslash at column 4"},
      {"%[1/$2]", "%[1/$2: a digit as separator needs a backslash at column 6"},
      {"%(", "%(: unknown escape sequence at column 3"},
      {"%()", "%(): unknown escape sequence at column 3"},
      {"%(+,1)", "%(+: unknown escape sequence at column 3"},
      {"%(t+,1)", "%(t+: unknown escape sequence at column 4"},
      {"%(q1,1)", "%(q: unknown escape sequence at column 3"},
      {"%((1,2),1)", "%((: unknown escape sequence at column 3"},
      {"\n%\n", "%\\n: unknown escape sequence at column 3"},
      {"%\xff", "%\\xff: unknown escape sequence at column 2"},
  };
  for (const auto& [text, message] : cases) {
    const auto compiled = Template::Compile(text);
    INFO(text);
    REQUIRE_FALSE(compiled.ok());
    CHECK(absl::IsInvalidArgument(compiled.status()));
    CHECK(compiled.status().message() == message);
  }
}

TEST_CASE("template: a template takes every byte as text and as a letter",
          "[text]") {
  constexpr absl::string_view kLetters = "$*+%0123456789Uucp";
  for (int byte = 0; byte < 256; byte++) {
    const std::string c(1, static_cast<char>(byte));
    INFO(byte);
    const bool is_form = kLetters.find(c) != absl::string_view::npos;
    CHECK(Template::Compile("%" + c).ok() == is_form);
    if (c != "%") CHECK(Expanded(c + "%0", {}) == c);
    CHECK(Expanded("%1", {c}) == c);
    for (const char* more : {"%f", "%t", "%q", "%{", "%[", "%(", "%[1", "%(1",
                             "%{1", "%(1,\"", "%(1,`", "%(1,~", "%[1/"}) {
      (void)Expanded(more + c, {"value", "x"});
      (void)Expanded(more + c + "]})", {"value", "x"}, {.utf8 = true});
    }
  }
}

TEST_CASE("template: a template survives being cut anywhere", "[text]") {
  const std::string whole =
      "a%1%{2}%[1/-$,@=2\\]1]%q(f[1.1],(1-2)~$-*,\"x\",`y`z'')%W*%t+%ct%+";
  const Strings two = {"one", "two"};
  TemplateValues values;
  values.arguments = values.tokens = two;
  for (size_t size = 0; size <= whole.size(); size++) {
    (void)ExpandWith(whole.substr(0, size), values);
    (void)ExpandWith(whole.substr(size), values);
  }
  CHECK(Template::Compile(whole).ok());
}

TEST_CASE("template: a template's number may be of any size", "[text]") {
  CHECK(Expanded("%{99999999999999}", {"a"}) ==
        "error: 99999999999999: escape references an out of range parameter "
        "(argument limit 1)");
  for (const char* number : {"4294967297", "18446744073709551617",
                             "340282366920938463463374607431768211457"}) {
    INFO(number);
    const std::string n = number;
    CHECK(StartsWith(Expanded("%{" + n + "}", {"a"}), "error: "));
    CHECK(Expanded("<%[1/" + n + "]>", {"a"}) == "<>");
    CHECK(Expanded("%[1/-" + n + "]", {"a/b"}) == "a/b");
    CHECK(Expanded("<%(1," + n + ")>", {"a"}) == "<>");
    CHECK(Expanded("%(1,~" + n + "-" + n + ")", {"ab"}) == "ab");
    CHECK(Expanded("%(1," + n + "-1)", {"ab"}) == "ba");
  }
  CHECK(Expanded("%{" + Repeat("0", 100'000) + "1}", {"a"}) == "a");
  const std::string message =
      Expanded("%{" + Repeat("9", 100'000) + "}", {"a"});
  CHECK(message.size() < 200);
}

TEST_CASE("template: a template is not nested deeper than its limit",
          "[text]") {
  Strings items(base::kMaxTemplateDepth, "%+");
  items.push_back("end");
  items[0] = "%0end";
  CHECK(Expanded("%+", items) == "end");
  items[0] = "%+";
  CHECK(Expanded("%+", items) ==
        "error: %+: templates in templates, more than 100 levels");
  items.erase(items.begin());
  CHECK(Expanded("%+", items) == "end");
}

TEST_CASE("template: a template does not fill the machine", "[text]") {
  // Each level doubles the number of templates.
  Strings items(60, "%+%+");
  items.push_back("x");
  CHECK(StartsWith(Expanded("%+", items), "error: %+: more than 10000"));
  // Each level doubles the backslashes.
  Strings quoted(60, "%Q+");
  quoted.push_back("\\\\");
  CHECK(StartsWith(Expanded("%+", quoted), "error: %+: templates make more"));
  // One level, large.
  CHECK(
      StartsWith(Expanded("%+", {Repeat("%1", 2000), std::string(10'000, 'x')}),
                 "error: %+: templates make more"));
  // The operator's own template may.
  CHECK(Expanded(Repeat("%1", 2000), {std::string(10'000, 'x')}).size() ==
        20'000'000);
}
