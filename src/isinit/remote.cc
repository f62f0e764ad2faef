#include "isinit/remote.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "base/status.h"
#include "isinit/local_protocol.h"
#include "keys/allowed_signers.h"
#include "keys/identity.h"
#include "net/listener.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"
#include "wire/message.h"
#include "wire/parcel.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;
using wire_pb::IsinitRequest;

namespace {

constexpr absl::string_view kTableNamespace = "bundle@fleetbox";

}  // namespace

absl::Status MayBeRemote(const IsinitRequest& request) {
  switch (request.verb()) {
    case IsinitRequest::HALT:
    case IsinitRequest::POWER:
    case IsinitRequest::UPGRADE:
      return absl::PermissionDeniedError(
          "that is done on the host itself, not from another");
    default:
      return absl::OkStatus();
  }
}

struct Remote::State {
  // A request that has not had its last answer.
  struct Open {
    uint64_t connection = 0;
    std::string parcel_id;
  };

  State(sys::Loop& l, RemoteOptions o, Control::Events e)
      : loop(l),
        options(std::move(o)),
        events(std::move(e)),
        trust(options.trust) {}

  absl::Status Listen(const std::string& address);
  net::ChannelEvents MakeEvents();
  void Arrived(net::Channel& channel, absl::string_view bytes);
  absl::Status Take(net::Channel& channel, const wire::Opened& parcel);
  void Closed(net::Channel& channel);
  uint64_t NumberOf(const net::Channel& channel) const;

  sys::Loop& loop;
  RemoteOptions options;
  Control::Events events;
  keys::TrustFile trust;
  std::unique_ptr<wire::Signer> signer;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  absl::flat_hash_map<uint64_t, std::unique_ptr<net::Channel>> channels;
  uint64_t last_channel = 0;
  absl::flat_hash_map<uint64_t, Open> open;
  uint64_t next_client = kFirstClient;
  wire::ReplayGuard replays;
};

absl::Status Remote::State::Listen(const std::string& text) {
  TRY_ASSIGN(const net::Address address, net::ParseAddress(text));
  net::ChannelOptions channel;
  channel.signer = signer.get();
  channel.trust = &trust;
  channel.principal = absl::StrCat("host:", options.host);
  TRY_ASSIGN(
      std::unique_ptr<net::Listener> listener,
      net::Listener::Listen(
          loop, address, std::move(channel), [this] { return MakeEvents(); },
          [this](std::unique_ptr<net::Channel> c) {
            channels.emplace(++last_channel, std::move(c));
          }));
  listeners.push_back(std::move(listener));
  return absl::OkStatus();
}

net::ChannelEvents Remote::State::MakeEvents() {
  net::ChannelEvents e;
  e.parcel = [this](net::Channel& c, absl::string_view bytes) {
    Arrived(c, bytes);
  };
  e.closed = [this](net::Channel& c, const absl::Status&) { Closed(c); };
  return e;
}

uint64_t Remote::State::NumberOf(const net::Channel& channel) const {
  for (const auto& [number, c] : channels) {
    if (c.get() == &channel) return number;
  }
  return 0;
}

// What a parcel was refused for is for our log; the peer only hears that it
// was.
void Remote::State::Arrived(net::Channel& channel, absl::string_view bytes) {
  trust.Refresh();
  wire::Receiver receiver;
  receiver.principals = {absl::StrCat("host:", options.host)};
  receiver.trust = &trust;
  receiver.local_peer = channel.peer().local;
  const absl::Time now = sys::WallNow();
  const absl::StatusOr<wire::Opened> parcel = wire::Open(bytes, receiver, now);
  absl::Status status = parcel.status();
  if (status.ok()) status = replays.Check(parcel->header, now);
  if (status.ok()) status = Take(channel, *parcel);
  if (status.ok()) return;
  sys::Log("request.refused", {{"address", channel.peer().address},
                               {"why", std::string(status.message())}});
  net::Receipt receipt;
  if (const auto header = wire::ParseHeader(bytes); header.ok()) {
    receipt.id = header->id;
  }
  receipt.code = net::Receipt::Code::kRefused;
  receipt.text = "refused";
  channel.SendReceipt(receipt);
}

absl::Status Remote::State::Take(net::Channel& channel,
                                 const wire::Opened& parcel) {
  if (parcel.header.kind != wire_pb::TELL) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a ", wire::RulesOf(parcel.header.kind)->name, " is not for isinit"));
  }
  TRY_ASSIGN(const IsinitRequest request,
             wire::Parse<IsinitRequest>(parcel.body));
  TRY(CheckRequest(request));
  TRY(MayBeRemote(request));
  if (request.verb() == IsinitRequest::PUSH && channel.peer().local.empty()) {
    TRY(trust
            .Principals(parcel.header.sender, kTableNamespace,
                        parcel.header.signed_at)
            .status());
  }
  const uint64_t client = next_client++;
  open[client] = {.connection = NumberOf(channel),
                  .parcel_id = std::string(parcel.header.id.view())};
  events.asked(client, {.all = true, .name = parcel.principals[0]}, request);
  return absl::OkStatus();
}

void Remote::State::Closed(net::Channel& channel) {
  const uint64_t number = NumberOf(channel);
  if (number == 0) return;
  std::vector<uint64_t> gone;
  for (const auto& [client, o] : open) {
    if (o.connection == number) gone.push_back(client);
  }
  for (uint64_t client : gone) {
    open.erase(client);
    events.gone(client);
  }
  auto node = channels.extract(number);
  loop.DeleteAtEndOfTurn(std::move(node.mapped()));
}

Remote::Remote() = default;
Remote::~Remote() = default;

absl::StatusOr<std::unique_ptr<Remote>> Remote::Open(sys::Loop& loop,
                                                     RemoteOptions options,
                                                     Control::Events events) {
  std::unique_ptr<Remote> remote(new Remote);
  remote->state_ =
      std::make_unique<State>(loop, std::move(options), std::move(events));
  State& s = *remote->state_;
  TRY_ASSIGN(s.signer, keys::HostIdentity(s.options.identity));
  s.trust.Refresh();
  for (const std::string& address : s.options.listen) TRY(s.Listen(address));
  return remote;
}

void Remote::Answer(uint64_t client, const wire_pb::IsinitAnswer& answer) {
  State& s = *state_;
  const auto it = s.open.find(client);
  if (it == s.open.end()) return;
  const auto channel = s.channels.find(it->second.connection);
  if (channel != s.channels.end()) {
    wire_pb::IsinitAnswer told = answer;
    told.set_query(it->second.parcel_id);
    wire::Draft draft;
    draft.kind = wire_pb::TOLD;
    draft.body = wire::Serialize(told);
    draft.id = base::ParcelId::From(sys::RandomBytes(16));
    draft.now = sys::WallNow();
    absl::StatusOr<std::string> parcel = wire::Seal(draft, *s.signer);
    if (parcel.ok()) channel->second->Send(*std::move(parcel));
  }
  if (answer.last()) s.open.erase(client);
}

std::vector<std::string> Remote::addresses() const {
  std::vector<std::string> all;
  for (const auto& listener : state_->listeners) {
    all.push_back(net::FormatAddress(listener->address()));
  }
  return all;
}

}  // namespace isinit
