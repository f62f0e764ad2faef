#include "oue/markup.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/limits.h"

using oue::Facts;
using oue::Field;
using oue::Has;
using oue::Markup;

namespace {

// The expansion, or what is wrong.
std::string Expanded(absl::string_view markup, const Facts& facts,
                     const Markup::Syntax& syntax = {}) {
  const absl::StatusOr<Markup> compiled = Markup::Compile(markup, syntax);
  if (!compiled.ok()) return std::string(compiled.status().message());
  std::string out;
  const absl::Status status = compiled->Expand(facts, &out);
  return status.ok() ? out : std::string(status.message());
}

Facts TwoLines() {
  Facts facts;
  facts.text = "web1 up\nWeb2 down";
  facts.file = "/var/log/states";
  facts.file_position = 3;
  facts.line_number = 17;
  facts.unique = 4;
  facts.key = "Key:of:it";
  facts.memory = "new";
  facts.old_memory = "old";
  facts.count = 2;
  facts.old_count = 40;
  facts.accumulator = "now";
  facts.previous = "before";
  return facts;
}

const Markup::Syntax kTwo = {.lines = 2};

}  // namespace

TEST_CASE("markup: lines by number, the last and all of them", "[oue]") {
  CHECK(Expanded("<%1><%2><%{2}><%$>", TwoLines(), kTwo) ==
        "<web1 up><Web2 down><Web2 down><Web2 down>");
  CHECK(Expanded("%*|%@", TwoLines(), kTwo) ==
        "web1 up Web2 down|web1 up\nWeb2 down");
}

TEST_CASE("markup: one line is the same by any name", "[oue]") {
  Facts facts;
  facts.text = "only";
  CHECK(Expanded("%1%$%*%@%{1}", facts) == "onlyonlyonlyonlyonly");
}

TEST_CASE("markup: each letter has its value", "[oue]") {
  CHECK(Expanded("%f %n %i %u", TwoLines(), kTwo) == "/var/log/states 17 3 4");
  CHECK(Expanded("%k %m %r %v", TwoLines(), kTwo) == "Key:of:it new new old");
  CHECK(Expanded("%c+%o=%t", TwoLines(), kTwo) == "2+40=42");
  CHECK(Expanded("%e<%p", TwoLines(), kTwo) == "now<before");
  CHECK(Expanded("a%0b%%c%{k}", TwoLines(), kTwo) == "ab%cKey:of:it");
}

TEST_CASE("markup: a previous that is empty takes the text behind it along",
          "[oue]") {
  Facts facts = TwoLines();
  CHECK(Expanded("[%P, %n]", facts, kTwo) == "[before, 17]");
  facts.previous = "";
  CHECK(Expanded("[%P, %n]", facts, kTwo) == "[17]");
  CHECK(Expanded("[%P, and the rest", facts, kTwo) == "[");
  CHECK(Expanded("%P gone %% stays", facts, kTwo) == "% stays");
  // %p has no such manners.
  CHECK(Expanded("[%p, %n]", facts, kTwo) == "[, 17]");
}

TEST_CASE("markup: dicer and mixer work on every field", "[oue]") {
  CHECK(Expanded("%[k:2]", TwoLines(), kTwo) == "of");
  CHECK(Expanded("%[f/$]", TwoLines(), kTwo) == "states");
  CHECK(Expanded("%[2 1]", TwoLines(), kTwo) == "Web2");
  CHECK(Expanded("%[$ -1]", TwoLines(), kTwo) == "down");
  CHECK(Expanded("%(k,1-3)", TwoLines(), kTwo) == "Key");
  CHECK(Expanded("%([k:1],$-1)", TwoLines(), kTwo) == "yeK");
  CHECK(Expanded("%({1},$)", TwoLines(), kTwo) == "p");
  CHECK(Expanded("%(t,~1)", TwoLines(), kTwo) == "2");
}

