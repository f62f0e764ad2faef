// The regular expressions of device files are mostly a row of bytes and of
// classes of bytes, some of which repeat, and groups that hold such a row or
// a few words to choose from:
//
//   [0-9]* OK\n      plug ([0-9]+): (ON|OFF)\n      .*RPC-28[A]*>
//
// libc takes 10000 instructions to find the second one in a line that is it;
// this takes 800, and finds the same. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <bitset>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/match.h"

namespace power {

class PlainPattern {
 public:
  // None if that is a regular expression of any other kind. `text` is one:
  // libc compiles it.
  static std::optional<PlainPattern> Parse(absl::string_view text);

  enum class Answer : uint8_t { kFound, kNothing, kGivenUp };
  // The leftmost, the longest of these. Given up where trying takes too long,
  // which libc's way does not. `match` may be null.
  Answer Find(absl::string_view bytes, Match* match) const;

 private:
  struct Item {
    std::bitset<256> bytes = {};  // one of these
    bool is_optional = false, repeats = false;
    std::vector<std::string> words = {};  // or one of these
    bool Has(char byte) const {
      return bytes[static_cast<unsigned char>(byte)];
    }
  };
  class Search;

  static bool TakePiece(absl::string_view* text, std::vector<Item>* items);
  static bool TakeGroup(absl::string_view* text, std::vector<Item>* items);

  std::vector<Item> items_;
  std::vector<std::pair<size_t, size_t>>
      groups_;  // their first item, their end
};

}  // namespace power
