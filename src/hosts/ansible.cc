#include <absl/container/flat_hash_map.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "hosts/inventory.h"
#include "hosts/limits.h"
#include "hosts/name.h"
#include "text/words.h"

namespace hosts {
namespace {

constexpr struct {
  absl::string_view variable, attribute;
} kNames[] = {
    {"ansible_host", "HOSTNAME"},    {"ansible_ssh_host", "HOSTNAME"},
    {"ansible_user", "ENTRY_LOGIN"}, {"ansible_ssh_user", "ENTRY_LOGIN"},
    {"ansible_port", "PORT"},        {"ansible_ssh_port", "PORT"},
};
constexpr absl::string_view kGroupsAttribute = "GROUPS";

std::string AttributeOf(absl::string_view variable) {
  for (const auto& known : kNames) {
    if (known.variable == variable) return std::string(known.attribute);
  }
  for (char c : variable) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) {
      return std::string(variable);
    }
  }
  return absl::AsciiStrToUpper(variable);
}

std::string VariableOf(absl::string_view attribute) {
  for (const auto& known : kNames) {
    if (known.attribute == attribute) return std::string(known.variable);
  }
  for (char c : attribute) {
    if (absl::ascii_islower(static_cast<unsigned char>(c))) {
      return std::string(attribute);
    }
  }
  return absl::AsciiStrToLower(attribute);
}

