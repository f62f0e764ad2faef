// Regular expressions as GNU m4 and Emacs have them: \( \) \| and \{ are
// special with the backslash, and \w \b \< \` and their kin are there.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace text {

class M4Pattern {
 public:
  static constexpr int kGroups = 10;  // the whole, \1 to \9

  // InvalidArgument with the reason.
  static absl::StatusOr<std::unique_ptr<M4Pattern>> Compile(
      absl::string_view pattern);
  ~M4Pattern();

  enum class Result : uint8_t { kFound, kNone, kFailed };
  // Looks for the first match that begins at `from` or later. The ends of
  // groups that took no part are -1.
  Result Search(absl::string_view text, size_t from);
  int groups() const { return groups_; }  // without the whole
  size_t begin(int group) const { return begin_[group]; }
  size_t end(int group) const { return end_[group]; }
  bool took_part(int group) const { return took_part_[group]; }

 private:
  struct Compiled;
  M4Pattern();
  std::unique_ptr<Compiled> compiled_;
  int groups_ = 0;
  std::array<size_t, kGroups> begin_ = {}, end_ = {};
  std::array<bool, kGroups> took_part_ = {};
};

// The patterns that were used last, compiled.
class M4PatternCache {
 public:
  // Borrowed until the next Get.
  absl::StatusOr<M4Pattern*> Get(absl::string_view pattern);

 private:
  struct Entry {
    std::string pattern;
    std::unique_ptr<M4Pattern> compiled;
    uint64_t used = 0;
  };
  std::array<Entry, 32> entries_;
  uint64_t clock_ = 0;
};

}  // namespace text
