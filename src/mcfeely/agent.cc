#include "mcfeely/agent.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "keys/allowed_signers.h"
#include "keys/identity.h"
#include "keys/openssh_key.h"
#include "mcfeely/attempts.h"
#include "mcfeely/comm.h"
#include "mcfeely/commit_pace.h"
#include "mcfeely/policy_file.h"
#include "mcfeely/server_choice.h"
#include "net/listener.h"
#include "store/sqlite_engine.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "wire/message.h"

namespace mcfeely {

namespace wire_pb = fleetbox::wire;

namespace {

// For the server to take results that are in the journal: the next life tells
// them otherwise.
constexpr absl::Duration kLastWords = absl::Seconds(2);
constexpr absl::Duration kFirstRedial = absl::Milliseconds(100);
constexpr absl::Duration kLongestRedial = absl::Seconds(10);
// How long one that ends by itself waits for a server that has gone without a
// word to come back; results it could not deliver are kept in the journal.
constexpr absl::Duration kLinger = absl::Seconds(60);

}  // namespace

struct Agent::State {
  State(sys::Loop& l, AgentConfig c)
      : loop(l),
        config(std::move(c)),
        trust(config.trust),
        policy(config.policy),
        attempts(sys::RandomBytes(16)),
        principal(absl::StrCat("host:", config.host)) {}

  absl::Status Open();
  absl::StatusOr<std::unique_ptr<wire::Signer>> FindIdentity() const;
  absl::Status Listen(const net::Address& address);
  net::ChannelOptions Options() const;
  net::ChannelEvents Events();
  void Dial();
  void Redial();
  void EndWhenIdle(absl::Duration after);
  void EndWithin(absl::Duration time);
  void Opened();
  void Closed(const absl::Status& why);
  void Arrived(absl::string_view bytes);
  absl::Status Take(absl::string_view bytes);
  void TakeReceipt(const net::Receipt& receipt);
  base::ParcelId Send(wire::Kind kind, std::string body);

  void PumpSoon();
  void Pump();
  void CarryOut(const AgentAction& action);
  absl::Status MayRun(const wire_pb::Attempt& attempt);
  void Refuse(const wire_pb::Attempt& attempt, const absl::Status& why);
  void SetTimer();

