#include "power/relay_client.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <optional>
#include <utility>

#include "base/status.h"
#include "keys/allowed_signers.h"
#include "keys/identity.h"
#include "keys/openssh_key.h"
#include "net/channel.h"
#include "power/limits.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "wire/message.h"
#include "wire/parcel.h"

namespace power {

namespace wire_pb = fleetbox::wire;
using wire_pb::PowerAnswer;
using wire_pb::PowerRequest;

namespace {

constexpr int kInterrupted = 8, kUnreached = 69, kUnsent = 71, kNotNow = 75,
              kNotTrusted = 77;

}  // namespace

absl::StatusOr<RelayHost> ParseRelayHost(absl::string_view text) {
  RelayHost host;
  host.text = std::string(text);
  const size_t equals = text.find('=');
  host.has_name = equals != absl::string_view::npos;
  host.address = std::string(host.has_name ? text.substr(equals + 1) : text);
  if (!net::HasCarrier(host.address)) {
    host.address = absl::StrCat("ssh:", host.address);
  }
  TRY_ASSIGN(const net::Address address, net::ParseAddress(host.address));
  host.name =
      host.has_name ? std::string(text.substr(0, equals)) : address.host;
  const bool is_named_there = address.carrier != net::Address::Carrier::kTcp;
  if (host.name.empty() && (host.has_name || !is_named_there)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "': the host has no name"));
  }
  return host;
}

struct RelayClient::State {
  State(sys::Loop& l, RelayHost h, RelayOrder o, const Options& options,
        Events e)
      : loop(l),
        host(std::move(h)),
        order(std::move(o)),
        events(std::move(e)),
        trust(options.trust),
        tally(order.plan.action, host.text) {}

  absl::Status FindIdentity(const std::string& file);
  absl::Status Call();
  void Opened();
  absl::StatusOr<base::ParcelId> SendRequest(const PowerRequest& request);
  void Arrived(absl::string_view bytes);
  absl::StatusOr<PowerAnswer> OpenAnswer(absl::string_view bytes) const;
  void Receipt(const net::Receipt& receipt);
  void Closed(const absl::Status& why);
  void Heard(const RelayTally::News& news);
  void Lost(int code, const std::string& why);
  void Stop(bool abandon);
  void End();
  bool is_tcp() const { return absl::StartsWith(host.address, "tcp:"); }

  sys::Loop& loop;
  const RelayHost host;
  const RelayOrder order;
  const Events events;
  keys::TrustFile trust;
  RelayTally tally;
  std::unique_ptr<wire::Signer> signer;
  std::unique_ptr<net::Channel> channel;
  std::optional<base::ParcelId> asked;  // once it is sent
  bool is_over = false;
};

// Where the carrier vouches for who we are, somebody without a key gets one for
// this call.
absl::Status RelayClient::State::FindIdentity(const std::string& file) {
  absl::StatusOr<std::unique_ptr<wire::Signer>> identity =
      keys::UserIdentity(file);
  if (!identity.ok() && file.empty() && !is_tcp()) {
    identity = std::make_unique<keys::KeyPair>(keys::NewKeyPair("one call"));
  }
  TRY(identity);
  signer = *std::move(identity);
  return absl::OkStatus();
}

absl::Status RelayClient::State::Call() {
  TRY_ASSIGN(const net::Address address, net::ParseAddress(host.address));
  trust.Refresh();
  net::ChannelOptions options;
  options.signer = signer.get();
  options.trust = &trust;
  if (is_tcp() || host.has_name) {
    options.expected_principal = absl::StrCat("host:", host.name);
  }
  options.remote_command = {"fleetbox", "pcu-reboot", "--relay"};
  options.max_frame_bytes = kMaxRelayAnswerBytes + 4096;
  net::ChannelEvents calls;
  calls.opened = [this](net::Channel&) { Opened(); };
  calls.parcel = [this](net::Channel&, absl::string_view bytes) {
    Arrived(bytes);
  };
  calls.receipt = [this](net::Channel&, const net::Receipt& receipt) {
    Receipt(receipt);
  };
  calls.closed = [this](net::Channel&, const absl::Status& why) {
    Closed(why);
  };
  channel =
      net::Channel::Call(loop, address, std::move(options), std::move(calls));
  return absl::OkStatus();
}

void RelayClient::State::Opened() {
  if (is_over) return;
  absl::StatusOr<base::ParcelId> id = SendRequest(EncodeOrder(order));
  if (!id.ok()) {
    Lost(kUnsent, std::string(id.status().message()));
    return;
  }
  asked = *id;
}

