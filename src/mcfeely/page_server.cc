#include "mcfeely/page_server.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "mcfeely/page.h"
#include "net/http.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "text/json.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;

// Whoever follows hears of changes so often at most; what changes meanwhile is
// told together.
constexpr absl::Duration kBetweenEvents = absl::Milliseconds(200);
constexpr absl::Duration kAlive = absl::Seconds(15);
// Beyond it, "all" is said instead.
constexpr size_t kNamedJobs = 200;
constexpr size_t kRememberedSummaries = 4096;
// The loop belongs to the jobs: answers have a fifth of its time, and may use
// so much of it in advance.
constexpr int kShare = 5;
constexpr absl::Duration kCredit = absl::Seconds(1);

}  // namespace

struct PageServer::State : PageSource {
  State(sys::Loop& l, const Queue& q, store::Engine& e, PageAsks a)
      : loop(l), queue(q), engine(e), ask(std::move(a)) {}
  ~State() override {
    loop.Cancel(tell);
    loop.Cancel(alive);
  }

  absl::StatusOr<pb::Reply> Status(const pb::Query::Status& query) override {
    return ask.status(query);
  }
  absl::StatusOr<pb::JobView> Job(JobId job) override {
    return queue.View(engine, job, true, sys::SteadyNow());
  }
  pb::Reply Hosts() override {
    pb::Reply reply;
    ask.hosts(&reply);
    return reply;
  }
  std::vector<JobId> Jobs(uint64_t before, bool ended, size_t limit) override;
  absl::StatusOr<JobSummary> Summary(JobId job) override;
  Metrics Measure() override;

  absl::Status LoadToken();
  void RefreshToken();
  net::HttpResponse Answer(const net::HttpRequest& request);
  void TellSoon();
  void Tell();
  void SayAlive();

  sys::Loop& loop;
  const Queue& queue;
  store::Engine& engine;
  PageAsks ask;
  PageAccess access;
  std::string token_file;  // "": none
  sys::FileInfo token_info;
  absl::Status token_trouble;  // why nobody is let in
  std::string host;
  std::unique_ptr<net::HttpServer> http;
  sys::Loop::Timer tell = 0, alive = 0;
  absl::flat_hash_set<uint64_t> changed;
  bool hosts_changed = false;
  absl::flat_hash_map<uint64_t, JobSummary> ended;  // what cannot change much
  absl::btree_map<std::string, uint64_t> events;
  absl::Time started = sys::WallNow();
  absl::Duration credit = kCredit;
  absl::Time credited = sys::SteadyNow();
};

// --- what can be seen -------------------------------------------------------

std::vector<JobId> PageServer::State::Jobs(uint64_t before, bool with_ended,
                                           size_t limit) {
  std::vector<JobId> jobs = queue.scheduler().Jobs();
  if (with_ended) {
    const absl::StatusOr<std::vector<JobId>> more =
        queue.EndedJobs(engine, SIZE_MAX);
    if (more.ok()) jobs.insert(jobs.end(), more->begin(), more->end());
  }
  std::erase_if(jobs, [&](JobId job) { return job.value >= before; });
  const auto later = [](JobId a, JobId b) { return a.value > b.value; };
  const auto end = jobs.begin() + std::min(limit, jobs.size());
  std::partial_sort(jobs.begin(), end, jobs.end(), later);
  jobs.erase(std::unique(jobs.begin(), end,
                         [](JobId a, JobId b) { return a.value == b.value; }),
             jobs.end());
  return jobs;
}

absl::StatusOr<JobSummary> PageServer::State::Summary(JobId job) {
  if (const auto known = ended.find(job.value); known != ended.end()) {
    return known->second;
  }
  TRY_ASSIGN(JobSummary summary, queue.Summary(engine, job, sys::SteadyNow()));
  if (summary.ended()) {
    if (ended.size() == kRememberedSummaries) ended.clear();
    ended[job.value] = summary;
  }
  return summary;
}

Metrics PageServer::State::Measure() {
  return {.started = started,
          .resident_bytes = sys::ResidentBytes(),
          .open_jobs = queue.scheduler().Jobs().size(),
          .open_tasks = queue.scheduler().open_tasks(),
          .open_attempts = queue.scheduler().open_attempts(),
          .store_in_trouble = !queue.trouble().ok(),
          .events = events,
          .hosts = Hosts(),
          .http = http->counts()};
}

// --- answering --------------------------------------------------------------

