#include "keys/secret.h"

#include <catch2/catch.hpp>
#include <utility>

TEST_CASE("secret: starts as zeros, copies, and moves", "[keys]") {
  keys::Secret zeros(40);
  CHECK(zeros.view() == absl::string_view(std::string(40, '\0')));
  keys::Secret copy{absl::string_view("hidden")};
  keys::Secret moved(std::move(copy));
  CHECK(moved.view() == "hidden");
  zeros = std::move(moved);
  CHECK(zeros.view() == "hidden");
  CHECK(keys::Secret().size() == 0);
  CHECK(keys::Secret(absl::string_view()).size() == 0);
}

TEST_CASE("secret: a wiped string holds nothing", "[keys]") {
  std::string s(200, 's');
  const char* bytes = s.data();
  keys::Wipe(s);
  CHECK(s.empty());
  CHECK(s.capacity() >= 200);
  // The buffer is still the string's, so looking at it is allowed.
  REQUIRE(bytes == s.data());
  for (int i = 0; i < 200; i++) CHECK(bytes[i] == '\0');
}
