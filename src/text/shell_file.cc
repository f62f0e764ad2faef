#include "text/shell_file.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "text/words.h"

namespace text {
namespace {

// Of a file, in one printf: not every shell has it built in, and then the
// kernel bounds a word (MAX_ARG_STRLEN, 128 KiB).
constexpr size_t kPiece = 8192;

std::string HereDocument(absl::string_view path, absl::string_view lines) {
  std::string end = "!";
  while (absl::StrContains(absl::StrCat("\n", lines),
                           absl::StrCat("\n", end, "\n"))) {
    end += "!";
  }
  return absl::StrCat("cat <<\\", end, " >", path, "\n", lines, end, "\n");
}

void AppendEscaped(std::string* to, char c) {
  if (c == '\n') {
    absl::StrAppend(to, "\\n");
  } else if (c == '%') {
    absl::StrAppend(to, "%%");
  } else if (c == '\\' || c == '\'' ||
             !absl::ascii_isprint(static_cast<unsigned char>(c))) {
    absl::StrAppendFormat(to, "\\%03o", static_cast<unsigned char>(c));
  } else {
    to->push_back(c);
  }
}

std::string Escapes(absl::string_view path, absl::string_view bytes) {
  std::string text = "{\n";
  for (size_t at = 0; at < bytes.size(); at += kPiece) {
    // Whatever it begins with: not an option.
    absl::StrAppendFormat(&text, "  printf '\\%03o",
                          static_cast<unsigned char>(bytes[at]));
    for (char c : bytes.substr(at + 1, kPiece - 1)) AppendEscaped(&text, c);
    text += "'\n";
  }
  return absl::StrCat(text, "} >", path, "\n");
}

}  // namespace

std::string ShellFile(absl::string_view path, absl::string_view bytes,
                      int mode) {
  const std::string word = QuoteWord(path);
  const bool lines = !bytes.empty() && bytes.back() == '\n' &&
                     !absl::StrContains(bytes, absl::string_view("\0", 1));
  return absl::StrCat(bytes.empty() ? absl::StrCat(": >", word, "\n")
                      : lines       ? HereDocument(word, bytes)
                                    : Escapes(word, bytes),
                      absl::StrFormat("chmod %o %s\n", mode, word));
}

}  // namespace text
