// Every byte of the command falls into one class; runs of plain bytes are taken
// whole, so that a look costs little more than reading the text.
#include "text/simple_command.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace text {
namespace {

enum class ByteClass : unsigned char {
  kShell,      // means something, or may mean something, to some shell
  kPlain,      // stands for itself
  kBlank,      // separates words
  kBackslash,  // quotes the next byte
  kSingle,
  kDouble,
};

using Classes = std::array<ByteClass, 256>;

// Bytes from 0x80 up are letters in UTF-8. In other character sets one may be a
// blank, or the first half of a character whose second half looks like a
// backslash.
constexpr Classes MakeClasses(bool utf8) {
  Classes classes = {};
  for (int c = 0; c < 256; c++) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                       (c >= 'a' && c <= 'z');
    if (alnum || (c >= 0x80 && utf8)) classes[c] = ByteClass::kPlain;
  }
  for (char c : {'_', '-', '.', '/', ':', ',', '+', '@', '%', '='}) {
    classes[static_cast<unsigned char>(c)] = ByteClass::kPlain;
  }
  classes[' '] = classes['\t'] = ByteClass::kBlank;
  classes['\\'] = ByteClass::kBackslash;
  classes['\''] = ByteClass::kSingle;
  classes['"'] = ByteClass::kDouble;
  return classes;
}
constexpr Classes kUtf8Classes = MakeClasses(true);
constexpr Classes kOtherClasses = MakeClasses(false);

