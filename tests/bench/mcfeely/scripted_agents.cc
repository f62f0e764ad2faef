#include "bench/mcfeely/scripted_agents.h"

#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "base/time.h"
#include "bench/need.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "wire/message.h"
#include "wire/messages.pb.h"
#include "wire/parcel.h"

namespace bench {
namespace {

namespace wire_pb = fleetbox::wire;

constexpr char kServer[] = "server:mcfeely";
// The server takes so many handshakes from one address at once: 64.
constexpr int kAtOnce = 48;
constexpr absl::Duration kLongest = absl::Minutes(2);

}  // namespace

ScriptedAgents::ScriptedAgents(int count) {
  for (int i = 0; i < count; i++) {
    hosts_.push_back(absl::StrCat("h", i));
    Agent& agent = agents_.emplace_back();
    agent.principal = absl::StrCat("host:", hosts_.back());
    agent.key = std::make_unique<keys::KeyPair>(keys::NewKeyPair("agent"));
    absl::StrAppend(&trust_lines_, agent.principal, " ",
                    wire::SshLine(agent.key->public_key()), "\n");
  }
}

absl::StatusOr<double> ScriptedAgents::Connect(const std::string& address,
                                               const std::string& trust) {
  TRY_ASSIGN(const net::Address server, net::ParseAddress(address));
  trust_.emplace(trust);
  trust_->Refresh();
  const int count = static_cast<int>(agents_.size());
  int called = 0;
  const absl::Time begin = sys::SteadyNow();
  while (announced_ < count) {
    while (called < count && called - announced_ < kAtOnce) {
      Call(agents_[called++], server);
    }
    if (sys::SteadyNow() - begin > kLongest) {
      return absl::DeadlineExceededError(
          absl::StrCat(announced_, " of ", count, " agents are connected"));
    }
    loop_.Turn(absl::Milliseconds(100));
    TRY(ended_);
  }
  return absl::ToDoubleSeconds(sys::SteadyNow() - begin);
}

absl::Status ScriptedAgents::Run(absl::Duration d) {
  const absl::Time end = sys::SteadyNow() + d;
  for (;;) {
    TRY(ended_);
    const absl::Duration left = end - sys::SteadyNow();
    if (left <= absl::ZeroDuration()) return absl::OkStatus();
    loop_.Turn(std::min(left, absl::Milliseconds(100)));
  }
}

void ScriptedAgents::Call(Agent& agent, const net::Address& address) {
  net::ChannelOptions options;
  options.signer = agent.key.get();
  options.trust = &*trust_;
  options.principal = agent.principal;
  options.expected_principal = kServer;
  net::ChannelEvents events;
  events.opened = [this, &agent](net::Channel&) {
    wire_pb::Announce announce;
    announce.set_host(agent.principal.substr(strlen("host:")));
    announce.set_journal(sys::RandomBytes(16));
    Send(agent, wire_pb::ANNOUNCE, announce.SerializeAsString());
    announced_++;
  };
  events.parcel = [this, &agent](net::Channel&, absl::string_view parcel) {
    ended_.Update(Answer(agent, parcel));
  };
  events.closed = [this](net::Channel&, const absl::Status& why) {
    ended_.Update(why.ok() ? absl::AbortedError("a channel has ended") : why);
  };
  agent.channel =
      net::Channel::Call(loop_, address, options, std::move(events));
}

// Looked at as an agent does, up to where it would write its journal.
absl::Status ScriptedAgents::Answer(Agent& agent, absl::string_view parcel) {
  wire::Receiver receiver;
  receiver.principals = {agent.principal};
  receiver.trust = &*trust_;
  const absl::Time now = sys::WallNow();
  TRY_ASSIGN(const wire::Opened opened, wire::Open(parcel, receiver, now));
  TRY_ASSIGN(const auto dispatch, wire::Parse<wire_pb::Dispatch>(opened.body));
  wire_pb::Results results;
  for (const wire_pb::Attempt& attempt : dispatch.attempt()) {
    wire_pb::Result& result = *results.add_result();
    result.set_attempt(attempt.id());
    result.set_job(attempt.job());
    result.set_task(attempt.task());
    result.set_verdict(wire_pb::DONE);
    result.set_started_ms(base::ToMillis(now));
    result.set_ended_ms(base::ToMillis(now));
  }
  Send(agent, wire_pb::RESULTS, results.SerializeAsString());
  return absl::OkStatus();
}

void ScriptedAgents::Send(Agent& agent, wire::Kind kind, std::string body) {
  wire::Draft draft;
  draft.kind = kind;
  draft.body = std::move(body);
  draft.audience = kServer;
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  agent.channel->Send(Need(wire::Seal(draft, *agent.key)));
}

}  // namespace bench
