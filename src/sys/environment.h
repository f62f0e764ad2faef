// The environment of a process as a value: what ours is, and what a child's
// shall be.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

namespace sys {

class Environment {
 public:
  Environment() = default;  // empty
  static Environment Ours();

  // Borrowed until the next change; none when it is not set.
  std::optional<absl::string_view> Get(absl::string_view name) const;
  void Set(absl::string_view name, absl::string_view value);
  void Unset(absl::string_view name);
  // Whether text is in UTF-8, by the locale as setlocale(3) finds it: the first
  // of LC_ALL, LC_CTYPE and LANG that is set and not empty.
  bool IsUtf8() const;
  // NAME=VALUE, in the order they were set.
  const std::vector<std::string>& entries() const { return entries_; }

 private:
  size_t Find(absl::string_view name) const;  // its index, or entries_.size()
  std::vector<std::string> entries_;
};

}  // namespace sys
