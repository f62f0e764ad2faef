// The dicer proper: parts of a value, between separators. It is what stands
// behind the reference in %[1/$].
//
//   chops    = { sep select }
//   sep      = blank | "\" any | any      ; blank, digits, "]", "\" need the
//   "\" select   = [ "-" ] [ number | "$" ] | "@" chops-of-each
//
// The value is split at every separator. `select` keeps one field or, with "-",
// removes one and keeps the rest as it was; the next pair is applied to the
// result. Of /usr/lib/a.so.1,
//
//   /$       keeps the last field:                        a.so.1
//   /$.-$    and of that removes the last between dots:   a.so
//   /-2      removes field 2 (1 is empty):                /lib/a.so.1
//   /@.1     keeps what is before a dot, of each field:   /usr/lib/a
//
// Fields count from 1; no number and 0 are 1, "$" is the last. A field past the
// end is empty, and removing it changes nothing. A field is removed with the
// separator behind it, the last one with that before it; the only one stays.
//
// A blank as separator is any run of white space (blank, tab, newline, CR, VT,
// FF); a tab is a tab. A run at the front has an empty field 1 before it, a run
// at the end no field behind it. Removing takes one character of the run.
//
// "@" applies all pairs behind it to each field and joins the results with the
// separator, white space with one blank. Empty fields at the end are left out.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "text/template_scanner.h"

namespace text {

// One pair.
struct Chop {
  enum class Select : char { kKeep, kRemove, kEach };
  static constexpr size_t kLast = SIZE_MAX;

  absl::string_view separator;  // of the template; empty is white space
  Select select = Select::kKeep;
  size_t field = 1;  // from 1, or kLast
};

// Takes pairs up to and with the "]". InvalidArgument; also for more than
// base::kMaxTemplateDepth pairs.
absl::Status ReadChops(TemplateScanner& in, std::vector<Chop>* chops);

// A part of `value`, or of `scratch` where it had to be put together. Never
// longer than `value`.
absl::string_view Dice(absl::string_view value, absl::Span<const Chop> chops,
                       std::string* scratch);

}  // namespace text
