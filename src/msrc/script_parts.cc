#include "msrc/script_parts.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "text/words.h"

namespace msrc {

using absl::string_view;

std::string CredentialCall(const ScriptNames& names) {
  const std::string host =
      names.key == "HOST"
          ? "HOST"
          : absl::StrCat("ifdef(`HOST',`HOST',`", names.key, "')");
  return absl::StrCat("ifdef(`ENTRY_LOGIN',`ENTRY_LOGIN@')", host);
}

std::string OperandCall(const ScriptNames& names, size_t operand) {
  return absl::StrCat("defn(`", names.prefix, operand, "')");
}

void AddHook(string_view name, M4Text& script) {
  script.Call(absl::StrCat("ifdef(`", name, "',`", name, "\n')dnl\n"));
}

void AddBeginning(const ScriptOrder& order, string_view folder,
                  string_view mode, M4Text& script) {
  script.Text("#!/bin/sh\n").Dnl().Divert("1");
  script
      .Text(absl::StrCat("set -- ", folder, " ", text::QuoteWord(order.recipe),
                         " ", mode, " \""))
      .Call(CredentialCall(order.names))
      .Text(absl::StrCat("\" ", text::QuoteWord(order.into), " \"$@\"\n"));
  script.Call(
      absl::StrCat("ifdef(`INCLUDE_CMD',`INCLUDE_CMD(`", mode, "')\n')dnl\n"));
}

void AddEnd(M4Text& script) {
  script.Divert("9");
  AddHook("POST_CMD", script);
  script.Divert("0");
}

std::string SafePath(string_view path) {
  return absl::StrCat(absl::StartsWith(path, "-") ? "./" : "", path);
}

std::string ShellPath(string_view path) {
  return text::QuoteWord(SafePath(path));
}

string_view FolderOf(string_view path) {
  const size_t slash = path.rfind('/');
  return slash == string_view::npos ? "" : path.substr(0, slash);
}

std::string CommandText(const Utility& utility) {
  if (utility.argv) return text::JoinWords(utility.words);
  return absl::StrJoin(utility.words, " ");
}

}  // namespace msrc
