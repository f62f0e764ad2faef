// The operands of a command line: texts, files, and directories that stand for
// what a recipe makes.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <memory>
#include <string>
#include <vector>

#include "hosts/fleet.h"
#include "hosts/search.h"
#include "hosts/work_folder.h"

namespace hosts {

struct Operand {
  enum class Kind { kText, kFile, kCache };
  Kind kind = Kind::kText;
  std::string given;  // as on the command line
  // What is expanded: the text, the file's content, or the recipe.
  std::shared_ptr<const std::string> content;
  std::string source;       // its name in messages and __file__
  FileLook look;            // of the file that is made of it
  bool executable = false;  // the source, by somebody
  std::string folder;       // kCache: where make runs
  std::string target;       // kCache: "" is the host's key
  // What the file made of it is called; "" is the target, of a cache whose
  // target depends on the host.
  std::string output_name;
};

inline constexpr absl::string_view kRecipeName = "Cache.m4";
inline constexpr absl::string_view kDefaultControl = "HX_CMD";

// What make is asked for: the last part of the operand, without leading dots,
// and without the last dot and what is behind it. "" if nothing is left.
std::string CacheTarget(absl::string_view operand);

// Finds and reads the operands. `literals` says which are texts: the first so
// many, or with a negative number the last. UsageError when that is more than
// there are; NotFound names every one that is missing, a line each.
absl::StatusOr<std::vector<Operand>> ReadOperands(
    absl::Span<const std::string> given, int literals, const Search& search,
    StandardInput& input);

}  // namespace hosts
