// What efmd makes: all operands for all elected hosts in one m4 stream, in
// election order. What one host's text defines is there for the next; so totals
// can be made, and diversions sort.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hosts/operands.h"
#include "hosts/stream.h"
#include "hosts/work_folder.h"

namespace hosts {

struct ReportOrder {
  std::vector<size_t> elected;
  std::vector<Operand> operands;
  std::vector<std::string> headers;  // -T
  bool no_newline = false;           // -n
  std::function<void(absl::string_view)> print;
};

// The exit code: that of m4 if it is not 0; 1 when a cache could not be made
// for some host; with --strict 65 when a macro that a host lacks was left in
// the output as its name.
absl::StatusOr<int> MakeReport(const Streams& streams, WorkFolder& work,
                               const ReportOrder& order);

}  // namespace hosts
