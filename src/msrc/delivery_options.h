// The options by which the built-in transport delivers.
#pragma once

#include <absl/status/statusor.h>

#include <array>

#include "cli/applet.h"
#include "msrc/shared_delivery.h"

namespace msrc {

inline constexpr auto kDeliveryOptions = std::to_array<cli::Option>({
    {0, "attach", "[RUN]", "print what a utility with --detach has written"},
    {0, "batch", "N", "so many hosts, or N%, before the next ones start"},
    {0, "bootstrap", "", "only put the receiver on every host"},
    {0, "bundle", "FILE", "write it for one host, to be carried by hand"},
    {0, "canary", "N", "first so many hosts alone; if one fails, that is all"},
    {0, "check", "", "only compare: write nothing, run nothing"},
    {0, "connect-timeout", "TIME", "for a connection (30s)"},
    {0, "detach", "", "leave the utility running; see --attach"},
    {0, "diff", "", "show what changes in text files, equal changes once"},
    {0, "force", "", "a file takes the place of an empty folder, and so on"},
    {0, "history", "[N]", "list the last runs", "", "20"},
    {0, "identity", "FILE", "the key to sign with"},
    {0, "links", "keep|follow", "send links as links, or what they lead to"},
    {0, "lock-wait", "TIME", "wait for another run to the same INTO (60s)"},
    {0, "max-fail", "N", "start no more hosts after so many failures, or N%"},
    {0, "max-prune", "N", "--prune=all removes at most so many (25)"},
    {0, "mux", "", "keep connections for some minutes, for the next run"},
    {0, "no-cache", "", "leave no receiver on the hosts"},
    {0, "no-sync", "", "do not wait until files are on the disk"},
    {0, "owner", "WHO", "source, or NAME:GROUP for all files"},
    {0, "prune", "[all]", "remove what earlier runs sent; or all else", "",
     "sent"},
    {0, "relay", "HOST[,HOST]", "let these hosts call the others, in turns"},
    {0, "relay-ssh", "WORDS", "how the relays are called (ssh)"},
    {0, "report", "json", "a line of JSON for each host"},
    {0, "resume", "[RUN]", "the hosts that a run has not done; the last one"},
    {0, "retry-failed", "[RUN]", "the hosts that failed in a run"},
    {0, "setid", "", "keep set-id bits"},
    {0, "swap", "", "put a complete new folder in the place of the old one"},
    {0, "times", "", "set the times of files that are the same, too"},
    {0, "tty", "", "the utility has our terminal; for one host"},
    {0, "valid", "TIME", "a bundle is good for so long (30d)"},
});

template <size_t kMore>
consteval auto WithDeliveryOptions(std::array<cli::Option, kMore> more) {
  std::array<cli::Option, kMore + kDeliveryOptions.size()> all{};
  size_t at = 0;
  for (const cli::Option& o : more) all[at++] = o;
  for (const cli::Option& o : kDeliveryOptions) all[at++] = o;
  return all;
}

// UsageError, or exit code 64, for what cannot be.
absl::StatusOr<DeliveryOptions> ReadDeliveryOptions(const cli::Call& call);

// The first option of a line that would make a difference to what is done on a
// host, if its transport were the built-in one: whoever has another must not
// think that it is heeded. "" for none.
std::string DeliveryOptionOf(const cli::Call& call);

}  // namespace msrc
