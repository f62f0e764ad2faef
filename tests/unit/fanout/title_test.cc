#include "fanout/title.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

namespace {

std::vector<std::string> warnings;

std::string Expand(absl::string_view title, absl::string_view name = "k",
                   char escape = '%') {
  warnings.clear();
  const auto variable = [](absl::string_view v) -> std::optional<std::string> {
    if (v == "V") return "val";
    if (v == "E") return "";
    return std::nullopt;
  };
  return fanout::ExpandTitle(title, escape,
                             {.name = name, .number = 7, .variable = variable},
                             &warnings);
}

TEST_CASE("title: each escape stands for its value", "[fanout]") {
  CHECK(Expand("%%,%x,%s,%u,%0,%{V}%{E}") == "%,k,7,7,,val\n");
  CHECK(warnings.empty());
}

TEST_CASE("title: a single % at the end suppresses the newline", "[fanout]") {
  CHECK(Expand("a%") == "a");
  CHECK(Expand("a%%") == "a%\n");
  CHECK(Expand("%") == "");
}

TEST_CASE("title: an empty one is nothing at all", "[fanout]") {
  CHECK(Expand("") == "");
  CHECK(Expand("%0") == "\n");
}

TEST_CASE("title: a section without a name is called ?", "[fanout]") {
  CHECK(Expand("[%x]", "") == "[?]\n");
}

TEST_CASE("title: a variable that is not set is empty, and said", "[fanout]") {
  CHECK(Expand("<%{NOVAR}>") == "<>\n");
  CHECK(warnings == std::vector<std::string>{"$NOVAR: not in the environment"});
}

TEST_CASE("title: an unknown escape is kept, and said once", "[fanout]") {
  CHECK(Expand("a%yb%zc") == "a%yb%zc\n");
  CHECK(warnings == std::vector<std::string>{"%y: unknown escape in a title"});
}

TEST_CASE("title: a variable never closed goes to the end", "[fanout]") {
  CHECK(Expand("a%{V") == "aval\n");
  CHECK(Expand("a%{") == "a\n");
}

TEST_CASE("title: another character may introduce escapes", "[fanout]") {
  CHECK(Expand("100% @x @@ @{V}", "k", '@') == "100% k @ val\n");
}

TEST_CASE("title: names are data, not escapes", "[fanout]") {
  CHECK(Expand("%x", "%{V}%") == "%{V}%\n");
}

}  // namespace
