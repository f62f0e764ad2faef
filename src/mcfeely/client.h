// Talking to a server as a person or a program does: handing in jobs, asking
// how things stand, following a job to its end. Blocks; runs a loop of its own.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/frame.h"
#include "wire/messages.pb.h"
#include "wire/parcel.h"

namespace mcfeely {

struct ClientConfig {
  std::string server;  // addresses, with blanks between; tried in turn
  std::string server_principal = "server:mcfeely";
  std::string identity, trust;  // files; "": the usual ones
  // How long to go on trying while the server cannot be reached or the
  // connection breaks.
  absl::Duration patience = absl::Seconds(4);
};

// The addresses that are used when none is given, with blanks between:
// $MCFEELY_SERVER, then the "server" lines of /etc/fleetbox/client.conf, then
// unix:/run/fleetbox/mcfeely.sock.
std::string DefaultServer();
// Those of the command line, if any, as ClientConfig takes them.
std::string ServersOf(const std::vector<std::string>& given);

class Client {
 public:
  // Finds the identity; nothing is sent yet. For a unix: server a person
  // without any key gets one for this call: there the uid counts.
  static absl::StatusOr<std::unique_ptr<Client>> Make(ClientConfig config);
  ~Client();

  // A job as a signed parcel; it can be given to Deliver as often as one likes
  // and makes one job.
  absl::StatusOr<std::string> SealJob(const fleetbox::wire::Job& job) const;
  // Hands a parcel over and waits for what became of it. The number is the
  // job's. Unavailable: not now, or no answer (the same parcel may be tried
  // again); PermissionDenied: refused; InvalidArgument: the job is wrong.
  absl::StatusOr<uint64_t> Deliver(const std::string& parcel);
  // One question, one answer.
  absl::StatusOr<fleetbox::wire::Reply> Ask(const fleetbox::wire::Query& query);
  // An operator's verb; ok once what it did is stored. It is sent once:
  // Unavailable when the connection breaks leaves open whether it was done.
  absl::Status Operate(const fleetbox::wire::Control& control);
  // Calls `changed` with the job now and whenever it changes, and with null
  // about ten times a second for what moves by itself; until it has ended
  // (ok), `changed` returns false (Cancelled), or `longest` has passed
  // (DeadlineExceeded). Outlives a server that is restarted.
  absl::Status Follow(
      uint64_t job, absl::Duration longest,
      const std::function<bool(const fleetbox::wire::JobView*)>& changed);

 private:
  Client();
  absl::StatusOr<fleetbox::wire::Reply> Exchange(
      const std::function<absl::Status()>& send);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcfeely
