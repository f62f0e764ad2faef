#include "mcfeely/server.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <fcntl.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "keys/identity.h"
#include "mcfeely/event_log.h"
#include "mcfeely/notify.h"
#include "mcfeely/report.h"
#include "mcfeely/server_state.h"
#include "net/mail.h"
#include "store/sqlite_engine.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/users.h"

namespace mcfeely {

namespace {

constexpr int64_t kMaxEventLogBytes = 64 << 20;
// Ended jobs that are kept no longer: how often is looked for them, and how
// quickly one is deleted after the other.
constexpr absl::Duration kBetweenLooks = absl::Minutes(1);
constexpr absl::Duration kBetweenDeletions = absl::Milliseconds(20);

}  // namespace

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
    TRY_ASSIGN(
        std::unique_ptr<net::Listener> listener,
        net::Listener::Listen(
            loop, address, OptionsOfChannels(), [this] { return MakeEvents(); },
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

net::ChannelOptions Server::State::OptionsOfChannels() const {
  net::ChannelOptions options;
  options.signer = signer.get();
  options.trust = &trust;
  options.principal = config.principal;
  options.handshake_time = config.handshake_time;
  options.dead_after = config.dead_after;
  options.keep_alive = std::min(base::kKeepAlive, config.dead_after / 3);
  return options;
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
  CarrierEvents events;
  events.made = [this](const std::string&) { return MakeEvents(); };
  events.opened = [this](const std::string& name,
                         std::unique_ptr<net::Channel> channel) {
    clients[Opened(std::move(channel))].called = name;
  };
  events.away = [this](const std::string& name, const std::string& why,
                       absl::Time again, bool refused) {
    queue->HostAway(name, why, again, refused, sys::SteadyNow());
    if (refused) PumpSoon();
  };
  events.has_work = [this](const std::string& name) {
    return queue->scheduler().HasWork(name);
  };
  TRY_ASSIGN(carriers, Carriers::Make(loop, config, OptionsOfChannels(),
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
  if (!called.empty()) {
    carriers->Ended(called, why);
  } else if (absl::IsPermissionDenied(why)) {
    RefusedBy(channel.peer(), why);
  }
  clients.erase(number);
  PumpSoon();
}

// A host's agent that has called us does not trust our key.
void Server::State::RefusedBy(const net::Peer& peer, const absl::Status& why) {
  absl::string_view host = peer.principal;
  if (!absl::ConsumePrefix(&host, "host:")) return;
  sys::Log("host.refuses", {{"host", host}, {"why", why.message()}});
  queue->HostAway(std::string(host), std::string(why.message()),
                  absl::InfiniteFuture(), /*refused=*/true, sys::SteadyNow());
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

void Server::State::Pump() {
  const sys::LogTogether together;
  Commit();
  for (const Action& action : queue->TakeActions()) CarryOut(action);
  if (carriers != nullptr) {
    for (const std::string& name : queue->TakeWanted()) carriers->Wanted(name);
  }
  for (JobId job : std::exchange(changed, {})) TellFollowers(job);
  if (stopping && pace.idle()) FinishStop();
}

// One transaction at a time: while it is under way the next one forms.
void Server::State::Commit() {
  const absl::Time now = sys::SteadyNow();
  const bool may_commit = pace.MayBegin(now, queue->sent_attempts());
  if (const auto wake = pace.TakeWake()) {
    loop.At(*wake, [this] {
      pace.Woken();
      PumpSoon();
    });
  }
  if (!may_commit) return;
  auto txn = queue->NextTransaction(now);
  if (!txn.has_value()) return;
  pace.Began(now);
  engine->Commit(*std::move(txn), [this](store::Outcome outcome) {
    pace.Ended();
    queue->Committed(outcome, sys::SteadyNow());
    PumpSoon();
  });
  // Where little is under way, somebody waits for each step: agents write what
  // they will be given to their journals while it is written to ours. Where
  // much is, telling it twice costs more.
  if (queue->sent_attempts() >= CommitPace::kBusy) return;
  for (const SendAttempts& send : queue->Upcoming()) SendAhead(send);
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
    if (!a->by.empty()) fields.emplace_back("by", a->by);
    sys::Log(a->event, absl::Span<const sys::LogField>(fields));
  }
}

void Server::State::Mail(const SendReport& report) {
  const std::string key = report.key;
  auto view =
      queue->View(*engine, {report.report.job()}, true, sys::SteadyNow());
  if (!view.ok()) {
    sys::Log("report.unmade", {{"job", report.report.job()},
                               {"why", std::string(view.status().message())}});
    queue->ReportFailed(key, sys::SteadyNow());
    return PumpSoon();
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
    return PumpSoon();
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
