// What becomes of each name in a folder. Pure.
//
// Five of the macros hold names: SEND (copied as they are), MAP (expanded for
// each host), SUBDIR (made, and not entered), HXINCLUDE (read for options) and
// IGNORE (left alone). A word "." locks a macro: nothing is added to it. A word
// "+++" opens it: names that nobody has are added behind its own. A macro is
// filled when it is open, or when it is neither locked nor has words; else it
// is as the recipe has it.
//
// For each name, in the order of its bytes:
//
//   already in MAP, SEND or IGNORE              stays there
//   a folder of revisions (RCS, .git, ...)      is not there
//   a folder in SUBDIR                          stays there
//   a folder NAME.host                          MAP, else as any folder
//   a folder                                    SUBDIR, else IGNORE
//   neither file nor folder                     IGNORE
//   NAME.host                                   MAP
//   *.hxmd                                      HXINCLUDE
//   anything else                               the first that was opened by a
//                                               word, of MAP, SEND, IGNORE;
//                                               else SEND, IGNORE, MAP
//
// each if that macro is filled. What MAP makes goes by a name of its own, and a
// plain file of that name must not be sent over it: these names are ignored.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <array>
#include <string>
#include <vector>

#include "msrc/macros.h"

namespace msrc {

struct FolderEntry {
  enum class Kind { kFile, kFolder, kOther, kDangling };
  std::string name;
  Kind kind = Kind::kFile;
};

// How a macro came by its words.
enum class How { kMake, kMakeOpen, kMakeLocked, kGenerated, kEmpty };
absl::string_view NameOf(How how);  // "make open"

struct MacroState {
  How how = How::kEmpty;
  std::vector<std::string> words;  // without "." and "+++"
};

// A file: what it is here, and what it is called there.
struct Placed {
  std::string source, target;
  bool operator==(const Placed&) const = default;
};

struct Sorted {
  MacroState& operator[](Macro macro) {
    return states[static_cast<size_t>(macro)];
  }
  const MacroState& operator[](Macro macro) const {
    return states[static_cast<size_t>(macro)];
  }
  std::array<MacroState, kMacros> states;  // INTO and MODE only as given
  std::vector<Placed> send, map;
  std::vector<std::string> notes;  // what a person should look at
};

// InvalidArgument: two sources have one target. ResourceExhausted.
absl::StatusOr<Sorted> SortNames(const MacroWords& words,
                                 absl::Span<const FolderEntry> folder);

// What a source is called there: what stands behind the last "/./"; else the
// path without "../" in front of it, and without "/".
std::string TargetOf(absl::string_view source);
// The same of MAP, where a ".host" at the end goes, too.
std::string MapTargetOf(absl::string_view source);

// Whether a target is inside of the folder it is made for.
bool IsInside(absl::string_view target);

}  // namespace msrc
