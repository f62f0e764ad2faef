// Where the page is served, and who may ask. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <utility>

namespace mcfeely {

struct PageOptions {
  std::string address;     // "HOST:PORT", "[::1]:PORT"; port 0 picks one
  std::string token_file;  // "": none, for a loopback address only
};

// "HOST:PORT" in its parts. InvalidArgument.
absl::StatusOr<std::pair<std::string, int>> ParsePageAddress(
    absl::string_view text);
// Whether what listens there, or a name a browser was given, is this host's own
// and nobody else's.
bool IsLoopback(absl::string_view host);

}  // namespace mcfeely
