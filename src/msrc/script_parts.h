// Pieces of the scripts, in m4 source. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

#include "msrc/m4_text.h"
#include "msrc/script.h"

namespace msrc {

// [login@]host, as m4 calls.
std::string CredentialCall(const ScriptNames& names);
// The path of what was made of an operand: HXMD_2, not expanded again.
std::string OperandCall(const ScriptNames& names, size_t operand);
// `NAME` on a line of its own, where it is defined.
void AddHook(absl::string_view name, M4Text& script);
// Diversions 0 and 1. `folder` is shell text for ${1}.
void AddBeginning(const ScriptOrder& order, absl::string_view folder,
                  absl::string_view mode, M4Text& script);
void AddEnd(M4Text& script);

// A path that no program takes for an option.
std::string SafePath(absl::string_view path);
std::string ShellPath(absl::string_view path);  // the same as a shell's word
// "a/b" of "a/b/c"; "" of "c".
absl::string_view FolderOf(absl::string_view path);

}  // namespace msrc
