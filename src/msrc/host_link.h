// One exchange with one host, over an ssh of its own: carries out what
// msrc/exchange.h decides. Runs on a sys::Loop.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "msrc/content_feed.h"
#include "msrc/exchange.h"
#include "msrc/executables.h"
#include "msrc/own_terminal.h"
#include "sys/loop.h"
#include "wire/manifest.h"
#include "wire/messages.pb.h"
#include "wire/parcel.h"

namespace msrc {

// What one host gets besides what all get.
struct HostJob {
  std::string name;   // the attribute HOST
  std::string login;  // "": ssh decides
  std::vector<std::string> ssh = {"ssh"};
  std::string into;
  wire::Manifest own;
  ContentPlaces own_places;
  fleetbox::wire::Utility utility;
  enum class Runs { kNothing, kAtOnce, kAfterHooks } runs = Runs::kNothing;
  OwnTerminal* terminal = nullptr;  // borrowed: the utility has it; or none
  std::string input;                // a file for the utility to read; "": none
  std::shared_ptr<void> keep;       // what `own_places` names: the host's texts
};

// What all hosts get. Everything is borrowed, and outlives the links.
struct RunShared {
  std::string run;  // 16 bytes
  const wire::Manifest* manifest = nullptr;
  const wire::Signer* signer = nullptr;
  // None but this run knows the signer's key: no use where one must be known.
  bool ephemeral = false;
  SharedContents* contents = nullptr;
  Executables* executables = nullptr;
  fleetbox::wire::DeliveryPolicy policy;
  std::vector<std::string> receiver_arguments = {"--stdio"};
  bool no_cache = false;  // the receiver does not stay there
  bool bootstrap_only = false;
  bool attach = false;
  bool relay = false;  // nothing is delivered: it calls others
  ExchangeLimits limits;
  std::string mux_folder;  // private; "": none

  // Made by SealManifest: the manifest as a parcel; null when it is empty.
  std::shared_ptr<const std::string> parcel;  // others: channels, while sending
  std::string parcel_id, parcel_hash;
};
// ResourceExhausted for a manifest that is too large for a parcel.
absl::Status SealManifest(RunShared* shared);

// The words in front of ssh's own, for a control socket that later runs use,
// too.
std::vector<std::string> MuxOptions(const std::string& folder);

class Relays;

class HostLink {
 public:
  struct Events {
    // What the utility has written. Pause when it comes too fast.
    std::function<void(int stream, absl::string_view bytes)> output;
    // The delivery is applied: hooks may run now. Answer with UtilityIs. Only
    // for Runs::kAfterHooks.
    std::function<void()> ask_utility;
    // Of a relay (RunShared::relay): it is there, what it says, and that what
    // it was sent is on its way.
    std::function<void()> relay_ready = nullptr;
    std::function<void(absl::string_view)> relay_message = nullptr;
    std::function<void()> relay_drained = nullptr;
    // Once, at the end, and nothing after it; it may delete the link.
    std::function<void(const ExchangeResult&)> ended;
  };
  // Begins at once; nothing is called before this has returned. `job` is
  // borrowed. `fresh`: the receiver that is there is no good. `relays`, unless
  // null, call the host: that of its turn.
  static std::unique_ptr<HostLink> Start(
      sys::Loop& loop, const RunShared& shared, const HostJob& job, bool fresh,
      Events events, Relays* relays = nullptr, size_t turn = 0);
  ~HostLink();  // hangs up

  void UtilityIs(bool run, int status);
  void Pause(bool paused);
  void Cancel(int signal);
  // To a relay that is there.
  void SendToRelay(std::string message);
  size_t queued_bytes() const;
  const wire::Manifest& manifest() const;  // what the result's numbers mean
  // The receiver that was found there did not work: another start should be
  // `fresh`. To be asked in `ended`.
  bool receiver_broken() const;
  // What was said before the receiver spoke.
  const std::string& noise() const;

 private:
  HostLink();
  struct State;
  std::shared_ptr<State> state_;  // weakly held by what it has posted
};

}  // namespace msrc
