#include "mcfeely/client.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <optional>

#include "base/limits.h"
#include "base/status.h"
#include "keys/allowed_signers.h"
#include "keys/identity.h"
#include "keys/openssh_key.h"
#include "mcfeely/server_choice.h"
#include "net/channel.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"
#include "wire/message.h"

namespace mcfeely {

namespace wire_pb = fleetbox::wire;

std::string DefaultServer() {
  const std::string set = sys::EnvironmentVariable("MCFEELY_SERVER");
  if (!set.empty()) return set;
  const auto text = sys::ReadFile("/etc/fleetbox/client.conf", 64 << 10);
  if (text.ok()) {
    std::string servers;
    for (absl::string_view line : absl::StrSplit(*text, '\n')) {
      if (absl::ConsumePrefix(&line, "server ")) {
        absl::StrAppend(&servers, servers.empty() ? "" : " ",
                        absl::StripAsciiWhitespace(line));
      }
    }
    if (!servers.empty()) return servers;
  }
  return "unix:/run/fleetbox/mcfeely.sock";
}

std::string ServersOf(const std::vector<std::string>& given) {
  return given.empty() ? DefaultServer() : absl::StrJoin(given, " ");
}

namespace {

constexpr absl::Duration kFirstRedial = absl::Milliseconds(200);
constexpr absl::Duration kLongestRedial = absl::Milliseconds(400);
constexpr absl::Duration kLongestTurn = absl::Milliseconds(100);

}  // namespace

struct Client::State {
  explicit State(ClientConfig c) : config(std::move(c)), trust(config.trust) {}

  void Call();
  // Runs the loop until `done` says so, calling again when the connection
  // breaks: `resend` puts what is asked on the new one.
  absl::Status RunUntil(const std::function<bool()>& done, absl::Time deadline,
                        std::function<void()> resend,
                        const std::function<bool()>& tick);
  absl::StatusOr<std::string> Seal(wire::Kind kind, std::string body,
                                   base::ParcelId* id) const;
  // Of all servers that were called, once each.
  std::string Troubles() const;
  absl::Status SendQuery(const wire_pb::Query& query);
  absl::Status SendAsked(wire::Kind kind, std::string body);
  void Arrived(absl::string_view bytes);

