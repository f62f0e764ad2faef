#include "fanout/collate.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>
#include <vector>

namespace {

using fanout::Collate;
using fanout::CollateOrder;
using fanout::Ready;
using Section = Collate::Section;

TEST_CASE("collate: a section that has reported nothing is not granted",
          "[fanout]") {
  Collate c(CollateOrder::kFirstReady);
  const Section a = c.Open();
  CHECK(c.Next() == std::nullopt);
  c.Report(a, Ready::kNot);
  CHECK(c.Next() == std::nullopt);
  c.Report(a, Ready::kWillRun);
  CHECK(c.Next() == a);
  CHECK(c.holder() == a);
}

TEST_CASE("collate: the stream stays with its holder until that is closed",
          "[fanout]") {
  Collate c(CollateOrder::kFirstReady);
  const Section a = c.Open(), b = c.Open();
  c.Report(a, Ready::kHasData);
  REQUIRE(c.Next() == a);
  c.Report(b, Ready::kFinished);
  CHECK(c.Next() == std::nullopt);
  c.Report(a, Ready::kFinished);
  CHECK(c.Next() == std::nullopt);
  c.Close(a);
  CHECK(c.Next() == b);
  c.Close(b);
  CHECK(c.empty());
  CHECK(c.holder() == std::nullopt);
}

TEST_CASE("collate: the furthest is granted, among equals the first to report",
          "[fanout]") {
  Collate c(CollateOrder::kFirstReady);
  const Section run = c.Open(), late = c.Open(), early = c.Open(),
                full = c.Open(), done = c.Open();
  c.Report(run, Ready::kWillRun);
  c.Report(early, Ready::kHasData);
  c.Report(late, Ready::kHasData);
  c.Report(full, Ready::kFull);
  c.Report(done, Ready::kFinished);
  std::vector<Section> order;
  while (std::optional<Section> next = c.Next()) {
    order.push_back(*next);
    c.Close(*next);
  }
  CHECK(order == std::vector<Section>{done, full, early, late, run});
}

TEST_CASE("collate: a report below an earlier one changes nothing",
          "[fanout]") {
  Collate c(CollateOrder::kFirstReady);
  const Section a = c.Open(), b = c.Open();
  c.Report(a, Ready::kFull);
  c.Report(b, Ready::kHasData);
  c.Report(a, Ready::kWillRun);
  CHECK(c.Next() == a);
}

TEST_CASE("collate: repeating a report does not lose the place in the queue",
          "[fanout]") {
  Collate c(CollateOrder::kFirstReady);
  const Section a = c.Open(), b = c.Open();
  c.Report(a, Ready::kHasData);
  c.Report(b, Ready::kHasData);
  c.Report(a, Ready::kHasData);
  CHECK(c.Next() == a);
}

TEST_CASE("collate: one that leaves without the stream leaves no trace",
          "[fanout]") {
  Collate c(CollateOrder::kFirstReady);
  const Section a = c.Open(), b = c.Open();
  c.Report(a, Ready::kFinished);
  c.Close(a);
  c.Close(a);
  c.Report(a, Ready::kFinished);
  CHECK(c.Next() == std::nullopt);
  c.Report(b, Ready::kHasData);
  CHECK(c.Next() == b);
}

TEST_CASE("collate: in order of finishing nobody slow is waited for",
          "[fanout]") {
  Collate c(CollateOrder::kFinished);
  const Section slow = c.Open(), first = c.Open(), second = c.Open();
  c.Report(slow, Ready::kHasData);
  CHECK(c.Next() == std::nullopt);
  c.Report(second, Ready::kFinished);
  c.Report(first, Ready::kFinished);
  CHECK(c.Next() == second);
  c.Close(second);
  CHECK(c.Next() == first);
  c.Close(first);
  CHECK(c.Next() == std::nullopt);
  c.Report(slow, Ready::kFinished);
  CHECK(c.Next() == slow);
}

TEST_CASE("collate: one that is full waits no longer than for the finished",
          "[fanout]") {
  Collate c(CollateOrder::kFinished);
  const Section full = c.Open(), done = c.Open();
  c.Report(full, Ready::kFull);
  c.Report(done, Ready::kFinished);
  CHECK(c.Next() == done);
  c.Close(done);
  CHECK(c.Next() == full);
}

TEST_CASE("collate: by place each comes when it is its turn, live",
          "[fanout]") {
  Collate c(CollateOrder::kPlace);
  const Section two = c.Open(2), zero = c.Open(0);
  c.Report(two, Ready::kFinished);
  CHECK(c.Next() == std::nullopt);
  c.Report(zero, Ready::kHasData);
  CHECK(c.Next() == zero);
  c.Close(zero);
  CHECK(c.Next() == std::nullopt);
  const Section one = c.Open(1);
  CHECK(c.Next() == std::nullopt);
  c.Report(one, Ready::kFinished);
  CHECK(c.Next() == one);
  c.Close(one);
  CHECK(c.Next() == two);
}

TEST_CASE("collate: by place nobody waits for one that is skipped or left",
          "[fanout]") {
  Collate c(CollateOrder::kPlace);
  const Section three = c.Open(3), left = c.Open(1);
  c.Report(three, Ready::kFinished);
  c.Skip(2);
  c.Close(left);
  CHECK(c.Next() == std::nullopt);
  c.Skip(0);
  CHECK(c.Next() == three);
}

TEST_CASE("collate: one without a place goes when the turn's does not want",
          "[fanout]") {
  Collate c(CollateOrder::kPlace);
  const Section zero = c.Open(0), other = c.Open(Collate::kNoPlace);
  c.Report(other, Ready::kHasData);
  c.Report(zero, Ready::kHasData);
  CHECK(c.Next() == zero);
  c.Close(zero);
  CHECK(c.Next() == other);
  c.Close(other);
  const Section one = c.Open(1);
  c.Report(one, Ready::kWillRun);
  CHECK(c.Next() == one);
}

// What the real one may do, by the plainest means.
struct Model {
  CollateOrder order;
  std::map<Section, std::pair<Ready, int64_t>> open;  // claim, place
  std::optional<Section> holder;

  // Whether the stream may go to `section` now.
  bool MayHave(Section section, int64_t turn) const {
    const auto [ready, place] = open.at(section);
    if (ready == Ready::kNot) return false;
    switch (order) {
      case CollateOrder::kFirstReady:
        return true;
      case CollateOrder::kFinished:
        return ready >= Ready::kFull;
      case CollateOrder::kPlace:
        return place == turn || place == Collate::kNoPlace;
    }
    return false;
  }
};

void RandomRun(CollateOrder order, uint32_t seed) {
  INFO("order " << static_cast<int>(order) << ", seed " << seed);
  std::mt19937 random(seed);
  auto below = [&](int n) { return static_cast<int>(random() % n); };
  constexpr int kPlaces = 60;
  Collate c(order);
  Model model{order, {}, {}};
  std::vector<bool> through(kPlaces + 1);
  std::vector<int64_t> to_open;
  for (int p = 0; p < kPlaces; ++p) to_open.push_back(p);
  std::shuffle(to_open.begin(), to_open.end(), random);
  std::vector<int64_t> granted_places;
  auto turn = [&] {
    int64_t t = 0;
    while (through[t]) ++t;
    return t;
  };
  auto close = [&](Section section) {
    const int64_t place = model.open.at(section).second;
    if (place >= 0) through[place] = true;
    c.Close(section);
    model.open.erase(section);
    if (model.holder == section) model.holder.reset();
  };

  // Until all have come and gone: nobody starves. In the second half nobody
  // leaves of his own accord, so all still open must be granted.
  for (int step = 0; !to_open.empty() || !model.open.empty(); ++step) {
    REQUIRE(step < 20'000);
    const int what = below(10);
    if (what < 2 && !to_open.empty()) {
      const int64_t place = to_open.back();
      to_open.pop_back();
      if (below(8) == 0) {
        c.Skip(place);
        through[place] = true;
      } else {
        model.open[c.Open(place)] = {Ready::kNot, place};
      }
    } else if (what == 2 && below(3) == 0 && step < 500) {
      model.open[c.Open(Collate::kNoPlace)] = {Ready::kNot, Collate::kNoPlace};
    } else if (what < 8 && !model.open.empty()) {
      auto it = std::next(model.open.begin(), below(model.open.size()));
      const Ready ready = static_cast<Ready>(below(5));
      c.Report(it->first, ready);
      it->second.first = std::max(it->second.first, ready);
    } else if (what == 8 && step < 300 && !model.open.empty()) {
      close(std::next(model.open.begin(), below(model.open.size()))->first);
    } else if (model.holder) {
      close(*model.holder);
    }

    const std::optional<Section> next = c.Next();
    if (next) {
      REQUIRE(!model.holder);
      REQUIRE(model.open.count(*next) == 1);
      REQUIRE(model.MayHave(*next, turn()));
      if (order == CollateOrder::kFirstReady) {
        for (const auto& [section, state] : model.open) {
          REQUIRE(state.first <= model.open[*next].first);
        }
      }
      const int64_t place = model.open[*next].second;
      if (place >= 0) granted_places.push_back(place);
      model.holder = next;
    } else if (!model.holder) {
      for (const auto& [section, state] : model.open) {
        REQUIRE(!model.MayHave(section, turn()));
      }
    }
    REQUIRE(c.holder() == model.holder);
    REQUIRE(c.empty() == model.open.empty());
  }
  if (order == CollateOrder::kPlace) {
    CHECK(std::is_sorted(granted_places.begin(), granted_places.end()));
  }
}

TEST_CASE("collate: whatever happens, one holds it and nobody starves",
          "[fanout]") {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    RandomRun(CollateOrder::kFirstReady, seed);
    RandomRun(CollateOrder::kFinished, seed);
    RandomRun(CollateOrder::kPlace, seed);
  }
}

}  // namespace
