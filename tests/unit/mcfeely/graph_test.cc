#include "mcfeely/graph.h"

#include <absl/strings/match.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <queue>
#include <random>
#include <set>

namespace {

using mcfeely::Graph;
using mcfeely::Requirement;
using Tasks = std::vector<uint32_t>;

Graph Make(size_t tasks, const std::vector<Requirement>& requirements) {
  absl::StatusOr<Graph> g = Graph::Make(tasks, requirements);
  REQUIRE(g.ok());
  return *std::move(g);
}

Tasks List(absl::Span<const uint32_t> span) {
  return {span.begin(), span.end()};
}

Tasks Range(uint32_t from, uint32_t to) {
  Tasks all(to - from);
  std::iota(all.begin(), all.end(), from);
  return all;
}

TEST_CASE("mcfeely 9: needs and dependents are the two sides of each edge",
          "[mcfeely]") {
  // b requires a, c requires b, d requires a b
  const Graph g = Make(4, {{{1}, {0}}, {{2}, {1}}, {{3}, {0, 1}}});
  CHECK(g.size() == 4);
  CHECK(g.edges() == 4);
  CHECK(List(g.Needs(0)) == Tasks{});
  CHECK(List(g.Needs(3)) == Tasks{0, 1});
  CHECK(List(g.Dependents(0)) == Tasks{1, 3});
  CHECK(List(g.Dependents(1)) == Tasks{2, 3});
  CHECK(g.ShortestCycle().empty());
  CHECK_FALSE(g.HasCycle());
}

TEST_CASE("graph: an edge given many times counts once", "[mcfeely]") {
  const Graph g = Make(4, {{{2, 3, 2}, {1, 0, 1}}, {{2}, {0, 1}}, {{3}, {1}}});
  CHECK(g.edges() == 4);
  CHECK(List(g.Needs(2)) == Tasks{0, 1});
  CHECK(List(g.Dependents(1)) == Tasks{2, 3});
}

TEST_CASE("mcfeely 14: a task may require 1000 others", "[mcfeely]") {
  const Graph g = Make(1001, {{{1000}, Range(0, 1000)}});
  CHECK(List(g.Needs(1000)) == Range(0, 1000));
}

TEST_CASE("graph: a requirement on a task that is not there is refused",
          "[mcfeely]") {
  const std::vector<Requirement> left = {{{3}, {0}}}, right = {{{0}, {3}}};
  CHECK(absl::IsInvalidArgument(Graph::Make(3, left).status()));
  CHECK(absl::IsInvalidArgument(Graph::Make(3, right).status()));
  CHECK(absl::IsInvalidArgument(Graph::Make(0, left).status()));
  CHECK(Graph::Make(0, {}).ok());
}

TEST_CASE("graph: a million edges are taken and one more is refused",
          "[mcfeely]") {
  std::vector<Requirement> requirements = {{Range(1000, 2000), Range(0, 1000)}};
  const Graph g = Make(100'000, requirements);
  CHECK(g.edges() == 1'000'000);
  CHECK(g.ShortestCycle().empty());
  requirements.push_back({{2000}, {0}});
  const absl::Status status = Graph::Make(100'000, requirements).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(absl::StrContains(status.message(), "1000000"));
}

TEST_CASE("graph: products that repeat each other are refused before they cost",
          "[mcfeely]") {
  const std::vector<Requirement> hostile(5000,
                                         {Range(1000, 2000), Range(0, 1000)});
  CHECK(absl::IsInvalidArgument(Graph::Make(2000, hostile).status()));
  const std::vector<Requirement> clumsy(16,
                                        {Range(1000, 2000), Range(0, 1000)});
  CHECK(Make(2000, clumsy).edges() == 1'000'000);
}

TEST_CASE("mcfeely 15: what a failure takes along is every indirect dependent",
          "[mcfeely]") {
  // a -> {b, c} -> d, and e on its own
  const Graph g = Make(5, {{{1, 2}, {0}}, {{3}, {1, 2}}});
  CHECK(g.TransitiveDependents(1) == Tasks{3});
  CHECK(g.TransitiveDependents(0) == Tasks{1, 2, 3});
  CHECK(g.TransitiveDependents(4).empty());
}

TEST_CASE("mcfeely 12: a task requiring itself is a cycle of one",
          "[mcfeely]") {
  CHECK(Make(3, {{{0}, {1}}, {{1}, {0}}, {{2}, {2}}}).ShortestCycle() ==
        Tasks{2});
}

// --- against brute force ----------------------------------------------------

// The length of the shortest cycle, 0 for none, by powers of the matrix.
size_t BruteForce(size_t n, const std::set<std::pair<uint32_t, uint32_t>>& e) {
  std::set<std::pair<uint32_t, uint32_t>> reach = e;
  for (size_t length = 1; length <= n; length++) {
    for (uint32_t v = 0; v < n; v++) {
      if (reach.count({v, v})) return length;
    }
    std::set<std::pair<uint32_t, uint32_t>> next;
    for (auto [a, b] : reach) {
      for (uint32_t c = 0; c < n; c++) {
        if (e.count({b, c})) next.insert({a, c});
      }
    }
    reach = std::move(next);
  }
  return 0;
}

TEST_CASE("mcfeely 12: the cycle found is a shortest one, on random graphs",
          "[mcfeely]") {
  std::mt19937 random(12);
  size_t with = 0, without = 0;
  for (int round = 0; round < 3000; round++) {
    const uint32_t n = 1 + random() % 9;
    const size_t count = random() % (2 * n + 1);
    std::set<std::pair<uint32_t, uint32_t>> edges;
    std::vector<Requirement> requirements;
    for (size_t i = 0; i < count; i++) {
      const uint32_t a = random() % n, b = random() % n;
      if (a == b && random() % 8 != 0) continue;
      edges.insert({a, b});
      requirements.push_back({{a}, {b}});
    }
    const Graph g = Make(n, requirements);
    REQUIRE(g.edges() == edges.size());
    const Tasks cycle = g.ShortestCycle();
    REQUIRE(cycle.size() == BruteForce(n, edges));
    REQUIRE(g.HasCycle() == !cycle.empty());
    (cycle.empty() ? without : with)++;
    for (size_t i = 0; i < cycle.size(); i++) {
      REQUIRE(edges.count({cycle[i], cycle[(i + 1) % cycle.size()]}) == 1);
    }
    for (uint32_t v = 0; v < n; v++) {
      // By the definition, step by step.
      std::set<uint32_t> found;
      for (bool more = true; more;) {
        more = false;
        for (auto [a, b] : edges) {
          if ((b == v || found.count(b)) && found.insert(a).second) more = true;
        }
      }
      found.erase(v);
      REQUIRE(g.TransitiveDependents(v) == Tasks(found.begin(), found.end()));
    }
  }
  CHECK(with > 500);
  CHECK(without > 500);
}

TEST_CASE("mcfeely 12: a ring of 100000 tasks is found whole", "[mcfeely]") {
  std::vector<Requirement> ring;
  for (uint32_t t = 0; t < 100'000; t++) {
    ring.push_back({{t}, {(t + 1) % 100'000}});
  }
  const Graph g = Make(100'000, ring);
  CHECK(g.ShortestCycle() == Range(0, 100'000));
}

TEST_CASE("mcfeely 12: a short ring behind long ones is found", "[mcfeely]") {
  std::vector<Requirement> rings;
  const auto ring = [&](uint32_t from, uint32_t to) {
    for (uint32_t t = from; t < to; t++) {
      rings.push_back({{t}, {t + 1 < to ? t + 1 : from}});
    }
    if (from > 0) rings.push_back({{from - 1}, {from}});
  };
  ring(0, 40'000);
  ring(40'000, 80'000);
  ring(80'000, 80'007);
  CHECK(Make(100'000, rings).ShortestCycle() == Range(80'000, 80'007));
}

TEST_CASE("graph: a cycle in a dense graph of a million edges is found",
          "[mcfeely]") {
  std::mt19937 random(7);
  std::vector<Requirement> requirements;
  for (int i = 0; i < 900'000; i++) {
    const uint32_t a = random() % 100'000, b = random() % 100'000;
    if (a != b) requirements.push_back({{a}, {b}});
  }
  const Graph g = Make(100'000, requirements);
  const Tasks cycle = g.ShortestCycle();
  REQUIRE(cycle.size() >= 2);
  CHECK(cycle.size() <= 5);
  for (size_t i = 0; i < cycle.size(); i++) {
    const auto needs = g.Needs(cycle[i]);
    CHECK(std::binary_search(needs.begin(), needs.end(),
                             cycle[(i + 1) % cycle.size()]));
  }
}

}  // namespace
