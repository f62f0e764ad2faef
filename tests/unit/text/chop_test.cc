// The dicer proper: %[1/$].
#include "text/chop.h"

#include <catch2/catch.hpp>

#include "unit/text/expand.h"

using text::Expanded;
using text::Strings;

namespace {

struct Case {
  const char* chops;
  const char* result;
};

// Each of `cases` on `value`.
void CheckAll(const std::string& value, std::initializer_list<Case> cases,
              const text::TemplateSyntax& syntax = {}) {
  for (const Case& c : cases) {
    INFO("%[1" << c.chops << "] of '" << value << "'");
    CHECK(Expanded(absl::StrCat("<%[1", c.chops, "]>"), {value}, syntax) ==
          absl::StrCat("<", c.result, ">"));
  }
}

constexpr text::TemplateSyntax kUtf8{.utf8 = true};

}  // namespace

TEST_CASE("xapply C1: a field is kept", "[text]") {
  CheckAll("web01.example.net", {{".2", "example"},
                                 {".3", "net"},
                                 {".9", ""},
                                 {".0", "web01"},
                                 {".", "web01"},
                                 {".$", "net"}});
}

TEST_CASE("xapply C2: a field is removed", "[text]") {
  CheckAll("web01.example.net", {{".-1", "example.net"},
                                 {".-2", "web01.net"},
                                 {".-3", "web01.example"},
                                 {".-$", "web01.example"},
                                 {".-9", "web01.example.net"},
                                 {".-", "example.net"},
                                 {".-0", "example.net"}});
}

TEST_CASE("xapply C3: pairs are applied one after another", "[text]") {
  CheckAll("web01.example.net:8443:front,blue",
           {{":1.1", "web01"},
            {":3,2", "blue"},
            {":-2", "web01.example.net:front,blue"},
            {":1.-1", "example.net"},
            {":-1:-1,$", "blue"},
            {":2:2", ""}});
}

TEST_CASE("xapply C4: a value without the separator", "[text]") {
  CheckAll("plain", {{"/1", "plain"},
                     {"/$", "plain"},
                     {"/2", ""},
                     {"/-1", "plain"},
                     {"/-$", "plain"},
                     {"/-2", "plain"}});
}

TEST_CASE("xapply C5: empty fields count", "[text]") {
  CheckAll("/var//log/", {{"/1", ""},
                          {"/2", "var"},
                          {"/3", ""},
                          {"/4", "log"},
                          {"/5", ""},
                          {"/$", ""},
                          {"/-1", "var//log/"},
                          {"/-3", "/var/log/"},
                          {"/-$", "/var//log"}});
}

TEST_CASE("xapply C6: a blank is any run of white space", "[text]") {
  CheckAll("  load  0.5 1.0", {{" 1", ""},
                               {" 2", "load"},
                               {" 3", "0.5"},
                               {" 4", "1.0"},
                               {" 5", ""},
                               {" $", "1.0"}});
}

TEST_CASE("xapply C7: with a field goes one character of white space",
          "[text]") {
  CheckAll("a   bb   c", {{" -2", "a     c"},
                          {" -$", "a   bb  "},
                          {" -3", "a   bb  "},
                          {" -1", "  bb   c"},
                          {" -4", "a   bb   c"}});
}

TEST_CASE("xapply C8: a backslash makes plain separators", "[text]") {
  CheckAll("a b7c]d\\e", {{"\\ 2", "b7c]d\\e"},
                          {"\\72", "c]d\\e"},
                          {"\\]2", "d\\e"},
                          {"\\\\2", "e"},
                          {"\\b1", "a "}});
}

TEST_CASE("xapply C9: - $ @ and the escape are separators", "[text]") {
  CheckAll("a-b-c$d@e%f", {{"-2", "b"},
                           {"--2", "a-c$d@e%f"},
                           {"$2", "d@e%f"},
                           {"@2", "e%f"},
                           {"%$", "f"}});
  // The separator is read first, and again behind a select.
  CheckAll("a-b-c$d@e%f", {{"-$", "c$d@e%f"},
                           {"--$", "a-b"},
                           {"-3$1@1", "c"},
                           {"$-1@$", "e%f"},
                           {"@", "a-b-c$d"},
                           {"@@%1", "a-b-c$d@e"}});
}

TEST_CASE("xapply C10: @ goes through the fields", "[text]") {
  CheckAll("k=1,l=22,m=333:x", {{",@=2", "1,22,333:x"},
                                {",@=-2", "k,l,m"},
                                {",@=9", ",,"},
                                {":1,@=1", "k,l,m"}});
}

TEST_CASE("xapply C11: other references are diced", "[text]") {
  CHECK(Expanded("%[$/1] %[*/2] %[u/1] <%[0/1]>", {"a/b", "c/d"}) ==
        "c b c 0 <>");
}

TEST_CASE("xapply C12: a bracket that is not closed is an error", "[text]") {
  CHECK(Expanded("x%[1/2 tail", {"a/b"}) ==
        "error: %[1/2 tail: missing close bracket (]) at column 12");
}

TEST_CASE("xapply C13: a brace that is not closed is an error", "[text]") {
  CHECK(Expanded("%{1]", {"a"}) ==
        "error: %{1]: missing close curly (}) at column 4");
}

