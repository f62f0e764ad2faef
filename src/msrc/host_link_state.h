// The inside of a HostLink, in two files: host_link.cc carries out an exchange,
// host_connection.cc is its line: ssh, or a relay, and the talk before the
// channel.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "msrc/host_link.h"
#include "msrc/relays.h"
#include "net/channel.h"
#include "net/connect.h"
#include "sys/fd.h"

namespace msrc {

struct HostLink::State : std::enable_shared_from_this<HostLink::State> {
  State(sys::Loop& l, const RunShared& s, const HostJob& j, bool f, Events e,
        Relays* r, size_t t)
      : loop(l),
        shared(s),
        job(j),
        fresh(f),
        events(std::move(e)),
        relays(r),
        turn(t) {}
  ~State() { Teardown(); }

  absl::Status Prepare();
  void Connect();
  void ConnectByRelay(const net::ConnectOptions& options);
  void Connected(net::Connection connection);
  void ReadTalk();
  void ReadErrors();
  void TalkEnded();
  void SshEnded();
  void WriteTalk();
  void WatchTalk();
  void Adopt(std::string first);
  void On(const ExchangeEvent& event);
  void CarryOut(ExchangeEffect& effect);
  void Deliver(const SendDelivery& what);
  absl::Status SendSealed(fleetbox::wire::Kind kind, std::string body);
  void Pump();
  void PumpContents();
  void PumpInput();
  void PumpTerminal();
  void GiveTerminalBack();
  void OnSoon(ExchangeEvent event);
  void Closed(const absl::Status& why);
  void HangUpNow(const std::string& why);
  void Tell();
  void Teardown();

  sys::Loop& loop;
  const RunShared& shared;
  const HostJob& job;
  const bool fresh;
  Events events;
  Relays* const relays;
  const size_t turn;
  wire::Manifest merged;  // unless the host has nothing of its own
  const wire::Manifest* manifest = nullptr;
  std::optional<Exchange> exchange;
  std::unique_ptr<net::Connector> connector;
  sys::Loop::Timer timer = 0, end_timer = 0;

  // The talk before the channel.
  net::Connection link;
  std::shared_ptr<const int> relayed_code;  // ssh's, by way of a relay
  RemoteStartReader reader;
  std::string errors;  // the end of what ssh said
  std::string to_write;
  Executables::Bytes bytes;  // behind it
  size_t written = 0;        // of bytes

  std::unique_ptr<net::Channel> channel;
  std::string principal, delivery_id;
  std::optional<ContentFeed> feed;
  bool fed = false;  // and waiting for it to go
  sys::Fd input;
  bool has_terminal = false;  // the operator's is ours
  bool relay_waits = false;
  bool paused = false, receiver_broken = false;
  bool hung_up = false, told = false;
};

}  // namespace msrc
