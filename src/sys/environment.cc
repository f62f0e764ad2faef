#include "sys/environment.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <unistd.h>

namespace sys {

Environment Environment::Ours() {
  Environment ours;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; entry++) {
    ours.entries_.push_back(*entry);
  }
  return ours;
}

size_t Environment::Find(absl::string_view name) const {
  size_t at = 0;
  while (at < entries_.size() && !(entries_[at].size() > name.size() &&
                                   entries_[at][name.size()] == '=' &&
                                   absl::StartsWith(entries_[at], name))) {
    at++;
  }
  return at;
}

std::optional<absl::string_view> Environment::Get(
    absl::string_view name) const {
  const size_t at = Find(name);
  if (at == entries_.size()) return std::nullopt;
  return absl::string_view(entries_[at]).substr(name.size() + 1);
}

void Environment::Set(absl::string_view name, absl::string_view value) {
  const size_t at = Find(name);
  if (at == entries_.size()) entries_.emplace_back();
  entries_[at] = absl::StrCat(name, "=", value);
}

void Environment::Unset(absl::string_view name) {
  const size_t at = Find(name);
  if (at < entries_.size()) entries_.erase(entries_.begin() + at);
}

bool Environment::IsUtf8() const {
  for (absl::string_view name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const absl::string_view value = Get(name).value_or("");
    if (value.empty()) continue;
    const std::string lower = absl::AsciiStrToLower(value);
    return absl::StrContains(lower, "utf-8") ||
           absl::StrContains(lower, "utf8");
  }
  return false;
}

}  // namespace sys
