// What the command line of oue asks for, as text, and what that means.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oue/filter.h"

namespace oue {

struct Options {
  std::vector<std::string> files = {};  // none is standard input, as "-"
  std::optional<std::string> key = {}, report = {}, memory = {}, replay = {},
                             first = {}, every = {}, extract = {};
  std::optional<std::string> prev = {}, state = {};  // paths
  std::string pad = "";
  size_t lines = 1;  // of an element
  char escape = '%';
  bool nul = false;  // lines end with a NUL
  bool count = false, last = false, squeeze = false, json = false;
  std::optional<int64_t> many = {};
  bool include_prev = false, only_prev = false;
  bool lock = true;
  bool utf8 = false;

  char terminator() const { return nul ? '\0' : '\n'; }
};

// With the defaults of what was not given. InvalidArgument, with the option in
// front, for a markup that is wrong.
absl::StatusOr<FilterOptions> ReadOptions(const Options& options);

// What markups stand for, for people.
extern const absl::string_view kMarkupHelp;

}  // namespace oue
