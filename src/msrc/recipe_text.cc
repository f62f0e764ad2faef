#include "msrc/recipe_text.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/status.h"
#include "msrc/limits.h"

namespace msrc {
namespace {

using absl::string_view;

bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '.' || c == '-';
}

bool IsOneOf(string_view word, std::initializer_list<string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Makes give these a value of their own.
bool IsMakesOwn(string_view name) {
  return name[0] == '.' || absl::StartsWith(name, "MAKE") ||
         IsOneOf(name,
                 {"CURDIR",   "SHELL",  "CC",           "CXX",     "CPP",
                  "AR",       "AS",     "FC",           "LD",      "LEX",
                  "YACC",     "RM",     "CFLAGS",       "ARFLAGS", "MFLAGS",
                  "FFLAGS",   "LFLAGS", "YFLAGS",       "MACHINE", "PWD",
                  "CO",       "GET",    "LINT",         "M2C",     "PC",
                  "SUFFIXES", "TEX",    "WEAVE",        "TANGLE",  "CTANGLE",
                  "CWEAVE",   "F77",    "MACHINE_ARCH", "MAKEINFO"});
}

bool IsDirective(string_view word) {
  return IsOneOf(
      word,
      {"include",   "-include", "sinclude", "define",  "endef",     "ifdef",
       "ifndef",    "ifeq",     "ifneq",    "else",    "endif",     "export",
       "unexport",  "override", "private",  "vpath",   "undefine",  "load",
       "-load",     ".include", ".if",      ".ifdef",  ".ifndef",   ".ifmake",
       ".else",     ".elif",    ".endif",   ".for",    ".endfor",   ".undef",
       ".error",    ".info",    ".warning", ".export", ".unexport", ".sinclude",
       ".-include", ".dinclude"});
}

// Targets that mean something, and nothing to us.
bool IsHarmlessSpecial(string_view target) {
  return IsOneOf(target, {".PHONY", ".SUFFIXES", ".SILENT", ".PRECIOUS",
                          ".IGNORE", ".POSIX", ".NOTPARALLEL", ".SECONDARY",
                          ".INTERMEDIATE", ".ORDER", ".DELETE_ON_ERROR"});
}

struct Assignment {
  string_view name, value;
  enum class How { kSet, kSimple, kDefault, kAppend } how = How::kSet;
};

// "NAME = value" and its kin; none for other lines, and for operators that only
// some makes have.
std::optional<Assignment> ReadAssignment(string_view line) {
  size_t end = 0;
  while (end < line.size() && IsNameByte(line[end])) end++;
  if (end == 0) return std::nullopt;
  Assignment a;
  a.name = line.substr(0, end);
  string_view rest = absl::StripLeadingAsciiWhitespace(line.substr(end));
  if (absl::ConsumePrefix(&rest, "=")) {
    a.how = Assignment::How::kSet;
  } else if (absl::ConsumePrefix(&rest, "::=") ||
             absl::ConsumePrefix(&rest, ":=")) {
    a.how = Assignment::How::kSimple;
  } else if (absl::ConsumePrefix(&rest, "?=")) {
    a.how = Assignment::How::kDefault;
  } else if (absl::ConsumePrefix(&rest, "+=")) {
    a.how = Assignment::How::kAppend;
  } else {
    return std::nullopt;
  }
  a.value = absl::StripAsciiWhitespace(rest);
  return a;
}

// Of MAKEFLAGS: "ks --jobserver-auth=3,4 -- INTO=/tmp".
bool DefinesMacros(string_view flags) {
  const std::vector<string_view> words =
      absl::StrSplit(flags, ' ', absl::SkipEmpty());
  return std::any_of(words.begin(), words.end(), [](string_view word) {
    return word[0] != '-' && absl::StrContains(word, '=');
  });
}

class Reader {
 public:
  explicit Reader(const RecipeText& recipe) : recipe_(recipe) {}

  absl::Status Read() {
    TRY(LookAround());
    TRY(ReadYokes());
    if (absl::StrContains(recipe_.text, '\0')) return NeedsMake("has a NUL");
    string_view rest = recipe_.text;
    while (!rest.empty()) {
      bool tab = false;
      TRY_ASSIGN(const std::string line, NextLine(rest, tab));
      if (tab && in_rule_) continue;
      TRY(ReadLine(line, tab));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Value(string_view name) {
    line_ = 0;
    std::string out;
    TRY(AppendMacro(name, 0, out));
    return out;
  }

 private:
  struct Kept {
    std::string text;
    bool simple = false;  // expanded once and for all
    bool yoke = false;
  };

  absl::Status NeedsMake(string_view why) const {
    return absl::UnimplementedError(
        line_ == 0 ? absl::StrCat("it takes make: ", why)
                   : absl::StrCat("line ", line_, " takes make: ", why));
  }

  // What a make around us hands down.
  absl::Status LookAround() const {
    for (string_view name : {"MAKEFILES", "GNUMAKEFLAGS", "MAKEFLAGS"}) {
      const auto value = recipe_.environment(name);
      if (!value || value->empty()) continue;
      if (name == "MAKEFLAGS" && !DefinesMacros(*value)) continue;
      return NeedsMake(absl::StrCat("$", name, " is set"));
    }
    return absl::OkStatus();
  }

  absl::Status ReadYokes() {
    for (const std::string& yoke : recipe_.yokes) {
      const std::optional<Assignment> a = ReadAssignment(yoke);
      if (!a || a->how != Assignment::How::kSet || IsMakesOwn(a->name)) {
        return NeedsMake(absl::StrCat("-y ", yoke));
      }
      macros_[a->name] = {std::string(a->value), false, true};
    }
    return absl::OkStatus();
  }

  // A line with those that continue it, and without its comment.
  absl::StatusOr<std::string> NextLine(string_view& rest, bool& tab) {
    std::string line;
    tab = rest[0] == '\t';
    for (bool more = true; more;) {
      const size_t end = rest.find('\n');
      string_view part = rest.substr(0, end);
      rest.remove_prefix(end == string_view::npos ? rest.size() : end + 1);
      next_line_++;
      if (line.empty()) line_ = next_line_;
      if (!part.empty() && part.back() == '\r') {
        return NeedsMake("ends with a carriage return");
      }
      const size_t kept = part.find_last_not_of('\\');
      const size_t slashes =
          part.size() - (kept == string_view::npos ? 0 : kept + 1);
      more = slashes % 2 == 1 && !rest.empty();
      if (slashes % 2 == 1) part.remove_suffix(1);
      // Of what stands around the break one blank is left.
      if (more) part = absl::StripTrailingAsciiWhitespace(part);
      if (!line.empty()) part = absl::StripLeadingAsciiWhitespace(part);
      absl::StrAppend(&line, part, more ? " " : "");
    }
    if (tab && in_rule_) return line;
    const size_t comment = line.find('#');
    if (comment == std::string::npos) return line;
    if (comment > 0 && line[comment - 1] == '\\') return NeedsMake("\\#");
    line.resize(comment);
    return line;
  }

  absl::Status ReadLine(string_view line, bool tab) {
    if (absl::StripAsciiWhitespace(line).empty()) return absl::OkStatus();
    if (tab) return NeedsMake("a command without a target");
    line = absl::StripLeadingAsciiWhitespace(line);
    const string_view first = line.substr(0, line.find_first_of(" \t(:=\""));
    const std::optional<Assignment> a = ReadAssignment(line);
    if (IsDirective(first) || (a && IsDirective(a->name))) {
      return NeedsMake(first);
    }
    if (a) {
      in_rule_ = false;
      return Assign(*a);
    }
    in_rule_ = true;
    return ReadRule(line);
  }

  absl::Status Assign(const Assignment& a) {
    using How = Assignment::How;
    if (a.name == "SHELL" && a.how == How::kSet && a.value == "/bin/sh") {
      return absl::OkStatus();
    }
    if (IsMakesOwn(a.name) && (a.name[0] == '.' || a.name == "SHELL" ||
                               absl::StartsWith(a.name, "MAKE"))) {
      return NeedsMake(a.name);
    }
    const auto found = macros_.find(a.name);
    if (found != macros_.end() && found->second.yoke) return absl::OkStatus();
    const auto outside = recipe_.environment(a.name);
    const bool known = found != macros_.end() || outside.has_value();
    if (a.how == How::kDefault) {
      if (!known) macros_[a.name] = {std::string(a.value), false, false};
      return absl::OkStatus();
    }
    if (a.how == How::kSimple) {
      std::string value;
      TRY(Append(a.value, 0, value));
      macros_[a.name] = {value, true, false};
      return absl::OkStatus();
    }
    if (a.how == How::kSet || !known) {
      // What += appends to nothing, and CC or MAKE, is not the same everywhere.
      if (a.how == How::kAppend && IsMakesOwn(a.name)) return NeedsMake(a.name);
      macros_[a.name] = {std::string(a.value), false, false};
      return absl::OkStatus();
    }
    if (found == macros_.end()) {
      macros_[a.name] = {absl::StrCat(*outside, " ", a.value), false, false};
      return absl::OkStatus();
    }
    std::string value(a.value);
    if (found->second.simple) {
      value.clear();
      TRY(Append(a.value, 0, value));
    }
    Kept& kept = macros_[a.name];
    absl::StrAppend(&kept.text, kept.text.empty() ? "" : " ", value);
    return kept.text.size() > kMaxRecipeBytes ? TooLong(a.name)
                                              : absl::OkStatus();
  }

  absl::Status ReadRule(string_view line) {
    const size_t colon = line.find(':');
    if (colon == string_view::npos) return NeedsMake("neither rule nor macro");
    if (absl::StrContains(line.substr(0, colon), "$")) {
      return NeedsMake("a target made of macros");
    }
    for (string_view target :
         absl::StrSplit(line.substr(0, colon), absl::ByAnyChar(" \t"),
                        absl::SkipEmpty())) {
      const bool special = target[0] == '.' && target.size() > 1 &&
                           absl::ascii_isupper(target[1]);
      if (target == recipe_.hook || absl::StrContains(target, '%') ||
          absl::StrContains(target, '=') || absl::StrContains(target, '!') ||
          (special && !IsHarmlessSpecial(target))) {
        return NeedsMake(absl::StrCat("the target ", target));
      }
    }
    // Functions in prerequisites are called even if nobody wants the target.
    std::string ignored;
    const string_view right = line.substr(colon + 1);
    return Append(right.substr(0, right.find(';')), 0, ignored);
  }

  absl::Status TooLong(string_view name) const {
    return absl::ResourceExhaustedError(
        absl::StrCat(name, ": longer than ", kMaxMacroBytes, " bytes"));
  }

  absl::Status AppendMacro(string_view name, int depth, std::string& out) {
    if (depth > kMaxReferenceDepth) {
      return NeedsMake(absl::StrCat(name, " refers to itself"));
    }
    // Macros of nothing but references can double their work a hundred times,
    // and never grow.
    if (++references_ > kMaxReferences) {
      return absl::ResourceExhaustedError(
          absl::StrCat(name, ": more than ", kMaxReferences, " references"));
    }
    const auto found = macros_.find(name);
    if (found != macros_.end()) {
      const Kept& kept = found->second;
      if (!kept.simple) TRY(Append(kept.text, depth + 1, out));
      if (kept.simple) out += kept.text;
    } else if (IsMakesOwn(name)) {
      return NeedsMake(name);
    } else if (const auto outside = recipe_.environment(name)) {
      TRY(Append(*outside, depth + 1, out));
    }
    return out.size() > kMaxMacroBytes ? TooLong(name) : absl::OkStatus();
  }

  absl::Status Append(string_view text, int depth, std::string& out) {
    for (size_t i = 0; i < text.size(); i++) {
      if (text[i] != '$') {
        out += text[i];
        continue;
      }
      if (++i == text.size()) return NeedsMake("a $ at the end");
      const char c = text[i];
      if (c == '$') {
        out += '$';
      } else if (c == '(' || c == '{') {
        const size_t end = text.find(c == '(' ? ')' : '}', i);
        if (end == string_view::npos) return NeedsMake("a reference is open");
        const string_view name = text.substr(i + 1, end - i - 1);
        if (!IsMakeName(name))
          return NeedsMake(text.substr(i - 1, end - i + 2));
        TRY(AppendMacro(name, depth, out));
        i = end;
      } else if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
        TRY(AppendMacro(text.substr(i, 1), depth, out));
      } else {
        return NeedsMake(text.substr(i - 1, 2));
      }
    }
    return absl::OkStatus();
  }

  const RecipeText& recipe_;
  absl::flat_hash_map<std::string, Kept> macros_;
  size_t line_ = 0, next_line_ = 0;
  size_t references_ = 0;
  bool in_rule_ = false;
};

}  // namespace

bool IsMakeName(string_view name) {
  return !name.empty() && name.size() <= 255 &&
         std::all_of(name.begin(), name.end(), IsNameByte);
}

absl::StatusOr<std::vector<std::string>> PlainValues(
    const RecipeText& recipe, absl::Span<const std::string> names) {
  Reader reader(recipe);
  TRY(reader.Read());
  std::vector<std::string> values;
  for (const std::string& name : names) {
    TRY_ASSIGN(std::string value, reader.Value(name));
    values.push_back(std::move(value));
  }
  return values;
}

bool NeedsShell(string_view value) {
  value = absl::StripAsciiWhitespace(value);
  // echo has options.
  if (absl::StartsWith(value, "-")) return true;
  return !std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           string_view(" \t_-./:@%+,=").find(c) != string_view::npos;
  });
}

absl::StatusOr<std::vector<std::string>> ValueWords(string_view value) {
  std::vector<std::string> words =
      absl::StrSplit(value, absl::ByAnyChar(" \t\n\r\v\f"), absl::SkipEmpty());
  if (words.size() > kMaxNames) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMaxNames, " words"));
  }
  for (const std::string& word : words) {
    if (word.size() > kMaxNameBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a word of more than ", kMaxNameBytes, " bytes"));
    }
  }
  return words;
}

std::string WithHookRule(const RecipeText& recipe,
                         absl::Span<const std::string> names) {
  // A last line may lack its newline, or end in a backslash.
  std::string text = absl::StrCat(recipe.text, "\n\n.PHONY: ", recipe.hook,
                                  "\n", recipe.hook, ":\n");
  // The redirection comes first: whatever the value does to its line, all of
  // what it prints is the value.
  for (const std::string& name : names) {
    absl::StrAppend(&text, "\t@exec >\"$$MSRC_MACROS/", name, "\"; echo ${",
                    name, "}\n");
  }
  return text;
}

}  // namespace msrc