absl::StatusOr<base::ParcelId> RelayClient::State::SendRequest(
    const PowerRequest& request) {
  wire::Draft draft;
  draft.kind = wire_pb::REQUEST;
  draft.body = wire::Serialize(request);
  if (draft.body.size() > kMaxRelayRequestBytes) {
    return absl::ResourceExhaustedError("too many targets for one request");
  }
  // What ssh or the kernel has connected us with says itself who it is.
  draft.audience = is_tcp() || host.has_name ? absl::StrCat("host:", host.name)
                                             : channel->peer().principal;
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  TRY_ASSIGN(std::string parcel, wire::Seal(draft, *signer));
  channel->Send(std::move(parcel));
  return draft.id;
}

absl::StatusOr<PowerAnswer> RelayClient::State::OpenAnswer(
    absl::string_view bytes) const {
  wire::Receiver receiver;
  receiver.trust = &trust;
  // What ssh or the kernel has connected us with answers for itself.
  receiver.local_peer = channel->peer().local;
  TRY_ASSIGN(const wire::Opened parcel,
             wire::Open(bytes, receiver, sys::WallNow()));
  if (is_tcp() && !(parcel.header.sender == channel->peer().key)) {
    return absl::PermissionDeniedError("somebody else's answer");
  }
  if (parcel.header.kind != wire_pb::POWERED) {
    return absl::InvalidArgumentError("that is no answer");
  }
  return wire::Parse<PowerAnswer>(parcel.body, kMaxRelayAnswerBytes);
}

void RelayClient::State::Arrived(absl::string_view bytes) {
  if (is_over) return;
  const absl::StatusOr<PowerAnswer> answer = OpenAnswer(bytes);
  if (!answer.ok()) {
    Lost(kNotTrusted, std::string(answer.status().message()));
    return;
  }
  if (!asked.has_value() || answer->request() != asked->view()) return;
  const absl::StatusOr<RelayTally::News> news = tally.Take(*answer);
  if (!news.ok()) {
    Lost(kNotNow, std::string(news.status().message()));
    return;
  }
  Heard(*news);
}

void RelayClient::State::Heard(const RelayTally::News& news) {
  if (news.has_hosts) events.hosts(tally.hosts());
  if (!news.plan.empty()) events.plan(news.plan);
  for (const std::string& note : news.notes) events.note(note);
  for (const auto& [pcu, line] : news.traces) events.trace(pcu, line);
  for (const auto& [number, result] : news.results) {
    events.result(number, result);
  }
  if (!news.is_last) return;
  End();
  events.ended(news.exit_code, news.error);
}

void RelayClient::State::Receipt(const net::Receipt& receipt) {
  if (!asked.has_value() || receipt.id != *asked) return;
  if (receipt.code == net::Receipt::Code::kAccepted) return;
  // It was not begun: nothing is unknown.
  asked.reset();
  const bool is_busy = receipt.code == net::Receipt::Code::kNotNow;
  Lost(is_busy ? kNotNow : kNotTrusted,
       absl::StrCat("the host says: ", Harmless(receipt.text)));
}

void RelayClient::State::Closed(const absl::Status& why) {
  const bool is_trust =
      absl::IsPermissionDenied(why) || absl::IsUnauthenticated(why);
  const std::string text =
      why.ok() ? (asked.has_value() ? "the connection broke" : "it hung up")
               : std::string(why.message());
  Lost(asked.has_value() ? kNotNow : is_trust ? kNotTrusted : kUnreached, text);
}

void RelayClient::State::Lost(int code, const std::string& why) {
  if (is_over) return;
  End();
  for (const auto& [number, result] : tally.Lost(why)) {
    events.result(number, result);
  }
  events.lost(code, asked.has_value(), why);
}

void RelayClient::State::Stop(bool abandon) {
  if (is_over) return;
  if (!asked.has_value()) {
    Lost(kInterrupted, "interrupted before it was asked");
    return;
  }
  SendRequest(EncodeStop(*asked, abandon)).IgnoreError();
}

// An event of the channel may be what brought us here.
void RelayClient::State::End() {
  is_over = true;
  if (channel != nullptr) loop.DeleteAtEndOfTurn(std::move(channel));
}

RelayClient::RelayClient() = default;
RelayClient::~RelayClient() = default;

absl::StatusOr<std::unique_ptr<RelayClient>> RelayClient::Ask(sys::Loop& loop,
                                                              RelayHost host,
                                                              RelayOrder order,
                                                              Options options,
                                                              Events events) {
  std::unique_ptr<RelayClient> client(new RelayClient);
  client->state_ = std::make_unique<State>(
      loop, std::move(host), std::move(order), options, std::move(events));
  TRY(client->state_->FindIdentity(options.identity));
  TRY(client->state_->Call());
  return client;
}

void RelayClient::Interrupt() { state_->Stop(false); }
void RelayClient::Abandon() { state_->Stop(true); }
void RelayClient::GiveUp() {
  state_->Lost(kNotNow, "given up while it was under way");
}

}  // namespace power
