#include "fanout/tokens.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <vector>

namespace {

using fanout::IntegerTokens;
using fanout::ParseTokens;
using fanout::Tokens;
using fanout::TokenTable;
using Holder = Tokens::Holder;
using Ints = std::vector<int>;

const absl::Time kNow = absl::UnixEpoch();

// Asks, and what is granted then: of this holder, or nobody.
Ints Get(Tokens& tokens, Holder holder, int min, int max) {
  REQUIRE(tokens.Ask(holder, min, max).ok());
  const auto grant = tokens.Next(kNow);
  if (!grant) return {};
  CHECK(grant->holder == holder);
  return grant->tokens;
}
// The holders that are granted now, in their order.
std::vector<Holder> GrantAll(Tokens& tokens) {
  std::vector<Holder> holders;
  while (auto grant = tokens.Next(kNow)) holders.push_back(grant->holder);
  return holders;
}
std::vector<std::string> Texts(const Tokens& tokens) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < tokens.indexes(); i++) {
    texts.push_back(tokens.is_token(static_cast<int>(i))
                        ? tokens.text(static_cast<int>(i))
                        : "(none)");
  }
  return texts;
}
TokenTable Table(std::vector<std::string> tokens) {
  return {.tokens = std::move(tokens), .source = "t", .comments = ""};
}

TEST_CASE("tokens: a file's lines are tokens, but for its comments",
          "[fanout]") {
  const auto table = ParseTokens("# pool\nred\ngreen\n\n#end\nblue", "tags");
  REQUIRE(table.ok());
  CHECK(table->tokens == std::vector<std::string>{"red", "green", "", "blue"});
  CHECK(table->source == "tags");
  CHECK(table->comments == "# pool\n#end\n");
  CHECK(ParseTokens("", "f").status().message() == "contains no lines");
  CHECK(ParseTokens("#x\n", "f").status().message() ==
        "no tokens, only comments generated");
  CHECK(ParseTokens("\n", "f")->tokens == std::vector<std::string>{""});
  CHECK(ParseTokens("a b \r\n", "f")->tokens ==
        std::vector<std::string>{"a b \r"});
  CHECK(ParseTokens(std::string("a\nb\0c\n", 6), "f").status().message() ==
        "line 2: a token with a NUL in it");
}

TEST_CASE("tokens: ptbw K6: allocation goes round the table", "[fanout]") {
  Tokens tokens(IntegerTokens(3));
  for (const Ints& expected : {Ints{0}, Ints{1}, Ints{2}, Ints{0}}) {
    CHECK(Get(tokens, 1, 1, 1) == expected);
    CHECK(tokens.GiveBackAll(1) == 1);
  }
  CHECK(Get(tokens, 1, 2, 2) == Ints{1, 2});
  tokens.GiveBackAll(1);
  CHECK(Get(tokens, 1, 2, 2) == Ints{0, 1});
}

TEST_CASE("tokens: more than there are is refused, more than are free waits",
          "[fanout]") {
  Tokens tokens(IntegerTokens(3));
  const absl::Status refused = tokens.Ask(1, 4, 9);
  CHECK(absl::IsResourceExhausted(refused));
  CHECK(tokens.waiting() == 0);
  CHECK(Get(tokens, 1, 2, 2) == Ints{0, 1});
  CHECK(Get(tokens, 2, 2, 2).empty());
  CHECK(tokens.waiting() == 1);
  CHECK_FALSE(tokens.GiveBack(2, 0));  // not its own
  CHECK_FALSE(tokens.GiveBack(1, 2));
  CHECK_FALSE(tokens.GiveBack(1, -1));
  CHECK(tokens.GiveBack(1, 0));
  CHECK_FALSE(tokens.GiveBack(1, 0));
  CHECK(tokens.Next(kNow)->tokens == Ints{2, 0});
  CHECK(tokens.held(2) == 2);
  CHECK(tokens.holder(1) == Holder{1});
}

TEST_CASE("tokens: a range takes what is free, and not less than its least",
          "[fanout]") {
  Tokens tokens(IntegerTokens(5));
  CHECK(Get(tokens, 1, 1, 3) == Ints{0, 1, 2});
  CHECK(Get(tokens, 2, 1, 9) == Ints{3, 4});
  CHECK(Get(tokens, 3, 1, 9).empty());
  CHECK(tokens.waiting() == 1);
  CHECK(Get(tokens, 4, 0, 9).empty());
  CHECK(tokens.waiting() == 1);  // holder 4 got its nothing
}

TEST_CASE("tokens: one that fits overtakes a larger one eight times",
          "[fanout]") {
  Tokens tokens(IntegerTokens(2));
  CHECK(Get(tokens, 100, 1, 1) == Ints{0});
  REQUIRE(tokens.Ask(1, 2, 2).ok());
  for (int i = 0; i < 8; i++) {
    CHECK(Get(tokens, 2, 1, 1).size() == 1);
    tokens.GiveBackAll(2);
  }
  REQUIRE(tokens.Ask(2, 1, 1).ok());
  CHECK(GrantAll(tokens).empty());
  tokens.GiveBackAll(100);
  CHECK(GrantAll(tokens) == std::vector<Holder>{1});
  tokens.GiveBackAll(1);
  CHECK(GrantAll(tokens) == std::vector<Holder>{2});
}

