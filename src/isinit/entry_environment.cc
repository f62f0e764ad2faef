#include "isinit/entry_environment.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <optional>

namespace isinit {
namespace {

constexpr size_t kUsualEntries = 16;

bool IsName(absl::string_view name) {
  return !name.empty() && !absl::ascii_isdigit(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

std::optional<std::string> Unquoted(absl::string_view value) {
  if (value.empty() || (value[0] != '\'' && value[0] != '"')) {
    return std::string(value);
  }
  const char quote = value[0];
  std::string text;
  for (size_t i = 1; i < value.size(); i++) {
    // Nothing may follow the closing quote.
    if (value[i] == quote) {
      if (i + 1 != value.size()) return std::nullopt;
      return text;
    }
    if (quote == '"' && value[i] == '\\' && i + 1 < value.size() &&
        absl::StrContains("\"\\$`", value[i + 1])) {
      i++;
    }
    text += value[i];
  }
  return std::nullopt;
}

// Keeps the order in which names came first.
class Merged {
 public:
  Merged() { entries_.reserve(kUsualEntries); }
  void Set(absl::string_view name, absl::string_view value) {
    std::string entry = absl::StrCat(name, "=", value);
    for (std::string& present : entries_) {
      if (present.size() > name.size() && present[name.size()] == '=' &&
          absl::StartsWith(present, name)) {
        present = std::move(entry);
        return;
      }
    }
    entries_.push_back(std::move(entry));
  }
  void Set(absl::string_view entry) {
    const size_t sign = entry.find('=');
    if (sign == 0 || sign == absl::string_view::npos) return;
    Set(entry.substr(0, sign), entry.substr(sign + 1));
  }
  void Set(const Variables& variables) {
    for (const auto& [name, value] : variables) Set(name, value);
  }
  std::vector<std::string> Take() { return std::move(entries_); }

 private:
  std::vector<std::string> entries_;
};

}  // namespace

absl::StatusOr<Variables> ReadEnvironmentFile(absl::string_view text) {
  Variables variables;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    number++;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (absl::StartsWith(line, "export ")) {
      line = absl::StripLeadingAsciiWhitespace(line.substr(7));
    }
    const size_t sign = line.find('=');
    if (sign == absl::string_view::npos || !IsName(line.substr(0, sign))) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": not NAME=VALUE"));
    }
    const std::optional<std::string> value = Unquoted(line.substr(sign + 1));
    if (!value || value->find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number,
                       ": a quote that does not close where "
                       "the line ends, or a zero byte"));
    }
    variables.emplace_back(std::string(line.substr(0, sign)), *value);
  }
  return variables;
}

std::vector<std::string> MakeEnvironment(const Surroundings& surroundings,
                                         const EnvironmentParts& parts) {
  Merged merged;
  merged.Set("PATH", kDefaultPath);
  merged.Set(parts.account);
  const bool passes = surroundings.pass_all || !surroundings.pass.empty();
  for (const std::string& entry :
       passes ? parts.ours : absl::Span<const std::string>()) {
    const absl::string_view name =
        absl::string_view(entry).substr(0, entry.find('='));
    if (surroundings.pass_all ||
        std::find(surroundings.pass.begin(), surroundings.pass.end(), name) !=
            surroundings.pass.end()) {
      merged.Set(entry);
    }
  }
  merged.Set(parts.file);
  for (const std::string& entry : surroundings.environment) merged.Set(entry);
  merged.Set(parts.own);
  return merged.Take();
}

absl::string_view ValueOf(absl::Span<const std::string> environment,
                          absl::string_view name) {
  for (const std::string& entry : environment) {
    if (entry.size() > name.size() && entry[name.size()] == '=' &&
        absl::StartsWith(entry, name)) {
      return absl::string_view(entry).substr(name.size() + 1);
    }
  }
  return "";
}

}  // namespace isinit
