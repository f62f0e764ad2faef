#include "oue/filter.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <catch2/catch.hpp>
#include <string>

#include "base/limits.h"
#include "oue/options.h"
#include "oue/state_log.h"

using oue::Element;
using oue::Filter;
using oue::FilterOptions;
using oue::Options;

namespace {

FilterOptions Read(const Options& options) {
  absl::StatusOr<FilterOptions> filter = oue::ReadOptions(options);
  INFO(filter.status().message());
  REQUIRE(filter.ok());
  return *std::move(filter);
}

// Lines separated by blanks, one element each.
void See(Filter& filter, absl::string_view lines) {
  std::vector<Element> elements;
  int64_t number = 0;
  for (absl::string_view line : absl::StrSplit(lines, ' ', absl::SkipEmpty())) {
    elements.push_back({line, ++number});
  }
  REQUIRE(filter.See(elements).ok());
}

std::string Finish(Filter& filter, std::string* entries = nullptr) {
  std::string none, answer;
  for (bool more = true; more;) {
    const absl::StatusOr<bool> report = filter.Report();
    REQUIRE(report.ok());
    more = *report;
    answer += filter.Settle(entries != nullptr ? entries : &none);
  }
  for (char& c : answer) {
    if (c == '\n') c = ' ';
  }
  return answer;
}

std::string Pass(const Options& options, absl::string_view lines) {
  Filter filter(Read(options));
  filter.BeginFile("-", 1);
  See(filter, lines);
  return Finish(filter);
}

// As the state would be read back: "key=memory ".
std::string Shown(absl::string_view entries) {
  const std::string bytes = absl::StrCat(oue::BatchHead(entries, 0), entries);
  std::string shown;
  REQUIRE(oue::ReadBatches(bytes, 0,
                           [&](absl::string_view key, absl::string_view m) {
                             absl::StrAppend(&shown, key, "=", m, " ");
                           })
              .ok());
  return shown;
}

}  // namespace

TEST_CASE("filter: each key passes once and at once", "[oue]") {
  Filter filter(Read({}));
  std::string none;
  filter.BeginFile("-", 1);
  See(filter, "b");
  CHECK(filter.Settle(&none) == "b\n");
  See(filter, "a b b a c");
  CHECK(filter.Settle(&none) == "a\nc\n");
  CHECK(Finish(filter) == "");
}

TEST_CASE("filter: counts come in the order of the keys", "[oue]") {
  CHECK(Pass({.count = true}, "b a b c a b") == "3 b 2 a 1 c ");
  CHECK(Pass({.count = true, .many = 2}, "b a b c a b") == "3 b 2 a ");
  CHECK(Pass({.many = 3}, "b a b c a b") == "b ");
  CHECK(Pass({.report = "%c", .many = 1}, "b a b") == "2 1 ");
}

TEST_CASE("filter: the first or the last element of a key is reported",
          "[oue]") {
  Options o = {.key = "%[1:1]", .report = "%1@%n", .count = true};
  CHECK(Pass(o, "b:1 a:2 b:3 b:4") == "b:1@1 a:2@2 ");
  o.last = true;
  CHECK(Pass(o, "b:1 a:2 b:3 b:4") == "b:4@4 a:2@2 ");
  o.count = false;
  o.many = 2;
  CHECK(Pass(o, "b:1 a:2 b:3 b:4") == "b:4@4 ");
}

TEST_CASE("filter: the position counts what came before", "[oue]") {
  CHECK(Pass({.report = "%u%k"}, "b a b c") == "0b 1a 2c ");
  CHECK(Pass({.report = "%u%k", .many = 2}, "x b a b c a") == "0b 1a ");
}

TEST_CASE("filter: a run counts once and ends with its file", "[oue]") {
  Filter filter(Read({.count = true, .squeeze = true}));
  filter.BeginFile("one", 1);
  See(filter, "a a b b b a");
  filter.BeginFile("two", 2);
  See(filter, "a a");
  CHECK(Finish(filter) == "3 a 1 b ");
}

