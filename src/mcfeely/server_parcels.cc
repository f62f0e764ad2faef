// What arrives at a server, who may send it, and what it sends.

#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "mcfeely/server_state.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"
#include "wire/message.h"

namespace mcfeely {
namespace {

// How many dispatches are remembered in case the agent refuses one.
constexpr size_t kRememberedDispatches = 1000;

// What is longer is not sent twice: it takes longer than a flush.
constexpr size_t kMaxAheadBytes = 16 << 10;

std::string DispatchOf(const SendAttempts& send) {
  wire_pb::Dispatch dispatch;
  for (const wire_pb::Attempt& attempt : send.attempts) {
    *dispatch.add_attempt() = attempt;
  }
  return dispatch.SerializeAsString();
}

// What a parcel was refused for is for our log; the peer only hears that it
// was.
net::Receipt Refusal(const base::ParcelId& id) {
  return {.id = id, .code = net::Receipt::Code::kRefused, .text = "refused"};
}

}  // namespace

void Server::State::Arrived(net::Channel& channel, absl::string_view bytes) {
  const Connection from = Number(channel);
  if (from == 0) return;
  trust.Refresh();
  wire::Receiver receiver;
  receiver.principals = {config.principal};
  receiver.trust = &trust;
  receiver.local_peer = channel.peer().local;
  const absl::Time now = sys::WallNow();
  absl::StatusOr<wire::Opened> parcel = wire::Open(bytes, receiver, now);
  absl::Status status = parcel.status();
  base::ParcelId id;
  if (const auto header = wire::ParseHeader(bytes); header.ok()) {
    id = header->id;
  }
  if (parcel.ok() && !wire::RulesOf(parcel->header.kind)->stored) {
    status = replays.Check(parcel->header, now);
  }
  if (status.ok()) status = Take(from, channel, *parcel, bytes);
  if (!status.ok()) {
    sys::Log("parcel.refused", {{"peer", PickName(channel.peer())},
                                {"address", channel.peer().address},
                                {"why", std::string(status.message())}});
    channel.SendReceipt(Refusal(id));
  }
  PumpSoon();
}

// Steps 7 and 8 of the checks, and what the parcel asks for. An error means
// that the peer hears "refused".
absl::Status Server::State::Take(Connection from, net::Channel& channel,
                                 const wire::Opened& parcel,
                                 absl::string_view bytes) {
  const absl::Time now = sys::SteadyNow();
  const std::string& principal = parcel.principals[0];
  const std::string& called = clients[from].called;
  // A host we have called is here as a host only, whatever rights the carrier
  // would give to whoever calls us.
  if (!called.empty() && parcel.header.kind != wire_pb::ANNOUNCE &&
      parcel.header.kind != wire_pb::RESULTS) {
    return absl::PermissionDeniedError(
        absl::StrCat("a ", wire::RulesOf(parcel.header.kind)->name,
                     " from host ", called, ", which was called"));
  }
  switch (parcel.header.kind) {
    case wire_pb::JOB: {
      TRY_ASSIGN(auto job, wire::Parse<wire_pb::Job>(parcel.body));
      if (stopping) return absl::UnavailableError("the server is stopping");
      queue->Inject({.from = from,
                     .parcel = parcel.header.id,
                     .principal = principal,
                     .parcel_bytes = std::string(bytes),
                     .job = std::move(job)},
                    now);
      return absl::OkStatus();
    }
    case wire_pb::ANNOUNCE: {
      TRY_ASSIGN(auto announce, wire::Parse<wire_pb::Announce>(parcel.body));
      const std::string claimed = absl::StrCat("host:", announce.host());
      bool may = !channel.peer().local.empty();
      for (const std::string& p : parcel.principals) may = may || p == claimed;
      if (!may) {
        return absl::PermissionDeniedError(
            absl::StrCat(principal, " is not ", claimed));
      }
      if (!called.empty() && called != announce.host()) {
        return absl::PermissionDeniedError(
            absl::StrCat("host ", called, " says that it is ", claimed));
      }
      queue->AgentOpened(from, announce, now);
      clients[from].takes_ahead = announce.takes_ahead();
      if (!called.empty()) carriers->Announced(called);
      return absl::OkStatus();
    }
    case wire_pb::RESULTS: {
      TRY_ASSIGN(auto results, wire::Parse<wire_pb::Results>(parcel.body));
      queue->AgentResults(from, parcel.header.id, results, now);
      return absl::OkStatus();
    }
    case wire_pb::CONTROL: {
      TRY_ASSIGN(auto control, wire::Parse<wire_pb::Control>(parcel.body));
      if (const absl::Status may = MayOperate(principal); !may.ok()) {
        return AnswerRefusal(from, parcel.header.id, may);
      }
      queue->Operate({.from = from,
                      .parcel = parcel.header.id,
                      .principal = principal,
                      .control = std::move(control)},
                     *engine, now);
      return absl::OkStatus();
    }
    case wire_pb::QUERY: {
      TRY_ASSIGN(auto query, wire::Parse<wire_pb::Query>(parcel.body));
      if (const absl::Status may = MayAsk(principal, query); !may.ok()) {
        return AnswerRefusal(from, parcel.header.id, may);
      }
      return Answer(from, parcel.header.id, query);
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("a ", wire::RulesOf(parcel.header.kind)->name,
                       " is not for a job server"));
  }
}

// Of somebody who is trusted: he may know why.
absl::Status Server::State::AnswerRefusal(Connection to,
                                          const base::ParcelId& id,
                                          const absl::Status& why) {
  Client& client = clients[to];
  sys::Log("query.refused", {{"peer", PickName(client.channel->peer())},
                             {"why", std::string(why.message())}});
  wire_pb::Reply reply;
  reply.set_error(std::string(why.message()));
  reply.set_code(static_cast<uint32_t>(why.code()));
  SendReply(client, id, std::move(reply));
  return absl::OkStatus();
}

// Whether an operator may do this.
absl::Status Server::State::MayOperate(const std::string& principal) {
  if (stopping) return absl::UnavailableError("the server is stopping");
  TRY_ASSIGN(const Policy* rules, policy.Now());
  const PolicyAnswer answer = rules->RightsOf(principal).MayOperate();
  if (answer.allowed) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("refused by policy: ", answer.why));
}

