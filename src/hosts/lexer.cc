#include "hosts/lexer.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "hosts/limits.h"
#include "hosts/name.h"

namespace hosts {
namespace {

bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}
bool IsOctal(char c) { return c >= '0' && c <= '7'; }

}  // namespace

std::string Lexer::At(int line, absl::string_view what) const {
  return absl::StrCat(file_, ":", line, ": ", what);
}

// "...": escapes as in C, but an octal one takes no digit that is none, \e is
// a backslash, and a backslash at the end of a line joins it to the next.
absl::Status Lexer::CString(Token* token) {
  const size_t begin = ++at_;
  unescaped_.clear();
  bool escapes = false;
  while (at_ < text_.size() && text_[at_] != '"') {
    char c = text_[at_++];
    if (c == '\n') line_++;
    if (c != '\\') {
      if (escapes) unescaped_ += c;
      continue;
    }
    if (at_ == text_.size()) break;
    if (!escapes) {
      escapes = true;
      unescaped_.assign(text_.data() + begin, at_ - 1 - begin);
    }
    c = text_[at_++];
    if (IsOctal(c)) {
      int byte = c - '0';
      for (int more = 0; more < 2 && at_ < text_.size() && IsOctal(text_[at_]);
           more++) {
        byte = byte * 8 + (text_[at_++] - '0');
      }
      if (byte == 0 || byte > 255) {
        return absl::InvalidArgumentError(
            At(line_, byte == 0 ? "a NUL cannot be in a value"
                                : "an escape beyond \\377"));
      }
      unescaped_ += static_cast<char>(byte);
      continue;
    }
    switch (c) {
      case '\n':
        line_++;
        continue;
      case 'n':
        c = '\n';
        break;
      case 't':
        c = '\t';
        break;
      case 'b':
        c = '\b';
        break;
      case 'r':
        c = '\r';
        break;
      case 'f':
        c = '\f';
        break;
      case 'v':
        c = '\v';
        break;
      case 'e':
        c = '\\';
        break;
    }
    unescaped_ += c;
  }
  if (at_ == text_.size()) {
    return absl::InvalidArgumentError(
        At(token->line, "the \" that begins here is never closed"));
  }
  token->text = escapes ? absl::string_view(unescaped_)
                        : text_.substr(begin, at_ - begin);
  at_++;
  return absl::OkStatus();
}

// `...', with quotes inside that are counted and kept.
absl::Status Lexer::M4String(Token* token) {
  const size_t begin = ++at_;
  for (int depth = 1; at_ < text_.size(); at_++) {
    const char c = text_[at_];
    if (c == '\n') line_++;
    if (c == '`') depth++;
    if (c == '\'' && --depth == 0) {
      token->text = text_.substr(begin, at_ - begin);
      at_++;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      At(token->line, "the ` that begins here is never closed"));
}

absl::Status Lexer::Next(Token* token) {
  if (at_ == 0) {
    const size_t nul = text_.find('\0');
    if (nul != absl::string_view::npos) {
      const auto lines = std::count(text_.begin(), text_.begin() + nul, '\n');
      return absl::InvalidArgumentError(
          At(static_cast<int>(lines) + 1, "a NUL cannot be in a host file"));
    }
  }
  token->is_name = false;
  for (; at_ < text_.size() && text_[at_] != '\n'; at_++) {
    if (IsSpace(text_[at_])) continue;
    if (text_[at_] != '\'') break;
    if (warnings_->size() < kMaxFileWarnings) {
      warnings_->push_back(At(line_, "unbalanced quotes: a ' closes none"));
    }
  }
  token->line = line_;
  token->text = {};
  if (at_ == text_.size()) {
    token->kind = Token::Kind::kEnd;
    return absl::OkStatus();
  }
  const char c = text_[at_];
  switch (c) {
    case '#':
      at_ = std::min(text_.find('\n', at_), text_.size());
      if (at_ == text_.size()) {
        token->kind = Token::Kind::kEnd;
        return absl::OkStatus();
      }
      [[fallthrough]];
    case '\n':
      at_++;
      line_++;
      token->kind = Token::Kind::kNewline;
      return absl::OkStatus();
    case '=':
      at_++;
      token->kind = Token::Kind::kEquals;
      return absl::OkStatus();
    case '%':
      at_++;
      token->kind = Token::Kind::kHeader;
      return absl::OkStatus();
    case '"':
      token->kind = Token::Kind::kString;
      return CString(token);
    case '`':
      token->kind = Token::Kind::kString;
      return M4String(token);
    case '.':
      if (at_ + 1 == text_.size() || IsSpace(text_[at_ + 1]) ||
          text_[at_ + 1] == '#') {
        at_++;
        token->kind = Token::Kind::kUnset;
        return absl::OkStatus();
      }
      break;
  }
  const size_t begin = at_;
  bool is_name = IsNameStart(c);
  while (at_ < text_.size() && text_[at_] != '=' && !IsSpace(text_[at_])) {
    is_name = is_name && IsNameByte(text_[at_]);
    at_++;
  }
  token->kind = Token::Kind::kWord;
  token->text = text_.substr(begin, at_ - begin);
  token->is_name = is_name;
  return absl::OkStatus();
}

}  // namespace hosts