bool IsHigh(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// Reserved words, built-ins and preset aliases of dash, bash, ksh93, mksh and
// BusyBox ash, sorted. cat, getconf, nohup, sleep and the like, which some Korn
// shells have built in, are not among them: they do what the programs do.
constexpr absl::string_view kShellNames[] = {
    "!",       ".",         ":",        "[",        "[[",        "]]",
    "alarm",   "alias",     "autoload", "bg",       "bind",      "break",
    "builtin", "caller",    "case",     "cd",       "chdir",     "command",
    "compgen", "complete",  "compopt",  "compound", "continue",  "coproc",
    "declare", "dirs",      "disown",   "do",       "done",      "echo",
    "elif",    "else",      "enable",   "enum",     "esac",      "eval",
    "exec",    "exit",      "export",   "false",    "fc",        "fg",
    "fi",      "float",     "for",      "function", "functions", "getopts",
    "global",  "hash",      "help",     "hist",     "history",   "if",
    "in",      "integer",   "jobs",     "kill",     "let",       "local",
    "login",   "logout",    "mapfile",  "nameref",  "namespace", "newgrp",
    "popd",    "print",     "printf",   "pushd",    "pwd",       "r",
    "read",    "readarray", "readonly", "redirect", "rename",    "return",
    "select",  "set",       "shift",    "shopt",    "source",    "stop",
    "suspend", "test",      "then",     "time",     "times",     "trap",
    "true",    "type",      "typeset",  "ulimit",   "umask",     "unalias",
    "unset",   "until",     "wait",     "whence",   "while",     "{",
    "}",
};
static_assert(std::is_sorted(std::begin(kShellNames), std::end(kShellNames)));

// How much of a word was quoted.
enum class Quoted { kNothing, kAll, kPart };

struct Word {
  std::string text;
  Quoted quoted = Quoted::kNothing;
};

class Scanner {
 public:
  Scanner(absl::string_view text, bool utf8)
      : text_(text),
        classes_(utf8 ? kUtf8Classes : kOtherClasses),
        utf8_(utf8) {}

  // Whether there is another word.
  bool SkipBlanks() {
    while (at_ < text_.size() && ClassOf(text_[at_]) == ByteClass::kBlank) {
      at_++;
    }
    return at_ < text_.size();
  }

  // The word that begins here; false when only a shell can tell what it is.
  bool Next(Word& word) {
    int sections = 0;  // quoted ones
    bool plain = false;
    while (at_ < text_.size()) {
      switch (ClassOf(text_[at_])) {
        case ByteClass::kShell:
          return false;
        case ByteClass::kBlank:
          Judge(sections, plain, word);
          return true;
        case ByteClass::kPlain: {
          const size_t end = EndOfPlain();
          word.text.append(text_.data() + at_, end - at_);
          at_ = end;
          plain = true;
          break;
        }
        case ByteClass::kBackslash:
          if (!TakeBackslash(word.text)) return false;
          // One quoted byte is not the whole word, or no word worth a thought.
          sections++;
          plain = true;
          break;
        case ByteClass::kSingle:
          if (!TakeSingle(word.text)) return false;
          sections++;
          break;
        case ByteClass::kDouble:
          if (!TakeDouble(word.text)) return false;
          sections++;
          break;
      }
    }
    Judge(sections, plain, word);
    return true;
  }

 private:
  static void Judge(int sections, bool plain, Word& word) {
    word.quoted = sections == 0             ? Quoted::kNothing
                  : sections == 1 && !plain ? Quoted::kAll
                                            : Quoted::kPart;
  }

  ByteClass ClassOf(char c) const {
    return classes_[static_cast<unsigned char>(c)];
  }
  // Where the run of plain bytes ends that begins here. Over pointers, since
  // nearly all of the time is spent in this line.
  size_t EndOfPlain() const {
    const char* p = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    while (p < end && ClassOf(*p) == ByteClass::kPlain) p++;
    return p - text_.data();
  }

  bool TakeBackslash(std::string& out) {
    // Before a newline it joins lines; at the end shells do not agree.
    if (at_ + 1 == text_.size()) return false;
    const char next = text_[at_ + 1];
    if (next == '\n' || next == '\0' || (IsHigh(next) && !utf8_)) return false;
    out += next;
    at_ += 2;
    return true;
  }

  bool TakeSingle(std::string& out) {
    const size_t end = text_.find('\'', at_ + 1);
    if (end == absl::string_view::npos) return false;
    const absl::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    if (inside.find('\0') != absl::string_view::npos) return false;
    out.append(inside.data(), inside.size());
    at_ = end + 1;
    return true;
  }

  bool TakeDouble(std::string& out) {
    for (size_t i = at_ + 1; i < text_.size(); i++) {
      const char c = text_[i];
      if (c == '"') {
        at_ = i + 1;
        return true;
      }
      if (c == '\0' || c == '$' || c == '`' || c == '!') return false;
      if (IsHigh(c) && !utf8_) return false;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (++i == text_.size()) return false;
      const char next = text_[i];
      if (next == '\n' || next == '\0') return false;
      if (next != '"' && next != '\\' && next != '$' && next != '`') {
        if (IsHigh(next) && !utf8_) return false;
        out += c;
      }
      out += next;
    }
    return false;  // never closed
  }

  const absl::string_view text_;
  const Classes& classes_;
  const bool utf8_;
  size_t at_ = 0;
};

// Whether every shell looks for a program of that name; with `any_name`,
// whether it is one at all.
bool NamesProgram(const Word& word, bool any_name) {
  if (word.text.empty()) return false;
  if (word.quoted == Quoted::kNothing &&
      word.text.find('=') != std::string::npos) {
    return false;  // an assignment
  }
  if (any_name) return true;
  if (word.quoted == Quoted::kPart) return false;
  // "%1" is a job; "-x" and "+x" behind `sh -c` or `exec` are options.
  const char first = word.text[0];
  if (first == '%' || first == '-' || first == '+') return false;
  return !std::binary_search(std::begin(kShellNames), std::end(kShellNames),
                             absl::string_view(word.text));
}

}  // namespace

std::optional<std::vector<std::string>> SimpleCommand(absl::string_view command,
                                                      bool utf8,
                                                      bool any_name) {
  Scanner scanner(command, utf8);
  std::vector<std::string> words;
  bool stripped = false;
  while (scanner.SkipBlanks()) {
    Word word;
    if (!scanner.Next(word)) return std::nullopt;
    if (words.empty()) {
      // Only once: `exec exec ls` looks for a program called exec.
      if (!stripped && word.text == "exec" && word.quoted == Quoted::kNothing) {
        stripped = true;
        continue;
      }
      if (!NamesProgram(word, any_name)) return std::nullopt;
    }
    words.push_back(std::move(word.text));
  }
  if (words.empty()) return std::nullopt;
  return words;
}

}  // namespace text