// What a variable's text means: that of a Python string without its quotes and
// escapes; numbers, lists and all else as they are written.
std::string PlainValue(absl::string_view text) {
  if (text.size() < 2 || (text[0] != '"' && text[0] != '\'') ||
      text.back() != text[0]) {
    return std::string(text);
  }
  const char quote = text[0];
  const absl::string_view inside = text.substr(1, text.size() - 2);
  std::string out;
  for (size_t i = 0; i < inside.size(); i++) {
    char c = inside[i];
    // Two strings side by side or an expression: no string of ours.
    if (c == quote) return std::string(text);
    if (c != '\\') {
      out += c;
      continue;
    }
    if (++i == inside.size()) return std::string(text);
    c = inside[i];
    uint32_t byte = 0;
    if (c == 'n') {
      out += '\n';
    } else if (c == 't') {
      out += '\t';
    } else if (c == 'r') {
      out += '\r';
    } else if (c == 'x' && i + 2 < inside.size() &&
               absl::SimpleHexAtoi(inside.substr(i + 1, 2), &byte) &&
               byte != 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else if (c == '\\' || c == '\'' || c == '"') {
      out += c;
    } else {
      out += {'\\', c};
    }
  }
  return out;
}

using Variables = std::vector<std::pair<std::string, std::string>>;

struct Group {
  std::string name;
  Variables variables;
  std::vector<size_t> children, parents;
  int depth = 0;
  bool declared = false;
  int line = 0;  // that mentions it first
};

struct InventoryEntry {
  std::string name;
  Variables variables;
  std::vector<size_t> groups;
};

constexpr size_t kAll = 0, kUngrouped = 1;

class AnsibleReader {
 public:
  AnsibleReader(absl::string_view file, absl::string_view text,
                size_t max_steps)
      : file_(file), text_(text), max_steps_(max_steps) {
    groups_[GroupCalled("all")].declared = true;
    groups_[GroupCalled("ungrouped")].declared = true;
  }

  absl::StatusOr<std::vector<InventoryHost>> Read() {
    for (absl::string_view line : absl::StrSplit(text_, '\n')) {
      line_++;
      line = absl::StripAsciiWhitespace(line);
      if (line.empty() || line[0] == '#' || line[0] == ';') continue;
      if (line.find('\0') != absl::string_view::npos) return Wrong("a NUL");
      TRY(line[0] == '[' ? SectionLine(line) : Line(line));
    }
    TRY(FindDepths());
    return Hosts();
  }

 private:
  enum class Section { kHosts, kVariables, kChildren };

  absl::Status Wrong(absl::string_view what) const { return At(line_, what); }
  absl::Status At(int line, absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(file_, ":", line, ": ", what));
  }
  absl::Status Step(size_t steps) {
    steps_ += steps;
    if (steps_ <= max_steps_) return absl::OkStatus();
    return Wrong("so much follows from this inventory that something is wrong");
  }

  size_t GroupCalled(absl::string_view name) {
    const auto [at, is_new] =
        group_numbers_.try_emplace(std::string(name), groups_.size());
    if (is_new) {
      groups_.emplace_back();
      groups_.back().name = std::string(name);
      groups_.back().line = line_;
    }
    return at->second;
  }

  absl::Status SectionLine(absl::string_view line) {
    const size_t end = line.find(']');
    if (end == absl::string_view::npos) return Wrong("not a [section]");
    const absl::string_view behind = line.substr(end + 1);
    // A host such as [a:c].example or [2001:db8::1]:22 begins so, too.
    if (!behind.empty() &&
        !absl::ascii_isspace(static_cast<unsigned char>(behind[0])) &&
        behind[0] != '#') {
      return Line(line);
    }
    const absl::string_view rest = absl::StripLeadingAsciiWhitespace(behind);
    if (!rest.empty() && rest[0] != '#' && rest[0] != ';') {
      return Wrong("not a [section]");
    }
    const absl::string_view inside =
        absl::StripAsciiWhitespace(line.substr(1, end - 1));
    const size_t colon = inside.find(':');
    const absl::string_view name = inside.substr(0, colon);
    if (name.empty()) return Wrong("the name of the group is missing");
    if (name.find_first_of(" \t,") != absl::string_view::npos) {
      return Wrong("the name of a group has no blanks and no commas");
    }
    section_ = Section::kHosts;
    if (colon != absl::string_view::npos) {
      const absl::string_view kind = inside.substr(colon + 1);
      if (kind == "vars") {
        section_ = Section::kVariables;
      } else if (kind == "children") {
        section_ = Section::kChildren;
      } else {
        return Wrong(absl::StrCat("[", inside, "]: ':", kind,
                                  "' is neither ':vars' nor ':children'"));
      }
    }
    if (groups_.size() > kMaxGroups) return Wrong("too many groups");
    group_ = GroupCalled(name);
    // A section of variables alone makes no group.
    if (section_ != Section::kVariables) groups_[group_].declared = true;
    return absl::OkStatus();
  }

  absl::Status Line(absl::string_view line) {
    switch (section_) {
      case Section::kHosts:
        return HostLine(line);
      case Section::kVariables: {
        const size_t equals = line.find('=');
        if (equals == absl::string_view::npos) {
          return Wrong(absl::StrCat("'", line, "' is no NAME=VALUE"));
        }
        return Variable(absl::StripAsciiWhitespace(line.substr(0, equals)),
                        absl::StripAsciiWhitespace(line.substr(equals + 1)),
                        groups_[group_].variables);
      }
      case Section::kChildren: {
        line = absl::StripTrailingAsciiWhitespace(
            line.substr(0, std::min(line.find('#'), line.size())));
        if (groups_.size() > kMaxGroups) return Wrong("too many groups");
        const size_t child = GroupCalled(line);
        if (child == kAll) return Wrong("'all' cannot be inside a group");
        groups_[group_].children.push_back(child);
        groups_[child].parents.push_back(group_);
        return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }

  absl::Status Variable(absl::string_view name, absl::string_view value,
                        Variables& variables) {
    if (!IsMacroName(name)) {
      return Wrong(absl::StrCat("'", name, "' cannot be the name of a macro"));
    }
    variables.emplace_back(AttributeOf(name), PlainValue(value));
    return Step(1);
  }

  // What a # outside of quotes begins is a comment, as Python's shlex has it.
  static absl::string_view WithoutComment(absl::string_view line) {
    char quote = 0;
    for (size_t i = 0; i < line.size(); i++) {
      const char c = line[i];
      if (quote != '\'' && c == '\\') {
        i++;
      } else if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '#') {
        return line.substr(0, i);
      }
    }
    return line;
  }

  absl::Status HostLine(absl::string_view line) {
    const absl::StatusOr<std::vector<std::string>> words =
        text::SplitWords(WithoutComment(line));
    if (!words.ok()) return Wrong(words.status().message());
    if (words->empty()) return absl::OkStatus();
    Variables variables;
    for (size_t i = 1; i < words->size(); i++) {
      const absl::string_view word = (*words)[i];
      const size_t equals = word.find('=');
      if (equals == absl::string_view::npos) {
        return Wrong(absl::StrCat("'", word, "' is no NAME=VALUE"));
      }
      TRY(Variable(word.substr(0, equals), word.substr(equals + 1), variables));
    }
    std::string pattern = (*words)[0];
    TakePort(pattern, variables);
    std::vector<std::string> names;
    TRY(ExpandRanges(std::move(pattern), names));
    for (std::string& name : names) {
      TRY(Step(1 + variables.size()));
      const auto [at, is_new] = host_numbers_.try_emplace(name, hosts_.size());
      if (is_new) {
        if (hosts_.size() == kMaxHosts) return Wrong("too many hosts");
        hosts_.emplace_back();
        hosts_.back().name = std::move(name);
      }
      InventoryEntry& host = hosts_[at->second];
      host.variables.insert(host.variables.end(), variables.begin(),
                            variables.end());
      if (std::find(host.groups.begin(), host.groups.end(), group_) ==
          host.groups.end()) {
        host.groups.push_back(group_);
      }
    }
    return absl::OkStatus();
  }

  // "host:2222" and "[::1]:2222"; a colon within brackets is a range's.
  static void TakePort(std::string& pattern, Variables& variables) {
    const size_t colon = pattern.rfind(':');
    if (colon == std::string::npos || colon + 1 == pattern.size()) return;
    const std::string port = pattern.substr(colon + 1);
    if (port.find_first_not_of("0123456789") != std::string::npos) return;
    const bool bracketed = pattern[0] == '[' && pattern[colon - 1] == ']';
    // An address of IPv6 has colons of its own, and ranges have theirs.
    std::string outside;
    for (size_t i = 0, depth = 0; i < colon; i++) {
      if (pattern[i] == '[') depth++;
      if (depth == 0) outside += pattern[i];
      if (pattern[i] == ']' && depth > 0) depth--;
    }
    if (!bracketed && outside.find(':') != std::string::npos) return;
    pattern.resize(colon);
    if (bracketed && pattern.find(':') != std::string::npos &&
        !FindRange(pattern)) {
      pattern = pattern.substr(1, pattern.size() - 2);
    }
    variables.insert(variables.begin(), {"PORT", port});
  }

  struct Range {
    size_t begin, end;  // of [...], brackets included
    std::string first, last;
    int64_t step = 1;
  };
  static std::optional<Range> FindRange(absl::string_view pattern) {
    for (size_t open = pattern.find('['); open != absl::string_view::npos;
         open = pattern.find('[', open + 1)) {
      const size_t close = pattern.find(']', open);
      if (close == absl::string_view::npos) return std::nullopt;
      const std::vector<std::string> parts =
          absl::StrSplit(pattern.substr(open + 1, close - open - 1), ':');
      if (parts.size() != 2 && parts.size() != 3) continue;
      Range range = {open, close + 1, parts[0], parts[1], 1};
      if (parts.size() == 3 &&
          (!absl::SimpleAtoi(parts[2], &range.step) || range.step < 1)) {
        continue;
      }
      const bool digits =
          !parts[0].empty() && !parts[1].empty() &&
          (parts[0] + parts[1]).find_first_not_of("0123456789") ==
              std::string::npos;
      const bool letters =
          parts[0].size() == 1 && parts[1].size() == 1 &&
          absl::ascii_isalpha(static_cast<unsigned char>(parts[0][0])) &&
          absl::ascii_isalpha(static_cast<unsigned char>(parts[1][0]));
      if (digits || letters) return range;
    }
    return std::nullopt;
  }

  absl::Status ExpandRanges(std::string pattern,
                            std::vector<std::string>& names) {
    std::vector<std::string> open = {std::move(pattern)};
    while (!open.empty()) {
      const std::string one = std::move(open.back());
      open.pop_back();
      const std::optional<Range> range = FindRange(one);
      if (!range) {
        if (one.find_first_of("=") != std::string::npos) {
          return Wrong(absl::StrCat("'", one, "' is no name of a host"));
        }
        names.push_back(one);
        continue;
      }
      TRY(ExpandOne(one, *range, open));
    }
    return absl::OkStatus();
  }

  // What `range` makes of `one` is put on `open` last first, so that it is
  // taken from there in order.
  absl::Status ExpandOne(const std::string& one, const Range& range,
                         std::vector<std::string>& open) {
    const bool letters = !absl::ascii_isdigit(range.first[0]);
    int64_t first = range.first[0], last = range.last[0];
    if (!letters && (range.first.size() > 9 || range.last.size() > 9 ||
                     !absl::SimpleAtoi(range.first, &first) ||
                     !absl::SimpleAtoi(range.last, &last))) {
      return Wrong(absl::StrCat("'", one, "': too large a number"));
    }
    if (last < first) {
      return Wrong(
          absl::StrCat("'", one, "': the range ends before it begins"));
    }
    const int64_t count = (last - first) / range.step + 1;
    TRY(Step(static_cast<size_t>(count)));
    const size_t width = range.first[0] == '0' ? range.first.size() : size_t{0};
    for (int64_t i = count - 1; i >= 0; i--) {
      const int64_t value = first + i * range.step;
      std::string text = letters ? std::string(1, static_cast<char>(value))
                                 : absl::StrCat(value);
      if (text.size() < width) text.insert(0, width - text.size(), '0');
      open.push_back(absl::StrCat(one.substr(0, range.begin), text,
                                  one.substr(range.end)));
      TRY(Step(4 + open.back().size() / 16));
    }
    return absl::OkStatus();
  }

  // How far down each group stands: below all of its parents.
  absl::Status FindDepths() {
    std::vector<size_t> waiting(groups_.size()), ready;
    for (size_t g = 0; g < groups_.size(); g++) {
      const Group& group = groups_[g];
      if (!group.declared) {
        return At(group.line,
                  absl::StrCat("there is no group '", group.name, "'"));
      }
      waiting[g] = group.parents.size();
      groups_[g].depth = g == kAll ? 0 : 1;
      if (waiting[g] == 0) ready.push_back(g);
    }
    size_t done = 0;
    for (; done < ready.size(); done++) {
      const Group& group = groups_[ready[done]];
      for (size_t child : group.children) {
        groups_[child].depth = std::max(groups_[child].depth, group.depth + 1);
        if (--waiting[child] == 0) ready.push_back(child);
      }
    }
    if (done == groups_.size()) return absl::OkStatus();
    for (size_t g = 0; g < groups_.size(); g++) {
      if (waiting[g] != 0) {
        return At(groups_[g].line, absl::StrCat("the group '", groups_[g].name,
                                                "' is inside itself"));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<InventoryHost>> Hosts() {
    std::vector<InventoryHost> out;
    std::vector<size_t> met(groups_.size(), 0);
    for (size_t h = 0; h < hosts_.size(); h++) {
      InventoryEntry& entry = hosts_[h];
      if (entry.groups.size() > 1) {
        entry.groups.erase(
            std::remove(entry.groups.begin(), entry.groups.end(), kUngrouped),
            entry.groups.end());
      }
      std::vector<size_t> groups = {kAll};
      met[kAll] = h + 1;
      for (size_t g : entry.groups) {
        if (met[g] != h + 1) groups.push_back(g);
        met[g] = h + 1;
      }
      for (size_t i = 0; i < groups.size(); i++) {
        for (size_t parent : groups_[groups[i]].parents) {
          if (met[parent] != h + 1) groups.push_back(parent);
          met[parent] = h + 1;
        }
        TRY(Step(1 + groups_[groups[i]].parents.size() +
                 groups_[groups[i]].variables.size()));
      }
      // What stands deeper says more, and comes later.
      std::sort(groups.begin(), groups.end(), [this](size_t a, size_t b) {
        const Group &left = groups_[a], &right = groups_[b];
        if (left.depth != right.depth) return left.depth < right.depth;
        return left.name < right.name;
      });
      out.push_back(HostOf(entry, groups));
    }
    return out;
  }

  InventoryHost HostOf(const InventoryEntry& entry,
                       absl::Span<const size_t> groups) const {
    InventoryHost host;
    host.name = entry.name;
    absl::flat_hash_map<absl::string_view, size_t> place;
    const auto set = [&](const Variables& variables) {
      for (const auto& [name, value] : variables) {
        const auto [at, is_new] =
            place.try_emplace(name, host.attributes.size());
        if (is_new) {
          host.attributes.emplace_back(name, value);
        } else {
          host.attributes[at->second].second = value;
        }
      }
    };
    std::vector<absl::string_view> names;
    for (size_t g : groups) {
      set(groups_[g].variables);
      if (g != kAll && g != kUngrouped) names.push_back(groups_[g].name);
    }
    set(entry.variables);
    if (!names.empty()) {
      set({{std::string(kGroupsAttribute), absl::StrJoin(names, " ")}});
    }
    return host;
  }

  absl::string_view file_, text_;
  int line_ = 0;
  size_t steps_ = 0, max_steps_;
  Section section_ = Section::kHosts;
  size_t group_ = kUngrouped;
  std::vector<Group> groups_;
  std::vector<InventoryEntry> hosts_;
  absl::flat_hash_map<std::string, size_t> group_numbers_, host_numbers_;
};

// As a word of a line: what Python would read as a string, and as nothing else.
std::string QuotedValue(absl::string_view value) {
  const auto is_plain = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("_./@:,+-%").find(c) != absl::string_view::npos;
  };
  bool plain = !value.empty() && value != "True" && value != "False" &&
               value != "None" &&
               (absl::ascii_isalpha(static_cast<unsigned char>(value[0])) ||
                value[0] == '/');
  for (char c : value) plain = plain && is_plain(c);
  if (plain) return std::string(value);
  std::string out = "'\"";
  for (char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '"') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (absl::ascii_iscntrl(byte) || c == '\'') {
      constexpr absl::string_view kDigits = "0123456789abcdef";
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + "\"'";
}

absl::Status CheckWritable(absl::string_view what, absl::string_view name) {
  if (!name.empty() && name.find_first_of(" \t\r\n\v\f#;=:,[]'\"\\") ==
                           absl::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "an inventory cannot hold a ", what, " of the name '", name, "'"));
}

}  // namespace

absl::StatusOr<std::vector<InventoryHost>> ReadAnsible(absl::string_view file,
                                                       absl::string_view text,
                                                       size_t max_steps) {
  return AnsibleReader(file, text, max_steps).Read();
}

absl::StatusOr<std::string> WriteAnsible(const Table& table,
                                         absl::Span<const size_t> elected,
                                         absl::Span<const uint32_t> names) {
  std::string out;
  std::vector<std::pair<std::string, std::vector<size_t>>> groups;
  absl::flat_hash_map<std::string, size_t> group_at;
  for (size_t host : elected) {
    TRY(CheckWritable("host", table.HostName(host)));
    absl::StrAppend(&out, table.HostName(host));
    for (uint32_t name : names) {
      const auto value = table.Get(host, name);
      if (name == 0 || !value) continue;
      if (table.Name(name) != kGroupsAttribute) {
        absl::StrAppend(&out, " ", VariableOf(table.Name(name)), "=",
                        QuotedValue(*value));
        continue;
      }
      for (absl::string_view group :
           absl::StrSplit(*value, absl::ByAnyChar(" ,\t"), absl::SkipEmpty())) {
        const auto [at, is_new] =
            group_at.try_emplace(std::string(group), groups.size());
        if (is_new) groups.push_back({std::string(group), {}});
        groups[at->second].second.push_back(host);
      }
    }
    out += '\n';
  }
  for (const auto& [group, members] : groups) {
    TRY(CheckWritable("group", group));
    absl::StrAppend(&out, "\n[", group, "]\n");
    for (size_t host : members) {
      absl::StrAppend(&out, table.HostName(host), "\n");
    }
  }
  return out;
}

}  // namespace hosts