TEST_CASE("markup: case is folded after everything else", "[oue]") {
  CHECK(Expanded("%Uk %Lk", TwoLines(), kTwo) == "KEY:OF:IT key:of:it");
  CHECK(Expanded("%U[k:1]%L(2,1-4)", TwoLines(), kTwo) == "KEYweb2");
  CHECK(Expanded("%U{1}!", TwoLines(), kTwo) == "WEB1 UP!");
  Facts facts;
  facts.text = "\xc3\xa9t\xc3\xa9";
  CHECK(Expanded("%U1", facts) == "\xc3\xa9T\xc3\xa9");
}

TEST_CASE("markup: positions are characters where the locale says so",
          "[oue]") {
  Facts facts;
  facts.text = "\xc3\xa9t\xc3\xa9";
  CHECK(Expanded("%(1,1-2)", facts, {.utf8 = true}) == "\xc3\xa9t");
  CHECK(Expanded("%(1,1-2)", facts) == "\xc3\xa9");
}

TEST_CASE("markup: the escape character can be another", "[oue]") {
  Facts facts = TwoLines();
  CHECK(Expanded("50% of =k, ==", facts, {.escape = '=', .lines = 2}) ==
        "50% of Key:of:it, =");
}

TEST_CASE("markup: lines end where the terminator says", "[oue]") {
  Facts facts;
  facts.text = absl::string_view("a\nb\0c", 5);
  CHECK(Expanded("%1|%2|%*", facts, {.terminator = '\0', .lines = 2}) ==
        "a\nb|c|a\nb c");
  // A key that is replayed may have fewer lines than an element.
  facts.text = "one";
  CHECK(Expanded("<%1><%2>", facts, kTwo) == "<one><>");
}

TEST_CASE("markup: what is wrong is named with its column", "[oue]") {
  const Facts facts;
  CHECK(Expanded("abc %", facts) ==
        "%: nothing follows the escape character at column 6");
  CHECK(Expanded("%y", facts) == "%y: unknown escape sequence at column 2");
  CHECK(Expanded("%UP", facts) == "%UP: unknown escape sequence at column 3");
  CHECK(Expanded("%UUk", facts) == "%UU: unknown escape sequence at column 3");
  CHECK(Expanded("%U%", facts) == "%U%: unknown escape sequence at column 3");
  CHECK(Expanded("x %2", facts) ==
        "%2: an element has no line 2, its last is 1 at column 3");
  CHECK(Expanded("%{3}", TwoLines(), kTwo) ==
        "%{3: an element has no line 3, its last is 2 at column 1");
  CHECK(Expanded("%{1", facts) == "%{1: missing close curly (}) at column 4");
  CHECK(Expanded("%[1/2", facts) ==
        "%[1/2: missing close bracket (]) at column 6");
  CHECK(Expanded("%c", facts, {.known = Has(Field::kText)}) ==
        "%c: is not known here at column 1");
  CHECK(Expanded("%{99999999999999999999999}", facts).find("no line") !=
        std::string::npos);
}

TEST_CASE("markup: a mixer that makes too much is stopped", "[oue]") {
  Facts facts;
  const std::string big(base::kMaxTemplateBytes / 2 + 1, 'x');
  facts.text = big;
  const absl::StatusOr<Markup> markup = Markup::Compile("%(1,**)", {});
  REQUIRE(markup.ok());
  std::string out;
  CHECK(absl::IsInvalidArgument(markup->Expand(facts, &out)));
}

TEST_CASE("markup: it says what it refers to", "[oue]") {
  const auto fields = [](absl::string_view text) {
    return Markup::Compile(text, {})->fields();
  };
  CHECK(fields("plain %%") == 0);
  CHECK(fields("%k %P") == (Has(Field::kKey) | Has(Field::kPrevious)));
  CHECK(Markup::Compile("%1", {})->IsText());
  CHECK(Markup::Compile("%@", kTwo)->IsText());
  for (absl::string_view other :
       {"%*", "%1", "%U@", " %@", "%@ ", "%(@,*)", "%[@/1]", "", "x"}) {
    INFO(other);
    CHECK(!Markup::Compile(other, kTwo)->IsText());
  }
}