TEST_CASE("filter: accumulators start and grow", "[oue]") {
  Options o = {
      .key = "%[1:1]", .report = "%k=%e", .every = "%P,%[1:2]", .last = true};
  CHECK(Pass(o, "b:1 a:2 b:3") == "b=1,3 a=2 ");
  o.first = "%k>";
  CHECK(Pass(o, "b:1 a:2 b:3") == "b=b>,1,3 a=a>,2 ");
  o.every.reset();
  CHECK(Pass(o, "b:1 a:2 b:3") == "b=b> a=a> ");
  o.every = "%c";
  o.report = "%p<%e";
  CHECK(Pass(o, "b:1 a:2 b:3 b:4") == "2<3 a><1 ");
  // One that streams has seen one occurrence.
  o.last = false;
  CHECK(Pass(o, "b:1 a:2 b:3") == "b><1 a><1 ");
}

TEST_CASE("filter: what is in the state does not pass", "[oue]") {
  for (const bool count : {false, true}) {
    Filter filter(Read({.report = "%k", .state = "s", .count = count}));
    filter.Learn("a", ".");
    filter.BeginFile("-", 1);
    See(filter, "a b c a");
    std::string entries;
    CHECK(Finish(filter, &entries) == "b c ");
    CHECK(Shown(entries) == (count ? "b=1 c=1 " : "b=. c=. "));
  }
}

TEST_CASE("filter: what others stored first is withdrawn", "[oue]") {
  for (const bool count : {false, true}) {
    Filter filter(Read({.report = "%k", .state = "s", .count = count}));
    filter.BeginFile("-", 1);
    See(filter, "a b c");
    filter.Learn("b", ".");
    filter.Learn("d", ".");
    See(filter, "d e b");
    std::string entries;
    CHECK(Finish(filter, &entries) == "a c e ");
    CHECK(Shown(entries) == (count ? "a=1 c=1 e=1 " : "a=. c=. e=. "));
    // What was settled is settled.
    filter.Learn("a", ".");
    CHECK(Finish(filter) == "");
  }
}

TEST_CASE("filter: the memory is what was asked for", "[oue]") {
  Filter filter(Read({.report = "%m", .memory = "%n:%k", .state = "s"}));
  filter.BeginFile("-", 1);
  See(filter, "a b a");
  std::string entries;
  CHECK(Finish(filter, &entries) == "1:a 2:b ");
  CHECK(Shown(entries) == "a=1:a b=2:b ");
}

TEST_CASE("filter: prev keeps out or lets in", "[oue]") {
  for (const bool count : {false, true}) {
    for (const bool only : {false, true}) {
      Filter filter(Read(
          {.report = "%k%v", .prev = "p", .count = count, .only_prev = only}));
      filter.AddPrev("a", "7");
      filter.AddPrev("c", "8");
      REQUIRE(filter.Replay().ok());
      filter.BeginFile("-", 1);
      See(filter, "a b a c b d");
      CHECK(Finish(filter) == (only ? "a7 c8 " : "b d "));
    }
  }
}

TEST_CASE("filter: replay begins with the keys of prev", "[oue]") {
  Options o = {.report = "%k:%v:%n:%i:%f", .prev = "p", .include_prev = true};
  const auto pass = [&o] {
    Filter filter(Read(o), "old");
    filter.AddPrev("x", "2");
    filter.AddPrev("y", "0x10");
    REQUIRE(filter.Replay().ok());
    filter.BeginFile("in", 1);
    See(filter, "a y a");
    return Finish(filter);
  };
  CHECK(pass() == "x:2:1:0:old y:0x10:2:0:old a::1:1:in ");
  o.report = "%k";
  o.replay = "(%k)";
  CHECK(pass() == "(x) (y) a ");
  o.count = true;
  o.report = "%k=%c+%o=%t";
  CHECK(pass() == "(x) y=1+16=17 a=2+0=2 ");
  o.replay.reset();
  o.many = 2;
  CHECK(pass() == "x=0+2=2 y=1+16=17 a=2+0=2 ");
  o.extract = "%[v{x2]3";
  o.many.reset();
  CHECK(pass() == "x=0+3=3 y=1+103=104 a=2+0=2 ");
}

TEST_CASE("filter: an old count that is no number is none", "[oue]") {
  for (const auto& [memory, count] :
       {std::pair<const char*, const char*>{".", "0"},
        {"", "0"},
        {"-5 apples", "-5"},
        {"017", "15"},
        {" 3", "3"},
        {"99999999999999999999999", "4611686018427387904"}}) {
    Filter filter(Read({.report = "%o", .prev = "p", .include_prev = true}));
    filter.AddPrev("k", memory);
    REQUIRE(filter.Replay().ok());
    INFO(memory);
    CHECK(Finish(filter) == absl::StrCat(count, " "));
  }
}