TEST_CASE("tokens: who needs none does not wait for those who do", "[fanout]") {
  Tokens tokens(IntegerTokens(1));
  CHECK(Get(tokens, 1, 1, 1) == Ints{0});
  REQUIRE(tokens.Ask(2, 1, 1).ok());
  for (Holder h = 10; h < 30; h++) {
    REQUIRE(tokens.Ask(h, 0, 0).ok());
    CHECK(GrantAll(tokens) == std::vector<Holder>{h});
  }
}

TEST_CASE("tokens: requests that fit are served in the order they came",
          "[fanout]") {
  Tokens tokens(IntegerTokens(4));
  CHECK(Get(tokens, 9, 4, 4).size() == 4);
  for (Holder h : {1, 2, 3, 4}) REQUIRE(tokens.Ask(h, h, h).ok());
  CHECK(GrantAll(tokens).empty());
  tokens.Withdraw(3);
  tokens.Withdraw(77);  // harmless
  tokens.GiveBackAll(9);
  CHECK(GrantAll(tokens) == std::vector<Holder>{1, 2});
  tokens.GiveBackAll(2);
  CHECK(GrantAll(tokens).empty());
  tokens.GiveBackAll(1);
  CHECK(GrantAll(tokens) == std::vector<Holder>{4});
}

TEST_CASE("tokens: of a new table, new tokens come and unused ones go",
          "[fanout]") {
  Tokens tokens(Table({"a", "b", "c"}));
  CHECK(Get(tokens, 1, 1, 1) == Ints{0});
  CHECK(Get(tokens, 2, 1, 1) == Ints{1});
  tokens.Replace(Table({"b", "x", "y"}));
  CHECK(tokens.size() == 3);
  CHECK(tokens.free() == 2);
  CHECK(Texts(tokens) == std::vector<std::string>{"a", "b", "x", "y"});
  tokens.GiveBackAll(1);
  CHECK(Texts(tokens) == std::vector<std::string>{"(none)", "b", "x", "y"});
  CHECK_FALSE(tokens.is_token(0));
  CHECK(Get(tokens, 3, 2, 3) == Ints{2, 3});
  // The gap is used again.
  tokens.Replace(Table({"b", "x", "y", "z"}));
  CHECK(Texts(tokens) == std::vector<std::string>{"z", "b", "x", "y"});
  CHECK(Get(tokens, 4, 1, 1) == Ints{0});
}

TEST_CASE(
    "tokens: a token that leaves the table while it is held is not lent "
    "twice when it comes back",
    "[fanout]") {
  Tokens tokens(Table({"a", "b"}));
  CHECK(Get(tokens, 1, 1, 1) == Ints{0});
  tokens.Replace(Table({"b"}));
  tokens.Replace(Table({"b", "a"}));
  CHECK(tokens.size() == 2);
  CHECK(tokens.free() == 1);
  CHECK(Get(tokens, 2, 1, 2) == Ints{1});
  // Of two with one text, the one that is held is the one that stays.
  Tokens same(Table({"s", "s"}));
  CHECK(Get(same, 1, 1, 1) == Ints{0});
  CHECK(Get(same, 2, 1, 1) == Ints{1});
  same.GiveBackAll(1);
  same.Replace(Table({"s"}));
  CHECK(same.size() == 1);
  CHECK(same.free() == 0);
  // Nor are there more of one text at work than the table has.
  Tokens both(Table({"s", "s"}));
  CHECK(Get(both, 1, 1, 1) == Ints{0});
  CHECK(Get(both, 2, 1, 1) == Ints{1});
  both.Replace(Table({"s"}));
  both.GiveBackAll(1);
  CHECK(both.free() == 0);
  both.GiveBackAll(2);
  CHECK(both.free() == 1);
}

TEST_CASE("tokens: a request for more than a new table has is taken out",
          "[fanout]") {
  Tokens tokens(IntegerTokens(4));
  CHECK(Get(tokens, 1, 2, 2).size() == 2);
  REQUIRE(tokens.Ask(2, 4, 4).ok());
  REQUIRE(tokens.Ask(3, 3, 3).ok());
  tokens.Replace(IntegerTokens(3));
  CHECK(tokens.TakeHopeless() == Holder{2});
  CHECK_FALSE(tokens.TakeHopeless());
  tokens.GiveBackAll(1);
  CHECK(GrantAll(tokens) == std::vector<Holder>{3});
}

TEST_CASE("tokens: who has had a token for longer than the lease is known",
          "[fanout]") {
  Tokens tokens(IntegerTokens(3));
  REQUIRE(tokens.Ask(1, 1, 1).ok());
  tokens.Next(kNow);
  REQUIRE(tokens.Ask(2, 1, 1).ok());
  tokens.Next(kNow + absl::Seconds(5));
  CHECK(tokens.Overdue(absl::Seconds(9), kNow + absl::Seconds(9)).empty());
  CHECK(tokens.Overdue(absl::Seconds(9), kNow + absl::Seconds(10)) ==
        std::vector<Holder>{1});
  CHECK(tokens.Overdue(absl::Seconds(9), kNow + absl::Seconds(20)) ==
        std::vector<Holder>{1, 2});
}

}  // namespace
