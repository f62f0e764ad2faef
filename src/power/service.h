// What the faces that stand in for other programs (powerman's server,
// fence_pcu, check_pcu) want of whoever looks after the hosts: the names there
// are, and one order for many hosts, whose results come one by one. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "power/plug_action.h"
#include "power/specification.h"

namespace power {

// A controller, for powerman's `device`.
struct ServiceDevice {
  enum class Link : uint8_t { kDisconnected, kConnecting, kConnected };
  std::string name, model;
  Link link = Link::kDisconnected;
  int64_t reconnects = 0;  // connections after the first one
  int64_t actions = 0;     // that succeeded
  std::vector<std::string> hosts = {};
};

// Which hosts there are. What is borrowed lives until the inventory changes.
class Directory {
 public:
  virtual ~Directory() = default;
  virtual const std::vector<std::string>& Hosts() const = 0;  // in its order
  virtual bool HasHost(absl::string_view name) const = 0;
  // The hosts of a group or alias; null when there is none of that name.
  virtual const std::vector<std::string>* Group(
      absl::string_view name) const = 0;
  virtual std::vector<ServiceDevice> Devices() const = 0;
  // Whether the controllers of all of these have a way to do that.
  virtual bool Can(Verb verb, const std::vector<std::string>& hosts) const = 0;
};

struct ServiceOrder {
  // kStatus, kStatusTemp, kStatusBeacon, kOn, kOff, kCycle, kReset, kBeaconOn,
  // kBeaconOff or kVerify.
  Verb verb = Verb::kStatus;
  std::vector<std::string> hosts = {};  // that there are, each once
  // Where they are not given, the inventory's.
  std::optional<absl::Duration> connect_timeout = {}, step_timeout = {},
                                state_timeout = {}, off_time = {};
  bool native_cycle = false;  // the device's own, even if its model is unsafe
  bool wait = true;           // for the state; a cycle waits for its off anyway
  // Not even where the model calls the device's own cycle safe: off has to be
  // read back.
  bool no_native_cycle = false;
  bool telemetry = false;  // tell what is sent and received
  std::string who = {};    // for the journal: "powerman", "fence_pcu"
};

struct ServiceResult {
  size_t place = 0;  // of the host in the order
  std::string host = {};
  std::string device = {};  // its controller; of several, the one that matters
  // Of a kStatusBeacon, `after` is the beacon's state. One with neither outcome
  // nor failure was not tried; the remark says why.
  PlugResult result = {};
  std::string value = {};  // of a kStatusTemp: the device's words
};

class Service : public Directory {
 public:
  using Ticket = uint64_t;
  struct Events {
    std::function<void(const ServiceResult& result)> result =
        {};  // one for each host
    // After the last result. Neither is called from within Start.
    std::function<void()> ended = {};
    // powerman's words for what is said to a device and what it says, a line,
    // without secrets: "send(pdu1): 'on 3\n'". Only if that was asked for.
    std::function<void(absl::string_view line)> telemetry = {};
  };
  virtual Ticket Start(ServiceOrder order, Events events) = 0;
  // Nobody listens any more, and no event comes. What switches goes on to its
  // end; harmless for what has ended.
  virtual void Abandon(Ticket ticket) = 0;
};

}  // namespace power
