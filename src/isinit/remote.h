// Requests from other hosts: signed parcels of kind TELL, over channels.
//
// A key that is trusted for tell@fleetbox may ask for everything but what ends
// the server or the machine; a table is taken only from one that is trusted for
// bundle@fleetbox as well, since what stands in it is run. Each parcel counts
// once, and only for the host it was sent to.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "isinit/control.h"
#include "sys/loop.h"
#include "wire/messages.pb.h"

namespace isinit {

struct RemoteOptions {
  std::vector<std::string> listen;  // addresses
  std::string identity, trust;      // files; "": the usual ones
  std::string host;                 // our name: we are "host:NAME"
};

class Remote {
 public:
  // The clients' numbers are from this on: the others are Control's.
  static constexpr uint64_t kFirstClient = uint64_t{1} << 63;

  static absl::StatusOr<std::unique_ptr<Remote>> Open(sys::Loop& loop,
                                                      RemoteOptions options,
                                                      Control::Events events);
  ~Remote();

  void Answer(uint64_t client, const fleetbox::wire::IsinitAnswer& answer);
  // As they can be called: with the ports that were picked.
  std::vector<std::string> addresses() const;

 private:
  Remote();
  struct State;
  std::unique_ptr<State> state_;
};

// Whether this may be asked for from another host at all.
absl::Status MayBeRemote(const fleetbox::wire::IsinitRequest& request);

}  // namespace isinit
