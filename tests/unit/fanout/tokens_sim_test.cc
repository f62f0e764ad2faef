// Pools in which anything may happen at any moment: holders ask, change their
// mind, die; the table is read anew. SEED=n repeats one run.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "fanout/tokens.h"

namespace {

using fanout::IntegerTokens;
using fanout::Tokens;
using fanout::TokenTable;
using Holder = Tokens::Holder;

// What is done wrong between the pool and its holders, for the simulation to
// notice.
enum class Fault {
  kNone,
  kForgetsTheDead,   // their tokens are not given back
  kTakesFromLiving,  // tokens are free while their holder works
  kMovesTheOldest,   // a request loses its place to younger ones
  kServesWithdrawn,  // a request goes on that was taken back
};

// A second opinion: knows only what was asked, lent and given back, and what
// the rules say of it.
class Simulation {
 public:
  Simulation(uint64_t seed, Fault fault)
      : dice_(seed), fault_(fault), tokens_(IntegerTokens(Roll(1, 12))) {
    table_ = tokens_.size();
    for (int i = 0; i < table_; i++) in_table_.insert(std::to_string(i));
  }

  // The first rule that is broken; empty when none is.
  std::string Run(int steps) {
    for (int i = 0; i < steps && wrong_.empty(); i++) {
      Step();
      Grant();
      CheckAll();
    }
    if (wrong_.empty()) Drain();
    return wrong_;
  }
  int overtakes() const { return overtakes_; }

 private:
  struct Request {
    Holder holder;
    int min, max, overtaken;
  };
  int Roll(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(dice_);
  }
  void Wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }
  bool Waits(Holder holder) const {
    return std::any_of(requests_.begin(), requests_.end(),
                       [&](const Request& r) { return r.holder == holder; });
  }
  void Forget(Holder holder) {
    requests_.erase(
        std::remove_if(requests_.begin(), requests_.end(),
                       [&](const Request& r) { return r.holder == holder; }),
        requests_.end());
  }

  void Step() {
    const Holder holder = Roll(1, 10);
    const int what = Roll(0, 99);
    if (what < 50) {
      if (Waits(holder)) return;
      const int min = Roll(0, Roll(1, table_ + 1)), max = min + Roll(0, 2);
      const bool ok = tokens_.Ask(holder, min, max).ok();
      if (ok != (min <= table_)) Wrong("refused what there is, or the reverse");
      if (ok) requests_.push_back({holder, min, max, 0});
    } else if (what < 60) {
      if (fault_ != Fault::kServesWithdrawn) tokens_.Withdraw(holder);
      Forget(holder);
    } else if (what < 75) {
      if (held_[holder].empty()) return;
      const int token = *held_[holder].begin();
      if (!tokens_.GiveBack(holder, token)) Wrong("not taken back");
      held_[holder].erase(token);
    } else if (what < 90) {
      Die(holder);
    } else if (what < 95) {
      Replace();
    } else if (fault_ == Fault::kTakesFromLiving) {
      if (!Waits(holder)) tokens_.GiveBackAll(holder);
    } else if (fault_ == Fault::kMovesTheOldest && !requests_.empty()) {
      const Request& oldest = requests_.front();
      tokens_.Withdraw(oldest.holder);
      if (!tokens_.Ask(oldest.holder, oldest.min, oldest.max).ok()) {
        Wrong("refused what waited");
      }
    }
  }

  void Die(Holder holder) {
    const size_t had = held_[holder].size();
    Forget(holder);
    held_.erase(holder);
    if (fault_ == Fault::kForgetsTheDead) return tokens_.Withdraw(holder);
    if (tokens_.GiveBackAll(holder) != static_cast<int>(had)) {
      Wrong("lost or made tokens");
    }
  }

  void Replace() {
    TokenTable table;
    table_ = Roll(1, 12);
    in_table_.clear();
    for (int i = 0; i < table_; i++) {
      table.tokens.push_back(std::to_string(Roll(0, 12)));
      in_table_.insert(table.tokens.back());
    }
    tokens_.Replace(table);
    while (const auto hopeless = tokens_.TakeHopeless()) {
      if (!Waits(*hopeless)) Wrong("refused who did not wait");
      Forget(*hopeless);
    }
    for (const Request& request : requests_) {
      if (request.min > table_) Wrong("left somebody without hope waiting");
    }
  }

  // Of the table, as many of each text as are not held; what is held beyond it
  // is to be gone when it comes back.
  int Free() const {
    std::map<std::string, int> held;
    for (const auto& [holder, tokens] : held_) {
      for (int token : tokens) held[tokens_.text(token)]++;
    }
    int free = 0;
    for (auto text = in_table_.begin(); text != in_table_.end();
         text = in_table_.upper_bound(*text)) {
      const int there = static_cast<int>(in_table_.count(*text));
      free += std::max(0, there - held[*text]);
    }
    return free;
  }