  sys::Loop& loop;
  AgentConfig config;
  keys::TrustFile trust;
  PolicyFile policy;
  Attempts attempts;
  std::string principal;
  std::unique_ptr<wire::Signer> signer;
  std::unique_ptr<store::Engine> journal;
  std::unique_ptr<CommRunner> comms;
  std::vector<net::Address> servers;
  size_t server = 0;  // called now, or last
  std::optional<ServerChoice> choice;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  std::unique_ptr<net::Channel> channel;
  sys::Loop::Timer linger = 0;  // then it is needed no more
  wire::ReplayGuard replays;
  std::function<void()> connected;
  std::string last_trouble;
  sys::Loop::Timer timer = 0;
  absl::Time timer_at = absl::InfiniteFuture();
  bool pump_soon = false;
  CommitPace pace;
  bool stopping = false;
  absl::Time end_at = absl::InfiniteFuture();  // when stopping
};

absl::Status Agent::State::Open() {
  TRY(policy.Open());
  for (const std::string& text : config.servers) {
    TRY_ASSIGN(net::Address address, net::ParseAddress(text));
    servers.push_back(std::move(address));
  }
  std::vector<net::Address> listen;
  for (const std::string& text : config.listen) {
    TRY_ASSIGN(net::Address address, net::ParseAddress(text));
    listen.push_back(std::move(address));
  }
  TRY_ASSIGN(signer, FindIdentity());
  trust.Refresh();
  TRY_ASSIGN(journal,
             store::OpenSqlite({.folder = config.journal, .history = false},
                               store::SurroundingsOf(loop)));
  // Comms run in other folders than we do.
  TRY_ASSIGN(config.comm_folder, sys::AbsolutePath(config.comm_folder));
  TRY_ASSIGN(const std::string work,
             sys::AbsolutePath(config.journal + "/runs"));
  TRY(sys::RemoveTree(work));
  TRY(sys::MakeFolders(work, 0700));
  TRY(attempts.Load(*journal, sys::SteadyNow()));
  comms = std::make_unique<CommRunner>(
      loop,
      CommOptions{.folder = config.comm_folder,
                  .work_folder = work,
                  .host = config.host},
      [this](base::AttemptId id) {
        attempts.Started(id, sys::SteadyNow());
        PumpSoon();
      },
      [this](wire_pb::Result result) {
        attempts.Ended(std::move(result), sys::SteadyNow());
        PumpSoon();
      });
  Pump();  // leftovers are gone before anything new can start
  for (const net::Address& address : listen) TRY(Listen(address));
  if (!servers.empty()) {
    choice.emplace(servers.size(), kFirstRedial, kLongestRedial);
    Dial();
  }
  if (config.while_needed) EndWhenIdle(kLinger);
  return absl::OkStatus();
}

// Where every channel's other end is known by the carrier, nobody asks for our
// key, and one for this life will do: a user may have none.
absl::StatusOr<std::unique_ptr<wire::Signer>> Agent::State::FindIdentity()
    const {
  absl::StatusOr<std::unique_ptr<wire::Signer>> identity =
      keys::HostIdentity(config.identity);
  if (identity.ok() || !config.identity.empty() || !config.while_needed) {
    return identity;
  }
  return std::make_unique<keys::KeyPair>(keys::NewKeyPair(principal));
}

// --- the channel ------------------------------------------------------------

net::ChannelOptions Agent::State::Options() const {
  net::ChannelOptions options;
  options.signer = signer.get();
  options.trust = &trust;
  options.principal = principal;
  options.expected_principal = config.server_principal;
  // The server's people are told why its tasks wait.
  options.introduce = true;
  options.remote_command = {"fleetbox", "mcfeely-server", "attach"};
  options.dead_after = config.dead_after;
  options.keep_alive = std::min(base::kKeepAlive, config.dead_after / 3);
  return options;
}

net::ChannelEvents Agent::State::Events() {
  // Of every channel, whoever calls: it is trusted by what the file says now.
  trust.Refresh();
  net::ChannelEvents events;
  events.opened = [this](net::Channel&) { Opened(); };
  events.parcel = [this](net::Channel&, absl::string_view bytes) {
    Arrived(bytes);
  };
  events.receipt = [this](net::Channel&, const net::Receipt& receipt) {
    TakeReceipt(receipt);
  };
  events.closed = [this](net::Channel&, const absl::Status& why) {
    Closed(why);
  };
  return events;
}

absl::Status Agent::State::Listen(const net::Address& address) {
  net::HandshakeLimits limits;
  if (config.while_needed) limits.unix_mode = 0600;
  TRY_ASSIGN(std::unique_ptr<net::Listener> listener,
             net::Listener::Listen(
                 loop, address, Options(), [this] { return Events(); },
                 [this](std::unique_ptr<net::Channel> opened) {
                   // The former one may be dead and not know it; what it has
                   // not confirmed is sent again on this one.
                   channel = std::move(opened);
                 },
                 limits));
  listeners.push_back(std::move(listener));
  return absl::OkStatus();
}

void Agent::State::Dial() {
  server = choice->Choose(sys::SteadyNow()).server;
  channel = net::Channel::Call(loop, servers[server], Options(), Events());
}

void Agent::State::Opened() {
  if (choice.has_value()) choice->Reached(server);
  last_trouble.clear();
  loop.Cancel(std::exchange(linger, 0));
  sys::Log("server.connected", {{"address", channel->peer().address}});
  Send(wire_pb::ANNOUNCE, attempts.Opened(config.host).SerializeAsString());
  if (connected) std::exchange(connected, nullptr)();
  PumpSoon();
}

void Agent::State::Closed(const absl::Status& why) {
  // Once per reason: a server that is away for a night is one line.
  const std::string trouble(why.message());
  if (trouble != last_trouble) {
    sys::Log("server.away",
             {{"address", channel->peer().address}, {"why", trouble}});
    last_trouble = trouble;
  }
  attempts.Closed();
  channel.reset();
  PumpSoon();
  if (stopping) return;
  if (choice.has_value()) Redial();
  if (config.while_needed) {
    EndWhenIdle(why.ok() ? absl::ZeroDuration() : kLinger);
  }
}

void Agent::State::Redial() {
  const absl::Time now = sys::SteadyNow();
  choice->Failed(server, (sys::RandomSeed() % 4096) / 4096.0, now);
  loop.At(std::max(now, choice->Choose(now).when), [this] {
    // A server may have called us meanwhile.
    if (!stopping && channel == nullptr) Dial();
  });
}

// When the server has said good-bye there is nothing to wait for but what still
// runs; when the line broke it may come back soon.
void Agent::State::EndWhenIdle(absl::Duration after) {
  loop.Cancel(linger);
  linger = loop.After(after, [this] {
    linger = 0;
    if (channel != nullptr) return;
    if (attempts.running() > 0) return EndWhenIdle(kFirstRedial);
    sys::Log("agent.idle", {{"unconfirmed", attempts.unconfirmed()}});
    stopping = true;
    PumpSoon();
  });
}

void Agent::State::Arrived(absl::string_view bytes) {
  const absl::Status status = Take(bytes);
  if (!status.ok()) {
    const net::Peer& peer = channel->peer();
    sys::Log("dispatch.refused", {{"peer", peer.principal},
                                  {"address", peer.address},
                                  {"why", std::string(status.message())}});
    const auto header = wire::ParseHeader(bytes);
    if (header.ok()) {
      channel->SendReceipt({.id = header->id,
                            .code = net::Receipt::Code::kRefused,
                            .text = "refused"});
    }
  }
  PumpSoon();
}

absl::Status Agent::State::Take(absl::string_view bytes) {
  trust.Refresh();
  wire::Receiver receiver;
  receiver.principals = {principal};
  receiver.trust = &trust;
  receiver.local_peer = channel->peer().local;
  const absl::Time now = sys::WallNow();
  TRY_ASSIGN(wire::Opened parcel, wire::Open(bytes, receiver, now));
  if (parcel.header.kind != wire_pb::DISPATCH) {
    return absl::InvalidArgumentError("not a dispatch");
  }
  TRY_ASSIGN(auto dispatch, wire::Parse<wire_pb::Dispatch>(parcel.body));
  TRY(replays.Check(parcel.header, now));
  if (stopping) return absl::OkStatus();  // the next life asks for it again
  attempts.Arrived(parcel.header.id, dispatch, sys::SteadyNow());
  return absl::OkStatus();
}

void Agent::State::TakeReceipt(const net::Receipt& receipt) {
  if (receipt.code == net::Receipt::Code::kAccepted) {
    attempts.Confirmed(receipt.id, sys::SteadyNow());
  } else {
    sys::Log("results.refused", {{"why", receipt.text}});
    attempts.NotConfirmed(receipt.id, sys::SteadyNow());
  }
  PumpSoon();
}

base::ParcelId Agent::State::Send(wire::Kind kind, std::string body) {
  wire::Draft draft;
  draft.kind = kind;
  draft.body = std::move(body);
  draft.audience = config.server_principal;
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  absl::StatusOr<std::string> parcel = wire::Seal(draft, *signer);
  if (parcel.ok()) {
    channel->Send(*std::move(parcel));
  } else {
    sys::Log("results.unsealed",
             {{"why", std::string(parcel.status().message())}});
  }
  return draft.id;
}

// --- carrying out -----------------------------------------------------------

void Agent::State::PumpSoon() {
  if (pump_soon) return;
  pump_soon = true;
  loop.AtEndOfTurn([this] {
    pump_soon = false;
    Pump();
  });
}

void Agent::State::Pump() {
  for (const AgentAction& action : attempts.TakeActions()) CarryOut(action);
  const absl::Time now = sys::SteadyNow();
  const bool may_commit = pace.MayBegin(now, comms->running());
  if (const auto wake = pace.TakeWake()) {
    loop.At(*wake, [this] {
      pace.Woken();
      PumpSoon();
    });
  }
  if (may_commit) {
    if (auto txn = attempts.NextTransaction()) {
      pace.Began(now);
      journal->Commit(*std::move(txn), [this](store::Outcome outcome) {
        pace.Ended();
        if (!outcome.why.ok()) {
          sys::Log("journal.trouble",
                   {{"why", std::string(outcome.why.message())}});
        }
        attempts.Committed(outcome, sys::SteadyNow());
        const bool reached = channel != nullptr && channel->open();
        if (!reached && attempts.unconfirmed() > 0) {
          sys::LogStep("results.kept", {{"attempts", attempts.unconfirmed()}});
        }
        PumpSoon();
      });
    }
  }
  SetTimer();
  if (stopping && pace.idle() && attempts.is_settled() &&
      comms->running() == 0) {
    const bool hears = attempts.unconfirmed() > 0 && channel != nullptr;
    EndWithin(hears ? kLastWords : absl::ZeroDuration());
  }
}

void Agent::State::EndWithin(absl::Duration time) {
  const absl::Time at = sys::SteadyNow() + time;
  if (at >= end_at) return;
  end_at = at;
  loop.At(at, [this] { loop.Stop(); });
}

void Agent::State::CarryOut(const AgentAction& action) {
  if (const auto* a = std::get_if<PrepareComm>(&action)) {
    comms->Prepare(a->attempt);
  } else if (const auto* a = std::get_if<DropComm>(&action)) {
    comms->Drop(a->attempt);
  } else if (const auto* a = std::get_if<StartComm>(&action)) {
    if (const absl::Status may = MayRun(a->attempt); !may.ok()) {
      comms->Drop(base::AttemptId::From(a->attempt.id()));
      return Refuse(a->attempt, may);
    }
    sys::LogStep("comm.started", {{"job", a->attempt.job()},
                                  {"task", a->attempt.task_name()},
                                  {"attempt", a->attempt.number()}});
    comms->Start(a->attempt);
  } else if (const auto* a = std::get_if<StopComm>(&action)) {
    sys::Log("comm.stopped", {{"attempt", base::Hex(a->attempt.view())}});
    comms->Stop(a->attempt);
  } else if (const auto* a = std::get_if<SendResults>(&action)) {
    if (channel != nullptr && channel->open()) {
      attempts.Sent(Send(wire_pb::RESULTS, a->results.SerializeAsString()));
    }
  } else if (const auto* a = std::get_if<KillLeftovers>(&action)) {
    const std::string id = base::Hex(a->attempt.view());
    const int killed = sys::KillMarked(kAttemptVariable, {id});
    sys::Log("comm.interrupted", {{"attempt", id}, {"killed", killed}});
  }
}

// Whatever the server has allowed. Its word is taken for who injected the job:
// what no principal may do here, no server can have done.
absl::Status Agent::State::MayRun(const wire_pb::Attempt& attempt) {
  TRY_ASSIGN(const Policy* rules, policy.Now());
  const PolicyAnswer answer = rules->RightsOf(attempt.principal())
                                  .MayRun(RequestOf(config.host, attempt));
  if (answer.allowed) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("refused by policy: ", answer.why));
}