TEST_CASE("chop: the dicer does what its table says", "[text]") {
  CheckAll("/usr/lib/a.so.1", {{"/2", "usr"},
                               {"/$", "a.so.1"},
                               {"/", ""},
                               {"/0", ""},
                               {"/9", ""},
                               {"/-2", "/lib/a.so.1"},
                               {"/-$", "/usr/lib"},
                               {"/-9", "/usr/lib/a.so.1"},
                               {":-1", "/usr/lib/a.so.1"},
                               {"/$.1", "a"},
                               {"/$.-$.-$", "a"},
                               {"", "/usr/lib/a.so.1"},
                               // And its header.
                               {"/$.-$", "a.so"},
                               {"/@.1", "/usr/lib/a"}});
}

TEST_CASE("chop: the dicer leaves an empty value empty", "[text]") {
  CheckAll("", {{"/1", ""},
                {"/$", ""},
                {"/-1", ""},
                {"/@:1", ""},
                {" -$", ""},
                {" @ 1", ""},
                {"/1/2:@x-$", ""}});
  CheckAll("/", {{"/1", ""},
                 {"/2", ""},
                 {"/-1", ""},
                 {"/-2", ""},
                 {"/-3", "/"},
                 {"/@", ""}});
}

TEST_CASE("chop: the dicer removes a field in the middle of what it has made",
          "[text]") {
  CheckAll("a.b.c.d.e.f", {{".-2.-2.-2", "a.e.f"},
                           {".-3.-1.-2", "b.e.f"},
                           {".-2.-$.-2.3", "e"},
                           {".-2.$", "f"},
                           {".-2.@e-1", "a.c.d..f"}});
  CheckAll(std::string(300, 'x') + "." + std::string(300, 'y') + "." + "z.q",
           {{".-2x$", ".z.q"}, {".-1.-1", "z.q"}, {".-3.$", "q"}});
}

TEST_CASE("chop: the dicer's white space has six characters", "[text]") {
  CheckAll("a \t\n\r\v\fb", {{" 1", "a"},
                             {" 2", "b"},
                             {" -1", "\t\n\r\v\fb"},
                             {" -2", "a \t\n\r\v"},
                             {"\t1", "a "},
                             {"\n2", "\r\v\fb"}});
  CheckAll(
      "a\bb\xa0"
      "c",
      {{" 2", ""}});
}

TEST_CASE("chop: the dicer finds no field behind trailing white space",
          "[text]") {
  CheckAll("a b  ", {{" $", "b"},
                     {" 2", "b"},
                     {" 3", ""},
                     {" -3", "a b  "},
                     {" -1", "b  "},
                     {" -$", "a  "}});
  CheckAll("a ", {{" $", "a"}, {" -1", "a "}, {" -$", "a "}, {" @", "a"}});
  CheckAll(" \t", {{" 1", ""}, {" $", ""}, {" -1", " \t"}, {" @", ""}});
  CheckAll(" a", {{" 1", ""}, {" 2", "a"}, {" -1", "a"}, {" -2", ""}});
}

TEST_CASE("chop: the dicer's @ leaves empty fields out at the end only",
          "[text]") {
  CheckAll(
      ",a,,b,,",
      {{",@", ",a,,b"}, {",@a1", ",,,b"}, {",@b9", ",,,"}, {",@x", ",a,,b"}});
  CheckAll(",,,", {{",@", ""}, {",@x1", ""}});
  CheckAll("  a\t b  ", {{" @", " a b"}, {" @b1", " a "}});
  CheckAll("a=1 b=2,c=3 d=4",
           {{",@ @=$", "1 2,3 4"}, {" @,@=1", "a b,c d"}, {",@ $=1", "b,d"}});
}

TEST_CASE("chop: the dicer's separators are characters under UTF-8", "[text]") {
  CheckAll("a→b→c",
           {{"→2", "b"},
            {"→-2", "a→c"},
            {"→$", "c"},
            {"\\→1", "a"},
            {"→@", "a→b→c"},
            {"→-1→-1", "c"}},
           kUtf8);
  // é and è have their first byte in common.
  CheckAll("caf\u00e9cr\u00e8me",
           {{"\u00e9"
             "1",
             "caf"},
            {"\u00e8"
             "2",
             "me"}},
           kUtf8);
  // Bytes: the one taken is the first of three, and then the others are
  // separators with an empty select.
  CheckAll("a→b→c", {{"→", "a"}});
  CHECK(Expanded("%[1\xe2-1]", {"a→b"}) ==
        "\x86\x92"
        "b");
  // A byte that is no character is itself.
  CHECK(Expanded("%[1\xff"
                 "2]",
                 {"a\xff"
                  "b"},
                 kUtf8) == "b");
}

TEST_CASE("chop: the dicer takes at most 100 pairs", "[text]") {
  std::string pairs;
  for (int i = 0; i < 100; i++) pairs += i % 2 ? ".1" : ":@";
  CHECK(Expanded("%[1" + pairs + "]", {"a.b:c.d"}) == "a:c");
  CHECK(text::Template::Compile("%[1" + pairs + "/1]").status().message() ==
        "%[1:@.1:@.1:@.1:@.1:@.1:@.1:@.1:@.1:@.1:..: too many separators at "
        "column 206");
}
