#include "fanout/spool.h"

#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "sys/file.h"

namespace {

using fanout::Spool;
using fanout::SpoolSpace;

std::string TakeAll(Spool& spool) {
  std::string all;
  while (!spool.empty()) {
    const auto front = spool.Front();
    REQUIRE(front.ok());
    REQUIRE_FALSE(front->empty());
    // In odd pieces.
    const size_t n = front->size() / 2 + 1;
    all.append(front->data(), n);
    spool.Take(n);
  }
  return all;
}

}  // namespace

TEST_CASE("spool: what goes in comes out, in order, from memory and from disk",
          "[fanout]") {
  SpoolSpace space({.spool_bytes = 10, .memory_bytes = 15});
  Spool a(space), b(space);
  std::string in_a, in_b;
  for (int i = 0; i < 50; i++) {
    const std::string piece(i % 7 + 1, static_cast<char>('a' + i % 26));
    a.Append(piece);
    in_a += piece;
    b.Append(piece + "!");
    in_b += piece + "!";
  }
  CHECK(a.bytes() == static_cast<int64_t>(in_a.size()));
  CHECK_FALSE(space.full());
  CHECK(TakeAll(a) == in_a);
  CHECK(TakeAll(b) == in_b);
  CHECK(a.bytes() == 0);
  a.Append("again");
  CHECK(TakeAll(a) == "again");
}

TEST_CASE("spool: many of them, filled and emptied at random, mix nothing up",
          "[fanout]") {
  SpoolSpace space({.spool_bytes = 64, .memory_bytes = 200});
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Spool>> spools;
  std::vector<std::string> expected(20);
  for (int i = 0; i < 20; i++) spools.push_back(std::make_unique<Spool>(space));
  for (int step = 0; step < 20'000; step++) {
    const size_t at = random() % spools.size();
    Spool& spool = *spools[at];
    std::string& wanted = expected[at];
    if (random() % 2 == 0) {
      const std::string piece(random() % 100,
                              static_cast<char>('a' + random() % 26));
      spool.Append(piece);
      wanted += piece;
    } else if (random() % 50 == 0) {
      spool.Clear();
      wanted.clear();
    } else if (!spool.empty()) {
      const auto front = spool.Front();
      REQUIRE(front.ok());
      REQUIRE(wanted.compare(0, front->size(), front->data(), front->size()) ==
              0);
      const size_t n = random() % front->size() + 1;
      spool.Take(n);
      wanted.erase(0, n);
    }
    REQUIRE(spool.bytes() == static_cast<int64_t>(wanted.size()));
  }
}

TEST_CASE(
    "spool: above its limit it is full, and takes what comes all the same",
    "[fanout]") {
  SpoolSpace space({.spool_bytes = 4, .file_bytes = 100});
  Spool spool(space);
  spool.Append(std::string(100, 'x'));
  CHECK(space.full());
  spool.Append("y");
  CHECK(TakeAll(spool) == std::string(100, 'x') + "y");
  CHECK_FALSE(space.full());
}

TEST_CASE("spool: a folder that takes nothing loses nothing", "[fanout]") {
  SpoolSpace space({.spool_bytes = 4, .folder = "/proc/nowhere"});
  Spool spool(space);
  spool.Append("12");
  CHECK_FALSE(space.full());
  spool.Append("345678");
  CHECK(space.full());
  spool.Append("9");
  CHECK(TakeAll(spool) == "123456789");
  CHECK_FALSE(space.full());
}

TEST_CASE("spool: equal bytes are equal, wherever they lie", "[fanout]") {
  fanout::SpoolSpace space({.spool_bytes = 64});
  const std::string bytes(300000, 'x');
  fanout::Spool at_once(space), in_pieces(space), other(space), shorter(space);
  at_once.Append(bytes);
  for (size_t at = 0; at < bytes.size(); at += 70001) {
    in_pieces.Append(absl::string_view(bytes).substr(at, 70001));
    // Its extents do not touch.
    other.Append(absl::string_view(bytes).substr(at, 1));
  }
  other.Append(std::string(bytes.size() - 6, 'x') + "y");
  shorter.Append("x");
  REQUIRE(other.bytes() == at_once.bytes());
  CHECK(*at_once.Equals(in_pieces));
  CHECK(*in_pieces.Equals(at_once));
  CHECK_FALSE(*at_once.Equals(other));
  CHECK_FALSE(*at_once.Equals(shorter));
  CHECK(*at_once.Hash() == *in_pieces.Hash());
  CHECK(*at_once.Hash() != *other.Hash());
  // Nothing was taken.
  CHECK(at_once.bytes() == 300000);
  CHECK(*at_once.Front() == bytes.substr(0, at_once.Front()->size()));
}
