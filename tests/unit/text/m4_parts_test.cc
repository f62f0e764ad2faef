// The pieces the m4 engine is made of.
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "text/m4_names.h"
#include "text/m4_regex.h"
#include "text/m4_value.h"

TEST_CASE("m4 stack: texts of any size come back as they were put", "[text]") {
  std::mt19937 random(7);
  text::M4Stack stack(0);
  struct Kept {
    absl::string_view text;
    char filled;
  };
  std::vector<Kept> kept;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 3 != 0 || kept.empty()) {
      const char filled = static_cast<char>('a' + random() % 26);
      stack.Begin();
      size_t left = random() % 50 == 0 ? random() % 200'000 : random() % 100;
      const size_t size = left + 1;
      stack.Append(filled);
      while (left > 0) {
        const size_t part = random() % left + 1;
        stack.Append(part, filled);
        left -= part;
      }
      REQUIRE(stack.Unfinished().size() == size);
      kept.push_back({stack.Unfinished(), filled});
    } else {
      const absl::string_view text = kept.back().text;
      REQUIRE(text.find_first_not_of(kept.back().filled) == text.npos);
      stack.Release(text.data());
      kept.pop_back();
    }
  }
  for (const Kept& k : kept) {
    REQUIRE(k.text.find_first_not_of(k.filled) == k.text.npos);
  }
}

TEST_CASE("m4 stack: what exceeds its limit is dropped", "[text]") {
  text::M4Stack stack(1000);
  stack.Begin();
  stack.Append(900, 'x');
  CHECK(!stack.exceeded());
  CHECK(stack.room() == 100);
  stack.Append(200'000, 'y');
  CHECK(stack.exceeded());
  CHECK(stack.Unfinished() == std::string(900, 'x'));
}

TEST_CASE("m4 names: a table finds what was put into it", "[text]") {
  text::M4Names names(std::make_shared<const text::M4Definitions>());
  for (int i = 0; i < 5000; ++i) {
    names.Define(absl::StrCat("name", i), text::M4Value(absl::StrCat(i)));
  }
  names.Define("", text::M4Value("empty"));
  for (int i = 0; i < 5000; ++i) {
    const text::M4Name* found = names.Find(absl::StrCat("name", i));
    REQUIRE(found != nullptr);
    REQUIRE(found->top.text() == absl::StrCat(i));
  }
  CHECK(names.Find("name5000") == nullptr);
  CHECK(names.Find("")->top.text() == "empty");
  CHECK(names.Defined().size() == 5001);
}

TEST_CASE("m4 names: a shared table is hidden and never changed", "[text]") {
  text::M4Names first(std::make_shared<const text::M4Definitions>());
  first.Define("a", text::M4Value("1"));
  first.Push("a", text::M4Value("2"));
  const auto shared = first.Freeze({});
  text::M4Names second(shared), third(shared);
  second.Pop("a");
  second.Pop("a");
  second.Pop("a");
  CHECK(!second.Find("a")->top);
  CHECK(second.Defined().empty());
  CHECK(third.Find("a")->top.text() == "2");
  third.Pop("a");
  CHECK(third.Find("a")->top.text() == "1");
  CHECK(first.Find("a")->top.text() == "2");
}

TEST_CASE("m4 pattern: groups that took no part say so", "[text]") {
  auto pattern = text::M4Pattern::Compile("\\(x\\)\\|\\(b\\)\\(c*\\)");
  REQUIRE(pattern.ok());
  CHECK((*pattern)->groups() == 3);
  REQUIRE((*pattern)->Search("abd", 0) == text::M4Pattern::Result::kFound);
  CHECK((*pattern)->begin(0) == 1);
  CHECK((*pattern)->end(0) == 2);
  CHECK(!(*pattern)->took_part(1));
  CHECK((*pattern)->took_part(2));
  CHECK((*pattern)->took_part(3));
  CHECK((*pattern)->begin(3) == (*pattern)->end(3));
  CHECK((*pattern)->Search("abd", 2) == text::M4Pattern::Result::kNone);
}

TEST_CASE("m4 pattern: a plain one is found like any other", "[text]") {
  auto plain = text::M4Pattern::Compile("bc");
  REQUIRE(plain.ok());
  CHECK((*plain)->groups() == 0);
  REQUIRE((*plain)->Search("abcbc", 2) == text::M4Pattern::Result::kFound);
  CHECK((*plain)->begin(0) == 3);
  CHECK((*plain)->Search("abcbc", 4) == text::M4Pattern::Result::kNone);
  CHECK((*plain)->Search("abcbc", 5) == text::M4Pattern::Result::kNone);
}

TEST_CASE("m4 pattern: the cache gives each pattern its own matcher",
          "[text]") {
  text::M4PatternCache cache;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) {
      auto pattern = cache.Get(absl::StrCat("x", i, "$"));
      REQUIRE(pattern.ok());
      REQUIRE((*pattern)->Search(absl::StrCat("x", i), 0) ==
              text::M4Pattern::Result::kFound);
      REQUIRE((*pattern)->Search(absl::StrCat("x", i, "y"), 0) ==
              text::M4Pattern::Result::kNone);
    }
  }
  CHECK(!cache.Get("\\(").ok());
  CHECK(cache.Get("\\(").status().message() == "Unmatched ( or \\(");
}
