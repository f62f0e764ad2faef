#include "mcfeely/server.h"

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>

#include <algorithm>
#include <deque>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "keys/allowed_signers.h"
#include "keys/identity.h"
#include "mcfeely/carriers.h"
#include "mcfeely/commit_pace.h"
#include "mcfeely/event_log.h"
#include "mcfeely/fit_reply.h"
#include "mcfeely/notify.h"
#include "mcfeely/page_server.h"
#include "mcfeely/policy_file.h"
#include "mcfeely/queue.h"
#include "mcfeely/report.h"
#include "mcfeely/view.h"
#include "net/listener.h"
#include "net/mail.h"
#include "store/sqlite_engine.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/users.h"
#include "wire/message.h"

namespace mcfeely {

namespace wire_pb = fleetbox::wire;

namespace {

constexpr int64_t kMaxEventLogBytes = 64 << 20;
// How many dispatches are remembered in case the agent refuses one.
constexpr size_t kRememberedDispatches = 1000;
// Ended jobs in the answer to a query that does not name jobs.
constexpr size_t kListedEndedJobs = 1000;

// Whoever follows a job sees it so often at most; and since a view of a large
// job costs as much as hundreds of its results, a twentieth of the time at most
// goes into views.
constexpr absl::Duration kBetweenViews = absl::Milliseconds(100);
constexpr int kTimesOfView = 20;

// Ended jobs that are kept no longer: how often is looked for them, and how
// quickly one is deleted after the other.
constexpr absl::Duration kBetweenLooks = absl::Minutes(1);
constexpr absl::Duration kBetweenDeletions = absl::Milliseconds(20);

// What a parcel was refused for is for our log; the peer only hears that it
// was.
net::Receipt Refusal(const base::ParcelId& id) {
  return {.id = id, .code = net::Receipt::Code::kRefused, .text = "refused"};
}

}  // namespace

struct Server::State {
  State(sys::Loop& l, ServerConfig c)
      : loop(l),
        config(std::move(c)),
        trust(config.trust),
        policy(config.policy) {}

  struct Client {
    std::unique_ptr<net::Channel> channel;
    // Jobs it follows, and the query it asked that with.
    absl::flat_hash_map<JobId, base::ParcelId> follows;
    std::string called;  // the host we have called on it; may be empty
  };
  struct Dispatched {
    base::ParcelId parcel;
    std::vector<wire_pb::Attempt> attempts;
  };

  absl::Status Open();
  absl::Status OpenEventLog();
  bool KnownHost(const std::string& host) const;
  std::string PickName(const net::Peer& peer) const;

  absl::Status OpenCarriers();
  net::ChannelEvents MakeEvents();
  Connection Opened(std::unique_ptr<net::Channel> channel);
  void Closed(net::Channel& channel, const absl::Status& why);
  void Arrived(net::Channel& channel, absl::string_view bytes);
  absl::Status Take(Connection from, net::Channel& channel,
                    const wire::Opened& parcel, absl::string_view bytes);
  absl::Status MayAsk(const std::string& principal,
                      const wire_pb::Query& query);
  void TakeReceipt(net::Channel& channel, const net::Receipt& receipt);
  absl::Status Answer(Connection to, const base::ParcelId& id,
                      const wire_pb::Query& query);
  absl::Status MayOperate(const std::string& principal);
  absl::Status AnswerRefusal(Connection to, const base::ParcelId& id,
                             const absl::Status& why);
  void ExpireSoon(absl::Duration pause);
  absl::Status AnswerStatus(const wire_pb::Query::Status& query,
                            wire_pb::Reply* reply);
  void ShowHosts(wire_pb::Reply* reply) const;
  absl::Status OpenPage();
  void TellFollowers(JobId job);
  void SendReply(Client& client, const base::ParcelId& query,
                 wire_pb::Reply reply);
  void SendAttemptsTo(const SendAttempts& send);
  void SendCancelTo(const SendCancel& send);
  void Mail(const SendReport& report);
  bool Send(net::Channel& channel, wire::Kind kind, std::string body,
            const std::string& audience, base::ParcelId* id = nullptr);

