#include "msrc/escape_keys.h"

#include <catch2/catch.hpp>

using msrc::EscapeKeys;

namespace {

// In one piece, and key by key: what goes there, and "|" where we hang up.
std::string Typed(absl::string_view keys) {
  EscapeKeys whole, single;
  EscapeKeys::Typed all = whole.Take(keys), sum;
  for (size_t i = 0; i < keys.size() && !sum.hang_up; i++) {
    const EscapeKeys::Typed one = single.Take(keys.substr(i, 1));
    sum.keys += one.keys;
    sum.hang_up = one.hang_up;
  }
  CHECK(sum.keys == all.keys);
  CHECK(sum.hang_up == all.hang_up);
  return all.keys + (all.hang_up ? "|" : "");
}

}  // namespace

TEST_CASE("escape keys: only at the beginning of a line a tilde is ours",
          "[msrc]") {
  CHECK(Typed("ls ~.\r") == "ls ~.\r");
  CHECK(Typed("~.rest") == "|");
  CHECK(Typed("ls\r~.") == "ls\r|");
  CHECK(Typed("ls\n~.") == "ls\n|");
}

TEST_CASE("escape keys: a tilde that is meant arrives once it is told",
          "[msrc]") {
  CHECK(Typed("~") == "");
  CHECK(Typed("~/x\r") == "~/x\r");
  CHECK(Typed("~~.") == "~.");
  CHECK(Typed("~~~.") == "~~.");
  CHECK(Typed("~\r~.") == "~\r|");
}
