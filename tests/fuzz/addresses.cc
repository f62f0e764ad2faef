// Addresses, one and several, and what a far host says of itself: whatever the
// bytes, no crash; what is an address is the same when it is printed and read
// again; what is split loses nothing but blanks.
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>

#include "base/status.h"
#include "mcfeely/bootstrap.h"
#include "mcfeely/server_choice.h"
#include "net/address.h"

namespace {

std::string WithoutBlanks(absl::string_view text) {
  std::string rest;
  for (const char c : text) {
    if (!absl::ascii_isspace(c)) rest += c;
  }
  return rest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> several = net::SplitAddresses(text);
  std::string joined;
  for (size_t i = 0; i < several.size(); i++) {
    MUST(!several[i].empty());
    MUST(i == 0 || net::HasCarrier(several[i]));
    joined += several[i];
    const auto address = net::ParseAddress(several[i]);
    if (!address.ok()) continue;
    const auto again = net::ParseAddress(net::FormatAddress(*address));
    MUST(again.ok() && again->carrier == address->carrier &&
         again->path == address->path && again->host == address->host &&
         again->port == address->port && again->user == address->user);
  }
  MUST(WithoutBlanks(joined) == WithoutBlanks(text));
  if (const auto platform = mcfeely::AbsentOn(text)) {
    MUST(platform->size() <= size && absl::StrContains(text, *platform));
    MUST(!absl::StrContains(*platform, '\n'));
  }
  // Which one is called next is one of them, whatever has happened to them.
  if (size == 0) return 0;
  const size_t servers = data[0] % 8 + 1;
  mcfeely::ServerChoice choice(servers, absl::Seconds(1), absl::Minutes(1));
  absl::Time now = absl::UnixEpoch();
  for (const char c : text) {
    const size_t server = static_cast<uint8_t>(c) % servers;
    now += absl::Milliseconds(static_cast<uint8_t>(c));
    if ((c & 0x40) != 0) {
      choice.Reached(server);
    } else {
      choice.Failed(server, (c & 0x3f) / 64.0, now);
    }
    const auto next = choice.Choose(now);
    MUST(next.server < servers && next.when <= now + absl::Minutes(1));
  }
  return 0;
}
