#include <catch2/catch.hpp>

#include "hosts/definition_text.h"
#include "hosts/expander.h"
#include "hosts/listing.h"
#include "hosts/operands.h"
#include "hosts/options.h"
#include "text/m4.h"
#include "world.h"

using hosts::CacheTarget;
using List = std::vector<std::string>;

TEST_CASE("cache: the target follows from the operand's last part", "[hosts]") {
  CHECK(CacheTarget("motd") == "motd");
  CHECK(CacheTarget("motd.host") == "motd");
  CHECK(CacheTarget("a/b/.motd.host") == "motd");
  CHECK(CacheTarget("motd/") == "");
  CHECK(CacheTarget("motd/.") == "");
  CHECK(CacheTarget(".") == "");
  CHECK(CacheTarget("..") == "");
  CHECK(CacheTarget(".all") == "all");
  CHECK(CacheTarget("foo.bar.host") == "foo.bar");
}

TEST_CASE("options: lists of files keep the kind of an inventory with it",
          "[hosts]") {
  CHECK(hosts::SplitFileList("a:b::c") == List{"a", "b", "c"});
  CHECK(hosts::SplitFileList("ansible:inv.ini:b:ssh:~/.ssh/config") ==
        List{"ansible:inv.ini", "b", "ssh:~/.ssh/config"});
  CHECK(hosts::SplitFileList("./ansible:b") == List{"./ansible", "b"});
  CHECK(hosts::SplitFileList("ansible:ssh:x") == List{"ansible:ssh", "x"});
}

TEST_CASE("definition text: m4 gets the value back from it", "[hosts]") {
  for (const char* value :
       {"", "x y", "`nested'", "can't", "`", "'`", "[x]", "]", "[[can't]]",
        "can't]", "$1 $*", "# can't dnl", "line\nline"}) {
    std::string shown;
    text::M4 m4({}, nullptr,
                {.output = {}, .messages = [&](absl::string_view text) {
                   shown.append(text.data(), text.size());
                 }});
    m4.Expand("d", hosts::DefinitionText("NAME", value));
    INFO(value);
    REQUIRE(m4.Value("NAME").has_value());
    CHECK(*m4.Value("NAME") == absl::string_view(value));
    CHECK(m4.Finish() == 0);
    CHECK(shown.empty());
  }
}

TEST_CASE("hxmd: words that are attributes of other hosts are noticed",
          "[hosts]") {
  const auto joined = hosts_test::JoinText(std::string(hosts_test::kFleet));
  CHECK(hosts::UnsetIn("scp file OWNER:x TAGS CORES OWNER", joined->table, 1) ==
        List{"OWNER", "TAGS"});
  CHECK(hosts::UnsetIn("OWNERS xOWNER NOBODY owner", joined->table, 1).empty());
}

TEST_CASE("listing: what is not set differs from what is empty", "[hosts]") {
  const auto joined =
      hosts_test::JoinText("%HOST X Y\nh1 `' \"a\\\"b,c\\nd\"\nh2 . 2\n");
  const auto names = hosts::ListedNames(joined->table, joined->All(), "");
  CHECK(hosts::CsvListing(joined->table, joined->All(), names) ==
        "HOST,X,Y\nh1,\"\",\"a\"\"b,c\nd\"\nh2,,2\n");
  CHECK(hosts::JsonListing(joined->table, {1}, names) ==
        "[\n  {\n    \"HOST\": \"h2\",\n    \"Y\": \"2\"\n  }\n]\n");
}

TEST_CASE("listing: attributes are chosen by name once each", "[hosts]") {
  const auto joined = hosts_test::JoinText("%HOST X Y\nh1 1 2\n");
  const auto names =
      hosts::ListedNames(joined->table, joined->All(), "Y,NONE Y HOST");
  CHECK(hosts::CsvListing(joined->table, joined->All(), names) ==
        "HOST,Y\nh1,2\n");
}
