// Takes requests of other hosts and has them carried out here: signed parcels
// of kind REQUEST, over channels (pcu-reboot --via).
//
// A key that the trust file lets sign in the name space power@fleetbox may have
// every action done. Each parcel counts once, and only for the host it names.
// A line that breaks interrupts what came by it: what has begun is brought to
// its end, the rest is left alone.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "power/relay_run.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace power {

class RelayServer {
 public:
  struct Options {
    std::string identity = {}, trust = {};  // files; "": the usual ones
    std::string host = {};  // our name: we are "host:NAME"; "": this host's
    RelayRun::Options run = {};
  };
  // The loop outlives it.
  RelayServer(sys::Loop& loop, Options options);
  ~RelayServer();
  RelayServer(const RelayServer&) = delete;

  // Without a key of the host's nobody can be listened to: NotFound,
  // PermissionDenied.
  absl::Status Listen(const std::string& address);
  // Somebody whom ssh has let in: a stream socket. Where there is a trust file,
  // that decides; else whoever may log in here may do what that account may.
  // `from` is where they come from, for logs and the journal.
  absl::Status AcceptSsh(sys::Fd socket, const std::string& from);

  // As they can be called: with the ports that were picked.
  std::vector<std::string> addresses() const;
  // Nobody is connected and nothing is under way; called when that becomes so.
  bool is_idle() const;
  void SetIdle(std::function<void()> idle);
  // Of all that is under way: as a first and a second SIGINT.
  void Interrupt();
  void Abandon();
  // Takes nothing more, interrupts what is under way, and is `stopped` when all
  // of it has been told.
  void Stop(std::function<void()> stopped);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace power
