// What the kernel's command line asks of us (bootparam(7): words the kernel
// does not know go to init). Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

namespace isinit {

struct KernelWords {
  bool rescue = false;  // "single", "rescue", "S", "1": a shell comes first
  std::string group, level;  // isinit.group=, isinit.level=: the first tell
  std::string table;         // isinit.table=PATH
};
// Quoted words are taken as the kernel takes them: "..." keeps blanks.
KernelWords ReadKernelWords(absl::string_view command_line);

}  // namespace isinit