  void Grant() {
    while (const auto grant = tokens_.Next(absl::UnixEpoch())) {
      const int free = Free();
      const int count = static_cast<int>(grant->tokens.size());
      const auto mine = std::find_if(
          requests_.begin(), requests_.end(),
          [&](const Request& r) { return r.holder == grant->holder; });
      if (mine == requests_.end()) return Wrong("granted to nobody");
      if (count < mine->min || count > mine->max) Wrong("not what was asked");
      for (auto older = requests_.begin(); older != mine && count > 0;
           ++older) {
        if (older->min <= free) Wrong("overtook one that fits");
        if (++older->overtaken > 8) Wrong("overtaken nine times");
        overtakes_++;
      }
      if (count < std::min(mine->max, free) && !SavesBefore(mine, free)) {
        Wrong("less than there was");
      }
      requests_.erase(mine);
      for (int token : grant->tokens) Lend(grant->holder, token);
    }
    for (auto r = requests_.begin(); r != requests_.end(); ++r) {
      if (r->min <= Free() && !SavesBefore(r, Free())) {
        Wrong("left one waiting that fits");
      }
    }
  }
  bool SavesBefore(std::vector<Request>::const_iterator end, int free) const {
    return std::any_of(requests_.begin(), end, [&](const Request& r) {
      return r.min > free && r.overtaken >= 8;
    });
  }

  void Lend(Holder holder, int token) {
    for (const auto& [other, tokens] : held_) {
      if (tokens.count(token) != 0) Wrong("lent twice");
    }
    if (!tokens_.is_token(token)) return Wrong("lent what is no token");
    if (in_table_.count(tokens_.text(token)) == 0) {
      Wrong("lent what is not in the table");
    }
    held_[holder].insert(token);
  }

  void CheckAll() {
    if (tokens_.free() != Free()) Wrong("tokens lost");
    if (tokens_.waiting() != requests_.size()) Wrong("requests lost");
    for (const auto& [holder, tokens] : held_) {
      for (int token : tokens) {
        if (tokens_.holder(token) != holder) Wrong("another's token");
      }
    }
  }

  // Everybody comes to an end: everybody who waits has their turn, and at last
  // the table is there whole.
  void Drain() {
    for (int i = 0; i < 1000 && wrong_.empty(); i++) {
      for (Holder holder = 1; holder <= 10; holder++) {
        if (!Waits(holder)) Die(holder);
      }
      // Those who wait with tokens in their hands could wait for each other.
      for (Holder holder = 1; holder <= 10; holder++) {
        while (!held_[holder].empty()) {
          const int token = *held_[holder].begin();
          tokens_.GiveBack(holder, token);
          held_[holder].erase(token);
        }
      }
      Grant();
      CheckAll();
    }
    if (!requests_.empty()) Wrong("somebody waits for ever");
    for (Holder holder = 1; holder <= 10; holder++) Die(holder);
    std::multiset<std::string> left;
    for (size_t i = 0; i < tokens_.indexes(); i++) {
      const int token = static_cast<int>(i);
      if (tokens_.is_token(token)) left.insert(tokens_.text(token));
    }
    if (left != in_table_) Wrong("not the table any more");
    if (tokens_.free() != table_) Wrong("not all came back");
  }

  std::mt19937_64 dice_;
  Fault fault_;
  Tokens tokens_;
  int table_ = 0;
  std::multiset<std::string> in_table_;
  std::map<Holder, std::set<int>> held_;
  std::vector<Request> requests_;
  std::string wrong_;
  int overtakes_ = 0;
};

TEST_CASE("tokens: whatever happens, none is lost, lent twice, or out of turn",
          "[fanout]") {
  const char* const given = getenv("SEED");
  const uint64_t first = given != nullptr ? strtoull(given, nullptr, 10) : 1;
  int overtakes = 0;
  for (uint64_t seed = first; seed < first + (given != nullptr ? 1 : 40);
       seed++) {
    INFO("SEED=" << seed);
    Simulation simulation(seed, Fault::kNone);
    REQUIRE(simulation.Run(400) == "");
    overtakes += simulation.overtakes();
  }
  CHECK(overtakes > 0);
}

TEST_CASE("tokens: the simulation notices a pool that breaks a rule",
          "[fanout]") {
  for (const Fault fault : {Fault::kForgetsTheDead, Fault::kTakesFromLiving,
                            Fault::kMovesTheOldest, Fault::kServesWithdrawn}) {
    INFO("fault " << static_cast<int>(fault));
    bool noticed = false;
    for (uint64_t seed = 1; seed <= 20 && !noticed; seed++) {
      noticed = !Simulation(seed, fault).Run(400).empty();
    }
    CHECK(noticed);
  }
}

}  // namespace
