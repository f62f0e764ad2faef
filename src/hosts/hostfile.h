// Reads host files, hostfile(5), into a table. Pure.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "hosts/table.h"

namespace hosts {

// What is worth a line on standard error, each "FILE:LINE: what".
struct Remarks {
  std::vector<std::string> warnings;
  bool want_missing = false;
  std::vector<std::string> missing;  // rows that lack columns; debug letter M
};

// One file of `joiner`, from BeginFile to EndFile. `file` is what messages call
// it. InvalidArgument for what is no host file, FailedPrecondition for a row
// with more values than columns; both begin "FILE:LINE: ".
absl::Status ReadHostFile(absl::string_view file, absl::string_view text,
                          FileKind kind, Joiner& joiner, Table& table,
                          Remarks& remarks);

}  // namespace hosts