TEST_CASE("filter: a state that is prev too is brought up to date", "[oue]") {
  FilterOptions options =
      Read({.prev = "s", .state = "s", .count = true, .include_prev = true});
  options.update = true;
  Filter filter(std::move(options));
  filter.Learn("a", "3");
  filter.Learn("b", "1");
  REQUIRE(filter.Replay().ok());
  filter.BeginFile("-", 1);
  See(filter, "a c");
  // Somebody else has counted meanwhile.
  filter.Learn("a", "10");
  filter.Learn("d", "2");
  std::string entries;
  CHECK(Finish(filter, &entries) == "11 a 1 b 1 c 2 d ");
  // What stays as it is needs not be stored again.
  CHECK(Shown(entries) == "a=11 c=1 ");
}

TEST_CASE("filter: objects hold what is known", "[oue]") {
  CHECK(Pass({.json = true}, "a a") ==
        R"({"key":"a","lines":["a"],"file":"-","position":1,"line":1,)"
        R"("unique":0,"count":1,"memory":"."} )");
  Filter filter(Read({.key = "%[1:1]",
                      .every = "%P,%n",
                      .prev = "p",
                      .count = true,
                      .json = true,
                      .include_prev = true}));
  filter.AddPrev("k", "2\xff");
  REQUIRE(filter.Replay().ok());
  filter.BeginFile("in", 1);
  See(filter, "k:1");
  CHECK(Finish(filter) ==
        R"({"key":"k","lines":["k"],"file":"","position":0,"line":1,)"
        R"("unique":0,"count":1,"old":2,"total":3,"old_memory":{"b64":"Mv8="},)"
        R"("memory":"3","accumulator":"1"} )");
}

TEST_CASE("filter: many reports come in pieces", "[oue]") {
  Filter filter(Read({.count = true}));
  filter.BeginFile("-", 1);
  std::vector<std::string> lines;
  for (int i = 0; i < 50'000; i++) lines.push_back(absl::StrCat("line", i));
  for (const std::string& line : lines) {
    const Element element = {line, 1};
    REQUIRE(filter.See(absl::MakeConstSpan(&element, 1)).ok());
  }
  std::string none;
  int pieces = 0;
  size_t bytes = 0;
  for (bool more = true; more; pieces++) {
    more = filter.Report().value();
    const size_t piece = filter.Settle(&none).size();
    CHECK(piece < 100'000);
    bytes += piece;
  }
  CHECK(pieces > 5);
  CHECK(bytes == 50'000 * 7 + 10 + 90 * 2 + 900 * 3 + 9'000 * 4 + 40'000 * 5);
}

TEST_CASE("options: a markup may use what is known when it is needed",
          "[oue]") {
  const auto wrong = [](const Options& o) {
    return std::string(oue::ReadOptions(o).status().message());
  };
  CHECK(wrong({.key = "%u"}) == "-k: %u: is not known here at column 1");
  CHECK(wrong({.key = "x%c"}) == "-k: %c: is not known here at column 2");
  CHECK(wrong({.memory = "%m"}) == "-r: %m: is not known here at column 1");
  CHECK(wrong({.every = "%u"}) == "-e: %u: is not known here at column 1");
  CHECK(wrong({.first = "%m"}) == "-f: %m: is not known here at column 1");
  CHECK(wrong({.extract = "%o"}) == "-x: %o: is not known here at column 1");
  CHECK(wrong({.report = "%["}) ==
        "-R: %[: unknown escape sequence at column 3");
  CHECK(wrong({.key = "%f%n%i%1%0",
               .report = "%u%m",
               .memory = "%u%e",
               .replay = "%m",
               .every = "%p%e%P%t%o%c%v",
               .extract = "%v%k"}) == "");
}

TEST_CASE("options: defaults do not follow the escape character", "[oue]") {
  CHECK(Pass({.escape = '#', .count = true}, "a a") == "2 a ");
  CHECK(Pass({.report = "#k%", .escape = '#'}, "a") == "a% ");
}

TEST_CASE("filter: a mixer that makes too much names its option", "[oue]") {
  const std::string big(base::kMaxTemplateBytes / 2 + 1, 'x');
  const Element element = {big, 1};
  Filter filter(Read({.report = "%(1,**)"}));
  filter.BeginFile("-", 1);
  const absl::Status status = filter.See(absl::MakeConstSpan(&element, 1));
  CHECK(absl::IsInvalidArgument(status));
  CHECK(status.message().substr(0, 4) == "-R: ");
}
