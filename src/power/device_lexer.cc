#include "power/device_lexer.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "power/limits.h"
#include "text/utf8.h"

namespace power {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool StartsWord(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool GoesOnWord(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '-';
}

// The character that a letter behind a backslash stands for; 0 for none.
char Escaped(char letter) {
  switch (letter) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'e':
      return '\033';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
  }
  return '\0';
}

// Where an inventory says that a secret is: file:/etc/x, cmd:"pass show x".
bool IsSourcePrefix(absl::string_view word) {
  return word == "file" || word == "env" || word == "cred" || word == "cmd" ||
         word == "store";
}

}  // namespace

std::string ProblemText(const DeviceProblem& problem) {
  return absl::StrCat(PlaceText(problem.where), ": ", problem.text, " [",
                      problem.rule, "]");
}

bool DeviceProblems::full() const {
  return problems_.size() >= kMaxDeviceProblems;
}

void DeviceProblems::Add(DeviceProblem problem) {
  if (!full()) problems_.push_back(std::move(problem));
}

DeviceLexer::DeviceLexer(std::string file, std::string text,
                         IncludeFile include, DeviceProblems& problems,
                         size_t most_bytes)
    : end_{file, 1},
      include_(std::move(include)),
      problems_(problems),
      most_bytes_(most_bytes) {
  Enter(std::move(file), std::move(text), {});
}

void DeviceLexer::Enter(std::string file, std::string text,
                        const Where& where) {
  const Where at = sources_.empty() ? Where{file, 1} : where;
  bytes_ += text.size();
  if (text.size() > most_bytes_ ||
      bytes_ > std::max(most_bytes_, kMaxDeviceTextBytes)) {
    problems_.Error(
        at, "size",
        absl::StrCat(file, " is too large: at most ", kMaxDeviceFileBytes,
                     " bytes, ", kMaxDeviceTextBytes, " with its includes"));
    return;
  }
  if (++files_ > kMaxDeviceFiles) {
    problems_.Error(at, "include",
                    absl::StrCat("more than ", kMaxDeviceFiles, " files"));
    return;
  }
  sources_.push_back({std::move(file), std::move(text)});
  ReadLanguage(sources_.back());
}

// "language 2" counts only where a file begins.
void DeviceLexer::ReadLanguage(Source& source) {
  SkipBlank(source);
  const absl::string_view rest =
      absl::string_view(source.text).substr(source.at);
  constexpr absl::string_view kWord = "language";
  if (rest.substr(0, kWord.size()) != kWord ||
      (rest.size() > kWord.size() && GoesOnWord(rest[kWord.size()]))) {
    return;
  }
  source.at += kWord.size();
  SkipBlank(source);
  const size_t begin = source.at;
  while (source.at < source.text.size() &&
         absl::ascii_isdigit(source.text[source.at])) {
    source.at++;
  }
  const std::string number = source.text.substr(begin, source.at - begin);
  if (number != "1" && number != "2") {
    problems_.Error(At(source), "language", "language 1 or 2");
    return;
  }
  source.language = number == "2" ? 2 : 1;
}

DeviceToken DeviceLexer::Next() {
  DeviceToken token;
  while (!sources_.empty() && !problems_.full()) {
    Source& source = sources_.back();
    if (!SkipBlank(source)) {
      end_ = At(source);
      sources_.pop_back();
      continue;
    }
    token.where = At(source);
    token.language = source.language;
    if (!Take(source, &token)) continue;
    if (!token.Is("include")) return token;
    Include(token.where);
  }
  token.kind = DeviceToken::Kind::kEnd;
  token.text.clear();
  token.where = end_;
  return token;
}

// False at the end.
bool DeviceLexer::SkipBlank(Source& source) {
  const std::string& text = source.text;
  while (source.at < text.size()) {
    const char c = text[source.at];
    if (c == '#') {
      source.at = std::min(text.find('\n', source.at), text.size());
      continue;
    }
    if (!IsBlank(c)) return true;
    if (c == '\n') source.line++;
    source.at++;
  }
  return false;
}

bool DeviceLexer::Take(Source& source, DeviceToken* token) {
  const std::string& text = source.text;
  const size_t begin = source.at;
  const char c = text[begin];
  const auto digit = [&](size_t at) {
    return at < text.size() && absl::ascii_isdigit(text[at]);
  };
  if (c == '"') return String(source, token);
  if (StartsWord(c)) {
    token->kind = DeviceToken::Kind::kWord;
    while (source.at < text.size() && GoesOnWord(text[source.at])) source.at++;
    if (source.at + 1 < text.size() && text[source.at] == ':' &&
        IsSourcePrefix(text.substr(begin, source.at - begin))) {
      token->text = text.substr(begin, source.at - begin);
      return Prefixed(source, token);
    }
  } else if (digit(begin) || ((c == '.' || c == '-') && digit(begin + 1))) {
    token->kind = DeviceToken::Kind::kNumber;
    if (c == '-') source.at++;
    while (digit(source.at)) source.at++;
    if (source.at < text.size() && text[source.at] == '.') source.at++;
    while (digit(source.at)) source.at++;
  } else if (c == '{' || c == '}' || c == '=' || c == '$') {
    token->kind = DeviceToken::Kind::kMark;
    source.at++;
  } else {
    problems_.Error(token->where, "character",
                    absl::StrCat("'", base::Escape(text.substr(begin, 1)),
                                 "' is no part of the language"));
    source.at++;
    return false;
  }
  token->text = text.substr(begin, source.at - begin);
  if (token->text.size() > kMaxDeviceStringBytes) {
    problems_.Error(token->where, "size",
                    absl::StrCat("a word is longer than ",
                                 kMaxDeviceStringBytes, " bytes"));
    return false;
  }
  return true;
}

