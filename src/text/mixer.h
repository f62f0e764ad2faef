// The mixer: characters of a value, by position. It is what stands behind the
// reference in %(1,5-8).
//
//   mixer    = { ( "," | blank | tab ) } [ chain { separators chain } ]
//   chain    = { group } { range | text }          ; at least one part
//   group    = "(" mixer ")"
//   range    = pos [ "-" pos ] | "*" | "~*"
//   pos      = number | "~" number | "$" | "~$"    ; right side also "*" = $
//   text     = '"' any but '"' '"' | "`" m4-quoted "'"
//
// Of 20260731,
//
//   5-6          characters 5 to 6:                             07
//   7-8,"/",5-6  chains are joined, their separators are not:   31/07
//   $-1          from the last to the first:                    13706202
//   (5-8)1-2     characters 1 to 2 of characters 5 to 8:        07
//   (5-8)1-2,1   a separator goes back to the whole value:      072
//
// Positions count from 1; 0 is 1, "$" the last, "~n" counts from the end (~0
// and ~1 are $), "~$" is the first, and so is what would be before it. What of
// a range is past the end is cut off. "*" is all, "~*" all of it backwards.
// Text within ` and ' may hold pairs of these, and then keeps them.
//
// A group's value takes the place of the value for the rest of its chain. It is
// the chain's own when nothing follows, not even another chain. An empty mixer
// changes nothing.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <string>
#include <vector>

#include "text/template_scanner.h"

namespace text {

class Mixer {
 public:
  // Takes a mixer and the ")" behind it. InvalidArgument; also for groups
  // nested deeper than base::kMaxTemplateDepth.
  static absl::Status Read(TemplateScanner& in, Mixer* mixer) {
    return mixer->Read(in, 1);
  }

  // Appends the mixed value. Positions are bytes, or under `utf8` characters
  // where the value (for what follows a group, the group's) is valid UTF-8.
  // InvalidArgument when it comes to more than base::kMaxTemplateBytes.
  absl::Status Append(absl::string_view value, bool utf8,
                      std::string* out) const;

 private:
  struct Position {
    size_t number = 1;  // from 1
    bool from_end = false;
  };
  struct Part {
    bool is_text = false;
    absl::string_view text;  // of the template
    Position from, to;
  };
  struct Chain {
    std::vector<Mixer> groups;
    std::vector<Part> parts;
  };
  class Characters;

  absl::Status Read(TemplateScanner& in, size_t depth);
  static absl::Status ReadChain(TemplateScanner& in, size_t depth,
                                Chain* chain);
  static absl::Status ReadPart(TemplateScanner& in, Part* part);
  static absl::Status ReadRange(TemplateScanner& in, Part* part);
  static absl::Status ReadPosition(TemplateScanner& in, Position* position);

  std::vector<Chain> chains_;
};

}  // namespace text
