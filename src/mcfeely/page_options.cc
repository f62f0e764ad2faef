#include "mcfeely/page_options.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <vector>

#include "base/bytes.h"
#include "net/address.h"

namespace mcfeely {

absl::StatusOr<std::pair<std::string, int>> ParsePageAddress(
    absl::string_view text) {
  const absl::StatusOr<net::Address> address =
      net::ParseAddress(absl::StrCat("tcp:", text));
  if (!address.ok() || address->host.empty() ||
      !absl::EndsWith(text, absl::StrCat(":", address->port))) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", base::Escape(text),
                     "' is not an address and a port, as 127.0.0.1:8080"));
  }
  return std::make_pair(address->host, address->port);
}

bool IsLoopback(absl::string_view host) {
  // As the browser reads it: a number of four parts, not "127.example.com".
  if (absl::StartsWith(host, "127.")) {
    const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
    bool number = parts.size() == 4;
    for (const absl::string_view part : parts) {
      int value = 0;
      number = number && absl::SimpleAtoi(part, &value) && value >= 0 &&
               value <= 255;
    }
    return number;
  }
  return host == "::1" || absl::EqualsIgnoreCase(host, "localhost") ||
         absl::EndsWithIgnoreCase(host, ".localhost");
}

}  // namespace mcfeely
