// The same request to many hosts: `isinit -H`. Each gets a signed parcel of its
// own, over ssh or a channel it listens for, and answers for itself.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

#include "wire/messages.pb.h"

namespace isinit {

struct FleetHost {
  std::string name;     // its principal is "host:NAME"
  std::string address;  // "ssh:web1", "tcp:web1:7577"
};
// "web1,ops@web2,tcp:web3:7000,web4=tcp:10.0.0.4:7577,@FILE": each item is a
// name (reached by ssh), an address, or NAME=ADDRESS; a file has an item a
// line, and comments behind '#'. NotFound for a file that is not there.
absl::StatusOr<std::vector<FleetHost>> ParseFleet(absl::string_view text);

// "3" or "10%" of so many hosts, at least one.
absl::StatusOr<size_t> ParseBatch(absl::string_view text, size_t hosts);

struct FleetOptions {
  std::string identity, trust;  // files; "": the usual ones
  size_t batch = 0;             // hosts at a time; 0: all
  size_t stop_on_fail = 0;      // after so many failures; 0: never
  absl::Duration patience = absl::Seconds(30);  // of each host
};

// What became of one host. `code` is an exit code; 69 when it could not be
// asked, and 75 when it did not answer in time: then it is not known whether
// what was asked for is done.
struct FleetOutcome {
  int code = 0;
  std::string text;
  std::vector<fleetbox::wire::IsinitAnswer> answers;
  bool asked = false;  // else an earlier failure ended the run
};

// Asks all and returns what each said, in the order of `hosts`; `ended` is
// called for each as it comes in.
absl::StatusOr<std::vector<FleetOutcome>> AskFleet(
    const std::vector<FleetHost>& hosts,
    const fleetbox::wire::IsinitRequest& request, const FleetOptions& options,
    const std::function<void(size_t host, const FleetOutcome&)>& ended);

// The exit code for all: 0 when every one is, else the highest.
int WorstCode(const std::vector<FleetOutcome>& outcomes);

}  // namespace isinit
