#include "msrc/steps.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "cli/applet.h"
#include "fanout/outlet.h"
#include "msrc/exchange_limits.h"
#include "msrc/host_link.h"
#include "msrc/limits.h"
#include "msrc/relays.h"
#include "msrc/step_protocol.h"
#include "sys/clock.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/other_process.h"
#include "sys/socket.h"
#include "text/words.h"

namespace msrc {
namespace {

constexpr int kUsage = 64, kInternal = 70;  // <sysexits.h>
constexpr size_t kReadBytes = 64 << 10;

}  // namespace

// All of it but its beginning and its end is the thread's.
struct StepServer::State {
  // A step that waits for its end.
  struct Step {
    sys::Fd fd;
    std::string arrived;  // until it is whole
    int host = 0;         // the script's pid; 0 until it is whole
    std::unique_ptr<fanout::Outlet> out;
    bool ended = false;  // its end is on the way
  };
  // A script that has begun its delivery.
  struct Host {
    HostJob job;
    std::optional<sys::OtherProcess> script;
    std::unique_ptr<HostLink> link;
    std::optional<ExchangeResult> result;
    int step = -1;  // that is under way, by its descriptor
    ConnectRetry tries;
    size_t turn = 0;  // of relays
    absl::Time began;
    bool applied = false, paused = false;
    bool may_use_tar = false;
    bool runs = false;     // its utility has been asked for
    bool leaving = false;  // its script is gone; the utility is told to end
    sys::Loop::Timer retry = 0;
  };

  State(const Plan& p, const UtilityPlan& u, const DeliveryOptions& o,
        const SharedDelivery& s)
      : plan(p), order(u), utility(*u.utility), options(o), shared(s) {}

  void Accept();
  void Read(int fd);
  void Begin(int fd, const std::vector<std::string>& words);
  absl::Status BeginTransfer(int fd, const std::vector<std::string>& words);
  absl::Status BeginUtility(int fd, const std::vector<std::string>& words);
  void Connect(int pid);
  void Applied(int pid);
  void Output(int pid, int stream, absl::string_view bytes);
  void LinkEnded(int pid, const ExchangeResult& result);
  static std::string LineOf(const Host& host);  // what its result says
  void ScriptEnded(int pid);
  void Forget(int pid);
  void StopIfDone();
  void Answer(Host& host, int status, absl::string_view line);
  void EndStep(int fd, int status, absl::string_view line);
  void Drained(int fd);
  void Drop(int fd);