net::HttpResponse PageServer::State::Answer(const net::HttpRequest& request) {
  const absl::Time now = sys::SteadyNow();
  credit = std::min(kCredit, credit + (now - credited) / kShare);
  credited = now;
  if (credit < absl::ZeroDuration()) {
    net::HttpResponse later;
    later.status = 503;
    later.body = "the server has other work; ask again\n";
    later.headers.emplace_back("Retry-After", "1");
    return later;
  }
  RefreshToken();
  if (!token_trouble.ok()) {
    net::HttpResponse closed;
    closed.status = 503;
    closed.body = "the server cannot read its token\n";
    return closed;
  }
  net::HttpResponse response =
      AnswerPage(request, access, *this, sys::WallNow());
  credit -= sys::SteadyNow() - now;
  return response;
}

void PageServer::State::TellSoon() {
  if (tell != 0) return;
  tell = loop.After(kBetweenEvents, [this] {
    tell = 0;
    Tell();
  });
}

void PageServer::State::Tell() {
  text::JsonWriter json;
  json.BeginObject();
  if (changed.size() > kNamedJobs) {
    json.Key("all").Bool(true);
  } else {
    json.Key("jobs").BeginArray();
    for (const uint64_t job : changed) json.Int(static_cast<int64_t>(job));
    json.EndArray();
  }
  json.Key("hosts").Bool(hosts_changed).EndObject();
  changed.clear();
  hosts_changed = false;
  http->Broadcast(FormatPageEvent("change", json.Take()));
}

void PageServer::State::SayAlive() {
  // A comment: browsers pass over it, and a peer that is gone is noticed.
  http->Broadcast(": alive\n\n");
  alive = loop.After(kAlive, [this] { SayAlive(); });
}

// --- opening ----------------------------------------------------------------

absl::Status PageServer::State::LoadToken() {
  TRY_ASSIGN(token_info, sys::Stat(token_file));
  if (token_info.exists && (token_info.mode & 0007) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(token_file, ": others may read or change it"));
  }
  TRY_ASSIGN(std::string content, sys::ReadFile(token_file, 4096));
  absl::StatusOr<keys::Secret> token = ParseToken(content);
  keys::Wipe(content);
  TRY(base::Context(token.status(), token_file));
  access.token = *std::move(token);
  return absl::OkStatus();
}

// The token of a file that has changed is the new one, from this request on;
// whoever takes the file away lets nobody in.
void PageServer::State::RefreshToken() {
  if (token_file.empty()) return;
  const absl::StatusOr<sys::FileInfo> now = sys::Stat(token_file);
  if (now.ok() && now->exists == token_info.exists &&
      now->ctime_ns == token_info.ctime_ns && now->bytes == token_info.bytes &&
      now->inode == token_info.inode && now->device == token_info.device) {
    return;
  }
  token_trouble = LoadToken();
  if (token_trouble.ok()) {
    sys::Log("http.token_read", {{"file", token_file}});
  } else {
    sys::Log("http.token_trouble",
             {{"why", std::string(token_trouble.message())}});
  }
}

absl::StatusOr<std::unique_ptr<PageServer>> PageServer::Open(
    sys::Loop& loop, const PageOptions& options, const Queue& queue,
    store::Engine& engine, PageAsks ask) {
  std::unique_ptr<PageServer> server(new PageServer);
  server->state_ = std::make_unique<State>(loop, queue, engine, std::move(ask));
  State& s = *server->state_;
  TRY_ASSIGN(const auto address, ParsePageAddress(options.address));
  s.host = address.first;
  if (!options.token_file.empty()) {
    s.token_file = options.token_file;
    TRY(base::Context(s.LoadToken(), "http-token"));
  } else if (!IsLoopback(s.host)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "http: ", options.address,
        ": a token (http-token) is needed where others can reach it"));
  }
  absl::StatusOr<std::unique_ptr<net::HttpServer>> http =
      net::HttpServer::Listen(
          loop, address.first, address.second,
          [&s](const net::HttpRequest& request) { return s.Answer(request); });
  TRY(base::Context(http.status(), absl::StrCat("http: ", options.address)));
  s.http = *std::move(http);
  s.SayAlive();
  return server;
}

PageServer::PageServer() = default;
PageServer::~PageServer() = default;

std::string PageServer::url() const {
  const State& s = *state_;
  const bool six = absl::StrContains(s.host, ":");
  return absl::StrCat("http://", six ? "[" : "", s.host, six ? "]" : "", ":",
                      s.http->port(), "/");
}

void PageServer::Changed(JobId job) {
  State& s = *state_;
  s.ended.erase(job.value);
  if (s.http->counts().streams == 0) return;
  s.changed.insert(job.value);
  s.TellSoon();
}

void PageServer::Happened(const std::string& event) {
  State& s = *state_;
  s.events[event]++;
  if (!absl::StartsWith(event, "host.")) return;
  s.hosts_changed = true;
  s.TellSoon();
}

void PageServer::Stop() {
  State& s = *state_;
  s.loop.Cancel(std::exchange(s.tell, 0));
  s.loop.Cancel(std::exchange(s.alive, 0));
  s.http->Stop();
}

}  // namespace mcfeely
