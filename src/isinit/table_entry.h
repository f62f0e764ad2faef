// One line of five fields. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "isinit/table.h"
#include "isinit/table_lines.h"

namespace isinit {

// KEY or KEY=VALUE, and the line it stands in.
struct AttributeWord {
  int line = 0;
  std::string text;
};

// Without its attributes, which are large.
struct EntryLine {
  int line = 0;
  std::string group, tag;
  Levels levels = {};
  Mode mode = Mode::kOff;
  std::string command = {};
  std::vector<AttributeWord> words = {};  // behind the mode
  bool good = true;                       // else something in it is an error
};

// `fields` are five. Of a line that is not good, group and tag are as far as
// they are names.
EntryLine ReadEntryLine(int line, const std::vector<absl::string_view>& fields,
                        Problems& problems);

// What an entry with its attributes says that has no meaning, or no sense;
// what is the default of all need not have one for it. False: it cannot be run
// so.
bool CheckEntry(const Entry& entry, const Attributes& defaults,
                Problems& problems);

}  // namespace isinit