  const Plan& plan;
  const UtilityPlan order;
  const Utility& utility;
  const DeliveryOptions& options;
  const SharedDelivery& shared;
  std::string socket;
  sys::Fd listener;
  bool stopping = false;
  sys::Loop loop;
  std::thread thread;
  std::optional<Relays> relays;
  size_t turns = 0;
  absl::flat_hash_map<int, std::unique_ptr<Step>> steps;  // by descriptor
  absl::flat_hash_map<int, std::unique_ptr<Host>> hosts;  // by the script's pid
  std::mutex reports_mutex;
  absl::flat_hash_map<std::string, HostReport> reports;  // by host
};

StepServer::StepServer() = default;
const std::string& StepServer::socket() const { return state_->socket; }

std::optional<HostReport> StepServer::ReportOf(absl::string_view host) const {
  const std::lock_guard lock(state_->reports_mutex);
  const auto found = state_->reports.find(host);
  if (found == state_->reports.end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<std::unique_ptr<StepServer>> StepServer::Start(
    const Plan& plan, const UtilityPlan& utility,
    const DeliveryOptions& options, const SharedDelivery& shared,
    const std::string& folder) {
  std::unique_ptr<StepServer> server(new StepServer);
  server->state_ = std::make_unique<State>(plan, utility, options, shared);
  State& s = *server->state_;
  s.socket = absl::StrCat(folder, "/steps");
  if (!options.relays.hosts.empty()) {
    s.relays.emplace(s.loop, shared.shared(), options.relays);
  }
  TRY_ASSIGN(s.listener, sys::ListenUnix(s.socket, 0600));
  TRY(s.loop.Watch(s.listener.get(), EPOLLIN, [&s](uint32_t) { s.Accept(); }));
  // Signals are for the other thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  s.thread = std::thread([&s] { s.loop.Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return server;
}

StepServer::~StepServer() {
  if (!state_->thread.joinable()) return;
  state_->loop.Post([s = state_.get()] {
    s->stopping = true;
    s->StopIfDone();
  });
  state_->thread.join();
}

void StepServer::State::Accept() {
  absl::StatusOr<sys::Fd> accepted = sys::Accept(listener.get(), nullptr);
  if (!accepted.ok() || !*accepted) return;
  const int fd = accepted->get();
  auto step = std::make_unique<Step>();
  step->fd = *std::move(accepted);
  absl::StatusOr<std::unique_ptr<fanout::Outlet>> out = fanout::Outlet::Open(
      loop, fd, [this, fd] { Drained(fd); },
      // It is gone: what it reads no more needs no answer.
      [](const absl::Status&) {});
  if (!out.ok()) return;
  step->out = *std::move(out);
  if (!loop.Watch(fd, EPOLLIN, [this, fd](uint32_t) { Read(fd); }).ok()) return;
  steps[fd] = std::move(step);
}

void StepServer::State::Read(int fd) {
  Step& step = *steps.at(fd);
  char buffer[kReadBytes];
  const ssize_t n = read(fd, buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    // A step that was ended is an interrupt of what it waited for.
    const auto host = hosts.find(step.host);
    if (host != hosts.end() && host->second->step == fd) {
      host->second->step = -1;
      if (host->second->link != nullptr) host->second->link->Cancel(SIGTERM);
    }
    return Drop(fd);
  }
  if (step.host != 0) return;  // it has said all it has to say
  step.arrived.append(buffer, static_cast<size_t>(n));
  const auto words = ReadStep(step.arrived);
  if (!words.ok()) return EndStep(fd, kInternal, words.status().message());
  if (words->has_value()) Begin(fd, **words);
}

void StepServer::State::Begin(int fd, const std::vector<std::string>& words) {
  int pid = 0;
  absl::Status begun = absl::InvalidArgumentError("that is no step");
  if (words.size() >= 2 && absl::SimpleAtoi(words[1], &pid) && pid > 0) {
    steps.at(fd)->host = pid;
    if (words[0] == "transfer" || words[0] == "transfer-or-tar") {
      begun = BeginTransfer(fd, words);
    }
    if (words[0] == "utility") begun = BeginUtility(fd, words);
  }
  if (!begun.ok()) EndStep(fd, kUsage, begun.message());
}

absl::Status StepServer::State::BeginTransfer(
    int fd, const std::vector<std::string>& words) {
  const size_t maps = plan.payload.map.size();
  if (words.size() != 4 + maps) {
    return absl::InvalidArgumentError("that is no step");
  }
  const int pid = steps.at(fd)->host;
  if (hosts.contains(pid)) {
    return absl::FailedPreconditionError("this host has its folder already");
  }
  auto host = std::make_unique<Host>();
  TRY_ASSIGN(sys::OtherProcess script, sys::OtherProcess::Open(pid));
  host->script.emplace(std::move(script));
  TRY_ASSIGN(host->job.ssh, text::SplitWords(words[2]));
  if (host->job.ssh.empty()) host->job.ssh = {"ssh"};
  const std::string& credential = words[3];
  const size_t at = credential.rfind('@');
  host->job.name =
      at == std::string::npos ? credential : credential.substr(at + 1);
  if (at != std::string::npos) host->job.login = credential.substr(0, at);
  host->job.into = plan.into.path;
  host->job.input = order.input;
  host->job.runs = utility.words.empty() ? HostJob::Runs::kNothing
                                         : HostJob::Runs::kAfterHooks;
  TRY(shared.AddOwn(absl::MakeConstSpan(words).subspan(4), &host->job));
  host->may_use_tar = words[0] == "transfer-or-tar";
  host->step = fd;
  host->turn = turns++;
  host->began = sys::SteadyNow();
  TRY(loop.Watch(host->script->pidfd(), EPOLLIN,
                 [this, pid](uint32_t) { ScriptEnded(pid); }));
  hosts[pid] = std::move(host);
  Connect(pid);
  return absl::OkStatus();
}

absl::Status StepServer::State::BeginUtility(
    int fd, const std::vector<std::string>& words) {
  const auto found = hosts.find(steps.at(fd)->host);
  if (found == hosts.end() || !found->second->applied || words.size() != 4) {
    return absl::FailedPreconditionError(
        "the host has not had its folder: is there no transfer before it?");
  }
  Host& host = *found->second;
  host.step = fd;
  // The connection may have broken meanwhile.
  if (host.result.has_value()) {
    Answer(host, host.result->status, LineOf(host));
    return absl::OkStatus();
  }
  host.job.utility =
      UtilityMessage(order, words[2] == "/bin/sh" ? "" : words[2], words[3]);
  host.runs = true;
  host.link->UtilityIs(true, 0);
  return absl::OkStatus();
}

void StepServer::State::Connect(int pid) {
  Host& host = *hosts.at(pid);
  host.tries.Begin();
  HostLink::Events e;
  e.output = [this, pid](int stream, absl::string_view bytes) {
    Output(pid, stream, bytes);
  };
  e.ask_utility = [this, pid] { Applied(pid); };
  e.ended = [this, pid](const ExchangeResult& result) {
    LinkEnded(pid, result);
  };
  host.link =
      HostLink::Start(loop, shared.shared(), host.job, host.tries.fresh(),
                      std::move(e), relays ? &*relays : nullptr, host.turn++);
}

void StepServer::State::Applied(int pid) {
  Host& host = *hosts.at(pid);
  host.applied = true;
  Answer(host, 0, "");
}

void StepServer::State::Output(int pid, int stream, absl::string_view bytes) {
  Host& host = *hosts.at(pid);
  const auto step = steps.find(host.step);
  if (step == steps.end()) return;
  fanout::Outlet& out = *step->second->out;
  out.Write(EncodeReply(stream == 1 ? StepReply::kOutput : StepReply::kErrors,
                        bytes));
  if (out.kept_bytes() > kUnderWayBytes && !std::exchange(host.paused, true)) {
    host.link->Pause(true);
  }
}

void StepServer::State::LinkEnded(int pid, const ExchangeResult& result) {
  Host& host = *hosts.at(pid);
  const bool broken = host.link->receiver_broken();
  HostReport report;
  FillReport(result, host.link->manifest(), &report);
  loop.DeleteAtEndOfTurn(std::move(host.link));
  if (host.leaving) return Forget(pid);
  const std::optional<absl::Duration> wait =
      host.step < 0 ? std::nullopt
                    : host.tries.Again(options.retry, result.may_retry, broken);
  if (wait) {
    host.retry = loop.After(*wait, [this, pid] {
      hosts.at(pid)->retry = 0;
      Connect(pid);
    });
    return;
  }
  host.result = result;
  // What becomes of the host is the script's to say.
  if (result.no_executable && host.may_use_tar) {
    return Answer(
        host, kUseTar,
        absl::StrCat(host.job.name, ": ", result.error, "; tar is used"));
  }
  report.host = host.job.name;
  report.took = sys::SteadyNow() - host.began;
  {
    const std::lock_guard lock(reports_mutex);
    reports[report.host] = std::move(report);
  }
  // Without a utility, that was all.
  if (result.status == 0 && host.job.runs == HostJob::Runs::kNothing) {
    host.applied = true;
  }
  Answer(host, result.status, LineOf(host));
}

std::string StepServer::State::LineOf(const Host& host) {
  if (host.result->error.empty()) return "";
  return absl::StrCat(host.job.name, ": ", PhaseName(host.result->failed), ": ",
                      host.result->error);
}

void StepServer::State::ScriptEnded(int pid) {
  const auto found = hosts.find(pid);
  if (found == hosts.end()) return;
  Host& host = *found->second;
  loop.Unwatch(host.script->pidfd());
  loop.Cancel(host.retry);
  if (host.link != nullptr && host.runs) {
    // Ended before its utility, as by an interrupt, which is passed on.
    host.leaving = true;
    host.link->Cancel(SIGTERM);
    return;
  }
  // It had its last word; its connection is not wanted any more.
  if (host.link != nullptr) loop.DeleteAtEndOfTurn(std::move(host.link));
  Forget(pid);
}

void StepServer::State::Forget(int pid) {
  loop.DeleteAtEndOfTurn(std::move(hosts.at(pid)));
  hosts.erase(pid);
  StopIfDone();
}

void StepServer::State::StopIfDone() {
  if (!stopping) return;
  for (const auto& [pid, host] : hosts) {
    if (host->leaving) return;  // an exchange that is cancelled has an end
  }
  hosts.clear();
  steps.clear();
  loop.Stop();
}

void StepServer::State::Answer(Host& host, int status, absl::string_view line) {
  const int fd = std::exchange(host.step, -1);
  if (fd >= 0 && steps.contains(fd)) EndStep(fd, status, line);
}

void StepServer::State::EndStep(int fd, int status, absl::string_view line) {
  Step& step = *steps.at(fd);
  step.ended = true;
  // It closes its end when it has read the last word.
  step.out->Write(EncodeEnd(status, line));
}

void StepServer::State::Drained(int fd) {
  const auto found = steps.find(fd);
  if (found == steps.end()) return;
  Step& step = *found->second;
  if (step.out->kept_bytes() > 0 || step.ended) return;
  const auto host = hosts.find(step.host);
  if (host == hosts.end() || host->second->link == nullptr) return;
  if (std::exchange(host->second->paused, false)) {
    host->second->link->Pause(false);
  }
}

void StepServer::State::Drop(int fd) {
  const auto found = steps.find(fd);
  loop.Unwatch(fd);
  loop.DeleteAtEndOfTurn(std::move(found->second));
  steps.erase(found);
}

// --- the step ---------------------------------------------------------------

absl::StatusOr<int> RunStep(absl::Span<const std::string> words) {
  const sys::Environment environment = sys::Environment::Ours();
  const auto socket = environment.Get(kStepSocket);
  if (!socket) {
    return cli::FailWith(kUsage, "--step: only for scripts that msrc runs");
  }
  TRY_ASSIGN(const sys::Fd fd, sys::ConnectUnix(std::string(*socket)));
  TRY(sys::WriteAll(fd.get(), EncodeStep(words)));
  StepReplyReader reader;
  std::string buffer(kReadBytes, '\0');
  for (;;) {
    TRY_ASSIGN(const auto reply, reader.Next());
    if (!reply) {
      const ssize_t n = read(fd.get(), buffer.data(), buffer.size());
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        pollfd readable = {.fd = fd.get(), .events = POLLIN, .revents = 0};
        poll(&readable, 1, -1);
        continue;
      }
      if (n <= 0) return absl::UnavailableError("the run has ended");
      reader.Feed(absl::string_view(buffer).substr(0, static_cast<size_t>(n)));
      continue;
    }
    if (reply->kind == StepReply::kEnd) {
      if (!reply->bytes.empty()) {
        return cli::FailWith(reply->status, reply->bytes);
      }
      return reply->status;
    }
    const int to = reply->kind == StepReply::kOutput ? 1 : 2;
    TRY(sys::WriteAll(to, reply->bytes));
  }
}

}  // namespace msrc