absl::Status Server::State::MayAsk(const std::string& principal,
                                   const wire_pb::Query& query) {
  TRY_ASSIGN(const Policy* rules, policy.Now());
  return CheckQueryPolicy(*rules, principal, query, [&](uint64_t job) {
    const auto view = queue->View(*engine, {job}, false, sys::SteadyNow());
    return view.ok() && view->principal() == principal;
  });
}

// The only receipt that matters here is an agent's refusal of a dispatch: it
// does not trust our key, or its clock is another. Its tasks are deferred;
// somebody has to mend that, and is told.
void Server::State::TakeReceipt(net::Channel& channel,
                                const net::Receipt& receipt) {
  if (receipt.code == net::Receipt::Code::kAccepted) return;
  const Connection from = Number(channel);
  for (auto it = dispatched.begin(); it != dispatched.end(); ++it) {
    if (it->parcel != receipt.id) continue;
    wire_pb::Results results;
    for (const wire_pb::Attempt& attempt : it->attempts) {
      wire_pb::Result* r = results.add_result();
      r->set_attempt(attempt.id());
      r->set_job(attempt.job());
      r->set_task(attempt.task());
      r->set_verdict(wire_pb::DEFERRED);
      r->set_reason(
          "the agent refuses this server's key, or their clocks differ");
    }
    dispatched.erase(it);
    queue->AgentResults(from, base::ParcelId(), results, sys::SteadyNow());
    PumpSoon();
    return;
  }
}

std::optional<base::ParcelId> Server::State::Send(net::Channel& channel,
                                                  wire::Kind kind,
                                                  std::string body,
                                                  const std::string& audience) {
  wire::Draft draft;
  draft.kind = kind;
  draft.body = std::move(body);
  draft.audience = audience;
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  absl::StatusOr<std::string> parcel = wire::Seal(draft, *signer);
  if (!parcel.ok()) {
    sys::Log("parcel.unsealed",
             {{"why", std::string(parcel.status().message())}});
    return std::nullopt;
  }
  channel.Send(*std::move(parcel));
  return draft.id;
}

std::optional<base::ParcelId> Server::State::SendDispatch(
    net::Channel& channel, const SendAttempts& send, std::string body) {
  const auto parcel = Send(channel, wire_pb::DISPATCH, std::move(body),
                           channel.peer().principal);
  if (!parcel.has_value()) return std::nullopt;
  dispatched.push_back({.parcel = *parcel, .attempts = send.attempts});
  if (dispatched.size() > kRememberedDispatches) dispatched.pop_front();
  return parcel;
}

void Server::State::SendAhead(const SendAttempts& send) {
  const auto it = clients.find(send.to);
  if (it == clients.end() || !it->second.takes_ahead) return;
  std::string later = DispatchOf(send);
  if (later.size() > kMaxAheadBytes || later == it->second.ahead) return;
  wire_pb::Dispatch dispatch;
  for (const wire_pb::Attempt& attempt : send.attempts) {
    *dispatch.add_ahead() = attempt;
  }
  const auto parcel =
      SendDispatch(*it->second.channel, send, dispatch.SerializeAsString());
  if (!parcel.has_value()) return;
  it->second.ahead = std::move(later);
  it->second.ahead_parcel = *parcel;
}

void Server::State::SendAttemptsTo(const SendAttempts& send) {
  const auto it = clients.find(send.to);
  if (it == clients.end()) return;  // sent again when the agent is back
  std::string body = DispatchOf(send);
  // Receipts overtake parcels that wait: not this one its own.
  if (body == it->second.ahead && it->second.channel->queued_bytes() == 0) {
    it->second.channel->SendReceipt({.id = it->second.ahead_parcel,
                                     .code = net::Receipt::Code::kAccepted,
                                     .text = ""});
    return;
  }
  SendDispatch(*it->second.channel, send, std::move(body));
}

// An agent that is away hears of it when it is back.
void Server::State::SendCancelTo(const SendCancel& send) {
  const auto it = clients.find(send.to);
  if (it == clients.end()) return;
  wire_pb::Dispatch dispatch;
  dispatch.add_cancel(std::string(send.attempt.view()));
  net::Channel& channel = *it->second.channel;
  Send(channel, wire_pb::DISPATCH, dispatch.SerializeAsString(),
       channel.peer().principal);
}

}  // namespace mcfeely