  void Pump();
  void PumpSoon();
  void CarryOut(const Action& action);
  void SetTimer(absl::Time when);
  void CheckTrust();
  void FinishStop();
  Connection Number(net::Channel& channel) const;

  sys::Loop& loop;
  ServerConfig config;
  std::string host = sys::HostName();
  keys::TrustFile trust;
  PolicyFile policy;
  std::unique_ptr<wire::Signer> signer;
  std::unique_ptr<store::Engine> engine;
  std::unique_ptr<Queue> queue;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  std::unique_ptr<Carriers> carriers;
  std::unique_ptr<PageServer> page;  // null when nobody wants one
  absl::flat_hash_map<Connection, Client> clients;
  absl::flat_hash_map<net::Channel*, Connection> numbers;
  Connection next_connection = 1;
  wire::ReplayGuard replays;
  std::deque<Dispatched> dispatched;
  struct Followers {
    absl::flat_hash_set<Connection> connections;
    absl::Time next = absl::InfinitePast();  // not before, until the job ends
    bool later = false;                      // a timer will tell them then
  };
  absl::flat_hash_map<JobId, Followers> followers;
  absl::flat_hash_set<JobId> changed;
  sys::Fd event_log;
  sys::Loop::Timer timer = 0;
  bool pump_soon = false;
  CommitPace pace;
  bool stopping = false;
  sys::Loop::Timer expire = 0;
};

absl::Status Server::State::OpenEventLog() {
  const std::string path = EventLogPath(config.queue);
  TRY_ASSIGN(sys::FileInfo info, sys::Stat(path));
  if (info.bytes > kMaxEventLogBytes) {
    TRY(sys::RotateFile(path));
  }
  TRY_ASSIGN(event_log,
             sys::Open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  sys::AlsoLogTo(event_log.get());
  return absl::OkStatus();
}

absl::Status Server::State::Open() {
  TRY_ASSIGN(signer, keys::HostIdentity(config.identity));
  trust.Refresh();
  TRY(policy.Open());
  TRY_ASSIGN(engine, store::OpenSqlite({.folder = config.queue},
                                       store::SurroundingsOf(loop)));
  TRY(OpenEventLog());
  queue = std::make_unique<Queue>(QueueOptions{
      .limits = config.limits,
      .random_bytes = sys::RandomBytes,
      .known_host = [this](const std::string& h) { return KnownHost(h); },
      .keep = config.keep,
      .keep_jobs = config.keep_jobs,
      .may_run = [this](const std::string& principal,
                        const Job& job) -> absl::Status {
        TRY_ASSIGN(const Policy* rules, policy.Now());
        return CheckJobPolicy(*rules, principal, job);
      }});
  absl::btree_set<std::string> called;
  for (const auto& [name, addresses] : config.carriers) called.insert(name);
  queue->SetCalled(std::move(called));
  TRY(queue->Load(*engine, sys::SteadyNow()));

  for (const std::string& text : config.listen) {
    TRY_ASSIGN(net::Address address, net::ParseAddress(text));
    net::ChannelOptions options;
    options.signer = signer.get();
    options.trust = &trust;
    options.principal = config.principal;
    options.handshake_time = config.handshake_time;
    options.dead_after = config.dead_after;
    options.keep_alive = std::min(base::kKeepAlive, config.dead_after / 3);
    TRY_ASSIGN(
        std::unique_ptr<net::Listener> listener,
        net::Listener::Listen(
            loop, address, options, [this] { return MakeEvents(); },
            [this](std::unique_ptr<net::Channel> c) { Opened(std::move(c)); }));
    listeners.push_back(std::move(listener));
  }
  TRY(OpenCarriers());
  TRY(OpenPage());
  CheckTrust();
  ExpireSoon(absl::ZeroDuration());
  PumpSoon();
  return absl::OkStatus();
}

net::ChannelEvents Server::State::MakeEvents() {
  net::ChannelEvents events;
  events.parcel = [this](net::Channel& c, absl::string_view p) {
    Arrived(c, p);
  };
  events.receipt = [this](net::Channel& c, const net::Receipt& r) {
    TakeReceipt(c, r);
  };
  events.closed = [this](net::Channel& c, const absl::Status& why) {
    Closed(c, why);
  };
  return events;
}

absl::Status Server::State::OpenCarriers() {
  if (config.carriers.empty()) return absl::OkStatus();
  net::ChannelOptions options;
  options.signer = signer.get();
  options.trust = &trust;
  options.principal = config.principal;
  options.dead_after = config.dead_after;
  options.keep_alive = std::min(base::kKeepAlive, config.dead_after / 3);
  CarrierEvents events;
  events.made = [this](const std::string&) { return MakeEvents(); };
  events.opened = [this](const std::string& name,
                         std::unique_ptr<net::Channel> channel) {
    clients[Opened(std::move(channel))].called = name;
  };
  events.away = [this](const std::string& name, const std::string& why,
                       absl::Time again) { queue->HostAway(name, why, again); };
  events.has_work = [this](const std::string& name) {
    return queue->scheduler().HasWork(name);
  };
  TRY_ASSIGN(carriers, Carriers::Make(loop, config, std::move(options),
                                      std::move(events)));
  return absl::OkStatus();
}

absl::Status Server::State::OpenPage() {
  if (config.http.address.empty()) return absl::OkStatus();
  PageAsks asks;
  asks.status = [this](const wire_pb::Query::Status& query)
      -> absl::StatusOr<wire_pb::Reply> {
    wire_pb::Reply reply;
    TRY(AnswerStatus(query, &reply));
    return reply;
  };
  asks.hosts = [this](wire_pb::Reply* reply) { ShowHosts(reply); };
  TRY_ASSIGN(page, PageServer::Open(loop, config.http, *queue, *engine, asks));
  return absl::OkStatus();
}

bool Server::State::KnownHost(const std::string& h) const {
  return config.hosts.contains(h) || trust.Names(absl::StrCat("host:", h));
}

// --- channels ---------------------------------------------------------------

Connection Server::State::Number(net::Channel& channel) const {
  const auto it = numbers.find(&channel);
  return it == numbers.end() ? 0 : it->second;
}

std::string Server::State::PickName(const net::Peer& peer) const {
  if (!peer.principal.empty()) return peer.principal;
  return peer.local.empty() ? "unknown" : peer.local;
}

Connection Server::State::Opened(std::unique_ptr<net::Channel> channel) {
  const Connection number = next_connection++;
  sys::LogStep("channel.opened", {{"peer", PickName(channel->peer())},
                                  {"address", channel->peer().address}});
  numbers[channel.get()] = number;
  clients[number].channel = std::move(channel);
  return number;
}

void Server::State::Closed(net::Channel& channel, const absl::Status& why) {
  const Connection number = Number(channel);
  if (number == 0) {  // still in the listener's hands
    sys::Log("handshake.failed", {{"address", channel.peer().address},
                                  {"why", std::string(why.message())}});
    return;
  }
  sys::LogStep("channel.closed", {{"peer", PickName(channel.peer())},
                                  {"why", std::string(why.message())}});
  for (const auto& [job, query] : clients[number].follows) {
    followers[job].connections.erase(number);
    if (followers[job].connections.empty()) followers.erase(job);
  }
  numbers.erase(&channel);
  const std::string called = std::move(clients[number].called);
  queue->Closed(number, sys::SteadyNow());
  if (!called.empty()) carriers->Ended(called, why);
  clients.erase(number);
  PumpSoon();
}

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

bool Server::State::Send(net::Channel& channel, wire::Kind kind,
                         std::string body, const std::string& audience,
                         base::ParcelId* id) {
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
    return false;
  }
  if (id != nullptr) *id = draft.id;
  channel.Send(*std::move(parcel));
  return true;
}

// --- queries ----------------------------------------------------------------

void Server::State::SendReply(Client& client, const base::ParcelId& query,
                              wire_pb::Reply reply) {
  // To nobody by name: whoever asks may not know what it is called here, and
  // the query's random id already says whose answer it is.
  reply.set_query(std::string(query.view()));
  FitReply(base::kMaxBodyBytes, &reply);
  Send(*client.channel, wire_pb::REPLY, reply.SerializeAsString(), "");
}

absl::Status Server::State::AnswerStatus(const wire_pb::Query::Status& query,
                                         wire_pb::Reply* reply) {
  const absl::Time now = sys::SteadyNow();
  std::vector<JobId> jobs;
  for (uint64_t job : query.job()) jobs.push_back({job});
  if (query.job().empty() && !query.no_jobs()) {
    jobs = queue->scheduler().Jobs();
    if (query.ended() || query.failed()) {
      TRY_ASSIGN(std::vector<JobId> ended,
                 queue->EndedJobs(*engine, kListedEndedJobs));
      jobs.insert(jobs.begin(), ended.rbegin(), ended.rend());
    }
  }
  for (JobId job : jobs) {
    TRY_ASSIGN(wire_pb::JobView view, queue->View(*engine, job, false, now));
    const absl::Duration age = now - base::FromMillis(view.injected_ms());
    if (age < absl::Milliseconds(query.older_ms())) continue;
    if (query.failed() && view.state() != wire_pb::JOB_FAILED) continue;
    *reply->add_job() = std::move(view);
  }
  ShowHosts(reply);
  return absl::OkStatus();
}

void Server::State::ShowHosts(wire_pb::Reply* reply) const {
  for (const auto& [name, count] : queue->scheduler().Hosts()) {
    wire_pb::HostView* h = reply->add_host();
    h->set_name(name);
    h->set_connected(count.connected);
    h->set_running(count.open);
    h->set_queued(count.ready);
    h->set_away(count.away);
    if (count.again < absl::InfiniteFuture()) {
      h->set_again_ms(static_cast<uint64_t>(base::ToMillis(count.again)));
    }
    if (const auto drained = queue->drained().find(name);
        drained != queue->drained().end()) {
      h->set_drained_by(drained->second.principal());
      h->set_drained_ms(drained->second.since_ms());
    }
  }
}

absl::Status Server::State::Answer(Connection to, const base::ParcelId& id,
                                   const wire_pb::Query& query) {
  Client& client = clients[to];
  wire_pb::Reply reply;
  absl::Status status;
  const absl::Time now = sys::SteadyNow();
  switch (query.what_case()) {
    case wire_pb::Query::kStatus:
      status = AnswerStatus(query.status(), &reply);
      break;
    case wire_pb::Query::kShow: {
      auto view = queue->View(*engine, {query.show().job()}, true, now);
      status = view.status();
      if (view.ok()) *reply.add_job() = *std::move(view);
      break;
    }
    case wire_pb::Query::kFollow: {
      const JobId job{query.follow().job()};
      auto view = queue->View(*engine, job, false, now);
      status = view.status();
      if (view.ok()) {
        reply.set_more(IsOpen(view->state()));
        *reply.add_job() = *std::move(view);
      }
      if (reply.more()) {
        client.follows[job] = id;
        followers[job].connections.insert(to);
      }
      break;
    }
    case wire_pb::Query::kRelease:
      status = absl::UnimplementedError("release with a newer mcfeely-server");
      break;
    case wire_pb::Query::WHAT_NOT_SET:
      return absl::InvalidArgumentError("an empty query");
  }
  if (!status.ok()) {
    reply.Clear();
    reply.set_error(std::string(status.message()));
    reply.set_code(static_cast<uint32_t>(status.code()));
  }
  SendReply(client, id, std::move(reply));
  return absl::OkStatus();
}

void Server::State::TellFollowers(JobId job) {
  const auto it = followers.find(job);
  if (it == followers.end()) return;
  const absl::Time now = sys::SteadyNow();
  if (now < it->second.next && queue->scheduler().Has(job)) {
    if (std::exchange(it->second.later, true)) return;
    loop.At(it->second.next, [this, job] {
      const auto still = followers.find(job);
      if (still == followers.end()) return;
      still->second.later = false;
      TellFollowers(job);
    });
    return;
  }
  auto view = queue->View(*engine, job, false, now);
  if (!view.ok()) return;
  wire_pb::Reply reply;
  reply.set_more(IsOpen(view->state()));
  *reply.add_job() = *std::move(view);
  for (Connection c : it->second.connections) {
    Client& client = clients[c];
    SendReply(client, client.follows[job], reply);
    if (!reply.more()) client.follows.erase(job);
  }
  it->second.next =
      now + std::max(kBetweenViews, kTimesOfView * (sys::SteadyNow() - now));
  if (!reply.more()) followers.erase(it);
}

// --- carrying out -----------------------------------------------------------

void Server::State::PumpSoon() {
  if (pump_soon) return;
  pump_soon = true;
  loop.AtEndOfTurn([this] {
    pump_soon = false;
    Pump();
  });
}

// One transaction at a time: while it is under way the next one forms.
void Server::State::Pump() {
  const sys::LogTogether together;
  for (const Action& action : queue->TakeActions()) CarryOut(action);
  const absl::Time now = sys::SteadyNow();
  const bool may_commit =
      pace.MayBegin(now, queue->scheduler().open_attempts());
  if (const auto wake = pace.TakeWake()) {
    loop.At(*wake, [this] {
      pace.Woken();
      PumpSoon();
    });
  }
  if (may_commit) {
    if (auto txn = queue->NextTransaction(now)) {
      pace.Began(now);
      engine->Commit(*std::move(txn), [this](store::Outcome outcome) {
        pace.Ended();
        queue->Committed(outcome, sys::SteadyNow());
        PumpSoon();
      });
    }
    for (const Action& action : queue->TakeActions()) CarryOut(action);
  }
  if (carriers != nullptr) {
    for (const std::string& name : queue->TakeWanted()) carriers->Wanted(name);
  }
  for (JobId job : std::exchange(changed, {})) TellFollowers(job);
  if (stopping && pace.idle()) FinishStop();
}

void Server::State::CarryOut(const Action& action) {
  if (const auto* a = std::get_if<SendReceipt>(&action)) {
    const auto it = clients.find(a->to);
    if (it != clients.end()) it->second.channel->SendReceipt(a->receipt);
  } else if (const auto* a = std::get_if<SendAttempts>(&action)) {
    SendAttemptsTo(*a);
  } else if (const auto* a = std::get_if<SendCancel>(&action)) {
    SendCancelTo(*a);
  } else if (const auto* a = std::get_if<SendAnswer>(&action)) {
    const auto it = clients.find(a->to);
    if (it != clients.end()) SendReply(it->second, a->asked, a->reply);
  } else if (const auto* a = std::get_if<SendReport>(&action)) {
    Mail(*a);
  } else if (const auto* a = std::get_if<WakeUp>(&action)) {
    SetTimer(a->when);
  } else if (const auto* a = std::get_if<JobChanged>(&action)) {
    changed.insert(a->job);
    if (page != nullptr) page->Changed(a->job);
  } else if (const auto* a = std::get_if<Happened>(&action)) {
    if (page != nullptr) page->Happened(a->event);
    std::vector<sys::LogField> fields;
    if (a->job.value != 0) fields.emplace_back("job", a->job.value);
    if (!a->task.empty()) fields.emplace_back("task", a->task);
    if (!a->host.empty()) fields.emplace_back("host", a->host);
    if (!a->text.empty()) fields.emplace_back("why", a->text);
    sys::Log(a->event, absl::Span<const sys::LogField>(fields));
  }
}

void Server::State::SendAttemptsTo(const SendAttempts& send) {
  const auto it = clients.find(send.to);
  if (it == clients.end()) return;  // sent again when the agent is back
  wire_pb::Dispatch dispatch;
  for (const wire_pb::Attempt& attempt : send.attempts) {
    *dispatch.add_attempt() = attempt;
  }
  Dispatched sent{.parcel = {}, .attempts = send.attempts};
  net::Channel& channel = *it->second.channel;
  if (!Send(channel, wire_pb::DISPATCH, dispatch.SerializeAsString(),
            channel.peer().principal, &sent.parcel)) {
    return;
  }
  dispatched.push_back(std::move(sent));
  if (dispatched.size() > kRememberedDispatches) dispatched.pop_front();
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

void Server::State::Mail(const SendReport& report) {
  const std::string key = report.key;
  auto view =
      queue->View(*engine, {report.report.job()}, true, sys::SteadyNow());
  if (!view.ok()) {
    sys::Log("report.unmade", {{"job", report.report.job()},
                               {"why", std::string(view.status().message())}});
    queue->ReportFailed(key, sys::SteadyNow());
    return;
  }
  const net::Letter letter =
      MakeReport(*view, report.report, config.mail_from, host);
  const auto done = [this, key](absl::Status status) {
    if (status.ok()) {
      queue->ReportSent(key, sys::SteadyNow());
    } else {
      sys::Log("report.unsent",
               {{"report", key}, {"why", std::string(status.message())}});
      queue->ReportFailed(key, sys::SteadyNow());
    }
    PumpSoon();
  };
  if (!report.report.notify().empty()) {
    Notify(loop, config.notify, report.report.notify(),
           {absl::StrCat("MCFEELY_JOB=", report.report.job())},
           ReportJson(*view, report.report, letter), done);
    return;
  }
  // What cannot be a letter today is none tomorrow.
  std::string why = config.mail.empty() ? "no mail program is configured" : "";
  if (letter.to.empty()) why = "nobody is to be mailed to";
  if (why.empty()) {
    why = std::string(net::FormatLetter(letter).status().message());
  }
  if (!why.empty()) {
    sys::Log("report.dropped", {{"job", report.report.job()}, {"why", why}});
    queue->ReportSent(key, sys::SteadyNow());
    return;
  }
  net::SendLetter(loop, config.mail, letter, done);
}

void Server::State::SetTimer(absl::Time when) {
  loop.Cancel(timer);
  timer = when == absl::InfiniteFuture() ? 0 : loop.At(when, [this] {
    timer = 0;
    queue->Wake(sys::SteadyNow());
    PumpSoon();
  });
}

// A few records at a time, so that nothing else waits; then now and then.
void Server::State::ExpireSoon(absl::Duration pause) {
  loop.Cancel(expire);
  expire = loop.After(pause, [this] {
    expire = 0;
    const absl::StatusOr<bool> more = queue->Expire(*engine, sys::SteadyNow());
    if (!more.ok()) {
      sys::Log("job.undeleted",
               {{"why", std::string(more.status().message())}});
    }
    const bool soon = more.ok() && *more;
    ExpireSoon(soon ? kBetweenDeletions : kBetweenLooks);
    PumpSoon();
  });
}

// A key that is not trusted any more loses its open channels, too.
void Server::State::CheckTrust() {
  if (trust.Refresh()) {
    for (auto& [number, client] : clients) {
      if (!client.channel->StillTrusted(sys::WallNow())) {
        client.channel->Close("key is not trusted any more");
      }
    }
  }
  loop.After(absl::Seconds(1), [this] { CheckTrust(); });
}

void Server::State::FinishStop() {
  for (auto& [number, client] : clients) client.channel->Close("stopping");
  loop.After(absl::Milliseconds(50), [this] { loop.Stop(); });
}

// ----------------------------------------------------------------------------

Server::Server() = default;
Server::~Server() { sys::AlsoLogTo(-1); }

absl::StatusOr<std::unique_ptr<Server>> Server::Open(sys::Loop& loop,
                                                     ServerConfig config) {
  std::unique_ptr<Server> server(new Server);
  server->state_ = std::make_unique<State>(loop, std::move(config));
  const absl::Status opened = server->state_->Open();
  if (absl::IsDataLoss(opened)) {
    return absl::DataLossError(
        absl::StrCat(opened.message(), "; 'mcfeely-server check --repair -q ",
                     server->state_->config.queue, "' may mend it"));
  }
  TRY(opened);
  return server;
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> out;
  for (const auto& l : state_->listeners) {
    out.push_back(net::FormatAddress(l->address()));
  }
  if (state_->page != nullptr) out.push_back(state_->page->url());
  return out;
}

void Server::Stop(absl::Duration longest) {
  if (state_->stopping) return;
  state_->stopping = true;
  for (auto& listener : state_->listeners) listener->Stop();
  if (state_->carriers != nullptr) state_->carriers->Stop();
  if (state_->page != nullptr) state_->page->Stop();
  state_->loop.After(longest, [this] { state_->loop.Stop(); });
  state_->PumpSoon();
}

}  // namespace mcfeely
