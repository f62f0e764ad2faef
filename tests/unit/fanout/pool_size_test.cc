#include "fanout/pool_size.h"

#include <catch2/catch.hpp>

namespace {

TEST_CASE("pool size: -J times -R, either alone, or by the processors",
          "[fanout]") {
  CHECK(fanout::PoolSize{2, 3}.Integers(4) == 6);
  CHECK(fanout::PoolSize{5, 0}.Integers(4) == 5);
  CHECK(fanout::PoolSize{0, 3}.Integers(4) == 3);
  CHECK(fanout::PoolSize{}.Integers(4) == 8);
  CHECK(fanout::PoolSize{}.Integers(1) == 2);
  CHECK(fanout::PoolSize{}.Suggested() == 0);
}

TEST_CASE("pool size: what is too large is cut, not wrapped around",
          "[fanout]") {
  const fanout::PoolSize size = {fanout::kMaxTokens, fanout::kMaxTokens};
  CHECK(size.Suggested() == fanout::kMaxTokens);
}

TEST_CASE("pool size: what is borrowed shrinks by whole groups", "[fanout]") {
  const fanout::PoolSize pairs = {4, 2};
  CHECK(pairs.Borrowed(9, 1) == 8);
  CHECK(pairs.Borrowed(8, 1) == 8);
  CHECK(pairs.Borrowed(7, 1) == 6);
  CHECK(pairs.Borrowed(2, 1) == 2);
  CHECK(pairs.Borrowed(1, 1) == 0);
  CHECK(pairs.Borrowed(0, 1) == 0);
  CHECK(fanout::PoolSize{}.Borrowed(3, 4) == 3);
  CHECK(fanout::PoolSize{0, 5}.Borrowed(4, 1) == 0);
}

TEST_CASE("pool size: a weighed table comes to different tokens first",
          "[fanout]") {
  fanout::TokenTable table;
  table.tokens = {"a", "b"};
  fanout::Repeat(1, &table);
  CHECK(table.tokens == std::vector<std::string>{"a", "b"});
  fanout::Repeat(3, &table);
  CHECK(table.tokens == std::vector<std::string>{"a", "b", "a", "b", "a", "b"});
}

}  // namespace