  ClientConfig config;
  std::vector<net::Address> addresses;
  std::optional<ServerChoice> choice;
  size_t server = 0;  // called now, or last
  keys::TrustFile trust;
  std::unique_ptr<wire::Signer> signer;
  sys::Loop loop;
  std::unique_ptr<net::Channel> channel;
  bool open = false;
  absl::Status trouble;               // why the latest connection ended
  std::vector<std::string> troubles;  // the same of each server
  bool lasting = false;               // and trying again cannot help
  std::function<void()> resend;
  std::function<void(const net::Receipt&)> receipt;
  base::ParcelId asked;
  std::function<void(wire_pb::Reply)> reply;
};

Client::Client() = default;
Client::~Client() = default;

absl::StatusOr<std::unique_ptr<Client>> Client::Make(ClientConfig config) {
  std::unique_ptr<Client> client(new Client);
  client->state_ = std::make_unique<State>(std::move(config));
  State& s = *client->state_;
  bool tcp = false;
  for (const std::string& text : net::SplitAddresses(s.config.server)) {
    TRY_ASSIGN(net::Address address, net::ParseAddress(text));
    tcp |= address.carrier == net::Address::Carrier::kTcp;
    s.addresses.push_back(std::move(address));
  }
  if (s.addresses.empty()) {
    return absl::InvalidArgumentError("no server's address is given");
  }
  s.choice.emplace(s.addresses.size(), kFirstRedial, kLongestRedial);
  absl::StatusOr<std::unique_ptr<wire::Signer>> identity =
      keys::UserIdentity(s.config.identity);
  if (!identity.ok() && s.config.identity.empty() && !tcp) {
    identity = std::make_unique<keys::KeyPair>(keys::NewKeyPair("one call"));
  }
  TRY(identity);
  s.signer = *std::move(identity);
  s.trust.Refresh();
  return client;
}

void Client::State::Call() {
  server = choice->Choose(sys::SteadyNow()).server;
  const net::Address& address = addresses[server];
  net::ChannelOptions options;
  options.signer = signer.get();
  options.trust = &trust;
  if (address.carrier == net::Address::Carrier::kTcp) {
    options.expected_principal = config.server_principal;
  }
  options.remote_command = {"fleetbox", "mcfeely-server", "attach"};
  // One that does not answer leaves time for the others.
  options.connect_time =
      std::min(options.connect_time, config.patience / addresses.size());
  net::ChannelEvents events;
  events.opened = [this](net::Channel&) {
    open = true;
    choice->Reached(server);
    if (resend) resend();
  };
  events.parcel = [this](net::Channel&, absl::string_view bytes) {
    Arrived(bytes);
  };
  events.receipt = [this](net::Channel&, const net::Receipt& r) {
    if (receipt) receipt(r);
  };
  events.closed = [this](net::Channel&, const absl::Status& why) {
    trouble = why.ok() ? absl::UnavailableError("the server hung up") : why;
    lasting = absl::IsPermissionDenied(why) || absl::IsUnauthenticated(why) ||
              absl::IsInvalidArgument(why) || absl::IsFailedPrecondition(why);
    open = false;
    troubles.resize(addresses.size());
    troubles[server] = std::string(trouble.message());
    choice->Failed(server, 0, sys::SteadyNow());
    loop.Post([this] { channel.reset(); });
  };
  channel = net::Channel::Call(loop, address, options, std::move(events));
}

std::string Client::State::Troubles() const {
  std::vector<absl::string_view> different;
  for (const std::string& why : troubles) {
    if (!why.empty() && !absl::c_linear_search(different, why)) {
      different.push_back(why);
    }
  }
  return absl::StrJoin(different, "; ");
}

absl::Status Client::State::RunUntil(const std::function<bool()>& done,
                                     absl::Time deadline,
                                     std::function<void()> send,
                                     const std::function<bool()>& tick) {
  resend = std::move(send);
  if (open) resend();
  absl::Time away_since = absl::InfiniteFuture();
  while (!done()) {
    const absl::Time now = sys::SteadyNow();
    if (now >= deadline) return absl::DeadlineExceededError("time is up");
    if (open) {
      away_since = absl::InfiniteFuture();
    } else {
      away_since = std::min(away_since, now);
      // What is wrong with one server may be right with another.
      const bool all_tried = choice->Choose(now).when > absl::InfinitePast();
      if (channel == nullptr && lasting && all_tried) return trouble;
      if (now - away_since > config.patience) {
        return absl::UnavailableError(
            absl::StrCat("no server at ", config.server, ": ",
                         trouble.ok() ? "it does not answer" : Troubles()));
      }
      if (channel == nullptr && now >= choice->Choose(now).when) Call();
    }
    // Between two calls nothing is watched; a loop with nothing to wait for
    // would not wait.
    const sys::Loop::Timer next =
        loop.At(std::min(now + kLongestTurn, deadline), [] {});
    loop.Turn(kLongestTurn);
    loop.Cancel(next);
    if (tick && !tick()) return absl::CancelledError("");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Client::State::Seal(wire::Kind kind,
                                                std::string body,
                                                base::ParcelId* id) const {
  wire::Draft draft;
  draft.kind = kind;
  draft.body = std::move(body);
  draft.audience = config.server_principal;
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  if (id != nullptr) *id = draft.id;
  return wire::Seal(draft, *signer);
}

absl::StatusOr<std::string> Client::SealJob(const wire_pb::Job& job) const {
  return state_->Seal(wire_pb::JOB, job.SerializeAsString(), nullptr);
}

absl::StatusOr<uint64_t> Client::Deliver(const std::string& parcel) {
  TRY_ASSIGN(wire::Header header, wire::ParseHeader(parcel));
  std::optional<net::Receipt> answer;
  state_->receipt = [&](const net::Receipt& r) {
    if (r.id == header.id) answer = r;
  };
  const absl::Time deadline = sys::SteadyNow() + absl::Seconds(30);
  const absl::Status status =
      state_->RunUntil([&] { return answer.has_value(); }, deadline,
                       [&] { state_->channel->Send(parcel); }, nullptr);
  state_->receipt = nullptr;
  state_->resend = nullptr;
  if (absl::IsDeadlineExceeded(status)) {
    return absl::UnavailableError("the server does not answer");
  }
  TRY(status);
  switch (answer->code) {
    case net::Receipt::Code::kAccepted:
      return answer->number;
    case net::Receipt::Code::kRefused:
      return absl::PermissionDeniedError(answer->text);
    case net::Receipt::Code::kInvalid:
      return absl::InvalidArgumentError(answer->text);
    case net::Receipt::Code::kNotNow:
      break;
  }
  return absl::UnavailableError(answer->text);
}

void Client::State::Arrived(absl::string_view bytes) {
  wire::Receiver receiver;
  receiver.trust = &trust;
  receiver.local_peer = channel->peer().local;
  const auto opened = wire::Open(bytes, receiver, sys::WallNow());
  if (!opened.ok() || opened->header.kind != wire_pb::REPLY) {
    trouble = opened.ok() ? absl::InvalidArgumentError("not a reply")
                          : opened.status();
    lasting = true;
    channel->Close("refused");
    return;
  }
  auto message = wire::Parse<wire_pb::Reply>(opened->body);
  if (message.ok() && message->query() == asked.view() && reply) {
    reply(*std::move(message));
  }
}

absl::Status Client::State::SendQuery(const wire_pb::Query& query) {
  return SendAsked(wire_pb::QUERY, query.SerializeAsString());
}

absl::Status Client::State::SendAsked(wire::Kind kind, std::string body) {
  TRY_ASSIGN(std::string parcel, Seal(kind, std::move(body), &asked));
  receipt = [this](const net::Receipt& r) {
    if (r.id != asked || r.code == net::Receipt::Code::kAccepted) return;
    trouble =
        absl::PermissionDeniedError(absl::StrCat("the server says: ", r.text));
    lasting = true;
    channel->Close("refused");
  };
  channel->Send(std::move(parcel));
  return absl::OkStatus();
}

absl::StatusOr<wire_pb::Reply> Client::Ask(const wire_pb::Query& query) {
  return Exchange([&] { return state_->SendQuery(query); });
}

absl::Status Client::Operate(const wire_pb::Control& control) {
  bool sent = false;
  return Exchange([&]() -> absl::Status {
           if (std::exchange(sent, true)) {
             return absl::UnavailableError(
                 "the connection broke; look whether it was done");
           }
           return state_->SendAsked(wire_pb::CONTROL,
                                    control.SerializeAsString());
         })
      .status();
}

absl::StatusOr<wire_pb::Reply> Client::Exchange(
    const std::function<absl::Status()>& send) {
  State& s = *state_;
  std::optional<wire_pb::Reply> answer;
  absl::Status sealed;
  s.reply = [&](wire_pb::Reply r) { answer = std::move(r); };
  const absl::Status status = s.RunUntil(
      [&] { return answer.has_value() || !sealed.ok(); },
      sys::SteadyNow() + absl::Seconds(30), [&] { sealed = send(); }, nullptr);
  s.reply = nullptr;
  s.receipt = nullptr;
  s.resend = nullptr;
  TRY(sealed);
  if (absl::IsDeadlineExceeded(status)) {
    return absl::UnavailableError("the server does not answer");
  }
  TRY(status);
  if (answer->code() != 0) {
    return absl::Status(static_cast<absl::StatusCode>(answer->code()),
                        answer->error());
  }
  return *std::move(answer);
}

absl::Status Client::Follow(
    uint64_t job, absl::Duration longest,
    const std::function<bool(const wire_pb::JobView*)>& changed) {
  State& s = *state_;
  wire_pb::Query query;
  query.mutable_follow()->set_job(job);
  absl::Status failed;
  bool ended = false;
  s.reply = [&](wire_pb::Reply r) {
    if (r.code() != 0) {
      failed = absl::Status(static_cast<absl::StatusCode>(r.code()), r.error());
      return;
    }
    ended = !r.more();
    for (const wire_pb::JobView& view : r.job()) changed(&view);
  };
  // Whoever follows a job for a day does not mind a server that is upgraded.
  const absl::Duration patience =
      std::exchange(s.config.patience, absl::Minutes(10));
  const absl::Status status = s.RunUntil(
      [&] { return ended || !failed.ok(); }, sys::SteadyNow() + longest,
      [&] { failed = s.SendQuery(query); }, [&] { return changed(nullptr); });
  s.config.patience = patience;
  s.reply = nullptr;
  s.receipt = nullptr;
  s.resend = nullptr;
  TRY(status);
  return failed;
}

}  // namespace mcfeely
