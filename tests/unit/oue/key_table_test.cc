#include "oue/key_table.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <string>

using oue::KeyTable;

TEST_CASE("key table: keys are numbered in the order they came", "[oue]") {
  KeyTable table;
  for (int i = 0; i < 20'000; i++) {
    const KeyTable::Found found = table.Insert(absl::StrCat("key", i * 7));
    REQUIRE(found.is_new);
    REQUIRE(found.index == static_cast<size_t>(i));
  }
  for (int i = 0; i < 20'000; i++) {
    const std::string key = absl::StrCat("key", i * 7);
    REQUIRE(table.Find(key) == static_cast<size_t>(i));
    REQUIRE(table.KeyOf(i) == key);
    REQUIRE(!table.Insert(key).is_new);
  }
  CHECK(table.size() == 20'000);
  CHECK(table.Find("key1") == KeyTable::kNone);
}

TEST_CASE("key table: keys of one hash are told apart by their bytes",
          "[oue]") {
  KeyTable table;
  for (int i = 0; i < 3'000; i++) {
    REQUIRE(table.Insert(absl::StrCat(i), 42).is_new);
  }
  for (int i = 0; i < 3'000; i++) {
    REQUIRE(table.Find(absl::StrCat(i), 42) == static_cast<size_t>(i));
  }
  CHECK(table.Find("3000", 42) == KeyTable::kNone);
  CHECK(table.Find("", 42) == KeyTable::kNone);
}

TEST_CASE("key table: a key may be empty, hold a NUL, or be large", "[oue]") {
  KeyTable table;
  const std::string large(5 << 20, 'x');
  const absl::string_view with_nul("a\0b", 3);
  CHECK(table.Insert("").index == 0);
  CHECK(table.Insert(with_nul).index == 1);
  CHECK(table.Insert("a").index == 2);
  CHECK(table.Insert(large).index == 3);
  CHECK(table.Insert("behind").index == 4);
  CHECK(table.Insert(absl::string_view()).index == 0);
  CHECK(table.KeyOf(1) == with_nul);
  CHECK(table.Find(large) == 3);
  CHECK(table.Find(absl::string_view(large).substr(1)) == KeyTable::kNone);
}