void Agent::State::Refuse(const wire_pb::Attempt& attempt,
                          const absl::Status& why) {
  sys::Log("comm.refused", {{"job", attempt.job()},
                            {"task", attempt.task_name()},
                            {"principal", attempt.principal()},
                            {"why", std::string(why.message())}});
  wire_pb::Result result;
  result.set_attempt(attempt.id());
  // A policy that somebody is just mending refuses nothing for good.
  result.set_verdict(absl::IsPermissionDenied(why) ? wire_pb::FAILED
                                                   : wire_pb::DEFERRED);
  result.set_reason(std::string(why.message()));
  result.set_started_ms(base::ToMillis(sys::WallNow()));
  result.set_ended_ms(result.started_ms());
  attempts.Ended(std::move(result), sys::SteadyNow());
  PumpSoon();
}

void Agent::State::SetTimer() {
  const absl::Time when = attempts.wake_at();
  if (when == timer_at) return;
  loop.Cancel(timer);
  timer = 0;
  timer_at = when;
  if (when == absl::InfiniteFuture()) return;
  timer = loop.At(when, [this] {
    timer_at = absl::InfiniteFuture();
    attempts.Wake(sys::SteadyNow());
    PumpSoon();
  });
}

// ----------------------------------------------------------------------------

Agent::Agent() = default;
Agent::~Agent() = default;

absl::StatusOr<std::unique_ptr<Agent>> Agent::Open(sys::Loop& loop,
                                                   AgentConfig config) {
  std::unique_ptr<Agent> agent(new Agent);
  agent->state_ = std::make_unique<State>(loop, std::move(config));
  TRY(agent->state_->Open());
  return agent;
}

std::vector<std::string> Agent::addresses() const {
  std::vector<std::string> out;
  for (const auto& l : state_->listeners) {
    out.push_back(net::FormatAddress(l->address()));
  }
  return out;
}

void Agent::OnConnected(std::function<void()> f) {
  state_->connected = std::move(f);
}

void Agent::Stop(absl::Duration longest) {
  if (std::exchange(state_->stopping, true)) {
    return state_->EndWithin(absl::ZeroDuration());
  }
  state_->attempts.ForgetAhead();
  state_->EndWithin(longest);
  state_->PumpSoon();
}

}  // namespace mcfeely
