// Where a folder goes (INTO), how (MODE), and what its options are (HXINCLUDE).
// Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace msrc {

struct Destination {
  std::string path;
  bool deduced = false;  // of the folder's own name
  bool home = false;     // the home folder of whoever logs in there
};

// `words` as the recipe has them, "." included; `folder` is ours.
// InvalidArgument for several words (a first one that begins with "_" makes
// them the message), and when nothing can be deduced.
absl::StatusOr<Destination> ChooseInto(absl::Span<const std::string> words,
                                       absl::string_view folder);

enum class Mode { kAuto, kLocal, kRemote };
absl::string_view NameOf(Mode mode);

// FailedPrecondition for what is no mode, and for several words.
absl::StatusOr<Mode> ReadMode(absl::Span<const std::string> words);
// What it comes to, under -l or without. FailedPrecondition.
absl::StatusOr<Mode> ChooseMode(Mode recipe, bool local);

// The text of all HXINCLUDE files as options: lines that begin with "#" vanish,
// a line "$NAME" is that variable, newlines become blanks. A text that is only
// "--" is empty.
std::string IncludeText(
    absl::Span<const std::string> files,
    const std::function<std::optional<absl::string_view>(absl::string_view)>&
        environment);

// -m: the target that reads the macros, and one to be made at the end.
struct Hook {
  std::string target;
  std::string post;  // "" for none
};
// `program` is what we were called as; `usual` is the target if -m says
// nothing.
Hook ReadHook(absl::Span<const std::string> values, absl::string_view program,
              absl::string_view usual);
std::string FormatHook(const Hook& hook);  // "__msrc:__clean"

}  // namespace msrc
