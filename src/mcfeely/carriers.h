// The channels a server opens to hosts: calls, hang-ups and the copying of our
// executable, around CarrierPlan, which decides (carrier_plan.h).
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mcfeely/config.h"
#include "net/channel.h"
#include "sys/loop.h"

namespace mcfeely {

// What the owner does; called on the loop, never before Make has returned.
struct CarrierEvents {
  // For each channel of a call. Its `closed` is called only once the owner has
  // the channel.
  std::function<net::ChannelEvents(const std::string& host)> made;
  // Hands over the channel to this host, right before its `opened` event. The
  // owner says Ended when it is over.
  std::function<void(const std::string& host, std::unique_ptr<net::Channel>)>
      opened;
  std::function<void(const std::string& host, const std::string& why,
                     absl::Time again, bool refused)>
      away;
  std::function<bool(const std::string& host)> has_work;
};

class Carriers {
 public:
  // Begins calling the hosts of config.carriers that are kept. `options` serve
  // every channel. InvalidArgument for an address that is none.
  static absl::StatusOr<std::unique_ptr<Carriers>> Make(
      sys::Loop& loop, const ServerConfig& config, net::ChannelOptions options,
      CarrierEvents events);
  ~Carriers();  // ends calls and copies; channels handed over are the owner's

  // It may have something to do now.
  void Wanted(const std::string& host);
  void Announced(const std::string& host);
  // The channel handed over for this host has ended; to be told before it is
  // deleted.
  void Ended(const std::string& host, const absl::Status& why);
  // No more calls; those under way are given up.
  void Stop();

 private:
  Carriers();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcfeely
