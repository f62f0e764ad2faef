// The merged file of -o: what was joined of the elected hosts, as a host file
// again. Pure. Whatever the values hold, reading it gives them back.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "hosts/table.h"

namespace hosts {

// A macro of the command line (-D, -U), or how one is kept out of the file.
struct Definition {
  std::string name, value;
  bool undefine = false;
  bool secret = false;  // the name was given with ! or #
};

// `value` as it must stand in a host file.
std::string QuoteValue(absl::string_view value);

// `words` is what -o was given: names separated by blanks and tabs. A word may
// be several names with other characters between them: then it is one column
// of the values with these characters between them.
std::string MergedFile(const Table& table, absl::Span<const size_t> elected,
                       absl::string_view words,
                       absl::Span<const Definition> definitions);

}  // namespace hosts
