#include "wire/sha256.h"

#include <catch2/catch.hpp>

#include "base/bytes.h"

TEST_CASE("sha256: of all at once and in pieces (FIPS 180-4)", "[wire]") {
  const std::string abc =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(base::Hex(wire::Sha256("abc")) == abc);
  wire::Sha256Sum sum;
  CHECK(base::Hex(sum.Of()) == base::Hex(wire::Sha256("")));
  sum.Add("a");
  CHECK(sum.Of() == wire::Sha256("a"));
  sum.Add("");
  sum.Add("bc");
  CHECK(base::Hex(sum.Of()) == abc);
  const std::string block(1'000, 'x');
  sum.Add(block);
  CHECK(sum.Of() == wire::Sha256("abc" + block));
}
