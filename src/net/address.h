// Where a channel goes: "unix:/path", "tcp:host:port", "tcp:[::1]:port",
// "ssh:[user@]host". Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace net {

struct Address {
  enum class Carrier { kUnix, kTcp, kSsh };
  Carrier carrier = Carrier::kUnix;
  std::string path;  // kUnix
  std::string host;  // kTcp: name or number; empty: every address (listening)
  int port = 0;      // kTcp; 7577 when not written
  std::string user;  // kSsh; may be empty
};

// InvalidArgument. Hosts and users of ssh: may not begin with '-' (they become
// words of ssh's command line).
absl::StatusOr<Address> ParseAddress(absl::string_view text);
std::string FormatAddress(const Address& address);
// Whether it begins with a carrier, as every address does: "tcp:", "unix:" or
// "ssh:".
bool HasCarrier(absl::string_view text);
// Several addresses in one text: a blank ends one where the next begins.
std::vector<std::string> SplitAddresses(absl::string_view text);

}  // namespace net