// A string of which the part in front of the colon stands before the quotes, or
// which has none and ends at a blank.
bool DeviceLexer::Prefixed(Source& source, DeviceToken* token) {
  const std::string prefix = absl::StrCat(token->text, ":");
  source.at++;
  if (source.text[source.at] == '"') {
    const bool whole = String(source, token);
    token->text.insert(0, prefix);
    return whole;
  }
  token->kind = DeviceToken::Kind::kString;
  const size_t begin = source.at;
  while (source.at < source.text.size() && !IsBlank(source.text[source.at]) &&
         source.text[source.at] != '}') {
    source.at++;
  }
  token->text =
      absl::StrCat(prefix, source.text.substr(begin, source.at - begin));
  if (token->text.size() <= kMaxDeviceStringBytes) return true;
  problems_.Error(
      token->where, "size",
      absl::StrCat("a word is longer than ", kMaxDeviceStringBytes, " bytes"));
  return false;
}

// A string ends at its quote. At the end of the line it is a mistake, and it
// is taken to end there, so that what follows is read as it was meant.
bool DeviceLexer::String(Source& source, DeviceToken* token) {
  token->kind = DeviceToken::Kind::kString;
  token->text.clear();
  source.at++;
  while (source.at < source.text.size()) {
    const char c = source.text[source.at];
    if (c == '\n') break;
    source.at++;
    if (c == '"') {
      if (token->text.size() <= kMaxDeviceStringBytes) return true;
      problems_.Error(token->where, "size",
                      absl::StrCat("a string is longer than ",
                                   kMaxDeviceStringBytes, " bytes"));
      return false;
    }
    if (c == '\\') {
      Escape(source, &token->text);
    } else if (c == '\0') {
      problems_.Error(At(source), "character", "a NUL in a string");
    } else {
      token->text += c;
    }
  }
  problems_.Error(token->where, "string-open",
                  "the string does not end on its line");
  return true;
}

void DeviceLexer::Escape(Source& source, std::string* out) {
  const std::string& text = source.text;
  if (source.at >= text.size()) return;
  const auto octal = [&](size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '7';
  };
  if (octal(source.at) && octal(source.at + 1) && octal(source.at + 2)) {
    const int value = (text[source.at] - '0') * 64 +
                      (text[source.at + 1] - '0') * 8 +
                      (text[source.at + 2] - '0');
    // Differs: powerman takes the low eight bits, and ends the string at NUL.
    if ((value == 0 && !allow_nul_) || value > 255) {
      problems_.Error(At(source), "escape",
                      absl::StrCat("\\", text.substr(source.at, 3),
                                   " is not from \\001 to \\377"));
    } else {
      *out += static_cast<char>(value);
    }
    source.at += 3;
    return;
  }
  const char c = text[source.at++];
  if (c == '\n') source.line++;
  const char escaped = Escaped(c);
  if (c != '\0') *out += escaped != '\0' ? escaped : c;
}

// The path behind "include", with or without quotes.
std::string DeviceLexer::IncludedPath(Source& source) {
  if (!SkipBlank(source)) return "";
  const std::string& text = source.text;
  const bool quoted = text[source.at] == '"';
  if (quoted) source.at++;
  const size_t begin = source.at;
  while (source.at < text.size() && text[source.at] != '\n' &&
         (quoted ? text[source.at] != '"' : !IsBlank(text[source.at]))) {
    source.at++;
  }
  const std::string path = text.substr(begin, source.at - begin);
  if (!quoted) return path;
  if (source.at >= text.size() || text[source.at] != '"') return "";
  source.at++;
  return path;
}

void DeviceLexer::Include(const Where& where) {
  Source& source = sources_.back();
  const std::string path = IncludedPath(source);
  if (path.empty()) {
    problems_.Error(where, "include", "include names no file");
    return;
  }
  if (static_cast<int>(sources_.size()) >= kMaxIncludeDepth) {
    problems_.Error(where, "include",
                    absl::StrCat("includes are nested more than ",
                                 kMaxIncludeDepth, " deep"));
    return;
  }
  absl::StatusOr<std::string> text =
      include_ ? include_(path, source.file)
               : absl::FailedPreconditionError("nothing can be included here");
  if (!text.ok()) {
    problems_.Error(
        where, "include",
        absl::StrCat(text::Clean(path), ": ", text.status().message()));
    return;
  }
  Enter(path, *std::move(text), where);
}

}  // namespace power
